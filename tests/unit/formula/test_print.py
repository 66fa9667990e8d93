import pytest
import sympy as sp

from flopsheet.errors import Place
from flopsheet.formula.parse import parse_formula
from flopsheet.formula.print import render_formula
from flopsheet.formula.text import FormulaText

NAMES = ("A", "B", "D", "E", "N", "alpha", "beta", "lambda")
SYMBOLS = {name: sp.Symbol(name, positive=True) for name in NAMES}


def _parse(text: str) -> sp.Expr:
    return parse_formula(FormulaText(text, Place("law.yaml", 1, 1)), SYMBOLS, subject="loss")


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("E + A / N**alpha + B / D**beta", "A / N**alpha + B / D**beta + E"),
        ("6*N*D", "6 * D * N"),
        ("-N", "-N"),
        ("-(N + D) * A", "-A * (D + N)"),
        ("A - B - E", "A - B - E"),
        ("0.34 * N", "0.34 * N"),
        ("N / 3", "N / 3"),
        ("-1/3 * N", "-N / 3"),
        ("N**(1/3)", "N**(1 / 3)"),
        ("N**-0.5", "1 / sqrt(N)"),
        ("(1/3)**N", "(1 / 3)**N"),
        ("(N + 1)**2", "(N + 1)**2"),
        ("N**D**A", "N**D**A"),
        ("(N + D)**(A + B)", "(D + N)**(A + B)"),
        ("(N / D) / (A + B)", "N / (D * (A + B))"),
        ("A / 3 / (N + D)", "A / 3 / (D + N)"),
        ("A / (3 * (N + D)**2)", "A / (3 * (D + N)**2)"),
        ("exp(1) * N", "exp(1) * N"),
        ("exp(-N)", "exp(-N)"),
        ("sqrt(N + 1) / 2", "0.5 * sqrt(N + 1)"),
        ("min(N, D, 3)", "min(3, D, N)"),
        ("step(N - D)", "step(N - D)"),
        ("2 * N / (3 * D)", "2 * N / (3 * D)"),
        ("1 / (3 * D)", "1 / (3 * D)"),
        ("D / 4 - N", "0.25 * D - N"),
        ("if(N < D, 1, if(N > 3*D, 2, 3))", "if(D > N, 1, if(N > 3 * D, 2, 3))"),
        ("if(N != D, N, D)", "if(D != N, N, D)"),
        ("log10(N) + log2(N)", "log10(N) + log2(N)"),
        ("round(N) + floor(N) + ceiling(N)", "round(N) + ceiling(N) + floor(N)"),
        ("lambda * 2", "2 * lambda"),
        ("1e22", "10000000000000000000000"),
        ("0.00001", "0.00001"),
        ("-0.5", "-0.5"),
    ],
)
def test_printed_text(text, printed):
    """The usual forms read like what an author would write, and parse back to the same expression."""
    expr = _parse(text)
    assert render_formula(expr) == printed
    assert _parse(render_formula(expr)) == expr


def test_float_is_written_shortest():
    """An inexact number appears with the digits that give the same double."""
    assert render_formula(sp.Float(0.1) * SYMBOLS["N"]) == "0.1 * N"


@pytest.mark.parametrize("expr", [sp.pi, sp.oo, sp.I, sp.sin(SYMBOLS["N"]), sp.Integral(SYMBOLS["N"])])
def test_what_the_language_lacks_is_refused(expr):
    """There is no text for these, and none is made up."""
    with pytest.raises(ValueError, match="no word for"):
        render_formula(expr)
