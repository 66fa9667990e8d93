"""The committed reports are what the program writes today, and each workbook's formulas are the known ones."""

import json
import os
from pathlib import Path

import pytest

from flopsheet import __version__, api
from flopsheet.api.build import WORKBOOK, render_outputs
from flopsheet.plan.discovery import find_plans
from flopsheet.provenance import hash_inputs
from flopsheet.workbook.package import read_package
from flopsheet.workbook.planbook import write_plan_workbook
from flopsheet.workbook.stored import parse_cells

ROOT = Path(__file__).resolve().parents[2]
SCENARIOS = ROOT / "scenarios"
PLANS = [plan.relative_to(SCENARIOS) for plan in find_plans(SCENARIOS)]
# To renew the known formulas after a change that is meant: UPDATE_GOLDEN=1 pytest tests/golden
UPDATE = bool(os.environ.get("UPDATE_GOLDEN"))


# Those of every kind of plan whose outputs are written here again. A build of all of them, after which the tree must be
# unchanged, comes before the tests in CI.
WRITTEN = ("article/chinchilla", "article/compute_law", "article/power_law_fit", "examples/good_data_runs_out",
           "examples/serving_zh", "examples/three_laws")  # fmt: skip


@pytest.fixture(scope="module", params=PLANS, ids=lambda plan: plan.as_posix())
def solved(request):
    """A shipped plan: its path below scenarios/, its solution and the hash of what went into it."""
    solution = api.solve_plan(SCENARIOS / request.param)
    return request.param, solution, hash_inputs(solution.plan.root, solution.files)


def test_committed_reports_are_current(solved):
    """reports/ holds byte for byte what a build of scenarios/ writes: run `make reports` after a change."""
    plan, solution, digest = solved
    folder = ROOT / "reports" / plan.with_suffix("")
    assert f"`{digest}`" in (folder / "report.md").read_text(encoding="utf-8")
    if plan.with_suffix("").as_posix() in WRITTEN or os.environ.get("WHOLE_RUN"):
        committed = {
            path.name: path.read_text(encoding="utf-8") for path in folder.glob("*") if path.suffix in {".md", ".svg"}
        }
        assert committed == render_outputs(solution, digest)


def test_workbook_formulas_are_the_known_ones(solved, tmp_path):
    """Every formula of the workbook, and the first digits of its value, are those of tests/golden."""
    plan, solution, digest = solved
    book = tmp_path / WORKBOOK
    write_plan_workbook(solution, book, version=__version__, inputs_sha256=digest)
    stored = parse_cells(book, read_package(book))
    cells = {str(address): [f"={cell.formula}", _short(cell.value)] for address, cell in stored.formulas()}
    golden = Path(__file__).parent / f"{plan.with_suffix('').as_posix().replace('/', '_')}.cells.json"
    if UPDATE:
        text = json.dumps(cells, ensure_ascii=False, indent=0)
        golden.write_text(text + "\n", encoding="utf-8")
    assert json.loads(golden.read_text(encoding="utf-8")) == cells


def test_every_golden_has_its_plan():
    """No golden file and no report is left over from a plan that is gone."""
    names = {plan.with_suffix("").as_posix() for plan in PLANS}
    goldens = {path.name.removesuffix(".cells.json") for path in Path(__file__).parent.glob("*.cells.json")}
    reports = {path.parent.relative_to(ROOT / "reports").as_posix() for path in (ROOT / "reports").rglob("report.md")}
    assert goldens == {name.replace("/", "_") for name in names}
    assert reports == names


def _short(value: object) -> object:
    """A value that is the same on every machine: numbers to six digits, what is nearly zero as zero."""
    if isinstance(value, float):
        return 0.0 if abs(value) < 1e-9 else float(f"{value:.6g}")
    return value if value is None or isinstance(value, (bool, str)) else str(value)
