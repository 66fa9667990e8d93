"""The points of a sweep, a stretch at a time: which number each axis has at each of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from flopsheet.evaluate.compile import FloatArray
from flopsheet.plan.requests import Sweep, SweepAxis

# An axis of at most so many values keeps them; those of a longer one are computed where they are needed.
_KEPT = 65536


@dataclass(frozen=True)
class Grid:
    """The points of a sweep in a fixed order: the first group of axes varies slowest."""

    sweep: Sweep

    @property
    def keys(self) -> tuple[str, ...]:
        """The swept keys in the order written."""
        return tuple(axis.key for axis in self.sweep.axes)

    @property
    def points(self) -> int:
        """How many points there are."""
        return self.sweep.points

    def columns(self, index: npt.NDArray[np.int64]) -> dict[str, FloatArray]:
        """The numbers of each key at the points of these numbers; nan where a limit is removed."""
        found: dict[str, FloatArray] = {}
        for number, group in enumerate(self.sweep.groups):
            stride = math.prod(self.sweep.lengths[number + 1 :])
            along = index if stride == 1 else index // stride
            if number:
                along = along % self.sweep.lengths[number]
            for axis in group:
                kept = self._kept.get(axis.key)
                found[axis.key] = compute_axis(axis, along) if kept is None else kept[along]
        return found

    @cached_property
    def _kept(self) -> dict[str, FloatArray]:
        """The values of axes that are short enough to be kept."""
        return {
            axis.key: compute_axis(axis, np.arange(axis.points)) for axis in self.sweep.axes if axis.points <= _KEPT
        }


def compute_axis(axis: SweepAxis, index: npt.NDArray[np.int64]) -> FloatArray:
    """The values of an axis at some of its places; the ends of a range are exactly as written."""
    given = [math.nan if sourced.value is None else sourced.value for sourced in axis.given]
    if axis.scale == "list":
        return np.array(given)[index]
    first, last = given
    if axis.points == 1:
        return np.full(np.shape(index), first)
    share = index / (axis.points - 1)
    if axis.scale == "linear":
        inner = first + (last - first) * share
    else:
        # Powers of ten come out as they are written.
        inner = np.power(10.0, math.log10(first) + (math.log10(last) - math.log10(first)) * share)
    return np.where(index == 0, first, np.where(index == axis.points - 1, last, inner))


Places = tuple[tuple[int, ...], ...]
"""For each group of axes, which of its values are meant."""


def thin_places(sweep: Sweep, most: Sequence[int]) -> Places:
    """For each group of axes at most so many of its values, evenly spread, both ends among them."""
    found = []
    for length, limit in zip(sweep.lengths, most, strict=True):
        count = min(length, limit)
        places = [round(step * (length - 1) / max(1, count - 1)) for step in range(count)]
        found.append(tuple(dict.fromkeys(places)))
    return tuple(found)


def share_points(sweep: Sweep, most: int) -> tuple[int, ...]:
    """How many values each group may show so that there are at most so many points: all of the short ones first."""
    shares = [1] * len(sweep.groups)
    grown = True
    while grown:
        grown = False
        for number, length in enumerate(sweep.lengths):
            room = math.prod(shares) // shares[number] * (shares[number] + 1) <= most
            if shares[number] < length and room:
                shares[number] += 1
                grown = True
    return tuple(shares)


def number_points(sweep: Sweep, places: Places) -> npt.NDArray[np.int64]:
    """The numbers of the points at some places of each group, in order."""
    index = np.zeros(1, dtype=np.int64)
    for length, chosen in zip(sweep.lengths, places, strict=True):
        index = (index[:, None] * length + np.array(chosen, dtype=np.int64)[None, :]).ravel()
    return index
