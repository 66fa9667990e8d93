"""A small workbook of three sheets with everything the builder can do, for tests of the workbook layer."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import pytest

from flopsheet.workbook.book import Book
from flopsheet.workbook.charts import add_line, add_points, build_scatter
from flopsheet.workbook.sheet import FIRST_ROW, Formula, Sheet, Validation
from flopsheet.workbook.styles import StyleName, number_format

_INPUTS = (
    ("Budget", "budget_compute", "Compute", 1e22, 1e15, 1e30, "FLOP", "plan.yaml:7"),
    ("Caps", "caps_parameters", "Parameters at most", 1e30, 1e3, 1e30, "parameter", "plan.yaml:9"),
)
_CONSTANTS = (
    ("E", 1.69, "nats/token"),
    ("A", 406.4, "1"),
    ("B", 410.7, "1"),
    ("alpha", 0.34, "1"),
    ("beta", 0.28, "1"),
)
_TITLE = "Chinchilla, compute-optimal"


@pytest.fixture(scope="session")
def build_demo() -> Callable[[], Book]:
    """A function that builds the small workbook anew."""
    return _build_demo


@pytest.fixture(scope="session")
def demo_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small workbook, written; read it, do not change it."""
    path = tmp_path_factory.mktemp("demo") / "plan.xlsx"
    _build_demo().write(path)
    return path


def _build_demo(version: str = "0.1.0") -> Book:
    """Index, Inputs, Plan, Iso-FLOP and Checks for a plan under a compute budget and a parameter cap."""
    book = Book(_TITLE, version, {"flopsheet_version": version, "inputs_sha256": "0" * 64})
    index = book.sheet(
        "Index", _TITLE, "A planning workbook: change the blue cells on Inputs, everything else follows."
    )
    values = _fill_inputs(book.sheet("Inputs", "Inputs", "What the planner decides, and the constants of the law."))
    _fill_plan(book.sheet("Plan", "Plan", "The allocation that reaches the lowest loss."), values)
    _fill_curve(book.sheet("Iso-FLOP", "Iso-FLOP curve", "Loss against parameters at the budget."), values)
    _fill_checks(book.sheet("Checks", "Checks", "Each must pass: 1 is passed, 0 is failed."), values)
    _fill_index(index, book)
    return book


def _fill_index(sheet: Sheet, book: Book) -> None:
    sheet.put_row(FIRST_ROW, 1, ("Sheet", "What it shows"), style="header")
    for row, other in enumerate(book.sheets[1:], FIRST_ROW + 1):
        sheet.link(row, 1, other.name, other.name)
        sheet.put(row, 2, other.subtitle)


def _fill_inputs(sheet: Sheet) -> dict[str, float]:
    values: dict[str, float] = {}
    sheet.put_row(FIRST_ROW, 1, ("Section", "Item", "Unit"), style="header")
    sheet.put_row(FIRST_ROW, 4, ("Value", "Least", "Most", "As generated", "Changed"), style="header_right")
    sheet.put(FIRST_ROW, 9, "Source", style="header_unit")
    row = FIRST_ROW + 1
    for section, key, label, value, low, high, unit, source in _INPUTS:
        shown = number_format(unit, value)
        sheet.put(row, 1, section)
        sheet.put(row, 2, label)
        sheet.put(row, 3, unit, style="unit")
        sheet.put(row, 4, value, style="input", number_format=shown, name=f"in_{key}")
        for column, number in ((5, low), (6, high), (7, value)):
            sheet.put(row, column, number, style="constant", number_format=number_format(unit, number))
        sheet.put(row, 8, Formula(f'IF(D{row} = G{row}, "no", "yes")', "no"), style="text", number_format="@")
        sheet.put(row, 9, source, style="note")
        message = f"A number from {low:g} to {high:g} {unit}."
        sheet.validate(row, 4, Validation("decimal", f"$E${row}", f"$F${row}", label, message, message))
        values[f"in_{key}"] = value
        row += 1
    sheet.put(row + 1, 1, "Constants of the law", style="section")
    for number, (symbol, value, unit) in enumerate((*_CONSTANTS, ("6", 6.0, "1")), row + 2):
        sheet.put(number, 2, symbol, style="symbol")
        sheet.put(number, 3, unit, style="unit")
        name = "k_6" if symbol == "6" else f"law_{symbol}"
        sheet.put(number, 4, value, style="constant", number_format="0.0000", name=name)
        values[name] = value
    return values


def _fill_plan(sheet: Sheet, values: dict[str, float]) -> None:
    alpha, beta, a, b = (values[f"law_{name}"] for name in ("alpha", "beta", "A", "B"))
    compute = values["in_budget_compute"]
    scale = (alpha * a / (beta * b)) ** (1 / (alpha + beta))
    free = scale * (compute / 6) ** (beta / (alpha + beta))
    n = min(free, values["in_caps_parameters"])
    d = compute / (6 * n)
    loss = values["law_E"] + a / n**alpha + b / d**beta
    rows = (
        ("Scale", "G", "plan_scale",
         "(law_alpha * law_A / (law_beta * law_B)) ^ (1 / (law_alpha + law_beta))", scale, "1"),
        ("Parameters without a cap", "N_free", "N_free",
         "plan_scale * (in_budget_compute / k_6) ^ (law_beta / (law_alpha + law_beta))", free, "parameter"),
        ("Parameters", "N_opt", "N_opt", "MIN(N_free, in_caps_parameters)", n, "parameter"),
        ("Tokens", "D_opt", "D_opt", "in_budget_compute / (k_6 * N_opt)", d, "token"),
        ("Loss", "L_opt", "L_opt", "law_E + law_A / N_opt ^ law_alpha + law_B / D_opt ^ law_beta", loss, "nats/token"),
        ("Tokens per parameter", "D/N", "tokens_per_parameter", "D_opt / N_opt", d / n, "token/parameter"),
        ("Parameters held back by the cap", "", "N_lost", "N_free - N_opt", free - n, "parameter"),
    )  # fmt: skip
    sheet.put_row(FIRST_ROW, 1, ("Quantity", "Symbol", "Formula"), style="header")
    sheet.put(FIRST_ROW, 4, "Value", style="header_right")
    sheet.put(FIRST_ROW, 5, "Unit", style="header_unit")
    for row, (label, symbol, name, text, value, unit) in enumerate(rows, FIRST_ROW + 1):
        style: StyleName = "result" if name in {"N_opt", "D_opt", "L_opt"} else "formula"
        sheet.put(row, 1, label)
        sheet.put(row, 2, symbol, style="symbol")
        sheet.put(row, 3, f"= {text}", style="code")
        signed = name == "N_lost"
        sheet.put(
            row,
            4,
            Formula(text, value),
            style=style,
            number_format=number_format(unit, value, signed=signed),
            name=name,
        )
        sheet.put(row, 5, unit, style="unit")
    values |= {"N_opt": n, "D_opt": d, "L_opt": loss}


def _fill_curve(sheet: Sheet, values: dict[str, float]) -> None:
    sheet.put_row(FIRST_ROW, 1, ("Step", "Parameters", "Tokens", "Loss"), style="header_right")
    sheet.put_row(FIRST_ROW + 1, 1, ("1", "parameter", "token", "nats/token"), style="unit")
    first, last = FIRST_ROW + 2, FIRST_ROW + 22
    for row in range(first, last + 1):
        step = (row - first - 10) / 10
        n = values["N_opt"] * math.exp(step)
        d = values["in_budget_compute"] / (6 * n)
        loss = values["law_E"] + values["law_A"] / n ** values["law_alpha"] + values["law_B"] / d ** values["law_beta"]
        sheet.put(row, 1, step, style="constant", number_format="0.0")
        sheet.put(
            row, 2, Formula(f"N_opt * EXP(A{row})", n), style="formula", number_format=number_format("parameter", n)
        )
        tokens = Formula(f"in_budget_compute / (k_6 * B{row})", d)
        sheet.put(row, 3, tokens, style="formula", number_format=number_format("token", d))
        text = f"law_E + law_A / B{row} ^ law_alpha + law_B / C{row} ^ law_beta"
        sheet.put(row, 4, Formula(text, loss), style="formula", number_format="0.0000")
    chart = build_scatter("Loss at the budget", "Parameters", "Loss (nats/token)", log_x=True)
    add_line(chart, sheet.range_of((first, 2), (last, 2)), sheet.range_of((first, 4), (last, 4)), "this plan")
    middle = (first + last) // 2
    add_points(chart, sheet.range_of((middle, 2), (middle, 2)), sheet.range_of((middle, 4), (middle, 4)), "optimum")
    sheet.add_chart(chart, FIRST_ROW, 6)
    sheet.freeze(first)


def _fill_checks(sheet: Sheet, values: dict[str, float]) -> None:
    headings = ("Check", "Measured", "Expected", "Tolerance", "Unit", "Result")
    sheet.put_row(FIRST_ROW, 1, headings, style="header")
    spent = 6 * values["N_opt"] * values["D_opt"]
    row = FIRST_ROW + 1
    sheet.put(row, 1, "The budget is not exceeded: one minus spent over budget")
    slack = 1 - spent / values["in_budget_compute"]
    text = "1 - k_6 * N_opt * D_opt / in_budget_compute"
    sheet.put(row, 2, Formula(text, slack), style="formula", number_format="0.00E+00", name="budget_slack")
    sheet.put(row, 3, 0.0, style="constant", number_format="0.0000")
    sheet.put(row, 4, 1e-9, style="constant", number_format="0E+00")
    sheet.put(row, 5, "1", style="unit")
    sheet.put(row, 6, Formula(f"IF(ABS(B{row} - C{row}) <= D{row}, 1, 0)", 1.0), style="check", name="chk_budget")
    sheet.put(row + 2, 1, "All checks", style="section")
    sheet.put(row + 2, 5, "1", style="unit")
    sheet.put(row + 2, 6, Formula("MIN(chk_budget)", 1.0), style="check", name="chk_master")
