"""What a plan asks beside its law: data, hardware, inference, and limits on what is spent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flopsheet.errors import FlopsheetError, Problem
from flopsheet.model.cell import Cell
from flopsheet.model.law_model import LawModel
from flopsheet.model.spending import Account, build_account
from flopsheet.model.supply import Supply, build_supply
from flopsheet.plan.plan import Plan, Scenario


@dataclass(frozen=True)
class Terms:
    """The terms of a plan. `cells` are their inputs.

    `searches` says that they reach into the optimum, which then is found over the tokens seen; else they only add
    results to the plan that the law's own derivation gives.
    """

    account: Account
    supply: Supply | None
    cells: tuple[Cell, ...]
    searches: bool


def build_terms(plan: Plan, model: LawModel) -> Terms | None:
    """The terms of a plan; None where its law and its caps are all there is.

    Raises:
        FlopsheetError: the terms speak of parameters and tokens, and the law has no such decisions; or the law reads
            what a modifier would apply.
    """
    account, cells = build_account(plan, model)
    reads = {given.key for given in model.inputs.values()}
    found = None if "data.unique" in reads else build_supply(plan)
    supply, more = found if found is not None else (None, ())
    limited = any(s.limit is not None for name, s in account.spendings.items() if name != "compute")
    searches = bool(
        supply or limited or account.inference is not None or account.most_parameters or account.goal == "money"
    )
    if not searches and not cells:
        return None
    roles = {model.decision(z).role for z in model.decisions}
    if not {"parameters", "tokens"} <= roles:
        own = ", ".join(f"`{name}`" for name in model.law.decisions)
        message = (
            f"data, hardware and inference are about parameters and tokens, but law `{model.law.name}` decides {own}."
        )
        remedy = "Give its decisions the roles `parameters` and `tokens`."
        raise FlopsheetError(Problem(message, plan.law_place, "law", remedy))
    return Terms(account, supply, (*cells, *more), searches)


def limit_keys(plan: Plan) -> dict[str, tuple[str, ...]]:
    """The keys of a plan that declare each limit, by the limit's name in `binding`."""
    tiers = tuple(f"data.tiers.{tier.name}.unique" for tier in plan.tiers)
    return {
        "compute": ("budget.compute",),
        "parameters": ("caps.parameters",),
        "tokens": ("caps.tokens",),
        "data": ("data.unique", *tiers),
        "time": ("budget.time", "caps.time"),
        "money": ("budget.money", "caps.money"),
        "memory": ("caps.memory",),
    }


def is_declared(scenario: Scenario, keys: Sequence[str]) -> bool:
    """Whether a scenario sets any of these."""
    return any((given := scenario.inputs.get(key)) is not None and bool(given.value) for key in keys)


def declared_limits(plan: Plan) -> frozenset[str]:
    """The names of the limits that any scenario sets."""
    return frozenset(
        name
        for name, keys in limit_keys(plan).items()
        if any(is_declared(scenario, keys) for scenario in plan.scenarios)
    )
