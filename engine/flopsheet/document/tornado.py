"""A tornado chart as SVG: what each input does to one result, a bar to each side, the longest on top."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from flopsheet.document.axes import Axis, Span, span_axis
from flopsheet.document.chart_frame import EDGE, TEXT_SIZE, TITLE_LINE, TITLE_SIZE
from flopsheet.document.chart_labels import Text, make_text
from flopsheet.document.chart_shapes import coordinate, path_data
from flopsheet.document.palette import CATEGORIES, THEME
from flopsheet.document.render import render_template
from flopsheet.document.text_width import text_width, wrap

TEMPLATE: Final = "tornado.svg.jinja"
WIDTH: Final = 760
_BAR: Final = 18.0
_STEP: Final = 34.0
_LEGEND: Final = 26.0
_BOTTOM: Final = 56.0
_GAP: Final = 6.0
#: The names take at most this part of the width, on two lines.
_NAMES: Final = 0.3
_NAME_LINES: Final = 2
_LINE: Final = 14.0
_TICK_ROOM: Final = 74.0
#: Bars shorter than this are drawn so long, to be seen.
_LEAST: Final = 0.75
_LOWER, _HIGHER = "lower", "higher"


@dataclass(frozen=True, slots=True)
class Side:
    """One end of a bar: the result there (nan: none), how it reads, and what is told to who points at it."""

    value: float
    text: str
    told: str


@dataclass(frozen=True, slots=True)
class Bar:
    """An input with the result where it is lower and where it is higher."""

    name: str
    low: Side
    high: Side


@dataclass(frozen=True, slots=True)
class Tornado:
    """A tornado chart: bars around the result of the plan itself (`base`), the longest first.

    `lower` and `higher` are what the legend calls the two sides.
    """

    id: str
    title: str
    description: str
    axis: Axis
    base: float
    base_text: str
    lower: str
    higher: str
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class _Frame:
    """The plot in pixels and the axis in values."""

    left: float
    right: float
    top: float
    bottom: float
    span: Span

    def across(self, value: float) -> float:
        """The pixel of a value."""
        return self.left + (self.span.share(value) or 0.0) * (self.right - self.left)


def render_tornado(chart: Tornado, *, overrides: Path | None = None) -> str:
    """The SVG of a tornado chart; equal charts give equal bytes, whatever fonts are installed.

    It holds both themes, by the reader's preference, and its own ground. All text is escaped.
    """
    return render_template(TEMPLATE, view_tornado(chart), overrides=overrides)


def view_tornado(chart: Tornado) -> Mapping[str, object]:
    """Everything `tornado.svg.jinja` sees."""
    title = wrap(chart.title, TITLE_SIZE, WIDTH - 2 * EDGE, lines=2)
    top = EDGE + TITLE_LINE * len(title) + _LEGEND + 18
    rows = [(bar, top + 8 + (index + 0.5) * _STEP) for index, bar in enumerate(chart.bars)]
    bottom = top + 14 + _STEP * len(rows)
    frame = _frame(chart, top, bottom)
    ticks = frame.span.ticks(round((frame.right - frame.left) / _TICK_ROOM))
    labels = [
        make_text(tick.label, frame.left + tick.share * (frame.right - frame.left), bottom + 18, "middle", "muted")
        for tick in ticks
    ]
    middle = (frame.left + frame.right) / 2
    labels.append(make_text(chart.axis.title, middle, bottom + 40, "middle", "ink"))
    base = frame.across(chart.base)
    return {
        "id": re.sub(r"[^a-z0-9-]+", "-", chart.id.lower()).strip("-") or "tornado",
        "width": WIDTH,
        "height": round(bottom + _BOTTOM),
        "title": " ".join(chart.title.split()),
        "description": " ".join(chart.description.split()),
        "title_lines": [
            make_text(line, EDGE, EDGE + TITLE_SIZE * 0.8 + index * TITLE_LINE, "start", "ink")
            for index, line in enumerate(title)
        ],
        "theme": THEME,
        "colours": {_LOWER: CATEGORIES[1], _HIGHER: CATEGORIES[0]},
        "grid": [
            path_data([(x, top), (x, bottom)])
            for x in (frame.left + tick.share * (frame.right - frame.left) for tick in ticks)
        ],
        "frame": path_data([(frame.left, bottom), (frame.right, bottom)]),
        "base_line": path_data([(base, top), (base, bottom)]),
        "base_text": make_text(chart.base_text, base, top - 6, "middle", "ink"),
        "legend": list(_legend(chart, EDGE + TITLE_LINE * len(title) + 6)),
        "labels": labels,
        "names": [line for bar, y in rows for line in _name(bar, y)],
        "bars": [part for bar, y in rows for part in _bars(chart, bar, y, frame)],
        "values": [text for bar, y in rows for text in _values(chart, bar, y, frame)],
    }


def _frame(chart: Tornado, top: float, bottom: float) -> _Frame:
    """The plot, with room for names on the left and for what both ends read."""
    limit = WIDTH * _NAMES
    names = [line for bar in chart.bars for line in wrap(bar.name, TEXT_SIZE, limit, lines=_NAME_LINES)]
    values = max((text_width(text, TEXT_SIZE) for bar in chart.bars for text in _texts(chart, bar)), default=0.0)
    left = EDGE + max((text_width(name, TEXT_SIZE) for name in names), default=0.0) + 2 * _GAP + values + _GAP
    ends = [chart.base, *(side.value for bar in chart.bars for side in (bar.low, bar.high))]
    # What both ends read stands outside of the plot, so that the axis itself needs no air.
    known = [value for value in ends if math.isfinite(value)]
    axis = Axis(chart.axis.title, minimum=min(known), maximum=max(known), unit=chart.axis.unit)
    span = span_axis(axis if min(known) < max(known) else chart.axis, known)
    return _Frame(left, WIDTH - EDGE - values - _GAP, top, bottom, span)


def _legend(chart: Tornado, y: float) -> Iterator[Mapping[str, object]]:
    """The colours of the two sides."""
    left = EDGE
    for colour, label in ((_LOWER, chart.lower), (_HIGHER, chart.higher)):
        yield {
            "colour": colour,
            "path": _box(left, y, left + 14, y + 12),
            "text": make_text(label, left + 20, y + 10, "start", "ink"),
        }
        left += 20 + text_width(label, TEXT_SIZE) + 18


def _name(bar: Bar, y: float) -> Iterator[Text]:
    """The name of an input, on two lines where it is long."""
    lines = wrap(bar.name, TEXT_SIZE, WIDTH * _NAMES, lines=_NAME_LINES)
    for index, line in enumerate(lines):
        yield make_text(line, EDGE, y + 4 + (index - (len(lines) - 1) / 2) * _LINE, "start", "ink")


def _bars(chart: Tornado, bar: Bar, y: float, frame: _Frame) -> Iterator[Mapping[str, str]]:
    """Both halves of a bar; where both lie on one side of the plan, one above the other."""
    together = _on_one_side(chart, bar)
    base = frame.across(chart.base)
    for colour, side, part in ((_LOWER, bar.low, 0), (_HIGHER, bar.high, 1)):
        if not math.isfinite(side.value):
            continue
        end = frame.across(side.value)
        if abs(end - base) < _LEAST:
            end = base + math.copysign(_LEAST, side.value - chart.base) if side.value != chart.base else base
        top = y - _BAR / 2 + (part * _BAR / 2 if together else 0.0)
        height = _BAR / 2 if together else _BAR
        yield {"colour": colour, "path": _box(min(base, end), top, max(base, end), top + height), "told": side.told}


def _on_one_side(chart: Tornado, bar: Bar) -> bool:
    """Whether the result moves the same way wherever the input goes."""
    moves = [side.value - chart.base for side in (bar.low, bar.high)]
    return all(move > 0 for move in moves) or all(move < 0 for move in moves)


def _texts(chart: Tornado, bar: Bar) -> tuple[str, str]:
    """What stands left and right of a bar."""
    low, high = bar.low, bar.high
    if _on_one_side(chart, bar):
        both = f"{low.text}; {high.text}"
        return (both, "") if low.value < chart.base else ("", both)
    falls = (low.value if math.isfinite(low.value) else 2 * chart.base - high.value) > chart.base
    falls = falls or (low.value == chart.base and high.value < chart.base)
    return (high.text, low.text) if falls else (low.text, high.text)


def _values(chart: Tornado, bar: Bar, y: float, frame: _Frame) -> Iterator[Text]:
    """What both ends read, outside of the bar."""
    ends = [frame.across(side.value) for side in (bar.low, bar.high) if math.isfinite(side.value)]
    ends.append(frame.across(chart.base))
    left, right = _texts(chart, bar)
    if left:
        yield make_text(left, min(ends) - _GAP, y + 4, "end", "muted")
    if right:
        yield make_text(right, max(ends) + _GAP, y + 4, "start", "muted")


def _box(left: float, top: float, right: float, bottom: float) -> str:
    """A rectangle as path data."""
    return f"M{coordinate(left)} {coordinate(top)}H{coordinate(right)}V{coordinate(bottom)}H{coordinate(left)}Z"
