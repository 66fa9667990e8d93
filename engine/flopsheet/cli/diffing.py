"""`flopsheet diff` on the terminal, and which changes fail it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from flopsheet.cli.output import FAILED, OK, print_json
from flopsheet.errors import did_you_mean

if TYPE_CHECKING:
    from flopsheet.evaluate.difference import Difference, ResultChange

KINDS = ("inputs", "formulas", "results", "regime", "claims", "any")
_RULE = re.compile(r"(?P<kind>[^:]*?)\s*(?::\s*(?P<share>[0-9]*\.?[0-9]+(?:[eE][-+]?[0-9]+)?)\s*(?P<percent>%?))?")


@dataclass(frozen=True)
class Rule:
    """A kind of change that fails; of results only relative changes above a share do."""

    kind: str
    share: float = 0.0


def parse_rules(text: str) -> tuple[Rule, ...]:
    """The rules of `--fail-on`: kinds between commas, `results:1%` with a threshold.

    Raises:
        click.UsageError: an unknown kind, or a threshold that is none.
    """
    rules = []
    for part in text.split(","):
        match = _RULE.fullmatch(part.strip())
        kind = match["kind"] if match else part.strip().partition(":")[0]
        if kind not in KINDS:
            raise click.UsageError(f"--fail-on does not know `{kind}`. {did_you_mean(kind, KINDS)}")
        if match is None or (match["share"] is not None and kind != "results"):
            raise click.UsageError(f"--fail-on: `{part.strip()}` is no threshold; write for example `results:1%`.")
        share = float(match["share"] or 0.0)
        rules.append(Rule(kind, share / 100 if match["percent"] else share))
    return tuple(rules)


def run_diff(old: str, new: str, *, as_json: bool, fail_on: str | None) -> int:
    """Compare two plans and tell what changed; the exit code."""
    from flopsheet import api  # noqa: PLC0415 - start-up speed
    from flopsheet.document.difference_view import render_difference  # noqa: PLC0415 - the same
    from flopsheet.evaluate.difference_record import record_difference  # noqa: PLC0415 - the same

    rules = parse_rules(fail_on) if fail_on is not None else ()
    with api.compare_plans(old, new) as difference:
        if as_json:
            print_json(record_difference(difference))
        else:
            click.echo(render_difference(difference), nl=False)
        return FAILED if any(_breaks(difference, rule) for rule in rules) else OK


def _breaks(difference: Difference, rule: Rule) -> bool:
    """Whether a difference holds a change that a rule names."""
    scenarios = difference.scenarios
    found = {
        "inputs": difference.settings or difference.inputs or difference.pairs.added or difference.pairs.removed,
        "formulas": any(change.is_other for change in difference.formulas),
        "results": any(_is_above(change, rule.share) for scenario in scenarios for change in scenario.results),
        "regime": any(scenario.regimes or scenario.came or scenario.went for scenario in scenarios),
        "claims": difference.claims or difference.expectations,
        "any": not difference.is_empty,
    }
    return bool(found[rule.kind])


def _is_above(change: ResultChange, share: float) -> bool:
    """Whether a result changed by more than a share; one that came, went, or left zero or infinity did."""
    return change.relative is None or abs(change.relative) > share
