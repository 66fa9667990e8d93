"""The report: what stands in it, in which order, with which figures."""

import re

import pytest

from flopsheet import api
from flopsheet.document.report import render_report
from flopsheet.document.source import ReportSource
from flopsheet.document.view_derivation import record_steps
from flopsheet.messages import template_root

ALL = ("budgets", "claims", "letters", "sum", "targets")


def section(report: str, heading: str) -> str:
    """The text under a heading, up to the next one of its level or above."""
    level = heading.split(" ", maxsplit=1)[0]
    start = report.index(f"\n{heading}\n") + 1
    ends = [match.start() for match in re.finditer(rf"\n#{{1,{len(level)}}} ", report) if match.start() > start]
    return report[start : min(ends, default=len(report))]


def table_rows(text: str) -> list[list[str]]:
    """The cells of every table row in a text, without the rules below the heads."""
    rows = [line.strip().strip("|") for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", row)] for row in rows if ":---" not in row]


def test_sections_come_in_reading_order(report_text):
    """A manager reads from the top, a reviewer to the end."""
    headings = re.findall(r"^##? (.*)$", report_text("budgets")["report.md"], re.MULTILINE)
    assert headings == [
        "Four budgets",
        "Summary",
        "Scenarios",
        "Charts",
        "Findings",
        "Derivation",
        "Proofs",
        "Provenance",
    ]


def test_files_are_the_report_and_its_charts(report_text):
    """Every chart is shown by the report, and nothing else is written."""
    files = report_text("budgets")
    shown = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", files["report.md"])
    assert shown == ["isoflop.svg", "frontier.svg", "allocation.svg"]
    assert set(files) == {"report.md", *shown}


def test_a_target_has_its_own_contours(report_text):
    """With a target loss the contours are of compute, not of loss."""
    assert set(report_text("targets")) == {"report.md", "isoloss.svg", "frontier.svg", "allocation.svg"}


@pytest.mark.parametrize("name", ALL)
def test_two_renders_are_equal(solve_text, report_text, name):
    """The same source gives the same bytes, also when it is solved anew."""
    source = solve_text(name)
    again = ReportSource(api.solve(source.plan), source.inputs_sha256, source.version)
    files, before = render_report(again), report_text(name)
    # Names are compared, not texts: the difference of long texts takes minutes to print.
    assert [file for file in files | before if files.get(file) != before.get(file)] == []


@pytest.mark.parametrize("name", ALL)
def test_every_table_is_whole(report_text, name):
    """Each row has as many cells as its head, and a rule stands below each head."""
    lines = report_text(name)["report.md"].splitlines()
    blocks: list[list[str]] = [[]]
    for line in lines:
        if line.startswith("|"):
            blocks[-1].append(line)
        elif blocks[-1]:
            blocks.append([])
    tables = [block for block in blocks if block]
    assert len(tables) > 3
    for block in tables:
        counts = {len(re.findall(r"(?<!\\)\|", line)) for line in block}
        assert len(counts) == 1, block
        assert re.fullmatch(r"\|( (:---|---:) \|)+", block[1])


@pytest.mark.parametrize("name", ALL)
def test_mathematics_is_balanced_and_fenced(report_text, name):
    r"""Formulas stand in fences that GitHub renders, braces and \\left match, and no dollar pair is open."""
    report = report_text(name)["report.md"]
    fenced = re.findall(r"^```math\n(.*?)\n```$", report, re.MULTILINE | re.DOTALL)
    inline = re.findall(r"\$`(.*?)`\$", report)
    assert len(fenced) > 10
    for formula in (*fenced, *inline):
        bare = formula.replace(r"\{", "").replace(r"\}", "")
        assert bare.count("{") == bare.count("}")
        assert formula.count(r"\left") == formula.count(r"\right")
        assert "operatorname" not in formula
    outside = re.sub(r"\$`.*?`\$", "", re.sub(r"^```.*?^```$", "", report, flags=re.MULTILINE | re.DOTALL))
    assert "$" not in outside


def test_the_summary_says_what_to_do_and_what_it_is_worth(report_text):
    """A scenario that only its budget limits: the plan, its worth, and what being wrong costs."""
    text = "title: One\nlaw: hoffmann_2022\nscenarios: {mid: {budget.compute: 1e22}}\n"
    summary = section(report_text(text)["report.md"], "## Summary")
    assert "- **mid.** Train 5.16 B parameters on 323 B tokens, 62.6 tokens per parameter." in summary
    assert (
        "The expected loss is 2.139. The compute budget binds. 1 % more compute lowers the loss by 0.00069." in summary
    )
    assert (
        "half the parameters cost 0.010 in loss and twice the parameters 0.010: either way as much as losing 14 %"
        in summary
    )


def test_many_scenarios_are_a_table_and_words_for_those_that_differ(report_text):
    """Beyond three scenarios each has a row, and only those under a cap are told in words."""
    summary = section(report_text("budgets")["report.md"], "## Summary")
    names = [row[0] for row in table_rows(summary)[1:]]
    assert names == ["small", "large", "fleet", "little data"]
    told = re.findall(r"^- \*\*(.*?)\.\*\*", summary, re.MULTILINE)
    assert told == ["fleet", "little data"]
    assert "94 % of the compute budget stays unspent" in summary
    assert "A parameter cap 1 % higher lowers it by 0.00077, as 1.8 % more compute would." in summary


def test_results_are_the_answers(report_text):
    """The table of results holds what the article's scenario gives."""
    rows = {row[0]: row for row in table_rows(section(report_text("budgets")["report.md"], "### Results"))}
    assert rows["small"][1:4] == ["228 M", "7.311 B", "2.986"]
    assert rows["fleet"][1:4] == ["1 B", "1.667 T", "2.199"]
    assert rows["fleet"][-1] == "compute budget and parameter cap"


def test_cells_and_expectations_are_shown(report_text):
    """The reader's own figures with their formula, and a broken expectation said aloud."""
    report = report_text("budgets")["report.md"]
    figures = table_rows(section(report, "### Further figures"))
    assert figures[1][:3] == ["Tokens in trillions", "`D_opt / 1e12`", "tokens"]
    verdicts = {row[0]: row[-1] for row in table_rows(section(report, "### Expectations"))}
    assert verdicts["`L_opt`"] == "**broken**"
    assert verdicts["`N_opt`"] == "holds"
    assert "An expectation is broken: `L_opt` is 2.986" in section(report, "## Summary")


def test_a_refuted_claim_shows_what_fails(report_text):
    """Verdict, both formulas, the failing identity with its number, and the counterexample."""
    claim = section(report_text("claims")["report.md"], "### Claim “article”")
    assert "**Refuted**, as the plan expects · source: an overview" in claim
    assert r"\frac{6 N D}{C} = " in claim
    assert r"= 0.00244896 \ne 1" in claim
    rows = {row[0]: row[1:] for row in table_rows(claim)}
    assert rows["Share of the budget spent"] == ["0.2449 %", "100 %"]
    assert rows["Loss"] == ["6.3549", "3.5353"]
    assert rows["Parameters"] == ["3.956 M", "80.58 M"]


def test_a_true_claim_is_proven(report_text):
    """A true formula written differently is proven and has no counterexample."""
    claim = section(report_text("claims")["report.md"], "### Claim “rewritten”")
    assert "**Proven**" in claim
    assert "counterexample" not in claim


def test_a_claim_that_spends_the_budget_is_told_by_its_figure(report_text):
    """Where the budget is kept, what is wrong is the figure itself, and the loss it gives away."""
    report = report_text("claims")["report.md"]
    assert "the optimum has `tokens_per_parameter` = 25.67, the claim 20" in section(report, "## Summary")
    assert "It gives away 0.0054 in loss at that budget." in section(report, "### Claim “twenty”")


def test_a_claim_under_caps_is_held_to_the_optimum_under_caps(report_text):
    """Where caps decide, conditions that their optimum does not satisfy are not held against a claim."""
    text = """
title: Under caps
law: hoffmann_2022
scenarios:
  capped: {budget.compute: 1e22, caps.parameters: 1B}
  both: {budget.compute: 1e22, caps.parameters: 1B, caps.tokens: 100B}
claims:
  half: {says: {N_opt: caps_parameters / 2, D_opt: C / (3 * caps_parameters)}, scenario: capped}
  less: {says: {N_opt: caps_parameters, D_opt: caps_tokens / 2}, scenario: both}
"""
    report = report_text(text)["report.md"]
    half, less = section(report, "### Claim “half”"), section(report, "### Claim “less”")
    assert "The claimed formula differs from the derived one." in half
    assert r"\ne 1" not in half + less
    assert "It gives away 0.067 in loss at that budget." in half
    assert "the optimum has `N_opt` = 1 B, the claim 500 M" in section(report, "## Summary")


def test_targets_out_of_reach_are_told_in_words(report_text):
    """Nothing is planned for a target that no compute or no cap allows, and the reason is said."""
    summary = section(report_text("targets")["report.md"], "## 摘要")
    assert "目标不可达：目标损失 1.500 不高于不可约损失 1.817" in summary
    assert "在 1 B 参数的上限内，损失最低为 2.174，高于目标 1.900" in summary


@pytest.mark.parametrize("name", ALL)
def test_no_number_has_more_than_six_digits(report_text, name):
    """Committed text shows at most six significant digits, outside hashes and what a plan says itself."""
    for file, text in report_text(name).items():
        shown = re.sub(r"`[^`$]*`", "", text) if file == "report.md" else re.sub(r"<style>.*?</style>", "", text)
        shown = re.sub(r"#[0-9a-f]{6}\b|arXiv:[\d.]+|abs/[\d.]+|eprint.*", "", shown.replace("{,}", ","))
        for number in re.findall(r"\d[\d,]*(?:\.\d+)?", shown):
            digits = number.replace(",", "").replace(".", "").lstrip("0")
            whole = digits.rstrip("0") if "." not in number else digits
            assert len(whole) <= 6, (file, number)


def test_a_law_in_other_letters_keeps_its_letters(solve_text, report_text):
    """Steps and derivation of a law in P and Q show none of N, D, A, B: no formula is written by hand."""
    report = report_text("letters")["report.md"]
    formulas = re.findall(r"^```math\n(.*?)\n```$", section(report, "## Derivation"), re.MULTILINE | re.DOTALL)
    steps = record_steps(solve_text("letters").derivation)
    latex = [*formulas, *(str(step["latex"]) for step in steps)]
    assert len(latex) > 15
    assert [line for line in latex if re.search(r"(?<![A-Za-z\\])[NDAB](?![A-Za-z])", line)] == []
    assert any("P" in line for line in latex)


def test_steps_are_plain_data(solve_text):
    """Each step is a title, the LaTeX of each equation by itself, and a remark, in the language asked for."""
    derivation = solve_text("budgets").derivation
    english, chinese = record_steps(derivation), record_steps(derivation, "zh")
    assert [set(step) for step in english] == [{"title", "latex", "remark"}] * len(derivation.steps)
    assert english[0]["latex"] == [r"L = E + \frac{A}{N^{\alpha}} + \frac{B}{D^{\beta}}", "6 N D = C"]
    assert chinese[0]["latex"] == english[0]["latex"]
    assert re.search("[\u4e00-\u9fff]", str(chinese[0]["title"]))


def test_templates_hold_no_formula():
    """What is mathematics comes from the derivation: no template has LaTeX or an operator between symbols."""
    for path in template_root().rglob("*.jinja"):
        text = re.sub(r"\{#.*?#\}", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        assert "\\" not in text, path
        assert not re.search(r"alpha|beta|\*\*|\bN_opt|\bD_opt", text), path


def test_each_number_has_its_source(report_text):
    """Provenance gives every input as written, in base units, with the line that sets it."""
    rows = table_rows(section(report_text("budgets")["report.md"], "### Inputs as written"))
    assert ["small", "`budget.compute`", "`1e19 FLOP`", "10¹⁹ FLOP", "`plan.yaml:6`"] in rows
    strategy = next(row for row in rows if row[0] == "twenty to one")
    assert strategy[1:] == ["`strategies.tokens_per_parameter`", "–", "20 tokens per parameter", "`plan.yaml:11`"]


def test_provenance_has_hash_version_and_no_path_of_this_machine(report_text, tmp_path):
    """The hash and version are stated; no date, no absolute path."""
    report = report_text("budgets")["report.md"]
    assert "0123456789abcdef" * 4 in report
    assert "flopsheet 9.9.9 from `plan.yaml`" in report
    assert str(tmp_path.parent) not in report
    assert not re.search(r"\b20\d\d-\d\d-\d\d\b", report)


def test_templates_can_be_overridden(solve_text, tmp_path):
    """A folder of one's own replaces a template and leaves the others."""
    (tmp_path / "report.md.jinja").write_text("{{ title }}: {{ proofs.rows | length }} proofs\n", encoding="utf-8")
    files = render_report(solve_text("budgets"), overrides=tmp_path)
    assert files["report.md"] == "Four budgets: 8 proofs\n"
    assert files["frontier.svg"].startswith("<svg")


def test_laws_with_a_budget_that_is_a_sum_are_told_by_their_symbols(report_text):
    """Decisions without a role have no words, so their symbols stand for them."""
    summary = section(report_text("sum")["report.md"], "## Summary")
    assert "Choose $`x_{N}`$ = 4.73 × 10²¹ FLOP, $`x_{D}`$ = 5.27 × 10²¹ FLOP. The expected loss is 1.386." in summary


def test_report_says_what_the_law_counts(report_text):
    """Provenance tells what sizes count, training data and tokenizer; a silent law adds no line."""
    told = section(report_text("budgets")["report.md"], "### The law `hoffmann_2022`")
    for line in (
        "- Sizes count: all parameters, embeddings included",
        "- Training data: MassiveText",
        "- Tokenizer: SentencePiece, 32k",
    ):
        assert line in told.splitlines()
    assert "Kind of loss" not in told
    assert "Sizes count" not in report_text("letters")["report.md"]
    text = "title: x\nbudget: {compute: 1e20}\nlaw: ludziejewski_2025_e4\nlanguage: zh\n"
    assert "- 规模计：每词元激活的参数" in report_text(text)["report.md"].splitlines()
    text = "title: x\nbudget: {compute: 1e20}\nlaw: krajewski_2024_dense\n"
    assert "- Tokenizer: not stated by its source" in report_text(text)["report.md"].splitlines()


def test_findings_on_the_law_read_in_both_languages(report_text):
    """What rounding does, what a cap counts and which cell has no value stand in the table of findings, once each."""
    text = """
title: x
language: {language}
law: {law}
scenarios:
  free: {{budget.compute: 1e20}}
  capped: {{budget.compute: 1e20, caps.parameters: 100M}}
cells: {{room_left: {{formula: caps_parameters / N_opt}}}}
"""
    english = report_text(text.format(language="en", law="kaplan_2020"))["report.md"]
    rows = {cells[1]: cells[0] for cells in table_rows(section(english, "## Findings"))[1:]}
    (rounded,) = [finding for finding in rows if "two or three digits" in finding]
    assert rows[rounded] == "all"
    (counted,) = [finding for finding in rows if "the parameters without embeddings" in finding]
    assert (rows[counted], counted.count("the cap on parameters")) == ("capped", 1)
    (cell,) = [finding for finding in rows if r"The cell room\_left has no value here" in finding]
    assert rows[cell] == "free"
    chinese = report_text(text.format(language="zh", law="kaplan_2020"))["report.md"]
    for words in (
        r"定律 kaplan\_2020：指数只印了两三位数字",
        "计不含嵌入的参数：参数上限按此计数",
        r"单元格 room\_left 在此没有值：它读取的上限未设定。",
    ):
        assert words in chinese


def test_a_strategy_that_is_not_paid_for_has_a_row_of_dashes(report_text):
    """It stays in the table, the finding says why; twice the optimum is not paid for either, which the summary says."""
    text = (
        "title: T\nlaw: sardana_2023_lifetime\nbudget: {compute: 1e22}\ninference: {tokens: 2T}\n"
        "strategies: {large: {parameters: 700B}, small: {parameters: 1B}}\n"
    )
    report = report_text(text)["report.md"]
    assert "| base | large | – | – | – | – | – | – |\n" in report
    assert "The strategy large has no value here" in report
    assert "twice the parameters would cost more than the budget." in report


def test_a_budget_that_pays_no_plan_is_told(report_text):
    """Summary and table say that the budget does not pay what is spent in any case."""
    text = (
        "title: T\nlaw:\n  law: own\n  loss: E + A / N**a + B / D**b\n  cost: 6 * N * D + 1e20\n"
        "  decisions: {N: parameters, D: tokens}\n  constants: {E: 1.69, A: 400, B: 410, a: 0.34, b: 0.28}\n"
        "budget: {compute: 1e19}\nscenarios: {base: {}, more: {budget.compute: 1e21}}\n"
    )
    report = report_text(text)["report.md"]
    assert "is not below the budget of 10¹⁹ FLOP; more than 9 × 10¹⁹ FLOP are missing." in report
    assert "| no plan: the budget does not pay the fixed cost |" in report


def test_what_a_proof_found_is_told_in_the_language_of_the_report(report_text):
    """Statements stay English in every language; how they were checked is Chinese in a Chinese report."""
    text = "title: T\nlanguage: zh\nlaw: sardana_2023_lifetime\nbudget: {compute: 1e22}\ninference: {tokens: 2T}\n"
    report = report_text(text)["report.md"]
    assert "个固定种子的随机点上以 50 位数字计算，两边有 40 位数字一致" in report
    assert "seeded random points" not in report


COMPARING = """
title: Repeated
law: muennighoff_2023
budget: {compute: 9.3e21}
scenarios: {free: {data.unique: 25B}, capped: {data.unique: 25B, caps.parameters: 3B}}
strategies: {large: {parameters: 20B}}
"""


@pytest.mark.parametrize("language", ["en", "zh"])
def test_what_cannot_be_said_in_compute_is_said_in_loss(report_text, language):
    """Where the law's loss has no inverse, no sentence ends in a dash for the compute that a departure wastes."""
    text = report_text(f"{COMPARING}language: {language}\n")["report.md"]
    summary = section(text, "## Summary" if language == "en" else "## 摘要")
    assert "\u2013" not in "".join(line for line in summary.splitlines() if not line.startswith("|"))
    words = {
        "en": ["twice the parameters 0.014.", "above the optimum.", "without caps."],
        "zh": ["加倍使损失增加 0.014。", "损失比最优高", "不设上限相比，损失高出"],
    }
    assert all(word in text for word in words[language]), summary


def test_laws_that_compare_are_told_by_their_slopes(report_text):
    """The slopes stand in full once, with what their steps mean; what follows calls them by name."""
    derivation = section(report_text(f"{COMPARING}language: en\n")["report.md"], "## Derivation")
    slopes = section(derivation, "### 2. What each decision gains and costs, per relative step")
    assert "\\theta" in slopes
    assert "\u03b8 is 1 where its argument is above zero" in slopes
    assert "\\theta" not in derivation.replace(slopes, "")
    balance = r"- \frac{\partial L}{\partial \ln N} = - \frac{\partial L}{\partial \ln D}"
    assert derivation.replace("&=", "=").count(balance) == 2
