"""The sheet Checks: what must hold, measured against expected, and the one check that every header shows."""

from __future__ import annotations

from openpyxl.utils.cell import get_column_letter

from flopsheet.derive.regimes import find_caps
from flopsheet.model.cell import Cell
from flopsheet.workbook.book import Book
from flopsheet.workbook.context import Context, format_of
from flopsheet.workbook.fill import MASTER_CHECK
from flopsheet.workbook.printer import render_excel
from flopsheet.workbook.sheet import FIRST_ROW, Formula, Sheet
from flopsheet.workbook.sheets.check_rows import (
    AGREEMENT,
    EXPECTED,
    LABEL,
    MEASURED,
    PASSED,
    TOLERANCE,
    UNCHANGED,
    UNIT,
    CheckRows,
)
from flopsheet.workbook.sheets.compare import put_compare_checks
from flopsheet.workbook.sheets.fit import fit_residuals
from flopsheet.workbook.sheets.scenarios import POSITION
from flopsheet.workbook.sheets.term_checks import put_term_checks
from flopsheet.workbook.styles import StyleName

_CLOSE = "{m} = {e}, ABS({m} - {e}) <= {t} * ABS({e})"
_HEAD = FIRST_ROW + 3
_HEADERS: tuple[tuple[int, str, StyleName], ...] = (
    (LABEL, "check", "header"),
    (UNIT, "unit", "header_unit"),
    (MEASURED, "measured", "header_right"),
    (EXPECTED, "expected", "header_right"),
    (TOLERANCE, "tolerance", "header_right"),
    (PASSED, "passed", "header_center"),
)


def add_checks(book: Book, context: Context) -> Sheet:
    """Every check with what it measures, and the master check."""
    sheet = book.sheet("Checks", context.t("workbook.checks"), context.t("contents.checks"))
    for column, key, style in _HEADERS:
        sheet.put(_HEAD, column, context.t(f"workbook.{key}"), style=style)
    rows = CheckRows(sheet, context, _HEAD + 1)
    _put_errors(rows)
    _put_inputs(rows)
    if context.searches:
        put_term_checks(rows)
    elif rows.chosen:
        _put_limits(rows)
        _put_optimum(rows)
    else:
        _put_inverse(rows)
    _put_roots(rows)
    _put_fit(rows)
    _put_column(rows)
    put_compare_checks(rows)
    _put_generated(rows)
    _put_master(rows)
    sheet.freeze(_HEAD + 1, LABEL + 1)
    for column, width in ((LABEL, 62.0), (UNIT, 19.0), (MEASURED, 16.0), (EXPECTED, 16.0), (TOLERANCE, 12.0)):
        sheet.set_width(column, width)
    return sheet


def _put_master(rows: CheckRows) -> None:
    """The master check, and whether the inputs are as generated, which decides if values can be compared with those."""
    sheet, context, t = rows.sheet, rows.context, rows.context.t
    letter = get_column_letter(PASSED)
    marks = f"${letter}${_HEAD + 1}:${letter}${rows.row - 1}"
    sheet.put(FIRST_ROW, LABEL, t("workbook.all_checks"), style="section")
    sheet.put(FIRST_ROW, UNIT, "1", style="unit")
    master = Formula(f"IF(SUM({marks}) = COUNT({marks}), 1, 0)", float(rows.all_hold))
    sheet.put(FIRST_ROW, MEASURED, master, style="check", name=MASTER_CHECK)
    changed = " + ".join(f"SUM({place})" for place in context.changed_flags)
    yes = f'[=1]"{t("workbook.yes")}";[=0]"{t("workbook.no")}";0'
    sheet.put(FIRST_ROW + 1, LABEL, t("workbook.unchanged"))
    sheet.put(FIRST_ROW + 1, UNIT, "1", style="unit")
    unchanged = Formula(f"IF({changed} = 0, 1, 0)", 1.0)
    sheet.put(FIRST_ROW + 1, MEASURED, unchanged, style="flag", number_format=yes, name=UNCHANGED)


def _put_errors(rows: CheckRows) -> None:
    """No block of formulas holds an error."""
    rows.start("check.group_errors")
    for place in rows.context.checked:
        label = rows.context.t("check.errors", place=place.replace("$", "").replace("'", ""))
        # A sum takes over any error among its terms, and passes over words.
        rows.add(label, Formula(f"IF(ISERROR(SUM({place})), 1, 0)", 0.0), 0.0, "{m} = {e}", shape="0")


def _put_inputs(rows: CheckRows) -> None:
    """No input lies outside its limits, in the base or in a scenario; fixed choices are looked at on their own."""
    rows.start("check.group_inputs")
    context = rows.context
    for cell in context.flat.inputs:
        label = context.t("check.within", name=context.label(cell))
        low, high = context.places[f"low_{cell.id}"], context.places[f"high_{cell.id}"]
        base = context.places[f"base_{cell.id}"]
        fixed = f"IF(AND(ISNUMBER({base}), {base} >= {low}, {base} <= {high}), 0, 1)"
        rows.add(label, Formula(context.outside.get(cell.id, fixed), 0.0), 0.0, "{m} = {e}", shape="0")


def _put_limits(rows: CheckRows) -> None:
    """The budget is not exceeded; every cap is kept."""
    context, flat = rows.context, rows.flat
    caps = find_caps(context.solution.model)
    if rows.budget or caps:
        rows.start("check.group_limits")
    if rows.budget:
        slack = Formula("slack_compute", flat.number("slack_compute"))
        holds = flat.number("slack_compute") >= -AGREEMENT
        rows.add(context.t("check.budget"), slack, 0.0, "{m} >= {e} - {t}", shape="0.00E+00", holds=holds)
    for cap in caps.values():
        text, value = rows.slack(cap.name)
        label = context.t("check.cap", name=context.label(flat.graph[cap.symbol.name]))
        test, holds = f"OR({rows.unless}{{m}} >= {{e}} - {{t}})", bool(rows.unless) or value >= -AGREEMENT
        rows.add(label, Formula(text, value), 0.0, test, shape="0.00%", holds=holds)


def _put_optimum(rows: CheckRows) -> None:
    """Caps never make the loss better, no multiplier is negative, and multiplier times slack is zero."""
    rows.start("check.group_optimum")
    context, flat, unit = rows.context, rows.flat, "nats/token"
    if rows.budget:
        reached, least = (
            Formula(flat.name(flat.graph[name]), flat.shown(flat.graph[name], 0)) for name in ("L_opt", "L_free")
        )
        test = f"OR({rows.no_plan}, {{m}} >= {{e}} - {{t}})" if rows.no_plan else "{m} >= {e} - {t}"
        holds = bool(rows.no_plan) or flat.number("L_opt") >= flat.number("L_free") - AGREEMENT
        rows.add(context.t("check.free_loss"), reached, least, test, unit=unit, shape="0.000000", holds=holds)
    else:
        reached = Formula("L_opt", flat.shown(flat.graph["L_opt"], 0))
        target = Formula("c_target_loss", flat.number("target_loss"))
        test = "OR(plan_status > 0, ABS({m} - {e}) <= {t})"
        rows.add(
            context.t("check.target"), reached, target, test, unit=unit, shape="0.000000", otherwise="plan_status > 0"
        )
    limits = ["compute"] if rows.budget else []
    for limit in (*limits, *(cap.name for cap in find_caps(context.solution.model).values())):
        cell = flat.graph[f"multiplier_{limit}"]
        name, price = context.label(cell), flat.number(cell.id)
        label = context.t("check.multiplier", name=name)
        holds = not rows.budget or price >= 0
        rows.add(label, Formula(flat.name(cell), price), 0.0, "{m} >= {e}", unit=unit, shape="0.000000", holds=holds)
        text, slack = rows.slack(limit)
        label = context.t("check.complementary", name=name)
        product = Formula(f"{flat.name(cell)} * {_factor(text)}", price * slack)
        test, holds = f"OR({rows.unless}ABS({{m}}) <= {{t}})", bool(rows.unless) or abs(price * slack) <= AGREEMENT
        rows.add(label, product, 0.0, test, unit=unit, shape="0.00E+00", holds=holds)


def _put_inverse(rows: CheckRows) -> None:
    """The resource that a target requires reaches that target."""
    context, flat = rows.context, rows.flat
    if "target_loss" not in flat.graph:
        return
    rows.start("check.group_optimum")
    model = context.solution.model
    required = flat.graph[f"{model.decisions[0]}_required"]
    at = {model.decisions[0]: flat.name(required)}
    for given in model.inputs.values():
        # What is chosen for an amount need not be what asks for the least.
        if given.is_chosen:
            at[given.symbol] = flat.name(flat.graph[f"{given.name}_best_for_target"])
    text = render_excel(model.loss, lambda s: at[s] if s in at else flat.refer(s), flat.refer_number)
    target = flat.number("target_loss")
    exists = isinstance(flat.shown(required, 0), float)
    measured = Formula(f"IF(required_status = 0, {text}, c_target_loss)", target)
    label = context.t("check.inverse", name=context.label(required))
    shape = "0.000000" if exists else "0.00E+00"
    rows.add(
        label,
        measured,
        Formula("c_target_loss", target),
        "ABS({m} - {e}) <= {t} * ABS({e})",
        unit="nats/token",
        shape=shape,
    )


def _put_roots(rows: CheckRows) -> None:
    """In every scenario the halvings end where the residual is zero, as Newton's do, and no node is better."""
    context = rows.context
    if context.root_checks:
        rows.start("check.group_roots")
    for cell_id, key, place, values in context.root_checks:
        label = context.t(f"check.{key}", name=context.label(rows.flat.graph[cell_id]))
        if key in {"root", "root_inner"}:
            measured = Formula(f"MAX(MAX({place}), -1 * MIN({place}))", max(abs(value) for value in values))
            holds = max(abs(value) for value in values) <= AGREEMENT
            rows.add(label, measured, 0.0, "ABS({m} - {e}) <= {t}", shape="0.00E+00", holds=holds)
        else:
            test, holds = "{m} <= {e} + {t}", max(values) <= AGREEMENT
            rows.add(label, Formula(f"MAX({place})", max(values)), 0.0, test, shape="0.00E+00", holds=holds)


def _put_fit(rows: CheckRows) -> None:
    """The fit solves its normal equations: what it leaves over adds up to nothing."""
    found = fit_residuals(rows.context)
    if found:
        rows.start("check.group_fit")
    for label, formula in found:
        rows.add(label, formula, 0.0, "ABS({m} - {e}) <= {t}", shape="0.00E+00")


def _factor(text: str) -> str:
    """A formula as a factor."""
    return f"({text})" if " " in text else text


def _put_column(rows: CheckRows) -> None:
    """The selected scenario equals its column on the sheet Scenarios."""
    rows.start("check.group_column")
    context = rows.context
    for cell in (*rows.chosen, rows.flat.graph["L_opt"]):
        value = rows.flat.shown(cell, 0)
        column = Formula(_in_column(context, context.rows[cell.id]), value)
        label = context.t("check.scenario_column", name=context.label(cell))
        measured = Formula(rows.flat.name(cell), value)
        # The sheets may add up in another order, so that the last bits differ.
        test, shape = f"OR({_CLOSE})", format_of(cell, value)
        rows.add(label, measured, column, test, unit=cell.unit, shape=shape, otherwise="{m} = {e}")


def _in_column(context: Context, row: int) -> str:
    """A row of the sheet Scenarios in the column of the selected scenario."""
    start, end = (get_column_letter(column) for column in (context.first_column, context.last_column))
    return f"INDEX(Scenarios!${start}${row}:${end}${row}, {POSITION})"


def _put_generated(rows: CheckRows) -> None:
    """Each headline of the selected scenario equals its value at generation while no input was changed."""
    rows.start("check.group_generated")
    for cell in rows.flat.formulas:
        if cell.kind in {"result", "user", "strategy", "compared"}:
            _put_headline(rows, cell)


def _put_headline(rows: CheckRows, cell: Cell) -> None:
    """One headline. A word (infinite, none) must be the same word; after a change nothing is compared."""
    context, flat = rows.context, rows.flat
    value = flat.shown(cell, 0)
    label = context.t("check.generated", name=context.label(cell))
    expected = Formula(_in_column(context, context.generated[cell.id]), value)
    # A pure number near zero is a difference: what counts is how far off it is, not what part of itself.
    close = _CLOSE.replace("ABS({e})", "MAX(1, ABS({e}))") if cell.unit == "1" else _CLOSE
    test = f"OR({UNCHANGED} = 0, {close})"
    may_be_word = any(isinstance(flat.shown(cell, index), str) for index in range(len(flat.scenarios)))
    # No difference can be taken of a word: then it must be the same one.
    otherwise = f"OR({UNCHANGED} = 0, {{m}} = {{e}})" if may_be_word or cell.guard or cell.kind == "user" else "FALSE"
    measured = Formula(flat.name(cell), value)
    rows.add(label, measured, expected, test, unit=cell.unit, shape=format_of(cell, value), otherwise=otherwise)
