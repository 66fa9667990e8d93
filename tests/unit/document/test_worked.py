"""The section on how the numbers come about: formula, numbers and result with its unit, in the report's language."""

import re

import pytest

PLAN = """
title: Worked
law: hoffmann_2022
language: {language}
budget: {{compute: 1e21 FLOP}}
cells:
  reducible: {{formula: L_opt - E, unit: nats/token, label: '{label}'}}
  twice_that: {{formula: 2 * reducible, unit: nats/token}}
  capped: {{formula: caps_tokens / D_opt, unit: '1'}}
"""


@pytest.fixture(scope="module")
def worked(report_text):
    """A function that gives the equations of the section in a language, by their left sides."""

    def equations(language, label, title):
        report = report_text(PLAN.format(language=language, label=label))["report.md"]
        _, section = report.split(f"### {title}")
        blocks = re.findall(r"\\begin\{aligned\}\n(.*?)\n\\end\{aligned\}", section.split("\n### ")[0], re.DOTALL)
        return {block.split(" &=")[0]: block for block in blocks}

    return equations


def test_results_end_in_their_unit(worked):
    """Decisions, the loss, the multiplier, then what follows from them, own cells among it."""
    found = worked("en", "Reducible loss", "How the numbers come about: base")
    assert list(found) == [
        "N", "D", "L", r"\lambda_{C}", r"C_{\mathrm{train}}", r"\text{Tokens per parameter}", r"\text{Reducible loss}",
        r"\text{twice that}",
    ]  # fmt: skip
    assert found["L"].endswith(r"&= 2.32888\ \text{nats/token}")
    assert found[r"C_{\mathrm{train}}"].splitlines() == [
        r"C_{\mathrm{train}} &= 6 N D \\",
        r"&= 6 \cdot 1.82422 \times 10^{9} \cdot 9.13634 \times 10^{10} \\",
        r"&= 1.00 \times 10^{21}\ \text{FLOP}",
    ]


def test_own_cells_may_read_each_other(worked):
    """A cell over another cell names it, with the number that came out above."""
    found = worked("en", "Reducible loss", "How the numbers come about: base")
    assert found[r"\text{Reducible loss}"].splitlines()[0].endswith(r"&= L - E \\")
    assert r"2 \text{Reducible loss}" in found[r"\text{twice that}"]
    first = found[r"\text{Reducible loss}"].splitlines()[-1]
    number = re.search(r"0\.\d+", first)
    assert number is not None
    assert rf"&= 2 \cdot {number[0]}" in found[r"\text{twice that}"]


def test_a_chinese_report_has_the_same_equations(worked):
    """Units and labels are Chinese, the mathematics is the same."""
    found = worked("zh", "可约损失", "数值从何而来：base")
    assert list(found)[:4] == ["N", "D", "L", r"\lambda_{C}"]
    assert found["N"].endswith(r"\ \text{参数}")
    assert r"\text{可约损失}" in found


def test_a_law_with_one_resource_has_the_section(report_text):
    """Its loss, then own cells: the resource as the law writes it, decimals as decimals, constants left out."""
    plan = """
title: Repeated
law:
  law: repeated
  loss: E * (1 + r * (epochs - 1))
  decisions: {epochs: '1'}
  constants: {E: 2, r: 0.02}
inputs: {epochs: 3}
cells:
  fixed: {formula: 2 * 3, unit: '1'}
  worth: {formula: epochs ** 0.35266 + fixed, unit: '1', label: Worth}
"""
    section = report_text(plan)["report.md"].split("### How the numbers come about: base")[1].split("\n## ")[0]
    blocks = re.findall(r"\\begin\{aligned\}\n(.*?)\n\\end\{aligned\}", section, re.DOTALL)
    assert [block.replace(" \\\\", "").splitlines() for block in blocks] == [
        [
            r"L &= E \left(r \left(\mathrm{epochs} - 1\right) + 1\right)",
            r"&= 2 \left(0.02 \left(3 - 1\right) + 1\right)",
            r"&= 2.08\ \text{nats/token}",
        ],
        [r"\text{Worth} &= \text{fixed} + \mathrm{epochs}^{0.35266}", "&= 6 + 3^{0.35266}", "&= 7.4732"],
    ]
