"""What the charts of a report have in common: which scenarios they show, and how their axes and curves are named."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from flopsheet.document.charts import Axis, Chart
from flopsheet.document.curves import Curves
from flopsheet.document.naming import is_capped
from flopsheet.document.source import ReportSource
from flopsheet.document.words import Words

MOST_CURVES: Final = 6
#: So many points make a smooth curve.
POINTS: Final = 81


@dataclass(frozen=True)
class Figure:
    """A chart with its file name, and what it says in a sentence."""

    file: str
    chart: Chart
    caption: str


@dataclass(frozen=True)
class Case:
    """One curve: the first scenario that has this budget (or target) and these constants."""

    index: int
    goal: float
    constants: Mapping[str, float]


@dataclass(frozen=True)
class Scene:
    """A report's scenarios as its charts show them. Texts are escaped where a chart is drawn."""

    source: ReportSource
    curves: Curves
    words: Words

    @property
    def cases(self) -> list[Case]:
        """The curves to draw: each budget (or target) with its constants once, from small to large, evenly thinned."""
        found: dict[object, Case] = {}
        for index in self.planned:
            constants = self.source.constants(index)
            key = (self.source.goal(index), tuple(constants.items()))
            found.setdefault(key, Case(index, self.source.goal(index), constants))
        cases = sorted(found.values(), key=lambda case: case.goal)
        if len(cases) <= MOST_CURVES:
            return cases
        kept = sorted({round(step * (len(cases) - 1) / (MOST_CURVES - 1)) for step in range(MOST_CURVES)})
        return [cases[position] for position in kept]

    @property
    def planned(self) -> list[int]:
        """The scenarios that have a plan."""
        return [index for index in range(len(self.source.answers)) if self.source.has_plan(index)]

    def moved(self) -> list[int]:
        """The scenarios that caps move away from the optimum."""
        return [index for index in self.planned if is_capped(self.source, index)]

    def spent(self, index: int) -> float:
        """The compute of a scenario: its whole budget, or what its plan needs."""
        source = self.source
        return source.goal(index) if source.minimises_loss else source.answers[index].results["C_total"].value

    def has_own_constants(self) -> bool:
        """Whether scenarios differ in the law's constants, so that a budget does not name a curve."""
        return len({tuple(self.source.constants(index).values()) for index in self.planned}) > 1

    def optimum_name(self) -> str:
        """What the optimum of a budget or loss is called: caps are mentioned where they bind."""
        return self.words.say("chart.optimum_without_caps" if self.moved() else "chart.optimum")

    def decision_name(self, number: int) -> str:
        """What a decision is called."""
        z = self.source.model.decisions[number]
        role = self.source.model.decision(z).role
        return self.words.say(f"role.{role}") if role else z.name

    def loss_axis(self, maximum: float | None = None) -> Axis:
        """The loss."""
        return Axis(self.words.say("chart.loss_axis"), unit="nats/token", maximum=maximum)

    def compute_axis(self, maximum: float | None = None) -> Axis:
        """Compute on a logarithmic axis."""
        return Axis(self.words.say("chart.compute_axis"), "log", unit="FLOP", maximum=maximum)

    def decision_axis(self, number: int) -> Axis:
        """A decision on a logarithmic axis."""
        z = self.source.model.decisions[number]
        decision = self.source.model.decision(z)
        title = self.words.say(f"role.{decision.role}_title") if decision.role else f"{z.name} ({decision.unit})"
        return Axis(title, "log", unit=decision.unit)
