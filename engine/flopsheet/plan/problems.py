"""A collector of problems, so that a file's faults are all told at once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from flopsheet.errors import FlopsheetError, Problem

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flopsheet.errors import Place


@dataclass(slots=True)
class Problems:
    """Problems in the order found, each once.

    `unclear` holds the dotted keys of mappings with a key that was refused: what seems to be missing
    there may stand under a wrong name, and is better not complained about. `misspelled` are those of them whose
    refused key is one that nobody knows.
    """

    found: list[Problem] = field(default_factory=list)
    unclear: set[str] = field(default_factory=set)
    misspelled: set[str] = field(default_factory=set)
    _known: set[Problem] = field(default_factory=set)

    def add(self, message: str, place: Place | None, subject: str = "", remedy: str = "") -> None:
        """Note a problem, unless the very same is noted already."""
        self.extend((Problem(message, place, subject, remedy),))

    def extend(self, problems: Iterable[Problem]) -> None:
        """Note several problems."""
        for problem in problems:
            if problem not in self._known:
                self._known.add(problem)
                self.found.append(problem)

    def extend_by_others(self, problems: Iterable[Problem]) -> None:
        """Note what another check found, which may call the same fault of the same place by another key."""
        told = {(problem.place, problem.message) for problem in self.found if problem.place is not None}
        self.extend(problem for problem in problems if (problem.place, problem.message) not in told)

    def raise_any(self) -> None:
        """Raise all that was noted, sorted by place; do nothing when there is none."""
        if self.found:
            raise FlopsheetError(*sorted(self.found, key=_position))


def _position(problem: Problem) -> tuple[str, int, int]:
    """Where a problem stands, for sorting."""
    place = problem.place
    return (place.file, place.line, place.column) if place else ("", 0, 0)
