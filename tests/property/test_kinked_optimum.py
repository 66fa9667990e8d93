"""Optima of laws with kinks at random constants and budgets: no point of a dense grid of a budget is better."""

import numpy as np
import pytest

from flopsheet import api

# The same laws again and again, which one process derives once.
pytestmark = pytest.mark.xdist_group("kinked_optimum")

PROBLEMS = 400
NODES = 3001
ROUNDING = 1e-13
# Of each constant the range over which it is drawn: exponents and E evenly, others evenly in their logarithm.
RANGES = {
    "E": (0.1, 3),
    "A": (1, 4),
    "B": (1, 4),
    "alpha": (0.1, 0.9),
    "beta": (0.1, 0.9),
    "G": (0, 2.5),
    "H": (0, 2.5),
}
EVEN = {"E", "alpha", "beta"}
LOSSES = {
    "the larger of two": "E + max(A/N**alpha, B/D**beta)",
    "the larger of two and more": "E + max(A/N**alpha, B/D**beta) + G/D**beta + H/N**alpha",
    "up to two sizes": "E + A/min(N, 1e8*G)**alpha + B/min(D, 1e9*H)**beta",
    "a ratio": "E + A/N**alpha + B/D**beta + G/1000*abs(log(D/N/H))",
}
# cost, D where N spends a budget, the powers of ten of budgets
COSTS = {
    "a product": ("6*N*D", lambda n, c: c / 6 / n, (16, 26)),
    "a sum": ("6*N + 7*D", lambda n, c: (c - 6 * n) / 7, (9, 15)),
}


def loss_of(text, n, d, constants):
    """The loss by the law's own text, in doubles."""
    names = {"max": np.maximum, "min": np.minimum, "abs": np.abs, "log": np.log, "__builtins__": {}}
    return eval(text, names, {**constants, "N": n, "D": d})  # noqa: S307 - the texts above


@pytest.mark.parametrize("cost", COSTS)
@pytest.mark.parametrize("loss", LOSSES)
def test_no_point_of_a_grid_is_better(loss, cost, tmp_path):
    """Of thousands of points of each budget none has a smaller loss, and no price is above zero."""
    text, (price, rest, powers) = LOSSES[loss], COSTS[cost]
    random = np.random.default_rng(20240611)
    names = [name for name in RANGES if name in EVEN or name in text.replace("max", "")]
    drawn = {name: random.uniform(*RANGES[name], PROBLEMS) for name in names}
    constants = {name: values if name in EVEN else 10**values for name, values in drawn.items()}
    given = ", ".join(f"{name}: {float(values[0])!r}" for name, values in constants.items())
    path = tmp_path / "plan.yaml"
    path.write_text(
        f"title: Kinks\nlaw:\n  loss: {text}\n  cost: {price}\n  decisions: {{N: parameters, D: tokens}}\n"
        f"  constants: {{{given}}}\nbudget: {{compute: 1e21}}\n",
        encoding="utf-8",
    )
    budgets = 10 ** random.uniform(*powers, PROBLEMS)
    inputs = {"budget.compute": budgets} | {f"constants.{name}": values for name, values in constants.items()}
    found = api.compile_plan(path).evaluate(inputs, ("N_opt", "D_opt", "L_opt", "price_compute"))
    assert np.all(np.isfinite(found["L_opt"]))
    assert np.all(found["price_compute"] <= 0)
    own = loss_of(text, found["N_opt"], found["D_opt"], constants)
    assert np.max(np.abs(found["L_opt"] / own - 1)) < ROUNDING
    most = np.log(budgets if cost == "a product" else budgets / 6)[:, None]
    n = np.exp(np.linspace(0, 1, NODES) * most)
    d = rest(n, budgets[:, None])
    with np.errstate(all="ignore"):
        losses = loss_of(text, n, d, {name: values[:, None] for name, values in constants.items()})
    best = np.where((d > 0) & np.isfinite(losses), losses, np.inf).min(axis=1)
    assert np.max(found["L_opt"] / best) <= 1 + ROUNDING
