"""The law of a plan: loaded, held against the plan, derived."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from flopsheet.derive.derivation import Derivation, derive_law
from flopsheet.errors import FlopsheetError, Problem
from flopsheet.laws.library import load_law
from flopsheet.model.cell_names import find_cell_name_problems
from flopsheet.model.inputs import check_law_inputs
from flopsheet.model.law_faults import find_law_faults
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
    below = _find_targets_below_zero(plan, law)
    if below:
        raise FlopsheetError(*below)
    return _hold_given(plan, law)


def _hold_given(plan: Plan, law: Law) -> Law:
    """The law with a third decision as a given number, where a plan sets it in every scenario and its terms reach far.

    Beside data, inference and limits on money, time and memory nothing but size and tokens is chosen.
    """
    sections = (
        "inference.",
        *(() if any(entry.source == "data.unique" for entry in law.inputs.values()) else ("data.",)),
    )

    def searches(key: str) -> bool:
        return key.startswith(sections) or key in _SEARCHED

    set_by = [{key for key, given in s.inputs.items() if given.value is not None} for s in plan.scenarios]
    if plan.objective != "minimize cost" and not any(searches(key) for keys in set_by for key in keys):
        return law
    held = {
        name: replace(entry, candidates=(), between=None)
        for name, entry in law.inputs.items()
        if all((entry.source or f"inputs.{name}") in keys for keys in set_by)
    }
    return replace(law, inputs={**law.inputs, **held})


_SEARCHED = ("caps.time", "caps.money", "caps.memory", "budget.time", "budget.money")
"""Limits under which a plan is searched for along its tokens."""


def _find_targets_below_zero(plan: Plan, law: Law) -> tuple[Problem, ...]:
    """Target losses that are not above zero, under a law whose loss always is."""
    if law.has_signed_loss:
        return ()
    given = (scenario.inputs.get("target.loss") for scenario in plan.scenarios)
    wrong = [source for source in given if source is not None and source.value is not None and source.value <= 0]
    problems = (
        Problem(f"must be greater than 0, but is `{source.text}`.", source.place, "target.loss") for source in wrong
    )
    return tuple(dict.fromkeys(problems))


def find_law_problems(plan: Plan, *, at_fault: bool = False) -> tuple[Problem, ...]:
    """What is wrong with the law that a plan names, so that it is told together with the plan's own faults.

    Of a law `at_fault`, whose entries were not all understood, only names are looked at.
    """
    try:
        law = load_law(plan.law, root=plan.root, base=plan.root, place=plan.law_place)
    except FlopsheetError as error:
        return error.problems
    # The library's own laws are held against this by the tests.
    found = () if law.origin == "library" else find_name_problems(law) if at_fault else find_law_faults(law)
    return (*found, *_find_targets_below_zero(plan, law))


def find_cell_problems(plan: Plan, told: Sequence[Problem]) -> tuple[Problem, ...]:
    """Unknown names in the cells of a plan that has other faults, which would otherwise be told before these.

    Without such faults the cells are held against the graph; of a law that is at fault itself the names are not known.
    """
    if not told or any(problem.subject.startswith("law") for problem in told):
        return ()
    try:
        law = load_law(plan.law, root=plan.root, base=plan.root, place=plan.law_place)
    except FlopsheetError:
        return ()
    return find_cell_name_problems(plan, law, told)


def derive_plan_law(plan: Plan) -> tuple[LawModel, Derivation]:
    """The law of a plan, derived."""
    return derive_given_law(plan, load_plan_law(plan))


def derive_given_law(plan: Plan, law: Law) -> tuple[LawModel, Derivation]:
    """The law of a plan, derived around the numbers that the plan gives it.

    Raises:
        FlopsheetError: what is wrong with those numbers, where there is no optimum, since that may come of them;
            else why there is none.
    """
    given = given_numbers(plan, law)
    try:
        return derive_any_law(law, given)
    except FlopsheetError:
        if law.inputs:
            check_law_inputs(plan, build_law_model(law, given))
        raise


def given_numbers(plan: Plan, law: Law) -> dict[str, float]:
    """The numbers that the first scenario gives for what the law takes from the plan."""
    inputs = plan.scenarios[0].inputs
    found = {name: inputs.get(entry.source or f"inputs.{name}") for name, entry in law.inputs.items()}
    return {name: source.value for name, source in found.items() if source is not None and source.value is not None}


def derive_any_law(law: Law, given: Mapping[str, float] | None = None) -> tuple[LawModel, Derivation]:
    """A law, derived; the same law is derived once in a process.

    `given` are numbers for its inputs, around which its statements are checked where algebra does not decide.
    """
    # All of the law: findings read the range and the notes that the model carries.
    key = (repr(law), tuple(sorted((given or {}).items())))
    if key not in _derived:
        model = build_law_model(law, given)
        _derived[key] = (model, derive_law(model))
    return _derived[key]


_derived: dict[object, tuple[LawModel, Derivation]] = {}
