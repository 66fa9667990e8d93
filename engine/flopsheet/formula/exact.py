"""Exact numbers of formulas, and the limits that keep their arithmetic small and their values real."""

from __future__ import annotations

import sys
from decimal import Decimal

import sympy as sp

from flopsheet.formula.extremes import remember_comparisons
from flopsheet.formula.roots import bound_roots

MAX_EXPONENT = 1_000
MAX_BITS = 14_000  # longest exact number; Python refuses to print integers of more than 4,300 digits

_LARGEST, _SMALLEST = sp.Rational(sys.float_info.max), sp.Rational(sys.float_info.min)
bound_roots()
remember_comparisons()

# Ends of sentences whose subject is a piece of the formula, and remedies.
NOT_REAL = ("is not a finite real number.",)
_TOO_LARGE = ("is beyond 1.8e308, the largest double.",)
_TOO_SMALL = ("is below 2.2e-308, the smallest normal double.",)
_TOO_LONG = ("has too many digits to be computed exactly.",)
_EXPONENT = ("has an exponent beyond 1,000.", "Literal exponents go up to 1,000.")
_ZERO_DIVISOR = ("divides by zero.",)
_ZERO_TO_ZERO = ("is zero to the power zero, which has no value.",)
_NEGATIVE_BASE = ("is a fractional power of something negative.", "Only whole powers are real there.")
_IMPOSSIBLE = (sp.zoo, sp.nan, sp.oo, sp.S.NegativeInfinity, sp.I)


class Refusal(Exception):  # noqa: N818 - a remark about part of a formula, not an error of the program
    """Why a piece of a formula cannot be a number: the end of a sentence whose subject is that piece."""

    def __init__(self, message: str, remedy: str = "") -> None:
        """Takes the end of the sentence and a remedy."""
        super().__init__(message)
        self.message, self.remedy = message, remedy


def parse_number(text: str) -> sp.Rational:
    """A literal as an exact number. Raises Refusal outside the range of a double."""
    value = Decimal(text)
    # Before it becomes a fraction: 1e999999999 as an integer would fill the memory.
    if value and not -310 < value.adjusted() < 310:
        raise Refusal(*(_TOO_LARGE if value.adjusted() > 0 else _TOO_SMALL))
    return sp.Rational(text)


def raise_power(base: sp.Expr, exponent: sp.Expr) -> sp.Expr:
    """base**exponent. Raises Refusal for 0**0, 1/0, roots of negative numbers, and powers too long to be exact."""
    if exponent.is_Rational:
        size = abs(exponent)
        if size > MAX_EXPONENT:
            raise Refusal(*_EXPONENT)
        if _longest(base) * size > MAX_BITS:
            raise Refusal(*_TOO_LONG)
    if base.is_zero and exponent.is_nonpositive:
        raise Refusal(*(_ZERO_DIVISOR if exponent.is_negative else _ZERO_TO_ZERO))
    if base.is_extended_negative and exponent.is_Rational and not exponent.is_Integer:
        raise Refusal(*_NEGATIVE_BASE)
    power = sp.Pow(base, exponent)
    for part in power.atoms(sp.Pow):
        # sympy takes roots of -1 out of (-floor(x))**0.3; they have no real value.
        if _is_root_of_negative(part):
            raise Refusal(*_NEGATIVE_BASE)
        # 2**(1e15 * x) is harmless as it stands, but not where x cancels: (2**(1e15 * x))**(1 / x).
        if part.base.is_number and _steepness(part.exp) > MAX_EXPONENT:
            raise Refusal(*_EXPONENT)
    return power


def exponential(arg: sp.Expr) -> sp.Expr:
    """exp(arg). sympy makes 2**1000 of exp(1000 * log(2)), so what is refused as a power is refused here too."""
    for term in sp.Add.make_args(arg):
        for factor in sp.Mul.make_args(term):
            if isinstance(factor, sp.log):
                raise_power(factor.args[0], term.as_coeff_Mul()[0])
    return sp.exp(arg)


def check_range(expr: sp.Expr) -> None:
    """Raises Refusal unless every number in reach of the top of `expr` is real and fits a double.

    Called on each node as it is built, so that no exp(exp(exp(1000))) is ever evaluated.
    """
    if expr.is_Symbol:
        return
    if _longest(expr) > MAX_BITS:
        raise Refusal(*_TOO_LONG)
    if expr.has(*_IMPOSSIBLE):
        raise Refusal(*NOT_REAL)
    if expr.is_Function and expr.is_extended_real is False:
        raise Refusal(*NOT_REAL)
    if expr.is_Rational:
        _check_magnitude(abs(expr))
    elif not expr.free_symbols:
        value = expr.evalf(20)
        if not value.is_Float or not value.is_finite:
            raise Refusal(*NOT_REAL)
        _check_magnitude(abs(value))
    elif expr.is_Mul:
        _check_magnitude(abs(expr.as_coeff_Mul()[0]))
    elif expr.is_Add:
        _check_magnitude(abs(expr.as_coeff_Add()[0]))


def _is_root_of_negative(power: sp.Pow) -> bool:
    return bool(power.base.is_number and power.base.is_negative and not power.exp.is_integer)


def _check_magnitude(value: sp.Expr) -> None:
    if value > _LARGEST:
        raise Refusal(*_TOO_LARGE)
    if value != 0 and value < _SMALLEST:
        raise Refusal(*_TOO_SMALL)


def _steepness(exponent: sp.Expr) -> sp.Rational:
    """The largest number beside a term of an exponent, without its sign."""
    return max(abs(term.as_coeff_Mul()[0]) for term in sp.Add.make_args(exponent))


def _longest(expr: sp.Expr) -> int:
    """Bits of the longest number in an expression."""
    return max(map(_bits, expr.atoms(sp.Rational)), default=0)


def _bits(number: sp.Rational) -> int:
    return max(abs(number.p).bit_length(), number.q.bit_length())
