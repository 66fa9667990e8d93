"""Findings about data, inference and limits: repetition that no longer pays, amounts that are left unspent."""

from __future__ import annotations

from flopsheet.evaluate.evaluation import Evaluation
from flopsheet.evaluate.findings import Finding
from flopsheet.messages import Message
from flopsheet.model.terms import is_declared
from flopsheet.plan.plan import Plan

_SPENT = ("compute", "money", "time")
_CLOSE = 1e-9


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
    return tuple(found)
