"""A third decision over declared candidates: the problem solved for each, and the best of them chosen."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sympy as sp

from flopsheet.derive.algebra import Isolated, simplest_condition
from flopsheet.derive.cell_builder import CellBuilder
from flopsheet.derive.contour import Contour, optimum_on
from flopsheet.derive.reach import keep_in_reach
from flopsheet.derive.root_cells import ends_under_caps
from flopsheet.errors import FlopsheetError, Problem
from flopsheet.messages import Message
from flopsheet.model.inputs import BEYOND
from flopsheet.model.law_model import GivenInput

MOST_CANDIDATES = 64
"""Combinations of candidates that are solved one by one."""


@dataclass(frozen=True)
class _Case:
    """One combination of candidates: how its cells end, what it is called, and the numbers put in."""

    tag: str
    name: str
    numbers: Mapping[sp.Symbol, sp.Expr]


def add_third_decisions(build: CellBuilder, goal: sp.Symbol) -> None:
    """The cells that choose among candidates, before everything that reads the choice.

    Args:
        build: Collects the cells.
        goal: The cell of the budget, or of the target loss.

    Raises:
        FlopsheetError: there are more combinations than are solved.
    """
    choices = [given for given in build.model.inputs.values() if given.candidates]
    if not choices or any(given.between for given in build.model.inputs.values()):
        return
    cases = _list_cases(build, choices)
    for_budget = goal.name != "target_loss"
    scores = []
    for case in cases:
        score = _score_budget(build, case, goal) if for_budget else _score_target(build, case, goal)
        scores.append(score)
    unit = "nats/token" if for_budget else "FLOP"
    best = build.add("candidate_best", sp.Min(*scores), unit, Message("cell.candidate_best"), positive=False)
    for given in choices:
        pairs = [(case.numbers[given.symbol], score <= best) for case, score in zip(cases, scores, strict=True)]
        chosen = sp.Piecewise(*pairs[:-1], (pairs[-1][0], True)) if len(pairs) > 1 else pairs[0][0]
        label = Message("cell.candidate_chosen", {"name": given.name})
        found = build.add(f"{given.name}_best", chosen, given.unit, label)
        typed = sp.Symbol(given.cell, positive=True)
        value = sp.Piecewise((typed, typed < BEYOND.symbol), (found, True))
        build.add(given.symbol.name, value, given.unit, Message("cell.third", {"name": given.name}), kind="result")


def _list_cases(build: CellBuilder, choices: Sequence[GivenInput]) -> list[_Case]:
    """Every combination of candidates."""
    law = build.model.law
    combinations = list(itertools.product(*(given.candidates for given in choices)))
    if len(combinations) > MOST_CANDIDATES:
        message = f"law `{law.name}` has {len(combinations)} combinations of candidates, {MOST_CANDIDATES} are solved"
        raise FlopsheetError(Problem(message, law.place, "inputs"))
    cases = []
    for numbers in combinations:
        named = list(zip(choices, numbers, strict=True))
        cases.append(
            _Case(
                tag="_".join(f"{given.name}_{_spell(number)}" for given, number in named),
                name=", ".join(f"{given.name} = {number:g}" for given, number in named),
                numbers=_with_helpers(build, {given.symbol: sp.Rational(repr(number)) for given, number in named}),
            )
        )
    return cases


def _with_helpers(build: CellBuilder, numbers: Mapping[sp.Symbol, sp.Expr]) -> dict[sp.Symbol, sp.Expr]:
    """The numbers of a case, and the law's helpers with these put in."""
    found = dict(numbers)
    for symbol, expr in build.model.helpers.items():
        found[symbol] = expr.subs(found)
    return found


def _spell(number: float) -> str:
    """A number as part of a name: 0.5 is 0_5."""
    return f"{number:g}".replace(".", "_").replace("+", "").replace("-", "m")


def _score_budget(build: CellBuilder, case: _Case, budget: sp.Symbol) -> sp.Symbol:
    """The least loss of the budget with these candidates, under the caps."""
    model, interior = build.model, build.derivation.interior
    put = {model.amount: budget, **case.numbers}
    if interior.budget is not None:
        chosen = _find(build, case, interior.budget, model.loss, put)
    else:
        chosen = {}
        for z in model.decisions:
            other = build.other(z)
            cap = build.caps[other].symbol if other in build.caps else None
            held = None if cap is None else interior.on_budget[z].xreplace(put).subs(other, cap)
            chosen[z] = _add_under_caps(build, z, interior.free[z].xreplace(put), held, case)
    loss = model.loss.subs(case.numbers).subs(chosen, simultaneous=True)
    label = Message("cell.candidate_loss", {"name": case.name})
    return build.add(f"L_at_{case.tag}", loss, "nats/token", label, positive=False)


def _score_target(build: CellBuilder, case: _Case, target: sp.Symbol) -> sp.Symbol:
    """The least cost of the loss with these candidates, under the caps; beyond reach where it cannot be had."""
    model, interior = build.model, build.derivation.interior
    assert interior.reaching is not None  # noqa: S101 - asked for by the caller
    room = sp.S.One if interior.reachable is None else interior.reachable.subs({model.level: target, **case.numbers})
    within = target
    kept = keep_in_reach(build.derivation, target, case.numbers)
    if kept is not None:
        label = Message("cell.target_in_reach")
        within = build.add(f"target_at_{case.tag}", kept, "nats/token", label)
    put = {model.level: within, **case.numbers}
    if interior.target is not None:
        chosen = _find(build, case, interior.target, model.cost, put)
    else:
        chosen = {}
        for z in model.decisions:
            other = build.other(z)
            cap = build.caps[other].symbol if other in build.caps else None
            held = None if cap is None else _hold_at_loss(interior.at_loss[z], put, other, cap)
            chosen[z] = _add_under_caps(build, z, interior.reaching[z].xreplace(put), held, case)
    far = {z: build.caps[z].symbol if z in build.caps else BEYOND.symbol for z in model.decisions}
    least = model.loss.subs(case.numbers).subs(far, simultaneous=True)
    cost = model.cost.subs(case.numbers).subs(chosen, simultaneous=True)
    label = Message("cell.candidate_cost", {"name": case.name})
    possible = sp.And(room > 0, least <= target) if room != 1 else least <= target
    return build.add(f"C_at_{case.tag}", sp.Piecewise((cost, possible), (BEYOND.symbol, True)), "FLOP", label)


def _hold_at_loss(found: Isolated, put: Mapping[sp.Symbol, sp.Expr], other: sp.Symbol, cap: sp.Symbol) -> sp.Expr:
    """What a loss asks of one decision at the other's cap; beyond reach where no amount will do."""
    held = found.value.xreplace(put).subs(other, cap)
    room = simplest_condition(found.conditions)
    if room is None:
        return held
    return sp.Piecewise((held, room.xreplace(put).subs(other, cap) > 0), (BEYOND.symbol, True))


def _add_under_caps(build: CellBuilder, z: sp.Symbol, free: sp.Expr, held: sp.Expr | None, case: _Case) -> sp.Symbol:
    """A decision of one case: the free optimum, or what the caps leave of it; `held` is what the other's cap leaves."""
    chosen = free if held is None else sp.Max(free, held)
    if z in build.caps:
        chosen = sp.Min(build.caps[z].symbol, chosen)
    return _add(build, f"{z}_at_{case.tag}", chosen, z, case)


def _find(
    build: CellBuilder, case: _Case, contour: Contour, objective: sp.Expr, put: Mapping[sp.Symbol, sp.Expr]
) -> dict[sp.Symbol, sp.Symbol]:
    """Both decisions as a root on the contour that the caps leave."""
    x, y = build.model.decisions
    low, high = ends_under_caps(build, contour)
    ends = (sp.Min(high, low), high)
    root = optimum_on(contour, build.derivation.interior.residual, objective, ends).xreplace(put)
    t = build.add(f"t_at_{case.tag}", root, "1", Message("cell.candidate_place", {"name": case.name}), positive=False)
    chosen = {}
    for z in (x, y):
        along = contour.put_on(z, t).xreplace(put)
        if z in build.caps:
            along = sp.Min(build.caps[z].symbol, along)
        chosen[z] = _add(build, f"{z}_at_{case.tag}", along, z, case)
    return chosen


def _add(build: CellBuilder, cell_id: str, expr: sp.Expr, z: sp.Symbol, case: _Case) -> sp.Symbol:
    """A decision of one case."""
    return build.add(cell_id, expr, build.unit(z), build.label("candidate_decision", z, name=case.name))
