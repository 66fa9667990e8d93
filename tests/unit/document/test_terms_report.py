"""Reports of plans under terms: what a manager reads, what a reviewer reads, in both languages."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from flopsheet.document.report import render_report
from flopsheet.document.source import ReportSource

TIERS = """
title: Tiers
law: besiroglu_2024
budget: {compute: 1.0e+23 FLOP}
hardware: {accelerator: H100-SXM, count: 64, mfu: 40 %, price: 2.5 USD/hour}
caps: {time: 400 days}
data:
  tiers:
    - {name: good, unique: 20B, quality: high, epochs: 4}
    - {name: web_crawl, unique: 400B, quality: low, epochs: 2}
strategies:
  twenty to one: {tokens_per_parameter: 20}
"""
COST = """
title: Cost
law: sardana_2023
language: LANGUAGE
objective: minimize cost
target: {loss: 2.0}
budget: {covers: lifetime}
hardware: {accelerator: A100-SXM, mfu: 50 %, price: 1.5 USD/hour}
inference: {input_tokens: 70B, output_tokens: 215B, prefill_mfu: 50 %, decode_mfu: 1 %, price: 1.1 USD/hour}
scenarios:
  base: {}
  capped: {caps.parameters: 3B}
  impossible: {caps.parameters: 100M}
  below: {target.loss: 1.6}
"""


@pytest.fixture(scope="module")
def report(report_text: Callable[[str], dict[str, str]]) -> str:
    """The report of the plan with tiers."""
    return report_text(TIERS)["report.md"]


def test_summary_says_what_to_do_and_what_it_takes(report: str, solve_text: Callable[[str], ReportSource]) -> None:
    """Size, tokens, epochs of each tier, time, money and energy, and what binds stand in the first bullet."""
    bullet = next(line for line in report.splitlines() if line.startswith("- **base.**"))
    for part in ("Train ", "epochs of good", "epochs of web\\_crawl", "days", "USD and", "kWh", "unique data bind."):
        assert part in bullet
    assert "100 B more unique tokens of" in bullet
    answer = solve_text(TIERS).answers[0]
    assert f"{answer.tiers[0].epochs:.3g} epochs of good" in bullet


def test_nothing_is_held_against_the_budget_alone(report: str) -> None:
    """The law's closed form has no part in a report whose plan is another one."""
    for text in ("without caps", "Compute wasted", "N^{\\ast}", "Elasticities", "isoflop.svg", "frontier.svg"):
        assert text not in report
    assert "\\\\\\*" not in report


def test_the_section_on_buying_orders_limits(report: str) -> None:
    """Limits stand in the order of what 1 % more is worth, those that are not used up last and with what is left."""
    section = report.split("## What limits us, what to buy next")[1].split("## Scenarios", maxsplit=1)[0]
    rows = [
        [cell.strip() for cell in line.split("|")[1:-1]] for line in section.splitlines() if line.startswith("| base")
    ]
    assert [row[1] for row in rows][:2] == ["Compute budget", "Unique data"]
    assert rows[-1][1] == "Time limit"
    assert rows[-1][5] == "0"
    assert float(rows[-1][4].removesuffix(" %")) > 50
    assert "### What binds as the budget grows" in section
    assert sum(line.startswith("| **") for line in section.splitlines()) == 1


def test_tables_tell_data_and_hardware(report: str) -> None:
    """Inputs of data with the word that a quality was given by, hardware with units that read."""
    assert "1 (`high`)" in report
    assert "0.4 (`low`)" in report
    assert "`high` 1, `mixed` 0.7, `low` 0.4" in report
    assert "| Share of the peak that training reaches (MFU) | 40 % |" in report
    assert "FLOP/s |" in report


def test_the_modifier_is_cited(report: str) -> None:
    """The paper of the repetition stands in the bibliography and where repetition is told of."""
    assert "Scaling Data-Constrained Language Models" in report
    assert "What repeated tokens are worth: Exponential decay of repeated tokens" in report


def test_worked_numbers_balance(report: str) -> None:
    """Both sides of stationarity are worked out to the same number."""
    worked = report.split("### How the numbers come about: base")[1]
    sides = re.findall(r"- \\frac\{\\partial L\}\{\\partial \\ln [ND]\} &= .*? \\\\\n.*?\n&= ([\d.]+)", worked)
    assert len(sides) == 2
    assert float(sides[0]) == pytest.approx(float(sides[1]), rel=1e-4)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_kind_of_scenario_is_told(report_text: Callable[[str], dict[str, str]], language: str) -> None:
    """Plans at the least cost, excluded and unreachable targets are told in both languages, without a gap."""
    files = report_text(COST.replace("LANGUAGE", language))
    report = files["report.md"]
    assert set(files) == {"report.md", "along.svg", "budget.svg", "choice.svg"}
    excluded = {"en": "cannot be reached within the parameter cap", "zh": "在参数量上限之内无法达到目标损失"}[language]
    assert report.count(excluded) == 2
    assert "{" not in re.sub(r"```.*?```|\$`.*?`\$|`[^`]*`", "", report, flags=re.DOTALL)
    assert "| 3 B |" in report


def test_reports_are_the_same_each_time(
    solve_text: Callable[[str], ReportSource], report_text: Callable[[str], dict[str, str]]
) -> None:
    """Equal sources give equal bytes."""
    text = COST.replace("LANGUAGE", "en")
    assert render_report(solve_text(text)) == report_text(text)
