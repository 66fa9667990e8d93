"""A plan in numbers: every cell for every scenario, and the status of each."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from flopsheet.evaluate.compile import CompiledCells, FloatArray, compile_cells
from flopsheet.model.cell import BEYOND_REACH
from flopsheet.model.graph import Graph
from flopsheet.model.inputs import InputTable

FLAT_BELOW = 0.05
"""A plan is flat where its next token is worth less than this part of a fresh one."""

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
    codes = own.get("plan_status", own.get("required_status", np.zeros(shape)))
    if "value_status" in own:
        # A law with one resource has no plan to exclude: code 2 says that no target was given.
        codes = np.where(codes == 1, 1.0, 0.0)
    unreachable = tuple(bool(code == 1) for code in codes)
    signed = "L_opt" in graph and not graph["L_opt"].positive
    statuses = tuple(_status(own, table, index, float(code), signed=signed) for index, code in enumerate(codes))
    return Evaluation(graph, table, values, statuses, unreachable)


def _status(values: Mapping[str, FloatArray], table: InputTable, index: int, code: float, *, signed: bool) -> Status:
    """How a scenario came out.

    It did not converge where a result is not a positive number, a decision lies where an absent cap stands (so
    that the optimum may lie beyond), or the loss rises with a decision there. A loss that may have any sign
    (`signed`) need only be finite. It is flat where the budget is spent but none of it is worth anything.
    """
    if "budget_status" in values and values["budget_status"][index] != 0:
        return "infeasible"
    if code == 2:
        capped = any(key.startswith(("caps.", "data.")) and table.is_set(key, index) for key in table.sources)
        return "infeasible" if capped else "not_converged"
    if code == 1:
        return "ok"
    loss = values["L_opt"][index]
    has_loss = math.isfinite(loss) and (signed or loss > 0)
    if "value_status" in values:
        absent = values["value_status"][index] != 0
        return "ok" if absent or has_loss else "not_converged"
    gains = {name.removeprefix("gain_"): values[name][index] for name in values if name.startswith("gain_")}
    decided = [values[f"{decision}_opt"][index] for decision in gains]
    results = [*decided, values["C_train"][index]]
    found = has_loss and all(math.isfinite(value) and value > 0 for value in results)
    within = all(value < BEYOND_REACH for value in decided) and all(gain >= 0 for gain in gains.values())
    if not (found and within):
        return "not_converged"
    worn = "fresh_part" in values and values["fresh_part"][index] < FLAT_BELOW
    return "flat" if worn or is_level(values, index) else "ok"


def is_level(values: Mapping[str, FloatArray], index: int) -> bool:
    """Whether the budget of a scenario is spent, and more of it would be worth nothing."""
    if "compute_is_idle" not in values or "compute_is_slack" not in values:
        return False
    return bool(values["compute_is_idle"][index] == 1 and values["compute_is_slack"][index] == 0)
