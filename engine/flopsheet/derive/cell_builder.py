"""Collecting the cells of a plan: symbols, labels and units in one place."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import sympy as sp

from flopsheet.derive.derivation import Derivation
from flopsheet.derive.regimes import Cap, find_caps
from flopsheet.messages import Message
from flopsheet.model.cell import Cell, CellKind, make_symbol
from flopsheet.model.inputs import BEYOND

PLAN_STATUS = "plan_status"
"""The cell that is 0 where a plan exists, 1 where no resources reach the target, 2 where the caps exclude it."""

BUDGET_STATUS = "budget_status"
"""The cell that is 0 where a budget pays more than is spent whatever is chosen, else 2; only where that is a sum."""

C_FIXED = "C_fixed"
"""The cell of what is spent whatever is chosen."""


def name_of(derivation: Derivation, decision: sp.Symbol) -> Message | str:
    """What a decision is called: its role, or its own symbol."""
    role = derivation.model.decision(decision).role
    return Message(f"role.{role}") if role else decision.name


class CellList:
    """Collects cells in reading order."""

    def __init__(self) -> None:
        self.cells: list[Cell] = []

    def add(  # noqa: PLR0913 - what a cell is, most of it by name
        self,
        cell_id: str,
        expr: sp.Expr,
        unit: str,
        label: Message,
        *,
        kind: CellKind = "formula",
        positive: bool = True,
        guard: str | None = None,
        infinite: bool = False,
        latex: str | None = None,
        absorbs: bool = False,
    ) -> sp.Symbol:
        """Add a cell and return its symbol."""
        cell = Cell(
            cell_id,
            kind,
            unit,
            label,
            sp.sympify(expr, strict=True),
            positive=positive,
            guard=guard,
            guard_infinite=infinite,
            latex=latex,
            absorbs=absorbs,
        )
        self.cells.append(cell)
        return cell.symbol


class CellBuilder(CellList):
    """Collects the cells of a plan that allocates; each method adds one group."""

    def __init__(self, derivation: Derivation, contour: sp.Symbol, caps: Collection[str] | None = None) -> None:
        super().__init__()
        self.derivation = derivation
        self.model = derivation.model
        every = find_caps(derivation.model)
        self.caps: Mapping[sp.Symbol, Cap] = {z: cap for z, cap in every.items() if caps is None or cap.key in caps}
        self.contour = contour

    def loss_symbol(self, cell_id: str) -> sp.Symbol:
        """The symbol of a loss, which is above zero unless the law says that it need not be."""
        return make_symbol(cell_id, positive=not self.model.law.has_signed_loss)

    def add_loss(
        self, cell_id: str, expr: sp.Expr, label: Message, *, kind: CellKind = "formula", guard: str | None = None
    ) -> sp.Symbol:
        """Add a cell that holds a loss."""
        positive = not self.model.law.has_signed_loss
        return self.add(cell_id, expr, "nats/token", label, kind=kind, positive=positive, guard=guard)

    @property
    def beyond(self) -> sp.Symbol:
        """The cell that stands for a limit that is not set."""
        return BEYOND.symbol

    def add_helpers(self) -> None:
        """The intermediate formulas of the law that no decision moves."""
        for symbol, expr in self.model.helpers.items():
            label = Message("cell.law_helper", {"name": symbol.name, "law": self.model.law.name})
            self.add(symbol.name, expr, "1", label, positive=bool(symbol.is_positive), absorbs=True)

    def other(self, decision: sp.Symbol) -> sp.Symbol:
        """The other one of the two decisions."""
        x, y = self.model.decisions
        return y if decision == x else x

    def unit(self, decision: sp.Symbol) -> str:
        """The base unit of a decision."""
        return self.model.decision(decision).unit

    def label(self, key: str, decision: sp.Symbol, **more: Message | str) -> Message:
        """A label that speaks of a decision."""
        return Message(f"cell.{key}", {"what": name_of(self.derivation, decision), **more})
