"""Findings: what a reader of a plan must know beside its numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flopsheet.derive.strategy_cells import UNPAID
from flopsheet.evaluate.compile import evaluate_formulas
from flopsheet.evaluate.evaluation import Evaluation, is_level
from flopsheet.messages import Message
from flopsheet.model.cell import BEYOND_REACH
from flopsheet.model.inputs import Limit, list_limits
from flopsheet.model.law_model import LawModel
from flopsheet.model.resource_model import ResourceModel

# Within a fitted range up to rounding of its printed ends.
_ROOM = 1e-9
# Below this a distance reads better as per cent than as decades.
_FEW_DECADES = 0.1
# The guard of a reader's cell is at least this where a limit that it reads is not set.
_LIMIT_ABSENT = 2


@dataclass(frozen=True)
class Finding:
    """A coded remark on a scenario. `limits` are the keys of the limits it is about, where it names some."""

    code: str
    message: Message
    limits: tuple[str, ...] = ()


def list_findings(evaluation: Evaluation, model: LawModel | ResourceModel, index: int) -> tuple[Finding, ...]:
    """The findings of one scenario, most important first."""
    if evaluation.statuses[index] == "infeasible":
        budget = "budget_compute" in evaluation.values
        return (_unpaid(evaluation, index) if budget else _infeasible(evaluation, model, index),)
    if evaluation.statuses[index] == "not_converged":
        return (Finding("not_converged", _not_converged(evaluation, model, index)),)
    if evaluation.unreachable[index]:
        args = {
            "target": evaluation.value("target_loss", index),
            "irreducible": evaluation.value("L_limit" if "L_limit" in evaluation.values else "L_opt", index),
        }
        unreachable = Finding("unreachable_target", Message("finding.unreachable_target", args))
        return (unreachable, *_cells(evaluation, index))
    found = (
        *_rising(evaluation, model, index),
        *_slack(evaluation, index),
        *_level(evaluation, index),
        *_extrapolation(evaluation, model, index),
        *_strategies(evaluation, index),
    )
    return (*found, *_cells(evaluation, index))


def _infeasible(evaluation: Evaluation, model: LawModel | ResourceModel, index: int) -> Finding:
    """The caps that exclude the target, and by how much."""
    caps, best = _find_excluding_caps(evaluation, model, index)
    target = evaluation.value("target_loss", index)
    args: dict[str, str | int | float | Message] = {
        "caps": " and ".join(_cap_text(evaluation, cap, index) for cap in caps),
        "best": best,
        "target": target,
        "shortfall": best - target,
    }
    return Finding("infeasible", Message("finding.infeasible", args), tuple(cap.key for cap in caps))


def _unpaid(evaluation: Evaluation, index: int) -> Finding:
    """The budget that does not pay what is spent whatever is chosen, and what it lacks."""
    budget, fixed = evaluation.value("budget_compute", index), evaluation.value("C_fixed", index)
    args = {"budget": budget, "fixed": fixed, "shortfall": fixed - budget}
    return Finding("infeasible", Message("finding.unpaid_budget", args))


def _find_excluding_caps(
    evaluation: Evaluation, model: LawModel | ResourceModel, index: int
) -> tuple[tuple[Limit, ...], float]:
    """The caps that exclude the target, and the least loss within them.

    A cap excludes it by itself where it does so with all other caps lifted; where none does, they do together.
    """
    caps = tuple(limit for limit in list_limits(model) if evaluation.table.is_set(limit.key, index))
    target = evaluation.value("target_loss", index)
    alone = tuple(cap for cap in caps if not _least_loss(evaluation, model, (cap,), index) <= target)
    named = alone or caps
    return named, _least_loss(evaluation, model, named, index)


def _least_loss(evaluation: Evaluation, model: LawModel | ResourceModel, caps: Sequence[Limit], index: int) -> float:
    """The loss with the decisions of some caps at these and the others beyond reach."""
    capped = {cap.decision: cap.key.replace(".", "_") for cap in caps}
    names = {symbol.name for symbol in model.loss.free_symbols} - {z.name for z in model.decisions}
    numbers = {name: evaluation.value(name, index) for name in names}
    for z in model.decisions:
        numbers[z.name] = evaluation.value(capped[z.name], index) if z.name in capped else BEYOND_REACH
    return evaluate_formulas({"loss": model.loss}, numbers)["loss"]


def _not_converged(evaluation: Evaluation, model: LawModel | ResourceModel, index: int) -> Message:
    """Why there is no plan: the loss is none, the best place is an end of the budget, or the loss rises there."""
    general = Message("finding.not_converged")
    if isinstance(model, ResourceModel):
        return general
    loss = evaluation.value("L_opt", index)
    if math.isfinite(loss) and loss <= 0:
        return Message("finding.loss_not_positive", {"loss": loss})
    decided = {z.name: evaluation.value(f"{z}_opt", index) for z in model.decisions}
    if any(value >= BEYOND_REACH for value in decided.values()):
        name = max(decided, key=lambda each: decided[each])
        return Message("finding.optimum_at_end", {"name": name})
    rising = [z.name for z in model.decisions if evaluation.value(f"gain_{z}", index) < 0]
    return Message("finding.loss_rises_there", {"name": rising[0], "value": decided[rising[0]]}) if rising else general


def _level(evaluation: Evaluation, index: int) -> tuple[Finding, ...]:
    """A budget of which nothing more would come."""
    if evaluation.statuses[index] != "flat" or not is_level(evaluation.values, index):
        return ()
    return (Finding("level_loss", Message("finding.level_loss")),)


def _cap_text(evaluation: Evaluation, cap: Limit, index: int) -> str:
    """A cap with its value: `caps.parameters` (1e+09)."""
    return f"`{cap.key}` ({evaluation.value(cap.key.replace('.', '_'), index):.4g})"


def _rising(evaluation: Evaluation, model: LawModel | ResourceModel, index: int) -> tuple[Finding, ...]:
    """That more of a law's one resource raises the loss."""
    if not isinstance(model, ResourceModel) or not evaluation.exists("gain", index):
        return ()
    if evaluation.value("gain", index) >= 0:
        return ()
    args = {"name": model.resource.name, "law": model.law.name}
    return (Finding("loss_rises", Message("finding.loss_rises", args)),)


def _slack(evaluation: Evaluation, index: int) -> tuple[Finding, ...]:
    """The budget that the caps leave unspent."""
    if "compute_is_slack" not in evaluation.values or not evaluation.value("compute_is_slack", index):
        return ()
    share = evaluation.value("slack_compute", index)
    left = share * evaluation.value("budget_compute", index)
    args = {"percent": 100 * share, "amount": left}
    return (Finding("slack_budget", Message("finding.slack_budget", args)),)


def _extrapolation(evaluation: Evaluation, model: LawModel | ResourceModel, index: int) -> tuple[Finding, ...]:
    """Decisions and budgets outside the range in which the law was fitted, and by how many decades."""
    law = model.law
    if law.fitted_range is None:
        return (Finding("range_not_stated", Message("finding.range_not_stated", {"law": law.name})),)
    found = []
    if isinstance(model, ResourceModel):
        given = next(cell.id for cell in evaluation.graph if cell.kind == "input")
        cells = {model.resource.name: given}
    else:
        cells = {z.name: f"{z}_opt" for z in model.decisions} | {model.amount.name: "C_total"}
    for name, (low, high) in law.fitted_range.items():
        if name not in cells:
            continue
        value = evaluation.value(cells[name], index)
        if value >= BEYOND_REACH:
            continue
        args: dict[str, str | float] = {"name": name, "value": value, "low": low, "high": high}
        if value > high * (1 + _ROOM):
            found.append(_outside("above", value / high, args))
        elif value < low * (1 - _ROOM):
            found.append(_outside("below", low / value, args, 1 - value / low))
    return tuple(found)


def _outside(side: str, factor: float, args: Mapping[str, str | float], share: float | None = None) -> Finding:
    """How far a value lies outside the range: in decades, or as a share of the range's end where that is little."""
    decades = math.log10(factor)
    if decades >= _FEW_DECADES:
        message = Message(f"finding.extrapolation_{side}", {**args, "decades": decades})
    else:
        percent = 100 * (factor - 1 if share is None else share)
        message = Message(f"finding.extrapolation_{side}_little", {**args, "percent": percent})
    return Finding("extrapolation", message)


def _strategies(evaluation: Evaluation, index: int) -> tuple[Finding, ...]:
    """The strategies that cost more than the compute at which they are held against the optimum."""
    spent = "budget_compute" if "budget_compute" in evaluation.values else "C_plan"
    found = []
    for cell in evaluation.graph:
        if cell.id.startswith(UNPAID) and isinstance(cell.label, Message) and evaluation.value(cell.id, index):
            least = evaluation.value(f"C_of_strategy_{cell.id.removeprefix(UNPAID)}", index)
            args = {"least": least, "amount": evaluation.value(spent, index)}
            message = Message("finding.strategy_without_value", {**cell.label.args, **args})
            found.append(Finding("strategy_without_value", message))
    return tuple(found)


def _cells(evaluation: Evaluation, index: int) -> tuple[Finding, ...]:
    """The reader's own cells that have no value here, each with the reason."""
    found = []
    for cell in evaluation.graph:
        if cell.kind != "user" or evaluation.exists(cell.id, index):
            continue
        absent = f"absent_{cell.id}"
        if absent in evaluation.values and evaluation.value(absent, index) >= _LIMIT_ABSENT:
            why = "limit"
        else:
            why = "unreachable" if evaluation.unreachable[index] else "not_finite"
        message = Message("finding.cell_without_value", {"cell": cell.id, "why": Message(f"finding.cell_{why}")})
        found.append(Finding("cell_without_value", message))
    return tuple(found)
