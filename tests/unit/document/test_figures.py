"""The charts of a report: what is drawn."""

import math

import pytest

from flopsheet.document.curves import compile_curves
from flopsheet.document.figures import draw_figures
from flopsheet.document.words import Words


@pytest.fixture(scope="module")
def draw(solve_text):
    """A function that draws the charts of a plan, by name of its file."""

    def figures(text):
        source = solve_text(text)
        drawn = draw_figures(source, compile_curves(source.derivation), Words(source.plan.language))
        return {figure.file: figure.chart for figure in drawn}

    return figures


def test_each_budget_is_one_curve_with_its_optimum(draw, solve_text):
    """Scenarios of equal budget share a curve; marks stand at the optima without caps."""
    chart = draw("budgets")["isoflop.svg"]
    assert [series.label for series in chart.series] == [
        "10¹⁹ FLOP",
        "10²² FLOP",
        "Optimum without caps",
        "Plan under caps",
    ]
    optimum = chart.series[2]
    answers = solve_text("budgets").solution.answers
    assert optimum.x == pytest.approx([answers[i].results["N_opt"].value for i in (0, 1)], rel=1e-12)
    assert optimum.y == pytest.approx([answers[i].results["L_opt"].value for i in (0, 1)], rel=1e-12)
    for curve, lowest in zip(chart.series[:2], optimum.y, strict=True):
        assert min(curve.y) >= lowest - 1e-12


def test_plans_under_caps_are_named(draw):
    """The scenarios that a cap moves stand where their plan is, and the cap as a line."""
    chart = draw("budgets")["isoflop.svg"]
    assert chart.series[3].point_labels == ("fleet", "little data")
    assert chart.series[3].x == (1e9, 1e9)
    assert [reference.label for reference in chart.references] == ["Cap 1 B"]


def test_optima_lie_inside_the_axes(draw):
    """The loss axis may cut the ends of curves, never an optimum or a plan."""
    for text, file in (("budgets", "isoflop.svg"), ("targets", "isoloss.svg")):
        chart = draw(text)[file]
        marked = [y for series in chart.series for y in series.y if series.marker]
        assert max(marked) < chart.y.maximum


def test_many_budgets_are_thinned_to_six_with_both_ends(draw):
    """Of eight budgets six curves are drawn, the least and the largest among them."""
    names = "\n".join(f"  s{n}: {{budget.compute: 1e{n}}}" for n in range(18, 26))
    chart = draw(f"title: Eight\nlaw: hoffmann_2022\nscenarios:\n{names}\n")["isoflop.svg"]
    labels = [series.label for series in chart.series[:-1]]
    assert len(labels) == 6
    assert (labels[0], labels[-1]) == ("10¹⁸ FLOP", "10²⁵ FLOP")


def test_the_frontier_falls_and_scenarios_stand_on_or_above_it(draw):
    """The least loss falls with compute, and no scenario lies below it."""
    line, points = draw("budgets")["frontier.svg"].series
    assert list(line.y) == sorted(line.y, reverse=True)
    for x, y in zip(points.x, points.y, strict=True):
        before = max(i for i, at in enumerate(line.x) if at <= x * (1 + 1e-9))
        assert y >= line.y[min(before + 1, len(line.y) - 1)]


def test_allocation_lines_are_straight_on_logarithmic_axes(draw):
    """Both decisions are powers of the budget, so their slopes are constant."""
    for line in draw("budgets")["allocation.svg"].series[:2]:
        slopes = [
            math.log(line.y[i + 1] / line.y[i]) / math.log(line.x[i + 1] / line.x[i]) for i in range(len(line.x) - 1)
        ]
        assert slopes == pytest.approx([slopes[0]] * len(slopes), rel=1e-9)


def test_scenarios_with_constants_of_their_own_have_curves_of_their_own(draw):
    """Where the law differs between scenarios a budget does not name a curve; the scenario does."""
    text = """
title: Two laws
law: hoffmann_2022
budget: {compute: 1e22}
scenarios: {as printed: {}, steeper: {constants.alpha: 0.36}}
"""
    charts = draw(text)
    assert [series.label for series in charts["isoflop.svg"].series[:2]] == ["as printed", "steeper"]
    assert [series.label for series in charts["frontier.svg"].series[:2]] == ["as printed", "steeper"]


def test_without_a_plan_there_is_no_chart(draw):
    """A target out of reach leaves nothing to draw."""
    text = "title: Never\nlaw: hoffmann_2022\nobjective: minimize compute\ntarget: {loss: 1.0}\n"
    assert draw(text) == {}
