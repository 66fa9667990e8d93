"""Claims with their verdicts: the stated formula beside the derived one, and the counterexample."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import sympy as sp

from flopsheet.derive.claim_ground import Allocation
from flopsheet.derive.claims import ClaimVerdict
from flopsheet.document.latex import render_latex
from flopsheet.document.naming import head_of, is_capped, unit_of
from flopsheet.document.numbers import MAX_DIGITS, render_number
from flopsheet.document.source import ReportSource
from flopsheet.document.tables import Column, Table, build_table
from flopsheet.document.words import Words, math_cell

#: Conditions that hold up to rounding are no further from 1 than this.
_ROUNDING: Final = 1e-9
_DIGITS: Final = 30
_NOT_ONE: Final = r" \ne 1"


@dataclass(frozen=True)
class ClaimView:
    """One claim. `identities` are LaTeX, each a condition of the optimum that the claim breaks."""

    title: str
    verdict: str
    source: str
    formulas: Table | None
    explanation: str
    identities: tuple[tuple[str, str], ...]
    counterexample: Table | None
    remark: str


def list_claims(source: ReportSource, words: Words, symbols: Mapping[str, str]) -> tuple[ClaimView, ...]:
    """All claims of a plan."""
    return tuple(_view_claim(source, words, symbols, verdict) for verdict in source.solution.claims)


def _view_claim(source: ReportSource, words: Words, symbols: Mapping[str, str], verdict: ClaimVerdict) -> ClaimView:
    """One claim with its verdict."""
    claim, identities = verdict.claim, _identities(source, words, symbols, verdict)
    columns = [
        Column(words.say("report.quantity"), "left"),
        Column(words.say("claim.says"), "left"),
        Column(words.say("claim.derived"), "left"),
    ]
    formulas = [
        [
            words.code(stated.left.name),
            *(math_cell(render_latex(side, symbols=symbols)) for side in (stated.right, right.right)),
        ]
        for stated, right in zip(verdict.stated, verdict.right, strict=True)
    ]
    return ClaimView(
        title=words.say("claim.title", name=words.name(claim.name)),
        verdict=_badge(words, verdict),
        source=words.name(claim.source),
        formulas=build_table(columns, formulas),
        explanation=_explain(words, verdict, identities),
        identities=identities,
        counterexample=_counterexample(source, words, verdict),
        remark=_remark(words, verdict),
    )


def _badge(words: Words, verdict: ClaimVerdict) -> str:
    """The verdict, and whether the plan expects it."""
    text = f"**{words.say(f'verdict.{verdict.verdict}').capitalize()}**"
    if verdict.claim.expected is None:
        return text
    return words.say("claim.as_expected" if verdict.as_expected else "claim.unexpected", verdict=text)


def _explain(words: Words, verdict: ClaimVerdict, identities: tuple[tuple[str, str], ...]) -> str:
    """The verdict in a sentence."""
    if verdict.verdict == "proven":
        return words.say("claim.identical")
    if verdict.verdict == "checked":
        return words.say("claim.checked")
    if verdict.verdict == "undecided":
        return words.say("claim.undecided")
    fails = any(latex.endswith(_NOT_ONE) for _, latex in identities)
    return words.say("claim.fails" if fails else "claim.differs")


def _identities(
    source: ReportSource, words: Words, symbols: Mapping[str, str], verdict: ClaimVerdict
) -> tuple[tuple[str, str], ...]:
    """What the claim does to the conditions of an optimum: a name and `condition = formula = number, not 1`."""
    model, interior = source.model, source.derivation.interior
    x, y = model.decisions
    worth = {z: interior.gains[z] / interior.shares[z] for z in (x, y)}
    conditions = {"budget": model.cost / model.amount, "stationarity": worth[x] / worth[y]}
    found = []
    for name, expr, value in verdict.identities:
        if not _must_hold(source, verdict, name):
            continue
        left = render_latex(conditions[name], symbols=symbols)
        parts = [left, render_latex(expr, symbols=symbols)] if expr.free_symbols else [left]
        number = render_number(value, digits=MAX_DIGITS, style="latex")
        holds = abs(value - 1) < _ROUNDING
        tail = "" if holds else _NOT_ONE
        always = model.amount not in expr.free_symbols
        key = "holds" if holds else "fails_always" if always else "fails_here"
        title = words.say(f"claim.{name}_{key}")
        found.append((title, " = ".join([*parts, number]) + tail))
    return tuple(found)


def _must_hold(source: ReportSource, verdict: ClaimVerdict, condition: str) -> bool:
    """Whether the optimum that a claim speaks of satisfies a condition: under a cap it does not satisfy all."""
    index = next((i for i, answer in enumerate(source.answers) if answer.name == verdict.claim.scenario), None)
    if index is None or not source.has_plan(index):
        return True
    if condition == "stationarity":
        return not is_capped(source, index)
    return not source.minimises_loss or "compute" in source.answers[index].binding


def _counterexample(source: ReportSource, words: Words, verdict: ClaimVerdict) -> Table | None:
    """What the claim and the optimum make of the same budget; None where nothing is refuted."""
    if verdict.verdict != "refuted":
        return None
    claimed, best = verdict.claimed, verdict.best
    rows = []
    decided = {f"{z}_opt" for z in source.model.decisions} if claimed and best else set()
    for name, values in claim_values(verdict).items():
        if name not in decided:
            rows.append([words.code(name), *(words.number(value, unit_of(source, name)) for value in values)])
    if claimed and best:
        for number, z in enumerate(source.model.decisions):
            unit = source.model.decision(z).unit
            cells = [words.number(side.decisions[z.name], unit) for side in (claimed, best)]
            rows.append([head_of(source, words, number), *cells])
        rows.append(
            [words.say("report.share_spent"), *(words.percent(side.share_spent, 4) for side in (claimed, best))]
        )
        # Close to an optimum losses differ late: five digits show it.
        rows.append([words.say("report.loss"), *(words.number(side.loss, "nats/token", 5) for side in (claimed, best))])
    budget = words.quantity(verdict.numbers[source.model.amount.name], "FLOP")
    columns = [
        Column(words.say("claim.at_budget", budget=budget), "left"),
        Column(words.say("claim.says")),
        Column(words.say("claim.optimum")),
    ]
    return build_table(columns, rows)


def claim_values(verdict: ClaimVerdict) -> dict[str, tuple[float, float]]:
    """What each stated formula gives at the claim's numbers, and what is right; nan where there is no value."""
    numbers = {name: sp.Float(repr(value), _DIGITS) for name, value in verdict.numbers.items()}

    def value(expr: sp.Expr) -> float:
        found = expr.evalf(_DIGITS, subs={s: numbers[s.name] for s in expr.free_symbols})
        return float(found) if found.is_real else math.nan

    pairs = zip(verdict.stated, verdict.right, strict=True)
    return {stated.left.name: (value(stated.right), value(right.right)) for stated, right in pairs}


def misses_budget(claimed: Allocation | None, best: Allocation | None) -> bool:
    """Whether a claimed allocation spends more or less than its budget where the optimum spends it."""
    if claimed is None or best is None or abs(best.share_spent - 1) > _ROUNDING:
        return False
    return abs(claimed.share_spent - 1) > _ROUNDING


def _remark(words: Words, verdict: ClaimVerdict) -> str:
    """What the counterexample says: the wrong budget, or the loss given away."""
    claimed, best = verdict.claimed, verdict.best
    if claimed is None or best is None:
        return ""
    if misses_budget(claimed, best):
        key = "claim.spends_less" if claimed.share_spent < 1 else "claim.spends_more"
        return words.say(key, share=words.percent(claimed.share_spent, 3), amount=words.say("limit.compute"))
    return words.say("claim.gives_away", value=words.cost(claimed.loss - best.loss, "nats/token"))
