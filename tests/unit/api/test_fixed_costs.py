"""Budgets and strategies that pay for nothing, since something is spent whatever is chosen."""

import pytest

from flopsheet import api
from flopsheet.messages import render_message

FIXED = """\
title: Fixed
law:
  law: own
  loss: E + A / N**alpha + B / D**beta
  cost: 6 * N * D + 1e20
  decisions: {N: parameters, D: tokens}
  constants: {E: 1.69, A: 406.4, B: 410.7, alpha: 0.34, beta: 0.28}
"""
SERVED = "title: Served\nlaw: sardana_2023_lifetime\ninference: {tokens: 2T}\n"
STRATEGIES = "strategies: {large: {parameters: 700B}, small: {parameters: 1B}}\n"


@pytest.fixture
def solve(tmp_path):
    """A function that solves a plan given as text."""

    def run(text):
        path = tmp_path / "plan.yaml"
        path.write_text(text, encoding="utf-8")
        return api.solve_plan(path).answers

    return run


def told(answer):
    """The findings of an answer as texts, by their code."""
    return {finding.code: render_message(finding.message) for finding in answer.findings}


@pytest.mark.parametrize("cost", ["6 * N * D + 1e20", "6 * N * D + 90 * N**1.1 + 1e20", "6*N*D + 1e8 * served"])
def test_a_budget_below_the_fixed_cost_is_infeasible(cost, solve):
    """No results, and a finding that names the budget and what it lacks; a larger budget has a plan."""
    text = FIXED.replace("6 * N * D + 1e20", cost)
    if "served" in cost:
        text += "  inputs: {served: {from: inference.tokens, unit: token}}\ninference: {tokens: 1T}\n"
    small, equal, large = solve(
        text
        + "scenarios: {small: {budget.compute: 1e19}, equal: {budget.compute: 1e20}, large: {budget.compute: 1e21}}\n"
    )
    assert (small.status, dict(small.results), small.binding) == ("infeasible", {}, ())
    assert told(small) == {
        "infeasible": "The compute budget `budget.compute` (1e+19 FLOP) does not pay what is spent whatever is chosen, "
        "1e+20 FLOP: more than 9e+19 FLOP are missing."
    }
    assert equal.status == "infeasible"
    assert (large.status, large.binding) == ("ok", ("compute",))
    assert large.results["C_total"].value == pytest.approx(1e21, rel=1e-12)


def test_what_a_fixed_cost_leaves_is_divided_as_without_one(solve):
    """The decisions for a budget are those that the law without the fixed cost has for what is left."""
    (fixed,) = solve(FIXED + "budget: {compute: 1e21}\n")
    (plain,) = solve(FIXED.replace(" + 1e20", "") + "budget: {compute: 9e20}\n")
    for name in ("N_opt", "D_opt", "L_opt"):
        assert fixed.results[name].value == pytest.approx(plain.results[name].value, rel=1e-12)


def test_a_compared_law_with_a_fixed_cost_is_infeasible_by_itself(solve, tmp_path):
    """The plan's own law has a plan, the compared one says what its budget lacks."""
    law = FIXED.partition("law:\n")[2].replace("\n  ", "\n").strip()
    (tmp_path / "own.yaml").write_text(law + "\n", encoding="utf-8")
    (answer,) = solve("title: T\nlaw: hoffmann_2022\nbudget: {compute: 1e19}\ncompare: [./own.yaml]\n")
    assert answer.status == "ok"
    assert (answer.laws["own"].status, dict(answer.laws["own"].results)) == ("infeasible", {})
    assert "9e+19 FLOP are missing" in told(answer.laws["own"])["infeasible"]


@pytest.mark.parametrize("goal", ["objective: minimize compute\ntarget: {loss: 2.2}\n", "budget: {compute: 1e22}\n"])
def test_a_strategy_that_inference_alone_exceeds_has_no_value(goal, solve):
    """700B parameters that serve 2T tokens take 2.8e24 FLOP: absent beside one that is paid for, and told."""
    (answer,) = solve(SERVED + goal + STRATEGIES)
    assert list(answer.strategies) == ["small"]
    assert answer.strategies["small"].decisions["D"] > 0
    assert told(answer)["strategy_without_value"].startswith(
        "The strategy large has no value here: what it fixes takes 2.8e+24 FLOP before anything is left to train"
    )


def test_a_strategy_has_its_value_where_the_compute_pays_for_it(solve):
    """With a larger budget the same strategy has tokens, and nothing is told."""
    (answer,) = solve(SERVED + "budget: {compute: 1e25}\n" + STRATEGIES)
    assert answer.strategies["large"].decisions["D"] == pytest.approx((1e25 - 2.8e24) / (6 * 700e9), rel=1e-12)
    assert "strategy_without_value" not in told(answer)
