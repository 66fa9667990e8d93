"""The sheet Curve: the law with one resource as a table and chart around the selected scenario, live."""

from __future__ import annotations

import math
from functools import partial

import sympy as sp
from openpyxl.utils.cell import get_column_letter

from flopsheet.evaluate.compile import compile_cells
from flopsheet.model.cell import BEYOND_REACH, Cell
from flopsheet.workbook.book import Book
from flopsheet.workbook.charts import add_line, add_points, build_scatter
from flopsheet.workbook.context import Context
from flopsheet.workbook.flat import FlatModel
from flopsheet.workbook.printer import render_excel
from flopsheet.workbook.sheet import FIRST_ROW, Formula, Sheet
from flopsheet.workbook.styles import number_format

_FACTOR, _AMOUNT, _LOSS = 1, 2, 3
_CHART_ROWS, _CHART_SIZE = 25, (30.0, 15.0)
_STEPS = 25
_WIDE = 30.0


def add_curve(book: Book, context: Context) -> Sheet:
    """The loss over the resource: a grid of multiples of the selected scenario's amount, with its chart."""
    t, flat, model = context.t, context.flat, context.solution.model
    sheet = book.sheet("Curve", t("workbook.curve"), t("contents.curve"))
    cell = next(c for c in flat.inputs if c.kind == "input" and c.id != "target_loss")
    role = model.decision(model.decisions[0]).role
    what = t(f"role.{role}") if role else model.decisions[0].name
    amounts = [float(value) for value in flat.values[cell.id] if value < BEYOND_REACH]
    middle = amounts[0] if amounts else 1.0
    head = FIRST_ROW + _CHART_ROWS
    sheet.break_before(head)
    given = flat.number(cell.id)
    # Where the selected scenario gives no amount, the curve lies around the first one that does.
    anchor = Formula(
        f"IF({flat.name(cell)} < beyond_reach, {flat.name(cell)}, $C${head})", given if given < BEYOND_REACH else middle
    )
    sheet.put(head, _FACTOR, t("workbook.curve_anchor"))
    sheet.put(head, _LOSS, middle, style="constant", number_format=number_format(cell.unit, middle))
    sheet.put(head, _AMOUNT, anchor, style="formula", number_format=number_format(cell.unit, middle))
    sheet.put(head, _LOSS + 1, cell.unit, style="unit")
    for column, key in ((_FACTOR, "curve_step"), (_AMOUNT, "item"), (_LOSS, "loss")):
        text = {"item": what[:1].upper() + what[1:], "loss": context.label(flat.graph["L_opt"])}.get(key) or t(
            f"workbook.{key}"
        )
        sheet.put(head + 1, column, text, style="header_right")
    for column, unit in ((_FACTOR, "1"), (_AMOUNT, cell.unit), (_LOSS, "nats/token")):
        sheet.put(head + 2, column, unit, style="unit")
    first = head + 3
    low, high = _factors(amounts or [1.0])
    compiled = compile_cells(context.solution.graph, ["L_opt"])
    for step in range(_STEPS):
        row = first + step
        share = step / (_STEPS - 1)
        factor = low ** (1 - share) * high**share
        amount = float(anchor.cached) * factor
        values = {name: float(flat.values[name][0]) for name in compiled.inputs} | {cell.id: amount}
        loss = float(compiled.evaluate(values)["L_opt"])
        text = render_excel(model.loss, partial(_refer, flat, model.decisions[0], f"$B{row}"), flat.refer_number)
        sheet.put(row, _FACTOR, factor, style="constant", number_format="0.000E+00")
        shape = number_format(cell.unit, amount)
        sheet.put(row, _AMOUNT, Formula(f"$B${head} * $A{row}", amount), style="formula", number_format=shape)
        sheet.put(row, _LOSS, Formula(text, loss), style="formula", number_format="0.0000")
    last = first + _STEPS - 1
    _add_chart(sheet, context, cell, what, (first, last), log_x=high / low > _WIDE)
    context.checked.append(f"Curve!$B${first}:$C${last}")
    for column, width in ((_FACTOR, 24.0), (_AMOUNT, 20.0), (_LOSS, 20.0)):
        sheet.set_width(column, width)
    return sheet


def _add_chart(sheet: Sheet, context: Context, cell: Cell, what: str, grid: tuple[int, int], *, log_x: bool) -> None:
    """The chart of the grid between two rows, with a point per scenario where each gives an amount."""
    t, flat = context.t, context.flat
    first, last = grid
    chart = build_scatter(t("chart.law_title", what=what), what, t("chart.loss_axis"), log_x=log_x, size=_CHART_SIZE)
    add_line(
        chart,
        sheet.range_of((first, _AMOUNT), (last, _AMOUNT)),
        sheet.range_of((first, _LOSS), (last, _LOSS)),
        t("chart.law"),
    )
    start, end = (get_column_letter(c) for c in (context.first_column, context.last_column))
    rows = context.rows
    points = (
        f"Scenarios!${start}${rows[cell.id]}:${end}${rows[cell.id]}",
        f"Scenarios!${start}${rows['L_opt']}:${end}${rows['L_opt']}",
    )
    if all(value < BEYOND_REACH for value in flat.values[cell.id]):
        add_points(chart, *points, t("chart.scenarios"))
    sheet.add_chart(chart, FIRST_ROW, 1)


def _refer(flat: FlatModel, resource: sp.Symbol, place: str, symbol: sp.Symbol) -> str:
    """The cell of a symbol: the resource stands in its row of the grid."""
    return place if symbol == resource else flat.refer(symbol)


def _factors(amounts: list[float]) -> tuple[float, float]:
    """The multiples of the first amount between which all scenarios lie, with some room on either side."""
    low, high = min(amounts) / amounts[0], max(amounts) / amounts[0]
    if high / low > _WIDE:
        return 10.0 ** math.floor(math.log10(low)), 10.0 ** math.ceil(math.log10(high))
    return low, max(high, 2.0 * low)
