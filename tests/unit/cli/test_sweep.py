"""`flopsheet sweep`: what it prints, where, and with which exit code."""

import csv

import pytest

SWEEP = "sweep: {caps.parameters: [1B, null], budget.compute: {from: 1e20, to: 1e24, points: 3, scale: log}}\n"


@pytest.fixture
def swept(plan):
    """The small plan with a sweep of six points."""
    plan.write_text(plan.read_text(encoding="utf-8") + SWEEP, encoding="utf-8")
    return plan


@pytest.mark.usefixtures("swept")
def test_a_sweep_is_a_table(flopsheet, project):
    """The file has a row a point; stdout stays empty, the summary goes to stderr."""
    run = flopsheet("sweep", "plan.yaml", "--out", "grid.csv", "--binding")
    assert (run.code, run.out) == (0, "")
    assert run.err.startswith("grid.csv: 6 points (6 ok) in ")
    rows = list(csv.DictReader((project / "grid.csv").read_text(encoding="utf-8").splitlines()))
    assert [row["caps.parameters"] for row in rows] == ["1000000000"] * 3 + [""] * 3
    assert [row["binding"] for row in rows] == ["compute", "compute+parameters", "compute+parameters"] + ["compute"] * 3
    assert flopsheet("sweep", "plan.yaml", "--out", "grid.parquet").code == 0
    assert (project / "grid.parquet").is_file()


def test_points_without_a_plan_are_rows_like_others(flopsheet, project):
    """They are what a sweep looks for: no failure."""
    text = "title: T\nlaw: hoffmann_2022\nobjective: minimize compute\ntarget.loss: 2.2\ncaps.tokens: 1T\n"
    (project / "plan.yaml").write_text(text + "sweep: {caps.tokens: [1e9, 1T]}\n", encoding="utf-8")
    run = flopsheet("sweep", "plan.yaml", "--out", "grid.csv")
    assert run.code == 0
    assert "2 points (1 ok, 1 infeasible)" in run.err


@pytest.mark.usefixtures("swept")
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("plan.yaml",), "Missing option '--out'"),
        (("plan.yaml", "--out", "grid.txt"), "--out `grid.txt` is neither CSV nor Parquet."),
        (("plan.yaml", "--out", "none/grid.csv"), "the folder `none` does not exist."),
        (("plan.yaml", "--out", "grid.csv", "--scenario", "bas"), "unknown scenario `bas`."),
        (("plan.yaml", "--out", "grid.csv", "--set", "caps.parameters=2B"), "plan.yaml:4:14: --set caps.parameters"),
        (("plan.yaml", "--out", "grid.csv", "--set", "sweep=2"), "`sweep` cannot be set here"),
        (("no.yaml", "--out", "grid.csv"), "no.yaml"),
    ],
)
def test_bad_input(flopsheet, project, arguments, message):
    """Exit code 2, and nothing is written."""
    run = flopsheet("sweep", *arguments)
    assert run.code == 2
    assert message in run.err
    assert not (project / "grid.csv").exists()


def test_check_looks_at_the_sweep(flopsheet, plan):
    """What the law does not take is told before anybody sweeps."""
    plan.write_text(plan.read_text(encoding="utf-8") + "sweep: {constants.gama: [1]}\n", encoding="utf-8")
    run = flopsheet("check", "plan.yaml")
    assert run.code == 2
    assert "plan.yaml:4:26: constants.gama: law `hoffmann_2022` has no constant `gama`." in run.err
