"""Circles among formulas that read each other, each told once with the place of every formula in it."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Mapping, Sequence

from flopsheet.errors import Place, Problem


def find_circles(reads: Mapping[str, Collection[str]]) -> list[list[str]]:
    """A shortest circle through the first name of each knot, as a chain that ends where it begins.

    A knot is a group of names each of which reads every other, directly or not. Names that nothing is said of read
    nothing.
    """
    circles: list[list[str]] = []
    told: set[str] = set()
    for name in reads:
        if name in told:
            continue
        reached = _reach(reads, name)
        if name in reached:
            circles.append(_walk_back(reached, name))
            told |= {other for other in reached if name in _reach(reads, other)}
    return circles


def _reach(reads: Mapping[str, Collection[str]], start: str) -> dict[str, str]:
    """Every name that a name reads, directly or not, with the one that reads it on a shortest way."""
    reader: dict[str, str] = {}
    waiting = deque([start])
    while waiting:
        name = waiting.popleft()
        for read in sorted(reads.get(name, ())):
            if read not in reader:
                reader[read] = name
                waiting.append(read)
    return reader


def _walk_back(reader: Mapping[str, str], start: str) -> list[str]:
    """The circle through a name: it, what it reads, and so on back to it."""
    chain = [start]
    name = reader[start]
    while name != start:
        chain.append(name)
        name = reader[name]
    return [start, *reversed(chain[1:]), start]


def tell_circle(chain: Sequence[str], places: Mapping[str, Place | None], section: str) -> Problem:
    """The problem of a circle: at its first formula, with the places of the others.

    Args:
        chain: The names, the first one again at the end.
        places: Where each stands.
        section: The key under which they stand, such as `cells`.
    """
    first, *others = chain[:-1]
    told = [f"`{name}` ({at.file}:{at.line}:{at.column})" for name in others if (at := places.get(name)) is not None]
    remedy = f"Break the circle here or at {' or '.join(told)}." if told else "Break the circle."
    message = f"formulas read each other in a circle: {' -> '.join(chain)}"
    return Problem(message, places.get(first), f"{section}.{first}", remedy)
