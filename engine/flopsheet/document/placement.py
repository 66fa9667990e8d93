"""Where labels stand in a chart, so that they cover neither each other nor what they describe."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final, Literal

from flopsheet.document.text_width import text_width

Anchor = Literal["start", "middle", "end"]

_HEIGHT: Final = 1.25
_ASCENT: Final = 0.95
_DISTANCES: Final = (9.0, 16.0, 26.0, 40.0, 60.0, 85.0, 115.0)
#: A label farther from its point than this is joined to it by a line.
_LEADER_FROM: Final = 14.0
_DIRECTIONS: Final = (0, -45, 45, -90, 90, -135, 135, 180)
_SAMPLE_EVERY: Final = 4.0
_COST_LABEL: Final = 200.0
_COST_OUTSIDE: Final = 400.0
_COST_MARKER: Final = 60.0
_COST_MISREAD: Final = 25.0
_CLEARLY_NEARER: Final = 4.0
_COST_CURVE: Final = 3.0
_COST_DISTANCE: Final = 0.25
_COST_REFERENCE: Final = 0.5
_COST_LEADER: Final = 20.0
_COST_RANK: Final = 1.2


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle, y downwards."""

    left: float
    top: float
    right: float
    bottom: float

    def overlaps(self, other: Box) -> bool:
        """Whether two boxes share any area."""
        return (
            self.left < other.right and other.left < self.right and self.top < other.bottom and other.top < self.bottom
        )

    def holds(self, x: float, y: float) -> bool:
        """Whether a point is inside."""
        return self.left <= x <= self.right and self.top <= y <= self.bottom

    def widened(self, by: float) -> Box:
        """The box with so much more on each side."""
        return Box(self.left - by, self.top - by, self.right + by, self.bottom + by)

    @property
    def centre(self) -> tuple[float, float]:
        """The middle of the box."""
        return (self.left + self.right) / 2, (self.top + self.bottom) / 2

    def distance(self, x: float, y: float) -> float:
        """How far a point is from the nearest place of the box."""
        return math.hypot(max(self.left - x, 0, x - self.right), max(self.top - y, 0, y - self.bottom))

    def contains(self, other: Box) -> bool:
        """Whether another box is wholly inside."""
        return (
            self.left <= other.left
            and other.right <= self.right
            and self.top <= other.top
            and other.bottom <= self.bottom
        )


@dataclass(frozen=True, slots=True)
class Label:
    """A placed text: `x`, `y` is the end of its baseline that `anchor` names; `leader` a line to its point."""

    text: str
    x: float
    y: float
    anchor: Anchor
    size: float
    leader: tuple[float, float, float, float] | None = None

    @property
    def leader_points(self) -> Sequence[tuple[float, float]]:
        """Points along the line to the label's own point."""
        return list(_sample([self.leader[:2], self.leader[2:]])) if self.leader else []

    @property
    def box(self) -> Box:
        """The room the text takes, with a pixel of air."""
        width = text_width(self.text, self.size)
        left = self.x - {"start": 0.0, "middle": width / 2, "end": width}[self.anchor]
        top = self.y - _ASCENT * self.size
        return Box(left - 1, top - 1, left + width + 1, top + _HEIGHT * self.size + 1)


@dataclass
class Canvas:
    """What is already drawn inside `bounds`. The only mutable thing here: labels are placed one after another."""

    bounds: Box
    markers: list[Box] = field(default_factory=list)
    curves: list[tuple[float, float]] = field(default_factory=list)
    references: list[tuple[float, float]] = field(default_factory=list)
    leaders: list[tuple[float, float]] = field(default_factory=list)
    labels: list[Label] = field(default_factory=list)

    def add_curve(self, points: Sequence[tuple[float, float]]) -> None:
        """Note a polyline, so that labels keep off it."""
        self.curves.extend(_sample(points))

    def add_reference(self, points: Sequence[tuple[float, float]]) -> None:
        """Note a reference line, which a label may cross when that is the natural place."""
        self.references.extend(_sample(points))

    def add_marker(self, x: float, y: float, radius: float) -> None:
        """Note a marker."""
        self.markers.append(Box(x - radius, y - radius, x + radius, y + radius))

    def add_label(self, label: Label) -> None:
        """Note a label that stands where it stands."""
        self.labels.append(label)
        self.leaders.extend(label.leader_points)

    def place(
        self, candidates: Iterable[Label], point: tuple[float, float] | None = None, *, may_omit: bool = False
    ) -> Label | None:
        """The candidate that covers least and is nearest to its point among all marked ones; it is then taken.

        None when `may_omit` and every candidate covers another label or leaves the bounds.
        """
        cost, best = math.inf, None
        for rank, label in enumerate(candidates):
            preference = rank * _COST_RANK
            if preference >= cost:
                break  # later ones only cost more
            found = preference + self._cost(label, point, cost - preference)
            if found < cost:
                cost, best = found, label
        if best is None or (may_omit and cost >= _COST_LABEL):
            return None
        self.add_label(best)
        return best

    def _cost(self, label: Label, point: tuple[float, float] | None, limit: float) -> float:
        """How bad a place is: what it covers, what its leader crosses, how far it is; inf where that reaches a limit.

        Every part only adds, so the long ones are left out once the limit is reached.
        """
        box = label.box
        cost = 0.0 if self.bounds.contains(box) else _COST_OUTSIDE
        cost += _COST_LABEL * sum(box.overlaps(other.box) for other in self.labels)
        cost += _COST_MARKER * sum(box.overlaps(marker) for marker in self.markers)
        if cost >= limit:
            return math.inf
        cost += _COST_CURVE * sum(box.holds(*at) for at in self.curves)
        cost += _COST_REFERENCE * sum(box.holds(*at) for at in self.references)
        cost += _COST_LEADER * sum(box.holds(*at) for at in self.leaders)
        if cost >= limit:
            return math.inf
        if label.leader is not None:
            x0, y0, x1, y1 = label.leader
            cost += _COST_DISTANCE * math.hypot(x1 - x0, y1 - y0)
            crossed = (any(other.box.holds(*at) for at in label.leader_points) for other in self.labels)
            return cost + _COST_LABEL * sum(crossed)
        if point is None:
            return cost
        # Without a line to its point, a label is read as that of the nearest one.
        near = box.distance(*point) + _CLEARLY_NEARER
        others = (marker for marker in self.markers if not marker.holds(*point))
        return cost + _COST_MISREAD * sum(box.distance(*marker.centre) < near for marker in others)


def _sample(points: Sequence[tuple[float, float]]) -> Iterator[tuple[float, float]]:
    """Points a few pixels apart along a polyline."""
    for (x0, y0), (x1, y1) in pairwise(points):
        steps = max(1, math.ceil(math.hypot(x1 - x0, y1 - y0) / _SAMPLE_EVERY))
        yield from ((x0 + (x1 - x0) * i / steps, y0 + (y1 - y0) * i / steps) for i in range(steps + 1))


def around(text: str, x: float, y: float, size: float, *, first: int = 0) -> Iterator[Label]:
    """Candidates around a point, near ones first; `first` is the direction tried first, in degrees, y downwards."""
    directions = sorted(_DIRECTIONS, key=lambda degrees: degrees != first)
    for distance in _DISTANCES:
        for degrees in directions:
            across, down = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
            anchor: Anchor = "middle" if abs(across) < 0.1 else "start" if across > 0 else "end"  # noqa: PLR2004
            end_x, end_y = x + across * distance, y + down * distance
            # The baseline that puts the near side of the text at the end of the line to it.
            baseline = end_y + size * (0.35 if abs(down) < 0.1 else 0.8 if down > 0 else -0.1)  # noqa: PLR2004
            leader = (x + across * 5, y + down * 5, end_x - across, end_y - down) if distance > _LEADER_FROM else None
            yield Label(text, end_x, baseline, anchor, size, leader)


def spread(wanted: Sequence[float], gap: float, low: float, high: float) -> Sequence[float]:
    """Positions nearest to the wanted ones (ascending) that keep a gap and stay between low and high.

    Neighbours that are too close are joined into a block around their mean, as often as needed.
    """
    blocks: list[tuple[float, int]] = []  # sum of (wanted - offset inside the block), count
    for position in wanted:
        blocks.append((position, 1))
        while len(blocks) > 1 and _start(blocks[-2]) + gap * blocks[-2][1] > _start(blocks[-1]):
            total, count = blocks.pop()
            before, members = blocks.pop()
            blocks.append((before + total - gap * members * count, members + count))
    placed: list[float] = []
    for total, count in blocks:
        placed.extend(total / count + gap * index for index in range(count))
    overflow = max(0.0, placed[-1] - high) if placed else 0.0
    placed = [position - overflow for position in placed]
    for index, position in enumerate(placed):
        floor = low if index == 0 else placed[index - 1] + gap
        placed[index] = max(position, floor)
    return placed


def _start(block: tuple[float, int]) -> float:
    """Where the first member of a block of `spread` stands: the mean of what its members want of it."""
    return block[0] / block[1]
