"""The size that every limit leaves at given tokens, and the least of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import sympy as sp

from flopsheet.derive.algebra import isolate
from flopsheet.errors import FlopsheetError, Problem
from flopsheet.model.cell import make_symbol
from flopsheet.model.law_model import LawModel
from flopsheet.model.spending import Account

_AMOUNT = make_symbol("amount of a limit")


@dataclass(frozen=True)
class Bound:
    """An upper limit on the size at given tokens.

    Attributes:
        name: The limit: compute, money, time, parameters or memory.
        size: The size that spends it, over the tokens.
        trade: By how many per cent the size falls as the tokens grow by one, over both; 0 for a limit on the size.
        share: d ln(amount)/d ln(size).
    """

    name: str
    size: sp.Expr
    trade: sp.Expr
    share: sp.Expr


def find_bounds(model: LawModel, account: Account, size: sp.Symbol, tokens: sp.Symbol) -> tuple[Bound, ...]:
    """The limits of a plan, each solved for the size.

    Raises:
        FlopsheetError: an amount cannot be solved for the size.
    """
    bounds = [Bound(name, most, sp.S.Zero, sp.S.One) for name, most in account.most_parameters.items()]
    for spending in account.spendings:
        if spending.limit is None:
            continue
        found = isolate(spending.spent, _AMOUNT, size)
        if found is None:
            place = model.law.cost.place if model.law.cost else model.law.place
            message = (
                f"with inference and the limits of this plan, what law `{model.law.name}` spends cannot be solved for "
                f"`{size}`"
            )
            raise FlopsheetError(Problem(message, place, "cost", "Leave out inference, or limit compute alone."))
        share = {z: sp.factor(sp.cancel(z * sp.diff(spending.spent, z) / spending.spent)) for z in (size, tokens)}
        bounds.append(
            Bound(
                name=spending.name,
                size=found.value.subs(_AMOUNT, spending.limit),
                trade=sp.factor(sp.cancel(share[tokens] / share[size])),
                share=share[size],
            )
        )
    return tuple(bounds)


def least(sizes: Mapping[str, sp.Expr]) -> sp.Expr:
    """The size that all limits leave."""
    return sp.Min(*sizes.values())


def trade_of_least(sizes: Mapping[str, sp.Expr], trades: Mapping[str, sp.Expr]) -> sp.Expr:
    """The trade of the limit that leaves the least size."""
    names = list(sizes)
    pairs = []
    for position, name in enumerate(names[:-1]):
        others = [sizes[name] <= sizes[other] for other in names[position + 1 :]]
        pairs.append((trades[name], sp.And(*others)))
    return sp.Piecewise(*pairs, (trades[names[-1]], True)) if pairs else trades[names[-1]]
