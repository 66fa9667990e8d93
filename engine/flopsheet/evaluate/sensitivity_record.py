"""The sensitivity of a scenario as plain data for JSON."""

from __future__ import annotations

import math

from flopsheet.evaluate.record import Plain, record_number
from flopsheet.evaluate.sensitivity import EXCESS, Elasticity, Grid, SwungEnd
from flopsheet.evaluate.solution import Solution
from flopsheet.model.graph import Graph


def record_sensitivity(solution: Solution, index: int) -> Plain:
    """The entry `sensitivity` of a scenario; nothing where the plan does not ask, or the scenario has no plan."""
    found = solution.sensitivity.get(index)
    if found is None:
        return {}
    graph = solution.graph
    record: Plain = {
        "swing": found.swing,
        "of": found.goal,
        "elasticities": {
            key: {name: _record_elasticity(slope) for name, slope in slopes.items()}
            for key, slopes in found.elasticities.items()
        },
        "swings": [
            {
                "input": swing.key,
                "unit": unit_of_key(graph, swing.key),
                "low": _record_end(swing.low, graph),
                "high": _record_end(swing.high, graph),
            }
            for swing in found.swings
        ],
    }
    if found.grids:
        record["tables"] = [_record_grid(grid, graph) for grid in found.grids]
    return {"sensitivity": record}


def unit_of_key(graph: Graph, key: str) -> str:
    """The unit that an input is held in."""
    return next(cell.unit for cell in graph if cell.key == key)


def unit_of_output(graph: Graph, name: str) -> str:
    """The unit of a result."""
    return "nats/token" if name == EXCESS else graph[name].unit


def _record_elasticity(slope: Elasticity) -> float | Plain:
    """One number, or at a kink one for each side."""
    return {"below": slope.below, "above": slope.above} if slope.is_kink else 0.5 * (slope.below + slope.above)


def _record_end(end: SwungEnd, graph: Graph) -> Plain:
    """One end of a swing."""
    record: Plain = {"value": end.value, "status": end.status}
    if end.clipped:
        record["clipped"] = True
    record["results"] = {
        name: {"value": record_number(value), "unit": unit_of_output(graph, name)}
        for name, value in end.results.items()
    }
    return record


def _record_grid(grid: Grid, graph: Graph) -> Plain:
    """A two-way table: null where the plan has no such result, and for a limit that is removed."""
    rows, columns = grid.request.rows, grid.request.columns
    return {
        "rows": {"input": rows.key, "unit": unit_of_key(graph, rows.key), "values": list(rows.values)},
        "columns": {"input": columns.key, "unit": unit_of_key(graph, columns.key), "values": list(columns.values)},
        "show": grid.request.show,
        "unit": unit_of_output(graph, grid.request.show),
        "values": [[None if math.isnan(value) else record_number(value) for value in row] for row in grid.values],
        "statuses": [list(row) for row in grid.statuses],
    }
