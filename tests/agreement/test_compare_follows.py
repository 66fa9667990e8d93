"""The sheet Compare follows: what a reader changes moves every law as the package itself computes it."""

import pytest

from flopsheet import api
from flopsheet.model.units import check_dimensions
from flopsheet.workbook.lint import check_workbook
from flopsheet.workbook.planbook import write_plan_workbook
from flopsheet.workbook.verify import verify_workbook

ENGINES = ("formualizer", "ironcalc")
LAW = """\
law: ours
loss: E + A / X**alpha + B / N**beta
cost: 6 * N * X
decisions: {N: tokens, X: parameters}
constants: {E: 1.8, A: 400, B: 500, alpha: 0.33, beta: 0.3}
"""
TOKENS = """\
law: tok
loss: E + (T0/T)**a
decisions: {T: tokens}
constants: {E: 1.6, T0: 1e13, a: 0.1}
"""
TARGETS = """\
title: Targets
law: hoffmann_2022_unrounded
objective: minimize compute
target: {loss: 2.0}
compare: [kaplan_2020, ./ours.yaml, besiroglu_2024]
cells: {more: {formula: ours__C_total / C_total, unit: '1'}}
scenarios:
  a: {}
  capped: {caps.parameters: 5B}
  low: {target.loss: 1.75}
  both: {caps.parameters: 20B, caps.tokens: 200B}
"""
AMOUNTS = """\
title: Amounts
law: kaplan_2020_tokens
compare: [./tok.yaml]
inputs: {D: 1B}
scenarios: {a: {}, b: {inputs.D: 10B, target.loss: 2.5}, c: {target.loss: 1.5}}
"""


@pytest.fixture(scope="module")
def own_books(tmp_path_factory):
    """Plans with a target and with one resource, which no shipped plan compares, as solutions with their books."""
    folder = tmp_path_factory.mktemp("compare")
    (folder / ".git").mkdir()
    (folder / "ours.yaml").write_text(LAW, encoding="utf-8")
    (folder / "tok.yaml").write_text(TOKENS, encoding="utf-8")
    found = {}
    for name, text in (("targets", TARGETS), ("amounts", AMOUNTS)):
        plan = folder / f"{name}.yaml"
        plan.write_text(text, encoding="utf-8")
        solution = api.solve_plan(plan)
        write_plan_workbook(solution, folder / f"{name}.xlsx", version="0", inputs_sha256="0" * 64)
        found[name] = (solution, folder / f"{name}.xlsx")
    return found


@pytest.mark.parametrize("name", ["targets", "amounts"])
def test_engines_agree_with_other_questions(name, own_books):
    """A target and a law of one resource make books that keep all rules and that two engines agree with."""
    solution, path = own_books[name]
    result = verify_workbook(path, engines=ENGINES)
    assert [report.status for report in result.engines] == ["recalculated"] * 2
    assert result.disagreements == ()
    assert check_workbook(path) == []
    assert check_dimensions(solution.graph) > 10


@pytest.mark.parametrize("name", ["targets", "amounts"])
@pytest.mark.parametrize("engine", ENGINES)
def test_the_selector_moves_every_law(name, engine, own_books, recalculate, tmp_path):
    """Whatever scenario is chosen, each law shows what `solve` gives there, a word where there is no number."""
    solution, path = own_books[name]
    book = _Copies(path, tmp_path)
    for index, scenario in enumerate(solution.plan.scenarios):
        sheet = recalculate(book.edit({"sel_scenario": scenario.name}), engine)
        for law in solution.compared:
            found = solution.answers[index].laws[law.name]
            for cell in law.graph:
                if cell.kind == "result" and found.status == "ok":
                    _check(sheet[law.ids[cell.id]], found.results.get(cell.id), f"{scenario.name} {law.ids[cell.id]}")
        assert sheet["chk_master"] == 1


@pytest.mark.parametrize("engine", ENGINES)
def test_a_constant_of_a_compared_law_can_be_changed(engine, build_book, recalculate, tmp_path, project_root):
    """The yellow cell moves that law as its own plan would with that constant, and no other law."""
    book = build_book(project_root / "scenarios/examples/three_laws.yaml")
    changes = {"in_compare_kaplan_2020__alpha_N": 0.09, "sel_scenario": "1e23 FLOP"}
    sheet = recalculate(book.edit(tmp_path / "edited.xlsx", changes), engine)
    (tmp_path / ".git").mkdir()
    plan = tmp_path / "plan.yaml"
    plan.write_text(
        "title: t\nlaw: kaplan_2020\nbudget: {compute: 1e23}\nconstants: {alpha_N: 0.09}\n", encoding="utf-8"
    )
    alone = api.solve_plan(plan).answers[0].results
    for name, amount in alone.items():
        assert sheet[f"kaplan_2020__{name}"] == pytest.approx(amount.value, rel=1e-9), name
    answer = book.solution.answers[1]
    assert sheet["besiroglu_2024__N_opt"] == pytest.approx(answer.laws["besiroglu_2024"].results["N_opt"].value)
    assert sheet["N_opt"] == pytest.approx(answer.results["N_opt"].value)
    assert sheet["kaplan_times_size"] == pytest.approx(alone["N_opt"].value / answer.results["N_opt"].value)
    assert (sheet["chk_master"], sheet["chk_unchanged"]) == (1, 0)


class _Copies:
    """Edited copies of a book."""

    def __init__(self, path, folder):
        self.path, self.folder, self.count = path, folder, 0

    def edit(self, changes):
        """A copy with other contents in some named cells."""
        import openpyxl  # noqa: PLC0415 - only these tests write copies themselves

        book = openpyxl.load_workbook(self.path)
        for name, content in changes.items():
            sheet, _, place = book.defined_names[name].attr_text.rpartition("!")
            book[sheet.strip("'")][place.replace("$", "")].value = content
        self.count += 1
        target = self.folder / f"{self.count}.xlsx"
        book.save(target)
        return target


def _check(shown, amount, what):
    """A value of the book against that of the package."""
    if amount is None:
        assert shown == "\N{EN DASH}", what
    elif amount.value == float("inf"):
        assert shown == "infinite", what
    else:
        assert shown == pytest.approx(amount.value, rel=1e-9), what
