"""How wide a text is, estimated without a font: charts must look the same whatever fonts a reader has."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

#: Widths in em, the larger of Arial and DejaVu Sans: better a gap than an overlap.
_CLASSES: Final = (
    ("ijl|.,:;'!` ", 0.32),
    ('frtI()[]{}/\\-"·', 0.42),
    ("mwMW%@—→", 0.95),
    ("ABCDEFGHKNOPQRSUVXYZ&", 0.73),
    ("0123456789$+=<>~×−", 0.62),
    ("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", 0.42),
)
_WIDTHS: Final = {character: width for characters, width in _CLASSES for character in characters}
_OTHER: Final = 0.6
_WIDE: Final = 1.0
_ELLIPSIS: Final = "…"


@lru_cache(maxsize=4096)
def text_width(text: str, size: float) -> float:
    """The width of a text in the unit of its font size; East Asian characters are one em."""
    return size * sum(_character_width(character) for character in text)


def shorten(text: str, size: float, limit: float) -> str:
    """The text, cut with an ellipsis where it is wider than the limit."""
    if text_width(text, size) <= limit:
        return text
    kept = text
    while kept and text_width(kept + _ELLIPSIS, size) > limit:
        kept = kept[:-1]
    return kept.rstrip() + _ELLIPSIS


def wrap(text: str, size: float, limit: float, *, lines: int) -> Sequence[str]:
    """The text on at most so many lines, broken at blanks and between East Asian characters."""
    wrapped: list[str] = []
    current = ""
    for piece in _pieces(text):
        joined = current + piece
        if current and text_width(joined.rstrip(), size) > limit and len(wrapped) + 1 < lines:
            wrapped.append(current.strip())
            current = piece.lstrip()
        else:
            current = joined
    wrapped.append(current.strip())
    return [shorten(line, size, limit) for line in wrapped]


def _pieces(text: str) -> Sequence[str]:
    """The stretches of a text that a line break must not part."""
    pieces: list[str] = []
    for character in text:
        breakable = not pieces or character == " " or pieces[-1].endswith(" ") or _is_wide(character)
        closing = character in "，。、；：）》”" and bool(pieces)
        if breakable and not closing:
            pieces.append(character)
        else:
            pieces[-1] += character
    return pieces


def _character_width(character: str) -> float:
    """One character's width in em; marks that combine take none."""
    if unicodedata.combining(character):
        return 0.0
    return _WIDE if _is_wide(character) else _WIDTHS.get(character, _OTHER)


def _is_wide(character: str) -> bool:
    return unicodedata.east_asian_width(character) in {"W", "F"}
