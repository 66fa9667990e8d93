"""Each check on the sheet Checks is seen to fail: for every one a mutation turns it and the master check to 0."""

import re
from pathlib import Path

import pytest

from flopsheet.workbook.package import read_package
from flopsheet.workbook.stored import Address, parse_cells

LABEL, MEASURED, EXPECTED, PASSED = 1, 3, 4, 6
# All checks of a plan, or of one that compares laws or solves for roots those about that, by words of their labels.
PLANS = {
    "serving_fleet": (),
    "target_loss_zh": (),
    "three_laws": ("Compare", "kaplan_2020"),
    "serving_for_years": ("residual", "node"),
    "tiers": ("tiers add up", "another tier", "jumps there", "least of all"),
    "pool": ("kept", "negative", "slack is zero", "adds up", "worth what they take"),
    "money": ("kept", "negative", "slack is zero", "adds up", "worth what they take"),
}


def groups(pattern, text):
    """What the groups of a pattern match in a text; nothing where it is not found."""
    match = re.search(pattern, text)
    return match.groups() if match else ()


class Checks:
    """The checks of a workbook: each row's measure and expectation as formulas."""

    def __init__(self, path):
        self.stored = parse_cells(path, read_package(path))
        self.inputs = [
            name
            for name, place in sorted(self.stored.names.items(), key=lambda item: (item[1].sheet, item[1].row))
            if place.sheet == "Inputs"
        ]
        self.rows = sorted(
            address.row
            for address, cell in self.stored.formulas()
            if address.sheet == "Checks" and address.column == PASSED and cell.formula
        )
        self.within = [row for row in self.rows if self._is_within(self.formula(row, MEASURED))]

    def formula(self, row, column):
        """The formula of a cell, empty where it holds a number."""
        return self.stored.cells[Address("Checks", row, column)].formula or ""

    def label(self, row):
        """What a check says."""
        return str(self.stored.cells[Address("Checks", row, LABEL)].value)

    @staticmethod
    def _is_within(measured):
        return measured.startswith(("Scenarios!$", "IF(AND(ISNUMBER("))

    def mutation(self, row):
        """Changes to the workbook that the check of a row must notice."""
        measured, expected = self.formula(row, MEASURED), self.formula(row, EXPECTED)
        if measured.startswith("IF(ISERROR("):
            sheet, cell = groups(r"SUM\((.*)!\$?([A-Z]+\$?\d+):", measured)
            return {f"{sheet}!{cell.replace('$', '')}": "=1 / 0"}
        if row in self.within:
            return {self.inputs[self.within.index(row)]: 1e50}
        if "MAX(Solver!" in measured:
            return self._root(*groups(r"MAX\(Solver!\$[A-Z]+\$(\d+):", measured))
        if measured.startswith("Compare!"):
            return {measured.replace("$", ""): f"=2 * {expected}"}
        if expected.startswith("INDEX(Scenarios"):
            column, line = groups(r"\$([A-Z]+)\$(\d+):", expected)
            if self.stored.cells[Address("Scenarios", int(line), 4)].formula is None:
                return {f"Scenarios!{column}{line}": "something else"}
            return {measured: "=17 + scenario_index"}
        return self._optimum(measured, expected)

    def _root(self, row):
        """Another root than the one that was found: the cell that residual or objective at the root are taken at."""
        above = int(row) - 1
        unknown = next(
            address
            for address, cell in self.stored.formulas()
            if address.sheet == "Solver" and address.row == above and re.fullmatch(r"[A-Z]+\$\d+", cell.formula or "")
        )
        found = (self.stored.cells[unknown].formula or "").replace("$", "")
        return {f"Solver!{found}": f"={self.stored.cells[unknown].value!r} + 7 / 2"}

    @staticmethod
    def _terms(measured, expected):
        """The same of a plan under terms; nothing for what it has in common with other plans."""
        product = groups(r"IFERROR\((multiplier_\w+) \* \(?(?:1 - )?(\w+)", measured)
        if measured.startswith("Tiers!"):
            return {measured.replace("$", ""): 1}
        if product:
            return {product[0]: 1, product[1]: 0.5}
        if expected == "best_opt":
            return {measured: f"=2 * {expected}"}
        if measured.startswith("(gain_"):
            gain, part = groups(r"\((gain_\w+) - \((part_\w+)", measured)
            return {part: f"=2 * {gain}"}
        known = {
            "1 - D_opt / tokens_most": {"D_opt": "=2 * tokens_most"},
            "1 - N_opt * c_hardware_bytes_per_parameter / c_caps_memory": {"N_opt": 1e30},
        }
        return {"worth_tokens": 17} if measured.startswith("(worth_tokens") else known.get(measured)

    def _optimum(self, measured, expected):
        """What makes a plan no optimum of its limits."""
        terms = self._terms(measured, expected)
        if terms:
            return terms
        cap = groups(r"1 - (\w+) / (c_caps_\w+)", measured)
        if measured == "slack_compute":
            return {"C_total": "=2 * c_budget_compute", "C_train": "=2 * c_budget_compute"}
        if measured == "L_opt":
            return {"L_opt": f"=0.5 * {expected}"}
        if not cap and "*" not in measured:
            return {measured: -1}
        if "*" not in measured:
            return {cap[0]: f"=2 * {cap[1]}", "in_caps_parameters": 2e10, "in_caps_tokens": 2e12}
        multiplier = measured.partition(" ")[0]
        if not cap:
            return {multiplier: 1, "C_total": "=0.5 * c_budget_compute"}
        return {multiplier: 1, cap[0]: f"=0.5 * {cap[1]}"}


def without_scenarios(plan, folder):
    """A plan with nothing but its base: every scenario more makes its workbook larger by as much."""
    alone = folder / plan.name
    alone.write_text(plan.read_text(encoding="utf-8").partition("scenarios:")[0], encoding="utf-8")
    return alone


@pytest.mark.parametrize("name", PLANS)
def test_every_check_fails_when_it_should(name, build_book, recalculate, tmp_path, project_root):
    """For every row a change of one input or formula turns its mark and the master check to 0; without, all are 1."""
    shipped = next(Path(project_root, "scenarios").rglob(f"{name}.yaml"), None)
    book = build_book(shipped or without_scenarios(Path(__file__).parent / "term_plans" / f"{name}.yaml", tmp_path))
    checks = Checks(book.path)
    assert len(checks.rows) > 30
    tried = [row for row in checks.rows if not PLANS[name] or any(word in checks.label(row) for word in PLANS[name])]
    assert len(tried) > 3
    untouched = recalculate(book.path, "formualizer")
    marks = {row: untouched.values[Address("Checks", row, PASSED)] for row in checks.rows}
    assert set(marks.values()) == {1.0}
    assert untouched["chk_master"] == 1
    missed = {}
    for row in tried:
        changes = checks.mutation(row)
        sheet = recalculate(book.edit(tmp_path / "mutant.xlsx", changes), "formualizer")
        mark = sheet.values[Address("Checks", row, PASSED)]
        if mark != 0 or sheet["chk_master"] != 0:
            missed[checks.label(row)] = (changes, mark, sheet["chk_master"])
    assert missed == {}


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"in_caps_parameters": -5}, "a negative cap"),
        ({"in_budget_compute": 1e60}, "a budget beyond its limit"),
        ({"in_next_year_budget_compute": 1}, "an override of another scenario below its limit"),
        ({"in_caps_tokens": "many"}, "a word that is not the one for none"),
        ({"in_budget_compute": "none"}, "no budget at all"),
        ({"sel_scenario": "nowhere"}, "a scenario that does not exist"),
        ({"N_opt": 8.1e9}, "a formula typed over"),
        ({"price_compute": "=1 / 0"}, "an error in one cell"),
    ],
)
def test_the_master_check_turns_to_zero(changes, why, build_book, recalculate, tmp_path, project_root):
    """Whatever a reader does that makes the book wrong shows in the header of every sheet."""
    book = build_book(project_root / "scenarios/examples/serving_fleet.yaml")
    for engine in ("formualizer", "ironcalc"):
        sheet = recalculate(book.edit(tmp_path / "mutant.xlsx", changes), engine)
        assert sheet["chk_master"] == 0, why
        assert "look" in str(sheet.values[Address("Plan", 3, 1)]) or "fails" in str(sheet.values[Address("Plan", 3, 1)])


@pytest.mark.parametrize("engine", ["formualizer", "ironcalc"])
def test_a_typed_zero_is_a_value(engine, build_book, recalculate, tmp_path, project_root):
    """In a blank override it is not what is inherited: it is in force, counts as a change, and lies outside limits."""
    book = build_book(project_root / "scenarios/examples/target_loss_zh.yaml")
    scenario = book.solution.plan.scenarios[0].slug
    name = f"in_{scenario}_caps_parameters"
    sheet = recalculate(book.edit(tmp_path / "zero.xlsx", {name: 0}), engine)
    assert sheet["c_caps_parameters"] == 0
    assert (sheet["chk_unchanged"], sheet["chk_master"]) == (0, 0)
    emptied = recalculate(book.edit(tmp_path / "blank.xlsx", {name: None}), engine)
    assert (emptied["chk_unchanged"], emptied["chk_master"]) == (1, 1)
