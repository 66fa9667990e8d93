"""The charts of a report: the loss along each budget, the frontier, and the optimal allocation."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from flopsheet.document.charts import Axis, Chart, Reference, Series
from flopsheet.document.curves import Curves
from flopsheet.document.source import ReportSource
from flopsheet.document.words import Words
from flopsheet.model.inputs import list_limits

_MOST_CURVES: Final = 6
#: A curve goes to so many times the optimum, up and down, with so many points.
_REACH: Final = 24.0
_POINTS: Final = 81
#: The loss axis ends this share of the span of optima above the highest one.
_HEADROOM: Final = 0.45
_LEAST_HEADROOM: Final = 0.06
_DECADE: Final = 10.0
#: Two decisions closer than this are drawn as one point.
_SAME: Final = 1e-6


@dataclass(frozen=True)
class Figure:
    """A chart with its file name, and what it says in a sentence."""

    file: str
    chart: Chart
    caption: str


@dataclass(frozen=True)
class _Case:
    """One curve: the first scenario that has this budget (or target) and these constants."""

    index: int
    goal: float
    constants: Mapping[str, float]


def draw_figures(source: ReportSource, curves: Curves, words: Words) -> tuple[Figure, ...]:
    """All charts of a report; none where no scenario has a plan.

    Args:
        source: The solved plan.
        curves: The law's curves.
        words: Words whose numbers are Markdown; texts of a chart are escaped where it is drawn.
    """
    drawer = _Drawer(source, curves, words)
    if not drawer.cases:
        return ()
    return drawer.contours(), drawer.frontier(), drawer.allocation()


@dataclass(frozen=True)
class _Drawer:
    """Draws the charts of one report."""

    source: ReportSource
    curves: Curves
    words: Words

    @property
    def cases(self) -> list[_Case]:
        """The curves to draw: each budget (or target) with its constants once, from small to large, evenly thinned."""
        found: dict[object, _Case] = {}
        for index in self.planned:
            constants = self.source.constants(index)
            key = (self.source.goal(index), tuple(constants.items()))
            found.setdefault(key, _Case(index, self.source.goal(index), constants))
        cases = sorted(found.values(), key=lambda case: case.goal)
        if len(cases) <= _MOST_CURVES:
            return cases
        kept = sorted({round(step * (len(cases) - 1) / (_MOST_CURVES - 1)) for step in range(_MOST_CURVES)})
        return [cases[position] for position in kept]

    @property
    def planned(self) -> list[int]:
        """The scenarios that have a plan."""
        return [index for index in range(len(self.source.answers)) if self.source.has_plan(index)]

    def contours(self) -> Figure:
        """Loss over the first decision along each budget, or compute over it along each target loss."""
        source, words = self.source, self.words
        budget = source.minimises_loss
        cases = self.cases
        best = [self._best(case) for case in cases]
        lines = tuple(self._curve(case, x) for case, (x, _) in zip(cases, best, strict=True))
        optimum = Series(
            self._optimum_name(),
            tuple(x for x, _ in best),
            tuple(value for _, value in best),
            marker="circle",
            dash="dashed",
            colour="ink",
            label_at="legend",
        )
        plans = self._capped_plans()
        kind = "isoflop" if budget else "isoloss"
        name = self._name(0)
        chart = Chart(
            id=kind,
            title=words.say(f"chart.{kind}_title", what=name),
            description=words.say(f"chart.{kind}_description", what=name),
            x=self._decision_axis(0),
            y=self._loss_axis(best, lines, plans) if budget else self._compute_axis(best),
            series=(*lines, optimum, *plans),
            references=self._cap_lines([x for x, _ in best]),
            palette="ramp",
        )
        return Figure(f"{kind}.svg", chart, words.say(f"chart.{kind}_caption", what=name))

    def _best(self, case: _Case) -> tuple[float, float]:
        """The optimum of a curve without caps: the first decision, and the loss or compute there."""
        if self.source.minimises_loss:
            x, _, loss = self.curves.optimum(case.constants, case.goal)
            return float(x), float(loss)
        amount = float(self.curves.least_compute(case.constants, case.goal))
        return float(self.curves.optimum(case.constants, amount)[0]), amount

    def _curve(self, case: _Case, x: float) -> Series:
        """One contour around its optimum."""
        grid = np.geomspace(x / _REACH, x * _REACH, _POINTS)
        if self.source.minimises_loss:
            values = self.curves.loss_along_budget(case.constants, case.goal, grid)
            label = self.words.quantity(case.goal, "FLOP")
        else:
            values = self.curves.compute_along_loss(case.constants, case.goal, grid)
            label = self.words.say("chart.at_loss", value=self.words.number(case.goal))
        if self._has_own_constants():
            label = self.source.answers[case.index].name
        return Series(label, tuple(map(float, grid)), tuple(map(float, values)))

    def _has_own_constants(self) -> bool:
        """Whether scenarios differ in the law's constants, so that a budget does not name a curve."""
        return len({tuple(self.source.constants(index).values()) for index in self.planned}) > 1

    def _capped_plans(self) -> tuple[Series, ...]:
        """The plans that caps move away from the optimum, by name."""
        source = self.source
        moved = self._moved()
        if not moved:
            return ()
        result = "L_opt" if source.minimises_loss else "C_total"
        return (
            Series(
                self.words.say("chart.capped_plans"),
                tuple(source.optimum(index)[0] for index in moved),
                tuple(source.answers[index].results[result].value for index in moved),
                kind="points",
                marker="diamond",
                colour=1,
                label_at="legend",
                point_labels=tuple(source.answers[index].name for index in moved),
            ),
        )

    def _moved(self) -> list[int]:
        """The scenarios that caps move away from the optimum."""
        return [index for index in self.planned if set(self.source.answers[index].binding) - {"compute"}]

    def _optimum_name(self) -> str:
        """What the optimum of a budget or loss is called: caps are mentioned where there are any."""
        return self.words.say("chart.optimum_without_caps" if self._moved() else "chart.optimum")

    def _loss_axis(self, best: Sequence[tuple[float, float]], lines: Sequence[Series], plans: Sequence[Series]) -> Axis:
        """The loss, up to a little above the highest optimum: the far ends of curves say nothing."""
        losses = [loss for _, loss in best] + [y for series in plans for y in series.y]
        span = max(losses) - min(losses)
        ends = [y for series in lines for y in (series.y[0], series.y[-1]) if math.isfinite(y)]
        top = max(losses) + max(_HEADROOM * span, _LEAST_HEADROOM * max(losses))
        return Axis(self.words.say("chart.loss_axis"), unit="nats/token", maximum=min(top, max(ends)) if ends else top)

    def _compute_axis(self, best: Sequence[tuple[float, float]]) -> Axis:
        """Compute on a logarithmic axis, up to a decade above the largest optimum."""
        top = max(amount for _, amount in best) * _DECADE
        spent = [self.source.answers[index].results["C_total"].value for index in self.planned]
        return Axis(self.words.say("chart.compute_axis"), "log", unit="FLOP", maximum=max(top, 2 * max(spent)))

    def _cap_lines(self, near: Sequence[float]) -> tuple[Reference, ...]:
        """The caps on the first decision that lie where the curves are."""
        source, z = self.source, self.source.model.decisions[0]
        limit = next((limit for limit in list_limits(source.model) if limit.decision == z.name), None)
        if limit is None:
            return ()
        cell = limit.key.replace(".", "_")
        values = {source.evaluation.value(cell, i) for i in self.planned if source.table.is_set(limit.key, i)}
        seen = sorted(value for value in values if min(near) / _REACH <= value <= max(near) * _REACH)
        return tuple(
            Reference("x", value, self.words.say("chart.cap", value=self.words.number(value, limit.unit, 3)))
            for value in seen
        )

    def frontier(self) -> Figure:
        """The least loss over compute, with every scenario."""
        source, words = self.source, self.words
        amounts = self._amounts()
        lines = []
        for case in self._by_constants():
            losses = self.curves.optimum(case.constants, amounts)[2]
            label = source.answers[case.index].name if self._has_own_constants() else self._optimum_name()
            lines.append(Series(label, tuple(map(float, amounts)), tuple(map(float, losses)), label_at="legend"))
        chart = Chart(
            id="frontier",
            title=words.say("chart.frontier_title"),
            description=words.say("chart.frontier_description"),
            x=Axis(words.say("chart.compute_axis"), "log", unit="FLOP"),
            y=Axis(words.say("chart.loss_axis"), unit="nats/token"),
            series=(*lines, self._scenarios()),
        )
        caption = words.say("chart.frontier_caption_caps" if self._moved() else "chart.frontier_caption")
        return Figure("frontier.svg", chart, caption)

    def _by_constants(self) -> list[_Case]:
        """One case for each set of constants."""
        found: dict[object, _Case] = {}
        for case in self.cases:
            found.setdefault(tuple(case.constants.items()), case)
        return list(found.values())

    def _amounts(self) -> np.ndarray:
        """Budgets over whole decades, from below the least scenario to above the largest."""
        spent = [self._spent(index) for index in self.planned]
        low = 10.0 ** (math.floor(math.log10(min(spent)) - 0.3))
        high = 10.0 ** (math.ceil(math.log10(max(spent)) + 0.3))
        return np.geomspace(low, high, _POINTS)

    def _spent(self, index: int) -> float:
        """The compute of a scenario: its whole budget, or what its plan needs."""
        source = self.source
        return source.goal(index) if source.minimises_loss else source.answers[index].results["C_total"].value

    def _scenarios(self) -> Series:
        """The loss of all scenarios as named points over their compute."""
        answers = self.source.answers
        return Series(
            self.words.say("chart.scenarios"),
            tuple(self._spent(index) for index in self.planned),
            tuple(answers[index].results["L_opt"].value for index in self.planned),
            kind="points",
            marker="diamond",
            label_at="legend",
            point_labels=tuple(answers[index].name for index in self.planned),
        )

    def allocation(self) -> Figure:
        """Both decisions at the optimum over compute, with every scenario."""
        source, words = self.source, self.words
        amounts = self._amounts()
        case = self.cases[0]
        found = self.curves.optimum(case.constants, amounts)
        names = [self._name(number) for number in range(2)]
        series = [
            Series(
                words.say("chart.optimal", what=names[number]),
                tuple(map(float, amounts)),
                tuple(map(float, found[number])),
            )
            for number in range(2)
        ]
        shapes = ("circle", "square")
        for number in range(2):
            series.append(
                Series(
                    words.say("chart.scenarios_of", what=names[number]),
                    tuple(self._spent(index) for index in self.planned),
                    tuple(source.optimum(index)[number] for index in self.planned),
                    kind="points",
                    marker=shapes[number],  # type: ignore[arg-type]
                    colour=number,
                    label_at="legend",
                )
            )
        both = words.join(names)
        unit = source.model.decision(source.model.decisions[0]).unit
        chart = Chart(
            id="allocation",
            title=words.say("chart.allocation_title"),
            description=words.say("chart.allocation_description", what=both),
            x=Axis(words.say("chart.compute_axis"), "log", unit="FLOP"),
            y=Axis(both[:1].upper() + both[1:], "log", unit=unit),
            series=tuple(series),
        )
        straight = not any(expr.has(source.model.amount) for expr in source.derivation.exponents.values())
        caption = words.say("chart.allocation_caption_straight" if straight else "chart.allocation_caption")
        return Figure("allocation.svg", chart, caption)

    def _name(self, number: int) -> str:
        """What a decision is called."""
        z = self.source.model.decisions[number]
        role = self.source.model.decision(z).role
        return self.words.say(f"role.{role}") if role else z.name

    def _decision_axis(self, number: int) -> Axis:
        """A decision on a logarithmic axis."""
        z = self.source.model.decisions[number]
        decision = self.source.model.decision(z)
        title = self.words.say(f"role.{decision.role}_title") if decision.role else f"{z.name} ({decision.unit})"
        return Axis(title, "log", unit=decision.unit)
