"""The sheet Fit: the training runs, editable, their logarithms, the fitted constants, and a chart of both, live."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import sympy as sp
from openpyxl.utils.cell import get_column_letter

from flopsheet.fit.cells import AMOUNT, COUNT, FITTED_LOSS, LOSS, R_SQUARED, RESIDUAL, RMS
from flopsheet.fit.plan_fit import Fit
from flopsheet.model.cell import Cell
from flopsheet.workbook.book import Book
from flopsheet.workbook.charts import add_line, add_points, build_scatter
from flopsheet.workbook.context import Context
from flopsheet.workbook.printer import render_excel
from flopsheet.workbook.sheet import FIRST_ROW, Formula, Sheet, Validation
from flopsheet.workbook.styles import StyleName, number_format, typed_format

_LABEL, _SYMBOL, _VALUE, _UNIT, _FORMULA = range(1, 6)
_RUN, _SOURCE, _FIRST_INPUT, _GENERATED, _CHANGED, _FIRST_STEP = 1, 2, 3, 5, 7, 8
_CHART_ROWS, _CHART_SIZE = 25, (26.0, 13.0)
# Titles, heads and gaps of the blocks above the first run, and the heads, units and limits of its columns.
_AROUND = 11
_LOW, _HIGH = {AMOUNT: 1e-9, LOSS: 1e-9}, {AMOUNT: 1e45, LOSS: 1e3}


def add_fit(book: Book, context: Context) -> Sheet | None:
    """The fit of the plan, None where it has none: what came out, the chart, and the runs with every step."""
    fit = context.solution.fit
    if fit is None:
        return None
    t = context.t
    sheet = book.sheet("Fit", t("workbook.fit"), t("contents.fit", file=fit.runs.file))
    singles = [cell for cell in _computed(context) if not _is_of_run(fit, cell)]
    first = FIRST_ROW + len(singles) + _CHART_ROWS + _AROUND
    places = _place_columns(fit, first)
    shown = [c for c in singles if c.kind == "constant" or c.id in {R_SQUARED, RMS, COUNT, *fit.cells.errors.values()}]
    row = _put_block(sheet, context, FIRST_ROW, "workbook.fit_constants", shown, places)
    chart_row = row
    row += _CHART_ROWS
    sheet.break_before(row)
    steps = [cell for cell in singles if cell not in shown]
    row = _put_block(sheet, context, row, "workbook.fit_sums", steps, places)
    _put_runs(sheet, context, fit, row, places)
    _add_chart(sheet, context, chart_row, places)
    sheet.freeze(FIRST_ROW, _LABEL + 1)
    for column, width in ((_LABEL, 44.0), (_SYMBOL, 46.0), (_VALUE, 16.0), (_UNIT, 16.0), (_FORMULA, 16.0)):
        sheet.set_width(column, width)
    return sheet


def _computed(context: Context) -> list[Cell]:
    """The cells of the fit that hold a formula: the constants first, then the steps in computing order."""
    cells = [cell for cell in context.flat.graph if cell.is_of_fit and cell.expr is not None]
    return sorted(cells, key=lambda cell: cell.kind != "constant")


def _is_of_run(fit: Fit, cell: Cell) -> bool:
    """Whether a cell belongs to one run."""
    return any(cell.id in ids for ids in fit.cells.columns.values())


def _place_columns(fit: Fit, first: int) -> dict[str, tuple[int, int]]:
    """Row and column of every run's cells: the numbers given, then the steps, a row for each run."""
    places = {}
    column = _FIRST_STEP
    for stem, ids in fit.cells.columns.items():
        given = {AMOUNT: _FIRST_INPUT, LOSS: _FIRST_INPUT + 1}.get(stem)
        for offset, cell_id in enumerate(ids):
            places[cell_id] = (first + offset, given or column)
        column += given is None
    return places


def _refer(context: Context, places: dict[str, tuple[int, int]], symbol: sp.Symbol) -> str:
    """A run's cell by its place, since it stands in the same row; everything else by its name."""
    place = places.get(symbol.name)
    return context.flat.refer(symbol) if place is None else f"${get_column_letter(place[1])}{place[0]}"


def _formula(context: Context, cell: Cell, places: dict[str, tuple[int, int]]) -> Formula:
    """The formula of a cell with its value; the sum of a column, and the number of runs, over the whole column."""
    fit = context.solution.fit
    value = context.flat.shown(cell, 0)
    if fit is not None and (cell.id in fit.cells.sums or cell.id == COUNT):
        ids = fit.cells.columns[fit.cells.sums.get(cell.id, AMOUNT)]
        (top, column), (bottom, _) = places[ids[0]], places[ids[-1]]
        letter = get_column_letter(column)
        return Formula(f"{'COUNT' if cell.id == COUNT else 'SUM'}(${letter}${top}:${letter}${bottom})", value)
    return Formula(render_excel(cell.expr, partial(_refer, context, places), context.flat.refer_number), value)


def _put_block(
    sheet: Sheet, context: Context, row: int, key: str, cells: Sequence[Cell], places: dict[str, tuple[int, int]]
) -> int:
    """Cells of which there is one, each with its formula as text; gives the row after a gap."""
    t = context.t
    sheet.put(row, _LABEL, t(key), style="section")
    heads: tuple[tuple[int, str, StyleName], ...] = (
        (_LABEL, "item", "header"),
        (_SYMBOL, "symbol", "header"),
        (_VALUE, "value", "header_right"),
        (_UNIT, "unit", "header_unit"),
        (_FORMULA, "formula", "header"),
    )
    for column, head, style in heads:
        sheet.put(row + 1, column, t(f"workbook.{head}"), style=style)
    row = first = row + 2
    for cell in cells:
        formula = _formula(context, cell, places)
        name = context.flat.name(cell)
        is_result = cell.kind == "constant"
        shape = typed_format(cell.unit, None) if is_result else _shape(cell, formula.cached)
        sheet.put(row, _LABEL, context.label(cell))
        sheet.put(row, _SYMBOL, name, style="symbol")
        sheet.put(row, _VALUE, formula, style="result" if is_result else "formula", number_format=shape, name=name)
        sheet.put(row, _UNIT, cell.unit, style="unit")
        sheet.put(row, _FORMULA, f"={formula.text}", style="subtitle")
        row += 1
    letter = get_column_letter(_VALUE)
    context.checked.append(f"Fit!${letter}${first}:${letter}${row - 1}")
    return row + 1


def _put_runs(sheet: Sheet, context: Context, fit: Fit, row: int, places: dict[str, tuple[int, int]]) -> None:
    """The table of runs: heads, units, limits, and a row for each run."""
    t, graph = context.t, context.flat.graph
    sheet.put(row, _LABEL, t("workbook.fit_table"), style="section")
    head = row + 1
    sheet.put(head, _RUN, t("workbook.fit_run"), style="header")
    sheet.put(head, _SOURCE, t("workbook.source"), style="header")
    sheet.put(head + 2, _RUN, t("workbook.minimum"), style="note")
    sheet.put(head + 3, _RUN, t("workbook.maximum"), style="note")
    for stem, ids in fit.cells.columns.items():
        cell, (_, column) = graph[ids[0]], places[ids[0]]
        what = _what(context) if stem in _LOW else _name_resource(context)
        sheet.put(head, column, t(f"workbook.{stem}", what=what), style="header_right")
        sheet.put(head + 1, column, cell.unit, style="unit")
        sheet.set_width(column, 15.0)
        for at in (column, _GENERATED + column - _FIRST_INPUT) if stem in _LOW else ():
            if at != column:
                title = t("workbook.fit_generated", what=t(f"workbook.{stem}", what=_what(context)))
                sheet.put(head, at, title, style="header_right")
                sheet.put(head + 1, at, cell.unit, style="unit")
        if stem in _LOW:
            sheet.put(head + 2, column, _LOW[stem], style="constant", number_format="0.00E+00")
            sheet.put(head + 3, column, _HIGH[stem], style="constant", number_format="0.00E+00")
    sheet.put(head, _CHANGED, t("workbook.changed"), style="header_center")
    sheet.put(head + 1, _CHANGED, "1", style="unit")
    sheet.set_width(_CHANGED, 11.0)
    for index, run in enumerate(fit.runs.runs):
        _put_run(sheet, context, fit, index, f"{fit.runs.file}:{run.line}", (head + 2, head + 3), places)
    columns = fit.cells.columns
    first, last = (places[columns[AMOUNT][position]][0] for position in (0, -1))
    flag = get_column_letter(_CHANGED)
    context.changed_flags.append(f"Fit!${flag}${first}:${flag}${last}")
    end = get_column_letter(max(column for _, column in places.values()))
    context.checked.append(f"Fit!${get_column_letter(_FIRST_STEP)}${first}:${end}${last}")
    context.fit_columns.update({stem: sheet.range_of(places[ids[0]], places[ids[-1]]) for stem, ids in columns.items()})


def _put_run(
    sheet: Sheet,
    context: Context,
    fit: Fit,
    index: int,
    source: str,
    limits: tuple[int, int],
    places: dict[str, tuple[int, int]],
) -> None:
    """One run: its numbers, editable, as generated, whether they were changed, and every step."""
    graph, t = context.flat.graph, context.t
    row, _ = places[fit.cells.columns[AMOUNT][index]]
    sheet.put(row, _RUN, t("workbook.fit_run_number", run=str(index + 1)))
    sheet.put(row, _SOURCE, source, style="code")
    same = []
    for stem, ids in fit.cells.columns.items():
        cell, (_, column) = graph[ids[index]], places[ids[index]]
        if cell.expr is not None:
            formula = _formula(context, cell, places)
            sheet.put(row, column, formula, style="formula", number_format=_shape(cell, formula.cached))
            continue
        value = context.flat.number(cell.id)
        beside = _GENERATED + column - _FIRST_INPUT
        shape = typed_format(cell.unit, value)
        sheet.put(row, column, value, style="input", number_format=shape, name=context.flat.name(cell))
        sheet.put(row, beside, value, style="constant", number_format=shape)
        low, high = (f"${get_column_letter(column)}${at}" for at in limits)
        error = t("workbook.input_error", low=f"{_LOW[stem]:g}", high=f"{_HIGH[stem]:g}")
        sheet.validate(
            row, column, Validation("decimal", low, high, t("workbook.input_error_title"), error, error)
        )  # fmt: skip
        same.append(f"${get_column_letter(column)}{row} = ${get_column_letter(beside)}{row}")
    yes = f'[=1]"{t("workbook.yes")}";[=0]"{t("workbook.no")}";0'
    changed = Formula(f"IF(AND({', '.join(same)}), 0, 1)", 0.0)
    sheet.put(row, _CHANGED, changed, style="flag", number_format=yes)


def _shape(cell: Cell, value: object) -> str:
    """The format of a step: logarithms and residuals with their digits, what is nothing but rounding as a power."""
    if cell.id == COUNT:
        return "0"
    if cell.id.startswith(RESIDUAL):
        return "0.000E+00"
    return number_format(cell.unit, value if isinstance(value, float) else None)


def _what(context: Context) -> str:
    """What the resource is called, as the head of a column."""
    text = _name_resource(context)
    return text[:1].upper() + text[1:]


def _name_resource(context: Context) -> str:
    """What the resource is called."""
    model = context.solution.model
    role = model.decision(model.decisions[0]).role
    return context.t(f"role.{role}") if role else model.decisions[0].name


def _add_chart(sheet: Sheet, context: Context, row: int, places: dict[str, tuple[int, int]]) -> None:
    """Runs and fitted law on logarithmic axes, on which a power law is a straight line."""
    fit, t = context.solution.fit, context.t
    assert fit is not None  # noqa: S101 - the sheet is there
    what = _what(context)
    title = t("chart.fit_title", what=_name_resource(context))
    chart = build_scatter(title, what, t("chart.loss_axis"), log_x=True, log_y=True, size=_CHART_SIZE)
    columns = {stem: sheet.range_of(places[ids[0]], places[ids[-1]]) for stem, ids in fit.cells.columns.items()}
    add_line(chart, columns[AMOUNT], columns[FITTED_LOSS], t("chart.fitted"))
    add_points(chart, columns[AMOUNT], columns[LOSS], t("chart.runs"))
    sheet.add_chart(chart, row, 1)


def fit_residuals(context: Context) -> tuple[tuple[str, Formula], ...]:
    """What the normal equations say must vanish: each feature times the residuals, summed; with a label."""
    fit = context.solution.fit
    if fit is None:
        return ()
    residuals = context.fit_columns[RESIDUAL]
    if not fit.form.is_line:
        return (
            (context.t("check.fit_weighted"), Formula(f"SUMPRODUCT({context.fit_columns['fit_v']}, {residuals})", 0.0)),
        )
    return (
        (context.t("check.fit_sum"), Formula(f"SUM({residuals})", 0.0)),
        (context.t("check.fit_weighted"), Formula(f"SUMPRODUCT({context.fit_columns['fit_dx']}, {residuals})", 0.0)),
    )
