"""The commands for Python: load, solve, sweep and build."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from numbers import Real
from pathlib import Path
from typing import TypeAlias

from flopsheet.api.build import BuildOptions, BuildResult, build_plans
from flopsheet.api.solve import load_checked
from flopsheet.api.solve import solve as solve_loaded
from flopsheet.api.solved import Solved
from flopsheet.api.sweep import SweepResult, sweep_plan
from flopsheet.errors import FlopsheetError, Problem
from flopsheet.plan.jobs import find_current, list_jobs
from flopsheet.plan.plan import Plan

PathLike: TypeAlias = str | os.PathLike[str]
# A number in the key's own unit, a text such as "2e22 FLOP", or None to remove a limit.
Override: TypeAlias = float | str | None


def load(path: PathLike, overrides: Mapping[str, Override] | None = None) -> Plan:
    """A plan file with its layers, checked whole.

    Args:
        path: The file.
        overrides: Values by dotted key (`budget.compute`), over every scenario: a number in the key's own unit, a text
            as in a plan (`"2e22 FLOP"`), or None to remove a limit.

    Raises:
        FlopsheetError: everything that is wrong with the plan, its layers and its law, each with its place.
    """
    return load_checked(Path(path), sets=_write_sets(overrides or {}))


def solve(plan: Plan | PathLike, overrides: Mapping[str, Override] | None = None) -> Solved:
    """A plan solved in all its scenarios.

    Args:
        plan: A loaded plan, or the path of one.
        overrides: As in `load`; for a path only.

    Raises:
        FlopsheetError: everything that is wrong with the plan, its layers, its law and its formulas.
    """
    if not isinstance(plan, Plan):
        return Solved(solve_loaded(load(plan, overrides)))
    if overrides:
        raise FlopsheetError(Problem("a loaded plan takes no overrides.", remedy="Give them to `load`, or a path."))
    return Solved(solve_loaded(plan))


def sweep(
    path: PathLike, overrides: Mapping[str, Override] | None = None, *, scenario: str | None = None
) -> SweepResult:
    """A plan at every point of its `sweep`, as arrays in the order of the file that the command writes.

    Args:
        path: The plan file.
        overrides: As in `load`, of what is not swept.
        scenario: The one that gives everything that is not swept; the first where None.

    Raises:
        FlopsheetError: everything that is wrong with the plan, or it has no sweep.
    """
    return sweep_plan(Path(path), scenario=scenario, sets=_write_sets(overrides or {}))


def build(
    *paths: PathLike, out: PathLike = "reports", force: bool = False, templates: PathLike | None = None
) -> tuple[BuildResult, ...]:
    """Plans built into reports, workbooks and charts; only what changed, unless `force`.

    A plan that is wrong does not keep the others from being built: its result has the `error`.

    Args:
        paths: Plan files, and folders of plans; the working folder where there are none.
        out: The folder of the outputs, which mirrors the folders of the plans.
        force: Whether to build what is up to date too.
        templates: A folder whose templates replace the shipped ones.

    Returns:
        What became of each plan.

    Raises:
        FlopsheetError: a path does not exist, holds no plan, or two plans would be built into one folder.
    """
    given = tuple(Path(path) for path in paths) or (Path(),)
    target, own = Path(out), None if templates is None else Path(templates)
    if own is not None and not own.is_dir():
        raise FlopsheetError(Problem(f"the template folder `{own}` does not exist."))
    listing = list_jobs(given, target)
    if not listing.jobs:
        raise FlopsheetError(Problem(f"no plan below {', '.join(f'`{path}`' for path in given)}."))
    states = {} if force else find_current(listing.jobs, own)
    pending = [(job.plan, job.folder) for job in listing.jobs if job.folder not in states]
    built = {result.folder: result for result in build_plans(pending, BuildOptions(target, own), _say_nothing)}
    listing.keep(target)
    return tuple(
        built.get(job.folder)
        or BuildResult(
            job.plan,
            job.folder,
            "current",
            failures=states[job.folder].failures,
            files=tuple(states[job.folder].outputs),
        )
        for job in listing.jobs
    )


def _say_nothing(result: BuildResult) -> None:
    """Results are given back, not told one by one."""


def _write_sets(overrides: Mapping[str, Override]) -> Sequence[str]:
    """Overrides as `--set` takes them."""
    return [f"{key}={_write(key, value)}" for key, value in overrides.items()]


def _write(key: str, value: Override) -> str:
    """A value as it would stand in a plan."""
    if value is None:
        return "null"
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, Real) or not math.isfinite(value):
        message = f"must be a finite number, a text or None, but is {value!r}."
        raise FlopsheetError(Problem(message, subject=key))
    return repr(float(value))
