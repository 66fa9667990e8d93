"""The sheet Sensitivity follows: after edits it shows what the package says of the changed plan."""

import pytest

from flopsheet import api
from flopsheet.workbook.stored import Address

PLAN = """
title: Sensitive
law: hoffmann_2022
scenarios:
  base: {budget.compute: 1e22}
  fleet: {budget.compute: 3e23, caps.parameters: 2B}
  little: {budget.compute: 1e22, caps.tokens: 50B, caps.parameters: 4B}
sensitivity:
  tables: [{rows: {budget.compute: [1e21, 1e23]}, columns: {caps.parameters: [1B, null]}}]
"""
EDITS = {
    "another scenario": ({"sel_scenario": "fleet"}, "fleet", []),
    "both caps bind": ({"sel_scenario": "little"}, "little", []),
    "a constant": ({"in_constants_beta": 0.3}, "base", ["constants.beta=0.3"]),
    "a budget": ({"sel_scenario": "fleet", "in_fleet_budget_compute": 1e21}, "fleet", ["budget.compute=1e21"]),
}


@pytest.mark.parametrize("name", EDITS)
def test_the_sheet_follows(name, build_book, recalculate, tmp_path_factory, tmp_path):
    """Both ends, elasticities, order and tables, recalculated by an engine from the edited workbook."""
    plan = tmp_path_factory.getbasetemp() / "sensitive.yaml"
    if not plan.exists():
        plan.write_text(PLAN, encoding="utf-8")
    changes, scenario, sets = EDITS[name]
    book = build_book(plan)
    found = recalculate(book.edit(tmp_path / "edited.xlsx", changes), "formualizer")
    solution = api.solve_plan(plan, sets=sets)
    index = [answer.name for answer in solution.answers].index(scenario)
    sensitivity = solution.sensitivity[index]
    rows = {a.row: value for a, value in found.values.items() if a.sheet == "Sensitivity" and a.column == 1}

    def row_of(title, after=0):
        return next(row for row in sorted(rows) if row > after and rows[row] == title)

    def cell(row, column):
        return found.values[Address("Sensitivity", row, column)]

    labels = {
        "budget.compute": "Compute budget",
        "caps.parameters": "Cap on parameters",
        "caps.tokens": "Cap on tokens",
    }

    def label_of(key):
        return labels.get(key) or f"Constant {key.partition('.')[2]} of the law"

    head = row_of("Each input changed")
    for swing in sensitivity.swings:
        row = row_of(label_of(swing.key), head)
        assert [cell(row, 3), cell(row, 4)] == pytest.approx(sensitivity.ends(swing), rel=1e-9)
        slopes = [
            sensitivity.elasticities[swing.key][output].above for output in ("N_opt", "D_opt", "L_opt", "L_excess")
        ]
        assert [cell(row, column) for column in range(9, 13)] == pytest.approx(slopes, rel=1e-8, abs=1e-9)
    ranks = row_of("What matters most")
    told = [cell(row, 1) for row in range(ranks + 3, ranks + 3 + 8)]
    order = [label_of(swing.key) for swing in sensitivity.swings]
    assert [label for label in told if label in order] == order
    table = row_of("Loss reached by “Compute budget” and “Cap on parameters”")
    shown = [[cell(table + 4 + row, 2 + column) for column in (0, 1)] for row in (0, 1)]
    chosen = api.solve_plan(rewritten(plan, tmp_path, scenario), sets=[each for each in sets if "constants" in each])
    assert chosen.shown_sensitivity is not None
    assert shown == [pytest.approx(row, rel=1e-9) for row in chosen.shown_sensitivity.grids[0].values]


def rewritten(plan, folder, scenario):
    """The plan with its tables asked of another scenario."""
    path = folder / "plan.yaml"
    path.write_text(plan.read_text(encoding="utf-8") + f"  scenario: {scenario}\n", encoding="utf-8")
    return path
