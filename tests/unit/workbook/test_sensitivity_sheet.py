"""The sheet Sensitivity: live where the plan has formulas, else stamped and said to be so."""

import pytest

from flopsheet import api
from flopsheet.workbook.lint import check_workbook
from flopsheet.workbook.planbook import build_plan_book
from flopsheet.workbook.sheet import Formula

LIVE = """
title: Live
law: hoffmann_2022
budget: {compute: 1e22}
caps: {parameters: 1B}
sensitivity:
  tables: [{rows: {budget.compute: [1e21, 1e22, 1e23]}, columns: {caps.parameters: [1B, null]}}]
"""
STAMPED = """
title: 盖印
language: zh
law: sardana_2023_lifetime
budget: {compute: 1e24}
inference: {tokens: 1T}
sensitivity: {inputs: [budget.compute, inference.tokens]}
"""


@pytest.fixture(scope="module")
def build(tmp_path_factory):
    """A function from the text of a plan to its solution and book; each is built once."""
    built = {}

    def run(text):
        if text not in built:
            path = tmp_path_factory.mktemp("plan") / "plan.yaml"
            path.write_text(text, encoding="utf-8")
            solution = api.solve_plan(path)
            built[text] = solution, build_plan_book(solution, version="0.1.0", inputs_sha256="0" * 64)
        return built[text]

    return run


def find_sheet(book):
    """The sheet Sensitivity."""
    return next(sheet for sheet in book.sheets if sheet.name == "Sensitivity")


def table(sheet, title):
    """The rows below the section with a title, as dictionaries by column, up to the first empty row."""
    start = next(row for (row, column), cell in sheet.cells.items() if column == 1 and cell.content == title)
    rows, row = [], start + 1
    while (row, 1) in sheet.cells or (row, 2) in sheet.cells or row <= start + 3:
        rows.append({column: cell for (at, column), cell in sorted(sheet.cells.items()) if at == row})
        row += 1
    return rows


def shown(cell):
    """What a cell shows."""
    return cell.content.cached if isinstance(cell.content, Formula) else cell.content


def test_both_ends_and_elasticities_are_formulas_with_the_values_of_the_package(build):
    """Each swing and each elasticity, by the chain of links, against what the package itself says."""
    solution, book = build(LIVE)
    found = solution.sensitivity[0]
    rows = [row for row in table(find_sheet(book), "Each input changed")[3:] if row]
    assert len(rows) == len(found.swings) == 7
    names = {"Compute budget": "budget.compute", "Cap on parameters": "caps.parameters"}
    for row in rows:
        label = row[1].content
        key = names.get(label) or f"constants.{label.split()[1]}"
        swing = next(swing for swing in found.swings if swing.key == key)
        assert (shown(row[3]), shown(row[4])) == pytest.approx(found.ends(swing), rel=1e-12)
        slopes = found.elasticities[key]
        for column, name in zip(range(9, 13), ("N_opt", "D_opt", "L_opt", "L_excess"), strict=True):
            assert shown(row[column]) == pytest.approx(slopes[name].above, rel=1e-9, abs=1e-12), (key, name)
        assert all(isinstance(row[column].content, Formula) for column in range(3, 13))


def test_the_order_is_that_of_the_package(build):
    """Ranked by formulas: inputs before constants, the longest first."""
    solution, book = build(LIVE)
    rows = [row for row in table(find_sheet(book), "What matters most")[2:] if row]
    assert [shown(row[1]) for row in rows[:2]] == ["Cap on parameters", "Compute budget"]
    order = [swing.key for swing in solution.sensitivity[0].swings[2:]]
    assert [f"constants.{shown(row[1]).split()[1]}" for row in rows[2:]] == order
    assert all(isinstance(row[column].content, Formula) for row in rows for column in (1, 3, 4, 5))


def test_two_way_tables_are_formulas(build):
    """A column of the calculation for each cell; a removed limit is one beyond reach."""
    solution, book = build(LIVE)
    rows = table(find_sheet(book), "Loss reached by “Compute budget” and “Cap on parameters”")
    (grid,) = solution.sensitivity[0].grids
    for row, values in zip(rows[3:6], grid.values, strict=True):
        assert [shown(row[column]) for column in (2, 3)] == pytest.approx(values, rel=1e-12)
        assert all(isinstance(row[column].content, Formula) for column in (2, 3))


def test_a_plan_of_roots_is_stamped_and_says_so(build):
    """No formula, a note in the language of the plan, the numbers of the package."""
    solution, book = build(STAMPED)
    sheet = find_sheet(book)
    assert not any(isinstance(cell.content, Formula) for cell in sheet.cells.values())
    assert sheet.cells[6, 1].content.startswith("以下为数值，不是公式")
    rows = [row for row in table(sheet, "逐个改变输入")[3:] if row]
    found = solution.sensitivity[0]
    assert [(row[3].content, row[4].content) for row in rows] == [found.ends(swing) for swing in found.swings]
    assert len(sheet.charts) == 1


@pytest.mark.parametrize("text", [LIVE, STAMPED])
def test_the_lint_finds_nothing(build, text, tmp_path):
    """Structure, formulas, values, charts and pages."""
    _, book = build(text)
    path = tmp_path / "plan.xlsx"
    book.write(path)
    assert check_workbook(path) == []
    assert "Sensitivity" in [cell.content.split()[0] for cell in book.sheets[0].cells.values() if cell.style == "link"]


def test_without_the_key_there_is_no_sheet(build):
    """Nor a link to one."""
    _, book = build(LIVE.partition("sensitivity:")[0])
    assert "Sensitivity" not in [sheet.name for sheet in book.sheets]
