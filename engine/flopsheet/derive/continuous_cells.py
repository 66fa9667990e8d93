"""A third decision between two ends: the plan as a function of it, and the best place between them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import sympy as sp

from flopsheet.derive.algebra import expand_logarithm, simplest_condition
from flopsheet.derive.cases import Case
from flopsheet.derive.cell_builder import CellBuilder
from flopsheet.derive.contour import UNKNOWN
from flopsheet.derive.reach import keep_in_reach
from flopsheet.errors import FlopsheetError, Problem
from flopsheet.formula.root import Put, Root
from flopsheet.messages import Message
from flopsheet.model.cell import make_symbol
from flopsheet.model.inputs import BEYOND
from flopsheet.model.law_model import GivenInput, find_moved


def place_between(build: CellBuilder, given: GivenInput, goal: sp.Symbol, case: Case | None = None) -> sp.Symbol:
    """The cell of the best place of a third decision between its ends.

    With x(P) and y(P) the decisions of the plan at P, under the caps, the choice is where the loss (for a target
    loss, the compute) stops falling in ln P: the root of its derivative, or an end.

    Args:
        build: Collects the cells.
        given: The third decision.
        goal: The cell of the budget, or of the target loss.
        case: What stands for other choices, where there are any.

    Raises:
        FlopsheetError: the decisions of the law are roots themselves.
    """
    law, interior = build.model.law, build.derivation.interior
    for_budget = goal.name != "target_loss"
    if (interior.budget if for_budget else interior.target) is not None:
        message = f"law `{law.name}` chooses `{given.name}` between two ends, but its decisions have no closed form"
        remedy = "Give `candidates` instead: each is solved by itself."
        raise FlopsheetError(Problem(message, law.place, f"inputs.{given.name}", remedy))
    suffix = f"_at_{case.tag}" if case else ""
    name = f"{given.name} ({case.name})" if case else given.name
    values: Mapping[sp.Symbol, sp.Expr] = case.values if case else {}
    helpers = _write_out(build.model.helpers, given.symbol, values)
    # Where no resources reach the target, the choice is made for a loss that they do reach, whatever the choice.
    kept = None if for_budget else keep_in_reach(build.derivation, goal)
    if kept is not None:
        within = kept.subs(helpers).xreplace({given.symbol: sp.Float(given.usual), **values})
        goal = build.add_loss(f"target_for_{given.name}{suffix}", within, Message("cell.target_in_reach"))
    along = _Along(build, given, goal, helpers, values, for_budget=for_budget)
    low, high = (sp.log(sp.Rational(repr(end))) for end in given.between or (1.0, 1.0))
    root = Root(sp.Lambda(UNKNOWN, along.residual()), sp.Lambda(UNKNOWN, along.objective()), low, high)
    t = build.add(f"t_{given.name}{suffix}", root, "1", Message("cell.third_place", {"name": name}), positive=False)
    return build.add(f"{given.name}_best{suffix}", sp.exp(t), given.unit, Message("cell.third_best", {"name": name}))


def _write_out(
    helpers: Mapping[sp.Symbol, sp.Expr], symbol: sp.Symbol, values: Mapping[sp.Symbol, sp.Expr]
) -> dict[sp.Symbol, sp.Expr]:
    """The law's helpers that a third decision moves, written out over it."""
    written: dict[sp.Symbol, sp.Expr] = {}
    for helper, expr in find_moved(helpers, {symbol}).items():
        written[helper] = expr.subs(written).xreplace(dict(values))
    return written


def growth_of(expr: sp.Expr) -> sp.Expr:
    """d ln(expr) / dt, of a choice that of the branch in force: a sum of small numbers, none of which cancel."""
    if isinstance(expr, (sp.Min, sp.Max)):
        first, *rest = expr.args
        other = expr.func(*rest)
        ahead = first <= other if isinstance(expr, sp.Min) else first >= other
        return sp.Piecewise((growth_of(first), ahead), (growth_of(other), True))
    if isinstance(expr, sp.Piecewise):
        return sp.Piecewise(*((growth_of(value), condition) for value, condition in expr.args))
    return sp.diff(expand_logarithm(expr), UNKNOWN)


@dataclass
class _Along:
    """The plan over the logarithm of a third decision."""

    build: CellBuilder
    given: GivenInput
    goal: sp.Symbol
    helpers: Mapping[sp.Symbol, sp.Expr]
    values: Mapping[sp.Symbol, sp.Expr]
    for_budget: bool

    def residual(self) -> sp.Expr:
        """What the third decision gains, by itself and through the others, over what the first one gains."""
        interior = self.build.derivation.interior
        decisions = self._decisions()
        grows = {z: make_symbol(f"growth of {z}", positive=False) for z in decisions}
        slopes = {z: interior.gains[z] if self.for_budget else -interior.shares[z] for z in decisions}
        total = sp.Add(*(self._write(slopes[z]) * grows[z] for z in decisions), self._own())
        # In parts of what the first decision gains, so that the residual is of the size of its relative errors.
        first = next(iter(decisions))
        total /= self._write(interior.gains[first] if self.for_budget else interior.shares[first])
        values = {**decisions, **{grows[z]: growth_of(expr) for z, expr in decisions.items()}}
        return Put(sp.Lambda(tuple(values), total), *values.values())

    def objective(self) -> sp.Expr:
        """What is minimised: the loss of the budget, or the compute of the target."""
        model, decisions = self.build.model, self._decisions()
        whole = self._write(model.loss if self.for_budget else model.cost)
        return Put(sp.Lambda(tuple(decisions), whole), *decisions.values())

    def _own(self) -> sp.Expr:
        """What the third decision gains by itself, per relative step."""
        model, symbol = self.build.model, self.given.symbol
        whole = (model.loss if self.for_budget else sp.log(model.cost)).subs(self.helpers)
        return self._write(-symbol * sp.diff(whole, symbol))

    def _write(self, expr: sp.Expr) -> sp.Expr:
        """An expression over the place along the third decision."""
        model = self.build.model
        goal = {model.amount: self.goal} if self.for_budget else {model.level: self.goal}
        return expr.subs(self.helpers).xreplace({self.given.symbol: sp.exp(UNKNOWN), **goal, **self.values})

    def _decisions(self) -> Mapping[sp.Symbol, sp.Expr]:
        """Both decisions of the plan, under the caps."""
        build, interior = self.build, self.build.derivation.interior
        free = interior.free if self.for_budget else interior.reaching
        assert free is not None  # noqa: S101 - a target without inverse was refused
        found = {}
        for z in build.model.decisions:
            other, chosen = build.other(z), free[z]
            if other in build.caps:
                chosen = sp.Max(chosen, self._held(z).subs(other, build.caps[other].symbol))
            if z in build.caps:
                chosen = sp.Min(build.caps[z].symbol, chosen)
            found[z] = self._write(chosen)
        return found

    def _held(self, z: sp.Symbol) -> sp.Expr:
        """What is left of one decision at the other's cap; beyond reach where no amount will do."""
        interior = self.build.derivation.interior
        if self.for_budget:
            return interior.on_budget[z]
        held = interior.at_loss[z]
        room = simplest_condition(held.conditions)
        return held.value if room is None else sp.Piecewise((held.value, room > 0), (BEYOND.symbol, True))
