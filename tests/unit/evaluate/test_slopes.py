"""Slopes of cells are those of their formulas, to both sides, whatever the formula holds."""

import math

import mpmath
import numpy as np
import pytest
import sympy as sp

from flopsheet.evaluate.slopes import follow_slopes
from flopsheet.formula.functions import FUNCTIONS
from flopsheet.formula.mp_value import mp_value
from flopsheet.formula.root import make_root
from flopsheet.model.cell import Cell, make_symbol

X, Y = make_symbol("x"), make_symbol("y")


def slopes(expr, at, value=None):
    """The slopes of a formula to the right and to the left, along x and y."""
    inputs = [Cell(symbol.name, "input", "1", symbol.name) for symbol in (X, Y)]
    numbers = {"x": at[0], "y": at[1]} | ({} if value is None else {"f": value})
    cells = (*inputs, Cell("f", "formula", "1", "f", expr))
    found = []
    for sign in (1, -1):
        seeds = {name: sign * np.eye(2)[place] for place, name in enumerate(("x", "y"))}
        found.append(sign * follow_slopes(cells, numbers, seeds, 2)["f"].slope)
    return found


SMOOTH = {
    "powers": X**Y * (X + 2 * Y) / sp.sqrt(Y),
    "logarithms": sp.log(X * Y) + sp.exp(-X / Y) + FUNCTIONS["log10"].build(X) * FUNCTIONS["log2"].build(Y),
    "functions": sp.atan(X) * sp.sin(Y) - sp.cos(X * Y) + sp.Abs(X - 5),
    "rounding": sp.floor(X) * Y + sp.ceiling(Y) * X + FUNCTIONS["round"].build(X) * sp.sign(Y - 10),
    "limits": sp.Min(X, 2 * Y, 7) + sp.Max(X, Y**2),
    "choices": sp.Piecewise((X**2, (X < Y) & (Y > 1)), (Y**3, (X > 9) | sp.Eq(Y, 1)), (X * Y, True)),
}


@pytest.mark.parametrize("name", SMOOTH)
@pytest.mark.parametrize("at", [(1.3, 2.4), (3.7, 0.6)])
def test_where_a_formula_is_smooth_both_slopes_are_its_derivative(name, at):
    """Against differences with 50 digits."""
    expr = SMOOTH[name]
    right, left = slopes(expr, at)
    for place in range(2):
        with mpmath.workdps(50):

            def along(value, place=place):
                env = dict(zip((X, Y), map(mpmath.mpf, at), strict=True))
                return mp_value(expr, env | {(X, Y)[place]: value})

            step = mpmath.mpf(10) ** -20
            known = float((along(mpmath.mpf(at[place]) + step) - along(mpmath.mpf(at[place]) - step)) / (2 * step))
        assert right[place] == pytest.approx(known, rel=1e-12, abs=1e-14)
        assert left[place] == pytest.approx(known, rel=1e-12, abs=1e-14)


KINKS = {
    "least": (sp.Min(X, 3 - X / 2), [-0.5, 1.0]),
    "largest": (sp.Max(X, 3 - X / 2), [1.0, -0.5]),
    "condition of the other": (sp.Piecewise((5 * X, X < Y), (3 * X + 2 * Y, True)), [3.0, 5.0]),
    "rounded tie": (sp.Min(X, sp.exp(sp.log(Y) + sp.log(1000)) / 1000), [0.0, 1.0]),
}


@pytest.mark.parametrize("name", KINKS)
def test_at_a_kink_each_side_has_its_own_slope(name):
    """At x = y = 2 the sides of a comparison are equal, up to their rounding."""
    expr, known = KINKS[name]
    right, left = slopes(expr, (2.0, 2.0))
    assert [right[0], left[0]] == pytest.approx(known, abs=1e-12)


def test_a_jump_has_no_slope():
    """Where the branches of a choice do not meet there is none, and neither has a step."""
    right, _ = slopes(sp.Piecewise((X, X <= Y), (X + 1, True)), (2.0, 2.0))
    assert math.isnan(right[0])
    assert math.isnan(slopes(sp.Heaviside(X - Y) * X, (2.0, 2.0))[0][0])


def test_a_root_moves_so_that_its_condition_stays_met():
    """t**3 = x*y between 0 and 10 is the cube root; beyond the ends the root moves with them."""
    t = sp.Symbol("t", real=True)
    root = make_root(t, X * Y - t**3, sp.S.Zero, sp.Integer(10))
    right, left = slopes(root, (2.0, 4.0), 2.0)
    assert right == pytest.approx([4 / 12, 2 / 12])
    assert left == pytest.approx(right)
    capped = make_root(t, X * Y - t**3, sp.S.Zero, Y / 4)
    assert slopes(capped, (2.0, 4.0), 1.0)[0] == pytest.approx([0.0, 0.25])
    # Just met at the end: to the right it stays at the end, to the left it leaves it.
    just = make_root(t, X * Y - t**3, sp.S.Zero, Y / 2)
    right, left = slopes(just, (2.0, 4.0), 2.0)
    assert [right[0], left[0]] == pytest.approx([0.0, 4 / 12])


def test_a_root_in_a_jump_moves_with_it():
    """A condition that falls through zero by a jump, at t = x/y: the root is there."""
    t = sp.Symbol("t", real=True)
    fall = sp.Piecewise((2 - t / 100, t * Y <= X), (-1 - t / 100, True))
    root = make_root(t, fall, sp.S.Zero, sp.Integer(10), kinked=True)
    right, left = slopes(root, (3.0, 2.0), 1.5)
    assert right == pytest.approx([0.5, -0.75])
    assert left == pytest.approx(right)
