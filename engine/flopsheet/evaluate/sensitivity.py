"""What the results of a plan owe to each of its inputs: elasticities, swings to both sides, two-way tables."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import sympy as sp

from flopsheet.evaluate.dual import Dual
from flopsheet.evaluate.evaluation import STATUSES, Evaluation, Status
from flopsheet.evaluate.points import PointPlan, Points
from flopsheet.evaluate.slopes import follow_slopes
from flopsheet.messages import Message
from flopsheet.model.cell import Cell
from flopsheet.plan.keys import input_key
from flopsheet.plan.requests import TwoWay

EXCESS: Final = "L_excess"
"""The loss above what no resources get below."""

#: To both sides of a kink elasticities differ by more than this, in absolute or relative terms.
_KINK: Final = 1e-9
#: Lengths that differ by less than this part of the longest count as equal: which is first is not for the last bit.
_SAME_LENGTH: Final = 1e-9

Point = Mapping[str, float]


@dataclass(frozen=True)
class Elasticity:
    """What one per cent more (`above`) or less (`below`) of an input changes a result by, in per cent of it."""

    below: float
    above: float

    @property
    def is_kink(self) -> bool:
        """Whether the two differ, as where a limit just begins to bind."""
        return abs(self.above - self.below) > _KINK * max(1.0, abs(self.above), abs(self.below))


@dataclass(frozen=True)
class SwungEnd:
    """The plan with one input changed; `clipped` where the input may not go as far as the swing.

    `results` are those it has there: none where it is infeasible.
    """

    value: float
    clipped: bool
    status: Status
    results: Mapping[str, float]


@dataclass(frozen=True)
class Swing:
    """An input changed to both sides."""

    key: str
    low: SwungEnd
    high: SwungEnd


@dataclass(frozen=True)
class Grid:
    """A result over two inputs, row by row; nan where the plan has none there, with its status."""

    request: TwoWay
    values: tuple[tuple[float, ...], ...]
    statuses: tuple[tuple[Status, ...], ...]


@dataclass(frozen=True)
class Sensitivity:
    """The sensitivity of a scenario that has a plan.

    `goal` is the result that the plan is about; `swings` are in the order of what they change it by, the largest
    first, inputs before the law's constants. `outputs` are the results told, with their numbers. `grids` are those of
    the tables that are asked for; `floor` is the loss that remains with boundless resources, where there is one.
    """

    index: int
    swing: float
    goal: str
    outputs: Mapping[str, float]
    elasticities: Mapping[str, Mapping[str, Elasticity]]
    swings: tuple[Swing, ...]
    grids: tuple[Grid, ...] = ()
    floor: sp.Expr | None = None

    def ends(self, swing: Swing) -> tuple[float, float]:
        """The result that the plan is about, at both ends of a swing; nan where there is none."""
        low, high = (end.results.get(self.goal, math.nan) for end in (swing.low, swing.high))
        return low, high

    def length(self, swing: Swing) -> float:
        """From the least to the largest of what a swing makes of the result that the plan is about."""
        known = [value for value in (*self.ends(swing), self.outputs[self.goal]) if math.isfinite(value)]
        return max(known) - min(known)


@dataclass(frozen=True)
class Question:
    """What is asked of a scenario: its place in the plan, the inputs to change, and the tables."""

    index: int
    keys: tuple[str, ...]
    tables: tuple[TwoWay, ...] = ()


def list_outputs(points: PointPlan, objective: str, decisions: Sequence[str]) -> tuple[str, ...]:
    """The results that a sensitivity is told of: the decisions in their order, then the loss and what is spent."""
    results = [cell.id for cell in points.graph if cell.kind == "result" and not cell.law]
    chosen = [f"{name}{end}" for name in decisions for end in ("_opt", "_required")]
    decided = [name for name in chosen if name in results]
    decided += [name for name in results if name.endswith("_opt") and name not in {*chosen, "L_opt"}]
    totals = ("cost", "time") if objective == "minimize loss" else ("C_total", "cost", "time")
    spent = [name for name in totals if name in results]
    return (*decided, *(["L_opt"] if "L_opt" in results else []), *spent)


def find_goal(outputs: Mapping[str, float], objective: str) -> str:
    """The result that the plan is about: its loss, or what a target costs."""
    wanted = {"minimize compute": "C_total", "minimize cost": "cost"}.get(objective, "L_opt")
    return wanted if wanted in outputs else list(outputs)[-1]


def evaluate_sensitivity(
    points: PointPlan,
    evaluation: Evaluation,
    questions: Sequence[Question],
    *,
    outputs: Sequence[str],
    swing: float,
    objective: str,
    floor: sp.Expr | None,
) -> dict[int, Sensitivity]:
    """The sensitivity of each scenario that is asked about, by its place in the plan.

    Args:
        points: The plan as a function of its inputs.
        evaluation: Its numbers.
        questions: What is asked; each scenario has a plan.
        outputs: The results that are told.
        swing: The share by which inputs are changed.
        objective: What the plan minimises.
        floor: The loss that remains with boundless resources; None where there is none above zero.
    """
    asked: list[Point] = []
    for question in questions:
        own = _own_point(points, evaluation, question.index)
        asked += [{**own, key: end} for key in question.keys for end, _ in _ends(key, own[key], swing)]
        asked += [point for table in question.tables for point in _grid_points(own, table)]
    shown = {table.show for question in questions for table in question.tables}
    found = _evaluate(points, asked, (*dict.fromkeys((*outputs, *sorted(shown))),)) if asked else None
    known: dict[int, Sensitivity] = {}
    at = 0
    for question in questions:
        own, index = _own_point(points, evaluation, question.index), question.index
        told = {name: evaluation.value(name, index) for name in outputs if evaluation.exists(name, index)}
        swings = []
        for key in question.keys:
            ends = [
                SwungEnd(value, clipped, *_result(found, at + side, told))
                for side, (value, clipped) in enumerate(_ends(key, own[key], swing))
            ]
            swings.append(Swing(key, *ends))
            at += 2
        grids = []
        for table in question.tables:
            grids.append(_grid(table, found, at))
            at += len(table.rows.values) * len(table.columns.values)
        slopes = find_elasticities(points, evaluation, question, told, floor)
        goal = find_goal(told, objective)
        whole = Sensitivity(index, swing, goal, told, slopes, tuple(swings), tuple(grids), floor)
        known[index] = replace(whole, swings=_ranked(whole))
    return known


def _ranked(sensitivity: Sensitivity) -> tuple[Swing, ...]:
    """The swings, the law's constants last, the longest first; those of one length in the order of the inputs."""
    lengths = [sensitivity.length(swing) for swing in sensitivity.swings]
    unit = _SAME_LENGTH * max(lengths, default=0.0) or 1.0
    swings = sensitivity.swings
    order = sorted(range(len(lengths)), key=lambda at: (is_constant(swings[at].key), -round(lengths[at] / unit), at))
    return tuple(swings[at] for at in order)


def is_constant(key: str) -> bool:
    """Whether an input is a constant of the law, which nobody decides about."""
    return key.startswith("constants.")


def _own_point(points: PointPlan, evaluation: Evaluation, index: int) -> dict[str, float]:
    """The inputs of a scenario; nan for a limit that it does not set."""
    table = evaluation.table
    return {
        key: evaluation.value(cell.id, index) if _is_given(table.sources.get(key), index, cell) else math.nan
        for key, cell in points.keys.items()
    }


def _is_given(sources: Sequence[object] | None, index: int, cell: Cell) -> bool:
    """Whether an input has a number of its own; one that is no limit always has."""
    if not cell.optional or sources is None:
        return True
    source = sources[index]
    return source is not None and getattr(source, "value", None) is not None


def _ends(key: str, value: float, swing: float) -> tuple[tuple[float, bool], tuple[float, bool]]:
    """An input changed down and up, each with whether its range ends before."""
    row = input_key(key)
    most = math.inf if row is None or row.most is None else row.most
    high = value * (1 + swing)
    return (value * (1 - swing), False), (min(most, high), high > most)


def _grid_points(own: Point, table: TwoWay) -> list[Point]:
    """The points of a table, row by row."""
    return [
        {**own, table.rows.key: _number(row), table.columns.key: _number(column)}
        for row in table.rows.values
        for column in table.columns.values
    ]


def _number(value: float | None) -> float:
    """A value of a table; nan for a limit that is removed."""
    return math.nan if value is None else value


def _evaluate(points: PointPlan, asked: Sequence[Point], outputs: Sequence[str]) -> Points:
    """All points together."""
    return points.evaluate({key: np.array([point[key] for point in asked]) for key in points.keys}, outputs)


def _result(found: Points | None, at: int, outputs: Mapping[str, float]) -> tuple[Status, dict[str, float]]:
    """How a point came out, and its results."""
    assert found is not None  # noqa: S101 - there are points where there are swings
    values = {name: float(found.values[name][at]) for name in outputs}
    return STATUSES[found.statuses[at]], {name: value for name, value in values.items() if not math.isnan(value)}


def _grid(table: TwoWay, found: Points | None, start: int) -> Grid:
    """A table with its results."""
    assert found is not None  # noqa: S101 - the same
    rows, columns = len(table.rows.values), len(table.columns.values)
    places = [[start + row * columns + column for column in range(columns)] for row in range(rows)]
    return Grid(
        table,
        tuple(tuple(float(found.values[table.show][at]) for at in row) for row in places),
        tuple(tuple(STATUSES[found.statuses[at]] for at in row) for row in places),
    )


def find_elasticities(
    points: PointPlan, evaluation: Evaluation, question: Question, outputs: Mapping[str, float], floor: sp.Expr | None
) -> dict[str, dict[str, Elasticity]]:
    """The elasticity of each output in each input, exact to both sides; what has none is left out."""
    cells = list(points.graph.needed(outputs))
    own = {cell.id for cell in cells}
    if floor is not None and "L_opt" in own and all(symbol.name in points.graph for symbol in floor.free_symbols):
        more = points.graph.needed({symbol.name for symbol in floor.free_symbols})
        cells += [cell for cell in more if cell.id not in own]
        label = Message("sensitivity.excess")
        cells.append(Cell(EXCESS, "formula", "nats/token", label, points.graph["L_opt"].symbol - floor))
    values = {cell.id: evaluation.value(cell.id, question.index) for cell in cells if cell.id != EXCESS}
    sides = []
    for sign in (-1, 1):
        seeds = {
            points.keys[key].id: sign * values[points.keys[key].id] * np.eye(len(question.keys))[place]
            for place, key in enumerate(question.keys)
            if points.keys[key].id in values
        }
        sides.append(follow_slopes(cells, values, seeds, len(question.keys)))
    below, above = sides
    told = [*outputs, *([EXCESS] if EXCESS in above and above[EXCESS].value > 0 else [])]
    return {
        key: {name: found for name in told if (found := _elasticity(below[name], above[name], place)) is not None}
        for place, key in enumerate(question.keys)
    }


def _elasticity(below: Dual, above: Dual, place: int) -> Elasticity | None:
    """The elasticity of a result along an input; None where it has none."""
    if not (above.value and math.isfinite(above.value)):
        return None
    low, high = (float(side.slope[place]) / abs(above.value) + 0.0 for side in (below, above))
    return Elasticity(0.0 - low, high) if math.isfinite(low) and math.isfinite(high) else None
