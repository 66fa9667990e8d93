"""The rules a delivered workbook keeps, checked on the file: structure, names, inputs, values, print, charts."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import openpyxl

from flopsheet.workbook.fill import MASTER_CHECK
from flopsheet.workbook.lint_charts import check_charts
from flopsheet.workbook.lint_formulas import Finding, check_formulas
from flopsheet.workbook.names import is_legal_name
from flopsheet.workbook.package import read_package
from flopsheet.workbook.stored import Address, CellError, StoredBook, parse_cells, parse_reference
from flopsheet.workbook.styles import INPUT_COLOUR, INPUT_FILL
from flopsheet.workbook.units import find_units

if TYPE_CHECKING:
    from openpyxl.cell.cell import Cell, MergedCell
    from openpyxl.worksheet.datavalidation import DataValidation
    from openpyxl.worksheet.worksheet import Worksheet

LONGEST_TITLE = 31
HEADER_ROWS = 3
FREEZE_BEYOND = 25
PROPERTIES = ("flopsheet_version", "inputs_sha256")

_ILLEGAL_TITLE = re.compile(r"[\[\]:*?/\\]")


@dataclass(frozen=True)
class _Seen:
    """A workbook as two readers see it: values and formulas from the file itself, the looks through openpyxl."""

    stored: StoredBook
    book: openpyxl.Workbook


def check_workbook(path: Path) -> list[Finding]:
    """All findings about a workbook, in the order of its rules. An empty list is a pass.

    Raises:
        FlopsheetError: the file is no workbook that can be read safely (macros and outside links among the reasons).
    """
    parts = read_package(path)
    seen = _Seen(parse_cells(path, parts), openpyxl.load_workbook(path))
    return [
        *_check_structure(seen),
        *_check_links(seen),
        *_check_header(seen),
        *_check_names(seen),
        *_check_inputs(seen),
        *check_formulas(seen.stored),
        *_check_values(seen),
        *_check_pages(seen),
        *check_charts(path, parts),
    ]


def _check_structure(seen: _Seen) -> Iterator[Finding]:
    """Sheets: legal titles, Index first, Checks there, nothing hidden or merged, the properties that sync needs."""
    titles = seen.stored.sheets
    if titles[:1] != ("Index",) or "Checks" not in titles:
        yield Finding("sheets", "", "", f"Index comes first and Checks is there; got {', '.join(titles)}")
    for sheet in seen.book.worksheets:
        if len(sheet.title) > LONGEST_TITLE or _ILLEGAL_TITLE.search(sheet.title):
            yield Finding("sheet-title", sheet.title, "", "not a legal title")
        if sheet.sheet_state != "visible":
            yield Finding("hidden", sheet.title, "", "the sheet is hidden")
        for kind, dimensions in (("row", sheet.row_dimensions), ("column", sheet.column_dimensions)):
            for key in sorted(key for key, size in dimensions.items() if size.hidden):
                yield Finding("hidden", sheet.title, "", f"{kind} {key} is hidden")
        for merged in sheet.merged_cells.ranges:
            yield Finding("merged", sheet.title, str(merged), "merged cells")
    stamped = {prop.name for prop in seen.book.custom_doc_props.props}  # type: ignore[attr-defined]  # not in the stubs
    for name in PROPERTIES:
        if name not in stamped:
            yield Finding("properties", "", "", f"the property `{name}` is missing")


def _check_links(seen: _Seen) -> Iterator[Finding]:
    """Index leads to every sheet, and every sheet back."""
    targets = {sheet.title: _link_targets(sheet) for sheet in seen.book.worksheets}
    index = targets.get("Index", set())
    for title, leads_to in targets.items():
        if title != "Index" and title not in index:
            yield Finding("links", "Index", "", f"no link to {title}")
        if title != "Index" and "Index" not in leads_to:
            yield Finding("links", title, "", "no link back to Index")
        for lost in sorted(leads_to - set(targets)):
            yield Finding("links", title, "", f"a link leads to {lost}, which is not there")


def _link_targets(sheet: Worksheet) -> set[str]:
    """The titles of the sheets that links on this one lead to."""
    places = [cell.hyperlink.location for row in sheet.iter_rows() for cell in row if cell.hyperlink]
    return {place.rpartition("!")[0].strip("'").replace("''", "'") for place in places if place}


def _check_header(seen: _Seen) -> Iterator[Finding]:
    """Rows 1 to 3 of every sheet show the master check, which itself stands further down on Checks."""
    pattern = re.compile(rf"\b{MASTER_CHECK}\b", re.IGNORECASE)
    for title in seen.stored.sheets:
        head = [c.formula for a, c in seen.stored.formulas() if a.sheet == title and a.row <= HEADER_ROWS]
        if not any(pattern.search(formula or "") for formula in head):
            yield Finding("header", title, "", f"rows 1 to {HEADER_ROWS} do not show `{MASTER_CHECK}`")
    place = seen.stored.names.get(MASTER_CHECK.upper())
    if place is None or place.sheet != "Checks" or place.row <= HEADER_ROWS:
        yield Finding("header", "Checks", "", f"`{MASTER_CHECK}` does not name a cell below the header of Checks")


def _check_names(seen: _Seen) -> Iterator[Finding]:
    """Names: legal, unique whatever their case, each standing for one cell that holds something."""
    known: dict[str, str] = {}
    for name, defined in seen.book.defined_names.items():
        if not is_legal_name(name):
            yield Finding("name", "", name, "not a legal name, or one that reads as a cell")
        if name.upper() in known:
            yield Finding("name", "", name, f"the same name as `{known[name.upper()]}` but for its case")
        known[name.upper()] = name
        address = parse_reference(defined.attr_text or "")
        # An empty input is fine: a scenario's override is blank where it is inherited.
        if address is None or address.sheet not in seen.stored.sheets:
            yield Finding("name", "", name, f"does not stand for one cell: {defined.attr_text}")
        elif address not in seen.stored.cells and _is_locked(seen.book[address.sheet][address.coordinate]):
            yield Finding("name", "", name, f"stands for {address}, which is empty")


def _check_inputs(seen: _Seen) -> Iterator[Finding]:
    """Unlocked cells: named, in blue on yellow, with a rule for what may be typed, in a row that says what they are."""
    named = {address: name for name, address in seen.stored.names.items()}
    texts = {(a.sheet, a.row) for a, c in seen.stored.cells.items() if isinstance(c.value, str) and c.formula is None}
    units = find_units(seen.stored)
    for sheet in seen.book.worksheets:
        rules = list(sheet.data_validations.dataValidation)
        for cell in (cell for row in sheet.iter_rows() for cell in row if not _is_locked(cell)):
            address = Address(sheet.title, cell.row or 0, cell.column or 0)  # a cell of a sheet has both
            messages = list(_input_faults(cell, rules, seen.stored))
            if not named.get(address, "").startswith(("IN_", "SEL_")):
                messages.append(("input-name", "an unlocked cell without an `in_` or `sel_` name"))
            if (sheet.title, cell.row) not in texts:
                messages.append(("input-label", "nothing in the row says what it is"))
            if units(address) is None:
                messages.append(("unit", "an input without a unit"))
            for rule, message in messages:
                yield Finding(rule, sheet.title, cell.coordinate, message)


def _input_faults(cell: Cell | MergedCell, rules: list[DataValidation], book: StoredBook) -> Iterator[tuple[str, str]]:
    """What is wrong with one unlocked cell, as (rule, message)."""
    if cell.data_type == "f":
        yield "input-formula", "an unlocked cell holds a formula"
    if cell.font.color is None or cell.font.color.rgb != INPUT_COLOUR:
        yield "input-style", "an input that is not blue"
    if cell.fill.fill_type != "solid" or cell.fill.start_color.rgb != INPUT_FILL:
        yield "input-style", "an input that is not on pale yellow"
    mine = [rule for rule in rules if cell.coordinate in rule.sqref]
    if not mine:
        yield "validation", "an input that takes anything"
    for rule in mine:
        if not (rule.showErrorMessage and rule.error):
            yield "validation", "no text tells the reader what may be typed"
        if rule.type == "list" and (rule.formula1 or "").startswith('"'):
            yield "validation", "a list that is typed into the rule; it comes from a range"
        if rule.type == "decimal" and isinstance(cell.value, (int, float)):
            low, high = (_limit(book, cell.parent.title, text) for text in (rule.formula1, rule.formula2))
            if not low <= cell.value <= high:
                yield "limits", f"{cell.value:g} lies outside {low:g} to {high:g}"


def _limit(book: StoredBook, title: str, text: str | None) -> float:
    """A limit of a rule: a number, or the cell it refers to; NaN where it is neither."""
    try:
        return float(text or "nan")
    except ValueError:
        address = parse_reference((text or "").lstrip("="), title)
        value = book.cells[address].value if address is not None and address in book.cells else None
        return value if isinstance(value, float) else math.nan


def _is_locked(cell: Cell | MergedCell) -> bool:
    """Whether a reader cannot type into a cell of a protected sheet."""
    return bool(cell.protection.locked)


def _check_values(seen: _Seen) -> Iterator[Finding]:
    """Every formula has a value that is no error; every number a format and a unit."""
    units = find_units(seen.stored)
    for address, cell in seen.stored.cells.items():
        where = (address.sheet, address.coordinate)
        looks = seen.book[address.sheet][address.coordinate]
        if cell.formula is not None and (cell.value is None or cell.value == ""):
            yield Finding("value-missing", *where, "a formula without a stored value")
        if isinstance(cell.value, CellError):
            yield Finding("value-error", *where, f"the value is {cell.value.code}")
        if isinstance(cell.value, float) and looks.number_format == "General":
            yield Finding("number-format", *where, "a number in the format General")
        if isinstance(cell.value, float) and _is_locked(looks) and units(address) is None:
            yield Finding("unit", *where, "a number without a unit beside or above it")
        colour = looks.font.color.rgb if looks.font.color is not None else None
        if cell.formula is not None and colour == INPUT_COLOUR:
            yield Finding("formula-style", *where, "a formula in the blue of inputs")


def _check_pages(seen: _Seen) -> Iterator[Finding]:
    """Protection without a password, and pages that print well."""
    for sheet in seen.book.worksheets:
        protection, setup, footer = sheet.protection, sheet.page_setup, sheet.oddFooter
        footers = (footer.left, footer.center, footer.right) if footer else ()
        fit = sheet.sheet_properties.pageSetUpPr
        wrong = {
            "protection": not protection.sheet and "the sheet is not protected",
            "password": bool(protection.password or protection.hashValue) and "a password protects the sheet",
            "landscape": setup.orientation != "landscape" and "does not print in landscape",
            "fit-width": not (fit and fit.fitToPage and setup.fitToWidth == 1) and "does not fit the page's width",
            "print-area": not sheet.print_area and "no print area",
            "print-titles": not sheet.print_title_rows and "no rows repeat on each printed page",
            "footer": not (footers and all(part and part.text for part in footers))
            and "the footer lacks version, sheet or page",
            "freeze": sheet.max_row > FREEZE_BEYOND and not sheet.freeze_panes and "long, and nothing stays in view",
        }
        for rule, message in wrong.items():
            if message:
                yield Finding(rule, sheet.title, "", message)
