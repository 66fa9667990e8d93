"""What all tests share: where the project stands, how a command is run, what is skipped and how chance is fixed."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

import flopsheet

ROOT = Path(__file__).resolve().parents[1]

# The same examples on every run and machine: a red run can be repeated, and a green one is no luck.
settings.register_profile("repeatable", derandomize=True, deadline=None, database=None, print_blob=True)
settings.load_profile("repeatable")


def pytest_report_header() -> str:
    """Name the package under test: installed, or the checkout's sources."""
    return f"flopsheet {flopsheet.__version__} from {Path(flopsheet.__file__).parent}"


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test that needs LibreOffice where it is missing; fail it there under CI."""
    if item.get_closest_marker("libreoffice") and shutil.which("soffice") is None:
        if os.environ.get("CI"):
            pytest.fail("LibreOffice is missing, and under CI nothing is skipped for that")
        pytest.skip("LibreOffice is not installed")


@pytest.fixture(scope="session")
def project_root() -> Path:
    """The checkout: where README.md, scenarios/ and engine/ stand."""
    return ROOT


@pytest.fixture(scope="session")
def run_flopsheet() -> Callable[..., subprocess.CompletedProcess[str]]:
    """A function that runs `flopsheet ARGUMENTS...` in its own process and gives back what it printed."""

    def run(*arguments: str | Path, cwd: Path = ROOT, merged: bool = False) -> subprocess.CompletedProcess[str]:
        # Not the console script: this way the sources are tested wherever pytest itself found them.
        code = "import sys; from flopsheet.cli import main; sys.argv[0] = 'flopsheet'; sys.exit(main())"
        return subprocess.run(
            [sys.executable, "-c", code, *map(str, arguments)],
            cwd=cwd,
            env=os.environ | {"COLUMNS": "100", "NO_COLOR": "1", "TERM": "dumb", "PYTHONUTF8": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT if merged else subprocess.PIPE,
            encoding="utf-8",
            timeout=300,
            check=False,
        )

    return run
