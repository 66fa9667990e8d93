"""What losses a law can reach at all."""

from __future__ import annotations

import sympy as sp

from flopsheet.derive.contour import put_end
from flopsheet.derive.derivation import Derivation


def find_floor(derivation: Derivation) -> sp.Expr:
    """The loss that remains with boundless resources."""
    model, room = derivation.model, derivation.interior.reachable
    floor = put_end(model.loss, dict.fromkeys(model.decisions, sp.oo))
    slope = None if room is None else sp.diff(room, model.level)
    if floor.is_finite or slope is None or slope.has(model.level):
        return floor
    # Where the sign of an exponent lies in its constant, what must be positive tells: a multiple of level - floor.
    return sp.simplify(model.level - room / slope)


def keep_in_reach(derivation: Derivation, target: sp.Symbol) -> sp.Expr | None:
    """A target loss, or one above the floor where no resources reach it; None where every loss can be reached."""
    room = derivation.interior.reachable
    if room is None:
        return None
    left = room.subs(derivation.model.level, target)
    return sp.Piecewise((target, left > 0), (1 + find_floor(derivation), True))
