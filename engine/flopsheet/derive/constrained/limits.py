"""The size that every limit leaves at given tokens, and the least of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import sympy as sp

from flopsheet.derive.algebra import isolate
from flopsheet.errors import FlopsheetError, Problem
from flopsheet.model.cell import make_symbol
from flopsheet.model.law_model import LawModel
from flopsheet.model.spending import Account, Spending

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


def find_bounds(
    model: LawModel,
    account: Account,
    most_size: Mapping[str, sp.Expr],
    size: sp.Symbol,
    tokens: sp.Symbol,
    *,
    caps: bool = True,
) -> tuple[Bound, ...]:
    """The limits of a plan, each solved for the size.

    Args:
        model: The law.
        account: What is spent.
        most_size: Limits on the size itself, by name.
        size: The parameters.
        tokens: The tokens seen.
        caps: Whether amounts are held to their caps, or to the budget alone.

    Raises:
        FlopsheetError: an amount cannot be solved for the size.
    """
    bounds = [Bound(name, most, sp.S.Zero, sp.S.One) for name, most in most_size.items()]
    for spending in account.spendings.values():
        limit = spending.limit if caps else spending.budget
        if limit is not None:
            bounds.append(bound_of(model, spending, limit, size, tokens))
    return tuple(bounds)


def bound_of(
    model: LawModel, spending: Spending, limit: sp.Expr, size: sp.Symbol, tokens: sp.Symbol, name: str | None = None
) -> Bound:
    """The size that spends a limit on one amount.

    Raises:
        FlopsheetError: the amount cannot be solved for the size.
    """
    found = isolate(sp.factor(spending.spent), _AMOUNT, size) or isolate(spending.spent, _AMOUNT, size)
    if found is None:
        place = model.law.cost.place if model.law.cost else model.law.place
        message = (
            f"with inference and the limits of this plan, what law `{model.law.name}` spends cannot be solved for "
            f"`{size}`"
        )
        raise FlopsheetError(Problem(message, place, "cost", "Leave out inference, or limit compute alone."))
    share = {z: sp.factor(sp.cancel(z * sp.diff(spending.spent, z) / spending.spent)) for z in (size, tokens)}
    return Bound(
        name=name or spending.name,
        size=found.value.subs(_AMOUNT, limit),
        trade=sp.factor(sp.cancel(share[tokens] / share[size])),
        share=share[size],
    )


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
