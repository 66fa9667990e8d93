"""Findings about draws: constants drawn each by itself, draws left out, outside the fitted range, or without a plan."""

from __future__ import annotations

from collections.abc import Sequence

from flopsheet.evaluate.findings import Finding
from flopsheet.evaluate.uncertainty import Uncertainty
from flopsheet.messages import Arguments, Message

_NO_PLAN = ("infeasible", "not_converged")


def list_uncertainty_findings(found: Uncertainty, law: str) -> tuple[Finding, ...]:
    """What a reader of intervals must know beside them."""
    findings = []
    if found.independent:
        names = ", ".join(variable.key.removeprefix("constants.") for variable in found.independent)
        args = {"names": names, "law": law}
        findings.append(Finding("independent_constants", Message("finding.independent_constants", args)))
    if found.rejected.count:
        keys = ", ".join(f"{key} ({count:,})" for key, count in sorted(found.rejected.by_key.items()))
        told: Arguments = {"count": found.rejected.count, "draws": found.sampler.draws, "keys": keys}
        findings.append(Finding("rejected_draws", Message("finding.rejected_draws", told)))
    for name, share in found.outside.items():
        outside: Arguments = {"name": name, "percent": 100 * share, "law": law}
        findings.append(Finding("draws_outside_range", Message("finding.draws_outside_range", outside)))
    without = sum(share for status, share in found.statuses.items() if status in _NO_PLAN)
    if without:
        findings.append(
            Finding("draws_without_plan", Message("finding.draws_without_plan", {"percent": 100 * without}))
        )
    if found.exact:
        exact = {"names": ", ".join(found.exact), "law": law}
        findings.append(Finding("exact_constants", Message("finding.exact_constants", exact)))
    return (*findings, *tell_fixed(found.fixed))


def tell_fixed(keys: Sequence[str]) -> tuple[Finding, ...]:
    """That a scenario sets itself what is drawn for others."""
    if not keys:
        return ()
    return (Finding("inputs_not_drawn", Message("finding.inputs_not_drawn", {"keys": ", ".join(keys)})),)
