"""Outputs in --out whose plan is gone: told, never removed."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from flopsheet.cli.output import find_project, say
from flopsheet.provenance import STATE_FILE, load_state

_REPORT = "report.md"
# The line of a report that says what wrote it, and from which plan.
_WRITTEN = re.compile(r"flopsheet \d[^`\n]*`([^`\n]+\.ya?ml)`")


@dataclass(frozen=True)
class Leftover:
    """An output folder, and the plan that it was built from, as its report names it."""

    folder: Path
    plan: str


def find_leftovers(out: Path, built: Collection[Path], given: Sequence[Path]) -> list[Leftover]:
    """The output folders that no plan is built into any more, sorted.

    Args:
        out: Where outputs go.
        built: The folders of today's plans.
        given: The paths below which plans were looked for. One plan alone says nothing of the others.
    """
    roots = [find_project(path) for path in given if path.is_dir()]
    found = []
    for folder in _list_folders(out) if roots else ():
        plan = None if folder in built else _plan_of(folder)
        # Built from elsewhere into the same folder, its plan may still be there.
        mirrored = [path / f"{folder.relative_to(out)}.yaml" for path in given]
        if plan is not None and not any(path.exists() for path in (*(root / plan for root in roots), *mirrored)):
            found.append(Leftover(folder, plan))
    return found


def tell_leftovers(leftovers: Sequence[Leftover]) -> None:
    """Say which outputs have no plan, and that they are left for the reader to remove."""
    for each in leftovers:
        say(f"stale: {each.folder.as_posix()} (its plan {each.plan} is gone; remove the folder)")


def _list_folders(out: Path) -> Iterator[Path]:
    """Every folder below --out that a plan was built into."""
    for current, folders, files in os.walk(out):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        if _REPORT in files or STATE_FILE in files:
            yield Path(current)


def _plan_of(folder: Path) -> str | None:
    """The plan that a folder was built from, as its report says; None where nothing says so.

    Where git took the report away with its plan, the workbook is still there, and what the build kept beside it.
    """
    try:
        found = _WRITTEN.findall((folder / _REPORT).read_text(encoding="utf-8"))
    except FileNotFoundError:
        state = load_state(folder)
        found = [name for name in (state.files if state else ()) if Path(name).stem == folder.name]
    except (OSError, UnicodeDecodeError):
        return None
    return str(found[-1]) if found else None
