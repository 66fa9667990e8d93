r"""Equations laid out in lines that fit a page: wide ones are broken at their relation and between terms."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, Literal

import sympy as sp

from flopsheet.derive.proof import Equation
from flopsheet.document.latex import RELATIONS, align_lines, render_equation, render_latex

#: How wide a line may be, in widths of a letter; a page of GitHub holds about so many.
PAGE: Final = 50.0
_TURNED: Final[Mapping[str, Literal["<", ">", "<=", ">="]]] = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}
_SMALL: Final = 0.7
_SPACED: Final = 1.6
_BRACKETS: Final = 1.2


def lay_out(
    equations: Sequence[Equation], *, symbols: Mapping[str, str], language: str = "en", page: float = PAGE
) -> str:
    """Equations as one block of LaTeX, aligned at their relations, none wider than a page where it can be broken.

    Args:
        equations: What to show, one below the other.
        symbols: LaTeX by symbol name.
        language: The language of words in formulas.
        page: The width of a line, in widths of a letter.
    """
    equations = [_turn(equation) for equation in equations]
    if len(equations) == 1 and _width_of(equations[0]) <= page:
        return render_equation(equations[0], symbols=symbols, language=language)
    lines = [line for equation in equations for line in _break(equation, symbols, language, page)]
    return align_lines(lines)


def _turn(equation: Equation) -> Equation:
    """An inequality with its short side left, where relations align; with a number, that stays right."""
    turned = _TURNED.get(equation.relation)
    if turned is None or equation.right.is_Number or measure(equation.left) <= measure(equation.right):
        return equation
    return Equation(equation.right, equation.left, turned)


def _width_of(equation: Equation) -> float:
    """The width of an equation on one line."""
    return measure(equation.left) + _SPACED + measure(equation.right)


def _break(equation: Equation, symbols: Mapping[str, str], language: str, page: float) -> Iterator[str]:
    """The lines of one equation."""
    if _width_of(equation) <= page:
        yield render_equation(equation, symbols=symbols, language=language, aligned=True)
        return
    left = render_latex(equation.left, symbols=symbols, language=language)
    relation = RELATIONS[equation.relation]
    # A long left side would push everything after it off the page: the right side then stands below it.
    if measure(equation.left) > page / 3:
        yield f"&{left}"
        lead, room = rf"&\quad {relation}", page
    else:
        lead, room = f"{left} &{relation}", page - measure(equation.left)
    for rest in _break_sum(equation.right, symbols, language, room):
        yield f"{lead} {rest}"
        lead = r"&\quad"


def _break_sum(expr: sp.Expr, symbols: Mapping[str, str], language: str, room: float) -> Iterator[str]:
    """A sum in as few lines as it fits in, each but the first beginning with its sign; anything else whole."""
    if not isinstance(expr, sp.Add) or measure(expr) <= room:
        yield render_latex(expr, symbols=symbols, language=language)
        return
    # Terms with a plus come first, so that no line begins with a minus that can be avoided.
    terms = sorted(expr.as_ordered_terms(), key=lambda term: term.could_extract_minus_sign())
    line, width = "", 0.0
    for term in terms:
        negative = term.could_extract_minus_sign()
        bare = -term if negative else term
        text, wide = render_latex(bare, symbols=symbols, language=language), measure(bare) + _SPACED
        sign = "- " if negative else "+ "
        if line and width + wide > room:
            yield line
            line, width = sign + text, wide
        elif line:
            line, width = f"{line} {sign}{text}", width + wide
        else:
            line, width = (sign if negative else "") + text, wide
    yield line


def measure(expr: sp.Basic) -> float:
    """About how wide an expression is when set, in widths of a letter."""
    if expr.is_Symbol:
        base, *subscripts = expr.name.split("_")
        # A Greek letter is spelled out in a name but set as one letter.
        return 1.0 + _SMALL * len(subscripts) * (1 if len(base) > 1 else 1.2)
    if expr.is_Number:
        return float(len(f"{float(expr):.6g}"))
    if isinstance(expr, sp.Add):
        return sum(measure(term) for term in expr.args) + _SPACED * (len(expr.args) - 1)
    if isinstance(expr, sp.Mul):
        above, below = _sides(expr)
        return max(_product(above), _product(below))
    if isinstance(expr, sp.Pow):
        base = measure(expr.base) + (0.0 if expr.base.is_Symbol else _BRACKETS)
        return base + _SMALL * measure(expr.exp)
    return _BRACKETS + sum(measure(argument) for argument in expr.args)


def _sides(expr: sp.Mul) -> tuple[list[sp.Expr], list[sp.Expr]]:
    """The factors above and below the line."""
    above: list[sp.Expr] = []
    below: list[sp.Expr] = []
    for factor in expr.args:
        if factor == -1:
            continue
        if factor.is_Pow and factor.exp.could_extract_minus_sign() and not factor.exp.is_Add:
            below.append(1 / factor)
        else:
            above.append(factor)
    return above, below


def _product(factors: Sequence[sp.Expr]) -> float:
    """The width of factors side by side."""
    return sum(measure(f) + (_BRACKETS if f.is_Add and len(factors) > 1 else 0.0) for f in factors)
