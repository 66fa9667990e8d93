"""One sheet under construction: what stands where, how it looks, and what it is called."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from openpyxl.chart._chart import ChartBase
from openpyxl.utils.cell import get_column_letter, quote_sheetname

from flopsheet.workbook.names import is_legal_name
from flopsheet.workbook.save import CachedValue
from flopsheet.workbook.styles import StyleName

FIRST_ROW = 6
"""The first row below a sheet's header and the link back."""


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula without its leading `=`, and the value it has as the book is built."""

    text: str
    cached: CachedValue


def over_best(place: str, least: str, value: float, best: float, signed: bool) -> Formula:  # noqa: FBT001 - one line
    """By what share of the least value another one lies above it; the least may be below zero where they are signed."""
    if signed:
        return Formula(f"({place} - {least}) / ABS({least})", (value - best) / abs(best))
    return Formula(f"{place} / {least} - 1", value / best - 1)


@dataclass(frozen=True, slots=True)
class Validation:
    """What may be typed into an input: a number between two cells or formulas, a list from a range, or a condition.

    `kind` is "decimal" (low and high), "list" (low is the range) or "custom" (low is the condition). `error` is what
    a reader sees who types something else, `prompt` what stands beside the cell when it is selected.
    """

    kind: Literal["decimal", "list", "custom"]
    low: str
    high: str | None
    error_title: str
    error: str
    prompt: str = ""


Content = Formula | str | float | bool | None


@dataclass(frozen=True, slots=True)
class Placed:
    """One cell: what is in it and how it looks."""

    content: Content
    style: StyleName
    number_format: str | None


@dataclass(frozen=True, slots=True)
class Labels:
    """The words that every sheet shows, in the reader's language."""

    index: str = "Index"
    all_good: str = "All checks pass"
    some_bad: str = "A check fails: see Checks"
    good: str = "OK"
    bad: str = "FAIL"


@dataclass
class Sheet:
    """One sheet: `put` cells anywhere from row `FIRST_ROW` on; rows 1 to 4 hold the header and the link back."""

    name: str
    title: str
    subtitle: str = ""
    cells: dict[tuple[int, int], Placed] = field(default_factory=dict)
    names: dict[str, tuple[int, int]] = field(default_factory=dict)
    links: dict[tuple[int, int], str] = field(default_factory=dict)
    validations: dict[tuple[int, int], Validation] = field(default_factory=dict)
    charts: list[tuple[ChartBase, int, int]] = field(default_factory=list)
    widths: dict[int, float] = field(default_factory=dict)
    heights: dict[int, float] = field(default_factory=dict)
    breaks: list[int] = field(default_factory=list)
    frozen: tuple[int, int] | None = None
    one_page: bool = False
    last_printed: int | None = None

    def put(
        self,
        row: int,
        column: int,
        content: Content,
        *,
        style: StyleName = "label",
        number_format: str | None = None,
        name: str | None = None,
    ) -> None:
        """Place one cell, and give it a defined name where one is stated. A cell is placed once.

        Numbers and formulas need a number format; text stays text, whatever it begins with.
        """
        if (row, column) in self.cells:
            message = f"{self.name}!{get_column_letter(column)}{row} is placed twice"
            raise ValueError(message)
        self.cells[row, column] = Placed(content, style, number_format)
        if name is not None:
            if not is_legal_name(name) or name in self.names:
                message = f"`{name}` is no legal name, or names two cells"
                raise ValueError(message)
            self.names[name] = (row, column)

    def put_row(self, row: int, column: int, contents: Sequence[Content], *, style: StyleName = "label") -> None:
        """Place cells of one style side by side."""
        for offset, content in enumerate(contents):
            self.put(row, column + offset, content, style=style)

    def link(self, row: int, column: int, text: str, target: str) -> None:
        """Place a text that leads to the top of the sheet `target`."""
        self.put(row, column, text, style="link")
        self.links[row, column] = target

    def validate(self, row: int, column: int, validation: Validation) -> None:
        """State what may be typed into an input cell."""
        self.validations[row, column] = validation

    def add_chart(self, chart: ChartBase, row: int, column: int) -> None:
        """Place a chart with its upper left corner in a cell."""
        self.charts.append((chart, row, column))

    def set_width(self, column: int, width: float) -> None:
        """Fix the width of a column, in characters, in place of the measured one."""
        self.widths[column] = width

    def set_height(self, row: int, height: float) -> None:
        """Fix the height of a row, in points, in place of the measured one."""
        self.heights[row] = height

    def break_before(self, row: int) -> None:
        """Begin a new printed page with a row."""
        self.breaks.append(row)

    def print_to(self, column: int) -> None:
        """Leave the columns right of one out of what is printed."""
        self.last_printed = column

    def cached(self, row: int, column: int) -> CachedValue:
        """The value that a placed formula has as the book is built."""
        content = self.cells[row, column].content
        assert isinstance(content, Formula)  # noqa: S101 - asked of formulas only
        return content.cached

    def freeze(self, row: int, column: int = 1) -> None:
        """Keep the rows above and the columns left of a cell in view; the rows above it repeat on each printed page."""
        self.frozen = (row, column)

    def reference(self, row: int, column: int) -> str:
        """The cell as an absolute reference from any sheet, as in `'Iso-FLOP'!$B$7`."""
        return f"{quote_sheetname(self.name)}!${get_column_letter(column)}${row}"

    def range_of(self, first: tuple[int, int], last: tuple[int, int]) -> str:
        """The cells from one (row, column) to another as an absolute range, as in `'Iso-FLOP'!$B$7:$B$30`."""
        return f"{self.reference(*first)}:{self.reference(*last).rpartition('!')[2]}"
