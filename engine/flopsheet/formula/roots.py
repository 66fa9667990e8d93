"""Keeps sympy from splitting roots such as 24**0.7777777 by prime factors, which would not end."""

from __future__ import annotations

from functools import wraps

import sympy as sp

MAX_ROOT = 100


def bound_roots() -> None:
    """Leaves a whole number to a power between 0 and 1 as it is, where the denominator is beyond MAX_ROOT.

    For 24**(p/q) sympy collects the remainders of 3*p and p by q as powers of 2 and 3 under one root: integers
    of up to q bits, with q = 10**7 for an exponent of seven decimals. Sums and products of exponents bring such
    a root about anywhere in a derivation, so no check of formula text could prevent it. The power unsplit means the
    same and evaluates the same. Calling it again changes nothing.
    """
    original = sp.Integer._eval_power  # noqa: SLF001 - the one place where sympy decides this
    if hasattr(original, "__wrapped__"):
        return

    @wraps(original)
    def power(self: sp.Integer, exponent: sp.Expr) -> sp.Expr | None:
        if isinstance(exponent, sp.Rational) and exponent.q > MAX_ROOT and exponent.is_positive:
            whole, part = divmod(exponent.p, exponent.q)
            return self**whole * sp.Pow(self, sp.Rational(part, exponent.q)) if whole else None
        return original(self, exponent)

    sp.Integer._eval_power = power  # noqa: SLF001
