"""The two-way tables of the sheet Sensitivity, each with its calculation where that is live."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from openpyxl.utils.cell import get_column_letter

from flopsheet.evaluate.sensitivity import Grid
from flopsheet.model.cell import BEYOND_REACH, Cell
from flopsheet.model.inputs import BEYOND
from flopsheet.plan.requests import TwoWay
from flopsheet.workbook.context import Context, format_of
from flopsheet.workbook.flat import DASH
from flopsheet.workbook.sheet import Content, Formula, Sheet
from flopsheet.workbook.sheets.point_block import FIRST, LABEL, PointBlock
from flopsheet.workbook.styles import StyleName

_NAME = 1


def find_input(context: Context, key: str) -> Cell:
    """The cell of an input."""
    return next(cell for cell in context.flat.graph if cell.key == key)


def name_input(context: Context, cell: Cell) -> str:
    """What an input is called."""
    text = context.label(cell)
    return context.t("cell.budget_compute") if cell.key == "budget.compute" else text


def put_value(sheet: Sheet, place: tuple[int, int], text: str, value: float | str, shape: str) -> None:
    """A formula, or its value alone where there is no text of one."""
    content: Content = Formula(text, value) if text else value
    style: StyleName = "formula" if text else "text" if isinstance(value, str) else "constant"
    sheet.put(*place, content, style=style, number_format="@" if isinstance(content, str) else shape)


@dataclass
class GridWriter:
    """Writes tables, as formulas where `live`."""

    sheet: Sheet
    context: Context
    live: bool

    def put(self, row: int, grid: Grid, below: int) -> int:
        """A table of a result over two inputs, and its calculation; gives the row behind that."""
        t, sheet, request = self.context.t, self.sheet, grid.request
        show = self.context.flat.graph[request.show]
        down, across = find_input(self.context, request.rows.key), find_input(self.context, request.columns.key)
        title = t(
            "sensitivity.table_title",
            show=self.context.label(show),
            rows=name_input(self.context, down),
            columns=name_input(self.context, across),
        )
        sheet.put(row - 1, _NAME, title, style="section")
        sheet.put(
            row, _NAME, f"{name_input(self.context, down)} ↓ · {name_input(self.context, across)} →", style="header"
        )
        sheet.put(row + 2, _NAME, down.unit, style="unit")
        columns = range(2, 2 + len(request.columns.values))
        for column, value in zip(columns, request.columns.values, strict=True):
            sheet.put(row, column, across.unit, style="unit")
            self._put_axis(row + 1, column, across, value)
            sheet.put(row + 2, column, show.unit, style="unit")
        values, block = self._grid_values(row, grid, below)
        shape = format_of(show, *(value for line in values for value in line))
        for at, (value, line) in enumerate(zip(request.rows.values, values, strict=True)):
            self._put_axis(row + 3 + at, _NAME, down, value)
            for offset, (column, number) in enumerate(zip(columns, line, strict=True)):
                text = ""
                if block is not None:
                    place = f"{get_column_letter(FIRST + at * len(line) + offset)}{block.rows[show.id]}"
                    text = place
                put_value(self.sheet, (row + 3 + at, column), text, number, shape)
        return below if block is None else block.end + 2

    def _put_axis(self, row: int, column: int, cell: Cell, value: float | None) -> None:
        """A value along a table; none where the limit is removed."""
        number = BEYOND_REACH if value is None else value
        self.sheet.put(row, column, number, style="constant", number_format=format_of(cell, number))

    def _grid_values(self, row: int, grid: Grid, below: int) -> tuple[list[list[float | str]], PointBlock | None]:
        """What a table shows, and the calculation behind it where that is live."""
        width = len(grid.request.columns.values)
        if not self.live:
            return [[DASH if not math.isfinite(number) else number for number in line] for line in grid.values], None
        shown, block = self._put_grid_points(row, grid.request, below)
        flat = shown[grid.request.show]
        return [flat[start : start + width] for start in range(0, len(flat), width)], block

    def _put_grid_points(
        self, row: int, request: TwoWay, below: int
    ) -> tuple[dict[str, list[float | str]], PointBlock]:
        """The calculation of a table: a column for each of its cells, row by row."""
        down, across = find_input(self.context, request.rows.key), find_input(self.context, request.columns.key)
        heights, width = len(request.rows.values), len(request.columns.values)
        pairs = [(one, two) for one in range(heights) for two in range(width)]
        reach = self.context.flat.number(BEYOND.id)

        def numbers(values: Sequence[float | None]) -> list[float]:
            return [reach if value is None else value for value in values]

        rows, columns = numbers(request.rows.values), numbers(request.columns.values)
        values = {
            down.id: np.array([rows[one] for one, _ in pairs]),
            across.id: np.array([columns[two] for _, two in pairs]),
        }
        self.sheet.put(below, LABEL, self.context.t("workbook.sensitivity_table_points"), style="section")

        def place(cell: Cell, letter: str) -> str:
            one, two = pairs[[get_column_letter(FIRST + at) for at in range(len(pairs))].index(letter)]
            return f"$A${row + 3 + one}" if cell.id == down.id else f"{get_column_letter(2 + two)}${row + 1}"

        block = PointBlock(self.sheet, self.context, below + 1, [down, across], [request.show], values, place)
        return block.put(), block
