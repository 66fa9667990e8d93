import pytest
import sympy as sp

from flopsheet.formula.functions import FUNCTIONS, RELATION_BY_HEAD, choose
from flopsheet.formula.heads import Log2, Log10, Round
from flopsheet.workbook.printer import literals, render_excel

A, B, C, D, E, N, a, b, x = sp.symbols("A B C D E N alpha beta x", positive=True)
q = sp.Symbol("q", real=True)


def show(expr):
    """The formula with symbols under their own names and numbers as k_<number>."""
    return render_excel(expr, lambda symbol: symbol.name, lambda number: f"k_{str(number).replace('/', '_')}")


@pytest.mark.parametrize(
    ("expr", "text"),
    [
        (a * A / (b * B), "A * alpha / (B * beta)"),
        (E + A / N**a + B / D**b, "E + A / N ^ alpha + B / D ^ beta"),
        ((C / 6) ** (b / (a + b)), "(C / k_6) ^ (beta / (alpha + beta))"),
        (C / (6 * N * D), "C / (k_6 * D * N)"),
        (A - B, "A - B"),
        (-A - B, "-1 * A - B"),
        (B - A - 1, "B - 1 - A"),
        (1 - A / B, "1 - A / B"),
        (2 * A, "2 * A"),
        (A / 2, "A / 2"),
        (-5 * A, "-1 * k_5 * A"),
        (A * sp.Rational(17, 50), "k_17_50 * A"),
        (A * sp.Rational(-3, 2), "-1 * k_3_2 * A"),
        (1 / A, "1 / A"),
        (-1 / A, "-1 * 1 / A"),
        (sp.sqrt(A), "SQRT(A)"),
        (1 / sp.sqrt(A * B), "1 / (SQRT(A) * SQRT(B))"),
        (A ** sp.Rational(1, 3), "A ^ (1 / k_3)"),
        (A**-3, "1 / A ^ k_3"),
        (sp.exp(-A), "EXP(-1 * A)"),
        (sp.E * A, "A * EXP(1)"),
        (sp.pi * A, "A * PI()"),
        (sp.log(A / B), "LN(A / B)"),
        (Log10(A), "LOG10(A)"),
        (Log2(A), "(LN(A) / LN(2))"),
        (Round(A), "(SIGN(A) * INT(ABS(A) + 1 / 2))"),
        (sp.floor(A), "INT(A)"),
        (sp.ceiling(A), "(-1 * INT(-1 * (A)))"),
        (sp.Abs(q), "ABS(q)"),
        (sp.Min(N, A, B), "MIN(A, B, N)"),
        (sp.Max(A, 1), "MAX(1, A)"),
        (choose(A < B, A, B), "IF(A < B, A, B)"),
        (choose(sp.And(A <= B, B > C), 1, 2), "IF(AND(A <= B, B > C), 1, 2)"),
        (choose(sp.Ne(A, B), 0, 1), "IF(A <> B, 0, 1)"),
        (sp.Integer(-1), "-1"),
        (sp.Integer(-3), "-1 * k_3"),
        (sp.Rational(1, 2), "1 / 2"),
        (sp.Integer(0), "0"),
    ],
)
def test_formulas_read_like_the_paper(expr, text):
    """Quotients stay quotients, plain terms come first, and numbers other than 0, 1, 2, -1 are named."""
    assert show(expr) == text


@pytest.mark.parametrize(
    ("expr", "text"),
    [
        (-(A**2), "-1 * A ^ 2"),
        ((A - B) ** 2, "(A - B) ^ 2"),
        (-((A - B) ** 2), "-1 * (A - B) ^ 2"),
        ((-q) ** 3, "-1 * q ^ k_3"),
        (sp.Pow(A, sp.Pow(B, x)), "A ^ (B ^ x)"),
        (sp.Pow(sp.Pow(q, 2, evaluate=False), q, evaluate=False), "(q ^ 2) ^ q"),
        (sp.Pow(-1, q), "(-1) ^ q"),
        (2**A, "2 ^ A"),
        (A ** (-a), "1 / A ^ alpha"),
        (A ** (-a - b), "1 / A ^ (alpha + beta)"),
    ],
)
def test_powers_mean_the_same_in_excel(expr, text):
    """No minus sign directly before a power, and parentheses in every nested power: `=-A1^2` is +4 in Excel."""
    assert show(expr) == text


def test_literals_are_what_the_printer_asks_for():
    """The numbers to be lifted, once each and sorted; those that may be typed are not among them."""
    expr = 6 * N * D + A / 6 + sp.Rational(17, 50) * x**5 - 2 * x + sp.Float("0.25") * B
    assert literals(expr) == (sp.Float("0.25"), sp.Rational(17, 50), sp.Integer(5), sp.Integer(6))
    assert literals(A / 2 - 1 + 0 * B) == ()


def test_every_function_and_comparison_has_a_spelling():
    """Each row of the function table prints with the table's own template."""
    for row in FUNCTIONS.values():
        count = row.arity[0] if row.arity[1] is not None else 2
        args = [A < B, A, B] if row.name == "if" else [A, B][:count]
        printed = show(row.build(*args))
        inner = [show(arg) for arg in args]
        assert printed in {row.spell("excel", inner), "A + B", "A", "INT(A)", "1"}, row.name
    for head, relation in RELATION_BY_HEAD.items():
        assert show(head(A, B, evaluate=False)) == f"A {relation.excel} B"


@pytest.mark.parametrize("expr", [sp.oo, sp.nan, sp.zoo, sp.Function("f")(A), sp.gamma(A)])
def test_what_has_no_spelling_is_refused(expr):
    """Infinity and functions outside the table raise, they do not end up as text in a cell."""
    with pytest.raises(ValueError, match=r"no spelling|no number"):
        show(expr)


def test_the_text_does_not_depend_on_the_order_of_construction():
    """Equal expressions print alike, whichever term was written first."""
    assert show(B / D**b + E + A / N**a) == show(E + A / N**a + B / D**b)
