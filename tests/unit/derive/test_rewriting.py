"""Whether two formulas are the same mathematics."""

import pytest

from flopsheet.derive.rewriting import compare_formulas
from flopsheet.errors import Place
from flopsheet.formula.parse import formula_names, parse_formula
from flopsheet.formula.text import FormulaText
from flopsheet.model.cell import make_symbol

AROUND = {"N": 7e9, "D": 1.4e12, "E": 1.69, "A": 406.4, "B": 410.7, "alpha": 0.34, "beta": 0.28}


def parse(text, negative=()):
    """A formula over symbols that are positive unless said otherwise."""
    formula = FormulaText(text, Place("x.yaml", 1, 1))
    symbols = {name: make_symbol(name, positive=name not in negative) for name in formula_names(formula, "x")}
    return parse_formula(formula, symbols, subject="x")


SAME = [
    ("E + A/N**alpha + B/D**beta", "B*D**(-beta) + exp(log(A) - alpha*log(N)) + E"),
    ("6*N*D", "2*(3*N)*D"),
    ("(N + D)**2", "N**2 + 2*N*D + D**2"),
    ("sqrt(N*D)", "N**0.5 * D**0.5"),
    ("log(N/D)", "log(N) - log(D)"),
    ("0.34*N + 0.28*N", "0.62*N"),
    ("(N**2 - D**2)/(N - D)", "N + D"),
]


@pytest.mark.parametrize(("old", "new"), SAME)
def test_rewritten_formulas_are_the_same(old, new):
    """Algebra shows that nothing changed, and there is no counterexample."""
    found = compare_formulas(parse(old), parse(new), around=AROUND)
    assert (found.sameness, found.counterexample) == ("same", None)


DIFFERENT = [
    ("6*N*D", "6*N*D + 1", {"N": 7e9, "D": 1.4e12}),
    ("E + A/N**alpha", "E + A/N**0.35", {"N": 7e9, "E": 1.69, "A": 406.4, "alpha": 0.34}),
    ("max(N, D)", "D", None),
]


@pytest.mark.parametrize(("old", "new", "point"), DIFFERENT)
def test_different_formulas_have_a_counterexample(old, new, point):
    """The usual numbers are the counterexample if they are one; else a sampled point."""
    around = AROUND if point else {"N": 1.0, "D": 1.2}
    found = compare_formulas(parse(old), parse(new), around=around)
    assert found.sameness == "different"
    assert found.counterexample is not None
    assert found.counterexample.old != found.counterexample.new or point
    if point:
        assert found.counterexample.point == point
    else:
        assert found.counterexample.point["N"] > found.counterexample.point["D"]


def test_a_value_on_one_side_alone_is_a_difference():
    """Where one formula has no value at the usual numbers and the other has, they are not the same."""
    found = compare_formulas(parse("log(N - D)"), parse("log(D - N)"), around=AROUND)
    assert found.sameness == "different"
    assert found.counterexample is not None
    assert found.counterexample.old is None
    assert found.counterexample.new is not None


def test_a_number_may_become_a_name():
    """A literal that became a constant of the same value is told as the same at the constants' numbers."""
    numbers = {"E": 1.69, "A": 406.4, "alpha": 0.34}
    old, new = parse("E + 406.4/N**0.34"), parse("E + A/N**alpha")
    found = compare_formulas(old, new, around=AROUND, constants=({"E": 1.69}, numbers))
    assert found.sameness == "same_at_constants"
    found = compare_formulas(old, new, around=AROUND, constants=({"E": 1.69}, {**numbers, "alpha": 0.35}))
    assert found.sameness == "different"


def test_signs_are_respected():
    """What holds for positive numbers alone is not taken for the same where a symbol may be negative."""
    old, new = parse("sqrt(x**2)", negative=("x",)), parse("x", negative=("x",))
    assert compare_formulas(old, new, around={"x": -2.0}).sameness == "different"
    assert compare_formulas(parse("sqrt(x**2)"), parse("x"), around={"x": 2.0}).sameness == "same"


def test_large_powers_are_sampled_only():
    """Powers that would be multiplied out for minutes are compared by numbers, and said to be."""
    old, new = parse("((N + D)*(A + B))**300"), parse("(N*A + N*B + D*A + D*B)**300")
    assert compare_formulas(old, new, around={"N": 1.1, "D": 0.7, "A": 1.0, "B": 0.2}).sameness == "agrees"
