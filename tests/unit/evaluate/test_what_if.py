"""What limits are worth and where they begin to bind, against plans that are solved by themselves."""

from __future__ import annotations

import math
from itertools import pairwise
from pathlib import Path

import pytest

from flopsheet.api.solve import solve_plan
from flopsheet.evaluate.binding_order import Sweeper
from flopsheet.evaluate.limits_worth import MORE_TOKENS, list_limit_uses, list_more_data
from flopsheet.evaluate.solution import Solution
from flopsheet.evaluate.what_if import WhatIf, build_what_if

TIERS = """
title: Tiers
law: besiroglu_2024
budget: {compute: 1e22 FLOP}
data:
  tiers:
    - {name: good, unique: 20B, epochs: 4}
    - {name: web, unique: 400B, quality: low, epochs: 2}
"""
MONEY = """
title: Money
law: hoffmann_2022
budget: {money: 2M USD}
caps: {time: 40 days}
hardware: {accelerator: H100-SXM, count: 512, mfu: 40 %, price: 2.5 USD/hour}
"""
_CAP_IN_USD = 40 * 24 * 512 * 2.5
"""What all accelerators cost for as long as the cap allows."""


def _solve(folder: Path, text: str, *sets: str) -> Solution:
    """A plan solved."""
    path = folder / "plan.yaml"
    path.write_text(text, encoding="utf-8")
    return solve_plan(path, sets=sets)


def _what_if(solution: Solution) -> WhatIf:
    """A plan as a function, with all that a report asks of it."""
    names = [cell.id for cell in solution.graph if cell.id.startswith(("binds_", "tier_", "epochs_most_"))]
    return build_what_if(solution, [*names, "N_opt", "D_opt", "L_opt", "epochs", "plan_status", "C_train", "C_total"])


def test_more_data_are_planned_anew(tmp_path: Path) -> None:
    """More tokens of a tier are worth what a plan that has them reaches, and the budget that reaches as much."""
    solution = _solve(tmp_path, TIERS)
    (good, web) = list_more_data(_what_if(solution), 0)
    enlarged = _solve(tmp_path, TIERS, f"data.tiers.good.unique={20e9 + MORE_TOKENS}")
    before, after = (plan.answers[0].results["L_opt"].value for plan in (solution, enlarged))
    assert good.loss == pytest.approx(after - before, rel=1e-9)
    assert good.loss < web.loss <= 0
    richer = _solve(tmp_path, TIERS, f"budget.compute={1e22 * (1 + good.share)}")
    assert richer.answers[0].results["L_opt"].value == pytest.approx(after, rel=1e-7)


def test_limits_stand_in_order_of_their_worth(tmp_path: Path) -> None:
    """The budget is spent and worth 1 % of itself; what is used of the data is what is seen at least once."""
    solution = _solve(tmp_path, TIERS)
    uses = {use.name: use for use in list_limit_uses(solution, 0)}
    prices = solution.answers[0].shadow_prices
    assert [use.price for use in uses.values()] == sorted(price.value for price in prices.values())
    assert uses["compute"].equivalent == 1
    assert uses["compute"].left == pytest.approx(0, abs=1e-9)
    assert uses["data"].equivalent == pytest.approx(prices["data"].equivalent_compute)
    seen = sum(min(1.0, tier.epochs) * size for tier, size in zip(solution.answers[0].tiers, (2e10, 4e11), strict=True))
    assert uses["data"].used == pytest.approx(seen)


def test_money_gives_way_to_time_where_the_cap_is_paid_for(tmp_path: Path) -> None:
    """Money binds up to what the accelerators cost until the cap on the time, and time from there on."""
    sweep = Sweeper(_what_if(_solve(tmp_path, MONEY))).sweep(0)
    assert [phase.binding for phase in sweep.phases] == [("money",), ("time",)]
    assert sweep.phases[0].high == pytest.approx(_CAP_IN_USD, rel=1e-6)
    assert sweep.phases[1].low == pytest.approx(_CAP_IN_USD, rel=1e-6)
    assert sweep.phases[1].holds(2e6)


def test_tiers_come_into_use_as_the_budget_grows(tmp_path: Path) -> None:
    """Every change that is reported is one: the plans just before and just after it differ in what is told."""
    solution = _solve(tmp_path, TIERS)
    sweeper = Sweeper(_what_if(solution))
    phases = sweeper.sweep(0).phases
    assert len(phases) > 3
    uses = [dict(phase.uses) for phase in phases]
    assert uses[0] == {"good": "first", "web": "none"}
    assert uses[-1] == {"good": "full", "web": "full"}
    for left, right in pairwise(phases):
        assert left.high <= right.low
        assert (left.binding, left.uses) != (right.binding, right.uses)
    before, after = (_solve(tmp_path, TIERS, f"budget.compute={phases[1].low * factor}") for factor in (0.99, 1.01))
    told = [[(answer.binding, [tier.epochs > 1 for tier in answer.tiers]) for answer in plan.answers]
            for plan in (before, after)]  # fmt: skip
    assert told[0] != told[1]


def test_no_amount_is_infinite(tmp_path: Path) -> None:
    """A loss below what any budget reaches takes an infinite one; one that is reached takes no more than there is."""
    solution = _solve(tmp_path, TIERS)
    what_if = _what_if(solution)
    assert math.isinf(what_if.amount_for(0, "budget_compute", 1.0))
    reached = solution.answers[0].results["L_opt"].value
    assert what_if.amount_for(0, "budget_compute", reached) == 1e22
    with pytest.raises(ValueError, match="no output reads budget_money"):
        what_if.evaluate(0, {"budget_money": 1.0})
