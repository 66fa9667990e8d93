"""A solved plan as a notebook shows it: a table of its scenarios, formulas with the numbers put in, findings."""

from __future__ import annotations

from collections import Counter
from html import escape
from typing import Final

from flopsheet.derive.derivation import Derivation
from flopsheet.document.escape import clean_line, code_span, escape_markdown
from flopsheet.document.latex_lines import lay_out
from flopsheet.document.numbers import render_number, render_unit
from flopsheet.document.source import ReportSource
from flopsheet.document.symbols import list_symbols
from flopsheet.document.tables import Column, Table
from flopsheet.document.view_derivation import work_out
from flopsheet.document.words import Words
from flopsheet.evaluate.solution import Solution
from flopsheet.messages import load_catalogue, render_message

_PLAIN_UNIT: Final = "1"


def render_markdown(solution: Solution) -> str:
    """The table, the formulas and the findings as Markdown."""
    title, law, findings = _title(solution), solution.model.law.name, _list_findings(solution)
    table = _build_table(solution)
    lines = [
        f"**{escape_markdown(title)}** ({code_span(law)})",
        "",
        _row([escape_markdown(column.head) for column in table.columns]),
        _row(["---" if column.align == "left" else "---:" for column in table.columns]),
        *(_row([code_span(row[0]), escape_markdown(row[1]), *row[2:]]) for row in table.rows),
        "",
        f"$$\n{render_formulas(solution)}\n$$",
        *(["", *(f"- {escape_markdown(finding)}" for finding in findings)] if findings else []),
    ]
    return "\n".join(lines) + "\n"


def render_html(solution: Solution) -> str:
    """The table, the formulas and the findings as HTML; the formulas are LaTeX, which notebooks typeset."""
    table, findings = _build_table(solution), _list_findings(solution)
    heads = "".join(f'<th style="text-align: {c.align}">{escape(c.head)}</th>' for c in table.columns)
    rows = []
    for row in table.rows:
        cells = zip(row[1:], table.columns[1:], strict=True)
        shown = "".join(f'<td style="text-align: {column.align}">{escape(cell)}</td>' for cell, column in cells)
        rows.append(f'<tr><th style="text-align: left"><code>{escape(row[0])}</code></th>{shown}</tr>')
    listed = "".join(f"<li>{escape(finding)}</li>" for finding in findings)
    return "\n".join(
        [
            f"<p><b>{escape(_title(solution))}</b> (<code>{escape(solution.model.law.name)}</code>)</p>",
            f"<table>\n<thead><tr>{heads}</tr></thead>\n<tbody>",
            *rows,
            "</tbody>\n</table>",
            f"<p>$$\n{escape(render_formulas(solution), quote=False)}\n$$</p>",
            *([f"<ul>{listed}</ul>"] if findings else []),
        ]
    )


def render_formulas(solution: Solution) -> str:
    """The law, and the first scenario's results with the numbers put in, as one block of LaTeX.

    Under data, inference or further limits the results have no formula of their own: the law stands alone.
    """
    symbols, language = list_symbols(solution.model), solution.plan.language
    law = solution.derivation.steps[0]
    lines = [lay_out(law.equations, symbols=symbols, language=language)]
    source = ReportSource(solution, inputs_sha256="", version="")
    if isinstance(solution.derivation, Derivation) and not source.is_under_terms:
        worked = work_out(source, Words(language), symbols)
        lines += worked.latex if worked is not None else ()
    return lines[0] if len(lines) == 1 else "\\begin{gathered}\n" + " \\\\\n".join(lines) + "\n\\end{gathered}"


def _title(solution: Solution) -> str:
    """The plan's title on one line."""
    return clean_line(solution.plan.title)


def _row(cells: list[str]) -> str:
    """A row of a Markdown table."""
    return f"| {' | '.join(cells)} |"


def _build_table(solution: Solution) -> Table:
    """Status, what binds, every result and every cell: a row each, with a column for each scenario; plain text.

    Rows are called as Python calls them, whatever the language of the plan.
    """
    language = solution.plan.language
    answers = solution.answers

    def number(name: str, unit: str, index: int) -> str:
        amount = {**answers[index].results, **answers[index].cells}.get(name)
        form = None if unit == _PLAIN_UNIT else unit
        value = None if amount is None else amount.value
        return render_number(value, form, language=language, style="markdown")

    labels = load_catalogue(language)
    columns = [Column(labels["report.quantity"], "left"), Column(labels["report.unit"], "left")]
    columns += [Column(clean_line(answer.name)) for answer in answers]
    rows = [("status", "", *(answer.status for answer in answers))]
    rows.append(("binding", "", *(", ".join(answer.binding) for answer in answers)))
    units = {name: each.unit for answer in answers for name, each in {**answer.results, **answer.cells}.items()}
    for name, unit in units.items():
        shown = "" if unit == _PLAIN_UNIT else render_unit(unit, language)
        rows.append((name, shown, *(number(name, unit, index) for index in range(len(answers)))))
    return Table(tuple(columns), tuple(rows))


def _list_findings(solution: Solution) -> list[str]:
    """What a reader must know, each once: of one scenario with its name, of all without."""
    language = solution.plan.language
    told = [
        (answer.name, render_message(finding.message, language))
        for answer in solution.answers
        for finding in answer.findings
    ]
    counted = Counter(text for _, text in told)
    common = {text for text, times in counted.items() if times == len(solution.answers)}
    colon = load_catalogue(language)["document.colon"]
    single = [f"{name}{colon}{text}" for name, text in told if text not in common]
    return [clean_line(text) for text in dict.fromkeys([*single, *(text for _, text in told if text in common)])]
