"""Strategies under terms: fixed choices that spend the same budget on the same data, held against the plan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sympy as sp

from flopsheet.derive.algebra import isolate
from flopsheet.derive.cell_builder import CellBuilder
from flopsheet.derive.constrained.excess import Excess
from flopsheet.derive.constrained.limits import bound_of
from flopsheet.derive.constrained.stretches import Path
from flopsheet.derive.contour import solve_log
from flopsheet.errors import FlopsheetError, Problem
from flopsheet.formula.root import put_in
from flopsheet.messages import Message
from flopsheet.model.cell import make_symbol
from flopsheet.model.spending import Spending
from flopsheet.plan.plan import Strategy

_AMOUNT = make_symbol("amount of a limit")


@dataclass(frozen=True)
class FixedChoices:
    """What strategies are held against.

    Attributes:
        build: Collects the cells.
        budgets: Every amount that is limited, with the cell or formula of its limit; caps are not among them.
        path: The data, None where they have no limit.
        size, tokens: The decisions.
        best: The loss that strategies are measured by.
        guard: The cell that says whether there is a plan.
    """

    build: CellBuilder
    budgets: Sequence[tuple[Spending, sp.Expr]]
    path: Path | None
    size: sp.Symbol
    tokens: sp.Symbol
    best: sp.Symbol
    excess: Excess | None
    guard: str | None

    def add(self, strategy: Strategy) -> None:
        """The decisions, loss and efficiency of a strategy."""
        build, name = self.build, {"name": strategy.name}
        fixed = make_symbol(f"strategies_{strategy.slug}_{strategy.kind}")
        stem = f"strategy_{strategy.slug}"
        size, tokens, guard = self._choose(strategy, fixed)
        if self.path is not None:
            tokens = sp.Min(tokens, self.path.most)
        label = build.label("strategy_decision", self.tokens, **name)
        seen = build.add(f"{stem}_{self.tokens}", tokens, build.unit(self.tokens), label, kind="strategy", guard=guard)
        label = build.label("strategy_decision", self.size, **name)
        size, unit = size.subs(self.tokens, seen), build.unit(self.size)
        size = build.add(f"{stem}_{self.size}", size, unit, label, kind="strategy", guard=guard)
        effective: sp.Expr = seen
        factor: sp.Expr = sp.S.One
        if self.path is not None:
            stretches = self.path.stretches
            pairs = [(s.effective.subs(self.tokens, seen), sp.And(s.low <= seen, seen <= s.high)) for s in stretches]
            whole = pairs[0][0] if len(pairs) == 1 else sp.Piecewise(*pairs[:-1], (pairs[-1][0], True))
            label = Message("cell.strategy_effective", name)
            effective = build.add(f"{stem}_effective", whole, build.unit(self.tokens), label, guard=guard)
            factor = stretches[0].factor.subs(self.tokens, seen)
        held = size if self.excess is None else self.excess.effective.subs(self.size, size)
        loss = factor * put_in(build.model.loss, {self.size: held, self.tokens: effective})
        label = Message("cell.strategy_loss", name)
        reached = build.add(f"{stem}_L", loss, "nats/token", label, kind="strategy", guard=guard)
        label = Message("cell.strategy_efficiency", name)
        build.add(f"{stem}_efficiency", self.best / reached, "1", label, kind="strategy", guard=guard)

    def _choose(self, strategy: Strategy, fixed: sp.Symbol) -> tuple[sp.Expr, sp.Expr, str | None]:
        """Size over the tokens seen, these (as many as the tightest budget pays for), and the guard of both."""
        if strategy.kind == "shares":
            message = "a plan with data, inference or limits on money or time has no shares of a sum."
            raise FlopsheetError(Problem(message, strategy.place, f"strategies.{strategy.name}.shares"))
        model = self.build.model
        if strategy.kind == "tokens":
            sizes = [bound_of(model, s, limit, self.size, self.tokens).size for s, limit in self.budgets]
            return sp.Min(*sizes), fixed, self.guard
        size = fixed if strategy.kind == "parameters" else self.tokens / fixed
        found, rooms = [], []
        for spending, limit in self.budgets:
            spent = sp.factor(spending.spent.subs(self.size, size))
            alone = isolate(spent, _AMOUNT, self.tokens)
            if alone is None:
                # More tokens always take more, so that one equation gives the most that a budget pays for.
                root = solve_log(spent, _AMOUNT, self.tokens, falls=False)
                found.append(self._add_tokens(strategy, spending, root.subs(_AMOUNT, limit)))
            else:
                found.append(alone.value.subs(_AMOUNT, limit))
                rooms += [] if found[-1].is_positive else [found[-1] > 0]
        if not rooms or self.guard is not None:
            return size, sp.Min(*found), self.guard
        # Where inference alone takes the whole budget there is no such choice.
        label = Message("cell.strategy_absent", {"name": strategy.name})
        absent = sp.Piecewise((0, sp.And(*rooms)), (2, True))
        guard = f"absent_strategy_{strategy.slug}"
        self.build.add(guard, absent, "1", label, positive=False)
        return size, sp.Min(*found), guard

    def _add_tokens(self, strategy: Strategy, spending: Spending, root: sp.Expr) -> sp.Expr:
        """The most tokens that one budget pays for."""
        label = Message("cell.strategy_place", {"name": strategy.name, "limit": Message(f"limit.{spending.name}")})
        t = self.build.add(
            f"t_strategy_{strategy.slug}_{spending.name}", root, "1", label, positive=False, guard=self.guard
        )
        return sp.exp(t)
