"""Deciding a statement: by algebra where it goes, else at random points with 50 digits, and said so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import sympy as sp

from flopsheet.derive.algebra import holds_bell, is_same_product, is_zero_by_algebra
from flopsheet.derive.proof import Proof, Verdict
from flopsheet.derive.sample import POINTS, evaluate_at, is_positive_at, relative_gaps, sample_points
from flopsheet.formula.root import Root, has_comparisons
from flopsheet.messages import Message

# Two sides that agree to this many digits at every sampled point are taken as equal (never as proven).
_AGREES = 1e-40
# A number handed from one side to the other carries its own rounding.
_AGREES_CHAINED = 1e-30
_LEAST_POINTS = 3
_MOST_DRAWS = 200
# Algebra takes every base as positive; two points guard against the cases where one is not.
_SANITY_POINTS = 2
# Operations of what compares up to which it is factored.
_LONGEST = 120


@dataclass(frozen=True)
class Prover:
    """Decides statements about expressions whose symbols usually lie `around` given values.

    Symbols in `exact` stand for numbers: they are sampled at their value alone. Points at which one of `always`
    is not positive are left out: no statement is about them. Symbols in `given` follow from the others, by formulas of
    which each reads only earlier ones.
    """

    around: Mapping[sp.Symbol, float]
    exact: Mapping[sp.Symbol, sp.Rational] = field(default_factory=dict)
    always: tuple[sp.Expr, ...] = ()
    given: Mapping[sp.Symbol, sp.Expr] = field(default_factory=dict)

    def points(self, *exprs: sp.Expr, where: Sequence[sp.Expr] = ()) -> list[dict[sp.Symbol, sp.Float]]:
        """Random points for all symbols of the given expressions, at which all of `where` are positive."""
        where = (*where, *self.always)
        symbols = set().union(*(sp.sympify(expr, strict=True).free_symbols for expr in (*exprs, *where)))
        for symbol in reversed(self.given):
            symbols |= self.given[symbol].free_symbols if symbol in symbols else set()
        # The few draws do where the conditions usually hold; the many are for conditions that seldom do.
        for count in (POINTS, _MOST_DRAWS):
            drawn = [self._complete(point) for point in sample_points(symbols, self.around, self.exact, count)]
            points = [point for point in drawn if all(is_positive_at(condition, point) for condition in where)]
            if len(points) >= _LEAST_POINTS or not where:
                break
        return points[:POINTS]

    def _complete(self, point: dict[sp.Symbol, sp.Float]) -> dict[sp.Symbol, sp.Float]:
        """A point with the symbols that follow from others at their values."""
        for symbol, expr in self.given.items():
            if symbol in point and (value := evaluate_at(expr, point)) is not None:
                point[symbol] = value
        return point

    def prove_equal(self, statement: str, left: sp.Expr, right: sp.Expr, where: Sequence[sp.Expr] = ()) -> Proof:
        """A verdict on left = right, both positive, at points where all of `where` are positive."""
        points = self.points(left, right, where=where)
        # What holds a root is no matter of algebra, and each of its values takes long.
        solved = left.has(Root) or right.has(Root)
        points = points[: _LEAST_POINTS + 1] if solved else points
        same = not solved and is_same_product(left, right)
        if same and all(gap <= _AGREES for _, gap in relative_gaps(left, right, points[:_SANITY_POINTS])):
            return Proof(statement, "symbolic", "proven", residual=sp.S.Zero)
        gaps = relative_gaps(left, right, points)
        apart = [(point, gap) for point, gap in gaps if gap > _AGREES]
        if apart:
            point, gap = apart[0]
            detail = Message("detail.differ_by", {"gap": float(gap), "point": _describe(point)})
            return Proof(statement, "numeric", "refuted", residual=left - right, detail=detail)
        if not solved and is_zero_by_algebra(left - right):
            return Proof(statement, "symbolic", "proven", residual=sp.S.Zero)
        return self._sampled(statement, len(gaps), "agree_40")

    def check_chain(
        self,
        statement: str,
        link: tuple[sp.Symbol, sp.Expr],
        pairs: Sequence[tuple[sp.Expr, sp.Expr]],
        where: Sequence[sp.Expr] = (),
    ) -> Proof:
        """A verdict by numbers on left = right for each pair, where the left sides read a symbol given by `link`."""
        symbol, given = link
        count = 0
        for point in self.points(given, *(right for _, right in pairs), where=where)[: _LEAST_POINTS + 1]:
            value = evaluate_at(given, point)
            if value is None:
                continue
            count += 1
            there = {**point, symbol: value}
            gaps = [gap for left, right in pairs for _, gap in relative_gaps(left, right, [there])]
            if len(gaps) < len(pairs) or max(gaps) > _AGREES_CHAINED:
                detail = Message("detail.differ", {"point": _describe(point)})
                return Proof(statement, "numeric", "refuted", detail=detail)
        return self._sampled(statement, count, "agree_30")

    def prove_positive(self, statement: str, expr: sp.Expr) -> Proof:
        """A verdict on expr > 0."""
        if _is_positive_by_form(expr):
            return Proof(statement, "symbolic", "proven", residual=expr)
        values = [evaluate_at(expr, point) for point in self.points(expr)]
        known = [value for value in values if value is not None]
        if any(value <= 0 for value in known):
            return Proof(statement, "numeric", "refuted", residual=expr, detail=Message("detail.negative"))
        return self._sampled(statement, len(known), "positive")

    def _sampled(self, statement: str, count: int, what: str) -> Proof:
        """The verdict where algebra did not decide and no sampled point contradicts."""
        if count < _LEAST_POINTS:
            detail = Message("detail.few_points", {"count": count})
            return Proof(statement, "numeric", "undecided", detail=detail)
        detail = Message("detail.sampled", {"what": Message(f"detail.{what}"), "count": count})
        return Proof(statement, "numeric", "checked", detail=detail)


def combine_proofs(statement: str, proofs: Sequence[Proof]) -> Proof:
    """One proof of a statement that holds when all given ones do: the weakest verdict is kept."""
    order: dict[Verdict, int] = {"refuted": 0, "undecided": 1, "checked": 2, "proven": 3}
    weakest = min(proofs, key=lambda proof: order[proof.verdict])
    return Proof(statement, weakest.method, weakest.verdict, weakest.residual, weakest.detail)


def _is_positive_by_form(expr: sp.Expr) -> bool:
    """Whether an expression is positive as it stands, multiplied out, or factored."""
    if expr.is_positive:
        return True
    if holds_bell(expr):
        return False
    # What compares has a factor for every comparison: a long one is never positive by its factors, but takes long.
    short = not has_comparisons(expr) or expr.count_ops() <= _LONGEST
    return bool(sp.expand(expr).is_positive or (short and sp.factor(expr).is_positive))


def _describe(point: Mapping[sp.Symbol, sp.Expr]) -> str:
    """A sampled point in words, with few digits."""
    return ", ".join(f"{symbol} = {float(value):.4g}" for symbol, value in point.items())
