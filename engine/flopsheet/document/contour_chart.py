"""The chart of contours: the loss along each budget, or the compute along each target loss."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import numpy as np

from flopsheet.document.charts import Axis, Chart, Reference, Series
from flopsheet.document.scene import POINTS, Case, Figure, Scene
from flopsheet.model.inputs import list_limits

#: A curve goes to so many times the optimum, up and down.
_REACH: Final = 24.0
#: The loss axis ends this share of the span of optima above the highest one, but at least so far above it.
_HEADROOM: Final = 0.45
_LEAST_HEADROOM: Final = 0.06
_DECADE: Final = 10.0


def draw_contours(scene: Scene) -> Figure:
    """Loss over the first decision along each budget, or compute over it along each target loss."""
    source, words = scene.source, scene.words
    budget = source.minimises_loss
    cases = scene.cases
    best = [_best(scene, case) for case in cases]
    lines = tuple(_curve(scene, case, x) for case, (x, _) in zip(cases, best, strict=True))
    optimum = Series(
        scene.optimum_name(),
        tuple(x for x, _ in best),
        tuple(value for _, value in best),
        marker="circle",
        dash="dashed",
        colour="ink",
        label_at="legend",
    )
    plans = _capped_plans(scene)
    kind = "isoflop" if budget else "isoloss"
    name = scene.decision_name(0)
    chart = Chart(
        id=kind,
        title=words.say(f"chart.{kind}_title", what=name),
        description=words.say(f"chart.{kind}_description", what=name),
        x=scene.decision_axis(0),
        y=_loss_axis(scene, best, lines, plans) if budget else _compute_axis(scene, best),
        series=(*lines, optimum, *plans),
        references=_cap_lines(scene, [x for x, _ in best]),
        palette="ramp",
    )
    return Figure(f"{kind}.svg", chart, words.say(f"chart.{kind}_caption", what=name))


def _best(scene: Scene, case: Case) -> tuple[float, float]:
    """The optimum of a curve without caps: the first decision, and the loss or compute there."""
    if scene.source.minimises_loss:
        x, _, loss = scene.curves.optimum(case.constants, case.goal)
        return float(x), float(loss)
    amount = float(scene.curves.least_compute(case.constants, case.goal))
    return float(scene.curves.optimum(case.constants, amount)[0]), amount


def _curve(scene: Scene, case: Case, x: float) -> Series:
    """One contour around its optimum."""
    grid = np.geomspace(x / _REACH, x * _REACH, POINTS)
    if scene.source.minimises_loss:
        values = scene.curves.loss_along_budget(case.constants, case.goal, grid)
        label = scene.words.quantity(case.goal, "FLOP")
    else:
        values = scene.curves.compute_along_loss(case.constants, case.goal, grid)
        label = scene.words.say("chart.at_loss", value=scene.words.number(case.goal))
    if scene.has_own_constants():
        label = scene.source.answers[case.index].name
    return Series(label, tuple(map(float, grid)), tuple(map(float, values)))


def _capped_plans(scene: Scene) -> tuple[Series, ...]:
    """The plans that caps move away from the optimum, by name."""
    source = scene.source
    moved = scene.moved()
    if not moved:
        return ()
    result = "L_opt" if source.minimises_loss else "C_total"
    return (
        Series(
            scene.words.say("chart.capped_plans"),
            tuple(source.optimum(index)[0] for index in moved),
            tuple(source.answers[index].results[result].value for index in moved),
            kind="points",
            marker="diamond",
            colour=1,
            label_at="legend",
            point_labels=tuple(source.answers[index].name for index in moved),
        ),
    )


def _loss_axis(
    scene: Scene, best: Sequence[tuple[float, float]], lines: Sequence[Series], plans: Sequence[Series]
) -> Axis:
    """The loss, up to a little above the highest optimum: the far ends of curves say nothing."""
    losses = [loss for _, loss in best] + [y for series in plans for y in series.y]
    span = max(losses) - min(losses)
    ends = [y for series in lines for y in (series.y[0], series.y[-1]) if math.isfinite(y)]
    top = max(losses) + max(_HEADROOM * span, _LEAST_HEADROOM * max(losses))
    return scene.loss_axis(min(top, max(ends)) if ends else top)


def _compute_axis(scene: Scene, best: Sequence[tuple[float, float]]) -> Axis:
    """Compute on a logarithmic axis, up to a decade above the largest optimum."""
    top = max(amount for _, amount in best) * _DECADE
    spent = [scene.source.answers[index].results["C_total"].value for index in scene.planned]
    return scene.compute_axis(max(top, 2 * max(spent)))


def _cap_lines(scene: Scene, near: Sequence[float]) -> tuple[Reference, ...]:
    """The caps on the first decision that lie where the curves are."""
    source, z = scene.source, scene.source.model.decisions[0]
    limit = next((limit for limit in list_limits(source.model) if limit.decision == z.name), None)
    if limit is None:
        return ()
    cell = limit.key.replace(".", "_")
    values = {source.evaluation.value(cell, i) for i in scene.planned if source.table.is_set(limit.key, i)}
    seen = sorted(value for value in values if min(near) / _REACH <= value <= max(near) * _REACH)
    return tuple(
        Reference("x", value, scene.words.say("chart.cap", value=scene.words.number(value, limit.unit, 3)))
        for value in seen
    )
