"""The law of a plan: loaded, held against the plan, derived."""

from __future__ import annotations

from flopsheet.derive.derivation import Derivation, derive_law
from flopsheet.errors import FlopsheetError, Problem
from flopsheet.laws.library import load_law
from flopsheet.model.law_model import LawModel, build_law_model
from flopsheet.model.law_names import find_name_problems
from flopsheet.plan.plan import Law, Plan
from flopsheet.plan.problems import Problems
from flopsheet.plan.rules import check_objective


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


def find_law_problems(plan: Plan) -> tuple[Problem, ...]:
    """What is wrong with the law that a plan names, so that it is told together with the plan's own faults."""
    try:
        law = load_law(plan.law, root=plan.root, base=plan.root, place=plan.law_place)
    except FlopsheetError as error:
        return error.problems
    # The library's own laws are held against this by the tests.
    return () if law.origin == "library" else find_name_problems(law)


def derive_plan_law(plan: Plan) -> tuple[LawModel, Derivation]:
    """The law of a plan, derived."""
    return derive_any_law(load_plan_law(plan))


def derive_any_law(law: Law) -> tuple[LawModel, Derivation]:
    """A law, derived; the same law is derived once in a process."""
    key = repr(law)  # all of it: findings read the range and the notes of the law that the model carries
    if key not in _derived:
        model = build_law_model(law)
        _derived[key] = (model, derive_law(model))
    return _derived[key]


_derived: dict[str, tuple[LawModel, Derivation]] = {}
