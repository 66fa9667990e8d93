"""The section of a report that sets laws side by side: its tables, chart, proofs, notes and citations."""

import dataclasses
import re

import pytest

from flopsheet.derive.proof import Proof
from flopsheet.document.compare_chart import draw_compare
from flopsheet.document.compare_view import cite_all, view_compare
from flopsheet.document.report import render_report
from flopsheet.document.words import Words

THREE = """
title: Three laws
law: hoffmann_2022_unrounded
compare: [kaplan_2020, besiroglu_2024, hoffmann_2022]
scenarios:
  small: {budget.compute: 1e21}
  again: {extends: small}
  large: {budget.compute: 1e25}
"""
TARGETS = """
title: 三条定律
language: zh
law: hoffmann_2022_unrounded
objective: minimize compute
compare: [kaplan_2020, besiroglu_2024]
scenarios:
  可达: {target.loss: 2.0}
  太低: {target.loss: 1.75}
  受限: {target.loss: 2.0, caps.parameters: 5B}
"""
AMOUNTS = """
title: Two laws of data
law: kaplan_2020_tokens
compare: [ho_tokens]
inputs: {D: 1B}
"""


def rows(text):
    """The rows of the tables in a text, heads among them."""
    lines = [line.strip("|").split("|") for line in text.splitlines() if line.startswith("|") and ":---" not in line]
    return [[cell.strip() for cell in line] for line in lines]


def section(text, title):
    """The part of a report below a heading of the second level."""
    return re.split(r"^## ", text.partition(f"\n## {title}\n")[2], flags=re.MULTILINE)[0]


def test_each_scenario_has_a_table_of_all_laws(report_text):
    """The plan's own law first, then the others as listed; scenarios with equal answers share a table."""
    told = section(report_text(THREE)["report.md"], "The same budget under other laws")
    assert "not comparable: compare sizes and amounts of data." in told
    assert "\n**small and again**\n" in told
    assert "\n**large**\n" in told
    head, *found = rows(told)[:5]
    assert head == ["Law", "Parameters", "Tokens", "Tokens per parameter", "Loss", "Size over the plan's"]
    assert found == [
        ["`hoffmann_2022_unrounded` (the plan's)", "2.217 B", "75.18 B", "33.91", "2.295", "1"],
        ["`kaplan_2020`", "6.231 B", "26.75 B", "4.292", "2.136", "2.811"],
        ["`besiroglu_2024`", "2.778 B", "59.99 B", "21.59", "2.306", "1.253"],
        ["`hoffmann_2022`", "1.824 B", "91.36 B", "50.08", "2.329", "0.8228"],
    ]
    assert "Under `kaplan_2020` the best size is 2.81 to 8.4 times that of the plan's law." in told


def test_what_each_law_states_stands_beside_its_proofs(report_text):
    """Loss, exponent, range, verdicts and source of every compared law, and its optimum in its own letters."""
    told = section(report_text(THREE)["report.md"], "The same budget under other laws")
    laws = {row[0]: row for row in rows(told) if row[-1].endswith(")") and "arXiv" in row[-1]}
    assert list(laws) == ["`kaplan_2020`", "`besiroglu_2024`", "`hoffmann_2022`"]
    assert laws["`kaplan_2020`"][2:6] == [
        "`((N_c / N)**(alpha_N / alpha_D) + D_c / D)**alpha_D`",
        "0.575",
        "768 to 1.5 B parameters, 22 M to 23 B tokens",
        "7 proven",
    ]
    assert "The best size for a budget under `besiroglu_2024` and `hoffmann_2022`:" in told
    assert r"N^{\ast} = \left(\frac{C}{6}\right)^{\beta/(\alpha + \beta)}" in told
    assert "N counts parameters without embeddings" in told
    assert "| `besiroglu_2024` | all | The source of law besiroglu\\_2024 does not state" in told


def test_exactly_the_laws_used_are_cited(solve_text):
    """One entry for each paper, that of the plan's own law first; two laws of one paper make one entry."""
    keys = re.findall(r"@article\{(\w+),", cite_all(solve_text(THREE)))
    assert keys == ["hoffmann_2022_unrounded", "kaplan_2020", "besiroglu_2024"]
    assert re.findall(r"@article\{(\w+),", cite_all(solve_text("claims"))) == ["hoffmann_2022"]


def test_a_refuted_statement_is_named(solve_text):
    """The counts tell a refuted statement, and a sentence names it with its law."""
    source = solve_text(THREE)
    law = source.solution.compared[0]
    wrong = dataclasses.replace(
        law.derivation, proofs=(*law.derivation.proofs[1:], Proof("second order: made up", "numeric", "refuted"))
    )
    compared = (dataclasses.replace(law, derivation=wrong), *source.solution.compared[1:])
    changed = dataclasses.replace(source, solution=dataclasses.replace(source.solution, compared=compared))
    view = view_compare(changed, Words("en"))
    assert view is not None
    assert view.laws is not None
    assert view.refuted == ("Refuted for `kaplan_2020`: second order: made up",)
    assert view.laws.rows[0][5] == "6 proven, 1 refuted"
    assert "- Refuted for `kaplan_2020`: second order: made up\n" in render_report(changed)["report.md"]


def test_the_chart_is_solid_where_a_law_was_fitted(solve_text):
    """Solid up to the end of the range, dashed beyond from the same point on, dotted where no range is stated."""
    (figure,) = draw_compare(solve_text(THREE), Words("en"))
    lines = [series for series in figure.chart.series if series.kind == "line"]
    assert [(line.colour, line.dash) for line in lines] == [
        (0, "solid"),
        (0, "dashed"),
        (1, "solid"),
        (1, "dashed"),
        (2, "dotted"),
        (3, "solid"),
        (3, "dashed"),
    ]
    kaplan, beyond = lines[2:4]
    inside = [x for x, y in zip(kaplan.x, kaplan.y, strict=True) if y == y]  # noqa: PLR0124 - not a number
    outside = [x for x, y in zip(beyond.x, beyond.y, strict=True) if y == y]  # noqa: PLR0124 - the same
    # N = 1.5B, where the range ends, is the optimum of 8.4e19 FLOP under this law.
    assert inside[-1] < 8.4e19 < outside[1]
    assert inside[-1] == outside[0]
    assert (kaplan.label, beyond.label) == ("", "kaplan_2020")
    assert [reference.value for reference in figure.chart.references] == [1e21, 1e25]
    marks = [series for series in figure.chart.series if series.kind == "points"]
    assert [len(series.x) for series in marks] == [3, 3, 3, 3]


def test_the_report_shows_the_chart(report_text):
    """The chart is a file of the report, and the sections that every report has stay."""
    files = report_text(THREE)
    assert "![The best parameters over compute under each law" in files["report.md"]
    assert "kaplan_2020" in files["compare.svg"]
    assert "compare.svg" not in report_text("budgets")
    assert "under other laws" not in report_text("budgets")["report.md"]


def test_a_target_tells_what_each_law_needs(report_text):
    """In Chinese: compute has a column, a law that does not get there says so."""
    told = section(report_text(TARGETS)["report.md"], "同一目标在其他定律下的结果")
    found = rows(told)
    assert found[0] == [
        "定律",
        "参数量",
        "训练词元数",
        "词元数/参数量",
        "损失",
        "总计算量（FLOP）",
        "规模与本方案之比",
    ]
    assert [row[0] for row in found[1:4]] == [
        "`hoffmann_2022_unrounded`（本方案）",
        "`kaplan_2020`",
        "`besiroglu_2024`",
    ]
    low = [row for row in found if row[0] == "`besiroglu_2024`" and "∞" in row]
    assert low == [["`besiroglu_2024`", "∞", "∞", "–", "1.817", "∞", "", "无方案：目标不可达"]]
    capped = [row for row in found if row[0] == "`besiroglu_2024`" and row[-1] == "无方案：上限排除了目标"]
    assert len(capped) == 1


def test_laws_of_one_resource_show_their_losses(tmp_path, solve_text):
    """Amount given and loss under each law, and the chart of both curves."""
    law = "{law: ho_tokens, loss: (T0/T)**a, decisions: {T: tokens}, constants: {T0: 1e13, a: 0.1}}"
    (tmp_path / "tok.yaml").write_text(law, encoding="utf-8")
    plan = tmp_path / "plan.yaml"
    plan.write_text(AMOUNTS.replace("ho_tokens", "./tok.yaml"), encoding="utf-8")
    from flopsheet import api  # noqa: PLC0415 - this test alone needs a law file beside its plan

    source = dataclasses.replace(solve_text("budgets"), solution=api.solve_plan(plan))
    files = render_report(source)
    told = section(files["report.md"], "The same amount under other laws")
    assert rows(told)[:3] == [
        ["Law", "Given", "Loss"],
        ["`kaplan_2020_tokens` (the plan's)", "1 B", "2.816"],
        ["`ho_tokens`", "1 B", "2.512"],
    ]
    assert "Only the first" not in files["report.md"]
    assert "ho_tokens" in files["compare.svg"]


def test_many_laws_are_not_all_drawn(solve_text):
    """A chart with more laws than colours draws the first ones and says so."""
    three = "kaplan_2020, besiroglu_2024, hoffmann_2022"
    text = THREE.replace(three, f"{three}, besiroglu_2024_unrounded, hoffmann_2022_table_a3, gadre_2024_c4")
    (figure,) = draw_compare(solve_text(text), Words("en"))
    assert {series.colour for series in figure.chart.series} == {0, 1, 2, 3, 4, 5}
    assert figure.caption.endswith("Only the first 6 laws are drawn.")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_losses_are_said_not_to_be_comparable(language):
    """Both languages say it in the words that report, workbook and terminal share."""
    told = Words(language).say("compare.losses")
    assert ("not comparable" in told) if language == "en" else ("不可比较" in told)


def test_inference_is_part_of_what_a_law_needs(report_text):
    """Where a law's cost covers inference its column holds all that it takes, and no law's training alone."""
    text = (
        "title: T\nlaw: sardana_2023_lifetime\nobjective: minimize compute\ntarget: {loss: 2.1}\n"
        "inference: {tokens: 20T}\ncompare: [hoffmann_2022]\n"
    )
    part = section(report_text(text)["report.md"], "The same target under other laws")
    head, own, other = rows(part)[:3]
    at = head.index("Total compute (FLOP)")
    assert "Training compute (FLOP)" not in head
    assert (own[at], other[at]) == ("1.353 × 10²³", "1.797 × 10²²")


def test_a_law_that_the_budget_does_not_pay_for_says_so(report_text):
    """Its row has dashes, and the budget as the reason, not the caps."""
    text = (
        "title: T\nlaw:\n  law: own\n  loss: E + A / N**a + B / D**b\n  cost: 6 * N * D + 1e20\n"
        "  decisions: {N: parameters, D: tokens}\n  constants: {E: 1.69, A: 400, B: 410, a: 0.34, b: 0.28}\n"
        "budget: {compute: 1e19}\ncompare: [hoffmann_2022]\n"
    )
    part = section(report_text(text)["report.md"], "The same budget under other laws")
    head, own, other = rows(part)[:3]
    at = head.index("Status")
    assert own[at] == "no plan: the budget does not pay the fixed cost"
    assert other[at] == ""
