"""Workbooks of plans under terms: two engines agree with each, and each follows what a reader changes."""

import os
import random
import re
from pathlib import Path

import pytest
from tests.agreement.conftest import SHIPPED, UNDER_TERMS

from flopsheet import api
from flopsheet.workbook.lint import check_workbook
from flopsheet.workbook.verify import verify_workbook

TERM_PLANS = [*sorted(path.stem for path in (Path(__file__).parent / "term_plans").glob("*.yaml")), *UNDER_TERMS]
"""Together they have every kind of data, limit and objective."""

# What other keys decide.
DERIVED = ("hardware.bytes_per_parameter", "hardware.peak", "inference.peak")
UNITS = {"hour": "hour", "byte": "byte", "USD/(accelerator*hour)": "USD/hour", "W/accelerator": "W"}
EDITS = 200 if os.environ.get("WHOLE_RUN") else 5
TOLERANCE = 1e-8
WORDS = {"infinite": float("inf"), "none": None, "–": None}


@pytest.fixture
def term_book(build_book):
    """A function that gives the workbook of a plan by name, built once."""
    shipped = {path.stem: path for path in SHIPPED}
    return lambda name: build_book(shipped.get(name, Path(__file__).parent / "term_plans" / f"{name}.yaml"))


class Edits:
    """Random edits of one workbook, and what a scenario's inputs then are."""

    def __init__(self, book, seed):
        self.chance = random.Random(f"{book.plan.stem} {seed}")  # noqa: S311 - the same edits in every run
        self.plan = book.solution.plan
        self.answers = {answer.name: answer for answer in book.solution.answers}
        self.cells = {
            cell.key: cell
            for cell in book.solution.graph
            if cell.key and not cell.key.startswith(("constants.", "strategies.")) and cell.key not in DERIVED
        }
        self.base = {key: self._base(key) for key in self.cells}
        self.own = {
            s.name: {key: "none" if o.value is None else o.value for key, o in s.overrides.items()}
            for s in self.plan.scenarios
        }
        self.chosen = self.chance.choice(self.plan.scenarios)
        self.changes = {"sel_scenario": self.chosen.name}
        for _ in range(self.chance.randint(1, 4)):
            self._change()

    def _base(self, key):
        source = self.plan.inputs.get(key)
        if source is None or source.value is None:
            return "none" if self.cells[key].default is None else self.cells[key].default
        return source.value

    def _change(self):
        """Change the base, or an override of the chosen scenario."""
        key = self.chance.choice(sorted(self.cells))
        name, value = key.replace(".", "_"), self._value(key)
        if self.chance.random() < 0.4:
            self.base[key] = self.changes[f"in_{name}"] = value
        else:
            self.own[self.chosen.name][key] = self.changes[f"in_{self.chosen.slug}_{name}"] = value

    def _value(self, key):
        """A new value: amounts over some decades, limits about what the plan takes, or no limit."""
        spread, cell = 10 ** self.chance.uniform(-1, 1), self.cells[key]
        if key == "target.loss":
            return self.chance.choice([1.75, 1.95, 2.1, 2.4, 3.0]) + self.chance.uniform(0, 0.02)
        if key.endswith((".quality", "mfu")):
            return self.chance.uniform(0.05, 1)
        if key.endswith((".epochs", ".decay")):
            return 1 + 20 * self.chance.random()
        budget = key.startswith("budget.") or key == "data.unique"
        if cell.optional and not budget and self.chance.random() < 0.2:
            return "none"
        results = self.answers[self.chosen.name].results
        about = {"caps.parameters": "N_opt", "caps.tokens": "D_opt", "caps.money": "cost", "caps.time": "time"}
        if key in about and about[key] in results and results[about[key]].value < 1e30:
            return results[about[key]].value * spread
        found = [s.inputs[key].value for s in (self.chosen, *self.plan.scenarios) if key in s.inputs]
        found = [value for value in (*found, self.base[key]) if isinstance(value, float)]
        return (found[0] if found else 1e22 if key == "budget.compute" else 1e11) * spread

    def _in_force(self, key, scenario=None):
        """What the chosen scenario has: its own, what the one that it extends has, or the base."""
        scenario = scenario or self.chosen
        if key in self.own[scenario.name]:
            return self.own[scenario.name][key]
        parent = next((s for s in self.plan.scenarios if s.name == scenario.parent), None)
        return self.base[key] if parent is None else self._in_force(key, parent)

    def as_plan(self, text):
        """The text of a plan that has the chosen scenario alone, with its inputs in force."""
        own = []
        for key, cell in self.cells.items():
            value, source = self._in_force(key), self.plan.inputs.get(key)
            if value == cell.default and source is None:
                continue
            if value != "none":
                own.append(f"{key}: {value!r} {UNITS.get(cell.unit, '')}")
            elif source is not None and source.value is not None:
                own.append(f"{key}: null")
        # What is asked of inputs names a scenario, and no result depends on it.
        shared = re.sub(r"^sensitivity:.*\n(?:[ #].*\n)*", "", text.partition("scenarios:")[0], flags=re.MULTILINE)
        return f"{shared}scenarios: {{edited: {{{', '.join(own)}}}}}\n"

    @property
    def is_fair(self):
        """Whether one budget is set where the loss is minimised, and no epochs of data without a limit.

        A plan needs that, a workbook cannot ask for it.
        """
        if "data.unique" in self.cells and self._in_force("data.unique") == "none":
            return False
        budgets = [key for key in self.cells if key.startswith("budget.") and self._in_force(key) != "none"]
        return len(budgets) == (0 if "target.loss" in self.cells else 1)


def check_value(shown, expected, what):
    """A value of the book against that of the package; a word where there is infinity or nothing."""
    shown = WORDS[shown] if isinstance(shown, str) else shown
    if expected is None or expected == float("inf"):
        assert shown == expected, what
    else:
        assert shown == pytest.approx(expected, rel=TOLERANCE, abs=1e-13), what


def check_answer(book, answer, sheet):
    """Every result, price and tier of an answer against the names of the book."""
    for cell in (cell for cell in book.solution.graph if cell.kind == "result"):
        if cell.id.startswith("tier_") or (cell.id == "L_opt" and answer.status == "infeasible"):
            continue
        if cell.id == "efficiency" and sheet[cell.id] == "–":
            continue  # a cap where the plan knew none
        found = answer.results.get(cell.id)
        check_value(sheet[cell.id], None if found is None else found.value, cell.id)
    for name, price in answer.shadow_prices.items():
        check_value(sheet[f"price_{name}"], price.value, f"price of {name}")
        assert (sheet[f"price_{name}"] != 0) == (name in answer.binding), name
    slugs = {tier.name: tier.slug for tier in book.solution.plan.tiers}
    for tier in answer.tiers:
        slug = slugs[tier.name]
        for what in ("epochs", "tokens", "marginal_value"):
            check_value(sheet[f"tier_{slug}_{what}"], getattr(tier, what), f"{what} of {tier.name}")
        check_value(sheet[f"price_tier_{slug}"], tier.shadow_price, f"price of {tier.name}")


def follow(book, seed, tmp_path, recalculate, engines):
    """Edit, recalculate, compare; the regime that was reached, None for edits that are no plan."""
    edits = Edits(book, seed)
    if not edits.is_fair:
        return None
    plan = tmp_path / f"{seed}.yaml"
    plan.write_text(edits.as_plan(book.plan.read_text(encoding="utf-8")), encoding="utf-8")
    (answer,) = api.solve_plan(plan).answers
    path = book.edit(tmp_path / f"{seed}.xlsx", edits.changes)
    if answer.status == "not_converged":
        return answer.status, ()
    for engine in engines:
        sheet = recalculate(path, engine)
        check_answer(book, answer, sheet)
        assert (sheet["chk_master"], sheet.failed_checks) == (1, []), (engine, edits.changes)
    return answer.status, answer.binding


@pytest.mark.parametrize("name", TERM_PLANS)
def test_engines_agree(name, term_book):
    """Both engines calculate every stored value to 1e-12, and the book keeps all rules."""
    book = term_book(name)
    result = verify_workbook(book.path, engines=("formualizer", "ironcalc"))
    assert [report.status for report in result.engines] == ["recalculated"] * 2
    assert result.disagreements == ()
    assert result.tolerance == 1e-12
    assert check_workbook(book.path) == []


@pytest.mark.libreoffice
@pytest.mark.parametrize("name", TERM_PLANS)
def test_libreoffice_agrees(name, term_book):
    """LibreOffice does too."""
    assert verify_workbook(term_book(name).path, engines=("libreoffice",)).disagreements == ()


@pytest.mark.parametrize("name", TERM_PLANS)
def test_edits_are_followed(name, term_book, recalculate, tmp_path):
    """Random edits of tiers, prices, limits and targets give the package's own plan, its epochs and prices."""
    book, engines = term_book(name), ("formualizer", "ironcalc")
    reached = {follow(book, seed, tmp_path, recalculate, engines) for seed in range(EDITS)} - {None}
    assert len(reached) >= 2


def test_plans_under_terms_are_known(build_book):
    """No other shipped plan has data, hardware, inference or limits beside budget and caps."""
    found = {path.stem for path in SHIPPED if build_book(path).solution.terms is not None}
    assert found == set(UNDER_TERMS)
