from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flopsheet.errors import FlopsheetError
from flopsheet.plan.quantity import base_factor, dimension_of, parse_unit
from flopsheet.plan.units import UNITS, canonical_unit, exact_factor


@pytest.mark.parametrize(
    ("text", "canonical", "dimension", "factor"),
    [
        ("1", "1", {}, 1),
        ("token**2", "token**2", {"token": 2}, 1),
        ("tokens per parameter", "token/parameter", {"parameter": -1, "token": 1}, 1),
        ("USD/hour", "USD/hour", {"USD": 1, "hour": -1}, 1),
        ("USD/(GPU*hour)", "USD/accelerator/hour", {"USD": 1, "accelerator": -1, "hour": -1}, 1),
        ("USD/GPU-hour", "USD/accelerator/hour", {"USD": 1, "accelerator": -1, "hour": -1}, 1),
        ("GPU-hours", "accelerator*hour", {"accelerator": 1, "hour": 1}, 1),
        ("nat/token", "nats/token", {"nats": 1, "token": -1}, 1),
        ("1/hour", "1/hour", {"hour": -1}, 1),
        ("token/token", "1", {}, 1),
        ("kWh", "kWh", {"W": 1, "hour": 1}, 1000),
        ("kW*hours", "hour*kW", {"W": 1, "hour": 1}, 1000),
        ("PF-days", "PF-day", {"FLOP": 1}, Fraction(864 * 10**17)),
        ("PFLOP/second", "PFLOP/second", {"FLOP": 1, "hour": -1}, 3600 * 10**15),
        ("token**0.5", "token**0.5", {"token": Fraction(1, 2)}, 1),
        ("minute*second", "minute*second", {"hour": 2}, Fraction(1, 216_000)),
    ],
)
def test_units_have_one_spelling_a_dimension_and_a_factor(
    text: str, canonical: str, dimension: dict[str, Fraction], factor: Fraction
):
    """Every way to write a unit leads to one spelling, whose dimension and factor are exact."""
    assert parse_unit(text) == canonical
    assert parse_unit(canonical) == canonical
    assert dict(dimension_of(text)) == dimension
    assert exact_factor(text) == factor
    assert base_factor(text) == float(factor)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "must be a unit, but is empty."),
        ("foo", "unknown unit `foo`."),
        ("token parameters x", "unknown unit `x`."),
        ("token+hour", "`+` cannot stand in a unit."),
        ("token^2", "`^` cannot stand in a unit."),
        ("__import__('os')", "`_` cannot stand in a unit."),
        ("2*token", "`2` cannot stand in a unit."),
        ("token**", "`token**` is not a product, quotient or power of units."),
        ("token***2", "`token***2` is not a product, quotient or power of units."),
        ("(token", "`(token` is not a product, quotient or power of units."),
        ("token)", "`token)` is not a product, quotient or power of units."),
        ("()", "`()` is not a product, quotient or power of units."),
        ("*", "`*` is not a product, quotient or power of units."),
        ("token//hour", "`token//hour` is not a product, quotient or power of units."),
        ("token**99", "the unit `token**99` has a power beyond 9."),
        ("((token**9)**9)**9", "has a power beyond 9."),
        ("token*" * 30, "a unit may have at most 100 characters."),
    ],
)
def test_what_is_no_unit_is_refused(text: str, message: str):
    """Only products, quotients and powers of names of the table are units; nothing else reaches pint."""
    with pytest.raises(FlopsheetError) as caught:
        parse_unit(text)
    assert message in str(caught.value)


def test_a_close_spelling_is_suggested_whatever_its_case():
    """`gpuhour` in lower case still leads to the unit that was meant."""
    with pytest.raises(FlopsheetError, match=r"unknown unit `flop`\.\nDid you mean `FLOP`\?"):
        parse_unit("flop")


def test_every_unit_of_the_table_is_its_own_canonical_spelling():
    """A name or an alias leads to one spelling, and back."""
    for unit in UNITS:
        shown = canonical_unit(unit.aliases[0] if "_" in unit.name else unit.name)
        assert canonical_unit(shown) == shown
        assert {canonical_unit(alias) for alias in unit.aliases} <= {shown}
        assert exact_factor(shown) == unit.factor


@given(st.text(alphabet="tokenhurUSDFLOP*/()1 -.25%_[]'\"\\\n", max_size=40))
def test_any_text_is_a_unit_or_a_problem(text: str):
    """No text raises anything but a FlopsheetError."""
    try:
        canonical = parse_unit(text)
    except FlopsheetError:
        return
    assert parse_unit(canonical) == canonical
