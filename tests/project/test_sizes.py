"""Files and functions stay short enough to be read in one go."""

import ast
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = sorted((ROOT / "engine").rglob("*.py"))
SOURCES = PACKAGE + sorted((ROOT / "tests").rglob("*.py"))
LONGEST_FILE = 400
LONGEST_FUNCTION = 80
MEDIAN_FILE = 150


def _length(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def _function_lengths(source: str) -> dict[str, int]:
    """Lines of each function, its docstring left out, by `name:line`."""
    lengths = {}
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            docstring = ast.get_docstring(node, clean=False)
            spoken = docstring.count("\n") + 1 if docstring else 0
            lengths[f"{node.name}:{node.lineno}"] = (node.end_lineno or node.lineno) - node.lineno + 1 - spoken
    return lengths


def test_no_file_is_too_long():
    """A file that wants to be longer is two files."""
    lengths = {str(path.relative_to(ROOT)): _length(path) for path in SOURCES}
    assert {name: length for name, length in lengths.items() if length > LONGEST_FILE} == {}


def test_no_function_is_too_long():
    """A function fits on a screen or two, whatever its docstring says."""
    lengths = {
        f"{path.relative_to(ROOT)}: {function}": length
        for path in SOURCES
        for function, length in _function_lengths(path.read_text(encoding="utf-8")).items()
    }
    assert {name: length for name, length in lengths.items() if length > LONGEST_FUNCTION} == {}


def test_most_files_are_short():
    """The median file of the package is a page or three."""
    assert median(_length(path) for path in PACKAGE) <= MEDIAN_FILE


def test_docstrings_do_not_count():
    """The measure itself: a function of two lines with a docstring of three is two lines long."""
    source = 'def f():\n    """One.\n\n    Two.\n    """\n    return 1\n'
    assert _function_lengths(source) == {"f:1": 2}
