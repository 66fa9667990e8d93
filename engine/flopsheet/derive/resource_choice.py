"""What a law with one resource chooses among candidates: the least loss of an amount, the least amount for a loss."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sympy as sp

from flopsheet.derive.cases import Case, add_best, list_cases
from flopsheet.derive.cell_builder import CellList
from flopsheet.derive.resource import ResourceDerivation
from flopsheet.messages import Message
from flopsheet.model.inputs import BEYOND
from flopsheet.model.law_model import GivenInput


class ResourceChoice:
    """The cells that choose, and what they choose for an amount and for a target loss.

    What the plan gives stands in the place of every candidate.

    Attributes:
        at_amount: What stands for each choice where an amount is given.
        at_target: The same where a loss is asked for; `at_amount` without a target.
        target: The loss that is asked for, if any is.
        limit: The loss of unlimited resources, the least of all candidates.
    """

    def __init__(
        self, cells: CellList, derivation: ResourceDerivation, amount: sp.Symbol, target: sp.Symbol | None
    ) -> None:
        self.cells, self.derivation = cells, derivation
        model = derivation.model
        self.choices: Sequence[GivenInput] = [given for given in model.inputs.values() if given.candidates]
        self.at_amount: Mapping[sp.Symbol, sp.Expr] = {}
        self.limit: sp.Expr = derivation.limit
        if self.choices:
            cases = list_cases(cells, model.law, self.choices, joint=True)
            self.at_amount = self._choose(cases, self._losses(cases, amount), "candidate_best", "")
            self.limit = sp.Min(
                *dict.fromkeys(derivation.limit.xreplace(case.values) for case in cases), evaluate=False
            )
        self.at_target, self.target = self.at_amount, target
        if self.choices and target is not None:
            self.at_target = self._choose(cases, self._amounts(cases, target), "candidate_least", "_for_target")

    def _losses(self, cases: Sequence[Case], amount: sp.Symbol) -> list[sp.Expr]:
        """The loss of the amount with each combination of candidates."""
        model = self.derivation.model
        return [
            self.cells.add(
                f"L_at_{case.tag}",
                model.loss.xreplace({**case.values, model.resource: amount}),
                "nats/token",
                Message("cell.candidate_loss", {"name": case.name}),
                positive=False,
            )
            for case in cases
        ]

    def _amounts(self, cases: Sequence[Case], target: sp.Symbol) -> list[sp.Expr]:
        """What the target requires with each combination of candidates; beyond reach where no amount will do."""
        derivation, model = self.derivation, self.derivation.model
        unit, found = model.decision(model.resource).unit, []
        # A loss beyond reach would require less than a double holds.
        given = target < BEYOND.symbol
        label = Message("cell.target_tried")
        positive = bool(target.is_positive)
        self.target = tried = self.cells.add(
            "target_tried", sp.Piecewise((target, given), (1, True)), "nats/token", label, positive=positive
        )
        for case in cases:
            put = {**case.values, model.level: tried}
            possible = [given] if derivation.reachable is None else [given, derivation.reachable.xreplace(put) > 0]
            value = sp.Piecewise((derivation.required.xreplace(put), sp.And(*possible)), (BEYOND.symbol, True))
            label = Message("cell.candidate_decision", {"what": str(model.resource), "name": case.name})
            found.append(self.cells.add(f"{model.resource}_at_{case.tag}", value, unit, label))
        return found

    def _choose(
        self, cases: Sequence[Case], scores: Sequence[sp.Expr], best: str, suffix: str
    ) -> dict[sp.Symbol, sp.Expr]:
        """What stands for each choice where the score is the least."""
        model = self.derivation.model
        unit = model.decision(model.resource).unit if suffix else "nats/token"
        # Comparing each with each takes sympy longer than all else.
        least = self.cells.add(best, sp.Min(*scores, evaluate=False), unit, Message(f"cell.{best}"), positive=False)
        return {
            given.symbol: add_best(
                self.cells, given, [case.values[given.symbol] for case in cases], scores, least, suffix=suffix
            )
            for given in self.choices
        }
