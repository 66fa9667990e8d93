"""Equations in lines that fit a page."""

import sympy as sp

from flopsheet.derive.proof import Equation
from flopsheet.document.latex_lines import lay_out, measure

a, b, c, d, x = sp.symbols("a b c d x", positive=True)
NAMES = {name: name for name in "abcdx"}


def test_a_narrow_equation_stands_alone():
    """One equation that fits needs no alignment."""
    assert lay_out([Equation(x, a + b)], symbols=NAMES) == "x = a + b"


def test_several_equations_align_at_their_relations():
    """Each line has one mark, before its relation."""
    text = lay_out([Equation(x, a), Equation(b, c)], symbols=NAMES)
    assert text == "\\begin{aligned}\nx &= a \\\\\nb &= c\n\\end{aligned}"


def test_a_wide_sum_is_broken_between_terms():
    """No line is wider than the page, and each further one begins with its sign."""
    text = lay_out([Equation(x, a + b - c + d)], symbols=NAMES, page=8)
    assert text.splitlines()[1:-1] == [r"x &= a + b \\", r"&\quad + d - c"]


def test_a_wide_left_side_stands_on_its_own_line():
    """What follows a long left side would begin beyond the page."""
    lines = lay_out([Equation(a + b + c + d, x)], symbols=NAMES, page=8).splitlines()
    assert lines[1:-1] == [r"&a + b + c + d \\", r"&\quad = x"]


def test_an_inequality_has_its_short_side_left():
    """Turned round, its relation turns too; a comparison with a number stays."""
    assert lay_out([Equation(a + b + c, x, ">")], symbols=NAMES) == "x < a + b + c"
    assert lay_out([Equation(a + b + c, sp.S.Zero, ">")], symbols=NAMES) == "a + b + c > 0"


def test_width_counts_what_is_set_side_by_side():
    """A quotient is as wide as its wider side, and exponents are small."""
    assert measure(a * b / c) == measure(a * b)
    assert measure(a / (b * c * d)) == measure(b * c * d)
    assert measure(a) < measure(a**x) < measure(a + x)
