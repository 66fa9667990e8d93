"""A plan solved: law, derivation, graph, numbers, answers, claims, expectations, proofs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import sympy as sp

from flopsheet.api.assemble import prove_dimensions
from flopsheet.api.compared import find_compare_problems
from flopsheet.api.deriving import add_terms_steps
from flopsheet.api.plan_laws import find_cell_problems, find_law_problems
from flopsheet.api.plan_model import build_model
from flopsheet.derive.claim_ground import build_ground
from flopsheet.derive.claims import ClaimVerdict, judge_claim
from flopsheet.derive.constrained.ledger import prove_terms
from flopsheet.derive.constrained.ledger_numbers import PlanNumbers
from flopsheet.derive.contour import put_along
from flopsheet.derive.derivation import Derivation
from flopsheet.derive.proof import Proof
from flopsheet.derive.regimes import Regime, find_caps
from flopsheet.derive.resource import ResourceDerivation
from flopsheet.derive.single_optimum import count_along
from flopsheet.errors import FlopsheetError, Problem, did_you_mean
from flopsheet.evaluate.answers import Answer, list_answers
from flopsheet.evaluate.compared import add_law_answers
from flopsheet.evaluate.evaluation import Evaluation, evaluate_graph
from flopsheet.evaluate.expectations import check_expectations
from flopsheet.evaluate.findings import Finding
from flopsheet.evaluate.limits_worth import record_limits
from flopsheet.evaluate.record import Plain, record_answer, record_claims, record_fit, record_proofs
from flopsheet.evaluate.solution import Solution
from flopsheet.fit.plan_fit import add_fit, check_estimates
from flopsheet.messages import Message
from flopsheet.model.terms import Terms
from flopsheet.plan.layers import load_plan
from flopsheet.plan.plan import Plan


def solve_plan(path: Path, *, sets: Sequence[str] = ()) -> Solution:
    """A plan file solved for all its scenarios.

    Args:
        path: The plan file.
        sets: Overrides as `key=value`, the last layer over every scenario.

    Raises:
        FlopsheetError: anything wrong with the plan, its law or its formulas.
    """
    return solve(load_checked(path, sets=sets))


def load_checked(path: Path, *, sets: Sequence[str] = ()) -> Plan:
    """A plan file loaded, with what is wrong with its laws and the names in its cells told beside its other faults.

    Raises:
        FlopsheetError: with all problems.
    """
    return load_plan(path, sets=sets, also=_find_problems)


def _find_problems(plan: Plan, told: Sequence[Problem]) -> tuple[Problem, ...]:
    """What is wrong with the laws that a plan names and, where anything is, with the names in its cells."""
    at_fault = any(problem.subject.startswith("law.") for problem in told)
    found = (*find_law_problems(plan, at_fault=at_fault), *find_compare_problems(plan))
    return (*found, *find_cell_problems(plan, (*told, *found)))


def solve(plan: Plan) -> Solution:
    """A loaded plan solved for all its scenarios."""
    built = build_model(plan)
    model, derivation, compared, terms, fit = built.model, built.derivation, built.compared, built.terms, built.fit
    graph, table = built.graph, built.table
    if isinstance(derivation, Derivation):
        derivation = add_terms_steps(plan, derivation, terms)
    elif isinstance(derivation, ResourceDerivation):
        derivation = add_fit(derivation, fit)
    evaluation = evaluate_graph(graph, table)
    if fit is not None:
        check_estimates(fit, built.law, {name: evaluation.value(name, 0) for name in fit.constants})
    answers = add_law_answers(list_answers(plan, model, evaluation, terms), compared, evaluation)
    if isinstance(derivation, Derivation) and not (terms is not None and terms.searches):
        answers = tuple(_tell_minima(derivation, evaluation, answer, at) for at, answer in enumerate(answers))
    # Claims are about allocations: a plan under a law with one resource was refused if it has any.
    claims = _judge_claims(plan, derivation, evaluation, answers) if isinstance(derivation, Derivation) else ()
    return Solution(
        plan=plan,
        model=model,
        derivation=derivation,
        graph=graph,
        table=table,
        evaluation=evaluation,
        answers=answers,
        claims=claims,
        expectations=check_expectations(plan, answers),
        proofs=(
            *derivation.proofs,
            *_prove_terms(derivation, terms, evaluation, answers),
            prove_dimensions(graph, model),
        ),
        compared=compared,
        fit=fit,
        terms=terms,
    )


def _prove_terms(
    derivation: Derivation | ResourceDerivation,
    terms: Terms | None,
    evaluation: Evaluation,
    answers: Sequence[Answer],
) -> tuple[Proof, ...]:
    """The proofs of a plan whose terms reach into its optimum, at the numbers of every scenario that has one."""
    if terms is None or not terms.searches or not isinstance(derivation, Derivation):
        return ()
    graph = evaluation.graph
    numbers = [
        PlanNumbers(answer.name, graph, {cell.id: evaluation.value(cell.id, index) for cell in graph})
        for index, answer in enumerate(answers)
        if answer.status in {"ok", "flat"} and not evaluation.unreachable[index]
    ]
    return prove_terms(derivation, terms, numbers)


def _judge_claims(
    plan: Plan, derivation: Derivation, evaluation: Evaluation, answers: Sequence[Answer]
) -> tuple[ClaimVerdict, ...]:
    """All claims of a plan, each at the numbers of its scenario (the first one unless it says)."""
    names = [scenario.name for scenario in plan.scenarios]
    verdicts = []
    for claim in plan.claims:
        index = names.index(claim.scenario) if claim.scenario in names else 0
        regime = _regime_of(derivation, answers[index]) if claim.scenario else None
        numbers = _numbers(derivation, evaluation, index)
        ground = build_ground(derivation, regime, numbers, has_target=plan.objective != "minimize loss")
        verdicts.append(judge_claim(claim, ground))
    return tuple(verdicts)


def _tell_minima(derivation: Derivation, evaluation: Evaluation, answer: Answer, index: int) -> Answer:
    """An answer with a finding where the plan is the best of several minima along its budget, or its target loss."""
    model, interior = derivation.model, derivation.interior
    for_budget = "budget_compute" in evaluation.values
    contour = interior.budget if for_budget else interior.target
    if contour is None or answer.status not in {"ok", "flat"} or evaluation.unreachable[index]:
        return answer
    numbers = _numbers(derivation, evaluation, index)
    if not for_budget:
        numbers[model.level] = evaluation.value("target_loss", index)
    count = count_along(contour, put_along(interior.residual, contour), numbers)
    if count is None or count <= 1:
        return answer
    finding = Finding("several_minima", Message("finding.several_minima", {"count": count}))
    return replace(answer, findings=(*answer.findings, finding))


def _numbers(derivation: Derivation, evaluation: Evaluation, index: int) -> dict[sp.Symbol, float]:
    """A scenario's constants, budget and caps, by the law's symbols."""
    model = derivation.model
    spent = "budget_compute" if "budget_compute" in evaluation.values else "C_plan"
    numbers = {symbol: evaluation.value(symbol.name, index) for symbol in model.parameters}
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
    fit = {} if solved.fit is None else {"fit": record_fit(solved.fit, solved.evaluation)}
    return {
        "file": solved.plan.path,
        "law": solved.model.law.name,
        "scenarios": [_record_scenario(solved, solved.answers.index(answer)) for answer in answers],
        "claims": record_claims(solved.claims),
        "proofs": record_proofs(solved.proofs),
        **fit,
    }


def _record_scenario(solved: Solution, index: int) -> Plain:
    """What is printed of a scenario; beside prices of limits of several kinds what each allows and leaves."""
    answer = solved.answers[index]
    record = record_answer(answer)
    searched = solved.terms is not None and solved.terms.searches
    if searched and answer.shadow_prices:
        for name, told in record_limits(solved, index).items():
            record["shadow_prices"][name] |= told
    return record
