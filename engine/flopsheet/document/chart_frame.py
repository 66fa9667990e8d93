"""The frame of a chart: margins, spans of the axes, and from values to pixels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from flopsheet.document.axes import Span, Tick, span_axis
from flopsheet.document.chart import Chart, Series
from flopsheet.document.placement import Box
from flopsheet.document.text_width import text_width, wrap

TITLE_SIZE: Final = 16.0
TEXT_SIZE: Final = 12.0
TITLE_LINE: Final = 21.0
LEGEND_LINE: Final = 20.0
SWATCH: Final = 26.0
EDGE: Final = 16.0
_LEGEND_GAP: Final = 18.0
_TITLE_LINES: Final = 2
_BOTTOM: Final = 56.0
_TICK_GAP: Final = 8.0
_X_TICK_ROOM: Final = 66.0
_Y_TICK_ROOM: Final = 44.0
_END_GAP: Final = 8.0
_SLACK: Final = 4.0
#: A curve that ends in the last twentieth of the axis is labelled beside the plot.
_END_TOLERANCE: Final = 0.05
#: No label takes more of the width than this.
_LABEL_SHARE: Final = 0.3

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Frame:
    """The plot area in pixels, the axes in values, and what stands above the plot."""

    plot: Box
    x: Span
    y: Span
    x_ticks: Sequence[Tick]
    y_ticks: Sequence[Tick]
    title: Sequence[str]
    legend: Sequence[Sequence[tuple[int, float]]]

    def across(self, share: float) -> float:
        """The pixel at a share of the x axis."""
        return self.plot.left + share * (self.plot.right - self.plot.left)

    def up(self, share: float) -> float:
        """The pixel at a share of the y axis."""
        return self.plot.bottom - share * (self.plot.bottom - self.plot.top)

    def pixel(self, x: float, y: float) -> Point | None:
        """Where a point stands, also outside the plot; None where an axis has no place for it."""
        shares = self.x.share(x), self.y.share(y)
        return None if shares[0] is None or shares[1] is None else (self.across(shares[0]), self.up(shares[1]))

    def seen(self, x: float, y: float) -> Point | None:
        """Where a point stands, when that is inside the plot or within half a pixel of it."""
        point = self.pixel(x, y)
        return point if point is not None and self.plot.widened(0.5).holds(*point) else None


def build_frame(chart: Chart) -> Frame:
    """The frame that leaves room for titles, legend, tick labels, and labels at the ends of curves."""
    x, y = (_span(chart, name) for name in ("x", "y"))
    title = wrap(chart.title, TITLE_SIZE, chart.width - 2 * EDGE, lines=_TITLE_LINES)
    legend = _legend_rows(chart)
    top = EDGE + TITLE_LINE * len(title) + (LEGEND_LINE * len(legend) + 4 if legend else 0) + 22
    bottom = chart.height - _BOTTOM
    y_ticks = y.ticks(round((bottom - top) / _Y_TICK_ROOM))
    left = EDGE + _TICK_GAP + max((tick_width(tick) for tick in y_ticks), default=0)
    right = chart.width - _right_margin(chart, x, y, left)
    x_ticks = x.ticks(round((right - left) / _X_TICK_ROOM))
    return Frame(Box(left, top, right, bottom), x, y, x_ticks, y_ticks, title, legend)


def tick_width(tick: Tick) -> float:
    """The width of a tick's label."""
    return text_width(tick.label, TEXT_SIZE)


def label_limit(chart: Chart) -> float:
    """The greatest width of a label in the plot or beside it."""
    return chart.width * _LABEL_SHARE


def last_visible(series: Series, x: Span, y: Span) -> tuple[float, float] | None:
    """The shares of the last point of a curve that is inside the plot, on its edge where the curve leaves it."""
    shares = [(x.share(a), y.share(b)) for a, b in zip(series.x, series.y, strict=True)]
    for index in range(len(shares) - 1, -1, -1):
        across, up = shares[index]
        if across is None or up is None or not (0 <= across <= 1 and 0 <= up <= 1):
            continue
        beyond = shares[index + 1] if index + 1 < len(shares) else (None, None)
        if beyond[0] is None or beyond[1] is None:
            return across, up
        return _leave(across, up, beyond[0], beyond[1])
    return None


def ends_at_edge(share: float) -> bool:
    """Whether a curve's end is at the right edge, so that its label stands beside the plot."""
    return share >= 1 - _END_TOLERANCE


def _leave(across: float, up: float, to_across: float, to_up: float) -> tuple[float, float]:
    """Where a line from inside the unit square to outside crosses its edge."""
    share = 1.0
    for start, end in ((across, to_across), (up, to_up)):
        if end > 1:
            share = min(share, (1 - start) / (end - start))
        elif end < 0:
            share = min(share, start / (start - end))
    return across + share * (to_across - across), up + share * (to_up - up)


def _span(chart: Chart, name: str) -> Span:
    """One axis over all series and over the references that lie on it."""
    values = [value for series in chart.series for value in getattr(series, name)]
    values += [reference.value for reference in chart.references if reference.axis == name]
    return span_axis(getattr(chart, name), values)


def _right_margin(chart: Chart, x: Span, y: Span, left: float) -> float:
    """Room right of the plot for the labels of curves that end at or near its right edge."""
    visible = ((series, last_visible(series, x, y)) for series in _labelled_ends(chart))
    ends = [(series, end[0]) for series, end in visible if end is not None]
    column = max((end for _, end in ends if ends_at_edge(end)), default=1.0)
    margin = EDGE
    for _ in range(3):  # a wider margin moves the ends, which needs less margin: three rounds settle it
        plot_width = chart.width - left - margin
        for series, end in ends:
            label = min(text_width(series.label, TEXT_SIZE), label_limit(chart)) + _END_GAP + EDGE / 2 + _SLACK
            start = column if ends_at_edge(end) else end
            margin = max(margin, label - (1 - start) * plot_width)
    return margin


def _labelled_ends(chart: Chart) -> Iterator[Series]:
    return (s for s in chart.series if s.label and s.label_at == "end" and s.kind == "line")


def _legend_rows(chart: Chart) -> Sequence[Sequence[tuple[int, float]]]:
    """Positions of the series that the legend names, with their left edges, as many in a row as fit."""
    rows: list[list[tuple[int, float]]] = []
    at = EDGE
    for index, series in enumerate(chart.series):
        # Points have no end to stand beside.
        named = series.label_at == "legend" or (series.label_at == "end" and series.kind == "points")
        if not (series.label and named):
            continue
        width = SWATCH + min(text_width(series.label, TEXT_SIZE), label_limit(chart)) + _LEGEND_GAP
        if not rows or at + width > chart.width - EDGE:
            rows.append([])
            at = EDGE
        rows[-1].append((index, at))
        at += width
    return rows
