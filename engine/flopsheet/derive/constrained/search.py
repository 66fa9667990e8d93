"""The best tokens of every stretch, and the best of these: what a least loss and a least cost have in common.

For given tokens one size is left: what the limits leave, or what the loss asks for. The tokens are then the one
unknown. On each stretch of the supply the objective falls up to where more tokens stop paying and rises beyond.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sympy as sp

from flopsheet.derive.cell_builder import CellBuilder
from flopsheet.derive.constrained.excess import Excess
from flopsheet.derive.constrained.limits import Bound
from flopsheet.derive.constrained.stretches import Path, Stretch
from flopsheet.derive.contour import UNKNOWN
from flopsheet.formula.root import Put, make_root, slope_of
from flopsheet.messages import Message
from flopsheet.model.cell import CellKind, make_symbol

_FEWEST, _MOST = sp.Rational(1, 10**6), sp.Integer(10) ** 40
"""Tokens are sought between these."""

SIZE = make_symbol("N_here")
"""The size at a place of the search, as a part of its formulas; so are those below."""
EFFECTIVE = make_symbol("D_eff_here")
MARGINAL = make_symbol("mu_here")
TRADE = make_symbol("trade_here", positive=False)
WORTH, GROWTH = make_symbol("N_eff_here"), make_symbol("growth_here")
LABELS = {"opt": "opt", "planned": "plan", "free": "free"}
"""What a decision is called, by how its cell ends."""


@dataclass(frozen=True)
class Choice:
    """The plan as symbols of cells.

    `factor` is what repetition multiplies the loss by, `factor_slope` its logarithm's slope in that of the tokens.
    """

    size: sp.Symbol
    tokens: sp.Symbol
    effective: sp.Symbol
    marginal: sp.Expr
    factor: sp.Expr
    factor_slope: sp.Expr


@dataclass(frozen=True)
class Search(ABC):
    """Finds a plan: the law in `build`, the limits on the size, the data.

    `most` are the most tokens, `suffix` is how the cells of the decisions end, `unit` that of the objective, `excess`
    what a size beyond the best one for a single pass is worth.
    """

    build: CellBuilder
    bounds: tuple[Bound, ...]
    path: Path | None
    size: sp.Symbol
    tokens: sp.Symbol
    most: sp.Expr
    suffix: str
    unit: str
    excess: Excess | None = None

    @abstractmethod
    def lowest(self, stretch: Stretch) -> sp.Expr:
        """The fewest tokens of a stretch that come into question."""

    @abstractmethod
    def find_size(self, stretch: Stretch, tokens: sp.Expr) -> sp.Expr:
        """The size at given tokens."""

    @abstractmethod
    def residual(self, stretch: Stretch) -> sp.Expr:
        """What falls through zero where the objective is least, over `UNKNOWN`."""

    @abstractmethod
    def objective(self, stretch: Stretch) -> sp.Expr:
        """What is minimised, over `UNKNOWN`."""

    @abstractmethod
    def score(self, stretch: Stretch, tokens: sp.Symbol, at: Mapping[sp.Symbol, sp.Expr]) -> sp.Expr:
        """What is minimised, at the best tokens of a stretch; `at` has the parts of that place."""

    @abstractmethod
    def add_size(self, tokens: sp.Symbol, effective: sp.Expr) -> sp.Symbol:
        """The cells of the size at the tokens of the plan."""

    @property
    def stretches(self) -> tuple[Stretch, ...]:
        """The stretches; one where every token is new."""
        return self.path.stretches if self.path else (Stretch("all", sp.S.Zero, self.most, self.tokens, sp.S.One),)

    def add(self, guard: str | None = None) -> Choice:
        """The cells of the choice; `guard` says whether results about the data have a value."""
        build, suffix = self.build, self.suffix
        found = [self._add_stretch(stretch) for stretch in self.stretches]
        scores = [score for _, score in found]
        best, place = scores[0], found[0][0]
        if len(found) > 1:
            label = Message("cell.stretch_best")
            best = build.add(f"best_{suffix}", sp.Min(*scores), self.unit, label, positive=False)
            place = _of_best([tokens for tokens, _ in found], scores, best)
        whole = suffix == "opt"
        kind: CellKind = "result" if whole else "formula"
        label = build.label(LABELS[suffix], self.tokens)
        tokens = build.add(f"{self.tokens}_{suffix}", place, build.unit(self.tokens), label, kind=kind)
        reached = {
            what: _of_best(
                [getattr(stretch, what).subs(self.tokens, tokens) for stretch in self.stretches], scores, best
            )
            for what in ("effective", "marginal")
        }
        effective, marginal = tokens, sp.S.One
        if self.path is not None:
            stem = "" if whole else f"_{suffix}"
            label, unit = Message("cell.D_effective"), build.unit(self.tokens)
            effective = build.add(f"effective{stem}", reached["effective"], unit, label)
            marginal = build.add(f"level{stem}", reached["marginal"], "1", Message("cell.water_level"), positive=False)
            if whole:
                build.add("D_effective", effective, unit, label, kind=kind, guard=guard)
                label = Message("cell.water_level")
                build.add("water_level", marginal, "1", label, kind=kind, positive=False, guard=guard)
        size = self.add_size(tokens, effective)
        factor = self.stretches[0].factor
        put = {self.tokens: tokens}
        return Choice(size, tokens, effective, marginal, factor.subs(put), self.rise(self.stretches[0]).subs(put))

    def rise(self, stretch: Stretch) -> sp.Expr:
        """By how many per cent repetition raises the loss as the tokens grow by one."""
        if stretch.factor == 1:
            return sp.S.Zero
        return self.tokens * slope_of(stretch.factor, self.tokens) / stretch.factor

    def along(self, stretch: Stretch, tokens: sp.Expr) -> dict[sp.Symbol, sp.Expr]:
        """Size, effective tokens and their marginal value at given tokens."""
        put = {self.tokens: tokens}
        size = self.find_size(stretch, tokens)
        more = {}
        if self.excess is not None:
            own = {self.size: size}
            more = {WORTH: self.excess.effective.subs(own), GROWTH: self.excess.elasticity.subs(own)}
        return {
            SIZE: size,
            **more,
            EFFECTIVE: stretch.effective.subs(put),
            MARGINAL: stretch.marginal.subs(put),
        }

    @property
    def local(self) -> dict[sp.Symbol, sp.Symbol]:
        """What the law reads at a place of the search."""
        return {self.size: SIZE if self.excess is None else WORTH, self.tokens: EFFECTIVE}

    def worth(self, stretch: Stretch) -> tuple[sp.Expr, sp.Expr]:
        """What one per cent more size, and more tokens, take off the loss, over the parts of a place."""
        gains, model = self.build.derivation.interior.gains, self.build.model
        local = self.local
        d = sp.exp(UNKNOWN)
        size, data = (gains[z].subs(local, simultaneous=True) for z in (self.size, self.tokens))
        if self.excess is not None:
            size *= GROWTH
        tokens = data * MARGINAL * d / EFFECTIVE
        if stretch.factor != 1:
            tokens -= model.loss.subs(local, simultaneous=True) * self.rise(stretch).subs(self.tokens, d)
        return size, tokens

    def _add_stretch(self, stretch: Stretch) -> tuple[sp.Symbol, sp.Symbol]:
        """The best tokens of a stretch and the objective there, beyond reach where the stretch is empty."""
        build = self.build
        tag, unit = f"{stretch.tag}_{self.suffix}", build.unit(self.tokens)
        name = {"stretch": Message(f"stretch.{stretch.kind}", {"name": stretch.name})}
        lowest = sp.Max(self.lowest(stretch), _FEWEST)
        low = build.add(f"low_{tag}", lowest, unit, Message("cell.stretch_low", name))
        highest = sp.Min(stretch.high, self.most, _MOST)
        high = build.add(f"high_{tag}", highest, unit, Message("cell.stretch_high", name), positive=False)
        # An empty stretch is looked at where it would end: what it asks for where it begins may be beyond all digits.
        label = Message("cell.stretch_top", name)
        top = build.add(f"top_{tag}", sp.Max(high, _FEWEST), unit, label)
        ends = [
            build.add(f"t_{side}_{tag}", sp.log(end), "1", Message(f"cell.stretch_t_{side}", name), positive=False)
            for side, end in (("low", sp.Min(low, top)), ("high", top))
        ]
        root = make_root(UNKNOWN, self.residual(stretch), ends[0], ends[1], objective=self.objective(stretch))
        t = build.add(f"t_{tag}", root, "1", Message("cell.stretch_t", name), positive=False)
        place = sp.Piecewise((top, t >= ends[1]), (low, t <= ends[0]), (sp.exp(t), True))
        place = build.add(f"{self.tokens}_{tag}", place, unit, Message("cell.stretch_tokens", name))
        size = build.add(f"{self.size}_{tag}", self.find_size(stretch, place), build.unit(self.size),
                         Message("cell.stretch_size", name))  # fmt: skip
        at: dict[sp.Symbol, sp.Expr] = {SIZE: size, EFFECTIVE: place}
        if self.path is not None:
            effective = stretch.effective.subs(self.tokens, place)
            label = Message("cell.stretch_effective", name)
            at[EFFECTIVE] = build.add(f"D_effective_{tag}", effective, unit, label)
        if self.excess is not None:
            at[WORTH] = self.excess.effective.subs(self.size, size)
        score = sp.Piecewise((self.score(stretch, place, at), low <= high), (build.beyond, True))
        label = Message("cell.stretch_score", name)
        return place, build.add(f"score_{tag}", score, self.unit, label, positive=False)


def put_parts(expr: sp.Expr, parts: dict[sp.Symbol, sp.Expr]) -> sp.Expr:
    """An expression over parts of a place, with the parts put in as they are."""
    return Put(sp.Lambda(tuple(parts), expr), *parts.values())


def balance(worth: sp.Expr, taken: sp.Expr) -> sp.Expr:
    """ln(worth / taken) near its zero: the difference over the mean, which has a value where one of them is none.

    Written with one of the two alone over the sum, so that a cell holds it.
    """
    return 2 * (1 - 2 * taken / (worth + taken))


def _of_best(values: Sequence[sp.Expr], scores: Sequence[sp.Symbol], best: sp.Symbol) -> sp.Expr:
    """The value that belongs to the least score."""
    pairs = [(value, score <= best) for value, score in zip(values, scores, strict=True)]
    return sp.Piecewise(*pairs[:-1], (pairs[-1][0], True)) if len(pairs) > 1 else pairs[0][0]
