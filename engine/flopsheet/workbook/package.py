"""A workbook file as its parts, read with care: bounded in size, without macros, entities or outside links."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from xml.etree.ElementTree import Element, ParseError

from defusedxml import ElementTree as SafeTree
from defusedxml.common import DefusedXmlException

from flopsheet.errors import FlopsheetError, Problem

LARGEST_FILE = 64 * 2**20
"""Bytes of a workbook file that is read at all."""

LARGEST_UNPACKED = 256 * 2**20
"""Bytes of all its parts together, unpacked; checked before any part is parsed."""

MOST_PARTS = 5_000

_OLE_HEADER = b"\xd0\xcf\x11\xe0"
_ENCRYPTED_FLAG = 0x1
_WORKBOOK_PART = "xl/workbook.xml"


def read_package(path: Path) -> Mapping[str, bytes]:
    """The parts of a workbook by name, every XML part well-formed and free of entities.

    Raises:
        FlopsheetError: not a workbook, damaged, protected by a password, too large, or with macros or external links.
    """
    if path.is_dir():
        raise _refusal(path, "is a folder.", "Give the path of a workbook that `flopsheet build` wrote.")
    if not path.is_file():
        raise _refusal(path, "there is no such file.", "Give the path of a workbook that `flopsheet build` wrote.")
    if path.stat().st_size > LARGEST_FILE:
        raise _refusal(path, f"the file is larger than {LARGEST_FILE // 2**20} MiB.")
    with path.open("rb") as file:
        if file.read(len(_OLE_HEADER)) == _OLE_HEADER:
            raise _refusal(
                path,
                "this is an encrypted workbook or an old `.xls` file.",
                "Save it as `.xlsx` without a password.",
            )
    try:
        with zipfile.ZipFile(path) as archive:
            parts = _read_parts(path, archive)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, ValueError, RuntimeError) as error:
        raise _refusal(
            path, f"this is not a whole workbook ({error}).", "Copy or build the file again; it may be cut off."
        ) from error
    _check_parts(path, parts)
    return MappingProxyType(parts)


def parse_part(path: Path, name: str, data: bytes) -> Element:
    """The root element of an XML part.

    Raises:
        FlopsheetError: the part is not well-formed, or declares a document type or entities.
    """
    try:
        root: Element = SafeTree.fromstring(data, forbid_dtd=True)
    except DefusedXmlException as error:
        raise _refusal(path, f"`{name}` declares XML entities or a document type.") from error
    except (ParseError, ValueError, LookupError) as error:
        raise _refusal(path, f"`{name}` is not well-formed XML ({error}).") from error
    return root


def _read_parts(path: Path, archive: zipfile.ZipFile) -> dict[str, bytes]:
    """All parts, after their number, names and declared sizes were looked at."""
    entries = archive.infolist()
    if len(entries) > MOST_PARTS:
        raise _refusal(path, f"the file holds more than {MOST_PARTS} parts.")
    # zipfile never yields more than the declared size of an entry, so the declared sizes bound what is unpacked.
    if sum(entry.file_size for entry in entries) > LARGEST_UNPACKED:
        raise _refusal(path, f"unpacked, the workbook is larger than {LARGEST_UNPACKED // 2**20} MiB.")
    if any(entry.flag_bits & _ENCRYPTED_FLAG for entry in entries):
        raise _refusal(path, "the workbook is protected by a password.", "Save it without a password.")
    names = [entry.filename for entry in entries]
    if len(set(names)) < len(names):
        raise _refusal(path, "a part stands twice in the file, so that programs would read different things.")
    return {entry.filename: archive.read(entry) for entry in entries if not entry.is_dir()}


def _check_parts(path: Path, parts: Mapping[str, bytes]) -> None:
    """Refuse what is no plain workbook: other packages, macros, links to other files, entities."""
    if _WORKBOOK_PART not in parts or "[Content_Types].xml" not in parts:
        raise _refusal(path, "this is not an Excel workbook.")
    if (
        any(name.lower().endswith("vbaproject.bin") for name in parts)
        or b"macroEnabled" in parts["[Content_Types].xml"]
    ):
        raise _refusal(path, "the workbook holds macros.", "Save it as `.xlsx` without macros.")
    if any(name.startswith("xl/externalLinks/") for name in parts):
        raise _refusal(path, "the workbook links to other workbooks.", "Break the links (Data, Edit Links) and save.")
    for name, data in parts.items():
        if name.endswith((".xml", ".rels")):
            parse_part(path, name, data)


def _refusal(path: Path, message: str, remedy: str = "") -> FlopsheetError:
    """The error for a file that is not read."""
    return FlopsheetError(Problem(message, subject=path.name, remedy=remedy))
