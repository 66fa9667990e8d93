"""What every sheet of a plan's workbook is made from, and where the others put things."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from flopsheet.evaluate.solution import Solution
from flopsheet.messages import Message, render_message
from flopsheet.model.cell import Cell
from flopsheet.workbook.fill import clean_text
from flopsheet.workbook.flat import FlatModel
from flopsheet.workbook.save import CachedValue
from flopsheet.workbook.styles import number_format, typed_format

NONE = "none"
"""What a reader types to remove a limit, in every language."""

SEEN_AS_NONE = 1e59
"""From here on a limit reads as not set."""

_BILLION, _TRILLION = 1e9, 1e12
_LONGEST_TITLE = 100
_NO_WILDCARDS = str.maketrans(
    {"*": "\N{FULLWIDTH ASTERISK}", "?": "\N{FULLWIDTH QUESTION MARK}", "~": "\N{FULLWIDTH TILDE}"}
)


@dataclass
class Context:
    """The plan, its flat model, the language, and the places that sheets tell each other.

    `rows[cell id]` is the row of a cell in the columns of the sheet Scenarios, `generated[cell id]` that of its
    value as generated; `places` are the cells of each input's limits, `outside` those that count what lies beyond
    them; `changed_flags` the ranges that are zero while inputs are as generated. `checked` are the blocks of formulas
    that must hold no error; `compared_rows[cell id]` is the row of a result of the plan's own law on the sheet Compare;
    `root_checks` are what the sheet Solver leaves to be checked: the id of a root, the key of the check, and the
    range that must not exceed zero with its numbers; `fit_columns` are the columns of the table of runs, by stem.
    """

    solution: Solution
    flat: FlatModel
    version: str
    inputs_sha256: str
    rows: dict[str, int] = field(default_factory=dict)
    changed_flags: list[str] = field(default_factory=list)
    places: dict[str, str] = field(default_factory=dict)
    outside: dict[str, str] = field(default_factory=dict)
    generated: dict[str, int] = field(default_factory=dict)
    checked: list[str] = field(default_factory=list)
    root_rows: dict[str, tuple[int, int]] = field(default_factory=dict)
    root_widths: dict[str, int] = field(default_factory=dict)
    root_checks: list[tuple[str, str, str, list[float]]] = field(default_factory=list)
    compared_rows: dict[str, int] = field(default_factory=dict)
    fit_columns: dict[str, str] = field(default_factory=dict)
    first_column: int = 4

    @property
    def language(self) -> str:
        """The plan's language."""
        return self.solution.plan.language

    def t(self, key: str, **args: Message | str | float) -> str:
        """A text of the catalogue."""
        return render_message(Message(key, args), self.language)

    def label(self, cell: Cell) -> str:
        """What a cell is called."""
        text = render_message(cell.label, self.language)
        return text[:1].upper() + text[1:]

    def is_signed(self, cell: Cell) -> bool:
        """Whether losses of the law that a cell belongs to may be below zero."""
        models = {law.name: law.model for law in self.solution.compared}
        return models.get(cell.law, self.solution.model).law.has_signed_loss

    @cached_property
    def titles(self) -> tuple[str, ...]:
        """What the scenarios are called in this workbook: names that a look-up tells apart."""
        return tell_apart([scenario.name for scenario in self.solution.plan.scenarios])

    @property
    def last_column(self) -> int:
        """The column of the last scenario on the sheet Scenarios."""
        return self.first_column + len(self.flat.scenarios) - 1


def tell_apart(names: Sequence[str]) -> tuple[str, ...]:
    """Names as a spreadsheet's look-up tells them apart: it ignores case, knows wildcards, and has a longest text."""
    found: dict[str, str] = {}
    for name in names:
        plain = clean_text(name).translate(_NO_WILDCARDS)
        plain = plain if len(plain) <= _LONGEST_TITLE else f"{plain[: _LONGEST_TITLE - 1]}…"
        title, count = plain, 1
        while title.casefold() in found:
            count += 1
            title = f"{plain} ({count})"
        found[title.casefold()] = title
    return tuple(found.values())


_FLAGS = (
    "binds_",
    "absent_",
    "compute_is",
    "plan_status",
    "reachable",
    "within_",
    "beyond_caps",
    "budget_status",
    "unpaid_",
)


def format_of(cell: Cell, *values: CachedValue | None) -> str:
    """The number format of a row of cells, by the largest of its values."""
    numbers = [abs(value) for value in values if isinstance(value, float)]
    size = max(numbers, default=None)
    if cell.optional:
        # A limit that is not set is a number beyond reach; a reader sees the word that removes a limit.
        return f'[>=1E+59]"{NONE}";' + _counted(max((n for n in numbers if n < SEEN_AS_NONE), default=None))
    if cell.kind == "constant" or (cell.kind == "input" and cell.unit == "nats/token"):
        return typed_format(cell.unit, size)
    if cell.own_id.startswith(_FLAGS):
        return "0"
    return "0.00%" if cell.own_id == "slack_compute" else number_format(cell.unit, size)


def _counted(size: float | None) -> str:
    """A format for counts with room for one more condition."""
    if size is None or size >= _TRILLION:
        return '[>=999500000000]0.00,,,,"T";0.00,,,"B"'
    if size >= _BILLION:
        return '[>=999500000]0.00,,,"B";0.00,,"M"'
    return '[>=999500]0.00,,"M";#,##0.##'
