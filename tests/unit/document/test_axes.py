"""Axes: spans, shares, and where ticks stand."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flopsheet.document.axes import Axis, span_axis


def labels(axis: Axis, low: float, high: float, most: int = 8) -> list[str]:
    """The tick labels of an axis from low to high."""
    span = span_axis(Axis(axis.title, axis.scale, low, high, axis.unit), [])
    return [tick.label for tick in span.ticks(most)]


@pytest.mark.parametrize(
    ("axis", "low", "high", "expected"),
    [
        (Axis("", "log", unit="FLOP"), 1e18, 1e24, ["10¹⁸", "10¹⁹", "10²⁰", "10²¹", "10²²", "10²³", "10²⁴"]),
        (Axis("", "log", unit="FLOP"), 1e15, 1e30, ["10¹⁶", "10¹⁸", "10²⁰", "10²²", "10²⁴", "10²⁶", "10²⁸", "10³⁰"]),
        (Axis("", "log", unit="FLOP"), 1e21, 1e22, ["10²¹", "2×10²¹", "5×10²¹", "10²²"]),
        (Axis("", "log", unit="FLOP"), 1e21, 2e21, ["10²¹", "1.5×10²¹", "2×10²¹"]),
        (Axis("", "log", unit="parameter"), 1e7, 1e12, ["10 M", "100 M", "1 B", "10 B", "100 B", "1 T"]),
        (Axis("", "log"), 0.01, 100, ["0.01", "0.1", "1", "10", "100"]),
        (Axis("", unit="nats/token"), 1.9, 2.6, ["1.9", "2", "2.1", "2.2", "2.3", "2.4", "2.5", "2.6"]),
        (Axis("", unit="parameter"), 0, 4e9, ["0", "500 M", "1 B", "1.5 B", "2 B", "2.5 B", "3 B", "3.5 B", "4 B"]),
        (Axis(""), -1, 1, ["−1", "−0.75", "−0.5", "−0.25", "0", "0.25", "0.5", "0.75", "1"]),
    ],
)
def test_ticks_are_tidy_numbers(axis: Axis, low: float, high: float, expected: list[str]) -> None:
    """Powers of ten on long log axes, 1, 2, 5 on short ones, multiples of 1, 2, 2.5, 5 on linear ones."""
    assert labels(axis, low, high) == expected


def test_minor_ticks_divide_decades() -> None:
    """Between 1 and 100 stand 2 to 9 and 20 to 90; a linear axis and a very long log axis have none."""
    span = span_axis(Axis("", "log", 1, 100), [])
    assert [round(tick.share, 4) for tick in span.minor_ticks()] == [
        round(math.log10(m * d) / 2, 4) for d in (1, 10) for m in range(2, 10)
    ]
    assert not span_axis(Axis("", "linear", 1, 100), []).minor_ticks()
    assert not span_axis(Axis("", "log", 1, 1e12), []).minor_ticks()


def test_a_log_axis_has_no_place_for_zero() -> None:
    """Zero, negative values and what is not finite have no share."""
    span = span_axis(Axis("", "log", 1, 100), [])
    assert [span.share(value) for value in (0.0, -1.0, math.inf, math.nan)] == [None] * 4
    assert span.share(10.0) == pytest.approx(0.5)


def test_an_axis_spans_its_data_with_air_and_keeps_given_ends() -> None:
    """Data do not touch the frame, unless an end is given."""
    span = span_axis(Axis("", maximum=10.0), [0.0, 5.0, math.nan])
    assert span.low == pytest.approx(-0.2)
    assert span.high == 10.0


finite = st.floats(min_value=-1e30, max_value=1e30, allow_nan=False)


@given(st.lists(finite, max_size=4), st.sampled_from(["linear", "log"]))
def test_any_data_give_an_axis_with_ticks_inside(values: list[float], scale: str) -> None:
    """Whatever the data (none, one, equal, huge), the span is proper and ticks are inside it."""
    span = span_axis(Axis("", "log" if scale == "log" else "linear"), values)
    assert span.low < span.high
    shares = [tick.share for tick in span.ticks(6)]
    assert all(-1e-6 <= share <= 1 + 1e-6 for share in shares)
    assert len(shares) <= 16
    assert shares == sorted(shares)
