# ruff: noqa: ANN401 - mpmath numbers have no type
"""A number given by an equation: where a function falls through zero, as an expression like any other."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Self

import mpmath
import sympy as sp

from flopsheet.formula.mp_value import Env, known_or_none, mp_bind, mp_function, mp_value

SCAN_NODES = 64
"""Points at which the objective is looked at before a root is sought between the neighbours of the best one."""
HALVINGS = 60
"""Halvings of that stretch, after which it is as short as the last bits of its ends."""
SNAP = 2.0**-40
"""The part of the whole range within which a root counts as standing at its end."""
STEP = 2.0**-20
"""The relative step of the difference that stands for the slope of a root at a kink."""

_GUARD_BITS = 32
# Every fourth one halves: enough for all digits where the others gain nothing, as beside a jump.
_MOST_STEPS = 1600
_MOST_SECANTS = 40
_FIRST_SECANT = 2.0**-10
_BITS_PER_DIGIT = 3.33


class Root(sp.Expr):
    """The t in [low, high] with the least objective, where the residual falls through zero.

    Arguments are `Lambda(t, residual)`, `Lambda(t, objective)`, low and high. The objective is compared at
    the middles of `SCAN_NODES` equal parts of the range; between the neighbours of the best node the residual
    is followed to where it changes from positive to negative. Where it is positive up to `high` the root is
    `high`, where it is negative from `low` on it is `low`. An objective of 0 says that the residual changes
    its sign once only, so that there is nothing to compare.

    What residual, objective and ends read besides t stays free: substitution, implicit differentiation and
    evaluation at any precision work as for a formula.
    """

    is_commutative = True

    def __new__(cls, residual: sp.Lambda, objective: sp.Lambda, low: sp.Expr, high: sp.Expr) -> Self:
        """The root of `residual` between two ends."""
        return sp.Expr.__new__(cls, residual, objective, sp.sympify(low, strict=True), sp.sympify(high, strict=True))

    @property
    def unknown(self) -> sp.Symbol:
        """The t of the residual."""
        return self.args[0].variables[0]

    @property
    def residual(self) -> sp.Expr:
        """What falls through zero, over t."""
        return self.args[0].expr

    @property
    def objective(self) -> sp.Expr:
        """What is least at the root, over t; 0 where there is only one."""
        # A call would build the whole expression anew, and sympy compares the arguments of each `max` in it again.
        compared = self.args[1]
        return compared.expr if compared.variables == (self.unknown,) else compared(self.unknown)

    @property
    def low(self) -> sp.Expr:
        """The end on the left."""
        return self.args[2]

    @property
    def high(self) -> sp.Expr:
        """The end on the right."""
        return self.args[3]

    @property
    def is_single(self) -> bool:
        """Whether the residual changes its sign once only."""
        return self.objective == 0

    @property
    def is_kinked(self) -> bool:
        """Whether the residual may fall through zero by a jump."""
        return isinstance(self, KinkedRoot)

    def _eval_is_real(self) -> bool:
        return True

    def _eval_derivative(self, symbol: sp.Symbol) -> sp.Expr:
        """dt/ds = -(dr/ds) / (dr/dt) where r(t, s) = 0."""
        if symbol not in self.free_symbols:
            return sp.S.Zero
        slope = slope_of(self.residual, symbol) / slope_of(self.residual, self.unknown)
        return -put_in(slope, {self.unknown: self})

    def _eval_evalf(self, prec: int) -> sp.Expr | None:
        """The root with the digits of a precision, once nothing but t is free."""
        if self.free_symbols:
            return None
        with mpmath.workprec(prec + _GUARD_BITS):
            return sp.Float(self.mp_solve({}), int(prec / _BITS_PER_DIGIT) + 1)

    def mp_solve(self, env: Env) -> Any:
        """The root at the precision in force."""
        names = sorted(self.free_symbols, key=lambda symbol: symbol.name)
        return _solve(self, tuple((symbol, env[symbol]) for symbol in names), mpmath.mp.prec)

    def mp_bind(self, env: Env, moving: frozenset[sp.Symbol]) -> Callable[[Env], Any]:
        """Its value as a function of the symbols that move: of a root within a root, sought from where it was last."""
        unknown = self.unknown
        if not self.is_single:
            return lambda moved: self.mp_solve({**env, **moved})
        low, high = (mp_bind(end, env, moving) for end in (self.low, self.high))
        residual = mp_bind(self.residual, env, moving | {unknown})
        last: list[Any] = []

        def solve(moved: Env) -> Any:
            ends = low(moved), high(moved)
            value = known_or_none(lambda t: residual({**moved, unknown: t}))
            found = None
            if last:
                found = find_near(value, last[0], *ends)
            if found is None:
                found = find_crossing(value, *ends)
                if value(found) is None:
                    message = "the condition of a root has no value"
                    raise ValueError(message)
            last[:] = [found]
            return found

        return solve


class KinkedRoot(Root):
    """A root whose residual may fall through zero by a jump, where the objective has a kink.

    There the residual has no zero: the root is the place at which it changes from positive to negative.
    """

    def _eval_derivative(self, symbol: sp.Symbol) -> sp.Expr:
        """Its slope by a difference: beside a jump the residual knows nothing of how the place of the jump moves."""
        if symbol not in self.free_symbols:
            return sp.S.Zero
        step = sp.Rational(STEP)
        above, below = (self.xreplace({symbol: symbol * (1 + sign * step)}) for sign in (1, -1))
        return (above - below) / (2 * step * symbol)


class Put(sp.Expr):
    """An expression with values put in for symbols, kept as it is.

    Arguments are `Lambda((symbols), expression)` and the values. sympy spends minutes on comparing the arguments
    of `max` when roots are put into them; here the values are put in when there are numbers.
    """

    is_commutative = True

    def __new__(cls, function: sp.Lambda, *values: sp.Expr) -> Self:
        """The function of symbols at the values."""
        return sp.Expr.__new__(cls, function, *values)

    @property
    def mapping(self) -> dict[sp.Symbol, sp.Expr]:
        """What is put in for what."""
        return dict(zip(self.args[0].variables, self.args[1:], strict=True))

    @property
    def inner(self) -> sp.Expr:
        """What the values are put into."""
        return self.args[0].expr

    def _eval_is_real(self) -> bool:
        return True

    def _eval_derivative(self, symbol: sp.Symbol) -> sp.Expr:
        """The chain rule: what moves through each value, and what moves by itself."""
        mapping = self.mapping
        direct = sp.S.Zero if symbol in mapping else put_in(sp.diff(self.inner, symbol), mapping)
        through = [
            put_in(sp.diff(self.inner, variable), mapping) * sp.diff(value, symbol)
            for variable, value in mapping.items()
            if value.has(symbol)
        ]
        return sp.Add(direct, *through)

    def _eval_evalf(self, prec: int) -> sp.Expr | None:
        """The value, once nothing is free."""
        if self.free_symbols:
            return None
        with mpmath.workprec(prec + _GUARD_BITS):
            return sp.Float(self.mp_solve({}), int(prec / _BITS_PER_DIGIT) + 1)

    def mp_solve(self, env: Env) -> Any:
        """The value at the precision in force."""
        inside = {symbol: mp_value(value, env) for symbol, value in self.mapping.items()}
        return mp_value(self.inner, {**env, **inside})

    def mp_bind(self, env: Env, moving: frozenset[sp.Symbol]) -> Callable[[Env], Any]:
        """Its value as a function of the symbols that move, the others fixed."""
        values = {symbol: mp_bind(value, env, moving) for symbol, value in self.mapping.items()}
        whole = mp_bind(self.inner, env, moving | values.keys())
        return lambda moved: whole({**moved, **{symbol: value(moved) for symbol, value in values.items()}})


_COMPARING = (sp.Min, sp.Max, sp.Piecewise, sp.Heaviside, sp.Abs, sp.sign)


def slope_of(expr: sp.Expr, symbol: sp.Symbol) -> sp.Expr:
    """The derivative beside the kinks of an expression: the jump of a step counts as level."""
    known: dict[sp.Basic, sp.Basic] = {}

    def level(part: sp.Basic) -> sp.Basic:
        """A part without jumps; equal parts are done once, of which a derivative has thousands."""
        if part.is_Atom:
            return part
        if isinstance(part, sp.DiracDelta):
            return sp.S.Zero
        if part not in known:
            args = [level(arg) for arg in part.args]
            known[part] = part if args == list(part.args) else part.func(*args)
        return known[part]

    return level(sp.diff(expr, symbol))


def has_comparisons(expr: sp.Basic) -> bool:
    """Whether an expression compares, so that sympy is slow to put anything into it."""
    return bool(expr.has(*_COMPARING))


def compares(expr: sp.Basic, symbols: Sequence[sp.Symbol]) -> bool:
    """Whether an expression compares something that reads one of the symbols."""
    return any(part.has(*symbols) for part in expr.atoms(*_COMPARING))


def put_in(expr: sp.Expr, values: Mapping[sp.Symbol, sp.Expr]) -> sp.Expr:
    """An expression with values for symbols; where it compares or solves and they are more than names, as a `Put`."""
    if (has_comparisons(expr) or expr.has(Root)) and not all(value.is_Atom for value in values.values()):
        return Put(sp.Lambda(tuple(values), expr), *values.values())
    if any(not values.keys().isdisjoint(function.variables) for function in expr.atoms(sp.Lambda)):
        return expr.subs(values, simultaneous=True)
    # The same without a walk through the whole tree at each of its nodes.
    return expr.xreplace(dict(values))


def make_root(
    unknown: sp.Symbol,
    residual: sp.Expr,
    low: sp.Expr,
    high: sp.Expr,
    objective: sp.Expr = sp.S.Zero,
    *,
    kinked: bool = False,
) -> Root:
    """The root of a residual over an unknown, the one with the least objective where there may be several."""
    head = KinkedRoot if kinked else Root
    return head(sp.Lambda(unknown, residual), sp.Lambda(unknown, objective), low, high)


@lru_cache(maxsize=4096)
def _solve(root: Root, numbers: tuple[tuple[sp.Symbol, Any], ...], prec: int) -> Any:
    """The root at a precision, with numbers for its symbols."""
    env = dict(numbers)
    unknown, residual = root.unknown, root.residual
    with mpmath.workprec(prec):
        low, high = mp_value(root.low, env), mp_value(root.high, env)
        if not low < high:
            return low
        value = mp_function(residual, env, unknown)
        left, right = (low, high) if root.is_single else best_stretch(root, low, high, env)
        found = find_crossing(value, left, right)
        span = (high - low) * SNAP
        return low if found <= low + span else high if found >= high - span else found


def best_stretch(root: Root, low: Any, high: Any, env: Env) -> tuple[Any, Any]:
    """The stretch between the neighbours of the node with the least objective."""
    width = (high - low) / SCAN_NODES
    objective = mp_function(root.objective, env, root.unknown)
    with mpmath.workdps(20):
        nodes = [low + (index + 0.5) * width for index in range(SCAN_NODES)]
        values = [objective(node) for node in nodes]
    known = [mpmath.inf if value is None else value for value in values]
    best = known.index(min(known))
    return max(low, low + (best - 0.5) * width), min(high, low + (best + 1.5) * width)


def find_near(value: Callable[[Any], Any], start: Any, low: Any, high: Any) -> Any:
    """Where a monotone function vanishes, by secants from a place nearby, or None where they do not arrive."""
    close = mpmath.mpf(10) ** (3 - mpmath.mp.dps)
    before, point = start, start + _FIRST_SECANT
    at_before, there = value(before), value(point)
    for _ in range(_MOST_SECANTS):
        if at_before is None or there is None:
            return None
        if there == 0:
            return point
        if there == at_before:
            return None
        before, at_before, point = point, there, point - there * (point - before) / (there - at_before)
        if not low < point < high:
            return None
        if abs(point - before) <= close * max(1, abs(point)):
            return point
        there = value(point)
    return None


def find_crossing(value: Callable[[Any], Any], low: Any, high: Any) -> Any:
    """Where a function goes from positive to negative, at the precision in force; an end where it does not.

    Where the function has no value it counts as positive in the left half of the stretch, else as negative.
    """
    middle_of_all = (low + high) / 2

    def known(t: Any) -> Any:
        found = value(t)
        return (1 if t < middle_of_all else -1) if found is None else found

    left, right = low, high
    at_left, at_right = known(left), known(right)
    # Without opposite signs at the ends halving still finds a fall through zero, or the end where there is none.
    opposite = at_left > 0 > at_right
    close = mpmath.mpf(10) ** (3 - mpmath.mp.dps)
    kept = 0
    for step in range(_MOST_STEPS):
        if right - left <= close * max(1, abs(left)):
            break
        point = (left + right) / 2
        if opposite and step % 4 != 3:
            # Regula falsi that halves the weight of an end that stays (Illinois).
            chord = (left * at_right - right * at_left) / (at_right - at_left)
            point = chord if left < chord < right else point
        there = known(point)
        if there == 0:
            return point
        if there > 0:
            left, at_left = point, there
            at_right, kept = (at_right / 2, 1) if kept == 1 else (at_right, 1)
        else:
            right, at_right = point, there
            at_left, kept = (at_left / 2, -1) if kept == -1 else (at_left, -1)
    return (left + right) / 2
