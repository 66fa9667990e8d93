"""The sensitivity of a plan: elasticities are derivatives, swings and tables are plans of their own."""

import json
import math

import numpy as np
import pytest
import sympy as sp

from flopsheet import api
from flopsheet.api.points import open_points
from flopsheet.api.solve import record_solved
from flopsheet.errors import FlopsheetError
from flopsheet.evaluate.sensitivity import EXCESS, SwungEnd

HEAD = "title: x\nlaw: hoffmann_2022\n"
BUDGET = HEAD + "budget: {compute: 1e22}\n"
PLANS = {
    "budget": BUDGET + "sensitivity: {}\n",
    "capped": BUDGET + "caps: {parameters: 1B}\nsensitivity: {inputs: [caps.parameters, budget.compute]}\n",
    "both caps": BUDGET + "caps: {parameters: 1B, tokens: 100B}\nsensitivity: {}\n",
    "target": HEAD + "objective: minimize compute\ntarget: {loss: 2.2}\ncaps: {tokens: 200B}\nsensitivity: {}\n",
    "tiers": HEAD
    + "budget: {compute: 1e23}\n"
    + "data: {tiers: [{name: good, unique: 30B, epochs: 6}, {name: web, unique: 300B, quality: 0.5}]}\n"
    + "sensitivity: {}\n",
    "money": HEAD
    + "budget: {time: 40 days}\ncaps: {memory: 40 GB}\n"
    + "hardware: {accelerator: H100-SXM, count: 512, mfu: 40 %, price: 2.5 USD/hour}\nsensitivity: {}\n",
    "one resource": "title: x\nlaw: kaplan_2020_tokens\ninputs: {D: 1e10}\ntarget: {loss: 2.5}\nsensitivity: {}\n",
}


@pytest.fixture(scope="module")
def solve(tmp_path_factory):
    """A function that solves one of PLANS, or a plan by its text; each is solved once. Gives path and solution."""
    solved = {}

    def run(text):
        if text not in solved:
            path = tmp_path_factory.mktemp("plan") / "plan.yaml"
            path.write_text(PLANS.get(text, text), encoding="utf-8")
            solved[text] = path, api.solve_plan(path)
        return solved[text]

    return run


def differences(path, keys, outputs):
    """Central differences of ln(output) by ln(input), with the error of the second order taken out."""
    points = open_points(path)
    steps = (1e-4, -1e-4, 2e-4, -2e-4)
    own = {key: points.own_value(key) for key in keys}
    columns = {key: np.full(len(keys) * len(steps), own[key]) for key in keys}
    for place, key in enumerate(keys):
        for offset, step in enumerate(steps):
            columns[key][place * len(steps) + offset] *= math.exp(step)
    found = points.evaluate(columns, outputs)
    slopes = {}
    for place, key in enumerate(keys):
        for name in outputs:
            value = np.log(found.values[name][place * len(steps) : (place + 1) * len(steps)])
            near, far = (value[0] - value[1]) / 2e-4, (value[2] - value[3]) / 4e-4
            slopes[key, name] = (4 * near - far) / 3
    return slopes


@pytest.mark.parametrize("name", PLANS)
def test_elasticities_are_differences_in_the_limit(name, solve):
    """Each elasticity of every kind of plan, in every input and constant, against solved points nearby."""
    path, solution = solve(name)
    sensitivity = solution.sensitivity[0]
    keys, outputs = list(sensitivity.elasticities), list(sensitivity.outputs)
    known = differences(path, keys, outputs)
    told = 0
    for key in keys:
        for output in outputs:
            slope = sensitivity.elasticities[key][output]
            assert not slope.is_kink, (key, output)
            assert slope.above == pytest.approx(known[key, output], rel=1e-6, abs=1e-6), (key, output)
            told += abs(slope.above) > 1e-3
    assert told >= 3


def test_elasticities_of_a_closed_form_are_those_of_computer_algebra(solve):
    """The optimum under the budget alone, by sympy from the closed formulas with 30 digits."""
    _, solution = solve("budget")
    model = solution.model
    numbers = {symbol: sp.Float(solution.evaluation.value(symbol.name, 0), 30) for symbol in model.parameters}
    numbers[model.amount] = sp.Float(1e22, 30)
    sensitivity = solution.sensitivity[0]
    checked = 0
    for (output, by), expr in solution.derivation.elasticities.items():
        key = "budget.compute" if by == model.amount else f"constants.{by}"
        name = "L_opt" if output == model.level else f"{output}_opt"
        exact = float(expr.evalf(30, subs=numbers))
        assert sensitivity.elasticities[key][name].above == pytest.approx(exact, rel=1e-10, abs=1e-12)
        checked += 1
    assert checked == 18
    # Above the floor the loss falls with compute by alpha*beta/(alpha + beta).
    assert sensitivity.elasticities["budget.compute"][EXCESS].above == pytest.approx(-0.34 * 0.28 / 0.62, rel=1e-10)
    assert sensitivity.elasticities["constants.E"][EXCESS].above == pytest.approx(0.0, abs=1e-12)


def test_a_limit_that_just_binds_is_a_kink(solve, tmp_path):
    """A cap at exactly the optimum: less of it holds the plan back, more of it does nothing."""
    size = solve("budget")[1].answers[0].results["N_opt"].value
    path = tmp_path / "plan.yaml"
    path.write_text(BUDGET + f"caps: {{parameters: {size!r}}}\nsensitivity: {{}}\n", encoding="utf-8")
    found = api.solve_plan(path)
    slopes = found.sensitivity[0].elasticities
    assert slopes["caps.parameters"]["N_opt"].is_kink
    cap, budget = slopes["caps.parameters"]["N_opt"], slopes["budget.compute"]["N_opt"]
    assert (cap.below, cap.above) == pytest.approx((1.0, 0.0))
    assert (budget.below, budget.above) == pytest.approx((0.28 / 0.62, 0.0))
    # The loss itself has no kink there: at the optimum the cap is worth nothing to either side.
    assert not slopes["caps.parameters"]["L_opt"].is_kink
    record = record_solved(found)["scenarios"][0]["sensitivity"]["elasticities"]["caps.parameters"]["N_opt"]
    assert record == {"below": cap.below, "above": cap.above}


@pytest.mark.parametrize("name", ["capped", "target", "tiers"])
def test_swings_are_plans_of_their_own(name, solve, tmp_path):
    """Both ends of the longest swings against scenarios that set those numbers."""
    path, solution = solve(name)
    points = open_points(path)
    ends: dict[str, SwungEnd] = {}
    scenarios: list[str] = []
    for swing in solution.sensitivity[0].swings[:2]:
        for end, factor in ((swing.low, 0.9), (swing.high, 1.1)):
            assert end.value == pytest.approx(factor * (points.own_value(swing.key) or 0.0), rel=1e-14)
            ends[f"s{len(ends)}"] = end
            scenarios.append(f"s{len(scenarios)}: {{{swing.key}: {end.value!r}}}")
    copy = tmp_path / "plan.yaml"
    text = PLANS[name].partition("sensitivity:")[0]
    copy.write_text(f"{text}scenarios: {{{', '.join(scenarios)}}}\n", encoding="utf-8")
    for answer in api.solve_plan(copy).answers:
        end = ends[answer.name]
        assert end.status == answer.status
        assert end.results == pytest.approx({key: answer.results[key].value for key in end.results}, rel=1e-10)
        assert end.results


def test_swings_stand_in_the_order_of_what_they_do(solve):
    """Inputs before constants, the longest first."""
    sensitivity = solve("both caps")[1].sensitivity[0]
    keys = [swing.key for swing in sensitivity.swings]
    assert keys[:2] == ["caps.parameters", "caps.tokens"]
    assert keys[2] == "budget.compute"  # slack: it does nothing
    assert sensitivity.length(sensitivity.swings[2]) == 0
    constants = [sensitivity.length(swing) for swing in sensitivity.swings[3:]]
    assert constants == sorted(constants, reverse=True)
    assert all(key.startswith("constants.") for key in keys[3:])


def test_shares_end_where_they_may(tmp_path):
    """An mfu of 95 % goes up to 100 % only, and says so."""
    path = tmp_path / "plan.yaml"
    path.write_text(
        HEAD + "budget: {time: 40 days}\nhardware: {accelerator: H100-SXM, count: 512, mfu: 95 %}\n"
        "sensitivity: {inputs: [hardware.mfu]}\n",
        encoding="utf-8",
    )
    solution = api.solve_plan(path)
    swing = solution.sensitivity[0].swings[0]
    assert (swing.high.value, swing.high.clipped, swing.low.clipped) == (1.0, True, False)
    record = record_solved(solution)["scenarios"][0]["sensitivity"]["swings"][0]
    assert record["high"]["clipped"] is True
    assert "clipped" not in record["low"]


def test_an_end_without_a_plan_says_so(tmp_path):
    """A target that the cap excludes at one end: infeasible there, without results."""
    path = tmp_path / "plan.yaml"
    path.write_text(
        HEAD + "objective: minimize compute\ntarget: {loss: 2.2}\ncaps: {parameters: 1B}\n"
        "sensitivity: {inputs: [target.loss]}\n",
        encoding="utf-8",
    )
    swing = api.solve_plan(path).sensitivity[0].swings[0]
    assert (swing.low.status, dict(swing.low.results)) == ("infeasible", {})
    assert swing.high.status == "ok"


def test_tables_are_solved_cell_by_cell(tmp_path):
    """Each cell against the plan with these two numbers; null removes a limit."""
    path = tmp_path / "plan.yaml"
    path.write_text(
        BUDGET + "caps: {parameters: 1B}\nscenarios: {a: {}, b: {caps.tokens: 1T}}\nsensitivity:\n"
        "  scenario: b\n"
        "  tables: [{rows: {budget.compute: [1e21, 1e23]}, columns: {caps.parameters: [1B, null]}, show: D_opt}]\n",
        encoding="utf-8",
    )
    solution = api.solve_plan(path)
    assert solution.sensitivity[0].grids == ()
    assert solution.shown_sensitivity is solution.sensitivity[1]
    (grid,) = solution.sensitivity[1].grids
    for row, budget in zip(grid.values, ("1e21", "1e23"), strict=True):
        for value, cap in zip(row, ("1e9", "null"), strict=True):
            sets = [f"budget.compute={budget}", f"caps.parameters={cap}"]
            assert value == pytest.approx(api.solve_plan(path, sets=sets).answers[1].results["D_opt"].value, rel=1e-12)
    record = record_solved(solution)["scenarios"][1]["sensitivity"]["tables"][0]
    assert record["columns"] == {"input": "caps.parameters", "unit": "parameter", "values": [1e9, None]}
    assert record["values"] == [list(row) for row in grid.values]
    assert "tables" not in record_solved(solution)["scenarios"][0]["sensitivity"]


def test_json_holds_it_only_where_the_plan_asks(solve, tmp_path):
    """Without the key there is no entry; with it everything is plain JSON."""
    path = tmp_path / "plan.yaml"
    path.write_text(BUDGET, encoding="utf-8")
    assert "sensitivity" not in record_solved(api.solve_plan(path))["scenarios"][0]
    record = record_solved(solve("capped")[1])["scenarios"][0]["sensitivity"]
    assert json.loads(json.dumps(record, allow_nan=False)) == record
    assert record["swing"] == 0.1
    assert record["of"] == "L_opt"
    assert list(record["elasticities"]) == ["caps.parameters", "budget.compute"]
    assert record["elasticities"]["caps.parameters"]["N_opt"] == pytest.approx(1.0)
    assert record["swings"][0]["low"]["results"]["N_opt"] == {"value": 9e8, "unit": "parameter"}


def test_scenarios_without_a_plan_have_none(tmp_path):
    """Infeasible ones and targets beyond all resources."""
    path = tmp_path / "plan.yaml"
    path.write_text(
        HEAD + "objective: minimize compute\nscenarios: {never: {target.loss: 1.6}, ok: {target.loss: 2.1}}\n"
        "sensitivity: {}\n",
        encoding="utf-8",
    )
    solution = api.solve_plan(path)
    assert list(solution.sensitivity) == [1]
    assert solution.shown_sensitivity is None


REFUSED = {
    "constant": ("inputs: [constants.gamma]", "the law has no constant `gamma`", "constants.alpha"),
    "unread": ("inputs: [constants.alpha], tables: [{rows: {data.unique: [1B]}, columns: {budget.compute: [1e22]}}]",
               "nothing in this plan reads `data.unique`", "Set it in the plan"),
    "result": ("tables: [{rows: {caps.tokens: [1B]}, columns: {budget.compute: [1e22]}, show: N_opd}]",
               "there is no result `N_opd`", "Did you mean `N_opt`?"),
    "sign": ("tables: [{rows: {constants.A: [-1]}, columns: {budget.compute: [1e22]}}]",
             "must stay above zero as in the law, got -1", ""),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_only_the_law_knows_is_refused_with_its_place(name, tmp_path):
    """Unknown constants and results, inputs that nothing reads, signs that the law does not allow."""
    text, message, remedy = REFUSED[name]
    path = tmp_path / "plan.yaml"
    path.write_text(BUDGET + f"sensitivity: {{{text}}}\n", encoding="utf-8")
    with pytest.raises(FlopsheetError) as error:
        api.solve_plan(path)
    assert "plan.yaml:4:" in str(error.value)
    assert message in str(error.value)
    assert remedy in str(error.value)
