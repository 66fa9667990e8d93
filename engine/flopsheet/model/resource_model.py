"""A law with one resource as mathematics: the loss over what is spent, nothing to allocate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import sympy as sp

from flopsheet.errors import FlopsheetError, Problem
from flopsheet.formula.parse import parse_formula
from flopsheet.model.cell import make_symbol
from flopsheet.model.law_model import parse_where
from flopsheet.plan.plan import Decision, Law


@dataclass(frozen=True)
class ResourceModel:
    """A law whose only decision is one resource, parsed.

    `resource` is its symbol, positive; `level` stands for a loss to be reached (`L` unless the law has
    its own); `loss` is over the resource and the constants.
    """

    law: Law
    resource: sp.Symbol
    constants: Mapping[str, sp.Symbol]
    loss: sp.Expr
    level: sp.Symbol

    @property
    def values(self) -> Mapping[sp.Symbol, float]:
        """The law's own values of its constants."""
        return {symbol: self.law.constants[name].value for name, symbol in self.constants.items()}

    @property
    def decisions(self) -> tuple[sp.Symbol, ...]:
        """The resource, as the law's only decision."""
        return (self.resource,)

    @property
    def amount(self) -> sp.Symbol:
        """The resource stands for what is spent: there is no other cost."""
        return self.resource

    def decision(self, symbol: sp.Symbol) -> Decision:
        """What the law file says of the resource."""
        return self.law.decisions[symbol.name]


def is_resource_law(law: Law) -> bool:
    """Whether a law has one decision and no cost, so that there is nothing to allocate."""
    return len(law.decisions) == 1 and law.cost is None and law.loss is not None


def build_resource_model(law: Law) -> ResourceModel:
    """The law parsed.

    Raises:
        FlopsheetError: a formula does not parse, or the loss does not depend on the resource.
    """
    name = next(iter(law.decisions))
    resource = make_symbol(name)
    constants = {key: make_symbol(key, positive=constant.value > 0) for key, constant in law.constants.items()}
    symbols: dict[str, sp.Expr] = {name: resource, **constants}
    symbols |= parse_where(law, symbols)
    assert law.loss is not None  # noqa: S101 - is_resource_law
    loss = parse_formula(law.loss, symbols, subject="loss")
    if resource not in loss.free_symbols:
        message = f"the loss of law `{law.name}` does not depend on its decision `{name}`"
        raise FlopsheetError(Problem(message, law.loss.place, "loss"))
    level = make_symbol("L" if "L" not in {name, *law.constants, *law.where} else "L_target")
    return ResourceModel(law, resource, constants, loss, level)
