"""Laws that have no optimum, or none that is found, are refused in words; laws that have one give the right number."""

import math

import pytest

from flopsheet import api
from flopsheet.errors import FlopsheetError

CONSTANTS = "E: 1.69, A: 406.4, B: 410.7, alpha: 0.34, beta: 0.28"
PLAIN = "E + A/N**alpha + B/D**beta"
BUDGET = "budget: {compute: 1e22}\n"
TARGET = "objective: minimize compute\ntarget: {loss: 2}\n"


def plan_text(loss, cost="6*N*D", constants=CONSTANTS, decisions="N: parameters, D: tokens", more="", rest=BUDGET):
    """A plan with an inline law."""
    law = f"law:\n  loss: {loss!r}\n  cost: {cost!r}\n  decisions: {{{decisions}}}\n  constants: {{{constants}}}\n"
    return f"title: Strange\n{law}{more}{rest}"


@pytest.fixture
def solve(tmp_path):
    """A function that solves a plan given as text."""

    def run(text):
        path = tmp_path / "plan.yaml"
        path.write_text(text, encoding="utf-8")
        return api.solve_plan(path)

    return run


def constants(**changed):
    """The usual constants with some changed."""
    usual = {"E": 1.69, "A": 406.4, "B": 410.7, "alpha": 0.34, "beta": 0.28} | changed
    return ", ".join(f"{name}: {value}" for name, value in usual.items())


FLAT, AT_AN_END = "the optimum is flat", "the best plan lies at an end"
NO_INVERSE = "no least compute for a target can be given"
REFUSED = {
    # loss, further arguments, what the message says, the line it points at
    "rises in N": ("E + A*N**alpha + B/D**beta", {}, "does not fall as `N` grows", 3),
    "rises in D": ("E + A/N**alpha + B*D**beta", {}, "does not fall as `D` grows", 3),
    "rises by its exponent": (PLAIN, {"constants": constants(alpha=-0.34)}, "does not fall as `N` grows", 3),
    "rises by both exponents": (PLAIN, {"constants": constants(alpha=-0.34, beta=-0.28)}, "`D` grows", 3),
    "rises by its factor": (PLAIN, {"constants": constants(A=-406.4)}, "Check the sign of `A`.", 3),
    "concave": ("E + A*N**alpha + B*D**beta", {"constants": constants(A=-4, B=-4)}, "is not the minimum of law", 3),
    "concave in words": ("E - N**alpha - D**beta", {}, "is not the minimum of law", 3),
    "a saddle": ("E + A/(N**alpha + D**beta)", {}, "is not the minimum of law", 3),
    "a harmonic mean": ("E + 1/(N**alpha/A + D**beta/B)", {}, "is not the minimum of law", 3),
    "linear": ("E - N/1e12 - D/1e12", {}, "is not the minimum of law", 3),
    "only the product": ("E + A/(N*D)**alpha", {}, FLAT, 3),
    "only a product of powers": ("E + A/(N**alpha*D**beta)", {}, AT_AN_END, 3),
    "logarithms alone": ("E - A*log(N) - B*log(D)", {}, AT_AN_END, 3),
    "a minimum": (
        "min(A/N**alpha, B/D**beta) + E",
        {},
        "along budgets of 1e+09 to 1e+30 FLOP: the loss is least at an",
        3,
    ),
    "a step": ("E + floor(A/N**alpha) + B/D**beta", {}, "its slopes have no value", 3),
    "a level stretch": ("E + max(A/(N*D)**alpha, B/N**3)", {}, FLAT, 3),
    "a rounded decision": ("E + A/round(N)**alpha + B/D**beta", {}, "does not fall as `N` grows", 3),
    "a constant loss": ("E + A", {}, "does not depend on its decision `N`", 3),
    "no D in the loss": ("E + A/N**alpha", {}, "does not depend on its decision `D`", 3),
    "D times zero": ("E + A/N**alpha + 0*B/D**beta", {}, "does not depend on its decision `D`", 3),
    "D cancels": (f"{PLAIN} - B/D**beta", {}, "does not depend on its decision `D`", 3),
    "a factor of zero": (PLAIN, {"constants": constants(A=0)}, "its decision `N` where `A` is 0", 3),
    "an exponent of zero": (PLAIN, {"constants": constants(beta=0)}, "its decision `D` where `beta` is 0", 3),
    "no N in the cost": (PLAIN, {"cost": "6*D"}, "the cost of law `inline` does not depend on its decision `N`", 4),
    "a falling cost": (PLAIN, {"cost": "6*N/D"}, "does not rise as `D` grows", 4),
    "a negative cost": (PLAIN, {"cost": "-6*N*D"}, "is not positive", 4),
    "an unknown symbol": ("E + A/N**alpha + Bx/D**beta", {}, "Did you mean `B`?", 3),
    "an unknown symbol in the cost": (PLAIN, {"cost": "6*N*Q"}, "unknown symbol `Q`", 4),
    "a division by zero": (f"{PLAIN} + 1/0", {}, "divides by zero", 3),
    "a root of something negative": ("E + (0 - A)**0.5/N**alpha + B/D**beta", {}, "fractional power", 3),
    "a circle": ("E + p + q", {"more": "  where: {p: A/N**alpha + q, q: B/D**beta + p}\n"}, "in a circle", 7),
    "one decision": ("E + A/N**alpha", {"decisions": "N: parameters", "cost": "6*N"}, "must have two decisions", 3),
    "three decisions": (f"{PLAIN} + 1/M", {"decisions": "N: parameters, D: tokens, M: token"}, "two decisions", 3),
    "the loss's own letter": (
        "A/L**alpha + B/D**beta",
        {"cost": "6*L*D", "decisions": "L: parameters, D: tokens"},
        "`L`",
        5,
    ),
    "a constant called like a result": (PLAIN, {"constants": constants(N_opt=1)}, "`N_opt` is already", 6),
    "a constant called like an input": (PLAIN, {"constants": constants(budget_compute=1)}, "already", 6),
}


# Laws whose least loss is found, and whose loss has no inverse that holds.
WITHOUT_INVERSE = {
    "u-shaped": f"{PLAIN} + N/1e12",
    "a maximum": "max(A/N**alpha, B/D**beta)",
    "a choice": f"if(N > 1e9, {PLAIN}, {PLAIN} + 1)",
}


@pytest.mark.parametrize("case", WITHOUT_INVERSE)
def test_target_without_inverse_is_refused(case, solve):
    """A target loss is refused in words where the loss cannot be solved; the least loss of a budget is not."""
    loss = WITHOUT_INVERSE[case]
    assert solve(plan_text(loss)).answers[0].status == "ok"
    with pytest.raises(FlopsheetError) as error:
        solve(plan_text(loss, rest=TARGET))
    assert NO_INVERSE in str(error.value)
    place = error.value.problems[0].place
    assert place is not None
    assert place.line == 3


# A plan with a target has no input of that name, so the constant may have it.
FITS_A_TARGET = "a constant called like an input"
CASES = [(case, rest) for case in REFUSED for rest in (BUDGET, TARGET) if (case, rest) != (FITS_A_TARGET, TARGET)]


@pytest.mark.parametrize(("case", "rest"), CASES)
def test_law_without_an_optimum_is_refused(case, rest, solve):
    """Each is told with what is wrong and the line of the formula, for a budget as for a target loss."""
    loss, more, message, line = REFUSED[case]
    with pytest.raises(FlopsheetError) as error:
        solve(plan_text(loss, rest=rest, **more))
    assert message in str(error.value)
    lines = [problem.place.line for problem in error.value.problems if problem.place is not None]
    assert len(lines) == len(error.value.problems)
    assert lines[0] == line


def test_a_name_is_refused_only_where_it_is_taken(solve):
    """A plan with a target has no input for the budget: a constant may be called like it."""
    loss, more, _, _ = REFUSED[FITS_A_TARGET]
    assert solve(plan_text(loss, rest=TARGET, **more)).answers[0].status == "ok"


SOLVED = {
    # loss, further arguments, N_opt and D_opt at 1e22 FLOP from scipy-free arithmetic: see `by_hand`
    "plain": (PLAIN, {}),
    "literals": ("1.69 + 406.4/N**0.34 + 410.7/D**0.28", {"constants": ""}),
    "with abs": ("E + abs(A/N**alpha + B/D**beta)", {}),
    "with sign": ("E + A*sign(N)/N**alpha + B/D**beta", {}),
    "by way of where": ("E + p + q", {"more": "  where: {q: B/D**beta, p: A/N**alpha}\n"}),
    "no floor": ("E + A/N**alpha + B/D**beta - E", {}),
    "a floor of zero": (PLAIN, {"constants": constants(E=0)}),
    "squared": (f"({PLAIN} - E)**2", {}),
    "under a root": ("E + sqrt(A/N**alpha + B/D**beta)", {}),
    "under exp": ("exp(A/N**alpha + B/D**beta)", {}),
    "under log": ("log(1 + A/N**alpha + B/D**beta)", {}),
    "negative exponents written as such": (
        "E + A*N**alpha + B*D**beta",
        {"constants": constants(alpha=-0.34, beta=-0.28)},
    ),
    "a Python keyword": ("E + A/N**alpha + B/D**lambda", {"constants": constants(**{"lambda": 0.28})}),
    "C and L as constants": (
        "L + A/N**alpha + C/D**beta",
        {"constants": "L: 1.69, A: 406.4, C: 410.7, alpha: 0.34, beta: 0.28"},
    ),
    "a fixed cost": (PLAIN, {"cost": "6*N*D + 1"}),
    "a cost without a number": (
        PLAIN,
        {"cost": "N*D", "rest": "budget: {compute: 1666666666666666666666.6666666667}\n"},
    ),
}


READS_MORE = {
    # loss, what the plan gives, what the message says, the line it points at
    "nothing": ("", "needs `data.unique`, which scenario `base` does not set", 3),
    "another unit": (
        "inputs: {V: 1e9 FLOP}\ndata: {unique: 1e11}\n",
        "is in FLOP, but law `inline` reads it in token",
        9,
    ),
    "less than nothing": ("inputs: {V: -1}\ndata: {unique: 1e11}\n", "must be above zero, got -1", 9),
}


@pytest.mark.parametrize("case", READS_MORE)
def test_wrong_inputs_are_told_before_their_consequences(case, solve):
    """A law without an optimum at usual numbers is not blamed for what the plan leaves out or has in a wrong unit."""
    given, message, line = READS_MORE[case]
    inputs = "  inputs: {U: {from: data.unique, unit: token}, V: {unit: token}}\n"
    with pytest.raises(FlopsheetError, match=message) as error:
        solve(plan_text("E + A/N**alpha + B/(D + U + V)**beta", more=inputs, rest=BUDGET + given))
    assert "stationarity" not in str(error.value)
    assert line in {problem.place.line for problem in error.value.problems if problem.place is not None}


def by_hand(budget):
    """Hoffmann et al. 2022, Eq. 4, for the printed constants."""
    scale = (0.34 * 406.4 / (0.28 * 410.7)) ** (1 / 0.62)
    size = scale * (budget / 6) ** (0.28 / 0.62)
    return size, budget / 6 / size


@pytest.mark.parametrize("case", SOLVED)
def test_law_in_any_spelling_is_solved(case, solve):
    """Outer functions that rise, names, where and literals change nothing in the allocation."""
    loss, more = SOLVED[case]
    solved = solve(plan_text(loss, **more))
    answer = solved.answers[0]
    assert answer.status == "ok"
    found = [answer.results[f"{z}_opt"].value for z in ("N", "D")]
    assert found == pytest.approx(by_hand(1e22), rel=1e-12)
    assert not [proof for proof in solved.proofs if proof.verdict in {"refuted", "undecided"}]


@pytest.mark.parametrize("letters", ["PQ", "IS", "CD", "EO", "NQ"])
def test_any_letters_may_be_decisions(letters, solve):
    """Also the ones that sympy and this program use themselves."""
    x, y = letters
    more = {"cost": f"6*{x}*{y}", "decisions": f"{x}: parameters, {y}: tokens"}
    text = plan_text(f"k1/{x}**p + k2/{y}**q", constants="k1: 406.4, k2: 410.7, p: 0.34, q: 0.28", **more)
    results = solve(text).answers[0].results
    assert [results[f"{z}_opt"].value for z in letters] == pytest.approx(by_hand(1e22), rel=1e-12)
    cheapest = solve(text.replace(BUDGET, TARGET)).answers[0]
    assert cheapest.status == "ok"


@pytest.mark.parametrize(
    "changed",
    [{"A": "1e300"}, {"alpha": 0.001, "beta": 0.001, "A": "1e6", "B": 1}, {"E": -1.69}],
    ids=["huge", "flat", "negative loss"],
)
def test_optimum_beyond_reach_is_not_converged(changed, solve):
    """An optimum where absent caps stand (1e60), or a loss below zero, is no plan: status and finding, no results."""
    answer = solve(plan_text(PLAIN, constants=constants(**changed))).answers[0]
    assert answer.status == "not_converged"
    assert answer.results == {}
    assert [finding.code for finding in answer.findings] == ["not_converged"]


def test_infeasible_needs_a_cap(solve):
    """A target that only numbers beyond a double reach is not blamed on caps that the plan does not have."""
    answer = solve(plan_text(PLAIN, constants=constants(A="1e300"), rest=TARGET)).answers[0]
    assert answer.status == "not_converged"


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ("caps: {parameters: 1B}\n", "no decision with the role `parameters`"),
        ("strategies: {s: {tokens_per_parameter: 20}}\n", "no decisions with the roles `parameters` and `tokens`"),
    ],
)
def test_roles_that_a_law_lacks_are_refused(more, message, solve):
    """A cap or strategy on parameters is not ignored where the law has no parameters."""
    text = plan_text(
        "x**-0.05 + y**-0.05", cost="x + y", constants="", decisions="x: FLOP, y: FLOP", rest=BUDGET + more
    )
    with pytest.raises(FlopsheetError, match=message):
        solve(text)


def test_sum_budget_is_solved(solve):
    """Two decisions in FLOP under a sum: the shares are as the gains demand, here equal."""
    text = plan_text("x**-0.05 + y**-0.05", cost="x + y", constants="", decisions="x: FLOP, y: FLOP")
    answer = solve(text).answers[0]
    assert [answer.results[f"{z}_opt"].value for z in "xy"] == pytest.approx([5e21, 5e21], rel=1e-12)
    assert math.isclose(answer.results["C_total"].value, 1e22, rel_tol=1e-12)


def test_a_law_is_derived_anew_when_its_where_changes(solve):
    """Two laws that differ in `where` alone do not share a derivation."""
    laws = ["{p: A/N**alpha, q: B/D**beta}", "{p: A/N**beta, q: B/D**alpha}"]
    sizes = [
        solve(plan_text("E + p + q", more=f"  where: {where}\n")).answers[0].results["N_opt"].value for where in laws
    ]
    assert sizes[0] != pytest.approx(sizes[1], rel=0.1)
