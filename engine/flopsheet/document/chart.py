"""What a line or scatter chart holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from flopsheet.document.axes import Axis

Kind = Literal["line", "points"]
Shape = Literal["circle", "square", "diamond", "triangle", "cross"]
Dash = Literal["solid", "dashed", "dotted"]
LabelAt = Literal["end", "legend", "none"]
Area = tuple[float, float, float, float]
"""A rectangle from x to x and from y to y, in values."""


@dataclass(frozen=True, slots=True)
class Series:
    """A curve or a set of points. Values that are not finite leave a gap.

    `label` names the series: beside the end of a curve, in the legend, or nowhere. `point_labels` name
    its points. `colour` counts through the palette (None: the next one), "ink" is the text's colour.
    `marker` marks every point; a curve without one is a bare line. `areas` are filled with its colour: a map of
    levels has a series for each level.
    """

    label: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    kind: Kind = "line"
    marker: Shape | None = None
    dash: Dash = "solid"
    colour: int | Literal["ink"] | None = None
    label_at: LabelAt = "end"
    point_labels: tuple[str, ...] = ()
    areas: tuple[Area, ...] = ()

    def __post_init__(self) -> None:
        """Refuse values that do not pair up."""
        if len(self.x) != len(self.y) or (self.point_labels and len(self.point_labels) != len(self.x)):
            msg = f"series {self.label!r}: {len(self.x)} x, {len(self.y)} y, {len(self.point_labels)} labels"
            raise ValueError(msg)


@dataclass(frozen=True, slots=True)
class Band:
    """An area between two curves over the same x, in the colour of the first series."""

    x: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    opacity: float


@dataclass(frozen=True, slots=True)
class Reference:
    """A straight line across the chart at a value of one axis: a cap, a floor."""

    axis: Literal["x", "y"]
    value: float
    label: str


@dataclass(frozen=True, slots=True)
class Annotation:
    """A text beside a place of the chart."""

    text: str
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart. `id` is a slug, unique in the document; `description` is read aloud, not shown.

    `palette` "categories" tells series apart, "ramp" shows that they stand in an order.
    """

    id: str
    title: str
    description: str
    x: Axis
    y: Axis
    series: tuple[Series, ...]
    references: tuple[Reference, ...] = ()
    annotations: tuple[Annotation, ...] = ()
    bands: tuple[Band, ...] = ()
    palette: Literal["categories", "ramp"] = "categories"
    width: int = 760
    height: int = 480
