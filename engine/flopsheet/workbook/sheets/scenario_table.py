"""The table on the sheet Scenarios: which block stands where, and what its rows have in common."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from openpyxl.utils.cell import get_column_letter

from flopsheet.model.cell import Cell
from flopsheet.workbook.context import Context
from flopsheet.workbook.flat import FlatModel
from flopsheet.workbook.sheet import Sheet

LABEL, UNIT, BASE = 1, 2, 3


class Rows:
    """Which row each block begins in, decided before anything is written.

    `formula[cell id]` is the row of a cell in the calculation, `result[cell id]` its row among the results.
    """

    def __init__(
        self, flat: FlatModel, inputs: Sequence[Cell], results: Sequence[Cell], *, start: int, words: int
    ) -> None:
        self.inputs = tuple(inputs)
        self.results = start + 2
        self.differences = self.results + words + len(results) + 2
        compared = len(flat.scenarios) > 1  # one scenario differs from nothing
        self.overrides = self.differences + len(results) + 2 if compared else self.differences
        self.in_force = self.overrides + len(inputs) + 2
        # Inputs that may be absent stand there twice, as typed and as a number; fixed ones once.
        self.calculation = self.in_force + 2 * len(inputs) + (len(flat.inputs) - len(inputs)) + 2
        self.generated = self.calculation + len(flat.formulas) + 2
        self.generated_results = self.generated + len(inputs) + 2
        self.formula = {cell.id: self.calculation + offset for offset, cell in enumerate(flat.formulas)}
        self.result: dict[str, int] = {}


@dataclass
class Table:
    """The sheet, the plan and the rows, for the functions that fill the blocks."""

    sheet: Sheet
    context: Context
    rows: Rows
    override_row: dict[str, int] = field(default_factory=dict)

    @property
    def columns(self) -> range:
        """The columns of the scenarios."""
        return range(self.context.first_column, self.context.last_column + 1)

    @property
    def first(self) -> str:
        """The letter of the first scenario's column."""
        return get_column_letter(self.columns[0])

    @property
    def last(self) -> str:
        """The letter of the last scenario's column."""
        return get_column_letter(self.columns[-1])

    @property
    def beside(self) -> int:
        """The column right of the scenarios, where rows are counted up."""
        return self.columns[-1] + 1

    def put_title(self, row: int, key: str) -> None:
        """The title of a block, in the row above it."""
        self.sheet.put(row - 1, LABEL, self.context.t(key), style="section")

    def put_name(self, cell: Cell, row: int) -> None:
        """The label and unit of a row."""
        self.sheet.put(row, LABEL, self.context.label(cell))
        self.sheet.put(row, UNIT, cell.unit, style="unit")

    def check(self, first: int, last: int) -> None:
        """Have a block of formulas checked for errors."""
        self.context.checked.append(f"Scenarios!${self.first}${first}:${self.last}${last}")
