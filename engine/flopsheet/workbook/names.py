"""Which Excel name stands for which cell: one map, legal and unique in every spreadsheet program."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from flopsheet.errors import FlopsheetError, Problem

Role = Literal["input", "constant", "current", "check", "result"]

PREFIXES: Mapping[Role, str] = MappingProxyType(
    {"input": "in_", "constant": "law_", "current": "c_", "check": "chk_", "result": ""}
)
"""What a name begins with. Results and the reader's own cells keep their identifier."""

LONGEST_NAME = 255
"""Characters Excel allows in a defined name."""

_MOST_SUFFIXES = 3
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# One to three letters and digits read as a cell (H100, TPU4, lr1); columns end at XFD, but a program with more
# columns or fewer rows would read the rest differently, so the whole family is refused.
_CELL_LIKE = re.compile(r"[A-Za-z]{1,3}[0-9]+")
# R, C, RC, R1, C2, R1C1: cells in the other reference style, whatever their case.
_ROW_COLUMN_LIKE = re.compile(r"(?:[Rr][0-9]*)?(?:[Cc][0-9]*)?")
_RESERVED_PREFIX = ("_xl",)  # Excel's own: _xlnm (print areas) and _xlfn (later functions)


def is_legal_name(text: str) -> bool:
    """Whether every spreadsheet program takes `text` as the name of a cell, and as nothing else."""
    return (
        len(text) <= LONGEST_NAME
        and _IDENTIFIER.fullmatch(text) is not None
        and _CELL_LIKE.fullmatch(text) is None
        and _ROW_COLUMN_LIKE.fullmatch(text) is None
        and text.upper() not in {"TRUE", "FALSE"}
        and not text.lower().startswith(_RESERVED_PREFIX)
    )


@dataclass(frozen=True)
class NameMap:
    """The name of each (role, cell id). Built by `map_names`, which guarantees legal and unique names."""

    names: Mapping[tuple[Role, str], str] = field(default_factory=dict)

    def name(self, role: Role, cell_id: str) -> str:
        """The Excel name of a cell in a role. A cell that was not mapped is a programming error (KeyError)."""
        return self.names[role, cell_id]

    def __contains__(self, key: tuple[Role, str]) -> bool:
        """Whether a (role, cell id) has a name."""
        return key in self.names

    def __iter__(self) -> Iterator[tuple[Role, str]]:
        """The (role, cell id) pairs, in the order in which they were mapped."""
        return iter(self.names)


def map_names(cells: Iterable[tuple[Role, str]]) -> NameMap:
    """The map of all cells of a workbook: each its role's prefix and its id, with `_` appended where that will not do.

    Excel compares names without case, so `law_A` and `law_a` are one name there. The first of such a group keeps the
    plain name, each later one takes trailing underscores; nobody takes the plain name of another cell.

    Raises:
        FlopsheetError: no free name within a few underscores, or an id that is no ASCII identifier.
        ValueError: a cell that is listed twice.
    """
    listed = list(cells)
    if len(set(listed)) < len(listed):
        twice = sorted({cell for cell in listed if listed.count(cell) > 1})
        message = f"cells mapped twice: {twice}"
        raise ValueError(message)
    plain = {cell: PREFIXES[cell[0]] + cell[1] for cell in listed}
    keepers: dict[str, tuple[Role, str]] = {}
    for cell, name in plain.items():
        if is_legal_name(name):
            keepers.setdefault(name.lower(), cell)
    taken = set(keepers)
    names: dict[tuple[Role, str], str] = {}
    problems: list[Problem] = []
    for cell, name in plain.items():
        if keepers.get(name.lower()) == cell:
            names[cell] = name
            continue
        free = _free_name(name, taken)
        if free is None:
            problems.append(_problem(cell, name))
        else:
            taken.add(free.lower())
            names[cell] = free
    if problems:
        raise FlopsheetError(*problems)
    return NameMap(MappingProxyType(names))


def _free_name(name: str, taken: set[str]) -> str | None:
    """The name with the fewest underscores appended that is legal and not taken, or None."""
    for count in range(1, _MOST_SUFFIXES + 1):
        candidate = name + "_" * count
        if is_legal_name(candidate) and candidate.lower() not in taken:
            return candidate
    return None


def _problem(cell: tuple[Role, str], name: str) -> Problem:
    """What to tell a reader whose names cannot all stand in one workbook."""
    return Problem(
        f"`{name}` cannot be a name in a workbook: it is not legal there, or differs from others only in case.",
        subject=cell[1],
        remedy="Rename one of the cells: ASCII letters, digits and `_`, different from the others in more than case.",
    )
