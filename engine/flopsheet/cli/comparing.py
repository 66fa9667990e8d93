"""The laws of a plan side by side on the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from flopsheet.cli.output import print_table, say
from flopsheet.messages import Message, render_message

if TYPE_CHECKING:
    from flopsheet.evaluate.answers import Answer
    from flopsheet.evaluate.solution import Solution


def show_laws(solution: Solution, answers: Sequence[Answer]) -> None:
    """A table with a row for each scenario and law, the plan's own law first, and how its losses are to be read."""
    from flopsheet.derive.compared import list_headlines  # noqa: PLC0415 - start-up speed
    from flopsheet.document.numbers import render_number, render_unit  # noqa: PLC0415 - the same
    from flopsheet.evaluate.comparison import list_quantities, list_rows  # noqa: PLC0415 - the same

    quantities = list_quantities(solution)
    own = list_headlines(solution.model, solution.graph)
    rows = []
    for answer in answers:
        for row in list_rows(solution, solution.answers.index(answer)):
            cells = [
                render_number(found.value, None if found.unit == "1" else found.unit)
                if (found := row.amounts.get(name)) is not None
                else "-"
                for name in quantities
            ]
            ratio = "-" if row.ratio is None else f"{row.ratio:.4g}"
            rows.append((answer.name, row.law.name, row.status, *cells, ratio))
    units = ("", "", "", *("" if unit == "1" else render_unit(unit) for unit in quantities.values()), "")
    kept = [index for index in range(len(units)) if index < 3 or any(row[index] != "-" for row in rows)]
    headers = ("scenario", "law", "status", *(own.get(name, name) for name in quantities), "size over the plan's")
    click.echo("")
    print_table(
        [headers[index] for index in kept],
        [[row[index] for index in kept] for row in rows],
        right=tuple(range(3, len(kept))),
        units=[units[index] for index in kept],
    )
    say(render_message(Message("compare.losses")))


def show_law_findings(answers: Sequence[Answer]) -> None:
    """What to know about the answers of compared laws."""
    for answer in answers:
        for name, law in answer.laws.items():
            for finding in law.findings:
                say(f"{answer.name}, {name}: {finding.code}: {render_message(finding.message)}")
