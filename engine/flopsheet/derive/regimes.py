"""Regimes: which limits bind, where the optimum then lies, and what each limit is worth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import sympy as sp

from flopsheet.derive.stationarity import Interior
from flopsheet.formula.root import put_in
from flopsheet.model.cell import make_symbol
from flopsheet.model.law_model import LawModel
from flopsheet.model.resource_model import ResourceModel

# The plan key of a cap, by the role of the decision it limits.
CAP_KEYS = {"parameters": "caps.parameters", "tokens": "caps.tokens"}


@dataclass(frozen=True)
class Cap:
    """An upper limit on a decision: its plan key, short name (in `binding`) and symbol."""

    decision: sp.Symbol
    key: str
    name: str
    symbol: sp.Symbol


@dataclass(frozen=True)
class Regime:
    """One case of the plan.

    `binding` names the limits that bind; `optimum` is each decision there; `multipliers` is
    -dL/d ln(limit) of each binding limit; each of `when` is positive exactly in this regime.
    """

    binding: tuple[str, ...]
    optimum: Mapping[sp.Symbol, sp.Expr]
    multipliers: Mapping[str, sp.Expr]
    when: tuple[sp.Expr, ...]


def find_caps(model: LawModel | ResourceModel) -> dict[sp.Symbol, Cap]:
    """The cap each decision may have: those whose role has one. A single resource has nothing to cap."""
    caps: dict[sp.Symbol, Cap] = {}
    if isinstance(model, ResourceModel):
        return caps
    for symbol in model.decisions:
        role = model.decision(symbol).role
        if role in CAP_KEYS:
            key = CAP_KEYS[role]
            caps[symbol] = Cap(symbol, key, role, make_symbol(key.replace(".", "_")))
    return caps


def derive_regimes(model: LawModel, interior: Interior) -> tuple[Regime, ...]:
    """Every regime of a budget with caps on the decisions.

    The multipliers follow from the Lagrangian in logarithms: with gain_z = -dL/d ln z and
    share_z = d ln(cost)/d ln z, stationarity in a decision without binding cap gives the budget's
    multiplier gain_z / share_z, and a binding cap on z takes what is left, gain_z - multiplier * share_z.
    """
    caps = find_caps(model)
    regimes = [_free_regime(model, interior, caps)]
    regimes += [_one_cap(model, interior, caps, z) for z in model.decisions if z in caps]
    if len(caps) == len(model.decisions):
        regimes.append(_all_caps(model, interior, caps))
    return tuple(regimes)


def _free_regime(model: LawModel, interior: Interior, caps: Mapping[sp.Symbol, Cap]) -> Regime:
    """Only the budget binds."""
    x = model.decisions[0]
    price = put_in(interior.gains[x] / interior.shares[x], interior.free)
    when = tuple(caps[z].symbol - interior.free[z] for z in model.decisions if z in caps)
    return Regime(("compute",), interior.free, {"compute": price}, when)


def _one_cap(model: LawModel, interior: Interior, caps: Mapping[sp.Symbol, Cap], capped: sp.Symbol) -> Regime:
    """One cap and the budget bind: the other decision takes what the budget leaves."""
    other = next(z for z in model.decisions if z != capped)
    cap = caps[capped]
    optimum = {capped: cap.symbol, other: interior.on_budget[other].subs(capped, cap.symbol)}
    budget = interior.gains[other] / interior.shares[other]
    left = interior.gains[capped] - budget * interior.shares[capped]
    multipliers = {
        "compute": put_in(budget, optimum),
        cap.name: put_in(left, optimum),
    }
    when = [interior.free[capped] - cap.symbol]
    if other in caps:
        when.append(caps[other].symbol - optimum[other])
    return Regime((cap.name, "compute"), optimum, multipliers, tuple(when))


def _all_caps(model: LawModel, interior: Interior, caps: Mapping[sp.Symbol, Cap]) -> Regime:
    """Every cap binds and some of the budget is left."""
    optimum = {z: caps[z].symbol for z in model.decisions}
    multipliers = {caps[z].name: put_in(interior.gains[z], optimum) for z in model.decisions}
    when = (model.amount - model.cost.subs(optimum, simultaneous=True),)
    return Regime(tuple(caps[z].name for z in model.decisions), optimum, multipliers, when)
