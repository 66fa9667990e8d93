import math
import shutil
import subprocess

import openpyxl
import pytest

from flopsheet.workbook.book import Book
from flopsheet.workbook.fill import LONGEST_TEXT
from flopsheet.workbook.sheet import FIRST_ROW, Formula, Labels
from flopsheet.workbook.verify import verify_workbook


def minimal_book(**labels):
    """Index and Checks with a master check that passes."""
    book = Book("Title", "1.2.3 & more", {"flopsheet_version": "1.2.3"}, Labels(**labels))
    book.sheet("Index", "Index")
    book.sheet("Checks", "Checks").put(7, 6, Formula("1 * 1", 1.0), style="check", name="chk_master")
    return book


def load(book, tmp_path):
    """The book written and read again, with formulas and with values."""
    path = tmp_path / "book.xlsx"
    book.write(path)
    return openpyxl.load_workbook(path), openpyxl.load_workbook(path, data_only=True)


def test_every_header_shows_the_master_check(tmp_path):
    """Row 3 of each sheet refers to chk_master, in the reader's words, quotes and all."""
    formulas, values = load(minimal_book(all_good='Alles "gut"', some_bad="Ein Fehler"), tmp_path)
    for sheet in formulas.worksheets:
        assert sheet["A3"].value == '=IF(chk_master = 1, "Alles ""gut""", "Ein Fehler")'
        assert values[sheet.title]["A3"].value == 'Alles "gut"'
    assert verify_workbook(tmp_path / "book.xlsx", engines=("formualizer", "ironcalc")).agrees


def test_a_failing_master_check_shows_as_failing(tmp_path):
    """The stored text of the header follows the stored value of the check."""
    book = Book("Title", "1")
    book.sheet("Index", "Index")
    book.sheet("Checks", "Checks").put(7, 6, Formula("1 - 1", 0.0), style="check", name="chk_master")
    assert load(book, tmp_path)[1]["Index"]["A3"].value == "A check fails: see Checks"


def test_a_book_without_a_master_check_is_refused():
    """Its headers would refer to a name that is not there."""
    book = Book("Title", "1")
    book.sheet("Index", "Index")
    with pytest.raises(ValueError, match="chk_master"):
        book.to_openpyxl()


def test_names_are_legal_and_unique():
    """An illegal name, one given twice on a sheet, and one that two sheets give in different case are refused."""
    book = minimal_book()
    sheet = book.sheets[0]
    with pytest.raises(ValueError, match="H100"):
        sheet.put(7, 1, 1.0, name="H100")
    sheet.put(8, 1, 1.0, name="law_a")
    with pytest.raises(ValueError, match="law_a"):
        sheet.put(9, 1, 1.0, name="law_a")
    book.sheets[1].put(9, 1, 1.0, name="LAW_A")
    with pytest.raises(ValueError, match="two cells are named `LAW_A`"):
        book.to_openpyxl()


def test_a_cell_is_placed_once():
    """Two sheets' worth of code cannot overwrite each other silently."""
    sheet = minimal_book().sheets[0]
    sheet.put(7, 1, "a")
    with pytest.raises(ValueError, match="Index!A7 is placed twice"):
        sheet.put(7, 1, "b")


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", '=HYPERLINK("http://x")'])
def test_text_stays_text(tmp_path, text):
    """Titles and labels from a plan file never become formulas, in the title, a cell or a property."""
    book = minimal_book()
    book.title = text
    book.sheets[0].title = text
    book.sheets[0].put(FIRST_ROW, 1, text)
    formulas, values = load(book, tmp_path)
    for coordinate in ("A1", f"A{FIRST_ROW}"):
        assert formulas["Index"][coordinate].data_type == "s"
        assert values["Index"][coordinate].value == text
        assert formulas["Index"][coordinate].quotePrefix


def test_text_is_cut_and_cleaned(tmp_path):
    """Control characters and texts beyond Excel's limit do not break the file."""
    book = minimal_book()
    book.sheets[0].put(7, 1, "a\x07b")
    book.sheets[0].put(8, 1, "x" * 40_000)
    sheet = load(book, tmp_path)[0]["Index"]
    assert sheet["A7"].value == "a\N{REPLACEMENT CHARACTER}b"
    assert len(sheet["A8"].value) == LONGEST_TEXT


@pytest.mark.parametrize("number", [math.nan, math.inf])
def test_numbers_are_finite(number):
    """An input or constant that is no number stops the build."""
    book = minimal_book()
    book.sheets[0].put(7, 1, number)
    with pytest.raises(ValueError, match="Index!A7"):
        book.to_openpyxl()


def test_properties_footer_and_page(build_demo, tmp_path):
    """What sync needs is in the file, and each page says version, sheet and number."""
    book = load(build_demo(), tmp_path)[0]
    assert {prop.name: prop.value for prop in book.custom_doc_props.props} == {
        "flopsheet_version": "0.1.0",
        "inputs_sha256": "0" * 64,
    }
    sheet = book["Plan"]
    footer = [sheet.oddFooter.left.text, sheet.oddFooter.center.text, sheet.oddFooter.right.text]
    assert footer == ["flopsheet 0.1.0", "&A", "&P / &N"]
    assert (sheet.page_setup.orientation, sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight) == (
        "landscape",
        1,
        0,
    )
    assert sheet.protection.sheet
    assert sheet.protection.password is None
    assert load(minimal_book(), tmp_path)[0]["Index"].oddFooter.left.text == "flopsheet 1.2.3 && more"


def test_inputs_are_unlocked_blue_and_validated(build_demo, tmp_path):
    """Only inputs can be typed into, and they say what may be typed."""
    sheet = load(build_demo(), tmp_path)[0]["Inputs"]
    unlocked = [cell.coordinate for row in sheet.iter_rows() for cell in row if not cell.protection.locked]
    assert unlocked == ["D7", "D8"]
    assert sheet["D7"].font.color.rgb == "FF0000FF"
    rules = {
        str(rule.sqref): (rule.type, rule.formula1, rule.formula2) for rule in sheet.data_validations.dataValidation
    }
    assert rules == {"D7": ("decimal", "$E$7", "$F$7"), "D8": ("decimal", "$E$8", "$F$8")}


def test_columns_fit_chinese_and_long_texts_break(tmp_path):
    """A Chinese label gets twice the room of a Latin one; a long note breaks into lines in a high enough row."""
    book = minimal_book()
    sheet = book.sheets[0]
    sheet.put(7, 1, "计算预算上限以及参数上限")
    sheet.put(7, 2, "twelve chars")
    sheet.put(8, 3, "word " * 60, style="note")
    written = load(book, tmp_path)[0]["Index"]
    widths = {key: written.column_dimensions[key].width for key in "ABC"}
    assert widths["A"] > 25
    assert 12 < widths["B"] < 16
    assert widths["C"] < 60
    assert written.row_dimensions[8].height > 60


def test_long_tables_keep_their_head_in_view(build_demo, tmp_path):
    """Frozen panes, and the head repeats on each printed page."""
    sheet = load(build_demo(), tmp_path)[0]["Iso-FLOP"]
    assert sheet.freeze_panes == "A8"
    assert sheet.print_title_rows == "$1:$7"


@pytest.mark.libreoffice
def test_the_printed_pages_are_one_per_sheet_and_show_every_number(demo_path, tmp_path):
    """As PDF each sheet takes one page, shows its footer, and no number is too wide for its column."""
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext is not installed")
    profile = (tmp_path / "profile").as_uri()
    command = [
        "soffice",
        f"-env:UserInstallation={profile}",
        "--headless",
        "--convert-to",
        "pdf",
        "--outdir",
        str(tmp_path),
    ]
    subprocess.run([*command, str(demo_path)], check=True, capture_output=True, timeout=180)
    text = subprocess.run(
        ["pdftotext", "-layout", str(tmp_path / "plan.pdf"), "-"], check=True, capture_output=True, timeout=60
    ).stdout.decode()
    pages = text.split("\f")[:-1]
    assert len(pages) == 5
    assert "###" not in text
    for number, (page, name) in enumerate(
        zip(pages, ("Index", "Inputs", "Plan", "Iso-FLOP", "Checks"), strict=True), 1
    ):
        assert f"{number}/5" in page.replace(" ", "")
        assert name in page
        assert "All checks pass" in page
        assert "flopsheet 0.1.0" in page
