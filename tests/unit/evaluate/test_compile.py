"""Compiled cells: every function as the table says, guards, choices, chunks; no warning, no name of a plan in code."""

import math
import warnings

import numpy as np
import pytest
import sympy as sp

from flopsheet.evaluate.compile import CHUNK, compile_cells
from flopsheet.formula.functions import FUNCTIONS, RELATIONS, choose
from flopsheet.model.cell import Cell, make_symbol
from flopsheet.model.graph import build_graph

x, y = make_symbol("x"), make_symbol("y")
r, s = make_symbol("r", positive=False), make_symbol("s", positive=False)
INPUTS = [Cell("x", "input", "1", "x"), Cell("y", "input", "1", "y")]
REAL = [Cell("r", "input", "1", "r", positive=False), Cell("s", "input", "1", "s", positive=False)]


def compiled(*cells):
    """The last of the given cells compiled over x, y, r and s."""
    return compile_cells(build_graph([*INPUTS, *REAL, *cells]), [cells[-1].id])


def value(expr, **numbers):
    """An expression at a point through the compiled function; warnings are errors."""
    function = compiled(Cell("z", "formula", "1", "z", expr, positive=False))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return function.evaluate({"x": 1.0, "y": 1.0, "r": 1.0, "s": 1.0, **numbers})["z"]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_gives_its_examples(name):
    """As a number and in an array."""
    row = FUNCTIONS[name]
    symbols = [make_symbol(f"a{index}", positive=False) for index in range(4)]
    cells = [Cell(symbol.name, "input", "1", symbol.name, positive=False) for symbol in symbols]
    for arguments, expected in row.examples:
        used = symbols[: len(arguments)]
        expr = row.build(used[0] > 0, *used[1:]) if name == "if" else row.build(*used)
        function = compile_cells(build_graph([*cells, Cell("z", "formula", "1", "z", expr, positive=False)]), ["z"])
        numbers = {symbol.name: float(arg) for symbol, arg in zip(used, arguments, strict=True)}
        assert float(function.evaluate(numbers)["z"]) == pytest.approx(float(expected), rel=1e-15, abs=1e-300)
        arrays = {key: np.full(3, number) for key, number in numbers.items()}
        assert function.evaluate(arrays)["z"] == pytest.approx([float(expected)] * 3, rel=1e-15, abs=1e-300)


@pytest.mark.parametrize("name", RELATIONS)
@pytest.mark.parametrize(("then", "otherwise"), [(1, 0), (0, 1), (2, 3)])
def test_every_comparison_chooses(name, then, otherwise):
    """Below, at and above, whatever stands in the branches."""
    expr = choose(RELATIONS[name].head(r, s), sp.Integer(then), sp.Integer(otherwise))
    found = value(expr, r=np.array([1.0, 2.0, 3.0]), s=2.0)
    holds = {"<": (1, 0, 0), "<=": (1, 1, 0), ">": (0, 0, 1), ">=": (0, 1, 1), "==": (0, 1, 0), "!=": (1, 0, 1)}[name]
    assert found.tolist() == [then if hold else otherwise for hold in holds]
    assert found.dtype == np.float64


@pytest.mark.parametrize(
    ("expr", "numbers", "expected"),
    [
        (1 / r, {"r": 0.0}, math.inf),
        (sp.log(r), {"r": -1.0}, math.nan),
        (sp.log(r), {"r": 0.0}, -math.inf),
        (sp.exp(r), {"r": 1e6}, math.inf),
        (r**s, {"r": -8.0, "s": 1 / 3}, math.nan),
        (r**s, {"r": -2.0, "s": 3.0}, -8.0),
        (r**s, {"r": 0.0, "s": 0.0}, 1.0),
        (x**y, {"x": 1e200, "y": 2.0}, math.inf),
        (x**y, {"x": 1e-200, "y": 2.0}, 0.0),
        (x**y, {"x": 7.0, "y": 0.0}, 1.0),
        (x**-y, {"x": 1e30, "y": 0.34}, 10**-10.2),
        (r - s, {"r": 1.0, "s": 1.0}, 0.0),
        (-r - s, {"r": 1.0, "s": 2.0}, -3.0),
        (2 - r, {"r": 1.0}, 1.0),
        (sp.Rational(1, 3) * r, {"r": 3.0}, 1.0),
        (sp.sqrt(x) / y**2, {"x": 16.0, "y": 2.0}, 1.0),
        (sp.E**r, {"r": 1.0}, math.e),
    ],
)
def test_edges_have_a_value_and_no_warning(expr, numbers, expected):
    """Overflow, poles and roots of negatives are inf or nan, in arrays as in numbers."""
    assert float(value(expr, **numbers)) == pytest.approx(expected, rel=1e-14, nan_ok=True)
    arrays = {name: np.array([number, number]) for name, number in numbers.items()}
    assert value(expr, **arrays) == pytest.approx([expected] * 2, rel=1e-14, nan_ok=True)


def test_powers_of_positive_bases_are_right_to_1e_13():
    """Over the whole range that plans use."""
    random = np.random.default_rng(3)
    bases, exponents = 10 ** random.uniform(-30, 30, 20_000), random.uniform(-1.2, 1.2, 20_000)
    assert value(x**y, x=bases, y=exponents) == pytest.approx(bases**exponents, rel=1e-13)


@pytest.mark.parametrize("infinite", [False, True])
def test_guard(infinite):
    """0 lets the value through, 1 gives infinity where that is asked for, anything else no value."""
    guard = Cell("g", "formula", "1", "g", r, positive=False)
    cell = Cell("z", "formula", "1", "z", 2 * x, guard="g", guard_infinite=infinite)
    found = compiled(guard, cell).evaluate({"x": 3.0, "r": np.array([0.0, 1.0, 2.0])})["z"]
    assert found[0] == 6
    assert found[1] == math.inf if infinite else math.isnan(found[1])
    assert math.isnan(found[2])


def test_a_guard_is_computed_although_no_formula_reads_it():
    """Asking for the guarded cell alone brings its guard, wherever that stands."""
    cell = Cell("z", "formula", "1", "z", 2 * x, guard="g")
    graph = build_graph([*INPUTS, cell, Cell("g", "formula", "1", "g", y - 1, positive=False)])
    assert [found.id for found in graph.needed(["z"])] == ["x", "y", "g", "z"]
    assert float(compile_cells(graph, ["z"]).evaluate({"x": 1.0, "y": 1.0})["z"]) == 2


@pytest.mark.parametrize("size", [1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK + 5])
def test_chunks_do_not_show(size):
    """Any length gives bit for bit what its points give one by one or in other pieces."""
    random = np.random.default_rng(size)
    points = 10 ** random.uniform(-3, 20, size)
    function = compiled(Cell("z", "formula", "1", "z", sp.Max(x**y, sp.log(x)) / (1 + sp.exp(-y))))
    whole = function.evaluate({"x": points, "y": 0.31})["z"]
    halves = [function.evaluate({"x": part, "y": 0.31})["z"] for part in np.array_split(points, 3)]
    assert np.array_equal(whole, np.concatenate(halves))
    some = random.integers(0, size, min(size, 50))
    assert [float(function.evaluate({"x": points[i], "y": 0.31})["z"]) for i in some] == whole[some].tolist()


def test_shapes_broadcast():
    """A row and a column give a table; numbers alone give a number."""
    function = compiled(Cell("z", "formula", "1", "z", x * y))
    table = function.evaluate({"x": np.arange(1.0, 4)[:, None], "y": np.arange(1.0, 3)})["z"]
    assert table.tolist() == [[1, 2], [2, 4], [3, 6]]
    assert function.evaluate({"x": 2.0, "y": 3.0})["z"].shape == ()
    assert function.evaluate({"x": np.ones((100, 100)), "y": 3.0})["z"].shape == (100, 100)


def test_only_what_is_asked_for_is_computed():
    """A cell that no output reads is not in the code, and its inputs are not asked for."""
    graph = build_graph([*INPUTS, Cell("a", "formula", "1", "a", x**2), Cell("b", "formula", "1", "b", sp.log(y))])
    function = compile_cells(graph, ["a"])
    assert function.inputs == ("x",)
    assert "log" not in function.source


def test_names_of_a_plan_never_reach_the_code():
    """Cells may be called whatever: the code holds identifiers of its own."""
    hostile = ["import_os", "lambda", "np", "exec", "compiled", "v0", "t0", "x0", "inf"]
    cells = [Cell(name, "input", "1", name) for name in hostile]
    total = sp.Add(*(make_symbol(name) ** (index + 2) for index, name in enumerate(hostile)))
    function = compile_cells(build_graph([*cells, Cell("return", "formula", "1", "z", total)]), ["return"])
    assert not {"import_os", "lambda", "exec", "x0", "inf"} & set(function.source.replace("(", " ").split())
    expected = sum(float(index + 1) ** (index + 2) for index in range(len(hostile)))
    found = function.evaluate({name: float(index + 1) for index, name in enumerate(hostile)})["return"]
    assert float(found) == pytest.approx(expected, rel=1e-15)


def test_shared_parts_are_computed_once():
    """The logarithm of one base serves all its powers."""
    graph = build_graph(
        [*INPUTS, Cell("a", "formula", "1", "a", x**y), Cell("b", "formula", "1", "b", x ** (2 * y + 1))]
    )
    assert compile_cells(graph, ["a", "b"]).source.count("np.log(") == 1
