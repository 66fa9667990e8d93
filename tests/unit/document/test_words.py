"""Numbers and sentences of a report."""

import math

import pytest

from flopsheet.document.words import Words, fewest_digits, math_cell
from flopsheet.messages import Message

ENGLISH, CHINESE = Words("en"), Words("zh")


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (1e22, "FLOP", "10²²"),
        (2e22, "FLOP", "2 × 10²²"),
        (9.99999999999995e18, "FLOP", "10¹⁹"),
        (2.1410484787089406e22, "FLOP", "2.141 × 10²²"),
        (5.16e9, "parameter", "5.16 B"),
        (2.1, "nats/token", "2.100"),
        (2.1, None, "2.1"),
        (math.inf, "token", "∞"),
        (None, "token", "–"),
    ],
)
def test_numbers_read_as_their_unit_asks(value, unit, text):
    """Powers of ten are bare where they are exact, up to rounding; losses keep their digits."""
    assert ENGLISH.number(value, unit) == text


def test_costs_too_small_to_matter_are_bounds():
    """What rounding could make is not told as a figure."""
    assert ENGLISH.cost(3e-9, "nats/token") == "less than 0.0001"
    assert ENGLISH.cost(-1e-16, "nats/token") == "less than 0.0001"
    assert ENGLISH.cost(0.0136, "nats/token") == "0.014"
    assert CHINESE.cost(5e-8, "%") == "不足 0.1%"


def test_spans_fold_where_both_ends_read_the_same():
    """One figure for values that differ only beyond the digits shown."""
    assert ENGLISH.span([0.011, 0.04, 0.02], "nats/token") == "0.011 to 0.040"
    assert ENGLISH.span([0.1401, 0.1402], "%") == "14 %"
    assert ENGLISH.span([0.0, 0.0014], "nats/token") == "up to 0.0014"


def test_lists_join_as_the_language_does():
    """Commas, and a word before the last item."""
    assert ENGLISH.join(["a"]) == "a"
    assert ENGLISH.join(["a", "b", "c"]) == "a, b and c"
    assert CHINESE.join(["a", "b", "c"]) == "a、b和c"


def test_messages_are_escaped_and_their_numbers_written_out():
    """Strings of a message become text, symbols mathematics, numbers the form of their unit."""
    args: dict[str, str | float | Message] = {
        "name": "D",
        "value": 1.6667e12,
        "low": 5e9,
        "high": 5e11,
        "decades": 0.5228787,
    }
    units = dict.fromkeys(("value", "low", "high"), "token")
    text = ENGLISH.message(Message("finding.extrapolation_above", args), units=units, symbols={"D": "D"})
    assert text.startswith("$`D`$ = 1.667 T lies 0.52 decades above")
    assert "(5 B to 500 B)" in text
    assert "`x|y`" not in ENGLISH.message(Message("finding.range_not_stated", {"law": "`x|y`"}))
    assert ENGLISH.message("a | b") == r"a \| b"


def test_fewest_digits_lose_nothing_visible():
    """Digits are dropped only where they are zeros."""
    assert fewest_digits(1e22) == 1
    assert fewest_digits(1.5e9) == 2
    assert fewest_digits(0.1 + 0.2) == 1
    assert fewest_digits(math.pi) == 6


def test_bars_in_formulas_do_not_end_a_cell():
    """Absolute values in a table use a command for the bar."""
    assert "|" not in math_cell(r"\left|x\right| | y")
