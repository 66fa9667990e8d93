"""The answer of a scenario: results with units, what binds, what limits are worth, strategies, cells."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from flopsheet.evaluate.evaluation import FLAT_BELOW, Evaluation, Status
from flopsheet.evaluate.findings import Finding, list_findings
from flopsheet.evaluate.law_findings import list_law_findings
from flopsheet.evaluate.strategy_findings import list_strategy_findings
from flopsheet.evaluate.terms_findings import list_terms_findings, tell_excluded
from flopsheet.messages import Message
from flopsheet.model.cell import BEYOND_REACH
from flopsheet.model.inputs import list_limits
from flopsheet.model.law_model import LawModel
from flopsheet.model.resource_model import ResourceModel
from flopsheet.model.terms import Terms, is_declared, limit_keys
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
class TierAnswer:
    """What is done with a tier of data; `marginal_value` is that of its next token, of one fresh token of the law's."""

    name: str
    epochs: float
    tokens: float
    marginal_value: float
    shadow_price: float


@dataclass(frozen=True)
class LawAnswer:
    """What a compared law answers in a scenario. Without results where it is infeasible."""

    status: Status
    results: Mapping[str, Amount]
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class Answer:
    """Everything a scenario's reader asks for. Without results where it is infeasible.

    `laws` are the answers of the laws that the plan compares, by name, `tiers` those about its data.
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
    tiers: tuple[TierAnswer, ...] = ()


def list_answers(
    plan: Plan, model: LawModel | ResourceModel, evaluation: Evaluation, terms: Terms | None = None
) -> tuple[Answer, ...]:
    """One answer a scenario, in the plan's order."""
    return tuple(_answer(plan, model, evaluation, terms, index) for index in range(len(plan.scenarios)))


def _answer(
    plan: Plan, model: LawModel | ResourceModel, evaluation: Evaluation, terms: Terms | None, index: int
) -> Answer:
    """The answer of one scenario."""
    scenario, status = plan.scenarios[index], evaluation.statuses[index]
    findings = list_findings(evaluation, model, index)
    searched = terms is not None and terms.searches
    if status == "infeasible" and terms is not None and searched and isinstance(model, LawModel):
        findings = (Finding("infeasible", tell_excluded(plan, model, terms, evaluation, index)),)
    if status in {"infeasible", "not_converged"}:
        return Answer(scenario.name, scenario.slug, status, findings=findings)
    if not evaluation.unreachable[index]:
        findings += list_law_findings(model.law, plan, scenario)
    if searched:
        prices = _limit_prices(plan, evaluation, index)
        impossible = list_strategy_findings(plan, model, terms, evaluation, index)
        findings = (*list_terms_findings(plan, evaluation, index), *findings, *impossible)
    else:
        prices = _prices(model, evaluation, index)
        findings = (*_worn(evaluation, index), *findings)
    return Answer(
        name=scenario.name,
        slug=scenario.slug,
        status=status,
        binding=tuple(name for name, price in prices.items() if price.value != 0),
        results=_results(evaluation, index),
        shadow_prices=prices,
        tiers=_tiers(plan, evaluation, index) if searched else (),
        strategies={s.name: answer for s in plan.strategies if (answer := _strategy(model, evaluation, s, index))},
        cells=_amounts(evaluation, "user", index),
        findings=findings,
    )


def _worn(evaluation: Evaluation, index: int) -> tuple[Finding, ...]:
    """That repetition hardly pays any more under a law that does its own."""
    if "fresh_part" not in evaluation.values or not evaluation.value("fresh_part", index) < FLAT_BELOW:
        return ()
    args = {"percent": 100 * evaluation.value("fresh_part", index), "epochs": evaluation.value("epochs", index)}
    return (Finding("flat", Message("finding.flat", args)),)


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
    if "price_data" in evaluation.values:
        equivalent = evaluation.value("equivalent_data", index)
        equivalent = math.inf if equivalent >= BEYOND_REACH else equivalent
        prices["data"] = ShadowPrice(evaluation.value("price_data", index), equivalent)
        if "tokens" in prices and "epochs_bind" in evaluation.values and evaluation.value("epochs_bind", index):
            # What stops the plan are the passes over its data, not the cap on tokens.
            prices["tokens"] = ShadowPrice(0.0, 0.0)
    return prices


def _results(evaluation: Evaluation, index: int) -> dict[str, Amount]:
    """The results of the plan, without those that are told tier by tier."""
    found = _amounts(evaluation, "result", index)
    return {name: amount for name, amount in found.items() if not name.startswith("tier_")}


def _limit_prices(plan: Plan, evaluation: Evaluation, index: int) -> dict[str, ShadowPrice]:
    """The shadow price of every limit that the scenario declares; none where no resources reach the target."""
    if evaluation.unreachable[index]:
        return {}
    prices = {}
    for name, keys in limit_keys(plan).items():
        if f"price_{name}" not in evaluation.values or not is_declared(plan.scenarios[index], keys):
            continue
        value = evaluation.value(f"price_{name}", index)
        if name == "compute":
            equivalent = 1.0 if value else math.inf
        else:
            equivalent = evaluation.value(f"equivalent_{name}", index)
        prices[name] = ShadowPrice(value, math.inf if equivalent >= BEYOND_REACH else equivalent)
    return prices


def _tiers(plan: Plan, evaluation: Evaluation, index: int) -> tuple[TierAnswer, ...]:
    """What is done with each tier of the scenario."""
    own = plan.scenarios[index].tiers
    return tuple(
        TierAnswer(
            name=tier.name,
            epochs=evaluation.value(f"tier_{tier.slug}_epochs", index),
            tokens=evaluation.value(f"tier_{tier.slug}_tokens", index),
            marginal_value=evaluation.value(f"tier_{tier.slug}_marginal_value", index),
            shadow_price=evaluation.value(f"price_tier_{tier.slug}", index),
        )
        for tier in plan.tiers
        if tier.name in own and evaluation.exists(f"tier_{tier.slug}_epochs", index)
    )


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
