"""The optimum against mathematics that shares nothing with the engine: 50 digits, certified by the KKT conditions."""

from collections import Counter
from functools import cache
from typing import NamedTuple

import mpmath
import numpy as np
import pytest
from mpmath import mpf

from flopsheet import api
from flopsheet.model.cell import BEYOND_REACH

DIGITS = 50
TOLERANCE = 1e-12
LETTERS = """\
title: Other letters
law:
  loss: k0 + k1 * P**-p + k2 / Q**q
  cost: c * P**u * Q**w
  decisions: {P: parameters, Q: tokens}
  constants: {k0: 1.5, k1: 400, k2: 500, p: 0.3, q: 0.35, c: 4, u: 1.2, w: 0.9}
"""
LAWS = {
    "hoffmann": "title: Hoffmann\nlaw: hoffmann_2022\n",
    "kaplan": "title: Kaplan\nlaw: kaplan_2020\n",
    "letters": LETTERS,
}
DECISIONS = {"hoffmann": ("N", "D"), "kaplan": ("N", "D"), "letters": ("P", "Q")}
BUDGET = "budget: {compute: 1e22 FLOP}\n"
TARGET = "objective: minimize compute\ntarget: {loss: 2}\n"


class Problem(NamedTuple):
    """One allocation problem; an absent cap is infinite."""

    law: str
    constants: dict[str, float]
    amount: float
    cap_x: float = np.inf
    cap_y: float = np.inf


class Optimum(NamedTuple):
    """Decisions, loss, cost and the multipliers of budget and caps, at 50 digits."""

    x: mpf
    y: mpf
    loss: mpf
    cost: mpf
    budget: mpf
    on_x: mpf
    on_y: mpf

    @property
    def regime(self):
        """Which limits bind."""
        named = (("x", self.on_x), ("y", self.on_y), ("budget", self.budget))
        return "+".join(name for name, multiplier in named if multiplier > 0)


class Law:
    """A law at 50 digits: its loss, its cost, what either decision gains, and its free optimum."""

    def __init__(self, law, constants):
        self.law = law
        self.k = {name: mpf(value) for name, value in constants.items()}
        # d ln(cost) / d ln(decision): the product forms used here have constant ones.
        self.shares = (self.k["u"], self.k["w"]) if law == "letters" else (mpf(1), mpf(1))
        self.factor = self.k["c"] if law == "letters" else mpf(6)

    def terms(self, x, y):
        """The two falling parts of the loss."""
        k = self.k
        if self.law == "kaplan":
            return (k["N_c"] / x) ** (k["alpha_N"] / k["alpha_D"]), k["D_c"] / y
        names = ("k1", "p", "k2", "q") if self.law == "letters" else ("A", "alpha", "B", "beta")
        a, alpha, b, beta = (k[name] for name in names)
        return a * x**-alpha, b * y**-beta

    @property
    def slopes(self):
        """-d ln(term) / d ln(decision)."""
        k = self.k
        if self.law == "kaplan":
            return k["alpha_N"] / k["alpha_D"], mpf(1)
        return (k["p"], k["q"]) if self.law == "letters" else (k["alpha"], k["beta"])

    @property
    def floor(self):
        """The loss that no resources go below."""
        return {"kaplan": mpf(0), "letters": self.k.get("k0"), "hoffmann": self.k.get("E")}[self.law]

    def loss(self, x, y):
        """The loss at a point."""
        total = sum(self.terms(x, y))
        return total ** self.k["alpha_D"] if self.law == "kaplan" else self.floor + total

    def gains(self, x, y):
        """-dL/d ln(decision)."""
        first, second = self.terms(x, y)
        outer = self.k["alpha_D"] * (first + second) ** (self.k["alpha_D"] - 1) if self.law == "kaplan" else 1
        return outer * self.slopes[0] * first, outer * self.slopes[1] * second

    def cost(self, x, y):
        """The cost at a point."""
        return self.factor * x ** self.shares[0] * y ** self.shares[1]

    def other(self, x, amount):
        """The second decision where the budget is spent."""
        return (amount / self.factor / x ** self.shares[0]) ** (1 / self.shares[1])

    def free(self, amount):
        """The first decision where only the budget binds: stationarity is linear in the logarithms."""
        (a, b), (u, w) = self.slopes, self.shares
        one = mpmath.log(a * self.terms(mpf(1), mpf(1))[0] / u)
        two = mpmath.log(b * self.terms(mpf(1), mpf(1))[1] / w)
        # one - a ln x = two - b ln y and u ln x + w ln y = ln(amount / factor)
        budget = mpmath.log(amount / self.factor)
        return mpmath.exp((w * (one - two) + b * budget) / (a * w + b * u))

    def free_at_loss(self, level):
        """Both decisions where a loss is reached at the least cost."""
        (a, b), (u, w) = self.slopes, self.shares
        total = level ** (1 / self.k["alpha_D"]) if self.law == "kaplan" else level - self.floor
        # a first / u = b second / w and first + second = total
        first = total / (1 + a * w / (u * b))
        ones = self.terms(mpf(1), mpf(1))
        return (ones[0] / first) ** (1 / a), (ones[1] / (total - first)) ** (1 / b)


def solve(problem):
    """The optimum of a budget under caps; AssertionError where it is not certified by the KKT conditions."""
    law = Law(problem.law, problem.constants)
    amount, cap_x, cap_y = mpf(problem.amount), mpf(problem.cap_x), mpf(problem.cap_y)
    zero = mpf(0)
    if mpmath.isfinite(cap_x) and mpmath.isfinite(cap_y) and law.cost(cap_x, cap_y) <= amount:
        x, y = cap_x, cap_y
        budget, (on_x, on_y) = zero, law.gains(x, y)
    else:
        x = min(law.free(amount), cap_x)
        y = min(law.other(x, amount), cap_y)
        if y == cap_y:
            # The budget is spent, so the first decision takes what the capped one leaves.
            x = (amount / law.factor / y ** law.shares[1]) ** (1 / law.shares[0])
        gains = law.gains(x, y)
        budget = gains[1] / law.shares[1] if x == cap_x else gains[0] / law.shares[0]
        on_x = gains[0] - budget * law.shares[0] if x == cap_x else zero
        on_y = gains[1] - budget * law.shares[1] if y == cap_y else zero
    certify(law, Optimum(x, y, law.loss(x, y), law.cost(x, y), budget, on_x, on_y), amount, (cap_x, cap_y))
    return Optimum(x, y, law.loss(x, y), law.cost(x, y), budget, on_x, on_y)


def certify(law, found, amount, caps):
    """Feasible, stationary, multipliers not negative, slack times multiplier zero: in a convex problem the optimum."""
    tiny = mpf(10) ** (5 - DIGITS)
    assert found.x <= caps[0]
    assert found.y <= caps[1]
    assert found.cost <= amount * (1 + tiny)
    assert min(found.budget, found.on_x, found.on_y) >= 0
    assert found.budget * abs(1 - found.cost / amount) <= tiny * found.budget
    assert found.on_x == 0 or found.x == caps[0]
    assert found.on_y == 0 or found.y == caps[1]
    for gain, share, on in zip(law.gains(found.x, found.y), law.shares, (found.on_x, found.on_y), strict=True):
        assert abs(gain - found.budget * share - on) <= tiny * gain


@cache
def compiled(law, objective, folder):
    """The plan of a law as a numpy function."""
    path = folder / f"{law}_{objective[:2]}.yaml"
    path.write_text(LAWS[law] + objective, encoding="utf-8")
    return api.compile_plan(path)


@pytest.fixture(scope="module")
def evaluate(tmp_path_factory):
    """A function that evaluates problems of one law all at once."""
    folder = tmp_path_factory.mktemp("plans")

    def run(problems, outputs, objective=BUDGET):
        law = problems[0].law
        key = "budget.compute" if objective == BUDGET else "target.loss"
        values = {key: np.array([problem.amount for problem in problems])}
        for limit, caps in (
            ("caps.parameters", [problem.cap_x for problem in problems]),
            ("caps.tokens", [problem.cap_y for problem in problems]),
        ):
            values[limit] = np.minimum(caps, BEYOND_REACH)
        for name in problems[0].constants:
            values[f"constants.{name}"] = np.array([problem.constants[name] for problem in problems])
        return compiled(law, objective, folder).evaluate(values, outputs)

    return run


def random_constants(law, random):
    """Constants of a law, over more than any published one spans."""
    exponent = lambda: float(random.uniform(0.05, 1.2))  # noqa: E731 - one word for one thing
    scale = lambda low, high: float(10 ** random.uniform(low, high))  # noqa: E731 - the same
    if law == "kaplan":
        return {"N_c": scale(10, 16), "D_c": scale(10, 16), "alpha_N": exponent(), "alpha_D": exponent()}
    values = [float(random.uniform(0, 3)), scale(0, 4), scale(0, 4), exponent(), exponent()]
    if law == "hoffmann":
        return dict(zip(("E", "A", "B", "alpha", "beta"), values, strict=True))
    named = dict(zip(("k0", "k1", "k2", "p", "q"), values, strict=True))
    return named | {"c": scale(0, 1), "u": float(random.uniform(0.5, 2)), "w": float(random.uniform(0.5, 2))}


def random_problems(law, count, seed, least=1e-3):
    """Problems in every regime: each cap absent, slack or binding, the budget left over or spent."""
    random = np.random.default_rng(seed)
    problems: list[object] = []
    while len(problems) < count:
        constants = random_constants(law, random)
        amount = float(10 ** random.uniform(15, 30))
        with mpmath.workdps(DIGITS):
            at = Law(law, constants)
            x = at.free(mpf(amount))
            y = at.other(x, mpf(amount))
        if not (1 <= x <= mpf(10) ** 30 and 1 <= y <= mpf(10) ** 30):
            continue
        above = lambda: 10 ** random.uniform(least, 4)  # noqa: E731 - a factor above one
        kind = random.choice(("free", "slack", "x", "y", "x of two", "y of two", "both"))
        caps = {
            "free": (np.inf, np.inf),
            "slack": (float(x) * above(), float(y) * above()),
            "x": (float(x) / above(), np.inf),
            "y": (np.inf, float(y) / above()),
            "x of two": (float(x) / above(), np.inf),
            "y of two": (float(x) * 1e9, float(y) / above()),
            "both": (float(x) / above(), float(y) / above()),
        }[str(kind)]
        if kind == "x of two":
            caps = (caps[0], float(at.other(mpf(caps[0]), mpf(amount))) * above())
        elif kind == "y of two":
            caps = (
                float((mpf(amount) / at.factor / mpf(caps[1]) ** at.shares[1]) ** (1 / at.shares[0])) * above(),
                caps[1],
            )
        problems.append(Problem(law, constants, amount, *caps))
    return problems


def worst(found, expected):
    """The largest relative difference of an array of doubles from 50-digit numbers."""
    return max(
        float(abs(mpf(float(a)) - b) / abs(b)) if b else abs(float(a)) for a, b in zip(found, expected, strict=True)
    )


@pytest.mark.slow
@pytest.mark.parametrize(("law", "count"), [("hoffmann", 4000), ("kaplan", 3000), ("letters", 3000)])
def test_optimum_is_right_to_1e_12(law, count, evaluate, record_property):
    """N, D and L of 10,000 random problems in every regime are within 1e-12 of 50 digits, and so is the regime."""
    problems = random_problems(law, count, seed=count)
    x, y = DECISIONS[law]
    names = (f"{x}_opt", f"{y}_opt", "L_opt", "binds_parameters", "binds_tokens", "binds_compute")
    found = evaluate(problems, names)
    with mpmath.workdps(DIGITS):
        exact = [solve(problem) for problem in problems]
        errors = {
            name: worst(found[name], [getattr(optimum, part) for optimum in exact])
            for name, part in zip(names[:3], ("x", "y", "loss"), strict=True)
        }
    record_property("worst", errors)
    print(law, {name: f"{error:.2g}" for name, error in errors.items()})  # noqa: T201 - shown with -s
    flags = np.array([found[name] for name in names[3:]]).T
    regimes = ["+".join(np.array(["x", "y", "budget"])[row == 1]) for row in flags]
    assert regimes == [optimum.regime for optimum in exact]
    counts = Counter(regimes)
    assert set(counts) == {"budget", "x+budget", "y+budget", "x+y"}
    assert min(counts.values()) > count / 15
    assert max(errors.values()) <= TOLERANCE


@pytest.mark.parametrize("law", list(LAWS))
def test_shadow_prices_are_finite_differences(law, evaluate):
    """The price of each limit is 0.01 dL/d ln(limit), by re-solving at 50 digits with the limit moved by 1e-15."""
    problems = random_problems(law, 100, seed=7, least=0.05)
    x, y = DECISIONS[law]
    limits = {"compute": "amount", "parameters": "cap_x", "tokens": "cap_y"}
    found = evaluate(problems, [f"price_{name}" for name in limits] + [f"gain_{x}", f"gain_{y}"])
    regimes = set()
    with mpmath.workdps(DIGITS + 10):
        step = mpf(10) ** -15
        for index, problem in enumerate(problems):
            regimes.add(solve(problem).regime)
            size = found[f"gain_{x}"][index] + found[f"gain_{y}"][index]
            for name, part in limits.items():
                limit = getattr(problem, part)
                price = found[f"price_{name}"][index]
                if np.isinf(limit):
                    assert price == 0
                    continue
                moved = [solve(problem._replace(**{part: mpf(limit) * (1 + sign * step)})).loss for sign in (1, -1)]
                slope = (moved[0] - moved[1]) / (2 * step) / 100
                assert price <= 0
                assert (price == 0) == (abs(slope) < mpf(10) ** -40 * size)
                assert abs(price - slope) <= 1e-12 * size
    assert len(regimes) == 4


def random_targets(law, count):
    """Losses to reach under caps: free, one cap binding, or excluded by a cap."""
    random = np.random.default_rng(11)
    problems: list[object] = []
    while len(problems) < count:
        constants = random_constants(law, random)
        exponents = {"alpha", "beta", "p", "q", "alpha_N", "alpha_D"}
        constants |= {name: value + 0.2 for name, value in constants.items() if name in exponents}
        at = Law(law, constants)
        level = float(at.floor + mpf(10) ** random.uniform(-1.5, 0.5))
        x, y = at.free_at_loss(mpf(level))
        if not (1 <= x <= mpf(10) ** 25 and 1 <= y <= mpf(10) ** 25):
            continue
        factor = 10 ** random.uniform(0.02, 0.2)
        kind = random.choice(("free", "slack", "x", "y", "excluded"))
        caps = {
            "free": (np.inf, np.inf),
            "slack": (float(x) * factor, float(y) * factor),
            "x": (float(x) / factor, np.inf),
            "y": (np.inf, float(y) / factor),
            "excluded": (float(x) / factor**4, float(y) / factor**4),
        }[str(kind)]
        problems.append(Problem(law, constants, level, *caps))
    return problems


def cheapest(problem):
    """The cheapest decisions that reach a loss under caps, or None where the caps exclude it."""
    law = Law(problem.law, problem.constants)
    level = mpf(problem.amount)
    x, y = law.free_at_loss(level)
    total = level ** (1 / law.k["alpha_D"]) if law.law == "kaplan" else level - law.floor
    ones = law.terms(mpf(1), mpf(1))
    if x > problem.cap_x or y > problem.cap_y:
        capped = 0 if x > problem.cap_x else 1
        cap = mpf((problem.cap_x, problem.cap_y)[capped])
        left = total - law.terms(cap, cap)[capped]
        if left <= 0:
            return None
        rest = (ones[1 - capped] / left) ** (1 / law.slopes[1 - capped])
        if rest > (problem.cap_x, problem.cap_y)[1 - capped]:
            return None
        x, y = (cap, rest) if capped == 0 else (rest, cap)
    assert abs(law.loss(x, y) / level - 1) < mpf(10) ** (5 - DIGITS)
    return x, y


@pytest.mark.parametrize(("law", "count"), [("hoffmann", 400), ("kaplan", 300), ("letters", 300)])
def test_least_compute_for_a_loss_is_right(law, count, evaluate):
    """The cheapest way to 1,000 random losses is within 1e-12, infeasible exactly where caps exclude it."""
    with mpmath.workdps(DIGITS):
        problems = random_targets(law, count)
        exact = [cheapest(problem) for problem in problems]
    x, y = DECISIONS[law]
    found = evaluate(problems, (f"{x}_opt", f"{y}_opt", "C_total", "L_opt", "plan_status"), TARGET)
    excluded = np.array([optimum is None for optimum in exact])
    assert 0 < excluded.sum() < count / 2
    assert (found["plan_status"] == np.where(excluded, 2, 0)).all()
    assert np.isnan(found["C_total"][excluded]).all()
    kept = [(problem, optimum) for problem, optimum in zip(problems, exact, strict=True) if optimum is not None]
    with mpmath.workdps(DIGITS):
        costs = [Law(law, problem.constants).cost(*optimum) for problem, optimum in kept]
        errors = {
            "x": worst(found[f"{x}_opt"][~excluded], [optimum[0] for _, optimum in kept]),
            "y": worst(found[f"{y}_opt"][~excluded], [optimum[1] for _, optimum in kept]),
            "cost": worst(found["C_total"][~excluded], costs),
            "loss": worst(found["L_opt"][~excluded], [mpf(problem.amount) for problem, _ in kept]),
        }
    print(law, {name: f"{error:.2g}" for name, error in errors.items()})  # noqa: T201 - shown with -s
    assert max(errors.values()) <= TOLERANCE


@pytest.mark.parametrize("law", list(LAWS))
def test_inverse_round_trip(law, evaluate):
    """What a budget reaches under slack caps costs that budget as a target, with the same decisions."""
    steep = {"alpha", "beta", "p", "q"}
    problems = [
        problem
        for problem in random_problems(law, 400, seed=13)
        if np.isinf(problem.cap_x)
        and np.isinf(problem.cap_y)
        and all(value >= 0.2 for name, value in problem.constants.items() if name in steep)
    ]
    x, y = DECISIONS[law]
    there = evaluate(problems, (f"{x}_opt", f"{y}_opt", "L_opt"))
    floors = np.array([problem.constants.get("E", problem.constants.get("k0", 0.0)) for problem in problems])
    # A loss that is nearly all floor has lost the digits that the way back needs.
    usable = there["L_opt"] - floors > 0.01
    assert usable.sum() > 10
    chosen = [problem for problem, use in zip(problems, usable, strict=True) if use]
    targets = [p._replace(amount=float(loss)) for p, loss in zip(chosen, there["L_opt"][usable], strict=True)]
    back = evaluate(targets, (f"{x}_opt", f"{y}_opt", "C_total"), TARGET)
    assert back["C_total"] == pytest.approx([problem.amount for problem in chosen], rel=1e-10)
    assert back[f"{x}_opt"] == pytest.approx(there[f"{x}_opt"][usable], rel=1e-10)
    assert back[f"{y}_opt"] == pytest.approx(there[f"{y}_opt"][usable], rel=1e-10)
