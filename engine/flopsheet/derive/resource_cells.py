"""A law with one resource as cells: the loss of what is spent, and what a loss requires."""

from __future__ import annotations

import sympy as sp

from flopsheet.derive.resource import ResourceDerivation
from flopsheet.messages import Message
from flopsheet.model.cell import Cell, make_symbol
from flopsheet.model.inputs import BEYOND

VALUE_STATUS = "value_status"
"""0 where the resource is given, 2 where it is not."""
REQUIRED_STATUS = "required_status"
"""0 where the target can be reached, 1 where nothing reaches it, 2 where there is none."""


def build_resource_cells(derivation: ResourceDerivation, resource_cell: str, *, has_target: bool) -> tuple[Cell, ...]:
    """The loss of the resource given and, with a target, the resource it requires.

    Args:
        derivation: The law's derivation.
        resource_cell: The id of the cell that holds the resource.
        has_target: Whether any scenario asks for a target loss.
    """
    model = derivation.model
    given = make_symbol(resource_cell)
    unit = model.decision(model.resource).unit
    role = model.decision(model.resource).role
    what: Message | str = Message(f"role.{role}") if role else model.resource.name
    at = {model.resource: given}
    absent = sp.Piecewise((0, given < BEYOND.symbol), (2, True))
    cells = [
        Cell(VALUE_STATUS, "formula", "1", Message("cell.value_status", {"what": what}), absent, positive=False),
        Cell(
            "L_opt",
            "result",
            "nats/token",
            Message("cell.resource_loss"),
            model.loss.subs(at),
            positive=not model.law.has_signed_loss,
            guard=VALUE_STATUS,
        ),
        Cell(
            "gain",
            "formula",
            "nats/token",
            Message("cell.gain", {"what": what}),
            derivation.gain.subs(at),
            positive=False,
            guard=VALUE_STATUS,
        ),
    ]
    # An exponent that is negative by its number alone leaves a power of infinity, which says nothing.
    if derivation.limit.is_finite is not False and not derivation.limit.has(sp.nan, sp.zoo, sp.oo):
        label = Message("cell.L_limit")
        cells.append(Cell("L_limit", "formula", "nats/token", label, derivation.limit, positive=False))
    if has_target:
        cells += _target_cells(derivation, unit, what)
    return tuple(cells)


def _target_cells(derivation: ResourceDerivation, unit: str, what: Message | str) -> list[Cell]:
    """What a target loss requires: infinite where no resource reaches it."""
    model = derivation.model
    target = make_symbol("target_loss", positive=not model.law.has_signed_loss)
    required = derivation.required.subs(model.level, target)
    unreachable: sp.Expr = sp.S.Zero
    if derivation.reachable is not None:
        room = derivation.reachable.subs(model.level, target)
        unreachable = sp.Piecewise((0, room > 0), (1, True))
    absent = make_symbol("target_absent", positive=False)
    missing = sp.Piecewise((0, target < BEYOND.symbol), (1, True))
    # Without a target the guard is 2 whatever else holds.
    status = 2 * absent + (1 - absent) * unreachable
    label = Message("cell.required_status", {"what": what})
    return [
        Cell("target_absent", "formula", "1", Message("cell.target_absent"), missing, positive=False),
        Cell(REQUIRED_STATUS, "formula", "1", label, status, positive=False),
        Cell(
            f"{model.resource}_required",
            "result",
            unit,
            Message("cell.required", {"what": what}),
            required,
            guard=REQUIRED_STATUS,
            guard_infinite=True,
        ),
    ]
