"""Strategies that a scenario under terms cannot have, and what keeps them from it."""

from __future__ import annotations

import mpmath
import sympy as sp

from flopsheet.evaluate.evaluation import Evaluation
from flopsheet.evaluate.findings import Finding
from flopsheet.formula.mp_value import mp_or_none
from flopsheet.messages import Arguments, Message
from flopsheet.model.cell import BEYOND_REACH
from flopsheet.model.law_model import LawModel
from flopsheet.model.resource_model import ResourceModel
from flopsheet.model.terms import Terms
from flopsheet.plan.plan import Plan, Strategy


def list_strategy_findings(
    plan: Plan, model: LawModel | ResourceModel, terms: Terms | None, evaluation: Evaluation, index: int
) -> tuple[Finding, ...]:
    """One finding for each strategy that has no loss in a scenario which has a plan."""
    if terms is None or not terms.searches or evaluation.unreachable[index] or not isinstance(model, LawModel):
        return ()
    found = []
    for strategy in plan.strategies:
        if evaluation.exists(f"strategy_{strategy.slug}_L", index):
            continue
        told = _tell_exceeded(strategy, model, terms, evaluation, index)
        message = told or Message("finding.strategy_impossible", {"name": strategy.name})
        found.append(Finding("strategy_without_value", message))
    return tuple(found)


def _tell_exceeded(
    strategy: Strategy, model: LawModel, terms: Terms, evaluation: Evaluation, index: int
) -> Message | None:
    """The limit that a fixed size exceeds before the first token is trained on, and by how much; None without one."""
    roles = {model.decision(z).role: z for z in model.decisions}
    if strategy.kind != "parameters" or not {"parameters", "tokens"} <= roles.keys():
        return None
    env = {
        cell.symbol: mpmath.mpf(evaluation.value(cell.id, index))
        for cell in evaluation.graph
        if evaluation.exists(cell.id, index)
    }
    fixed = {roles["parameters"]: sp.Float(strategy.value), roles["tokens"]: sp.S.Zero}
    worst, name = mpmath.mpf(1), ""
    for limit, spending in terms.account.spendings.items():
        if spending.limit is None:
            continue
        alone, allowed = mp_or_none(spending.spent.subs(fixed), env), mp_or_none(spending.limit, env)
        if alone is None or allowed is None or not 0 < allowed < BEYOND_REACH or alone / allowed <= worst:
            continue
        worst, name = alone / allowed, limit
    if not name:
        return None
    args: Arguments = {"name": strategy.name, "limit": Message(f"limit.{name}"), "percent": float(100 * (worst - 1))}
    return Message("finding.strategy_exceeds", args)
