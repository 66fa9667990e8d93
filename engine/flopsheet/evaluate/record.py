"""Answers, verdicts and proofs as plain data for JSON: full doubles, infinity as a word, nothing absent."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from flopsheet.derive.claims import ClaimVerdict
from flopsheet.derive.proof import Proof
from flopsheet.evaluate.answers import Amount, Answer
from flopsheet.evaluate.evaluation import Evaluation
from flopsheet.evaluate.findings import Finding
from flopsheet.evaluate.uncertainty import Uncertainty
from flopsheet.fit.cells import R_SQUARED, RMS
from flopsheet.fit.plan_fit import Fit
from flopsheet.messages import render_message

Plain = dict[str, Any]


def record_answer(answer: Answer) -> Plain:
    """A scenario's answer."""
    record: Plain = {"name": answer.name, "status": answer.status, "binding": list(answer.binding)}
    record["results"] = {name: record_amount(amount) for name, amount in answer.results.items()}
    record["shadow_prices"] = {
        name: {
            "value": record_number(price.value),
            "unit": price.unit,
            "equivalent_compute": record_number(price.equivalent_compute),
        }
        for name, price in answer.shadow_prices.items()
    }
    if answer.tiers:
        record["tiers"] = [
            {
                "name": tier.name,
                "epochs": record_number(tier.epochs),
                "tokens": record_number(tier.tokens),
                "marginal_value": record_number(tier.marginal_value),
                "shadow_price": record_number(tier.shadow_price),
            }
            for tier in answer.tiers
        ]
    record["strategies"] = {
        name: {
            "decisions": {key: record_number(value) for key, value in strategy.decisions.items()},
            "L": record_number(strategy.loss),
            **({} if strategy.efficiency is None else {"efficiency": record_number(strategy.efficiency)}),
        }
        for name, strategy in answer.strategies.items()
    }
    record["cells"] = {name: record_amount(amount) for name, amount in answer.cells.items()}
    record["findings"] = record_findings(answer.findings)
    if answer.uncertainty is not None:
        record["uncertainty"] = record_uncertainty(answer.uncertainty)
    if answer.laws:
        record["laws"] = {
            name: {
                "status": law.status,
                "results": {key: record_amount(amount) for key, amount in law.results.items()},
                "findings": record_findings(law.findings),
            }
            for name, law in answer.laws.items()
        }
    return record


def record_uncertainty(found: Uncertainty) -> Plain:
    """Intervals with their Monte Carlo errors, and shares of draws."""
    joint = found.sampler.joint
    return {
        "draws": found.sampler.draws,
        "rejected": found.rejected.count,
        "seed": found.sampler.seed,
        "drawn": list(found.sampler.keys),
        "constants": "joint" if joint else "independent" if found.independent else "as given",
        "results": {
            name: {
                "quantiles": {
                    f"{share:g}": {"value": record_number(each.value), "error": record_number(each.error)}
                    for share, each in spread.quantiles.items()
                },
                "unit": spread.unit,
            }
            for name, spread in found.results.items()
        },
        "binding": dict(found.binding),
        "status": dict(found.statuses),
    }


def record_findings(findings: Sequence[Finding]) -> list[Plain]:
    """Findings with their code."""
    return [{"code": finding.code, "message": render_message(finding.message)} for finding in findings]


def record_amount(amount: Amount) -> Plain:
    """A number with its unit."""
    return {"value": record_number(amount.value), "unit": amount.unit}


def record_number(value: float) -> float | str:
    """A number JSON can hold: infinity becomes a word."""
    return value if math.isfinite(value) else "infinity" if value > 0 else "-infinity"


def record_fit(fit: Fit, evaluation: Evaluation) -> Plain:
    """The fitted constants, how well they are known, and what the fit leaves over."""
    constants: Plain = {name: {"value": evaluation.value(name, 0)} for name in fit.constants}
    for name, cell_id in fit.cells.errors.items():
        constants[name]["se"] = evaluation.value(cell_id, 0)
    return {
        "constants": constants,
        "r_squared": evaluation.value(R_SQUARED, 0),
        "runs": len(fit.runs.runs),
        "residuals_rms": evaluation.value(RMS, 0),
    }


def record_proofs(proofs: Sequence[Proof]) -> list[Plain]:
    """The proof ledger."""
    return [{"statement": proof.statement, "method": proof.method, "verdict": proof.verdict} for proof in proofs]


def record_claims(verdicts: Sequence[ClaimVerdict]) -> list[Plain]:
    """Claims with verdict and reason."""
    return [{"name": verdict.claim.name, "verdict": verdict.verdict, "reason": verdict.reason} for verdict in verdicts]
