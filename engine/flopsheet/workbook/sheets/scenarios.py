"""The sheet Scenarios: the selector, every scenario's inputs and results side by side, live."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import sympy as sp
from openpyxl.utils.cell import get_column_letter

from flopsheet.model.cell import Cell
from flopsheet.workbook.book import Book
from flopsheet.workbook.context import Context, format_of
from flopsheet.workbook.flat import DASH, excel_formula, is_overridable
from flopsheet.workbook.sheet import FIRST_ROW, Formula, Sheet, Validation
from flopsheet.workbook.sheets.scenario_inputs import put_as_generated, put_in_force, put_overrides
from flopsheet.workbook.sheets.scenario_table import BASE, LABEL, UNIT, Rows, Table
from flopsheet.workbook.sheets.solver import place_of_root
from flopsheet.workbook.sheets.words import verdicts
from flopsheet.workbook.styles import LINE_HEIGHT, ROW_HEIGHT, change_format, number_format, text_width
from flopsheet.workbook.verify import UNIT_SCALED

SELECTOR, POSITION = "sel_scenario", "scenario_index"
_SELECTOR_ROW = FIRST_ROW
_HEAD = FIRST_ROW + 3
_ROWS_OF_A_PAGE = 40
_LARGE = 1000.0
_WIDE, _MIDDLE, _NARROW = 44.0, 17.0, 14.0


def add_scenarios(book: Book, context: Context) -> Sheet:
    """The selector that drives the book, and a column for each scenario: results, inputs, calculation."""
    sheet = book.sheet("Scenarios", context.t("workbook.scenarios"), context.t("contents.scenarios"))
    inputs = [cell for cell in context.flat.inputs if is_overridable(cell)]
    shown = ("result", "user", "strategy")
    results = sorted((c for c in context.flat.graph if c.kind in shown), key=lambda cell: shown.index(cell.kind))
    words = len(verdicts(context, str, 0))
    table = Table(sheet, context, Rows(context.flat, inputs, results, start=_HEAD + 1, words=words))
    _put_selector(table)
    _put_results(table, results)
    if len(table.columns) > 1:
        _put_differences(table, results)
    put_overrides(table)
    put_in_force(table)
    _put_calculation(table)
    put_as_generated(table, [*results, *(cell for cell in context.flat.graph if cell.kind == "compared")])
    sheet.freeze(_HEAD + 1, LABEL + 1)
    _set_widths(table)
    return sheet


def _put_selector(table: Table) -> None:
    """The choice of a scenario, its position, and the heads of all columns."""
    context, sheet, t = table.context, table.sheet, table.context.t
    titles = context.titles
    sheet.put(_SELECTOR_ROW, LABEL, t("workbook.selector"))
    sheet.put(_SELECTOR_ROW, UNIT, DASH, style="unit")
    sheet.put(_SELECTOR_ROW, BASE, titles[0], style="choice", number_format="@", name=SELECTOR)
    heads = f"${table.first}${_HEAD}:${table.last}${_HEAD}"
    error = t("workbook.selector_error")
    sheet.validate(_SELECTOR_ROW, BASE, Validation("list", heads, None, t("workbook.input_error_title"), error, error))
    sheet.put(_SELECTOR_ROW + 1, LABEL, t("workbook.position"))
    sheet.put(_SELECTOR_ROW + 1, UNIT, "1", style="unit")
    match = Formula(f"MATCH({SELECTOR}, {heads}, 0)", 1.0)
    sheet.put(_SELECTOR_ROW + 1, BASE, match, style="formula", number_format="0", name=POSITION)
    sheet.put(_HEAD, LABEL, t("workbook.item"), style="header")
    sheet.put(_HEAD, UNIT, t("workbook.unit"), style="header_unit")
    sheet.put(_HEAD, BASE, t("workbook.base"), style="header_right")
    for column, title in zip(table.columns, titles, strict=True):
        sheet.put(_HEAD, column, title, style="header_right")


def _set_widths(table: Table) -> None:
    """Equal columns for all scenarios; the selector as high as the longest name needs."""
    sheet = table.sheet
    sheet.set_width(LABEL, _WIDE)
    sheet.set_width(UNIT, _MIDDLE)
    sheet.set_width(BASE, _MIDDLE)
    for column in (*table.columns, table.beside):
        sheet.set_width(column, _NARROW)
    lines = max(-(-text_width(title, "choice") // (_MIDDLE - 2)) for title in table.context.titles)
    sheet.set_height(_SELECTOR_ROW, ROW_HEIGHT + (lines - 1) * LINE_HEIGHT)


def _put_results(table: Table, results: Sequence[Cell]) -> None:
    """Whether there is a plan and what binds, in words, then the results."""
    context, sheet, rows = table.context, table.sheet, table.rows
    table.put_title(rows.results, "workbook.results")
    row = rows.results
    for index, column in enumerate(table.columns):
        letter = get_column_letter(column)
        lines = verdicts(context, partial(_in_column, rows, letter), index)
        for offset, formula in enumerate(lines.values()):
            sheet.put(row + offset, column, formula, style="words", number_format="@")
    for key in verdicts(context, str, 0):
        sheet.put(row, LABEL, context.t(key))
        row += 1
    for cell in results:
        rows.result[cell.id] = row
        table.put_name(cell, row)
        values = [context.flat.shown(cell, index) for index in range(len(table.columns))]
        for column, value in zip(table.columns, values, strict=True):
            formula = Formula(f"{get_column_letter(column)}{rows.formula[cell.id]}", value)
            sheet.put(row, column, formula, style="result", number_format=format_of(cell, *values))
        row += 1
    table.check(rows.results, row - 1)


def _in_column(rows: Rows, letter: str, cell_id: str) -> str:
    """A cell of the calculation in a column."""
    return f"{letter}{rows.formula[cell_id]}"


def _put_differences(table: Table, results: Sequence[Cell]) -> None:
    """What each result differs by from the first scenario; a dash where there is no number to compare.

    Amounts differ by a share of the first one. A plain difference of large numbers shows the last bits of both, on
    which no two programs agree.
    """
    context, rows, first = table.context, table.rows, table.first
    table.put_title(rows.differences, "workbook.difference")
    if rows.differences + len(results) > _ROWS_OF_A_PAGE:
        table.sheet.break_before(rows.differences - 1)
    for below, cell in enumerate(results, start=rows.differences):
        row = rows.result[cell.id]
        values = [context.flat.shown(cell, index) for index in range(len(table.columns))]
        largest = max((abs(value) for value in values if isinstance(value, float)), default=0.0)
        absolute = cell.unit in UNIT_SCALED and largest < _LARGE
        table.sheet.put(below, LABEL, context.label(cell))
        table.sheet.put(below, UNIT, cell.unit if absolute else "1", style="unit")
        changes = [_difference(value, values[0], absolute=absolute) for value in values]
        size = max((abs(change) for change in changes if isinstance(change, float)), default=0.0)
        shape = number_format(cell.unit, largest, signed=True) if absolute else change_format(size)
        for column, change in zip(table.columns, changes, strict=True):
            here, there = f"{get_column_letter(column)}{row}", f"${first}{row}"
            text = f"{here} - {there}" if absolute else f"{here} / {there} - 1"
            formula = Formula(f'IFERROR({text}, "{DASH}")', change)
            table.sheet.put(below, column, formula, style="formula", number_format=shape)
    table.check(rows.differences, rows.differences + len(results) - 1)


def _difference(value: float | str, first: float | str, *, absolute: bool) -> float | str:
    """The difference of two values, as a share of the first one unless `absolute`."""
    if isinstance(value, str) or isinstance(first, str) or not (absolute or first):
        return DASH
    return value - first if absolute else value / first - 1


def _put_calculation(table: Table) -> None:
    """The whole calculation of every scenario: the formulas of the sheet Plan, column by column."""
    context, rows = table.context, table.rows
    table.sheet.break_before(rows.calculation - 1)
    table.put_title(rows.calculation, "workbook.calculation")
    places = {**context.rows, **rows.formula}
    for cell in context.flat.formulas:
        row = rows.formula[cell.id]
        table.put_name(cell, row)
        shape = format_of(cell, *(context.flat.shown(cell, index) for index in range(len(table.columns))))
        for index, column in enumerate(table.columns):
            letter = get_column_letter(column)

            def refer(symbol: sp.Symbol, letter: str = letter) -> str:
                at = places.get(symbol.name)
                return context.flat.refer(symbol) if at is None else f"{letter}{at}"

            roots = {root: place_of_root(context, context.flat.graph[root], index) for root in context.root_rows}
            formula = excel_formula(context.flat, cell, refer=refer, index=index, root_places=roots)
            table.sheet.put(row, column, formula, style="formula", number_format=shape)
    context.rows.update(rows.formula)
    table.check(rows.calculation, rows.calculation + len(context.flat.formulas) - 1)
