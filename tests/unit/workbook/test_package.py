import zipfile

import pytest

from flopsheet.errors import FlopsheetError
from flopsheet.workbook import package
from flopsheet.workbook.package import read_package
from flopsheet.workbook.stored import parse_cells
from flopsheet.workbook.verify import verify_workbook


def repack(source, target, change):
    """A copy of a workbook whose parts went through `change`."""
    with zipfile.ZipFile(source) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    change(parts)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return target


def add_macros(parts):
    """Add what holds macros."""
    parts["xl/vbaProject.bin"] = b"macro"


def add_link(parts):
    """Add what holds links to other workbooks."""
    parts["xl/externalLinks/externalLink1.xml"] = b"<externalLink/>"


def add_entity(parts):
    """Declare entities that multiply."""
    head = b'<?xml version="1.0"?><!DOCTYPE w [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>'
    parts["xl/worksheets/sheet2.xml"] = head + parts["xl/worksheets/sheet2.xml"].partition(b"?>")[2]


def add_outside_entity(parts):
    """Declare an entity that reads a file of the machine."""
    parts["docProps/core.xml"] = (
        b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>'
    )


def break_xml(parts):
    """Cut a sheet off."""
    parts["xl/worksheets/sheet1.xml"] = parts["xl/worksheets/sheet1.xml"][:-9]


def drop_workbook(parts):
    """Leave the list of sheets out."""
    del parts["xl/workbook.xml"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (add_macros, "holds macros"),
        (add_link, "links to other workbooks"),
        (add_entity, "declares XML entities"),
        (add_outside_entity, "declares XML entities"),
        (break_xml, "not well-formed"),
        (drop_workbook, "not an Excel workbook"),
    ],
)
def test_unsafe_or_damaged_workbooks_are_refused(demo_path, tmp_path, change, message):
    """Macros, links, entities and broken parts end in one clear sentence that names the file."""
    path = repack(demo_path, tmp_path / "bad.xlsx", change)
    with pytest.raises(FlopsheetError, match=message) as caught:
        read_package(path)
    assert caught.value.problems[0].subject == "bad.xlsx"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "not a whole workbook"),
        (b"title,value\n1,2\n", "not a whole workbook"),
        (b"PK\x03\x04 and then nothing", "not a whole workbook"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "encrypted workbook"),
    ],
)
def test_other_files_are_refused(tmp_path, data, message):
    """An empty file, a text, the beginning of a zip, an encrypted or old workbook."""
    path = tmp_path / "other.xlsx"
    path.write_bytes(data)
    with pytest.raises(FlopsheetError, match=message):
        read_package(path)


def test_a_file_that_was_cut_or_flipped_is_refused(demo_path, tmp_path):
    """Wherever a workbook is cut off, or a byte in its content changes, there is an error and no traceback."""
    data = demo_path.read_bytes()
    path = tmp_path / "cut.xlsx"
    for end in range(0, len(data), 997):
        path.write_bytes(data[:end])
        with pytest.raises(FlopsheetError):
            parse_cells(path, read_package(path))
    for position in range(30, len(data), 499):
        path.write_bytes(data[:position] + bytes([data[position] ^ 0xFF]) + data[position + 1 :])
        try:
            parse_cells(path, read_package(path))
        except FlopsheetError:
            continue


def test_missing_files_and_folders_are_refused(tmp_path):
    """There is nothing to read."""
    for path, reason in ((tmp_path, "is a folder"), (tmp_path / "none.xlsx", "no such file")):
        with pytest.raises(FlopsheetError, match=reason):
            verify_workbook(path)


def test_a_zip_bomb_is_refused_before_it_is_unpacked(demo_path, tmp_path, monkeypatch):
    """The declared sizes decide; nothing of an oversized workbook is read."""
    path = repack(demo_path, tmp_path / "bomb.xlsx", lambda parts: parts.update({"xl/media/a.bin": bytes(2**21)}))
    monkeypatch.setattr(package, "LARGEST_UNPACKED", 2**20)
    monkeypatch.setattr(zipfile.ZipFile, "read", lambda *_: pytest.fail("a part was unpacked"))
    with pytest.raises(FlopsheetError, match="larger than 1 MiB"):
        read_package(path)


def test_a_large_file_and_many_parts_are_refused(demo_path, monkeypatch):
    """Both have a limit."""
    monkeypatch.setattr(package, "MOST_PARTS", 3)
    with pytest.raises(FlopsheetError, match="more than 3 parts"):
        read_package(demo_path)
    monkeypatch.setattr(package, "LARGEST_FILE", 100)
    with pytest.raises(FlopsheetError, match="larger than"):
        read_package(demo_path)


def test_a_part_that_stands_twice_is_refused(demo_path, tmp_path):
    """Two readers could see two different sheets."""
    path = tmp_path / "twice.xlsx"
    path.write_bytes(demo_path.read_bytes())
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("xl/workbook.xml", b"<workbook/>")
    with pytest.raises(FlopsheetError, match="stands twice"):
        read_package(path)


def test_parts_that_do_not_fit_together_are_refused(demo_path, tmp_path):
    """A sheet that the workbook lists and the file lacks, or a cell with an address that is none."""

    def drop_sheet(parts):
        del parts["xl/worksheets/sheet2.xml"]

    def break_address(parts):
        parts["xl/worksheets/sheet1.xml"] = parts["xl/worksheets/sheet1.xml"].replace(b'r="A1"', b'r="??"')

    for change in (drop_sheet, break_address):
        path = repack(demo_path, tmp_path / "odd.xlsx", change)
        with pytest.raises(FlopsheetError, match="do not fit together"):
            parse_cells(path, read_package(path))
