"""Claims: true formulas in any spelling are proven, false ones refuted with figures, unknown names told."""

import pytest

from flopsheet import api
from flopsheet.errors import FlopsheetError

PLAN = """\
title: Claims
law: hoffmann_2022
{more}
budget: {{compute: 1e22}}
scenarios:
  base: {{}}
  capped: {{caps.parameters: 1B}}
  both: {{caps.parameters: 1B, caps.tokens: 1B}}
claims:
  it:
    says: {{{says}}}
    {extra}
"""
TARGET = """\
title: Claims
law: hoffmann_2022
objective: minimize compute
target: {{loss: 2}}
scenarios: {{base: {{}}, capped: {{caps.parameters: 10B}}}}
claims:
  it:
    says: {{{says}}}
    {extra}
"""


@pytest.fixture
def judge(tmp_path):
    """A function that gives the verdict on one claim."""

    def run(says, extra="source: somebody", more="", plan=PLAN):
        path = tmp_path / "plan.yaml"
        path.write_text(plan.format(says=says, extra=extra, more=more), encoding="utf-8")
        return api.solve_plan(path).claims[0]

    return run


TRUE = {
    "Eq. 4": "N_opt: ((alpha*A)/(beta*B))**(1/(alpha+beta)) * (C/6)**(beta/(alpha+beta))",
    "with budget_compute": "N_opt: (alpha*A/(beta*B))**(1/(alpha+beta)) * (budget_compute/6)**(beta/(alpha+beta))",
    "roots taken apart": "N_opt: (alpha*A)**(1/(alpha+beta)) / (beta*B)**(1/(alpha+beta)) * C**(beta/(alpha+beta))"
    " * 6**(-beta/(alpha+beta))",
    "through exp and log": "N_opt: exp((log(alpha*A/(beta*B)) + beta*log(C/6)) / (alpha+beta))",
    "through the other one": "D_opt: C / (6 * N_opt)",
    "both": "N_opt: C / 6 / D_opt, D_opt: C / 6 / N_opt",
    "the loss of the optimum": "L_opt: E + A/N_opt**alpha + B/D_opt**beta",
    "the loss by its shares": "L_opt: E + A/N_opt**alpha * (1 + alpha/beta)",
    "the budget": "C_total: C",
    "the cost": "C_total: 6*N_opt*D_opt",
    "the ratio": "tokens_per_parameter: D_opt / N_opt",
    "the ratio by the budget": "tokens_per_parameter: C / (6 * N_opt**2)",
}


@pytest.mark.parametrize("case", TRUE)
def test_true_claims_are_proven(case, judge):
    """However they are written, and by algebra."""
    verdict = judge(TRUE[case])
    assert (verdict.verdict, verdict.method) == ("proven", "symbolic")
    assert verdict.reason.count("equals the derived formula identically") == len(verdict.stated)
    assert verdict.as_expected


FALSE = {
    "the article's": "N_opt: (C / (6*B))**(beta/(alpha+beta))",
    "twenty to one": "D_opt: 20 * N_opt",
    "exponents swapped": "N_opt: ((alpha*A)/(beta*B))**(1/(alpha+beta)) * (C/6)**(alpha/(alpha+beta))",
    "a digit off": "N_opt: 1.000000000001 * C / (6 * D_opt)",
    "half the budget": "C_total: C / 2",
    "the floor": "L_opt: E",
    "a number": "N_opt: '5e9'",
    "always twenty": "tokens_per_parameter: '20'",
    "a negative size": "N_opt: -N_opt",
    "nothing": "N_opt: 0 * N_opt",
    "undefined at zero": "L_opt: E + 1/(C - C + 0*E + 1e-300)",
}


@pytest.mark.parametrize("case", FALSE)
def test_false_claims_are_refuted_or_undecided(case, judge):
    """With the right value beside the stated one; a formula without a value is never proven."""
    verdict = judge(FALSE[case])
    assert verdict.verdict == "refuted"
    assert not verdict.as_expected
    assert "the formula gives" in verdict.reason


def test_refuted_allocation_shows_what_fails(judge):
    """The article's claim: 0.00245 of the budget is spent, and the loss is told beside the optimum's."""
    verdict = judge("N_opt: (C/(6*B))**(beta/(alpha+beta)), D_opt: (C/(6*A))**(alpha/(alpha+beta))")
    names = {name: value for name, _, value in verdict.identities}
    assert names["budget"] == pytest.approx(0.00244896, rel=1e-4)
    assert "the identity cost / C = 1 fails" in verdict.reason.lower().replace("c = 1", "C = 1").replace("/ c", "/ C")
    assert "at every budget" in verdict.reason
    assert verdict.claimed.loss > verdict.best.loss
    assert verdict.best.share_spent == pytest.approx(1, rel=1e-12)
    assert [str(line.left) for line in verdict.right] == ["N_opt", "D_opt"]


def test_a_claim_speaks_of_the_budget_alone_unless_it_says_scenario(judge):
    """The capped size is false of the budget alone, and true in the scenario whose cap binds."""
    capped = "N_opt: caps_parameters, D_opt: C / (6 * caps_parameters)"
    assert judge(capped).verdict == "refuted"
    assert judge(capped, extra="scenario: capped").verdict == "proven"
    assert judge("N_opt: caps_parameters, D_opt: caps_tokens", extra="scenario: both").verdict == "proven"
    assert judge("D_opt: C / (6 * caps_parameters)", extra="scenario: both").verdict == "refuted"


def test_expected_refuted_fails_when_the_claim_is_true(judge):
    """`expected: refuted` is a promise that can break."""
    assert judge(FALSE["twenty to one"], extra="expected: refuted").as_expected
    assert not judge(TRUE["Eq. 4"], extra="expected: refuted").as_expected


def test_constants_may_be_overridden(judge):
    """The formula is true whatever the constants are; figures in the reason are those of the plan."""
    assert judge(TRUE["Eq. 4"], more="constants: {beta: 0.29}").verdict == "proven"
    assert "1.3" not in judge(FALSE["the article's"]).reason.partition("gives")[0]


def test_claims_with_a_target_loss(judge):
    """A claim in a plan with a target speaks of the optimum at the compute that is needed."""
    assert judge(TRUE["Eq. 4"], plan=TARGET).verdict == "proven"
    assert judge("D_opt: 20 * N_opt", plan=TARGET).verdict == "refuted"


@pytest.mark.parametrize(
    ("says", "message"),
    [
        ("N_best: C", "unknown result `N_best`"),
        ("N_opt: C / Q", "unknown symbol `Q`"),
        ("N_opt: C^2", "use **"),
        ("N_opt: __import__('os')", "__import__"),
        ("N_opt: N_opt.real", "."),
        ("N_opt: ''", "says.N_opt"),
        ("N_opt: 9**9**9**9", "expon"),
    ],
)
def test_bad_claims_are_errors_with_a_place(says, message, judge):
    """An unknown name or a formula that does not parse is an error at its line."""
    with pytest.raises(FlopsheetError) as error:
        judge(says.replace("''", '""'))
    assert message in str(error.value)
    place = error.value.problems[0].place
    assert place is not None
    assert place.line == 11


def test_unknown_scenario_is_an_error(judge):
    """A claim about a scenario that does not exist is not silently about another one."""
    with pytest.raises(FlopsheetError, match="nowhere"):
        judge(TRUE["Eq. 4"], extra="scenario: nowhere")


@pytest.mark.parametrize(
    "text", ["floor(C) + ceiling(-C) + N_opt", "min(N_opt, N_opt*2)", "abs(N_opt)", "round(C)*N_opt/C"]
)
def test_functions_in_claims_end_in_a_verdict(text, judge):
    """Every function of the language is decided somehow, without a failure."""
    assert judge(f"N_opt: {text!r}").verdict in {"proven", "checked", "refuted", "undecided"}


@pytest.mark.parametrize(
    "says",
    [
        "N_opt: ((0.34*406.4)/(0.28*410.7))**(1/0.62) * (C/6)**(0.28/0.62)",
        "N_opt: (0.34*406.4/(0.28*410.7))**(1/(0.34+0.28)) * (C/6)**(beta/0.62)",
        "tokens_per_parameter: (0.28*410.7/(0.34*406.4))**(2/0.62) * (C/6)**(0.06/0.62)",
    ],
)
def test_true_claims_with_numbers_for_constants_are_proven(says, judge):
    """A paper may print its formula with the numbers in: it is true of the law, and proven without rounding."""
    verdict = judge(says)
    assert (verdict.verdict, verdict.method) == ("proven", "symbolic")
    assert "at the constants of the law" in verdict.reason


def test_numbers_that_are_not_the_constants_are_refuted(judge):
    """One digit of a constant off, and the claim is false."""
    assert judge("N_opt: ((0.34*406.4)/(0.28*410.7))**(1/0.62) * (C/6)**(0.281/0.62)").verdict == "refuted"


def test_a_formula_with_cases_is_tried_far_from_the_plan(judge):
    """A claim speaks of every budget: one that is right only near the plan's is refuted, and where is said."""
    verdict = judge("N_opt: 'if(C > 1e23, 0, C / (6 * D_opt))'")
    assert verdict.verdict == "refuted"
    assert "at C = " in verdict.reason


def test_a_claim_about_a_scenario_may_use_its_numbers(judge):
    """It is held against the optimum of that scenario, where its cap binds; without `scenario` it is false."""
    assert judge("N_opt: 1e9", "scenario: capped").verdict == "checked"
    assert judge("N_opt: 1e9", "scenario: base").verdict == "refuted"
    assert judge("N_opt: 1e9").verdict == "refuted"


def test_a_claim_about_a_scenario_is_judged_where_its_limits_bind(judge):
    """The smaller of cap and free optimum is the plan: samples in which the cap does not bind are no objection."""
    free = "((alpha*A)/(beta*B))**(1/(alpha+beta)) * (C/6)**(beta/(alpha+beta))"
    assert judge(f"N_opt: 'min(caps_parameters, {free})'", "scenario: capped").verdict == "checked"


def test_a_loss_without_value_is_not_shown(judge):
    """A claimed size of zero reaches no loss: the reason says nothing about it."""
    assert "nan" not in judge("N_opt: 0").reason


@pytest.mark.parametrize(
    ("says", "extra"),
    [
        ("N_opt: ((target_loss - E) * beta / (A*(alpha+beta)))**(-1/alpha)", "source: somebody"),
        ("C_total: 6 * N_opt * ((target_loss - E) * alpha / (B*(alpha+beta)))**(-1/beta)", "source: somebody"),
        ("L_opt: target_loss", "source: somebody"),
        ("D_opt: ((target_loss - E - A / caps_parameters**alpha) / B)**(-1/beta)", "scenario: capped"),
    ],
)
def test_a_claim_may_speak_of_the_target_loss(says, extra, judge):
    """The inverse stated as a formula of the target is proven; without a target there is no such name."""
    assert judge(says, extra, plan=TARGET).verdict == "proven"
    with pytest.raises(FlopsheetError, match="target_loss"):
        judge(says)


def test_a_wrong_inverse_is_refuted(judge):
    """The excess loss is not halved between the two."""
    assert judge("N_opt: ((target_loss - E) / (2*A))**(-1/alpha)", plan=TARGET).verdict == "refuted"
