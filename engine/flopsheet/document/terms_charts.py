"""The charts of a plan under terms: the search over the tokens, and everything over the budget."""

from __future__ import annotations

from typing import Final

import numpy as np

from flopsheet.document.chart import Shape
from flopsheet.document.charts import Axis, Chart, Reference, Series
from flopsheet.document.naming import head_of
from flopsheet.document.scene import MOST_CURVES, Figure
from flopsheet.document.terms_study import Study
from flopsheet.document.words import Words
from flopsheet.evaluate.binding_order import Sweep
from flopsheet.evaluate.limits_worth import SPENT, epochs_cell
from flopsheet.model.cell import BEYOND_REACH

#: The loss axis ends so much of itself above the highest plan, an axis of amounts at so many times it.
_HEADROOM: Final = 0.12
_TIMES: Final = 6.0
_MARKERS: Final[tuple[Shape, Shape]] = ("circle", "square")
_GOALS: Final = {"minimize cost": ("cost", "money"), "minimize compute": ("C_total", "compute")}


def draw_terms(study: Study, words: Words) -> tuple[Figure, ...]:
    """All charts of a plan under terms; none where no scenario has a plan."""
    if not study.planned:
        return ()
    figures = [_draw_along(study, words), _draw_reached(study, words)]
    figures.append(_draw_choice(study, words, study.sweeps[0]))
    epochs = _draw_epochs(study, words, study.sweeps[0])
    return (*figures, *epochs)


def _goal(study: Study) -> tuple[str, str]:
    """The result that a plan minimises, and what it is called."""
    plan = study.source.plan
    return _GOALS.get(plan.objective, ("L_opt", "loss"))


def _goal_axis(study: Study, words: Words, highest: float | None = None) -> Axis:
    """What is minimised."""
    result, name = _goal(study)
    if name == "loss":
        most = None if highest is None else highest * (1 + _HEADROOM)
        return Axis(words.say("chart.loss_axis"), unit="nats/token", maximum=most)
    most = None if highest is None else highest * _TIMES
    return Axis(words.say(f"terms.axis_{name}"), "log", unit=study.source.graph[result].unit, maximum=most)


def _decision_axis(study: Study, words: Words, name: str) -> Axis:
    """A decision on a logarithmic axis."""
    decisions = [z.name for z in study.source.model.decisions]
    unit = study.source.model.decision(study.source.model.decisions[decisions.index(name)]).unit
    return Axis(head_of(study.source, words, decisions.index(name)), "log", unit=unit)


def _draw_along(study: Study, words: Words) -> Figure:
    """What is minimised over the tokens seen, each scenario with the size that its limits, or its loss, leave."""
    source = study.source
    shown = study.planned[:MOST_CURVES]
    result, name = _goal(study)
    best = [source.answers[index].results[result].value for index in shown]
    lines = []
    for index in shown:
        curve = study.curves[index]
        inside = np.isfinite(curve.reached) & (curve.reached > 0) & (curve.reached < BEYOND_REACH)
        pairs = [(float(x), float(y)) for x, y, ok in zip(curve.tokens, curve.reached, inside, strict=True) if ok]
        label = source.answers[index].name
        lines.append(Series(label, tuple(x for x, _ in pairs), tuple(y for _, y in pairs)))
    plans = Series(
        words.say("terms.chart_plans"),
        tuple(source.answers[index].results[f"{study.tokens}_opt"].value for index in shown),
        tuple(best),
        kind="points",
        marker="diamond",
        colour="ink",
        label_at="legend",
    )
    kind = "loss" if name == "loss" else "amount"
    chart = Chart(
        id="along",
        title=words.say(f"terms.chart_along_{kind}"),
        description=words.say("terms.chart_along_description"),
        x=_decision_axis(study, words, study.tokens),
        y=_goal_axis(study, words, max(best)),
        series=(*lines, plans),
    )
    return Figure("along.svg", chart, words.say(f"terms.chart_along_{kind}_caption"))


def _swept_axis(study: Study, words: Words, sweep: Sweep) -> Axis:
    """The budget, or the target, that is swept."""
    if not study.source.minimises_loss:
        return Axis(words.say("chart.target_axis"), unit="nats/token")
    name = sweep.cell.removeprefix("budget_")
    return Axis(words.say(f"terms.axis_{name}"), "log", unit=SPENT[name])


def _reached(sweep: Sweep) -> list[bool]:
    """Where a sweep has a plan."""
    status = sweep.values.get("plan_status")
    return [True] * len(sweep.amounts) if status is None else [bool(code == 0) for code in status]


def _line(sweep: Sweep, cell: str, label: str) -> Series:
    """A result over what is swept."""
    found = [
        (float(x), float(y)) for x, y, ok in zip(sweep.amounts, sweep.values[cell], _reached(sweep), strict=True) if ok
    ]
    found.sort()
    return Series(label, tuple(x for x, _ in found), tuple(y for _, y in found))


def _own(study: Study, words: Words, sweep: Sweep) -> Reference:
    """Where the scenario stands."""
    value = study.source.evaluation.value(sweep.cell, sweep.index)
    return Reference("x", value, words.name(study.source.answers[sweep.index].name))


def _draw_reached(study: Study, words: Words) -> Figure:
    """What is minimised over the budget or the target, with the scenarios."""
    source = study.source
    result, name = _goal(study)
    sweeps = [sweep for sweep in study.sweeps if sweep.cell == study.sweeps[0].cell]
    lines = [_line(sweep, result, source.answers[sweep.index].name) for sweep in sweeps]
    plans = Series(
        words.say("terms.chart_plans"),
        tuple(source.evaluation.value(sweep.cell, sweep.index) for sweep in sweeps),
        tuple(source.answers[sweep.index].results[result].value for sweep in sweeps),
        kind="points",
        marker="diamond",
        colour="ink",
        label_at="legend",
    )
    kind = "loss" if name == "loss" else "amount"
    chart = Chart(
        id="budget",
        title=words.say(f"terms.chart_budget_{kind}"),
        description=words.say("terms.chart_budget_description"),
        x=_swept_axis(study, words, sweeps[0]),
        y=_goal_axis(study, words),
        series=(*lines, plans),
    )
    return Figure("budget.svg", chart, words.say(f"terms.chart_budget_{kind}_caption"))


def _draw_choice(study: Study, words: Words, sweep: Sweep) -> Figure:
    """Size and tokens over the budget or the target of the first scenario."""
    source = study.source
    names = [study.size, study.tokens]
    titles = [words.say(f"role.{role}_title") for role in ("parameters", "tokens")]
    lines = [_line(sweep, f"{name}_opt", title) for name, title in zip(names, titles, strict=True)]
    points = [
        Series(
            words.say("chart.scenarios_of", what=title),
            (source.evaluation.value(sweep.cell, sweep.index),),
            (source.answers[sweep.index].results[f"{name}_opt"].value,),
            kind="points", marker=marker, colour=number, label_at="none",
        )
        for number, (name, title, marker) in enumerate(zip(names, titles, _MARKERS, strict=True))
    ]  # fmt: skip
    both = words.join(titles)
    chart = Chart(
        id="choice",
        title=words.say("terms.chart_choice", scenario=source.answers[sweep.index].name),
        description=words.say("terms.chart_choice_description"),
        x=_swept_axis(study, words, sweep),
        y=Axis(both, "log", unit="token"),
        series=(*lines, *points),
        references=(_own(study, words, sweep),),
    )
    return Figure("choice.svg", chart, words.say("terms.chart_choice_caption"))


def _draw_epochs(study: Study, words: Words, sweep: Sweep) -> tuple[Figure, ...]:
    """The epochs over each tier over the budget or the target of the first scenario; none where data have no limit."""
    tiers = study.tiers(sweep.index)
    if not tiers:
        return ()
    lines = tuple(_line(sweep, epochs_cell(tier.slug), tier.name or words.say("terms.all_data")) for tier in tiers)
    scenario = study.source.answers[sweep.index].name
    chart = Chart(
        id="epochs",
        title=words.say("terms.chart_epochs", scenario=scenario),
        description=words.say("terms.chart_epochs_description"),
        x=_swept_axis(study, words, sweep),
        y=Axis(words.say("terms.epochs"), minimum=0.0),
        series=lines,
        references=(_own(study, words, sweep),),
    )
    return (Figure("epochs.svg", chart, words.say("terms.chart_epochs_caption")),)
