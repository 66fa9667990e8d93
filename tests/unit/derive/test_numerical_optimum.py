"""Laws without a closed form: the optimum against a plain search that shares nothing with the product."""

import math

import numpy as np
import pytest
import scipy.optimize

from flopsheet import api

# The same laws again and again, which one process derives once.
pytestmark = pytest.mark.xdist_group("numerical_optimum")

CONSTANTS = {"E": 1.69, "A": 406.4, "B": 410.7, "alpha": 0.34, "beta": 0.28}
PLAIN = "E + A/N**alpha + B/D**beta"
# loss, cost, tokens over parameters and budget
CASES = {
    "a sum of costs": (PLAIN, "6*N + 7*D", lambda n, c: (c - 6 * n) / 7),
    "a cost with inference": (PLAIN, "6*N*D + 2*N*1e12", lambda n, c: c / (6 * n) - 1e12 / 3),
    "a product of sums": ("(E + A/N**alpha)*(1 + B/D**beta)", "6*N*D", lambda n, c: c / (6 * n)),
    "an interaction": (f"{PLAIN} + 3/(N**0.1*D**0.2)", "6*N*D", lambda n, c: c / (6 * n)),
    "a logarithm": ("E + A*log(1 + 1/N**0.3) + B/D**beta", "6*N*D", lambda n, c: c / (6 * n)),
    "an exponential": ("E + A*exp(-N/1e9) + B/D**beta", "6*N*D", lambda n, c: c / (6 * n)),
    "u-shaped": (f"{PLAIN} + N/1e12", "6*N*D", lambda n, c: c / (6 * n)),
    "a shifted decision": ("E + A/(N - 1e6)**alpha + B/D**beta", "6*N*D", lambda n, c: c / (6 * n)),
    "an exponent that is a difference": ("E + A/N**(beta - 0.1) + B/D**alpha", "6*N*D", lambda n, c: c / (6 * n)),
    "a cost of powers": (PLAIN, "N**1.5 + N*D", lambda n, c: c / n - n**0.5),
    "a cost with a choice": (PLAIN, "if(N > 1e9, 8, 6)*N*D", lambda n, c: c / (8 if n > 1e9 else 6) / n),
    "a bump": (f"{PLAIN} + 0.3*exp(-(log(N) - 20)**2)", "6*N*D", lambda n, c: c / (6 * n)),
    "a choice of one term": (
        "E + if(N > 1e5, A/N**alpha, 2*A/N**alpha) + B/D**beta",
        "6*N*D",
        lambda n, c: c / (6 * n),
    ),
    "a cost with a difference": (PLAIN, "6*N*D - 7*D", lambda n, c: c / (6 * n - 7)),
    "two minima": (
        "E + 2/(1 + (N/1e7)**4) + 0.5/(1 + (N/1e11)**4) + B/D**beta",
        "6*N*D",
        lambda n, c: c / (6 * n),
    ),
}
FORMULAS = {
    name: eval(  # noqa: S307 - ours
        "lambda N, D, E, A, B, alpha, beta: " + loss.replace("if(", "choose("),
        {"log": math.log, "exp": math.exp, "choose": lambda holds, yes, no: yes if holds else no},
    )
    for name, (loss, _, _) in CASES.items()
}


def solve(tmp_path, loss, cost, rest):
    """The answers of a plan with an inline law."""
    constants = ", ".join(f"{name}: {value}" for name, value in CONSTANTS.items())
    law = f"law:\n  loss: {loss!r}\n  cost: {cost!r}\n  decisions: {{N: parameters, D: tokens}}\n"
    text = f"title: Solved\n{law}  constants: {{{constants}}}\n{rest}"
    path = tmp_path / "plan.yaml"
    path.write_text(text, encoding="utf-8")
    return api.solve_plan(path).answers


def search(value, low, high):
    """The ln N of the least value between two ends: a fine grid, then thirds of the stretch around its best point."""

    def known(n):
        try:
            found = value(math.exp(n))
        except (ValueError, ZeroDivisionError, OverflowError):
            return math.inf
        return found if isinstance(found, float) and math.isfinite(found) else math.inf

    step = (high - low) / 4000
    best = min(range(4001), key=lambda index: known(low + index * step))
    left, right = low + (best - 1) * step, low + (best + 1) * step
    for _ in range(200):
        a, b = left + (right - left) / 3, right - (right - left) / 3
        left, right = (left, b) if known(a) <= known(b) else (a, right)
    return (left + right) / 2


def least(name, budget, most_n=math.inf, most_d=math.inf):
    """N and loss of the best plan of a budget under caps."""
    _, _, tokens = CASES[name]

    def value(n):
        d = tokens(n, budget)
        return FORMULAS[name](n, d, **CONSTANTS) if 0 < d <= most_d and n <= most_n else math.inf

    found = math.exp(search(value, 0.0, min(math.log(budget), math.log(most_n))))
    return found, value(found)


@pytest.mark.parametrize("budget", [1e19, 1e22, 1e25])
@pytest.mark.parametrize("name", CASES)
def test_optimum_is_the_least_loss(name, budget, tmp_path):
    """No size on a fine grid, refined, does better; the optimum spends the budget."""
    loss, cost, tokens = CASES[name]
    (answer,) = solve(tmp_path, loss, cost, f"budget: {{compute: {budget}}}\n")
    assert answer.status == "ok"
    n, d, reached = (answer.results[key].value for key in ("N_opt", "D_opt", "L_opt"))
    best_n, best = least(name, budget)
    assert reached <= best * (1 + 1e-12)
    assert n == pytest.approx(best_n, rel=1e-5)
    assert d == pytest.approx(tokens(n, budget), rel=1e-6)
    assert answer.binding == ("compute",)


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("share", [0.3, 0.9])
def test_caps_leave_the_best_of_what_is_left(name, share, tmp_path):
    """Under a cap on parameters, and under one on tokens, the plan is the best within them."""
    loss, cost, tokens = CASES[name]
    free, _ = least(name, 1e22)
    rest = f"budget: {{compute: 1e22}}\nscenarios:\n  small: {{caps.parameters: {share * free!r}}}\n"
    most = share * tokens(free, 1e22)
    rest += f"  few: {{caps.tokens: {most!r}}}\n  both: {{caps.parameters: {share * free!r}, caps.tokens: 1e9}}\n"
    small, few, both = solve(tmp_path, loss, cost, rest)
    for answer, caps in ((small, {"most_n": share * free}), (few, {"most_d": most})):
        assert answer.status == "ok"
        assert answer.results["L_opt"].value <= least(name, 1e22, **caps)[1] * (1 + 1e-9)
    assert small.results["N_opt"].value <= share * free
    assert few.results["D_opt"].value <= most * (1 + 1e-12)
    assert both.results["N_opt"].value <= share * free
    assert both.results["D_opt"].value <= 1e9


@pytest.mark.parametrize(
    "name", ["a sum of costs", "a cost with inference", "a product of sums", "a logarithm", "an exponential"]
)
def test_least_compute_reaches_the_target(name, tmp_path):
    """What the target costs at least, spent as a budget, reaches the target and no less."""
    loss, cost, _ = CASES[name]
    (cheapest,) = solve(tmp_path, loss, cost, "objective: minimize compute\ntarget: {loss: 2.1}\n")
    spent = cheapest.results["C_total"].value
    (back,) = solve(tmp_path, loss, cost, f"budget: {{compute: {spent!r}}}\n")
    assert back.results["L_opt"].value == pytest.approx(2.1, rel=1e-12)
    assert back.results["N_opt"].value == pytest.approx(cheapest.results["N_opt"].value, rel=1e-9)


# Losses that can be solved for neither decision, with what they cost; a cost that can be solved for neither.
ENTANGLED = {
    "an interaction": (f"{PLAIN} + 3/(N**0.1*D**0.2)", "6*N*D"),
    "a cost of three powers": (PLAIN, "6*N*D + 12*sqrt(N)*D**1.5 + 3*N**1.3"),
    "both": (f"{PLAIN} + 3/(N**0.1*D**0.2)", "6*N*D + 12*sqrt(N)*D**1.5 + 3*N**1.3"),
}


def formula(text):
    """A formula of a law as a plain function of N and D."""
    return eval(f"lambda N, D, E, A, B, alpha, beta: {text}", {"sqrt": math.sqrt})  # noqa: S307 - ours


def polish(objective, equal, level, start):
    """ln N and ln D of the least objective where another formula has a level: scipy's SLSQP, begun anew until still."""

    def value(z):
        return math.log(objective(*np.exp(z), **CONSTANTS))

    def gap(z):
        return math.log(equal(*np.exp(z), **CONSTANTS) / level)

    for _ in range(5):
        found = scipy.optimize.minimize(
            value, start, method="SLSQP", constraints={"type": "eq", "fun": gap}, options={"ftol": 1e-15}
        )
        start = found.x
    assert abs(gap(start)) < 1e-10
    return start, math.exp(value(start))


@pytest.mark.parametrize("name", ENTANGLED)
@pytest.mark.parametrize("level", [1.9, 2.3, 3.0])
def test_least_compute_where_nothing_can_be_solved(name, level, tmp_path):
    """scipy finds no cheaper way to a loss, under caps neither; a cap that excludes the loss is named."""
    loss, cost = ENTANGLED[name]
    target = f"objective: minimize compute\ntarget: {{loss: {level}}}\n"
    (free,) = solve(tmp_path, loss, cost, target)
    n, d, spent = (free.results[key].value for key in ("N_opt", "D_opt", "C_total"))
    best, least_cost = polish(formula(cost), formula(loss), level, [20.0, 25.0])
    assert formula(loss)(n, d, **CONSTANTS) == pytest.approx(level, rel=1e-12)
    assert spent == pytest.approx(formula(cost)(n, d, **CONSTANTS), rel=1e-12)
    assert spent <= least_cost * (1 + 1e-9)
    assert (math.log(n), math.log(d)) == pytest.approx(tuple(best), abs=1e-3)
    caps = f"  small: {{caps.parameters: {n / 2!r}}}\n  few: {{caps.tokens: {d / 2!r}}}\n"
    caps += "  never: {caps.parameters: 1K}\n  floor: {target.loss: 1.69}\n"
    small, few, never, floor = solve(tmp_path, loss, cost, f"{target}scenarios:\n{caps}")
    for answer, (key, most), limit in ((small, ("N_opt", n / 2), "parameters"), (few, ("D_opt", d / 2), "tokens")):
        at = [answer.results[name].value for name in ("N_opt", "D_opt")]
        assert answer.results[key].value == most
        assert answer.binding == (limit,)
        assert formula(loss)(*at, **CONSTANTS) == pytest.approx(level, rel=1e-12)
        assert answer.shadow_prices[limit].value < 0
    assert never.status == "infeasible"
    assert "caps.parameters" in str([finding.message for finding in never.findings])
    assert (floor.status, floor.results["N_opt"].value) == ("ok", math.inf)


@pytest.mark.parametrize("budget", [1e18, 1e22, 1e26])
def test_budget_under_a_cost_that_cannot_be_solved(budget, tmp_path):
    """scipy finds no smaller loss for a budget whose cost can be solved for neither decision."""
    loss, cost = ENTANGLED["both"]
    (answer,) = solve(tmp_path, loss, cost, f"budget: {{compute: {budget}}}\n")
    n, d, reached = (answer.results[key].value for key in ("N_opt", "D_opt", "L_opt"))
    best, least_loss = polish(formula(loss), formula(cost), budget, [math.log(n) + 0.5, math.log(d) - 0.5])
    assert formula(cost)(n, d, **CONSTANTS) == pytest.approx(budget, rel=1e-12)
    assert reached <= least_loss * (1 + 1e-10)
    assert (math.log(n), math.log(d)) == pytest.approx(tuple(best), abs=1e-3)


def repeated_loss(n, d, unique):
    """The loss of Muennighoff et al. 2023, written out by hand."""
    A, B, alpha = 520.8249516599187, 1487.716093782861, 0.3526596
    G = (A / B) ** (1 / (2 * alpha))
    fresh = min(unique, d)
    size = min(fresh * G * G, n)
    tokens = fresh * (1 + 15.387756 * (1 - math.exp(-max(d / fresh - 1, 0) / 15.387756)))
    sizes = size * (1 + 5.309743 * (1 - math.exp(-max(n / size - 1, 0) / 5.309743)))
    return 1.8691436784054858 + A / sizes**alpha + B / tokens**alpha


@pytest.mark.parametrize("unique", [4e9, 25e9])
def test_least_compute_under_repetition(unique, tmp_path):
    """No size on a fine grid, with the tokens that reach the loss, is cheaper under Muennighoff's law."""
    path = tmp_path / "plan.yaml"
    path.write_text(
        f"title: Repeated\nlaw: muennighoff_2023\nobjective: minimize compute\ntarget: {{loss: 2.6}}\n"
        f"data: {{unique: {unique}}}\n",
        encoding="utf-8",
    )
    (answer,) = api.solve_plan(path).answers
    n, d, spent = (answer.results[key].value for key in ("N_opt", "D_opt", "C_total"))
    assert repeated_loss(n, d, unique) == pytest.approx(2.6, rel=1e-12)

    def cost(size):
        low, high = 0.0, 60.0
        if repeated_loss(size, math.exp(high), unique) > 2.6:
            return math.inf
        for _ in range(100):
            middle = (low + high) / 2
            low, high = (middle, high) if repeated_loss(size, math.exp(middle), unique) > 2.6 else (low, middle)
        return 6 * size * math.exp(high)

    best = search(cost, 15.0, 28.0)
    assert spent <= cost(math.exp(best)) * (1 + 1e-12)
    assert math.log(n) == pytest.approx(best, abs=1e-4)


def test_two_minima_are_said_to_be_two(tmp_path):
    """The ledger counts them, and the plan jumps from one to the other as the budget grows."""
    loss, cost, _ = CASES["two minima"]
    constants = ", ".join(f"{name}: {value}" for name, value in CONSTANTS.items())
    law = f"law:\n  loss: {loss!r}\n  cost: {cost!r}\n  decisions: {{N: parameters, D: tokens}}\n"
    path = tmp_path / "plan.yaml"
    path.write_text(f"title: Two\n{law}  constants: {{{constants}}}\nbudget: {{compute: 1e21}}\n", encoding="utf-8")
    (second,) = [p for p in api.solve_plan(path).proofs if p.statement.startswith("second order")]
    assert (second.verdict, second.method) == ("checked", "numeric")
    assert "the best of up to 2 minima" in second.statement
