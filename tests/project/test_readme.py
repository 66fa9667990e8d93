"""What the documents tell a reader to type works, and prints what they say it prints."""

import doctest
import re
import shlex
import shutil
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = ("README.md", "CONTRIBUTING.md")
PAGES = (*DOCUMENTS, "docs/python_api.md", "engine/flopsheet/starter/README.md")
FENCE = re.compile(r"^```(?P<language>\w*)\n(?P<body>.*?)^```$", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\]\((?!https?://|#)([^)#\s]+)[^)]*\)")


class Session(NamedTuple):
    """One command of a console block, and what the document says it prints."""

    command: str
    output: str


def _blocks(text: str, *languages: str) -> list[str]:
    """Bodies of the fenced blocks in the given languages."""
    return [match["body"] for match in FENCE.finditer(text) if match["language"] in languages]


def _sessions(block: str) -> list[Session]:
    """The commands of a console block, each with the lines that follow it."""
    parts = re.split(r"^\$ (.*)\n", block, flags=re.MULTILINE)
    return [Session(command, output) for command, output in zip(parts[1::2], parts[2::2], strict=True)]


def _read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


CONSOLE = [session for name in DOCUMENTS for block in _blocks(_read(name), "console") for session in _sessions(block)]


@pytest.mark.parametrize("command", ["make build", "make test"])
def test_the_two_commands_stand_alone(command):
    """README gives each of the two commands as the only line of its own block."""
    assert _blocks(_read("README.md"), "", "sh", "bash").count(f"{command}\n") == 1


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_make_command_is_a_target(name):
    """Each `make ...` that a document names is a target of the Makefile."""
    targets = set(re.findall(r"^([a-z]+):", _read("Makefile"), flags=re.MULTILINE))
    named = set(re.findall(r"(?:^|`)make ([a-z]+)", _read(name), flags=re.MULTILINE))
    assert named
    assert named <= targets


def test_ci_runs_the_two_commands():
    """CI builds with README's first command, and its check command ends in README's second."""
    assert re.search(r"^make build\b", _read(".ci/run"), flags=re.MULTILINE)
    assert re.search(r"^make .*\bcheck\b", _read(".ci/run"), flags=re.MULTILINE)
    assert re.search(r"^check: .*\n\t.*\btest$", _read("Makefile"), flags=re.MULTILINE)


@pytest.mark.parametrize("name", PAGES)
def test_every_link_leads_somewhere(name):
    """Each link or picture inside the project names a file or folder that exists."""
    missing = [target for target in LINK.findall(_read(name)) if not (ROOT / name).parent.joinpath(target).exists()]
    assert missing == []


def test_the_readme_shows_a_session():
    """README has at least one command with its output."""
    assert any(session.command.startswith("flopsheet ") and session.output.strip() for session in CONSOLE)


@pytest.mark.parametrize("session", CONSOLE, ids=lambda session: session.command)
def test_the_output_is_as_documented(session, tmp_path, run_flopsheet):
    """A documented command prints what the document shows; `...` stands for what is left out."""
    (tmp_path / ".git").mkdir()
    shutil.copytree(ROOT / "scenarios", tmp_path / "scenarios")
    program, *arguments = shlex.split(session.command)
    assert program == "flopsheet"
    finished = run_flopsheet(*arguments, cwd=tmp_path, merged=True)
    assert "Traceback" not in finished.stdout
    shown = "\n".join(line.rstrip() for line in finished.stdout.splitlines()) + "\n"
    assert doctest.OutputChecker().check_output(session.output, shown, doctest.ELLIPSIS), shown
