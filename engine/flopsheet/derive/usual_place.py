"""Where a law is looked at: a budget at which its optimum lies between the ends, and the sizes there."""

from __future__ import annotations

from typing import Literal

import sympy as sp

from flopsheet.derive.contour import UNKNOWN, Contour, optimum_on, put_along
from flopsheet.derive.regimes import find_caps
from flopsheet.derive.sample import number_at
from flopsheet.derive.soundness import list_faults
from flopsheet.derive.stationarity import Interior
from flopsheet.errors import FlopsheetError, Problem
from flopsheet.model.cell import BEYOND_REACH
from flopsheet.model.law_model import LawModel

#: Budgets in FLOP at which a law is looked at, a typical one first, until one has an optimum.
BUDGETS = (1e21, 1e18, 1e24, 1e15, 1e27, 1e12, 1e30, 1e9)

# This far beside an optimum the loss is no longer level, in the logarithm of a decision.
_BESIDE = 1e-6
# Losses this far beside a place are the same where it is level.
_NEAR = 1e-2
# A condition below this is the rounding of its terms.
_ROUNDING = 1e-15

_Place = Literal["optimum", "end", "level", "unknown"]


def find_usual_values(model: LawModel, interior: Interior) -> dict[sp.Symbol, float]:
    """Values around which formulas are sampled: the law's constants and its optimum at a budget that has one.

    A law that saturates has no optimum at a budget that is small beside what it saturates at, or large beside it.

    Raises:
        FlopsheetError: no budget has an optimum, and what was looked at.
    """
    if interior.budget is None:
        return _values_at(model, interior, BUDGETS[0])
    places: list[_Place] = []
    faulty = None
    for amount in BUDGETS:
        around = _values_at(model, interior, amount)
        place = _place_of(model, interior.budget, interior, around)
        places.append(place)
        if place == "optimum" and not list_faults(model, interior, around):
            return around
        if place == "optimum" and faulty is None:
            faulty = around
    if faulty is None:
        raise _no_optimum(model, places)
    return faulty


def _values_at(model: LawModel, interior: Interior, amount: float) -> dict[sp.Symbol, float]:
    """The law's constants and its optimum at a budget."""
    around: dict[sp.Symbol, float] = {**model.values, model.amount: amount}
    for symbol, expr in {**interior.free, model.level: interior.frontier}.items():
        value = number_at(expr, around)
        size = None if value is None else value if symbol.is_positive else abs(value)
        if value is not None and size is not None and 1 / BEYOND_REACH < size < BEYOND_REACH:
            around[symbol] = value
    if interior.budget is not None:
        root = optimum_on(interior.budget, interior.residual, model.loss)
        around[UNKNOWN] = number_at(root, around) or 1.0
    for decision, cap in find_caps(model).items():
        if decision in around:
            around[cap.symbol] = around[decision]
    return around


def _place_of(model: LawModel, contour: Contour, interior: Interior, around: dict[sp.Symbol, float]) -> _Place:
    """Whether the best place along a budget is an optimum, an end, one of many, or one where slopes have no value."""
    low, high = (number_at(end, around) for end in contour.ends)
    t = around[UNKNOWN]
    if low is None or high is None or not low < t < high:
        return "end"
    residual = put_along(interior.residual, contour)
    beside = [number_at(residual, {**around, UNKNOWN: t + sign * _BESIDE}) for sign in (-1, 1)]
    if any(value is not None and abs(value) >= _ROUNDING for value in beside):
        return "optimum"
    losses = [number_at(contour.put_on(model.loss), {**around, UNKNOWN: t + shift}) for shift in (-_NEAR, 0.0, _NEAR)]
    known = [loss for loss in losses if loss is not None]
    level = len(known) > 1 and max(known) - min(known) <= _ROUNDING * abs(known[0])
    return "level" if level else "unknown"


def _no_optimum(model: LawModel, places: list[_Place]) -> FlopsheetError:
    """The refusal of a law without an optimum at any budget that was looked at."""
    place = model.law.loss.place if model.law.loss else model.law.place
    looked = f"along budgets of {min(BUDGETS):.0e} to {max(BUDGETS):.0e} FLOP"
    if "level" in places:
        why = "the loss is level around its least value, so that many splits are as good: the optimum is flat"
    elif "unknown" in places:
        why = "where the loss is least its slopes have no value, so that no step of it can be followed"
    else:
        why = "the loss is least at an end, where all is spent on one decision"
    message = f"no optimum of law `{model.law.name}` was found {looked}: {why}"
    return FlopsheetError(Problem(message, place, "loss"))
