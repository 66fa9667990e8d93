"""Third decisions as cells: what a law chooses besides its two decisions, before everything that reads the choice."""

from __future__ import annotations

import sympy as sp

from flopsheet.derive.candidate_cells import choose_candidates
from flopsheet.derive.cell_builder import CellBuilder
from flopsheet.derive.continuous_cells import place_between
from flopsheet.errors import FlopsheetError, Problem
from flopsheet.messages import Message
from flopsheet.model.cell import make_symbol
from flopsheet.model.inputs import BEYOND
from flopsheet.model.law_model import GivenInput


def add_third_decisions(build: CellBuilder, goal: sp.Symbol, *, guard: str | None) -> None:
    """The cells that choose among candidates, between two ends, or both; a choice that the plan gives stands.

    Args:
        build: Collects the cells.
        goal: The cell of the budget, or of the target loss.
        guard: The cell that says where there is no plan, so that nothing is chosen.

    Raises:
        FlopsheetError: there are more combinations than are solved, several choices between two ends, or one of a
            law whose decisions are roots themselves.
    """
    given = tuple(build.model.inputs.values())
    listed = [one for one in given if one.candidates]
    continuous = [one for one in given if one.between]
    if len(continuous) > 1:
        law = build.model.law
        message = f"law `{law.name}` has {len(continuous)} choices between two ends, one is solved"
        raise FlopsheetError(Problem(message, law.place, "inputs", "Give `candidates` for the others."))
    if listed:
        found = choose_candidates(build, goal, listed, continuous[0] if continuous else None)
    elif continuous:
        found = {continuous[0]: place_between(build, continuous[0], goal)}
    else:
        found = {}
    for one, best in found.items():
        _add_choice(build, one, best, guard)


def _add_choice(build: CellBuilder, given: GivenInput, best: sp.Symbol, guard: str | None) -> None:
    """What the plan gives, or else the best; and the same as a result."""
    label = Message("cell.third", {"name": given.name})
    typed = make_symbol(given.cell)
    value = sp.Piecewise((typed, typed < BEYOND.symbol), (best, True))
    chosen = build.add(given.symbol.name, value, given.unit, Message("cell.third_used", {"name": given.name}))
    build.add(given.result.name, chosen, given.unit, label, kind="result", guard=guard)
