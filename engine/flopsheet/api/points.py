"""A plan file as a function of its inputs, for sweeps, draws and attributions: many points at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from flopsheet.api.plan_model import build_model
from flopsheet.api.solve import load_checked
from flopsheet.errors import FlopsheetError, Problem, did_you_mean
from flopsheet.evaluate.points import PointPlan
from flopsheet.plan.plan import Plan


def open_points(
    path: Path, *, keys: Mapping[str, str] | None = None, sets: Sequence[str] = (), scenario: str | None = None
) -> PointPlan:
    """A scenario of a plan file as a function of its inputs.

    Args:
        path: The plan file.
        keys: Keys that will be given, each with the text of one value it may have: a plan that does not set a key
            is put together as if it did, so that it has the cells which read it.
        sets: Overrides as `key=value`, the last layer over every scenario.
        scenario: Its name or slug; the first one where it is None.

    Raises:
        FlopsheetError: anything wrong with the plan, or no scenario has that name.
    """
    given = [f"{key}={text}" for key, text in (keys or {}).items()]
    return open_plan_points(load_checked(path, sets=(*sets, *given)), scenario=scenario)


def open_plan_points(plan: Plan, *, scenario: str | None = None) -> PointPlan:
    """A scenario of a loaded plan as a function of its inputs.

    Raises:
        FlopsheetError: anything wrong with its law or its cells, or no scenario has that name.
    """
    built = build_model(plan)
    return PointPlan(built.graph, built.table, find_scenario(plan, scenario))


def find_scenario(plan: Plan, name: str | None) -> int:
    """The place of a scenario by its name or slug; 0 where no name is given.

    Raises:
        FlopsheetError: no scenario has that name.
    """
    if name is None:
        return 0
    for index, scenario in enumerate(plan.scenarios):
        if name in {scenario.name, scenario.slug}:
            return index
    names = [scenario.name for scenario in plan.scenarios]
    raise FlopsheetError(Problem(f"unknown scenario `{name}`.", remedy=did_you_mean(name, names)))
