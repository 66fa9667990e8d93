"""The least loss under every limit at once: the size is the least that any limit leaves."""

from __future__ import annotations

from collections.abc import Mapping

import sympy as sp

from flopsheet.derive.constrained.limits import least, trade_of_least
from flopsheet.derive.constrained.search import LABELS, SIZE, TRADE, Search, balance, put_parts
from flopsheet.derive.constrained.stretches import Stretch
from flopsheet.derive.contour import UNKNOWN
from flopsheet.formula.root import put_in
from flopsheet.messages import Message
from flopsheet.model.cell import CellKind, make_symbol


class LossSearch(Search):
    """Finds the tokens at which the loss is least."""

    def lowest(self, stretch: Stretch) -> sp.Expr:
        """The low end of the stretch: less data are always possible."""
        return stretch.low

    def find_size(self, stretch: Stretch, tokens: sp.Expr) -> sp.Expr:
        """What the limits leave at given tokens."""
        del stretch
        return least({bound.name: bound.size.subs(self.tokens, tokens) for bound in self.bounds})

    def residual(self, stretch: Stretch) -> sp.Expr:
        """What more tokens are worth, against what the size they take was worth."""
        d = sp.exp(UNKNOWN)
        sizes: dict[str, sp.Expr] = {}
        each: dict[sp.Symbol, sp.Expr] = {}
        for bound in self.bounds:
            # Sizes that change along the stretch are parts of their own, which both the least and its trade read.
            size = bound.size.subs(self.tokens, d)
            own = size.is_Atom or len(self.bounds) == 1
            sizes[bound.name] = size if own else make_symbol(f"N_{bound.name}_here")
            each |= {} if own else {sizes[bound.name]: size}
        trades = {bound.name: bound.trade.subs(self.tokens, d) for bound in self.bounds}
        parts = {**self.along(stretch, d), SIZE: least(sizes), TRADE: trade_of_least(sizes, trades)}
        size, tokens = self.worth(stretch)
        if stretch.factor == 1:
            return put_parts(put_parts(balance(tokens, size * TRADE), parts), each)
        # What repetition costs stands on the other side, so that both sides are above zero.
        rise = self.rise(stretch).subs(self.tokens, d)
        loss = self.build.model.loss.subs(self.local, simultaneous=True)
        return put_parts(put_parts(balance(tokens + loss * rise, size * TRADE + loss * rise), parts), each)

    def objective(self, stretch: Stretch) -> sp.Expr:
        """The loss along the stretch."""
        d = sp.exp(UNKNOWN)
        loss = self.build.model.loss.subs(self.local, simultaneous=True)
        parts = self.along(stretch, d)
        return put_parts(loss * stretch.factor.subs(self.tokens, d), {p: parts[p] for p in self.local.values()})

    def score(self, stretch: Stretch, tokens: sp.Symbol, at: Mapping[sp.Symbol, sp.Expr]) -> sp.Expr:
        """The loss at the best tokens of the stretch."""
        loss = put_in(self.build.model.loss.subs(self.local, simultaneous=True), at)
        return loss * stretch.factor.subs(self.tokens, tokens)

    def add_size(self, tokens: sp.Symbol, effective: sp.Expr) -> sp.Symbol:
        """What every limit leaves at the tokens of the plan, and the least of it."""
        del effective
        build, suffix = self.build, self.suffix
        sizes = {
            bound.name: build.add(
                f"{self.size}_at_{bound.name}_{suffix}",
                bound.size.subs(self.tokens, tokens),
                build.unit(self.size),
                Message("cell.size_at_limit", {"limit": Message(f"limit.{bound.name}")}),
            )
            for bound in self.bounds
        }
        label = build.label(LABELS[suffix], self.size)
        kind: CellKind = "result" if suffix == "opt" else "formula"
        return build.add(f"{self.size}_{suffix}", least(sizes), build.unit(self.size), label, kind=kind)
