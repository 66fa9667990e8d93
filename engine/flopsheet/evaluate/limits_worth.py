"""What every limit of a plan holds, what the plan takes of it, and what more of it is worth."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from flopsheet.evaluate.solution import Solution
from flopsheet.evaluate.what_if import WhatIf
from flopsheet.model.cell import BEYOND_REACH
from flopsheet.model.supply import Tier

SPENT = {"compute": "FLOP", "money": "USD", "time": "hour"}
"""What a plan spends, with its unit."""
MORE_TOKENS = 1e11
"""So many more unique tokens of a tier are weighed."""
_COSTS = {"money": "cost", "time": "time"}


@dataclass(frozen=True)
class LimitUse:
    """A limit of one scenario.

    Attributes:
        name: As in `binding`.
        unit: The unit of `amount` and `used`.
        amount: What it allows.
        used: What the plan takes of it.
        price: What the loss changes by from 1 % more of it, never positive.
        equivalent: By how many per cent more of the `yardstick` 1 % more of it does the same; infinite where none does.
        usd: What that much of the yardstick costs; None where no price is known.
    """

    name: str
    unit: str
    amount: float
    used: float
    price: float
    equivalent: float
    usd: float | None

    @property
    def left(self) -> float:
        """The part that is not used."""
        return 1 - self.used / self.amount


@dataclass(frozen=True)
class MoreData:
    """What `MORE_TOKENS` more unique tokens of a tier change, found by planning anew.

    Attributes:
        tier: The tier; empty where all data are alike.
        loss: What the loss changes by; 0 where the loss is given.
        share: By what part the yardstick would have to grow for the same loss, or falls where the loss is given.
        usd: What that much of it costs; None where no price is known.
    """

    tier: str
    loss: float
    share: float
    usd: float | None


def find_yardstick(solution: Solution, index: int) -> str:
    """The amount that others are compared with: what is minimised, else the budget; compute before money and time."""
    if solution.plan.objective != "minimize loss":
        return "money" if solution.plan.objective == "minimize cost" else "compute"
    prices = solution.answers[index].shadow_prices
    bound = [name for name in SPENT if name in prices and prices[name].value != 0]
    budgets = [name for name in SPENT if is_set(solution, f"budget.{name}", index)]
    return [*bound, *budgets][0]


def budget_cell(solution: Solution, index: int) -> str | None:
    """The input cell of a scenario's budget; None where a loss is given."""
    found = [f"budget_{name}" for name in SPENT if is_set(solution, f"budget.{name}", index)]
    return found[0] if found and solution.plan.objective == "minimize loss" else None


def is_set(solution: Solution, key: str, index: int) -> bool:
    """Whether a scenario sets an input that the plan has."""
    return key in solution.table.sources and solution.table.is_set(key, index)


def list_limit_uses(solution: Solution, index: int) -> tuple[LimitUse, ...]:
    """The limits of a scenario that has a plan, those first of which 1 % more is worth most."""
    answer, evaluation = solution.answers[index], solution.evaluation
    yardstick = find_yardstick(solution, index)
    unit_price = price_of(solution, index, yardstick)
    size = evaluation.value(f"multiplier_{yardstick}", index) if f"multiplier_{yardstick}" in evaluation.values else 0.0
    uses = []
    for name, price in answer.shadow_prices.items():
        amount, used, unit = _amounts(solution, index, name)
        worth = evaluation.value(f"multiplier_{name}", index)
        equivalent = 0.0 if worth == 0 else (worth / size if size > 0 else math.inf)
        cost = None
        if unit_price is not None and math.isfinite(equivalent):
            cost = equivalent / 100 * unit_price * spent_of(solution, index, yardstick)
        uses.append(LimitUse(name, unit, amount, used, price.value, equivalent, cost))
    return tuple(sorted(uses, key=lambda use: use.price))


def price_of(solution: Solution, index: int, name: str) -> float | None:
    """USD for one unit of compute or time as training uses it, or of money; None where no price is known."""
    if name == "money":
        return 1.0
    evaluation = solution.evaluation
    needed = ["hardware_price", *(["hardware_count"] if name == "time" else ["hardware_peak", "hardware_mfu"])]
    if not all(cell in evaluation.values for cell in needed):
        return None
    price, *rest = (evaluation.value(cell, index) for cell in needed)
    if max(price, *rest) >= BEYOND_REACH:
        return None
    return price * rest[0] if name == "time" else price / math.prod(rest)


def spent_of(solution: Solution, index: int, name: str) -> float:
    """What the plan of a scenario spends of compute, money or time, as far as limits count it."""
    terms, evaluation = solution.terms, solution.evaluation
    if name in _COSTS:
        return evaluation.value(_COSTS[name], index)
    whole = terms is not None and set(terms.account.covered) > {"training"}
    return evaluation.value("C_total" if whole else "C_train", index)


def _amounts(solution: Solution, index: int, name: str) -> tuple[float, float, str]:
    """What a limit allows, what is used of it, and the unit."""
    evaluation, model = solution.evaluation, solution.model
    if name in SPENT:
        keys = [f"{section}.{name}" for section in ("budget", "caps")]
        set_here = [key.replace(".", "_") for key in keys if is_set(solution, key, index)]
        return min(evaluation.value(cell, index) for cell in set_here), spent_of(solution, index, name), SPENT[name]
    roles = {model.decision(z).role: z for z in model.decisions}
    if name == "data":
        return _data(solution, index)
    decision = roles["tokens" if name == "tokens" else "parameters"]
    used, unit = evaluation.value(f"{decision}_opt", index), model.decision(decision).unit
    limit = evaluation.value(f"caps_{name}", index)
    if name == "memory":
        each = evaluation.value("hardware_bytes_per_parameter", index)
        return limit, used * each, "byte"
    return limit, used, unit


def _data(solution: Solution, index: int) -> tuple[float, float, str]:
    """All unique tokens, and those of them that are seen at least once."""
    evaluation, supply = solution.evaluation, solution.terms.supply if solution.terms else None
    tiers = () if supply is None else supply.tiers
    amounts = [evaluation.value(unique_cell(tier.slug), index) for tier in tiers]
    seen = [min(1.0, evaluation.value(epochs_cell(tier.slug), index)) for tier in tiers]
    return sum(amounts), sum(amount * part for amount, part in zip(amounts, seen, strict=True)), "token"


def list_own_tiers(solution: Solution, index: int) -> tuple[Tier, ...]:
    """The data that a scenario has: its tiers, or one without a name; none where they have no limit."""
    supply = solution.terms.supply if solution.terms else None
    if supply is None:
        return ()
    if not supply.is_named:
        return supply.tiers if solution.evaluation.value("data_unique", index) < BEYOND_REACH else ()
    own = solution.plan.scenarios[index].tiers
    return tuple(tier for tier in supply.tiers if tier.name in own)


def unique_cell(slug: str) -> str:
    """The input of a tier's unique tokens; `data` is the one of data that are all alike."""
    return "data_unique" if slug == "data" else f"data_tiers_{slug}_unique"


def epochs_cell(slug: str) -> str:
    """The epochs over a tier."""
    return "epochs" if slug == "data" else f"tier_{slug}_epochs"


def list_more_data(what_if: WhatIf, index: int) -> tuple[MoreData, ...]:
    """What more unique tokens of each tier of a scenario would change, by planning anew with them."""
    solution = what_if.solution
    evaluation = solution.evaluation
    yardstick = find_yardstick(solution, index)
    unit_price, spent = price_of(solution, index, yardstick), spent_of(solution, index, yardstick)
    found = []
    for tier in list_own_tiers(solution, index):
        cell = unique_cell(tier.slug)
        more = what_if.evaluate(index, {cell: [evaluation.value(cell, index) + MORE_TOKENS]})
        if solution.plan.objective == "minimize loss":
            loss = float(more["L_opt"][0])
            change, share = loss - evaluation.value("L_opt", index), _share(what_if, index, loss)
        else:
            amount = float(more[_spent_cell(solution, yardstick)][0])
            change, share = 0.0, 1 - amount / spent
        usd = None if unit_price is None or not math.isfinite(share) else share * unit_price * spent
        found.append(MoreData(tier.name, min(0.0, change), max(0.0, share), usd))
    return tuple(found)


def _share(what_if: WhatIf, index: int, loss: float) -> float:
    """By what part the budget would have to grow to reach a loss."""
    cell = budget_cell(what_if.solution, index)
    if cell is None:
        return math.inf
    return what_if.amount_for(index, cell, loss) / what_if.solution.evaluation.value(cell, index) - 1


def _spent_cell(solution: Solution, name: str) -> str:
    """The cell of what is spent."""
    if name in _COSTS:
        return _COSTS[name]
    whole = solution.terms is not None and set(solution.terms.account.covered) > {"training"}
    return "C_total" if whole else "C_train"


def record_limits(solution: Solution, index: int) -> Mapping[str, Mapping[str, object]]:
    """What `solve --json` says of each limit beside its price: what it allows, what is used and left, what it is worth.

    `equivalent_money` is what as much of the yardstick costs as does the same as 1 % more of the limit, in USD.
    """
    found: dict[str, Mapping[str, object]] = {}
    for use in list_limit_uses(solution, index):
        money = {} if use.usd is None or use.price == 0 else {"equivalent_money": {"value": use.usd, "unit": "USD"}}
        found[use.name] = {
            "limit": {"value": use.amount, "unit": use.unit},
            "used": {"value": use.used, "unit": use.unit},
            "left": max(0.0, use.left),
            **money,
        }
    return found
