import pytest

from flopsheet.workbook.styles import number_format, text_width, typed_format


@pytest.mark.parametrize(
    ("unit", "size", "signed", "expected"),
    [
        ("FLOP", 1e22, False, "0.00E+00"),
        ("FLOP", -1e22, True, "+0.00E+00;-0.00E+00;0.00E+00"),
        ("nats/token", 2.0, False, "0.0000"),
        ("1", 0.34, False, "0.0000"),
        ("1", 1e-9, False, "0.000E+00"),
        ("1", 40.64, False, "0.0000"),
        ("1", 406.4, False, "#,##0.0"),
        ("token/parameter", 20.0, False, "#,##0.0"),
        ("token", 3e13, True, '+0.00,,,,"T";-0.00,,,,"T";0'),
        ("1", 4e8, False, "0.000E+00"),
        ("token", 1.4e12, False, '[>=999500000000]0.00,,,,"T";[>=999500000]0.00,,,"B";0.00,,"M"'),
        ("token", 300.0, False, '[>=999500000]0.00,,,"B";[>=999500]0.00,,"M";#,##0.##'),
        ("parameter", -2e9, True, '+0.00,,,"B";-0.00,,,"B";0'),
        ("parameter", 2e6, True, '+0.000,,"M";-0.000,,"M";0'),
        ("parameter", 1e30, False, "0.00E+00"),
        ("hour", 12.0, False, "#,##0.0"),
        ("unknown", None, False, "0.0000"),
    ],
)
def test_formats_follow_unit_and_magnitude(unit, size, signed, expected):
    """FLOP are scientific, losses have four decimals, counts read as M, B, T; differences keep their sign."""
    assert number_format(unit, size, signed=signed) == expected


@pytest.mark.parametrize("unit", ["FLOP", "token", "1", "nats/token", "USD", "x"])
def test_a_format_has_at_most_two_conditions(unit):
    """Excel refuses a third, and General is never used."""
    for size in (None, 0.0, 1e-6, 1.0, 1e9, 1e30):
        for signed in (False, True):
            text = number_format(unit, size, signed=signed)
            assert text.count("[") <= 2
            assert text.count(";") <= 2
            assert text != "General"


def test_width_counts_wide_and_combining_characters():
    """Chinese takes two columns, an accent none; the longest line counts, and a small style needs less."""
    assert text_width("参数") == pytest.approx(4.2)
    assert text_width("e\u0301") == text_width("e")
    assert text_width("ab\nabcd") == text_width("abcd")
    assert text_width("abcd", "code") < text_width("abcd")
    assert text_width("") == 0


@pytest.mark.parametrize(
    ("unit", "value", "expected"),
    [
        ("1", 1.69, "0.0########"),
        ("1", None, "0.0########"),
        ("1", 8.8e13, "0.0########E+00"),
        ("nats/token", -0.0001, "0.0########E+00"),
        ("FLOP", 1e22, "0.00####E+00"),
        ("parameter", 8e9, '[>=999500000000]0.00,,,,"T";[>=999500000]0.00,,,"B";0.00,,"M"'),
    ],
)
def test_a_typed_number_shows_its_digits(unit, value, expected):
    """What a reader types is not rounded on the sheet, whatever was there before."""
    assert typed_format(unit, value) == expected
