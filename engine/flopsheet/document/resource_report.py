"""The report of a law with one resource: what it buys, and what a loss requires."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

import numpy as np

from flopsheet.document.charts import Axis, Chart, Reference, Series
from flopsheet.document.growth import Growth, draw_required, draw_steps, list_doublings
from flopsheet.document.own_curves import Span, compare_own_curves, draw_own_curves, list_own_curves
from flopsheet.document.scene import POINTS, Figure
from flopsheet.document.source import ReportSource
from flopsheet.document.symbols import list_symbols
from flopsheet.document.tables import Column, Table, build_table
from flopsheet.document.view_fit import draw_fit, list_fit
from flopsheet.document.view_tables import head_of_result
from flopsheet.document.view_worked import work_out_resource
from flopsheet.document.words import Words
from flopsheet.evaluate.answers import Amount
from flopsheet.evaluate.compile import compile_cells
from flopsheet.model.cell import BEYOND_REACH

#: The axis ends at the first whole decade that lies at least so many decades outside the scenarios.
_AIR: Final = 0.3


def view_resource(source: ReportSource, words: Words) -> Mapping[str, object]:
    """The parts of the report's view that differ from those of an allocation."""
    what, unit = name_resource(source, words), source.resource.decision(source.resource.resource).unit
    growth = Growth(source, resource_cell(source))
    symbols = list_symbols(source.model)
    return {
        "sections": [*list_fit(source, words, symbols), *list_doublings(growth, words, what, unit)],
        "objective": words.say("objective.resource"),
        "summary": {"table": None, "scenarios": _sentences(source, words), "overall": []},
        "inputs": None,
        "results": list_points(source, words),
        "held_back": False,
        "prices": None,
        "strategies": None,
        "claims": [],
        "worked": work_out_resource(source, words, symbols),
        "exponents": "",
        "elasticities": None,
    }


def name_resource(source: ReportSource, words: Words) -> str:
    """What the resource is called."""
    decision = source.resource.decision(source.resource.resource)
    role = "compute" if decision.unit == "FLOP" else decision.role
    return words.say(f"role.{role}") if role else words.name(decision.symbol)


def resource_cell(source: ReportSource) -> str:
    """The id of the cell that holds the resource."""
    return next(cell.id for cell in source.graph if cell.kind == "input" and cell.id != "target_loss")


def given(source: ReportSource, index: int) -> float | None:
    """The resource a scenario gives, or None."""
    value = source.evaluation.value(resource_cell(source), index)
    return value if value < BEYOND_REACH else None


def list_points(source: ReportSource, words: Words) -> Table | None:
    """What each scenario gives or asks, the loss there, and its change from the scenario before."""
    unit = source.resource.decision(source.resource.resource).unit
    what = name_resource(source, words)
    required = f"{source.resource.resource}_required"
    asks = any(required in answer.results for answer in source.answers)
    curves = list_own_curves(source, resource_cell(source))
    choices = [given for given in source.resource.inputs.values() if given.is_chosen]
    chosen = [given.result.name for given in choices]
    least = [f"{given.name}_required" for given in choices] if asks else []
    columns = [
        Column(words.say("report.scenario"), "left"),
        Column(what[:1].upper() + what[1:] + _unit_suffix(words, unit)),
        *(Column(head_of_result(source, words, name)) for name in chosen),
        Column(words.say("report.loss")),
        Column(words.say("report.step_change")),
        *(Column(words.name(curve.label)) for curve in curves),
    ]
    if asks:
        columns += [Column(words.say("report.target")), Column(words.say("report.required", what=what))]
        columns += [Column(head_of_result(source, words, name)) for name in least]
    rows = []
    latest: dict[tuple[float, ...], float] = {}
    for index, answer in enumerate(source.answers):
        amount, loss = given(source, index), answer.results.get("L_opt")
        value = loss.value if loss is not None else None
        constants = tuple(source.constants(index).values())
        before = latest.get(constants)
        change = None if value is None or before is None else (value - before) / abs(before)
        texts = [
            words.number(amount, unit if unit != "1" else None),
            *(_choice(words, answer.results.get(name)) for name in chosen),
            words.number(value, "nats/token" if value is not None else None, 5),
            words.number(None) if change is None else _signed_percent(words, change),
        ]
        for curve in curves:
            own = answer.cells.get(curve.cell.id)
            texts.append(words.number(None if own is None else own.value, "nats/token" if own else None, 5))
        if asks:
            found = answer.results.get(required)
            target = source.evaluation.value("target_loss", index)
            texts.append(words.number(target if target < BEYOND_REACH else None, None))
            texts.append(words.number(None if found is None else found.value, unit if unit != "1" else None))
            texts += [_choice(words, answer.results.get(name)) for name in least]
        rows.append([words.name(answer.name), *texts])
        if value is not None:
            latest[constants] = value
    return build_table(columns, rows)


def _choice(words: Words, amount: Amount | None) -> str:
    """What is chosen, without its unit, which the head of the column tells."""
    return words.number(None if amount is None else amount.value, None)


def _unit_suffix(words: Words, unit: str) -> str:
    """The unit of a column where its name does not say it."""
    return f" ({words.unit(unit)})" if unit == "FLOP" else ""


def _signed_percent(words: Words, share: float) -> str:
    """A relative change with its sign."""
    sign = "+" if share > 0 else "−" if share < 0 else ""
    return sign + words.percent(abs(share), 3)


def _sentences(source: ReportSource, words: Words) -> list[str]:
    """What the law says at its scenarios, in words."""
    what = name_resource(source, words)
    unit = source.resource.decision(source.resource.resource).unit
    growth = Growth(source, resource_cell(source))
    cases = growth.cases()
    spans = [
        Span(growth.name_case(index, cases), index, min(amounts), max(amounts))
        for index, amounts in cases.items()
        if min(amounts) < max(amounts)
    ]
    sentences = []
    for span in spans:
        before, after = map(float, growth.losses(span.index, np.array([span.low, span.high])))
        sentences.append(
            words.say(
                "summary.resource_span" if len(cases) == 1 else "summary.resource_span_of",
                what=what,
                scenario=words.name(span.name),
                low=words.quantity(span.low, unit),
                high=words.quantity(span.high, unit) + (f" {what}" if unit == "1" else ""),
                before=words.number(before, "nats/token", 4),
                after=words.number(after, "nats/token", 4),
            )
        )
    sentences += compare_own_curves(source, growth.cell, spans, words, (unit, what))
    required = f"{source.resource.resource}_required"
    for index, answer in enumerate(source.answers):
        if required in answer.results:
            value = answer.results[required].value
            target = words.number(source.evaluation.value("target_loss", index), None)
            key = "summary.resource_required" if math.isfinite(value) else "summary.resource_never"
            needed = words.quantity(value, unit) + (f" {what}" if unit == "1" else "") if math.isfinite(value) else ""
            sentences.append(words.say(key, target=target, amount=needed, what=what))
    return sentences


def draw_resource(source: ReportSource, words: Words) -> tuple[Figure, ...]:
    """The loss over the resource, a curve for each set of constants, with the scenarios on it."""
    points: dict[tuple[float, ...], list[int]] = {}
    for index in range(len(source.answers)):
        if given(source, index) is not None:
            points.setdefault(tuple(source.constants(index).values()), []).append(index)
    if not points:
        return ()
    amounts = [given(source, index) or 1.0 for indices in points.values() for index in indices]
    axis_low = 10.0 ** math.floor(math.log10(min(amounts)) - _AIR)
    axis_high = 10.0 ** math.ceil(math.log10(max(amounts)) + _AIR)
    wide = max(amounts) / min(amounts) > 30
    unit = source.resource.decision(source.resource.resource).unit
    if wide and unit == "1":
        # A number such as epochs or a share may mean nothing beyond what the plan asks.
        axis_low, axis_high = min(amounts), max(amounts)
    grid = np.geomspace(axis_low, axis_high, POINTS) if wide else np.linspace(min(amounts), max(amounts), POINTS)
    lines, marks = [], []
    for indices in points.values():
        losses = _losses(source, indices[0], grid)
        label = words.say("chart.law") if len(points) == 1 else source.answers[indices[0]].name.partition(",")[0]
        lines.append(Series(label, tuple(map(float, grid)), tuple(map(float, losses))))
        marks += indices
    cases = {indices[0]: source.answers[indices[0]].name.partition(",")[0] for indices in points.values()}
    lines += draw_own_curves(list_own_curves(source, resource_cell(source)), cases, grid, words)
    what = name_resource(source, words)
    scenarios = Series(
        words.say("chart.scenarios"),
        tuple(given(source, index) or 0.0 for index in marks),
        tuple(source.answers[index].results["L_opt"].value for index in marks),
        kind="points",
        marker="diamond",
        label_at="legend",
    )
    x = Axis(
        what[:1].upper() + what[1:] + _unit_suffix(words, unit),
        "log" if wide else "linear",
        unit=None if unit == "1" else unit,
    )
    known = "L_limit" in source.evaluation.values
    limits = {source.evaluation.value("L_limit", indices[0]) for indices in points.values()} if known else {0.0}
    limit = limits.pop() if len(limits) == 1 else 0.0
    references = (Reference("y", limit, words.say("chart.irreducible")),) if limit > 0 else ()
    chart = Chart(
        id="law",
        title=words.say("chart.law_title", what=what),
        description=words.say("chart.law_description", what=what),
        x=x,
        y=Axis(words.say("chart.loss_axis"), unit="nats/token"),
        series=(*lines, scenarios),
        references=references,
    )
    law = Figure("law.svg", chart, words.say("chart.law_caption"))
    growth = Growth(source, resource_cell(source))
    return (
        *draw_fit(source, words, what, x),
        law,
        *draw_steps(growth, words, what, x),
        *draw_required(growth, words, what, x),
    )


def _losses(source: ReportSource, index: int, grid: np.ndarray) -> np.ndarray:
    """The loss along a grid of the resource with the constants of a scenario, by the compiled cells of the plan."""
    compiled = compile_cells(source.graph, ["L_opt"])
    values = {name: source.evaluation.value(name, index) for name in compiled.inputs}
    return compiled.evaluate({**values, resource_cell(source): grid})["L_opt"]
