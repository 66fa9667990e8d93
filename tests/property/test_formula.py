"""Formulas from anywhere in the language: print and parse are inverse, numpy agrees with 50 digits, nothing escapes."""

import math
import time

import numpy as np
import pytest
import sympy as sp
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from flopsheet.errors import FlopsheetError, Place
from flopsheet.evaluate.numpy_source import render_numpy
from flopsheet.formula.functions import FUNCTIONS, RELATION_BY_HEAD, RELATIONS
from flopsheet.formula.parse import formula_names, parse_formula
from flopsheet.formula.print import render_formula
from flopsheet.formula.text import FormulaText

NAMES = ("x", "y", "N_c", "lambda")
SYMBOLS = {name: sp.Symbol(name, positive=True) for name in NAMES}
PLACE = Place("law.yaml", 1, 1)
FINEST = 2.0**-50  # a nudge of a few last bits


def _parse(text: str) -> sp.Expr:
    return parse_formula(FormulaText(text, PLACE), SYMBOLS, subject="loss")


def _parse_if_possible(text: str) -> sp.Expr:
    """The expression; the example is dropped where the text has no value, such as 1 / 0."""
    try:
        return _parse(text)
    except FlopsheetError:
        assume(False)
        raise


def _calls(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """A call of any function of the table with arguments from `inner`."""
    compared = st.builds("{} {} {}".format, inner, st.sampled_from(sorted(RELATIONS)), inner)
    joined = st.builds("{}({}, {})".format, st.sampled_from(["and", "or"]), compared, compared)
    chosen = st.builds("if({}, {}, {})".format, compared, compared, compared)
    conditions = compared | joined | compared.map("not({})".format) | chosen

    def call(name: str) -> st.SearchStrategy[str]:
        if name == "if":
            return st.builds("if({}, {}, {})".format, conditions, inner, inner)
        fewest, most = FUNCTIONS[name].arity
        args = st.lists(inner, min_size=fewest, max_size=most or 3)
        return args.map(lambda given: f"{name}({', '.join(given)})")

    return st.sampled_from(sorted(FUNCTIONS)).flatmap(call)


def _operations(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Operators between operands from `inner`."""
    binary = st.builds("({} {} {})".format, inner, st.sampled_from(["+", "-", "*", "/"]), inner)
    power = st.builds("({})**{}".format, inner, st.sampled_from(["2", "-1", "0.5", "(1/3)", "-1.25", "y", "-N_c"]))
    return binary | power | inner.map("-{}".format)


NUMBERS = st.sampled_from(["0", "1", "2", "3", "10", "0.34", "1e3", "7.25", "0.001"])
LEAVES = st.sampled_from(NAMES) | NUMBERS
FORMULAS = st.recursive(LEAVES, lambda inner: _operations(inner) | _calls(inner), max_leaves=8)


def _rebuilt(expr: sp.Basic) -> sp.Basic:
    """The expression built anew from its parts. Some are not their own: sympy gives 3*3**(1/4)*3**(5/16), once."""
    return expr.func(*map(_rebuilt, expr.args)) if expr.args else expr


@given(FORMULAS)
@settings(max_examples=600)
def test_print_and_parse_are_inverse(text):
    """The text of an expression parses to that expression, over the whole function table."""
    expr = _parse_if_possible(text)
    assume(_rebuilt(expr) == expr)
    assert _parse(render_formula(expr)) == expr


@given(FORMULAS)
@settings(max_examples=200)
def test_no_formula_holds_what_has_no_value(text):
    """Whatever parses is free of infinities, nan and imaginary units, and has exact numbers."""
    expr = _parse_if_possible(text)
    assert not expr.has(sp.zoo, sp.nan, sp.oo, sp.I)
    assert not expr.atoms(sp.Float)
    assert {symbol.name for symbol in expr.free_symbols} <= set(formula_names(FormulaText(text, PLACE), "loss"))


@given(st.text(alphabet="xyN_ 0123456789.eE+-*/()<>=!,^%'\"[]{}:;\n\tifmnaxlogpr\u03b1\u0663\u2212\x00\\", max_size=60))
@settings(max_examples=1500)
def test_any_text_is_parsed_or_refused(text):
    """No text ends in anything but an expression or problems, each within the formula's columns, and soon."""
    start = time.perf_counter()
    try:
        _parse(text)
    except FlopsheetError as error:
        for problem in error.problems:
            assert problem.place is not None
            assert 1 <= problem.place.column <= max(1, len(text))
            assert problem.render()
    assert time.perf_counter() - start < 10


def _numpy_value(expr: sp.Expr, point: dict[str, float]) -> float:
    text = render_numpy(expr, {name: f"point[{name!r}]" for name in point})
    with np.errstate(all="ignore"):
        doubles = {name: np.float64(value) for name, value in point.items()}
        return float(eval(text, {"np": np, "point": doubles}))  # noqa: S307 - our own spelling


def _exact_value(expr: sp.Expr, point: dict[str, float]) -> float:
    """The value at 50 digits, with the doubles as they are; nan where it is not a finite real number."""
    # As long decimals, not as fractions, whose powers sympy would work out exactly.
    value = expr.subs({SYMBOLS[name]: sp.Float(x, 60) for name, x in point.items()}).evalf(50)
    return float(value) if value.is_Float or value.is_Integer else math.nan


POINTS = st.fixed_dictionaries({name: st.floats(0.05, 20.0) for name in NAMES})


@given(FORMULAS, POINTS)
@settings(max_examples=300)
def test_numpy_agrees_with_fifty_digits(text, point):
    """The numpy spelling is right to 1e-12 wherever a nudge of the last bits does not move the value itself."""
    expr = _parse_if_possible(text)
    exact = _exact_value(expr, point)
    nudged = _exact_value(expr, {name: value * (1 + FINEST) for name, value in point.items()})
    assume(1e-100 < abs(exact) < 1e100)
    assume(abs(nudged - exact) <= 1e-14 * abs(exact))
    assume(not _cancels(expr, point))
    assert _numpy_value(expr, point) == pytest.approx(exact, rel=1e-12)


def _cancels(expr: sp.Expr, point: dict[str, float]) -> bool:
    """Whether some sum or jump inside loses digits at the point: small against its terms, or near a jump."""
    jumps = (sp.floor, sp.ceiling, sp.sign, sp.Heaviside, *(FUNCTIONS["round"].head,), *RELATION_BY_HEAD)
    for part in sp.preorder_traversal(expr):
        if part.is_Add:
            terms = [_exact_value(arg, point) for arg in part.args]
            if not abs(sum(terms)) > 1e-2 * max(map(abs, terms)):
                return True
        if isinstance(part, jumps):
            inside = part.args[0] - part.args[1] if type(part) in RELATION_BY_HEAD else part.args[0]
            value = _exact_value(inside, point)
            if not math.isfinite(value) or abs(2 * value - round(2 * value)) < 1e-9 * max(1.0, abs(value)):
                return True
    return False


@pytest.mark.parametrize("name", sorted(set(FUNCTIONS) - {"if"}))
def test_each_function_agrees_with_fifty_digits(name):
    """Each function of the table alone, over six decades and both signs where it takes them, to 1e-12."""
    row = FUNCTIONS[name]
    signed = name not in {"log", "log10", "log2", "sqrt"}

    @given(st.lists(st.floats(1e-3, 300.0), min_size=row.arity[0], max_size=row.arity[1] or 4), st.booleans())
    @settings(max_examples=100)
    def check(args: list[float], negative: bool) -> None:
        args = [-x for x in args] if negative and signed else args
        exact = row.build(*map(sp.Rational, args)).evalf(50)
        found = eval(row.spell("numpy", [repr(x) for x in args]), {"np": np})  # noqa: S307 - our own spelling
        assert float(found) == pytest.approx(float(exact), rel=1e-12)

    check()
