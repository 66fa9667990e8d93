"""What losses a law can reach at all, and what budgets pay for anything."""

from __future__ import annotations

from collections.abc import Mapping

import sympy as sp

from flopsheet.derive.contour import put_end
from flopsheet.derive.derivation import Derivation
from flopsheet.model.law_model import LawModel


def find_floor(derivation: Derivation) -> sp.Expr:
    """The loss that remains with boundless resources."""
    model, room = derivation.model, derivation.interior.reachable
    floor = put_end(model.loss, dict.fromkeys(model.decisions, sp.oo))
    slope = None if room is None else sp.diff(room, model.level)
    if floor.is_finite or slope is None or slope.has(model.level):
        return floor
    # Where the sign of an exponent lies in its constant, what must be positive tells: a multiple of level - floor.
    return sp.simplify(model.level - room / slope)


def find_least_cost(model: LawModel, held: Mapping[sp.Symbol, sp.Expr] | None = None) -> sp.Expr:
    """What a law's cost comes to with nothing of any decision that is not held: zero under most laws.

    A choice among candidates moves it too, so that one which reads such a choice is no fixed amount: then it is zero.
    """
    least = model.cost.subs(held or {}, simultaneous=True).subs(dict.fromkeys(model.decisions, sp.S.Zero))
    chosen = [given.symbol for given in model.inputs.values() if given.is_chosen]
    known = least.is_finite is not False and not least.has(sp.oo, sp.zoo, sp.nan)
    return least if known and not least.has(*chosen) else sp.S.Zero


def keep_in_reach(derivation: Derivation, target: sp.Symbol) -> sp.Expr | None:
    """A target loss, or one above the floor where no resources reach it; None where every loss can be reached."""
    room = derivation.interior.reachable
    if room is None:
        return None
    left = room.subs(derivation.model.level, target)
    return sp.Piecewise((target, left > 0), (1 + find_floor(derivation), True))
