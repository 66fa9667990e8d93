"""What every sheet of a plan's workbook is made from, and where the others put things."""

from __future__ import annotations

from dataclasses import dataclass, field

from flopsheet.evaluate.solution import Solution
from flopsheet.messages import Message, render_message
from flopsheet.model.cell import Cell
from flopsheet.workbook.flat import FlatModel
from flopsheet.workbook.save import CachedValue
from flopsheet.workbook.styles import number_format, typed_format

NONE = "none"
"""What a reader types to remove a limit, in every language."""

SEEN_AS_NONE = 1e59
"""From here on a limit reads as not set."""

_BILLION, _TRILLION = 1e9, 1e12


@dataclass
class Context:
    """The plan, its flat model, the language, and the places that sheets tell each other.

    `rows[cell id]` is the row of a cell in the columns of the sheet Scenarios; `columns` are its
    first and last scenario column. `checked` are (sheet, first cell, last cell) of every block of
    formulas that must hold no error.
    """

    solution: Solution
    flat: FlatModel
    version: str
    inputs_sha256: str
    rows: dict[str, int] = field(default_factory=dict)
    changed_flags: list[str] = field(default_factory=list)
    places: dict[str, str] = field(default_factory=dict)
    checked: list[str] = field(default_factory=list)
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

    @property
    def last_column(self) -> int:
        """The column of the last scenario on the sheet Scenarios."""
        return self.first_column + len(self.flat.scenarios) - 1


_FLAGS = ("binds_", "absent_", "compute_is", "plan_status", "reachable", "within_", "beyond_caps")


def format_of(cell: Cell, *values: CachedValue | None) -> str:
    """The number format of a row of cells, by the largest of its values."""
    numbers = [abs(value) for value in values if isinstance(value, float)]
    size = max(numbers, default=None)
    if cell.key is not None and cell.key.startswith("caps."):
        # A limit that is not set is a number beyond reach; a reader sees the word that removes a limit.
        return f'[>=1E+59]"{NONE}";' + _counted(max((n for n in numbers if n < SEEN_AS_NONE), default=None))
    if cell.kind == "constant" or (cell.kind == "input" and cell.unit == "nats/token"):
        return typed_format(cell.unit, size)
    if cell.id.startswith(_FLAGS):
        return "0"
    return "0.00%" if cell.id == "slack_compute" else number_format(cell.unit, size)


def _counted(size: float | None) -> str:
    """A format for counts with room for one more condition."""
    if size is None or size >= _TRILLION:
        return '[>=999500000000]0.00,,,,"T";0.00,,,"B"'
    if size >= _BILLION:
        return '[>=999500000]0.00,,,"B";0.00,,"M"'
    return '[>=999500]0.00,,"M";#,##0.##'
