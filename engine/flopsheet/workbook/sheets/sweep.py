"""The sheet Sweep: points of the plan's sweep, a row each, as live formulas where the plan has closed forms."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import sympy as sp
from openpyxl.utils.cell import get_column_letter

from flopsheet.evaluate.compile import FloatArray, compile_cells
from flopsheet.evaluate.grid import Places, number_points, share_points, thin_places
from flopsheet.evaluate.sweep import SweepPlan
from flopsheet.formula.root import Root
from flopsheet.model.cell import BEYOND_REACH, Cell
from flopsheet.model.graph import names_read
from flopsheet.workbook.book import Book
from flopsheet.workbook.charts import add_line, build_scatter
from flopsheet.workbook.context import Context, format_of
from flopsheet.workbook.flat import DASH, INFINITE, FlatModel, excel_formula
from flopsheet.workbook.sheet import FIRST_ROW, Sheet
from flopsheet.workbook.styles import StyleName, number_format

_FIRST = 1
_MOST_CELLS, _MOST_ROWS = 1000, 200
_CHART_ROWS, _CHART_SIZE = 26, (33.0, 15.0)
_WIDTH, _WIDE = 20.0, 20.0
_PRINTED = 9  # so many columns are as wide as the chart
_STEP = 0.1  # what the lower end of the loss axis is a multiple of


def add_sweep(book: Book, context: Context) -> Sheet | None:
    """The sweep, thinned to what a sheet can hold; nothing where the plan has none."""
    opened = context.solution.open_sweep
    if opened is None:
        return None
    sheet = book.sheet("Sweep", context.t("workbook.sweep"), context.t("contents.sweep"))
    _Writer(sheet, context, opened()).write()
    return sheet


def find_live_cells(flat: FlatModel, keys: Sequence[str], outputs: Sequence[str]) -> tuple[Cell, ...] | None:
    """The formulas between swept inputs and results, in computing order.

    None where there are none: an input that the plan itself does not set has no cell, and a root takes a block of
    rows of its own for each point.
    """
    inputs = {cell.key: cell.id for cell in flat.inputs if cell.expr is None}
    if not set(keys) <= inputs.keys():
        return None
    moving = {inputs[key] for key in keys}
    chain = []
    for cell in flat.graph.needed(outputs):
        if cell.expr is not None and names_read(cell) & moving:
            moving.add(cell.id)
            chain.append(cell)
    return None if not chain or any(cell.expr.has(Root) for cell in chain if cell.expr is not None) else tuple(chain)


class _Writer:
    """Writes the sheet."""

    def __init__(self, sheet: Sheet, context: Context, swept: SweepPlan) -> None:
        self.sheet, self.context, self.swept = sheet, context, swept
        self.axes = swept.grid.sweep.axes
        self.columns: dict[str, tuple[int, FloatArray]] = {}
        graph = context.flat.graph
        decided = [f"{z}_opt" for z in context.solution.model.decisions]
        required = [name for name in swept.outputs if name.endswith("_required")]
        self.shown = [name for name in (*decided, *required, "L_opt") if name in swept.outputs]
        self.own = [name for name in swept.outputs if name in graph and graph[name].kind == "user"]
        names = [*self.shown, *self.own]
        known = all(name in graph for name in names)
        self.chain = find_live_cells(context.flat, swept.grid.keys, names) if known else None

    def write(self) -> None:
        """The note, the table, and a chart over a single axis."""
        width = len(self.chain) if self.chain is not None else len(self.shown) + len(self.own)
        sweep = self.swept.grid.sweep
        rows = max(2, min(_MOST_ROWS, _MOST_CELLS // max(1, width)))
        places = thin_places(sweep, share_points(sweep, rows))
        index = number_points(sweep, places)
        head = self._put_notes(len(index))
        draws = len(sweep.groups) == 1 and len(index) > 1
        top = head
        if draws:
            head += _CHART_ROWS
            self.sheet.break_before(head)
        else:
            self.sheet.freeze(head + 2)
        for column, axis in enumerate(self.axes, start=_FIRST):
            self.sheet.put(head, column, axis.key, style="header_right")
            self.sheet.put(head + 1, column, self._cell(axis.key).unit, style="unit")
            self.sheet.set_width(column, _WIDTH)
        if self.chain is None:
            self._put_values(head + 2, places)
        else:
            self._put_live(head + 2, index, self.chain)
        if draws:
            self._put_chart(top, head + 2, head + 1 + len(index))

    def _cell(self, key: str) -> Cell:
        """The cell of a swept input."""
        return self.swept.points.keys[key]

    def _put_notes(self, count: int) -> int:
        """What the sheet holds; gives the row of the table's head."""
        t, row = self.context.t, FIRST_ROW
        total = self.swept.grid.points
        scenario = self.context.titles[0]
        live = self.chain is not None
        notes = [t("workbook.sweep_live") if live else t("workbook.sweep_values", scenario=scenario)]
        notes += [] if live else [t("workbook.sweep_fixed")]
        if count < total:
            notes.append(t("workbook.sweep_thinned", count=count, points=total))
        for note in notes:
            self.sheet.put(row, _FIRST, note, style="subtitle")
            row += 1
        return row + 1

    def _put_keys(self, first: int, columns: dict[str, FloatArray]) -> None:
        """The swept numbers; a limit removed reads as the word for it."""
        for column, axis in enumerate(self.axes, start=_FIRST):
            cell = self._cell(axis.key)
            for row, value in enumerate(_fill(columns[axis.key], cell), start=first):
                shape = format_of(cell, float(value))
                self.sheet.put(row, column, float(value), style="constant", number_format=shape)

    def _put_head(self, first: int, column: int, cell: Cell) -> None:
        """What a column holds."""
        self.sheet.put(first - 2, column, self.context.label(cell), style="header_right")
        self.sheet.put(first - 1, column, cell.unit, style="unit")
        self.sheet.set_width(column, _WIDTH)

    def _put_live(self, first: int, index: np.ndarray, chain: Sequence[Cell]) -> None:
        """Each point by formulas over its swept numbers and the selected scenario: results first, then their steps."""
        flat, sheet = self.context.flat, self.sheet
        keys = self.swept.grid.columns(index)
        self._put_keys(first, keys)
        ids = {axis.key: cell.id for axis in self.axes for cell in flat.inputs if cell.key == axis.key}
        given = {ids[key]: _fill(values, flat.graph[ids[key]]) for key, values in keys.items()}
        values = _compute(flat, chain, given, len(index))
        results = [name for name in (*self.shown, *self.own) if any(cell.id == name for cell in chain)]
        order = sorted(chain, key=lambda cell: results.index(cell.id) if cell.id in results else len(results))
        places = {ids[axis.key]: _FIRST + offset for offset, axis in enumerate(self.axes)}
        places |= {cell.id: _FIRST + len(self.axes) + offset for offset, cell in enumerate(order)}
        self.columns = {cell.id: (places[cell.id], values.values[cell.id]) for cell in order}
        for cell in order:
            column = places[cell.id]
            self._put_head(first, column, cell)
            shapes = [values.shown(cell, number) for number in range(len(index))]
            for number, row in enumerate(range(first, first + len(index))):

                def refer(symbol: sp.Symbol, row: int = row) -> str:
                    at = places.get(symbol.name)
                    return flat.refer(symbol) if at is None else f"${get_column_letter(at)}{row}"

                formula = excel_formula(values, cell, refer=refer, index=number)
                style: StyleName = "result" if cell.id in results else "formula"
                sheet.put(row, column, formula, style=style, number_format=format_of(cell, *shapes))
        if _FIRST + len(self.axes) + len(order) > _PRINTED:
            # The steps are for those who look at the formulas.
            sheet.print_to(max(_PRINTED, _FIRST + len(self.axes) + len(results) - 1))
        last = get_column_letter(_FIRST + len(self.axes) + len(order) - 1)
        start = get_column_letter(_FIRST + len(self.axes))
        self.context.checked.append(f"Sweep!${start}${first}:${last}${first + len(index) - 1}")

    def _put_values(self, first: int, places: Places) -> None:
        """Each point as computed when the book was made."""
        block = self.swept.compute_at(places)
        self._put_keys(first, dict(block.keys))
        graph = self.swept.points.graph
        for column, name in enumerate((*self.shown, *self.own), start=_FIRST + len(self.axes)):
            cell = graph[name]
            self._put_head(first, column, cell)
            self.columns[name] = (column, block.values[name])
            finite = [float(value) for value in block.values[name] if math.isfinite(value)]
            shape = number_format(cell.unit, max(map(abs, finite), default=None))
            for row, value in enumerate(map(float, block.values[name]), start=first):
                if math.isfinite(value):
                    self.sheet.put(row, column, value, style="constant", number_format=shape)
                else:
                    self.sheet.put(row, column, DASH if math.isnan(value) else INFINITE, style="text")

    def _put_chart(self, row: int, first: int, last: int) -> None:
        """The loss over the axis."""
        axis, cell = self.axes[0], self._cell(self.axes[0].key)
        values = [given.value for given in axis.given]
        column, losses = self.columns.get("L_opt", (0, np.zeros(0)))
        reached = losses[np.isfinite(losses)]
        if any(value is None for value in values) or not reached.size:
            return
        numbers = [value for value in values if value is not None]
        low, high = min(numbers), max(numbers)
        log = axis.scale == "log" or (low > 0 and high > _WIDE * low)
        title = self.context.t("sweep.chart_loss", name=axis.key)
        x_title = axis.key if cell.unit == "1" else f"{axis.key} ({cell.unit})"
        chart = build_scatter(title, x_title, self.context.t("chart.loss_axis"), log_x=log, size=_CHART_SIZE)
        chart.y_axis.scaling.min = math.floor(float(reached.min()) / _STEP) * _STEP
        points = self.sheet.range_of((first, _FIRST), (last, _FIRST))
        lines = self.sheet.range_of((first, column), (last, column))
        add_line(chart, points, lines, self.context.label(self.swept.points.graph["L_opt"]))
        self.sheet.add_chart(chart, row, _FIRST)


def _fill(values: FloatArray, cell: Cell) -> FloatArray:
    """Numbers of an input, with the one that stands for a limit that is not there."""
    absent = BEYOND_REACH if cell.default is None else cell.default
    return np.where(np.isnan(values), absent, values)


def _compute(flat: FlatModel, chain: Sequence[Cell], given: dict[str, FloatArray], count: int) -> FlatModel:
    """The model with a point in the place of each scenario."""
    own = {name: float(values[0]) for name, values in flat.values.items()}
    found = compile_cells(flat.graph, [cell.id for cell in chain]).evaluate({**own, **given})
    values = {name: np.broadcast_to(array, (count,)) for name, array in {**given, **found}.items()}
    for cell in chain:
        if cell.kind == "user" or cell.id in flat.partial:
            values[cell.id] = np.where(np.isfinite(values[cell.id]), values[cell.id], np.nan)
    return replace(flat, values=values)
