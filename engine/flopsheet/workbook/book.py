"""A workbook under construction: sheets collect what stands where, and it is written in one pass."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from openpyxl import Workbook
from openpyxl.packaging.custom import StringProperty
from openpyxl.utils.cell import get_column_letter
from openpyxl.workbook.defined_name import DefinedName

from flopsheet.workbook.fill import MASTER_CHECK, STATUS_ROW, clean_text, fill_sheet
from flopsheet.workbook.save import CachedValue, write_workbook
from flopsheet.workbook.sheet import Formula, Labels, Sheet
from flopsheet.workbook.styles import HEADER_STYLES, named_style


@dataclass
class Book:
    """A workbook: its sheets in the order of the tabs, the first being the index.

    `properties` are stored as custom properties of the file; `version` stands in every footer.
    """

    title: str
    version: str
    properties: Mapping[str, str] = field(default_factory=dict)
    labels: Labels = field(default_factory=Labels)
    sheets: list[Sheet] = field(default_factory=list)

    def sheet(self, name: str, title: str, subtitle: str = "") -> Sheet:
        """A new sheet behind the others."""
        sheet = Sheet(name, title, subtitle)
        self.sheets.append(sheet)
        return sheet

    def write(self, path: Path) -> None:
        """Write the workbook to disk, whole or not at all. Errors as in `to_openpyxl` and `write_workbook`."""
        write_workbook(self.to_openpyxl(), path, self.cached_values())

    def cached_values(self) -> dict[tuple[str, str], CachedValue]:
        """The value of each formula by sheet and coordinate, the header's among them."""
        values: dict[tuple[str, str], CachedValue] = {}
        passes = self._master_passes()
        for sheet in self.sheets:
            values[sheet.name, f"A{STATUS_ROW}"] = self.labels.all_good if passes else self.labels.some_bad
            for (row, column), cell in sheet.cells.items():
                if isinstance(cell.content, Formula):
                    values[sheet.name, f"{get_column_letter(column)}{row}"] = cell.content.cached
        return values

    def to_openpyxl(self) -> Workbook:
        """The workbook as openpyxl objects, for `write_workbook` with `cached_values`.

        Raises:
            ValueError: no cell is named `chk_master`, two names differ only in case, or a cell cannot be stored.
        """
        self._master_passes()
        book = Workbook()
        book.remove(book.worksheets[0])
        book.properties.title = clean_text(self.title)
        book.properties.creator = "flopsheet"
        for key, value in self.properties.items():
            book.custom_doc_props.append(  # type: ignore[attr-defined]  # the stubs do not know it
                StringProperty(name=key, value=value)
            )
        used = {cell.style for sheet in self.sheets for cell in sheet.cells.values()}
        for style in sorted(used | HEADER_STYLES):
            book.add_named_style(named_style(style))
        for sheet in self.sheets:
            index = None if sheet is self.sheets[0] else self.sheets[0].name
            fill_sheet(sheet, book.create_sheet(sheet.name), self.labels, index=index, version=self.version)
        self._define_names(book)
        return book

    def _master_passes(self) -> bool:
        """Whether the master check passes as the book is built."""
        for sheet in self.sheets:
            if MASTER_CHECK in sheet.names:
                content = sheet.cells[sheet.names[MASTER_CHECK]].content
                return (content.cached if isinstance(content, Formula) else content) == 1
        message = f"no cell is named `{MASTER_CHECK}`, which every header shows"
        raise ValueError(message)

    def _define_names(self, book: Workbook) -> None:
        """Define every name once."""
        seen: set[str] = set()
        for sheet in self.sheets:
            for name, (row, column) in sheet.names.items():
                if name.lower() in seen:
                    message = f"two cells are named `{name}`"
                    raise ValueError(message)
                seen.add(name.lower())
                book.defined_names[name] = DefinedName(name, attr_text=sheet.reference(row, column))
