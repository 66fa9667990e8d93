"""A starter folder that builds at once: two plans, their layer, a law, and what editors, git and hooks need."""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Mapping
from pathlib import Path

from flopsheet.errors import FlopsheetError, Problem
from flopsheet.plan.json_schema import plan_json_schema
from flopsheet.provenance import write_whole

_SHIPPED = Path(__file__).parents[1] / "starter"
_SCHEMA = "plan.schema.json"
# Kept without their dot: what they say is for the new folder, not for the package.
_DOTTED = frozenset({"gitignore", "pre-commit-config.yaml"})


def list_starter() -> dict[str, bytes]:
    """The files of a starter folder by name, with `/`, sorted; the schema is that of this version."""
    schema = json.dumps(plan_json_schema(), indent=2, ensure_ascii=False)
    found = {_SCHEMA: f"{schema}\n".encode()}
    for path in _SHIPPED.rglob("*"):
        if path.is_file():
            name = path.relative_to(_SHIPPED).as_posix()
            found[f".{name}" if name in _DOTTED else name] = path.read_bytes()
    return dict(sorted(found.items()))


def write_starter(folder: Path) -> tuple[str, ...]:
    """Write a starter folder; the names of its files. All of them are written, or none.

    Raises:
        FlopsheetError: a file of that name is there already, the path is no folder, or it cannot be written.
    """
    contents = list_starter()
    _refuse_taken(folder, contents)
    folders = {folder, *(folder / Path(name).parent for name in contents)}
    new = sorted((each for each in folders if not each.exists()), reverse=True)
    written: list[Path] = []
    try:
        for name, data in contents.items():
            written.append(folder / name)
            write_whole(folder / name, data)
    except OSError as error:
        _write_back(written, new)
        raise FlopsheetError(
            Problem(
                f"cannot write in `{folder.as_posix()}`: {error.strerror or error}.",
                remedy="Nothing was written. Name a folder that you may write in.",
            )
        ) from None
    return tuple(contents)


def _refuse_taken(folder: Path, contents: Mapping[str, bytes]) -> None:
    """Refuse a path that is no folder, and a folder that has files of the starter, all of them named."""
    shown = folder.as_posix()
    if os.path.lexists(folder) and not folder.is_dir():
        raise FlopsheetError(Problem(f"`{shown}` is not a folder.", remedy="Name a new folder, or one to fill."))
    taken = [name for name in contents if os.path.lexists(folder / name)]
    blocked = {Path(name).parts[0] for name in contents if "/" in name}
    taken += [name for name in sorted(blocked) if os.path.lexists(folder / name) and not (folder / name).is_dir()]
    if taken:
        named = ", ".join(f"`{name}`" for name in taken)
        raise FlopsheetError(
            Problem(
                f"`{shown}` has {named} already; nothing was written.",
                remedy="Name a new folder, or move what would be overwritten.",
            )
        )


def _write_back(written: Collection[Path], folders: Collection[Path]) -> None:
    """Take away what was written before a write failed, and the folders that were made for it."""
    for path in written:
        try:
            path.unlink(missing_ok=True)
        except OSError:
            continue
    for folder in folders:
        try:
            folder.rmdir()
        except OSError:
            continue
