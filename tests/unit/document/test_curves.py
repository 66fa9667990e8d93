"""Curves of a law and what departures cost: against formulas written out by hand."""

import math

import numpy as np
import pytest

from flopsheet.document.curves import compile_curves
from flopsheet.document.stakes import HALF, TWICE, Scale

CONSTANTS = {"E": 1.69, "A": 406.4, "B": 410.7, "alpha": 0.34, "beta": 0.28}
BUDGET = 1e22


def loss_of(N: float, D: float) -> float:
    """Hoffmann et al. 2022, Eq. 10, with the printed constants."""
    return 1.69 + 406.4 / N**0.34 + 410.7 / D**0.28


@pytest.fixture(scope="module")
def curves(solve_text):
    """The curves of the printed law."""
    return compile_curves(solve_text("budgets").derivation)


@pytest.fixture(scope="module")
def scale(solve_text, curves):
    """Weighs departures of the plan of budgets."""
    return Scale(solve_text("budgets"), curves)


def test_loss_along_a_budget_spends_it(curves):
    """Every point of the curve has D = C / 6N."""
    sizes = np.geomspace(1e8, 1e12, 9)
    found = curves.loss_along_budget(CONSTANTS, BUDGET, sizes)
    assert found == pytest.approx([loss_of(N, BUDGET / 6 / N) for N in sizes], rel=1e-13)


def test_the_optimum_is_the_lowest_point(curves):
    """No neighbour on the curve is lower than the optimum."""
    N, D, loss = (float(value) for value in curves.optimum(CONSTANTS, BUDGET))
    assert pytest.approx(BUDGET, rel=1e-12) == 6 * N * D
    assert loss == pytest.approx(loss_of(N, D), rel=1e-13)
    around = curves.loss_along_budget(CONSTANTS, BUDGET, N * np.array([0.99, 1.0, 1.01]))
    assert around[1] < min(around[0], around[2])


def test_compute_along_a_loss_reaches_it(curves):
    """Every point of the curve has the loss asked for; a model too small to get there has none."""
    found = curves.compute_along_loss(CONSTANTS, 2.2, np.array([1e6, 1e10]))
    assert math.isnan(found[0])
    assert loss_of(1e10, found[1] / 6e10) == pytest.approx(2.2, rel=1e-12)


def test_least_compute_inverts_the_optimum(curves):
    """The least compute of the optimum's loss is its budget; below the irreducible loss it is infinite."""
    loss = curves.optimum(CONSTANTS, BUDGET)[2]
    assert float(curves.least_compute(CONSTANTS, loss)) == pytest.approx(BUDGET, rel=1e-9)
    assert math.isinf(curves.least_compute(CONSTANTS, 1.69))
    assert math.isinf(curves.least_compute(CONSTANTS, 1.5))


def test_a_wrong_size_costs_loss_and_compute(scale, curves):
    """Half and twice the optimal size raise the loss, by as much as a smaller budget would."""
    N = scale.source.optimum(1)[0]
    best = loss_of(N, BUDGET / 6 / N)
    for factor in (HALF, TWICE):
        stake = scale.wrong_size(1, factor)
        assert stake is not None
        reached = loss_of(factor * N, BUDGET / 6 / N / factor)
        assert stake.loss == pytest.approx(reached - best, rel=1e-9)
        smaller = curves.optimum(CONSTANTS, BUDGET * (1 - stake.compute))[2]
        assert float(smaller) == pytest.approx(reached, rel=1e-12)


def test_caps_cost_what_the_same_budget_would_reach(scale):
    """A cap's cost is the loss above the free optimum; without a binding cap there is none."""
    assert scale.caps(1) is None
    stake = scale.caps(2)
    assert stake.loss == pytest.approx(2.1993438733732154 - 2.138614084502857, rel=1e-9)
    assert 0 < stake.compute < 1


def test_for_a_target_caps_cost_compute(solve_text):
    """With the loss given, a cap costs compute on top."""
    source = solve_text("targets")
    stake = Scale(source, compile_curves(source.derivation)).caps(1)
    assert stake is not None
    assert stake.loss == 0
    assert 1 + stake.compute == pytest.approx(9.2, rel=0.01)
