"""A plan as it was at a revision of its git repository, with all it names, in a folder of its own."""

from __future__ import annotations

import difflib
import os
import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from flopsheet.errors import FlopsheetError, Problem
from flopsheet.plan.nodes import Mapping as MappingNode
from flopsheet.plan.nodes import Node, Scalar
from flopsheet.plan.nodes import Sequence as SequenceNode
from flopsheet.plan.source import MAX_BYTES, load_source

_LONGEST_CALL = 120
"""Seconds that git may take."""
_MOST_FILES = 500
_MOST_LINKS = 5_000
_LONGEST_LINK = 4_096
_LONGEST_PATH = 500
_LINK, _FILES = "120000", ("100644", "100755")
_ENTRY = re.compile(rb"(\d{6}) (\w+) ([0-9a-f]+) +(\d+|-)\t(.+)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class PlanFile:
    """A plan file to be read; `prefix` is what messages and outputs put before each of its files, such as `main:`."""

    path: Path
    prefix: str = ""


@dataclass(frozen=True, slots=True)
class _Entry:
    """A file, or a link, in the tree of a revision."""

    mode: str
    oid: str
    size: int


def split_revision(text: str) -> tuple[str, str] | None:
    """Revision and path of `REV:path`, or None where the text has no such colon; those in `HEAD@{...}` do not count."""
    depth = 0
    for index, character in enumerate(text):
        if character == ":" and depth == 0:
            return text[:index], text[index + 1 :]
        depth += {"{": 1, "}": -1}.get(character, 0)
    return None


@contextmanager
def open_plan_file(text: str) -> Iterator[PlanFile]:
    """The plan that `FILE` or `REV:path` names; what is at a revision is there until the context ends.

    A file that exists wins over a revision. The path is relative to the top of the repository, or to the working
    folder where it begins with `./` or `../`, as git has it.

    Raises:
        FlopsheetError: no git, no repository, no such revision, or no such file in it.
    """
    parts = None if Path(text).exists() else split_revision(text)
    if parts is None:
        yield PlanFile(Path(text))
        return
    revision, path = parts
    with TemporaryDirectory(prefix="flopsheet-") as name:
        folder = Path(name).resolve()
        tree = _Tree(text, revision, folder)
        yield PlanFile(tree.write_plan(path), f"{revision}:")


@dataclass(slots=True)
class _Tree:
    """The tree of a revision, of which a folder gets what a plan names."""

    argument: str
    revision: str
    folder: Path

    def write_plan(self, path: str) -> Path:
        """The plan in the folder, which then holds every file that the plan may name, and all links of the tree."""
        if not self.revision or self.revision.startswith("-"):
            what = "begin with `-`" if self.revision else "be empty"
            raise self._error(f"the revision before the `:` cannot {what}.", "Write for example `main:plan.yaml`.")
        within = self._within(path)
        entries = self._list_entries()
        # The folder is a project of its own: nothing above it is read.
        (self.folder / ".git").mkdir()
        self._write_links(entries)
        try:
            plan = (self.folder / within).resolve()
        except (OSError, RuntimeError, ValueError):
            raise self._error(f"the path `{within}` cannot be followed.") from None
        name = self._name(plan)
        if name not in entries or entries[name].mode not in _FILES:
            raise self._missing(within, name, entries)
        self._write_files(name, entries)
        return plan

    def _within(self, path: str) -> str:
        """A path of the user relative to the top of the repository."""
        prefix = self._git("rev-parse", "--show-prefix").decode(errors="surrogateescape").rstrip("\n")
        parts: list[str] = []
        from_here = path in {".", ".."} or path.startswith(("./", "../"))
        for part in PurePosixPath(prefix if from_here else "", path).parts:
            if part == "..":
                if not parts:
                    raise self._error("the path leads out of the repository.")
                parts.pop()
            elif part == "/":
                remedy = "Begin at the top of the repository, without `/`, or with `./` at the working folder."
                raise self._error("a path at a revision cannot begin with `/`.", remedy)
            else:
                parts.append(part)
        if not parts:
            raise self._error("a revision needs a path after the `:`.", "Write for example `main:plan.yaml`.")
        return "/".join(parts)

    def _list_entries(self) -> dict[str, _Entry]:
        """Every file and link of the revision, by its path."""
        try:
            found = self._git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{self.revision}^{{tree}}")
        except FlopsheetError:
            raise self._unknown_revision() from None
        oid = found.decode().strip()
        listed = self._git("ls-tree", "-r", "-z", "-l", "--full-tree", oid).split(b"\0")
        entries = {}
        for match in filter(None, (_ENTRY.fullmatch(line) for line in listed)):
            mode, _, blob, size, name = match.groups()
            path = os.fsdecode(name)
            # No tree that git makes holds such names, but one may be made by hand.
            if size != b"-" and not {"", ".", "..", ".git"} & {part.lower() for part in path.split("/")}:
                entries[path] = _Entry(mode.decode(), blob.decode(), int(size))
        return entries

    def _unknown_revision(self) -> FlopsheetError:
        """That there is no such revision, with the nearest name of a branch or tag."""
        named = self._git("for-each-ref", "--format=%(refname:short)").decode(errors="replace").split()
        close = difflib.get_close_matches(self.revision, named, n=1)
        hint = f"Did you mean `{close[0]}`? " if close else ""
        remedy = f"{hint}A shallow clone holds its last commit alone; others must be fetched first."
        return self._error(f"there is no revision `{self.revision}` in this repository.", remedy)

    def _missing(self, within: str, name: str, entries: Mapping[str, _Entry]) -> FlopsheetError:
        """That a path names no file of the revision."""
        if any(path.startswith(f"{name}/") for path in entries):
            return self._error(f"`{within}` is a folder at `{self.revision}`, not a plan file.", "Name a YAML file.")
        if not name:
            return self._error(f"`{within}` is a link that leads outside the project.", "Name the file it leads to.")
        plans = [path for path in entries if path.endswith((".yaml", ".yml"))]
        close = difflib.get_close_matches(within, plans, n=1)
        remedy = f"Did you mean `{close[0]}`?" if close else "Paths begin at the top of the repository, or with `./`."
        return self._error(f"there is no file `{within}` at `{self.revision}`.", remedy)

    def _name(self, path: Path) -> str:
        """The name in the tree of a path in the folder, links followed; empty where it leads out of the folder."""
        return path.relative_to(self.folder).as_posix() if path.is_relative_to(self.folder) else ""

    def _write_links(self, entries: Mapping[str, _Entry]) -> None:
        """Make every link of the tree, so that paths lead where they led; what leads outside is refused on reading."""
        links = {path: entry for path, entry in entries.items() if entry.mode == _LINK and entry.size <= _LONGEST_LINK}
        if len(links) > _MOST_LINKS:
            raise self._error(f"the revision holds more than {_MOST_LINKS:,} links.")
        for path, target in zip(links, self._read([entry.oid for entry in links.values()]), strict=True):
            if place := self._write_folders(path):
                place.symlink_to(os.fsdecode(target))

    def _write_files(self, name: str, entries: Mapping[str, _Entry]) -> None:
        """Write a file, then whatever its values may name, and so on."""
        seen, waiting = {name}, [name]
        while waiting:
            self._write({path: entries[path] for path in waiting})
            found = [named for path in waiting for named in self._names_in(path)]
            files = (each for each in dict.fromkeys(found) if each in entries and entries[each].mode in _FILES)
            waiting = [each for each in files if each not in seen]
            seen.update(waiting)
            if len(seen) > _MOST_FILES:
                raise self._error(f"the plan names more than {_MOST_FILES:,} files.")

    def _write(self, entries: Mapping[str, _Entry]) -> None:
        """Write files of the tree; of one that is too large to be read only its size."""
        small = {path: entry for path, entry in entries.items() if entry.size <= MAX_BYTES}
        texts = dict(zip(small, self._read([entry.oid for entry in small.values()]), strict=True))
        for path, entry in entries.items():
            if place := self._write_folders(path):
                with place.open("xb") as stream:
                    if path in texts:
                        stream.write(texts[path])
                    else:
                        stream.truncate(entry.size)

    def _write_folders(self, path: str) -> Path | None:
        """Where something of the tree goes; None where that is taken, or lies behind a link."""
        place = self.folder / path
        if place.parent.resolve() != place.parent:
            return None
        place.parent.mkdir(parents=True, exist_ok=True)
        return None if os.path.lexists(place) else place

    def _names_in(self, path: str) -> list[str]:
        """The files of the tree that a file may name: each of its values, read as a path."""
        try:
            node = load_source(self.folder / path, self.folder)
        except FlopsheetError:
            return []  # no YAML, or none that can be read: that is told when the plan is loaded
        names = []
        for text in _scalars(node):
            if 0 < len(text) <= _LONGEST_PATH and "\0" not in text:
                try:
                    names.append(self._name(((self.folder / path).parent / text).resolve()))
                except (OSError, RuntimeError, ValueError):  # a loop of links, a name too long
                    continue
        return names

    def _read(self, oids: Sequence[str]) -> list[bytes]:
        """The contents of objects."""
        if not oids:
            return []
        data = self._git("cat-file", "--batch", given="".join(f"{oid}\n" for oid in oids).encode())
        contents, at = [], 0
        for oid in oids:
            end = data.index(b"\n", at)
            head = data[at:end].split()
            if len(head) != 3 or head[1] != b"blob":
                raise self._error(f"git cannot read the object {oid[:12]} of the revision.")
            start, size = end + 1, int(head[2])
            contents.append(data[start : start + size])
            at = start + size + 1
        return contents

    def _git(self, *arguments: str, given: bytes = b"") -> bytes:
        """What git prints."""
        environment = {**os.environ, "LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0"}
        try:
            run = subprocess.run(  # noqa: S603 - no shell; revisions stand behind --end-of-options
                ["git", *arguments],  # noqa: S607 - the git that the user has
                input=given,
                capture_output=True,
                timeout=_LONGEST_CALL,
                check=False,
                env=environment,
            )
        except FileNotFoundError:
            raise self._error("git is needed to read a revision, and it was not found.", "Install git.") from None
        except (OSError, subprocess.TimeoutExpired) as error:
            reason = "it takes too long" if isinstance(error, subprocess.TimeoutExpired) else error.strerror
            raise self._error(f"git cannot be run: {reason}.") from None
        if run.returncode == 0:
            return run.stdout
        said = run.stderr.decode(errors="replace").strip().partition("\n")[0].removeprefix("fatal: ")
        if "not a git repository" in said:
            message = "there is no such file, and no git repository here to take a revision from."
            raise self._error(message, "Name a file that exists, or run the command inside the repository.")
        raise self._error(f"git says: {said or 'nothing'}.")

    def _error(self, message: str, remedy: str = "") -> FlopsheetError:
        """An error about the argument."""
        return FlopsheetError(Problem(message, subject=self.argument, remedy=remedy))


def _scalars(node: Node) -> Iterator[str]:
    """Every value below a node that is a text on one line."""
    waiting = [node]
    while waiting:
        here = waiting.pop()
        if isinstance(here, Scalar):
            if "\n" not in here.text:
                yield here.text.strip()
        elif isinstance(here, SequenceNode):
            waiting.extend(here.items)
        elif isinstance(here, MappingNode):
            waiting.extend(item for _, item in here.items)
