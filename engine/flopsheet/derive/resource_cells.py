"""A law with one resource as cells: the loss of what is spent, and what a loss requires."""

from __future__ import annotations

import sympy as sp

from flopsheet.derive.cell_builder import CellList
from flopsheet.derive.resource import ResourceDerivation
from flopsheet.derive.resource_choice import ResourceChoice
from flopsheet.messages import Message
from flopsheet.model.cell import Cell, make_symbol
from flopsheet.model.inputs import BEYOND

VALUE_STATUS = "value_status"
"""0 where the resource is given, 2 where it is not."""
REQUIRED_STATUS = "required_status"
"""0 where the target can be reached, 1 where nothing reaches it, 2 where there is none."""


def build_resource_cells(derivation: ResourceDerivation, resource_cell: str, *, has_target: bool) -> tuple[Cell, ...]:
    """The loss of the resource given and, with a target, the resource it requires.

    What the law chooses among candidates is chosen for each of the two by itself.

    Args:
        derivation: The law's derivation.
        resource_cell: The id of the cell that holds the resource.
        has_target: Whether any scenario asks for a target loss.
    """
    model = derivation.model
    given = make_symbol(resource_cell)
    role = model.decision(model.resource).role
    what: Message | str = Message(f"role.{role}") if role else model.resource.name
    signed = model.law.has_signed_loss
    target = make_symbol("target_loss", positive=not signed) if has_target else None
    cells = CellList()
    choice = ResourceChoice(cells, derivation, given, target)
    at = {**choice.at_amount, model.resource: given}
    absent = sp.Piecewise((0, given < BEYOND.symbol), (2, True))
    cells.add(VALUE_STATUS, absent, "1", Message("cell.value_status", {"what": what}), positive=False)
    loss, gain = model.loss.xreplace(at), derivation.gain.xreplace(at)
    label = Message("cell.resource_loss")
    cells.add("L_opt", loss, "nats/token", label, kind="result", positive=not signed, guard=VALUE_STATUS)
    label = Message("cell.gain", {"what": what})
    cells.add("gain", gain, "nats/token", label, positive=False, guard=VALUE_STATUS)
    # An exponent that is negative by its number alone leaves a power of infinity, which says nothing.
    if derivation.limit.is_finite is not False and not derivation.limit.has(sp.nan, sp.zoo, sp.oo):
        cells.add("L_limit", choice.limit, "nats/token", Message("cell.L_limit"), positive=False)
    if target is not None:
        _add_target(cells, choice, target, what)
    _add_choice(cells, choice, given, has_target=has_target)
    return tuple(cells.cells)


def _add_target(cells: CellList, choice: ResourceChoice, target: sp.Symbol, what: Message | str) -> None:
    """What a target loss requires: infinite where no resource reaches it."""
    derivation, model = choice.derivation, choice.derivation.model
    put = {**choice.at_target, model.level: choice.target or target}
    unreachable: sp.Expr = sp.S.Zero
    if derivation.reachable is not None:
        unreachable = sp.Piecewise((0, derivation.reachable.xreplace(put) > 0), (1, True))
    absent = make_symbol("target_absent", positive=False)
    missing = sp.Piecewise((0, target < BEYOND.symbol), (1, True))
    cells.add("target_absent", missing, "1", Message("cell.target_absent"), positive=False)
    # Without a target the guard is 2 whatever else holds.
    status = 2 * absent + (1 - absent) * unreachable
    cells.add(REQUIRED_STATUS, status, "1", Message("cell.required_status", {"what": what}), positive=False)
    cells.add(
        f"{model.resource}_required",
        derivation.required.xreplace(put),
        model.decision(model.resource).unit,
        Message("cell.required", {"what": what}),
        kind="result",
        guard=REQUIRED_STATUS,
        infinite=True,
    )


def _add_choice(cells: CellList, choice: ResourceChoice, amount: sp.Symbol, *, has_target: bool) -> None:
    """What is chosen, as results: for the amount, or where none is given for the target; and for the target."""
    status = VALUE_STATUS
    if choice.choices and has_target:
        status = "choice_status"
        required = make_symbol(REQUIRED_STATUS, positive=False)
        either = sp.Piecewise((0, amount < BEYOND.symbol), (required, True))
        cells.add(status, either, "1", Message("cell.choice_status"), positive=False)
    for given in choice.choices:
        best = choice.at_amount[given.symbol]
        if has_target:
            least = choice.at_target[given.symbol]
            best = sp.Piecewise((best, amount < BEYOND.symbol), (least, True))
            label = Message("cell.third_required", {"name": given.name})
            cells.add(f"{given.name}_required", least, given.unit, label, kind="result", guard=REQUIRED_STATUS)
        label = Message("cell.third_used", {"name": given.name})
        chosen = cells.add(given.symbol.name, best, given.unit, label)
        label = Message("cell.third", {"name": given.name})
        cells.add(given.result.name, chosen, given.unit, label, kind="result", guard=status)
