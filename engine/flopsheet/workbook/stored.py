"""What a workbook file holds, read from its parts: formulas, stored values, units, names."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from openpyxl.formula.translate import Translator, TranslatorError
from openpyxl.utils.cell import column_index_from_string, coordinate_from_string, get_column_letter
from openpyxl.utils.exceptions import CellCoordinatesException

from flopsheet.errors import FlopsheetError, Problem
from flopsheet.workbook.package import parse_part

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
RELATION_ID = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"


@dataclass(frozen=True, slots=True)
class CellError:
    """An error value of a sheet, such as #DIV/0!."""

    code: str


Value = float | str | bool | CellError | None
"""What a cell holds: a number, a text, a truth value, an error, or nothing."""


@dataclass(frozen=True, slots=True, order=True)
class Address:
    """A cell: sheet title, row and column, counted from 1."""

    sheet: str
    row: int
    column: int

    @property
    def coordinate(self) -> str:
        """The cell within its sheet, as in `B7`."""
        return f"{get_column_letter(self.column)}{self.row}"

    def __str__(self) -> str:
        """The cell as a reader would type it, as in `Plan!B7`."""
        return f"{self.sheet}!{self.coordinate}"


@dataclass(frozen=True, slots=True)
class StoredCell:
    """One cell as stored. `formula` has no leading `=`, and is None for a plain value."""

    value: Value
    formula: str | None
    style: str


@dataclass(frozen=True)
class StoredBook:
    """The cells of a workbook in reading order, and its names of single cells (by upper case)."""

    cells: Mapping[Address, StoredCell]
    names: Mapping[str, Address]
    sheets: tuple[str, ...]

    def formulas(self) -> Iterator[tuple[Address, StoredCell]]:
        """The cells that hold a formula, in reading order."""
        return ((address, cell) for address, cell in self.cells.items() if cell.formula is not None)


def parse_cells(path: Path, parts: Mapping[str, bytes]) -> StoredBook:
    """The content of a workbook. `path` only names the file in errors.

    Raises:
        FlopsheetError: a part that the workbook refers to is missing or is not what it should be.
    """
    try:
        sheets = sheet_parts(path, parts)
        texts = _shared_texts(path, parts)
        styles = _style_names(path, parts)
        cells: dict[Address, StoredCell] = {}
        for title, part in sheets.items():
            cells.update(_sheet_cells(title, parse_part(path, part, parts[part]), texts, styles))
        names = _single_cell_names(parse_part(path, "xl/workbook.xml", parts["xl/workbook.xml"]), tuple(sheets))
    except (CellCoordinatesException, TranslatorError, LookupError, ValueError, TypeError, AttributeError) as error:
        problem = Problem(f"the parts of the workbook do not fit together ({error!r}).", subject=path.name)
        raise FlopsheetError(problem) from error
    return StoredBook(MappingProxyType(cells), MappingProxyType(names), tuple(sheets))


def sheet_parts(path: Path, parts: Mapping[str, bytes]) -> dict[str, str]:
    """The part of each sheet by title, in the order of the tabs; sheets of another kind are left out."""
    targets = {}
    for relation in parse_part(path, "workbook.xml.rels", parts["xl/_rels/workbook.xml.rels"]):
        target = relation.attrib["Target"]
        targets[relation.attrib["Id"]] = target[1:] if target.startswith("/") else f"xl/{target}"
    root = parse_part(path, "xl/workbook.xml", parts["xl/workbook.xml"])
    sheets = root.findall(f"{MAIN}sheets/{MAIN}sheet")
    listed = {sheet.attrib["name"]: targets[sheet.attrib[RELATION_ID]] for sheet in sheets}
    return {title: part for title, part in listed.items() if "/worksheets/" in part}


def _sheet_cells(
    title: str, root: Element, texts: list[str], styles: list[str]
) -> Iterator[tuple[Address, StoredCell]]:
    """The cells of a sheet that hold something, in reading order."""
    shared: dict[str, tuple[str, str]] = {}
    for cell in root.iterfind(f"{MAIN}sheetData/{MAIN}row/{MAIN}c"):
        letters, row = coordinate_from_string(cell.attrib["r"])
        formula = _formula(cell, shared)
        value = _value(cell, texts)
        if formula is None and value is None:
            continue
        style = styles[int(cell.attrib.get("s", "0"))] if styles else ""
        yield Address(title, row, column_index_from_string(letters)), StoredCell(value, formula, style)


def _formula(cell: Element, shared: dict[str, tuple[str, str]]) -> str | None:
    """The formula of a cell without `=`; one that only points to a shared formula is written out."""
    node = cell.find(f"{MAIN}f")
    if node is None:
        return None
    text = node.text or ""
    index = node.attrib.get("si")
    if node.attrib.get("t") == "shared" and index is not None:
        if text:
            shared[index] = (text, cell.attrib["r"])
        elif index in shared:
            text, origin = shared[index]
            return str(Translator(f"={text}", origin).translate_formula(cell.attrib["r"]))[1:]
    return text


def _value(cell: Element, texts: list[str]) -> Value:
    """The stored value of a cell."""
    kind = cell.attrib.get("t", "n")
    if kind == "inlineStr":
        return "".join(node.text or "" for node in cell.iter(f"{MAIN}t"))
    node = cell.find(f"{MAIN}v")
    if node is None or node.text is None:
        return "" if kind == "str" and node is not None else None
    return _CONVERSIONS[kind](node.text, texts)


_CONVERSIONS: Mapping[str, Callable[[str, list[str]], Value]] = {
    "n": lambda text, _: float(text),
    "s": lambda text, texts: texts[int(text)],
    "str": lambda text, _: text,
    "b": lambda text, _: text.strip() in {"1", "true"},
    "e": lambda text, _: CellError(text),
    "d": lambda text, _: text,
}


def _shared_texts(path: Path, parts: Mapping[str, bytes]) -> list[str]:
    """The table of texts that cells refer to by position."""
    name = "xl/sharedStrings.xml"
    if name not in parts:
        return []
    items = parse_part(path, name, parts[name]).findall(f"{MAIN}si")
    return ["".join(node.text or "" for node in item.iter(f"{MAIN}t")) for item in items]


def _style_names(path: Path, parts: Mapping[str, bytes]) -> list[str]:
    """The name of the cell style behind each cell format."""
    name = "xl/styles.xml"
    if name not in parts:
        return []
    root = parse_part(path, name, parts[name])
    styles = {style.attrib["xfId"]: style.attrib.get("name", "") for style in root.iter(f"{MAIN}cellStyle")}
    return [styles.get(xf.attrib.get("xfId", "0"), "") for xf in root.iterfind(f"{MAIN}cellXfs/{MAIN}xf")]


_SINGLE_CELL = re.compile(r"(?:'((?:[^']|'')+)'|([^'!]+))!\$?([A-Z]{1,3})\$?([0-9]+)")


def parse_reference(text: str, sheet: str = "") -> Address | None:
    """The cell that `text` points to (`Plan!$B$7`, or `B7` on `sheet`), or None if it is no single cell."""
    match = _SINGLE_CELL.fullmatch(text if "!" in text else f"{sheet}!{text}")
    if match is None:
        return None
    quoted, bare, letters, row = match.groups()
    title = quoted.replace("''", "'") if quoted else bare
    return Address(title, int(row), column_index_from_string(letters))


def _single_cell_names(root: Element, titles: tuple[str, ...]) -> dict[str, Address]:
    """The workbook's names that stand for one cell of a sheet that exists."""
    found = {}
    for node in root.iterfind(f"{MAIN}definedNames/{MAIN}definedName"):
        address = parse_reference(node.text or "")
        if "localSheetId" not in node.attrib and address is not None and address.sheet in titles:
            found[node.attrib["name"].upper()] = address
    return found
