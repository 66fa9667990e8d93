"""What the rows of a root compute beside its unknown: a column for each part of residual and objective."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy.typing as npt
import sympy as sp

from flopsheet.evaluate.compile import CompiledCells, FloatArray, compile_cells
from flopsheet.formula.root import SCAN_NODES, SNAP, Put, Root
from flopsheet.model.cell import Cell
from flopsheet.model.graph import build_graph
from flopsheet.workbook.split import split_long

CLOSE = 2.0**-44
"""A residual this small is the rounding of its terms: the halving then stays where it is, whatever its sign."""

FOR_ROOTS: frozenset[sp.Number] = frozenset({sp.Integer(SCAN_NODES), sp.Rational(SNAP), sp.Rational(CLOSE)})
"""Numbers that the rows of every root name."""

_A_CELL = "$AA$100"
_LONGEST = 215
"""Characters of a formula in a row: long ones are the price of fewer of them, of which a root takes hundreds."""


def list_columns(expr: sp.Expr, prefix: str) -> list[tuple[sp.Symbol, sp.Expr]]:
    """The columns of a row, each over the unknown, other cells, and columns before it; the last one is the whole.

    A cell is called by a reference there, not by a name, so that formulas are short.
    """
    columns: list[tuple[sp.Symbol, sp.Expr]] = []
    while isinstance(expr, Put):
        for symbol, value in expr.mapping.items():
            columns += _split(value, f"{prefix}_{symbol.name}", symbol)
        expr = expr.inner
    return columns + _split(expr, prefix, sp.Symbol(prefix, real=True))


def _split(expr: sp.Expr, prefix: str, whole: sp.Symbol) -> list[tuple[sp.Symbol, sp.Expr]]:
    """A formula in columns short enough to read."""
    found = split_long(expr, lambda _: _A_CELL, lambda _: "number_0_000", prefix=prefix, limit=_LONGEST)
    return [*found.helpers, (whole, found.expr)]


def compile_columns(root: Root, reads: Sequence[Cell], parts: Sequence[tuple[sp.Symbol, sp.Expr]]) -> CompiledCells:
    """The columns of a row as a function of the unknown and of what the root reads."""
    inputs = [Cell(cell.id, "input", "1", cell.id, positive=cell.positive) for cell in reads]
    inputs.append(Cell(root.unknown.name, "input", "1", "t", positive=False))
    cells = [Cell(s.name, "formula", "1", s.name, expr, positive=bool(s.is_positive)) for s, expr in parts]
    return compile_cells(build_graph((*inputs, *cells)), [cell.id for cell in cells])


def evaluate_columns(compiled: CompiledCells, values: Mapping[str, npt.ArrayLike]) -> dict[str, FloatArray]:
    """The columns at one or more places."""
    return dict(compiled.evaluate(values))
