"""A plan at the points of a sweep: blocks of keys, results and statuses, several computed at once."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from flopsheet.evaluate.compile import FloatArray
from flopsheet.evaluate.evaluation import StatusArray
from flopsheet.evaluate.grid import Grid, Places, number_points
from flopsheet.evaluate.points import PointPlan

BLOCK = 32768
"""Points computed by one thread at once: its arrays stay in the second-level cache, and memory stays flat."""

_MOST_WORKERS = 8

Given = TypeVar("Given")
Made = TypeVar("Made")


@dataclass(frozen=True)
class Block:
    """Points that follow each other: the swept numbers by key, results by name, and how each point came out."""

    keys: Mapping[str, FloatArray]
    values: Mapping[str, FloatArray]
    statuses: StatusArray
    binding: npt.NDArray[np.uint8]

    @property
    def columns(self) -> dict[str, FloatArray]:
        """The swept numbers, then the results."""
        return {**self.keys, **self.values}


@dataclass(frozen=True)
class SweepPlan:
    """A plan with the grid that it is swept over. `binding`: whether it is asked what binds at each point."""

    grid: Grid
    points: PointPlan
    binding: bool = False

    @property
    def outputs(self) -> tuple[str, ...]:
        """The results in the order of the graph, then the reader's own cells."""
        found = [cell for cell in self.points.results if not cell.id.startswith("tier_")]
        return tuple(cell.id for kind in ("result", "user") for cell in found if cell.kind == kind)

    def compute(self, start: int, stop: int) -> Block:
        """The points from `start` to before `stop`."""
        return self._compute(np.arange(start, stop), binding=self.binding)

    def compute_at(self, places: Places) -> Block:
        """The points at some places of each group of axes, with what binds at each."""
        return self._compute(number_points(self.grid.sweep, places), binding=True)

    def _compute(self, index: npt.NDArray[np.int64], *, binding: bool) -> Block:
        """The points of these numbers."""
        keys = self.grid.columns(index)
        found = self.points.evaluate(keys, self.outputs, binding=binding)
        return Block(keys, found.values, found.statuses, found.binding)

    def blocks(self, start: int, stop: int) -> Iterator[Block]:
        """The points from `start` to before `stop` in blocks, one after the other."""
        for first, last in split_range(start, stop, BLOCK):
            yield self.compute(first, last)


def split_range(start: int, stop: int, length: int) -> list[tuple[int, int]]:
    """A range in pieces of so many, the last one shorter."""
    return [(first, min(first + length, stop)) for first in range(start, stop, length)]


def map_ahead(
    make: Callable[[Given], Made],
    items: Iterable[Given],
    *,
    workers: int | None = None,
    stop: Callable[[], None] | None = None,
) -> Iterator[Made]:
    """What is made of each item, in order, computed by several threads a few items ahead of whoever takes it.

    Only so many items are under way that memory does not grow with their number. What fails ends the rest: `stop` is
    called then, for items that take long to heed it.
    """
    count = count_workers() if workers is None else workers
    waiting: deque[Future[Made]] = deque()
    pool = ThreadPoolExecutor(count)
    try:
        for item in items:
            waiting.append(pool.submit(make, item))
            if len(waiting) > count:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    except BaseException:
        if stop is not None:
            stop()
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def count_workers() -> int:
    """The cores that this process may use, within reason."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(_MOST_WORKERS, cores)
