"""A collected sheet put into openpyxl: cells, links, rules for inputs, colours, sizes, print set-up."""

from __future__ import annotations

import math

from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.formatting.rule import Rule
from openpyxl.styles import Font, PatternFill
from openpyxl.styles.differential import DifferentialStyle
from openpyxl.utils.cell import get_column_letter, quote_sheetname
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.header_footer import HeaderFooterItem
from openpyxl.worksheet.hyperlink import Hyperlink
from openpyxl.worksheet.pagebreak import Break
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from flopsheet.workbook import styles
from flopsheet.workbook.sheet import Formula, Labels, Placed, Sheet
from flopsheet.workbook.styles import text_width

MASTER_CHECK = "chk_master"
"""The name of the one check that every sheet's header shows."""

LONGEST_TEXT = 32_000
"""Characters of a text cell; Excel's limit is 32,767."""

STATUS_ROW, _LINK_ROW = 3, 4
_NARROWEST, _WIDEST, _NUMBER_WIDTH, _PADDING = 9.0, 56.0, 12.0, 2.0
_FREEZE_BEYOND = 25
_HIGHEST = 409.0  # points, Excel's limit
_GOOD, _BAD = (styles.PASS_FILL, styles.PASS_COLOUR), (styles.FAIL_FILL, styles.FAIL_COLOUR)
_PIXELS_PER_CM = 96 / 2.54
_ROW_PIXELS = styles.ROW_HEIGHT * 96 / 72


def fill_sheet(sheet: Sheet, worksheet: Worksheet, labels: Labels, *, index: str | None, version: str) -> None:
    """Put everything on one sheet. `index` is the sheet that the link back leads to, None on that sheet itself.

    Raises:
        ValueError: a number that a cell cannot hold.
    """
    _fill_header(sheet, worksheet, labels, index)
    for (row, column), placed in sorted(sheet.cells.items()):
        _fill_cell(worksheet, row, column, placed)
    for (row, column), target in sorted(sheet.links.items()):
        _set_link(worksheet, row, column, target)
    _fill_validations(sheet, worksheet)
    _fill_conditions(sheet, worksheet, labels)
    for chart, row, column in sheet.charts:
        worksheet.add_chart(chart, f"{get_column_letter(column)}{row}")
    _set_sizes(sheet, worksheet)
    _set_page(sheet, worksheet, version)


def _fill_header(sheet: Sheet, worksheet: Worksheet, labels: Labels, index: str | None) -> None:
    """Title, subtitle, the state of all checks, and the way back to the index."""
    _fill_cell(worksheet, 1, 1, Placed(sheet.title, "title", None))
    _fill_cell(worksheet, 2, 1, Placed(sheet.subtitle or None, "subtitle", None))
    words = (labels.all_good, labels.some_bad)
    passed, failed = (word.replace('"', '""') for word in words)
    status = Formula(f'IF({MASTER_CHECK} = 1, "{passed}", "{failed}")', words[0])
    _fill_cell(worksheet, STATUS_ROW, 1, Placed(status, "status", "@"))
    if index is not None:
        _fill_cell(worksheet, _LINK_ROW, 1, Placed(labels.index, "link", None))
        _set_link(worksheet, _LINK_ROW, 1, index)
    worksheet.row_dimensions[1].height = 28


def _fill_conditions(sheet: Sheet, worksheet: Worksheet, labels: Labels) -> None:
    """Green where a check passes and red where it fails, in the header and on each check."""
    status = f"A{STATUS_ROW}"
    for test, fill, colour in (("=1", *_GOOD), ("<>1", *_BAD)):
        worksheet.conditional_formatting.add(status, _rule(f"{MASTER_CHECK}{test}", None, colour))
        for (row, column), placed in sorted(sheet.cells.items()):
            if placed.style == "check":
                coordinate = f"{get_column_letter(column)}{row}"
                worksheet.conditional_formatting.add(coordinate, _rule(f"{coordinate}{test}", fill, colour))
                if placed.number_format is None:
                    worksheet[coordinate].number_format = f'[=1]"{labels.good}";[=0]"{labels.bad}";0'


def _rule(condition: str, fill: str | None, colour: str) -> Rule:
    """A colour that a cell takes while a condition holds."""
    background = PatternFill("solid", bgColor=fill) if fill else None
    looks = DifferentialStyle(font=Font(color=colour), fill=background)
    return Rule(type="expression", dxf=looks, formula=[condition])


def _set_page(sheet: Sheet, worksheet: Worksheet, version: str) -> None:
    """Print set-up, footer, frozen panes, protection without a password."""
    worksheet.sheet_view.showGridLines = False
    worksheet.sheet_format.defaultRowHeight = styles.ROW_HEIGHT
    worksheet.sheet_format.customHeight = True
    worksheet.page_setup.orientation = "landscape"
    worksheet.page_setup.paperSize = 9  # A4
    worksheet.page_setup.fitToWidth = 1
    worksheet.page_setup.fitToHeight = 1 if sheet.one_page else 0
    worksheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    margins = worksheet.page_margins
    margins.left = margins.right = 0.5
    margins.top = margins.bottom = 0.7
    rows, columns = _extent(sheet, worksheet)
    worksheet.print_area = f"A1:{get_column_letter(sheet.last_printed or columns)}{rows}"
    for row in sheet.breaks:
        worksheet.row_breaks.append(Break(id=row - 1))
    frozen = sheet.frozen or ((_LINK_ROW + 1, 1) if rows > _FREEZE_BEYOND else None)
    worksheet.print_title_rows = f"1:{frozen[0] - 1 if sheet.frozen else STATUS_ROW}" if frozen else "1:3"
    if frozen:
        worksheet.freeze_panes = f"{get_column_letter(frozen[1])}{frozen[0]}"
    footer = worksheet.oddFooter = HeaderFooterItem()
    for part, text in (
        (footer.left, f"flopsheet {version}".replace("&", "&&")),
        (footer.center, "&A"),
        (footer.right, "&P / &N"),
    ):
        part.text = text
    worksheet.protection.formatColumns = False  # False allows it: a reader may widen a column
    worksheet.protection.formatRows = False
    worksheet.protection.enable()


def _fill_cell(worksheet: Worksheet, row: int, column: int, placed: Placed) -> None:
    """One cell with its style; text that looks like a formula stays text."""
    cell = worksheet.cell(row, column)
    content = placed.content
    if isinstance(content, Formula):
        cell.value = f"={content.text}"
    elif isinstance(content, str):
        cell.value = clean_text(content)
        cell.data_type = "s"
    elif content is not None:
        if not math.isfinite(content):
            message = f"{worksheet.title}!{cell.coordinate}: {content!r} is no number that a cell can hold"
            raise ValueError(message)
        cell.value = content
    cell.style = styles.style_title(placed.style)
    if isinstance(content, str) and content.startswith(("=", "+", "-", "@")):
        cell.quotePrefix = True  # stays text, too, when a reader edits the cell
    if placed.number_format:
        cell.number_format = placed.number_format


def clean_text(text: str) -> str:
    """A text as a cell can hold it: no control characters, not longer than Excel allows."""
    cleaned = ILLEGAL_CHARACTERS_RE.sub("\N{REPLACEMENT CHARACTER}", text)
    return cleaned if len(cleaned) <= LONGEST_TEXT else cleaned[: LONGEST_TEXT - 1] + "…"


def _set_link(worksheet: Worksheet, row: int, column: int, target: str) -> None:
    """Make a cell lead to the top of a sheet."""
    cell = worksheet.cell(row, column)
    cell.hyperlink = Hyperlink(ref=cell.coordinate, location=f"{quote_sheetname(target)}!A1")
    cell.style = styles.style_title("link")  # openpyxl put its own over it


def _fill_validations(sheet: Sheet, worksheet: Worksheet) -> None:
    """The rules for what may be typed, with the text a reader sees who types something else."""
    for (row, column), rule in sorted(sheet.validations.items()):
        validation = DataValidation(
            type=rule.kind,
            operator="between" if rule.kind == "decimal" else None,
            formula1=rule.low,
            formula2=rule.high,
            allow_blank=True,
            showErrorMessage=True,
            errorTitle=rule.error_title[:32],
            error=rule.error[:255],
            showInputMessage=bool(rule.prompt),
            prompt=rule.prompt[:255] or None,
        )
        validation.add(f"{get_column_letter(column)}{row}")
        worksheet.add_data_validation(validation)


def _set_sizes(sheet: Sheet, worksheet: Worksheet) -> None:
    """Columns as wide as what stands in them, within bounds; rows as high as the lines that text breaks into."""
    needed: dict[int, float] = {}
    for (_, column), placed in sheet.cells.items():
        if placed.style not in styles.OVERFLOWING:
            needed[column] = max(needed.get(column, _NARROWEST), _needed_width(placed))
    widths = {column: round(min(_WIDEST, width + _PADDING), 1) for column, width in needed.items()} | sheet.widths
    for column, width in sorted(widths.items()):
        worksheet.column_dimensions[get_column_letter(column)].width = width
    heights: dict[int, int] = {}
    for (row, column), placed in sheet.cells.items():
        shown = placed.content.cached if isinstance(placed.content, Formula) else placed.content
        if isinstance(shown, str) and placed.style in styles.WRAPPED:
            room = max(1.0, widths.get(column, _NARROWEST) - 1)
            lines = sum(max(1, math.ceil(text_width(line, placed.style) / room)) for line in shown.splitlines() or [""])
            heights[row] = max(heights.get(row, 1), lines)
    measured = {
        row: styles.ROW_HEIGHT + (lines - 1) * styles.LINE_HEIGHT for row, lines in heights.items() if lines > 1
    }
    for row, height in sorted((measured | sheet.heights).items()):
        worksheet.row_dimensions[row].height = min(height, _HIGHEST)


def _needed_width(placed: Placed) -> float:
    """Columns that a cell's content takes on the sheet."""
    shown = placed.content.cached if isinstance(placed.content, Formula) else placed.content
    if isinstance(shown, str):
        return text_width(shown, placed.style)
    return _NUMBER_WIDTH if shown is not None else 0


def _extent(sheet: Sheet, worksheet: Worksheet) -> tuple[int, int]:
    """The last row and column that hold a cell or a part of a chart."""
    rows = max([_LINK_ROW, *(row for row, _ in sheet.cells)])
    columns = max([1, *(column for _, column in sheet.cells)])
    for chart, row, column in sheet.charts:
        last, left = column, chart.width * _PIXELS_PER_CM
        while left > 0:
            width = worksheet.column_dimensions[get_column_letter(last)].width
            left -= width * 7 + 5
            last += 1
        columns = max(columns, last - 1)
        rows = max(rows, row + math.ceil(chart.height * _PIXELS_PER_CM / _ROW_PIXELS))
    return rows, columns
