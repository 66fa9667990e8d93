"""Numbers for symbols at 50 digits: to check what algebra cannot show, and to refute what is false."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence

import mpmath
import sympy as sp

from flopsheet.formula.mp_value import mp_or_none

DIGITS = 50
# Sums whose terms cancel lose digits: so many more are carried along.
_GUARD_DIGITS = 40
_DOUBLE_DIGITS = 25
POINTS = 8
_SEED = 20240607


def sample_points(
    symbols: Iterable[sp.Symbol],
    around: Mapping[sp.Symbol, float],
    exact: Mapping[sp.Symbol, sp.Rational],
    count: int = POINTS,
) -> list[dict[sp.Symbol, sp.Float]]:
    """Seeded random points: symbols within a factor 1.5 of their usual value (or of 1 to 1e3), exact ones at theirs."""
    random_source = random.Random(_SEED)  # noqa: S311 - reproducible, nothing secret
    names = sorted(set(symbols), key=lambda symbol: symbol.name)
    points = []
    for _ in range(count):
        point = {}
        for symbol in names:
            centre = around.get(symbol)
            factor = 1.5 ** random_source.uniform(-1, 1)
            value = centre * factor if centre else 10 ** random_source.uniform(0, 3)
            point[symbol] = sp.Float(exact[symbol] if symbol in exact else repr(value), DIGITS)
        points.append(point)
    return points


def evaluate_at(expr: sp.Expr, point: Mapping[sp.Symbol, sp.Expr]) -> sp.Expr | None:
    """The real value of an expression at a point with 50 digits, or None where it has none."""
    with mpmath.workdps(DIGITS + _GUARD_DIGITS):
        env = {symbol: mpmath.mpf(value._mpf_) for symbol, value in point.items()}
        value = mp_or_none(sp.sympify(expr, strict=True), env)
    return None if value is None or isinstance(value, bool) else sp.Float(value, DIGITS)


def number_at(expr: sp.Expr, numbers: Mapping[sp.Symbol, float]) -> float | None:
    """The value of an expression at numbers, to the digits of a double; None where it has none that is finite."""
    with mpmath.workdps(_DOUBLE_DIGITS):
        value = mp_or_none(expr, {symbol: mpmath.mpf(number) for symbol, number in numbers.items()})
        return None if value is None or isinstance(value, bool) else float(value)


def is_positive_at(expr: sp.Expr, point: Mapping[sp.Symbol, sp.Expr]) -> bool:
    """Whether an expression has a value above zero at a point."""
    value = evaluate_at(expr, point)
    return value is not None and bool(value > 0)


def relative_gaps(
    left: sp.Expr, right: sp.Expr, points: Sequence[Mapping[sp.Symbol, sp.Expr]]
) -> list[tuple[Mapping[sp.Symbol, sp.Expr], float]]:
    """|left - right| relative to the larger side at each point where both have a value."""
    gaps = []
    for point in points:
        a, b = evaluate_at(left, point), evaluate_at(right, point)
        if a is None or b is None:
            continue
        scale = max(abs(a), abs(b))
        gaps.append((point, float(abs(a - b) / scale) if scale else 0.0))
    return gaps
