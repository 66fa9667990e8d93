"""Whether two formulas are the same mathematics: by algebra where it goes, else at points, and said so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import sympy as sp

from flopsheet.derive.algebra import is_zero_by_algebra
from flopsheet.derive.proving import Prover
from flopsheet.derive.sample import DIGITS, evaluate_at, relative_gaps
from flopsheet.model.cell import make_symbol
from flopsheet.model.literals import list_fractions, put_names

Sameness = Literal["same", "same_at_constants", "agrees", "different", "undecided"]
"""`same` and `same_at_constants` (with the constants' numbers put in) are proven, `agrees` was only sampled."""

# Sides that agree to this many digits at a point are taken as equal there.
_AGREES = 1e-40
# A formula of more operations, or with a higher power of a sum, is not multiplied out.
_MOST_OPERATIONS = 1_000
_MOST_MULTIPLIED = 12


@dataclass(frozen=True)
class Counterexample:
    """A point at which two formulas differ; None where one of them has no value there."""

    point: Mapping[str, float]
    old: float | None
    new: float | None


@dataclass(frozen=True)
class Rewriting:
    """What became of a formula that is written differently."""

    sameness: Sameness
    counterexample: Counterexample | None = None


def compare_formulas(
    old: sp.Expr,
    new: sp.Expr,
    *,
    around: Mapping[str, float],
    constants: tuple[Mapping[str, float], Mapping[str, float]] = ({}, {}),
) -> Rewriting:
    """Whether two formulas over symbols of the same names have the same value whatever these stand for.

    Args:
        old: One formula.
        new: The other.
        around: Usual numbers by symbol name; a counterexample is looked for at these first.
        constants: The numbers that constants have on either side: a number of one side may be a name on the other.
    """
    left, right = _share_symbols(old, new)
    plain = _decide(left, right, around)
    if plain.sameness != "different" or not any(constants):
        return plain
    first, second = (
        expr.xreplace({s: sp.Rational(repr(numbers[s.name])) for s in expr.free_symbols if s.name in numbers})
        for expr, numbers in zip((left, right), constants, strict=True)
    )
    at_numbers = _decide(first, second, around)
    return Rewriting("same_at_constants") if at_numbers.sameness == "same" else plain


def _share_symbols(old: sp.Expr, new: sp.Expr) -> tuple[sp.Expr, sp.Expr]:
    """Both formulas over common symbols: positive where they are on both sides."""
    signs: dict[str, bool] = {}
    for symbol in old.free_symbols | new.free_symbols:
        signs[symbol.name] = signs.get(symbol.name, True) and bool(symbol.is_positive)
    common = {name: make_symbol(name, positive=positive) for name, positive in signs.items()}
    left, right = (expr.xreplace({s: common[s.name] for s in expr.free_symbols}) for expr in (old, new))
    return left, right


def _decide(left: sp.Expr, right: sp.Expr, around: Mapping[str, float]) -> Rewriting:
    """The verdict on two formulas over common symbols."""
    if left == right:
        return Rewriting("same")
    # Powers of fractions are slow to compare: names stand for them, at whose numbers alone points are drawn.
    named = {number: make_symbol(f"fraction {number}") for number in list_fractions([left, right])}
    prover = Prover(
        around={s: around[s.name] for s in left.free_symbols | right.free_symbols if s.name in around},
        exact={symbol: number for number, symbol in named.items()},
    )
    point = _find_apart(left, right, around, prover)
    if point is not None:
        return Rewriting("different", point)
    if not (_is_short(left) and _is_short(right)):
        proof = "checked" if relative_gaps(left, right, prover.points(left, right)) else "undecided"
    else:
        proof = prover.prove_equal("", put_names(left, named), put_names(right, named)).verdict
        if proof != "proven" and is_zero_by_algebra(left - right):
            proof = "proven"
    return Rewriting("same" if proof == "proven" else "undecided" if proof == "undecided" else "agrees")


def _find_apart(left: sp.Expr, right: sp.Expr, around: Mapping[str, float], prover: Prover) -> Counterexample | None:
    """A point at which the two differ, that of the usual numbers if it is one; None where they agree wherever tried."""
    symbols = sorted(left.free_symbols | right.free_symbols, key=lambda symbol: symbol.name)
    points = prover.points(left, right)
    if all(symbol.name in around for symbol in symbols):
        points.insert(0, {symbol: sp.Float(repr(around[symbol.name]), DIGITS) for symbol in symbols})
    for point in points:
        values = [evaluate_at(side, point) for side in (left, right)]
        known = [value for value in values if value is not None]
        one_sided = len(known) == 1
        scale = max((abs(value) for value in known), default=0)
        apart = len(known) == 2 and scale and abs(known[0] - known[1]) / scale > _AGREES
        if one_sided or apart:
            old, new = (None if value is None else float(value) for value in values)
            return Counterexample({symbol.name: float(point[symbol]) for symbol in symbols}, old, new)
    return None


def _is_short(expr: sp.Expr) -> bool:
    """Whether algebra on a formula takes no more than a moment."""
    powers = (abs(power.exp) for power in expr.atoms(sp.Pow) if power.exp.is_Integer and power.base.has(sp.Add))
    return expr.count_ops() <= _MOST_OPERATIONS and all(power <= _MOST_MULTIPLIED for power in powers)
