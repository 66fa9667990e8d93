# ruff: noqa: ANN401 - mpmath numbers have no type
"""The value of an expression in mpmath, at whatever precision is in force: many times faster than sympy's own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Protocol, runtime_checkable

import mpmath
import sympy as sp

from flopsheet.formula.heads import Log2, Log10, Round

Env = Mapping[sp.Symbol, Any]


@runtime_checkable
class Solved(Protocol):
    """An expression that knows how to find its own value."""

    def mp_solve(self, env: Env) -> Any:
        """Its value with the symbols of `env` put in."""


@runtime_checkable
class Bound(Solved, Protocol):
    """An expression that knows its own value as a function of some of its symbols."""

    def mp_bind(self, env: Env, moving: frozenset[sp.Symbol]) -> Callable[[Env], Any]:
        """Its value as a function of the symbols that move."""


def mp_value(expr: sp.Basic, env: Env) -> Any:
    """The value with the symbols of `env` put in: an mpf, or a bool for a condition; equal parts are computed once.

    Raises:
        ValueError: it has no real value there.
        ZeroDivisionError: it divides by zero there.
    """
    return _value(expr, env, {})


def _value(expr: sp.Basic, env: Env, known: dict[sp.Basic, Any]) -> Any:
    """The value, from those of its parts that are known."""
    if isinstance(expr, sp.Symbol):
        return env[expr]
    if expr not in known:
        known[expr] = _value_of_parts(expr, env, known)
    return known[expr]


def _value_of_parts(expr: sp.Basic, env: Env, known: dict[sp.Basic, Any]) -> Any:
    """The value of what is more than a symbol."""
    if isinstance(expr, sp.Rational):
        return mpmath.mpf(int(expr.p)) / int(expr.q)
    if isinstance(expr, sp.Float):
        return mpmath.mpf(expr._mpf_)
    if isinstance(expr, sp.Pow):
        return _power(_value(expr.base, env, known), _value(expr.exp, env, known))
    if isinstance(expr, sp.Piecewise):
        return _choose(expr, env, known)
    head = _HEADS.get(type(expr))
    if head is not None:
        return head([_value(arg, env, known) for arg in expr.args])
    if expr in _CONSTANTS:
        return _CONSTANTS[expr]()
    if isinstance(expr, Solved):
        return expr.mp_solve(env)
    message = f"`{expr}` has no number"
    raise ValueError(message)


def mp_or_none(expr: sp.Basic, env: Env) -> Any:
    """The value, or None where there is none."""
    try:
        value = mp_value(expr, env)
    except (ValueError, ArithmeticError):
        return None
    return value if isinstance(value, bool) or mpmath.isfinite(value) else None


def mp_function(expr: sp.Basic, env: Env, unknown: sp.Symbol) -> Callable[[Any], Any]:
    """The value as a function of one symbol, or None where there is none; what does not move is computed once."""
    try:
        call = mp_bind(expr, env, frozenset({unknown}))
    except (ValueError, ArithmeticError):
        return lambda _: None

    return known_or_none(lambda t: call({unknown: t}))


def known_or_none(call: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A function that gives None where the one it calls has no finite value."""

    def value(t: Any) -> Any:
        try:
            found = call(t)
        except (ValueError, ArithmeticError):
            return None
        return found if mpmath.isfinite(found) else None

    return value


def mp_bind(expr: sp.Basic, env: Env, moving: frozenset[sp.Symbol]) -> Callable[[Env], Any]:
    """The value as a function of the symbols that move; all others are put in at once, common parts computed once."""
    shared, reduced = _share_parts(expr)
    steps = []
    for symbol, part in shared:
        steps.append((symbol, _bind(part, env, moving)))
        moving |= {symbol}
    whole = _bind(reduced, env, moving)

    def value(moved: Env) -> Any:
        known = dict(moved)
        for symbol, step in steps:
            known[symbol] = step(known)
        return whole(known)

    return value


@lru_cache(maxsize=256)
def _share_parts(expr: sp.Basic) -> tuple[Sequence[tuple[sp.Symbol, sp.Basic]], sp.Basic]:
    """The common parts of an expression in order, and what is left of it; one that solves for itself stays whole."""
    if any(isinstance(part, Solved) for part in {type(part): part for part in sp.preorder_traversal(expr)}.values()):
        return (), expr
    shared, (reduced,) = sp.cse([expr], symbols=sp.numbered_symbols("common", cls=sp.Dummy), order="none")
    return shared, reduced


def _bind(expr: sp.Basic, env: Env, moving: frozenset[sp.Symbol]) -> Callable[[Env], Any]:
    """The value as a function of the symbols that move, from those of its parts."""
    if isinstance(expr, sp.Symbol) and expr in moving:
        return lambda moved: moved[expr]
    if not expr.free_symbols & moving:
        fixed = mp_value(expr, env)
        return lambda _: fixed
    if isinstance(expr, Bound):
        return expr.mp_bind(env, moving)
    args = _split_still(expr, moving) if isinstance(expr, (sp.Add, sp.Mul)) else expr.args
    if isinstance(expr, sp.Pow):
        base, exponent = (_bind(arg, env, moving) for arg in args)
        return lambda moved: _power(base(moved), exponent(moved))
    head = _HEADS.get(type(expr))
    if head is None:
        return lambda moved: mp_value(expr, {**env, **moved})
    parts = [_bind(arg, env, moving) for arg in args]
    return lambda moved: head([part(moved) for part in parts])


def _split_still(expr: sp.Expr, moving: frozenset[sp.Symbol]) -> list[sp.Expr]:
    """The terms or factors that move, after all that do not as one."""
    still = [arg for arg in expr.args if not arg.free_symbols & moving]
    return [expr.func(*still), *(arg for arg in expr.args if arg.free_symbols & moving)]


def _power(base: Any, exponent: Any) -> Any:
    """A real power."""
    if base == 0 and exponent < 0:
        raise ZeroDivisionError
    if base < 0 and exponent != int(exponent):
        message = "a fractional power of something negative"
        raise ValueError(message)
    return base ** (int(exponent) if exponent == int(exponent) else exponent)


def _choose(expr: sp.Piecewise, env: Env, known: dict[sp.Basic, Any]) -> Any:
    """The value of the first branch whose condition holds."""
    for value, condition in expr.args:
        if condition == sp.true or _value(condition, env, known):
            return _value(value, env, known)
    message = "no branch of a choice holds"
    raise ValueError(message)


def _log(args: Sequence[Any]) -> Any:
    """A natural logarithm of something positive."""
    if args[0] <= 0:
        message = "the logarithm of something that is not positive"
        raise ValueError(message)
    return mpmath.log(args[0])


def _product(args: Sequence[Any]) -> Any:
    """A product."""
    found = mpmath.mpf(1)
    for arg in args:
        found *= arg
    return found


def _step(args: Sequence[Any]) -> Any:
    """0 below zero, 1 above, one half at it."""
    return mpmath.mpf(0.5) if args[0] == 0 else mpmath.mpf(int(args[0] > 0))


def _round(args: Sequence[Any]) -> Any:
    """Rounded half away from zero."""
    return mpmath.sign(args[0]) * mpmath.floor(abs(args[0]) + mpmath.mpf(0.5))


_HEADS: Mapping[type, Callable[[Sequence[Any]], Any]] = {
    sp.Add: lambda args: sum(args, mpmath.mpf(0)),
    sp.Mul: _product,
    sp.exp: lambda args: mpmath.exp(args[0]),
    sp.log: _log,
    Log10: lambda args: _log(args) / mpmath.log(10),
    Log2: lambda args: _log(args) / mpmath.log(2),
    sp.atan: lambda args: mpmath.atan(args[0]),
    sp.sin: lambda args: mpmath.sin(args[0]),
    sp.cos: lambda args: mpmath.cos(args[0]),
    sp.Abs: lambda args: abs(args[0]),
    sp.sign: lambda args: mpmath.sign(args[0]),
    sp.Heaviside: _step,
    sp.Min: min,
    sp.Max: max,
    sp.floor: lambda args: mpmath.floor(args[0]),
    sp.ceiling: lambda args: mpmath.ceil(args[0]),
    Round: _round,
    sp.StrictLessThan: lambda args: args[0] < args[1],
    sp.LessThan: lambda args: args[0] <= args[1],
    sp.StrictGreaterThan: lambda args: args[0] > args[1],
    sp.GreaterThan: lambda args: args[0] >= args[1],
    sp.Equality: lambda args: args[0] == args[1],
    sp.Unequality: lambda args: args[0] != args[1],
    sp.And: all,
    sp.Or: any,
    sp.Not: lambda args: not args[0],
    sp.ITE: lambda args: args[1] if args[0] else args[2],
}
_CONSTANTS: Mapping[sp.Basic, Callable[[], Any]] = {
    sp.E: mpmath.e,
    sp.pi: mpmath.pi,
    sp.true: lambda: True,
    sp.false: lambda: False,
    sp.oo: lambda: mpmath.inf,
}
