"""Setting a decision free where an expression bends: solved piece by piece between the places of its min and max."""

from __future__ import annotations

import sympy as sp

from flopsheet.derive.algebra import Isolated, isolate

# Bends that are followed in one expression: each doubles the pieces.
_MOST_BENDS = 4


def set_free(expr: sp.Expr, level: sp.Expr, z: sp.Symbol) -> Isolated | None:
    """expr = level solved for a positive decision in closed form, or None where that does not go.

    A monotone expression that takes the minimum or maximum of something and the decision is solved on either side
    of where the two meet; the solution on the left holds where it lies left of that place.
    """
    if not expr.has(sp.Min, sp.Max):
        return isolate(expr, level, z)
    return _solve_pieces(expr, level, z, (), _MOST_BENDS)


def _solve_pieces(
    expr: sp.Expr, level: sp.Expr, z: sp.Symbol, sides: tuple[tuple[sp.Expr, bool], ...], bends: int
) -> Isolated | None:
    """The same where it is known of some places whether the decision lies right of them."""
    bend = _innermost_bend(expr, z)
    if bend is None:
        return isolate(expr, level, z)
    place = _place_of(bend, z)
    if place is None or bends == 0:
        return None
    before, after = (_put_side(expr, bend, z, right=right) for right in (False, True))
    for known, is_right in sides:
        if _same(known, place):
            return _solve_pieces(after if is_right else before, level, z, sides, bends)
    left = _solve_pieces(before, level, z, (*sides, (place, False)), bends - 1)
    right = _solve_pieces(after, level, z, (*sides, (place, True)), bends - 1)
    if left is None or right is None:
        return None
    value = sp.Piecewise((left.value, left.value < place), (_multiply_out(right.value), True))
    conditions = [condition for condition in left.conditions if condition in right.conditions]
    return Isolated(value, tuple(conditions), ())


def _multiply_out(expr: sp.Expr) -> sp.Expr:
    """An expression with the arguments of its logarithms multiplied out: at a bend a difference loses all digits."""
    return expr.replace(
        sp.log, lambda inner: sp.log(sp.Add(*(sp.expand_mul(term, deep=False) for term in sp.Add.make_args(inner))))
    )


def _innermost_bend(expr: sp.Expr, z: sp.Symbol) -> sp.Expr | None:
    """A minimum or maximum that moves with a decision and holds no other such."""
    moving = [part for part in sp.ordered(expr.atoms(sp.Min, sp.Max)) if part.has(z)]
    return next((part for part in moving if not any(part != other and part.has(other) for other in moving)), None)


def _sides_of(bend: sp.Expr, z: sp.Symbol) -> tuple[sp.Expr, sp.Expr] | None:
    """What moves in a bend and what stands still, where there is one of each."""
    moving = [part for part in bend.args if part.has(z)]
    still = [part for part in bend.args if not part.has(z)]
    return (moving[0], still[0]) if len(moving) == len(still) == 1 else None


def _place_of(bend: sp.Expr, z: sp.Symbol) -> sp.Expr | None:
    """The decision at which what moves meets what stands still; None unless the one rises through the other."""
    sides = _sides_of(bend, z)
    if sides is None or not sp.diff(sides[0], z).is_positive:
        return None
    found = isolate(*sides, z)
    return None if found is None else found.value


def _put_side(expr: sp.Expr, bend: sp.Expr, z: sp.Symbol, *, right: bool) -> sp.Expr:
    """An expression as it is on one side of a bend."""
    sides = _sides_of(bend, z)
    assert sides is not None  # noqa: S101 - its place was found
    moving, still = sides
    return expr.subs(bend, still if right == isinstance(bend, sp.Min) else moving)


def _same(first: sp.Expr, second: sp.Expr) -> bool:
    """Whether two places are one."""
    return first == second or sp.cancel(sp.together(first / second)) == 1
