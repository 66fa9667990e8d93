"""A plan solved: law, derivation, graph, numbers, answers, claims, expectations, proofs."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import TypeVar

import sympy as sp

from flopsheet.derive.claims import ClaimVerdict, build_ground, check_claims, judge_claim
from flopsheet.derive.derivation import Derivation, derive_law
from flopsheet.derive.plan_cells import build_budget_cells, build_target_cells
from flopsheet.derive.proof import Proof
from flopsheet.derive.regimes import Regime, find_caps
from flopsheet.derive.resource import derive_resource
from flopsheet.derive.resource_cells import build_resource_cells
from flopsheet.derive.strategy_cells import build_strategy_cells, check_strategies
from flopsheet.errors import FlopsheetError, Problem, did_you_mean
from flopsheet.evaluate.answers import Answer, list_answers
from flopsheet.evaluate.evaluation import Evaluation, evaluate_graph
from flopsheet.evaluate.expectations import check_expectations, check_names
from flopsheet.evaluate.record import Plain, record_answer, record_claims, record_proofs
from flopsheet.evaluate.solution import Solution
from flopsheet.laws.library import load_law
from flopsheet.model.graph import Graph, build_graph
from flopsheet.model.inputs import InputTable, build_input_cells, build_input_table, build_resource_input_cells
from flopsheet.model.law_model import LawModel, build_law_model
from flopsheet.model.resource_model import ResourceModel, build_resource_model, is_resource_law
from flopsheet.model.units import DimensionError, check_dimensions
from flopsheet.model.user_cells import add_user_cells
from flopsheet.plan.layers import load_plan
from flopsheet.plan.plan import Law, Plan
from flopsheet.plan.problems import Problems
from flopsheet.plan.rules import check_objective

Result = TypeVar("Result")


def solve_plan(path: Path, *, sets: Sequence[str] = ()) -> Solution:
    """A plan file solved for all its scenarios.

    Args:
        path: The plan file.
        sets: Overrides as `key=value`, the last layer over every scenario.

    Raises:
        FlopsheetError: anything wrong with the plan, its law or its formulas.
    """
    return solve(load_plan(path, sets=sets))


def solve(plan: Plan) -> Solution:
    """A loaded plan solved for all its scenarios."""
    law = load_plan_law(plan)
    if is_resource_law(law):
        return _solve_resource(plan, law)
    model, derivation = derive_any_law(law)
    graph, table = build_plan_graph(plan, model, derivation)
    evaluation = evaluate_graph(graph, table)
    answers = list_answers(plan, model, evaluation)
    return Solution(
        plan=plan,
        model=model,
        derivation=derivation,
        graph=graph,
        table=table,
        evaluation=evaluation,
        answers=answers,
        claims=_judge_claims(plan, derivation, evaluation, answers),
        expectations=check_expectations(plan, answers),
        proofs=(*derivation.proofs, _prove_dimensions(graph, model)),
    )


def _solve_resource(plan: Plan, law: Law) -> Solution:
    """A plan under a law with one resource: the loss of what is spent, and what a target requires."""
    model = build_resource_model(law)
    derivation = derive_resource(model)
    inputs = build_resource_input_cells(plan, model)
    has_target = any(cell.id == "target_loss" for cell in inputs)
    graph = build_graph((*inputs, *build_resource_cells(derivation, inputs[0].id, has_target=has_target)))
    results = [cell.id for cell in graph if cell.kind == "result"]
    problems: list[Problem] = []
    table = _collect(problems, lambda: build_input_table(plan, model, inputs))
    whole = _collect(problems, lambda: add_user_cells(graph, plan.cells, model.amount.name))
    _collect(problems, lambda: check_names(plan, results))
    problems += _refuse_allocation_keys(plan, law)
    if problems or whole is None or table is None:
        raise FlopsheetError(*problems)
    evaluation = evaluate_graph(whole, table)
    answers = list_answers(plan, model, evaluation)
    return Solution(
        plan=plan,
        model=model,
        derivation=derivation,
        graph=whole,
        table=table,
        evaluation=evaluation,
        answers=answers,
        claims=(),
        expectations=check_expectations(plan, answers),
        proofs=(*derivation.proofs, _prove_dimensions(whole, model)),
    )


def _refuse_allocation_keys(plan: Plan, law: Law) -> list[Problem]:
    """What a law with one resource has no use for: caps, strategies, claims, and symbols it does not have."""
    problems = []
    name = next(iter(law.decisions))
    for scenario in plan.scenarios:
        for key, source in scenario.inputs.items():
            section, _, symbol = key.partition(".")
            if section == "caps":
                message = f"law `{law.name}` has one resource: there is nothing to cap."
                problems.append(Problem(message, source.place, key))
            elif section == "inputs" and symbol != name:
                message = f"law `{law.name}` has no input `{symbol}`."
                problems.append(Problem(message, source.place, key, did_you_mean(symbol, [name])))
            elif section == "inputs" and source.value is not None and not source.value > 0:
                problems.append(Problem(f"must be above zero, got {source.text}.", source.place, key))
    for strategy in plan.strategies:
        message = f"law `{law.name}` has one resource: there is nothing to choose."
        problems.append(Problem(message, strategy.place, f"strategies.{strategy.name}"))
    for claim in plan.claims:
        message = f"law `{law.name}` has one resource: claims are about allocations."
        problems.append(Problem(message, claim.place, f"claims.{claim.name}"))
    return list(dict.fromkeys(problems))


def load_plan_law(plan: Plan) -> Law:
    """The law of a plan, held against what the plan asks of it."""
    law = load_law(plan.law, root=plan.root, base=plan.root, place=plan.law_place)
    problems = Problems()
    declared = len(plan.scenarios) > 1 or plan.scenarios[0].name != "base"
    check_objective(
        plan.objective,
        plan.scenarios,
        has_cost=law.cost is not None,
        declared=declared,
        place=plan.law_place,
        problems=problems,
    )
    problems.raise_any()
    return law


def derive_plan_law(plan: Plan) -> tuple[LawModel, Derivation]:
    """The law of a plan, derived."""
    return derive_any_law(load_plan_law(plan))


def derive_any_law(law: Law) -> tuple[LawModel, Derivation]:
    """A law, derived; the same law is derived once in a process."""
    sections = (law.decisions, law.constants, law.where, law.formulas, law.inputs)
    key = (law.name, law.origin, law.place, law.loss, law.cost, *(tuple(section.items()) for section in sections))
    if key not in _derived:
        model = build_law_model(law)
        _derived[key] = (model, derive_law(model))
    return _derived[key]


_derived: dict[object, tuple[LawModel, Derivation]] = {}


def build_plan_graph(
    plan: Plan, model: LawModel, derivation: Derivation, caps: Collection[str] | None = None
) -> tuple[Graph, InputTable]:
    """All cells of a plan, and the numbers of its inputs in every scenario.

    Args:
        plan: The plan.
        model: Its law.
        derivation: What was derived from it.
        caps: The keys of caps that may be set, where the least loss is asked; all when None.

    Raises:
        FlopsheetError: everything that is wrong with its constants, cells, claims and expectations.
    """
    inputs = build_input_cells(plan, model)
    minimises_loss = plan.objective == "minimize loss"
    derived = build_budget_cells(derivation, caps) if minimises_loss else build_target_cells(derivation)
    check_strategies(derivation, plan.strategies)
    strategies = build_strategy_cells(
        derivation,
        [(strategy.slug, strategy.kind, strategy.name) for strategy in plan.strategies],
        "budget_compute" if minimises_loss else "C_plan",
    )
    graph = build_graph((*inputs, *derived, *strategies))
    results = [cell.id for cell in graph if cell.kind == "result"]
    problems: list[Problem] = []
    table = _collect(problems, lambda: build_input_table(plan, model, inputs))
    whole = _collect(problems, lambda: add_user_cells(graph, plan.cells, model.amount.name))
    _collect(problems, lambda: check_claims(plan.claims, derivation))
    _collect(problems, lambda: check_names(plan, results))
    if problems or whole is None or table is None:
        raise FlopsheetError(*problems)
    return whole, table


def _collect(problems: list[Problem], step: Callable[[], Result]) -> Result | None:
    """What a step gives, or None with its problems noted: so that a plan's faults are told at once."""
    try:
        return step()
    except FlopsheetError as error:
        problems.extend(error.problems)
        return None


def _prove_dimensions(graph: Graph, model: LawModel | ResourceModel) -> Proof:
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


def _judge_claims(
    plan: Plan, derivation: Derivation, evaluation: Evaluation, answers: Sequence[Answer]
) -> tuple[ClaimVerdict, ...]:
    """All claims of a plan, each at the numbers of its scenario (the first one unless it says)."""
    names = [scenario.name for scenario in plan.scenarios]
    verdicts = []
    for claim in plan.claims:
        index = names.index(claim.scenario) if claim.scenario in names else 0
        regime = _regime_of(derivation, answers[index]) if claim.scenario else None
        ground = build_ground(derivation, regime, _numbers(derivation, evaluation, index))
        verdicts.append(judge_claim(claim, ground))
    return tuple(verdicts)


def _numbers(derivation: Derivation, evaluation: Evaluation, index: int) -> dict[sp.Symbol, float]:
    """A scenario's constants, budget and caps, by the law's symbols."""
    model = derivation.model
    spent = "budget_compute" if "budget_compute" in evaluation.values else "C_plan"
    numbers = {symbol: evaluation.value(name, index) for name, symbol in model.constants.items()}
    numbers[model.amount] = evaluation.value(spent, index)
    for cap in find_caps(model).values():
        numbers[cap.symbol] = evaluation.value(cap.symbol.name, index)
    return numbers


def _regime_of(derivation: Derivation, answer: Answer) -> Regime | None:
    """The regime a scenario is in; None where only the budget binds or there is no plan."""
    bound = set(answer.binding) - {"compute"}
    for regime in derivation.regimes:
        if set(regime.binding) - {"compute"} == bound:
            return regime
    return None


def record_solved(solved: Solution, scenario: str | None = None) -> Plain:
    """What `solve --json` prints.

    Raises:
        FlopsheetError: no scenario has that name.
    """
    answers = [answer for answer in solved.answers if scenario in {None, answer.name, answer.slug}]
    if not answers:
        names = [answer.name for answer in solved.answers]
        raise FlopsheetError(Problem(f"unknown scenario `{scenario}`.", remedy=did_you_mean(scenario or "", names)))
    return {
        "file": solved.plan.path,
        "law": solved.model.law.name,
        "scenarios": [record_answer(answer) for answer in answers],
        "claims": record_claims(solved.claims),
        "proofs": record_proofs(solved.proofs),
    }
