"""The fit in a workbook is live: a run that is changed moves the constants and every loss after them."""

from pathlib import Path

import numpy as np
import pytest

from flopsheet import api
from flopsheet.workbook.lint import check_workbook
from flopsheet.workbook.planbook import write_plan_workbook
from flopsheet.workbook.verify import verify_workbook

ROOT = Path(__file__).resolve().parents[2]
PLAN = ROOT / "scenarios" / "article" / "power_law_fit.yaml"


@pytest.mark.parametrize("engine", ["formualizer", "ironcalc"])
def test_a_changed_run_moves_the_fit(build_book, recalculate, tmp_path, engine):
    """With another loss and another size in two yellow cells the engine shows numpy's own fit of the new runs."""
    book = build_book(PLAN)
    changed = book.edit(tmp_path / "changed.xlsx", {"in_fit_y_2": 3.9, "in_fit_x_5": 5e10})
    found = recalculate(changed, engine)
    sizes = np.array([1e7, 1e8, 1e9, 1e10, 5e10])
    runs = book.solution.fit.runs.runs
    losses = np.array([run.loss for run in runs])
    losses[1] = 3.9
    slope, height = np.polyfit(np.log(sizes), np.log(losses), 1)
    a = np.exp(height) * 1e6**slope
    residuals = np.log(losses) - height - slope * np.log(sizes)
    assert found["b"] == pytest.approx(slope, rel=1e-9)
    assert found["a"] == pytest.approx(a, rel=1e-9)
    assert found["L_opt"] == pytest.approx(a * 10**slope, rel=1e-9)
    assert found["fit_rms"] == pytest.approx(np.sqrt(np.mean(residuals**2)), rel=1e-9)
    assert found["chk_master"] == 1


FORMS = {
    "line": ("a * N**(-b)", "{a: 1, b: 0.1}", "runs: runs.csv"),
    "reference size": ("(N / N_0)**(-b)", "{N_0: 1e6, b: 0.1}", "runs: runs.csv"),
    "slope alone": ("a * (N / 1000000)**(-b)", "{a: 5, b: 0.1}", "runs: runs.csv, free: b"),
    "height alone": ("a * (N / N_1)**(-b)", "{a: 5, b: 0.06, N_1: 1e6}", "runs: runs.csv, free: a"),
    "root": ("sqrt(a) * N**(-b / 2)", "{a: 1, b: 0.1}", "runs: runs.csv"),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_fit_agrees(form, tmp_path):
    """With noisy runs two engines calculate every stored value to 1e-12, and the workbook keeps all rules."""
    loss, constants, fit = FORMS[form]
    (tmp_path / ".git").mkdir()
    noisy = "N,loss\n1e7,4.02\n3e7,3.71\n1e8,3.39\n1e9,2.91\n2e10,2.33\n1e11,2.12\n"
    (tmp_path / "runs.csv").write_text(noisy, encoding="utf-8")
    law = f"law:\n  law: ours\n  loss: {loss}\n  decisions: {{N: parameters}}\n  constants: {constants}\n"
    scenarios = "scenarios:\n  a: {}\n  b: {inputs.N: 1e12, target.loss: 2}\n"
    plan = tmp_path / "plan.yaml"
    plan.write_text(f"title: t\n{law}fit: {{{fit}}}\ninputs: {{N: 1e9}}\n{scenarios}", encoding="utf-8")
    book = tmp_path / "plan.xlsx"
    write_plan_workbook(api.solve_plan(plan), book, version="0", inputs_sha256="0" * 64)
    verification = verify_workbook(book, engines=("formualizer", "ironcalc"))
    assert verification.disagreements == ()
    assert verification.tolerance == 1e-12
    assert check_workbook(book) == []
