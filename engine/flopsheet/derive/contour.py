"""Contours: the points that spend a budget, or reach a loss, as functions of one unknown."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import sympy as sp

from flopsheet.derive.algebra import Isolated, expand_logarithm, expand_whole, isolate, simplest_condition
from flopsheet.formula.root import Root, has_comparisons, make_root, put_in

Kind = Literal["shares", "first", "second"]

# The unknown of every contour: identifiers of laws and plans are ASCII, so none of them is called so.
UNKNOWN = sp.Symbol("\N{GREEK SMALL LETTER TAU}", real=True)

#: Decisions are sought between these, in base units.
LEAST, MOST = 1e-6, 1e40
#: The smaller part of a sum that is split is sought down to exp(-WIDEST) of the whole.
WIDEST = 60


@dataclass(frozen=True)
class Contour:
    """The curve on which the cost is a budget, or the loss is a level, over one unknown t.

    The first decision grows with t. `kind` says what t is: "shares", the logarithm of the first decision's part
    of a sum over the second's; "first", the logarithm of the first decision; "second", minus that of the second.

    Attributes:
        at: Each decision over t.
        ends: The range of t, within which both decisions are positive.
        limits: The t at which a decision has a value, over the decision's own symbol.
        conditions: Each must be positive for the contour to exist.
    """

    kind: Kind
    at: Mapping[sp.Symbol, sp.Expr]
    ends: tuple[sp.Expr, sp.Expr]
    limits: Mapping[sp.Symbol, sp.Expr]
    conditions: tuple[sp.Expr, ...] = ()

    def put_on(self, expr: sp.Expr, t: sp.Expr = UNKNOWN) -> sp.Expr:
        """An expression of the decisions along the contour."""
        return put_in(expr, {z: value.xreplace({UNKNOWN: t}) for z, value in self.at.items()})

    def limit(self, decision: sp.Symbol, value: sp.Expr) -> sp.Expr:
        """The t at which a decision has a value, within the range."""
        low, high = self.ends
        return sp.Min(high, sp.Max(low, self.limits[decision].subs(decision, value)))


def trace_contour(expr: sp.Expr, level: sp.Symbol, decisions: tuple[sp.Symbol, sp.Symbol]) -> Contour | None:
    """The contour of an expression that is monotone in both decisions, or None where neither can be set free.

    Args:
        expr: The cost, which rises in both decisions, or the loss, which falls in both.
        level: The symbol for its value.
        decisions: The two decisions.
    """
    return _trace_shares(expr, level, decisions) or _trace_elimination(expr, level, decisions)


def optimum_on(
    contour: Contour, residual: sp.Expr, objective: sp.Expr, ends: tuple[sp.Expr, sp.Expr] | None = None
) -> Root:
    """The t of the optimum between two ends, those of the contour by default.

    The residual is positive where the objective falls along the contour and negative where it rises.
    """
    low, high = ends or contour.ends
    return make_root(UNKNOWN, put_along(residual, contour), low, high, objective=contour.put_on(objective))


def put_along(expr: sp.Expr, contour: Contour) -> sp.Expr:
    """An expression along the contour, logarithms taken apart before the decisions are put in."""
    if has_comparisons(expr):
        return contour.put_on(expr)
    logarithms = {sp.log(z): expand_logarithm(value) for z, value in contour.at.items()}
    return expand_whole(contour.put_on(expr.xreplace(logarithms)))


def _trace_shares(expr: sp.Expr, level: sp.Symbol, decisions: tuple[sp.Symbol, sp.Symbol]) -> Contour | None:
    """The contour of f(x) + g(y) = total: f takes the share 1 / (1 + exp(-t)) of it where it rises with x."""
    x, y = decisions
    found = split_sum(expr, level, decisions)
    if found is None:
        return None
    parts, total, conditions = found
    rises = _rises(parts[x], x)
    at, limits = {}, {}
    for z, sign in ((x, 1 if rises else -1), (y, -1 if rises else 1)):
        solved = isolate(parts[z], level, z)
        if solved is None:
            return None
        at[z] = solved.value.subs(level, total / (1 + sp.exp(-sign * UNKNOWN)))
        rest = total - parts[z]
        # Where one part alone exceeds the total, a cost leaves the decision free and a loss is out of reach.
        inside = sign * (sp.log(parts[z]) - sp.log(rest))
        limits[z] = sp.Piecewise((inside, parts[z] < total), (sp.Integer(sign * WIDEST), True))
    low, high = sp.Integer(-WIDEST), sp.Integer(WIDEST)
    # A part that stays finite where its decision vanishes cannot be all of the total.
    if _stays_finite(parts[x], x):
        low = sp.Max(low, limits[x].subs(x, sp.Float(LEAST)))
    if _stays_finite(parts[y], y):
        high = sp.Min(high, limits[y].subs(y, sp.Float(LEAST)))
    return Contour("shares", at, (low, high), limits, conditions)


def _stays_finite(part: sp.Expr, z: sp.Symbol) -> bool:
    """Whether a part is a finite amount above zero where its decision vanishes."""
    at_zero = part.subs(z, 0)
    return at_zero != 0 and not at_zero.has(sp.oo, sp.zoo, sp.nan) and at_zero.is_finite is not False


def split_sum(
    expr: sp.Expr, level: sp.Expr, decisions: tuple[sp.Symbol, sp.Symbol]
) -> tuple[dict[sp.Symbol, sp.Expr], sp.Expr, tuple[sp.Expr, ...]] | None:
    """expr = level as f(x) + g(y) = total, or None: the parts, the total, and what must be positive for it."""
    x, y = decisions
    left, right = expr, level
    conditions: list[sp.Expr] = []
    for _ in range(20):
        if isinstance(left, sp.Add):
            fixed, moving = left.as_independent(x, y, as_Add=True)
            right -= fixed
            parts = {z: sp.Add(*(term for term in sp.Add.make_args(moving) if term.has(z))) for z in decisions}
            if parts[x].has(y) or parts[y].has(x) or 0 in parts.values():
                return None
            conditions.append(right)
            return parts, right, tuple(c for c in conditions if c.is_positive is not True)
        if isinstance(left, sp.Mul):
            fixed, left = left.as_independent(x, y, as_Add=False)
            if fixed == 1:
                return None
            right /= fixed
        elif isinstance(left, sp.Pow) and not left.exp.has(x, y):
            conditions.append(right)
            left, right = left.base, right ** (1 / left.exp)
        elif isinstance(left, sp.exp):
            conditions.append(right)
            left, right = left.args[0], sp.log(right)
        elif isinstance(left, sp.log):
            left, right = left.args[0], sp.exp(right)
        else:
            return None
    return None


def _rises(part: sp.Expr, z: sp.Symbol) -> bool:
    """Whether a monotone part rises with its decision, judged by its form."""
    slope = sp.diff(part, z)
    if slope.is_positive or slope.is_negative:
        return bool(slope.is_positive)
    return not sp.expand(z * slope).could_extract_minus_sign()


def _trace_elimination(expr: sp.Expr, level: sp.Symbol, decisions: tuple[sp.Symbol, sp.Symbol]) -> Contour | None:
    """The contour with one decision as the unknown and the other solved for, the way that loses no digits."""
    x, y = decisions
    found = {z: isolate(expr, level, z) for z in decisions}
    # Solved for without a difference of terms, a decision is positive by its form and keeps its digits.
    order = [(value.value.is_positive is not True, z, value) for z in decisions if (value := found[z]) is not None]
    if not order:
        return None
    _, solved, value = min(order, key=lambda entry: entry[0])
    given = y if solved == x else x
    sign = 1 if given == x else -1
    log_given = sign * UNKNOWN
    at = {given: sp.exp(log_given), solved: value.value.subs(given, sp.exp(log_given))}
    low, high = _log(LEAST), _log(MOST)
    edge = _edge(expr, level, given, solved)
    if edge is not None:
        low, high = (sp.Max(low, edge), high) if _falls(expr, given) else (low, sp.Min(high, edge))
    ends = (low, high) if sign > 0 else (-high, -low)
    limits = {given: sign * sp.log(given), solved: sign * _log_of_other(expr, level, given, found[given])}
    return Contour("first" if given == x else "second", at, ends, limits, value.conditions)


def _edge(expr: sp.Expr, level: sp.Symbol, given: sp.Symbol, solved: sp.Symbol) -> sp.Expr | None:
    """ln of the value of one decision at which nothing of the other is left (or all of it is needed)."""
    for end in (sp.S.Zero, sp.oo):
        alone = expr.subs(solved, end)
        if alone.has(sp.oo, sp.nan, sp.zoo) or not alone.has(given):
            continue
        found = isolate(alone, level, given)
        # What is left may be below any amount: then the range has no edge there.
        if found is not None and not found.value.is_negative:
            return expand_logarithm(found.value)
    return None


def _log_of_other(expr: sp.Expr, level: sp.Symbol, given: sp.Symbol, found: Isolated | None) -> sp.Expr:
    """ln of one decision over the other and the level: in closed form, or as a root."""
    if found is None:
        return solve_log(expr, level, given)
    room = simplest_condition(found.conditions)
    needs = [condition > 0 for condition in (found.value, room) if condition is not None and not condition.is_positive]
    if not needs:
        return sp.log(found.value)
    # Where the other decision alone is too much of a cost nothing is left for this one; too little of it for a loss,
    # and no amount of this one will do.
    end = _log(MOST if _falls(expr, given) else LEAST)
    return sp.Piecewise((sp.log(found.value), sp.And(*needs)), (end, True))


def _falls(expr: sp.Expr, z: sp.Symbol) -> bool:
    """Whether a monotone expression falls as a decision grows, judged by its form."""
    return not _rises(expr, z)


def solve_log(expr: sp.Expr, level: sp.Symbol, z: sp.Symbol, *, falls: bool | None = None) -> sp.Expr:
    """ln z where a monotone expression of z has a level, as the root of one equation.

    Whether it falls is judged by its form where it is not said.
    """
    inner = expr.subs(z, sp.exp(UNKNOWN))
    # A loss that may be below zero has no logarithm.
    residual = level - inner if level.is_positive is None else sp.log(level) - sp.log(inner)
    down = _falls(expr, z) if falls is None else falls
    return make_root(UNKNOWN, -residual if down else residual, _log(LEAST), _log(MOST))


def _log(number: float) -> sp.Expr:
    """A bound of a logarithm, to whole numbers: it only has to be wide."""
    return sp.Integer(round(math.log(number)))
