"""A reader's own cells beside a law with one resource: those in the unit of the loss are curves over the resource."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from flopsheet.document.charts import Series
from flopsheet.document.source import ReportSource
from flopsheet.document.words import Words
from flopsheet.evaluate.compile import FloatArray, compile_cells
from flopsheet.model.cell import Cell

_SAME: Final = 1e-12


@dataclass(frozen=True)
class OwnCurve:
    """A cell of the plan that gives a loss at each amount of the resource, which stands in the cell `along`."""

    source: ReportSource
    cell: Cell
    along: str

    @property
    def label(self) -> str:
        """What the plan calls it."""
        return str(self.cell.label)

    def losses(self, index: int, amounts: FloatArray) -> FloatArray:
        """Its values at amounts of the resource, everything else as in a scenario."""
        compiled = compile_cells(self.source.graph, [self.cell.id])
        values = {name: self.source.evaluation.value(name, index) for name in compiled.inputs}
        return compiled.evaluate({**values, self.along: amounts})[self.cell.id]


def list_own_curves(source: ReportSource, along: str) -> list[OwnCurve]:
    """The plan's own cells that are losses and depend on the resource."""
    graph = source.graph
    own = [cell for cell in graph if cell.kind == "user" and cell.unit == "nats/token"]
    return [OwnCurve(source, cell, along) for cell in own if along in {read.id for read in graph.needed([cell.id])}]


def draw_own_curves(
    curves: Sequence[OwnCurve], cases: Mapping[int, str], grid: FloatArray, words: Words
) -> list[Series]:  # fmt: skip
    """Each curve once, or once for each set of constants where that makes a difference.

    Args:
        curves: The curves.
        cases: What the sets of constants are called, by the first scenario of each.
        grid: Amounts of the resource.
        words: The report's language.
    """
    lines = []
    for curve in curves:
        drawn: dict[str, FloatArray] = {}
        for index, name in cases.items():
            losses = curve.losses(index, grid)
            if not any(np.allclose(losses, other, rtol=_SAME, atol=0.0, equal_nan=True) for other in drawn.values()):
                drawn[name] = losses
        for name, losses in drawn.items():
            case = words.say("document.open_paren") + name + words.say("document.close_paren")
            label = curve.label + (case if len(drawn) > 1 else "")
            lines.append(Series(label, tuple(map(float, grid)), tuple(map(float, losses)), dash="dashed"))
    return lines


@dataclass(frozen=True)
class Span:
    """The scenarios that share their constants: a name, the first of them, the least and the largest amount."""

    name: str
    index: int
    low: float
    high: float


def compare_own_curves(
    source: ReportSource, along: str, spans: Sequence[Span], words: Words, resource: tuple[str, str]
) -> list[str]:  # fmt: skip
    """For each curve where it goes and where the law goes from there, said as a contradiction where they part.

    Args:
        source: The solved plan.
        along: The cell of the resource.
        spans: The sets of constants.
        words: The report's language.
        resource: The unit of the resource, and what it is called.
    """
    unit, what = resource
    curves = list_own_curves(source, along)
    if not curves:
        return []
    law = compile_cells(source.graph, ["L_opt"])
    sentences = []
    for curve in curves:
        told: dict[tuple[float, ...], list[tuple[str, bool]]] = {}
        for span in spans:
            ends = np.array([span.low, span.high])
            values = {name: source.evaluation.value(name, span.index) for name in law.inputs}
            start, end = map(float, law.evaluate({**values, along: ends})["L_opt"])
            own_start, own_end = map(float, curve.losses(span.index, ends))
            if np.isfinite([own_start, own_end]).all():
                text = words.number(end, "nats/token", 4)
                if len(spans) > 1:
                    text = words.say("summary.own_curve_case", loss=text, scenario=words.name(span.name))
                opposite = (end - start) * (own_end - own_start) < 0
                told.setdefault((span.low, span.high, own_start, own_end), []).append((text, opposite))
        for (low, high, own_start, own_end), cases in told.items():
            key = "summary.own_curve_opposite" if all(opposite for _, opposite in cases) else "summary.own_curve"
            sentences.append(
                words.say(
                    key,
                    curve=words.name(curve.label),
                    low=words.quantity(low, unit),
                    high=words.quantity(high, unit) + (f" {what}" if unit == "1" else ""),
                    start=words.number(own_start, "nats/token", 4),
                    end=words.number(own_end, "nats/token", 4),
                    law=words.join([text for text, _ in cases]),
                )
            )
    return sentences
