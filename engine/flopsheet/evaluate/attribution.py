r"""What each of several changes contributes to the change of a result, so that the contributions add up to it.

A result $v(S)$ is computed with the changes in $S$ made and the others not. The contribution of change $i$ is its
Shapley value $\phi_i = \sum_{S \not\ni i} \frac{|S|!\,(n-|S|-1)!}{n!} (v(S \cup i) - v(S))$ (Shapley 1953): what it
adds on average over all orders in which the changes could be made. No order is preferred, and
$\sum_i \phi_i = v(\text{all}) - v(\text{none})$.
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from flopsheet.evaluate.compile import FloatArray

EXACT_UP_TO = 10
"""So many changes are looked at in every combination; of more, a fixed sample of orders is averaged."""
SAMPLED_ORDERS = 32
ROOM = 1e-9
"""Numbers closer than this share of the larger one are taken as equal."""
_SEED = 20240607
_ROUNDING = 1e-12

Method = Literal["shapley", "averaged_orders", "one_order", "none"]
WhyNot = Literal["", "one_side", "infinite", "no_path", "other_question", "not_comparable", "cannot_mix"]


@dataclass(frozen=True)
class Attribution:
    """The contribution of each change to the change of a result, in its unit.

    Attributes:
        method: How they were found: `one_order` where some combinations have no such result, so that the changes are
            made one after the other, in the order in which they are listed.
        contributions: By the name of the change; they add up to the change.
        why_not: Why there are none.
    """

    method: Method
    contributions: Mapping[str, float]
    why_not: WhyNot = ""


@dataclass(frozen=True)
class Corners:
    """Results with some of the changes made: bit i of a corner says whether change i is. nan where there is none."""

    changes: tuple[str, ...]
    bits: tuple[int, ...]
    values: Mapping[str, FloatArray]


def list_corners(count: int) -> tuple[int, ...]:
    """The combinations of so many changes that have to be looked at: all, or those along a sample of orders."""
    if count <= EXACT_UP_TO:
        return tuple(range(1 << count))
    return tuple(sorted({corner for order in _sample_orders(count) for corner in _along(order)}))


def attribute(corners: Corners, name: str, old: float, new: float) -> Attribution:
    """The contributions to the change of a result from `old` to `new`, as they were told.

    They are nothing where a combination of all changes, or of none, does not give what was told: then the corners are
    no picture of the two plans.
    """
    found = dict(zip(corners.bits, (float(value) for value in corners.values[name]), strict=True))
    everything = (1 << len(corners.changes)) - 1
    if not (math.isfinite(old) and math.isfinite(new)):
        return Attribution("none", {}, "infinite")
    if not (is_close(found[0], old) and is_close(found[everything], new)):
        return Attribution("none", {}, "cannot_mix")
    found |= {0: old, everything: new}
    count, exact = len(corners.changes), len(corners.changes) <= EXACT_UP_TO
    if all(math.isfinite(value) for value in found.values()):
        shares = _shapley(np.array([found[bits] for bits in corners.bits]), count) if exact else _average(found, count)
        return _settle(corners.changes, shares, found, "shapley" if exact else "averaged_orders")
    order = _find_order(found, count) if exact else _find_sampled_order(found, count)
    if order is None:
        return Attribution("none", {}, "no_path")
    steps = _walk(found, order)
    return _settle([corners.changes[i] for i in order], [steps[i] for i in order], found, "one_order")


def is_close(value: float, other: float) -> bool:
    """Whether two numbers are the same up to rounding."""
    if math.isinf(value) or math.isinf(other):
        return value == other
    return abs(value - other) <= ROOM * max(abs(value), abs(other))


def _settle(changes: Sequence[str], shares: Sequence[float], found: Mapping[int, float], method: Method) -> Attribution:
    """Contributions that add up to the last bit that a double allows: the largest takes up the rounding.

    What is no more than the rounding of the results is no contribution.
    """
    scale = max(abs(value) for value in found.values() if math.isfinite(value))
    total = found[(1 << len(changes)) - 1] - found[0]
    settled = [0.0 if abs(share) <= _ROUNDING * scale else float(share) for share in shares]
    if settled:
        largest = max(range(len(settled)), key=lambda index: abs(settled[index]))
        settled[largest] += total - math.fsum(settled)
    return Attribution(method, {name: share + 0.0 for name, share in zip(changes, settled, strict=True)})


def _shapley(values: FloatArray, count: int) -> list[float]:
    """Shapley values from the results at all corners, in the order of their bits."""
    bits = np.arange(1 << count)
    made = np.array([int(corner).bit_count() for corner in bits])
    weights = np.array(
        [math.factorial(size) * math.factorial(count - size - 1) / math.factorial(count) for size in range(count)]
    )
    shares = []
    for index in range(count):
        without = bits[(bits >> index & 1) == 0]
        gains = values[without | 1 << index] - values[without]
        shares.append(math.fsum((weights[made[without]] * gains).tolist()))
    return shares


def _sample_orders(count: int) -> list[tuple[int, ...]]:
    """The same orders of so many changes every time, each with its reverse."""
    source = random.Random(_SEED)  # noqa: S311 - reproducible, nothing secret
    orders: list[tuple[int, ...]] = []
    while len(orders) < SAMPLED_ORDERS:
        order = list(range(count))
        source.shuffle(order)
        orders += [tuple(order), tuple(reversed(order))]
    return orders


def _along(order: Sequence[int]) -> list[int]:
    """The corners on the way when changes are made in an order."""
    corners = [0]
    for index in order:
        corners.append(corners[-1] | 1 << index)
    return corners


def _walk(found: Mapping[int, float], order: Sequence[int]) -> dict[int, float]:
    """What each change adds when they are made in an order."""
    corners = _along(order)
    return {
        index: found[after] - found[before] for index, before, after in zip(order, corners, corners[1:], strict=False)
    }


def _average(found: Mapping[int, float], count: int) -> list[float]:
    """What each change adds on average over the sampled orders."""
    walks = [_walk(found, order) for order in _sample_orders(count)]
    return [math.fsum(walk[index] for walk in walks) / len(walks) for index in range(count)]


def _find_order(found: Mapping[int, float], count: int) -> tuple[int, ...] | None:
    """The first order, in that of the changes, along which every corner has the result."""
    everything = (1 << count) - 1
    reached: dict[int, tuple[int, ...]] = {0: ()}
    for corner in sorted(found, key=lambda bits: (bits.bit_count(), bits)):
        if corner and math.isfinite(found[corner]):
            ways = [
                (*reached[before], index)
                for index in range(count)
                if corner >> index & 1 and (before := corner ^ 1 << index) in reached
            ]
            if ways:
                reached[corner] = min(ways)
    return reached.get(everything)


def _find_sampled_order(found: Mapping[int, float], count: int) -> tuple[int, ...] | None:
    """The first sampled order along which every corner has the result."""
    orders = _sample_orders(count)
    return next((order for order in orders if all(math.isfinite(found[corner]) for corner in _along(order))), None)
