"""The answer of a scenario: results with units, what binds, what limits are worth, strategies, cells."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from flopsheet.evaluate.evaluation import Evaluation, Status
from flopsheet.evaluate.findings import Finding, list_findings
from flopsheet.evaluate.law_findings import list_law_findings
from flopsheet.model.inputs import list_limits
from flopsheet.model.law_model import LawModel
from flopsheet.model.resource_model import ResourceModel
from flopsheet.plan.plan import Plan, Strategy

PRICE_UNIT = "nats/token per 1 %"


@dataclass(frozen=True)
class Amount:
    """A number with its unit."""

    value: float
    unit: str


@dataclass(frozen=True)
class ShadowPrice:
    """What one per cent more of a limit changes the loss by, and the compute it is worth (as a share)."""

    value: float
    equivalent_compute: float
    unit: str = PRICE_UNIT


@dataclass(frozen=True)
class StrategyAnswer:
    """A fixed choice at the same budget; losses of any sign leave no efficiency."""

    decisions: Mapping[str, float]
    loss: float
    efficiency: float | None


@dataclass(frozen=True)
class LawAnswer:
    """What a compared law answers in a scenario. Without results where it is infeasible."""

    status: Status
    results: Mapping[str, Amount]
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class Answer:
    """Everything a scenario's reader asks for. Without results where it is infeasible.

    `laws` are the answers of the laws that the plan compares, by name.
    """

    name: str
    slug: str
    status: Status
    binding: tuple[str, ...] = ()
    results: Mapping[str, Amount] = field(default_factory=dict)
    shadow_prices: Mapping[str, ShadowPrice] = field(default_factory=dict)
    strategies: Mapping[str, StrategyAnswer] = field(default_factory=dict)
    cells: Mapping[str, Amount] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    laws: Mapping[str, LawAnswer] = field(default_factory=dict)


def list_answers(plan: Plan, model: LawModel | ResourceModel, evaluation: Evaluation) -> tuple[Answer, ...]:
    """One answer a scenario, in the plan's order."""
    return tuple(_answer(plan, model, evaluation, index) for index in range(len(plan.scenarios)))


def _answer(plan: Plan, model: LawModel | ResourceModel, evaluation: Evaluation, index: int) -> Answer:
    """The answer of one scenario."""
    scenario, status = plan.scenarios[index], evaluation.statuses[index]
    findings = list_findings(evaluation, model, index)
    if status in {"infeasible", "not_converged"}:
        return Answer(scenario.name, scenario.slug, status, findings=findings)
    if not evaluation.unreachable[index]:
        findings += list_law_findings(model.law, plan, scenario)
    prices = _prices(model, evaluation, index)
    return Answer(
        name=scenario.name,
        slug=scenario.slug,
        status=status,
        binding=tuple(name for name, price in prices.items() if price.value != 0),
        results=_amounts(evaluation, "result", index),
        shadow_prices=prices,
        strategies={s.name: answer for s in plan.strategies if (answer := _strategy(model, evaluation, s, index))},
        cells=_amounts(evaluation, "user", index),
        findings=findings,
    )


def _amounts(evaluation: Evaluation, kind: str, index: int) -> dict[str, Amount]:
    """Cells of a kind that have a value here."""
    return {
        cell.id: Amount(evaluation.value(cell.id, index), cell.unit)
        for cell in evaluation.graph
        if cell.kind == kind and evaluation.exists(cell.id, index)
    }


def _prices(model: LawModel | ResourceModel, evaluation: Evaluation, index: int) -> dict[str, ShadowPrice]:
    """The shadow price of every limit the scenario declares; none where no resources reach the target."""
    if evaluation.unreachable[index]:
        return {}
    prices = {}
    if "price_compute" in evaluation.values:
        value = evaluation.value("price_compute", index)
        equivalent = 1.0 if value else math.inf
        prices["compute"] = ShadowPrice(value, equivalent)
    for limit in list_limits(model):
        if evaluation.table.is_set(limit.key, index):
            value = evaluation.value(f"price_{limit.name}", index)
            prices[limit.name] = ShadowPrice(value, evaluation.value(f"equivalent_{limit.name}", index))
    return prices


def _strategy(
    model: LawModel | ResourceModel, evaluation: Evaluation, strategy: Strategy, index: int
) -> StrategyAnswer | None:
    """A fixed choice, or None where it has no value."""
    stem = f"strategy_{strategy.slug}"
    if not evaluation.exists(f"{stem}_L", index):
        return None
    return StrategyAnswer(
        decisions={z.name: evaluation.value(f"{stem}_{z}", index) for z in model.decisions},
        loss=evaluation.value(f"{stem}_L", index),
        efficiency=evaluation.value(f"{stem}_efficiency", index) if f"{stem}_efficiency" in evaluation.values else None,
    )
