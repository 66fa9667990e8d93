"""Every shipped plan makes a workbook that keeps all rules and that independent engines agree with."""

import pytest

from flopsheet.workbook.lint import check_workbook
from flopsheet.workbook.package import read_package
from flopsheet.workbook.planbook import write_plan_workbook
from flopsheet.workbook.stored import CellError, parse_cells
from flopsheet.workbook.verify import verify_workbook


def check_agreement(book, engines):
    """Recalculate with the engines and expect every stored value."""
    result = verify_workbook(book.path, engines=engines)
    assert [report.status for report in result.engines] == ["recalculated"] * len(engines)
    assert result.disagreements == ()
    assert result.tolerance == 1e-12
    assert result.cells > 100


def test_two_engines_agree(shipped, build_book):
    """formualizer and ironcalc calculate every stored value to 1e-12."""
    check_agreement(build_book(shipped), ("formualizer", "ironcalc"))


@pytest.mark.libreoffice
def test_libreoffice_agrees(shipped, build_book):
    """So does LibreOffice."""
    check_agreement(build_book(shipped), ("libreoffice",))


def test_no_rule_is_broken(shipped, build_book):
    """The lint finds nothing, and no cell holds an error."""
    book = build_book(shipped)
    assert check_workbook(book.path) == []
    stored = parse_cells(book.path, read_package(book.path))
    assert [cell for cell, content in stored.cells.items() if isinstance(content.value, CellError)] == []


def test_two_builds_are_the_same_bytes(shipped, build_book, tmp_path):
    """The same plan gives the same file."""
    book = build_book(shipped)
    write_plan_workbook(book.solution, tmp_path / "again.xlsx", version="0", inputs_sha256="0" * 64)
    assert (tmp_path / "again.xlsx").read_bytes() == book.path.read_bytes()


def test_every_input_has_its_name(shipped, build_book):
    """Each key of the plan has an editable base cell, and an override cell in every scenario, in base units."""
    book = build_book(shipped)
    stored = parse_cells(book.path, read_package(book.path))
    cells = {cell.key for cell in book.solution.graph}
    for key, source in book.solution.plan.inputs.items():
        if not source.is_written and key not in cells:
            continue  # a figure of the catalogue that no formula reads
        name = f"in_{key.replace('.', '_')}"
        content = stored.cells[stored.names[name.upper()]].value
        assert content == ("none" if source.value is None else source.value), name
        for scenario in book.solution.plan.scenarios:
            assert f"in_{scenario.slug}_{key.replace('.', '_')}".upper() in stored.names
    for scenario in book.solution.plan.scenarios:
        for key, source in scenario.overrides.items():
            if not source.is_written and key not in cells:
                continue
            place = stored.names[f"in_{scenario.slug}_{key.replace('.', '_')}".upper()]
            assert stored.cells[place].value == ("none" if source.value is None else source.value)
    assert stored.cells[stored.names["SEL_SCENARIO"]].value == book.solution.plan.scenarios[0].name
