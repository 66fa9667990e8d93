"""Laws by name from the library, or by path from the reader's own project."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from flopsheet.errors import FlopsheetError, Place, Problem, did_you_mean
from flopsheet.plan.law_file import parse_law
from flopsheet.plan.paths import resolve_inside
from flopsheet.plan.plan import Law
from flopsheet.plan.source import load_source, relative_name

_FOLDER = Path(__file__).parent
_SUFFIXES = (".yaml", ".yml")


@cache
def law_names() -> tuple[str, ...]:
    """The names of all laws of the library, sorted."""
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.yaml")))


def load_law(law: str | Law, *, root: Path, base: Path, place: Place | None, subject: str = "law") -> Law:
    """The law that a plan names.

    Args:
        law: A name of the library, a path (it has a `/` or ends in .yaml), or an inline law, given back as it is.
        root: The project root; paths are resolved inside it only.
        base: The folder of the file that names the law.
        place: Where it is named, for messages.
        subject: The key that names it, for messages.

    Raises:
        FlopsheetError: No such law, a path that leaves the project, or a law file with faults (all of them).
    """
    if isinstance(law, Law):
        return law
    if is_law_path(law):
        path = resolve_inside(root, base, law, place or Place(law, 1, 1))
        return parse_law(load_source(path, root), relative_name(path, root))
    if law not in law_names():
        remedy = f"{did_you_mean(law, law_names())} A law of your own is a path such as ./laws/ours.yaml."
        raise FlopsheetError(Problem(f"unknown law `{law}`.", place, subject, remedy))
    return load_library_law(law)


def is_law_path(law: str) -> bool:
    """Whether the text names a file rather than a law of the library."""
    return "/" in law or law.endswith(_SUFFIXES)


@cache
def load_library_law(name: str) -> Law:
    """The law of that name; it must be one of `law_names()`, or KeyError is raised."""
    if name not in law_names():
        raise KeyError(name)
    return parse_law(load_source(_FOLDER / f"{name}.yaml", _FOLDER.parent), "library")
