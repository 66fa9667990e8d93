"""What other repositories may run before a commit: the manifest of hooks, and the starter's use of the same hook."""

import importlib
import re

import pytest
import yaml
from pre_commit import clientlib


@pytest.fixture(scope="module")
def offered(project_root):
    """The one hook of the manifest."""
    path = project_root / ".pre-commit-hooks.yaml"
    clientlib.load_manifest(str(path))  # an exception where pre-commit would refuse it
    (hook,) = yaml.safe_load(path.read_text(encoding="utf-8"))
    return hook


def test_the_hook_runs_the_check_command(offered):
    """It installs this package and calls a command that exists, with the names of the changed files."""
    assert offered["language"] == "python"
    program, command = offered["entry"].split()
    assert program == "flopsheet"
    assert command in importlib.import_module("flopsheet.cli.main").commands.commands
    assert offered.get("pass_filenames", True)


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("plan.yaml", True),
        ("scenarios/article/chinchilla.yaml", True),
        ("a/laws/ours.yaml", True),
        (".pre-commit-config.yaml", False),
        (".github/workflows/ci.yaml", False),
        ("plan.yml", False),
        ("notes.yaml.txt", False),
    ],
)
def test_the_hook_is_asked_about_yaml_files(name, asked, offered):
    """Every `*.yaml` that is not hidden, as `flopsheet check` itself looks at folders."""
    assert bool(re.search(offered["files"], name)) == asked


def test_the_starter_uses_the_same_hook(offered, project_root):
    """pre-commit accepts the starter's file; its hook is the offered one, run from what is installed."""
    path = project_root / "engine/flopsheet/starter/pre-commit-config.yaml"
    clientlib.load_config(str(path))
    (hook,) = yaml.safe_load(path.read_text(encoding="utf-8"))["repos"][0]["hooks"]
    same = ("id", "name", "entry", "files", "require_serial")
    assert {key: hook[key] for key in same} == {key: offered[key] for key in same}
    assert hook["language"] == "system"
