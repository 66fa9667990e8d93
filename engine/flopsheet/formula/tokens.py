"""Formula text to tokens: what the language has no place for is refused here, with its column."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from flopsheet.errors import FlopsheetError, Problem
from flopsheet.formula.text import FormulaText

MAX_CHARACTERS = 4_000

Kind = Literal["number", "name", "operator", "end"]

_TOKEN = re.compile(
    r"""
      (?P<space>\s+)
    | (?P<foreign>[A-Za-z0-9_]*[^\W\x00-\x7f]\w*)      # a word with a character outside ASCII
    | (?P<number>\.?\d(?:[eE][+-](?=\d)|[\w.])*)         # with what is glued to it, which is refused later
    | (?P<name>[A-Za-z_]\w*)
    | (?P<string>'[^']*'?|"[^"]*"?)
    | (?P<operator>\*\*|<=|>=|==|!=|/(?!/)|[-+*(),]|<(?!>)|>)
    | (?P<other>//|:=|&&|\|\||<>|.)
    """,
    re.VERBOSE | re.DOTALL,
)
_NUMBER = re.compile(r"(?:(?:0|[1-9](?:_?\d)*)(?:\.(?:\d(?:_?\d)*)?)?|\.\d(?:_?\d)*)(?:[eE][+-]?\d+)?", re.ASCII)
JOIN = "Conditions are joined as and(a < b, c < d), or(a < b, c < d), not(a < b)."
_REFUSED = {
    "^": ("`^` is not an operator of formulas.", "For a power use **."),
    "%": ("`%` is not an operator of formulas.", "Write a percentage as a number, 0.05 for 5 %."),
    "=": ("`=` is not a comparison.", "To compare write ==."),
    "<>": ("`<>` is not a comparison.", "Write != for unequal."),
    "//": ("`//` is not an operator of formulas.", "Write floor(a / b)."),
    "!": ("`!` is not an operator of formulas.", "Write != for unequal."),
    ".": ("a name has no attributes, and a lone `.` is no number.", "Names are letters, digits and _."),
    "&&": ("`&&` is not an operator of formulas.", JOIN),
    "||": ("`||` is not an operator of formulas.", JOIN),
    "\u2212": ("`\u2212` (U+2212) is not the minus sign of formulas.", "Write -."),
    "\u00d7": ("`\u00d7` is not an operator of formulas.", "Write *."),
    "\u00b7": ("`\u00b7` is not an operator of formulas.", "Write *."),
    "\u00f7": ("`\u00f7` is not an operator of formulas.", "Write /."),
    "\u2264": ("`\u2264` is not a comparison.", "Write <=."),
    "\u2265": ("`\u2265` is not a comparison.", "Write >=."),
}


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of a formula; `column` counts characters from 0. The last token is an empty one of kind "end"."""

    kind: Kind
    text: str
    column: int


def locate(formula: FormulaText, subject: str, message: str, remedy: str, spot: tuple[int, int]) -> Problem:
    """A problem at (column from 0, length) of a formula.

    Folded and quoted YAML text has other columns than its line. Where the line does not show the same
    characters there, the problem points at the start of the formula.
    """
    column, length = spot
    place = formula.place
    start = place.column - 1 + column
    here = place.text[start : start + length] == formula.text[column : column + length]
    if here or not place.text:
        place = place.shifted(column, max(1, length))
    return Problem(message, place, subject, remedy)


def shorten(text: str, limit: int = 40) -> str:
    """The text on one line, with its end cut off where it is longer than a message should quote."""
    text = " ".join(text.split())
    return text if len(text) <= limit else f"{text[: limit - 3]}..."


def scan(formula: FormulaText, subject: str) -> tuple[Token, ...]:
    """The tokens of a formula. Raises FlopsheetError with every piece that is none, also when too long or empty."""
    text = formula.text
    if len(text) > MAX_CHARACTERS:
        message = f"the formula has {len(text):,} characters; at most {MAX_CHARACTERS:,} are allowed."
        remedy = "Split it into several cells or `where` formulas."
        raise FlopsheetError(Problem(message, formula.place, subject, remedy))
    if not text.strip():
        message, remedy = "the formula is empty.", "Write an expression, or remove the key."
        raise FlopsheetError(Problem(message, formula.place, subject, remedy))
    problems: list[Problem] = []
    tokens: list[Token] = []
    for match in _TOKEN.finditer(text):
        kind, piece = match.lastgroup or "other", match.group()
        complaint = _complaint(kind, piece)
        if complaint:
            problems.append(locate(formula, subject, *complaint, (match.start(), len(piece))))
        elif kind != "space":
            tokens.append(Token(kind, piece, match.start()))  # type: ignore[arg-type]
    if problems:
        raise FlopsheetError(*problems)
    tokens.append(Token("end", "", len(text.rstrip())))
    return tuple(tokens)


def _complaint(kind: str, piece: str) -> tuple[str, str] | None:
    """Message and remedy for a piece that is no token of the language, else None."""
    if kind == "foreign":
        return f"`{shorten(piece)}` has characters outside ASCII.", "Names and numbers are ASCII: letters, digits, _."
    if kind == "string":
        return f"text such as {shorten(piece)} has no place in a formula.", "Formulas take numbers and names."
    if kind == "number" and not _NUMBER.fullmatch(piece):
        remedy = "Write numbers as 12, 0.34, 1e22 or 1_000 (10e9 for 10 B), and * between a number and a name."
        return f"`{shorten(piece)}` is not a number.", remedy
    if kind == "other":
        shown = piece if piece.isprintable() else f"U+{ord(piece):04X}"
        remedy = "It has numbers, names, + - * / ** ( ) , and comparisons."
        return _REFUSED.get(piece, (f"`{shown}` is not part of the formula language.", remedy))
    return None
