"""Deciding one stated formula: as an identity, else at the law's constants, else at a scenario's numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import sympy as sp

from flopsheet.derive.algebra import expand_logarithm
from flopsheet.derive.proof import Proof
from flopsheet.derive.proving import Prover
from flopsheet.derive.sample import DIGITS, relative_gaps
from flopsheet.messages import Message

AT_CONSTANTS = Message("detail.at_constants")
"""The detail of a proof that holds for the law's numbers, though not for every value of its constants."""

_AGREES = 1e-40
# How far from its usual amount, in decades, a budget is tried: a formula with cases may fail only there.
_DECADES = (-8, -6, -4, -2, 2, 4, 6, 8)
# Bases are compared by prime factors up to this one; what is left over counts as one factor.
_LARGEST_PRIME = 100_000


@dataclass(frozen=True)
class ClaimProver:
    """Decides stated formulas of one claim.

    `usual` samples freely; `numbers` are the constants, budget and caps of the scenario; `when` is positive where
    the claim speaks; `at_scenario` says whether it speaks of the scenario's numbers alone.
    """

    usual: Prover
    constants: Sequence[sp.Symbol]
    amount: sp.Symbol
    numbers: Mapping[sp.Symbol, float]
    when: Sequence[sp.Expr] = ()
    at_scenario: bool = False

    def decide(self, name: str, stated: sp.Expr, derived: sp.Expr) -> Proof:
        """The verdict on stated = derived; what is refuted as an identity may still hold for the law's numbers."""
        statement = f"{name} is as stated"
        proof = self.usual.prove_equal(statement, stated, derived, where=self.when)
        if proof.verdict == "proven":
            return proof
        fixed = self._fixed(self.constants)
        if is_same_at(stated, derived, {**self.usual.exact, **fixed}):
            return Proof(statement, "symbolic", "proven", sp.S.Zero, AT_CONSTANTS)
        if proof.verdict == "checked":
            return proof if self.at_scenario else self._try_far_budgets(proof, stated, derived)
        if self._agree_at(fixed, stated, derived):
            held = Proof(statement, "numeric", "checked", detail=Message("detail.agree_at_constants"))
            return held if self.at_scenario else self._try_far_budgets(held, stated, derived)
        if self.at_scenario and self._agree_at(self._fixed(list(self.numbers)), stated, derived):
            return Proof(statement, "numeric", "checked", detail=Message("detail.agree_at_scenario"))
        return proof

    def _fixed(self, symbols: Sequence[sp.Symbol]) -> dict[sp.Symbol, sp.Rational]:
        """The numbers of some symbols as the decimals they are written as."""
        known = {symbol: self.numbers[symbol] for symbol in symbols if symbol in self.numbers}
        return {symbol: sp.Rational(repr(value)) for symbol, value in known.items() if math.isfinite(value)}

    def _agree_at(self, fixed: Mapping[sp.Symbol, sp.Rational], left: sp.Expr, right: sp.Expr) -> bool:
        """Whether both sides agree wherever they have a value, with some symbols at their numbers."""
        prover = replace(self.usual, exact={**self.usual.exact, **fixed})
        gaps = relative_gaps(left, right, prover.points(left, right, where=self.when))
        return bool(gaps) and all(gap <= _AGREES for _, gap in gaps)

    def _try_far_budgets(self, proof: Proof, stated: sp.Expr, derived: sp.Expr) -> Proof:
        """A proof from samples near the plan's budget, kept only if it holds at other budgets too."""
        usual = self.numbers.get(self.amount, 0.0)
        if not (math.isfinite(usual) and usual > 0):
            return proof
        exact = {**self.usual.exact, **self._fixed(list(self.numbers))}
        start = {symbol: sp.Float(value, DIGITS) for symbol, value in exact.items()}
        far = [{**start, self.amount: sp.Float(repr(usual), DIGITS) * 10**power} for power in _DECADES]
        for point, gap in relative_gaps(stated, derived, far):
            if gap > _AGREES:
                at = f"{self.amount} = {float(point[self.amount]):.3g}"
                detail = Message("detail.differ_by", {"gap": float(gap), "point": at})
                return Proof(proof.statement, "numeric", "refuted", residual=stated - derived, detail=detail)
        return proof


def is_same_at(left: sp.Expr, right: sp.Expr, numbers: Mapping[sp.Symbol, sp.Rational]) -> bool:
    """Whether two products of powers are equal once some symbols stand for numbers, shown without rounding.

    The logarithm of the ratio is a sum of exponents times logarithms of bases. With the numbers in, exponents are
    fractions and bases fractions or symbols; a fraction is taken apart into prime factors. False means not shown.
    """
    exponents: dict[sp.Expr, sp.Expr] = {}
    for term in sp.Add.make_args(expand_logarithm(left) - expand_logarithm(right)):
        coefficient, logarithm = term.as_independent(sp.log, as_Add=False)
        base = logarithm.args[0] if isinstance(logarithm, sp.log) else None
        if base is None and logarithm != 1:
            return False
        weight = coefficient.xreplace(dict(numbers))
        for factor, power in _factors(sp.E if base is None else base, numbers):
            exponents[factor] = exponents.get(factor, sp.S.Zero) + weight * power
    return all(total.is_Rational and total == 0 for total in exponents.values())


def _factors(base: sp.Expr, numbers: Mapping[sp.Symbol, sp.Rational]) -> list[tuple[sp.Expr, int]]:
    """A base as factors with their powers."""
    if any(not power.exp.is_Integer for power in base.atoms(sp.Pow)):
        return [(base, 1)]
    value = base.xreplace(dict(numbers))
    if not (value.is_Rational and value.is_positive):
        return [(value, 1)]
    above = sp.factorint(value.p, limit=_LARGEST_PRIME).items()
    below = sp.factorint(value.q, limit=_LARGEST_PRIME).items()
    return [
        *((sp.Integer(prime), power) for prime, power in above),
        *((sp.Integer(prime), -power) for prime, power in below),
    ]
