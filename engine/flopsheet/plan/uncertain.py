"""The section `uncertainty` of a plan as the rest of the program sees it: what is drawn, how often, from which seed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from flopsheet.errors import Place

DistributionKind = Literal["normal", "lognormal", "uniform"]
DISTRIBUTIONS: tuple[DistributionKind, ...] = ("normal", "lognormal", "uniform")
DEFAULT_DRAWS = 10_000
MOST_DRAWS = 10_000_000
"""A result of so many draws takes 80 MB while its scenario is computed."""
DEFAULT_LEVEL = 0.9


@dataclass(frozen=True, slots=True)
class Distribution:
    """What an input is drawn from, in base units.

    `first` and `second` are mean and standard deviation (normal), median and standard deviation of the logarithm
    (lognormal), or the two ends (uniform). `unit` is that of what is drawn.
    """

    kind: DistributionKind
    first: float
    second: float
    unit: str
    place: Place


@dataclass(frozen=True, slots=True)
class UncertaintyRequest:
    """What a plan asks to be drawn.

    `draws` is how many, None for one of each row of `file`, which holds joint draws of the law's constants and is
    relative to the project root. `level` is the share of draws between the outer ends of an interval. `fixed` says
    that constants are not drawn. `places` holds the place of each key.
    """

    draws: int | None
    seed: int
    level: float
    inputs: Mapping[str, Distribution]
    file: str | None
    fixed: bool
    places: Mapping[str, Place]

    @property
    def place(self) -> Place:
        """Where the plan asks for it."""
        return self.places[""]

    def place_of(self, key: str) -> Place:
        """Where a key stands; the section where it does not."""
        return self.places.get(key, self.place)
