"""What it costs to depart from the optimum, in loss and in compute."""

from __future__ import annotations

import math
from dataclasses import dataclass

from flopsheet.document.curves import Curves
from flopsheet.document.source import ReportSource

HALF, TWICE = 0.5, 2.0


@dataclass(frozen=True, slots=True)
class Stake:
    """What a departure costs.

    `loss` is what it adds to the loss at the same budget, 0 where the loss is given; `compute` the share
    of the budget that is spent for nothing (the optimum reaches the same loss without it), or, where the
    loss is given, the share of compute that comes on top. It is not a number where the law cannot say.
    """

    loss: float
    compute: float

    @property
    def is_weighed(self) -> bool:
        """Whether it is known in compute."""
        return not math.isnan(self.compute)


@dataclass(frozen=True, slots=True)
class Scale:
    """Weighs departures from the optimum of each scenario."""

    source: ReportSource
    curves: Curves

    def wrong_size(self, index: int, factor: float) -> Stake | None:
        """The first decision `factor` times the optimum, with the budget (or the loss) kept; None where impossible."""
        source = self.source
        constants, goal = source.constants(index), source.goal(index)
        x = factor * source.optimum(index)[0]
        if source.minimises_loss:
            loss = float(self.curves.loss_along_budget(constants, goal, x))
            return self.reached(index, loss) if math.isfinite(loss) else None
        needed = float(self.curves.compute_along_loss(constants, goal, x))
        spent = source.answers[index].results["C_total"].value
        return Stake(0.0, needed / spent - 1) if math.isfinite(needed) else None

    def reached(self, index: int, loss: float) -> Stake:
        """A loss reached with all compute of the scenario, against its optimum without caps."""
        constants, amount = self.source.constants(index), self.amount(index)
        best = float(self.curves.optimum(constants, amount)[2])
        needed = float(self.curves.least_compute(constants, loss))
        return Stake(loss - best, 1 - needed / amount)

    def amount(self, index: int) -> float:
        """The compute of a scenario: its budget, or what its plan needs."""
        source = self.source
        return source.goal(index) if source.minimises_loss else source.answers[index].results["C_total"].value

    def caps(self, index: int) -> Stake | None:
        """What the caps of a scenario cost; None where no cap binds.

        In loss and compute at the same budget, or in compute on top for the same loss.
        """
        source, answer = self.source, self.source.answers[index]
        if not set(answer.binding) - {"compute"}:
            return None
        loss = answer.results["L_opt"].value
        if source.minimises_loss:
            return self.reached(index, loss)
        needed = float(self.curves.least_compute(source.constants(index), loss))
        return Stake(0.0, self.amount(index) / needed - 1)
