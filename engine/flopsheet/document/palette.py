"""Colours of charts: distinct for colour-blind readers, and readable as text on light and dark ground."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Colour:
    """One colour in both themes, as `#rrggbb`."""

    light: str
    dark: str


#: After Okabe and Ito (2008), darkened or lightened until each has a contrast of 4.5 to its ground.
CATEGORIES: Final = (
    Colour("#0067a5", "#5cacee"),
    Colour("#b94700", "#ff9a55"),
    Colour("#00755a", "#3ccb9f"),
    Colour("#8b3f8f", "#d99ae0"),
    Colour("#7a5c00", "#e3bf45"),
    Colour("#3d5a6c", "#a9c4d4"),
)
#: From small to large: hue and lightness both change, so the order shows without colour too.
_RAMP: Final = (
    Colour("#1b7f79", "#2f9c93"),
    Colour("#1d74a5", "#45aee0"),
    Colour("#3f5fb5", "#8db4ff"),
    Colour("#5d45a8", "#bda9ff"),
    Colour("#6a1f7d", "#e6b8ff"),
)
INK: Final = Colour("#1f2328", "#e6edf3")
THEME: Final = {
    "ground": Colour("#ffffff", "#0d1117"),
    "ink": INK,
    "muted": Colour("#59636e", "#9198a1"),
    "grid": Colour("#dfe3e8", "#2a313a"),
    "minor": Colour("#eef0f3", "#1b2129"),
    "frame": Colour("#8c959f", "#6e7681"),
}


def ramp(count: int) -> Sequence[Colour]:
    """So many colours in order, evenly from the small end to the large one."""
    if count == 1:
        return [_RAMP[2]]
    return [_between(index * (len(_RAMP) - 1) / (count - 1)) for index in range(count)]


def _between(position: float) -> Colour:
    """The colour at a position of the ramp, mixed from its neighbours."""
    first = min(int(position), len(_RAMP) - 2)
    share = position - first
    low, high = _RAMP[first], _RAMP[first + 1]
    return Colour(_mix(low.light, high.light, share), _mix(low.dark, high.dark, share))


def _mix(one: str, other: str, share: float) -> str:
    channels = (round(int(one[i : i + 2], 16) * (1 - share) + int(other[i : i + 2], 16) * share) for i in (1, 3, 5))
    return "#" + "".join(f"{channel:02x}" for channel in channels)
