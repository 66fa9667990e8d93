"""A plan in numbers: every cell for every scenario, and the status of each."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from flopsheet.evaluate.compile import CompiledCells, FloatArray, compile_cells
from flopsheet.model.cell import BEYOND_REACH
from flopsheet.model.graph import Graph
from flopsheet.model.inputs import InputTable

FLAT_BELOW = 0.05
"""A plan is flat where its next token is worth less than this part of a fresh one."""

Status = Literal["ok", "flat", "infeasible", "not_converged"]
StatusArray = npt.NDArray[np.int8]
STATUSES: tuple[Status, ...] = ("ok", "flat", "infeasible", "not_converged")

CAPPED_BY = ("caps.", "data.")
"""Limits that may keep a plan from its target begin with one of these."""

_ZERO, _ONE, _NONE = np.zeros(()), np.ones(()), np.array(np.nan)


@dataclass(frozen=True)
class Evaluation:
    """Numbers of all cells; `values[cell id]` has one entry a scenario, nan where there is none.

    `unreachable` marks scenarios whose target loss no resources reach.
    """

    graph: Graph
    table: InputTable
    values: Mapping[str, FloatArray]
    statuses: tuple[Status, ...]
    unreachable: tuple[bool, ...]

    def value(self, cell_id: str, index: int) -> float:
        """The number of a cell in a scenario; minus zero counts as zero."""
        return float(self.values[cell_id][index]) + 0.0

    def exists(self, cell_id: str, index: int) -> bool:
        """Whether a cell has a value in a scenario (infinity is one)."""
        return cell_id in self.values and not math.isnan(self.values[cell_id][index])


def evaluate_graph(graph: Graph, table: InputTable) -> Evaluation:
    """Every cell of the graph for all scenarios at once."""
    computed = [cell.id for cell in graph if cell.expr is not None]
    compiled: CompiledCells = compile_cells(graph, computed)
    given = {name: np.array(values, dtype=np.float64) for name, values in table.values.items()}
    values = {**given, **compiled.evaluate(given)}
    shape = (len(table.scenarios),)
    values = {name: np.broadcast_to(array, shape).copy() for name, array in values.items()}
    for cell in graph:
        if cell.kind == "user":
            # A reader's formula may divide by zero: that is no value, not an infinite one.
            array = values[cell.id]
            values[cell.id] = np.where(np.isfinite(array), array, np.nan)
    own = {name: array for name, array in values.items() if not graph[name].law}
    return judge_values(graph, table, values, own)


def judge_values(
    graph: Graph, table: InputTable, values: Mapping[str, FloatArray], own: Mapping[str, FloatArray]
) -> Evaluation:
    """The numbers of a graph with how each scenario came out, by the cells of one law.

    Args:
        graph: The cells.
        table: The inputs.
        values: The numbers of all cells.
        own: Those of one law, by the ids that they have where it is the plan's own.
    """
    shape = (len(table.scenarios),)
    unreachable = tuple(bool(missed) for missed in np.broadcast_to(find_unreachable(own), shape))
    signed = "L_opt" in graph and not graph["L_opt"].positive
    limits = [key for key in table.sources if key.startswith(CAPPED_BY)]
    capped = np.array([any(table.is_set(key, index) for key in limits) for index in range(len(table.scenarios))])
    statuses = tuple(STATUSES[code] for code in judge_statuses(own, capped, signed=signed))
    return Evaluation(graph, table, values, statuses, unreachable)


def judge_statuses(values: Mapping[str, FloatArray], capped: npt.NDArray[np.bool_], *, signed: bool) -> StatusArray:
    """How each of many points came out, as an index into `STATUSES`.

    It did not converge where a result is not a positive number, a decision lies where an absent cap stands (so
    that the optimum may lie beyond), or the loss rises with a decision there. A loss that may have any sign
    (`signed`) need only be finite. It is flat where the budget is spent but none of it is worth anything.

    Args:
        values: The cells of one law by id, each an array that broadcasts to the shape of `capped`.
        capped: Where a cap or a limit of the data is set: a target that is missed there is excluded by it.
        signed: Whether the loss may have any sign.
    """
    codes = _codes(values)
    loss = values.get("L_opt", _NONE)
    has_loss = np.isfinite(loss) & (signed | (loss > 0))
    told = [
        (values.get("budget_status", _ZERO) != 0, "infeasible"),
        ((codes == 2) & capped, "infeasible"),
        (codes == 2, "not_converged"),
        (codes == 1, "ok"),
    ]
    if "value_status" in values:
        told.append((~has_loss & (values["value_status"] == 0), "not_converged"))
    else:
        gains = {name.removeprefix("gain_"): values[name] for name in values if name.startswith("gain_")}
        decided = [values[f"{decision}_opt"] for decision in gains]
        lost = ~has_loss
        for value in (*decided, values["C_train"]):
            lost = lost | ~(np.isfinite(value) & (value > 0))
        for value, gain in zip(decided, gains.values(), strict=True):
            lost = lost | ~(value < BEYOND_REACH) | ~(gain >= 0)
        told.append((lost, "not_converged"))
        told.append((values.get("fresh_part", _ONE) < FLAT_BELOW, "flat"))
        told.append((_is_level(values), "flat"))
    conditions = [np.broadcast_to(condition, capped.shape) for condition, _ in told]
    return np.select(conditions, [np.int8(STATUSES.index(status)) for _, status in told], np.int8(0)).astype(np.int8)


def find_unreachable(values: Mapping[str, FloatArray]) -> npt.NDArray[np.bool_]:
    """Where no resources reach the target loss, by the cells of one law."""
    return _codes(values) == 1


def _codes(values: Mapping[str, FloatArray]) -> FloatArray:
    """0 where there is a plan, 1 where no resources reach the target, 2 where none is allowed to."""
    codes = values.get("plan_status", values.get("required_status", _ZERO))
    # A law with one resource has no plan to exclude: code 2 says that no target was given.
    return np.where(codes == 1, 1.0, 0.0) if "value_status" in values else codes


def _is_level(values: Mapping[str, FloatArray]) -> npt.NDArray[np.bool_]:
    """Where the budget is spent, and more of it would be worth nothing."""
    idle, slack = values.get("compute_is_idle", _ZERO), values.get("compute_is_slack", _ONE)
    return (idle == 1) & (slack == 0)


def is_level(values: Mapping[str, FloatArray], index: int) -> bool:
    """Whether the budget of a scenario is spent, and more of it would be worth nothing."""
    return bool(np.atleast_1d(_is_level(values))[index if "compute_is_idle" in values else 0])
