"""Numbers as text: at most 6 significant digits, and the same text on every machine.

The last bit of a double differs between machines (exp and log on AVX2 and AVX-512). Plain rounding
turns that bit into a visible digit whenever a value sits on a rounding boundary, and tidy values do
(2.5, 0.125, 1.00005). So a value is first moved away from zero by 1e-12 of itself and then rounded
half up: everything within 1e-12 of a boundary goes up, and the boundary itself moves to where no
tidy value stands.
"""

from __future__ import annotations

import math
from decimal import ROUND_HALF_UP, Context, Decimal, localcontext
from typing import Final, Literal

from flopsheet.messages import load_catalogue

Style = Literal["plain", "markdown", "latex"]

MAX_DIGITS: Final = 6
DASH: Final = "–"
_NUDGE: Final = Decimal(1) + Decimal("1e-12")
_EXACT: Final = Context(prec=60, rounding=ROUND_HALF_UP)

#: Units whose large amounts are read as 5.16 B; the powers of ten of the suffixes, which are those of plan files.
_COUNTED: Final = frozenset({"parameter", "token", "USD", "hour", "kWh", "accelerator", "day"})
_SUFFIXES: Final = ((12, "T"), (9, "B"), (6, "M"), (3, "K"))
_SUFFIX_LIMIT: Final = 18
#: Units of amounts that span many decades and are always written with an exponent.
_EXPONENT_ONLY: Final = frozenset({"FLOP", "FLOP/s"})
#: Units whose trailing zeros say how exactly a value is known.
_KEEP_ZEROS: Final = frozenset({"nats/token"})
_FIXED_FROM: Final = -4
_FIXED_BELOW: Final = 6
_LEAST_DECIMALS: Final = 2

_SUPERSCRIPT: Final = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def round_significant(value: float, digits: int) -> Decimal:
    """`value` with `digits` significant digits, ties and anything within 1e-12 of one away from zero."""
    if value == 0:
        return Decimal(0)
    with localcontext(_EXACT):
        nudged = Decimal(value) * _NUDGE
        rounded = nudged.quantize(Decimal(1).scaleb(nudged.adjusted() - digits + 1))
        # 9.996 with 3 digits becomes 10.00: one digit too many.
        if rounded.adjusted() > nudged.adjusted():
            rounded = rounded.quantize(Decimal(1).scaleb(rounded.adjusted() - digits + 1))
        return rounded


def render_number(
    value: float | str | None,
    unit: str | None = None,
    *,
    digits: int = 4,
    language: str = "en",
    style: Style = "plain",
) -> str:
    """A number in the form that its unit asks for, without the unit's name.

    Parameters, tokens, money and hours read `5.16 B` (with the suffixes of plan files, in every
    language), FLOP `1.00e22` (Markdown 1.00 × 10²²), a `%` is given as a fraction and reads `40 %`.
    None reads as a dash, infinity as ∞. LaTeX has no suffixes: a formula is in base units.

    Args:
        value: The number in base units; None where there is none; "infinity" as in the JSON results.
        unit: The base unit that decides the form, or None or "1" for a bare number.
        digits: Significant digits, cut off at 6, which is what survives a change of machine.
        language: The document's language (it decides the space before a percent sign).
        style: Where the text will stand.
    """
    if value is None:
        return DASH
    number = float(value)  # float() reads "infinity" too
    if math.isnan(number):
        return DASH
    if math.isinf(number):
        return _signed(r"\infty" if style == "latex" else "∞", negative=number < 0, style=style)
    scale = 100 if unit == "%" else 1
    rounded = round_significant(number * scale, max(1, min(digits, MAX_DIGITS)))
    text = _magnitude(abs(rounded), unit, style)
    if unit == "%":
        text += r"\,\%" if style == "latex" else load_catalogue(language)["number.percent"]
    return _signed(text, negative=rounded < 0, style=style)


def render_quantity(
    value: float | str | None,
    unit: str | None,
    *,
    digits: int = 4,
    language: str = "en",
    style: Style = "plain",
) -> str:
    """A number with the name of its unit: `5.16 B parameters`, `1.00e22 FLOP`; the number alone without a unit."""
    number = render_number(value, unit, digits=digits, language=language, style=style)
    if value is None or unit in (None, "1", "%"):
        return number
    name = render_unit(str(unit), language)
    return rf"{number}\ \text{{{name}}}" if style == "latex" else f"{number} {name}"


def render_unit(unit: str, language: str = "en") -> str:
    """The name of a unit in a language: catalogue key `unit.<unit>`, else the unit as it is written."""
    return load_catalogue(language).get(f"unit.{unit}", unit)


def _magnitude(rounded: Decimal, unit: str | None, style: Style) -> str:
    """A rounded amount without sign: with a suffix, an exponent, or as a plain decimal."""
    keep_zeros = unit in _KEEP_ZEROS
    if rounded == 0:
        return "0"
    exponent = rounded.adjusted()
    if style != "latex" and unit in _COUNTED and exponent < _SUFFIX_LIMIT:
        for power, suffix in _SUFFIXES:
            if exponent >= power:
                return f"{_fixed(rounded.scaleb(-power), keep_zeros=False)} {suffix}"
    if unit in _EXPONENT_ONLY or not _FIXED_FROM <= exponent < _FIXED_BELOW:
        return _scientific(rounded, style)
    return _fixed(rounded, keep_zeros=keep_zeros, separator="{,}" if style == "latex" else ",")


def _fixed(amount: Decimal, *, keep_zeros: bool, separator: str = ",") -> str:
    """A decimal with thousands separators, without exponent."""
    text = f"{amount:,f}"
    if "." in text and not keep_zeros:
        text = text.rstrip("0").rstrip(".")
    return text.replace(",", separator)


def _scientific(rounded: Decimal, style: Style) -> str:
    """A mantissa with at least two decimals (where there are that many digits) and a power of ten."""
    exponent = rounded.adjusted()
    mantissa = f"{rounded.scaleb(-exponent):f}"
    if "." in mantissa:
        whole, decimals = mantissa.split(".")
        kept = decimals.rstrip("0").ljust(min(len(decimals), _LEAST_DECIMALS), "0")
        mantissa = f"{whole}.{kept}" if kept else whole
    if mantissa == "1" and style == "markdown":
        return f"10{str(exponent).translate(_SUPERSCRIPT)}"  # one digit asked for: a bare power of ten
    if style == "latex":
        return rf"{mantissa} \times 10^{{{exponent}}}"
    if style == "markdown":
        return f"{mantissa} × 10{str(exponent).translate(_SUPERSCRIPT)}"
    return f"{mantissa}e{exponent}"


def _signed(text: str, *, negative: bool, style: Style) -> str:
    """The text with a minus sign where the number is negative; zero never has one."""
    if not negative:
        return text
    return f"−{text}" if style == "markdown" else f"-{text}"
