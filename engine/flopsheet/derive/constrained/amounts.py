"""What a plan spends, as cells: FLOP, accelerator hours, time, money and energy."""

from __future__ import annotations

from collections.abc import Mapping

import sympy as sp

from flopsheet.derive.cell_builder import CellBuilder
from flopsheet.formula.root import put_in
from flopsheet.messages import Message
from flopsheet.model.spending import Account, Phase

_WATTS_A_KILOWATT = 1000


def add_amounts(
    build: CellBuilder, account: Account, chosen: Mapping[sp.Symbol, sp.Symbol], *, guard: str | None
) -> dict[str, sp.Symbol]:
    """The cells of every amount at a choice; those that a limit may be set on, by the name of the limit."""
    training, *serving = account.phases
    train = _add(build, "C_train", put_in(training.flop, chosen), "FLOP", guard)
    total = train
    if serving:
        parts = sp.Add(*(put_in(phase.flop, chosen) for phase in serving))
        serve = _add(build, "C_inference", parts, "FLOP", guard, positive=False)
        total = train + serve
    whole = _add(build, "C_total", total, "FLOP", guard)
    found = {"compute": whole if set(account.covered) > {"training"} else train}
    found |= add_hardware(build, account, chosen, guard=guard)
    return found


def add_hardware(
    build: CellBuilder, account: Account, chosen: Mapping[sp.Symbol, sp.Symbol], *, guard: str | None
) -> dict[str, sp.Symbol]:
    """Accelerator hours, time, cost and energy of what is paid for, as far as the plan has what they need."""
    found: dict[str, sp.Symbol] = {}
    paid = [phase for phase in account.phases if phase.name in account.covered]
    hours = {phase.name: _add_hours(build, phase, chosen, guard) for phase in paid if phase.rate is not None}
    if len(hours) < len(paid):
        return found
    total = _add(build, "accelerator_hours", sp.Add(*hours.values()), "accelerator*hour", guard)
    if (time := account.spendings.get("time")) is not None:
        found["time"] = _add(build, "time", put_in(time.spent, chosen), "hour", guard)
    if "money" in account.spendings:
        parts = [hours[phase.name] * phase.price for phase in paid]
        found["money"] = _add(build, "cost", sp.Add(*parts), "USD", guard)
    if account.power is not None:
        _add(build, "energy", total * account.power / _WATTS_A_KILOWATT, "kWh", guard)
    return found


def _add_hours(build: CellBuilder, phase: Phase, chosen: Mapping[sp.Symbol, sp.Symbol], guard: str | None) -> sp.Symbol:
    """Accelerator hours of one phase."""
    label = Message("cell.hours_of", {"phase": Message(f"phase.{phase.name}")})
    expr = put_in(phase.flop, chosen) / phase.rate
    return build.add(f"hours_{phase.name}", expr, "accelerator*hour", label, positive=False, guard=guard,
                     infinite=guard is not None)  # fmt: skip


def _add(
    build: CellBuilder, name: str, expr: sp.Expr, unit: str, guard: str | None, *, positive: bool = True
) -> sp.Symbol:
    """A result that is infinite where no resources reach the target."""
    return build.add(name, expr, unit, Message(f"cell.{name}"), kind="result", guard=guard, infinite=guard is not None,
                     positive=positive)  # fmt: skip
