"""The unit of each value, found on the sheet itself, by the one rule that writing, checking and verifying share."""

from __future__ import annotations

from collections.abc import Callable

from flopsheet.workbook.stored import Address, StoredBook

UNIT_STYLE = "flopsheet unit"
"""The cell style of a unit, by which a reader of the file alone finds the unit of a value."""


def find_units(book: StoredBook) -> Callable[[Address], str | None]:
    """A function giving the unit of a cell, or None where the sheet states none.

    It is the nearest unit in the cell's row, else the nearest above it in its column. Units are the cells in the
    style `UNIT_STYLE`.
    """
    rows: dict[tuple[str, int], list[tuple[int, str]]] = {}
    columns: dict[tuple[str, int], list[tuple[int, str]]] = {}
    for address, cell in book.cells.items():
        if cell.style != UNIT_STYLE:
            continue
        unit = f"{cell.value:g}" if isinstance(cell.value, float) else str(cell.value)  # '1' may be stored as a number
        rows.setdefault((address.sheet, address.row), []).append((address.column, unit))
        columns.setdefault((address.sheet, address.column), []).append((address.row, unit))

    def unit_of(cell: Address) -> str | None:
        beside = rows.get((cell.sheet, cell.row))
        if beside:
            return min(beside, key=lambda place: abs(place[0] - cell.column))[1]
        above = [place for place in columns.get((cell.sheet, cell.column), ()) if place[0] < cell.row]
        return max(above)[1] if above else None

    return unit_of
