"""A plan swept over the numbers of its `sweep`: as arrays, or streamed to a file."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from flopsheet.api.points import find_scenario
from flopsheet.api.solve import load_checked
from flopsheet.api.swept import build_sweep
from flopsheet.errors import FlopsheetError, Problem, did_you_mean
from flopsheet.evaluate.compile import FloatArray
from flopsheet.evaluate.evaluation import STATUSES, StatusArray
from flopsheet.evaluate.sweep import BLOCK, SweepPlan, map_ahead, split_range
from flopsheet.laws.library import load_law
from flopsheet.plan.plan import Plan
from flopsheet.plan.requests import Sweep
from flopsheet.provenance import hash_inputs

COLUMNS = ("binding", "status")
"""The columns of every sweep that are no results."""


@dataclass(frozen=True)
class SweepResult:
    """A plan at every point of its sweep, in the order of its rows.

    Attributes:
        columns: The swept keys (base units; nan where a limit is removed), then the results and the reader's own
            cells (nan where a point has none, infinite where no resources reach a target).
        codes: How each point came out, as an index into `STATUSES`.
        binding: The limits that bind, as bits in the order of `flopsheet.evaluate.points.LIMITS`.
    """

    columns: Mapping[str, FloatArray]
    codes: StatusArray
    binding: npt.NDArray[np.uint8]

    def __getitem__(self, name: str) -> FloatArray:
        """A column by its swept key or the name of its result.

        Raises:
            KeyError: there is no such column; with the nearest name.
        """
        if name not in self.columns:
            message = f"unknown column `{name}`. {did_you_mean(name, self.columns)}"
            raise KeyError(message)
        return self.columns[name]

    def __len__(self) -> int:
        """How many points there are."""
        return self.codes.size

    @cached_property
    def statuses(self) -> npt.NDArray[np.str_]:
        """How each point came out: ok, flat, infeasible or not_converged."""
        return np.array(STATUSES)[self.codes]


def sweep_plan(path: Path, *, scenario: str | None = None, sets: Sequence[str] = ()) -> SweepResult:
    """A plan file computed at every point of its `sweep`, in memory.

    Args:
        path: The plan file.
        scenario: The name or slug of the scenario that gives everything that is not swept; the first where None.
        sets: Overrides as `key=value`, the last layer over every scenario.

    Raises:
        FlopsheetError: anything wrong with the plan, or it has no sweep.
    """
    swept = open_sweep(path, scenario=scenario, sets=sets, binding=True).swept
    size = swept.grid.points
    names = (*swept.grid.keys, *swept.outputs)
    columns = dict(zip(names, np.empty((len(names), size)), strict=True))
    codes, binding = np.empty(size, dtype=np.int8), np.empty(size, dtype=np.uint8)
    ranges = split_range(0, size, BLOCK)
    for (start, stop), block in zip(ranges, map_ahead(lambda ends: swept.compute(*ends), ranges), strict=True):
        for name, values in block.columns.items():
            columns[name][start:stop] = values
        codes[start:stop], binding[start:stop] = block.statuses, block.binding
    return SweepResult(columns, codes, binding)


@dataclass(frozen=True)
class OpenSweep:
    """A sweep ready to be computed: the plan, its scenario and what identifies its numbers.

    `sha256` is of all that the numbers follow from: the plan's files and its law, the scenario, --set, the version.
    """

    plan: Plan
    sweep: Sweep
    scenario: str
    swept: SweepPlan
    sha256: str


def open_sweep(
    path: Path, *, scenario: str | None = None, sets: Sequence[str] = (), binding: bool = False
) -> OpenSweep:
    """The sweep of a plan file, ready to be computed.

    Raises:
        FlopsheetError: anything wrong with the plan, it has no sweep, or --set sets what is swept.
    """
    plan = load_checked(path, sets=sets)
    sweep = plan.sweep
    if sweep is None:
        remedy = "Write for example `sweep: {budget.compute: {from: 1e19, to: 1e25, points: 200, scale: log}}`."
        raise FlopsheetError(Problem(f"`{plan.path}` has no `sweep`.", remedy=remedy))
    refuse_set_axes(sweep, sets)
    index = find_scenario(plan, scenario)
    swept = build_sweep(sweep, index, binding=binding)
    _refuse_column_names(swept)
    name = plan.scenarios[index].name
    return OpenSweep(plan, sweep, name, swept, _hash_sweep(plan, name, sets, swept))


def _refuse_column_names(swept: SweepPlan) -> None:
    """Refuse results that are called like a column of every sweep.

    Raises:
        FlopsheetError: with every such cell.
    """
    taken = [swept.points.graph[name] for name in swept.outputs if name in COLUMNS]
    if taken:
        remedy = (
            f"A sweep has columns of its own called {' and '.join(f'`{name}`' for name in COLUMNS)}: rename the cell."
        )
        raise FlopsheetError(*(Problem("is a column of every sweep.", c.place, c.id, remedy) for c in taken))


def refuse_set_axes(sweep: Sweep, sets: Sequence[str]) -> None:
    """Refuse an override of what is swept: the sweep would not heed it.

    Raises:
        FlopsheetError: with every such override.
    """
    given = {text.partition("=")[0].strip() for text in sets}
    remedy = "Leave it out of --set, or out of `sweep`."
    taken = [axis for axis in sweep.axes if axis.key in given]
    if taken:
        raise FlopsheetError(*(Problem(f"--set {axis.key}: it is swept.", axis.place, remedy=remedy) for axis in taken))


def _hash_sweep(plan: Plan, scenario: str, sets: Sequence[str], swept: SweepPlan) -> str:
    """One hash of all that the numbers of a sweep follow from, and of the columns that are written."""
    origin = load_law(plan.law, root=plan.root, base=plan.root, place=plan.law_place).origin
    files = {*plan.files, *({origin} - {"library", "inline"})}
    columns = [*swept.grid.keys, *swept.outputs]
    record = [hash_inputs(plan.root, files), plan.path, scenario, list(sets), columns, swept.binding]
    return hashlib.sha256(json.dumps(record).encode()).hexdigest()
