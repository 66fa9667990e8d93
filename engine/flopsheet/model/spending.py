"""What a plan spends: compute, money and time over the decisions, with the limits that a plan sets on them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import sympy as sp

from flopsheet.formula.parse import parse_formula
from flopsheet.messages import Message
from flopsheet.model.cell import Cell, make_symbol
from flopsheet.model.law_model import LawModel
from flopsheet.plan.plan import Plan

SERVED = "D_infer"
"""What the cost of inference calls the tokens that are served."""

_KEYS = {"compute": ("budget.compute",), "money": ("budget.money", "caps.money"), "time": ("budget.time", "caps.time")}
_UNITS = {"compute": "FLOP", "money": "USD", "time": "hour"}
# The inputs of accelerators and inference, in the order in which they are shown, with their units.
_INPUTS = {
    "hardware.count": "accelerator",
    "hardware.mfu": "1",
    "hardware.peak": "FLOP/(accelerator*hour)",
    "hardware.price": "USD/(accelerator*hour)",
    "hardware.power": "W/accelerator",
    "hardware.bytes_per_parameter": "byte/parameter",
    "inference.tokens": "token",
    "inference.input_tokens": "token",
    "inference.output_tokens": "token",
    "inference.peak": "FLOP/(accelerator*hour)",
    "inference.prefill_mfu": "1",
    "inference.decode_mfu": "1",
    "inference.price": "USD/(accelerator*hour)",
}
_LIMITS = {
    "budget.money": "USD",
    "budget.time": "hour",
    "caps.time": "hour",
    "caps.money": "USD",
    "caps.memory": "byte",
}


@dataclass(frozen=True)
class Spending:
    """One amount that grows with both decisions, and its limit.

    Attributes:
        name: What it is called in `binding`: compute, money or time.
        unit: Its base unit.
        spent: The amount over the decisions.
        limit: What it must not exceed; beyond reach where a scenario sets none. None where the plan never does.
        budget: The same without caps.
    """

    name: str
    unit: str
    spent: sp.Expr
    limit: sp.Expr | None = None
    budget: sp.Expr | None = None


@dataclass(frozen=True)
class Phase:
    """A use of accelerators: FLOP over the decisions, and what one accelerator does in an hour and costs."""

    name: str
    flop: sp.Expr
    rate: sp.Expr | None = None
    price: sp.Expr | None = None


@dataclass(frozen=True)
class Account:
    """All that a plan spends.

    Attributes:
        phases: Training, then what inference does; `covered` are those that compute and money pay for.
        spendings: Compute, money and time, as far as the plan has what they need.
        most_parameters: Limits on the size besides its own cap, by name.
        power: What an accelerator draws; None where that is not known.
        goal: The amount that is minimised where the loss is given.
    """

    phases: tuple[Phase, ...]
    covered: tuple[str, ...]
    spendings: Mapping[str, Spending]
    most_parameters: Mapping[str, sp.Expr] = field(default_factory=dict)
    power: sp.Expr | None = None
    goal: str = "compute"

    @property
    def inference(self) -> sp.Expr | None:
        """FLOP of inference; None without."""
        parts = [phase.flop for phase in self.phases if phase.name != "training"]
        return sp.Add(*parts) if parts else None


def build_account(plan: Plan, model: LawModel) -> tuple[Account, tuple[Cell, ...]]:
    """What a plan spends, and the input cells of it."""
    read = {given.key for given in model.inputs.values()}
    units = {**_INPUTS, **_LIMITS}
    used = [key for key in units if key not in read and _is_set(plan, key)]
    cells = {key: _input(key, units[key], optional=_is_optional(plan, key)) for key in used}
    at = {key: cell.symbol for key, cell in cells.items()}
    phases = (_training(model, at), *_serve(model, at))
    covered = tuple(p.name for p in phases) if plan.covers == "lifetime" else ("training",)
    memory = {}
    if "caps.memory" in at:
        memory["memory"] = at["caps.memory"] / at["hardware.bytes_per_parameter"]
    account = Account(
        phases=phases,
        covered=covered,
        spendings={spending.name: spending for spending in _spend(plan, phases, covered, at)},
        most_parameters=memory,
        power=at.get("hardware.power"),
        goal="money" if plan.objective == "minimize cost" else "compute",
    )
    return account, tuple(cells.values())


def _is_set(plan: Plan, key: str) -> bool:
    """Whether any scenario has a value for a key."""
    return any((given := s.inputs.get(key)) is not None and given.value is not None for s in plan.scenarios)


def _is_optional(plan: Plan, key: str) -> bool:
    """Whether a scenario may leave an input out: a limit, or what some scenario does without."""
    return key in _LIMITS or any(
        (given := scenario.inputs.get(key)) is None or given.value is None for scenario in plan.scenarios
    )


def _input(key: str, unit: str, *, optional: bool) -> Cell:
    """An input cell named after its key. A scenario without inference serves no tokens."""
    name = key.replace(".", "_")
    served = key.startswith("inference.") and unit == "token"
    return Cell(name, "input", unit, Message(f"cell.{name}"), key=key, optional=optional and not served,
                default=0.0 if served else None, positive=not served)  # fmt: skip


def _training(model: LawModel, at: Mapping[str, sp.Symbol]) -> Phase:
    """What training takes."""
    known = "hardware.peak" in at and "hardware.mfu" in at
    rate = at["hardware.peak"] * at["hardware.mfu"] if known else None
    return Phase("training", model.cost, rate, at.get("hardware.price"))


def _serve(model: LawModel, at: Mapping[str, sp.Symbol]) -> tuple[Phase, ...]:
    """What inference takes, reading and writing apart where the plan tells them apart."""
    found = []
    mfu = at.get("hardware.mfu")
    for name, key, own in (
        ("inference", "inference.tokens", mfu),
        ("prefill", "inference.input_tokens", at.get("inference.prefill_mfu", mfu)),
        ("decode", "inference.output_tokens", at.get("inference.decode_mfu", mfu)),
    ):
        if key not in at:
            continue
        peak = at.get("inference.peak", at.get("hardware.peak"))
        rate = None if peak is None or own is None else peak * own
        price = at.get("inference.price", at.get("hardware.price"))
        found.append(Phase(name, serve_flop(model, at[key]), rate, price))
    return tuple(found)


def serve_flop(model: LawModel, tokens: sp.Expr) -> sp.Expr:
    """FLOP to serve tokens: what the law says, else two for each parameter and token."""
    text = model.law.inference_cost
    if text is not None:
        return parse_formula(text, {**model.symbols, SERVED: tokens}, subject="inference_cost")
    size = next((z for z in model.decisions if model.decision(z).role == "parameters"), None)
    return 2 * size * tokens if size is not None else sp.S.Zero


def _spend(plan: Plan, phases: Sequence[Phase], covered: Sequence[str], at: Mapping[str, sp.Symbol]) -> list[Spending]:
    """Compute, and money and time where the plan has what they need."""
    paid = [phase for phase in phases if phase.name in covered]
    found = [Spending("compute", "FLOP", sp.Add(*(phase.flop for phase in paid)), *_limits("compute", plan, at))]
    if all(phase.rate is not None and phase.price is not None for phase in paid):
        money = sp.Add(*(phase.flop / phase.rate * phase.price for phase in paid))
        found.append(Spending("money", "USD", money, *_limits("money", plan, at)))
    if phases[0].rate is not None and "hardware.count" in at:
        hours = phases[0].flop / (phases[0].rate * at["hardware.count"])
        found.append(Spending("time", "hour", hours, *_limits("time", plan, at)))
    return found


def _limits(name: str, plan: Plan, at: Mapping[str, sp.Symbol]) -> tuple[sp.Expr | None, sp.Expr | None]:
    """The least of what a plan sets as budget and as cap, and the budget alone."""
    budget_key, *caps = _KEYS[name]
    budget = at.get(budget_key)
    if name == "compute" and plan.objective == "minimize loss":
        budget = make_symbol("budget_compute")
    limits = [limit for limit in (budget, *(at.get(key) for key in caps)) if limit is not None]
    return (sp.Min(*limits) if limits else None), budget
