"""The chart that sets laws side by side: a curve for each, solid where it was fitted, dashed beyond."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from flopsheet.derive.compared import curve_of, list_headlines, size_of
from flopsheet.derive.derivation import Derivation
from flopsheet.derive.resource import ResourceDerivation
from flopsheet.document.chart import Dash
from flopsheet.document.charts import Axis, Chart, Reference, Series
from flopsheet.document.compare_view import question_of
from flopsheet.document.curves import compile_curves
from flopsheet.document.scene import POINTS, Figure
from flopsheet.document.source import ReportSource
from flopsheet.document.words import Words
from flopsheet.evaluate.answers import Amount
from flopsheet.evaluate.compile import FloatArray, compile_cells
from flopsheet.model.cell import BEYOND_REACH, Cell
from flopsheet.model.graph import Graph, build_graph
from flopsheet.plan.plan import Law

_AIR: Final = 0.3
#: A chart reaches so far into the range of each law that it shows where the range ends.
_SHOWN: Final = 1.5
_MOST_LAWS: Final = 6
_MOST_REFERENCES: Final = 8
_EVERYWHERE: Final = np.geomspace(1e10, 1e32, 441)


@dataclass(frozen=True)
class _Drawn:
    """A law as drawn: its derivation, the constants in force, and its results in every scenario."""

    derivation: Derivation | ResourceDerivation
    graph: Graph
    constants: Mapping[str, float]
    results: tuple[Mapping[str, Amount], ...]

    @property
    def law(self) -> Law:
        """The law file."""
        return self.derivation.model.law

    def curve(self, along: npt.ArrayLike) -> tuple[FloatArray, npt.NDArray[np.bool_]]:
        """The curve over an axis, and where on it the law was fitted."""
        amounts = np.asarray(along, dtype=np.float64)
        if isinstance(self.derivation, Derivation):
            model = self.derivation.model
            found = compile_curves(self.derivation).optimum(self.constants, amounts)
            values = {z.name: array for z, array in zip(model.decisions, found[:2], strict=True)}
            heights = values[size_of(model).name]
            values[model.amount.name] = amounts
        else:
            symbol, expr = curve_of(self.derivation, self.graph)
            cells = [Cell(s.name, "input", "1", s.name, positive=bool(s.is_positive)) for s in expr.free_symbols]
            cells.append(Cell("value of the curve", "formula", "1", "value", expr))
            compiled = compile_cells(build_graph(cells), ["value of the curve"])
            heights = compiled.evaluate({**self.constants, symbol.name: amounts})["value of the curve"]
            values = {symbol.name: amounts}
        fitted = np.ones(amounts.shape, dtype=bool)
        for name, (low, high) in (self.law.fitted_range or {}).items():
            if name in values:
                fitted &= (values[name] >= low) & (values[name] <= high)
        return heights, fitted


def draw_compare(source: ReportSource, words: Words) -> tuple[Figure, ...]:
    """The curves of the plan's law and of the first compared ones; none where nothing can be drawn."""
    solution = source.solution
    if not solution.compared:
        return ()
    drawn = [_Drawn(solution.derivation, solution.graph, source.constants(0), tuple(a.results for a in source.answers))]
    for law in solution.compared[: _MOST_LAWS - 1]:
        # Everything that the first scenario fixes of the law, a third decision as it is chosen there included.
        cells = ((symbol.name, law.ids[symbol.name]) for symbol in law.model.parameters)
        own = {name: source.evaluation.value(cell, 0) for name, cell in cells}
        drawn.append(
            _Drawn(law.derivation, law.graph, own, tuple(answer.laws[law.name].results for answer in source.answers))
        )
    draw = _draw_sizes if isinstance(solution.derivation, Derivation) else _draw_losses
    figures = draw(source, words, drawn)
    if len(solution.compared) < _MOST_LAWS:
        return figures
    more = words.say("compare.chart_more", count=str(_MOST_LAWS))
    return tuple(replace(figure, caption=words.sentences([figure.caption, more])) for figure in figures)


def _draw_sizes(source: ReportSource, words: Words, drawn: list[_Drawn]) -> tuple[Figure, ...]:
    """The best size over compute."""
    model = source.model
    z = size_of(model)
    decision = model.decision(z)
    drawn = [each for each in drawn if _unit(each) == decision.unit]
    marks = [_marks(each) for each in drawn]
    spent = [amount for points in marks for amount, _ in points]
    if source.minimises_loss:
        spent += [source.goal(index) for index in range(len(source.answers))]
    if not spent:
        return ()
    low, high = _span(drawn, spent)
    amounts = np.geomspace(low, high, POINTS)
    what = words.say(f"role.{decision.role}") if decision.role else z.name
    series = [line for number, each in enumerate(drawn) for line in _lines(each, amounts, number)]
    for number, points in enumerate(marks):
        if points:
            x, y = zip(*points, strict=True)
            series.append(Series("", x, y, kind="points", marker="circle", colour=number, label_at="none"))
    given = [(source.goal(index), answer.name) for index, answer in enumerate(source.answers)]
    size = words.say("compare.chart_size", what=what)
    chart = Chart(
        id="compare",
        title=words.say("compare.chart_title"),
        description=words.say("compare.chart_description", what=what),
        x=Axis(words.say("chart.compute_axis"), "log", unit="FLOP"),
        y=Axis(size[:1].upper() + size[1:], "log", unit=decision.unit),
        series=tuple(series),
        references=_references(given) if source.minimises_loss else (),
    )
    return (Figure("compare.svg", chart, words.say(f"compare.chart_caption_{question_of(source)}")),)


def _draw_losses(source: ReportSource, words: Words, drawn: list[_Drawn]) -> tuple[Figure, ...]:
    """The loss over the one resource."""
    resource = source.resource.resource
    decision = source.resource.decision(resource)
    cell = next(cell.id for cell in source.graph if cell.kind == "input" and cell.id != "target_loss")
    values = [(source.evaluation.value(cell, index), answer.name) for index, answer in enumerate(source.answers)]
    given = [(value, name) for value, name in values if value < BEYOND_REACH]
    if not given:
        return ()
    low, high = _span(drawn, [value for value, _ in given])
    amounts = np.geomspace(low, high, POINTS)
    what = words.say(f"role.{decision.role}") if decision.role else resource.name
    chart = Chart(
        id="compare",
        title=words.say("compare.chart_resource_title", what=what),
        description=words.say("compare.chart_resource_description", what=what),
        x=Axis(what[:1].upper() + what[1:], "log", unit=None if decision.unit == "1" else decision.unit),
        y=Axis(words.say("chart.loss_axis"), unit="nats/token"),
        series=tuple(line for number, each in enumerate(drawn) for line in _lines(each, amounts, number)),
        references=_references(given),
    )
    caption = words.say("compare.chart_resource_caption", losses=words.say("compare.losses"))
    return (Figure("compare.svg", chart, caption),)


def _unit(each: _Drawn) -> str:
    """The unit of a law's size."""
    return each.derivation.model.decision(size_of(each.derivation.model)).unit


def _marks(each: _Drawn) -> list[tuple[float, float]]:
    """What a law spends and how large it trains in every scenario in which it has a plan."""
    model = each.derivation.model
    size = list_headlines(model, each.graph).get(model.decision(size_of(model)).role or size_of(model).name, "")
    found = []
    for results in each.results:
        spent, value = results.get("C_total"), results.get(size)
        if spent is not None and value is not None and math.isfinite(spent.value) and math.isfinite(value.value):
            found.append((spent.value, value.value))
    return found


def _span(drawn: list[_Drawn], given: list[float]) -> tuple[float, float]:
    """Whole decades around what is given, wide enough to show the edge of the range of each law."""
    low, high = min(given), max(given)
    for each in drawn:
        if each.law.fitted_range is None:
            continue
        inside = _EVERYWHERE[each.curve(_EVERYWHERE)[1]]
        if 0 < inside.size < _EVERYWHERE.size:
            low = min(low, inside[-1] / 10**_SHOWN)
            high = max(high, inside[0] * 10**_SHOWN)
    return 10.0 ** math.floor(math.log10(low) - _AIR), 10.0 ** math.ceil(math.log10(high) + _AIR)


def _lines(each: _Drawn, amounts: FloatArray, colour: int) -> list[Series]:
    """A law's curve: solid where it was fitted, dashed beyond, dotted where nothing says how far it was."""
    heights, fitted = each.curve(amounts)
    x = tuple(map(float, amounts))
    if each.law.fitted_range is None:
        return [Series(each.law.name, x, tuple(map(float, heights)), dash="dotted", colour=colour)]
    # One point of the solid part belongs to the dashed one too, so that they meet.
    beyond = ~fitted | np.concatenate((~fitted[1:], [False])) | np.concatenate(([False], ~fitted[:-1]))
    parts: list[tuple[npt.NDArray[np.bool_], Dash]] = [(fitted, "solid"), (beyond, "dashed")]
    lines = []
    for where, dash in parts:
        if not where.any():
            continue
        ends = bool(where[-1]) and (dash == "solid" or not fitted[-1])
        y = tuple(map(float, np.where(where, heights, np.nan)))
        lines.append(
            Series(each.law.name if ends else "", x, y, dash=dash, colour=colour, label_at="end" if ends else "none")
        )
    return lines


def _references(given: list[tuple[float, str]]) -> tuple[Reference, ...]:
    """A vertical line for each amount that scenarios give; none where there are too many to be told apart."""
    named: dict[float, str] = {}
    for value, name in given:
        named.setdefault(value, name)
    if len(named) > _MOST_REFERENCES:
        return ()
    return tuple(Reference("x", value, name) for value, name in named.items())
