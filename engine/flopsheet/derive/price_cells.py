"""What binds and what it is worth, as cells: one formula for every regime."""

from __future__ import annotations

from collections.abc import Mapping

import sympy as sp

from flopsheet.derive.cell_builder import BUDGET_STATUS, PLAN_STATUS, CellBuilder, name_of
from flopsheet.derive.kink_cells import add_kink_gains
from flopsheet.formula.root import put_in
from flopsheet.messages import Message

# A price below this is none: some spreadsheets take it for zero, others do not.
_NOTHING = sp.Rational(1, 10**30)


def add_flags(build: CellBuilder, chosen: Mapping[sp.Symbol, sp.Symbol]) -> dict[sp.Symbol, sp.Symbol]:
    """Per cap, 1 where the decision stands at it, else 0. `min` returns its argument exactly."""
    flags = {}
    for z, cap in build.caps.items():
        expr = sp.Piecewise((0, chosen[z] < cap.symbol), (1, True))
        label = Message("cell.binds_cap", {"what": name_of(build.derivation, z)})
        flags[z] = build.add(f"binds_{cap.name}", expr, "1", label, positive=False)
    return flags


def add_prices(
    build: CellBuilder,
    chosen: Mapping[sp.Symbol, sp.Symbol],
    flags: Mapping[sp.Symbol, sp.Symbol],
    binds: sp.Expr,
    *,
    guard: str,
) -> None:
    """The KKT multiplier, shadow price and compute equivalent of every limit, in every regime.

    A decision at its cap leaves the budget's price to the other one; what a cap takes is the gain that
    the budget's price does not explain. These are the multipliers of `derive_regimes`, as one formula.
    """
    model, interior = build.model, build.derivation.interior
    x, y = model.decisions
    gains, shares = {}, {}
    for z in model.decisions:
        if not interior.kinked:
            expr = put_in(interior.gains[z], chosen)
            gains[z] = build.add(f"gain_{z}", expr, "nats/token", build.label("gain", z), positive=False)
        share = put_in(interior.shares[z], chosen)
        shares[z] = build.add(f"share_{z}", share, "1", build.label("share", z)) if share.free_symbols else share
    if interior.kinked:
        gains = add_kink_gains(build, chosen, flags, shares)
    if x in flags:
        budget = sp.Piecewise((gains[y] / shares[y], sp.Eq(flags[x], 1)), (gains[x] / shares[x], True))
    elif y in flags:
        budget = sp.Piecewise((gains[x] / shares[x], sp.Eq(flags[y], 1)), (gains[y] / shares[y], True))
    else:
        budget = gains[x] / shares[x]
    value = build.add("value_of_compute", budget, "nats/token", Message("cell.value_of_compute"), positive=False)
    price: sp.Expr = value
    names = {cell.id for cell in build.cells}
    status = next((name for name in (PLAN_STATUS, BUDGET_STATUS) if name in names), None)
    if binds != 1:
        label = Message("cell.multiplier_compute")
        price = build.add("multiplier_compute", binds * value, "nats/token", label, positive=False)
        _add_price(build, "compute", price, guard=status)
    if interior.kinked and guard != PLAN_STATUS:
        # Beside a cap more of the other decision may be worth nothing: then no compute makes up for the cap.
        idle = sp.Piecewise((0, price > _NOTHING), (1, True))
        guard = build.add("compute_is_idle", idle, "1", Message("cell.compute_is_idle"), positive=False).name
    for z, cap in build.caps.items():
        what = name_of(build.derivation, z)
        worth = flags[z] * sp.Max(0, gains[z] - price * shares[z])
        label = Message("cell.multiplier_cap", {"what": what})
        multiplier = build.add(f"multiplier_{cap.name}", worth, "nats/token", label, positive=False)
        _add_price(build, cap.name, multiplier, guard=status)
        build.add(
            f"equivalent_{cap.name}",
            multiplier / price,
            "1",
            Message("cell.equivalent_cap", {"what": what}),
            positive=False,
            guard=guard,
            infinite=guard != PLAN_STATUS,
        )


def _add_price(build: CellBuilder, name: str, multiplier: sp.Expr, guard: str | None = None) -> None:
    """The shadow price of a limit: what one per cent more of it changes the loss by."""
    label = Message("cell.price", {"limit": Message(f"limit.{name}")})
    unit = "nats/token per 1 %"
    build.add(f"price_{name}", -multiplier / 100, unit, label, positive=False, guard=guard)
