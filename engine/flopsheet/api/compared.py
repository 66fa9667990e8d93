"""The laws that a plan compares: loaded, held against its own law, derived."""

from __future__ import annotations

from flopsheet.api.plan_laws import derive_any_law
from flopsheet.derive.compared import ComparedLaw, build_compared_law
from flopsheet.derive.derivation import Derivation
from flopsheet.derive.resource import ResourceDerivation, derive_resource
from flopsheet.errors import FlopsheetError, Problem
from flopsheet.laws.library import load_law
from flopsheet.model.inputs import build_input_cells, build_resource_input_cells
from flopsheet.model.law_model import LawModel
from flopsheet.model.resource_model import ResourceModel, build_resource_model, is_resource_law
from flopsheet.plan.plan import ComparedName, Law, Plan

_ALLOCATES = 2
"""Decisions between which a budget is divided."""


def compare_laws(plan: Plan, model: LawModel | ResourceModel) -> tuple[ComparedLaw, ...]:
    """The compared laws of a plan, each as cells that answer the plan's question.

    Raises:
        FlopsheetError: with every law that does not exist, that has a name a second time, or that cannot answer.
    """
    laws, problems = _load_laws(plan, model.law)
    inputs = build_input_cells(plan, model) if isinstance(model, LawModel) else build_resource_input_cells(plan, model)
    found = []
    for item, law in laws:
        try:
            derivation = _derive_law(law, item, resource=isinstance(model, ResourceModel))
            if any(cell.id == "target_loss" for cell in inputs):
                _refuse_target(derivation, item)
            found.append(build_compared_law(derivation, inputs, model.law, item.place))
        except FlopsheetError as error:
            problems.extend(error.problems)
    if problems:
        raise FlopsheetError(*problems)
    return tuple(found)


def find_compare_problems(plan: Plan) -> tuple[Problem, ...]:
    """What is wrong with the laws that a plan compares, as far as their files tell."""
    try:
        own = load_law(plan.law, root=plan.root, base=plan.root, place=plan.law_place)
    except FlopsheetError:
        own = None
    return tuple(_load_laws(plan, own)[1])


def _load_laws(plan: Plan, own: Law | None) -> tuple[list[tuple[ComparedName, Law]], list[Problem]]:
    """The compared laws that can answer what the plan's own law answers, and what is wrong with the others."""
    found: list[tuple[ComparedName, Law]] = []
    problems: list[Problem] = []
    for item in plan.compare:
        try:
            law = load_law(item.name, root=plan.root, base=plan.root, place=item.place, subject="compare")
        except FlopsheetError as error:
            problems.extend(error.problems)
            continue
        taken = dict.fromkeys((law.name for _, law in found), "another one")
        taken |= {own.name: "the plan's own law"} if own else {}
        reason = _find_obstacle(law, own) if own else ""
        if law.name in taken:
            message = f"`{item.name}` is named `{law.name}`, as {taken[law.name]} is."
            remedy = "Give it another name under `law` in its file."
            problems.append(Problem(message, item.place, "compare", remedy))
        elif reason:
            problems.append(Problem(f"law `{law.name}` {reason}.", item.place, "compare"))
        else:
            found.append((item, law))
    return found, problems


def _derive_law(law: Law, item: ComparedName, *, resource: bool) -> Derivation | ResourceDerivation:
    """A compared law, derived."""
    try:
        return derive_resource(build_resource_model(law)) if resource else derive_any_law(law)[1]
    except FlopsheetError as error:
        # What is wrong stands in the law; that it matters to this plan is told at the plan's line.
        told = [problem.message.rstrip(".") for problem in error.problems]
        message = f"law `{law.name}` cannot be compared: {'; '.join(told)}."
        raise FlopsheetError(Problem(message, item.place, "compare")) from None


def _refuse_target(derivation: Derivation | ResourceDerivation, item: ComparedName) -> None:
    """Refuse a law of one resource that cannot say how much of it a loss requires."""
    obstacle = derivation.find_obstacle() if isinstance(derivation, ResourceDerivation) else ""
    if obstacle:
        raise FlopsheetError(Problem(f"{obstacle}.", item.place, "compare"))


def _find_obstacle(law: Law, own: Law) -> str:
    """Why a law cannot answer the question of the plan's own; empty where it can."""
    if is_resource_law(own):
        ours = next(iter(own.decisions.values()))
        if not is_resource_law(law):
            return f"is not a law of one resource, as `{own.name}` is: there is no amount at which to compare them"
        theirs = next(iter(law.decisions.values()))
        if (theirs.role, theirs.unit) != (ours.role, ours.unit):
            return (
                f"is about {theirs.role or theirs.unit}, but the plan's law `{own.name}` is about "
                f"{ours.role or ours.unit}: the same amount means something else"
            )
        return ""
    absent = [part for part in ("loss", "cost") if getattr(law, part) is None]
    if absent:
        return f"has no {' and no '.join(absent)}, so that it cannot divide a budget"
    if len(law.decisions) != _ALLOCATES:
        return f"has {len(law.decisions)} decisions, and a budget is divided between two"
    return ""
