"""What a plan comes to over many draws: intervals on results, and shares of statuses and of limits that bind."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from flopsheet.evaluate.compile import FloatArray
from flopsheet.evaluate.evaluation import STATUSES, Status
from flopsheet.evaluate.points import LIMITS, PointPlan, Points, name_binding
from flopsheet.evaluate.sampler import Rejections, Sampler, Variable

MEDIAN = 0.5
_MIDDLE = (0.25, MEDIAN, 0.75)
NOTHING_BINDS = "none"


@dataclass(frozen=True, slots=True)
class Quantile:
    """A quantile of the draws, and how far it may be off because there are only so many: about one standard error."""

    value: float
    error: float


@dataclass(frozen=True, slots=True)
class Spread:
    """A result over the draws that have one, which are `count`; `quantiles` are by share."""

    unit: str
    quantiles: Mapping[float, Quantile]
    count: int

    @property
    def varies(self) -> bool:
        """Whether draws differ by more than rounding."""
        values = [quantile.value for quantile in self.quantiles.values()]
        return not math.isclose(min(values), max(values), rel_tol=1e-9)


@dataclass(frozen=True)
class Uncertainty:
    """What a scenario comes to over its draws.

    Attributes:
        sampler: What was drawn.
        shares: The shares of draws at which quantiles are given, in rising order.
        results: By name.
        statuses: The share of draws with each status, where there is any.
        binding: The share of draws with a plan in which a set of limits binds, by their names joined with +.
        outside: The share of draws with a plan in which a symbol lies outside of the law's fitted range.
        rejected: The draws that were left out.
        fixed: Keys that are drawn for other scenarios, but that this one sets itself.
        exact: The constants that are taken as exact because nothing states how well they are known.
    """

    sampler: Sampler
    shares: tuple[float, ...]
    results: Mapping[str, Spread]
    statuses: Mapping[Status, float]
    binding: Mapping[str, float]
    outside: Mapping[str, float]
    rejected: Rejections
    fixed: tuple[str, ...] = ()
    exact: tuple[str, ...] = ()

    @property
    def kept(self) -> int:
        """The draws that were not left out."""
        return self.sampler.draws - self.rejected.count

    @property
    def independent(self) -> tuple[Variable, ...]:
        """Constants that were drawn each by itself, where there are several."""
        found = tuple(each for each in self.sampler.variables if each.key.startswith("constants."))
        return found if len(found) > 1 else ()


@dataclass
class _Gathered:
    """Results of all draws as they come, in arrays of the final length."""

    columns: dict[str, FloatArray]
    end: int = 0
    statuses: list[int] = field(default_factory=lambda: [0] * len(STATUSES))
    binding: list[int] = field(default_factory=lambda: [0] * (1 << len(LIMITS)))

    def add(self, points: Points) -> None:
        """Take up the results of further draws."""
        size = len(points.statuses)
        for name, column in self.columns.items():
            column[self.end : self.end + size] = points.values[name]
        self.end += size
        for code, count in enumerate(np.bincount(points.statuses, minlength=len(STATUSES))):
            self.statuses[code] += int(count)
        planned = points.statuses < STATUSES.index("infeasible")
        bits = points.binding if planned.all() else points.binding[planned]
        for code, count in enumerate(np.bincount(bits, minlength=1 << len(LIMITS))):
            self.binding[code] += int(count)


def list_shares(level: float) -> tuple[float, ...]:
    """The shares at which quantiles are given: the ends of the interval, the quarters, the median."""
    low = round((1 - level) / 2, 12)
    return tuple(sorted({low, *_MIDDLE, round(1 - low, 12)}))


def evaluate_uncertainty(
    points: PointPlan,
    sampler: Sampler,
    level: float,
    outputs: Sequence[str] | None = None,
    ranges: Mapping[str, tuple[str, float, float]] | None = None,
) -> Uncertainty:
    """What a scenario comes to over the draws of a sampler.

    Args:
        points: The scenario as a function of its inputs.
        sampler: What is drawn.
        level: The share of draws between the outer ends of an interval.
        outputs: Ids of results; all that are not of single tiers where it is None.
        ranges: By symbol of the law the id of its result, or the key of an input, and the ends of its fitted range.
    """
    names = list_outputs(points) if outputs is None else tuple(outputs)
    rejected = Rejections()
    gathered = _Gathered({name: np.empty(sampler.draws) for name in names})
    for columns in sampler.sample(rejected):
        if len(next(iter(columns.values()), ())):
            gathered.add(points.evaluate(columns, names))
    shares = list_shares(level)
    outside = {
        symbol: share
        for symbol, (name, low, high) in (ranges or {}).items()
        if name in gathered.columns and (share := _share_outside(gathered.columns[name][: gathered.end], low, high)) > 0
    }
    results = {}
    for name in names:
        # A column is let go of as soon as its quantiles are known.
        spread = _spread(gathered.columns.pop(name)[: gathered.end], points.graph[name].unit, shares)
        if spread is not None:
            results[name] = spread
    total, planned = max(1, gathered.end), max(1, sum(gathered.binding))
    return Uncertainty(
        sampler=sampler,
        shares=shares,
        results=results,
        statuses={s: count / total for s, count in zip(STATUSES, gathered.statuses, strict=True) if count},
        binding={
            name_binding(bits) or NOTHING_BINDS: count / planned for bits, count in enumerate(gathered.binding) if count
        },
        outside=outside,
        rejected=rejected,
    )


def list_outputs(points: PointPlan) -> tuple[str, ...]:
    """The results on which there are intervals: all but those of single tiers."""
    return tuple(cell.id for cell in points.results if not cell.id.startswith("tier_"))


def find_quantiles(values: FloatArray, shares: Sequence[float]) -> tuple[Quantile, ...]:
    r"""Quantiles of numbers that need not be sorted, each with the error that comes of their number.

    A quantile is interpolated between order statistics at the place $(n - 1) p$. So many of $n$ numbers as lie below
    the true quantile are binomial with the standard deviation $\sqrt{n p (1 - p)}$; the error is half the distance
    between the order statistics that lie so many places below and above. The numbers are reordered in place.
    """
    count = len(values)
    places = []
    for share in shares:
        middle, off = (count - 1) * share, math.sqrt(count * share * (1 - share))
        places.append(tuple(min(max(place, 0.0), count - 1.0) for place in (middle, middle - off, middle + off)))
    ranks = sorted({rank for group in places for place in group for rank in (math.floor(place), math.ceil(place))})
    values.partition(ranks)
    found = []
    for group in places:
        value, low, high = (_interpolate(values, place) for place in group)
        found.append(Quantile(value, 0.0 if low == high else (high - low) / 2))
    return tuple(found)


def _interpolate(values: FloatArray, place: float) -> float:
    """The number at a place between two ranks; infinite where one of the two that count is."""
    low, high = float(values[math.floor(place)]), float(values[math.ceil(place)])
    return low if low == high else low + (place - math.floor(place)) * (high - low)


def _spread(values: FloatArray, unit: str, shares: Sequence[float]) -> Spread | None:
    """A result over the draws that have one; None where none has."""
    # What is no number makes the sum none, which is faster to see than to look at each.
    if math.isnan(float(values.sum())):
        values = values[~np.isnan(values)]
    if not len(values):
        return None
    found = find_quantiles(values, shares)
    return Spread(unit, dict(zip(shares, found, strict=True)), len(values))


def _share_outside(values: FloatArray, low: float, high: float) -> float:
    """The share of numbers outside a range."""
    known = values[~np.isnan(values)]
    room = 1e-9
    outside = np.count_nonzero((known < low * (1 - room)) | (known > high * (1 + room)))
    return float(outside) / max(1, len(known))
