"""Optima without a closed form, against a Newton step in 50 digits on equations that share nothing with the engine."""

import os
from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import mpmath
import numpy as np
import pytest
import sympy as sp
from mpmath import mpf

from flopsheet import api

DIGITS = 50
TOLERANCE = 1e-12
PROBLEMS = 10_000
TARGETS = 4_000
REPEATED = 1_000
# A root within a root takes a hundred times as long: so many always, all of them with WHOLE_RUN set.
NESTED = 200
WHOLE_RUN = bool(os.environ.get("WHOLE_RUN"))
# How far the other points of a budget may lie below the optimum found: the rounding of a loss.
ROUNDING = 1e-13
BUDGET = "budget: {compute: 1e22 FLOP}\n"
TARGET = "objective: minimize compute\ntarget: {loss: 2}\n"
EXPONENTS = ("alpha", "beta", "gamma")


class Form(NamedTuple):
    """A law: loss, cost, its constants over their ranges, and D where N spends a budget.

    A range of an exponent or of E is even, any other one is even in its logarithm.
    """

    loss: str
    cost: str
    constants: dict[str, tuple[float, float]]
    rest: Callable[..., object]


PLAIN = {"E": (0, 3), "A": (1, 1e4), "B": (1, 1e4), "alpha": (0.05, 1.2), "beta": (0.05, 1.2)}
CHINCHILLA = "E + A / N**alpha + B / D**beta"


def product_rest(N, C, _):
    """D of the cost 6 N D."""
    return C / 6 / N


def bisect_tokens(cost, C, N):
    """D at which a rising cost is C, by plain halving of its logarithm."""
    low = np.full(np.broadcast_shapes(np.shape(C), np.shape(N)), -20.0)
    high = low + 100
    for _ in range(60):
        middle = (low + high) / 2
        over = cost(np.exp(middle)) > C
        low, high = np.where(over, low, middle), np.where(over, middle, high)
    return np.where(low > -20, np.exp(low), np.nan)


FORMS = {
    "sum of costs": Form(CHINCHILLA, "6 * N + 7 * D", PLAIN, lambda N, C, _: (C - 6 * N) / 7),
    "inference": Form(
        CHINCHILLA,
        "6 * N * D + 2 * N * I",
        PLAIN | {"I": (1e6, 1e14)},
        lambda N, C, k: (C / N - 2 * k["I"]) / 6,
    ),
    "cross term": Form(
        f"{CHINCHILLA} + K / (N**alpha * D**gamma)",
        "6 * N * D",
        PLAIN | {"K": (1, 1e4), "gamma": (0.05, 1.2)},
        product_rest,
    ),
    "product of sums": Form(
        "(E + A / N**alpha) * (1 + B / D**beta)", "6 * N * D", PLAIN | {"E": (0.5, 3)}, product_rest
    ),
    "saturating": Form(
        "E + A / (1 + N / N_0)**alpha + B / (1 + D / D_0)**beta",
        "6 * N * D",
        PLAIN | {"A": (0.5, 20), "B": (0.5, 20), "N_0": (1e2, 1e5), "D_0": (1e2, 1e6)},
        product_rest,
    ),
    # Solved for neither decision: each is a root over the other.
    "entangled cost": Form(
        CHINCHILLA,
        "6 * N * D + V * N**(1/2) * D**(3/2) + W * N**(13/10)",
        PLAIN | {"V": (0.1, 100), "W": (0.1, 100)},
        lambda N, C, k: bisect_tokens(lambda D: 6 * N * D + k["V"] * N**0.5 * D**1.5 + k["W"] * N**1.3, C, N),
    ),
    # Krajewski et al. 2024: blocks n_b = (N / (12 * 64**2))**(1/3) of width d = 64 n_b, experts G-fold finer.
    "krajewski": Form(
        "E + (g / G**gamma + A) / N**alpha + B / D**beta",
        "(12 * (64 * (N / 49152)**(1/3))**2 * f + 64 * (N / 49152)**(1/3) * X * G * r) * D * (N / 49152)**(1/3)",
        PLAIN | {"g": (0.1, 100), "gamma": (0.1, 1.2), "G": (1, 64), "f": (3, 12), "r": (1, 30), "X": (4, 128)},
        lambda N, C, k: C / (12 * 4096 * k["f"] * (N / 49152) + 64 * k["X"] * k["G"] * k["r"] * (N / 49152) ** (2 / 3)),
    ),
}


class Equations:
    """Two equations in n = ln N and d = ln D that vanish at an optimum, and their slopes."""

    def __init__(self, loss, cost, level):
        """`level` is the cost in a budget, the loss in a target: either expression over N, D and constants."""
        n, d, amount = sp.symbols("n d amount", real=True)
        N, D = sp.Symbol("N", positive=True), sp.Symbol("D", positive=True)
        loss, cost, level = (part.subs({N: sp.exp(n), D: sp.exp(d)}) for part in (loss, cost, level))
        gains = [sp.diff(loss, z) for z in (n, d)]
        costs = [sp.diff(cost, z) for z in (n, d)]
        equations = [level / amount - 1, gains[0] * costs[1] / (gains[1] * costs[0]) - 1]
        self.names = sorted((loss + cost).free_symbols - {n, d}, key=lambda symbol: symbol.name)
        symbols = [n, d, amount, *self.names]
        self._exact = sp.lambdify(symbols, equations, modules="mpmath", cse=True)
        slopes = [sp.diff(equation, z) for equation in equations for z in (n, d)]
        self._slopes = sp.lambdify(symbols, slopes, modules="numpy", cse=True)

    def errors(self, N, D, amount, constants):
        """Relative distance of N and D from the optimum: one Newton step, its right side in 50 digits.

        The slopes are needed to a few digits only, since the step is itself a few units of the last place.
        """
        rows = [np.broadcast_to(constants[symbol.name], N.shape) for symbol in self.names]
        with mpmath.workdps(DIGITS):
            right = [
                self._exact(mpmath.log(mpf(x)), mpmath.log(mpf(y)), *map(mpf, others))
                for x, y, *others in zip(*(row.tolist() for row in (N, D, amount, *rows)), strict=True)
            ]
        f, g = np.array(right, dtype=float).T
        a, b, c, e = (np.broadcast_to(slope, N.shape) for slope in self._slopes(np.log(N), np.log(D), amount, *rows))
        determinant = a * e - b * c
        return np.abs((e * f - b * g) / determinant), np.abs((a * g - c * f) / determinant)


@cache
def equations(name, mode):
    """The equations of a form for a budget or a target."""
    form = FORMS[name]
    known = {letter: sp.Symbol(letter, positive=True) for letter in (*form.constants, "N", "D")}
    # Rational: 1/3 is the third, not its double.
    loss, cost = (sp.sympify(text, locals=known, rational=True) for text in (form.loss, form.cost))
    return Equations(loss, cost, cost if mode == BUDGET else loss)


@cache
def compiled(name, mode, folder):
    """The plan of a form as a numpy function."""
    form = FORMS[name]
    path = folder / f"{list(FORMS).index(name)}_{mode[:2]}.yaml"
    constants = ", ".join(f"{letter}: {(low + high) / 2}" for letter, (low, high) in form.constants.items())
    path.write_text(
        f"title: {name}\nlaw:\n  loss: {form.loss}\n  cost: {form.cost}\n"
        f"  decisions: {{N: parameters, D: tokens}}\n  constants: {{{constants}}}\n{mode}",
        encoding="utf-8",
    )
    return api.compile_plan(path)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Where the plans stand."""
    return tmp_path_factory.mktemp("plans")


def random_constants(form, count, random):
    """Constants over their ranges, an array for each."""
    return {
        name: random.uniform(low, high, count) if name == "E" or name in EXPONENTS
        else 10 ** random.uniform(np.log10(low), np.log10(high), count)
        for name, (low, high) in form.constants.items()
    }  # fmt: skip


def loss_of(form, N, D, k):
    """The loss by the law's own text, in doubles."""
    return eval(form.loss, {"__builtins__": {}}, {**k, "N": N, "D": D})  # noqa: S307 - the texts above


def reachable(N, D):
    """Where both decisions are sizes that somebody might plan."""
    return (N >= 1) & (N <= 1e30) & (D >= 1) & (D <= 1e30)


def random_problems(name, count, folder, seed):
    """Constants, budgets from 1e15 to 1e30 and the optima found; those outside of 1 to 1e30 are drawn again."""
    form = FORMS[name]
    random = np.random.default_rng(seed)
    kept, missing = [], count
    while missing > 0:
        k = random_constants(form, 2 * missing, random)
        C = 10 ** random.uniform(15, 30, 2 * missing)
        found = compiled(name, BUDGET, folder).evaluate(
            {"budget.compute": C} | {f"constants.{key}": value for key, value in k.items()}, ("N_opt", "D_opt")
        )
        # Failure is a number that is none, and must not be drawn again.
        again = ~reachable(found["N_opt"], found["D_opt"]) & np.isfinite(found["N_opt"] + found["D_opt"])
        part = {**k, "C": C, "N": found["N_opt"], "D": found["D_opt"]}
        kept.append({key: value[~again][:missing] for key, value in part.items()})
        missing -= len(kept[-1]["C"])
    return {key: np.concatenate([part[key] for part in kept]) for key in kept[0]}


def is_best(form, problems):
    """Whether no point of a budget has a smaller loss: N from 1e-12 to 1e12 times the optimum's."""
    factors = np.concatenate([10.0 ** np.linspace(-12, 12, 241), 1 + np.array([-0.05, -0.01, 0.01, 0.05])])
    k = {key: value[:, None] for key, value in problems.items()}
    best = loss_of(form, problems["N"], problems["D"], problems)
    N = k["N"] * factors
    with np.errstate(all="ignore"):
        D = form.rest(N, k["C"], k)
        losses = loss_of(form, N, D, k)
    # Decisions are sought from 1e-6 on.
    least = np.where((D >= 1e-6) & (N >= 1e-6), losses, np.inf).min(axis=1)
    return least >= best * (1 - ROUNDING)


@pytest.mark.slow
@pytest.mark.parametrize("name", list(FORMS))
def test_optimum_is_right_to_1e_12(name, folder, record_property):
    """N and D of 10,000 random problems are within 1e-12 of the stationary point, and no other point is better."""
    count = NESTED if name == "entangled cost" and not WHOLE_RUN else PROBLEMS
    problems = random_problems(name, count, folder, seed=1)
    errors = equations(name, BUDGET).errors(problems["N"], problems["D"], problems["C"], problems)
    worst = {z: float(np.max(error)) for z, error in zip("ND", errors, strict=True)}
    record_property("worst", worst)
    print(name, {z: f"{error:.2g}" for z, error in worst.items()})  # noqa: T201 - shown with -s
    assert len(problems["C"]) == count
    assert np.log10(problems["C"]).min() < 16
    assert np.log10(problems["C"]).max() > 29
    assert max(worst.values()) <= TOLERANCE
    assert is_best(FORMS[name], problems).all()


@pytest.mark.slow
@pytest.mark.parametrize("name", list(FORMS))
def test_least_compute_is_right_to_1e_12(name, folder, record_property):
    """N and D of the cheapest way to a thousand and more random losses are within 1e-12 of the stationary point."""
    form = FORMS[name]
    count = NESTED if name in {"cross term", "entangled cost"} and not WHOLE_RUN else TARGETS
    problems = random_problems(name, count, folder, seed=2)
    target = loss_of(form, problems["N"], problems["D"], problems)
    floor = loss_of(form, np.inf, np.inf, problems)
    # A loss that is all floor, or that no decision moves, has lost the digits that say where it is reached.
    moves = [
        1 - loss_of(form, problems["N"] * more_N, problems["D"] * more_D, problems) / target
        for more_N, more_D in ((1.01, 1), (1, 1.01))
    ]
    steep = (target - floor > 1e-3 * target) & (np.maximum(*moves) > 1e-5)
    problems = {key: value[steep] for key, value in problems.items()} | {"target": target[steep]}
    found = compiled(name, TARGET, folder).evaluate(
        {"target.loss": problems["target"]} | {f"constants.{key}": problems[key] for key in form.constants},
        ("N_opt", "D_opt"),
    )
    errors = equations(name, TARGET).errors(found["N_opt"], found["D_opt"], problems["target"], problems)
    worst = {z: float(np.max(error)) for z, error in zip("ND", errors, strict=True)}
    record_property("worst", worst)
    print(name, len(problems["target"]), {z: f"{error:.2g}" for z, error in worst.items()})  # noqa: T201 - the same
    assert len(problems["target"]) > count / 5
    assert max(worst.values()) <= TOLERANCE


MUENNIGHOFF = ("A", "B", "alpha", "beta", "R_D", "R_N", "E")


def repeated(tokens_repeat, size_exceeds):
    """Loss and cost of Muennighoff et al. 2023 where tokens are repeated or not, and sizes exceed the best or not."""
    known = {letter: sp.Symbol(letter, positive=True) for letter in (*MUENNIGHOFF, "N", "D", "U")}
    A, B, alpha, beta, R_D, R_N, E, N, D, U = known.values()
    unique = U if tokens_repeat else D
    G = (alpha * A / (beta * B)) ** (1 / (alpha + beta))
    size = G * (unique * G) ** (beta / alpha) if size_exceeds else N
    tokens = unique * (1 + R_D * (1 - sp.exp(-(D / unique - 1) / R_D)))
    sizes = size * (1 + R_N * (1 - sp.exp(-(N / size - 1) / R_N)))
    return E + A / sizes**alpha + B / tokens**beta, 6 * N * D


@pytest.mark.slow
def test_optimum_under_repetition_is_right_to_1e_12(folder, record_property):
    """N and D of 1,000 problems with few or many unique tokens are within 1e-12, in each regime of repetition.

    1,000 and not 10,000: this law's whole range is looked at for each point, since it may have several optima.
    """
    path = folder / "repeated.yaml"
    path.write_text(f"title: Repeated\nlaw: muennighoff_2023\n{BUDGET}data: {{unique: 25B}}\n", encoding="utf-8")
    random = np.random.default_rng(3)
    k = {name: random.uniform(0.2, 0.6, REPEATED) for name in ("alpha", "beta")}
    k |= {name: 10 ** random.uniform(1.5, 4, REPEATED) for name in ("A", "B")}
    k |= {name: random.uniform(2, 20, REPEATED) for name in ("R_D", "R_N")} | {"E": random.uniform(0, 3, REPEATED)}
    G = (k["alpha"] * k["A"] / (k["beta"] * k["B"])) ** (1 / (k["alpha"] + k["beta"]))
    C = 10 ** random.uniform(17, 26, REPEATED)
    # From a hundred times fewer unique tokens than would be trained on with new ones to ten times more.
    U = (C / 6) ** (k["alpha"] / (k["alpha"] + k["beta"])) / G * 10 ** random.uniform(-2, 1, REPEATED)
    values = {"budget.compute": C, "data.unique": U} | {f"constants.{key}": value for key, value in k.items()}
    found = api.compile_plan(path).evaluate(values, ("N_opt", "D_opt"))
    N, D = found["N_opt"], found["D_opt"]
    repeats, worst = D > U, {}
    exceeds = G * (np.minimum(D, U) * G) ** (k["beta"] / k["alpha"]) < N
    for tokens, size in ((False, False), (False, True), (True, False), (True, True)):
        here = (repeats == tokens) & (exceeds == size)
        if here.sum() == 0:
            continue
        loss, cost = repeated(tokens, size)
        part = {key: value[here] for key, value in {**k, "U": U}.items()}
        errors = Equations(loss, cost, cost).errors(N[here], D[here], C[here], part)
        worst[tokens, size] = (int(here.sum()), *(float(np.max(error)) for error in errors))
    record_property("worst", worst)
    print(worst)  # noqa: T201 - shown with -s
    assert np.isfinite(N + D).all()
    assert repeats.sum() > REPEATED / 2
    assert (~repeats).sum() > REPEATED / 10
    assert max(max(errors) for _, *errors in worst.values()) <= TOLERANCE
