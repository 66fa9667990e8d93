# ruff: noqa: N802 - sympy finds a printer by the name of the class it prints
r"""Expressions as LaTeX that GitHub's Markdown and MathJax render.

sympy's printer is the base. Ours differs where a reader of the papers expects another form: a factor
with a negative exponent stands below the line (A/N^alpha), logarithms are \ln without needless
parentheses, quotients in exponents are slashed, and `\operatorname`, which GitHub refuses, is
never used.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

import sympy as sp
from sympy.printing.latex import LatexPrinter
from sympy.printing.precedence import PRECEDENCE, precedence_traditional

from flopsheet.derive.notation import Elasticity, LogSlope, Multiplier, Optimal, Slope
from flopsheet.document.latex_names import latex_name
from flopsheet.document.numbers import MAX_DIGITS, render_number
from flopsheet.document.terms_symbols import spell_term
from flopsheet.formula.functions import BY_HEAD
from flopsheet.formula.root import Put, Root
from flopsheet.messages import load_catalogue

#: Text that stays one thing whatever stands around it: a symbol with its subscript, or a number.
_ATOM: Final = re.compile(
    r"(\\[A-Za-z]+|[A-Za-z]|\d[\d.{},]*|\\mathrm\{\w+\}|\\text\{[^{}]*\})"
    r"(_(\w|\{([^{}]|\{[^{}]*\})*\})|\^(\w|\\ast|\\star))*"
)
#: Functions that are not printed from their row: logarithms drop parentheses, exp is a power, cases have words.
_OWN_FORM: Final = frozenset({sp.log, sp.exp, sp.Piecewise})
_LARGEST_DECIMAL_DENOMINATOR: Final = 10**MAX_DIGITS
_SMALL_FRACTION: Final = 8


class FormulaPrinter(LatexPrinter):
    """Prints an expression; symbols through `symbols`, and as numbers where `values` has them."""

    def __init__(self, symbols: Mapping[str, str], values: Mapping[str, str], language: str) -> None:
        super().__init__({"ln_notation": True, "fold_short_frac": False})
        self._names = symbols
        self._values = values
        self._words = load_catalogue(language)
        self._rank = {name: index for index, name in enumerate(symbols)}

    def _print(self, expr: sp.Basic, **kwargs: object) -> str:
        """The LaTeX of anything; functions of the formula language through their row in its table."""
        row = None if type(expr) in _OWN_FORM else BY_HEAD.get(type(expr))
        if row is None:
            return str(super()._print(expr, **kwargs))
        text = row.spell("latex", [self._print(argument) for argument in expr.args])
        return text.replace(r"\operatorname", r"\mathrm")

    def _print_Symbol(self, expr: sp.Symbol, style: str = "plain") -> str:  # noqa: ARG002 - sympy's signature
        if expr.name in self._values:
            return self._values[expr.name]
        return self._name(expr)

    def _name(self, symbol: sp.Symbol) -> str:
        """How a symbol is written, whether or not it is shown as a number."""
        return self._names.get(symbol.name) or spell_term(symbol.name) or latex_name(symbol.name)

    def _print_Dummy(self, expr: sp.Dummy) -> str:
        return self._print_Symbol(expr)

    def _print_Float(self, expr: sp.Float) -> str:
        return render_number(float(expr), digits=MAX_DIGITS, style="latex")

    def _print_Integer(self, expr: sp.Integer) -> str:
        return str(int(expr)) if abs(int(expr)) < _LARGEST_DECIMAL_DENOMINATOR else self._print_Float(sp.Float(expr))

    def _print_Rational(self, expr: sp.Rational) -> str:
        if expr.q > _SMALL_FRACTION and _LARGEST_DECIMAL_DENOMINATOR % expr.q == 0:
            return self._print_Float(sp.Float(expr))
        sign = "- " if expr.p < 0 else ""
        return rf"{sign}\frac{{{self._print(sp.Integer(abs(expr.p)))}}}{{{self._print(sp.Integer(expr.q))}}}"

    def _print_Infinity(self, expr: sp.Expr) -> str:  # noqa: ARG002
        return r"\infty"

    # Sums and products --------------------------------------------------------------------------

    def _print_Add(self, expr: sp.Add, order: object = None) -> str:  # noqa: ARG002 - sympy's signature
        terms = [(term, self._term(term)) for term in expr.as_ordered_terms()]
        # E + A/N^alpha, as the papers write it: a bare symbol stands before quotients.
        if any(r"\frac" in text for _, text in terms):
            terms.sort(key=lambda pair: not pair[0].is_Symbol)
        return _join_terms([text for _, text in terms])

    def _term(self, term: sp.Expr) -> str:
        """One term of a sum; a symbol shown as a number below zero, or a choice, in parentheses."""
        text = self._print(term)
        return rf"\left({text}\right)" if term.is_Piecewise or (term.is_Symbol and text.startswith("-")) else text

    def _print_Mul(self, expr: sp.Mul) -> str:
        negative, above, below = _split_product(expr)
        sign = "- " if negative else ""
        if not below:
            return sign + self._factors(above)
        numerator = self._print(above[0]) if len(above) == 1 else self._factors(above)
        denominator = self._print(below[0]) if len(below) == 1 else self._factors(below)
        return rf"{sign}\frac{{{numerator}}}{{{denominator}}}"

    def _factors(self, factors: Sequence[sp.Expr]) -> str:
        """Factors side by side; a dot where two numbers meet, logarithms last as they take no parentheses."""
        if not factors:
            return "1"
        printed = [self._factor(factor) for factor in sorted(factors, key=self._place)]
        printed.sort(key=lambda part: part.startswith(r"\ln "))
        text = ""
        for index, part in enumerate(printed):
            # Two bare logarithms in a row would read as one inside the other.
            inner = part.startswith(r"\ln ") and index < len(printed) - 1
            shown = rf"\left({part}\right)" if inner else part
            # A word beside a word, or a letter, would run into it.
            worded = index > 0 and r"\mathrm" in (shown[:7], printed[index - 1][:7])
            separator = r" \cdot " if _starts_with_number(shown) else r" \, " if worded else " "
            text += (separator if text else "") + shown
        return text

    def _place(self, factor: sp.Expr) -> tuple[int, int]:
        """Where a factor stands in a product: numbers, Greek letters, other symbols as declared, the rest."""
        base = factor.base if factor.is_Pow else factor
        if factor.is_Number:
            return 0, 0
        if not base.is_Symbol or self._name(base).startswith(r"\ln "):
            return 3, 0
        greek = self._name(base).startswith("\\")
        return (1 if greek else 2), self._rank.get(base.name, len(self._rank))

    def _factor(self, factor: sp.Expr) -> str:
        """One factor, in parentheses when it is a sum or a number below zero."""
        text = self._print(factor)
        if isinstance(factor, sp.Symbol):
            return rf"\left({text}\right)" if text.startswith("-") else text
        loose = precedence_traditional(factor) < PRECEDENCE["Mul"] or factor.is_Relational or factor.is_Piecewise
        return rf"\left({text}\right)" if loose or text.startswith("-") else text

    # Powers -----------------------------------------------------------------------------------

    def _print_Pow(self, expr: sp.Pow) -> str:
        base, exponent = expr.base, expr.exp
        if _is_negative(exponent):
            inverse = sp.Pow(base, -exponent, evaluate=False) if exponent != -1 else base
            return rf"\frac{{1}}{{{self._print(inverse)}}}"
        if exponent == 1:
            return str(self._print(base))
        if exponent.is_Rational and exponent.p == 1 and exponent.q in (2, 3):
            root = "" if exponent.q == 2 else f"[{exponent.q}]"
            return rf"\sqrt{root}{{{self._print(base)}}}"
        return f"{self._base(base)}^{{{self._exponent(exponent)}}}"

    def _base(self, base: sp.Expr) -> str:
        """What a power is taken of: in parentheses unless it is one symbol or number."""
        text = str(self._print(base))
        whole = (base.is_Symbol or base.is_Integer or base.is_Float) and _ATOM.fullmatch(text)
        closed = isinstance(base, (sp.floor, sp.ceiling))  # they bring brackets
        return text if whole or closed else rf"\left({text}\right)"

    def _exponent(self, exponent: sp.Expr) -> str:
        """An exponent with its quotient slashed: stacked fractions are too small up there."""
        if exponent.is_Add:
            return _join_terms([self._exponent(term) for term in exponent.as_ordered_terms()])
        if not (exponent.is_Mul or exponent.is_Rational or exponent.is_Pow):
            return str(self._print(exponent))
        negative, above, below = _split_product(exponent)
        if not below or (exponent.is_Rational and r"\frac" not in self._print(exponent)):
            return str(self._print(exponent))
        sign = "-" if negative else ""
        return f"{sign}{self._slash_side(above)}/{self._slash_side(below, below=True)}"

    def _slash_side(self, factors: Sequence[sp.Expr], *, below: bool = False) -> str:
        """One side of a slash: sums and bare logarithms in parentheses, and below the slash products too."""
        single = len(factors) == 1
        text = str(self._print(factors[0])) if single else self._factors(factors)
        loose = factors[0].is_Add if single else below
        # Without parentheses the slash would belong to what the logarithm is taken of.
        return f"({text})" if loose or (r"\ln " in text and not below) else text

    def _print_ExpBase(self, expr: sp.exp, exp: str | None = None) -> str:
        power = rf"e^{{{self._exponent(expr.args[0])}}}"
        return rf"\left({power}\right)^{{{exp}}}" if exp else power

    # Functions --------------------------------------------------------------------------------

    def _print_log(self, expr: sp.log, exp: str | None = None) -> str:
        argument = self._print(expr.args[0])
        bare = expr.args[0].is_Symbol or expr.args[0].is_Integer
        text = rf"\ln {argument}" if bare and _ATOM.fullmatch(argument) else rf"\ln\left({argument}\right)"
        return rf"\left({text}\right)^{{{exp}}}" if exp else text

    def _hprint_Function(self, func: str) -> str:
        return latex_name(func)

    def _print_Piecewise(self, expr: sp.Piecewise) -> str:
        rows = [
            rf"{self._print(value)} & \text{{{self._words['latex.otherwise']}}}"
            if condition == sp.true
            else rf"{self._print(value)} & \text{{{self._words['latex.if']} }} {self._print(condition)}"
            for value, condition in expr.args
        ]
        return r"\begin{cases} " + r" \\ ".join(rows) + r" \end{cases}"

    def _print_Root(self, expr: Root) -> str:
        return rf"{self._print(expr.unknown)}^{{\ast}}"

    def _print_Put(self, expr: Put) -> str:
        return self._print(expr.inner)

    # What derivations write ---------------------------------------------------------------------

    def _print_LogSlope(self, expr: LogSlope) -> str:
        of, by = (self._print(argument) for argument in expr.args)
        return rf"\frac{{\partial {of}}}{{\partial \ln {by}}}"

    def _print_Slope(self, expr: Slope) -> str:
        of, by = (self._print(argument) for argument in expr.args)
        return rf"\frac{{\partial {of}}}{{\partial {by}}}"

    def _print_Elasticity(self, expr: Elasticity) -> str:
        of, by = (self._print(argument) for argument in expr.args)
        return rf"\frac{{\mathrm{{d}} \ln {of}}}{{\mathrm{{d}} \ln {by}}}"

    def _print_Optimal(self, expr: Optimal) -> str:
        return rf"{self._print(expr.args[0])}^{{\ast}}"

    def _print_Multiplier(self, expr: Multiplier) -> str:
        return rf"\lambda_{{{self._print(expr.args[0])}}}"


def _join_terms(terms: Sequence[str]) -> str:
    """Printed terms as a sum that begins with a term without minus, if there is one."""
    ordered = list(terms)
    first = next((index for index, text in enumerate(ordered) if not text.startswith("-")), 0)
    ordered.insert(0, ordered.pop(first))
    return ordered[0] + "".join(
        f" - {text[1:].lstrip()}" if text.startswith("-") else f" + {text}" for text in ordered[1:]
    )


def _split_product(expr: sp.Expr) -> tuple[bool, list[sp.Expr], list[sp.Expr]]:
    """Whether a product is negative, its factors above the line, and those below it."""
    above: list[sp.Expr] = []
    below: list[sp.Expr] = []
    negative = False
    for factor in _ordered_factors(expr):
        if factor.is_Number and factor.is_negative:
            negative = not negative
            factor = -factor  # noqa: PLW2901 - the sign is kept apart from here on
        if factor.is_Rational and not factor.is_Integer and factor.q <= _SMALL_FRACTION:
            above.append(sp.Integer(factor.p))
            below.append(sp.Integer(factor.q))
        elif factor.is_Pow and _is_negative(factor.exp):
            below.append(factor.base if factor.exp == -1 else sp.Pow(factor.base, -factor.exp))
        else:
            above.append(factor)
    above = [factor for factor in above if factor != 1]
    return negative, above or [sp.S.One], below


def _ordered_factors(expr: sp.Expr) -> list[sp.Expr]:
    """The factors of a product, numbers first, in sympy's order."""
    factors = list(expr.as_ordered_factors()) if expr.is_Mul else [expr]
    return sorted(factors, key=lambda factor: not factor.is_Number)


def _is_negative(exponent: sp.Expr) -> bool:
    """Whether an exponent is written with a leading minus: -1, -alpha, -alpha/(alpha + beta)."""
    if exponent.is_Add:
        return all(_is_negative(term) for term in exponent.args)
    return bool(exponent.as_coeff_Mul()[0].is_negative)


def _starts_with_number(text: str) -> bool:
    return text[:1].isdigit() or text.startswith((r"\frac{1}", r"\left(-"))
