"""A third decision over declared candidates: the problem solved for each, and the best of them chosen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sympy as sp

from flopsheet.derive.algebra import simplest_condition
from flopsheet.derive.cases import Case, add_best, add_case_helpers, list_cases
from flopsheet.derive.cell_builder import CellBuilder
from flopsheet.derive.continuous_cells import place_between
from flopsheet.derive.contour import UNKNOWN, Contour, put_along
from flopsheet.derive.reach import keep_in_reach
from flopsheet.derive.root_cells import ends_under_caps
from flopsheet.formula.root import Root, make_root
from flopsheet.messages import Message
from flopsheet.model.cell import make_symbol
from flopsheet.model.inputs import BEYOND
from flopsheet.model.law_model import GivenInput


def choose_candidates(
    build: CellBuilder, goal: sp.Symbol, listed: Sequence[GivenInput], continuous: GivenInput | None = None
) -> dict[GivenInput, sp.Symbol]:
    """The cells of the best candidates and, beside them, of the best place between two ends.

    Args:
        build: Collects the cells.
        goal: The cell of the budget, or of the target loss.
        listed: What is chosen among candidates.
        continuous: What is chosen between two ends, for each combination of candidates by itself.

    Raises:
        FlopsheetError: there are more combinations than are solved.
    """
    cases = list_cases(build, build.model.law, listed, joint=continuous is not None)
    chosen: dict[GivenInput, list[sp.Expr]] = {given: [case.values[given.symbol] for case in cases] for given in listed}
    if continuous is not None:
        cases = [_place(build, case, continuous, goal) for case in cases]
        chosen[continuous] = [case.values[continuous.symbol] for case in cases]
    cases = [add_case_helpers(build, build.model, case) for case in cases]
    scorer = _Scorer(build, goal)
    scores = [scorer.score(case) for case in cases]
    unit = "nats/token" if scorer.for_budget else "FLOP"
    # Comparing each with each takes sympy longer than all else.
    least = sp.Min(*scores, evaluate=False)
    best = build.add("candidate_best", least, unit, Message("cell.candidate_best"), positive=False)
    return {given: add_best(build, given, values, scores, best) for given, values in chosen.items()}


def _place(build: CellBuilder, case: Case, continuous: GivenInput, goal: sp.Symbol) -> Case:
    """A case with the best place between two ends, or what the plan gives."""
    case = add_case_helpers(build, build.model, case)
    best = place_between(build, continuous, goal, case)
    typed = make_symbol(continuous.cell)
    label = Message("cell.candidate_third", {"what": continuous.name, "name": case.name})
    value = sp.Piecewise((typed, typed < BEYOND.symbol), (best, True))
    used = build.add(f"{continuous.name}_at_{case.tag}", value, continuous.unit, label)
    return Case(case.tag, case.name, {**case.values, continuous.symbol: used})


class _Scorer:
    """What each case comes to under the budget or for the target, under the caps; derived once for all cases."""

    def __init__(self, build: CellBuilder, goal: sp.Symbol) -> None:
        self.build, self.goal = build, goal
        self.for_budget = goal.name != "target_loss"
        model, interior = build.model, build.derivation.interior
        self.contour = interior.budget if self.for_budget else interior.target
        self.goal_symbol = model.amount if self.for_budget else model.level
        self.root = None if self.contour is None else self._root(self.contour)
        self.kept = None if self.for_budget else keep_in_reach(build.derivation, goal)

    def _root(self, contour: Contour) -> Root:
        """The place of the optimum on the contour that the caps leave."""
        interior = self.build.derivation.interior
        low, high = ends_under_caps(self.build, contour)
        ends = (sp.Min(high, low), high)
        objective = self._objective()
        return make_root(UNKNOWN, put_along(interior.residual, contour), *ends, contour.put_on(objective))

    def _objective(self) -> sp.Expr:
        """What is least at the place; 0 where algebra shows that there is one place only, with nothing to compare."""
        model = self.build.model
        if not self.for_budget:
            return model.cost
        proofs = self.build.derivation.proofs
        single = any(p.statement.startswith("second order") and p.verdict == "proven" for p in proofs)
        return sp.S.Zero if single else model.loss

    def score(self, case: Case) -> sp.Symbol:
        """The least loss of the budget, or the least cost of the target."""
        return self._score_budget(case) if self.for_budget else self._score_target(case)

    def _score_budget(self, case: Case) -> sp.Symbol:
        """The least loss of the budget with these candidates, under the caps."""
        chosen = self._decide(case, {self.goal_symbol: self.goal, **case.values})
        loss = self.build.model.loss.xreplace({**case.values, **chosen})
        label = Message("cell.candidate_loss", {"name": case.name})
        return self.build.add(f"L_at_{case.tag}", loss, "nats/token", label, positive=False)

    def _score_target(self, case: Case) -> sp.Symbol:
        """The least cost of the loss with these candidates, under the caps; beyond reach where it cannot be had."""
        build, target = self.build, self.goal
        model, interior = build.model, build.derivation.interior
        room = sp.S.One
        if interior.reachable is not None:
            room = interior.reachable.xreplace({model.level: target, **case.values})
        within = target
        if self.kept is not None:
            label = Message("cell.target_in_reach")
            within = build.add_loss(f"target_at_{case.tag}", self.kept.xreplace(case.values), label)
        chosen = self._decide(case, {model.level: within, **case.values})
        far = {z: build.caps[z].symbol if z in build.caps else BEYOND.symbol for z in model.decisions}
        least = model.loss.xreplace({**case.values, **far})
        cost = model.cost.xreplace({**case.values, **chosen})
        label = Message("cell.candidate_cost", {"name": case.name})
        possible = sp.And(room > 0, least <= target) if room != 1 else least <= target
        return build.add(f"C_at_{case.tag}", sp.Piecewise((cost, possible), (BEYOND.symbol, True)), "FLOP", label)

    def _decide(self, case: Case, put: Mapping[sp.Symbol, sp.Expr]) -> dict[sp.Symbol, sp.Symbol]:
        """Both decisions of a case, under the caps."""
        if self.contour is not None and self.root is not None:
            return self._find(case, self.contour, self.root, put)
        return {z: self._decide_one(case, z, put) for z in self.build.model.decisions}

    def _decide_one(self, case: Case, z: sp.Symbol, put: Mapping[sp.Symbol, sp.Expr]) -> sp.Symbol:
        """A decision of one case: the free optimum, or what the caps leave of it."""
        build, interior = self.build, self.build.derivation.interior
        formulas = interior.free if self.for_budget else interior.reaching
        assert formulas is not None  # noqa: S101 - a target without inverse was refused
        other = build.other(z)
        # A cell each: sympy tries to prove an order between what is compared, which takes long for formulas.
        chosen: sp.Expr = self._add(case, z, "free", formulas[z].xreplace(put))
        if other in build.caps:
            cap = {other: build.caps[other].symbol}
            chosen = sp.Max(chosen, self._add(case, z, "held", self._held(z).xreplace({**put, **cap})))
        if z in build.caps:
            chosen = sp.Min(build.caps[z].symbol, chosen)
        return self._add(case, z, "", chosen)

    def _held(self, z: sp.Symbol) -> sp.Expr:
        """What is left of one decision at the other's cap; beyond reach where no amount will do."""
        interior = self.build.derivation.interior
        if self.for_budget:
            return interior.on_budget[z]
        found = interior.at_loss[z]
        room = simplest_condition(found.conditions)
        return found.value if room is None else sp.Piecewise((found.value, room > 0), (BEYOND.symbol, True))

    def _find(
        self, case: Case, contour: Contour, root: Root, put: Mapping[sp.Symbol, sp.Expr]
    ) -> dict[sp.Symbol, sp.Symbol]:
        """Both decisions as a root on the contour that the caps leave."""
        build = self.build
        label = Message("cell.candidate_place", {"name": case.name})
        t = build.add(f"t_at_{case.tag}", root.xreplace(put), "1", label, positive=False)
        chosen = {}
        for z in build.model.decisions:
            along = contour.put_on(z, t).xreplace(put)
            if z in build.caps:
                along = sp.Min(build.caps[z].symbol, along)
            chosen[z] = self._add(case, z, "", along)
        return chosen

    def _add(self, case: Case, z: sp.Symbol, part: str, expr: sp.Expr) -> sp.Symbol:
        """A decision of one case, or a part of it: its free optimum, or what the other's cap leaves."""
        label = self.build.label(f"candidate_{part or 'decision'}", z, name=case.name)
        stem = f"{z}_{part}" if part else str(z)
        return self.build.add(f"{stem}_at_{case.tag}", expr, self.build.unit(z), label)
