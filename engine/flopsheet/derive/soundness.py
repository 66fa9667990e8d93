"""Whether the stationary point of a law is the optimum that a plan asks for; a law where it is not is refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sympy as sp

from flopsheet.derive.kinks import mean_gains
from flopsheet.derive.proof import Proof
from flopsheet.derive.sample import evaluate_at
from flopsheet.derive.stationarity import Interior
from flopsheet.errors import FlopsheetError, Problem
from flopsheet.model.law_model import LawModel

# Where a law is looked at when it has no optimum to look at: a size in no way special.
_SOME_SIZE = 1e9


def check_slopes(model: LawModel, interior: Interior, around: Mapping[sp.Symbol, float]) -> None:
    """Refuse a law whose loss does not fall or whose cost does not rise in a decision, with its own constants.

    The form alone may not tell: `N**alpha` falls for a negative alpha and rises for a positive one.

    Raises:
        FlopsheetError: with every decision that is at fault.
    """
    problems = list_faults(model, interior, around)
    if problems:
        raise FlopsheetError(*problems)


def list_faults(model: LawModel, interior: Interior, around: Mapping[sp.Symbol, float]) -> list[Problem]:
    """Which decisions the loss does not fall in, or the cost not rise, at the sizes around which a law is looked at."""
    point = {**model.values, **{z: around.get(z, _SOME_SIZE) for z in model.decisions}}
    exact = {symbol: sp.Float(repr(float(value)), 50) for symbol, value in point.items()}
    loss, cost = model.law.loss, model.law.cost
    loss_place = loss.place if loss else None
    cost_place = cost.place if cost else None
    size = " and ".join(f"{z} = {float(point[z]):.3g}" for z in model.decisions)
    gains = mean_gains(interior.gains, interior.shares) if interior.kinked else interior.gains
    problems = []
    if not _is_positive(model.cost, exact):
        problems.append(Problem(f"the cost of law `{model.law.name}` is not positive at {size}", cost_place, "cost"))
    for z in model.decisions:
        if not _is_positive(gains[z], exact):
            message = f"the loss of law `{model.law.name}` does not fall as `{z}` grows, at {size}: no optimum exists"
            problems.append(Problem(message, loss_place, "loss", _signs(model)))
        if not _is_positive(interior.shares[z], exact):
            message = f"the cost of law `{model.law.name}` does not rise as `{z}` grows, at {size}: no optimum exists"
            problems.append(Problem(message, cost_place, "cost", _signs(model)))
    return problems


def refuse_refuted(model: LawModel, proofs: Sequence[Proof]) -> None:
    """Refuse a law about which a statement that its plans rest on is false: its numbers would be wrong.

    Raises:
        FlopsheetError: with the statements that fail.
    """
    failed = [proof for proof in proofs if proof.verdict == "refuted"]
    if not failed:
        return
    second = next((proof for proof in failed if proof.statement.startswith("second order")), None)
    place = model.law.loss.place if model.law.loss else model.law.place
    if second is not None:
        message = (
            f"the point where the budget is worth the same in either decision is not the minimum of law "
            f"`{model.law.name}`: along the budget its loss is not convex, so the best plan lies at an end"
        )
        raise FlopsheetError(Problem(message, place, "loss", _signs(model)))
    problems = [
        Problem(f"law `{model.law.name}` fails a statement that its plans rest on: {proof.statement}", place, "loss")
        for proof in failed
    ]
    raise FlopsheetError(*problems)


def _is_positive(expr: sp.Expr, point: Mapping[sp.Symbol, sp.Expr]) -> bool:
    """Whether an expression is a number above zero at a point."""
    value = evaluate_at(expr, point)
    return value is not None and bool(value > 0)


def _signs(model: LawModel) -> str:
    """What to look at first: constants below zero."""
    negative = [f"`{name}`" for name, constant in model.law.constants.items() if constant.value < 0]
    return f"Check the sign of {', '.join(negative)}." if negative else ""
