r"""Exact derivatives of cells along the inputs of a plan, to both sides: the chain rule, cell by cell.

Each cell has a number and a slope along every input. A formula is walked once, and each step puts in the
derivative that sympy has for it; no whole formula is ever expanded. A root t of r(t, s) = 0 moves by
$-(\partial r / \partial s) / (\partial r / \partial t)$. Where the sides of a comparison are equal, as at a limit
that just binds, the slope to each side is that of the branch which is in force there.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from functools import reduce
from typing import Final

import mpmath
import numpy as np
import sympy as sp

from flopsheet.evaluate.dual import (
    Dual,
    Flags,
    Vector,
    add,
    apply,
    best_of,
    compare,
    constant,
    is_tie,
    multiply,
    power,
    rounded,
    widen,
)
from flopsheet.formula.root import Put, Root
from flopsheet.model.cell import Cell

#: A root lies in a jump of its condition where that leaves more over than so much of its slope.
_LEFT_OVER: Final = 1e-9


def follow_slopes(
    cells: Iterable[Cell], values: Mapping[str, float], seeds: Mapping[str, Vector], directions: int
) -> dict[str, Dual]:
    """Each cell with its slope along each direction.

    Args:
        cells: In computing order.
        values: Their numbers; of a cell that has none there it is computed.
        seeds: The slopes of the inputs that move, by id.
        directions: How many there are.
    """
    known: dict[sp.Symbol, Dual] = {}
    found: dict[str, Dual] = {}
    for cell in cells:
        value = values.get(cell.id, math.nan)
        if cell.expr is None:
            number = Dual(value, seeds.get(cell.id, np.zeros(directions)), 0.0)
        elif cell.id in values and not math.isfinite(value):
            number = Dual(value, np.full(directions, math.nan), math.nan)
        else:
            with np.errstate(all="ignore"):
                walked = _Walker(known, directions, []).cell(cell.expr, values.get(cell.id))
            number = Dual(values.get(cell.id, walked.value), walked.slope, walked.fuzz)
        known[cell.symbol] = found[cell.id] = number
    return found


_RELATIONS: Final = {
    sp.StrictLessThan: lambda sign: sign < 0,
    sp.LessThan: lambda sign: sign <= 0,
    sp.StrictGreaterThan: lambda sign: sign > 0,
    sp.GreaterThan: lambda sign: sign >= 0,
    sp.Equality: lambda sign: sign == 0,
    sp.Unequality: lambda sign: sign != 0,
}


class _Walker:
    """Walks formulas over numbers that move. `ties` collects the differences of what was compared and is equal."""

    def __init__(self, known: Mapping[sp.Symbol, Dual], directions: int, ties: list[Dual]) -> None:
        self.known = known
        self.directions = directions
        self.ties = ties
        self._done: dict[sp.Basic, Dual] = {}

    def cell(self, expr: sp.Expr, value: float | None) -> Dual:
        """The formula of a cell whose number is known."""
        return self._root(expr, value) if isinstance(expr, Root) else self.walk(expr)

    def walk(self, expr: sp.Basic) -> Dual:
        """A formula; equal parts are walked once."""
        if isinstance(expr, sp.Symbol):
            return self.known[expr]
        if expr not in self._done:
            self._done[expr] = self._walk(expr)
        return self._done[expr]

    def _walk(self, expr: sp.Basic) -> Dual:
        """What is more than a symbol."""
        if not expr.args or not expr.free_symbols:
            return constant(float(expr), self.directions)
        if isinstance(expr, sp.Add | sp.Mul):
            return reduce(add if isinstance(expr, sp.Add) else multiply, map(self.walk, expr.args))
        if isinstance(expr, sp.Pow):
            return power(*map(self.walk, expr.args))
        if isinstance(expr, sp.Min | sp.Max):
            return self._best(expr)
        if isinstance(expr, sp.Piecewise):
            return self._choose(expr)
        if isinstance(expr, Root):
            return self._root(expr, None)
        if isinstance(expr, Put):
            values = {symbol: self.walk(value) for symbol, value in expr.mapping.items()}
            return _Walker({**self.known, **values}, self.directions, self.ties).walk(expr.inner)
        argument = self.walk(expr.args[0])
        if isinstance(expr, sp.Heaviside):
            self._note(argument, constant(0.0, self.directions))
        return apply(expr.func, argument)

    def _best(self, expr: sp.Min | sp.Max) -> Dual:
        """The least or the largest of the arguments."""
        numbers = [self.walk(arg) for arg in expr.args]
        best = best_of(numbers, least=isinstance(expr, sp.Min))
        tied = [number for number in numbers if is_tie(number, best)]
        for number in tied[1:]:
            self._note(number, tied[0])
        return best

    def _note(self, left: Dual, right: Dual) -> None:
        """Note what is equal."""
        if is_tie(left, right):
            self.ties.append(Dual(left.value - right.value, left.slope - right.slope, 0.0))

    def _choose(self, expr: sp.Piecewise) -> Dual:
        """The first branch that holds, in each direction; no slope where two of them do not meet."""
        open_ = np.ones(self.directions, dtype=bool)
        parts: list[tuple[Flags, Dual]] = []
        for value, condition in expr.args:
            holds = self._holds(condition) & open_
            if holds.any():
                parts.append((holds, self.walk(value)))
            open_ = open_ & ~holds
            if not open_.any():
                break
        if not parts:
            return Dual(math.nan, np.full(self.directions, math.nan), math.nan)
        first = parts[0][1]
        slope = np.full(self.directions, math.nan)
        for holds, part in parts:
            slope = np.where(holds & is_tie(part, first), part.slope, slope)
        return Dual(first.value, slope, max(part.fuzz for _, part in parts))

    def _holds(self, condition: sp.Basic) -> Flags:
        """Whether a condition holds just beside the point, in each direction."""
        if condition in {sp.true, sp.false}:
            return np.full(self.directions, condition == sp.true)
        if type(condition) in _RELATIONS:
            left, right = map(self.walk, condition.args)
            self._note(left, right)
            return np.asarray(_RELATIONS[type(condition)](compare(left, right)))
        parts = [self._holds(arg) for arg in condition.args]
        if isinstance(condition, sp.Not):
            return ~parts[0]
        if isinstance(condition, sp.ITE):
            return np.where(parts[0], parts[1], parts[2])
        return reduce(np.logical_and if isinstance(condition, sp.And) else np.logical_or, parts)

    def _root(self, expr: Root, value: float | None) -> Dual:
        """A root: at an end of its range it moves with the end, else so that its condition stays met."""
        low, high = self.walk(expr.low), self.walk(expr.high)
        if not low.value < high.value:
            return low
        if value is None:
            value = float(expr.mp_solve({symbol: mpmath.mpf(number.value) for symbol, number in self.known.items()}))
        size = max(abs(low.value), abs(high.value))
        if value not in {low.value, high.value}:
            slope, _ = self._inside(expr, value, size)
            return rounded(value, slope, size)
        end = low if value == low.value else high
        slope, met = self._inside(expr, value, size)
        # At the end its condition is met as well: to one side the root leaves the end.
        return best_of([end, rounded(value, slope, size)], least=end is high) if met else end

    def _inside(self, expr: Root, value: float, size: float) -> tuple[Vector, bool]:
        """How a root moves between its ends, and whether its condition is met there."""
        known = {symbol: widen(number) for symbol, number in self.known.items() if symbol in expr.free_symbols}
        still = rounded(value, np.zeros(self.directions), size)
        walker = _Walker({**known, expr.unknown: widen(still, moves=True)}, self.directions + 1, [])
        residual = walker.walk(expr.residual)
        steepness = float(residual.slope[-1])
        if abs(residual.value) <= _LEFT_OVER * abs(steepness) * max(1.0, abs(value)):
            return -residual.slope[:-1] / steepness, True
        # It falls through zero by a jump: the root stays where the sides of a comparison are equal.
        moves = [-tie.slope[:-1] / tie.slope[-1] for tie in walker.ties if tie.slope[-1]]
        agree = moves and all(np.allclose(move, moves[0], rtol=1e-6, atol=1e-12) for move in moves)
        return (moves[0] if agree else np.full(self.directions, math.nan)), False
