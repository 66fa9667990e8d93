r"""Formulas, equations and calculations as LaTeX, and LaTeX as GitHub's Markdown wants it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import sympy as sp

from flopsheet.derive.proof import Equation
from flopsheet.document.latex_names import latex_name, text_in_maths
from flopsheet.document.latex_printer import FormulaPrinter
from flopsheet.document.numbers import MAX_DIGITS, render_number, render_unit

#: The LaTeX of each relation of an equation.
RELATIONS: Final = {"=": "=", "<": "<", ">": ">", "<=": r"\le", ">=": r"\ge", "->": r"\to"}
_NO_SYMBOLS: Final[Mapping[str, str]] = {}


def render_latex(
    expr: sp.Expr,
    *,
    symbols: Mapping[str, str] = _NO_SYMBOLS,
    values: Mapping[str, str] | None = None,
    language: str = "en",
) -> str:
    r"""The LaTeX of an expression.

    Args:
        expr: Any expression of the formula language or of a derivation.
        symbols: LaTeX by symbol name; names that are missing are written by `latex_name`.
        values: LaTeX of a number by symbol name; those symbols are shown as their numbers.
        language: The language of the words in `cases`.
    """
    return str(FormulaPrinter(symbols, values or {}, language).doprint(expr))


def render_equation(
    equation: Equation,
    *,
    symbols: Mapping[str, str] = _NO_SYMBOLS,
    values: Mapping[str, str] | None = None,
    language: str = "en",
    aligned: bool = False,
) -> str:
    """One displayed line: left, relation, right; with `&` before the relation when `aligned`."""
    left, right = (
        render_latex(side, symbols=symbols, values=values, language=language)
        for side in (equation.left, equation.right)
    )
    mark = "&" if aligned else ""
    return f"{left} {mark}{RELATIONS[equation.relation]} {right}"


def render_equations(
    equations: Sequence[Equation], *, symbols: Mapping[str, str] = _NO_SYMBOLS, language: str = "en"
) -> str:
    """Equations as one block, aligned at their relations when there are several."""
    several = len(equations) > 1
    lines = [render_equation(equation, symbols=symbols, language=language, aligned=several) for equation in equations]
    return align_lines(lines) if several else "".join(lines)


def render_three_steps(
    name: str,
    expr: sp.Expr,
    values: Mapping[str, float],
    result: float,
    *,
    symbols: Mapping[str, str] = _NO_SYMBOLS,
    language: str = "en",
    unit: str = "1",
) -> str:
    """A calculation in three steps: symbol = formula = numbers put in = result (6 significant digits) with its unit.

    Args:
        name: The identifier of what is calculated.
        expr: Its formula.
        values: Numbers by symbol name, in base units; those not in the formula are ignored.
        result: The number that the formula gives.
        symbols: LaTeX by symbol name, for `name` too.
        language: The language of the words in `cases`, and of the unit.
        unit: The unit of the result, "1" for none.
    """
    used = {symbol.name for symbol in expr.free_symbols}
    shown = {key: _render_value(value) for key, value in values.items() if key in used}
    formula = render_latex(expr, symbols=symbols, language=language)
    put_in = render_latex(expr, symbols=symbols, values=shown, language=language)
    steps = list(dict.fromkeys([formula, put_in]))
    reached = _render_value(result) if unit == "1" else _render_quantity(result, unit, language)
    if steps[-1] == _render_value(result):
        steps.pop()
    first, *rest = [*steps, reached]
    subject = symbols.get(name) or latex_name(name)
    return align_lines([f"{subject} &= {first}", *(f"&= {step}" for step in rest)])


def align_lines(lines: Sequence[str]) -> str:
    """Lines (with `&` where they align) as one block."""
    return "\\begin{aligned}\n" + " \\\\\n".join(lines) + "\n\\end{aligned}"


def fence_latex(latex: str) -> str:
    r"""Display mathematics for Markdown, in a fence: between `$$` GitHub would read `_` and `\\` as Markdown."""
    return f"```math\n{latex}\n```"


def inline_latex(latex: str) -> str:
    """Inline mathematics for Markdown, in the form that GitHub does not read as Markdown first."""
    return f"$`{' '.join(latex.split())}`$"


def _render_quantity(value: float, unit: str, language: str) -> str:
    """A number in base units with the name of its unit."""
    return rf"{_render_value(value)}\ {text_in_maths(render_unit(unit, language))}"


def _render_value(value: float) -> str:
    return render_number(value, digits=MAX_DIGITS, style="latex")
