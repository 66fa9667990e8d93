"""Whether a contour holds one optimum: by sign where it goes, else by looking along it at many budgets."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

import mpmath
import sympy as sp

from flopsheet.derive.algebra import holds_bell
from flopsheet.derive.contour import UNKNOWN, Contour, put_along
from flopsheet.derive.proof import Proof
from flopsheet.derive.proving import Prover
from flopsheet.derive.stationarity import Interior
from flopsheet.errors import FlopsheetError, Problem
from flopsheet.formula.mp_value import mp_function, mp_or_none
from flopsheet.model.law_model import LawModel

# Budgets at which a contour is looked along, as multiples of the usual one.
_BUDGETS = tuple(10.0**power for power in (-4, -2, 0, 2, 4))
_NODES = 64
# Operations of a condition up to which algebra is asked for the sign of its slope.
_LONGEST = 120
_DIGITS = 15


def prove_single_optimum(model: LawModel, interior: Interior, contour: Contour, prover: Prover) -> Proof:
    """The second order of an optimum that is a root: the loss falls along the budget up to it and rises beyond.

    Raises:
        FlopsheetError: the loss stops falling nowhere along the budgets that were looked at.
    """
    residual = put_along(interior.residual, contour)
    # Factoring the slope of a bell curve never ends.
    short = residual.count_ops() <= _LONGEST and not holds_bell(residual) and not contour.kinked
    fall = -sp.diff(residual, UNKNOWN) if short else sp.S.Zero
    once = "second order: along the budget the loss falls up to the optimum and rises beyond it, so there is one only"
    if sp.expand(fall).is_positive or fall.is_positive or sp.factor(fall).is_positive:
        return Proof(once, "symbolic", "proven", residual=fall)
    counts = count_optima(model, contour, residual, prover.around)
    if not any(counts):
        place = model.law.loss.place if model.law.loss else model.law.place
        message = (
            f"no optimum of law `{model.law.name}` was found along budgets of "
            f"{_BUDGETS[0] * prover.around[model.amount]:.0e} to {_BUDGETS[-1] * prover.around[model.amount]:.0e}: "
            "along each its loss is least at an end"
        )
        raise FlopsheetError(Problem(message, place, "loss"))
    detail = f"{_NODES} points along each of {len(counts)} budgets, at the law's own constants"
    if max(counts) == 1:
        return Proof(once, "numeric", "checked", detail=detail)
    several = f"second order: the optimum is the best of up to {max(counts)} minima along a budget"
    return Proof(several, "numeric", "checked", detail=detail)


def count_optima(
    model: LawModel, contour: Contour, residual: sp.Expr, around: Mapping[sp.Symbol, float]
) -> tuple[int, ...]:
    """How often the loss stops falling along each budget, at the law's own constants."""
    budgets = [{**around, model.amount: around[model.amount] * factor} for factor in _BUDGETS]
    counts = (count_along(contour, residual, numbers) for numbers in budgets)
    return tuple(count for count in counts if count is not None)


def count_along(contour: Contour, residual: sp.Expr, numbers: Mapping[sp.Symbol, float]) -> int | None:
    """How often the objective stops falling along a contour, at its nodes; None where the contour does not exist."""
    with mpmath.workdps(_DIGITS):
        env = {symbol: mpmath.mpf(value) for symbol, value in numbers.items()}
        low, high = (mp_or_none(end, env) for end in contour.ends)
        if low is None or high is None:
            return None
        value = mp_function(residual, env, UNKNOWN)
        nodes = (low + (high - low) * (index + 0.5) / _NODES for index in range(_NODES))
        known = [found for node in nodes if (found := value(node)) is not None]
        return sum(1 for a, b in pairwise(known) if a > 0 >= b)
