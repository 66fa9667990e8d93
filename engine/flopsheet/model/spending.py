"""What a plan spends: amounts over the decisions, each with the limits that a plan may set on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import sympy as sp


@dataclass(frozen=True)
class Spending:
    """One amount that grows with both decisions, and its limit.

    Attributes:
        name: What it is called in `binding`: compute, money or time.
        unit: Its base unit.
        spent: The amount over the decisions.
        limit: What it must not exceed; beyond reach where a scenario sets none. None where the plan never does.
        keys: The keys of the plan that set the limit.
    """

    name: str
    unit: str
    spent: sp.Expr
    limit: sp.Expr | None = None
    keys: tuple[str, ...] = ()


@dataclass(frozen=True)
class Account:
    """All that is spent.

    Attributes:
        spendings: Every amount that a plan with these keys speaks of.
        training, inference: FLOP over the decisions.
        most_parameters: Upper limits on the parameters, each over cells, by the name of the limit.
        amounts: Further results over the decisions: accelerator hours and the like, by name.
        goal: The amount that is minimised, by name, where the loss is given.
    """

    spendings: tuple[Spending, ...]
    training: sp.Expr
    inference: sp.Expr | None = None
    most_parameters: Mapping[str, sp.Expr] = field(default_factory=dict)
    amounts: Mapping[str, sp.Expr] = field(default_factory=dict)
    goal: str = "compute"
