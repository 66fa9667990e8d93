"""The sheet Curve: the law with one resource as a table and chart around the selected scenario, live."""

from __future__ import annotations

import math
from functools import partial

import numpy as np
import sympy as sp
from openpyxl.utils.cell import get_column_letter

from flopsheet.evaluate.compile import compile_cells
from flopsheet.model.cell import BEYOND_REACH, Cell
from flopsheet.model.graph import names_read
from flopsheet.workbook.book import Book
from flopsheet.workbook.charts import add_line, add_points, build_scatter
from flopsheet.workbook.context import Context
from flopsheet.workbook.flat import DASH, FlatModel
from flopsheet.workbook.printer import literals, render_excel
from flopsheet.workbook.sheet import FIRST_ROW, Formula, Sheet
from flopsheet.workbook.styles import number_format

_FACTOR, _AMOUNT, _LOSS = 1, 2, 3
_CHART_ROWS, _CHART_SIZE = 25, (30.0, 15.0)
_STEPS = 25
_WIDE = 30.0
# Characters of a formula that a reader still takes in.
_LONGEST = 400


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
    shares = [step / (_STEPS - 1) for step in range(_STEPS)]
    factors = [low ** (1 - share) * high**share for share in shares]
    last = first + _STEPS - 1
    own = _put_own_cells(sheet, context, cell, (head + 1, first, last), [float(anchor.cached) * f for f in factors])
    beside = _LOSS + 1 + len(own)
    for column, case in enumerate(_list_cases(context), start=beside):
        sheet.put(head + 1, column, context.label(case), style="header_right")
        sheet.put(head + 2, column, case.unit, style="unit")
        sheet.set_width(column, 20.0)
    for row, factor in enumerate(factors, start=first):
        amount = float(anchor.cached) * factor
        values = {name: float(flat.values[name][0]) for name in compiled.inputs} | {cell.id: amount}
        loss = float(compiled.evaluate(values)["L_opt"])
        sheet.put(row, _FACTOR, factor, style="constant", number_format="0.000E+00")
        shape = number_format(cell.unit, amount)
        sheet.put(row, _AMOUNT, Formula(f"$B${head} * $A{row}", amount), style="formula", number_format=shape)
        text = _put_loss(sheet, context, cell, row, beside, amount)
        sheet.put(row, _LOSS, Formula(text, loss), style="formula", number_format="0.0000")
    _add_chart(sheet, context, cell, what, (first, last), own, log_x=high / low > _WIDE)
    context.checked.append(f"Curve!$B${first}:${get_column_letter(beside + len(_list_cases(context)) - 1)}${last}")
    for column, width in ((_FACTOR, 24.0), (_AMOUNT, 20.0), (_LOSS, 20.0)):
        sheet.set_width(column, width)
    return sheet


def _list_cases(context: Context) -> list[Cell]:
    """The losses with each combination of candidates, of which the least is the law's; none without a choice."""
    graph = context.solution.graph
    least = names_read(graph["candidate_best"]) if "candidate_best" in graph else set()
    return [cell for cell in graph if cell.id in least]


def _put_loss(sheet: Sheet, context: Context, resource: Cell, row: int, column: int, amount: float) -> str:
    """The formula of the loss of the amount in a row; where the law chooses, each candidate has a column of its own."""
    flat, model, place = context.flat, context.solution.model, f"$B{row}"
    cases = _list_cases(context)
    if not cases:
        return render_excel(model.loss, partial(_refer, flat, model.decisions[0], place), flat.refer_number)
    for offset, case in enumerate(cases):
        text = render_excel(case.expr, partial(_refer, flat, resource.symbol, place), flat.refer_number)
        compiled = compile_cells(context.solution.graph, [case.id])
        values = {name: float(flat.values[name][0]) for name in compiled.inputs}
        loss = float(compiled.evaluate(values | {resource.id: amount})[case.id])
        sheet.put(row, column + offset, Formula(text, loss), style="formula", number_format="0.0000")
    first, last = get_column_letter(column), get_column_letter(column + len(cases) - 1)
    return f"MIN(${first}{row}:${last}{row})"


def _put_own_cells(
    sheet: Sheet, context: Context, resource: Cell, rows: tuple[int, int, int], amounts: list[float]
) -> list[str]:  # fmt: skip
    """The plan's own cells that are losses along the resource, a column each; gives what they are called.

    Args:
        sheet: The sheet.
        context: The plan.
        resource: The cell of the resource.
        rows: The rows of the heads, and the first and last one of the grid.
        amounts: The resource in each row of the grid.
    """
    flat = context.flat
    head, first, last = rows
    titles: list[str] = []
    for cell in context.solution.graph:
        if cell.kind != "user" or cell.unit != "nats/token":
            continue
        expr = _written_out(context, cell)
        # A choice would need helper cells of its own in every row.
        if resource.symbol not in expr.free_symbols or expr.has(sp.Piecewise) or not _is_known(flat, expr):
            continue
        column = _LOSS + 1 + len(titles)
        titles.append(context.label(cell))
        sheet.put(head, column, titles[-1], style="header_right")
        sheet.put(head + 1, column, cell.unit, style="unit")
        sheet.set_width(column, 20.0)
        compiled = compile_cells(context.solution.graph, [cell.id])
        given = {name: float(flat.values[name][0]) for name in compiled.inputs} | {resource.id: np.array(amounts)}
        losses = compiled.evaluate(given)[cell.id]
        for row, loss in zip(range(first, last + 1), map(float, losses), strict=True):
            text = render_excel(expr, partial(_refer, flat, resource.symbol, f"$B{row}"), flat.refer_number)
            value = loss if math.isfinite(loss) else DASH
            formula = Formula(f'IFERROR({text}, "{DASH}")', value)
            sheet.put(row, column, formula, style="formula", number_format="0.0000")
    return titles


def _written_out(context: Context, cell: Cell) -> sp.Expr:
    """The formula of a reader's own cell with those of others that it reads put in."""
    graph = context.solution.graph
    expr = sp.sympify(cell.expr, strict=True)
    while own := {s: graph[s.name].expr for s in expr.free_symbols if graph[s.name].kind == "user"}:
        expr = expr.xreplace(own)
    return expr


def _is_known(flat: FlatModel, expr: sp.Expr) -> bool:
    """Whether the workbook has a name for every number of a formula, and it is not too long to be read."""
    numbers = set(literals(expr))
    if not numbers <= flat.numbers.keys():
        return False
    return len(render_excel(expr, flat.refer, flat.refer_number)) <= _LONGEST


def _add_chart(
    sheet: Sheet, context: Context, cell: Cell, what: str, grid: tuple[int, int], own: list[str], *, log_x: bool
) -> None:
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
    for column, title in enumerate(own, start=_LOSS + 1):
        losses = sheet.range_of((first, column), (last, column))
        add_line(chart, sheet.range_of((first, _AMOUNT), (last, _AMOUNT)), losses, title)
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
