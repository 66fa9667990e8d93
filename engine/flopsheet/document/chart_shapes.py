"""Shapes of a chart as SVG path data, with two decimals."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from flopsheet.document.chart import Area, Reference, Shape
from flopsheet.document.chart_frame import Frame, Point

MARKER_RADIUS: Final = 4.5
#: Corners in radii, y downwards, sized so that all shapes look about equally large.
_CORNERS: Final = {
    "square": ((-0.88, -0.88), (0.88, -0.88), (0.88, 0.88), (-0.88, 0.88)),
    "diamond": ((0.0, -1.25), (1.25, 0.0), (0.0, 1.25), (-1.25, 0.0)),
    "triangle": ((0.0, -1.2), (1.1, 0.8), (-1.1, 0.8)),
    "cross": tuple(
        (a * x, b * y)
        for a, b, turn in ((-1, -1, 1), (1, -1, -1), (1, 1, 1), (-1, 1, -1))
        for x, y in ((1.05, 0.35), (0.35, 0.35), (0.35, 1.05))[::turn]
    ),
}


def coordinate(value: float) -> str:
    """A coordinate with two decimals, never -0.00.

    A hair is added before rounding half up, so that a last bit that differs between machines does not show.
    """
    return f"{math.floor(value * 100 + 0.5 + 1e-6) / 100 + 0.0:.2f}"


def path_data(points: Sequence[Point]) -> str:
    """Points joined by lines."""
    return "M" + "L".join(f"{coordinate(x)} {coordinate(y)}" for x, y in points)


def marker_path(shape: Shape, x: float, y: float) -> str:
    """The outline of a marker."""
    r = MARKER_RADIUS
    if shape == "circle":
        arc = f"a{coordinate(r)} {coordinate(r)} 0 1 0"
        return f"M{coordinate(x - r)} {coordinate(y)}{arc} {coordinate(2 * r)} 0{arc} {coordinate(-2 * r)} 0Z"
    return path_data([(x + r * across, y + r * down) for across, down in _CORNERS[shape]]) + "Z"


def reference_ends(reference: Reference, frame: Frame) -> Sequence[Point]:
    """The ends of a reference line; none where it is outside the plot."""
    vertical = reference.axis == "x"
    share = (frame.x if vertical else frame.y).share(reference.value)
    if share is None or not 0 <= share <= 1:
        return []
    if vertical:
        return [(frame.across(share), frame.plot.top), (frame.across(share), frame.plot.bottom)]
    return [(frame.plot.left, frame.up(share)), (frame.plot.right, frame.up(share))]


def area_data(areas: Sequence[Area], frame: Frame) -> str:
    """Rectangles as one path; those that an axis has no place for are left out."""
    found = []
    for left, right, low, high in areas:
        first, last = frame.pixel(left, low), frame.pixel(right, high)
        if first is not None and last is not None:
            found.append(path_data([first, (last[0], first[1]), last, (first[0], last[1])]) + "Z")
    return "".join(found)
