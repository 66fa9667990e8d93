"""Findings: what a reader of a plan must know beside its numbers."""

from __future__ import annotations

import math
from dataclasses import dataclass

from flopsheet.evaluate.evaluation import Evaluation
from flopsheet.messages import Message
from flopsheet.model.cell import BEYOND_REACH
from flopsheet.model.inputs import Limit, list_limits
from flopsheet.model.law_model import LawModel
from flopsheet.model.resource_model import ResourceModel

# Within a fitted range up to rounding of its printed ends.
_ROOM = 1e-9


@dataclass(frozen=True)
class Finding:
    """A coded remark on a scenario."""

    code: str
    message: Message


def list_findings(evaluation: Evaluation, model: LawModel | ResourceModel, index: int) -> tuple[Finding, ...]:
    """The findings of one scenario, most important first."""
    if evaluation.statuses[index] == "infeasible":
        return (_infeasible(evaluation, model, index),)
    if evaluation.statuses[index] == "not_converged":
        return (Finding("not_converged", Message("finding.not_converged")),)
    if evaluation.unreachable[index]:
        args = {
            "target": evaluation.value("target_loss", index),
            "irreducible": evaluation.value("L_limit" if "L_limit" in evaluation.values else "L_opt", index),
        }
        return (Finding("unreachable_target", Message("finding.unreachable_target", args)),)
    return (*_slack(evaluation, index), *_extrapolation(evaluation, model, index))


def _infeasible(evaluation: Evaluation, model: LawModel | ResourceModel, index: int) -> Finding:
    """The caps that exclude the target, and by how much."""
    caps = [limit for limit in list_limits(model) if evaluation.table.is_set(limit.key, index)]
    best = evaluation.value("L_at_caps", index)
    target = evaluation.value("target_loss", index)
    args: dict[str, str | int | float | Message] = {
        "caps": " and ".join(_cap_text(evaluation, cap, index) for cap in caps),
        "best": best,
        "target": target,
        "shortfall": best - target,
    }
    return Finding("infeasible", Message("finding.infeasible", args))


def _cap_text(evaluation: Evaluation, cap: Limit, index: int) -> str:
    """A cap with its value: `caps.parameters` (1e+09)."""
    return f"`{cap.key}` ({evaluation.value(cap.key.replace('.', '_'), index):.4g})"


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
        args: dict[str, str | int | float | Message] = {"name": name, "value": value, "low": low, "high": high}
        if value > high * (1 + _ROOM):
            message = Message("finding.extrapolation_above", {**args, "decades": math.log10(value / high)})
            found.append(Finding("extrapolation", message))
        elif value < low * (1 - _ROOM):
            message = Message("finding.extrapolation_below", {**args, "decades": math.log10(low / value)})
            found.append(Finding("extrapolation", message))
    return tuple(found)
