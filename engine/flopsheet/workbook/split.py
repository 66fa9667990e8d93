"""Long formulas cut into helper cells: short enough to read, and no IF inside an IF."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import sympy as sp

from flopsheet.formula.functions import choose, split_choice
from flopsheet.workbook.printer import Refer, ReferNumber, render_excel

WANTED_LENGTH = 120
"""Characters of a formula that reads well on a sheet."""

_FOLDED = (sp.Add, sp.Mul, sp.Min, sp.Max)  # any number of arguments, any of which may be taken together


@dataclass(frozen=True)
class SplitFormula:
    """A formula and the helper cells it now reads, in an order in which each needs only earlier ones."""

    helpers: tuple[tuple[sp.Symbol, sp.Expr], ...]
    expr: sp.Expr


def split_long(
    expr: sp.Expr, refer: Refer, refer_number: ReferNumber, *, prefix: str, limit: int = WANTED_LENGTH
) -> SplitFormula:
    """An expression rewritten over helpers `<prefix>_1`, `<prefix>_2`, ... so that each prints in `limit` characters.

    Equal parts share a helper. A part that is one name and one number can be longer only if the names are.
    """
    splitter = _Splitter(refer, refer_number, prefix, limit)
    whole = splitter.shorten(splitter.flatten(expr))
    return SplitFormula(tuple((symbol, part) for part, symbol in splitter.helpers.items()), whole)


class _Splitter:
    """Collects the helpers of one formula."""

    def __init__(self, refer: Refer, refer_number: ReferNumber, prefix: str, limit: int) -> None:
        self.helpers: dict[sp.Expr, sp.Symbol] = {}
        self._refer = refer
        self._refer_number = refer_number
        self._prefix = prefix
        self._limit = limit
        self._own: set[sp.Symbol] = set()

    def flatten(self, expr: sp.Basic) -> sp.Basic:
        """The expression with every IF that stands inside another moved to a helper."""
        if isinstance(expr, sp.Piecewise):
            return choose(*(self._outside(self.flatten(part)) for part in split_choice(expr)))
        return _rebuild(expr, self.flatten)

    def shorten(self, expr: sp.Basic) -> sp.Basic:
        """The expression with parts moved to helpers until it fits; parts are shortened before the whole."""
        if self._length(expr) <= self._limit:
            return expr
        expr = _rebuild(expr, self.shorten)
        # What takes half of the room or more goes out first; then the short terms of a sum are taken together, not
        # one by one; for what is no sum or product nothing is left but its parts, longest first.
        expr = self._move_out(expr, self._limit // 2)
        while self._length(expr) > self._limit and isinstance(expr, _FOLDED) and len(expr.args) > 2:
            expr = self._fold(expr)
        return self._move_out(expr, 0)

    def _move_out(self, expr: sp.Basic, longer_than: int) -> sp.Basic:
        """The expression with its longest parts in helpers, one after the other, until it fits."""
        parts = sorted(_parts(expr), key=lambda part: (-self._length(part), render_key(part)))
        moved: dict[sp.Basic, sp.Basic] = {}
        for part in parts:
            if self._length(expr) <= self._limit or self._length(part) <= longer_than:
                break
            if isinstance(part, sp.Expr) and not part.is_Atom:
                moved[part] = self._helper(part)
            elif isinstance(part, (sp.And, sp.Or)):
                moved[part] = self._flag(part)
            else:
                continue
            expr = _rebuild(expr, lambda old: moved.get(old, old))
        return expr

    def _fold(self, expr: sp.Expr) -> sp.Expr:
        """A sum, product, minimum or maximum with as many of its parts as fit taken together in one helper."""
        parts = sorted(expr.args, key=render_key)
        count = 2
        while count < len(parts) - 1 and self._length(expr.func(*parts[: count + 1])) <= self._limit:
            count += 1
        return expr.func(self._helper(expr.func(*parts[:count])), *parts[count:])

    def _outside(self, part: sp.Basic) -> sp.Basic:
        """A part of an IF, as a helper where it holds another IF."""
        if not part.has(sp.Piecewise):
            return part
        if isinstance(part, sp.Expr):
            return self._helper(part)
        return _rebuild(part, self._outside)  # a comparison: its sides are numbers, it is not

    def _helper(self, part: sp.Expr) -> sp.Symbol:
        """The helper that holds a part."""
        if isinstance(part, sp.Symbol):
            return part
        part = self.shorten(part)
        return part if isinstance(part, sp.Symbol) else self._keep(part)

    def _flag(self, condition: sp.Basic) -> sp.Basic:
        """The condition that the helper that holds 1 where a condition is met, else 0, is above zero."""
        return self._keep(choose(self.shorten(condition), sp.S.One, sp.S.Zero)) > 0

    def _keep(self, part: sp.Expr) -> sp.Symbol:
        """The helper that holds just this."""
        if part not in self.helpers:
            known = {"positive": True} if part.is_positive else {"real": True} if part.is_extended_real else {}
            symbol = sp.Symbol(f"{self._prefix}_{len(self.helpers) + 1}", **known)
            self.helpers[part] = symbol
            self._own.add(symbol)
        return self.helpers[part]

    def _length(self, expr: sp.Basic) -> int:
        """Characters of the printed formula, with its `=`."""
        return 1 + len(render_excel(expr, self._name, self._refer_number))

    def _name(self, symbol: sp.Symbol) -> str:
        """The name of a symbol; a helper is named as its symbol."""
        return symbol.name if symbol in self._own else self._refer(symbol)


def render_key(expr: sp.Basic) -> str:
    """A text that orders expressions the same way in every run."""
    return render_excel(expr, lambda symbol: symbol.name, str)


def _parts(expr: sp.Basic) -> tuple[sp.Basic, ...]:
    """What an expression is directly made of; a choice is made of condition, value and rest."""
    return split_choice(expr) if isinstance(expr, sp.Piecewise) else expr.args


def _rebuild(expr: sp.Basic, change: Callable[[sp.Basic], sp.Basic]) -> sp.Basic:
    """The expression with `change` applied to what it is directly made of."""
    if expr.is_Atom:
        return expr
    parts = [change(part) for part in _parts(expr)]
    if isinstance(expr, sp.Piecewise):
        return choose(*parts)
    return expr if tuple(parts) == expr.args else expr.func(*parts)
