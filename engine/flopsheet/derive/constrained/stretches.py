r"""Effective tokens along the tokens seen: the best epochs of every tier, stretch by stretch.

Of tier i, U_i unique tokens of quality q_i, a pass e counts as \phi_i(e) = e up to 1 and
1 + R_i (1 - exp(-(e - 1)/R_i)) beyond. The tokens D that are seen are best spread so that the next token of every tier
in use is worth the same, the water level \mu = q_i exp(-(e_i - 1)/R_i). It falls as D grows: it rests at q_i while tier
i goes from nothing to its first pass, and at q_i exp(-(cap_i - 1)/R_i) tier i is full. Between two such levels
everything has a closed form:

    \mu = m exp(-(D - D_a)/S),   D_eff = E_a + S (m - \mu),   S = sum of U_i R_i over the tiers in use and not full.

With D_b and D_a the tokens before and after the rest at the level m, the line of the rest and the curve after it make
one smooth stretch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sympy as sp

from flopsheet.derive.cell_builder import CellBuilder
from flopsheet.derive.contour import solve_log
from flopsheet.formula.root import put_in, slope_of
from flopsheet.messages import Message
from flopsheet.model.inputs import BEYOND
from flopsheet.model.supply import EPOCHS, Supply, Tier

EFFECTIVE = sp.Symbol("D_eff_wanted", positive=True)

DEEPEST = 32
"""Passes, in units of R, after which a tier counts as full without a cap: a token is worth exp(-32) of a fresh one.

What would come beyond adds 1e-14 of the tier; far smaller levels some spreadsheets take for equal.
"""


@dataclass(frozen=True)
class Stretch:
    """A range of the tokens seen, on which effective tokens have one formula.

    Attributes:
        tag: How its cells end.
        kind: What begins there: "enters" or "full" for a tier, "pool" where all data are alike.
        name: The tier.
        low, high: Its ends, in tokens; empty where `low` is not below `high`.
        effective: Effective tokens over the tokens seen.
        marginal: What the next token seen adds to them.
        inverse: The tokens seen over `EFFECTIVE` ones; None where they are the same.
        place: The logarithm of these as a root, where it has no formula.
        rest: The tokens up to which the next one is worth as much as the first; None where that is not told apart.
        factor: What the loss is multiplied by, over the tokens seen.
    """

    tag: str
    low: sp.Expr
    high: sp.Expr
    effective: sp.Expr
    marginal: sp.Expr
    factor: sp.Expr = sp.S.One
    kind: str = "pool"
    name: Message | str = ""
    inverse: sp.Expr | None = None
    place: sp.Expr | None = None
    rest: sp.Expr | None = None

    def tokens_for(self, effective: sp.Expr) -> sp.Expr:
        """The tokens seen that are worth so many effective ones."""
        if self.inverse is None:
            return effective
        return put_in(self.inverse, {EFFECTIVE: effective})


@dataclass(frozen=True)
class Path:
    """All stretches, the most tokens that can be seen, and the tokens that are worth as much as the first one."""

    stretches: tuple[Stretch, ...]
    most: sp.Expr
    fresh: sp.Expr
    unique: sp.Expr


def add_path(build: CellBuilder, supply: Supply | None, tokens: sp.Symbol) -> Path | None:
    """The cells of a supply's levels, and its stretches over the tokens seen; None where data have no limit."""
    if supply is None:
        return None
    if supply.effective is None and supply.loss_factor is None:
        return _add_levels(build, supply, tokens)
    (tier,) = supply.tiers
    return _add_modified(build, supply, tier, tokens)


def _add_modified(build: CellBuilder, supply: Supply, tier: Tier, tokens: sp.Symbol) -> Path:
    """One stretch: all data are alike, and a modifier says what a number of passes is worth."""
    most = build.add("tokens_most", tier.unique * tier.epochs, "token", Message("cell.tokens_most"))
    passes = tokens / tier.unique
    effective, marginal = tokens, sp.S.One
    if supply.effective is not None:
        effective = tier.unique * supply.effective.subs(EPOCHS, passes)
        marginal = slope_of(supply.effective, EPOCHS).subs(EPOCHS, passes)
    factor = sp.S.One if supply.loss_factor is None else supply.loss_factor.subs(EPOCHS, passes)
    place = None if supply.effective is None else solve_log(effective, EFFECTIVE, tokens, falls=False)
    stretch = Stretch("data", sp.S.Zero, most, effective, marginal, factor, place=place)
    return Path((stretch,), most, tier.unique, tier.unique)


def _add_levels(build: CellBuilder, supply: Supply, tokens: sp.Symbol) -> Path:
    """The stretch that begins at each level: where a tier enters, and where one is full."""
    tiers = supply.tiers
    passes = {tier.slug: _add_passes(build, tier, endless=supply.endless) for tier in tiers}
    unique = sp.Add(*(tier.unique for tier in tiers))
    levels: dict[str, sp.Expr] = {tier.slug: tier.quality for tier in tiers}
    full = {}
    for tier in tiers:
        depth = sp.S.Zero if supply.endless else (sp.Max(1, passes[tier.slug]) - 1) / tier.decay
        label = Message("cell.full_level", {"name": called_as(tier)})
        full[tier.slug] = build.add(f"full_level_{tier.slug}", tier.quality * sp.exp(-depth), "1", label)
    # Where the last tier is full there is nothing left; with one tier that is known beforehand.
    levels |= {f"{slug}_full": level for slug, level in full.items() if len(tiers) > 1 and not supply.endless}
    called = {tier.slug: called_as(tier) for tier in tiers}
    names = called | {f"{slug}_full": name for slug, name in called.items()}
    most = sp.Add(*(tier.unique * passes[tier.slug] for tier in tiers))
    most = build.add("tokens_most", most, "token", Message("cell.tokens_most"), positive=False)
    kinds = {tag: "enters" if tag in passes else "full" for tag in levels}
    starts = {tag: _add_start(build, supply, _Level(tag, level, kinds[tag], names[tag]), passes, full)
              for tag, level in levels.items()}  # fmt: skip
    stretches = []
    for tag, level in levels.items():
        later = [(starts[other].before, levels[other] < level) for other in levels if other != tag]
        ends = [sp.Piecewise(pair, (most, True)) for pair in later]
        label = Message(f"cell.tokens_until_{kinds[tag]}", {"name": names[tag]})
        until = build.add(f"tokens_until_{tag}", sp.Min(*ends) if ends else most, "token", label, positive=False)
        at = _Level(tag, level, kinds[tag], names[tag])
        stretches.append(_add_stretch(build, at, starts[tag], until, tokens))
    best = sp.Max(*(tier.quality for tier in tiers))
    fresh = sp.Max(*(sp.Piecewise((starts[tier.slug].after, tier.quality >= best), (0, True)) for tier in tiers))
    fresh = build.add("tokens_fresh", fresh, "token", Message("cell.tokens_fresh"), positive=False)
    return Path(tuple(stretches), most, fresh, unique)


@dataclass(frozen=True)
class _Level:
    """A water level at which something changes, and what."""

    tag: str
    level: sp.Expr
    kind: str
    name: Message | str


@dataclass(frozen=True)
class _Start:
    """What has been seen before and after the rest at a level, what it is worth, and how fast the level falls then."""

    before: sp.Symbol
    after: sp.Symbol
    effective: sp.Symbol
    spread: sp.Symbol


def _add_start(
    build: CellBuilder,
    supply: Supply,
    at: _Level,
    passes: Mapping[str, sp.Symbol],
    full: Mapping[str, sp.Symbol],
) -> _Start:
    """The cells of a level; `passes` are the most of every tier, `full` the levels at which these are had."""
    tiers, tag, level, what = supply.tiers, at.tag, at.level, {"name": at.name}
    seen = {tier.slug: _passes_at(level, tier, tag, passes[tier.slug], endless=supply.endless) for tier in tiers}

    def add(cell: str, parts: Sequence[tuple[sp.Basic, sp.Expr]]) -> sp.Symbol:
        label = Message(f"cell.{cell}_{at.kind}", what)
        return build.add(f"{cell}_{tag}", _total(parts), "token", label, positive=False)

    before = add("tokens_before", [(tier.quality > level, tier.unique * seen[tier.slug]) for tier in tiers])
    after = add("tokens_after", [(tier.quality >= level, tier.unique * seen[tier.slug]) for tier in tiers])
    worths = {tier.slug: _worth_of(seen[tier.slug], tier, endless=supply.endless) for tier in tiers}
    parts = [(tier.quality >= level, tier.unique * tier.quality * worths[tier.slug]) for tier in tiers]
    effective = add("effective_after", parts)
    parts = [(sp.And(tier.quality >= level, full[tier.slug] < level), tier.unique * tier.decay) for tier in tiers]
    # A cell of its own, which may be 0: a tier that a scenario lacks has no tokens, whatever its level.
    fading = add("fading", parts)
    unique = sp.Add(*(tier.unique for tier in tiers))
    label = Message(f"cell.spread_{at.kind}", what)
    spread = build.add(f"spread_{tag}", sp.Piecewise((fading, fading > 0), (unique, True)), "token", label)
    return _Start(before, after, effective, spread)


def _add_stretch(build: CellBuilder, at: _Level, start: _Start, until: sp.Symbol, tokens: sp.Symbol) -> Stretch:
    """The stretch that begins at a level: the rest there, and the curve after it up to the next level."""
    tag, level, after, spread = at.tag, at.level, start.after, start.spread
    label = Message(f"cell.surplus_{at.kind}", {"name": at.name})
    surplus = build.add(f"surplus_{tag}", start.effective - level * after, "token", label, positive=False)
    mu = level * sp.exp(-sp.Max(0, tokens - after) / spread)
    # Backwards along the rest, then along the curve; beyond its end no tokens are enough.
    left = level - (EFFECTIVE - surplus - level * after) / spread
    curved = after + spread * sp.log(level / sp.Min(level, left))
    inverse = sp.Piecewise(
        ((EFFECTIVE - surplus) / level, surplus + level * after >= EFFECTIVE),
        (curved, left > 0),
        (BEYOND.symbol, True),
    )
    # With one tier the surplus is exactly 0, so that few tokens of many keep their digits.
    reached = level * sp.Min(tokens, after) + surplus + spread * (level - mu)
    return Stretch(tag, start.before, until, reached, mu, kind=at.kind, name=at.name, inverse=inverse, rest=after)


def worth(passes: sp.Expr, decay: sp.Expr) -> sp.Expr:
    """How many first passes a number of passes is worth under `exponential`."""
    return sp.Min(1, passes) + decay * (1 - sp.exp(-sp.Max(0, passes - 1) / decay))


def _add_passes(build: CellBuilder, tier: Tier, *, endless: bool) -> sp.Symbol:
    """The most passes over a tier: its cap, or so many that more of them add nothing."""
    most = tier.epochs if endless else sp.Min(tier.epochs, 1 + DEEPEST * tier.decay)
    return build.add(f"epochs_most_{tier.slug}", most, "1", Message("cell.epochs_most", {"name": called_as(tier)}))


def _worth_of(passes: sp.Expr, tier: Tier, *, endless: bool) -> sp.Expr:
    """How many first passes a number of passes over a tier is worth."""
    return passes if endless else worth(passes, tier.decay)


def _passes_at(level: sp.Expr, tier: Tier, tag: str, most: sp.Symbol, *, endless: bool) -> sp.Expr:
    """The passes over a tier at a level no higher than its quality; at its own levels they are exact."""
    if endless or tag == f"{tier.slug}_full":
        return most
    return sp.Min(most, 1) if tag == tier.slug else sp.Min(most, 1 + tier.decay * sp.log(tier.quality / level))


def called_as(tier: Tier) -> Message | str:
    """What a tier is called: all data where there is one without a name."""
    return tier.name or Message("stretch.all_data")


def _total(parts: Sequence[tuple[sp.Basic, sp.Expr]]) -> sp.Expr:
    """The sum of the parts whose condition holds."""
    return sp.Add(*(sp.Piecewise((part, condition), (0, True)) for condition, part in parts))
