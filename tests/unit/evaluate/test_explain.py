"""What makes a number: the cells that decide, those that do not, the cases that hold, and what set the inputs."""

from pathlib import Path
from typing import Any

import pytest

from flopsheet import api
from flopsheet.evaluate.explain import explain_cell
from flopsheet.evaluate.explain_record import record_explanation

ROOT = Path(__file__).resolve().parents[3]
PLAN = """\
title: Small
law: hoffmann_2022
constants: {E: 1.8}
budget: {compute: 1e21 FLOP}
caps: {parameters: 1B}
hardware: {accelerator: H100-SXM, count: 64, mfu: 40 %, price: 2 USD/hour}
cells: {room: {formula: caps_tokens / D_opt, unit: '1'}}
strategies: {twenty to one: {tokens_per_parameter: 20}}
scenarios: {base: {}, free: {caps.parameters: null}, short: {caps.tokens: 1T}}
"""


@pytest.fixture(scope="module")
def solved(tmp_path_factory):
    """A small plan, solved."""
    path = tmp_path_factory.mktemp("plan") / "plan.yaml"
    path.write_text(PLAN, encoding="utf-8")
    return api.solve_plan(path)


@pytest.fixture(scope="module")
def origins(solved):
    """What set each input of the results, by cell: kind, line, text."""
    found = {}
    for name in ("L_opt", "cost", "energy", "time", "strategy_twenty_to_one_L"):
        for cell_id, step in explain_cell(solved, name, 0).steps.items():
            if step.origin is not None:
                place = step.origin.place
                found[cell_id] = (step.origin.kind, place and f"{place.file}:{place.line}", step.origin.text)
    return found


def test_a_leaf_knows_the_line_that_set_it(origins):
    """Plan, law, catalogue, strategy, and nothing at all."""
    assert origins["budget_compute"] == ("plan", "plan.yaml:4", "1e21 FLOP")
    assert origins["E"] == ("plan", "plan.yaml:3", "1.8")
    assert origins["alpha"] == ("law", "laws/hoffmann_2022.yaml:23", "")
    assert origins["hardware_peak"] == ("catalogue", "plan.yaml:6", "H100-SXM")
    assert origins["strategies_twenty_to_one_tokens_per_parameter"] == ("plan", "plan.yaml:8", "")
    assert origins["caps_tokens"] == ("unset", None, "")


def test_a_removed_limit_knows_what_removed_it(solved):
    """In the scenario that sets the cap to null, its line."""
    origin = explain_cell(solved, "N_opt", 1).steps["caps_parameters"].origin
    assert origin is not None
    assert origin.place is not None
    assert (origin.kind, origin.place.line) == ("unset", 9)


def test_the_cap_that_binds_decides(solved):
    """Where the cap binds it makes the size, and the free optimum stands beside; without it the other way round."""
    capped, free = (explain_cell(solved, "N_opt", index).steps["N_opt"] for index in (0, 1))
    assert (capped.decides, set(capped.beside)) == (("caps_parameters",), {"N_free", "N_at_D_cap"})
    assert (free.decides, set(free.beside)) == (("N_free",), {"caps_parameters", "N_at_D_cap"})


def test_the_case_that_holds_is_shown(solved):
    """The value of compute is the gain in tokens where the cap on parameters binds, and that alone."""
    step = explain_cell(solved, "value_of_compute", 0).steps["value_of_compute"]
    assert str(step.shown) == "gain_D"
    assert (step.decides, set(step.beside)) == (("gain_D",), {"gain_N", "binds_parameters"})
    assert [(case.number, case.count) for case in step.cases] == [(1, 2)]


def test_a_number_that_is_settled_by_its_case_is_decided_by_the_condition(solved):
    """A flag of 0 or 1 reads nothing but what it compares."""
    step = explain_cell(solved, "binds_parameters", 0).steps["binds_parameters"]
    assert set(step.decides) == {"N_opt", "caps_parameters"}


def test_a_guard_decides_where_there_is_no_number(solved):
    """A cell that reads an absent cap has no value, and what says so decides."""
    absent, there = (explain_cell(solved, "room", index).steps["room"] for index in (0, 2))
    assert absent.decides == ("absent_room",)
    assert set(absent.beside) == {"caps_tokens", "D_opt"}
    assert (set(there.decides), there.beside) == ({"caps_tokens", "D_opt"}, ("absent_room",))


def test_cells_below_are_listed_once(solved):
    """What is below a result: all that it reads, or only what decides."""
    explanation = explain_cell(solved, "N_opt", 0)
    assert explanation.below(["N_opt"], deciding=True) == ["N_opt", "caps_parameters"]
    every = explanation.below(["N_opt"])
    assert len(every) == len(set(every)) == len(explanation.steps)


def test_a_root_has_the_numbers_of_its_steps():
    """Of a plan that is found as a root: the size and effective tokens at the root are those of the plan."""
    solution = api.solve_plan(ROOT / "scenarios/examples/good_data_runs_out.yaml")
    step = explain_cell(solution, "t_curated_opt", 0).steps["t_curated_opt"]
    assert step.values["N_here"] == pytest.approx(solution.answers[0].results["N_opt"].value, rel=1e-12)
    assert step.values["D_eff_here"] == pytest.approx(solution.answers[0].results["D_effective"].value, rel=1e-12)


def test_the_record_holds_a_cell_once(solved):
    """Nested children: whole where first met, then with their value alone; leaves have their source."""
    record = record_explanation(explain_cell(solved, "L_opt", 1))
    met: list[str] = []
    again: list[str] = []
    nodes: dict[str, Any] = {}

    def walk(node):
        (again if node.get("seen") else met).append(node["name"])
        nodes.setdefault(node["name"], node)
        for child in node.get("children", ()):
            walk(child)

    walk(record["tree"])
    assert (record["name"], record["scenario"], record["status"]) == ("L_opt", "free", "ok")
    assert len(met) == len(set(met))
    assert "beta" in again
    leaf = nodes["alpha"]
    assert leaf["source"]["line"] == 23
    assert leaf["source"]["source"]["cite"] == "Hoffmann et al. 2022"
    assert leaf["decides"] is True
