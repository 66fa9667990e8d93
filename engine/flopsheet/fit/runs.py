"""Training runs from a CSV file: every row a number of the resource and the loss reached, every fault with its line."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from flopsheet.errors import FlopsheetError, Place, Problem, did_you_mean
from flopsheet.plan.law_file import LOSS_UNIT
from flopsheet.plan.problems import Problems
from flopsheet.plan.quantity import parse_quantity
from flopsheet.plan.source import load_text, relative_name

MOST_RUNS = 500
LOSS = "loss"
_COMMENT = "#"


@dataclass(frozen=True)
class Run:
    """One training run: the resource spent, in base units, the loss reached, and the line it stands in."""

    amount: float
    loss: float
    line: int


@dataclass(frozen=True)
class Runs:
    """The runs of a file, in its order. `file` is relative to the project root."""

    file: str
    runs: tuple[Run, ...]


@dataclass(frozen=True)
class _Row:
    """A row of the table: its fields without blanks around them, and where each begins."""

    line: int
    fields: tuple[str, ...]
    columns: tuple[int, ...]

    def place(self, file: str, index: int) -> Place:
        """The place of a field. The line itself is not shown: only plans and laws are."""
        text = self.fields[index]
        return Place(file, self.line, self.columns[index], max(1, len(text)))


def load_runs(path: Path, root: Path, resource: str, unit: str, columns: Mapping[str, str]) -> Runs:
    """The runs in a CSV file whose first row names the columns.

    Numbers are written as in a plan (`10M`, `1e20 FLOP`); blank lines and lines that begin with `#` are skipped, and
    further columns are not read.

    Args:
        path: The file, which must lie inside the project.
        root: The project root.
        resource: The symbol of the law's resource, and the name of its column unless `columns` says another.
        unit: The unit of the resource.
        columns: Names of columns by resource and `loss`, where they are not their own.

    Raises:
        FlopsheetError: everything that is wrong with the table.
    """
    file = relative_name(path, root)
    rows = _read_rows(load_text(path, root), file)
    if not rows:
        remedy = f"The first row names the columns: {resource},{LOSS}."
        raise FlopsheetError(Problem("the table of runs is empty.", Place(file, 1, 1), remedy=remedy))
    head, body = rows[0], rows[1:]
    problems = Problems()
    wanted = {LOSS: columns.get(LOSS, LOSS), resource: columns.get(resource, resource)}
    at = {name: _find_column(head, column, file, problems) for name, column in wanted.items()}
    if len(body) > MOST_RUNS:
        message = f"the table has {len(body)} runs; at most {MOST_RUNS} are taken."
        problems.add(message, Place(file, body[MOST_RUNS].line, 1), remedy="Leave some out.")
    problems.raise_any()
    runs = [run for row in body if (run := _read_run(row, file, (at[resource], at[LOSS]), unit, problems))]
    _check_table(runs, file, resource, problems)
    problems.raise_any()
    return Runs(file, tuple(runs))


def _read_rows(text: str, file: str) -> list[_Row]:
    """The rows that hold something."""
    rows = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith(_COMMENT):
            continue
        try:
            fields = next(csv.reader([line], strict=True))
        except (csv.Error, StopIteration):
            remedy = "A field in quotes ends in the line in which it begins."
            raise FlopsheetError(Problem("the row cannot be read.", Place(file, number, 1), remedy=remedy)) from None
        rows.append(_Row(number, tuple(field.strip() for field in fields), _columns(line, fields)))
    return rows


def _columns(line: str, fields: Sequence[str]) -> tuple[int, ...]:
    """Where each field begins, counting from 1."""
    found, start = [], 0
    for field in fields:
        start = max(line.find(field.strip(), start), start)
        found.append(start + 1)
        start += len(field.strip())
    return tuple(found)


def _find_column(head: _Row, name: str, file: str, problems: Problems) -> int:
    """The position of a column; one that is absent, or stands there twice, is noted."""
    places = [index for index, field in enumerate(head.fields) if field == name]
    if not places:
        message = f"there is no column `{name}`."
        remedy = f"{did_you_mean(name, head.fields)} Another name is stated under `fit.columns`."
        problems.add(message, Place(file, head.line, 1), remedy=remedy)
    elif len(places) > 1:
        problems.add(f"the column `{name}` stands there twice.", head.place(file, places[1]))
    return places[0] if places else 0


def _read_run(row: _Row, file: str, at: tuple[int, int], unit: str, problems: Problems) -> Run | None:
    """One run, or None where its row is wrong."""
    values = []
    for index, own in zip(at, (unit, LOSS_UNIT), strict=True):
        if index >= len(row.fields) or not row.fields[index]:
            message = "the row has no loss." if own == LOSS_UNIT else "the row does not say what was spent."
            problems.add(message, Place(file, row.line, 1), remedy="Complete the row, or take it out.")
            continue
        try:
            values.append(parse_quantity(row.fields[index], own, row.place(file, index), "").value)
        except FlopsheetError as error:
            problems.extend(error.problems)
    return Run(values[0], values[1], row.line) if len(values) == len(at) else None


def _check_table(runs: Sequence[Run], file: str, resource: str, problems: Problems) -> None:
    """Note runs that stand there twice, and tables that no line can be drawn through."""
    seen: dict[tuple[float, float], int] = {}
    for run in runs:
        first = seen.setdefault((run.amount, run.loss), run.line)
        if first != run.line:
            problems.add(f"is the same run as in line {first}.", Place(file, run.line, 1), remedy="Take one out.")
    if problems.found:
        return
    start = Place(file, 1, 1)
    distinct = {run.amount for run in runs}
    if len(distinct) < 2:
        message = f"a fit needs runs at two different values of `{resource}` or more, but there "
        message += f"{'is' if len(distinct) == 1 else 'are'} {len(distinct)}."
        problems.add(message, start)
    elif len({run.loss for run in runs}) < 2:
        problems.add("all losses are the same: there is nothing to fit.", start)
