"""What decisions gain where the loss may have a kink, as cells: the mean of both sides that a budget pays for."""

from __future__ import annotations

from collections.abc import Mapping

import sympy as sp

from flopsheet.derive.cell_builder import CellBuilder
from flopsheet.derive.kinks import SIDE, mean_gain, shift_along
from flopsheet.messages import Message


def add_kink_gains(
    build: CellBuilder,
    chosen: Mapping[sp.Symbol, sp.Symbol],
    flags: Mapping[sp.Symbol, sp.Symbol],
    shares: Mapping[sp.Symbol, sp.Expr],
) -> dict[sp.Symbol, sp.Symbol]:
    """The gain of each decision: at a cap as it is, else the mean of what it is just below and just above.

    Of all means of the slopes on both sides it is the one in which the budget is worth the same in either
    decision; without a kink both sides are the same.
    """
    x, y = build.model.decisions
    free = sp.Mul(*(1 - flag for flag in flags.values()))
    step = sp.Rational(SIDE) * free
    gains: dict[str, dict[sp.Symbol, sp.Symbol]] = {}
    for side, sign in (("below", -1), ("above", 1)):
        moved = shift_along(chosen, shares, sign * step)
        beside = {
            z: build.add(f"{z}_{side}", expr, build.unit(z), build.label(f"kink_{side}", z))
            for z, expr in moved.items()
        }
        gains[side] = {
            z: build.add(
                f"{side}_gain_{z}",
                build.derivation.interior.gains[z].subs(beside, simultaneous=True),
                "nats/token",
                build.label(f"gain_{side}", z),
                positive=False,
            )
            for z in (x, y)
        }
    worth = {side: {z: gain / shares[z] for z, gain in found.items()} for side, found in gains.items()}
    falls = sp.Max(0, worth["below"][x] - worth["below"][y])
    rises = sp.Max(0, worth["above"][y] - worth["above"][x])
    label = {"x": x.name, "y": y.name}
    fall = build.add("falls_below", falls, "nats/token", Message("cell.falls_below", label), positive=False)
    rise = build.add("rises_above", rises, "nats/token", Message("cell.rises_above", label), positive=False)
    return {
        z: build.add(
            f"gain_{z}",
            mean_gain(gains["below"][z], gains["above"][z], fall, rise),
            "nats/token",
            build.label("gain_at_kink", z),
            positive=False,
        )
        for z in (x, y)
    }
