"""What a plan asks besides its answer: its inputs changed one at a time, and the points of a sweep."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from flopsheet.errors import Place

if TYPE_CHECKING:
    from flopsheet.plan.plan import Plan, Sourced

AxisScale = Literal["list", "linear", "log"]


@dataclass(frozen=True, slots=True)
class NamedInput:
    """A dotted key of an input, with its place."""

    key: str
    place: Place


@dataclass(frozen=True, slots=True)
class TableAxis:
    """An input along a two-way table: its values in base units, None where the limit is removed."""

    key: str
    values: tuple[float | None, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class TwoWay:
    """A two-way table that a plan asks for: a result over two inputs. `show_place` is None where nothing is said."""

    rows: TableAxis
    columns: TableAxis
    show: str
    place: Place
    show_place: Place | None = None


@dataclass(frozen=True, slots=True)
class SensitivityRequest:
    """What a plan asks about its inputs: each changed by `swing`, a share, to both sides.

    `inputs` are the dotted keys, none where all that are set are meant. `scenario` is the name of the one that a
    report shows.
    """

    swing: float
    inputs: tuple[NamedInput, ...]
    scenario: str
    tables: tuple[TwoWay, ...]


@dataclass(frozen=True, slots=True)
class SweepAxis:
    """The values that one input takes in a sweep, in base units.

    `given` are those listed, or the ends of a range of so many `points`; a value of None is a limit removed. A range
    steps by equal differences (`linear`) or equal ratios (`log`), its ends exactly as written.
    """

    key: str
    unit: str
    scale: AxisScale
    points: int
    given: tuple[Sourced, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class Sweep:
    """What a plan is computed at: the product of its groups, the first varying slowest.

    The axes of a group go along together. `overlay` is the plan with every swept key set in all scenarios, so that
    it has whatever reads one; each keeps a value there that it may have.
    """

    groups: tuple[tuple[SweepAxis, ...], ...]
    place: Place
    overlay: Plan | None = None

    @property
    def axes(self) -> tuple[SweepAxis, ...]:
        """Every axis, in the order written."""
        return tuple(axis for group in self.groups for axis in group)

    @property
    def lengths(self) -> tuple[int, ...]:
        """How many values each group has."""
        return tuple(group[0].points for group in self.groups)

    @property
    def points(self) -> int:
        """How many points there are in all."""
        return math.prod(self.lengths)
