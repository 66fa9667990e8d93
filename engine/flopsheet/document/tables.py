"""Tables as the templates see them: finished Markdown in every cell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Align = Literal["left", "right"]


@dataclass(frozen=True, slots=True)
class Column:
    """The head of a column; numbers stand on the right."""

    head: str
    align: Align = "right"


@dataclass(frozen=True, slots=True)
class Table:
    """A table; each row has a cell for every column."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]

    def __post_init__(self) -> None:
        """Refuse rows that do not fit the columns."""
        if any(len(row) != len(self.columns) for row in self.rows):
            msg = f"rows of {sorted({len(row) for row in self.rows})} cells under {len(self.columns)} columns"
            raise ValueError(msg)


@dataclass(frozen=True, slots=True)
class Section:
    """A table with a title of its own, and what it says in a sentence ("" for nothing)."""

    title: str
    text: str
    table: Table | None


def build_table(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> Table | None:
    """A table without the columns in which nothing stands; None without rows."""
    if not rows:
        return None
    kept = [index for index in range(len(columns)) if index == 0 or any(row[index] for row in rows)]
    return Table(tuple(columns[index] for index in kept), tuple(tuple(row[index] for index in kept) for row in rows))
