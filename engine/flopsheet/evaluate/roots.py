"""Roots for whole arrays at once: Newton inside a bracket, halving where Newton leaves it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from types import FunctionType
from typing import Any

import numpy as np
import numpy.typing as npt

from flopsheet.formula.root import SCAN_NODES, SNAP

FloatArray = npt.NDArray[np.float64]
Residual = Callable[[FloatArray], tuple[FloatArray, FloatArray]]
Objective = Callable[[FloatArray], FloatArray]

_STEPS = 100
_FAST_STEPS = 12
# Newton's error is about the square of its last step: after one this small nothing is left to gain.
_LAST_STEP = 1e-8
# A bracket this narrow, in units of the last place of its ends, holds nothing but the root.
_LAST_PLACES = 4.0
# What a root may be worse than the best node by, of the objective: its rounding.
_ROOM = 1e-9


@dataclass
class RootFinder:
    """Finds the roots of compiled cells, and remembers which of them need their whole range looked at.

    With `looks` every range is scanned, and `several` collects the roots whose residual changes its sign more
    than once, or never, anywhere. Without it only those in `several` are scanned.
    """

    looks: bool = True
    several: set[int] = field(default_factory=set)

    def find(
        self,
        index: int,
        residual: Residual,
        objective: Objective | None,
        low: npt.ArrayLike,
        high: npt.ArrayLike,
        *,
        kinked: bool = False,
    ) -> FloatArray:
        """The root number `index`: see `flopsheet.formula.root.Root` for which one it is.

        Args:
            index: The number of the root in its function.
            residual: The residual and its slope at an array of points.
            objective: What is least at the root; None where the residual changes its sign once only.
            low: The left ends.
            high: The right ends; they broadcast with `low` and with what `residual` gives.
            kinked: Whether the residual may have no value at the root, where both decisions are worth nothing.
        """
        low, high = np.asarray(low, dtype=np.float64), np.asarray(high, dtype=np.float64)
        if not (self.looks or kinked) and objective is not None and index in self.several:
            places = _find_points(residual, objective, low, high)
            if places is not None:
                return places
        looks = objective is not None and (self.looks or index in self.several)
        fast = None if looks else _newton(residual, low, high)
        if fast is not None:
            return fast
        middle = 0.5 * (low + high)
        shape = np.broadcast_shapes(np.shape(residual(middle)[0]), low.shape, high.shape)
        if objective is not None and looks:
            # A constant that the loss alone reads moves no root, but what is looked at.
            shape = np.broadcast_shapes(shape, np.shape(objective(middle)))
        low, high = np.broadcast_to(low, shape), np.broadcast_to(high, shape)
        left, right, least = low, high, None
        if objective is not None and looks:
            left, right, least, single = _scan(residual, objective, low, high)
            if self.looks and not single:
                self.several.add(index)
        point = _bracketed(residual, left, right)
        point = np.where(high > low, point, low)
        # Of a short range the last places of its ends, up to which a bracket closes, are the larger part.
        places = np.spacing(np.maximum(np.abs(low), np.abs(high)))
        span = np.maximum((high - low) * SNAP, 2 * _LAST_PLACES * places)
        # Where the condition has no value between the ends there is no root, unless the objective is level there.
        known = objective(point) if kinked and objective is not None else residual(point)[0]
        point = np.where(np.isfinite(known) | (high <= low), point, np.nan)
        point = np.where(point <= low + span, low, np.where(point >= high - span, high, point))
        if objective is None or least is None:
            return point
        # Beside a jump the residual leads away from the best place: that is no root.
        return np.where(objective(point) <= least + _ROOM * np.abs(least), point, np.where(high > low, np.nan, point))


def _scan(
    residual: Residual, objective: Objective, low: FloatArray, high: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray, bool]:
    """The stretch around the best of the nodes, the objective there, and whether each residual falls once only."""
    width = (high - low) / SCAN_NODES
    steps = np.arange(SCAN_NODES, dtype=np.float64).reshape(-1, *(1,) * low.ndim)
    nodes = low + (steps + 0.5) * width
    values = np.broadcast_to(objective(nodes), nodes.shape)
    best = np.argmin(np.where(np.isnan(values), np.inf, values), axis=0)
    signs = np.broadcast_to(residual(nodes)[0], nodes.shape) > 0
    single = bool(np.all(np.sum(signs[:-1] & ~signs[1:], axis=0) == 1) and np.all(~(~signs[:-1] & signs[1:])))
    left, right = np.maximum(low, low + (best - 0.5) * width), np.minimum(high, low + (best + 1.5) * width)
    return left, right, np.nanmin(np.where(np.isnan(values), np.inf, values), axis=0), single


def _newton(residual: Residual, low: FloatArray, high: FloatArray) -> FloatArray | None:
    """Plain Newton from the middle, for a residual that falls all along; None unless all of it arrives inside."""
    point = 0.5 * (low + high)
    for _ in range(_FAST_STEPS):
        value, slope = residual(point)
        step = value / slope
        point = point - step
        largest = np.max(np.abs(step), initial=0.0)
        if largest <= _LAST_STEP:
            span = (high - low) * SNAP
            inside = np.all((point > low + span) & (point < high - span))
            return np.asarray(point, dtype=np.float64) if inside else None
        if not np.isfinite(largest):
            return None
        point = np.minimum(np.maximum(point, low), high)
    return None


def _bracketed(residual: Residual, left: FloatArray, right: FloatArray) -> FloatArray:
    """Where the residual goes from positive to negative; an end where it never does."""
    middle = 0.5 * (left + right)
    point = middle
    left, right = left.copy(), right.copy()
    for step in range(_STEPS):
        value, slope = residual(point)
        positive = np.where(np.isnan(value), point < middle, value > 0)
        left = np.where(positive, point, left)
        right = np.where(positive, right, point)
        guess = point - value / slope
        halved = 0.5 * (left + right)
        # Every third step halves, so that a residual on which Newton creeps is done in time too.
        good = (guess > left) & (guess < right) & (step % 3 != 2 or step < 6)
        following = np.where(good, guess, halved)
        close = _LAST_PLACES * np.spacing(np.maximum(np.abs(left), np.abs(right)))
        arrived = (good & (np.abs(following - point) <= close)) | (right - left <= close) | (value == 0)
        point = np.where(value == 0, point, following)
        if np.all(arrived):
            break
    return point


def _find_points(residual: Residual, objective: Objective, low: FloatArray, high: FloatArray) -> FloatArray | None:
    """The root of each point whose range is not empty; None where the points are not one row of them.

    The same places as those of `RootFinder.find`, to the last digits: but what is done is done for those points
    alone that still need it, and with arrays that stay in the caches.
    """
    given = [np.shape(value) for function in (residual, objective) for value in _read(function)]
    shape = np.broadcast_shapes(low.shape, high.shape, *given)
    if len(shape) != 1 or any(own not in {(), shape} for own in (low.shape, high.shape, *given)):
        return None
    low, high = np.broadcast_to(low, shape), np.broadcast_to(high, shape)
    places = low.copy()
    at = np.flatnonzero(high > low)
    if not at.size:
        return places
    low, high, residual, objective = low[at], high[at], _at(residual, at), _at(objective, at)
    left, right, least = _scan_objective(objective, low, high)
    span = np.maximum((high - low) * SNAP, 2 * _LAST_PLACES * np.spacing(np.maximum(np.abs(low), np.abs(high))))
    point = _fall(residual, left, right, low + span, high - span)
    point = np.where(np.isfinite(residual(point)[0]), point, np.nan)
    point = np.where(point <= low + span, low, np.where(point >= high - span, high, point))
    places[at] = np.where(objective(point) <= least + _ROOM * np.abs(least), point, np.nan)
    return places


def _read(function: Callable[..., Any]) -> tuple[FloatArray, ...]:
    """The numbers that a compiled function reads beside the unknown."""
    return tuple(getattr(function, "__defaults__", None) or ())


def _at(function: Callable[..., Any], at: npt.NDArray[np.intp]) -> Callable[..., Any]:
    """A compiled function for some of its points."""
    return FunctionType(
        function.__code__,
        function.__globals__,
        function.__name__,
        tuple(value[at] if np.ndim(value) else value for value in _read(function)),
        function.__closure__,
    )


def _scan_objective(objective: Objective, low: FloatArray, high: FloatArray) -> tuple[FloatArray, ...]:
    """The stretch around the best of the nodes, and the objective there: a node after the other."""
    width = (high - low) / SCAN_NODES
    least, best = np.full(low.shape, np.inf), np.zeros(low.shape)
    for node in range(SCAN_NODES):
        value = objective(low + (node + 0.5) * width)
        # False where there is no value, so that such a node is never the best.
        lower = value < least
        least, best = np.where(lower, value, least), np.where(lower, float(node), best)
    return np.maximum(low, low + (best - 0.5) * width), np.minimum(high, low + (best + 1.5) * width), least


def _fall(residual: Residual, left: FloatArray, right: FloatArray, first: FloatArray, last: FloatArray) -> FloatArray:
    """Where the residual goes from positive to negative, an end where it never does up to `first` or from `last` on."""
    found = np.full(left.shape, np.nan)
    middle = 0.5 * (left + right)
    at_left, at_middle, at_right = (
        residual(place)[0] for place in (np.maximum(left, first), middle, np.minimum(right, last))
    )
    # Most plans that stand at an end are seen at once, without halving up to it.
    rises = (at_left > 0) & (at_middle > 0) & (at_right > 0) & (right >= last)
    falls = (at_left <= 0) & (at_middle <= 0) & (at_right <= 0) & (left <= first)
    found[rises], found[falls] = right[rises], left[falls]
    rest = np.flatnonzero(~(rises | falls))
    if rest.size:
        found[rest] = _close_in(_at(residual, rest), left[rest], right[rest])
    return found


def _close_in(residual: Residual, left: FloatArray, right: FloatArray) -> FloatArray:
    """The same as `_bracketed`, with the points that have arrived left out."""
    found, at = np.empty(left.shape), np.arange(left.size)
    middle = 0.5 * (left + right)
    point, left, right = middle, left.copy(), right.copy()
    for step in range(_STEPS):
        value, slope = residual(point)
        positive = np.where(np.isnan(value), point < middle, value > 0)
        left, right = np.where(positive, point, left), np.where(positive, right, point)
        guess = point - value / slope
        good = (guess > left) & (guess < right) & (step % 3 != 2 or step < 6)
        following = np.where(good, guess, 0.5 * (left + right))
        close = _LAST_PLACES * np.spacing(np.maximum(np.abs(left), np.abs(right)))
        arrived = (good & (np.abs(following - point) <= close)) | (right - left <= close) | (value == 0)
        point = np.where(value == 0, point, following)
        if np.all(arrived):
            break
        if np.count_nonzero(arrived) * 4 >= arrived.size:
            found[at[arrived]] = point[arrived]
            keep = np.flatnonzero(~arrived)
            at, point, left, right, middle = at[keep], point[keep], left[keep], right[keep], middle[keep]
            residual = _at(residual, keep)
    found[at] = point
    return found
