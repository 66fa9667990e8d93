"""Every text of a chart in its place."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from flopsheet.document.chart import Chart
from flopsheet.document.chart_frame import (
    EDGE,
    TEXT_SIZE,
    TITLE_LINE,
    TITLE_SIZE,
    Frame,
    ends_at_edge,
    label_limit,
    last_visible,
)
from flopsheet.document.chart_shapes import coordinate, path_data, reference_ends
from flopsheet.document.placement import Anchor, Canvas, Label, around, spread
from flopsheet.document.text_width import shorten

_LINE_GAP: Final = 16.0
_END_GAP: Final = 8.0
_REFERENCE_STEP: Final = 16.0
_REFERENCE_PLACES: Final = 8
_RAISED: Final = re.compile("([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)")
_LOWERED: Final = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "−0123456789")
#: The direction, in degrees, in which the name of a point is tried first: right and up.
_UP_RIGHT: Final = -45


@dataclass(frozen=True, slots=True)
class Text:
    """A text at a place; `colour` is a name of the theme or of a series."""

    text: str
    x: str
    y: str
    anchor: Anchor
    colour: str

    @property
    def parts(self) -> Sequence[tuple[str, bool]]:
        """The text in pieces, with whether each is raised: few fonts have all superscripts in one style."""
        pieces = (piece for piece in _RAISED.split(self.text) if piece)
        return [(piece.translate(_LOWERED), bool(_RAISED.fullmatch(piece))) for piece in pieces]


#: A text, and the path of the line to its point ("" for none).
Placed = tuple[Text, str]


def make_text(text: str, x: float, y: float, anchor: Anchor, colour: str) -> Text:
    """A text with its place rounded for the drawing."""
    return Text(text, coordinate(x), coordinate(y), anchor, colour)


def title_lines(frame: Frame) -> Sequence[Text]:
    """The title, line by line."""
    first = EDGE + TITLE_SIZE * 0.8
    return [make_text(line, EDGE, first + index * TITLE_LINE, "start", "ink") for index, line in enumerate(frame.title)]


def tick_labels(frame: Frame) -> Sequence[Text]:
    """The numbers along both axes."""
    plot = frame.plot
    below = (make_text(t.label, frame.across(t.share), plot.bottom + 18, "middle", "muted") for t in frame.x_ticks)
    beside = (make_text(t.label, plot.left - 8, frame.up(t.share) + 4, "end", "muted") for t in frame.y_ticks)
    return [*below, *beside]


def axis_titles(chart: Chart, frame: Frame) -> Sequence[Text]:
    """The title of x below the middle of its axis, that of y above the axis, where it reads horizontally."""
    x, y = (shorten(axis.title, TEXT_SIZE, chart.width - 2 * EDGE) for axis in (chart.x, chart.y))
    return [
        make_text(x, frame.across(0.5), chart.height - EDGE, "middle", "ink"),
        make_text(y, EDGE, frame.plot.top - 10, "start", "ink"),
    ]


def reference_labels(chart: Chart, frame: Frame, canvas: Canvas) -> Iterator[Placed]:
    """Labels of reference lines: beside a vertical one, as high as there is room; above a horizontal one."""
    for reference in chart.references:
        ends = reference_ends(reference, frame)
        if ends:
            (x, y), _ = ends
            text = shorten(reference.label, TEXT_SIZE, label_limit(chart))
            candidates = _beside(text, x, frame) if reference.axis == "x" else _above(text, y, frame)
            label = canvas.place(candidates)
            if label is not None:
                yield _placed(label, "muted")


def _beside(text: str, x: float, frame: Frame) -> Iterable[Label]:
    """Places right and left of a vertical line, from the top down."""
    rows = int((frame.plot.bottom - frame.plot.top) / _REFERENCE_STEP)
    for row in range(rows):
        y = frame.plot.top + 14 + row * _REFERENCE_STEP
        yield Label(text, x + 6, y, "start", TEXT_SIZE)
        yield Label(text, x - 6, y, "end", TEXT_SIZE)


def _above(text: str, y: float, frame: Frame) -> Iterable[Label]:
    """Places above and below a horizontal line, from the right to the left."""
    for step in range(_REFERENCE_PLACES):
        x = frame.across(1 - step / _REFERENCE_PLACES) - 6
        yield Label(text, x, y - 5, "end", TEXT_SIZE)
        yield Label(text, x, y + 15, "end", TEXT_SIZE)


def end_labels(chart: Chart, frame: Frame, canvas: Canvas) -> Iterator[Placed]:
    """Names of curves at their right ends: in the margin, spread apart, or in the plot where a curve ends early."""
    margin: list[tuple[float, float, int, str]] = []  # y, x, series, text
    inside: list[tuple[float, float, int, str]] = []
    for index, series in enumerate(chart.series):
        if series.kind == "line" and series.label and series.label_at == "end":
            end = last_visible(series, frame.x, frame.y)
            if end is not None:
                text = shorten(series.label, TEXT_SIZE, label_limit(chart))
                group = margin if ends_at_edge(end[0]) else inside
                group.append((frame.up(end[1]), frame.across(end[0]), index, text))
    margin.sort()
    heights = spread([y for y, *_ in margin], _LINE_GAP, frame.plot.top, frame.plot.bottom - _LINE_GAP / 2)
    column = max((x for _, x, *_ in margin), default=0.0) + _END_GAP
    for (wanted, x, index, text), height in zip(margin, heights, strict=True):
        moved = abs(wanted - height) > _LINE_GAP / 4
        leader = (x + 2, wanted, column - 2, height) if moved else None
        label = Label(text, column, height + 4, "start", TEXT_SIZE, leader)
        canvas.add_label(label)
        yield _placed(label, f"s{index}")
    for y, x, index, text in sorted(inside):
        placed = canvas.place(around(text, x, y, TEXT_SIZE), (x, y))
        if placed is not None:
            yield _placed(placed, f"s{index}")


def point_labels(chart: Chart, frame: Frame, canvas: Canvas) -> Iterator[Placed]:
    """Names of points, and annotations, where they cover nothing; in a crowd some find no place."""
    named = [
        (x, y, text)
        for series in chart.series
        for x, y, text in zip(series.x, series.y, series.point_labels, strict=False)
    ]
    named += [(note.x, note.y, note.text) for note in chart.annotations]
    for x, y, text in named:
        point = frame.seen(x, y)
        if text and point is not None:
            short = shorten(text, TEXT_SIZE, label_limit(chart))
            label = canvas.place(around(short, *point, TEXT_SIZE, first=_UP_RIGHT), point, may_omit=True)
            if label is not None:
                yield _placed(label, "ink")


def _placed(label: Label, colour: str) -> Placed:
    """A label as text and the line to its point."""
    leader = "" if label.leader is None else path_data([label.leader[:2], label.leader[2:]])
    return make_text(label.text, label.x, label.y, label.anchor, colour), leader
