"""Draws of inputs and constants: the same for a seed, however they are divided and in whatever order they stand.

Every input has a stream of its own, seeded with the plan's seed and the input's key.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt

from flopsheet.evaluate.compile import FloatArray
from flopsheet.evaluate.joint_draws import JointDraws
from flopsheet.plan.uncertain import DistributionKind

# Draws computed at once: a few dozen arrays of this length fit the second-level cache.
CHUNK = 32768
_JOINT = "joint draws of the constants"

Origin = Literal["input", "interval", "se"]


@dataclass(frozen=True)
class Variable:
    """An input or constant that is drawn by itself.

    `first` and `second` are those of its distribution. A draw is kept where it is above 0 if it is `positive`, and at
    most `most`. `origin` says what states the distribution, `level` that of an interval.
    """

    key: str
    kind: DistributionKind
    first: float
    second: float
    unit: str
    origin: Origin
    positive: bool
    most: float | None = None
    level: float | None = None

    def draw(self, random: np.random.Generator, size: int) -> FloatArray:
        """So many further draws of its stream."""
        if self.kind == "uniform":
            found = random.random(size)
            found *= self.second - self.first
            found += self.first
            return found
        found = random.standard_normal(size)
        found *= self.second
        if self.kind == "normal":
            found += self.first
            return found
        np.exp(found, out=found)
        found *= self.first
        return found

    def find_wrong(self, values: FloatArray) -> npt.NDArray[np.bool_] | None:
        """Where draws break its limits; None where none does."""
        wrong = None
        if self.positive and not values.min() > 0:
            wrong = values <= 0
        if self.most is not None and values.max() > self.most:
            above = values > self.most
            wrong = above if wrong is None else wrong | above
        return wrong


@dataclass
class Rejections:
    """Draws that were left out: how many in all, and how many each key broke the limits of."""

    count: int = 0
    by_key: dict[str, int] = field(default_factory=dict)

    def add(self, key: str, wrong: npt.NDArray[np.bool_]) -> None:
        """Count the draws that break the limits of a key."""
        found = int(np.count_nonzero(wrong))
        if found:
            self.by_key[key] = self.by_key.get(key, 0) + found


@dataclass(frozen=True)
class Sampler:
    """What is drawn for a scenario. `draws` are those asked for; `joint` holds constants that are drawn together.

    `in_order` takes the rows of the joint draws one after the other, each once. `positive` are the constants that
    must be above zero.
    """

    draws: int
    seed: int
    variables: tuple[Variable, ...]
    joint: JointDraws | None = None
    in_order: bool = False
    positive: frozenset[str] = frozenset()

    @property
    def keys(self) -> tuple[str, ...]:
        """What is drawn, by dotted key."""
        names = () if self.joint is None else tuple(f"constants.{name}" for name in self.joint.columns)
        return (*(variable.key for variable in self.variables), *names)

    def sample(self, rejected: Rejections, most: int | None = None) -> Iterator[Mapping[str, FloatArray]]:
        """Columns of draws by dotted key, in pieces; draws that break a limit are left out and counted.

        Args:
            rejected: Where they are counted.
            most: The first so many draws; all where it is None.
        """
        streams = [make_stream(self.seed, variable.key) for variable in self.variables]
        rows = make_stream(self.seed, _JOINT)
        total = self.draws if most is None else min(most, self.draws)
        for start in range(0, total, CHUNK):
            size = min(CHUNK, total - start)
            columns = {v.key: v.draw(s, size) for v, s in zip(self.variables, streams, strict=True)}
            wrong = [(v.key, found) for v in self.variables if (found := v.find_wrong(columns[v.key])) is not None]
            if self.joint is not None:
                joint = self._take_rows(self.joint, rows, start, size)
                columns |= joint
                wrong += [(key, joint[key] <= 0) for key in joint if key.partition(".")[2] in self.positive]
            yield _leave_out(columns, wrong, rejected)

    def _take_rows(
        self, joint: JointDraws, random: np.random.Generator, start: int, size: int
    ) -> dict[str, FloatArray]:
        """Rows of the joint draws: the next ones, or any with replacement."""
        if self.in_order:
            return {f"constants.{name}": values[start : start + size] for name, values in joint.columns.items()}
        chosen = (random.random(size) * joint.rows).astype(np.int64)
        return {f"constants.{name}": values[chosen] for name, values in joint.columns.items()}


def make_stream(seed: int, name: str) -> np.random.Generator:
    """The stream of random numbers that belongs to a name."""
    words = np.frombuffer(hashlib.sha256(name.encode()).digest()[:16], dtype="<u4")
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, *(int(word) for word in words)])))


def _leave_out(
    columns: Mapping[str, FloatArray], wrong: Sequence[tuple[str, npt.NDArray[np.bool_]]], rejected: Rejections
) -> Mapping[str, FloatArray]:
    """The columns without the draws that break any limit."""
    if not wrong:
        return columns
    broken = wrong[0][1]
    for key, found in wrong:
        rejected.add(key, found)
        broken = broken | found
    count = int(np.count_nonzero(broken))
    if not count:
        return columns
    rejected.count += count
    kept = ~broken
    return {key: values[kept] for key, values in columns.items()}
