"""Kinks: where a loss that compares its decisions changes its slopes by a jump, and conditions that hold there too."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import mpmath
import sympy as sp

from flopsheet.formula.mp_value import Env, mp_bind
from flopsheet.formula.root import has_comparisons, put_in
from flopsheet.model.law_model import LawModel

SIDE = 2.0**-34
"""How far beside an optimum its two sides are looked at, in the logarithms of the decisions."""

# Sizes of the decisions between which a loss is looked at: their powers of ten, in pairs of neighbours.
_POWERS = tuple(range(2, 21, 2))
_HALVINGS = 45
_DIGITS = 25
# Two sides of a place, this far apart in powers of ten of a decision, and what their slopes differ by at a kink.
_APART = 1e-9
_JUMP = 1e-6

_Sizes = Callable[[Any, Any], Any]


def has_kinks(model: LawModel, gains: Mapping[sp.Symbol, sp.Expr]) -> bool:
    """Whether what a decision gains jumps somewhere between usual sizes, at the law's own constants.

    Comparing alone makes no kink: what repeated tokens add begins at zero with the slope of new ones.
    """
    if not has_comparisons(model.loss):
        return False
    values = {symbol: mpmath.mpf(value) for symbol, value in model.values.items()}
    borders = [border for border in dict.fromkeys(_borders(model.loss)) if border.has(*model.decisions)]
    with mpmath.workdps(_DIGITS):
        slopes = [_over_sizes(gain, values, model.decisions) for gain in gains.values()]
        return any(_jumps(_over_sizes(border, values, model.decisions), slopes) for border in borders)


def balance(first: sp.Expr, second: sp.Expr) -> sp.Expr:
    """Positive where the first is more, between -1 and 1: the two may be zero, or below it."""
    return (first - second) / sp.sqrt(first**2 + second**2)


def shift_along(
    chosen: Mapping[sp.Symbol, sp.Expr], shares: Mapping[sp.Symbol, sp.Expr], step: sp.Expr
) -> dict[sp.Symbol, sp.Expr]:
    """Both decisions a small step further along a budget: more of the first, less of the second."""
    x, y = chosen
    whole = shares[x] + shares[y]
    return {x: chosen[x] * (1 + step * shares[y] / whole), y: chosen[y] * (1 - step * shares[x] / whole)}


def mean_gain(below: sp.Expr, above: sp.Expr, fall: sp.Expr, rise: sp.Expr) -> sp.Expr:
    """What a decision gains at a kink: between both sides, where what a budget is worth in both decisions meets.

    Along a kink the loss changes by any mean of the slopes on both sides; the one of which the slope along the
    budget vanishes is the multiplier of the Lagrangian. `fall` is by how much the first decision is worth more
    below the kink, `rise` by how much the second one is above it.
    """
    return sp.Piecewise(((above * fall + below * rise) / (fall + rise), fall + rise > 0), (below, True))


def mean_gains(
    gains: Mapping[sp.Symbol, sp.Expr], shares: Mapping[sp.Symbol, sp.Expr], step: sp.Expr | None = None
) -> dict[sp.Symbol, sp.Expr]:
    """What each decision gains at an optimum that may be a kink, over the decisions."""
    x, y = gains
    size = sp.Rational(SIDE) if step is None else step
    here = {z: z for z in (x, y)}
    below, above = (
        {z: put_in(gain, shift_along(here, shares, sign * size)) for z, gain in gains.items()} for sign in (-1, 1)
    )
    fall = sp.Max(0, below[x] / shares[x] - below[y] / shares[y])
    rise = sp.Max(0, above[y] / shares[y] - above[x] / shares[x])
    return {z: mean_gain(below[z], above[z], fall, rise) for z in (x, y)}


def _borders(loss: sp.Expr) -> Iterator[sp.Expr]:
    """What changes its sign where a comparison within a loss turns."""
    for part in sp.preorder_traversal(loss):
        if isinstance(part, (sp.Min, sp.Max)):
            yield from (first - second for first, second in itertools.combinations(part.args, 2))
        elif isinstance(part, (sp.Abs, sp.sign, sp.Heaviside)):
            yield part.args[0]
        elif isinstance(part, sp.core.relational.Relational):
            yield part.lhs - part.rhs


def _jumps(border: _Sizes, slopes: Sequence[_Sizes]) -> bool:
    """Whether a slope jumps where a border is crossed, as one decision moves and the other stays."""
    for (low, high), still, first in itertools.product(itertools.pairwise(_POWERS), _POWERS, (True, False)):
        place = _crossing(_beside(border, still, first=first), low, high)
        if place is None:
            continue
        for slope in slopes:
            moved = _beside(slope, still, first=first)
            left, right = moved(place - _APART), moved(place + _APART)
            if left is not None and right is not None and abs(left - right) > _JUMP * max(abs(left), abs(right)):
                return True
    return False


def _beside(function: _Sizes, still: int, *, first: bool) -> Callable[[Any], Any]:
    """A function of both decisions over the one that moves."""
    return (lambda t: function(t, still)) if first else (lambda t: function(still, t))


def _over_sizes(expr: sp.Expr, values: Env, decisions: tuple[sp.Symbol, sp.Symbol]) -> _Sizes:
    """An expression over the powers of ten of both decisions, None where it has no value."""
    whole = mp_bind(expr, values, frozenset(decisions))

    def value(*powers: Any) -> Any:  # noqa: ANN401 - mpmath numbers have no type
        try:
            found = whole({z: mpmath.mpf(10) ** power for z, power in zip(decisions, powers, strict=True)})
        except (ValueError, ArithmeticError):
            return None
        return found if mpmath.isfinite(found) else None

    return value


def _crossing(value: Callable[[Any], Any], low: Any, high: Any) -> Any:  # noqa: ANN401 - mpmath numbers have no type
    """Where a function changes its sign between two places, None where it has the same one at both."""
    at_low, at_high = value(low), value(high)
    if at_low is None or at_high is None or (at_low > 0) == (at_high > 0):
        return None
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        found = value(middle)
        if found is None:
            return None
        low, high = (middle, high) if (found > 0) == (at_low > 0) else (low, middle)
    return (low + high) / 2
