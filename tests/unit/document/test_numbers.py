"""Numbers as text: forms, rounding that no machine changes, and zero without a sign."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flopsheet.document.numbers import Style, render_number, render_quantity


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        (5.160473684e9, "parameter", "5.16 B"),
        (3.2297e11, "token", "323 B"),
        (1.4e12, "token", "1.4 T"),
        (44e6, "parameter", "44 M"),
        (512, "accelerator", "512"),
        (3e6, "USD", "3 M"),
        (1e22, "FLOP", "1.00e22"),
        (1.2253e22, "FLOP", "1.225e22"),
        (6.0, "FLOP", "6.00e0"),
        (0.4, "%", "40 %"),
        (0.00244896160641, "%", "0.2449 %"),
        (2.1386140845, "nats/token", "2.139"),
        (2.0, "nats/token", "2.000"),
        (62.58, "token/parameter", "62.58"),
        (0.95, "1", "0.95"),
        (123_456.0, None, "123,500"),
        (1e-9, None, "1.00e-9"),
        (-0.001, None, "-0.001"),
        (None, "token", "–"),
        (math.nan, None, "–"),
        (math.inf, "parameter", "∞"),
        ("infinity", "parameter", "∞"),
        (-math.inf, None, "-∞"),
    ],
)
def test_form_follows_the_unit(value: float | str | None, unit: str | None, expected: str) -> None:
    """Each unit is written in its own form (with 3 digits for amounts whose fourth would be noise here)."""
    digits = 3 if unit in {"parameter", "token"} else 4
    assert render_number(value, unit, digits=digits) == expected


@pytest.mark.parametrize(
    ("style", "expected"),
    [("plain", "1.00e22"), ("markdown", "1.00 × 10²²"), ("latex", r"1.00 \times 10^{22}")],
)
def test_powers_of_ten_follow_the_style(style: Style, expected: str) -> None:
    """A budget reads in text, in Markdown and in a formula."""
    assert render_number(1e22, "FLOP", style=style) == expected


def test_latex_has_no_suffixes() -> None:
    """In a formula a number is in base units, so that the formula is true as it stands."""
    assert render_number(5.16e9, "parameter", style="latex") == r"5.16 \times 10^{9}"


@pytest.mark.parametrize("value", [0.0, -0.0, -1e-320 * 0])
def test_zero_has_no_sign(value: float) -> None:
    """Zero is "0", never "-0"."""
    assert render_number(value) == "0"


@pytest.mark.parametrize("tie", [2.5, 0.125, 1.00005, 1234.5, 0.3 + 0.2 - 0.25, 999.95, 99999.5])
def test_the_last_bit_does_not_show_at_a_boundary(tie: float) -> None:
    """A value on a rounding boundary and its neighbours on both sides print the same."""
    neighbours = [tie]
    for direction in (-math.inf, math.inf):
        near = tie
        for _ in range(4):
            near = math.nextafter(near, direction)
            neighbours.append(near)
    for digits in range(1, 7):
        assert len({render_number(value, digits=digits) for value in neighbours}) == 1


@given(st.floats(min_value=1e-12, max_value=1e30), st.integers(min_value=1, max_value=6))
def test_rounding_is_right_to_half_a_digit(value: float, digits: int) -> None:
    """What is printed differs from the value by at most half of the last digit shown (and 1e-12 of itself)."""
    shown = float(render_number(value, "FLOP", digits=digits))
    assert abs(shown - value) <= 0.5 * 10.0 ** (math.floor(math.log10(value)) - digits + 1) * (1 + 1e-6)


@given(st.floats(allow_nan=False, allow_infinity=False), st.integers(min_value=1, max_value=20))
def test_never_more_than_six_digits(value: float, digits: int) -> None:
    """However many digits are asked for, at most six significant ones are shown."""
    mantissa = render_number(value, "FLOP", digits=digits).split("e")[0].lstrip("-")
    assert len(mantissa.replace(".", "")) <= 6


def test_quantities_name_their_unit_in_the_language() -> None:
    """The unit's name comes from the catalogue of the language; a percent sign stands close in Chinese."""
    assert render_quantity(5.16e9, "parameter") == "5.16 B parameters"
    assert render_quantity(5.16e9, "parameter", language="zh") == "5.16 B 参数"
    assert render_quantity(0.4, "%", language="zh") == "40%"
    assert render_quantity(None, "token") == "–"
    assert render_quantity(2.0, "token**2") == "2 token**2"
