"""Charts that every spreadsheet program draws as meant: visible axes, titles, straight lines."""

from __future__ import annotations

from typing import Literal

from openpyxl.chart import BarChart, ScatterChart
from openpyxl.chart.axis import ChartLines, NumericAxis, TextAxis
from openpyxl.chart.data_source import AxDataSource, NumDataSource, NumRef, StrRef
from openpyxl.chart.legend import Legend
from openpyxl.chart.marker import Marker
from openpyxl.chart.series import Series, SeriesLabel, XYSeries
from openpyxl.chart.shapes import GraphicalProperties
from openpyxl.chart.title import Title, title_maker
from openpyxl.drawing.line import LineProperties

COLOURS = ("1F4E9E", "D95F02", "2A9D6F", "7B4FA3", "A0522D", "C2187A", "5F6B7A")
"""Colours in the order of the series; they tell apart in print and with colour blindness, from dark to light."""

_SIDES = ("D95F02", "1F4E9E")  # an input lower, and higher, as in the report

_LINE_WIDTH = 22225  # 1.75 points in the units of drawings
_MARKER_SIZE = 8
_GRID = "E3E7ED"
_X_AXIS, _Y_AXIS = 10, 100


def build_scatter(
    title: str,
    x_title: str,
    y_title: str,
    *,
    log_x: bool = False,
    log_y: bool = False,
    size: tuple[float, float] = (22.0, 12.0),
) -> ScatterChart:
    """An empty scatter chart with both axes shown and named; `size` is width and height in centimetres."""
    chart = ScatterChart()
    chart.style = 2
    chart.scatterStyle = "lineMarker"
    chart.title = _title(title)
    chart.legend = Legend(legendPos="r")
    chart.legend.overlay = False
    setattr(chart, "width", size[0])  # noqa: B010 - typed as a whole number of centimetres, which it need not be
    setattr(chart, "height", size[1])  # noqa: B010 - the same
    chart.x_axis = _axis(x_title, _X_AXIS, _Y_AXIS, "b", logarithmic=log_x)
    chart.y_axis = _axis(y_title, _Y_AXIS, _X_AXIS, "l", logarithmic=log_y)
    return chart


def add_line(chart: ScatterChart, x_range: str, y_range: str, title: str, *, named_by_cell: bool = False) -> None:
    """A line through the points of two ranges, as `Sheet.range_of` writes them.

    `title` is what the legend says, or with `named_by_cell` the cell that holds it.
    """
    line = LineProperties(solidFill=_next_colour(chart), w=_LINE_WIDTH)
    label = SeriesLabel(strRef=StrRef(f=title)) if named_by_cell else SeriesLabel(v=title)
    _add_series(chart, x_range, y_range, label, Marker(symbol="none"), line)


def add_points(chart: ScatterChart, x_range: str, y_range: str, title: str) -> None:
    """Marked points without a line."""
    colour = _next_colour(chart)
    looks = GraphicalProperties(solidFill=colour, ln=LineProperties(solidFill=colour))
    marker = Marker(symbol="circle", size=_MARKER_SIZE, spPr=looks)
    _add_series(chart, x_range, y_range, SeriesLabel(v=title), marker, LineProperties(noFill=True))


def build_columns(title: str, x_title: str, y_title: str, *, size: tuple[float, float] = (22.0, 12.0)) -> BarChart:
    """An empty chart of columns side by side over names; `size` is width and height in centimetres."""
    chart = BarChart()
    chart.type, chart.grouping, chart.style = "col", "clustered", 2
    chart.title = _title(title)
    chart.legend = Legend(legendPos="r")
    chart.legend.overlay = False
    setattr(chart, "width", size[0])  # noqa: B010 - typed as a whole number of centimetres, which it need not be
    setattr(chart, "height", size[1])  # noqa: B010 - the same
    names = TextAxis(axId=_X_AXIS, crossAx=_Y_AXIS, title=_title(x_title))
    names.axPos, names.delete = "b", False
    chart.x_axis = names
    chart.y_axis = _axis(y_title, _Y_AXIS, _X_AXIS, "l", logarithmic=False)
    return chart


def add_columns(chart: BarChart, names: str, values: str, title: str) -> None:
    """A column for each value of a range, above its name; `title` is the cell that holds what the legend says."""
    series = Series()
    series.cat = AxDataSource(strRef=StrRef(f=names))
    series.val = NumDataSource(numRef=NumRef(f=values))
    series.title = SeriesLabel(strRef=StrRef(f=title))
    colour = COLOURS[len(chart.series) % len(COLOURS)]
    series.graphicalProperties = GraphicalProperties(solidFill=colour, ln=LineProperties(noFill=True))
    chart.series.append(series)


def build_bars(title: str, x_title: str, y_title: str, *, size: tuple[float, float] = (22.0, 12.0)) -> BarChart:
    """An empty chart of bars to both sides of zero, the first name on top, names beside the longest bars."""
    chart = build_columns(title, x_title, y_title, size=size)
    chart.type, chart.overlap, chart.gapWidth = "bar", 100, 60
    chart.legend.legendPos = "b"
    chart.x_axis.axPos, chart.x_axis.tickLblPos = "l", "low"
    chart.x_axis.scaling.orientation = "maxMin"
    chart.y_axis.axPos, chart.y_axis.crosses = "b", "max"
    chart.y_axis.number_format = "0.0%"
    return chart


def add_bars(chart: BarChart, names: str, values: str, title: str) -> None:
    """A bar for each value of a range, beside its name; `title` is the cell that holds what the legend says."""
    add_columns(chart, names, values, title)
    colour = _SIDES[(len(chart.series) - 1) % len(_SIDES)]
    series = chart.series[-1]
    series.invertIfNegative = False
    series.graphicalProperties = GraphicalProperties(solidFill=colour, ln=LineProperties(noFill=True))


def _axis(title: str, own: int, other: int, side: Literal["b", "l"], *, logarithmic: bool) -> NumericAxis:
    """An axis that is shown, with a title and light grid lines; a logarithmic one has a tick for each decade."""
    axis = NumericAxis(axId=own, crossAx=other, title=_title(title))
    axis.axPos = side
    axis.delete = False  # left out, as openpyxl does, it counts as deleted
    axis.crosses = "min"
    axis.majorGridlines = ChartLines(spPr=GraphicalProperties(ln=LineProperties(solidFill=_GRID)))
    axis.number_format = "0E+00" if logarithmic else "0.00"
    axis.majorTickMark = "out"
    if logarithmic:
        axis.scaling.logBase = 10
        axis.majorUnit = 10
    return axis


def _title(text: str) -> Title:
    """A title that does not lie over the chart."""
    title = title_maker(text)
    title.overlay = False
    return title


def _next_colour(chart: ScatterChart) -> str:
    """The colour of the next series."""
    return COLOURS[len(chart.series) % len(COLOURS)]


def _add_series(
    chart: ScatterChart, x_range: str, y_range: str, label: SeriesLabel, marker: Marker, line: LineProperties
) -> None:
    """One more series of a chart, not smoothed."""
    series = XYSeries()
    series.xVal = AxDataSource(numRef=NumRef(f=x_range))
    series.yVal = NumDataSource(numRef=NumRef(f=y_range))
    series.title = label
    series.marker = marker
    series.smooth = False
    series.graphicalProperties = GraphicalProperties(ln=line)
    chart.series.append(series)
