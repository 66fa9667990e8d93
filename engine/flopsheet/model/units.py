"""The dimension of a formula: what its cells' units make of it, and where they do not fit.

A bare number, and a law's constant without a unit of its own, takes the unit of what it is added to
or compared with, and counts as a pure number in products. Logarithms and exponentials act on the
magnitude in base units. A quantity raised to a power that is not a number (a law's exponent) absorbs
whatever unit it is asked for.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

import sympy as sp

from flopsheet.formula.functions import RELATION_BY_HEAD
from flopsheet.formula.heads import Round
from flopsheet.formula.print import render_formula
from flopsheet.formula.root import Put, Root
from flopsheet.model.graph import Graph
from flopsheet.plan.units import dimension_of


@dataclass(frozen=True)
class Dimension:
    """Exponents over base units. `loose`: a bare number, fits beside anything; `free`: absorbs any unit."""

    exponents: Mapping[str, Fraction] = field(default_factory=dict)
    loose: bool = False
    free: bool = False

    def __str__(self) -> str:
        """The unit as a product of powers, '1' for none."""
        if not self.exponents:
            return "1"
        parts = [name if power == 1 else f"{name}**{power}" for name, power in sorted(self.exponents.items())]
        return "*".join(parts)


class DimensionError(ValueError):
    """Two dimensions that do not fit; the text says which and where."""


_NUMBER = Dimension(loose=True)
_PURE = Dimension()
_ANY = Dimension(free=True)
# Numbers that count as pure where a law's formulas are checked; any other may carry a unit (6 FLOP).
_PLAIN = frozenset({sp.S.Zero, sp.S.One, sp.S.NegativeOne})
# What stands for those numbers among the names of cells, none of which is empty.
_LITERALS = ""
_KEEPS_UNIT = (sp.Abs, sp.floor, sp.ceiling, Round)


def check_dimensions(graph: Graph, absorbed: Collection[str] = ()) -> int:
    """The number of formula cells whose unit was found to follow from the cells they read.

    In what is derived from a law, constants and literals absorb whatever unit makes its loss and cost
    come out, so those fit beside anything; what remains is still checked. So do cells in `absorbed` units.

    Raises:
        DimensionError: a cell's formula has another dimension than the cell states.
    """
    known: dict[str, Dimension] = {}
    checked = 0
    for cell in graph:
        stated = Dimension(dimension_of(cell.unit.removesuffix(" per 1 %")))
        absorbs = cell.absorbs or (cell.kind == "constant" and cell.unit == "1")
        known[cell.id] = _ANY if absorbs or cell.unit in absorbed else stated
        if cell.expr is None or cell.kind == "user":
            continue
        found = infer_dimension(cell.expr, {**known, _LITERALS: _ANY})
        if (
            not (found.loose or found.free or cell.absorbs or cell.unit in absorbed)
            and found.exponents != stated.exponents
        ):
            message = f"`{cell.id}` is stated in {cell.unit}, but its formula is in {found}"
            raise DimensionError(message)
        checked += 1
        if isinstance(cell.expr, Root):
            known[cell.id] = _ANY
    return checked


def infer_dimension(expr: sp.Basic, of: Mapping[str, Dimension]) -> Dimension:  # noqa: C901, PLR0912 - a line per head
    """The dimension of a formula, given that of each cell it reads (and of numbers other than 0, 1 and -1).

    Raises:
        DimensionError: it adds or compares two dimensions, or has a unit in an exponent.
    """
    if isinstance(expr, sp.Symbol):
        return of[expr.name]
    if expr.is_Number and expr not in _PLAIN:
        return of.get(_LITERALS, _NUMBER)
    if expr.is_Number or expr in {sp.true, sp.false, sp.E}:
        return _NUMBER
    if isinstance(expr, sp.Mul):
        return _multiply([infer_dimension(factor, of) for factor in expr.args])
    if isinstance(expr, sp.Pow):
        return _raise(expr, infer_dimension(expr.base, of), infer_dimension(expr.exp, of))
    if isinstance(expr, (sp.Add, sp.Min, sp.Max)):
        return _agree(expr, [(arg, infer_dimension(arg, of)) for arg in expr.args])
    if type(expr) in RELATION_BY_HEAD:
        _agree(expr, [(side, infer_dimension(side, of)) for side in expr.args])
        return _PURE
    if isinstance(expr, sp.Piecewise):
        for _, condition in expr.args:
            infer_dimension(condition, of)
        return _agree(expr, [(value, infer_dimension(value, of)) for value, _ in expr.args])
    if isinstance(expr, _KEEPS_UNIT):
        return infer_dimension(expr.args[0], of)
    if isinstance(expr, Root):
        return _solve(expr, of)
    if isinstance(expr, Put):
        values = {symbol.name: infer_dimension(value, of) for symbol, value in expr.mapping.items()}
        return infer_dimension(expr.inner, {**of, **values})
    if isinstance(expr, sp.exp) and infer_dimension(expr.args[0], of).free:
        return _ANY  # the exponential of the place along a contour is in the unit of a decision
    for arg in expr.args:
        infer_dimension(arg, of)
    return _PURE


def _solve(root: Root, of: Mapping[str, Dimension]) -> Dimension:
    """The dimension of a root, the logarithm of something in any unit; what it is made of is looked at."""
    inside = {**of, root.unknown.name: _ANY}
    for part in (root.low, root.high, root.residual, root.objective):
        infer_dimension(part, inside)
    return _ANY


def _multiply(factors: list[Dimension]) -> Dimension:
    """The dimension of a product."""
    if any(factor.free for factor in factors):
        return _ANY
    total: dict[str, Fraction] = {}
    for factor in factors:
        for name, power in factor.exponents.items():
            total[name] = total.get(name, Fraction(0)) + power
    exponents = {name: power for name, power in total.items() if power}
    return Dimension(exponents, loose=all(factor.loose for factor in factors))


def _raise(expr: sp.Pow, base: Dimension, exponent: Dimension) -> Dimension:
    """The dimension of a power."""
    if exponent.exponents:
        message = f"the exponent of `{_shown(expr)}` has the unit {exponent}"
        raise DimensionError(message)
    if base.free:
        return _ANY
    if not base.exponents:
        return Dimension(loose=base.loose)
    if expr.exp.is_Rational and not exponent.free:
        power = Fraction(int(expr.exp.p), int(expr.exp.q))
        return Dimension({name: value * power for name, value in base.exponents.items()})
    return _ANY


def _agree(expr: sp.Basic, parts: list[tuple[sp.Basic, Dimension]]) -> Dimension:
    """The one dimension of things that are added or compared."""
    strict = [(part, dimension) for part, dimension in parts if not (dimension.loose or dimension.free)]
    for part, dimension in strict[1:]:
        first, expected = strict[0]
        if dimension.exponents != expected.exponents:
            message = (
                f"`{_shown(first)}` is in {expected} and `{_shown(part)}` in {dimension}: "
                f"they cannot be added or compared in `{_shown(expr)}`"
            )
            raise DimensionError(message)
    if strict:
        return strict[0][1]
    return _ANY if any(dimension.free for _, dimension in parts) else _NUMBER


def _shown(expr: sp.Basic) -> str:
    """A formula in the reader's own language."""
    return render_formula(expr)
