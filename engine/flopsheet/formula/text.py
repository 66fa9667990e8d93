"""A formula as its author wrote it, before anything is parsed; light, so that reading plans stays fast."""

from __future__ import annotations

from dataclasses import dataclass

from flopsheet.errors import Place


@dataclass(frozen=True, slots=True)
class FormulaText:
    """A formula as written, with the place where its first character stands."""

    text: str
    place: Place
