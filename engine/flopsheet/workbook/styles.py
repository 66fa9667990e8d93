"""How a workbook looks: cell styles, number formats by unit and magnitude, widths of text."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from openpyxl.styles import Alignment, Border, Font, NamedStyle, PatternFill, Protection, Side

from flopsheet.workbook.units import UNIT_STYLE

StyleName = Literal[
    "title", "subtitle", "status", "link", "section", "header", "header_right", "header_unit", "header_center",
    "label", "symbol", "code", "note", "unit", "input", "choice", "blank", "formula", "result", "constant", "text",
    "check", "flag", "equation", "relation", "words", "choice_shown", "key_input", "key_check",
]  # fmt: skip

FONT = "Calibri"
"""On every machine with Excel; Carlito stands in for it elsewhere, and both leave Chinese to the system's own font."""

INPUT_COLOUR = "FF0000FF"
INPUT_FILL = "FFFFFBE0"
PASS_FILL, PASS_COLOUR = "FFE2F0D9", "FF2F6B1F"
FAIL_FILL, FAIL_COLOUR = "FFF8D7DA", "FF9C0006"

_INK, _ACCENT, _GREY, _LINK = "FF000000", "FF1F3864", "FF5F6B7A", "FF0B5CAD"
_HEADER_FILL, _RESULT_FILL, _RULE = "FFDCE6F2", "FFF1F5FA", "FFBFC9D6"

LINE_HEIGHT = 15.0
"""Points that each further line of text adds to a row."""

ROW_HEIGHT = 18.0
"""Points of a row of one line."""


@dataclass(frozen=True)
class _Look:
    """What sets a style apart from plain black text on white."""

    size: int = 11
    bold: bool = False
    italic: bool = False
    underline: bool = False
    colour: str = _INK
    fill: str | None = None
    align: str = "left"
    wrap: bool = False
    boxed: bool = False
    ruled: bool = False  # a line below
    indent: int = 0
    locked: bool = True
    shrink: bool = False  # smaller letters where the column is too narrow
    parted: bool = False  # a white line on the left, apart from the text in the next column


_LOOKS: Mapping[StyleName, _Look] = MappingProxyType(
    {
        "title": _Look(size=18, bold=True, colour=_ACCENT),
        "subtitle": _Look(colour=_GREY),
        "status": _Look(bold=True),
        "link": _Look(colour=_LINK, underline=True),
        "section": _Look(size=13, bold=True, colour=_ACCENT),
        "header": _Look(bold=True, colour=_ACCENT, fill=_HEADER_FILL, wrap=True, ruled=True),
        "header_right": _Look(
            bold=True, colour=_ACCENT, fill=_HEADER_FILL, align="right", wrap=True, ruled=True, parted=True
        ),
        "header_unit": _Look(bold=True, colour=_ACCENT, fill=_HEADER_FILL, wrap=True, ruled=True, indent=1),
        "header_center": _Look(bold=True, colour=_ACCENT, fill=_HEADER_FILL, align="center", wrap=True, ruled=True),
        "label": _Look(wrap=True),
        "symbol": _Look(italic=True, shrink=True),
        "equation": _Look(wrap=True),
        "relation": _Look(align="center"),
        "code": _Look(size=10, colour=_GREY, wrap=True),
        "note": _Look(size=10, colour=_GREY, wrap=True, indent=1),
        "unit": _Look(size=10, colour=_GREY, indent=1),
        "input": _Look(colour=INPUT_COLOUR, fill=INPUT_FILL, align="right", boxed=True, locked=False),
        "choice": _Look(colour=INPUT_COLOUR, fill=INPUT_FILL, wrap=True, boxed=True, locked=False),
        "choice_shown": _Look(bold=True, fill=_RESULT_FILL, wrap=True, ruled=True),
        "key_input": _Look(colour=INPUT_COLOUR, fill=INPUT_FILL, boxed=True),
        "key_check": _Look(bold=True, colour=PASS_COLOUR, fill=PASS_FILL),
        "blank": _Look(colour=INPUT_COLOUR, fill=INPUT_FILL, align="right", boxed=True, locked=False),
        "formula": _Look(align="right"),
        "result": _Look(bold=True, fill=_RESULT_FILL, align="right", ruled=True, parted=True),
        "constant": _Look(align="right"),
        "text": _Look(align="right"),
        "check": _Look(bold=True, align="center"),
        "flag": _Look(align="center"),
        "words": _Look(size=10, fill=_RESULT_FILL, align="right", wrap=True, ruled=True, parted=True),
    }
)

WRAPPED = frozenset(name for name, look in _LOOKS.items() if look.wrap)
"""Styles whose text breaks into lines; the others stay on one."""

HEADER_STYLES: frozenset[StyleName] = frozenset({"title", "subtitle", "status", "link"})
"""What the header of every sheet is written in."""

OVERFLOWING: frozenset[StyleName] = frozenset({"title", "subtitle", "status", "section", "link"})
"""Styles whose text may run over the empty cells to the right: they do not widen a column."""


def named_style(name: StyleName) -> NamedStyle:
    """The cell style of that name, as `flopsheet <name>` in the workbook's style list."""
    look = _LOOKS[name]
    side = Side(style="thin", color=_RULE)
    if look.boxed:
        border = Border(left=side, right=side, top=side, bottom=side)
    else:
        white = Side(style="thick", color="FFFFFFFF")
        border = Border(bottom=side if look.ruled else None, left=white if look.parted else None)
    return NamedStyle(
        name=style_title(name),
        font=Font(
            name=FONT,
            size=look.size,
            bold=look.bold,
            italic=look.italic,
            underline="single" if look.underline else None,
            color=look.colour,
        ),
        fill=PatternFill("solid", start_color=look.fill) if look.fill else PatternFill(),
        border=border,
        alignment=Alignment(
            horizontal=look.align,
            vertical="center",
            wrap_text=look.wrap,
            indent=look.indent,
            shrink_to_fit=look.shrink,
        ),
        protection=Protection(locked=look.locked),
    )


def style_title(name: StyleName) -> str:
    """How a style is called in the workbook."""
    return UNIT_STYLE if name == "unit" else f"flopsheet {name}"


_LARGE_COUNT = '[>=999500000000]0.00,,,,"T";[>=999500000]0.00,,,"B";0.00,,"M"'
_SMALL_COUNT = '[>=999500000]0.00,,,"B";[>=999500]0.00,,"M";#,##0.##'
_SIGNED_TRILLIONS = '+0.00,,,,"T";-0.00,,,,"T";0'
_SIGNED_BILLIONS = '+0.00,,,"B";-0.00,,,"B";0'
_SIGNED_MILLIONS = '+0.000,,"M";-0.000,,"M";0'
_BEYOND_TRILLIONS, _TRILLION, _BILLION, _MILLION = 1e17, 1e12, 1e9, 1e6
_SMALLEST_PLAIN, _HUNDRED, _LARGEST_PLAIN = 1e-3, 100.0, 1e6
_LARGEST_PERCENTAGE = 1e4

_WIDE, _NARROW = 2.1, 0.95

_FIXED_FORMATS: Mapping[str, str] = MappingProxyType(
    {
        "FLOP": "0.00E+00",
        "nats/token": "0.0000",
        "nats/token per 1 %": "0.000000",
        "%": "0.0%",
        "USD": "#,##0",
        "hour": "#,##0.0",
        "day": "#,##0.0",
        "token/parameter": "#,##0.0",
    }
)
_COUNTED = frozenset({"token", "parameter"})


def number_format(unit: str, size: float | None = None, *, signed: bool = False) -> str:
    """The format for a number in a unit, `size` being about how large it is. Never General.

    A format has room for two conditions and an else, and conditions swallow a minus sign: differences ask for
    `signed`. FLOP stay scientific, losses have four decimals, counts read as M, B and T.
    """
    size = abs(size) if size is not None else None
    if unit in _COUNTED:
        if size is not None and size >= _BEYOND_TRILLIONS:
            return "0.00E+00"  # a limit beyond reach would not fit its column
        if signed:
            return _signed_count(size)
        return _LARGE_COUNT if size is None or size >= _MILLION else _SMALL_COUNT
    plain = _FIXED_FORMATS.get(unit) or _ratio_format(size)
    return f"+{plain};-{plain};{plain}" if signed else plain


def typed_format(unit: str, value: float | None) -> str:
    """The format of a number that somebody types: it shows every digit of it, and counts still read as M, B and T."""
    if unit in _COUNTED:
        return number_format(unit, value)
    if unit == "FLOP":
        return "0.00####E+00"
    size = abs(value) if value else 1.0
    return "0.0########" if _SMALLEST_PLAIN <= size < _LARGEST_PLAIN else "0.0########E+00"


def change_format(size: float) -> str:
    """The format of a change relative to something, as a percentage or, when that is too long, as it is."""
    plain = "#,##0.0%" if size < _LARGEST_PERCENTAGE else "0.0E+00"
    return f"+{plain};-{plain};{plain}"


def _signed_count(size: float | None) -> str:
    """The format of a difference of counts."""
    if size is None or size >= _BILLION:
        return _SIGNED_BILLIONS if size is None or size < _TRILLION else _SIGNED_TRILLIONS
    return _SIGNED_MILLIONS


def _ratio_format(size: float | None) -> str:
    """The format of a number without one of its own: four decimals, one for hundreds, or scientific."""
    if size is None or size == 0 or _SMALLEST_PLAIN <= size < _HUNDRED:
        return "0.0000"
    return "#,##0.0" if _HUNDRED <= size < _LARGEST_PLAIN else "0.000E+00"


def text_width(text: str, style: StyleName = "label") -> float:
    """Columns that the longest line of a text takes. A column is as wide as a digit of the base font."""
    look = _LOOKS[style]
    longest = max((sum(_character_width(character) for character in line) for line in text.splitlines()), default=0.0)
    return longest * look.size / _Look.size + 2 * look.indent


def _character_width(character: str) -> float:
    """Columns of one character: a letter is narrower than a digit on average, Chinese twice as wide."""
    if unicodedata.combining(character):
        return 0.0
    return _WIDE if unicodedata.east_asian_width(character) in {"W", "F"} else _NARROW
