"""The sheet Sweep: live rows where the plan has closed forms, values that say so where it has none."""

import pytest

from flopsheet import api
from flopsheet.workbook.planbook import build_plan_book
from flopsheet.workbook.sheet import Formula

HEAD = "title: t\nlaw: hoffmann_2022\nbudget: {compute: 1e22 FLOP}\n"


@pytest.fixture
def sheet(tmp_path):
    """A function from a plan's text to its sheet Sweep, None where it has none."""

    def build(text):
        path = tmp_path / "plan.yaml"
        path.write_text(text, encoding="utf-8")
        book = build_plan_book(api.solve_plan(path), version="0", inputs_sha256="0" * 64)
        return next((sheet for sheet in book.sheets if sheet.name == "Sweep"), None)

    return build


def column(sheet, head):
    """What stands below a head and its unit."""
    (row, at), = [place for place, cell in sheet.cells.items() if cell.content == head]  # fmt: skip
    return [sheet.cells[r, c].content for r, c in sorted(sheet.cells) if c == at and r > row + 1]


def notes(sheet):
    """The lines above the table."""
    return [cell.content for cell in sheet.cells.values() if cell.style == "subtitle"]


def test_rows_are_live(sheet):
    """Each result by formulas over the swept numbers of its row; a removed limit is beyond reach."""
    found = sheet(HEAD + "sweep: {caps.parameters: [1B, null], budget.compute: [1e20, 1e24]}\n")
    (note,) = notes(found)
    assert note.startswith("Each row is a point of the sweep, computed by formulas")
    assert column(found, "caps.parameters") == [1e9, 1e9, 1e60, 1e60]
    sizes = column(found, "Optimal parameters")
    assert [isinstance(size, Formula) for size in sizes] == [True] * 4
    assert [size.cached for size in sizes] == pytest.approx([644857508.9987, 1e9, 644857508.9987, 41296702419.415])
    first = min(row for row, at in found.cells if at == 1 and found.cells[row, at].content == 1e9)
    assert all(f"MIN($A{row}, " in size.text for row, size in enumerate(sizes, start=first)), sizes
    assert found.charts == []


def test_many_points_are_thinned(sheet):
    """To what a sheet can hold, which it says; over one axis there is a chart."""
    found = sheet(HEAD + "sweep: {budget.compute: {from: 1e20, to: 1e24, points: 5000, scale: log}}\n")
    assert notes(found)[1] == "142 of 5,000 points, evenly spread."
    assert len(column(found, "budget.compute")) == 142
    assert column(found, "budget.compute")[-1] == 1e24
    assert len(found.charts) == 1


def test_without_a_closed_form_there_are_values(sheet):
    """Marked as such; so where the plan itself does not set what is swept."""
    found = sheet(HEAD + "sweep: {data.unique: [10B, 1T]}\n")
    assert notes(found)[:2] == [
        "These are values, not formulas: computed for the scenario base with the inputs as generated.",
        "They do not follow changes of inputs or of the selected scenario.",
    ]
    sizes = column(found, "Optimal parameters")
    assert all(isinstance(size, float) for size in sizes)
    assert sizes[0] > sizes[1]


def test_no_sweep_no_sheet(sheet):
    """A plan without a sweep has no such sheet."""
    assert sheet(HEAD) is None
