"""Joint draws of a law's constants from a CSV file: a column for each constant, a row for each draw."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from flopsheet.errors import FlopsheetError, Place, Problem, did_you_mean
from flopsheet.evaluate.compile import FloatArray
from flopsheet.plan.plan import Law
from flopsheet.plan.problems import Problems
from flopsheet.plan.source import load_text, relative_name

MOST_ROWS = 1_000_000
_MOST_BYTES = 256_000_000
_MOST_TOLD = 10
_LONGEST_SHOWN = 40
_COMMENT = "#"


@dataclass(frozen=True)
class JointDraws:
    """Draws of all constants of a law together. `columns` are by constant; `file` is relative to the root."""

    file: str
    columns: Mapping[str, FloatArray]

    @property
    def rows(self) -> int:
        """How many draws there are."""
        return len(next(iter(self.columns.values())))


def load_joint_draws(path: Path, root: Path, law: Law) -> JointDraws:
    """The draws in a file whose first row names the constants; blank lines and lines that begin with # are skipped.

    Raises:
        FlopsheetError: the columns are not the constants of the law, or a field is no finite number.
    """
    file = relative_name(path, root)
    problems = Problems()
    lines = [
        (number, line)
        for number, line in enumerate(io.StringIO(load_text(path, root, _MOST_BYTES)), start=1)
        if line.strip() and not line.lstrip().startswith(_COMMENT)
    ]
    head = _split(lines[0][1]) if lines else []
    if not head:
        remedy = f"The first row names the constants: {','.join(law.constants)}."
        raise FlopsheetError(Problem("the table of draws is empty.", Place(file, 1, 1), remedy=remedy))
    _check_head(head, law, Place(file, lines[0][0], 1), problems)
    if len(lines) - 1 > MOST_ROWS:
        place = Place(file, lines[MOST_ROWS + 1][0], 1)
        problems.add(f"the table has {len(lines) - 1:,} draws; at most {MOST_ROWS:,} are taken.", place)
    elif len(lines) < 3:
        problems.add("a table of draws needs two rows or more below its head.", Place(file, lines[-1][0], 1))
    problems.raise_any()
    table = np.array(_read_rows(lines[1:], head, file, problems), dtype=np.float64)
    problems.raise_any()
    return JointDraws(file, {name: np.ascontiguousarray(table[:, index]) for index, name in enumerate(head)})


def _split(line: str) -> list[str]:
    """The fields of a line without blanks around them; a quote that is left open goes to the end."""
    return [field.strip() for field in next(csv.reader([line.rstrip("\r\n")]), [])]


def _check_head(head: Sequence[str], law: Law, place: Place, problems: Problems) -> None:
    """Note columns that are no constants of the law, constants without a column, and columns that stand twice."""
    for name in dict.fromkeys(head):
        if name not in law.constants:
            message = f"law `{law.name}` has no constant `{name[:_LONGEST_SHOWN]}`."
            problems.add(message, place, remedy=did_you_mean(name, law.constants))
        elif head.count(name) > 1:
            problems.add(f"the column `{name}` stands there twice.", place)
    missing = [name for name in law.constants if name not in head]
    if missing:
        listed = ", ".join(f"`{name}`" for name in missing)
        remedy = "Joint draws have a column for every constant; one that is known repeats its value."
        problems.add(f"there is no column for {listed} of law `{law.name}`.", place, remedy=remedy)


def _read_rows(
    lines: Sequence[tuple[int, str]], head: Sequence[str], file: str, problems: Problems
) -> list[list[float]]:
    """The numbers of each row; what is none is noted, the first few of them."""
    rows = []
    for number, line in lines:
        fields = _split(line)
        if len(fields) != len(head):
            message = f"the row has {len(fields)} fields, but there are {len(head)} columns."
            problems.add(message, Place(file, number, 1))
        else:
            rows.append([_number(field) for field in fields])
            if not all(map(math.isfinite, rows[-1])):
                _note_wrong(fields, head, line, Place(file, number, 1), problems)
        if len(problems.found) >= _MOST_TOLD:
            break
    return rows


def _number(field: str) -> float:
    """The number in a field; not a number where there is none."""
    try:
        return float(field)
    except ValueError:
        return math.nan


def _note_wrong(fields: Sequence[str], head: Sequence[str], line: str, start: Place, problems: Problems) -> None:
    """Note each field of a row that is no finite number."""
    at = 0
    for field, name in zip(fields, head, strict=True):
        at = max(line.find(field, at), at)
        if not math.isfinite(_number(field)):
            what = "is empty" if not field else f"is `{field[:_LONGEST_SHOWN]}`"
            message = f"`{name}` must be a finite number, but {what}."
            problems.add(message, start.shifted(at, max(1, len(field))))
        at = line.find(",", at + len(field)) + 1
