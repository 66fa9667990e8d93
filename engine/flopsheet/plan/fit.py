"""The section `fit` of a plan: which runs the constants of its law come from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flopsheet.errors import FlopsheetError
from flopsheet.plan.nodes import Mapping, Node, Scalar
from flopsheet.plan.paths import resolve_inside
from flopsheet.plan.plan import FitRequest, Law
from flopsheet.plan.read import is_null, read_entries, read_items, read_text
from flopsheet.plan.source import relative_name

if TYPE_CHECKING:
    from pathlib import Path

    from flopsheet.plan.problems import Problems


def read_fit(node: Node | None, root: Path, law: str | Law, problems: Problems) -> FitRequest | None:
    """What a plan asks to be fitted; what is wrong is noted.

    Args:
        node: The section.
        root: The project root.
        law: The plan's law: a name, a path relative to the root, or an inline law.
        problems: Where problems are noted.
    """
    if not isinstance(node, Mapping) or all(is_null(item) for _, item in node.items):
        return None
    given = node.get("law")
    if isinstance(given, Scalar) and not given.is_null:
        _check_law(given, root, law, problems)
    return FitRequest(
        runs=_read_runs(node, root, problems),
        law=read_text(given),
        method="logs",
        columns={key.text: read_text(item) for key, item in read_entries(node.get("columns"))},
        free=tuple(read_text(item) for item in read_items(node.get("free"))),
        places={"": node.place, **{key.text: item.place for key, item in node.items}},
    )


def _read_runs(node: Mapping, root: Path, problems: Problems) -> str:
    """The file of runs, relative to the root."""
    runs = node.get("runs")
    if not isinstance(runs, Scalar) or runs.is_null:
        if not {"fit", "fit.runs"} & problems.unclear:
            problems.add("needs `runs`.", node.place, "fit", "Write `runs: runs.csv`, a table of training runs.")
        return ""
    try:
        path = resolve_inside(root, (root / runs.place.file).parent, runs.text, runs.place)
    except FlopsheetError as error:
        problems.extend(error.problems)
        return ""
    if path.suffix.lower() != ".csv":
        problems.add(f"`{runs.text}` is no CSV file.", runs.place, "fit.runs", "A table of runs ends in .csv.")
        return ""
    return relative_name(path, root)


def _check_law(given: Scalar, root: Path, law: str | Law, problems: Problems) -> None:
    """Note a law other than the plan's own."""
    own = law.name if isinstance(law, Law) else law
    named = given.text.strip()
    at_path = relative_name((root / given.place.file).parent / named, root)
    if own and own not in {named, at_path}:
        message = f"the runs are for the plan's own law, which is `{own}`, but here stands `{named}`."
        problems.add(message, given.place, "fit.law", "Leave the line out, or name the same law in both places.")
