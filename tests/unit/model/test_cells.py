"""The graph of cells and the reader's own cells: order, circles, names, units."""

import pytest

from flopsheet import api
from flopsheet.errors import FlopsheetError
from flopsheet.model.cell import Cell, make_symbol
from flopsheet.model.graph import build_graph

a, b, c = (make_symbol(name) for name in "abc")
HEAD = "title: x\nlaw: hoffmann_2022\nbudget: {compute: 1e22 FLOP}\ncaps: {parameters: 10B}\n"


def test_cells_stand_after_what_they_read():
    """In the order given as far as that goes, guards included."""
    cells = [
        Cell("c", "formula", "1", "c", b + 1, guard="g"),
        Cell("b", "formula", "1", "b", 2 * a),
        Cell("a", "input", "1", "a"),
        Cell("g", "formula", "1", "g", a - 1),
    ]
    assert [cell.id for cell in build_graph(cells)] == ["a", "b", "g", "c"]
    assert [cell.id for cell in build_graph(cells).needed(["b"])] == ["a", "b"]


def test_circles_missing_names_and_doubles_are_told():
    """Each by name."""
    with pytest.raises(FlopsheetError, match=r"in a circle: (a -> b -> a|b -> a -> b)"):
        build_graph([Cell("a", "formula", "1", "a", b), Cell("b", "formula", "1", "b", a)])
    with pytest.raises(FlopsheetError, match="unknown cells: c"):
        build_graph([Cell("a", "formula", "1", "a", c)])
    with pytest.raises(FlopsheetError, match="`a` is already taken"):
        build_graph([Cell("a", "input", "1", "a"), Cell("a", "input", "1", "a")])


@pytest.fixture
def cells(tmp_path):
    """A function that gives the values of a plan's own cells."""

    def run(text):
        path = tmp_path / "plan.yaml"
        path.write_text(HEAD + f"cells: {{{text}}}\n", encoding="utf-8")
        return {name: amount.value for name, amount in api.solve_plan(path).answers[0].cells.items()}

    return run


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("p: {formula: C_total, unit: PF-day}", 1e22 / 8.64e19),
        ("p: {formula: N_opt / 1e9 + 1e9, unit: parameter}", None),
        ("p: {formula: D_opt / N_opt, unit: token/parameter}", None),
        ("p: {formula: log(C / 1e22)}", 0.0),
        ("p: {formula: 'min(N_opt, caps_parameters) / caps_parameters'}", None),
        ("p: {formula: alpha + N_opt / caps_parameters}", None),
        ("p: {formula: q / 2, unit: PF-day}, q: {formula: C_total, unit: FLOP}", 1e22 / 8.64e19 / 2),
        ("p: {formula: '2 * q', unit: FLOP}, q: {formula: C_total, unit: PF-day}", 2e22),
        ("p: {formula: 'sqrt(N_opt * N_opt)', unit: parameter}", None),
    ],
)
def test_cells_with_units_that_fit(text, value, cells):
    """A bare number takes the unit beside it, log acts on the magnitude, a cell's own unit is converted to and from."""
    found = cells(text)["p"]
    if value is not None:
        assert found == pytest.approx(value, rel=1e-13, abs=1e-13)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("p: {formula: 1 + 2 * (N_opt + D_opt)}", "cannot be added"),
        ("p: {formula: 'max(N_opt, C)'}", "cannot be added or compared"),
        ("p: {formula: 'if(N_opt > D_opt, 1, 2)'}", "cannot be added or compared"),
        ("p: {formula: N_opt}", "the cell's unit is 1"),
        ("p: {formula: N_opt, unit: token}", "the cell's unit is token"),
        ("p: {formula: 2 ** N_opt}", "exponent"),
        ("p: {formula: p + 1}", "in a circle"),
        ("N_opt: {formula: '1'}", "`N_opt` is the name of a result"),
        ("alpha: {formula: '1'}", "already the name of a constant"),
        ("C: {formula: '1'}", "`C` is the name of a result or an input"),
        ("N_free: {formula: '1'}", "already the name of a step"),
        ("p: {formula: N_free}", "unknown symbol `N_free`"),
        ("p: {formula: beyond_reach}", "unknown symbol"),
    ],
)
def test_cells_that_do_not_fit_are_told(text, message, cells):
    """With the place of the cell."""
    with pytest.raises(FlopsheetError) as error:
        cells(text)
    assert message in str(error.value)
    place = error.value.problems[0].place
    assert place is not None
    assert place.line == 5


@pytest.mark.parametrize("formula", ["1 / log(C / 1e22)", "log(C / 1e22 - 1)", "exp(C / 1e18)"])
def test_a_cell_without_a_value_is_absent(formula, cells):
    """A pole or an overflow is no infinite result."""
    assert "p" not in cells(f"p: {{formula: {formula!r}}}")
