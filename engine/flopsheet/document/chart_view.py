"""What the chart template draws: every position as text with two decimals, every label in its place."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from flopsheet.document.axes import Tick
from flopsheet.document.chart import Band, Chart, Series, Shape
from flopsheet.document.chart_frame import (
    EDGE,
    LEGEND_LINE,
    SWATCH,
    TEXT_SIZE,
    TITLE_LINE,
    Frame,
    Point,
    build_frame,
    label_limit,
)
from flopsheet.document.chart_labels import (
    axis_titles,
    end_labels,
    make_text,
    point_labels,
    reference_labels,
    tick_labels,
    title_lines,
)
from flopsheet.document.chart_shapes import (
    MARKER_RADIUS,
    area_data,
    coordinate,
    marker_path,
    path_data,
    reference_ends,
)
from flopsheet.document.palette import CATEGORIES, INK, THEME, Colour, ramp
from flopsheet.document.placement import Box, Canvas
from flopsheet.document.text_width import shorten

_DASHES: Final = {"solid": "", "dashed": "7 4", "dotted": "2 4"}


@dataclass(frozen=True, slots=True)
class Drawn:
    """A series as drawn: its path, its markers as path data with the name of each point, and what it fills."""

    colour: str
    path: str
    dash: str
    markers: Sequence[tuple[str, str]]
    area: str


def view_chart(chart: Chart) -> Mapping[str, object]:
    """Everything `chart.svg.jinja` sees."""
    frame = build_frame(chart)
    colours = _colours(chart)
    canvas = Canvas(Box(frame.plot.left, frame.plot.top, chart.width - EDGE / 2, frame.plot.bottom))
    names = [f"s{index}" for index in range(len(chart.series))]
    drawn = [_draw(series, name, frame, canvas) for series, name in zip(chart.series, names, strict=True)]
    references = [ends for reference in chart.references if (ends := reference_ends(reference, frame))]
    for ends in references:
        canvas.add_reference(ends)
    labels = [
        *reference_labels(chart, frame, canvas),
        *end_labels(chart, frame, canvas),
        *point_labels(chart, frame, canvas),
    ]
    return {
        "id": re.sub(r"[^a-z0-9-]+", "-", chart.id.lower()).strip("-") or "chart",
        "width": chart.width,
        "height": chart.height,
        "title": " ".join(chart.title.split()),
        "description": " ".join(chart.description.split()),
        "title_lines": title_lines(frame),
        "theme": THEME,
        "colours": {**dict(zip(names, colours, strict=True)), "ink": INK},
        "plot": {side: coordinate(getattr(frame.plot, side)) for side in ("left", "top", "right", "bottom")},
        "plot_width": coordinate(frame.plot.right - frame.plot.left),
        "plot_height": coordinate(frame.plot.bottom - frame.plot.top),
        "grid": _grid(frame, frame.x_ticks, frame.y_ticks),
        "minor_grid": _grid(frame, frame.x.minor_ticks(), frame.y.minor_ticks()),
        "tick_labels": tick_labels(frame),
        "axis_titles": axis_titles(chart, frame),
        "legend": list(_legend(chart, frame, names)),
        "bands": [each for band in chart.bands if (each := _draw_band(band, frame))],
        "series": drawn,
        "references": [path_data(ends) for ends in references],
        "labels": [text for text, _ in labels],
        "leaders": [leader for _, leader in labels if leader],
    }


def _colours(chart: Chart) -> Sequence[Colour]:
    """The colour of each series."""
    waiting = [series for series in chart.series if series.colour is None]
    automatic: Iterator[Colour] = iter(
        ramp(len(waiting))
        if chart.palette == "ramp" and waiting
        else [CATEGORIES[index % len(CATEGORIES)] for index in range(len(waiting))]
    )
    return [
        INK
        if series.colour == "ink"
        else next(automatic)
        if series.colour is None
        else CATEGORIES[series.colour % len(CATEGORIES)]
        for series in chart.series
    ]


def _draw(series: Series, colour: str, frame: Frame, canvas: Canvas) -> Drawn:
    """A series as paths, noted on the canvas so that labels keep off it."""
    runs: list[list[Point]] = [[]]
    marked: list[tuple[Point, str]] = []
    names = series.point_labels or ("",) * len(series.x)
    for x, y, name in zip(series.x, series.y, names, strict=True):
        point = frame.pixel(x, y)
        if point is None:
            runs.append([])
            continue
        runs[-1].append(point)
        if _shape(series) and frame.seen(x, y):
            marked.append((point, name or series.label))
    path = ""
    if series.kind == "line":
        path = " ".join(path_data(run) for run in runs if len(run) > 1)
        for run in runs:
            canvas.add_curve([point for point in run if frame.plot.widened(0.5).holds(*point)])
    for point, _ in marked:
        canvas.add_marker(*point, MARKER_RADIUS)
    shape = _shape(series) or "circle"
    markers = [(marker_path(shape, *point), text) for point, text in marked]
    return Drawn(colour, path, _DASHES[series.dash], markers, area_data(series.areas, frame))


def _draw_band(band: Band, frame: Frame) -> Mapping[str, str]:
    """The outline of an area, there along its upper edge and back along its lower one; empty where it has no place."""
    there = [frame.pixel(x, y) for x, y in zip(band.x, band.high, strict=True)]
    back = [frame.pixel(x, y) for x, y in zip(band.x, band.low, strict=True)]
    outline = [point for point in (*there, *reversed(back)) if point is not None]
    return {"path": f"{path_data(outline)}Z", "opacity": f"{band.opacity:g}"} if len(outline) > 2 else {}


def _shape(series: Series) -> Shape | None:
    """The marker of a series; points are circles unless they say otherwise."""
    return series.marker or ("circle" if series.kind == "points" else None)


def _grid(frame: Frame, x_ticks: Sequence[Tick], y_ticks: Sequence[Tick]) -> Sequence[str]:
    """Lines across the plot at ticks."""
    plot = frame.plot
    upright = ([(frame.across(t.share), plot.top), (frame.across(t.share), plot.bottom)] for t in x_ticks)
    level = ([(plot.left, frame.up(t.share)), (plot.right, frame.up(t.share))] for t in y_ticks)
    return [path_data(ends) for ends in (*upright, *level)]


def _legend(chart: Chart, frame: Frame, names: Sequence[str]) -> Iterator[Mapping[str, object]]:
    """Sample and text of each series in the legend."""
    for row, entries in enumerate(frame.legend):
        y = EDGE + TITLE_LINE * len(frame.title) + LEGEND_LINE * row + 8
        for index, left in entries:
            series = chart.series[index]
            shape = _shape(series)
            label = shorten(series.label, TEXT_SIZE, label_limit(chart))
            yield {
                "colour": names[index],
                "path": path_data([(left, y), (left + SWATCH - 8, y)]) if series.kind == "line" else "",
                "dash": _DASHES[series.dash],
                "marker": marker_path(shape, left + (SWATCH - 8) / 2, y) if shape else "",
                "text": make_text(label, left + SWATCH, y + 4, "start", "ink"),
            }
