"""A plan's sweep in its report: what is varied, and a table of some of its points."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from flopsheet.derive.resource import ResourceDerivation
from flopsheet.document.naming import head_of
from flopsheet.document.source import ReportSource
from flopsheet.document.tables import Column, Table
from flopsheet.document.words import Words
from flopsheet.evaluate.compile import FloatArray
from flopsheet.evaluate.evaluation import STATUSES
from flopsheet.evaluate.grid import share_points, thin_places
from flopsheet.evaluate.points import LIMITS
from flopsheet.evaluate.sweep import Block, SweepPlan
from flopsheet.model.cell import BEYOND_REACH
from flopsheet.plan.requests import SweepAxis

MOST_ROWS: Final = 20
#: Results that say more than the others, where a plan has them.
_SHOWN: Final = ("L_opt", "C_train", "tokens_per_parameter", "epochs", "time", "cost")


@dataclass(frozen=True)
class SweepView:
    """A report's sweep: its text and its table."""

    title: str
    text: str
    table: Table


def open_sweep(source: ReportSource) -> SweepPlan | None:
    """The sweep of a plan, None where it has none."""
    return None if source.solution.open_sweep is None else source.solution.open_sweep()


def view_sweep(source: ReportSource, words: Words) -> SweepView | None:
    """What is varied, and a table of at most twenty points; None where a plan has no sweep."""
    swept = open_sweep(source)
    if swept is None:
        return None
    sweep = swept.grid.sweep
    places = thin_places(sweep, share_points(sweep, MOST_ROWS))
    block = swept.compute_at(places)
    shown = len(block.statuses)
    points = words.number(float(sweep.points), digits=6)
    axes = words.say("sweep.between").join(_tell_group(swept, words, group) for group in sweep.groups)
    key = "sweep.text_one" if shown == sweep.points else "sweep.text"
    left = words.number(float(sweep.points - shown), digits=6)
    told = words.say(key, points=points, axes=axes, scenario=words.name(source.answers[0].name), left=left,
                     command=words.code(f"flopsheet sweep {source.plan.path} --out grid.csv"))  # fmt: skip
    return SweepView(words.say("sweep.title"), told, _build_table(source, words, swept, block))


def _tell_group(swept: SweepPlan, words: Words, group: tuple[SweepAxis, ...]) -> str:
    """The axes that go along together, in words."""
    return words.join([_tell_axis(swept, words, axis) for axis in group])


def _tell_axis(swept: SweepPlan, words: Words, axis: SweepAxis) -> str:
    """What an axis runs over."""
    unit = unit_of_axis(swept, axis)
    name = head_of_axis(swept, words, axis)
    if axis.scale == "list":
        values = [value_of(words, given.value, unit) for given in axis.given]
        return words.say("sweep.axis_list", name=name, values=words.join(_cut(values)))
    low, high = (value_of(words, given.value, unit) for given in axis.given)
    return words.say(f"sweep.axis_{axis.scale}", name=name, low=low, high=high, points=words.number(float(axis.points)))


def _cut(values: list[str]) -> list[str]:
    """A list that a sentence can hold."""
    return values if len(values) <= 6 else [*values[:3], "…", values[-1]]


def value_of(words: Words, value: float | None, unit: str) -> str:
    """A swept number; the word for a limit removed."""
    if value is None or np.isnan(value):
        return words.say("sweep.no_limit")
    return words.number(value, None if unit in {"1", "nats/token"} else unit, 4)


def unit_of_axis(swept: SweepPlan, axis: SweepAxis) -> str:
    """The unit that an axis is in."""
    return swept.points.keys[axis.key].unit


def head_of_axis(swept: SweepPlan, words: Words, axis: SweepAxis) -> str:
    """What an axis is called, with its unit."""
    unit = unit_of_axis(swept, axis)
    label = words.code(axis.key)
    if unit == "1" or axis.key.startswith("constants."):
        return label
    return label + words.say("document.open_paren") + words.unit(unit) + words.say("document.close_paren")


def _build_table(source: ReportSource, words: Words, swept: SweepPlan, block: Block) -> Table:
    """A row a point: what is varied, what it comes to, what binds."""
    names = list_shown(source, block.values)
    columns = [Column(head_of_axis(swept, words, axis)) for axis in swept.grid.sweep.axes]
    columns += [Column(head_of_swept(source, words, name)) for name in names]
    columns.append(Column(words.say("report.binds"), "left"))
    rows = []
    for index in range(len(block.statuses)):
        row = [
            value_of(words, float(block.keys[axis.key][index]), unit_of_axis(swept, axis))
            for axis in swept.grid.sweep.axes
        ]
        for name in names:
            unit = source.graph[name].unit if name in source.graph else swept.points.graph[name].unit
            row.append(words.number(float(block.values[name][index]), None if unit == "1" else unit, 4))
        rows.append((*row, _binding(words, block, index)))
    return Table(tuple(columns), tuple(tuple(row) for row in rows))


def list_shown(source: ReportSource, values: Mapping[str, FloatArray]) -> list[str]:
    """The results that a table shows: the decisions, then those that say most."""
    decided = [f"{z}_opt" for z in source.solution.model.decisions]
    required = [name for name in values if name.endswith("_required")]
    names = [name for name in (*decided, *required, *_SHOWN) if name in values]
    return [name for name in names if not np.isnan(values[name]).all()]


def head_of_swept(source: ReportSource, words: Words, name: str) -> str:
    """The head of a result's column."""
    decided = [f"{z}_opt" for z in source.solution.model.decisions]
    if name in decided and not isinstance(source.solution.derivation, ResourceDerivation):
        return head_of(source, words, decided.index(name))
    key = f"report.result_{name}"
    return words.say(key) if words.known(key) else words.code(name)


def _binding(words: Words, block: Block, index: int) -> str:
    """What binds at a point, or why it has no plan."""
    status = STATUSES[block.statuses[index]]
    if status in {"infeasible", "not_converged"}:
        return words.say("sweep.infeasible" if status == "infeasible" else "status.not_converged")
    first = next(iter(block.values.values()))
    if np.isinf(first[index]) or any(array[index] >= BEYOND_REACH for array in block.values.values()):
        return words.say("status.unreachable")
    bits = int(block.binding[index])
    bound = [words.say(f"limit.{name}") for bit, name in enumerate(LIMITS) if bits >> bit & 1]
    return words.join(bound) if bound else words.say("report.no_limit")
