"""Names in a plan's own cells that no plan under its law has, for plans with other faults, whose graph is not built."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from flopsheet.errors import FlopsheetError, Problem
from flopsheet.formula.parse import parse_formula
from flopsheet.model.cell import make_symbol
from flopsheet.model.resource_model import is_resource_law
from flopsheet.plan.build import RESULTS
from flopsheet.plan.keys import INPUT_KEYS
from flopsheet.plan.plan import Law, Plan

_CELLS = "cells."


def find_cell_name_problems(plan: Plan, law: Law, told: Sequence[Problem]) -> tuple[Problem, ...]:
    """Every name in a cell's formula that the plan would not have without its other faults, which are `told`.

    What those faults may be about is taken as known: a fit, whose steps have names of their own, and cells that were
    not understood.
    """
    if plan.fit is not None:
        return ()
    known = _list_names(plan, law) | {
        problem.subject.removeprefix(_CELLS).partition(".")[0] for problem in told if problem.subject.startswith(_CELLS)
    }
    symbols = {name: make_symbol(name, positive=False) for name in known}
    problems: list[Problem] = []
    for name, extra in plan.cells.items():
        try:
            parse_formula(extra.formula, symbols, subject=f"{_CELLS}{name}")
        except FlopsheetError as error:
            problems.extend(error.problems)
    if plan.compare:
        # What other laws come to is named after them, and which names they have is known once they are derived.
        problems = [problem for problem in problems if "__" not in problem.message]
    # Not every name taken as known here is one that this plan will have, so that they are not listed.
    return tuple(replace(problem, remedy=problem.remedy.partition("Known here")[0].strip()) for problem in problems)


def _list_names(plan: Plan, law: Law) -> set[str]:
    """Every name that a cell may read, and some more: those of inputs that this plan does not have."""
    chosen = [name for name, given in law.inputs.items() if given.candidates or given.between]
    names = {row.key.replace(".", "_") for row in INPUT_KEYS if "<" not in row.key} | {*RESULTS}
    names |= {*law.constants, *law.formulas, *law.inputs, *plan.cells, *(f"{name}_opt" for name in chosen)}
    names |= {f"inputs_{name}" for name in law.inputs}
    if is_resource_law(law):
        names |= {name for z in law.decisions for name in (z, f"inputs_{z}", f"{z}_required")}
    else:
        names |= {f"{z}_opt" for z in law.decisions}
    tiers = {
        f"data_tiers_{tier.slug}_{part}" for tier in plan.tiers for part in ("unique", "quality", "epochs", "decay")
    }
    return names | tiers | {f"strategies_{each.slug}_{each.kind}" for each in plan.strategies}
