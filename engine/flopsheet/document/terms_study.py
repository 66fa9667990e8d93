"""What a report on a plan under terms asks of its cells, each of it computed once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from flopsheet.derive.constrained.trace import REACHED, SIZE, TOKENS, build_trace, list_breaks
from flopsheet.document.source import ReportSource
from flopsheet.evaluate.binding_order import Sweep, Sweeper
from flopsheet.evaluate.compile import FloatArray, compile_cells
from flopsheet.evaluate.limits_worth import LimitUse, MoreData, list_limit_uses, list_more_data, list_own_tiers
from flopsheet.evaluate.what_if import WhatIf, build_what_if
from flopsheet.model.cell import BEYOND_REACH
from flopsheet.model.supply import Tier
from flopsheet.model.terms import Terms

#: So many scenarios are swept and told one by one.
MOST_SWEPT: Final = 3
_MOST_TOLD: Final = 6
_OUTPUTS: Final = ("L_opt", "epochs", "plan_status", "C_train", "C_total", "cost", "time", "D_effective")
_PREFIXES: Final = ("binds_", "tier_", "epochs_most_")
_ALONG, _POINTS = 30.0, 161
"""The curve over the tokens spans so many times the plan's to either side."""


@dataclass(frozen=True)
class Along:
    """A scenario over the tokens seen: the size there, what is minimised, and where a tier enters or is full."""

    tokens: FloatArray
    sizes: FloatArray
    reached: FloatArray
    breaks: tuple[float, ...]


@dataclass(frozen=True)
class Study:
    """A plan under terms, asked what its report tells."""

    source: ReportSource

    @property
    def terms(self) -> Terms:
        """The terms of the plan."""
        terms = self.source.solution.terms
        assert terms is not None  # noqa: S101 - such a report is written only where there are terms
        return terms

    @property
    def planned(self) -> list[int]:
        """The scenarios that have a plan."""
        return [index for index in range(len(self.source.answers)) if self.source.has_plan(index)]

    @property
    def swept(self) -> list[int]:
        """The scenarios that are swept."""
        return self.planned[:MOST_SWEPT]

    @property
    def told(self) -> list[int]:
        """The scenarios whose limits are told one by one: where there are many, those that a limit holds back."""
        if len(self.planned) <= MOST_SWEPT:
            return self.planned
        return [index for index in self.planned if self.source.answers[index].binding][:_MOST_TOLD]

    @cached_property
    def what_if(self) -> WhatIf:
        """The plan as a function of its inputs."""
        decisions = [f"{z}_opt" for z in self.source.model.decisions]
        more = [cell.id for cell in self.source.graph if cell.id.startswith(_PREFIXES)]
        return build_what_if(self.source.solution, [*decisions, *_OUTPUTS, *more])

    @cached_property
    def sweeps(self) -> tuple[Sweep, ...]:
        """The scenarios over their budgets or targets."""
        return tuple(Sweeper(self.what_if).sweep(index) for index in self.swept)

    @cached_property
    def uses(self) -> dict[int, tuple[LimitUse, ...]]:
        """The limits of every scenario that has a plan."""
        return {index: list_limit_uses(self.source.solution, index) for index in self.planned}

    @cached_property
    def more_data(self) -> dict[int, tuple[MoreData, ...]]:
        """What more unique tokens would change, scenario by scenario."""
        return {index: list_more_data(self.what_if, index) for index in self.planned}

    @cached_property
    def curves(self) -> dict[int, Along]:
        """The curves over the tokens."""
        source = self.source
        cells = build_trace(source.derivation, self.terms, minimises_loss=source.minimises_loss)
        compiled = compile_cells(source.graph.extended(cells), [SIZE, REACHED])
        breaks = list_breaks(source.derivation, self.terms)
        found = {}
        for index in self.planned:
            best = source.evaluation.value(f"{self.tokens}_opt", index)
            most = self.most_tokens(index)
            high = min(best * _ALONG, most)
            tokens = np.geomspace(min(best, high) / _ALONG, high, _POINTS)
            values = {name: source.evaluation.value(name, index) for name in compiled.inputs if name != TOKENS}
            along = compiled.evaluate({**values, TOKENS: tokens})
            places = sorted(source.evaluation.value(name, index) for name in breaks)
            seen = tuple(place for place in places if tokens[0] < place < tokens[-1])
            found[index] = Along(tokens, along[SIZE], along[REACHED], seen)
        return found

    @property
    def size(self) -> str:
        """The decision on the size."""
        return self._decision("parameters")

    @property
    def tokens(self) -> str:
        """The decision on the tokens."""
        return self._decision("tokens")

    def _decision(self, role: str) -> str:
        """The decision with a role."""
        model = self.source.model
        return next(z.name for z in model.decisions if model.decision(z).role == role)

    def most_tokens(self, index: int) -> float:
        """The most tokens of a scenario."""
        evaluation = self.source.evaluation
        names = [name for name in ("tokens_most", "caps_tokens") if name in evaluation.values]
        return min([BEYOND_REACH, *(evaluation.value(name, index) for name in names)])

    def tiers(self, index: int) -> tuple[Tier, ...]:
        """The data that a scenario has: its tiers, or one without a name."""
        return list_own_tiers(self.source.solution, index)
