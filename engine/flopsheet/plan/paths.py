"""Where a project begins, and which paths a file may name."""

from __future__ import annotations

from pathlib import Path

from flopsheet.errors import FlopsheetError, Place, Problem


def project_root(path: Path) -> Path:
    """The nearest folder with `.git`, from the folder of a file (or a folder itself) upward; else that folder."""
    start = (path if path.is_dir() else path.parent).resolve()
    return next((folder for folder in (start, *start.parents) if (folder / ".git").exists()), start)


def resolve_inside(root: Path, base_dir: Path, text: str, place: Place) -> Path:
    """The file that a path in a file names, links followed; nothing outside the root is touched.

    Raises:
        FlopsheetError: the path is empty or absolute, leaves the root, or names no file.
    """
    subject = f"`{text}`"
    if not text.strip() or "\0" in text:
        raise FlopsheetError(Problem("a path must name a file.", place))
    try:
        resolved = (base_dir / text).resolve()
        inside = resolved.is_relative_to(root.resolve())
        exists = inside and resolved.is_file()
    except (OSError, RuntimeError, ValueError):  # a loop of links, a name too long
        raise FlopsheetError(Problem(f"the path {subject} cannot be followed.", place)) from None
    if not inside:
        message = f"the path {subject} leads outside the project."
        remedy = "Name a file inside the project folder (the nearest one with `.git`, else the plan's own)."
        raise FlopsheetError(Problem(message, place, remedy=remedy))
    if not exists:
        message = f"there is no file {subject}."
        raise FlopsheetError(Problem(message, place, remedy="Paths are relative to the file that names them."))
    return resolved


def resolve_given(root: Path, path: Path) -> Path:
    """A file that the user names, links followed. A link out of the project is refused, what is missing is not.

    Raises:
        FlopsheetError: the path leaves the root, or goes in a circle.
    """
    place = Place(path.name, 1, 1)
    try:
        resolved = path.resolve()
    except (OSError, RuntimeError, ValueError):
        raise FlopsheetError(Problem("the path cannot be followed.", place)) from None
    if not resolved.is_relative_to(root.resolve()):
        message = "the file is a link that leads outside the project."
        raise FlopsheetError(Problem(message, place, remedy="Name the file that it leads to."))
    return resolved
