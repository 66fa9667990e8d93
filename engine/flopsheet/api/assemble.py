"""A plan and its law put together: all cells, and the numbers of the inputs."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from typing import TypeVar

import sympy as sp

from flopsheet.derive.cell_builder import PLAN_STATUS, CellBuilder
from flopsheet.derive.claims import check_claims
from flopsheet.derive.compared import ComparedLaw
from flopsheet.derive.constrained.amounts import add_hardware
from flopsheet.derive.constrained.plan_cells import build_constrained_cells
from flopsheet.derive.derivation import Derivation
from flopsheet.derive.plan_cells import build_budget_cells, build_target_cells
from flopsheet.derive.proof import Proof
from flopsheet.derive.resource import ResourceDerivation
from flopsheet.derive.resource_cells import build_resource_cells
from flopsheet.derive.strategy_cells import build_strategy_cells, check_strategies
from flopsheet.errors import FlopsheetError, Problem
from flopsheet.evaluate.compared import add_constants
from flopsheet.evaluate.expectations import check_names
from flopsheet.fit.plan_fit import Fit
from flopsheet.model.cell import Cell, make_symbol
from flopsheet.model.graph import Graph, build_graph
from flopsheet.model.inputs import (
    InputTable,
    build_input_cells,
    build_input_table,
    build_resource_input_cells,
    check_law_inputs,
    check_roles,
)
from flopsheet.model.law_model import LawModel
from flopsheet.model.resource_model import ResourceModel
from flopsheet.model.terms import Terms
from flopsheet.model.units import DimensionError, check_dimensions
from flopsheet.model.user_cells import add_user_cells
from flopsheet.plan.plan import Law, Plan

Result = TypeVar("Result")


def build_plan_graph(
    plan: Plan,
    model: LawModel,
    derivation: Derivation,
    caps: Collection[str] | None = None,
    compared: Sequence[ComparedLaw] = (),
    terms: Terms | None = None,
) -> tuple[Graph, InputTable]:
    """All cells of a plan, and the numbers of its inputs in every scenario.

    Args:
        plan: The plan.
        model: Its law.
        derivation: What was derived from it.
        caps: The keys of caps that may be set, where the least loss is asked; all when None.
        compared: The laws beside the plan's own.
        terms: Data, hardware, inference and limits, None where there are none.

    Raises:
        FlopsheetError: everything that is wrong with its constants, cells, claims and expectations.
    """
    problems: list[Problem] = []
    _collect(problems, lambda: check_roles(plan, model))
    _collect(problems, lambda: check_law_inputs(plan, model))
    _collect(problems, lambda: check_strategies(derivation, plan.strategies))
    inputs = (*build_input_cells(plan, model), *(terms.cells if terms else ()))
    minimises_loss = plan.objective == "minimize loss"
    searches = terms is not None and terms.searches
    if terms is not None and searches:
        problems += _refuse_beside_terms(plan)
        # No cell of another part reads a strategy, so the rest can be checked beside one that is wrong.
        known = () if problems else plan.strategies
        derived = build_constrained_cells(
            derivation, terms, known, minimises_loss=minimises_loss, capped=_is_capped(plan)
        )
    else:
        derived = build_budget_cells(derivation, caps) if minimises_loss else build_target_cells(derivation)
        derived = (*derived, *_add_hardware(derivation, terms, derived))
    strategies = (
        ()
        if problems or searches
        else build_strategy_cells(
            derivation,
            [(strategy.slug, strategy.kind, strategy.name) for strategy in plan.strategies],
            "budget_compute" if minimises_loss else "C_plan",
        )
    )
    graph = build_graph((*inputs, *derived, *strategies, *(cell for law in compared for cell in law.cells)))
    results = [cell.id for cell in graph if cell.kind in {"result", "compared"}]
    table = _collect(problems, lambda: add_constants(build_input_table(plan, model, inputs), compared))
    whole = _collect(problems, lambda: add_user_cells(graph, plan.cells, model.amount.name, _aliases(model)))
    _collect(problems, lambda: check_claims(plan.claims, derivation, has_target=not minimises_loss))
    _collect(problems, lambda: check_names(plan, results))
    if problems or whole is None or table is None:
        raise FlopsheetError(*problems)
    return whole, table


def _refuse_beside_terms(plan: Plan) -> list[Problem]:
    """What a plan cannot have beside data, inference or limits on money, time and memory."""
    problems = []
    for item in plan.compare:
        message = "laws are compared at a budget of compute alone, without data, inference or further limits."
        problems.append(Problem(message, item.place, "compare", "Compare them in a plan of their own."))
    for claim in plan.claims:
        if claim.scenario:
            message = "speaks of a scenario with data, inference or further limits; claims are about the budget alone."
            remedy = "Leave out `scenario`, or hold the law against the claim in a plan of its own."
            problems.append(Problem(message, claim.place, f"claims.{claim.name}", remedy))
    return problems


def _is_capped(plan: Plan) -> bool:
    """Whether any scenario sets a cap."""
    return any(
        key.startswith("caps.") and given.value is not None for s in plan.scenarios for key, given in s.inputs.items()
    )


def _add_hardware(derivation: Derivation, terms: Terms | None, cells: Sequence[Cell]) -> tuple[Cell, ...]:
    """What a plan takes of its accelerators, where that does not reach into the optimum."""
    if terms is None:
        return ()
    guard = PLAN_STATUS if any(cell.id == PLAN_STATUS for cell in cells) else None
    build = CellBuilder(derivation, derivation.model.amount)
    suffix = "opt" if guard is None else "planned"
    chosen = {z: make_symbol(f"{z}_{suffix}") for z in derivation.model.decisions}
    add_hardware(build, terms.account, chosen, guard=guard)
    return tuple(build.cells)


def build_resource_graph(
    plan: Plan,
    model: ResourceModel,
    derivation: ResourceDerivation,
    compared: Sequence[ComparedLaw] = (),
    fit: Fit | None = None,
) -> tuple[Graph, InputTable]:
    """All cells of a plan under a law with one resource, and the numbers of its inputs in every scenario.

    Constants that a fit computes are formulas over the numbers of its runs.

    Raises:
        FlopsheetError: everything that is wrong with its constants, cells and expectations, or has no use there.
    """
    fitted = () if fit is None else fit.cells.cells
    computed = {cell.id for cell in fitted}
    inputs = tuple(cell for cell in build_resource_input_cells(plan, model) if cell.id not in computed)
    has_target = any(cell.id == "target_loss" for cell in inputs)
    derived = build_resource_cells(derivation, inputs[0].id, has_target=has_target)
    graph = build_graph((*inputs, *fitted, *derived, *(cell for law in compared for cell in law.cells)))
    results = [cell.id for cell in graph if cell.kind in {"result", "compared"}]
    problems: list[Problem] = []
    table = _collect(problems, lambda: add_constants(build_input_table(plan, model, inputs), compared))
    whole = _collect(problems, lambda: add_user_cells(graph, plan.cells, model.amount.name, _aliases(model)))
    _collect(problems, lambda: check_names(plan, results))
    _collect(problems, lambda: check_law_inputs(plan, model))
    problems += _refuse_allocation_keys(plan, model.law)
    problems += _refuse_targets(plan, derivation)
    if problems or whole is None or table is None:
        raise FlopsheetError(*problems)
    if fit is not None:
        given = {name: (number,) * len(plan.scenarios) for name, number in fit.cells.numbers.items()}
        table = replace(table, values={**table.values, **given})
    return whole, table


def _aliases(model: LawModel | ResourceModel) -> dict[str, sp.Symbol]:
    """What the law calls the cells that hold, or choose, what it takes from the plan."""
    return {name: given.result for name, given in model.inputs.items()}


def _refuse_allocation_keys(plan: Plan, law: Law) -> list[Problem]:
    """What a law with one resource has no use for: caps, strategies, claims, and symbols it does not have."""
    problems = []
    name = next(iter(law.decisions))
    read = {entry.source for entry in law.inputs.values()}
    for scenario in plan.scenarios:
        for key, word in scenario.texts.items():
            if word.value is not None and key not in read:
                message = f"law `{law.name}` has one resource: no accelerators or data are planned."
                problems.append(Problem(message, word.place, key, "Remove the line."))
        for key, source in scenario.inputs.items():
            if key.startswith("caps."):
                message = f"law `{law.name}` has one resource: there is nothing to cap."
                problems.append(Problem(message, source.place, key))
            elif key.partition(".")[0] in {"data", "hardware", "inference"} and key not in read and source.is_written:
                message = f"law `{law.name}` has one resource: no accelerators or data are planned."
                problems.append(Problem(message, source.place, key, "Remove the line."))
            elif key == f"inputs.{name}" and source.value is not None and not source.value > 0:
                problems.append(Problem(f"must be above zero, got {source.text}.", source.place, key))
    for strategy in plan.strategies:
        message = f"law `{law.name}` has one resource: there is nothing to choose."
        problems.append(Problem(message, strategy.place, f"strategies.{strategy.name}"))
    for claim in plan.claims:
        message = f"law `{law.name}` has one resource: claims are about allocations."
        problems.append(Problem(message, claim.place, f"claims.{claim.name}"))
    return list(dict.fromkeys(problems))


def _refuse_targets(plan: Plan, derivation: ResourceDerivation) -> list[Problem]:
    """Targets that ask how much of a resource a loss requires, where more of it does harm."""
    obstacle = derivation.find_obstacle()
    targets = [scenario.inputs["target.loss"] for scenario in plan.scenarios if "target.loss" in scenario.inputs]
    asked = [source for source in targets if source.value is not None] if obstacle else []
    remedy = "Remove the target, or look at the signs of the law's constants."
    return list(dict.fromkeys(Problem(f"{obstacle}.", source.place, "target.loss", remedy) for source in asked))


def _collect(problems: list[Problem], step: Callable[[], Result]) -> Result | None:
    """What a step gives, or None with its problems noted: so that a plan's faults are told at once."""
    try:
        return step()
    except FlopsheetError as error:
        problems.extend(error.problems)
        return None


def prove_dimensions(graph: Graph, model: LawModel | ResourceModel) -> Proof:
    """The statement that every cell has the unit it says.

    A law without constants, such as `N * D`, has implied factors of one, which carry its units like any other.

    Raises:
        FlopsheetError: the units do not fit, whatever the constants and literals of the law carry.
    """
    own = sum(1 for cell in graph if cell.kind == "user")
    absorbing = "constants and literals"
    try:
        count = check_dimensions(graph)
    except DimensionError:
        absorbing = "constants, literals and implied factors of one"
        units = {"FLOP", "nats/token", *(model.decision(z).unit for z in model.decisions)}
        try:
            count = check_dimensions(graph, absorbed=units)
        except DimensionError as error:
            raise FlopsheetError(Problem(f"{error}.", model.law.place, "law")) from None
    statement = (
        f"dimension: all {count + own} formula cells have the unit they state ({absorbing} of the law absorb theirs)"
    )
    return Proof(statement, "symbolic", "proven")
