"""What claims are held against: an optimum as formulas, and a scenario's numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import sympy as sp

from flopsheet.derive.algebra import product_form
from flopsheet.derive.derivation import Derivation
from flopsheet.derive.regimes import Regime, find_caps
from flopsheet.derive.sample import DIGITS, evaluate_at
from flopsheet.formula.root import put_in


@dataclass(frozen=True)
class Allocation:
    """A choice of both decisions at a scenario's numbers: what it spends of the budget, and its loss."""

    decisions: Mapping[str, float]
    share_spent: float
    loss: float


@dataclass(frozen=True)
class ClaimGround:
    """What a claim is held against: results as formulas over the law's symbols, and a scenario's numbers.

    `numbers` maps the budget symbol, constants and caps to the scenario's values; each of `when` is positive
    where the optimum is this one.
    """

    derivation: Derivation
    optimum: Mapping[sp.Symbol, sp.Expr]
    numbers: Mapping[sp.Symbol, float]
    aliases: Mapping[str, sp.Expr]
    when: tuple[sp.Expr, ...] = ()

    @property
    def results(self) -> dict[str, sp.Expr]:
        """Each result by name, over the budget, constants and caps."""
        model = self.derivation.model
        cost = put_in(model.cost, self.optimum)
        found = {f"{z}_opt": self.optimum[z] for z in model.decisions}
        found["L_opt"] = put_in(model.loss, self.optimum)
        found |= {"C_train": cost, "C_total": cost}
        roles = {model.decision(z).role: z for z in model.decisions}
        if {"parameters", "tokens"} <= roles.keys():
            ratio = self.optimum[roles["tokens"]] / self.optimum[roles["parameters"]]
            found["tokens_per_parameter"] = product_form(ratio)
        return found


def build_ground(
    derivation: Derivation, regime: Regime | None, numbers: Mapping[sp.Symbol, float], *, has_target: bool = False
) -> ClaimGround:
    """The ground for claims: the optimum under the budget alone, or in the regime of a scenario.

    Where the plan has a target, the target loss is the loss that the budget reaches, so that a claim may speak of it.
    """
    model = derivation.model
    optimum = dict(regime.optimum if regime else derivation.interior.free)
    caps = {cap.symbol.name: cap.symbol for cap in find_caps(model).values()}
    aliases: dict[str, sp.Expr] = {model.amount.name: model.amount, "budget_compute": model.amount, **caps}
    if has_target:
        aliases["target_loss"] = put_in(model.loss, optimum)
    aliases |= {name: given.symbol for name, given in model.inputs.items()}
    when = regime.when if regime else ()
    return ClaimGround(derivation, optimum, numbers, {**aliases, **model.constants}, when)


def allocate(allocation: Mapping[sp.Symbol, sp.Expr], ground: ClaimGround) -> Allocation:
    """An allocation at the scenario's numbers."""
    model = ground.derivation.model
    share = put_in(model.cost, allocation) / model.amount
    loss = put_in(model.loss, allocation)
    decisions = {z.name: number(expr, ground) for z, expr in allocation.items()}
    return Allocation(decisions, number(share, ground), number(loss, ground))


def number(expr: sp.Expr, ground: ClaimGround) -> float:
    """The value of an expression at the scenario's numbers; nan where it has none."""
    value = evaluate_at(expr, {symbol: sp.Float(repr(v), DIGITS) for symbol, v in ground.numbers.items()})
    return float("nan") if value is None else float(value)
