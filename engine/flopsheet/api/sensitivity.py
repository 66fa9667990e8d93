"""The sensitivity that a plan asks for: which inputs, which scenarios, and what is wrong with the question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sympy as sp

from flopsheet.api.plan_model import PlanModel
from flopsheet.derive.derivation import Derivation
from flopsheet.derive.reach import find_floor
from flopsheet.errors import FlopsheetError, Problem, did_you_mean
from flopsheet.evaluate.answers import Answer
from flopsheet.evaluate.evaluation import Evaluation
from flopsheet.evaluate.points import PointPlan
from flopsheet.evaluate.sensitivity import Question, Sensitivity, evaluate_sensitivity, list_outputs
from flopsheet.plan.plan import Plan
from flopsheet.plan.requests import SensitivityRequest, TableAxis, TwoWay


def find_sensitivity(
    plan: Plan, built: PlanModel, evaluation: Evaluation, answers: Sequence[Answer]
) -> Mapping[int, Sensitivity]:
    """The sensitivity of each scenario that has a plan, by its place; none where the plan does not ask.

    Raises:
        FlopsheetError: the plan asks about a constant, an input or a result that there is not.
    """
    request = plan.sensitivity
    if request is None:
        return {}
    points = PointPlan(built.graph, built.table, 0)
    _check(request, points)
    names = [scenario.name for scenario in plan.scenarios]
    outputs = list_outputs(points, plan.objective, [symbol.name for symbol in built.model.decisions])
    questions = [
        Question(
            index,
            _inputs(plan, request, points, index, outputs),
            request.tables if names[index] == request.scenario else (),
        )
        for index, answer in enumerate(answers)
        if answer.status in {"ok", "flat"} and not evaluation.unreachable[index]
    ]
    return evaluate_sensitivity(
        points,
        evaluation,
        questions,
        outputs=outputs,
        swing=request.swing,
        objective=plan.objective,
        floor=_floor(built),
    )


def _check(request: SensitivityRequest, points: PointPlan) -> None:
    """Refuse what is unknown, now that the law is read.

    Raises:
        FlopsheetError: with all problems.
    """
    problems = []
    for given in request.inputs:
        problems += _check_key(given.key, points, Problem("", given.place, "sensitivity.inputs"))
    for table in request.tables:
        for axis, side in ((table.rows, "rows"), (table.columns, "columns")):
            problems += _check_axis(axis, points, f"sensitivity.tables.{side}")
        problems += _check_shown(table, points)
    if problems:
        raise FlopsheetError(*problems)


def _check_key(key: str, points: PointPlan, at: Problem) -> list[Problem]:
    """Whether the plan has an input of a key that could be changed."""
    if key in points.keys:
        return []
    constants = [known for known in points.keys if known.startswith("constants.")]
    computed = [cell.key for cell in points.graph if cell.key is not None and cell.expr is not None]
    if key in computed or key.removeprefix("constants.") in (c.id for c in points.graph if c.is_of_fit):
        return [Problem(f"`{key}` is fitted from runs: it is no input.", at.place, at.subject, "Leave it out.")]
    if key.startswith("constants."):
        message = f"the law has no constant `{key.removeprefix('constants.')}`."
        return [Problem(message, at.place, at.subject, did_you_mean(key, constants))]
    message = f"nothing in this plan reads `{key}`."
    return [Problem(message, at.place, at.subject, "Set it in the plan or in a scenario, or leave it out.")]


def _check_axis(axis: TableAxis, points: PointPlan, subject: str) -> list[Problem]:
    """Whether an input along a table exists, and its constants keep their signs."""
    found = _check_key(axis.key, points, Problem("", axis.place, subject))
    if not found and axis.key.startswith("constants.") and points.keys[axis.key].positive:
        low = [value for value in axis.values if value is not None and value <= 0]
        if low:
            found = [Problem(f"must stay above zero as in the law, got {low[0]:g}.", axis.place, subject)]
    return found


def _check_shown(table: TwoWay, points: PointPlan) -> list[Problem]:
    """Whether what a table shows is a result."""
    known = [cell.id for cell in points.results if not cell.id.startswith("tier_")]
    if table.show in known:
        return []
    message = f"there is no result `{table.show}`."
    place = table.show_place or table.place
    return [Problem(message, place, "sensitivity.tables.show", did_you_mean(table.show, known))]


def _inputs(
    plan: Plan, request: SensitivityRequest, points: PointPlan, index: int, outputs: Sequence[str]
) -> tuple[str, ...]:
    """The inputs to change in a scenario: those that the plan names, else all that it sets and its results read."""
    own = plan.scenarios[index].inputs
    if request.inputs:
        return tuple(
            given.key for given in request.inputs if given.key.startswith("constants.") or _is_set(own, given.key)
        )
    read = {cell.id for cell in points.graph.needed(outputs)}
    given = [
        key
        for key, cell in points.keys.items()
        if cell.kind == "input" and cell.id in read and _is_set(own, key) and own[key].is_written
    ]
    constants = [
        key
        for key, cell in points.keys.items()
        if cell.kind == "constant" and key.startswith("constants.") and cell.id in read
    ]
    return (*given, *constants)


def _is_set(own: Mapping[str, object], key: str) -> bool:
    """Whether a scenario has a number for a key."""
    return getattr(own.get(key), "value", None) is not None


def _floor(built: PlanModel) -> sp.Expr | None:
    """The loss that remains with boundless resources, where a law has one."""
    if not isinstance(built.derivation, Derivation):
        return built.graph["L_limit"].symbol if "L_limit" in built.graph else None
    floor = find_floor(built.derivation)
    return None if floor.is_finite is False or floor.has(sp.oo, sp.zoo, sp.nan, sp.AccumBounds) else floor
