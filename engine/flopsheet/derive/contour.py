"""Contours: the points that spend a budget, or reach a loss, as functions of one unknown."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import sympy as sp

from flopsheet.derive.algebra import (
    Isolated,
    expand_logarithm,
    expand_whole,
    isolate,
    simplest_condition,
    strip_monotone,
)
from flopsheet.derive.bends import set_free
from flopsheet.formula.root import Root, has_comparisons, make_root, put_in

Kind = Literal["shares", "first", "second"]

# The unknown of every contour: identifiers of laws and plans are ASCII, so none of them is called so.
UNKNOWN = sp.Symbol("\N{GREEK SMALL LETTER TAU}", real=True)
# The unknown of a root within a root: the logarithm of the decision that no formula gives.
INNER = sp.Symbol("\N{GREEK SMALL LETTER SIGMA}", real=True)

#: Decisions are sought between these, in base units.
LEAST, MOST = 1e-6, 1e40
# What is left of a level where nothing is left.
_NOTHING = sp.Rational(2.0**-50)
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
        kinked: Whether the optimum along it may stand at a kink.
    """

    kind: Kind
    at: Mapping[sp.Symbol, sp.Expr]
    ends: tuple[sp.Expr, sp.Expr]
    limits: Mapping[sp.Symbol, sp.Expr]
    conditions: tuple[sp.Expr, ...] = ()
    kinked: bool = False

    def put_on(self, expr: sp.Expr, t: sp.Expr = UNKNOWN) -> sp.Expr:
        """An expression of the decisions along the contour."""
        return put_in(expr, {z: value.xreplace({UNKNOWN: t}) for z, value in self.at.items()})

    def limit(self, decision: sp.Symbol, value: sp.Expr) -> sp.Expr:
        """The t at which a decision has a value, within the range."""
        low, high = self.ends
        return sp.Min(high, sp.Max(low, self.limits[decision].subs(decision, value)))


def trace_contour(expr: sp.Expr, level: sp.Symbol, decisions: tuple[sp.Symbol, sp.Symbol], *, falls: bool) -> Contour:
    """The contour of an expression that is monotone in both decisions.

    Where neither decision can be set free, one of them is a root for each value of the other.

    Args:
        expr: The cost, which rises in both decisions, or the loss, which falls in both.
        level: The symbol for its value.
        decisions: The two decisions.
        falls: Whether it is the one that falls.
    """
    for trace in (_trace_shares, _trace_elimination):
        found = trace(expr, level, decisions, falls=falls)
        if found is not None:
            return found
    return _trace_root(expr, level, decisions, falls=falls)


def optimum_on(
    contour: Contour, residual: sp.Expr, objective: sp.Expr, ends: tuple[sp.Expr, sp.Expr] | None = None
) -> Root:
    """The t of the optimum between two ends, those of the contour by default.

    The residual is positive where the objective falls along the contour and negative where it rises.
    """
    low, high = ends or contour.ends
    # Beside a kink the objective fixes the place: without what does not move it keeps more of its digits.
    moving = strip_monotone(objective, contour.at) if contour.kinked else objective
    along, least = put_along(residual, contour), contour.put_on(moving)
    return make_root(UNKNOWN, along, low, high, objective=least, kinked=contour.kinked)


def put_along(expr: sp.Expr, contour: Contour) -> sp.Expr:
    """An expression along the contour, logarithms taken apart before the decisions are put in."""
    if has_comparisons(expr) or any(has_comparisons(value) for value in contour.at.values()):
        return contour.put_on(expr)
    if any(value.has(Root) for value in contour.at.values()):
        return contour.put_on(_gather_logarithms(expr))
    logarithms = {sp.log(z): expand_logarithm(value) for z, value in contour.at.items()}
    expanded = expand_whole(contour.put_on(expr.xreplace(logarithms)))
    # What is written as minus a logarithm is positive as a whole only.
    return contour.put_on(expr) if expanded.has(sp.I) else expanded


def _gather_logarithms(expr: sp.Expr) -> sp.Expr:
    """A sum of logarithms as two, of what is added and what is taken off: products so written lose few digits."""
    above, below, rest = sp.S.One, sp.S.One, sp.S.Zero
    for term in sp.Add.make_args(expr):
        if isinstance(term, sp.log):
            above *= term.args[0]
        elif isinstance(-term, sp.log):
            below *= (-term).args[0]
        else:
            rest += term
    return sp.log(sp.expand(above)) - sp.log(sp.expand(below)) + rest


def _trace_shares(
    expr: sp.Expr, level: sp.Symbol, decisions: tuple[sp.Symbol, sp.Symbol], *, falls: bool
) -> Contour | None:
    """The contour of f(x) + g(y) = total: f takes the share 1 / (1 + exp(-t)) of it where it rises with x."""
    x, y = decisions
    found = split_sum(expr, level, decisions)
    if found is None:
        return None
    parts, total, conditions, turned = found
    rises = falls == turned
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
) -> tuple[dict[sp.Symbol, sp.Expr], sp.Expr, tuple[sp.Expr, ...], bool] | None:
    """expr = level as f(x) + g(y) = total, or None: the parts, the total, what must be positive for it.

    Last whether the parts fall where the whole rises.
    """
    x, y = decisions
    left, right = expr, level
    conditions: list[sp.Expr] = []
    turned = False
    for _ in range(20):
        if isinstance(left, sp.Add):
            fixed, moving = left.as_independent(x, y, as_Add=True)
            right -= fixed
            parts = {z: sp.Add(*(term for term in sp.Add.make_args(moving) if term.has(z))) for z in decisions}
            if parts[x].has(y) or parts[y].has(x) or 0 in parts.values():
                return None
            conditions.append(right)
            return parts, right, tuple(c for c in conditions if c.is_positive is not True), turned
        if isinstance(left, sp.Mul):
            fixed, left = left.as_independent(x, y, as_Add=False)
            if fixed == 1:
                return None
            right /= fixed
            turned ^= bool(fixed.could_extract_minus_sign())
        elif isinstance(left, sp.Pow) and not left.exp.has(x, y):
            conditions.append(right)
            turned ^= bool(left.exp.could_extract_minus_sign())
            left, right = left.base, right ** (1 / left.exp)
        elif isinstance(left, sp.exp):
            conditions.append(right)
            left, right = left.args[0], sp.log(right)
        elif isinstance(left, sp.log):
            left, right = left.args[0], sp.exp(right)
        else:
            return None
    return None


def _trace_elimination(
    expr: sp.Expr, level: sp.Symbol, decisions: tuple[sp.Symbol, sp.Symbol], *, falls: bool
) -> Contour | None:
    """The contour with one decision as the unknown and the other solved for, the way that loses no digits."""
    x, y = decisions
    found = {z: set_free(expr, level, z) for z in decisions}
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
    edge = _edge(expr, level, given, solved, falls=falls)
    if edge is not None:
        low, high = (sp.Max(low, edge), high) if falls else (low, sp.Min(high, edge))
    ends = (low, high) if sign > 0 else (-high, -low)
    limits = {given: sign * sp.log(given), solved: sign * _log_of_other(expr, level, given, found[given], falls=falls)}
    return Contour("first" if given == x else "second", at, ends, limits, value.conditions)


def _trace_root(expr: sp.Expr, level: sp.Symbol, decisions: tuple[sp.Symbol, sp.Symbol], *, falls: bool) -> Contour:
    """The contour with one decision as the unknown, and the other a root over it."""
    x, y = decisions
    sides = {z: balance(expr, level, z) for z in (y, x)}
    # Without a difference on the right the root keeps the digits of what is given.
    solved = min(sides, key=lambda z: (sides[z][1].has(x, y), sides[z][0].count_ops()))
    given = x if solved == y else y
    sign = 1 if given == x else -1
    inner = _root_of(*sides[solved], solved, falls=falls, unknown=INNER)
    at = {given: sp.exp(sign * UNKNOWN), solved: sp.exp(inner.xreplace({given: sp.exp(sign * UNKNOWN)}))}
    # From one to the other an amount of the decision that is solved for meets the level.
    low, high = (_log_at_end(expr, level, given, solved, end, falls=falls) for end in (MOST, LEAST))
    ends = (low, high) if sign > 0 else (-high, -low)
    # A decision that is not capped leaves the whole range.
    held = sp.Piecewise((solve_balanced(expr, level, given, falls=falls), solved < MOST), (_log(LEAST), True))
    limits = {given: sign * sp.log(given), solved: sign * held}
    return Contour("first" if given == x else "second", at, ends, limits)


def _log_at_end(
    expr: sp.Expr, level: sp.Symbol, given: sp.Symbol, solved: sp.Symbol, end: float, *, falls: bool
) -> sp.Expr:
    """ln of one decision where the other one stands at an end of what is sought."""
    alone = put_end(expr, {solved: sp.S.Zero if end == LEAST else sp.oo})
    if alone.is_finite is not False and not alone.has(given):
        alone = expr.subs(solved, sp.Float(end))  # nothing of it costs nothing, the least that is sought does
    if alone.is_finite is False or not alone.has(given):
        return _log(LEAST if end == MOST else MOST)
    found = isolate(alone, level, given)
    return expand_logarithm(found.value) if found is not None else solve_balanced(alone, level, given, falls=falls)


def put_end(expr: sp.Expr, ends: Mapping[sp.Symbol, sp.Expr]) -> sp.Expr:
    """An expression with nothing of a decision (0) or a boundless one (oo); infinite where it grows beyond bounds.

    Where sympy cannot tell what is left, the least or most that is sought is put in.
    """
    try:
        found = expr.subs(ends)
    except (TypeError, ValueError):
        found = sp.nan  # sympy compares the arguments of `max`, of which one is oo / oo
    if found.has(sp.zoo) and not found.has(sp.nan):
        return sp.oo
    if found.is_finite is False or not found.has(sp.oo, sp.zoo, sp.nan):
        return found
    return expr.subs({z: sp.Float(LEAST if end == 0 else MOST) for z, end in ends.items()})


def balance(expr: sp.Expr, level: sp.Expr, z: sp.Symbol) -> tuple[sp.Expr, sp.Expr]:
    """expr = level with all that lacks a decision on the right, as far as that keeps the direction of the left."""
    left, right = expr, level
    while True:
        if isinstance(left, sp.Add):
            fixed, moving = left.as_independent(z, as_Add=True)
            if fixed == 0:
                return left, right
            left, right = moving, right - fixed
        elif isinstance(left, sp.Mul):
            fixed, moving = left.as_independent(z, as_Add=False)
            if fixed == 1 or not fixed.is_positive:
                return left, right
            left, right = moving, right / fixed
        else:
            return left, right


def _edge(expr: sp.Expr, level: sp.Symbol, given: sp.Symbol, solved: sp.Symbol, *, falls: bool) -> sp.Expr | None:
    """ln of the value of one decision at which nothing of the other is left (or all of it is needed)."""
    for end in (sp.S.Zero, sp.oo):
        alone = put_end(expr, {solved: end})
        if alone.is_finite is False or not alone.has(given):
            continue
        if has_comparisons(alone) and falls == (end == sp.oo):
            return solve_balanced(alone, level, given, falls=falls)
        found = isolate(alone, level, given)
        # What is left may be below any amount: then the range has no edge there.
        if found is not None and not found.value.is_negative:
            return expand_logarithm(found.value)
    return None


def _log_of_other(expr: sp.Expr, level: sp.Symbol, given: sp.Symbol, found: Isolated | None, *, falls: bool) -> sp.Expr:
    """ln of one decision over the other and the level: in closed form, or as a root."""
    if found is None:
        return solve_balanced(expr, level, given, falls=falls)
    room = simplest_condition(found.conditions)
    needs = [condition > 0 for condition in (found.value, room) if condition is not None and not condition.is_positive]
    if not needs:
        return sp.log(found.value)
    # Where the other decision alone is too much of a cost nothing is left for this one; too little of it for a loss,
    # and no amount of this one will do.
    end = _log(MOST if falls else LEAST)
    return sp.Piecewise((sp.log(found.value), sp.And(*needs)), (end, True))


def solve_log(expr: sp.Expr, level: sp.Symbol, z: sp.Symbol, *, falls: bool) -> sp.Expr:
    """ln z where a monotone expression of z, which falls or rises, has a level, as the root of one equation."""
    return _root_of(expr, level, z, falls=falls, unknown=UNKNOWN)


def solve_balanced(expr: sp.Expr, level: sp.Symbol, z: sp.Symbol, *, falls: bool) -> sp.Expr:
    """The same by an equation that moves with z alone, so that no digits are lost in what stands still.

    Where what stands still leaves nothing, z is an end of what is sought, or near it.
    """
    left, right = balance(expr, level, z)
    if level.is_positive:
        right = right if right.is_positive else sp.Max(right, _NOTHING * level)
    return _root_of(left, right, z, falls=falls, unknown=UNKNOWN)


def _root_of(left: sp.Expr, right: sp.Expr, z: sp.Symbol, *, falls: bool, unknown: sp.Symbol) -> sp.Expr:
    """ln z where left = right."""
    inner = left.subs(z, sp.exp(unknown))
    # A loss that may be below zero has no logarithm.
    signed = right.is_Symbol and right.is_positive is None
    residual = right - inner if signed else sp.log(right) - sp.log(inner)
    return make_root(unknown, -residual if falls else residual, _log(LEAST), _log(MOST))


def _log(number: float) -> sp.Expr:
    """A bound of a logarithm, to whole numbers: it only has to be wide."""
    return sp.Integer(round(math.log(number)))
