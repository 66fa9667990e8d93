"""What is delivered is what is tested: the wheel holds the laws and templates and works away from the checkout."""

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

import flopsheet


@pytest.fixture(scope="module")
def built(project_root, tmp_path_factory) -> Path:
    """A folder with an sdist, and the wheel that was built from that sdist."""
    folder = tmp_path_factory.mktemp("built")
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(project_root)]
    finished = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    return folder


@pytest.fixture(scope="module")
def wheel_names(built) -> set[str]:
    """Every path in the wheel."""
    with zipfile.ZipFile(next(built.glob("*.whl"))) as wheel:
        return set(wheel.namelist())


@pytest.fixture(scope="module")
def unpacked(built, tmp_path_factory) -> Path:
    """The wheel unpacked into a folder of its own."""
    folder = tmp_path_factory.mktemp("site")
    shutil.unpack_archive(next(built.glob("*.whl")), folder, "zip")
    return folder


def _below(folder: Path) -> set[str]:
    """Files below a folder, relative to it, without caches."""
    found = (path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {path.relative_to(folder).as_posix() for path in found}


def _python(code: str, folder: Path, site: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run code in a folder with nothing but the installed libraries and, if given, one more folder on the path."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    if site is not None:
        environment["PYTHONPATH"] = str(site)
    command = [sys.executable, "-c", code]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder, env=environment)


def test_the_wheel_holds_the_package_whole(project_root, wheel_names):
    """Every source, law and marker file of the package is in the wheel, at the same place."""
    expected = {f"flopsheet/{name}" for name in _below(project_root / "engine" / "flopsheet")}
    assert expected <= wheel_names
    assert "flopsheet/py.typed" in wheel_names
    for folder in ("laws", "repetition", "hardware", "starter"):
        assert any(name.startswith(f"flopsheet/{folder}/") and name.endswith(".yaml") for name in wheel_names)


def test_the_wheel_holds_the_templates(project_root, wheel_names):
    """Every template and label catalogue is in the wheel, below the package."""
    templates = _below(project_root / "templates")
    assert {f"flopsheet/templates/{name}" for name in templates} <= wheel_names
    assert {"labels/en.toml", "labels/zh.toml"} <= templates


def test_the_wheel_holds_nothing_else(wheel_names):
    """A wheel owns the package and its own metadata: no tests, no scenarios, no second top-level name."""
    tops = {name.split("/")[0] for name in wheel_names}
    assert tops == {"flopsheet", f"flopsheet-{flopsheet.__version__}.dist-info"}


def test_the_sdist_holds_what_a_rebuild_needs(built):
    """Sources, templates, scenarios and tests travel together."""
    with tarfile.open(next(built.glob("*.tar.gz"))) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"pyproject.toml", "engine/flopsheet/errors.py", "templates/labels/en.toml", "tests/conftest.py"} <= names
    assert any(name.startswith("scenarios/") and name.endswith(".yaml") for name in names)


def test_the_wheel_finds_its_templates_anywhere(unpacked, tmp_path):
    """Away from the checkout the catalogues come from inside the package."""
    code = "from flopsheet import messages as m; print(m.template_root()); [m.load_catalogue(n) for n in m.LANGUAGES]"
    finished = _python(code, tmp_path, unpacked)
    assert finished.stderr == ""
    assert Path(finished.stdout.strip()) == unpacked / "flopsheet" / "templates"


def test_a_starter_folder_builds_at_once(unpacked, tmp_path):
    """`init` from the wheel writes the whole folder; there `build` and `check` of the wheel end with 0."""
    code = (
        "import os, sys\nfrom flopsheet.cli import main\n"
        "def run(*arguments):\n"
        "    sys.argv = ['flopsheet', *arguments]\n"
        "    try: main()\n"
        "    except SystemExit as end: print(arguments[0], 'ended with', end.code or 0)\n"
        "run('init', 'plans'); os.chdir('plans'); run('build'); run('check')"
    )
    printed = _python(code, tmp_path, unpacked)
    lines = printed.stdout.splitlines()
    assert [line for line in lines if "ended with" in line] == [
        f"{each} ended with 0" for each in ("init", "build", "check")
    ]
    listed = {line.removeprefix("plans/") for line in lines if line.startswith("plans/")}
    assert listed == {name for name in _below(tmp_path / "plans") if not name.startswith("reports/")}
    for plan in ("first_model", "cluster_and_data"):
        assert {"report.md", "plan.xlsx"} <= _below(tmp_path / "plans/reports" / plan)
        assert any(line.split()[:2] == ["ok", f"{plan}.yaml"] for line in lines)


def test_the_source_root_is_no_package(tmp_path):
    """Outside the checkout `import engine` fails: engine/ is a folder of sources, not a name anyone gets."""
    finished = _python("import engine", tmp_path)
    assert finished.returncode == 1
    assert "ModuleNotFoundError: No module named 'engine'" in finished.stderr


def test_make_test_runs_on_the_installed_package(project_root):
    """In the environment that make sets up, the package under test is the installed one."""
    if Path(sys.prefix) != project_root / ".venv":
        pytest.skip("this is not the environment that make sets up")
    assert Path(flopsheet.__file__).is_relative_to(project_root / ".venv")
