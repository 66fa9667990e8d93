"""Laws with one resource whose loss rises with it: no amount of it is required for a target, and a finding tells."""

import pytest

from flopsheet import api
from flopsheet.errors import FlopsheetError
from flopsheet.messages import render_message

LAW = """\
title: Rising
law:
  law: rising
  loss: {loss}
  decisions: {{D: tokens}}
  constants: {{E: 1.69, A: {A}, a: {a}}}
inputs: {{D: 1B}}
"""
RISES = "the loss of law `rising` rises as `D` grows: no amount of it is required for a target loss."
TURNS = "the loss of law `rising` does not fall throughout as `D` grows: no one amount is required for a target loss."


@pytest.fixture
def solve(tmp_path):
    """A function that solves a plan given as text."""

    def run(text):
        path = tmp_path / "plan.yaml"
        path.write_text(text, encoding="utf-8")
        return api.solve_plan(path)

    return run


@pytest.mark.parametrize(
    ("loss", "constants", "message"),
    [
        ("E + A * D**a", (0.001, 0.28), RISES),
        ("E + (A / D)**a", (1e9, -0.28), RISES),
        ("E + (A / D)**a + D / 1e12", (1e9, 0.28), TURNS),
    ],
)
def test_a_target_under_a_rising_loss_is_refused(loss, constants, message, solve):
    """The fault stands at the target, once however many scenarios have it."""
    law = LAW.format(loss=loss, A=constants[0], a=constants[1])
    with pytest.raises(FlopsheetError) as caught:
        solve(law + "target: {loss: 2.5}\nscenarios: {base: {}, other: {inputs.D: 2B}}\n")
    (problem,) = caught.value.problems
    assert (problem.message, problem.subject) == (message, "target.loss")
    assert problem.place is not None
    assert problem.place.line == 8


def test_a_rising_loss_is_a_finding(solve):
    """Without a target the loss is given, and that it rises is told where it does."""
    solved = solve(
        LAW.format(loss="E + (A / D)**a + D / 1e12", A=1e9, a=0.28) + "scenarios: {few: {}, many: {inputs.D: 1e13}}\n"
    )
    few, many = ({f.code: render_message(f.message) for f in answer.findings} for answer in solved.answers)
    assert "loss_rises" not in few
    assert many["loss_rises"] == "Under law rising the loss rises as D grows: more of it does harm."


def test_a_compared_law_with_a_rising_loss_is_refused(solve, tmp_path):
    """A target asks it for an amount that it cannot give; the fault stands where the plan names it."""
    text = "law: rising\nloss: E + D / 1e12\ndecisions: {D: tokens}\nconstants: {E: 1.69}\n"
    (tmp_path / "rising.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(FlopsheetError, match=r"plan.yaml:4:11: compare: the loss of law `rising` rises"):
        solve("title: T\nlaw: kaplan_2020_tokens\ntarget: {loss: 2.5}\ncompare: [./rising.yaml]\n")
