import math
import subprocess
import sys
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flopsheet.errors import FlopsheetError, Place
from flopsheet.plan.quantity import Quantity, parse_quantity

PLACE = Place("f.yaml", 1, 1)


def number(text: str, unit: str | None = "1") -> float:
    """The value of a text that must be accepted."""
    return parse_quantity(text, unit, PLACE, "key", positive=False).value


def refusal(text: str, unit: str | None = "1", *, positive: bool = True) -> str:
    """The first line of the message with which a text is refused, without the place."""
    with pytest.raises(FlopsheetError) as caught:
        parse_quantity(text, unit, PLACE, "key", positive=positive)
    return str(caught.value).split("\n")[0].removeprefix("f.yaml:1:1: key: ")


@pytest.mark.parametrize(
    ("text", "unit", "expected"),
    [
        ("1e22", "FLOP", 1e22),
        ("1.0e24", "FLOP", 1e24),
        ("1e24", "FLOP", 1e24),
        ("+1E+3", "1", 1000.0),
        ("1.", "1", 1.0),
        (".5", "1", 0.5),
        ("1_000", "1", 1000.0),
        ("10B", "parameter", 1e10),
        ("10 B", "parameter", 1e10),
        ("10 B parameters", "parameter", 1e10),
        ("10B tokens", "token", 1e10),
        ("1.2T", "token", 1.2e12),
        ("44M", "parameter", 44e6),
        ("3K", "1", 3000.0),
        ("40 %", "1", 0.4),
        ("40%", "1", 0.4),
        ("0.1 %", "1", 0.001),
        ("1e22 FLOP", "FLOP", 1e22),
        ("1e22 FLOPs", "FLOP", 1e22),
        ("3 ZFLOP", "FLOP", 3e21),
        ("2 EFLOP", "FLOP", 2e18),
        ("1 PF-day", "FLOP", 8.64e19),
        ("10 PF-days", "FLOP", 8.64e20),
        ("10 petaflop-days", "FLOP", 8.64e20),
        ("10 PFLOP/s-days", "FLOP", 8.64e20),
        ("2.5 nats/token", "nats/token", 2.5),
        ("2.5 nat per token", "nats/token", 2.5),
        ("20 tokens/parameter", "token/parameter", 20.0),
        ("60 days", "hour", 1440.0),
        ("90 minutes", "hour", 1.5),
        ("3M USD", "USD", 3e6),
        ("80 GB", "byte", 8e10),
        ("2 GiB", "byte", float(2 * 1024**3)),
        ("1 kWh", "W*hour", 1000.0),
        ("48 hours", "day", 2.0),
    ],
)
def test_numbers_are_read_as_written(text: str, unit: str, expected: float):
    """Suffixes, per cent and units give exactly the double that is nearest to what is written."""
    assert parse_quantity(text, unit, PLACE, "key") == Quantity(expected, unit)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("7B parameters", Quantity(7e9, "parameter")),
        ("2 days", Quantity(48.0, "hour")),
        ("5 GPU-hours", Quantity(5.0, "accelerator*hour")),
        ("2.5 USD/hour", Quantity(2.5, "USD/hour")),
        ("24 USD/day", Quantity(1.0, "USD/hour")),
        ("0.28", Quantity(0.28, "1")),
        ("30 %", Quantity(0.3, "1")),
    ],
)
def test_where_any_unit_may_stand_the_result_is_in_base_units(text: str, expected: Quantity):
    """Without a unit of the key the number is turned to the base units of its own."""
    assert parse_quantity(text, None, PLACE, "key") == expected


@pytest.mark.parametrize(
    ("text", "unit", "message"),
    [
        ("0", "FLOP", "must be greater than 0, but is `0`."),
        ("-0.0", "FLOP", "must be greater than 0, but is `-0.0`."),
        ("-1e22", "FLOP", "must be greater than 0, but is `-1e22`."),
        ("-5 %", "1", "must be greater than 0, but is `-5 %`."),
        (".nan", "1", "must be a finite number, but `.nan` is not a number (NaN)."),
        ("NaN", "1", "must be a finite number, but `NaN` is not a number (NaN)."),
        (".inf", "1", "must be a finite number, but `.inf` is infinite."),
        ("-.Inf", "1", "must be a finite number, but `-.Inf` is infinite."),
        ("infinity", "1", "must be a finite number, but `infinity` is infinite."),
        ("true", "1", "must be a number, but is the truth value `true`."),
        ("yes", "1", "must be a number, but is the truth value `yes`."),
        ("", "1", "must be a number, but is empty."),
        ("  ", "1", "must be a number, but is empty."),
        ("ten", "1", "must be a number, but is `ten`."),
        ("=1+1", "1", "must be a number, but is `=1+1`."),
        ("1,000", "1", "must be a number, but is `1,000`."),
        ("1__0", "1", "must be a number, but is `1__0`."),
        ("_1", "1", "must be a number, but is `_1`."),
        ("1e", "1", "unknown unit `e`."),
        ("٣", "1", "must be a number, but is `٣`."),
        ("1e400", "1", "`1e400` is beyond the numbers a computer can hold (about 1e-307 to 1e308)."),
        ("1e-400", "1", "`1e-400` is beyond the numbers a computer can hold (about 1e-307 to 1e308)."),
        ("1e300T", "1", "`1e300T` is beyond the numbers a computer can hold (about 1e-307 to 1e308)."),
        ("1e99999999999999999999", "1", "`1e99999999999999999999` is beyond the numbers a computer can hold"),
        ("1e22 tokens", "FLOP", "`1e22 tokens` is an amount in token, but this key takes an amount in FLOP."),
        ("5 FLOP", "1", "`5 FLOP` is an amount in FLOP, but this key takes a number without unit."),
        ("10 %", "FLOP", "`10 %` is a share, but this key takes an amount in FLOP."),
        ("1e22 flop", "FLOP", "unknown unit `flop`."),
        ("1e22 FLOPS", "FLOP", "`FLOPS` may mean operations or operations per second."),
        ("10b", "token", "the suffix `b` is not known."),
        ("1" * 101, "1", "a number may have at most 100 characters, this one has 101."),
    ],
)
def test_what_is_no_number_of_the_key_is_refused(text: str, unit: str, message: str):
    """Each refusal names the rule and what was got."""
    assert refusal(text, unit).startswith(message)


def test_a_refusal_says_what_is_accepted():
    """The remedy lists the spellings of numbers and the units of the key's dimension."""
    with pytest.raises(FlopsheetError) as caught:
        parse_quantity("4T FLOP", "token", PLACE, "caps.tokens")
    assert caught.value.problems[0].remedy == (
        "Write a number such as 1e22, 1_000, 10B or 10 B (suffixes K, M, B, T), alone or with a unit: token."
    )


def test_zero_and_negative_numbers_stand_where_they_may():
    """A key that is not positive takes any finite number."""
    assert number("-0.5") == -0.5
    assert number("0") == 0.0
    assert math.copysign(1, number("-0.0")) == 1.0


decimals = st.decimals(allow_nan=False, allow_infinity=False, min_value=Decimal("1e-280"), max_value=Decimal("1e280"))
suffixes = st.sampled_from([("", 1), ("K", 10**3), ("M", 10**6), ("B", 10**9), ("T", 10**12)])


@given(decimals, suffixes, st.sampled_from(["", " "]))
def test_a_number_is_the_double_nearest_to_its_decimal(value: Decimal, suffix: tuple[str, int], blank: str):
    """Scaling by a suffix rounds once, whatever the number."""
    text = str(value)
    if len(text) > 100:
        return
    assert number(f"{text}{blank if suffix[0] else ''}{suffix[0]}") == float(Fraction(value) * suffix[1])


@given(st.floats(min_value=1e-290, max_value=1e290))
def test_a_printed_double_is_read_back(value: float):
    """`repr` of a double gives the double, in every unit that is a base unit."""
    assert number(repr(value)) == value
    assert number(f"{value!r} FLOP", "FLOP") == value


@given(st.text(max_size=30) | st.from_regex(r"[-+0-9._eEKMBT% a-zA-Z*/()]{1,30}", fullmatch=True))
def test_any_text_is_a_finite_number_or_a_problem(text: str):
    """No text raises anything but a FlopsheetError, and no result is infinite or NaN."""
    try:
        quantity = parse_quantity(text, None, PLACE, "key", positive=False)
    except FlopsheetError:
        return
    assert math.isfinite(quantity.value)


def test_plain_units_need_no_heavy_library():
    """A number with a single unit is read without importing pint and with it numpy."""
    code = (
        "import sys; from flopsheet.errors import Place; from flopsheet.plan.quantity import parse_quantity;"
        "parse_quantity('1e22 FLOP', 'FLOP', Place('f', 1, 1), 'k');"
        "parse_quantity('20', 'token/parameter', Place('f', 1, 1), 'k');"
        "print([name for name in ('pint', 'numpy', 'sympy', 'pydantic') if name in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout == "[]\n"
