import numpy as np
import pytest
import sympy as sp

from flopsheet.formula.functions import (
    BY_HEAD,
    CONDITIONS,
    FUNCTIONS,
    RELATION_BY_HEAD,
    RELATIONS,
    choose,
    split_choice,
)

X, Y, Z = sp.symbols("x y z", positive=True)
EXAMPLES = [(row, *example) for row in (*FUNCTIONS.values(), *CONDITIONS.values()) for example in row.examples]


def _numpy_value(text: str) -> float:
    return float(eval(text, {"np": np}))  # noqa: S307 - our own spelling of numbers we chose


def test_table_is_complete():
    """The language has these functions, each under its own name and with examples."""
    assert set(FUNCTIONS) == {
        *("exp", "log", "log10", "log2", "sqrt", "abs", "sign", "step", "min", "max", "sum", "if"),
        *("floor", "ceiling", "round"),
    }
    assert set(CONDITIONS) == {"and", "or", "not", "if"}
    rows = [*FUNCTIONS.items(), *CONDITIONS.items()]
    assert all(name == row.name and row.examples for name, row in rows)


def test_heads_find_their_rows():
    """Printers find each function by the class of its expression; sums and powers are operators to them."""
    found = {head: row.name for head, row in BY_HEAD.items()}
    assert set(FUNCTIONS) - set(found.values()) == {"sum", "sqrt"}
    assert {row.head for row in CONDITIONS.values()} <= set(found)
    real = sp.Symbol("r", real=True)
    args = {1: (real,), 2: (real, Y), 3: (X < Y, X, Y)}
    for row in FUNCTIONS.values():
        assert isinstance(row.build(*args[row.arity[1] or 2]), row.head), row.name


def test_relations_find_their_rows():
    """Each comparison is found by its class and keeps its direction."""
    assert set(RELATIONS) == {"<", "<=", ">", ">=", "==", "!="}
    for name, row in RELATIONS.items():
        assert RELATION_BY_HEAD[type(row.head(X, Y))].name == name


@pytest.mark.parametrize(("row", "args", "value"), EXAMPLES)
def test_example_by_sympy(row, args, value):
    """What a row builds has the value its example states."""
    exact = [sp.true if a is True else sp.false if a is False else sp.Rational(a) for a in args]
    assert float(bool(row.build(*exact)) if row in CONDITIONS.values() else row.build(*exact)) == pytest.approx(
        float(value), rel=1e-15, abs=0
    )


@pytest.mark.parametrize(("row", "args", "value"), EXAMPLES)
def test_example_by_numpy(row, args, value):
    """The numpy spelling has the value its example states."""
    text = row.spell("numpy", [repr(a) for a in args])
    assert _numpy_value(text) == pytest.approx(float(value), rel=1e-15, abs=0)


@pytest.mark.parametrize(
    ("name", "args", "numpy", "excel", "latex"),
    [
        ("exp", "a", "np.exp(a)", "EXP(a)", r"\exp\left(a\right)"),
        ("log", "a", "np.log(a)", "LN(a)", r"\ln\left(a\right)"),
        ("log10", "a", "np.log10(a)", "LOG10(a)", r"\log_{10}\left(a\right)"),
        ("log2", "a", "(np.log(a) / np.log(2.0))", "(LN(a) / LN(2))", r"\log_2\left(a\right)"),
        ("sqrt", "a", "np.sqrt(a)", "SQRT(a)", r"\sqrt{a}"),
        ("abs", "a", "np.abs(a)", "ABS(a)", r"\left|a\right|"),
        ("sign", "a", "np.sign(a)", "SIGN(a)", r"\operatorname{sgn}\left(a\right)"),
        ("step", "a", "np.heaviside(a, 0.5)", "((1 + SIGN(a)) / 2)", r"\theta\left(a\right)"),
        ("min", "abc", "np.minimum(np.minimum(a, b), c)", "MIN(a, b, c)", r"\min\left(a, b, c\right)"),
        ("max", "ab", "np.maximum(a, b)", "MAX(a, b)", r"\max\left(a, b\right)"),
        ("max", "a", "a", "MAX(a)", r"\max\left(a\right)"),
        ("sum", "abc", "((a + b) + c)", "SUM(a, b, c)", r"\left(\left(a + b\right) + c\right)"),
        (
            *("if", "abc", "np.where(a, b, c)", "IF(a, b, c)"),
            r"\begin{cases} b & \text{if } a \\ c & \text{otherwise} \end{cases}",
        ),
        ("floor", "a", "np.floor(a)", "INT(a)", r"\left\lfloor a \right\rfloor"),
        ("ceiling", "a", "np.ceil(a)", "(-1 * INT(-1 * (a)))", r"\left\lceil a \right\rceil"),
        (
            *("round", "a", "(np.sign(a) * np.floor(np.abs(a) + 0.5))", "(SIGN(a) * INT(ABS(a) + 1 / 2))"),
            r"\operatorname{round}\left(a\right)",
        ),
    ],
)
def test_spelling(name, args, numpy, excel, latex):
    """Each function as numpy, Excel and LaTeX write it; two-argument templates fold from the left."""
    row = FUNCTIONS[name]
    found = tuple(row.spell(target, list(args)) for target in ("numpy", "excel", "latex"))
    assert found == (numpy, excel, latex)
    assert row.spell("formula", list(args)) == f"{name}({', '.join(args)})"


def test_condition_spelling():
    """Conditions are functions in numpy and Excel, and signs in LaTeX."""
    found = {
        name: tuple(row.spell(target, list("abc"[: row.arity[0]])) for target in ("numpy", "excel", "latex"))
        for name, row in CONDITIONS.items()
    }
    assert found == {
        "and": ("np.logical_and(a, b)", "AND(a, b)", r"\left(a \land b\right)"),
        "or": ("np.logical_or(a, b)", "OR(a, b)", r"\left(a \lor b\right)"),
        "not": ("np.logical_not(a)", "NOT(a)", r"\lnot\left(a\right)"),
        "if": (
            *("np.where(a, b, c)", "IF(a, b, c)"),
            r"\left(\left(a \land b\right) \lor \left(\lnot a \land c\right)\right)",
        ),
    }


def test_relation_spelling():
    """Equal and unequal are the two that Excel writes differently."""
    found = {name: (row.spell("numpy", "a", "b"), row.spell("excel", "a", "b")) for name, row in RELATIONS.items()}
    assert found == {
        "<": ("a < b", "a < b"),
        "<=": ("a <= b", "a <= b"),
        ">": ("a > b", "a > b"),
        ">=": ("a >= b", "a >= b"),
        "==": ("a == b", "a = b"),
        "!=": ("a != b", "a <> b"),
    }


def test_excel_uses_no_literal_but_the_allowed_ones():
    """No spelling brings a number into a workbook formula other than 0, 1, 2 and -1."""
    for row in FUNCTIONS.values():
        digits = row.excel.replace("LOG10", "").replace("{0}", "").replace("{1}", "").replace("{2}", "")
        assert {c for c in digits if c.isdigit()} <= {"0", "1", "2"}, row.name
        assert "." not in row.excel


@pytest.mark.parametrize(("value", "rounded"), [(2.5, 3), (3.5, 4), (-2.5, -3), (0.5, 1), (-0.5, -1), (2.4999, 2)])
def test_numpy_rounds_halves_away_from_zero(value, rounded):
    """The numpy spelling of round agrees with workbooks, not with numpy's own rounding to even."""
    assert _numpy_value(FUNCTIONS["round"].spell("numpy", [repr(value)])) == rounded


def test_whole_logarithms_are_the_same_in_numpy_and_workbook():
    """floor(log2(x)) depends on the last bit, so numpy computes the quotient a workbook computes."""
    for power in range(1, 60):
        text = FUNCTIONS["log2"].spell("numpy", [repr(2.0**power)])
        assert _numpy_value(text) == np.log(2.0**power) / np.log(2.0)


@pytest.mark.parametrize(
    ("name", "count", "accepted"),
    [("exp", 1, True), ("exp", 0, False), ("exp", 2, False), ("min", 0, False), ("min", 9, True), ("if", 2, False)],
)
def test_accepted_counts(name, count, accepted):
    """A function takes from its fewest to its most arguments."""
    assert FUNCTIONS[name].accepts(count) is accepted


def test_nested_choices_become_one():
    """An `if` in the else branch becomes a further line of the same Piecewise, and splits back."""
    inner = choose(X > 3 * Y, sp.Integer(2), sp.Integer(3))
    nested = choose(X < Y, sp.Integer(1), inner)
    assert nested == sp.Piecewise((1, X < Y), (2, X > 3 * Y), (3, True))
    condition, then, rest = split_choice(nested)
    assert (then, rest) == (1, inner)
    assert condition in {X < Y, Y > X}


def test_choice_without_else_is_refused():
    """A Piecewise that may have no value cannot be written as `if`."""
    with pytest.raises(ValueError, match="without an else"):
        split_choice(sp.Piecewise((1, X < Y)))
    with pytest.raises(ValueError, match="without an else"):
        split_choice(sp.Piecewise((1, X < Y), (2, X > Z)))


def test_derivatives_stay_within_the_table():
    """What min, max, abs and round differentiate to has a spelling, so derived formulas can be printed."""
    real = sp.Symbol("r", real=True)
    slopes = [sp.Min(X, Y).diff(X), sp.Max(X, Y).diff(X), sp.Abs(real).diff(real)]
    slopes += [FUNCTIONS[name].build(X).diff(X) for name in ("log10", "log2", "round", "exp", "log")]
    for slope in slopes:
        heads = {type(part) for part in sp.preorder_traversal(slope) if part.is_Function}
        assert heads <= set(BY_HEAD), slope
