"""The least amount that reaches a loss: the size is what the loss asks for at given tokens.

Limits on other amounts are met first: where one is exceeded the search leads to where it is exceeded least, and only
where all are kept to what costs least.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import sympy as sp

from flopsheet.derive.algebra import Isolated, simplest_condition
from flopsheet.derive.cell_builder import CellBuilder
from flopsheet.derive.constrained.search import LABELS, SIZE, Search, balance, put_parts
from flopsheet.derive.constrained.stretches import EFFECTIVE, Stretch
from flopsheet.derive.contour import UNKNOWN
from flopsheet.formula.root import put_in
from flopsheet.messages import Message
from flopsheet.model.spending import Spending

_PENALTY = 10**6
"""By how many per cent an amount counts as more where a limit is exceeded by one."""


@dataclass(frozen=True)
class TargetSearch(Search):
    """Finds the tokens at which a loss costs least.

    Attributes:
        goal: The amount that is minimised.
        kept: The amounts that have a limit.
        level: The cell of the loss to be reached.
        most_size: The most parameters, beyond reach where nothing limits them.
        needed: The cell of the effective tokens at which these reach the loss.
    """

    goal: Spending = field(kw_only=True)
    kept: tuple[Spending, ...] = field(kw_only=True)
    level: sp.Symbol = field(kw_only=True)
    most_size: sp.Expr = field(kw_only=True)
    needed: sp.Symbol = field(kw_only=True)

    def lowest(self, stretch: Stretch) -> sp.Expr:
        """The tokens at which the largest size reaches the loss."""
        if stretch.place is None:
            return sp.Max(stretch.low, stretch.tokens_for(self.needed))
        label = Message("cell.tokens_needed_place")
        root = stretch.place.subs(EFFECTIVE, self.needed)
        place = self.build.add(f"t_needed_{stretch.tag}", root, "1", label, positive=False)
        return sp.Max(stretch.low, sp.exp(place))

    def find_size(self, stretch: Stretch, tokens: sp.Expr) -> sp.Expr:
        """What the loss asks for at given tokens."""
        effective = stretch.effective.subs(self.tokens, tokens)
        return sp.Min(self.most_size, self._at_loss(self.size, {self.tokens: effective}))

    def residual(self, stretch: Stretch) -> sp.Expr:
        """What more tokens save in size, against what they take themselves, of the amount that matters here."""
        d = sp.exp(UNKNOWN)
        size, tokens = self.worth(stretch)

        def falls(spending: Spending) -> sp.Expr:
            """By how much an amount falls as the tokens grow along the loss."""
            local = {self.size: SIZE, self.tokens: d}
            slopes = {z: (z * sp.diff(spending.spent, z)).subs(local, simultaneous=True) for z in local}
            return balance(slopes[self.size] * tokens / size, slopes[self.tokens])

        parts = self.along(stretch, d)
        expr = falls(self.goal)
        for spending in self.kept:
            others = [self._used(other, d) for other in self.kept if other.name != spending.name]
            used = self._used(spending, d)
            worst = sp.And(used > 1, *(used >= other for other in others))
            expr = sp.Piecewise((falls(spending), worst), (expr, True))
        return put_parts(expr, parts)

    def objective(self, stretch: Stretch) -> sp.Expr:
        """The logarithm of the amount along the stretch, far higher where a limit is exceeded."""
        d = sp.exp(UNKNOWN)
        return put_parts(self._weigh(d), {SIZE: self.along(stretch, d)[SIZE]})

    def score(self, stretch: Stretch, tokens: sp.Symbol, at: Mapping[sp.Symbol, sp.Expr]) -> sp.Expr:
        """The logarithm of the amount at the best tokens of the stretch, far higher where a limit is exceeded."""
        del stretch
        return self._weigh(tokens).xreplace(dict(at))

    def add_size(self, tokens: sp.Symbol, effective: sp.Expr) -> sp.Symbol:
        """What the loss asks for at the tokens of the plan."""
        del tokens
        build = self.build
        size = sp.Min(self.most_size, self._at_loss(self.size, {self.tokens: effective}))
        label = build.label(LABELS[self.suffix], self.size)
        return build.add(f"{self.size}_{self.suffix}", size, build.unit(self.size), label)

    def used(self, size: sp.Expr, tokens: sp.Expr) -> sp.Expr:
        """The part of its limit that the worst amount takes."""
        put = {self.size: size, self.tokens: tokens}
        return sp.Max(*(put_in(spending.spent, put) / spending.limit for spending in self.kept))

    def _used(self, spending: Spending, tokens: sp.Expr) -> sp.Expr:
        """The part of its limit that an amount takes, over `SIZE` and the tokens."""
        assert spending.limit is not None  # noqa: S101 - these are kept within limits
        return spending.spent.subs({self.size: SIZE, self.tokens: tokens}, simultaneous=True) / spending.limit

    def _weigh(self, tokens: sp.Expr) -> sp.Expr:
        """The logarithm of the amount that is minimised, over `SIZE` and the tokens; without a jump at a limit."""
        amount = self.goal.spent.subs({self.size: SIZE, self.tokens: tokens}, simultaneous=True)
        if not self.kept:
            return sp.log(amount)
        worst = sp.Max(1, *(self._used(spending, tokens) for spending in self.kept))
        return sp.log(amount) + _PENALTY * sp.log(worst)

    def _at_loss(self, z: sp.Symbol, at: Mapping[sp.Symbol, sp.Expr]) -> sp.Expr:
        """One decision of the law at the loss, given the other one."""
        return at_loss(self.build, z, at, self.level)


def at_loss(build: CellBuilder, z: sp.Symbol, at: Mapping[sp.Symbol, sp.Expr], level: sp.Symbol) -> sp.Expr:
    """One decision of a law at a loss, given the other one; beyond reach where no amount will do."""
    found: Isolated = build.derivation.interior.at_loss[z]
    put = {build.model.level: level, **at}
    value = put_in(found.value, put)
    room = simplest_condition(found.conditions)
    return value if room is None else sp.Piecewise((value, put_in(room, put) > 0), (build.beyond, True))
