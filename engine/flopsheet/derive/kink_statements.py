# ruff: noqa: ANN401 - mpmath numbers have no type
"""The statements about an optimum that may stand at a kink: there a condition changes its sign without a zero."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import mpmath
import sympy as sp

from flopsheet.derive.contour import UNKNOWN, optimum_on, put_along
from flopsheet.derive.kinks import shift_along
from flopsheet.derive.proof import Proof
from flopsheet.derive.proving import Prover
from flopsheet.derive.regimes import Regime, find_caps
from flopsheet.derive.sample import DIGITS
from flopsheet.derive.stationarity import Interior
from flopsheet.formula.mp_value import mp_function, mp_or_none
from flopsheet.formula.root import Root
from flopsheet.model.law_model import LawModel

_MOST_POINTS = 4
_LEAST_POINTS = 3
# How far beside an optimum its sides are looked at, in the unknown of the contour.
_SIDE = "1e-30"
# The relative change of a budget that shows what it is worth, and what that may differ by from the multiplier.
_CHANGE = "1e-12"
_AGREES = 1e-9
# Two sides of the condition, between -1 and 1, differ by more than this at a kink.
_JUMP = 1e-6
# A cap is tried at this part of the free optimum.
_CAPPED = 0.7


@dataclass(frozen=True)
class KinkedProofs:
    """What is stated of an optimum that may be a kink; `price` says that the multiplier is the budget's worth."""

    stationarity: Proof
    exponents: Proof
    signs: Proof
    price: Proof


@dataclass(frozen=True)
class _Seen:
    """What was found at one sampled point; each of the flags says whether a statement holds there."""

    jumps: bool
    falls: bool
    sums: bool
    signs: bool
    priced: bool


def check_kinked(model: LawModel, interior: Interior, regimes: Sequence[Regime], prover: Prover) -> KinkedProofs:
    """The verdicts at random budgets and constants, with 50 digits: the optimum and both of its sides are computed."""
    assert interior.budget is not None  # noqa: S101 - only a root can be a kink
    root = optimum_on(interior.budget, interior.residual, model.loss)
    seen: list[_Seen] = []
    with mpmath.workdps(DIGITS):
        for point in prover.points(root, model.loss.subs(dict.fromkeys(model.decisions, 1))):
            env = {symbol: mpmath.mpf(value._mpf_) for symbol, value in point.items()}
            found = _Looker(model, interior, root, env).look()
            seen += [] if found is None else [found]
            if len(seen) == _MOST_POINTS:
                break
    x, y = model.decisions
    kinks = sum(found.jumps for found in seen)
    where = f"at {len(seen)} seeded random points with {DIGITS} digits, {kinks} of them at a kink"
    stationarity = (
        f"stationarity: at the optimum what the budget is worth spent on {x} less what it is worth spent on {y} "
        "falls through zero, at a kink of the loss by a jump"
    )
    weights = " + ".join(f"share({z}) * d ln {z}/d ln {model.amount}" for z in (x, y))
    binding = sorted({name for regime in regimes for name in regime.multipliers})
    signs = (
        f"KKT signs: the multiplier of each limit ({', '.join(binding)}) is not negative where it binds and the loss "
        "rises with no decision; at a kink the budget's lies between those of both sides"
    )
    return KinkedProofs(
        stationarity=_judge(stationarity, [found.falls for found in seen], f"its sign changes {where}"),
        exponents=_judge(
            f"exponents: {weights} = 1 (a + b = 1)",
            [found.sums for found in seen],
            f"slopes by differences agree to 9 digits {where}",
        ),
        signs=_judge(signs, [found.signs for found in seen], where),
        price=_judge(
            "price",
            [found.priced for found in seen],
            f"the multiplier is what a difference of budgets changes the loss by, to 9 digits, {where}",
        ),
    )


def _judge(statement: str, holds: Sequence[bool], detail: str) -> Proof:
    """Checked where it holds at all points, refuted where it fails at one, undecided at too few."""
    if not all(holds):
        return Proof(statement, "numeric", "refuted", detail="it fails at a sampled point")
    if len(holds) < _LEAST_POINTS:
        detail = f"only {len(holds)} sampled points have an optimum between the ends"
        return Proof(statement, "numeric", "undecided", detail=detail)
    return Proof(statement, "numeric", "checked", detail=detail)


@dataclass
class _Looker:
    """The optimum at one budget and set of constants, and what is beside it."""

    model: LawModel
    interior: Interior
    root: Root
    env: Mapping[sp.Symbol, Any]

    def look(self) -> _Seen | None:
        """What holds there; None where the optimum is at an end, or as good as its neighbours."""
        model, contour = self.model, self.interior.budget
        assert contour is not None  # noqa: S101 - asked for by the caller
        low, high = (mp_or_none(end, self.env) for end in contour.ends)
        t = self.root.mp_solve(self.env)
        if low is None or high is None or not low < t < high:
            return None
        residual = mp_function(put_along(self.interior.residual, contour), self.env, UNKNOWN)
        below, above = residual(t - mpmath.mpf(_SIDE)), residual(t + mpmath.mpf(_SIDE))
        if below is None or above is None:
            return None
        here = self._decide(self.env, t)
        shares = {z: self._value(self.interior.shares[z], here) for z in model.decisions}
        gains = [self._gains(shift_along(here, shares, sign * mpmath.mpf(_SIDE))) for sign in (-1, 1)]
        price = _multiplier(gains, shares)
        slopes, worth = self._change()
        total = sum(shares[z] * slopes[z] for z in model.decisions)
        largest = max(abs(gain / shares[z]) for side in gains for z, gain in side.items())
        return _Seen(
            jumps=bool(abs(below - above) > _JUMP),
            falls=bool(below > 0 > above),
            sums=bool(abs(total - 1) <= _AGREES),
            signs=bool(price >= 0) and all(self._capped(z, here) for z in find_caps(model)),
            priced=bool(abs(price - worth) <= _AGREES * largest),
        )

    def _decide(self, env: Mapping[sp.Symbol, Any], t: Any) -> dict[sp.Symbol, Any]:
        """Both decisions at a place of the budget."""
        contour = self.interior.budget
        assert contour is not None  # noqa: S101 - asked for by the caller
        found = {z: mp_function(contour.at[z], env, UNKNOWN)(t) for z in self.model.decisions}
        return {z: mpmath.mpf(1) if value is None else value for z, value in found.items()}

    def _value(self, expr: sp.Expr, at: Mapping[sp.Symbol, Any]) -> Any:
        """An expression at decisions; not a number where it has none."""
        found = mp_or_none(expr, {**self.env, **at})
        return mpmath.nan if found is None else found

    def _gains(self, at: Mapping[sp.Symbol, Any]) -> dict[sp.Symbol, Any]:
        """What each decision gains."""
        return {z: self._value(self.interior.gains[z], at) for z in self.model.decisions}

    def _change(self) -> tuple[dict[sp.Symbol, Any], Any]:
        """What a relative change of the budget changes the decisions by, and what it lowers the loss by."""
        amount, change = self.model.amount, mpmath.mpf(_CHANGE)
        logs, losses = [], []
        for sign in (-1, 1):
            env = {**self.env, amount: self.env[amount] * mpmath.exp(sign * change)}
            there = self._decide(env, self.root.mp_solve(env))
            logs.append({z: mpmath.log(value) for z, value in there.items()})
            losses.append(self._value(self.model.loss, there))
        slopes = {z: (logs[1][z] - logs[0][z]) / (2 * change) for z in logs[0]}
        return slopes, (losses[0] - losses[1]) / (2 * change)

    def _capped(self, z: sp.Symbol, here: Mapping[sp.Symbol, Any]) -> bool:
        """Whether a cap below the optimum, and the budget beside it, are worth something or nothing, never less.

        Of a place where the loss rises with a decision nothing is stated: there the budget is not worth spending.
        """
        other = next(other for other in self.model.decisions if other != z)
        at = {z: here[z] * _CAPPED}
        at[other] = self._value(self.interior.on_budget[other], at)
        gains = self._gains(at)
        shares = {symbol: self._value(self.interior.shares[symbol], at) for symbol in at}
        price = gains[other] / shares[other]
        return bool(min(gains.values()) < 0 or gains[z] - price * shares[z] >= 0)


def _multiplier(gains: Sequence[Mapping[sp.Symbol, Any]], shares: Mapping[sp.Symbol, Any]) -> Any:
    """The budget's multiplier from both sides: the mean for which it is worth the same in either decision."""
    (x, y), (below, above) = shares, gains
    fall = max(0, below[x] / shares[x] - below[y] / shares[y])
    rise = max(0, above[y] / shares[y] - above[x] / shares[x])
    return (above[x] * fall + below[x] * rise) / (fall + rise) / shares[x] if fall + rise else below[x] / shares[x]
