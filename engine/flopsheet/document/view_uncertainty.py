"""Intervals as a report shows them: sentences for the summary, a table for each scenario, what was drawn."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Final

from flopsheet.document.source import ReportSource
from flopsheet.document.tables import Column, Section, Table, build_table
from flopsheet.document.view_tables import head_of_result
from flopsheet.document.words import Words, place_cell
from flopsheet.evaluate.answers import Answer
from flopsheet.evaluate.sampler import Variable
from flopsheet.evaluate.uncertainty import MEDIAN, Spread, Uncertainty
from flopsheet.model.law_model import LawModel

#: So many scenarios are told in sentences; of more the first ones.
_TOLD: Final = 3
#: Factors from here on are told with three digits.
_WIDE: Final = 100.0
_NO_PLAN: Final = ("infeasible", "not_converged")


def view_uncertainty(source: ReportSource, words: Words) -> Mapping[str, object] | None:
    """The section on uncertainty; None where the plan draws nothing."""
    drawn = [(answer, answer.uncertainty) for answer in source.answers if answer.uncertainty is not None]
    if not drawn:
        return None
    first = drawn[0][1]
    text = words.say(
        "uncertainty.text",
        draws=f"{first.sampler.draws:,}",
        seed=str(first.sampler.seed),
        level=level_of(first, words),
    )
    sections = [Section(words.name(answer.name), "", list_results(source, words, answer)) for answer, _ in drawn]
    sections += [
        Section(words.say(f"uncertainty.{key}"), "", table)
        for key, table in (("binding", _list_binding(words, drawn)), ("status", _list_statuses(words, drawn)))
    ]
    sections.append(Section(words.say("uncertainty.drawn"), "", _list_drawn(source, words, [f for _, f in drawn])))
    return {
        "title": words.say("uncertainty.title"),
        "text": text,
        "sentences": [text for answer, found in drawn[:_TOLD] for text in _tell(source, words, answer, found)]
        + list(_caveats(words, [found for _, found in drawn])),
        "sections": [section for section in sections if section.table is not None],
    }


def level_of(found: Uncertainty, words: Words) -> str:
    """The share of draws between the outer quantiles."""
    return words.percent(found.shares[-1] - found.shares[0], 3)


def _tell(source: ReportSource, words: Words, answer: Answer, found: Uncertainty) -> Iterator[str]:
    """Where the decisions, the money, the time and the loss of a scenario lie, and how often there is no plan."""
    common = {"scenario": words.name(answer.name), "draws": f"{found.sampler.draws:,}"}
    clauses = [
        _clause(words, what, spread, (found.shares[0], found.shares[-1]))
        for name, what in _headlines(source, words).items()
        if (spread := found.results.get(name)) is not None and spread.varies
    ]
    if clauses:
        told = words.say("uncertainty.clause_gap").join(clauses)
        yield words.say("uncertainty.sentence", **common, level=level_of(found, words), clauses=told)
    failing = sum(share for status, share in found.statuses.items() if status in _NO_PLAN)
    if failing:
        yield words.say("uncertainty.sentence_failing", **common, share=words.percent(failing, 2))


def _clause(words: Words, what: str, spread: Spread, ends: tuple[float, float]) -> str:
    """From where to where a result lies; how many times the least the most is, where that says something."""
    low, high = (spread.quantiles[share].value for share in ends)
    is_loss = spread.unit == "nats/token"
    digits = 4 if is_loss else 3
    shown = {"low": words.number(low, spread.unit, digits), "high": words.quantity(high, spread.unit, digits)}
    if is_loss or not low > 0 or not math.isfinite(high):
        return words.say("uncertainty.clause", what=what, **shown)
    factor = words.number(high / low, None, 2 if high < _WIDE * low else 3)
    return words.say("uncertainty.clause_factor", what=what, **shown, factor=factor)


def _headlines(source: ReportSource, words: Words) -> dict[str, str]:
    """The results that a manager asks for, as they are called inside a sentence."""
    model = source.solution.model
    named = {}
    for z in model.decisions if isinstance(model, LawModel) else ():
        role = model.decision(z).role
        named[f"{z}_opt"] = words.say(f"uncertainty.of_{role}") if role else words.code(f"{z}_opt")
    return named | {name: words.say(f"uncertainty.of_{name}") for name in ("C_total", "cost", "time", "L_opt")}


def _caveats(words: Words, found: list[Uncertainty]) -> Iterator[str]:
    """How far the intervals can be trusted."""
    if any(each.independent for each in found):
        yield words.say("uncertainty.independent")
    if any(each.sampler.joint is not None for each in found):
        yield words.say("uncertainty.joint_note")


def list_results(source: ReportSource, words: Words, answer: Answer) -> Table | None:
    """The quantiles of each result that the draws move."""
    found = answer.uncertainty
    if found is None:
        return None
    columns = [
        Column(words.say("uncertainty.result"), "left"),
        Column(words.say("uncertainty.unit"), "left"),
        Column(words.say("uncertainty.planned")),
        *(Column(_head(words, share)) for share in found.shares),
        Column(words.say("uncertainty.error")),
    ]
    own = {**answer.results, **answer.cells}
    rows = []
    for name, spread in found.results.items():
        if not spread.varies:
            continue
        unit = None if spread.unit == "1" else spread.unit
        planned = words.number(own[name].value if name in own else None, unit)
        digits = 4 if unit == "nats/token" else 3
        quantiles = [words.number(each.value, unit, digits) for each in spread.quantiles.values()]
        label = _strip_unit(head_of_result(source, words, name), words, unit)
        shown = words.unit(unit) if unit else ""
        rows.append([label, shown, planned, *quantiles, worst_error(words, spread)])
    return build_table(columns, rows)


def worst_error(words: Words, spread: Spread) -> str:
    """The largest Monte Carlo error of any quantile, as a share of it."""
    shares = [each.error / abs(each.value) for each in spread.quantiles.values() if each.value and each.error]
    worst = max(shares, default=0.0)
    return words.number(None) if not math.isfinite(worst) else words.percent(worst, 2)


def _head(words: Words, share: float) -> str:
    """The head of a quantile's column."""
    return words.say("uncertainty.median") if share == MEDIAN else words.percent(share, 3)


def _strip_unit(label: str, words: Words, unit: str | None) -> str:
    """A result's name without its unit, which has a column of its own."""
    if unit is None:
        return label
    suffix = words.say("document.open_paren") + words.unit(unit) + words.say("document.close_paren")
    return label.removesuffix(suffix)


def _list_binding(words: Words, drawn: list[tuple[Answer, Uncertainty]]) -> Table | None:
    """The share of draws for each set of limits that binds, where there are several."""
    if all(len(found.binding) < 2 for _, found in drawn):
        return None
    rows = []
    for answer, found in drawn:
        for names, share in sorted(found.binding.items(), key=lambda item: -item[1]):
            told = words.say("uncertainty.none") if names == "none" else words.join(
                [words.say(f"limit.{name}") for name in names.split("+")]
            )  # fmt: skip
            rows.append([words.name(answer.name), told, words.percent(share, 3)])
    return build_table(_share_columns(words, "report.binds"), rows)


def _list_statuses(words: Words, drawn: list[tuple[Answer, Uncertainty]]) -> Table | None:
    """The share of draws for each status, where not all are fine."""
    if all(set(found.statuses) == {"ok"} for _, found in drawn):
        return None
    rows = [
        [words.name(answer.name), words.say(f"status.{status}"), words.percent(share, 3)]
        for answer, found in drawn
        for status, share in found.statuses.items()
    ]
    return build_table(_share_columns(words, "uncertainty.outcome"), rows)


def _share_columns(words: Words, key: str) -> list[Column]:
    """The columns of a table of shares."""
    heads = [Column(words.say("report.scenario"), "left"), Column(words.say(key), "left")]
    return [*heads, Column(words.say("uncertainty.share"))]


def _list_drawn(source: ReportSource, words: Words, found: list[Uncertainty]) -> Table | None:
    """What was drawn in any scenario, from what, and who says so."""
    variables = {variable.key: variable for each in found for variable in each.sampler.variables}
    rows = [
        [words.code(key), describe_variable(variable, words), _stated_by(source, words, variable)]
        for key, variable in variables.items()
    ]
    joint = next((each.sampler.joint for each in found if each.sampler.joint is not None), None)
    if joint is not None:
        rows.append([
            words.say("uncertainty.joint_what"),
            words.say("uncertainty.joint", rows=f"{joint.rows:,}"),
            words.code(joint.file),
        ])  # fmt: skip
    keys = ("uncertainty.what", "uncertainty.how", "uncertainty.by")
    return build_table([Column(words.say(key), "left") for key in keys], rows)


def describe_variable(variable: Variable, words: Words) -> str:
    """A distribution in words."""
    numbers = [words.quantity(value, variable.unit, 4) for value in (variable.first, variable.second)]
    if variable.kind == "lognormal":
        numbers[1] = words.number(variable.second, None, 3)
    return words.say(f"uncertainty.{variable.kind}", first=numbers[0], second=numbers[1])


def _stated_by(source: ReportSource, words: Words, variable: Variable) -> str:
    """Who states a distribution."""
    law = words.code(source.solution.model.law.name)
    if variable.origin == "interval":
        return words.say("uncertainty.by_interval", level=words.percent(variable.level or 0.95, 3), law=law)
    if variable.origin == "se":
        return words.say("uncertainty.by_se", law=law)
    request = source.plan.uncertainty
    place = request.inputs[variable.key].place if request is not None else None
    return "" if place is None else place_cell(place.file, place.line)
