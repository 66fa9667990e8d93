"""Fan charts: how wide results lie over compute, from the draws of a scenario."""

from __future__ import annotations

from typing import Final

import numpy as np

from flopsheet.document.charts import Axis, Band, Chart, Series
from flopsheet.document.scene import Figure
from flopsheet.document.source import ReportSource
from flopsheet.document.words import Words
from flopsheet.evaluate.compile import FloatArray
from flopsheet.evaluate.points import PointPlan
from flopsheet.evaluate.uncertainty import MEDIAN, find_quantiles, list_shares
from flopsheet.evaluate.uncertainty_study import Study
from flopsheet.model.law_model import LawModel

#: Budgets of the fan, and how many powers of ten it goes to either side of the scenario's.
_POINTS: Final = 21
_DECADES: Final = 2.0
#: So many of the draws are taken at each budget: the same ones, so that bands are smooth.
_DRAWS: Final = 1000
_LABELS: Final = {0: "low", 4: "high"}
_BUDGET: Final = "budget.compute"


def draw_fans(source: ReportSource, words: Words) -> tuple[Figure, ...]:
    """The first decision and the loss over compute, with bands; none where there is no budget of compute."""
    study, model = source.solution.study, source.solution.model
    if study is None or not isinstance(model, LawModel) or _BUDGET not in {cell.key for cell in source.graph}:
        return ()
    index = next((index for index, answer in enumerate(source.answers) if answer.uncertainty is not None), None)
    points = PointPlan(source.graph, source.solution.table, index or 0)
    if index is None or points.own_value(_BUDGET) is None:
        return ()
    size = model.decisions[0]
    decision = model.decision(size)
    role = words.say(f"role.{decision.role}") if decision.role else size.name
    title = words.say(f"role.{decision.role}_title") if decision.role else size.name
    names = (f"{size}_opt", "L_opt")
    budgets, bands = find_bands(study, points, names)
    texts = {"level": words.percent(study.request.level, 3), "scenario": words.name(source.answers[index].name)}
    axes = {
        names[0]: (Axis(title, "log", unit=decision.unit), words.say("uncertainty.fan_title", what=role), "fan"),
        names[1]: (
            Axis(words.say("chart.loss_axis"), unit="nats/token"), words.say("uncertainty.fan_loss_title"), "fan-loss",
        ),
    }  # fmt: skip
    x = Axis(words.say("chart.compute_axis"), "log", unit="FLOP")
    figures = []
    for name, (y, heading, file) in axes.items():
        rows = bands[name]
        if not np.isfinite(rows).all():
            continue
        chart = Chart(
            id=file,
            title=heading,
            description=words.say("uncertainty.fan_description", **texts),
            x=x,
            y=y,
            series=_lines(words, study, budgets, rows),
            bands=(Band(_tuple(budgets), _tuple(rows[0]), _tuple(rows[4]), 0.16),
                   Band(_tuple(budgets), _tuple(rows[1]), _tuple(rows[3]), 0.26)),
        )  # fmt: skip
        figures.append(Figure(f"{file}.svg", chart, words.say("uncertainty.fan_caption", **texts)))
    return tuple(figures)


def find_bands(study: Study, points: PointPlan, names: tuple[str, ...]) -> tuple[FloatArray, dict[str, FloatArray]]:
    """Budgets around a scenario's own, and at each of them the five quantiles of results (a row for each quantile)."""
    own = points.own_value(_BUDGET) or 1.0
    budgets = np.geomspace(own / 10**_DECADES, own * 10**_DECADES, _POINTS)
    drawn = study.sample(points.index, _DRAWS)
    columns = {key: values for key, values in drawn.items() if key != _BUDGET}
    shares = list_shares(study.request.level)
    bands = {name: np.full((len(shares), _POINTS), np.nan) for name in names}
    count = len(next(iter(drawn.values())))
    for at, budget in enumerate(budgets):
        found = points.evaluate({_BUDGET: np.full(count, budget), **columns}, names)
        for name in names if count else ():
            values = found.values[name][~np.isnan(found.values[name])]
            if len(values):
                bands[name][:, at] = [quantile.value for quantile in find_quantiles(values, shares)]
    return budgets, bands


def _lines(words: Words, study: Study, budgets: FloatArray, rows: FloatArray) -> tuple[Series, ...]:
    """The median as a line, the ends of both bands as thin ones with their share beside them."""
    shares = list_shares(study.request.level)
    dashes = ("dotted", "dashed", "solid", "dashed", "dotted")
    return tuple(
        Series(
            words.say("uncertainty.median") if share == MEDIAN else words.percent(share, 3),
            _tuple(budgets),
            _tuple(row),
            dash=dash,  # type: ignore[arg-type]  # a tuple of literals reads as one of texts
            colour=0,
        )
        for share, row, dash in zip(shares, rows, dashes, strict=True)
    )


def _tuple(values: FloatArray) -> tuple[float, ...]:
    """Numbers as charts hold them."""
    return tuple(map(float, values))
