"""The sheet Uncertainty: stamped numbers, said to be so, and a line that tells when inputs changed since."""

import pytest

from flopsheet import api
from flopsheet.workbook.lint import check_workbook
from flopsheet.workbook.planbook import build_plan_book
from flopsheet.workbook.sheet import Formula

PLAN = """
title: How sure
law: besiroglu_2024
budget: {compute: 5e23}
caps: {parameters: 60B}
uncertainty: {draws: 1000, seed: 4}
"""


@pytest.fixture(scope="module")
def solution(tmp_path_factory):
    """A plan with draws."""
    path = tmp_path_factory.mktemp("plan") / "plan.yaml"
    path.write_text(PLAN, encoding="utf-8")
    return api.solve_plan(path)


@pytest.fixture(scope="module")
def book(solution):
    """Its workbook."""
    return build_plan_book(solution, version="0.1.0", inputs_sha256="ab" * 32)


def test_values_are_stamped(book, solution):
    """Quantiles are numbers, not formulas; a note says so with draws, seed and hash."""
    sheet = next(sheet for sheet in book.sheets if sheet.name == "Uncertainty")
    texts = [cell.content for cell in sheet.cells.values() if isinstance(cell.content, str)]
    assert any("do not move when you change a cell" in text for text in texts)
    assert any(text.startswith(f"1,000 draws, seed 4, inputs hash {'ab' * 32}") for text in texts)
    numbers = {cell.content for cell in sheet.cells.values() if isinstance(cell.content, float)}
    found = solution.answers[0].uncertainty
    assert {each.value for each in found.results["N_opt"].quantiles.values()} <= numbers
    assert set(found.binding.values()) <= numbers
    formulas = [cell.content for cell in sheet.cells.values() if isinstance(cell.content, Formula)]
    assert [formula.text.partition(",")[0] for formula in formulas] == ["IF(chk_unchanged = 1"]
    assert formulas[0].cached == "The inputs are as they were when this was drawn."


def test_the_workbook_keeps_its_rules(book, tmp_path):
    """The sheet is linked from the index and breaks no rule."""
    book.write(tmp_path / "plan.xlsx")
    assert check_workbook(tmp_path / "plan.xlsx") == []
    index = next(sheet for sheet in book.sheets if sheet.name == "Index")
    assert "Uncertainty" in index.links.values()


def test_no_draws_no_sheet(tmp_path):
    """A plan without draws has no such sheet."""
    path = tmp_path / "plan.yaml"
    path.write_text(PLAN.partition("uncertainty")[0], encoding="utf-8")
    book = build_plan_book(api.solve_plan(path), version="0.1.0", inputs_sha256="0" * 64)
    assert "Uncertainty" not in [sheet.name for sheet in book.sheets]
