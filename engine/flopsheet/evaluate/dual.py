"""Numbers with their slopes along several directions, and the steps of a calculation on them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import mpmath
import numpy as np
import numpy.typing as npt
import sympy as sp

from flopsheet.formula.heads import Round
from flopsheet.formula.mp_value import mp_value

Vector = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

_ULP: Final = 2.0**-52
#: Two numbers count as equal where they differ by no more than so many times the rounding of both.
_ROOM: Final = 8.0
#: Slopes that differ by less than this part of them are equal: the rounding of a long chain.
_SAME_SLOPE: Final = 1e-9
#: Functions that are level wherever they have a slope.
_LEVEL: Final = (sp.floor, sp.ceiling, sp.sign, Round, sp.Heaviside)


@dataclass(frozen=True, slots=True)
class Dual:
    """A number, its slope along each direction, and what rounding may have done to it."""

    value: float
    slope: Vector
    fuzz: float


def constant(value: float, directions: int) -> Dual:
    """A number that does not move."""
    return Dual(value, np.zeros(directions), 0.0)


def add(left: Dual, right: Dual) -> Dual:
    """The sum."""
    value = left.value + right.value
    return Dual(value, left.slope + right.slope, left.fuzz + right.fuzz + _ULP * abs(value))


def multiply(left: Dual, right: Dual) -> Dual:
    """The product."""
    value = left.value * right.value
    slope = _times(right.value, left.slope) + _times(left.value, right.slope)
    return Dual(value, slope, abs(right.value) * left.fuzz + abs(left.value) * right.fuzz + _ULP * abs(value))


def power(base: Dual, exponent: Dual) -> Dual:
    """The power; of a base that is not positive only with an exponent that does not move."""
    value = float(np.float64(base.value) ** np.float64(exponent.value))
    by_base = (
        exponent.value * float(np.float64(base.value) ** np.float64(exponent.value - 1)) if exponent.value else 0.0
    )
    by_exponent = value * math.log(base.value) if base.value > 0 else math.nan
    moves = bool(np.any(exponent.slope != 0))
    slope = _times(by_base, base.slope) + (_times(by_exponent, exponent.slope) if moves else 0.0)
    known = by_exponent if math.isfinite(by_exponent) else 0.0
    return Dual(value, slope, abs(by_base) * base.fuzz + abs(known) * exponent.fuzz + _ULP * abs(value))


def apply(head: Callable[[sp.Expr], sp.Expr], argument: Dual) -> Dual:
    """A function of one argument, by its own derivative; nan where it has no value or jumps."""
    try:
        value = float(mp_value(_formula(head), {_X: mpmath.mpf(argument.value)}))
        if head in _LEVEL:
            jumps = head is sp.Heaviside and abs(argument.value) <= _ROOM * argument.fuzz
            return Dual(value, np.full_like(argument.slope, math.nan if jumps else 0.0), 0.0)
        slope = float(mp_value(_derivative(head), {_X: mpmath.mpf(argument.value)}))
    except (ValueError, ArithmeticError):
        return Dual(math.nan, np.full_like(argument.slope, math.nan), math.nan)
    return Dual(value, _times(slope, argument.slope), abs(slope) * argument.fuzz + _ULP * abs(value))


def best_of(numbers: Sequence[Dual], *, least: bool) -> Dual:
    """The least or the largest of some numbers; where several are it, in each direction the one that stays it."""
    pick, pick_slope = (min, np.minimum) if least else (max, np.maximum)
    best = pick(numbers, key=lambda number: number.value)
    slope = best.slope
    for number in numbers:
        if number is not best and is_tie(number, best):
            slope = pick_slope(slope, number.slope)
    return Dual(best.value, slope, best.fuzz)


def is_tie(left: Dual, right: Dual) -> bool:
    """Whether two numbers are equal up to their rounding."""
    if left.value == right.value:
        return True
    return abs(left.value - right.value) <= _ROOM * (left.fuzz + right.fuzz)


def compare(left: Dual, right: Dual) -> Vector:
    """The sign of left minus right just beside the point, in each direction."""
    if not is_tie(left, right):
        return np.full_like(left.slope, np.sign(left.value - right.value))
    difference = left.slope - right.slope
    same = np.abs(difference) <= _SAME_SLOPE * (np.abs(left.slope) + np.abs(right.slope))
    return np.where(same, 0.0, np.sign(difference))


def widen(number: Dual, *, moves: bool = False) -> Dual:
    """A number with one more direction, along which it stays or is what moves."""
    return Dual(number.value, np.append(number.slope, 1.0 if moves else 0.0), number.fuzz)


def rounded(value: float, slope: Vector, size: float) -> Dual:
    """A number that was found to the last places of numbers of a size."""
    return Dual(value, slope, _ROOM * _ULP * size)


def _times(factor: float, slope: Vector) -> Vector:
    """A slope times a number; what does not move stays, whatever the number is."""
    if math.isfinite(factor):
        return factor * slope
    return np.where(slope == 0, 0.0, factor * slope)


_X = sp.Dummy("x", real=True)


@lru_cache(maxsize=64)
def _formula(head: Callable[[sp.Expr], sp.Expr]) -> sp.Expr:
    """A function of one argument at x."""
    return head(_X)


@lru_cache(maxsize=64)
def _derivative(head: Callable[[sp.Expr], sp.Expr]) -> sp.Expr:
    """The derivative that sympy has for a function of one argument, at x."""
    return sp.diff(head(_X), _X)
