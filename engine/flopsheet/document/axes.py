"""The axes of a chart: from values to positions, and where ticks stand."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from flopsheet.document.numbers import render_number

_PADDING: Final = 0.04
_NICE_STEPS: Final = (1.0, 2.0, 2.5, 5.0, 10.0)
_PLAIN_POWERS: Final = range(-3, 5)
_COUNTED_UNITS: Final = frozenset({"parameter", "token", "USD", "hour", "kWh"})
_LARGEST_SUFFIX_POWER: Final = 15
#: Above so many decades minor ticks are only noise; below so many, decades alone say too little.
_MINOR_UP_TO: Final = 8
_DECADES_ENOUGH: Final = 1.5
_TOLERANCE: Final = 1e-9


@dataclass(frozen=True, slots=True)
class Axis:
    """What an axis shows. Without `minimum` and `maximum` it spans the data. `unit` decides how ticks read."""

    title: str
    scale: Literal["linear", "log"] = "linear"
    minimum: float | None = None
    maximum: float | None = None
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class Tick:
    """A mark at a share (0 to 1) of an axis. Minor ticks have no label."""

    share: float
    label: str = ""


@dataclass(frozen=True, slots=True)
class Span:
    """An axis whose ends are known."""

    axis: Axis
    low: float
    high: float

    def share(self, value: float) -> float | None:
        """Where a value stands, 0 at the low end and 1 at the high end; None where the axis has no place for it."""
        if not math.isfinite(value) or (self.axis.scale == "log" and value <= 0):
            return None
        low, high, at = (self._straight(number) for number in (self.low, self.high, value))
        return (at - low) / (high - low)

    def _straight(self, value: float) -> float:
        return math.log10(value) if self.axis.scale == "log" else value

    def ticks(self, most: int) -> Sequence[Tick]:
        """Labelled ticks, at most about so many."""
        values = self._log_ticks(most) if self.axis.scale == "log" else self._linear_ticks(most)
        return [self._tick(value) for value in values]

    def minor_ticks(self) -> Sequence[Tick]:
        """Unlabelled ticks at 2 to 9 times each power of ten of a log axis."""
        if self.axis.scale != "log" or math.log10(self.high / self.low) > _MINOR_UP_TO:
            return []
        first, last = math.floor(math.log10(self.low)), math.ceil(math.log10(self.high))
        values = (m * 10.0**power for power in range(first, last + 1) for m in range(2, 10))
        return [Tick(self.share(value) or 0.0) for value in values if self._inside(value)]

    def _inside(self, value: float) -> bool:
        share = self.share(value)
        return share is not None and -_TOLERANCE <= share <= 1 + _TOLERANCE

    def _log_ticks(self, most: int) -> Sequence[float]:
        """Powers of ten, every second or third where they are many; 1, 2, 5 between where they are few."""
        first, last = math.floor(math.log10(self.low)), math.ceil(math.log10(self.high))
        decades = math.log10(self.high / self.low)
        if decades < _DECADES_ENOUGH:
            mantissas = (1, 2, 5) if decades > math.log10(3) else (1, 1.5, 2, 3, 4, 5, 6, 8)
            values = [m * 10.0**power for power in range(first, last + 1) for m in mantissas]
            return [value for value in values if self._inside(value)]
        powers = [power for power in range(first, last + 1) if self._inside(10.0**power)]
        step = max(1, math.ceil(len(powers) / max(most, 2)))
        return [10.0**power for power in powers if power % step == 0]

    def _linear_ticks(self, most: int) -> Sequence[float]:
        """Multiples of 1, 2, 2.5 or 5 times a power of ten."""
        step = self._linear_step(most)
        first, last = math.ceil(self.low / step - _TOLERANCE), math.floor(self.high / step + _TOLERANCE)
        return [index * step for index in range(first, last + 1)]

    def _linear_step(self, most: int) -> float:
        rough = (self.high - self.low) / max(most, 2)
        magnitude = 10.0 ** math.floor(math.log10(rough))
        return next(nice * magnitude for nice in _NICE_STEPS if nice * magnitude >= rough * (1 - _TOLERANCE))

    def _tick(self, value: float) -> Tick:
        share = self.share(value) or 0.0
        counted = self.axis.unit in _COUNTED_UNITS and value < 10.0**_LARGEST_SUFFIX_POWER
        if self.axis.scale == "linear" or counted:
            # A tick is a tidy number: 6 digits show it whole, and zeros at its end say nothing.
            return Tick(share, render_number(round(value, 12), self._tick_unit(), digits=6, style="markdown"))
        if self.axis.unit != "FLOP" and math.floor(math.log10(value) + _TOLERANCE) in _PLAIN_POWERS:
            return Tick(share, render_number(value, digits=6, style="markdown"))
        return Tick(share, _power_label(value))

    def _tick_unit(self) -> str | None:
        return None if self.axis.unit == "nats/token" else self.axis.unit


_LEAST: Final = 1e-290


def span_axis(axis: Axis, values: Iterable[float]) -> Span:
    """The axis over its data with a little air; given ends are kept. Without data it goes from 0 (or 1) on."""
    log = axis.scale == "log"
    # What lies below the smallest normal number cannot be divided in steps: it counts as zero.
    plain = [0.0 if abs(value) < _LEAST else value for value in values if math.isfinite(value)]
    usable = [value for value in plain if value > 0 or not log]
    low, high = (min(usable), max(usable)) if usable else ((1.0, 10.0) if log else (0.0, 1.0))
    if low == high:
        low, high = (low / 2, high * 2) if log else (low - (abs(low) / 10 or 1), high + (abs(high) / 10 or 1))
    if log:
        air = (high / low) ** _PADDING
        low, high = low / air, high * air
    else:
        air = (high - low) * _PADDING
        low, high = low - air, high + air
    low = low if axis.minimum is None else axis.minimum
    high = high if axis.maximum is None else axis.maximum
    if not low < high:
        low, high = (high / 10, high) if log else (high - 1, high)
    return Span(axis, low, high)


def _power_label(value: float) -> str:
    """A tick of a log axis with its power of ten: 10²², 2×10²², 1.5×10²²."""
    one, two = (render_number(value, "FLOP", digits=digits, style="markdown") for digits in (1, 2))
    label = two if float(f"{value:.0e}") != float(f"{value:.1e}") else one
    return label.replace(" × ", "×")
