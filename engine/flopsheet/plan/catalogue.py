"""Accelerators by name, from the shipped catalogue."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

from flopsheet.errors import FlopsheetError, Place, Problem
from flopsheet.plan.accelerators import Accelerator, parse_accelerators
from flopsheet.plan.source import load_source

_FILE = Path(__file__).parents[1] / "hardware" / "accelerators.yaml"


@cache
def load_accelerators() -> Mapping[str, Accelerator]:
    """Every accelerator by name, in the order of the catalogue."""
    return MappingProxyType(parse_accelerators(load_source(_FILE, _FILE.parents[1])))


def find_accelerator(name: str, *, place: Place | None = None, subject: str = "accelerator") -> Accelerator:
    """The accelerator of that name, as it is spelled in the catalogue.

    Raises:
        FlopsheetError: there is none; the message suggests the closest, whatever its capitals.
    """
    known = load_accelerators()
    if name in known:
        return known[name]
    close = _closest(name)
    hint = f"Did you mean `{close}`? " if close else ""
    remedy = f"{hint}Known here: {', '.join(known)}."
    raise FlopsheetError(Problem(f"unknown accelerator `{name}`.", place, subject, remedy))


def _closest(name: str) -> str | None:
    """The accelerator whose name is spelled most like a text, whatever its capitals; None where none is close."""
    spelled = {known.lower(): known for known in load_accelerators()}
    close = difflib.get_close_matches(name.lower(), spelled, n=1, cutoff=0.6)
    return spelled[close[0]] if close else None
