"""Numbers as people write them (`1e22 FLOP`, `10 B`, `40 %`) to floats in base units."""

from __future__ import annotations

import difflib
import math
import re
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from flopsheet.errors import FlopsheetError, Place, Problem
from flopsheet.plan.shape import Number
from flopsheet.plan.units import (
    UnitError,
    base_factor,
    base_unit,
    canonical_unit,
    dimension_of,
    exact_factor,
    units_of_dimension,
)

__all__ = ["Quantity", "base_factor", "dimension_of", "parse_number", "parse_quantity", "parse_unit"]

MAX_DIGITS = 100
MAX_SHOWN = 40
_SUFFIXES = {"K": 10**3, "M": 10**6, "B": 10**9, "T": 10**12}
_DIGITS = r"[0-9](?:_?[0-9])*"
_NUMBER = re.compile(
    rf"(?P<number>[-+]?(?:{_DIGITS}(?:\.(?:{_DIGITS})?)?|\.{_DIGITS})(?:[eE][-+]?[0-9]+)?)"
    r"\s*(?:(?P<suffix>[KMBT])(?![A-Za-z/*-]))?\s*(?P<unit>.*)",
    re.DOTALL,
)
_NOT_FINITE = re.compile(r"[-+]?\.?(?P<kind>inf|infinity|nan)\b", re.IGNORECASE)
_BOOLEANS = frozenset({"true", "false", "yes", "no", "on", "off"})
# Beyond these powers of ten no double is left; checked first, because exact arithmetic would fill the memory.
_MAX_EXPONENT = 400


@dataclass(frozen=True, slots=True)
class Quantity:
    """A finite number in base units, and the unit it is in ('1' for none)."""

    value: float
    unit: str


def parse_quantity(text: str, unit: str | None, place: Place, subject: str, *, positive: bool = True) -> Quantity:
    """The number in the key's own `unit`; with `unit` None any unit is taken, and turned to base units.

    The result is the double nearest to what is written, `1e22` exactly float('1e22').

    Raises:
        FlopsheetError: no number, not finite, not positive where it must be, or of another dimension.
    """
    try:
        return _parse(text.strip(), unit, positive=positive)
    except _Refused as refused:
        raise FlopsheetError(Problem(str(refused), place, subject, refused.remedy)) from None
    except UnitError as error:
        remedy = f"{error.remedy} {_accepted(unit)}".lstrip()
        raise FlopsheetError(Problem(str(error), place, subject, remedy)) from None


def parse_number(text: str, number: Number, place: Place, subject: str) -> Quantity:
    """The number that a shape describes: in its unit, of each of what it shares, within bounds, or a word.

    Raises:
        FlopsheetError: as parse_quantity does; larger or smaller than the shape allows; a word that it does not know.
    """
    word = text.strip()
    if word in number.words:
        return Quantity(number.words[word], number.unit or "1")
    if number.words and word.isalpha() and word.lower() not in _BOOLEANS and not _NOT_FINITE.fullmatch(word):
        known = ", ".join(f"`{name}`" for name in number.words)
        close = difflib.get_close_matches(word.lower(), number.words, n=1)
        remedy = f"Did you mean `{close[0]}`?" if close else ""
        raise FlopsheetError(Problem(f"must be a number or one of {known}, but is `{word}`.", place, subject, remedy))
    unit = number.unit
    if unit is not None and number.shared:
        unit = _shared_unit(word, unit, number.shared)
    quantity = parse_quantity(text, unit, place, subject, positive=number.positive)
    if number.most is not None and quantity.value > number.most:
        message = f"must be at most {number.most:g}, but is `{_shortened(word)}`."
        percent = "Write a share such as 0.4 or 40 %." if number.most == 1 else ""
        raise FlopsheetError(Problem(message, place, subject, percent))
    if number.least is not None and quantity.value < number.least:
        message = f"must be at least {number.least:g}, but is `{_shortened(word)}`."
        raise FlopsheetError(Problem(message, place, subject, "To use a part of the data, give fewer unique tokens."))
    return Quantity(quantity.value, number.unit or quantity.unit)


def _shared_unit(text: str, unit: str, shared: str) -> str:
    """The unit that a text is read in: that of each of what is shared, where it says so, else the plain one."""
    match = _NUMBER.fullmatch(text)
    each = f"{unit}/{shared}"
    try:
        return each if match and match["unit"] and dimension_of(match["unit"]) == dimension_of(each) else unit
    except UnitError:  # told by whoever reads the number
        return unit


def parse_unit(text: str, place: Place | None = None, subject: str = "") -> str:
    """The canonical spelling of a unit: a product, quotient or power of known units, '1' for none.

    Raises:
        FlopsheetError: the text is empty or no unit.
    """
    if not text.strip():
        raise FlopsheetError(Problem("must be a unit, but is empty.", place, subject, "Write '1' where there is none."))
    try:
        return canonical_unit(text)
    except UnitError as error:
        remedy = (
            error.remedy or "Write units such as FLOP, token, parameter, hour, USD/hour, token**2, or '1' for none."
        )
        raise FlopsheetError(Problem(str(error), place, subject, remedy)) from None


class _Refused(ValueError):  # noqa: N818 - never leaves this module
    """A text that is no number that the key takes."""

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(message)
        self.remedy = remedy


def _parse(text: str, unit: str | None, *, positive: bool) -> Quantity:
    """The number in a unit; see parse_quantity."""
    match = _NUMBER.fullmatch(text)
    if match is None:
        raise _no_number(text, unit)
    digits, suffix, rest = match["number"], match["suffix"], match["unit"]
    if len(digits) > MAX_DIGITS:
        message = f"a number may have at most {MAX_DIGITS} characters, this one has {len(digits)}."
        raise _Refused(message, "Write it with an exponent, such as 1e22.")
    if rest and not re.match(r"[A-Za-z%1]", rest):
        raise _no_number(text, unit)
    if suffix is None and rest in {"k", "m", "b", "t"}:
        message = f"the suffix `{rest}` is not known."
        raise _Refused(message, f"Suffixes are K, M, B and T: write `{digits}{rest.upper()}`.")
    scale, found = _scale(rest, unit, text)
    number = Decimal(digits.replace("_", "")) if _exponent_fits(digits) else None
    return Quantity(_nearest(number, digits, scale * _SUFFIXES.get(suffix, 1), text, positive=positive), found)


def _scale(rest: str, unit: str | None, text: str) -> tuple[Fraction, str]:
    """What to multiply with, and the unit reached, for the unit written behind a number."""
    if rest == "%":
        if unit is not None and dimension_of(unit):
            message = f"`{_shortened(text)}` is a share, but this key takes an amount in {unit}."
            raise _Refused(message, _accepted(unit))
        return Fraction(1, 100), unit or "1"
    if not rest:
        return Fraction(1), unit or "1"
    dimension = dimension_of(rest)
    if unit is None:
        return exact_factor(rest), base_unit(rest)
    if dimension != dimension_of(unit):
        what = f"an amount in {base_unit(rest)}" if dimension else "a number without unit"
        message = f"`{_shortened(text)}` is {what}, but this key takes {_named(unit)}."
        raise _Refused(message, _accepted(unit))
    return exact_factor(rest) / exact_factor(unit), unit


def _exponent_fits(digits: str) -> bool:
    """Whether the exponent as written is short enough to work with exactly."""
    exponent = re.split("[eE]", digits)[1:] or ["0"]
    return len(exponent[0].lstrip("+-0")) <= 3 and abs(int(exponent[0])) <= _MAX_EXPONENT


def _nearest(number: Decimal | None, digits: str, scale: Fraction, text: str, *, positive: bool) -> float:
    """The double nearest to number times scale, checked against the rule of the key."""
    negative = digits.startswith("-")
    is_zero = not re.search("[1-9]", re.split("[eE]", digits)[0])
    if positive and (negative or is_zero):
        message = f"must be greater than 0, but is `{_shortened(text)}`."
        raise _Refused(message, "Write a positive number.")
    if is_zero:
        return 0.0
    try:
        value = math.inf if number is None else float(Fraction(number) * scale)
    except OverflowError:
        value = math.inf
    if not math.isfinite(value) or value == 0:
        message = f"`{_shortened(text)}` is beyond the numbers a computer can hold (about 1e-307 to 1e308)."
        raise _Refused(message, "Write a number of a size that can occur.")
    return value


def _no_number(text: str, unit: str | None) -> _Refused:
    """Why a text is not a number, as exactly as can be said."""
    accepted = _accepted(unit)
    shown = _shortened(text)
    if not text:
        return _Refused("must be a number, but is empty.", accepted)
    if text.lower() in _BOOLEANS:
        return _Refused(f"must be a number, but is the truth value `{shown}`.", accepted)
    match = _NOT_FINITE.match(text)
    if match:
        kind = "not a number (NaN)" if match["kind"].lower() == "nan" else "infinite"
        return _Refused(f"must be a finite number, but `{shown}` is {kind}.", accepted)
    return _Refused(f"must be a number, but is `{shown}`.", accepted)


def _shortened(text: str) -> str:
    """A text that fits into a message."""
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}..."


def _named(unit: str) -> str:
    """A unit in a sentence."""
    return "a number without unit" if unit == "1" else f"an amount in {unit}"


def _accepted(unit: str | None) -> str:
    """What a key takes, as a remedy."""
    example = "Write a number such as 1e22, 1_000, 10B or 10 B (suffixes K, M, B, T)"
    if unit is None:
        return f"{example}, with or without a unit."
    if not dimension_of(unit):
        return f"{example} or 40 %, without a unit."
    names = ", ".join(units_of_dimension(unit))
    return f"{example}, alone or with a unit: {names}."
