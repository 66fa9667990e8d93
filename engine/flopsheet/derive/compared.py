"""Laws held against the plan's own: the same question answered by each, as cells of the plan's graph.

A compared law's cells are those that a plan under it would have. They read the plan's budget (or target) and its
caps, and the law's own constants; everything that is the law's own carries its name: `kaplan_2020__N_opt`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import sympy as sp

from flopsheet.derive.cell_builder import BUDGET_STATUS, C_FIXED, PLAN_STATUS
from flopsheet.derive.derivation import Derivation
from flopsheet.derive.plan_cells import build_budget_cells, build_target_cells
from flopsheet.derive.regimes import find_caps
from flopsheet.derive.resource import ResourceDerivation
from flopsheet.derive.resource_cells import build_resource_cells
from flopsheet.errors import FlopsheetError, Place, Problem
from flopsheet.messages import Message
from flopsheet.model.cell import Cell, make_symbol
from flopsheet.model.graph import Graph, build_graph, names_read
from flopsheet.model.inputs import BEYOND
from flopsheet.model.law_model import LawModel
from flopsheet.model.resource_model import ResourceModel
from flopsheet.plan.plan import Law

# Cells beside the results that say how a scenario came out; the rest of a plan's cells is about prices.
_TOLD = ("slack_compute", "compute_is_slack", "L_at_caps", PLAN_STATUS, BUDGET_STATUS, C_FIXED)
_TOLD_STEMS = ("gain_", "binds_")


@dataclass(frozen=True)
class ComparedLaw:
    """A law beside the plan's own.

    `graph` holds its cells and those that all laws share (budget or target, caps) under the ids that they have in a
    plan of this law's own; `ids` are their ids in the plan's graph, `cells` the law's own cells there. `beside` is the
    plan's own law.
    """

    derivation: Derivation | ResourceDerivation
    graph: Graph
    ids: Mapping[str, str]
    cells: tuple[Cell, ...]
    beside: Law

    @property
    def model(self) -> LawModel | ResourceModel:
        """The law as mathematics."""
        return self.derivation.model

    @property
    def name(self) -> str:
        """The law's name, with which the ids of its cells begin."""
        return self.model.law.name

    @property
    def constants(self) -> tuple[Cell, ...]:
        """The cells of its constants, in the plan's graph."""
        return tuple(cell for cell in self.cells if cell.kind == "constant")


def build_compared_law(
    derivation: Derivation | ResourceDerivation, inputs: Sequence[Cell], beside: Law, place: Place
) -> ComparedLaw:
    """A law's answer to the question of a plan.

    Args:
        derivation: What was derived from the law.
        inputs: The input cells of the plan, of its own law's constants and all.
        beside: The plan's own law.
        place: Where the plan names the compared one.

    Raises:
        FlopsheetError: the law needs something that the plan has no input for.
    """
    shared = {cell.id: cell for cell in inputs if cell.kind == "input"}
    formulas = _build_formulas(derivation, shared)
    own = [*_build_constants(derivation.model), *formulas]
    ids = {cell.id: f"{derivation.model.law.name}__{cell.id}" for cell in own}
    ids |= {name: name for name in (*shared, BEYOND.id)}
    caps = [
        Cell(cap.symbol.name, "input", derivation.model.decision(z).unit, cap.key, key=cap.key)
        for z, cap in find_caps(derivation.model).items()
        if cap.symbol.name not in shared
    ]
    caps += [
        Cell(given.cell, "input", given.unit, given.key, key=given.key)
        for given in derivation.model.inputs.values()
        if given.is_chosen and given.cell not in shared
    ]
    # A cap or a choice that the plan cannot set, since its own law has no such decision, is one that is not set.
    ids |= {cap.id: BEYOND.id for cap in caps}
    missing = sorted({name for cell in formulas for name in names_read(cell)} - ids.keys())
    if missing:
        reads = f"law `{derivation.model.law.name}` reads {', '.join(missing)}"
        message = f"{reads}, which a plan under law `{beside.name}` does not give."
        raise FlopsheetError(Problem(message, place, "compare"))
    graph = build_graph((*(cell for cell in shared.values() if not _is_fixed(cell)), BEYOND, *caps, *own))
    cells = tuple(_rename(cell, ids, derivation.model.law.name) for cell in graph if cell in own)
    return ComparedLaw(derivation, graph, ids, cells, beside)


def _is_fixed(cell: Cell) -> bool:
    """Whether an input is a strategy's choice, which is about the plan's own law."""
    return cell.key is not None and cell.key.startswith("strategies.")


def _build_formulas(derivation: Derivation | ResourceDerivation, shared: Mapping[str, Cell]) -> tuple[Cell, ...]:
    """The results of a law and what they need, under their own ids."""
    has_target = "target_loss" in shared
    if isinstance(derivation, ResourceDerivation):
        resource = next(name for name in shared if name != "target_loss")
        every = build_resource_cells(derivation, resource, has_target=has_target)
        return tuple(cell for cell in every if cell.id != "gain")
    every = build_target_cells(derivation) if has_target else build_budget_cells(derivation)
    read = {cell.id: names_read(cell) for cell in every}
    kept: set[str] = set()
    waiting = [cell.id for cell in every if cell.kind == "result" or cell.id.startswith(_TOLD_STEMS)]
    waiting += [name for name in _TOLD if name in read]
    while waiting:
        name = waiting.pop()
        if name in read and name not in kept:
            kept.add(name)
            waiting += read[name]
    return tuple(cell for cell in every if cell.id in kept)


def _build_constants(model: LawModel | ResourceModel) -> tuple[Cell, ...]:
    """The constants of a law, which the plan's `constants` do not touch."""
    law = model.law
    return tuple(
        Cell(
            name,
            "constant",
            constant.unit or "1",
            Message("cell.compared_constant", {"name": name, "law": law.name}),
            key=f"compare.{law.name}__{name}",
            place=constant.place,
            positive=constant.value > 0,
        )
        for name, constant in law.constants.items()
    )


def _rename(cell: Cell, ids: Mapping[str, str], law: str) -> Cell:
    """A cell of a law as it stands in the plan's graph."""
    label = cell.label if cell.kind == "constant" else Message("cell.compared", {"what": cell.label, "law": law})
    expr = cell.expr
    if expr is not None:
        # All at once: a law may have a constant that is called as another one's cell is after renaming.
        names = {s: make_symbol(ids[s.name], positive=bool(s.is_positive)) for s in expr.free_symbols}
        expr = expr.xreplace(names)
    return replace(
        cell,
        id=ids[cell.id],
        kind="compared" if cell.kind == "result" else cell.kind,
        label=label,
        expr=expr,
        guard=None if cell.guard is None else ids[cell.guard],
        law=law,
    )


def list_headlines(model: LawModel | ResourceModel, graph: Graph) -> dict[str, str]:
    """What is compared: the ids of a law's results by what they are called in every law.

    A decision is called by its role, so that laws with other letters stand in one row; without one, by its symbol.
    What is spent is the total, since the cost of some laws covers inference too.
    """
    found = {}
    for z in model.decisions:
        for suffix in ("opt", "required"):
            if f"{z}_{suffix}" in graph:
                found[model.decision(z).role or z.name] = f"{z}_{suffix}"
    found |= {name: name for name in ("tokens_per_parameter", "L_opt", "C_total") if name in graph}
    return found


def size_of(model: LawModel | ResourceModel) -> sp.Symbol:
    """The decision by which laws are set side by side: the parameters, or the first where none has that role."""
    sizes = [z for z in model.decisions if model.decision(z).role == "parameters"]
    return sizes[0] if sizes else model.decisions[0]


def curve_of(derivation: Derivation | ResourceDerivation, graph: Graph) -> tuple[sp.Symbol, sp.Expr]:
    """What a law is drawn as beside others: its best size over the budget, or its loss over its one resource.

    Gives the symbol of what lies along the axis, and the formula over it, the constants, and the cells of exponents.
    """
    model = derivation.model
    if isinstance(derivation, ResourceDerivation) or isinstance(model, ResourceModel):
        return derivation.model.amount, model.loss
    exponents = {
        derivation.exponents[z]: graph[f"exponent_{z}"].symbol for z in model.decisions if f"exponent_{z}" in graph
    }
    return model.amount, derivation.interior.free[size_of(model)].subs(exponents)
