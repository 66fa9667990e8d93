import zipfile

import openpyxl
import pytest

from flopsheet.errors import FlopsheetError, Problem
from flopsheet.workbook import verify
from flopsheet.workbook.engines import ENGINES, Engine, EngineError
from flopsheet.workbook.package import read_package
from flopsheet.workbook.save import write_workbook
from flopsheet.workbook.stored import Address, CellError
from flopsheet.workbook.styles import named_style, style_title
from flopsheet.workbook.verify import measure_difference, verify_workbook

FAST = ("formualizer", "ironcalc")


def written(path, cells, *, units=()):
    """A workbook of one sheet: (coordinate, content, cached value or None), and units by coordinate."""
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.title = "Data"
    book.add_named_style(named_style("unit"))
    values = {}
    for coordinate, content, cached in cells:
        sheet[coordinate] = content
        if cached is not None:
            values["Data", coordinate] = cached
    for coordinate, unit in units:
        sheet[coordinate] = unit
        sheet[coordinate].style = style_title("unit")
    write_workbook(book, path, values)
    return path


def rewrite(path, change):
    """Change the text of a workbook's first sheet."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    before = parts["xl/worksheets/sheet1.xml"].decode()
    parts["xl/worksheets/sheet1.xml"] = change(before).encode()
    assert parts["xl/worksheets/sheet1.xml"] != before.encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in parts.items():
            archive.writestr(name, data)


def test_two_engines_confirm_a_whole_workbook(demo_path, capfd):
    """Every formula cell of the small workbook agrees to the last digits, and nothing is printed on the way."""
    result = verify_workbook(demo_path, engines=FAST)
    assert result.agrees
    assert result.disagreements == ()
    assert result.cells == 80
    assert [(engine.name, engine.status) for engine in result.engines] == [(name, "recalculated") for name in FAST]
    assert all(engine.version and engine.worst < 1e-14 for engine in result.engines)
    assert capfd.readouterr() == ("", "")


@pytest.mark.libreoffice
def test_libreoffice_is_the_third(demo_path):
    """LibreOffice keeps 15 digits, and agrees within the same tolerance."""
    (engine,) = verify_workbook(demo_path, engines=("libreoffice",)).engines
    assert engine.status == "recalculated"
    assert engine.version
    assert 0 < engine.worst < 1e-13
    assert engine.worst_cell is not None


def test_a_stored_value_that_is_off_is_found_by_each_engine(tmp_path):
    """A change in the twelfth digit is a disagreement that says where, what is stored and what it should be."""
    path = written(tmp_path / "a.xlsx", [("A1", 3.0, None), ("A2", "=A1*7", 21.0 * (1 + 3e-12)), ("A3", "=A1*7", 21.0)])
    result = verify_workbook(path, engines=FAST)
    assert not result.agrees
    assert [(item.engine, str(item.cell), item.formula, item.recalculated) for item in result.disagreements] == [
        (name, "Data!A2", "A1*7", 21.0) for name in FAST
    ]
    assert result.disagreements[0].difference == pytest.approx(3e-12, rel=1e-3)
    assert result.engines[0].worst_cell == Address("Data", 2, 1)
    assert verify_workbook(path, engines=FAST, tolerance=1e-11).agrees


@pytest.mark.libreoffice
def test_libreoffice_does_not_trust_what_is_stored(tmp_path):
    """It would give back the stored values if it found any: a wrong one shows that it calculated."""
    path = written(tmp_path / "a.xlsx", [("A1", 3.0, None), ("A2", "=A1*7", 22.0), ("A3", "=A2+1", 22.0)])
    found = verify_workbook(path, engines=("libreoffice",)).disagreements
    assert [(item.cell.coordinate, item.stored, item.recalculated) for item in found] == [("A2", 22.0, 21.0)]


def test_texts_and_truth_values_compare_exactly(tmp_path):
    """yes is not YES, TRUE is not 1, and a text is not a number."""
    cells = [("A1", '=IF(1=1,"yes","no")', "YES"), ("A2", "=1=1", 1.0), ("A3", "=1+1", "2"), ("A4", "=1=1", True)]
    result = verify_workbook(written(tmp_path / "a.xlsx", cells), engines=("formualizer",))
    assert [item.cell.coordinate for item in result.disagreements] == ["A1", "A2", "A3"]


def test_errors_disagree_whatever_is_stored(tmp_path):
    """A formula that gives an error disagrees with each engine; so does one with an error stored."""
    path = written(tmp_path / "a.xlsx", [("A1", "=1/0", 1.0), ("A2", "=LN(-1)", 1.0), ("A3", "=1+1", 2.0)])
    found = verify_workbook(path, engines=FAST).disagreements
    assert [(item.cell.coordinate, item.engine, item.recalculated) for item in found] == [
        ("A1", "formualizer", CellError("#DIV/0!")),
        ("A2", "formualizer", CellError("#NUM!")),
        ("A1", "ironcalc", CellError("#DIV/0!")),
        ("A2", "ironcalc", CellError("#NUM!")),
    ]


def test_a_formula_without_a_stored_value_disagrees(tmp_path, capfd):
    """It shows a blank in a preview. ironcalc would print a line for it, which must not spoil JSON."""
    written(tmp_path / "a.xlsx", [("A1", "=1+1", 2.0)])
    rewrite(tmp_path / "a.xlsx", lambda sheet: sheet.replace("<v>2.0</v>", ""))
    result = verify_workbook(tmp_path / "a.xlsx", engines=FAST)
    assert [(item.engine, item.stored, item.cell.coordinate) for item in result.disagreements] == [(None, None, "A1")]
    assert capfd.readouterr() == ("", "")


def test_the_unit_beside_or_above_a_cell_sets_the_scale(tmp_path):
    """1e-13 against 2e-13 agrees where it is dimensionless or a loss, beside or above; not where it is FLOP."""
    units = [("B1", "1"), ("B2", "nats/token"), ("B3", "FLOP"), ("D4", "1"), ("E4", "token")]
    cells = [("A1", "=1*Z1", 2e-13), ("A2", "=1*Z1", 2e-13), ("A3", "=1*Z1", 2e-13), ("Z1", 1e-13, None)]
    cells += [("D5", "=1*Z1", 2e-13), ("E6", "=1*Z1", 2e-13), ("F7", "=1*Z1", 2e-13)]
    result = verify_workbook(written(tmp_path / "a.xlsx", cells, units=units), engines=("ironcalc",))
    assert [item.cell.coordinate for item in result.disagreements] == ["A3", "E6", "F7"]


@pytest.mark.parametrize(
    "formula", ["A1-A2", "A1 - A2", "Data!A1 - $A$2", "first - A2", "ABS(first - Data!$A$2)", "(A1 - A2)"]
)
def test_a_difference_is_measured_against_its_terms(tmp_path, formula):
    """What is left of two cells of 1e22 may be off by their last digits."""
    path = tmp_path / "a.xlsx"
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.title = "Data"
    sheet["A1"], sheet["A2"], sheet["A3"] = 1e22, 1e22 + 2**21, f"={formula}"
    book.defined_names["first"] = openpyxl.workbook.defined_name.DefinedName("first", attr_text="Data!$A$1")
    write_workbook(book, path, {("Data", "A3"): 0.0})
    assert verify_workbook(path, engines=("formualizer",)).agrees
    assert not verify_workbook(path, engines=("formualizer",), tolerance=1e-17).agrees


def test_a_longer_formula_is_no_difference(tmp_path):
    """Only the difference of two cells has their scale; a product with one in it has not."""
    cells = [("A1", 1e22, None), ("A2", 1e22 + 2**21, None), ("A3", "=A1-A2*A4", 1.0), ("A4", 1.0, None)]
    assert not verify_workbook(written(tmp_path / "a.xlsx", cells), engines=("formualizer",)).agrees


def test_the_measure_is_the_one_that_is_stated():
    """|a - b| over the largest of both and the scale; exact for texts; no number for what cannot agree."""
    assert measure_difference(1.0, 1.0) == 0
    assert measure_difference(0.0, 0.0) == 0
    assert measure_difference(0.0, 1e-20) == 1
    assert measure_difference(0.0, 1e-20, 1.0) == 1e-20
    assert measure_difference(2.0, 1.0) == 0.5
    assert measure_difference("a", "a") == 0
    for stored, other in (("a", "b"), (True, 1.0), (1.0, None), (None, None), (CellError("#N/A"), CellError("#N/A"))):
        assert measure_difference(stored, other) is None


def _engine(name, version, recalculate):
    return {name: Engine(name, lambda: version, recalculate)}


def test_an_engine_that_is_missing_is_reported_and_not_required(demo_path, monkeypatch):
    """The others decide; the report says how to get it."""
    monkeypatch.setattr(verify, "ENGINES", {**_engine("absent", None, None), "ironcalc": ENGINES["ironcalc"]})
    result = verify_workbook(demo_path)
    assert result.agrees
    assert [(engine.name, engine.status) for engine in result.engines] == [
        ("absent", "not installed"),
        ("ironcalc", "recalculated"),
    ]
    assert "pip install 'flopsheet[verify]'" in result.engines[0].message


def test_without_any_engine_the_user_is_told_what_to_install(demo_path, monkeypatch):
    """There is nothing that could confirm the workbook: an error with its remedy."""
    monkeypatch.setattr(verify, "ENGINES", _engine("absent", None, None))
    with pytest.raises(FlopsheetError, match="no engine") as caught:
        verify_workbook(demo_path)
    assert caught.value.problems[0].remedy == "Run `pip install 'flopsheet[verify]'`."


def test_an_engine_that_fails_makes_the_verification_fail(demo_path, monkeypatch):
    """Its message is in the report; it is no traceback, and no silent pass."""

    def fail(*_):
        raise EngineError("cannot open")

    monkeypatch.setattr(verify, "ENGINES", _engine("broken", "1.0", fail))
    result = verify_workbook(demo_path)
    assert not result.agrees
    assert result.engines[0].status == "failed"
    assert result.engines[0].message == "cannot open"


def test_shared_formulas_and_shared_texts_of_other_programs_are_read(tmp_path):
    """Excel stores a column of copies once; each cell is still compared."""
    path = written(tmp_path / "a.xlsx", [("A1", 2.0, None), ("A2", "=A1*3", 6.0), ("A3", "=A2*3", 19.0)])
    rewrite(path, lambda sheet: sheet.replace("<f>A1*3</f>", '<f t="shared" ref="A2:A3" si="0">A1*3</f>'))
    rewrite(path, lambda sheet: sheet.replace("<f>A2*3</f>", '<f t="shared" si="0"/>'))
    found = verify_workbook(path, engines=("formualizer",)).disagreements
    assert [(item.cell.coordinate, item.formula, item.recalculated) for item in found] == [("A3", "A2*3", 18.0)]


def test_a_workbook_without_formulas_is_refused(tmp_path):
    """Formulas replaced by their values agree with nothing: there is nothing left to recalculate."""
    with pytest.raises(FlopsheetError, match="no formula"):
        verify_workbook(written(tmp_path / "values.xlsx", [("A1", 5, None)]), engines=FAST)


@pytest.mark.libreoffice
def test_a_result_that_cannot_be_read_is_an_engine_that_failed(demo_path, monkeypatch):
    """The workbook asked about is named, not the engine's own copy of it."""

    def read(path):
        if path.name == "libreoffice.xlsx":
            raise FlopsheetError(Problem("it links to other workbooks."))
        return read_package(path)

    monkeypatch.setattr("flopsheet.workbook.engines.read_package", read)
    found = verify_workbook(demo_path, engines=["libreoffice"])
    assert found.engines[0].status == "failed"
    assert "links to other workbooks" in found.engines[0].message
    assert not found.agrees
