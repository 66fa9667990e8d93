"""A law with one resource as mathematics: the loss over what is spent, nothing to allocate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import sympy as sp

from flopsheet.errors import FlopsheetError, Problem
from flopsheet.formula.parse import parse_formula
from flopsheet.model.cell import make_symbol
from flopsheet.model.law_model import GivenInput, build_input, parse_where
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
    inputs: Mapping[str, GivenInput] = field(default_factory=dict)

    @property
    def values(self) -> Mapping[sp.Symbol, float]:
        """The law's own values of its constants, and usual ones of what it takes from the plan."""
        usual = {given.symbol: given.usual for given in self.inputs.values()}
        return usual | {symbol: self.law.constants[name].value for name, symbol in self.constants.items()}

    @property
    def parameters(self) -> tuple[sp.Symbol, ...]:
        """Every symbol of the formulas that a scenario fixes: constants and inputs. Each names its cell."""
        return (*self.constants.values(), *(given.symbol for given in self.inputs.values()))

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


def build_resource_model(law: Law, given: Mapping[str, float] | None = None) -> ResourceModel:
    """The law parsed; `given` are numbers for its inputs at which it is looked at.

    Raises:
        FlopsheetError: a formula does not parse, or the loss does not depend on the resource.
    """
    name = next(iter(law.decisions))
    resource = make_symbol(name)
    constants = {key: make_symbol(key, positive=constant.value > 0) for key, constant in law.constants.items()}
    # A choice between two ends is given like any input; candidates are chosen.
    inputs = {key: build_input(law, replace(entry, between=None), given or {}) for key, entry in law.inputs.items()}
    symbols: dict[str, sp.Expr] = {name: resource, **constants, **{key: g.symbol for key, g in inputs.items()}}
    symbols |= parse_where(law, symbols)
    assert law.loss is not None  # noqa: S101 - is_resource_law
    loss = parse_formula(law.loss, symbols, subject="loss")
    if resource not in loss.free_symbols:
        message = f"the loss of law `{law.name}` does not depend on its decision `{name}`"
        raise FlopsheetError(Problem(message, law.loss.place, "loss"))
    taken = {name, *law.constants, *law.where, *law.inputs}
    level = make_symbol("L" if "L" not in taken else "L_target", positive=not law.has_signed_loss)
    return ResourceModel(law, resource, constants, loss, level, inputs)
