"""The sweep of a loaded plan, put together so that it can be computed."""

from __future__ import annotations

from dataclasses import replace

from flopsheet.api.plan_model import PlanModel, build_model
from flopsheet.errors import FlopsheetError, Problem
from flopsheet.evaluate.grid import Grid
from flopsheet.evaluate.points import PointPlan
from flopsheet.evaluate.sweep import SweepPlan
from flopsheet.model.resource_model import ResourceModel
from flopsheet.plan.plan import Sourced
from flopsheet.plan.requests import Sweep


def build_sweep(sweep: Sweep, index: int, *, binding: bool = False) -> SweepPlan:
    """The sweep of a loaded plan, in one of its scenarios.

    Raises:
        FlopsheetError: anything wrong with the law or the cells at what is swept.
    """
    overlay = sweep.overlay
    assert overlay is not None  # noqa: S101 - a loaded plan's sweep has one
    # What is compared or claimed says nothing about points.
    overlay = replace(overlay, compare=(), claims=())
    caps = {
        key
        for scenario in overlay.scenarios
        for key, given in scenario.inputs.items()
        if key.startswith("caps.") and given.value is not None
    }
    built = build_model(overlay, caps)
    _check_values(sweep, built)
    return SweepPlan(Grid(sweep), PointPlan(built.graph, built.table, index), binding)


def _check_values(sweep: Sweep, built: PlanModel) -> None:
    """Refuse swept values that the law does not take; of each axis the plan itself was held against one.

    Raises:
        FlopsheetError: with every such value.
    """
    problems = []
    read = {given.key: given.unit for given in built.model.inputs.values()}
    if isinstance(built.model, ResourceModel):
        resource = built.model.resource
        read[f"inputs.{resource.name}"] = built.model.decision(resource).unit
    signed = built.law.has_signed_loss
    for axis in sweep.axes:
        section, _, name = axis.key.partition(".")
        constant = built.law.constants.get(name) if section == "constants" else None
        positive = section == "inputs" or (constant is not None and constant.value > 0)
        positive = positive or (axis.key == "target.loss" and not signed)
        for given in axis.given:
            if given.value is not None and positive and not given.value > 0:
                problems.append(_refuse(given, axis.key, "must be above zero", built.law.name))
            elif section == "inputs" and given.unit not in {"1", read.get(axis.key, given.unit)}:
                unit = read[axis.key]
                problems.append(_refuse(given, axis.key, f"is in {given.unit}, not in {unit}", built.law.name))
    if problems:
        raise FlopsheetError(*problems)


def _refuse(given: Sourced, key: str, rule: str, law: str) -> Problem:
    """The problem of a value that a law does not take."""
    return Problem(f"{rule} under law `{law}`, but is `{given.text}`.", given.place, f"sweep.{key}")
