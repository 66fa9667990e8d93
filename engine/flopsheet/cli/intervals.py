"""The intervals of a plan on the terminal, beside the numbers that it is solved for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from flopsheet.cli.output import print_table

if TYPE_CHECKING:
    from flopsheet.evaluate.answers import Answer


def show_intervals(answers: Sequence[Answer]) -> None:
    """A row for each result that the draws move, and what binds in which share of the draws."""
    from flopsheet.document.numbers import render_number, render_unit  # noqa: PLC0415 - start-up speed

    drawn = [(answer, answer.uncertainty) for answer in answers if answer.uncertainty is not None]
    if not drawn:
        return
    first = drawn[0][1]
    rows = []
    for answer, found in drawn:
        own = {**answer.results, **answer.cells}
        for name, spread in found.results.items():
            if not spread.varies:
                continue
            unit = None if spread.unit == "1" else spread.unit
            value = render_number(own[name].value, unit) if name in own else "-"
            quantiles = [
                render_number(each.value, unit, digits=4 if unit == "nats/token" else 3)
                for each in spread.quantiles.values()
            ]
            rows.append((answer.name, name, render_unit(unit) if unit else "", value, *quantiles))
    if rows:
        shares = [f"{100 * share:g} %" for share in first.shares]
        click.echo(f"\n{first.sampler.draws:,} draws, seed {first.sampler.seed}")
        headers = ("scenario", "result", "unit", "plan", *shares)
        print_table(headers, rows, right=tuple(range(3, len(headers))))
    shown = [
        (answer.name, what, f"{100 * share:.3g} %")
        for answer, found in drawn
        for what, share in (*found.binding.items(), *((s, v) for s, v in found.statuses.items() if s != "ok"))
        if len(found.binding) > 1 or what not in found.binding
    ]
    if shown:
        click.echo("")
        print_table(("scenario", "binds, or status", "share of draws"), shown, right=(2,))
