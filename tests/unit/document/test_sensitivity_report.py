"""The section on sensitivity in a report, and its tornado charts."""

import re
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from flopsheet.document.axes import Axis
from flopsheet.document.report import render_report
from flopsheet.document.tornado import Bar, Side, Tornado, render_tornado, view_tornado

PLAN = """
title: Sensitive
law: hoffmann_2022
budget: {compute: 1e22}
caps: {parameters: 1B}
scenarios: {base: {}, "all_ours": {caps.tokens: 3T}}
sensitivity:
  scenario: all_ours
  tables:
    - {rows: {budget.compute: [1e21, 1e22]}, columns: {caps.parameters: [1B, null]}}
"""
TARGET = """
title: 敏感
language: zh
law: hoffmann_2022
objective: minimize compute
target: {loss: 2.2}
caps: {parameters: 1.1B}
sensitivity: {swing: 20 %, inputs: [target.loss, caps.parameters]}
"""
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def report(solve_text):
    """The files of the report of PLAN."""
    return render_report(solve_text(PLAN))


def section(files, title):
    """The section of a report under a title."""
    return str(re.findall(rf"^## {title}\n(.*?)^## ", files["report.md"], re.DOTALL | re.MULTILINE)[0])


def test_a_manager_reads_what_matters(report):
    """More compute, what matters most, the law's constants, what does not matter; of the scenario that is named."""
    text = section(report, "Sensitivity")
    assert r"“all\_ours” with one input at a time 10 % lower and 10 % higher." in text
    assert "- 10 % more compute lowers the loss by 0.00409 nats/token (0.19 %).\n" in text
    most = "“Cap on parameters”: 10 % lower the loss is 2.2077, 10 % higher 2.1923, as planned 2.1993 nats/token."
    assert f"- Of the inputs, what matters most is {most}\n" in text
    assert "- Of the law itself it is “Constant alpha of the law”: 2.5615 where it is 10 % lower" in text
    assert "- Within the swing these leave the loss as it is: Cap on tokens.\n" in text


def test_tables_hold_both_ends_elasticities_and_pairs(report):
    """Two rows an input, an elasticity a result, a two-way table with a removed limit."""
    text = section(report, "Sensitivity")
    assert "| Cap on parameters | 900 M parameters | 900 M | 1.8519 T | 2.2077 | +0.382 % |\n" in text
    assert "|  | 1.1 B parameters | 1.1 B | 1.5152 T | 2.1923 | −0.322 % |\n" in text
    assert "| Cap on parameters | +1 | −1 | −0.03494 | −0.1509 |\n" in text
    assert "| Constant E of the law | 0 | 0 | +0.7684 | 0 |\n" in text
    assert "### Loss by “Compute budget” and “Cap on parameters”" in text
    assert "| 10²² FLOP | 2.1993 | 2.1386 |\n" in text


def test_a_plan_without_the_key_has_no_such_section(solve_text):
    """Nor a chart."""
    files = render_report(solve_text("budgets"))
    assert "Sensitivity" not in files["report.md"]
    assert not any("tornado" in name for name in files)


def test_what_has_no_plan_is_told_in_the_language_of_the_plan(solve_text):
    """A target that a lower cap excludes: in a sentence, in the table, on the chart."""
    files = render_report(solve_text(TARGET))
    text = section(files, "敏感性")
    assert "目标损失”降至 1.760 nats/词元" in text
    assert "无方案" in text
    assert "总计算量" in text
    assert "输入降低 20%" in files["tornado.svg"]
    assert "目标损失" in files["tornado.svg"]
    assert "无方案" in files["tornado.svg"]
    assert "tornado-constants.svg" not in files  # the plan asks about two inputs


def texts(svg):
    """The texts that a chart shows, in their order."""
    return ["".join(node.itertext()) for node in ET.fromstring(svg).iter(f"{SVG}text")]  # noqa: S314 - ours


def test_bars_are_sorted_and_named_in_words(report):
    """The longest on top; what makes no difference is left out."""
    shown = texts(report["tornado.svg"])
    assert shown.index("Cap on parameters") < shown.index("Compute budget")
    assert "Cap on tokens" not in shown
    assert {"2.2077", "2.1923", "2.1993", "input 10 % lower", "input 10 % higher", "Loss (nats/token)"} <= set(shown)
    constants = [name for name in texts(report["tornado-constants.svg"]) if name.startswith("Constant ")]
    assert constants == [f"Constant {name} of the law" for name in ("alpha", "E", "beta", "A", "B")]


def test_equal_plans_give_equal_bytes_in_both_themes(report, solve_text):
    """The chart is the same each time and holds the dark colours beside the light ones."""
    assert render_report(solve_text(PLAN)) == report
    assert "prefers-color-scheme: dark" in report["tornado.svg"]
    assert re.search(r"--lower: #[0-9a-f]{6};", report["tornado.svg"])


def draw(*bars):
    """A chart around 2."""
    return Tornado("t", "Title", "read aloud", Axis("Loss"), 2.0, "2", "lower", "higher", bars)


def side(value, text=None):
    """One end of a bar."""
    return Side(value, str(value) if text is None else text, "told")


def test_names_are_escaped():
    """Text from a plan is no markup."""
    svg = render_tornado(draw(Bar("<b>&", side(1.9), side(2.1))))
    assert "&lt;b&gt;&amp;" in svg
    assert "<b>" not in svg


def test_ends_on_one_side_stand_one_above_the_other():
    """A result that falls both ways has two half bars and both numbers on its side; else two whole ones."""
    view: dict[str, Any] = dict(view_tornado(draw(Bar("x", side(1.8), side(1.9)), Bar("y", side(1.9), side(2.2)))))
    heights = []
    for bar in view["bars"]:
        ((top, bottom),) = re.findall(r"^M[\d.]+ ([\d.]+)H[\d.]+V([\d.]+)H[\d.]+Z$", bar["path"])
        heights.append(float(bottom) - float(top))
    assert heights == pytest.approx([9, 9, 18, 18])
    assert "1.8; 1.9" in [text.text for text in view["values"]]


def test_an_end_without_a_plan_has_words_and_no_bar():
    """On the side where its bar would be."""
    view: dict[str, Any] = dict(view_tornado(draw(Bar("x", side(float("nan"), "none"), side(1.9)))))
    assert len(view["bars"]) == 1
    left, right = view["values"]
    assert (left.text, right.text) == ("1.9", "none")
    assert float(left.x) < float(right.x)
