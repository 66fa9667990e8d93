"""Keeps sympy from comparing the same two arguments of min and max again and again."""

from __future__ import annotations

from functools import lru_cache

import sympy as sp
from sympy.functions.elementary.miscellaneous import MinMaxBase

MOST_REMEMBERED = 32_768


def remember_comparisons() -> None:
    """Lets sympy look up whether one argument of a min or max is known to be above the other, once it has found out.

    Whenever anything is put into a min or max sympy compares all of its arguments anew, by factoring their
    difference: a third of the time that a plan with limits took. What it finds depends on nothing but the two
    arguments. Calling this again changes nothing.
    """
    original = MinMaxBase.__dict__["_is_connected"].__func__
    if hasattr(original, "__wrapped__"):
        return
    compare = lru_cache(maxsize=MOST_REMEMBERED)(lambda left, right: original(MinMaxBase, left, right))

    def is_connected(cls: type[MinMaxBase], left: sp.Expr, right: sp.Expr) -> object:  # noqa: ARG001 - sympy's way
        return compare(left, right)

    is_connected.__wrapped__ = original  # type: ignore[attr-defined]
    MinMaxBase._is_connected = classmethod(is_connected)  # noqa: SLF001 - the one place where sympy decides this
