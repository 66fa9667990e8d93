"""The report of a law with one resource: doublings, tenfold steps, what a loss requires, own curves, the fit."""

import re

import pytest

from flopsheet import api
from flopsheet.document.report import render_report
from flopsheet.document.source import ReportSource

POWER = """\
title: t
law:
  law: ours
  loss: floor + (D / D_0)**(-alpha)
  decisions: {D: tokens}
  constants: {floor: 1.0, D_0: 1e9, alpha: 0.1}
scenarios:
  small: {inputs.D: 1B}
  large: {inputs.D: 100B}
  asked: {target.loss: 1.5}
"""
EPOCHS = """\
title: t
law:
  law: ours
  loss: base * (1 + r * (epochs - 1))
  decisions: {epochs: '1'}
  constants: {base: 2.0, r: 0.02}
scenarios:
  high, 1: {inputs.epochs: 1}
  high, 5: {inputs.epochs: 5}
  low, 1: {inputs.epochs: 1, constants.r: 0.1}
  low, 5: {inputs.epochs: 5, constants.r: 0.1}
cells:
  nat: {formula: '1', unit: nats/token}
  falling: {formula: 2 * nat / epochs**0.1, unit: nats/token, label: Measured}
  rising: {formula: 2 * nat * epochs**0.01, unit: nats/token, label: Milder}
  constant: {formula: 2 * nat, unit: nats/token, label: Idle}
"""


@pytest.fixture
def files(tmp_path):
    """A function that gives the files of a plan's report."""
    (tmp_path / ".git").mkdir()

    def render(text, runs=""):
        (tmp_path / "runs.csv").write_text(runs, encoding="utf-8")
        plan = tmp_path / "plan.yaml"
        plan.write_text(text, encoding="utf-8")
        return render_report(ReportSource(api.solve_plan(plan), "0" * 64, "0"))

    return render


def table_under(report, heading):
    """The cells of the rows of the table under a heading, its head left out."""
    part = report.split(f"\n### {heading}\n", 1)[1].split("\n#", 1)[0]
    rows = [line for line in part.splitlines() if line.startswith("|") and ":---" not in line and "---:" not in line]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows[1:]]


def test_ten_doublings_are_shown(files):
    """Each row has twice the tokens of the row before, its loss, and the share that this doubling takes away."""
    rows = table_under(files(POWER)["report.md"], "Doubling the tokens")
    assert [row[0] for row in rows] == [str(count) for count in range(11)]
    losses = [1 + 2 ** (-0.1 * count) for count in range(11)]
    assert [row[2] for row in rows] == [f"{loss:.4f}" for loss in losses]
    assert rows[1][1] == "2 B"
    assert rows[10][4] == f"{100 * (1 - losses[10] / losses[9]):.3g} %"


def test_charts_of_steps_and_of_what_a_loss_requires(files):
    """A law that falls has a chart of tenfold steps; one that is asked for a loss has its inverse."""
    assert {"law.svg", "steps.svg", "required.svg"} <= files(POWER).keys()
    without = files(POWER.replace("  asked: {target.loss: 1.5}\n", ""))
    assert "required.svg" not in without
    assert "steps.svg" in without


def test_a_law_that_rises_has_no_doublings(files):
    """More of what raises the loss is not shown as a gain."""
    found = files(EPOCHS)
    assert "Doubling" not in found["report.md"]
    assert "steps.svg" not in found


def test_own_curves_are_drawn_and_told_apart(files):
    """A cell in nats/token along the resource is a curve and a column; it is said when it goes the other way."""
    found = files(EPOCHS)
    report = found["report.md"]
    assert (
        "“Measured” goes the other way: between 1 and 5 epochs it moves from 2.000 to 1.703, while the law moves to "
        "2.160 (“high”) and 2.800 (“low”)." in report
    )
    assert "“Milder” goes from 2.000 to 2.032 between 1 and 5 epochs; the law comes to 2.160 (“high”)" in report
    assert re.search("^- “Idle”", report, re.MULTILINE) is None
    head = next(line for line in report.splitlines() if line.startswith("| Scenario | Epochs"))
    assert head.endswith("| Measured | Milder |")
    assert ">Measured<" in found["law.svg"]
    assert ">Idle<" not in found["law.svg"]


def test_a_change_is_from_the_row_with_the_same_constants(files):
    """The first row of another quality is no step from the last one of this."""
    rows = table_under(files(EPOCHS)["report.md"], "Results")
    assert [row[3] for row in rows] == ["–", "+8 %", "–", "+40 %"]


def test_the_fit_is_shown_with_its_residuals(files):
    """Constants with standard errors, every run beside the fit, a chart, and the constants' source."""
    text = POWER.replace("floor + (D / D_0)**(-alpha)", "a * D**(-alpha)").replace("floor: 1.0, D_0: 1e9,", "a: 1,")
    found = files(f"{text}fit: {{runs: runs.csv}}\n", "D,loss\n1e9,3.0\n1e10,2.4\n1e11,2.0\n")
    report = found["report.md"]
    assert "Least squares in the logarithms over 3 runs from `runs.csv`. R² = 0.996633;" in report
    assert table_under(report, "The fit") == [
        ["$`a`$", "18.4747", "2.18"],
        ["$`\\alpha`$", "0.0880456", "0.00512"],
    ]
    runs = table_under(report, "Runs and residuals")
    assert [row[0] for row in runs] == ["`runs.csv:2`", "`runs.csv:3`", "`runs.csv:4`"]
    assert [row[1] for row in runs] == ["1 B", "10 B", "100 B"]
    assert "fitted from runs.csv" in report
    assert "fit.svg" in found


def test_an_exact_fit_shows_no_rounding(files):
    """What is nothing but rounding is told by its bound, which is the same on every machine."""
    text = POWER.replace("floor + (D / D_0)**(-alpha)", "a * D**(-alpha)").replace("floor: 1.0, D_0: 1e9,", "a: 1,")
    report = files(f"{text}fit: {{runs: runs.csv}}\n", "D,loss\n1e9,3.0\n1e10,2.4\n1e11,1.92\n")["report.md"]
    assert {row[-1] for row in table_under(report, "Runs and residuals")} == {"less than 10⁻¹²"}
    assert "e-1" not in report
