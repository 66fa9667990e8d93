"""The fit of a law as a report shows it: constants with standard errors, runs with residuals, and a chart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from flopsheet.document.charts import Axis, Chart, Series
from flopsheet.document.scene import Figure
from flopsheet.document.source import ReportSource
from flopsheet.document.tables import Column, Section, build_table
from flopsheet.document.words import Words, math_cell, place_cell
from flopsheet.evaluate.compile import compile_cells
from flopsheet.fit.cells import AMOUNT, FITTED_LOSS, LOSS, R_SQUARED, RESIDUAL, RMS
from flopsheet.fit.plan_fit import Fit

#: What is smaller has no digit that survives rounding.
_ROUNDING: Final = 1e-12
#: Points of the fitted curve: a straight line on its axes, which needs few.
_POINTS: Final = 21


def list_fit(source: ReportSource, words: Words, symbols: Mapping[str, str]) -> list[Section]:
    """What was fitted and how well, and every run beside the fit; nothing where the plan asks for no fit."""
    fit = source.solution.fit
    if fit is None:
        return []
    text = words.say(
        "report.fit_text",
        runs=str(len(fit.runs.runs)),
        file=words.code(fit.runs.file),
        r_squared=words.number(source.evaluation.value(R_SQUARED, 0), None, 6),
        rms=_noticeable(words, source.evaluation.value(RMS, 0)),
    )
    columns = [
        Column(words.say("report.fit_constant"), "left"),
        Column(words.say("report.value")),
        Column(words.say("report.fit_se")),
    ]
    rows = [[math_cell(symbols[name]), *_constant(source, words, fit, name)] for name in fit.constants]
    sections = [Section(words.say("report.fit"), text, build_table(columns, rows))]
    return [*sections, _list_runs(source, words, fit)]


def _constant(source: ReportSource, words: Words, fit: Fit, name: str) -> tuple[str, str]:
    """A fitted constant and its standard error."""
    value = words.number(source.evaluation.value(name, 0), None, 6)
    error = fit.cells.errors.get(name)
    if error is None:
        return value, words.say("report.fit_no_se")
    return value, _noticeable(words, source.evaluation.value(error, 0))


def _list_runs(source: ReportSource, words: Words, fit: Fit) -> Section:
    """Every run with the loss that the fitted law gives it."""
    unit = source.resource.decision(source.resource.resource).unit
    role = source.resource.decision(source.resource.resource).role
    what = words.say(f"role.{role}") if role else words.name(source.resource.resource.name)
    columns = [
        Column(words.say("report.fit_run"), "left"),
        Column(what[:1].upper() + what[1:]),
        Column(words.say("report.loss")),
        Column(words.say("report.fit_loss")),
        Column(words.say("report.fit_residual")),
    ]
    stems = fit.cells.columns
    rows = []
    for index, run in enumerate(fit.runs.runs):
        value = {stem: source.evaluation.value(stems[stem][index], 0) for stem in (AMOUNT, LOSS, FITTED_LOSS, RESIDUAL)}
        rows.append(
            [
                place_cell(fit.runs.file, run.line),
                words.number(value[AMOUNT], None if unit == "1" else unit, 4),
                words.number(value[LOSS], "nats/token", 5),
                words.number(value[FITTED_LOSS], "nats/token", 5),
                _noticeable(words, value[RESIDUAL]),
            ]
        )
    return Section(words.say("report.fit_residuals"), "", build_table(columns, rows))


def _noticeable(words: Words, value: float) -> str:
    """A residual or an error; what is nothing but rounding only as its bound, which is the same everywhere."""
    if abs(value) < _ROUNDING:
        return words.say("document.below", value=words.number(_ROUNDING, None, 1))
    return words.number(value, None, 3)


def draw_fit(source: ReportSource, words: Words, what: str, x: Axis) -> tuple[Figure, ...]:
    """Runs and fitted law on logarithmic axes; nothing where the plan asks for no fit.

    Args:
        source: The solved plan.
        words: The report's language.
        what: What the resource is called.
        x: The axis of the resource, to be made logarithmic.
    """
    fit = source.solution.fit
    if fit is None:
        return ()
    amounts = [run.amount for run in fit.runs.runs]
    grid = np.geomspace(min(amounts), max(amounts), _POINTS)
    compiled = compile_cells(source.graph, ["L_opt"])
    cell = next(cell.id for cell in source.graph if cell.kind == "input" and cell.id != "target_loss")
    values = {name: source.evaluation.value(name, 0) for name in compiled.inputs}
    losses = compiled.evaluate({**values, cell: grid})["L_opt"]
    runs = Series(
        words.say("chart.runs"),
        tuple(amounts),
        tuple(run.loss for run in fit.runs.runs),
        kind="points",
        marker="circle",
        label_at="legend",
    )
    chart = Chart(
        id="fit",
        title=words.say("chart.fit_title", what=what),
        description=words.say("chart.fit_description", what=what),
        x=Axis(x.title, "log", unit=x.unit),
        y=Axis(words.say("chart.loss_axis"), "log", unit="nats/token"),
        series=(Series(words.say("chart.fitted"), tuple(map(float, grid)), tuple(map(float, losses))), runs),
    )
    return (Figure("fit.svg", chart, words.say("chart.fit_caption")),)
