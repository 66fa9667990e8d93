"""Findings about data, inference and limits: what excludes a target, what is left unspent, what hardly pays."""

from __future__ import annotations

import math
from collections.abc import Mapping

import sympy as sp

from flopsheet.evaluate.compile import evaluate_formulas
from flopsheet.evaluate.evaluation import Evaluation
from flopsheet.evaluate.findings import Finding
from flopsheet.messages import Message
from flopsheet.model.cell import BEYOND_REACH
from flopsheet.model.law_model import LawModel
from flopsheet.model.spending import Spending
from flopsheet.model.terms import Terms, is_declared
from flopsheet.plan.plan import Plan

_SPENT = ("compute", "money", "time")
_CLOSE = 1e-9
_HOURS_A_DAY = 24
_NEAR = 1e-6
"""What counts as the same place: the rounding of one that was found by halving."""


def list_terms_findings(plan: Plan, evaluation: Evaluation, index: int) -> tuple[Finding, ...]:
    """The findings of one scenario about its terms: a cap that leaves room is none."""
    found = []
    if evaluation.statuses[index] == "flat":
        args = {"percent": 100 * evaluation.value("fresh_part", index), "epochs": evaluation.value("epochs", index)}
        found.append(Finding("flat", Message("finding.flat", args)))
    for name in _SPENT:
        if f"slack_{name}" not in evaluation.values or not is_declared(plan.scenarios[index], (f"budget.{name}",)):
            continue
        share = evaluation.value(f"slack_{name}", index)
        if share > _CLOSE:
            told: dict[str, str | int | float | Message] = {"limit": Message(f"limit.{name}"), "percent": 100 * share}
            code = "slack_budget" if name == "compute" else "slack"
            found.append(Finding(code, Message("finding.slack_limit", told)))
    return (*found, *_minima(plan, evaluation, index))


def _minima(plan: Plan, evaluation: Evaluation, index: int) -> tuple[Finding, ...]:
    """That the plan is the best of several minima along the data, with the next best of them."""
    budget = plan.objective == "minimize loss"
    minima = sorted(find_minima(evaluation, index, "opt" if budget else "planned"), key=lambda place: place[1])
    if evaluation.unreachable[index] or len(minima) <= 1:
        return ()
    (_, best), (tokens, second) = minima[:2]
    worse = second - best if budget else 100 * math.expm1(second - best)
    args = {"count": len(minima), "tokens": tokens, "worse" if budget else "percent": worse}
    return (Finding("several_minima", Message(f"finding.minima_{'loss' if budget else 'amount'}", args)),)


def find_minima(evaluation: Evaluation, index: int, suffix: str) -> list[tuple[float, float]]:
    """The local minima along the data of a scenario: tokens, and what is minimised there.

    Every stretch has one best place. Where that is an end, it is a minimum only if no stretch that shares the end
    falls further beyond it.
    """
    values = evaluation.values
    tags = [name.removeprefix("score_").removesuffix(f"_{suffix}") for name in values
            if name.startswith("score_") and name.endswith(f"_{suffix}")]  # fmt: skip
    found = []
    for tag in tags:
        low, high, top, score = (
            evaluation.value(f"{name}_{tag}_{suffix}", index) for name in ("low", "high", "top", "score")
        )
        if score < BEYOND_REACH and low <= high:
            found.append((low, top, math.exp(evaluation.value(f"t_{tag}_{suffix}", index)), score))
    minima: dict[float, float] = {}
    for _, _, place, score in found:
        here = [best for low, top, best, _ in found if low * (1 - _CLOSE) <= place <= top * (1 + _CLOSE)]
        is_least = all(abs(best - place) <= _NEAR * place for best in here)
        if is_least and not any(abs(known - place) <= _NEAR * place for known in minima):
            minima[place] = score
    return list(minima.items())


def tell_excluded(plan: Plan, model: LawModel, terms: Terms, evaluation: Evaluation, index: int) -> Message:
    """The limit that excludes the target of a scenario, and by how much."""
    target, best = evaluation.value("target_loss", index), evaluation.value("L_at_caps", index)
    if best < target:
        return _exceeded(model, terms, evaluation, index)
    names = _least_reached(plan, model, evaluation, index)
    limits = Message(f"limit.{names[0]}")
    if len(names) > 1:
        limits = Message("finding.both_limits", {"first": limits, "second": Message(f"limit.{names[1]}")})
    args: dict[str, str | float | Message] = {"target": target, "best": best, "shortfall": best - target}
    return Message("finding.excluded_by_size", {**args, "limits": limits})


def _least_reached(plan: Plan, model: LawModel, evaluation: Evaluation, index: int) -> list[str]:
    """Which of the limits on size and on data keep the loss above the target: one of them alone, else both."""
    scenario = plan.scenarios[index]
    roles = {model.decision(z).role: z for z in model.decisions}
    numbers = {name: evaluation.value(name, index) for name in evaluation.values}
    target = numbers["target_loss"]
    size = "memory" if _binds_memory(evaluation, index) else "parameters"
    data = "tokens" if is_declared(scenario, ("caps.tokens",)) and _binds_tokens(evaluation, index) else "data"
    alone = {
        size: model.loss.subs({roles["tokens"]: sp.oo}).subs(roles["parameters"], sp.Float(numbers["size_most"])),
        data: model.loss.subs({roles["parameters"]: sp.oo}).subs(roles["tokens"], sp.Float(numbers["effective_most"])),
    }
    plain = {name: expr for name, expr in alone.items() if not expr.has(sp.oo, sp.zoo, sp.nan)}
    reached = evaluate_formulas(plain, numbers)
    found = [name for name in (size, data) if reached.get(name, 0.0) >= target]
    return found[:1] or [size, data]


def _binds_memory(evaluation: Evaluation, index: int) -> bool:
    """Whether memory leaves a smaller size than the cap on it."""
    return "caps_memory" in evaluation.values and evaluation.value("size_most", index) < evaluation.value(
        "caps_parameters", index
    )


def _binds_tokens(evaluation: Evaluation, index: int) -> bool:
    """Whether the cap on tokens leaves fewer of them than the data."""
    if "tokens_most" not in evaluation.values:
        return True
    return evaluation.value("caps_tokens", index) < evaluation.value("tokens_most", index)


def _exceeded(model: LawModel, terms: Terms, evaluation: Evaluation, index: int) -> Message:
    """The amount that the least demanding way to the target takes too much of."""
    numbers: Mapping[str, float] = {
        **{name: evaluation.value(name, index) for name in evaluation.values},
        **{z.name: evaluation.value(f"{z}_planned", index) for z in model.decisions},
    }
    kept: list[Spending] = [s for s in terms.account.spendings.values() if s.limit is not None]
    needed = evaluate_formulas({s.name: s.spent for s in kept}, numbers)
    limits = evaluate_formulas({s.name: s.limit for s in kept if s.limit is not None}, numbers)
    worst = max(kept, key=lambda s: needed[s.name] / limits[s.name])
    unit, size = ("day", _HOURS_A_DAY) if worst.unit == "hour" else (worst.unit, 1)
    return Message(
        "finding.excluded_by_amount",
        {
            "target": evaluation.value("target_loss", index),
            "limit": Message(f"limit.{worst.name}"),
            "needed": needed[worst.name] / size,
            "amount": limits[worst.name] / size,
            "unit": Message(f"unit.{unit}"),
            "percent": 100 * (needed[worst.name] / limits[worst.name] - 1),
        },
    )
