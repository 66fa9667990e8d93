"""How the commands are run here: in this process, each with its exit code, stdout and stderr."""

import sys
from typing import NamedTuple

import pytest

from flopsheet.cli import main

PLAN = """\
title: Small
law: hoffmann_2022
budget: {compute: 1e21 FLOP}
"""


class Run(NamedTuple):
    """What a command left behind."""

    code: int
    out: str
    err: str


@pytest.fixture
def project(tmp_path, monkeypatch):
    """An empty project that the command runs in."""
    folder = tmp_path / "project"
    (folder / ".git").mkdir(parents=True)
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def flopsheet(project, monkeypatch, capsys):
    """A function that runs `flopsheet ARGUMENTS...` in the project; a traceback fails the test."""

    def run(*arguments):
        assert project.is_dir()
        monkeypatch.setattr(sys, "argv", ["flopsheet", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as end:
            main()
        printed = capsys.readouterr()
        assert "Traceback" not in printed.err
        return Run(int(end.value.code or 0), printed.out, printed.err)

    return run


@pytest.fixture
def plan(project):
    """A small plan in the project."""
    path = project / "plan.yaml"
    path.write_text(PLAN, encoding="utf-8")
    return path
