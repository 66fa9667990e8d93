"""Intervals in reports, on the terminal and in JSON: sentences, tables, fan charts, in both languages."""

import json
import re
from typing import Any

import pytest

from flopsheet import api
from flopsheet.cli.intervals import show_intervals
from flopsheet.document.fan_chart import draw_fans
from flopsheet.document.report import render_report
from flopsheet.document.source import ReportSource
from flopsheet.document.view_uncertainty import view_uncertainty
from flopsheet.document.words import Words

PLAN = """
title: How sure
language: {language}
law: besiroglu_2024
budget: {{compute: 5e23}}
caps: {{parameters: 60B}}
hardware: {{accelerator: H100-SXM, count: 512, mfu: 40 %, price: 2.5 USD/hour}}
uncertainty:
  draws: 2K
  seed: 1
  level: 80 %
  inputs: {{hardware.mfu: {{normal: [40 %, 3 %]}}, hardware.price: {{lognormal: [2.5, 0.2]}}}}
scenarios:
  a|b: {{}}
  known: {{constants: {{E: 1.8172, A: 482.01, B: 2085.43, alpha: 0.3478, beta: 0.3658}}, hardware.mfu: 35 %}}
"""


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    """The plan solved in both languages."""
    found = {}
    for language in ("en", "zh"):
        path = tmp_path_factory.mktemp("plan") / "plan.yaml"
        path.write_text(PLAN.format(language=language), encoding="utf-8")
        found[language] = ReportSource(solution=api.solve_plan(path), inputs_sha256="0" * 64, version="0.1.0")
    return found


@pytest.fixture(scope="module")
def files(sources):
    """The English report and its charts."""
    return render_report(sources["en"])


def test_the_summary_tells_where_results_lie(sources, files):
    """A sentence for each scenario, from low to high with the factor between; and that constants are independent."""
    view: Any = view_uncertainty(sources["en"], Words("en"))
    first, second, caveat = view["sentences"]
    assert first.startswith("“a\\|b”, in 80 % of 2,000 draws: best size ")
    found = sources["en"].answers[0].uncertainty.results["cost"].quantiles
    factor = found[0.9].value / found[0.1].value
    assert re.search(rf"cost [\d.]+ K to [\d.]+ M USD \(a factor of {factor:.2g}\)", first)
    assert second.startswith("“known”, in 80 % of 2,000 draws: cost ")
    assert "size" not in second
    assert "drawn each by itself" in caveat
    summary = files["report.md"].partition("## Summary")[2].partition("\n## ")[0]
    assert all(f"\n- {sentence}" in summary for sentence in view["sentences"])


def test_tables(sources, files):
    """Quantiles of what the draws move, what binds, and what was drawn with who states it."""
    section = files["report.md"].partition("## How sure the results are")[2].partition("\n## ")[0]
    assert "| Result | Unit | Planned | 10 % | 25 % | Median | 75 % | 90 % | Error |" in section
    shares = sources["en"].answers[0].uncertainty.binding
    assert set(shares) == {"compute", "compute+parameters"}
    assert f"| a\\|b | compute budget and parameter cap | {100 * shares['compute+parameters']:.3g} % |" in section
    assert "| `hardware.mfu` | normal: mean 0.4, standard deviation 0.03 | `plan.yaml:12` |" in section
    assert (
        "| `constants.B` | normal: mean 2,085, standard deviation 1,293 | standard error of `besiroglu_2024` |"
        in section
    )
    known = section.partition("### known")[2].partition("###")[0]
    assert "Cost" in known
    assert "Time" not in known


def test_fan_charts(sources, files):
    """Bands around the median over budgets on either side of the scenario's; the same bytes each time."""
    size, loss = draw_fans(sources["en"], Words("en"))
    assert (size.file, loss.file) == ("fan.svg", "fan-loss.svg")
    for figure in (size, loss):
        outer, inner = figure.chart.bands
        median = figure.chart.series[2]
        assert outer.x[0] == pytest.approx(5e21)
        assert outer.x[-1] == pytest.approx(5e25)
        rows = zip(outer.low, inner.low, median.y, inner.high, outer.high, strict=True)
        assert all(list(row) == sorted(row) for row in rows)
        bands = zip(outer.low, inner.low, inner.high, outer.high, strict=True)
        assert all(lowest < low < high < highest for lowest, low, high, highest in list(bands)[:4])
        svg = files[figure.file]
        assert svg.count('fill-opacity="0.16"') == svg.count('fill-opacity="0.26"') == 1
        assert "![" in files["report.md"]
        assert f"]({figure.file})" in files["report.md"]
    assert render_report(sources["en"]) == files


def test_a_budget_that_is_drawn_is_known_along_the_fan(tmp_path):
    """The fan is over budgets: what it shows at each of them is without the uncertainty of the budget itself."""
    path = tmp_path / "plan.yaml"
    budget = "uncertainty: {draws: 500, inputs: {budget.compute: {lognormal: [1e22, 0.5]}}}"
    path.write_text(f"title: t\nlaw: hoffmann_2022\nbudget: {{compute: 1e22}}\n{budget}\n", encoding="utf-8")
    source = ReportSource(solution=api.solve_plan(path), inputs_sha256="0" * 64, version="0.1.0")
    loss = draw_fans(source, Words("en"))[1].chart
    assert loss.bands[0].low == pytest.approx(loss.bands[0].high, rel=1e-12)
    assert list(loss.series[2].y) == sorted(set(loss.series[2].y), reverse=True)


def test_chinese(sources):
    """The section is Chinese in a Chinese report."""
    text = render_report(sources["zh"])["report.md"]
    assert "## 结果有多可靠" in text
    assert "在 2,000 次抽样的80%中：最优规模 " in text
    assert "各自独立抽取" in text


def test_json(sources):
    """Draws, seed, quantiles with errors and units, shares; full doubles that JSON can hold."""
    record = json.loads(json.dumps(api.record_solved(sources["en"].solution), allow_nan=False))["scenarios"][0]
    found = record["uncertainty"]
    assert (found["draws"], found["seed"], found["constants"]) == (2000, 1, "independent")
    size = found["results"]["N_opt"]
    assert size["unit"] == "parameter"
    assert list(size["quantiles"]) == ["0.1", "0.25", "0.5", "0.75", "0.9"]
    assert set(size["quantiles"]["0.1"]) == {"value", "error"}
    assert sum(found["binding"].values()) == pytest.approx(1)
    assert found["status"] == {"ok": 1.0}
    assert found["rejected"] > 0
    assert found["drawn"][:2] == ["hardware.mfu", "hardware.price"]


def test_plans_without_draws_have_no_trace_of_it(tmp_path):
    """Neither JSON nor report of a plan without the key mention it."""
    path = tmp_path / "plan.yaml"
    path.write_text("title: t\nlaw: besiroglu_2024\nbudget: {compute: 1e22}\n", encoding="utf-8")
    solution = api.solve_plan(path)
    assert "uncertainty" not in api.record_solved(solution)["scenarios"][0]
    files = render_report(ReportSource(solution=solution, inputs_sha256="0" * 64, version="0.1.0"))
    assert "fan.svg" not in files
    assert "draws" not in files["report.md"]


def test_terminal(sources, capsys):
    """Intervals stand beside the numbers, and the shares of what binds below."""
    show_intervals(sources["en"].answers)
    out = capsys.readouterr().out
    assert "2,000 draws, seed 1" in out
    head = next(line for line in out.splitlines() if "plan" in line and "scenario" in line)
    assert head.split()[-10:] == ["10", "%", "25", "%", "50", "%", "75", "%", "90", "%"]
    cost = next(line for line in out.splitlines() if line.startswith("known") and " cost " in line)
    assert cost.split()[2:5] == ["USD", "1.003", "M"]
    assert "compute+parameters" in out
