"""Text from a plan stays text in the report and its charts."""

import re
from xml.etree import ElementTree as ET

import pytest

ATTACK = r"""
title: "=cmd|' /C calc'!A0 `x` <script>alert(1)</script> $$a$$ | b"
description: "# no heading\n\n- no list <img src=x onerror=alert(1)> @all www.example.com [a](javascript:x)"
law:
  law: ours
  title: "Our | own <b>law</b>"
  source: {cite: "Nobody | <i>2024</i>", arxiv: "2404.1 [x](y)"}
  loss: k0 + k1 / P**p + k2 / Q**q
  cost: 6 * P * Q
  decisions: {P: parameters, Q: tokens}
  constants: {k0: 1.5, k1: {value: 400, note: "a | <u>note</u>"}, k2: 500, p: 0.3, q: 0.35}
  notes: ["``` | <script>note</script>"]
scenarios:
  "a | b `c` <i>": {budget.compute: 3e21}
  "[cap](http://x) </text><script>": {budget.compute: 3e21, caps.parameters: 2B}
strategies:
  "s|t <b>": {tokens_per_parameter: 20}
cells:
  waste: {formula: 'if(Q_opt > 1, Q_opt / P_opt, 1)', unit: token/parameter, label: "l|a `b` <b>"}
claims:
  "c|d <script>":
    says: {P_opt: '1e9'}
    source: "`s` | <script>"
"""


def without_code(report: str) -> str:
    """The report without fences, code spans and inline formulas, where markup has no meaning."""
    unfenced = re.sub(r"^```.*?^```$", "", report, flags=re.MULTILINE | re.DOTALL)
    return re.sub(r"\$?`[^`\n]*`\$?", "", re.sub(r"\\`", "", unfenced))


def test_nothing_from_a_plan_becomes_markup(report_text):
    """No tag, link, formula, heading, list or mention of the attack survives as such."""
    report = report_text(ATTACK)["report.md"]
    shown = without_code(report)
    assert "<script" not in shown
    assert "<img" not in shown
    assert "<b>" not in shown
    assert not re.search(r"(?<!\\)\]\((?!#|isoflop|frontier|allocation)", shown)
    assert "@all" not in shown
    assert "$$" not in shown
    assert "# no heading" not in [line[:12] for line in report.splitlines()]
    assert report.startswith("# \\=cmd")


def test_tables_survive_pipes(report_text):
    """Pipes in names do not add cells: every row of a table is as long as its head."""
    blocks = re.findall(r"(?:^\|.*\n)+", report_text(ATTACK)["report.md"], re.MULTILINE)
    assert len(blocks) > 8
    for block in blocks:
        assert len({len(re.findall(r"(?<!\\)\|", line)) for line in block.splitlines()}) == 1, block


def test_an_identifier_that_is_none_becomes_no_address(report_text):
    """An arXiv number with other characters is not linked."""
    assert "arxiv.org" not in report_text(ATTACK)["report.md"]


@pytest.mark.parametrize("text", [ATTACK, "budgets", "claims", "letters", "sum", "targets"])
def test_charts_are_well_formed(report_text, text):
    """Every chart parses as XML, with its names as text and no script element."""
    charts = {name: svg for name, svg in report_text(text).items() if name.endswith(".svg")}
    assert len(charts) == 3
    for svg in charts.values():
        root = ET.fromstring(svg)  # noqa: S314 - our own output
        assert not [element for element in root.iter() if element.tag.endswith("script")]


def test_the_attacking_name_is_readable_in_the_chart(report_text):
    """A scenario's name is shown as it is, tags and all."""
    root = ET.fromstring(report_text(ATTACK)["frontier.svg"])  # noqa: S314 - our own output
    assert any("[cap](http://x)" in (element.text or "") for element in root.iter())
