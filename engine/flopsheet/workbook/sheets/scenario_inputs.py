"""The inputs on the sheet Scenarios: what each scenario sets, what is in force, and what was generated."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from openpyxl.utils.cell import get_column_letter

from flopsheet.derive.resource import ResourceDerivation
from flopsheet.model.cell import Cell
from flopsheet.workbook.context import NONE, Context, format_of
from flopsheet.workbook.flat import is_limit, is_overridable
from flopsheet.workbook.sheet import Formula
from flopsheet.workbook.sheets.inputs import base_value, build_validation
from flopsheet.workbook.sheets.scenario_table import BASE, LABEL, UNIT, Table
from flopsheet.workbook.styles import typed_format


def put_overrides(table: Table) -> None:
    """What each scenario sets, editable, beside the base value; a count shows what was changed since."""
    context, sheet, rows = table.context, table.sheet, table.rows
    sheet.break_before(rows.overrides - 1)
    table.put_title(rows.overrides, "workbook.overrides")
    sheet.put(rows.overrides - 1, table.beside, context.t("workbook.changed"), style="header_right")
    for offset, cell in enumerate(rows.inputs):
        row, below = rows.overrides + offset, rows.generated + offset
        table.put_name(cell, row)
        base, _ = base_value(context, cell)
        sheet.put(
            row, BASE, Formula(_base_name(context, cell), base), style="formula", number_format=_shape(cell, base)
        )
        for column, scenario in zip(table.columns, context.solution.plan.scenarios, strict=True):
            value = _own(context, cell, column)
            name = context.flat.names.name("input", f"{scenario.slug}_{(cell.key or '').replace('.', '_')}")
            limits = context.places[f"low_{cell.id}"], context.places[f"high_{cell.id}"]
            place = f"${get_column_letter(column)}${row}"
            sheet.put(row, column, value, style="input", number_format=_shape(cell, value), name=name)
            sheet.validate(row, column, build_validation(context, cell, place, limits))
        now, then = (f"${table.first}{at}:${table.last}{at}" for at in (row, below))
        # A blank cell is no different from zero, but it is not counted as a number.
        count = Formula(f"MAX(SUMPRODUCT(({now} <> {then}) * 1), ABS(COUNT({now}) - COUNT({then})))", 0.0)
        sheet.put(row, table.beside, count, style="formula", number_format="0")
    letter = get_column_letter(table.beside)
    end = rows.overrides + len(rows.inputs) - 1
    context.changed_flags.append(f"Scenarios!${letter}${rows.overrides}:${letter}${end}")


def put_in_force(table: Table) -> None:
    """Each scenario's inputs: its own, or what it inherits; then as numbers, a limit not set being beyond reach."""
    context, rows = table.context, table.rows
    table.put_title(rows.in_force, "workbook.in_force")
    table.sheet.put(rows.in_force - 1, table.beside, context.t("workbook.outside"), style="header_right")
    row = rows.in_force
    for offset, cell in enumerate(rows.inputs):
        _put_effective(table, cell, row, rows.overrides + offset)
        row += 1
    for cell in rows.inputs:
        base, _ = base_value(context, cell)
        if is_limit(cell) or not isinstance(base, float) or _is_removed(context, cell):
            _put_number(table, cell, row)
            row += 1
    for cell in context.flat.inputs:
        if not is_overridable(cell):
            _put_fixed(table, cell, row)
            row += 1
    table.check(rows.in_force, row - 1)


def put_as_generated(table: Table, results: Sequence[Cell]) -> None:
    """Overrides and results as they were generated, so that a change shows and the results can be held against them."""
    context, sheet, rows = table.context, table.sheet, table.rows
    sheet.break_before(rows.generated - 1)
    table.put_title(rows.generated, "workbook.overrides_generated")
    for row, cell in enumerate(rows.inputs, start=rows.generated):
        table.put_name(cell, row)
        for column in table.columns:
            value = _own(context, cell, column)
            sheet.put(row, column, value, style=_fixed_style(value), number_format=_shape(cell, value))
    table.put_title(rows.generated_results, "workbook.results_generated")
    for row, cell in enumerate(results, start=rows.generated_results):
        context.generated[cell.id] = row
        table.put_name(cell, row)
        values = [context.flat.shown(cell, index) for index in range(len(table.columns))]
        for column, shown in zip(table.columns, values, strict=True):
            sheet.put(row, column, shown, style=_fixed_style(shown), number_format=format_of(cell, *values))


def _put_effective(table: Table, cell: Cell, row: int, source: int) -> None:
    """One input in force in the base and in every scenario, and how many of these lie outside its limits."""
    context, sheet = table.context, table.sheet
    base, _ = base_value(context, cell)
    plan = context.solution.plan
    parents = {scenario.name: column for scenario, column in zip(plan.scenarios, table.columns, strict=True)}
    table.put_name(cell, row)
    inherited = Formula(f"{get_column_letter(BASE)}{source}", base)
    sheet.put(row, BASE, inherited, style="formula", number_format=_shape(cell, base))
    values = [_effective(context, cell, index) for index in range(len(table.columns))]
    for column, scenario, value in zip(table.columns, plan.scenarios, values, strict=True):
        letter = get_column_letter(column)
        parent = get_column_letter(parents.get(scenario.parent or "", BASE))
        # Not a comparison with zero, which a blank cell passes as well: zero is a value like any other.
        text = f"IF(LEN({letter}{source}) = 0, {parent}{row}, {letter}{source})"
        sheet.put(row, column, Formula(text, value), style="formula", number_format=_shape(cell, value))
    everything = f"${get_column_letter(BASE)}{row}:${table.last}{row}"
    low, high = context.places[f"low_{cell.id}"], context.places[f"high_{cell.id}"]
    # Any word counts as more than any number; the one for none is fine for a limit, and where scenarios set the rest.
    first = f"${get_column_letter(BASE)}{row}"
    optional = is_limit(cell) or _is_removed(context, cell)
    optional = optional or isinstance(context.solution.derivation, ResourceDerivation)
    words = everything if optional else f"{first}:{first}"  # a range: not every program counts in a single cell
    text = f'SUMPRODUCT(({everything} < {low}) + ({everything} > {high})) - COUNTIF({words}, "{NONE}")'
    sheet.put(row, table.beside, Formula(text, 0.0), style="formula", number_format="0")
    context.outside[cell.id] = f"Scenarios!${get_column_letter(table.beside)}${row}"
    context.rows[cell.id] = row


def _put_number(table: Table, cell: Cell, row: int) -> None:
    """An input in force as a number."""
    context = table.context
    source = context.rows[cell.id]
    table.sheet.put(row, LABEL, context.t("workbook.as_number", what=context.label(cell)), style="note")
    table.sheet.put(row, UNIT, cell.unit, style="unit")
    values = [float(value) for value in context.flat.values[cell.id]]
    otherwise = context.flat.refer_default(cell)
    for column, value in zip(table.columns, values, strict=True):
        above = f"{get_column_letter(column)}{source}"
        text = f"IF(ISNUMBER({above}), {above}, {otherwise})"
        table.sheet.put(row, column, Formula(text, value), style="formula", number_format=format_of(cell, *values))
    context.rows[cell.id] = row


def _put_fixed(table: Table, cell: Cell, row: int) -> None:
    """An input that is the same in every scenario."""
    table.put_name(cell, row)
    values = [float(value) for value in table.context.flat.values[cell.id]]
    for column, value in zip(table.columns, values, strict=True):
        formula = Formula(_base_name(table.context, cell), value)
        table.sheet.put(row, column, formula, style="formula", number_format=_shape(cell, value))
    table.context.rows[cell.id] = row


def _own(context: Context, cell: Cell, column: int) -> float | str | None:
    """What the scenario in a column sets itself: a number, the word for none, or nothing."""
    own = context.solution.plan.scenarios[column - context.first_column].overrides.get(cell.key or "")
    if own is None:
        return None
    return NONE if own.value is None else own.value


def _effective(context: Context, cell: Cell, index: int) -> float | str:
    """The value of an input in force in a scenario."""
    own = context.solution.plan.scenarios[index].inputs.get(cell.key or "")
    given = cell.default is not None and (own is None or own.value is not None)
    if given or cell.kind == "constant" or context.solution.table.is_set(cell.key or "", index):
        return float(context.flat.values[cell.id][index])
    return NONE


def _is_removed(context: Context, cell: Cell) -> bool:
    """Whether a scenario takes back what is set of an input that has a number of its own."""
    own = (scenario.overrides.get(cell.key or "") for scenario in context.solution.plan.scenarios)
    return cell.default is not None and any(given is not None and given.value is None for given in own)


def _base_name(context: Context, cell: Cell) -> str:
    """The name of an input's base cell."""
    return context.flat.names.name("input", (cell.key or "").replace(".", "_"))


def _shape(cell: Cell, value: float | str | None) -> str:
    """The number format of an input."""
    return typed_format(cell.unit, value if isinstance(value, float) else None)


def _fixed_style(value: float | str | None) -> Literal["text", "constant"]:
    """The style of what nothing changes."""
    return "text" if isinstance(value, str) else "constant"
