"""What more of one resource buys: each doubling as a table, each tenfold step and what a loss requires as charts."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

import numpy as np

from flopsheet.document.charts import Axis, Chart, Series
from flopsheet.document.scene import POINTS, Figure
from flopsheet.document.source import ReportSource
from flopsheet.document.tables import Column, Section, build_table
from flopsheet.document.words import Words
from flopsheet.evaluate.compile import FloatArray, compile_cells
from flopsheet.model.cell import BEYOND_REACH

#: So many doublings make a thousandfold.
DOUBLINGS: Final = 10
_MOST_CURVES: Final = 6
#: A number without a unit that spans so much is an amount; else it may be a share.
_WIDE: Final = 100.0
#: Between the first step's gain and the last one's, in relative terms, nothing that a reader would see.
_LEVEL: Final = 1e-6


class Growth:
    """The loss of a law with one resource, along its resource, for the constants of a scenario."""

    def __init__(self, source: ReportSource, cell: str) -> None:
        self.source = source
        self.cell = cell
        self._loss = compile_cells(source.graph, ["L_opt"])

    def losses(self, index: int, amounts: FloatArray) -> FloatArray:
        """The loss at amounts of the resource, with the constants of a scenario."""
        values = {name: self.source.evaluation.value(name, index) for name in self._loss.inputs}
        return self._loss.evaluate({**values, self.cell: amounts})["L_opt"]

    def amount(self, index: int) -> float | None:
        """The resource a scenario gives, or None."""
        value = self.source.evaluation.value(self.cell, index)
        return value if value < BEYOND_REACH else None

    def cases(self) -> dict[int, list[float]]:
        """For the first scenario of each set of constants, the amounts that its scenarios give."""
        first: dict[tuple[float, ...], int] = {}
        found: dict[int, list[float]] = {}
        for index in range(len(self.source.answers)):
            amount = self.amount(index)
            if amount is not None:
                start = first.setdefault(tuple(self.source.constants(index).values()), index)
                found.setdefault(start, []).append(amount)
        return found

    def name_case(self, index: int, cases: Mapping[int, object]) -> str:
        """What the scenarios that share a scenario's constants are called: its name up to a comma."""
        name = self.source.answers[index].name
        return name.partition(",")[0] if len(cases) > 1 else name

    def falls(self) -> bool:
        """Whether more of the resource lowers the loss, in every scenario that gives an amount.

        Not asked of shares and the like: twice as much of a number without a unit may not exist.
        """
        every = [amount for given in self.cases().values() for amount in given]
        unit = self.source.resource.decision(self.source.resource.resource).unit
        if not every or (unit == "1" and max(every) < _WIDE * min(every)):
            return False
        amounts = {index: np.array([low, 2 * low]) for index, given in self.cases().items() for low in given[:1]}
        return all(np.diff(self.losses(index, pair))[0] < 0 for index, pair in amounts.items())


def list_doublings(growth: Growth, words: Words, what: str, unit: str) -> list[Section]:
    """The loss after each of ten doublings of the first scenario's resource; nothing where more of it does not help."""
    if not growth.falls():
        return []
    index, given = next(iter(growth.cases().items()))
    amounts = np.array([given[0] * 2.0**count for count in range(DOUBLINGS + 1)])
    losses = growth.losses(index, amounts)
    columns = [
        Column(words.say("report.doublings")),
        Column(what[:1].upper() + what[1:]),
        Column(words.say("report.loss")),
        Column(words.say("report.of_first")),
        Column(words.say("report.by_doubling")),
    ]
    rows = []
    for count, (amount, loss) in enumerate(zip(amounts, losses, strict=True)):
        gain = None if count == 0 else 1 - float(loss / losses[count - 1])
        rows.append(
            [
                str(count),
                words.number(float(amount), None if unit == "1" else unit),
                words.number(float(loss), "nats/token", 5),
                words.percent(float(loss / losses[0]), 4),
                words.number(None) if gain is None else words.percent(gain, 3),
            ]
        )
    text = words.say("report.doublings_text", scenario=words.name(growth.source.answers[index].name), what=what)
    return [Section(words.say("report.doublings_title", what=what), text, build_table(columns, rows))]


def draw_steps(growth: Growth, words: Words, what: str, x: Axis) -> tuple[Figure, ...]:
    """The share of the loss that ten times the resource takes away, over the resource it starts from."""
    cases = growth.cases()
    if not growth.falls() or len(cases) > _MOST_CURVES:
        return ()
    lines = []
    for index, given in cases.items():
        low, high = min(given), max(given)
        grid = np.geomspace(low, max(high / 10, 10 * low), POINTS)
        gains = 100 * (1 - growth.losses(index, 10 * grid) / growth.losses(index, grid))
        label = growth.name_case(index, cases) if len(cases) > 1 else words.say("chart.law")
        lines.append(Series(label, tuple(map(float, grid)), tuple(map(float, gains))))
    level = all(max(line.y) - min(line.y) <= _LEVEL * max(line.y) for line in lines)
    chart = Chart(
        id="steps",
        title=words.say("chart.steps_title", what=what),
        description=words.say("chart.steps_description", what=what),
        x=Axis(x.title, "log", unit=x.unit),
        y=Axis(words.say("chart.steps_axis"), minimum=0.0, maximum=1.2 * max(max(line.y) for line in lines)),
        series=tuple(lines),
    )
    return (Figure("steps.svg", chart, words.say("chart.steps_level" if level else "chart.steps_fewer")),)


def draw_required(growth: Growth, words: Words, what: str, x: Axis) -> tuple[Figure, ...]:
    """The resource that a loss requires, over the loss; the targets that can be reached are marked."""
    source = growth.source
    symbol = source.resource.resource
    required = f"{symbol}_required"
    asked = [
        (source.evaluation.value("target_loss", index), answer.results[required].value)
        for index, answer in enumerate(source.answers)
        if required in answer.results
    ]
    reached = [(target, amount) for target, amount in asked if math.isfinite(amount)]
    if not reached:
        return ()
    index = next(index for index, answer in enumerate(source.answers) if required in answer.results)
    low, high = min(target for target, _ in reached), max(target for target, _ in reached)
    room = max(0.15 * (high - low), 0.02 * high)
    floor = source.evaluation.value("L_limit", index) if "L_limit" in source.evaluation.values else 0.0
    start = max(low - room, floor + 0.5 * (low - floor))
    grid = np.linspace(start, high + room, POINTS)
    compiled = compile_cells(source.graph, [required])
    values = {name: source.evaluation.value(name, index) for name in compiled.inputs}
    amounts = compiled.evaluate({**values, "target_loss": grid})[required]
    targets = Series(
        words.say("chart.targets"),
        tuple(target for target, _ in reached),
        tuple(amount for _, amount in reached),
        kind="points",
        marker="diamond",
        label_at="legend",
    )
    chart = Chart(
        id="required",
        title=words.say("chart.required_title", what=what),
        description=words.say("chart.required_description", what=what),
        x=Axis(words.say("chart.target_axis"), unit="nats/token"),
        y=Axis(x.title, "log", unit=x.unit),
        series=(Series(words.say("chart.law"), tuple(map(float, grid)), tuple(map(float, amounts))), targets),
    )
    return (Figure("required.svg", chart, words.say("chart.required_caption")),)
