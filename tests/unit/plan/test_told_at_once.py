"""Faults of different kinds are told in one run, and none of them brings follow-on messages."""

import pytest

from flopsheet import api
from flopsheet.errors import FlopsheetError

HEAD = "title: T\nlaw: hoffmann_2022\n"


@pytest.fixture
def subjects(tmp_path):
    """A function that gives the line, subject and message of every problem of a plan."""

    def run(text):
        path = tmp_path / "plan.yaml"
        path.write_text(text, encoding="utf-8")
        with pytest.raises(FlopsheetError) as caught:
            api.solve_plan(path)
        return [(p.place.line if p.place else 0, p.subject, p.message) for p in caught.value.problems]

    return run


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ("budgt: {compute: 1e21}", "unknown key `budgt`."),
        ("budget: {compute: 1e21 FLOPS}", "`FLOPS` may mean operations or operations per second."),
    ],
)
def test_unknown_names_of_cells_are_told_beside_other_faults(fault, told, subjects):
    """A key or unit fault does not hide what no plan would know."""
    cells = "cells: {x: {formula: N_opt * zz / caps_parameters + beta, unit: '1'}, y: {formula: 2 * x, unit: '1'}}\n"
    found = subjects(HEAD + fault + "\n" + cells)
    assert [(line, message) for line, _, message in found] == [(3, told), (4, "unknown symbol `zz`.")]


@pytest.mark.parametrize(
    "formula",
    ["budget_compute", "C", "C_inference", "E", "x_other", "strategies_s_tokens", "kaplan_2020__N_opt", "target_loss"],
)
def test_what_a_plan_without_the_fault_would_know_is_not_told(formula, subjects):
    """Inputs under a misspelled key, other cells, cells not understood, compared laws: all may be there."""
    text = (
        f"{HEAD}budgt: {{compute: 1e21}}\ncompare: [kaplan_2020]\nstrategies: {{s: {{tokens: 1T}}}}\n"
        f"cells: {{x: {{formula: {formula} + x_bad, unit: '1'}}, x_other: {{formula: '1', unit: '1'}}, x_bad: 7}}\n"
    )
    assert [subject for _, subject, _ in subjects(text)] == ["", "cells.x_bad"]


def test_names_of_cells_are_not_judged_under_a_law_at_fault(subjects):
    """Which constants an inline law has is not known where they were not understood."""
    law = (
        "law:\n  loss: E + A / N + B / D\n  cost: N * D\n  decisions: {N: parameters, D: tokens}\n  constnts: {E: 1}\n"
    )
    found = subjects(f"title: T\n{law}budget: {{compute: 1e21}}\ncells: {{x: {{formula: A * E, unit: '1'}}}}\n")
    assert all(not subject.startswith("cells") for _, subject, _ in found)


@pytest.mark.parametrize(
    "scenario", ["{caps.parameters: null}", "{caps: null}", "{budget.compute: 2e21, caps.tokens: null}"]
)
def test_a_misspelled_section_brings_no_message_about_what_it_holds(scenario, subjects):
    """`cap` is told; that nothing is removed by a null below `caps` is not, since it may have been set there."""
    found = subjects(
        f"{HEAD}cap: {{parameters: 1B}}\nbudget: {{compute: 1e21}}\nscenarios: {{a: {{}}, b: {scenario}}}\n"
    )
    assert [message for _, _, message in found] == ["unknown key `cap`."]


def test_a_misspelled_section_of_a_scenario_brings_none_either(subjects):
    """The scenario that extends it may remove what the misspelled key was to set."""
    scenarios = "scenarios: {a: {cap.parameters: 1B}, b: {extends: a, caps.parameters: null}}\n"
    found = subjects(f"{HEAD}budget: {{compute: 1e21}}\n{scenarios}")
    assert [message for _, _, message in found] == ["unknown key `cap.parameters`."]


def test_a_null_that_removes_nothing_is_still_told(subjects):
    """Without a refused key nothing excuses it."""
    found = subjects(f"{HEAD}budget: {{compute: 1e21}}\nscenarios: {{a: {{caps.parameters: null}}}}\n")
    assert [message for _, _, message in found] == ["is null, but no layer set it before."]
