"""Unique data under a law that does its own repetition: the cap on epochs, and what more data are worth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import sympy as sp

from flopsheet.derive.cell_builder import PLAN_STATUS, CellBuilder
from flopsheet.derive.derivation import Derivation
from flopsheet.formula.root import put_in, slope_of
from flopsheet.messages import Message
from flopsheet.model.cell import Cell, make_symbol
from flopsheet.model.inputs import BEYOND
from flopsheet.model.law_model import LawModel

DATA_KEY, EPOCHS_KEY = "data.unique", "data.epochs"
_ALLOWED = "tokens_allowed"
# What a law calls the tokens that count, if it says so: what the next token adds to them tells whether it pays.
_EFFECTIVE = "D_effective"
_CLOSE = sp.Rational(1, 10**9)


def find_unique(model: LawModel) -> sp.Symbol | None:
    """What stands for the unique tokens in a law that reads them."""
    return next((given.symbol for given in model.inputs.values() if given.key == DATA_KEY), None)


def add_own_data(derivation: Derivation, cells: Sequence[Cell], *, has_epochs: bool) -> tuple[Cell, ...]:
    """The cells of a plan with a cap on epochs in them, and the price of unique data after them.

    With U unique tokens that price is -dL/d ln U at given decisions; where the epochs stop the plan, more data let it
    see more tokens too, so that the price of these belongs to it.

    Args:
        derivation: The law's derivation.
        cells: The cells of the plan.
        has_epochs: Whether any scenario sets a cap on epochs.
    """
    model = derivation.model
    unique = find_unique(model)
    tokens = next((z for z in model.decisions if model.decision(z).role == "tokens"), None)
    if unique is None or tokens is None:
        return tuple(cells)
    build = CellBuilder(derivation, model.amount)
    if has_epochs:
        allowed = sp.Min(make_symbol("caps_tokens"), unique * make_symbol("data_epochs"))
        symbol = build.add(_ALLOWED, allowed, "token", Message("cell.tokens_allowed"))
        put = {make_symbol("caps_tokens"): symbol}
        cells = [cell if cell.expr is None else replace(cell, expr=cell.expr.xreplace(put)) for cell in cells]
    cells = (*build.cells, *cells)
    build = CellBuilder(derivation, model.amount)
    _add_price(build, cells, unique, tokens, has_epochs=has_epochs)
    return (*cells, *build.cells)


def _add_price(
    build: CellBuilder, cells: Sequence[Cell], unique: sp.Symbol, tokens: sp.Symbol, *, has_epochs: bool
) -> None:
    """Multiplier, price and equivalent compute of the unique data."""
    model, known = build.model, {cell.id: cell for cell in cells}
    guard = PLAN_STATUS if PLAN_STATUS in known else None
    chosen = {z: known[f"{z}_planned" if f"{z}_planned" in known else f"{z}_opt"].symbol for z in model.decisions}
    loss = model.loss.xreplace(dict(reversed(list(model.helpers.items()))))
    gained = put_in(-unique * slope_of(loss, unique), chosen)
    label = Message("cell.worth_unique")
    gained = build.add("worth_unique", gained, "nats/token", label, positive=False)
    worth: sp.Expr = gained
    if has_epochs and "multiplier_tokens" in known:
        held = sp.And(known[_ALLOWED].symbol < make_symbol("caps_tokens"), chosen[tokens] >= known[_ALLOWED].symbol)
        held = sp.Piecewise((1, held), (0, True))
        epochs_bind = build.add("epochs_bind", held, "1", Message("cell.epochs_bind"), positive=False)
        worth = gained + epochs_bind * known["multiplier_tokens"].symbol
    effective = next((output.expr for output in model.outputs if output.name == _EFFECTIVE), None)
    if effective is not None:
        written = effective.xreplace(dict(reversed(list(model.helpers.items()))))
        label = Message("cell.fresh_part")
        build.add("fresh_part", put_in(slope_of(written, tokens), chosen), "1", label, positive=False, guard=guard)
    total = known["value_of_compute"].symbol
    worth = sp.Piecewise((worth, worth > _CLOSE * total), (0, True))
    label = Message("cell.multiplier", {"limit": Message("limit.data")})
    multiplier = build.add("multiplier_data", worth, "nats/token", label, positive=False)
    label = Message("cell.price", {"limit": Message("limit.data")})
    build.add("price_data", -multiplier / 100, "nats/token per 1 %", label, positive=False, guard=guard)
    price = known["multiplier_compute"].symbol if "multiplier_compute" in known else total
    equivalent = sp.Piecewise((multiplier / price, price > _CLOSE * multiplier), (BEYOND.symbol, True))
    label = Message("cell.equivalent_limit", {"limit": Message("limit.data")})
    build.add("equivalent_data", equivalent, "1", label, positive=False, guard=guard)
