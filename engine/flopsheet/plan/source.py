"""YAML text to frozen nodes that remember their places; every fault is a Problem, never a traceback."""

from __future__ import annotations

import re
import stat
from typing import TYPE_CHECKING

import yaml

from flopsheet.errors import FlopsheetError, Place, Problem
from flopsheet.plan.compose import MAX_DEPTH, MAX_NODES, Composer
from flopsheet.plan.nodes import Mapping, Node, Scalar, Sequence

if TYPE_CHECKING:
    from pathlib import Path

__all__ = [
    "MAX_BYTES",
    "MAX_DEPTH",
    "MAX_NODES",
    "Mapping",
    "NoMappingError",
    "Node",
    "Scalar",
    "Sequence",
    "load_source",
    "load_text",
    "parse_source",
    "relative_name",
]

MAX_BYTES = 1_000_000

# libyaml gives the same marks as the pure Python scanner (tests compare them) 14 times faster.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_LINE_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
# What YAML 1.2 does not allow in a file at all (its production `c-printable`).
_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class NoMappingError(FlopsheetError):
    """Faultless YAML that holds no keys at its top level: it may not be meant for us at all."""


def load_source(path: Path, root: Path) -> Mapping:
    """The top-level mapping of a YAML file, with places relative to the project root.

    Raises:
        FlopsheetError: the file is missing, no regular file, too large, not UTF-8, or no YAML mapping.
    """
    file = relative_name(path, root)
    return parse_source(load_text(path, root), file)


def load_text(path: Path, root: Path, most: int = MAX_BYTES) -> str:
    """The text of a file of at most so many bytes.

    Raises:
        FlopsheetError: the file is missing, no regular file, too large, or not UTF-8.
    """
    file = relative_name(path, root)
    return _decode(_read(path, file, most), file)


def relative_name(path: Path, root: Path) -> str:
    """The path as messages and outputs show it: relative to the root, with `/`."""
    try:
        resolved, base = path.resolve(), root.resolve()
    except (OSError, RuntimeError, ValueError):  # a loop of links, or no path at all
        return path.name
    inside = resolved.is_relative_to(base) and resolved != base
    return resolved.relative_to(base).as_posix() if inside else resolved.name


def _read(path: Path, file: str, most: int) -> bytes:
    """At most so many bytes of a regular file. Devices and pipes are refused before they are opened."""
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise _at_start(file, "this is a folder, not a plan or law file.", "Name a YAML file.")
        if not stat.S_ISREG(mode):
            raise _at_start(file, "this is no regular file.", "Name a YAML file.")
        with path.open("rb") as stream:
            data = stream.read(most + 1)
    except FileNotFoundError:
        raise _at_start(file, "there is no such file.", "Check the spelling of the path.") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else None
        raise _at_start(file, f"the file cannot be read: {reason or 'bad path'}.") from None
    if len(data) > most:
        remedy = "Split it with `extends`." if most == MAX_BYTES else ""
        raise _at_start(file, f"the file is larger than {most:,} bytes.", remedy)
    return data


def _decode(data: bytes, file: str) -> str:
    """UTF-8 text, a byte order mark dropped; a wrong byte is a Problem at its place."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8-sig")
        found = f"the file is not UTF-8: byte 0x{data[error.start]:02x} cannot stand here."
        text = data.decode("utf-8-sig", errors="replace")
        place = _place_of(text, len(before), file)
        raise FlopsheetError(Problem(found, place, remedy="Save the file as UTF-8.")) from None


def parse_source(text: str, file: str) -> Mapping:
    """The top-level mapping of YAML text, bounded in depth and in nodes, aliases counted as expanded."""
    unprintable = _UNPRINTABLE.search(text)
    if unprintable:
        message = f"the character U+{ord(unprintable[0]):04X} is not allowed in YAML."
        shown = _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", text)
        raise FlopsheetError(Problem(message, _place_of(shown, unprintable.start(), file), remedy="Remove it."))
    composer = Composer(file, _LINE_BREAK.split(text))
    try:
        node = composer.compose(yaml.parse(text, Loader=_LOADER))
    except yaml.MarkedYAMLError as error:
        raise FlopsheetError(composer.syntax_problem(error)) from None
    except (RecursionError, MemoryError, yaml.YAMLError, ValueError):
        raise _at_start(file, "the file is not YAML that can be read.") from None
    if node is None or (isinstance(node, Scalar) and node.is_null):
        remedy = "A plan needs at least `title` and `law`."
        raise NoMappingError(Problem("the file is empty.", Place(file, 1, 1), remedy=remedy))
    if not isinstance(node, Mapping):
        message = "the file must hold keys with values (`title: ...`) at its top level."
        raise NoMappingError(Problem(message, node.place))
    return node


def _at_start(file: str, message: str, remedy: str = "") -> FlopsheetError:
    """An error about a file as a whole, placed at its first character."""
    return FlopsheetError(Problem(message, Place(file, 1, 1), remedy=remedy))


def _place_of(text: str, index: int, file: str) -> Place:
    """The place of a character given by its index in the text."""
    start, line = 0, 1
    for match in _LINE_BREAK.finditer(text, 0, index):
        start, line = match.end(), line + 1
    end = _LINE_BREAK.search(text, index)
    return Place(file, line, index - start + 1, 1, text[start : end.start() if end else len(text)])
