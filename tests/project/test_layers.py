"""The layers, and the rules about who may do what, are kept by the sources as they are."""

import ast
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from importlinter.cli import lint_imports

ENGINE = Path(__file__).resolve().parents[2] / "engine"
EVALUATES_TEXT = {"eval", "exec", "compile", "__import__", "sympify", "S", "parse_expr", "parse_latex"}
WRITES = {"write_text", "write_bytes", "mkdir", "rename", "unlink", "touch", "rmdir"}


def _called(call: ast.Call) -> tuple[str, str]:
    """What a call calls, as (owner, name): `sp.sympify(x)` gives ("sp", "sympify"), a bare name owns ""."""
    match call.func:
        case ast.Name(id=name):
            return "", name
        case ast.Attribute(value=ast.Name(id=owner), attr=name):
            return owner, name
        case ast.Attribute(attr=name):
            return "?", name
    return "?", "?"


def _evaluates_text(call: ast.Call) -> bool:
    """Whether a call hands text to Python or to sympy's parsers; `sympify(x, strict=True)` refuses text."""
    owner, name = _called(call)
    strict = any(keyword.arg == "strict" and ast.unparse(keyword.value) == "True" for keyword in call.keywords)
    return name in EVALUATES_TEXT and owner in {"", "sp", "sympy", "builtins"} and not strict


def _prints(call: ast.Call) -> bool:
    """Whether a call writes to the terminal."""
    return _called(call) in {("", "print"), ("click", "echo"), ("click", "secho")}


def _touches_disk(call: ast.Call) -> bool:
    """Whether a call, by its name and arguments, changes the disk; `text.replace(a, b)` does not."""
    owner, name = _called(call)
    if name == "replace":
        return owner == "os"
    if name == "open":
        modes = [
            value.value for value in (*call.args, *(k.value for k in call.keywords)) if isinstance(value, ast.Constant)
        ]
        return any(isinstance(mode, str) and set(mode) & set("wax+") and set(mode) <= set("rwaxbt+") for mode in modes)
    return name in WRITES


def _calls(source: str, wanted: Callable[[ast.Call], bool], *, except_in: str = "") -> Iterator[int]:
    """Lines of the wanted calls, those inside a function whose name begins with `except_in` left out."""
    tree = ast.parse(source)
    allowed = {
        line
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        if except_in and node.name.lstrip("_").startswith(except_in)
        for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and wanted(node) and node.lineno not in allowed:
            yield node.lineno


def _places(wanted: Callable[[ast.Call], bool], *, except_in: str = "") -> list[str]:
    """`file:line` of each wanted call in the package."""
    return [
        f"{path.relative_to(ENGINE)}:{line}"
        for path in sorted(ENGINE.rglob("*.py"))
        for line in _calls(path.read_text(encoding="utf-8"), wanted, except_in=except_in)
    ]


def test_every_contract_is_kept(project_root, capfd, monkeypatch):
    """Layers point down, and YAML, spreadsheets, templates and the terminal each have one home."""
    monkeypatch.setattr(sys, "path", list(sys.path))  # the linter adds the working folder
    code = lint_imports(config_filename=str(project_root / "pyproject.toml"), no_cache=True, no_logo=True)
    printed = capfd.readouterr().out
    assert code == 0, printed
    assert "Contracts: 5 kept, 0 broken." in printed


def test_text_is_never_evaluated():
    """Nothing hands text to Python or to sympy's parsers, but the one place that compiles what it generated itself."""
    elsewhere = {place for place in _places(_evaluates_text) if not place.startswith("flopsheet/evaluate/compile.py:")}
    assert elsewhere == set()


def test_only_the_command_module_prints():
    """Nothing but the package cli writes to the terminal."""
    assert [place for place in _places(_prints) if not place.startswith("flopsheet/cli/")] == []


def test_only_write_functions_touch_the_disk():
    """Files are made, changed or removed in functions named `write_...` alone."""
    assert _places(_touches_disk, except_in="write") == []


@pytest.mark.parametrize(
    ("wanted", "source", "found"),
    [
        (_evaluates_text, "sp.sympify(text)", True),
        (_evaluates_text, "sp.sympify(number, strict=True)", False),
        (_evaluates_text, "re.compile(pattern)", False),
        (_prints, "print(1)", True),
        (_touches_disk, "Path(name).write_text(text)", True),
        (_touches_disk, "path.open('wb')", True),
        (_touches_disk, "open(path, mode='a')", True),
        (_touches_disk, "path.open(encoding='utf-8')", False),
        (_touches_disk, "text.replace('a', 'b')", False),
        (_touches_disk, "os.replace(a, b)", True),
        (_touches_disk, "def write_all(path): path.write_text('')", False),
    ],
)
def test_the_measures_find_what_they_are_for(wanted, source, found):
    """The measures themselves: one example of each thing that is, or is not, to be found."""
    assert bool(list(_calls(source, wanted, except_in="write"))) is found
