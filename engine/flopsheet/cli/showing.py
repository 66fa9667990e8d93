"""`flopsheet solve` and `flopsheet derive` on the terminal."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import click

from flopsheet.cli.comparing import show_law_findings, show_laws
from flopsheet.cli.intervals import show_intervals
from flopsheet.cli.output import FAILED, OK, print_json, print_table, say
from flopsheet.cli.sensitivity import show_sensitivity
from flopsheet.messages import Message, render_message

if TYPE_CHECKING:
    from flopsheet.evaluate.answers import Answer
    from flopsheet.evaluate.solution import Solution


def show_solution(solution: Solution, scenario: str | None) -> None:
    """The plan as tables: results by scenario, what binds, limits' worth, findings."""
    from flopsheet.document.numbers import render_number, render_unit  # noqa: PLC0415 - start-up speed

    answers = [answer for answer in solution.answers if scenario in {None, answer.name, answer.slug}]
    click.echo(f"{solution.plan.title}  ({solution.plan.path}, law {solution.model.law.name})\n")
    names = list(dict.fromkeys(name for answer in answers for name in (*answer.results, *answer.cells)))
    headers = ("scenario", "status", "binding", *names)
    rows = []
    for answer in answers:
        found = {**answer.results, **answer.cells}
        shown = [render_number(found[name].value, _form(found[name].unit)) if name in found else "-" for name in names]
        rows.append((answer.name, answer.status, ", ".join(answer.binding) or "-", *shown))
    given = {
        name: amount.unit for answer in answers for name, amount in (*answer.results.items(), *answer.cells.items())
    }
    units = ("", "", "", *("" if given[name] == "1" else render_unit(given[name]) for name in names))
    print_table(headers, rows, right=tuple(range(3, len(headers))), units=units)
    show_intervals(answers)
    _show_prices(answers)
    _show_tiers(answers)
    _show_strategies(answers)
    show_sensitivity(solution, scenario)
    if solution.compared:
        show_laws(solution, answers)
    _say_findings(answers)
    show_law_findings(answers)
    for verdict in solution.claims:
        say(f"claim {verdict.claim.name}: {verdict.verdict}: {verdict.reason}")


def _say_findings(answers: list[Answer]) -> None:
    """Every finding with its scenario; one that all scenarios share is told once, after those of single ones."""
    told = [
        (answer.name, f"{each.code}: {render_message(each.message)}") for answer in answers for each in answer.findings
    ]
    common = [text for text, times in Counter(text for _, text in told).items() if times == len(answers) > 1]
    for name, text in told:
        if text not in common:
            say(f"{name}: {text}")
    for text in common:
        say(f"all scenarios: {text}")


def _form(unit: str) -> str | None:
    """The unit in whose form a number is written."""
    return None if unit == "1" else unit


def _show_prices(answers: list[Answer]) -> None:
    """What one per cent more of each limit changes the loss by."""
    rows = [
        (answer.name, limit, f"{price.value:.4g}", f"{price.equivalent_compute:.4g}")
        for answer in answers
        for limit, price in answer.shadow_prices.items()
        if price.value
    ]
    if rows:
        click.echo("")
        print_table(("scenario", "limit", "loss per 1 % more", "as compute"), rows, right=(2, 3))


def _show_tiers(answers: list[Answer]) -> None:
    """How often each tier of data is seen, and what its next token and one per cent more of it are worth."""
    rows = [
        (
            answer.name,
            tier.name,
            f"{tier.epochs:.4g}",
            f"{tier.tokens:.4g}",
            f"{tier.marginal_value:.4g}",
            f"{tier.shadow_price:.4g}",
        )
        for answer in answers
        for tier in answer.tiers
    ]
    if rows:
        click.echo("")
        headers = ("scenario", "tier", "epochs", "tokens", "next token", "loss per 1 % more")
        print_table(headers, rows, right=(2, 3, 4, 5))


def _show_strategies(answers: list[Answer]) -> None:
    """Fixed choices against the optimum."""
    rows = [
        (
            answer.name,
            name,
            *(f"{value:.4g}" for value in strategy.decisions.values()),
            f"{strategy.loss:.6g}",
            "-" if strategy.efficiency is None else f"{strategy.efficiency:.4g}",
        )
        for answer in answers
        for name, strategy in answer.strategies.items()
    ]
    if rows:
        decisions = next(iter(next(answer.strategies for answer in answers if answer.strategies).values())).decisions
        click.echo("")
        headers = ("scenario", "strategy", *decisions, "loss", "efficiency")
        print_table(headers, rows, right=tuple(range(2, len(headers))))


def run_derive(target: str, *, as_json: bool) -> int:
    """Derive a law and show the steps and proofs; the exit code."""
    from flopsheet import api  # noqa: PLC0415 - start-up speed
    from flopsheet.derive.text import render_text  # noqa: PLC0415 - the same
    from flopsheet.document.view_derivation import record_steps  # noqa: PLC0415 - the same
    from flopsheet.evaluate.record import record_proofs  # noqa: PLC0415 - the same
    from flopsheet.plan.layers import load_plan  # noqa: PLC0415 - the same

    if _is_plan(target):
        derivation = api.derive_of_plan(load_plan(Path(target)))
    else:
        derivation = api.derive_of_law(api.find_law(target))
    if as_json:
        print_json(
            {
                "law": derivation.model.law.name,
                "steps": record_steps(derivation),
                "proofs": record_proofs(derivation.proofs),
            }
        )
    else:
        for number, step in enumerate(derivation.steps, 1):
            click.echo(f"{number}. {render_message(step.title)}")
            for equation in step.equations:
                click.echo("     " + " ".join(render_text(equation)))
            if isinstance(step.remark, Message):
                click.echo(f"   {render_message(step.remark)}")
        click.echo("")
        for proof in derivation.proofs:
            click.echo(f"{proof.verdict:9} {proof.method:9} {proof.statement}")
    return FAILED if any(proof.verdict == "refuted" for proof in derivation.proofs) else OK


def _is_plan(target: str) -> bool:
    """Whether a target names a plan file rather than a law or a law file."""
    from flopsheet.plan.discovery import is_law_file  # noqa: PLC0415 - start-up speed

    path = Path(target)
    return path.suffix in {".yaml", ".yml"} and not is_law_file(path)
