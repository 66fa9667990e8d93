"""What binds and what it is worth, at a plan under several limits.

At the optimum -dL = sum over the limits of price * d ln(limit). With `g` what one per cent more size is worth, `a` the
same for tokens, each limit j that is tight takes a part p_j of g, so that

    sum p_j = g,   sum p_j trade_j = a - (price of a limit on the tokens),   price_j = p_j / share_j.

Two decisions are settled by two limits, so at most two parts are not zero: those whose trades lie on either side of
a/g. Where the tokens are not limited themselves and one limit is tight, its trade is a/g.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import sympy as sp

from flopsheet.derive.cell_builder import CellBuilder
from flopsheet.derive.constrained.excess import Excess
from flopsheet.derive.constrained.limits import Bound
from flopsheet.derive.constrained.search import Choice
from flopsheet.derive.constrained.stretches import Path
from flopsheet.formula.root import put_in
from flopsheet.messages import Message
from flopsheet.model.cell import make_symbol
from flopsheet.model.inputs import BEYOND

CLOSE = sp.Rational(1, 10**9)
"""What counts as the same amount: the rounding of a place that was found by halving."""

NOTHING = sp.Rational(1, 10**30)
"""A gain below this is none: of parameters far in excess it vanishes beyond the smallest number there is."""


def add_limit_prices(  # noqa: PLR0913 - what a plan has, the last two by name
    build: CellBuilder,
    bounds: tuple[Bound, ...],
    choice: Choice,
    path: Path | None,
    token_cap: sp.Expr,
    excess: Excess | None,
    *,
    given: str | None = None,
    guard: str | None = None,
) -> None:
    """Multiplier, price and equivalent compute of every limit.

    Args:
        build: Collects the cells.
        bounds: The limits on the size at given tokens.
        choice: The plan.
        path: The data, None where they have no limit.
        token_cap: The cap on the tokens.
        excess: What a size beyond the best one for a single pass is worth.
        given: The amount that is minimised where the loss is given: it has no limit, but a price.
        guard: The cell that says whether there is a plan.
    """
    worth = _add_gains(build, choice, excess)
    trades, shares, tight = _add_trades(build, bounds, choice)
    wanted = build.add(
        "trade_wanted", worth.tokens / sp.Max(worth.size, NOTHING), "1", Message("cell.trade_wanted"), positive=False
    )
    lower, upper = _add_neighbours(build, wanted, trades, tight)
    parts = _split(build, worth.size, wanted, (lower, upper), trades, tight)
    prices = {name: part if shares[name] == 1 else part / shares[name] for name, part in parts.items()}
    taken = sp.Add(*(parts[bound.name] * trades[bound.name] for bound in bounds if bound.trade != 0))
    taken = build.add("tokens_paid", taken, "nats/token", Message("cell.tokens_paid"), positive=False)
    held = sp.And(choice.tokens >= token_cap, upper >= BEYOND.symbol)
    prices["tokens"] = sp.Piecewise((sp.Max(0, worth.tokens - taken), held), (0, True))
    multipliers = {}
    for name, price in prices.items():
        label = Message("cell.multiplier", {"limit": Message(f"limit.{name}")})
        multipliers[name] = build.add(f"multiplier_{name}", price, "nats/token", label, positive=False)
    if path is not None:
        left = worth.data - taken - multipliers["tokens"]
        spare = sp.Piecewise((left, left > CLOSE * worth.data), (0, True))
        label = Message("cell.multiplier", {"limit": Message("limit.data")})
        multipliers["data"] = build.add("multiplier_data", spare, "nats/token", label, positive=False)
    _add_prices(build, multipliers, given, guard)


@dataclass(frozen=True)
class _Gains:
    """What one per cent more size, effective tokens, and tokens seen take off the loss."""

    size: sp.Symbol
    data: sp.Symbol
    tokens: sp.Symbol


def _add_gains(build: CellBuilder, choice: Choice, excess: Excess | None) -> _Gains:
    """The gains at the plan."""
    model, gains = build.model, build.derivation.interior.gains
    x, y = _decisions(build)
    at = {x: choice.size if excess is None else put_in(excess.effective, {x: choice.size}), y: choice.effective}
    grown = sp.S.One if excess is None else put_in(excess.elasticity, {x: choice.size})
    size = choice.factor * grown * put_in(gains[x], at)
    size = build.add(f"gain_{x}", size, "nats/token", build.label("gain", x), positive=False)
    data = choice.factor * put_in(gains[y], at)
    data = build.add("worth_data", data, "nats/token", Message("cell.worth_data"), positive=False)
    tokens = data * choice.marginal * choice.tokens / choice.effective
    if choice.factor_slope != 0:
        tokens -= choice.factor * put_in(model.loss, at) * choice.factor_slope
    tokens = build.add("worth_tokens", tokens, "nats/token", Message("cell.worth_tokens"), positive=False)
    return _Gains(size, data, tokens)


def _add_trades(
    build: CellBuilder, bounds: tuple[Bound, ...], choice: Choice
) -> tuple[dict[str, sp.Expr], dict[str, sp.Expr], dict[str, sp.Symbol]]:
    """By limit, its trade, its share in the size, and whether it is reached."""
    x, y = _decisions(build)
    put = {y: choice.tokens, x: choice.size}
    trades: dict[str, sp.Expr] = {}
    shares: dict[str, sp.Expr] = {}
    tight: dict[str, sp.Symbol] = {}
    for bound in bounds:
        called = {"limit": Message(f"limit.{bound.name}")}
        trade, share = (expr.subs(put, simultaneous=True) for expr in (bound.trade, bound.share))
        if trade.free_symbols:
            trade = build.add(f"trade_{bound.name}", trade, "1", Message("cell.trade", called))
        if share.free_symbols:
            share = build.add(f"share_{bound.name}", share, "1", Message("cell.share_of_limit", called))
        at_limit = make_symbol(f"{x}_at_{bound.name}_opt")
        near = sp.Piecewise((1, at_limit - choice.size <= CLOSE * choice.size), (0, True))
        trades[bound.name], shares[bound.name] = trade, share
        tight[bound.name] = build.add(f"tight_{bound.name}", near, "1", Message("cell.tight", called), positive=False)
    return trades, shares, tight


def _add_neighbours(
    build: CellBuilder, wanted: sp.Symbol, trades: Mapping[str, sp.Expr], tight: Mapping[str, sp.Symbol]
) -> tuple[sp.Symbol, sp.Symbol]:
    """The trades of the limits that are reached, next to the wanted one on either side."""
    room = CLOSE * (1 + wanted)
    below = [sp.Piecewise((trades[n], sp.And(tight[n] > 0, trades[n] - wanted <= room)), (-1, True)) for n in tight]
    above = [
        sp.Piecewise((trades[n], sp.And(tight[n] > 0, wanted - trades[n] <= room)), (BEYOND.symbol, True))
        for n in tight
    ]
    lower = build.add("trade_below", sp.Max(*below), "1", Message("cell.trade_below"), positive=False)
    upper = build.add("trade_above", sp.Min(*above), "1", Message("cell.trade_above"), positive=False)
    return lower, upper


def _decisions(build: CellBuilder) -> tuple[sp.Symbol, sp.Symbol]:
    """Size and tokens among the decisions of the law."""
    roles = {build.model.decision(z).role: z for z in build.model.decisions}
    return roles["parameters"], roles["tokens"]


def _split(
    build: CellBuilder,
    whole: sp.Symbol,
    wanted: sp.Symbol,
    ends: tuple[sp.Symbol, sp.Symbol],
    trades: Mapping[str, sp.Expr],
    tight: Mapping[str, sp.Symbol],
) -> dict[str, sp.Expr]:
    """What each limit takes of what more size is worth."""
    lower, upper = ends
    parts: dict[str, sp.Expr] = {}
    for name, trade in trades.items():
        is_lower = sp.And(tight[name] > 0, trade >= lower, trade <= lower)
        is_upper = sp.And(tight[name] > 0, trade >= upper, trade <= upper)
        alone = sp.Or(lower < 0, upper >= BEYOND.symbol, upper <= lower)
        expr = sp.Piecewise(
            (whole, sp.And(alone, sp.Or(is_lower, is_upper))),
            (whole * (upper - wanted) / (upper - lower), is_lower),
            (whole * (wanted - lower) / (upper - lower), is_upper),
            (0, True),
        )
        label = Message("cell.part_of_limit", {"limit": Message(f"limit.{name}")})
        parts[name] = build.add(f"part_{name}", expr, "nats/token", label, positive=False)
    return parts


def _add_prices(build: CellBuilder, multipliers: Mapping[str, sp.Symbol], given: str | None, guard: str | None) -> None:
    """Shadow prices, and the compute that each limit is worth."""
    compute = multipliers.get("compute")
    for name, multiplier in multipliers.items():
        if name == given:
            continue
        limit = {"limit": Message(f"limit.{name}")}
        label = Message("cell.price", limit)
        build.add(f"price_{name}", -multiplier / 100, "nats/token per 1 %", label, positive=False, guard=guard)
        binds = sp.Piecewise((1, multiplier > 0), (0, True))
        build.add(f"binds_{name}", binds, "1", Message("cell.binds_limit", limit), positive=False, guard=guard)
        if name == "compute":
            continue
        worth: sp.Expr = BEYOND.symbol
        if compute is not None:
            worth = sp.Piecewise((multiplier / compute, compute > 0), (BEYOND.symbol, True))
        build.add(
            f"equivalent_{name}", worth, "1", Message("cell.equivalent_limit", limit), positive=False, guard=guard
        )
