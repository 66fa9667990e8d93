"""The charts of a sweep: curves over one axis, a map of the loss over two."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import numpy as np

from flopsheet.document.charts import Axis, Chart, Series
from flopsheet.document.scene import POINTS, Figure
from flopsheet.document.source import ReportSource
from flopsheet.document.sweep_view import head_of_swept, open_sweep, unit_of_axis, value_of
from flopsheet.document.words import Words
from flopsheet.evaluate.compile import FloatArray
from flopsheet.evaluate.grid import thin_places
from flopsheet.evaluate.sweep import SweepPlan
from flopsheet.plan.requests import SweepAxis

#: So many cells of a map are drawn at most along each axis.
_CELLS: Final = (48, 32)
_LEVELS: Final = 7
#: A list that spans so much is drawn with equal ratios.
_WIDE: Final = 20.0
_LEAST_PLACES: Final = 2
_SAME: Final = 1e-9


def draw_sweep(source: ReportSource, words: Words) -> tuple[Figure, ...]:
    """The charts of a plan's sweep; none where it has none, or too few of its values can be placed on an axis."""
    swept = open_sweep(source)
    if swept is None:
        return ()
    sweep = swept.grid.sweep
    # Those with most values are drawn; the others stand at their first.
    order = sorted(range(len(sweep.groups)), key=lambda number: -sweep.lengths[number])
    drawn = [number for number in order if _places(swept, number, _CELLS[0])[1].size >= _LEAST_PLACES][:2]
    if not drawn:
        return ()
    drawn.sort()
    return _draw_curves(source, words, swept, drawn[0]) if len(drawn) == 1 else _draw_map(words, swept, drawn)


def _places(swept: SweepPlan, number: int, most: int) -> tuple[tuple[int, ...], FloatArray]:
    """Which values of a group are drawn, and where: those of its first axis that are numbers, in rising order."""
    sweep = swept.grid.sweep
    limits = [most if index == number else 1 for index in range(len(sweep.groups))]
    places = thin_places(sweep, limits)[number]
    key = sweep.groups[number][0].key
    before = math.prod(sweep.lengths[number + 1 :])
    values = swept.grid.columns(np.array(places) * before)[key]
    order = [index for index in np.argsort(values, kind="stable") if not math.isnan(values[index])]
    kept = [at for step, at in enumerate(order) if step == 0 or values[at] > values[order[step - 1]]]
    return tuple(places[at] for at in kept), values[kept]


def _axis(swept: SweepPlan, axis: SweepAxis, values: FloatArray, ends: tuple[float, float] | None = None) -> Axis:
    """The axis of a swept key: equal ratios where its range or the width of its list asks for them."""
    low, high = float(values.min()), float(values.max())
    log = axis.scale == "log" or (axis.scale == "list" and low > 0 and high > _WIDE * low)
    unit = unit_of_axis(swept, axis)
    title = axis.key if unit == "1" or axis.key.startswith("constants.") else f"{axis.key} ({unit})"
    first, last = ends or (None, None)
    return Axis(title, "log" if log else "linear", first, last, None if unit == "1" else unit)


def _draw_curves(source: ReportSource, words: Words, swept: SweepPlan, number: int) -> tuple[Figure, ...]:
    """The loss and the decisions over one axis."""
    group = swept.grid.sweep.groups[number]
    places, values = _places(swept, number, POINTS)
    block = swept.compute_at(_fix(swept, {number: places}))
    x, xs = _axis(swept, group[0], values), tuple(map(float, values))
    beside = _tell_fixed(swept, words, {number})
    decided = [f"{z}_opt" for z in source.solution.model.decisions if f"{z}_opt" in block.values]
    decided += [name for name in block.values if name.endswith("_required")]
    shown = [("loss", ["L_opt"])] + [("decisions", decided)] * bool(decided)
    figures = []
    for kind, names in shown:
        lines = [
            Series(
                "" if kind == "loss" else _plain(head_of_swept(source, words, name)), xs, _finite(block.values[name])
            )
            for name in names
        ]
        log = kind == "decisions" and all(value > 0 for line in lines for value in line.y if math.isfinite(value))
        unit = "nats/token" if kind == "loss" else "token"
        chart = Chart(
            id=f"sweep-{kind}",
            title=words.say(f"sweep.chart_{kind}", name=group[0].key),
            description=words.say(f"sweep.chart_{kind}", name=group[0].key),
            x=x,
            y=Axis(words.say(f"sweep.{kind}_axis"), "log" if log else "linear", unit=unit),
            series=tuple(lines),
        )
        caption = words.sentences([words.say(f"sweep.caption_{kind}", name=words.code(group[0].key)), beside])
        if any(math.isfinite(value) for line in lines for value in line.y):
            figures.append(Figure(f"sweep_{kind}.svg", chart, caption))
    return tuple(figures)


def _draw_map(words: Words, swept: SweepPlan, drawn: Sequence[int]) -> tuple[Figure, ...]:
    """The loss over two axes, in levels."""
    sweep = swept.grid.sweep
    found = [_places(swept, number, most) for number, most in zip(drawn, _CELLS, strict=True)]
    block = swept.compute_at(_fix(swept, {number: places for number, (places, _) in zip(drawn, found, strict=True)}))
    losses = block.values["L_opt"].reshape([len(places) for places, _ in found])
    axes = [sweep.groups[number][0] for number in drawn]
    scales = [_axis(swept, axis, values).scale for axis, (_, values) in zip(axes, found, strict=True)]
    edges = [_edges(values, log=scale == "log") for scale, (_, values) in zip(scales, found, strict=True)]
    finite = losses[np.isfinite(losses)]
    if not finite.size:
        return ()
    steps = np.linspace(finite.min(), finite.max(), _LEVELS + 1) if finite.min() < finite.max() else finite[:1]
    level = np.clip(np.searchsorted(steps, losses, side="right") - 1, 0, max(0, len(steps) - 2))
    series = []
    for band in range(max(1, len(steps) - 1)):
        areas = [
            (edges[0][i], edges[0][i + 1], edges[1][j], edges[1][j + 1])
            for i, j in zip(*np.nonzero((level == band) & np.isfinite(losses)), strict=True)
        ]
        ends = [words.number(float(step), "nats/token", 4) for step in steps[band : band + 2]]
        label = words.say("document.range", low=ends[0], high=ends[-1]) if len(ends) > 1 else ends[0]
        series.append(Series(label, (), (), "points", "square", label_at="legend", areas=tuple(areas)))
    x, y = (
        _axis(swept, axis, values, (line[0], line[-1]))
        for axis, (_, values), line in zip(axes, found, edges, strict=True)
    )
    keys = {"x": axes[0].key, "y": axes[1].key}
    chart = Chart(
        id="sweep-map",
        title=words.say("sweep.chart_map", **keys),
        description=words.say("sweep.chart_map", **keys),
        x=x,
        y=y,
        series=tuple(series),
        palette="ramp",
    )
    # Where a limit does not bind many points are equally good but for their last bits: the first of them is told.
    lowest = np.argwhere(losses <= finite.min() + _SAME * abs(finite.min()))[0]
    told = words.say(
        "sweep.caption_map",
        least=words.number(float(finite.min()), "nats/token", 4),
        most=words.number(float(finite.max()), "nats/token", 4),
        x=f"{words.code(axes[0].key)} = {value_of(words, float(found[0][1][lowest[0]]), unit_of_axis(swept, axes[0]))}",
        y=f"{words.code(axes[1].key)} = {value_of(words, float(found[1][1][lowest[1]]), unit_of_axis(swept, axes[1]))}",
    )
    blank = words.say("sweep.caption_blank") if not np.isfinite(losses).all() else ""
    removed = [axis.key for axis in axes if any(given.value is None for given in axis.given)]
    absent = words.say("sweep.caption_absent", keys=words.join([words.code(key) for key in removed])) if removed else ""
    caption = words.sentences([told, blank, absent, _tell_fixed(swept, words, set(drawn))])
    return (Figure("sweep_map.svg", chart, caption),)


def _fix(swept: SweepPlan, chosen: dict[int, tuple[int, ...]]) -> tuple[tuple[int, ...], ...]:
    """Places of every group: those chosen, and the first value of the others."""
    return tuple(chosen.get(number, (0,)) for number in range(len(swept.grid.sweep.groups)))


def _tell_fixed(swept: SweepPlan, words: Words, drawn: set[int]) -> str:
    """At which values the axes stand that are not drawn."""
    groups = [group for number, group in enumerate(swept.grid.sweep.groups) if number not in drawn]
    first = swept.grid.columns(np.zeros(1, dtype=np.int64))
    told = [
        f"{words.code(axis.key)} = {value_of(words, float(first[axis.key][0]), unit_of_axis(swept, axis))}"
        for group in groups
        for axis in group
    ]
    return words.say("sweep.caption_fixed", values=words.join(told)) if told else ""


def _edges(values: FloatArray, *, log: bool) -> list[float]:
    """Where the cell of each value begins and ends: half way to its neighbours."""
    straight = np.log(values) if log else values
    middle = (straight[1:] + straight[:-1]) / 2
    ends = [straight[0] - (middle[0] - straight[0]), *middle, straight[-1] + (straight[-1] - middle[-1])]
    return [float(value) for value in (np.exp(ends) if log else ends)]


def _finite(values: FloatArray) -> tuple[float, ...]:
    """Numbers with gaps where there is none."""
    return tuple(float(value) if math.isfinite(value) else math.nan for value in values)


def _plain(text: str) -> str:
    """A head without the marks of code."""
    return text.replace("`", "")
