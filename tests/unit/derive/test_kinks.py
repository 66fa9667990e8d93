"""Optima at kinks, level stretches and laws that saturate, against a search that shares nothing with the product."""

import math

import mpmath
import pytest
import sympy as sp

from flopsheet import api
from flopsheet.derive.kinks import mean_gain
from flopsheet.derive.sample import evaluate_at

# The same laws again and again, which one process derives once.
pytestmark = pytest.mark.xdist_group("kinks")

CONSTANTS = {"E": 1.69, "A": 406.4, "B": 410.7, "alpha": 0.34, "beta": 0.28}
BUDGETS = (1e17, 1e19, 1e21, 3e22, 1e25)
PRODUCT = ("6*N*D", lambda n, c: c / (6 * n))
SUM = ("6*N + 7*D", lambda n, c: (c - 6 * n) / 7)
# loss, cost with tokens over parameters and budget
CASES = {
    "the larger of two terms": ("E + max(A/N**alpha, B/D**beta)", PRODUCT),
    "the larger of two terms under a sum": ("E + max(A/N**alpha, B/D**beta)", SUM),
    "the larger of two terms and more": ("E + max(A/N**alpha, B/D**beta) + 0.1*B/D**beta", PRODUCT),
    "data worth something up to a size": ("E + A/N**alpha + B/min(D, 1e10)**beta", PRODUCT),
    "data worth little beyond a size": ("E + A/N**alpha + B/(min(D, 1e10) + max(0, D - 1e10)/9)**beta", PRODUCT),
    "parameters worth something up to a size": ("E + A/min(N, 1e9)**alpha + B/D**beta", PRODUCT),
    "a choice that goes on level": ("E + if(N < 1e9, A/N**alpha, A/1e9**alpha) + B/D**beta", PRODUCT),
    "a choice of slopes": ("E + if(D < 1e11, B/D**beta, B/1e11**(beta - 0.1)/D**0.1) + A/N**alpha", PRODUCT),
    "a balanced shape": ("E + A*(1/min(N, D/20))**alpha", PRODUCT),
    "a penalty for a ratio": ("E + A/N**alpha + B/D**beta + 0.01*abs(log(D/N/20))", PRODUCT),
    "a penalty for a size": ("E + A/N**alpha + B/D**beta + 0.1*max(0, log(N/1e9))", PRODUCT),
    "a penalty under a sum": ("E + A/N**alpha + B/D**beta + 0.1*max(0, log(N/1e9))", SUM),
    "three terms": ("E + max(A/N**alpha, B/D**beta, 0.5*A/(N*D)**0.15)", PRODUCT),
    "an exponential and a size": ("E + A*exp(-log(N)/3) + B/min(D, 1e11)**beta", PRODUCT),
    "a smooth part only": ("E + log(1 + max(A/N**alpha, 1e-9)) + B/D**beta", PRODUCT),
    "two sizes": ("E + A/min(N, 1e11)**alpha + B/min(D, 1e13)**beta", PRODUCT),
}
FUNCTIONS = {
    "max": max, "min": min, "abs": abs, "log": math.log, "exp": math.exp,
    "choose": lambda holds, yes, no: yes if holds else no,
}  # fmt: skip
FORMULAS = {
    name: eval("lambda N, D, E, A, B, alpha, beta: " + loss.replace("if(", "choose("), FUNCTIONS)  # noqa: S307 - ours
    for name, (loss, _) in CASES.items()
}


def solve(tmp_path, loss, cost, rest):
    """A solved plan with an inline law."""
    given = ", ".join(f"{name}: {value}" for name, value in CONSTANTS.items())
    law = f"law:\n  loss: {loss!r}\n  cost: {cost!r}\n  decisions: {{N: parameters, D: tokens}}\n"
    path = tmp_path / "plan.yaml"
    path.write_text(f"title: Kink\n{law}  constants: {{{given}}}\n{rest}", encoding="utf-8")
    return api.solve_plan(path)


def scenarios(key, values):
    """A scenario for each value of a key."""
    return "scenarios:\n" + "".join(f"  s{at}: {{{key}: {value!r}}}\n" for at, value in enumerate(values))


def search(value, low, high):
    """The ln N of the least value between two ends: a dense grid, then thirds of the stretch around its best point."""

    def known(n):
        try:
            found = value(math.exp(n))
        except (ValueError, ZeroDivisionError, OverflowError):
            return math.inf
        return found if math.isfinite(found) else math.inf

    count = 6000
    step = (high - low) / count
    best = min(range(count + 1), key=lambda index: known(low + index * step))
    left, right = low + (best - 1) * step, low + (best + 1) * step
    for _ in range(200):
        a, b = left + (right - left) / 3, right - (right - left) / 3
        left, right = (left, b) if known(a) <= known(b) else (a, right)
    return min((left, right, low + best * step), key=known)


def least(name, budget, most_n=math.inf, most_d=math.inf):
    """N and loss of the best plan of a budget under caps."""
    _, (_, tokens) = CASES[name]

    def value(n):
        d = min(tokens(n, budget), most_d) if most_d < math.inf else tokens(n, budget)
        return FORMULAS[name](n, d, **CONSTANTS) if d > 0 and n <= most_n else math.inf

    found = math.exp(search(value, 0.0, min(math.log(budget), math.log(most_n))))
    return found, value(found)


@pytest.mark.parametrize("name", CASES)
def test_the_optimum_is_the_least_loss_and_compute_is_worth_its_slope(name, tmp_path):
    """No size on a dense grid, refined, does better; the price is what a little more budget changes that loss by."""
    loss, (cost, tokens) = CASES[name]
    solved = solve(tmp_path, loss, cost, "budget: {compute: 1e21}\n" + scenarios("budget.compute", BUDGETS))
    assert {proof.verdict for proof in solved.proofs} <= {"proven", "checked"}
    for budget, answer in zip(BUDGETS, solved.answers, strict=True):
        best_n, best = least(name, budget)
        n, d, reached = (answer.results[key].value for key in ("N_opt", "D_opt", "L_opt"))
        assert reached <= best * (1 + 1e-12)
        assert reached == pytest.approx(FORMULAS[name](n, d, **CONSTANTS), rel=1e-12)
        assert d == pytest.approx(tokens(n, budget), rel=1e-9)
        change = 1e-4
        slope = (least(name, budget * (1 + change))[1] - least(name, budget * (1 - change))[1]) / (2 * change)
        price = answer.shadow_prices["compute"].value
        assert price == pytest.approx(0.01 * slope, rel=1e-3, abs=1e-11)
        assert price <= 0
        if answer.status == "flat":
            assert price == 0
            assert answer.binding == ()
        else:
            assert answer.status == "ok"
            assert answer.binding == ("compute",)
            assert n == pytest.approx(best_n, rel=1e-5)


@pytest.mark.parametrize("name", CASES)
def test_caps_leave_the_best_of_what_is_left(name, tmp_path):
    """Under a cap on parameters, and under one on tokens, no plan within them does better; no price is positive."""
    loss, (cost, tokens) = CASES[name]
    free, _ = least(name, 1e21)
    most_n, most_d = 0.5 * free, 0.5 * tokens(free, 1e21)
    rest = f"budget: {{compute: 1e21}}\nscenarios:\n  small: {{caps.parameters: {most_n!r}}}\n"
    rest += f"  few: {{caps.tokens: {most_d!r}}}\n"
    for answer, caps in zip(
        solve(tmp_path, loss, cost, rest).answers, ({"most_n": most_n}, {"most_d": most_d}), strict=True
    ):
        if answer.status == "not_converged":
            # More of the other decision does harm: the budget is best left unspent, and no plan pretends otherwise.
            (finding,) = answer.findings
            assert finding.message.key == "finding.loss_rises_there"
            continue
        assert answer.results["L_opt"].value <= least(name, 1e21, **caps)[1] * (1 + 1e-9)
        assert answer.results["N_opt"].value <= caps.get("most_n", math.inf)
        assert answer.results["D_opt"].value <= caps.get("most_d", math.inf)
        assert all(price.value <= 0 for price in answer.shadow_prices.values())
        (capped,) = (price for key, price in answer.shadow_prices.items() if key != "compute")
        assert (capped.equivalent_compute == math.inf) == (answer.shadow_prices["compute"].value == 0)


def test_the_ledger_says_that_the_condition_jumps(tmp_path):
    """Stationarity has no zero at a kink: it changes its sign, and that was sampled, not proven."""
    loss, (cost, _) = CASES["the larger of two terms"]
    proofs = solve(tmp_path, loss, cost, "budget: {compute: 1e21}\n").proofs
    by_name = {proof.statement.partition(":")[0]: proof for proof in proofs}
    assert "falls through zero, at a kink of the loss by a jump" in by_name["stationarity"].statement
    assert "4 of them at a kink" in by_name["stationarity"].detail
    numeric = {"stationarity", "second order", "exponents", "KKT signs", "complementary slackness"}
    assert {name for name, proof in by_name.items() if proof.method == "numeric"} == numeric
    assert all(by_name[name].verdict == "checked" for name in numeric)


def test_a_kink_is_met_exactly(tmp_path):
    """Of `max(A/N**alpha, B/D**beta)` both terms are equal at the optimum, which has a closed form."""
    loss, (cost, _) = CASES["the larger of two terms"]
    with mpmath.workdps(30):
        a, b, alpha, beta = (mpmath.mpf(str(CONSTANTS[name])) for name in ("A", "B", "alpha", "beta"))
        solved = solve(tmp_path, loss, cost, "budget: {compute: 1e21}\n" + scenarios("budget.compute", BUDGETS))
        for budget, answer in zip(BUDGETS, solved.answers, strict=True):
            n = (a / b * (mpmath.mpf(budget) / 6) ** beta) ** (1 / (alpha + beta))
            assert answer.results["N_opt"].value == pytest.approx(float(n), rel=1e-12)
            price = -(a / n**alpha) * alpha * beta / (alpha + beta) / 100
            assert answer.shadow_prices["compute"].value == pytest.approx(float(price), rel=1e-9)


def test_the_mean_of_both_sides_is_worth_the_same_in_either_decision():
    """Weighed by the other side's excess, the gains of both decisions meet; without any excess they are as below."""
    below, above = {"x": sp.Float(3), "y": sp.Float(1)}, {"x": sp.Float(0.5), "y": sp.Float(2)}
    fall, rise = below["x"] - below["y"], above["y"] - above["x"]
    x, y = (mean_gain(below[z], above[z], fall, rise) for z in "xy")
    assert float(x) == pytest.approx(float(y))
    assert above["x"] < x < below["x"]
    assert mean_gain(below["x"], above["x"], sp.S.Zero, sp.S.Zero) == below["x"]


WITHOUT_PLAN = {
    # loss, budget, the finding that says why
    "an end is best": ("E + A/(N + 1e12)**alpha + B/D**beta", 1e15, "optimum_at_end"),
    "it saturates below the budget": ("E + A/N**alpha + 3*exp(-D/1e12)", 1e15, "optimum_at_end"),
    "a term can be given up": ("E + min(A/N**alpha, 0.1) + B/D**beta", 1e21, "optimum_at_end"),
    "it grows with both": ("E + A/N**alpha + B/D**beta + N/1e12 + D/1e14", 1e25, "not_converged"),
    "below zero": ("E - 100 + A/N**alpha + B/D**beta", 1e21, "loss_not_positive"),
    "below zero by a logarithm": ("E - 0.1*log(N) + B/D**beta", 1e24, "loss_not_positive"),
    "below zero at a kink": ("E - 100 + max(A/N**alpha, B/D**beta)", 1e21, "loss_not_positive"),
}


@pytest.mark.parametrize("case", WITHOUT_PLAN)
def test_a_scenario_without_a_plan_says_why(case, tmp_path):
    """Where the law has no optimum at a budget, or no loss, there is no number, and the finding names the reason."""
    loss, budget, key = WITHOUT_PLAN[case]
    (answer,) = solve(tmp_path, loss, "6*N*D", f"budget: {{compute: {budget}}}\n").answers
    assert answer.status == "not_converged"
    assert not answer.results
    assert [finding.message.key for finding in answer.findings] == [f"finding.{key}"]


SATURATING = {
    "both decisions": ("E + A/(N + 1e5)**alpha + B/(D + 1e6)**beta", (2e14, 1e16, 1e21, 1e25)),
    "data by an exponential": ("E + A/N**alpha + 3*exp(-D/1e12)", (1e21, 1e22, 1e24)),
    "parameters beyond usual sizes": ("E + A/(N + 1e12)**alpha + B/(D + 1e13)**beta", (1e27, 1e28, 1e30)),
    "data by a difference": ("E + A/N**alpha + B/(1e12*(1 - exp(-D/1e12)))**beta", (1e21, 1e24, 1e27)),
}


@pytest.mark.parametrize("case", SATURATING)
def test_a_law_that_saturates_is_solved_where_it_has_an_optimum(case, tmp_path):
    """Whatever the size at which it saturates, some budget has an optimum, and it is that of a dense grid."""
    loss, budgets = SATURATING[case]
    formula = eval("lambda N, D, E, A, B, alpha, beta: " + loss, {"exp": math.exp})  # noqa: S307 - ours
    solved = solve(tmp_path, loss, "6*N*D", "budget: {compute: 1e21}\n" + scenarios("budget.compute", budgets))
    for budget, answer in zip(budgets, solved.answers, strict=True):
        place = search(lambda n, c=budget: formula(n, c / 6 / n, **CONSTANTS), math.log(1e-6), math.log(budget))
        n = math.exp(place)
        if not 1e-3 < n < budget / 6e-3:
            assert answer.status == "not_converged"
            continue
        assert answer.status == "ok"
        assert answer.results["L_opt"].value <= formula(n, budget / 6 / n, **CONSTANTS) * (1 + 1e-12)
        assert answer.results["N_opt"].value == pytest.approx(n, rel=1e-5)


@pytest.mark.parametrize("name", ["the larger of two terms under a sum", "a penalty for a ratio", "two sizes"])
def test_fifty_digits_give_the_same_optimum(name, tmp_path):
    """The root in arbitrary precision is that of the plan to the last digits of a double, at a kink as beside it."""
    loss, (cost, _) = CASES[name]
    budgets = (1e18, 1e21, 1e24) if name != "two sizes" else (1e18, 1e24)
    solved = solve(tmp_path, loss, cost, "budget: {compute: 1e21}\n" + scenarios("budget.compute", budgets))
    model, interior = solved.model, solved.derivation.interior
    for budget, answer in zip(budgets, solved.answers, strict=True):
        point = {symbol: sp.Float(repr(value), 50) for symbol, value in {**model.values, model.amount: budget}.items()}
        for z in model.decisions:
            exact = evaluate_at(interior.free[z], point)
            assert exact is not None
            assert answer.results[f"{z}_opt"].value == pytest.approx(float(exact), rel=1e-12)


def test_a_claim_about_a_kink_is_judged_by_numbers(tmp_path):
    """The closed form of a kink is checked, not proven; another rule is refuted; what a cap leaves is proven."""
    loss, (cost, _) = CASES["the larger of two terms"]
    rest = """budget: {compute: 1e21}
scenarios: {base: {}, capped: {caps.parameters: 500M}}
claims:
  right: {says: {N_opt: '(A/B*(C/6)**beta)**(1/(alpha+beta))'}, source: own}
  wrong: {says: {N_opt: 'sqrt(C/120)'}, source: own}
  capped: {says: {D_opt: 'C/6/caps_parameters'}, source: own, scenario: capped}
"""
    solved = solve(tmp_path, loss, cost, rest)
    assert {claim.claim.name: claim.verdict for claim in solved.claims} == {
        "right": "checked",
        "wrong": "refuted",
        "capped": "proven",
    }
    capped = solved.answers[1]
    assert (capped.status, capped.binding) == ("flat", ("parameters",))
    assert [finding.code for finding in capped.findings] == ["level_loss", "range_not_stated"]
