"""The calculation of a plan at many points, live: a column for each point, a row for each cell that moves."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import sympy as sp
from openpyxl.utils.cell import get_column_letter

from flopsheet.evaluate.compile import FloatArray, compile_cells
from flopsheet.formula.root import Root
from flopsheet.model.cell import Cell
from flopsheet.workbook.context import Context, format_of
from flopsheet.workbook.flat import DASH, INFINITE, FlatModel, excel_formula
from flopsheet.workbook.sheet import Formula, Sheet
from flopsheet.workbook.slopes import list_moving

LABEL, UNIT, NUMBER, MOST, FIRST = 1, 2, 3, 4, 5
"""The columns of a block: what a row is, its unit, the number of an input, its largest value, then the points."""


@dataclass
class PointBlock:
    """A block of rows under a head of its own.

    `moved` are the inputs that differ between points, `formula` gives the text of one at a column, `values` the
    numbers of the inputs over the points; `rows[cell id]` is where a cell stands.
    """

    sheet: Sheet
    context: Context
    row: int
    moved: Sequence[Cell]
    outputs: Sequence[str]
    values: Mapping[str, FloatArray]
    formula: Callable[[Cell, str], str]
    rows: dict[str, int] = field(default_factory=dict)

    @property
    def count(self) -> int:
        """How many points there are."""
        return len(next(iter(self.values.values())))

    @property
    def columns(self) -> range:
        """The columns of the points."""
        return range(FIRST, FIRST + self.count)

    def put(self) -> dict[str, list[float | str]]:
        """Write the rows; gives what each cell shows at each point."""
        flat, shown = self.context.flat, dict[str, list[float | str]]()
        cells = [*self.moved, *list_moving(flat.graph, self.moved, self.outputs)]
        self.rows.update({cell.id: self.row + offset for offset, cell in enumerate(cells)})
        numbers = self._compute([cell for cell in cells if cell.expr is not None])
        for cell in cells:
            row = self.rows[cell.id]
            self.sheet.put(row, LABEL, self.context.label(cell))
            self.sheet.put(row, UNIT, cell.unit, style="unit")
            shown[cell.id] = [_shown(flat, cell, float(value) + 0.0) for value in numbers[cell.id]]
            shape = format_of(cell, *shown[cell.id])
            for column, value in zip(self.columns, shown[cell.id], strict=True):
                formula = Formula(self._text(cell, get_column_letter(column)), value)
                self.sheet.put(row, column, formula, style="formula", number_format=shape)
        first, last = (get_column_letter(column) for column in (self.columns[0], self.columns[-1]))
        self.context.checked.append(f"{self.sheet.name}!${first}${self.row}:${last}${self.row + len(cells) - 1}")
        return shown

    def range_of(self, cell_id: str) -> str:
        """The numbers of a cell over all points, as formulas on this sheet name them."""
        first, last = (get_column_letter(column) for column in (self.columns[0], self.columns[-1]))
        row = self.rows[cell_id]
        return f"${first}${row}:${last}${row}"

    @property
    def end(self) -> int:
        """The row behind the block."""
        return self.row + len(self.rows)

    def _text(self, cell: Cell, letter: str) -> str:
        """The formula of a row at a column."""
        if cell.expr is None:
            return self.formula(cell, letter)
        flat = self.context.flat

        def refer(symbol: sp.Symbol) -> str:
            row = self.rows.get(symbol.name)
            return flat.refer(symbol) if row is None else f"{letter}{row}"

        return excel_formula(flat, cell, refer=refer).text

    def _compute(self, cells: Sequence[Cell]) -> dict[str, FloatArray]:
        """The numbers of all rows."""
        flat = self.context.flat
        compiled = compile_cells(flat.graph, [cell.id for cell in cells])
        given = {name: np.float64(flat.number(name)) for name in compiled.inputs} | dict(self.values)
        found = {name: np.broadcast_to(array, (self.count,)) for name, array in compiled.evaluate(given).items()}
        return {**self.values, **found}


def is_closed(flat: FlatModel, outputs: Sequence[str]) -> bool:
    """Whether outputs have formulas that fit cells: no root has to be sought for any of them."""
    return not any(isinstance(cell.expr, Root) for cell in flat.graph.needed(outputs))


def _shown(flat: FlatModel, cell: Cell, value: float) -> float | str:
    """What a cell shows."""
    if np.isnan(value) or ((cell.kind == "user" or cell.id in flat.partial) and not np.isfinite(value)):
        return DASH
    return INFINITE if np.isinf(value) else value
