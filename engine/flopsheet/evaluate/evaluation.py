"""A plan in numbers: every cell for every scenario, and the status of each."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from flopsheet.evaluate.compile import CompiledCells, FloatArray, compile_cells
from flopsheet.model.graph import Graph
from flopsheet.model.inputs import InputTable

Status = Literal["ok", "flat", "infeasible", "not_converged"]


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
    codes = values.get("plan_status", values.get("required_status", np.zeros(shape)))
    if "value_status" in values:
        # A law with one resource has no plan to exclude: code 2 says that no target was given.
        codes = np.where(codes == 1, 1.0, 0.0)
    unreachable = tuple(bool(code == 1) for code in codes)
    statuses = tuple(_status(values, index, float(code)) for index, code in enumerate(codes))
    return Evaluation(graph, table, values, statuses, unreachable)


def _status(values: Mapping[str, FloatArray], index: int, code: float) -> Status:
    """How a scenario came out: a result that is not a positive number means it did not converge."""
    if code == 2:
        return "infeasible"
    if code == 1:
        return "ok"
    absent = "value_status" in values and values["value_status"][index] != 0
    found = [values[name][index] for name in ("L_opt", "C_train") if name in values and not absent]
    return "ok" if all(math.isfinite(value) and value > 0 for value in found) else "not_converged"
