"""The charts over compute: what it buys at its best, and how the optimum divides it."""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from flopsheet.document.chart import Shape
from flopsheet.document.charts import Axis, Chart, Series
from flopsheet.document.scene import POINTS, Case, Figure, Scene
from flopsheet.evaluate.compile import FloatArray

#: The axis ends at the first whole decade that lies at least so many decades outside the scenarios.
_AIR: Final = 0.3
_MARKERS: Final[tuple[Shape, Shape]] = ("circle", "square")


def draw_frontier(scene: Scene) -> Figure:
    """The least loss over compute, with every scenario."""
    source, words = scene.source, scene.words
    amounts = _amounts(scene)
    lines = []
    for case in _by_constants(scene):
        losses = scene.curves.optimum(case.constants, amounts)[2]
        label = source.answers[case.index].name if scene.has_own_constants() else scene.optimum_name()
        lines.append(Series(label, tuple(map(float, amounts)), tuple(map(float, losses)), label_at="legend"))
    chart = Chart(
        id="frontier",
        title=words.say("chart.frontier_title"),
        description=words.say("chart.frontier_description"),
        x=scene.compute_axis(),
        y=scene.loss_axis(),
        series=(*lines, _scenarios(scene)),
    )
    caption = words.say("chart.frontier_caption_caps" if scene.moved() else "chart.frontier_caption")
    return Figure("frontier.svg", chart, caption)


def draw_allocation(scene: Scene) -> Figure:
    """Both decisions at the optimum over compute, with every scenario."""
    source, words = scene.source, scene.words
    amounts = _amounts(scene)
    case = scene.cases[0]
    found = scene.curves.optimum(case.constants, amounts)
    names = [scene.decision_name(number) for number in range(2)]
    lines = [
        Series(words.say("chart.optimal", what=name), tuple(map(float, amounts)), tuple(map(float, values)))
        for name, values in zip(names, found[:2], strict=True)
    ]
    points = [
        Series(
            words.say("chart.scenarios_of", what=name),
            tuple(scene.spent(index) for index in scene.planned),
            tuple(source.optimum(index)[number] for index in scene.planned),
            kind="points",
            marker=_MARKERS[number],
            colour=number,
            label_at="legend",
        )
        for number, name in enumerate(names)
    ]
    both = words.join(names)
    unit = source.model.decision(source.model.decisions[0]).unit
    chart = Chart(
        id="allocation",
        title=words.say("chart.allocation_title"),
        description=words.say("chart.allocation_description", what=both),
        x=scene.compute_axis(),
        y=Axis(both[:1].upper() + both[1:], "log", unit=unit),
        series=(*lines, *points),
    )
    straight = not any(expr.has(source.model.amount) for expr in source.derivation.exponents.values())
    caption = words.say("chart.allocation_caption_straight" if straight else "chart.allocation_caption")
    return Figure("allocation.svg", chart, caption)


def _by_constants(scene: Scene) -> list[Case]:
    """One case for each set of constants."""
    found: dict[object, Case] = {}
    for case in scene.cases:
        found.setdefault(tuple(case.constants.items()), case)
    return list(found.values())


def _amounts(scene: Scene) -> FloatArray:
    """Budgets over whole decades, from below the least scenario to above the largest."""
    spent = [scene.spent(index) for index in scene.planned]
    low = 10.0 ** (math.floor(math.log10(min(spent)) - _AIR))
    high = 10.0 ** (math.ceil(math.log10(max(spent)) + _AIR))
    return np.geomspace(low, high, POINTS)


def _scenarios(scene: Scene) -> Series:
    """The loss of all scenarios as named points over their compute."""
    answers = scene.source.answers
    return Series(
        scene.words.say("chart.scenarios"),
        tuple(scene.spent(index) for index in scene.planned),
        tuple(answers[index].results["L_opt"].value for index in scene.planned),
        kind="points",
        marker="diamond",
        label_at="legend",
        point_labels=tuple(answers[index].name for index in scene.planned),
    )
