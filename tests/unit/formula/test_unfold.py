"""Formulas as named steps: what was put in, what is looked for, and which cases hold."""

import mpmath
import pytest
import sympy as sp

from flopsheet.formula.decide import decide
from flopsheet.formula.root import make_root, put_in
from flopsheet.formula.unfold import Search, unfold

A, B, X, Y, T = sp.symbols("a b x y t", positive=True)
TAU = sp.Symbol("τ", real=True)


def test_a_plain_formula_stays_as_it_is():
    """Nothing was put in: no steps, the same expression."""
    found = unfold(A * X + B)
    assert (found.where, found.formula) == ((), A * X + B)


def test_what_was_put_in_becomes_a_step():
    """max(a, x) with x = a*b: a step x = a*b, then the formula over it."""
    found = unfold(put_in(sp.Max(A, X) + 1, {X: A * B}))
    assert [(step.symbol, step.value) for step in found.where] == [(X, A * B)]
    assert found.formula == sp.Max(A, X) + 1
    assert found.free_symbols == {A, B}


def test_a_name_that_is_taken_is_not_used_again():
    """The step is named x_1 where a cell is called x, and the outer x keeps its name."""
    found = unfold(put_in(sp.Max(A, X), {X: 2 * B}) + X, {"x"})
    assert [step.symbol.name for step in found.where] == ["x_1"]
    assert found.formula == sp.Max(A, sp.Symbol("x_1", positive=True)) + X
    assert found.free_symbols == {A, B, X}


def test_equal_values_are_one_step():
    """The same value put in twice is named once."""
    value = A * B
    found = unfold(put_in(sp.Max(A, X), {X: value}) * put_in(sp.Min(B, X), {X: value}))
    assert len(found.where) == 1


def test_a_root_is_a_search_with_steps_of_its_own():
    """Its unknown has an ASCII name; steps of the condition read it; the ends are over the cells."""
    residual = put_in(A - sp.Max(X, 1), {X: TAU * B})
    found = unfold(make_root(TAU, residual, sp.Integer(0), B * 10))
    search = found.formula
    assert isinstance(search, Search)
    assert search.unknown.name == "t"
    assert [(step.symbol.name, step.value) for step in search.where] == [("x", search.unknown * B)]
    assert (search.condition, search.least) == (A - sp.Max(X, 1), None)
    assert (search.low, search.high) == (0, 10 * B)
    assert found.free_symbols == {A, B}


def test_a_root_within_a_formula_is_a_step():
    """exp of a root: the root is named, and its value is that of the whole when put back."""
    root = make_root(TAU, A - TAU, sp.Integer(0), sp.Integer(10))
    found = unfold(sp.exp(root) * B)
    (step,) = found.where
    assert found.formula == sp.exp(step.symbol) * B
    assert float(step.value.root.mp_solve({A: mpmath.mpf(3)})) == pytest.approx(3, rel=1e-14)


def test_the_case_that_holds_is_found():
    """A choice becomes its case; its number, its condition, and those that failed are told."""
    choice = sp.Piecewise((A, X < 1), (B, X < 2), (A + B, True))
    env = {A: mpmath.mpf(5), B: mpmath.mpf(7), X: mpmath.mpf(1.5)}
    found = decide(choice * 2, env)
    assert found.expr == 2 * B
    (case,) = found.cases
    assert (case.number, case.count, case.holds, case.failed) == (2, 3, X < 2, (X < 1,))
    last = decide(choice, {**env, X: mpmath.mpf(3)}).cases[0]
    assert (last.number, last.holds) == (3, None)


def test_extremes_are_put_in_place_only_on_demand():
    """min and max stay unless the deciding part is asked for."""
    env = {A: mpmath.mpf(5), B: mpmath.mpf(7), X: mpmath.mpf(6)}
    expr = sp.Min(B, sp.Max(A, X))
    assert decide(expr, env).expr == expr
    assert decide(expr, env, extremes=True).expr == X


def test_a_choice_without_a_case_is_an_error():
    """No branch holds: there is no value, and that is said."""
    with pytest.raises(ValueError, match="no branch of a choice holds"):
        decide(sp.Piecewise((A, X < 1)), {A: mpmath.mpf(1), X: mpmath.mpf(2)})
