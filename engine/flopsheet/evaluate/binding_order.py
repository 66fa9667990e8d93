"""Which limits bind as the budget grows, or as the target falls, and where that changes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import sympy as sp

from flopsheet.evaluate.compile import FloatArray, evaluate_formulas
from flopsheet.evaluate.limits_worth import budget_cell, epochs_cell, list_own_tiers
from flopsheet.evaluate.solution import Solution
from flopsheet.evaluate.what_if import WhatIf
from flopsheet.model.law_model import LawModel
from flopsheet.model.terms import is_declared, limit_keys

DECADES = 3
"""A budget is swept over so many decades to either side."""
_A_DECADE = 20
_TARGET_DECADES = 0.75
"""What a target is above the irreducible loss, to either side."""
_PARTS, _ROUNDS = 33, 7
"""Each round looks at so many places between two amounts, and goes on between two of them."""
_NARROW = 1e-6
"""A range that is narrower in its logarithm is the rounding of its ends."""
_CLOSE = 1e-9
"""What counts as the same number of passes: the rounding of a place that was found by halving."""

Use = Literal["none", "first", "again", "full"]
State = tuple[tuple[str, ...] | None, tuple[tuple[str, Use], ...]]
"""What binds, None where there is no plan, and what is done with each tier."""


@dataclass(frozen=True)
class Phase:
    """A range of budgets, or of targets, in which the same limits bind.

    Attributes:
        low, high: Its ends in the order of the sweep: budgets that grow, targets that fall.
        binding: The limits, by name; None where there is no plan.
        uses: What is done with each tier, by slug: nothing, at most one pass, several, as many as are allowed.
    """

    low: float
    high: float
    binding: tuple[str, ...] | None
    uses: tuple[tuple[str, Use], ...] = ()

    def holds(self, amount: float) -> bool:
        """Whether a budget, or a target, lies in the range."""
        return min(self.low, self.high) <= amount <= max(self.low, self.high)


@dataclass(frozen=True)
class Sweep:
    """A scenario over budgets that grow, or over targets that fall.

    Attributes:
        index: The scenario.
        cell: The input that is swept.
        amounts: What it is set to.
        values: The outputs there, by cell.
        phases: Where the same limits bind.
    """

    index: int
    cell: str
    amounts: FloatArray
    values: dict[str, FloatArray]
    phases: tuple[Phase, ...]


@dataclass(frozen=True)
class Sweeper:
    """Sweeps the scenarios of a plan."""

    what_if: WhatIf

    @property
    def solution(self) -> Solution:
        """The plan."""
        return self.what_if.solution

    def sweep(self, index: int) -> Sweep:
        """A scenario over its budget or its target, and where the limits that bind change."""
        budget = budget_cell(self.solution, index)
        cell = budget or "target_loss"
        amounts = self._budgets(index, cell) if budget else self._targets(index)
        values = self.what_if.evaluate(index, {cell: amounts})
        states = self._states(index, values, len(amounts))
        edges: list[tuple[float, float]] = []
        for left, right in zip(range(len(amounts) - 1), range(1, len(amounts)), strict=True):
            if states[left] != states[right]:
                edges += self._find_changes(index, cell, float(amounts[left]), float(amounts[right]))
        starts = [float(amounts[0]), *(after for _, after in edges)]
        ends = [*(before for before, _ in edges), float(amounts[-1])]
        spans = [span for span in zip(starts, ends, strict=True) if abs(np.log(span[1] / span[0])) > _NARROW]
        middles = np.sqrt([low * high for low, high in spans])
        found = self._states(index, self.what_if.evaluate(index, {cell: middles}), len(spans))
        phases: list[Phase] = []
        for (low, high), state in zip(spans, found, strict=True):
            if phases and (phases[-1].binding, phases[-1].uses) == state:
                phases[-1] = Phase(phases[-1].low, high, *state)
            else:
                phases.append(Phase(low, high, *state))
        return Sweep(index, cell, amounts, values, tuple(phases))

    def _budgets(self, index: int, cell: str) -> FloatArray:
        """Budgets around that of a scenario."""
        middle = self.solution.evaluation.value(cell, index)
        return np.asarray(middle * np.logspace(-DECADES, DECADES, 2 * DECADES * _A_DECADE + 1))

    def _targets(self, index: int) -> FloatArray:
        """Targets around that of a scenario, from high to low."""
        floor, target = floor_of(self.solution, index), self.solution.evaluation.value("target_loss", index)
        steps = np.logspace(_TARGET_DECADES, -_TARGET_DECADES, 2 * _A_DECADE + 1)
        return np.asarray(floor + (target - floor) * steps)

    def _find_changes(self, index: int, cell: str, low: float, high: float) -> list[tuple[float, float]]:
        """Every change between two amounts, each as the last amount before it and the first one after it."""
        edges: list[tuple[float, float]] = []
        while True:
            ends = (low, high)
            for _ in range(_ROUNDS):
                places = np.geomspace(*ends, _PARTS)
                places[0], places[-1] = ends
                states = self._states(index, self.what_if.evaluate(index, {cell: places}), _PARTS)
                first = next((at for at, state in enumerate(states) if state != states[0]), None)
                if first is None:
                    return edges
                ends = (float(places[first - 1]), float(places[first]))
            edges.append(ends)
            low = ends[1]

    def _states(self, index: int, values: dict[str, FloatArray], count: int) -> list[State]:
        """What binds, and what is done with each tier, at every place."""
        plan = self.solution.plan
        declared = [name for name, keys in limit_keys(plan).items() if is_declared(plan.scenarios[index], keys)]
        names = [name for name in declared if f"binds_{name}" in values]
        slugs = [tier.slug for tier in list_own_tiers(self.solution, index)]
        states: list[State] = []
        for at in range(count):
            if "plan_status" in values and values["plan_status"][at] != 0:
                states.append((None, ()))
                continue
            binding = tuple(name for name in names if values[f"binds_{name}"][at] > 0)
            states.append((binding, tuple((slug, self._use(slug, values, at)) for slug in slugs)))
        return states

    def _use(self, slug: str, values: dict[str, FloatArray], at: int) -> Use:
        """What is done with a tier at a place."""
        epochs = values[epochs_cell(slug)][at]
        most = values.get(f"epochs_most_{slug}")
        if epochs <= _CLOSE:
            return "none"
        if most is not None and epochs >= most[at] * (1 - _CLOSE):
            return "full"
        return "first" if epochs <= 1 + _CLOSE else "again"


def floor_of(solution: Solution, index: int) -> float:
    """The loss that no resources go below; 0 where the law has none."""
    model = solution.model
    assert isinstance(model, LawModel)  # noqa: S101 - plans under terms allocate
    floor = model.loss.subs(dict.fromkeys(model.decisions, sp.oo))
    if floor.has(sp.oo, sp.zoo, sp.nan):
        return 0.0
    numbers = {symbol.name: solution.evaluation.value(symbol.name, index) for symbol in model.parameters}
    return evaluate_formulas({"floor": floor}, numbers)["floor"]
