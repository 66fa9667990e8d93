"""Starting is quick: what a command does not need is not imported."""

import os
import subprocess
import sys

import pytest

HEAVY = {"formualizer", "ironcalc", "jinja2", "matplotlib", "numpy", "openpyxl", "pandas", "pint", "scipy", "sympy"}
REPORT_MODULES = """
import sys
sys.argv = ["flopsheet", *sys.argv[1:]]
from flopsheet.cli import main
try:
    code = main()
except SystemExit as end:
    code = end.code
print("modules:", *sorted({name.partition(".")[0] for name in sys.modules}), file=sys.stderr)
sys.exit(code)
"""


def _imported(*arguments: str) -> tuple[int, set[str]]:
    """Exit code of a command, and the top-level modules it had imported when it ended."""
    finished = subprocess.run(
        [sys.executable, "-c", REPORT_MODULES, *arguments],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ,
    )
    last = finished.stderr.rstrip().splitlines()[-1]
    assert last.startswith("modules: "), finished.stderr
    return finished.returncode, set(last.split()[1:])


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["build", "--help"], ["solve", "--help"]])
def test_help_imports_nothing_heavy(arguments):
    """Help and version come without sympy, numpy, openpyxl or any other library of the work itself."""
    code, modules = _imported(*arguments)
    assert code == 0
    assert modules & HEAVY == set()


def test_solving_imports_no_report_and_no_workbook(tmp_path):
    """`solve` starts without the libraries that only write files."""
    plan = tmp_path / "plan.yaml"
    plan.write_text("title: Small\nlaw: hoffmann_2022\nbudget: {compute: 1e21 FLOP}\n", encoding="utf-8")
    code, modules = _imported("solve", str(plan))
    assert code == 0
    assert "sympy" in modules
    assert modules & {"jinja2", "matplotlib", "openpyxl", "pint", "scipy"} == set()


def test_an_up_to_date_build_imports_nothing_heavy(tmp_path):
    """A second build of an unchanged plan is decided from hashes, before any library is imported."""
    (tmp_path / ".git").mkdir()
    plan = tmp_path / "plan.yaml"
    plan.write_text("title: Small\nlaw: hoffmann_2022\nbudget: {compute: 1e21 FLOP}\n", encoding="utf-8")
    arguments = ["build", str(plan), "--out", str(tmp_path / "reports")]
    first, needed = _imported(*arguments)
    second, modules = _imported(*arguments)
    assert (first, second) == (0, 0)
    assert {"sympy", "openpyxl"} <= needed
    assert modules & HEAVY == set()
