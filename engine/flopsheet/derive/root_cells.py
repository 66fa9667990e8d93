"""Decisions without a closed form as cells: the place of the optimum along its contour, and what it decides."""

from __future__ import annotations

from collections.abc import Mapping

import sympy as sp

from flopsheet.derive.cell_builder import CellBuilder
from flopsheet.derive.contour import Contour, optimum_on
from flopsheet.formula.root import SNAP, put_in
from flopsheet.messages import Message
from flopsheet.model.cell import CellKind
from flopsheet.model.inputs import BEYOND


def add_root_optimum(
    build: CellBuilder, contour: Contour, amount: sp.Symbol, suffix: str
) -> dict[sp.Symbol, sp.Symbol]:
    """The optimum where only the budget binds, and its loss."""
    model, residual = build.model, build.derivation.interior.residual
    put = {model.amount: amount}
    root = optimum_on(contour, residual, model.loss).xreplace(put)
    t = build.add(f"t_{suffix}", root, "1", Message(f"cell.t_{suffix}"), positive=False)
    free = {}
    for z in model.decisions:
        formula = contour.put_on(z, t).xreplace(put)
        free[z] = build.add(f"{z}_{suffix}", formula, build.unit(z), build.label(suffix, z))
    loss = put_in(model.loss, free)
    build.add_loss(f"L_{suffix}", loss, Message(f"cell.L_{suffix}"))
    return free


def ends_under_caps(build: CellBuilder, contour: Contour) -> tuple[sp.Expr, sp.Expr]:
    """The stretch of a contour that the caps leave, not yet in order where they leave nothing.

    The first decision grows along it, so its cap is an end on the right and the other's one on the left.
    """
    x, y = build.model.decisions
    low, high = contour.ends
    if x in build.caps:
        high = contour.limit(x, build.caps[x].symbol)
    if y in build.caps:
        low = contour.limit(y, build.caps[y].symbol)
    return low, high


def add_root_choice(
    build: CellBuilder,
    contour: Contour,
    objective: sp.Expr,
    put: Mapping[sp.Symbol, sp.Expr],
    suffix: str,
    *,
    kind: CellKind,
) -> dict[sp.Symbol, sp.Symbol]:
    """Each decision at the best place of the contour that the caps leave.

    A decision that stands at its end is exactly the cap; where there is no cap it is beyond reach, and no plan.
    """
    x, y = build.model.decisions
    caps = {z: build.caps[z].symbol if z in build.caps else BEYOND.symbol for z in (x, y)}
    low, high = ends_under_caps(build, contour)
    right = build.add("t_high", high.xreplace(put), "1", Message("cell.t_high"), positive=False)
    left = build.add("t_low", sp.Min(right, low.xreplace(put)), "1", Message("cell.t_low"), positive=False)
    root = optimum_on(contour, build.derivation.interior.residual, objective, (left, right)).xreplace(put)
    t = build.add(f"t_{suffix}", root, "1", Message("cell.t_opt"), positive=False)
    # As near as a root snaps to its end: where a spreadsheet sought it the end may be summed in another order.
    near = sp.Rational(SNAP) * (right - left)
    at_end = {x: right - t <= near, y: t - left <= near}
    chosen = {}
    for z in (x, y):
        along = sp.Min(caps[z], contour.put_on(z, t).xreplace(put))
        expr = sp.Piecewise((caps[z], at_end[z]), (along, True))
        label = build.label("opt" if suffix == "opt" else "plan", z)
        chosen[z] = build.add(f"{z}_{suffix}", expr, build.unit(z), label, kind=kind)
    return chosen
