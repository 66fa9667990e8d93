"""Formulas as LaTeX: readable forms, numbers put in, and nothing that GitHub refuses."""

import re

import pytest
import sympy as sp

from flopsheet.derive.notation import Elasticity, LogSlope, Multiplier, Optimal
from flopsheet.derive.proof import Equation
from flopsheet.document.latex import (
    fence_latex,
    inline_latex,
    render_equation,
    render_equations,
    render_latex,
    render_three_steps,
)
from flopsheet.document.latex_names import latex_name, text_in_maths
from flopsheet.formula.functions import FUNCTIONS

#: What several tests expect of the optimum.
SPENT = r"\left(\frac{C}{6}\right)^{\beta/(\alpha + \beta)}"
RATIO = r"\left(\frac{\alpha A}{\beta B}\right)^{1/(\alpha + \beta)}"
A, B, C, D, E, N, alpha, beta = sp.symbols("A B C D E N alpha beta", positive=True)
x, y, z = sp.symbols("x y z", positive=True)
LOSS = E + A / N**alpha + B / D**beta
OPTIMUM = (alpha * A / (beta * B)) ** (1 / (alpha + beta)) * (C / 6) ** (beta / (alpha + beta))


@pytest.mark.parametrize(
    ("expr", "expected"),
    [
        (LOSS, r"E + \frac{A}{N^{\alpha}} + \frac{B}{D^{\beta}}"),
        (OPTIMUM, f"{SPENT} {RATIO}"),
        (alpha * sp.log(N), r"\alpha \ln N"),
        (sp.log(alpha * A) - alpha * sp.log(N), r"\ln\left(\alpha A\right) - \alpha \ln N"),
        (sp.log(N) * sp.log(D), r"\left(\ln D\right) \ln N"),
        (sp.log(N) ** 2 * alpha, r"\alpha \left(\ln N\right)^{2}"),
        (A * sp.exp(-alpha * x), r"A e^{- \alpha x}"),
        (1 / sp.sqrt(N), r"\frac{1}{\sqrt{N}}"),
        (N ** sp.Rational(2, 3), "N^{2/3}"),
        (N ** (alpha - 1), r"N^{\alpha - 1}"),
        (A ** (alpha / (2 * beta)), r"A^{\alpha/(2 \beta)}"),
        (A ** (alpha * beta / (alpha + beta)), r"A^{\alpha \beta/(\alpha + \beta)}"),
        (N ** (alpha / beta + 1), r"N^{\alpha/\beta + 1}"),
        (N ** (1 - alpha / beta), r"N^{1 - \alpha/\beta}"),
        (N ** (-1 + alpha) * D, r"D N^{\alpha - 1}"),
        ((-A - B) * N, r"N \cdot \left(- A - B\right)"),
        ((1 - alpha) * (N - D), r"\left(1 - \alpha\right) \left(N - D\right)"),
        (-N / 3, r"- \frac{N}{3}"),
        (sp.Rational(17, 50) * N, "0.34 N"),
        (sp.Integer(10) ** 9 * N, r"1.00 \times 10^{9} N"),
        (sp.Mul(2, 3, evaluate=False), r"2 \cdot 3"),
        (LogSlope(sp.Symbol("L"), N), r"\frac{\partial L}{\partial \ln N}"),
        (Elasticity(N, C), r"\frac{\mathrm{d} \ln N}{\mathrm{d} \ln C}"),
        (Optimal(N), r"N^{\ast}"),
        (Multiplier(C), r"\lambda_{C}"),
        (sp.oo, r"\infty"),
    ],
)
def test_formulas_read_like_the_papers(expr: sp.Expr, expected: str) -> None:
    """Negative exponents go below the line, logarithms lose parentheses, exponents are slashed."""
    assert render_latex(expr) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("N", "N"),
        ("alpha", r"\alpha"),
        ("lambda", r"\lambda"),
        ("N_opt", r"N_{\mathrm{opt}}"),
        ("alpha_B", r"\alpha_{B}"),
        ("x_N_opt", r"x_{N,\mathrm{opt}}"),
        ("k1", "k_{1}"),
        ("mu2", r"\mu_{2}"),
        ("B_star", r"B_{\star}"),
        ("U_N", "U_{N}"),
        ("caps_parameters", r"\mathrm{caps}_{\mathrm{parameters}}"),
        ("R2D2", r"\mathrm{R2D2}"),
        ("__", r"\text{\_\_}"),
    ],
)
def test_names_have_subscripts_and_greek_letters(name: str, expected: str) -> None:
    """An identifier is set as mathematics; words stand upright."""
    assert latex_name(name) == expected


def test_given_symbols_replace_names_and_keep_their_order() -> None:
    """Symbols are written as given, products in the order given; a logarithm as a symbol needs no parentheses."""
    symbols = {"N": "N", "D": "D", "ln_n": r"\ln N"}
    assert render_latex(6 * N * D, symbols=symbols) == "6 N D"
    assert render_latex(6 * N * D, symbols={"D": "D", "N": "N"}) == "6 D N"
    assert render_latex(alpha * sp.Symbol("ln_n") * x, symbols=symbols) == r"\alpha x \ln N"
    assert render_latex(sp.Symbol("ln_n") ** 2, symbols=symbols) == r"\left(\ln N\right)^{2}"


def test_values_are_put_in_with_the_parentheses_they_need() -> None:
    """A number with a power of ten is parenthesised as a base, and a negative one in sums and products."""
    values = {"N": r"5.16 \times 10^{9}", "alpha": "-0.3"}
    assert render_latex(N**2, values=values) == r"\left(5.16 \times 10^{9}\right)^{2}"
    assert render_latex(beta + alpha, values=values) == r"\left(-0.3\right) + \beta"
    assert render_latex(alpha * beta, values=values) == r"\left(-0.3\right) \beta"
    assert render_latex(6 * N, values=values) == r"6 \cdot 5.16 \times 10^{9}"


FUNCTION_LATEX = {
    "exp": "e^{x}",
    "log": r"\ln x",
    "log10": r"\log_{10}\left(x\right)",
    "log2": r"\log_2\left(x\right)",
    "sqrt": r"\sqrt{x}",
    "abs": r"\left|x\right|",
    "sign": r"\mathrm{sgn}\left(x\right)",
    "step": r"\theta\left(x\right)",
    "min": r"\min\left(x, y, z\right)",
    "max": r"\max\left(x, y, z\right)",
    "sum": "x + y + z",
    "if": r"\begin{cases} y & \text{if } x > 1 \\ z & \text{otherwise} \end{cases}",
    "floor": r"\left\lfloor x \right\rfloor",
    "ceiling": r"\left\lceil x \right\rceil",
    "round": r"\mathrm{round}\left(x\right)",
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_of_the_language_prints(name: str) -> None:
    r"""Each row of the function table has LaTeX that GitHub accepts (it refuses \operatorname)."""
    a, b, c = sp.symbols("x y z", real=True)
    most = FUNCTIONS[name].arity[1]
    arguments = (a > 1, b, c) if name == "if" else (a, b, c)[:most]
    assert render_latex(FUNCTIONS[name].build(*arguments)) == FUNCTION_LATEX[name]


def test_cases_speak_the_language() -> None:
    """The words of a choice are in the document's language."""
    choice = sp.Piecewise((N, N < D), (D, True))
    assert r"\text{otherwise}" in render_latex(choice)
    assert r"\text{其他}" in render_latex(choice, language="zh")


def test_three_steps_show_formula_numbers_and_result() -> None:
    """Symbol = formula = numbers put in = result, in an aligned block, in the same order of factors."""
    values = {"A": 406.4, "B": 410.7, "alpha": 0.34, "beta": 0.28, "C": 1e22, "unused": 1.0}
    assert render_three_steps("N_opt", OPTIMUM, values, 5160473684.85) == (
        "\\begin{aligned}\n"
        rf"N_{{\mathrm{{opt}}}} &= {SPENT} {RATIO} \\" + "\n"
        r"&= \left(\frac{1.00 \times 10^{22}}{6}\right)^{0.28/(0.34 + 0.28)} "
        r"\left(\frac{0.34 \cdot 406.4}{0.28 \cdot 410.7}\right)^{1/(0.34 + 0.28)} \\" + "\n"
        r"&= 5.16047 \times 10^{9}" + "\n"
        "\\end{aligned}"
    )


def test_three_steps_say_nothing_twice() -> None:
    """Where the numbers put in are already the result, the line is not repeated."""
    text = render_three_steps("N_opt", N, {"N": 2.5}, 2.5)
    assert text == "\\begin{aligned}\nN_{\\mathrm{opt}} &= N \\\\\n&= 2.5\n\\end{aligned}"


def test_equations_align_at_their_relations() -> None:
    """One equation stands alone, several are aligned."""
    first, second = Equation(N, C / D), Equation(alpha, beta, "<=")
    assert render_equation(first) == r"N = \frac{C}{D}"
    assert render_equations([first]) == r"N = \frac{C}{D}"
    assert render_equations([first, second]) == (
        "\\begin{aligned}\nN &= \\frac{C}{D} \\\\\n\\alpha &\\le \\beta\n\\end{aligned}"
    )


def test_markdown_gets_fences() -> None:
    """Display mathematics stands in a math fence and inline mathematics in dollar-backticks, as GitHub reads them."""
    assert fence_latex("a_b") == "```math\na_b\n```"
    assert inline_latex("a \n b") == "$`a b`$"


@pytest.mark.parametrize("text", ["50 % of $x_1$ & #2 {a} \\end{aligned} ~^", "</script>`| ```", "参数\n上限"])
def test_text_in_maths_is_only_text(text: str) -> None:
    """No character of a text acts as LaTeX."""
    shown = text_in_maths(text)
    assert "\n" not in shown
    bare = re.sub(r"\\(text\{|backslash |hat\{\}|sim |[{}$&#%_])", "", shown)
    assert not set(bare) & set("\\${&#%_^~")
