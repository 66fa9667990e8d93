"""What the rows of a root compute beside its unknown: a column for each part of residual and objective."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache

import numpy.typing as npt
import sympy as sp

from flopsheet.evaluate.compile import CompiledCells, FloatArray, compile_cells
from flopsheet.formula.root import SCAN_NODES, SNAP, Put, Root, has_comparisons, slope_of
from flopsheet.model.cell import Cell
from flopsheet.model.graph import build_graph
from flopsheet.model.inputs import BEYOND
from flopsheet.workbook.split import split_long

CLOSE = 2.0**-44
"""A residual this small is the rounding of its terms: the halving then stays where it is, whatever its sign."""

FOR_ROOTS: frozenset[sp.Number] = frozenset({sp.Integer(SCAN_NODES), sp.Rational(SNAP), sp.Rational(CLOSE)})
"""Numbers that the rows of every root name."""

INNER_STEPS = 6
"""Newton steps towards a root within a root in one row; they begin where the row above has ended."""
AT_FIRST = 23
"""Where the steps of the first row begin, as of one that has none above with a value: about 1e10."""
STILL = 2.0**-20
"""The last step of a root within a root, beyond which it has not arrived: its node does not count then."""
_SHORT_WAY = sp.Rational(2.0**-12)
_FLATTEST = sp.Rational(2.0**-40)

FOR_NESTED: frozenset[sp.Number] = frozenset({sp.Integer(AT_FIRST)})
"""Numbers that the rows of a root within a root name besides."""

START = sp.Symbol("\N{GREEK SMALL LETTER SIGMA}_0", real=True)
"""Where the steps of a row begin: the column that holds it reads the row above."""
LAST = sp.Symbol(f"\N{GREEK SMALL LETTER SIGMA}_{INNER_STEPS}", real=True)
"""Where they end."""
BEFORE_LAST = sp.Symbol(f"\N{GREEK SMALL LETTER SIGMA}_{INNER_STEPS - 1}", real=True)

_A_CELL = "$AA$100"

Columns = list[tuple[sp.Symbol, sp.Expr]]


def residual_columns(root: Root) -> Columns:
    """The columns in which a row finds the residual."""
    return _columns_of(root, root.residual, "r")


def objective_columns(root: Root) -> Columns:
    """The columns in which a row finds the objective; none where there is nothing to compare.

    Where a root within the root has not arrived, the objective is beyond reach.
    """
    if root.is_single:
        return []
    if inner_of(root) is None:
        return list_columns(root.objective, "o")
    *columns, (symbol, whole) = _columns_of(root, root.objective, "o")
    held = sp.Symbol("o_held", real=True)
    arrived = sp.Abs(LAST - BEFORE_LAST) <= sp.Rational(STILL)
    return [*columns, (held, whole), (symbol, sp.Piecewise((held, arrived), (BEYOND.symbol, True)))]


@cache
def inner_of(root: Root) -> Root | None:
    """The root within a root: what one decision is for each place along the contour."""
    return next((found for part in (root.residual, root.objective) for found in part.atoms(Root)), None)


def _columns_of(root: Root, expr: sp.Expr, prefix: str) -> Columns:
    """The columns of an expression, after those that find a root within it."""
    inner = inner_of(root)
    if inner is None:
        return list_columns(expr, prefix)
    return [*_inner_columns(inner, root.unknown), *list_columns(_put_last(expr, inner), prefix)]


def _put_last(expr: sp.Expr, inner: Root) -> sp.Expr:
    """An expression that reads where the steps have ended instead of a root."""
    if isinstance(expr, Put):
        return Put(expr.args[0], *(value.xreplace({inner: LAST}) for value in expr.args[1:]))
    return expr.xreplace({inner: LAST})


def _inner_columns(inner: Root, outer: sp.Symbol) -> Columns:
    """The columns of Newton steps towards a root within a root; first what they share."""
    unknown, residual = inner.unknown, inner.residual
    shared: dict[sp.Expr, sp.Symbol] = {}
    value = _share(residual, unknown, outer, shared)
    if has_comparisons(residual):
        # Of what bends the rise over a short way: the slope at the bend would hang on a sign.
        slope = (value.xreplace({unknown: unknown + _SHORT_WAY}) - value) / _SHORT_WAY
    else:
        slope = _share(slope_of(residual, unknown), unknown, outer, shared)
    columns: Columns = []
    for part, symbol in shared.items():
        columns += _split(part, symbol.name, symbol)
    # The residual falls: a slope that is none would lead beyond all bounds.
    step = unknown - value / sp.Min(slope, -_FLATTEST)
    inside = sp.Min(inner.high, sp.Max(inner.low, step))
    pattern = split_long(inside, lambda _: _A_CELL, lambda _: "number_0_000", prefix="p")
    columns.append((START, START))
    at = START
    for number in range(1, INNER_STEPS + 1):
        here: dict[sp.Basic, sp.Basic] = {unknown: at}
        for helper, part in pattern.helpers:
            known = {"positive": True} if helper.is_positive else {"real": True}
            own = sp.Symbol(f"{unknown.name}_{number}_{helper.name}", **known)
            columns.append((own, part.xreplace(here)))
            here[helper] = own
        at = sp.Symbol(f"{unknown.name}_{number}", real=True)
        columns.append((at, pattern.expr.xreplace(here)))
    return columns


def _share(expr: sp.Basic, inner: sp.Symbol, outer: sp.Symbol, shared: dict[sp.Expr, sp.Symbol]) -> sp.Basic:
    """An expression with a column for each part that moves from row to row, but not from step to step."""
    if expr.is_Atom or not expr.has(outer):
        return expr
    if not expr.has(inner) and isinstance(expr, sp.Expr):
        known = {"positive": True} if expr.is_positive else {"real": True}
        return shared.setdefault(expr, sp.Symbol(f"f_{len(shared) + 1}", **known))
    if isinstance(expr, (sp.Add, sp.Mul)):
        still = [arg for arg in expr.args if not arg.has(inner)]
        rest = [_share(arg, inner, outer, shared) for arg in expr.args if arg.has(inner)]
        return expr.func(_share(expr.func(*still), inner, outer, shared), *rest)
    return expr.func(*(_share(arg, inner, outer, shared) for arg in expr.args))


def list_columns(expr: sp.Expr, prefix: str) -> Columns:
    """The columns of a row, each over the unknown, other cells, and columns before it; the last one is the whole.

    A cell is called by a reference there, not by a name, so that formulas are short.
    """
    columns: Columns = []
    if isinstance(expr, Put):
        for symbol, value in expr.mapping.items():
            columns += _split(value, f"{prefix}_{symbol.name}", symbol)
        expr = expr.inner
    return columns + _split(expr, prefix, sp.Symbol(prefix, real=True))


def _split(expr: sp.Expr, prefix: str, whole: sp.Symbol) -> Columns:
    """A formula in columns short enough to read."""
    found = split_long(expr, lambda _: _A_CELL, lambda _: "number_0_000", prefix=prefix)
    return [*found.helpers, (whole, found.expr)]


def compile_columns(root: Root, reads: Sequence[Cell], parts: Sequence[tuple[sp.Symbol, sp.Expr]]) -> CompiledCells:
    """The columns of a row as a function of the unknown and of what the root reads."""
    inputs = [Cell(cell.id, "input", "1", cell.id, positive=cell.positive) for cell in reads]
    inputs.append(Cell(root.unknown.name, "input", "1", "t", positive=False))
    inputs += [Cell(START.name, "input", "1", START.name, positive=False) for symbol, _ in parts if symbol == START]
    cells = [
        Cell(s.name, "formula", "1", s.name, expr, positive=bool(s.is_positive)) for s, expr in parts if s != START
    ]
    return compile_cells(build_graph((*inputs, *cells)), [symbol.name for symbol, _ in parts])


def evaluate_columns(compiled: CompiledCells, values: Mapping[str, npt.ArrayLike]) -> dict[str, FloatArray]:
    """The columns at one or more places."""
    return dict(compiled.evaluate(values))
