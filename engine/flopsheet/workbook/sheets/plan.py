"""The sheet Plan: the selected scenario, one formula a row, each shown as text beside its value."""

from __future__ import annotations

from collections.abc import Sequence

from openpyxl.utils.cell import get_column_letter

from flopsheet.model.cell import Cell
from flopsheet.model.inputs import BEYOND
from flopsheet.workbook.book import Book
from flopsheet.workbook.context import Context, format_of
from flopsheet.workbook.flat import excel_formula
from flopsheet.workbook.sheet import FIRST_ROW, Formula, Sheet
from flopsheet.workbook.sheets.scenarios import POSITION, SELECTOR
from flopsheet.workbook.sheets.words import verdicts
from flopsheet.workbook.styles import StyleName, number_format

_LABEL, _SYMBOL, _VALUE, _UNIT, _FORMULA = range(1, 6)

_HEADERS: dict[int, tuple[str, StyleName]] = {
    _LABEL: ("item", "header"),
    _SYMBOL: ("symbol", "header"),
    _VALUE: ("value", "header_right"),
    _UNIT: ("unit", "header_unit"),
    _FORMULA: ("formula", "header"),
}


def add_plan(book: Book, context: Context) -> Sheet:
    """Inputs in force, the calculation in order, and the results, for the selected scenario."""
    t = context.t
    sheet = book.sheet("Plan", t("workbook.plan"), t("contents.plan"))
    row = FIRST_ROW
    sheet.put(row, _LABEL, t("workbook.selected"))
    sheet.put(row, _SYMBOL, Formula(SELECTOR, context.titles[0]), style="choice_shown", number_format="@")
    row += 2
    formulas = context.flat.formulas
    row = _put_words(sheet, context, row)
    row = _put_block(sheet, context, row, "workbook.results", [c for c in formulas if c.kind == "result"])
    row = _put_block(sheet, context, row, "workbook.own_cells", [c for c in formulas if c.kind == "user"])
    row = _put_block(sheet, context, row, "workbook.strategies", [c for c in formulas if c.kind == "strategy"])
    row = _put_inputs(sheet, context, row)
    row = _put_block(sheet, context, row, "workbook.steps", [c for c in formulas if c.kind == "formula" and not c.law])
    _put_numbers(sheet, context, row)
    sheet.freeze(FIRST_ROW + 1, _LABEL + 1)
    for column, width in ((_LABEL, 46.0), (_SYMBOL, 30.0), (_VALUE, 15.0), (_UNIT, 19.0), (_FORMULA, 80.0)):
        sheet.set_width(column, width)
    return sheet


def _put_words(sheet: Sheet, context: Context, row: int) -> int:
    """Whether there is a plan and what binds, in words; gives the row after a gap."""
    lines = verdicts(context, lambda cell_id: context.flat.name(context.flat.graph[cell_id]), 0)
    for key, formula in lines.items():
        sheet.put(row - 1, _LABEL, context.t(key))
        sheet.put(row - 1, _SYMBOL, formula, style="choice_shown", number_format="@")
        row += 1
    return row


def _put_head(sheet: Sheet, context: Context, row: int, key: str) -> int:
    """The title of a block and the heads of its columns; gives the next row."""
    sheet.put(row, _LABEL, context.t(key), style="section")
    for column, (head, style) in _HEADERS.items():
        sheet.put(row + 1, column, context.t(f"workbook.{head}"), style=style)
    return row + 2


def _put_block(sheet: Sheet, context: Context, row: int, key: str, cells: Sequence[Cell]) -> int:
    """Formula cells of one kind; gives the row after a gap, or the same row where there are none."""
    if not cells:
        return row
    row = first = _put_head(sheet, context, row, key)
    roots = selected_roots(context)
    for cell in cells:
        formula = excel_formula(context.flat, cell, root_places=roots)
        name = context.flat.name(cell)
        style: StyleName = "result" if cell.kind in {"result", "user"} else "formula"
        _put_line(sheet, context, cell, row)
        shape = format_of(cell, formula.cached)
        sheet.put(row, _VALUE, formula, style=style, number_format=shape, name=name)
        sheet.put(row, _FORMULA, f"={formula.text}", style="code")
        row += 1
    letter = get_column_letter(_VALUE)
    context.checked.append(f"Plan!${letter}${first}:${letter}${row - 1}")
    return row + 1


def _put_line(sheet: Sheet, context: Context, cell: Cell, row: int) -> None:
    """Label, name and unit of a row."""
    sheet.put(row, _LABEL, context.label(cell))
    sheet.put(row, _SYMBOL, context.flat.name(cell), style="symbol")
    sheet.put(row, _UNIT, cell.unit, style="unit")


def _put_inputs(sheet: Sheet, context: Context, row: int) -> int:
    """The inputs of the selected scenario, which every formula below reads; gives the next row."""
    row = first = _put_head(sheet, context, row, "workbook.in_force_selected")
    for cell in (cell for cell in context.flat.inputs if not cell.law):
        text = _in_column(context, context.rows[cell.id])
        value = float(context.flat.values[cell.id][0])
        _put_line(sheet, context, cell, row)
        name = context.flat.name(cell)
        sheet.put(row, _VALUE, Formula(text, value), style="formula", number_format=format_of(cell, value), name=name)
        sheet.put(row, _FORMULA, f"={text}", style="code")
        row += 1
    letter = get_column_letter(_VALUE)
    context.checked.append(f"Plan!${letter}${first}:${letter}${row - 1}")
    return row + 1


def selected_roots(context: Context) -> dict[str, str]:
    """The formula that reads each root of the selected scenario."""
    return {name: _in_column(context, context.rows[name]) for name in context.root_rows}


def _in_column(context: Context, row: int) -> str:
    """A row of the sheet Scenarios in the column of the selected scenario."""
    start, end = (get_column_letter(column) for column in (context.first_column, context.last_column))
    return f"INDEX(Scenarios!${start}${row}:${end}${row}, {POSITION})"


def _put_numbers(sheet: Sheet, context: Context, row: int) -> None:
    """The fixed numbers that formulas name: a law's own literals, and the number beyond reach."""
    row = _put_head(sheet, context, row, "workbook.fixed_numbers")
    numbers = {context.flat.refer_number(number): float(number) for number in context.flat.numbers}
    for name, value in numbers.items():
        label = context.t("workbook.fixed_number", value=f"{value:g}")
        _put_number(sheet, row, label, name, value)
        row += 1
    own = [cell for cell in context.flat.graph if cell.kind == "constant" and cell.key is None and cell.expr is None]
    for cell in (cell for cell in own if cell.id != BEYOND.id):
        _put_number(sheet, row, context.label(cell), context.flat.name(cell), context.flat.number(cell.id))
        row += 1
    _put_number(sheet, row, context.label(BEYOND), context.flat.name(BEYOND), float(context.flat.values[BEYOND.id][0]))


def _put_number(sheet: Sheet, row: int, label: str, name: str, value: float) -> None:
    """One fixed number."""
    sheet.put(row, _LABEL, label)
    sheet.put(row, _SYMBOL, name, style="symbol")
    whole = value == int(value) and abs(value) < 1e6  # noqa: PLR2004 - reads at once
    shape = "0" if whole else number_format("1", value)
    sheet.put(row, _VALUE, value, style="constant", number_format=shape, name=name)
    sheet.put(row, _UNIT, "1", style="unit")
