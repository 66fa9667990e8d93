"""What every sheet of a plan's workbook is made from, and where the others put things."""

from __future__ import annotations

from dataclasses import dataclass, field

from flopsheet.evaluate.solution import Solution
from flopsheet.messages import Message, render_message
from flopsheet.model.cell import Cell
from flopsheet.workbook.flat import FlatModel
from flopsheet.workbook.styles import number_format


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
    bad_inputs: list[str] = field(default_factory=list)
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


def format_of(cell: Cell, value: float | str) -> str:
    """The number format of a cell whose value is about this large."""
    size = value if isinstance(value, float) else None
    if cell.key is not None and cell.key.startswith("caps."):
        # A limit that is not set is a number beyond reach; a reader sees a word for it.
        return '[>=1E+59]"none";' + _counted(size)
    if cell.id.startswith(("binds_", "absent_", "compute_is", "plan_status", "reachable", "within_", "beyond_caps")):
        return "0"
    return number_format(cell.unit, size)


def _counted(size: float | None) -> str:
    """A format with one condition fewer: counts by magnitude."""
    if size is None or size >= 1e9:  # noqa: PLR2004 - billions
        return '0.00,,,"B"'
    return '0.00,,"M"'
