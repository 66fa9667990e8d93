"""Starting is quick: what a command does not need is not imported."""

import os
import subprocess
import sys

import pytest

from flopsheet.provenance import BuildState, hash_bytes, hash_inputs, scan_yaml, write_index, write_state, write_whole

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


def test_a_hundred_up_to_date_plans_import_nothing_heavy(tmp_path):
    """However many plans there are, none of them is read: their hashes are as an earlier build kept them."""
    (tmp_path / ".git").mkdir()
    plans, out = tmp_path / "plans", tmp_path / "reports"
    for number in range(100):
        path = plans / f"plan_{number}.yaml"
        write_whole(path, f"title: {number}\nlaw: hoffmann_2022\nbudget: {{compute: 1e21 FLOP}}\n".encode())
        write_whole(out / path.stem / "report.md", b"# A report\n")
        name = path.relative_to(tmp_path).as_posix()
        digest = hash_inputs(tmp_path, [name])
        write_state(out / path.stem, BuildState(digest, (name,), {"report.md": hash_bytes(b"# A report\n")}))
    write_index(out, plans, scan_yaml(plans), plans.iterdir())
    code, modules = _imported("build", str(plans), "--out", str(out))
    assert code == 0
    assert modules & {*HEAVY, "yaml", "tomllib"} == set()


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
