"""What the rows of a root compute beside its unknown: a column for each part of residual and objective."""

from __future__ import annotations

import sympy as sp

from flopsheet.formula.root import SCAN_NODES, SNAP, Put
from flopsheet.workbook.split import split_long

CLOSE = 2.0**-44
"""A residual this small is the rounding of its terms: the halving then stays where it is, whatever its sign."""

FOR_ROOTS: frozenset[sp.Number] = frozenset({sp.Integer(SCAN_NODES), sp.Rational(SNAP), sp.Rational(CLOSE)})
"""Numbers that the rows of every root name."""

_A_CELL = "$AA$100"


def list_columns(expr: sp.Expr, prefix: str) -> list[tuple[sp.Symbol, sp.Expr]]:
    """The columns of a row, each over the unknown, other cells, and columns before it; the last one is the whole.

    A cell is called by a reference there, not by a name, so that formulas are short.
    """
    columns: list[tuple[sp.Symbol, sp.Expr]] = []
    if isinstance(expr, Put):
        for symbol, value in expr.mapping.items():
            columns += _split(value, f"{prefix}_{symbol.name}", symbol)
        expr = expr.inner
    return columns + _split(expr, prefix, sp.Symbol(prefix, real=True))


def _split(expr: sp.Expr, prefix: str, whole: sp.Symbol) -> list[tuple[sp.Symbol, sp.Expr]]:
    """A formula in columns short enough to read."""
    found = split_long(expr, lambda _: _A_CELL, lambda _: "number_0_000", prefix=prefix)
    return [*found.helpers, (whole, found.expr)]
