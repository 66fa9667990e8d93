"""The sheet Scenarios: the selector, every scenario's inputs and results side by side, live."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sympy as sp
from openpyxl.utils.cell import get_column_letter

from flopsheet.model.cell import Cell
from flopsheet.workbook.book import Book
from flopsheet.workbook.context import Context, format_of
from flopsheet.workbook.flat import DASH, excel_formula, is_limit, is_overridable
from flopsheet.workbook.sheet import FIRST_ROW, Formula, Sheet, Validation
from flopsheet.workbook.sheets.inputs import NONE, base_value, build_validation
from flopsheet.workbook.styles import number_format

SELECTOR, POSITION = "sel_scenario", "scenario_index"
_LABEL, _UNIT, _BASE = 1, 2, 3


def add_scenarios(book: Book, context: Context) -> Sheet:
    """The selector that drives the book, and a column for each scenario: inputs, results, calculation."""
    sheet = book.sheet("Scenarios", context.t("workbook.scenarios"), context.t("contents.scenarios"))
    writer = _Writer(sheet, context)
    writer.put_selector()
    results = [cell for cell in context.flat.graph if cell.kind in {"result", "user", "strategy"}]
    overridable = [cell for cell in context.flat.inputs if is_overridable(cell)]
    plan = _Rows(overridable, results, context.flat.formulas, writer.row)
    writer.put_results(results, plan)
    writer.put_overrides(overridable, plan)
    writer.put_in_force(plan)
    writer.put_calculation(plan)
    sheet.freeze(writer.head + 1, _LABEL + 1)
    return sheet


class _Rows:
    """Which row each block and cell stands in, decided before anything is written."""

    def __init__(self, inputs: Sequence[Cell], results: Sequence[Cell], formulas: Sequence[Cell], start: int) -> None:
        self.results = start + 2
        self.differences = self.results + len(results) + 2
        self.overrides = self.differences + len(results) + 3
        self.generated = self.overrides + len(inputs) + 2
        self.in_force = self.generated + len(inputs) + 3
        self.calculation = self.in_force + 2 * len(inputs) + 20
        self.inputs = inputs
        self.formulas = formulas


@dataclass
class _Writer:
    """Writes the sheet from top to bottom."""

    sheet: Sheet
    context: Context
    row: int = FIRST_ROW
    head: int = 0

    @property
    def columns(self) -> range:
        """The columns of the scenarios."""
        return range(self.context.first_column, self.context.last_column + 1)

    def put_selector(self) -> None:
        """The choice of a scenario, its position, and the heads of all columns."""
        t, sheet, context = self.context.t, self.sheet, self.context
        scenarios = context.solution.plan.scenarios
        sheet.put(self.row, _LABEL, t("workbook.selector"))
        sheet.put(self.row, _UNIT, "1", style="unit")
        sheet.put(self.row, _BASE, scenarios[0].name, style="input", number_format="@", name=SELECTOR)
        self.head = self.row + 3
        names = f"${get_column_letter(self.columns[0])}${self.head}:${get_column_letter(self.columns[-1])}${self.head}"
        error = t("workbook.selector_error")
        sheet.validate(self.row, _BASE, Validation("list", names, None, t("workbook.input_error_title"), error, error))
        sheet.put(self.row + 1, _LABEL, t("workbook.position"))
        sheet.put(self.row + 1, _UNIT, "1", style="unit")
        match = Formula(f"MATCH({SELECTOR}, {names}, 0)", 1.0)
        sheet.put(self.row + 1, _BASE, match, style="formula", number_format="0", name=POSITION)
        sheet.put(self.head, _LABEL, t("workbook.item"), style="header")
        sheet.put(self.head, _UNIT, t("workbook.unit"), style="header_unit")
        sheet.put(self.head, _BASE, t("workbook.base"), style="header_right")
        for column, scenario in zip(self.columns, scenarios, strict=True):
            sheet.put(self.head, column, scenario.name, style="header_right")
            sheet.set_width(column, max(15.0, min(30.0, 2.2 * len(scenario.name))))
        sheet.set_width(_BASE, 18.0)
        self.row = self.head + 1

    def _title(self, row: int, key: str) -> None:
        """The title of a block, in the row above it."""
        self.sheet.put(row - 1, _LABEL, self.context.t(key), style="section")

    def _name(self, cell: Cell, row: int) -> None:
        """The label and unit of a row."""
        self.sheet.put(row, _LABEL, self.context.label(cell))
        self.sheet.put(row, _UNIT, cell.unit, style="unit")

    def put_results(self, results: Sequence[Cell], rows: _Rows) -> None:
        """The results on top, and what each differs by from the first scenario."""
        self._title(rows.results, "workbook.results")
        self._title(rows.differences, "workbook.difference")
        first = get_column_letter(self.columns[0])
        for offset, cell in enumerate(results):
            row, below = rows.results + offset, rows.differences + offset
            source = rows.calculation + rows.formulas.index(cell)
            self._name(cell, row)
            self._name(cell, below)
            for index, column in enumerate(self.columns):
                letter = get_column_letter(column)
                value = self.context.flat.shown(cell, index)
                self.sheet.put(
                    row,
                    column,
                    Formula(f"{letter}{source}", value),
                    style="result",
                    number_format=format_of(cell, value),
                )
                start = self.context.flat.shown(cell, 0)
                both = isinstance(value, float) and isinstance(start, float)
                change = value - start if isinstance(value, float) and isinstance(start, float) else DASH
                text = f'IF(ISNUMBER({letter}{row}) * ISNUMBER(${first}{row}) = 1, {letter}{row} - ${first}{row}, "{DASH}")'
                shape = number_format(cell.unit, value if both and isinstance(value, float) else None, signed=True)
                self.sheet.put(below, column, Formula(text, change), style="formula", number_format=shape)
        self._check(rows.results, rows.differences + len(results) - 1)

    def put_overrides(self, inputs: Sequence[Cell], rows: _Rows) -> None:
        """What each scenario sets, editable, and the same as generated, so that a change shows."""
        context, sheet = self.context, self.sheet
        self._title(rows.overrides, "workbook.overrides")
        self._title(rows.generated, "workbook.overrides_generated")
        first, last = (get_column_letter(column) for column in (self.columns[0], self.columns[-1]))
        changed = self.columns[-1] + 1
        sheet.put(self.head, changed, context.t("workbook.changed"), style="header_right")
        for offset, cell in enumerate(inputs):
            row, below = rows.overrides + offset, rows.generated + offset
            self._name(cell, row)
            self._name(cell, below)
            for column, scenario in zip(self.columns, context.solution.plan.scenarios, strict=True):
                own = scenario.overrides.get(cell.key or "")
                value = None if own is None else NONE if own.value is None else own.value
                shape = number_format(cell.unit, value if isinstance(value, float) else None)
                name = context.flat.names.name("input", f"{scenario.slug}_{(cell.key or '').replace('.', '_')}")
                limits = context.places[f"low_{cell.id}"], context.places[f"high_{cell.id}"]
                sheet.put(row, column, value, style="input", number_format=shape, name=name)
                sheet.validate(row, column, build_validation(context, cell, name, limits))
                sheet.put(
                    below, column, value, style="text" if isinstance(value, str) else "constant", number_format=shape
                )
            now, then = (f"${first}{at}:${last}{at}" for at in (row, below))
            count = Formula(f"SUMPRODUCT(({now} <> {then}) * 1)", 0.0)
            sheet.put(row, changed, count, style="formula", number_format="0")
        letter = get_column_letter(changed)
        end = rows.overrides + len(inputs) - 1
        context.changed_flags.append(f"Scenarios!${letter}${rows.overrides}:${letter}${end}")

    def put_in_force(self, rows: _Rows) -> None:
        """Each scenario's inputs: its own, or what it inherits; and as numbers, a limit not set being beyond reach."""
        context = self.context
        self._title(rows.in_force, "workbook.in_force")
        plan = context.solution.plan
        columns = {scenario.name: column for scenario, column in zip(plan.scenarios, self.columns, strict=True)}
        row = rows.in_force
        for offset, cell in enumerate(rows.inputs):
            source = rows.overrides + offset
            base, _ = base_value(context, cell)
            self._name(cell, row)
            name = context.flat.names.name("input", (cell.key or "").replace(".", "_"))
            shape = number_format(cell.unit, base if isinstance(base, float) else None)
            self.sheet.put(row, _BASE, Formula(name, base), style="formula", number_format=shape)
            for index, (column, scenario) in enumerate(zip(self.columns, plan.scenarios, strict=True)):
                letter = get_column_letter(column)
                parent = get_column_letter(columns.get(scenario.parent or "", _BASE))
                text = f"IF(LEN({letter}{source}) = 0, {parent}{row}, {letter}{source})"
                value = self._effective(cell, index)
                shape = number_format(cell.unit, value if isinstance(value, float) else None)
                self.sheet.put(row, column, Formula(text, value), style="formula", number_format=shape)
            context.rows[cell.id] = row
            row += 1
        for cell in rows.inputs:
            if self._may_be_absent(cell):
                row = self._put_number(cell, row)
        for cell in context.flat.inputs:
            if not is_overridable(cell):
                row = self._put_fixed(cell, row)
        if row > rows.calculation - 2:
            message = "the block of inputs grew into the calculation"
            raise ValueError(message)
        self._check(rows.in_force, row - 1)

    def _may_be_absent(self, cell: Cell) -> bool:
        """Whether an input may hold the word for none in some column."""
        base, _ = base_value(self.context, cell)
        return is_limit(cell) or not isinstance(base, float)

    def _effective(self, cell: Cell, index: int) -> float | str:
        """The value of an input in force in a scenario."""
        if cell.kind == "constant" or self.context.solution.table.is_set(cell.key or "", index):
            return float(self.context.flat.values[cell.id][index])
        return NONE

    def _put_number(self, cell: Cell, row: int) -> int:
        """An input in force as a number; gives the next row."""
        source = self.context.rows[cell.id]
        self.sheet.put(row, _LABEL, self.context.t("workbook.as_number", what=self.context.label(cell)), style="note")
        self.sheet.put(row, _UNIT, cell.unit, style="unit")
        for index, column in enumerate(self.columns):
            above = f"{get_column_letter(column)}{source}"
            value = float(self.context.flat.values[cell.id][index])
            text = f"IF(ISNUMBER({above}), {above}, beyond_reach)"
            self.sheet.put(row, column, Formula(text, value), style="formula", number_format=format_of(cell, value))
        self.context.rows[cell.id] = row
        return row + 1

    def _put_fixed(self, cell: Cell, row: int) -> int:
        """An input that is the same in every scenario; gives the next row."""
        self._name(cell, row)
        name = self.context.flat.names.name("input", (cell.key or "").replace(".", "_"))
        for index, column in enumerate(self.columns):
            value = float(self.context.flat.values[cell.id][index])
            shape = format_of(cell, value)
            self.sheet.put(row, column, Formula(name, value), style="formula", number_format=shape)
        self.context.rows[cell.id] = row
        return row + 1

    def put_calculation(self, rows: _Rows) -> None:
        """The whole calculation of every scenario: the formulas of the sheet Plan, column by column."""
        context = self.context
        self._title(rows.calculation, "workbook.calculation")
        for offset, cell in enumerate(rows.formulas):
            context.rows[cell.id] = rows.calculation + offset
        for cell in rows.formulas:
            row = context.rows[cell.id]
            self._name(cell, row)
            for index, column in enumerate(self.columns):
                letter = get_column_letter(column)

                def refer(symbol: sp.Symbol, letter: str = letter) -> str:
                    at = context.rows.get(symbol.name)
                    return context.flat.refer(symbol) if at is None else f"{letter}{at}"

                formula = excel_formula(context.flat, cell, refer=refer, index=index)
                shape = format_of(cell, formula.cached)  # type: ignore[arg-type]
                self.sheet.put(row, column, formula, style="formula", number_format=shape)
        self._check(rows.calculation, rows.calculation + len(rows.formulas) - 1)

    def _check(self, first: int, last: int) -> None:
        """Have a block of formulas checked for errors."""
        start, end = (get_column_letter(column) for column in (self.columns[0], self.columns[-1]))
        self.context.checked.append(f"Scenarios!${start}${first}:${end}${last}")
