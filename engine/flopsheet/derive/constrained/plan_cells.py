"""The cells of a plan under terms: the choice, what it reaches and spends, what binds and what that is worth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sympy as sp

from flopsheet.derive.cell_builder import PLAN_STATUS, CellBuilder
from flopsheet.derive.constrained.amounts import add_amounts
from flopsheet.derive.constrained.excess import Excess, add_excess
from flopsheet.derive.constrained.limits import Bound, bound_of, find_bounds
from flopsheet.derive.constrained.loss_search import LossSearch
from flopsheet.derive.constrained.prices import add_limit_prices
from flopsheet.derive.constrained.search import Choice, Search
from flopsheet.derive.constrained.strategies import FixedChoices
from flopsheet.derive.constrained.stretches import Path, add_path
from flopsheet.derive.constrained.target_search import TargetSearch, at_loss
from flopsheet.derive.constrained.tiers import add_tiers
from flopsheet.derive.derivation import Derivation
from flopsheet.errors import FlopsheetError, Problem
from flopsheet.formula.root import put_in
from flopsheet.messages import Message
from flopsheet.model.cell import Cell, make_symbol
from flopsheet.model.inputs import BEYOND
from flopsheet.model.spending import Spending
from flopsheet.model.terms import Terms
from flopsheet.plan.plan import Strategy

DATA_STATUS = "data_status"
"""The cell that is 0 where results about data have a value."""
_ROOM = sp.Rational(1, 10**9)
"""By how much a limit may be exceeded: the rounding of a place that was found by halving."""


def build_constrained_cells(
    derivation: Derivation, terms: Terms, strategies: Sequence[Strategy], *, minimises_loss: bool, capped: bool
) -> tuple[Cell, ...]:
    """The cells of a plan whose terms reach into the optimum.

    Args:
        derivation: The law's derivation.
        terms: Data, hardware, inference and limits.
        strategies: Fixed choices that are held against the plan.
        minimises_loss: Whether the loss is minimised; else compute or money is, at a target loss.
        capped: Whether any scenario sets a cap, so that the loss without caps is another one.
    """
    goal = make_symbol("budget_compute" if minimises_loss else "target_loss")
    build = CellBuilder(derivation, goal)
    _refuse_third_decisions(derivation)
    build.add_helpers()
    writer = _Writer(build, terms, minimises_loss, capped)
    writer.write(strategies)
    return tuple(build.cells)


def _refuse_third_decisions(derivation: Derivation) -> None:
    """Refuse a law that chooses a third decision: its plans under terms are not found here."""
    chosen = [given.name for given in derivation.model.inputs.values() if given.is_chosen]
    if chosen:
        law = derivation.model.law
        message = (
            f"law `{law.name}` chooses `{chosen[0]}` too, which is not possible beside data, inference or limits on "
            "money, time and memory."
        )
        remedy = (
            f"Give it a value in every scenario, for example `inputs: {{{chosen[0]}: 8}}`; scenarios with other values "
            "are then compared."
        )
        raise FlopsheetError(Problem(message, law.place, f"inputs.{chosen[0]}", remedy))


class _Writer:
    """Writes the cells in reading order."""

    def __init__(self, build: CellBuilder, terms: Terms, minimises_loss: bool, capped: bool) -> None:  # noqa: FBT001
        self.build, self.terms, self.minimises_loss, self.capped = build, terms, minimises_loss, capped
        model = build.model
        roles = {model.decision(z).role: z for z in model.decisions}
        self.size, self.tokens = roles["parameters"], roles["tokens"]
        self.caps: Mapping[sp.Symbol, sp.Symbol] = {z: cap.symbol for z, cap in build.caps.items()}
        self.guard = None if minimises_loss else PLAN_STATUS

    def write(self, strategies: Sequence[Strategy]) -> None:
        """All cells."""
        build, account = self.build, self.terms.account
        path = add_path(build, self.terms.supply, self.tokens)
        excess = add_excess(build, self.terms.supply, self.size, self.tokens)
        most_size = {"parameters": self.caps[self.size], **account.most_parameters}
        bounds = find_bounds(build.model, account, most_size, self.size, self.tokens)
        most = self.caps[self.tokens] if path is None else sp.Min(self.caps[self.tokens], path.most)
        if self.minimises_loss:
            search: Search = LossSearch(build, bounds, path, self.size, self.tokens, most, "opt", "nats/token", excess)
            self._add_data_status(path)
            choice = search.add(guard=None if path is None else DATA_STATUS)
        else:
            search, choice = self._reach(bounds, path, most, excess)
        level = self._loss(choice, excess)
        reached = self._add_loss(level)
        spent = add_amounts(build, account, {self.size: choice.size, self.tokens: choice.tokens}, guard=self.guard)
        ratio = choice.tokens / choice.size
        build.add("tokens_per_parameter", ratio, "token/parameter", Message("cell.tokens_per_parameter"), kind="result",
                  guard=self.guard)  # fmt: skip
        if path is not None:
            epochs, label = choice.tokens / path.unique, Message("cell.epochs")
            build.add("epochs", epochs, "1", label, kind="result", guard=DATA_STATUS)
            best = sp.Max(*(tier.quality for tier in self.terms.supply.tiers)) if self.terms.supply else sp.S.One
            label = Message("cell.fresh_part")
            build.add("fresh_part", choice.marginal / best, "1", label, positive=False, guard=DATA_STATUS)
        best = self._add_efficiency(search, reached, excess)
        add_limit_prices(build, self._price_bounds(bounds, choice), choice, path, self.caps[self.tokens], excess,
                         given=None if self.minimises_loss else account.goal, guard=self.guard)  # fmt: skip
        for bound in bounds:
            spending = account.spendings.get(bound.name)
            if spending is not None and spending.limit is not None:
                label = Message("cell.slack_of", {"limit": Message(f"limit.{bound.name}")})
                left = 1 - spent[bound.name] / spending.limit
                build.add(f"slack_{bound.name}", left, "1", label, positive=False, guard=self.guard)
        if path is not None and self.terms.supply is not None:
            add_tiers(build, self.terms.supply, choice, guard=self.guard)
        self._add_outputs(choice, spent["compute"])
        budgets = [(s, s.budget) for s in account.spendings.values() if s.budget is not None]
        if not self.minimises_loss:
            budgets = [(account.spendings[account.goal], spent[account.goal])]
        fixed = FixedChoices(build, budgets, path, self.size, self.tokens, best, excess, self.guard)
        for strategy in strategies:
            fixed.add(strategy)

    def _loss(self, choice: Choice, excess: Excess | None) -> sp.Expr:
        """The loss at a choice."""
        size = choice.size if excess is None else excess.effective.subs(self.size, choice.size)
        return choice.factor * put_in(self.build.model.loss, {self.size: size, self.tokens: choice.effective})

    def _add_loss(self, loss: sp.Expr) -> sp.Symbol:
        """The loss of the plan; where no resources reach the target, what is left of it then."""
        build = self.build
        if self.minimises_loss:
            return build.add("L_opt", loss, "nats/token", Message("cell.L_opt"), kind="result")
        floor = build.model.loss.subs(dict.fromkeys(build.model.decisions, sp.oo))
        loss = sp.Piecewise((loss, make_symbol("reachable", positive=False) > 0), (floor, True))
        return build.add("L_opt", loss, "nats/token", Message("cell.L_opt"), kind="result", guard="beyond_caps")

    def _add_efficiency(self, search: Search, reached: sp.Symbol, excess: Excess | None) -> sp.Symbol:
        """The loss of the same budget without caps, over the loss reached."""
        build = self.build
        best, guard = reached, self.guard
        if self.capped and isinstance(search, LossSearch):
            bounds = find_bounds(build.model, self.terms.account, {}, self.size, self.tokens, caps=False)
            most = search.path.most if search.path else BEYOND.symbol
            free = LossSearch(
                build, bounds, search.path, self.size, self.tokens, most, "free", "nats/token", excess
            ).add()
            best = build.add("L_free", self._loss(free, excess), "nats/token", Message("cell.L_free"))
            guard = None
        elif self.minimises_loss:
            # A cap that a reader adds to a plan without any: the loss without it is not looked for.
            caps = [cap < BEYOND.symbol for cap in self.caps.values()]
            is_set = sp.Piecewise((1, sp.Or(*caps)), (0, True))
            build.add("caps_set", is_set, "1", Message("cell.caps_set"), positive=False)
            guard = "caps_set"
        build.add("efficiency", best / reached, "1", Message("cell.efficiency"), kind="result", guard=guard)
        return best

    def _reach(
        self, bounds: tuple[Bound, ...], path: Path | None, most: sp.Expr, excess: Excess | None
    ) -> tuple[Search, Choice]:
        """The least amount for the target, where there is one, and `plan_status`."""
        build, account = self.build, self.terms.account
        self._refuse_target(excess)
        goal = account.spendings[account.goal]
        kept = tuple(s for s in account.spendings.values() if s.limit is not None)
        sizes = [bound.size for bound in bounds if bound.trade == 0]
        most_size = build.add("size_most", sp.Min(*sizes), build.unit(self.size), Message("cell.size_most"))
        level = self._add_reach(path, most, most_size)
        needed = at_loss(build, self.tokens, {self.size: most_size}, level)
        needed = build.add("effective_needed", needed, build.unit(self.tokens), Message("cell.effective_needed"))
        search = TargetSearch(build, bounds, path, self.size, self.tokens, most, "planned", "1", None,
                              goal=goal, kept=kept, level=level, most_size=most_size, needed=needed)  # fmt: skip
        choice = search.add()
        self._add_status(search, choice, kept)
        self._add_data_status(path)
        for z, symbol in ((self.size, choice.size), (self.tokens, choice.tokens)):
            build.add(
                f"{z}_opt",
                symbol,
                build.unit(z),
                build.label("opt", z),
                kind="result",
                guard=PLAN_STATUS,
                infinite=True,
            )
        if path is not None:
            unit, label = build.unit(self.tokens), Message("cell.D_effective")
            build.add("D_effective", choice.effective, unit, label, kind="result", guard=DATA_STATUS, infinite=True)
            label = Message("cell.water_level")
            build.add("water_level", choice.marginal, "1", label, kind="result", positive=False, guard=DATA_STATUS)
        return search, choice

    def _refuse_target(self, excess: Excess | None) -> None:
        """Refuse a target loss where repetition changes what a size is worth, or multiplies the loss."""
        supply = self.terms.supply
        if excess is None and (supply is None or supply.loss_factor is None):
            return
        name = supply.repetition.name if supply is not None else ""
        message = f"under the repetition `{name}` the loss cannot be solved for a size, so that no target can be given."
        remedy = "Ask for the least loss of a budget, or use the repetition `exponential`."
        raise FlopsheetError(Problem(message, self.build.model.law.place, "data.repetition", remedy))

    def _add_reach(self, path: Path | None, most: sp.Expr, most_size: sp.Symbol) -> sp.Symbol:
        """Whether the loss can be reached at all, and with these data; and the loss that the search is for."""
        build = self.build
        model, target = build.model, make_symbol("target_loss")
        floor = model.loss.subs(dict.fromkeys(model.decisions, sp.oo))
        if floor.has(sp.oo, sp.zoo, sp.nan):
            floor = sp.S.Zero
        build.add(
            "reachable", sp.Piecewise((1, target > floor), (0, True)), "1", Message("cell.reachable"), positive=False
        )
        ends = [most]
        if path is not None:
            ends = [
                sp.Piecewise((s.effective.subs(self.tokens, sp.Min(s.high, most)), s.low <= most), (0, True))
                for s in path.stretches
            ]
        best = build.add("effective_most", sp.Max(*ends), build.unit(self.tokens), Message("cell.effective_most"))
        at_caps = put_in(model.loss, {self.size: most_size, self.tokens: best})
        at_caps = build.add("L_at_caps", at_caps, "nats/token", Message("cell.L_at_caps"), positive=False)
        within = sp.Piecewise((target, at_caps < target), (1 + at_caps, True))
        return build.add("target_in_reach", within, "nats/token", Message("cell.target_in_reach"))

    def _add_status(self, search: TargetSearch, choice: Choice, kept: tuple[Spending, ...]) -> None:
        """`plan_status`: 0 where there is a plan, 1 where no resources reach the target, 2 where limits exclude it."""
        build, target = self.build, make_symbol("target_loss")
        reachable, at_caps = make_symbol("reachable", positive=False), make_symbol("L_at_caps", positive=False)
        possible = at_caps < target
        if kept:
            used = search.used(choice.size, choice.tokens)
            used = build.add("limits_used", used, "1", Message("cell.limits_used"), positive=False)
            possible = sp.And(possible, used - 1 <= _ROOM)
        within = build.add(
            "within_caps", sp.Piecewise((1, possible), (0, True)), "1", Message("cell.within_caps"), positive=False
        )
        status = (1 - reachable) + 2 * reachable * (1 - within)
        build.add(PLAN_STATUS, status, "1", Message("cell.plan_status"), positive=False)
        build.add("beyond_caps", reachable * (1 - within), "1", Message("cell.beyond_caps"), positive=False)

    def _add_data_status(self, path: Path | None) -> None:
        """`plan_status`, or 2 where a scenario has all the data that it can use: nothing is said of these then."""
        if path is None:
            return
        status = sp.S.Zero if self.guard is None else make_symbol(self.guard, positive=False)
        status = sp.Piecewise((2, path.unique >= BEYOND.symbol), (status, True))
        self.build.add(DATA_STATUS, status, "1", Message("cell.data_status"), positive=False)

    def _price_bounds(self, bounds: tuple[Bound, ...], choice: Choice) -> tuple[Bound, ...]:
        """The limits that prices are asked of; where the loss is given, the least amount is one of them."""
        if self.minimises_loss:
            return bounds
        build, account = self.build, self.terms.account
        goal = account.spendings[account.goal]
        # The amount that is least has no limit; the plan itself stands for one.
        least = bound_of(build.model, goal, goal.spent, self.size, self.tokens)
        label = Message("cell.size_at_limit", {"limit": Message(f"limit.{goal.name}")})
        build.add(f"{self.size}_at_{goal.name}_opt", choice.size, build.unit(self.size), label)
        bounds = tuple(bound for bound in bounds if bound.name != goal.name)
        for bound in bounds:
            label = Message("cell.size_at_limit", {"limit": Message(f"limit.{bound.name}")})
            size = bound.size.subs(self.tokens, choice.tokens)
            build.add(f"{self.size}_at_{bound.name}_opt", size, build.unit(self.size), label)
        return (least, *bounds)

    def _add_outputs(self, choice: Choice, spent: sp.Symbol) -> None:
        """The further formulas of the law at the plan."""
        build = self.build
        model = build.model
        taken = {cell.id for cell in build.cells}
        put = {
            self.size: choice.size,
            self.tokens: choice.effective,
            model.amount: spent,
            model.level: make_symbol("L_opt"),
        }
        for output in model.outputs:
            if output.name not in taken:
                label = Message("cell.law_output", {"label": output.label})
                build.add(output.name, put_in(output.expr, put), output.unit, label, kind="result", positive=False,
                          guard=self.guard)  # fmt: skip
