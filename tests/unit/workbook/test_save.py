import math
import random
import struct
import sys
import threading
import zipfile
from pathlib import Path

import openpyxl
import pytest
from openpyxl.chart import BarChart, Reference

from flopsheet.workbook.package import read_package
from flopsheet.workbook.save import write_workbook
from flopsheet.workbook.stored import Address, parse_cells


def small_book(*formulas):
    """A workbook with these formulas in column A of the sheet `Data`."""
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.title = "Data"
    for row, formula in enumerate(formulas, 1):
        sheet.cell(row, 1, formula)
    return book


def read(path):
    """The stored values of column A."""
    cells = parse_cells(path, read_package(path)).cells
    return [cell.value for address, cell in sorted(cells.items()) if address.column == 1]


def test_every_kind_of_value_is_stored_beside_its_formula(tmp_path):
    """Numbers with all digits, texts, truth values; openpyxl and this package read back what was written."""
    values: list[float | str | bool] = [0.1 + 0.2, "yes & <no>", True, False, 1e-300, -0.0]
    book = small_book("=B1*3", '=IF(B1>0,"yes & <no>","no")', "=B1>0", "=B1<0", "=B1^9", "=-1*B2")
    path = tmp_path / "a.xlsx"
    write_workbook(book, path, {("Data", f"A{row}"): value for row, value in enumerate(values, 1)})
    assert read(path) == values
    loaded = openpyxl.load_workbook(path, data_only=True)["Data"]
    assert [loaded.cell(row, 1).value for row in range(1, 7)] == values
    assert openpyxl.load_workbook(path)["Data"]["A1"].value == "=B1*3"


def test_numbers_survive_bit_by_bit(tmp_path):
    """Constants and formulas' values come back as the very doubles that went in; openpyxl alone writes 16 digits."""
    chance = random.Random(7)  # noqa: S311 - the same numbers in every run
    drawn = [struct.unpack("<d", chance.randbytes(8))[0] for _ in range(500)]
    numbers = [number for number in drawn if math.isfinite(number)]
    numbers += [0.1 + 0.2, 1 / 3, -0.0, 5e-324, sys.float_info.max, 1e22, 2**53 + 2.0]
    book = small_book(*(f"=B{row}" for row, _ in enumerate(numbers, 1)))
    for row, number in enumerate(numbers, 1):
        book["Data"].cell(row, 2, number)
    path = tmp_path / "a.xlsx"
    write_workbook(book, path, {("Data", f"A{row}"): number for row, number in enumerate(numbers, 1)})
    cells = parse_cells(path, read_package(path)).cells
    for row, number in enumerate(numbers, 1):
        for column in (1, 2):
            assert repr(cells[Address("Data", row, column)].value) == repr(number)  # -0.0 as well


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, "", "bell \x07", None])
def test_what_no_cell_can_hold_is_refused(tmp_path, value):
    """NaN, infinity, an empty text and control characters raise, and nothing is written."""
    path = tmp_path / "a.xlsx"
    with pytest.raises(ValueError, match="Data!A1"):
        write_workbook(small_book("=1+1"), path, {("Data", "A1"): value})
    assert list(tmp_path.iterdir()) == []


def test_a_constant_that_is_nan_is_refused(tmp_path):
    """openpyxl would write a blank in its place."""
    with pytest.raises(ValueError, match="Data!A1: nan"):
        write_workbook(small_book(math.nan), tmp_path / "a.xlsx", {})


def test_values_and_formulas_match_one_to_one(tmp_path):
    """A formula without a value and a value without a formula are both refused."""
    with pytest.raises(ValueError, match="Data!A2: a formula without a value"):
        write_workbook(small_book("=1+1", "=2+2"), tmp_path / "a.xlsx", {("Data", "A1"): 2.0})
    with pytest.raises(ValueError, match="hold no formula"):
        write_workbook(small_book("=1+1"), tmp_path / "a.xlsx", {("Data", "A1"): 2.0, ("Data", "B7"): 1.0})
    assert list(tmp_path.iterdir()) == []


def test_text_that_begins_with_an_equals_sign_stays_text(tmp_path):
    """A title from a plan file never becomes a formula."""
    book = small_book("x")
    cell = book["Data"]["A1"]
    cell.value, cell.data_type = "=1+1", "s"
    cell.data_type = "s"
    path = tmp_path / "a.xlsx"
    write_workbook(book, path, {})
    assert read(path) == ["=1+1"]
    assert b"<f>" not in read_package(path)["xl/worksheets/sheet1.xml"]


def test_bytes_are_the_same_every_time(tmp_path, build_demo):
    """Five builds give one file, whatever the clock says; no entry carries a date of today."""
    paths = [tmp_path / f"{number}.xlsx" for number in range(5)]
    for path in paths:
        build_demo().write(path)
    assert len({path.read_bytes() for path in paths}) == 1
    with zipfile.ZipFile(paths[0]) as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        core = archive.read("docProps/core.xml").decode()
    assert core.count("2000-01-01T00:00:00Z") == 2


def test_parts_are_written_in_one_form_whatever_serialised_them(tmp_path):
    """The main namespace has no prefix, so that simple readers find `<f>` and `<v>` too."""
    path = tmp_path / "a.xlsx"
    write_workbook(small_book("=1+1"), path, {("Data", "A1"): 2.0})
    sheet = read_package(path)["xl/worksheets/sheet1.xml"].decode()
    assert '<c r="A1"><f>1+1</f><v>2.0</v></c>' in sheet
    assert "ns0:" not in "".join(part.decode() for name, part in read_package(path).items() if name.endswith("xml"))


def test_charts_hold_the_points_they_show(tmp_path):
    """Number and text caches come from constants and from formulas' values; gaps stay gaps."""
    book = small_book("label", "=1+1", 3, None, 5)
    sheet = book["Data"]
    for row, text in enumerate(("a", "b", "c", "d"), 2):
        sheet.cell(row, 2, text)
    chart = BarChart()
    chart.add_data(Reference(sheet, min_col=1, min_row=1, max_row=5), titles_from_data=True)
    chart.set_categories(Reference(sheet, min_col=2, min_row=2, max_row=5))
    sheet.add_chart(chart, "D2")
    path = tmp_path / "a.xlsx"
    write_workbook(book, path, {("Data", "A2"): 2.0})
    xml = read_package(path)["xl/charts/chart1.xml"].decode()
    points = '<ptCount val="4" /><pt idx="0"><v>2.0</v></pt><pt idx="1"><v>3.0</v></pt><pt idx="3"><v>5.0</v></pt>'
    assert points in xml
    assert '<strCache><ptCount val="1" /><pt idx="0"><v>label</v></pt></strCache>' in xml


def test_a_reader_sees_the_old_file_or_the_new_one(tmp_path):
    """While a workbook is rewritten over and over, every read finds a whole one, and no scraps are left."""
    path = tmp_path / "a.xlsx"
    write_workbook(small_book("=1+1"), path, {("Data", "A1"): 2.0})
    stop = threading.Event()
    broken = []

    def watch():
        while not stop.is_set():
            try:
                read_package(path)
            except Exception as error:  # noqa: BLE001 - whatever goes wrong is the finding
                broken.append(error)

    watcher = threading.Thread(target=watch)
    watcher.start()
    for number in range(20):
        write_workbook(small_book("=1+1"), path, {("Data", "A1"): float(number)})
    stop.set()
    watcher.join()
    assert broken == []
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.xlsx"]


def test_a_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    """When the rename fails the old workbook stands, and the new one's scraps are gone."""
    path = tmp_path / "a.xlsx"
    write_workbook(small_book("=1+1"), path, {("Data", "A1"): 2.0})
    before = path.read_bytes()

    def fail(*_):
        raise OSError("no")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(OSError, match="no"):
        write_workbook(small_book("=1+1"), path, {("Data", "A1"): 3.0})
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.xlsx"]
