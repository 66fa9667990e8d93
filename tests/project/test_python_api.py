"""The Python interface: light to import, typed, and as its page says."""

import doctest
import inspect
import re
import shutil
import subprocess
import sys
import typing
from pathlib import Path

import pytest

import flopsheet

PAGE = Path(__file__).resolve().parents[2] / "docs/python_api.md"
HEAVY = {"click", "jinja2", "numpy", "openpyxl", "pint", "rich", "sympy", "yaml"}


@pytest.fixture
def project(tmp_path, project_root, monkeypatch):
    """A project with the shipped scenarios, as the working folder."""
    (tmp_path / ".git").mkdir()
    shutil.copytree(project_root / "scenarios", tmp_path / "scenarios")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.usefixtures("project")
def test_the_examples_of_the_page_are_right():
    """Every `>>>` of docs/python_api.md gives what stands below it."""
    text = PAGE.read_text(encoding="utf-8")
    blocks = "\n".join(re.findall(r"^```python\n(.*?)^```$", text, re.DOTALL | re.MULTILINE))
    test = doctest.DocTestParser().get_doctest(blocks, {}, PAGE.name, str(PAGE), 0)
    told: list[str] = []
    failed, tried = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test, out=told.append)
    assert (failed, "".join(told)) == (0, "")
    assert tried > 15


def test_the_page_names_what_is_public():
    """Each verb and type that can be imported from flopsheet stands on the page."""
    text = PAGE.read_text(encoding="utf-8")
    assert [name for name in flopsheet.__all__ if name[0] != "_" and name not in text] == []


def test_importing_is_light():
    """`import flopsheet` brings nothing; each name is there when asked for, and an unknown one is told."""
    code = (
        "import sys, flopsheet; print(*sorted(name.partition('.')[0] for name in sys.modules)); "
        "assert {'load', 'solve', 'build'} <= set(dir(flopsheet)); flopsheet.solve; print('sympy' in sys.modules)"
    )
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    first, second = printed.splitlines()
    assert set(first.split()) & HEAVY == set()
    assert second == "True"
    with pytest.raises(AttributeError, match="no attribute `sovle`"):
        _ = flopsheet.sovle


@pytest.mark.parametrize("name", sorted(set(flopsheet.__all__) - {"__version__"}))
def test_every_public_name_is_typed_and_described(name):
    """A docstring; of a function also a type for each argument and its result."""
    found = getattr(flopsheet, name)
    assert inspect.getdoc(found)
    if inspect.isfunction(found):
        hints = typing.get_type_hints(found)
        assert hints.keys() == {*inspect.signature(found).parameters, "return"}
