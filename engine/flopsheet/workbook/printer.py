"""A sympy expression as an Excel formula that reads like the paper it comes from."""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum

import sympy as sp

from flopsheet.formula.functions import BY_HEAD, FUNCTIONS, RELATION_BY_HEAD, split_choice

Refer = Callable[[sp.Symbol], str]
ReferNumber = Callable[[sp.Number], str]

TYPED_NUMBERS = frozenset({0, 1, 2})
"""Numbers that may stand in a formula as they are (and -1, as a sign); every other one is a named constant."""


class _Binding(IntEnum):
    """How tightly a printed text holds together; a looser one in a tighter place needs parentheses."""

    RELATION = 0
    SUM = 1
    PRODUCT = 2
    POWER = 3
    ATOM = 4


_Text = tuple[str, _Binding]

_LOGIC = {sp.And: "AND", sp.Or: "OR", sp.Not: "NOT"}


def render_excel(expr: sp.Basic, refer: Refer, refer_number: ReferNumber) -> str:
    """The formula of an expression, without the leading `=`.

    `refer` gives the name that stands for a symbol, `refer_number` the one for a positive number that is not typed.
    Only functions of Excel 2007, only commas, and no minus sign in front of a power: Excel reads `-A1^2` as
    `(-A1)^2`, and `2^3^2` as `(2^3)^2`.

    Raises:
        ValueError: the expression holds something that has no spelling in a spreadsheet (infinity, an unknown head).
    """
    return _Printer(refer, refer_number).text(expr)


def literals(expr: sp.Basic) -> tuple[sp.Number, ...]:
    """The positive numbers that a formula needs as named constants, smallest first: what `refer_number` is asked."""
    found: set[sp.Number] = set()

    def collect(number: sp.Number) -> str:
        found.add(number)
        return "number"

    render_excel(expr, lambda symbol: symbol.name, collect)
    return tuple(sorted(found, key=lambda number: (number, str(number))))


class _Printer:
    """Prints one expression; knows how symbols and numbers are called."""

    def __init__(self, refer: Refer, refer_number: ReferNumber) -> None:
        self._refer = refer
        self._refer_number = refer_number

    def text(self, expr: sp.Basic, at_least: _Binding = _Binding.RELATION) -> str:
        """The text of an expression, in parentheses where it binds less tightly than its place asks."""
        text, binding = self._print(expr)
        return text if binding >= at_least else f"({text})"

    def _print(self, expr: sp.Basic) -> _Text:
        """The text of an expression and how tightly it binds."""
        if isinstance(expr, sp.Symbol):
            return self._refer(expr), _Binding.ATOM
        if isinstance(expr, (sp.Add, sp.Mul, sp.Pow)):
            operators = {sp.Add: self._sum, sp.Mul: self._product, sp.Pow: self._power}
            return next(show(expr) for head, show in operators.items() if isinstance(expr, head))
        if expr.is_Number or expr in {sp.E, sp.pi, sp.true, sp.false}:
            return self._constant(expr)
        if isinstance(expr, sp.Piecewise):
            parts = [self.text(part) for part in split_choice(expr)]
            return FUNCTIONS["if"].spell("excel", parts), _Binding.ATOM
        return self._call(expr)

    def _call(self, expr: sp.Basic) -> _Text:
        """A comparison, a logical function, or a row of the function table."""
        if expr.func in RELATION_BY_HEAD:
            left, right = (self.text(side, _Binding.SUM) for side in expr.args)
            return RELATION_BY_HEAD[expr.func].spell("excel", left, right), _Binding.RELATION
        if isinstance(expr, sp.ITE):  # sympy's form of a choice inside a condition; an IF there would be a nested one
            condition, then, otherwise = expr.args
            return self._call(sp.Or(sp.And(condition, then), sp.And(sp.Not(condition), otherwise)))
        if expr.func in _LOGIC:
            inner = ", ".join(sorted(self.text(part) for part in expr.args))
            return f"{_LOGIC[expr.func]}({inner})", _Binding.ATOM
        if expr.func not in BY_HEAD:
            message = f"`{expr}` has no spelling in a spreadsheet"
            raise ValueError(message)
        args = [self.text(arg) for arg in expr.args[: _arity(expr)]]
        if isinstance(expr, (sp.Min, sp.Max)):
            args.sort()  # sympy keeps their arguments as a set
        return BY_HEAD[expr.func].spell("excel", args), _Binding.ATOM

    def _constant(self, expr: sp.Basic) -> _Text:
        """A number, or one of the mathematical constants."""
        if expr.is_Number:
            return self._number(expr)
        spelled = {sp.E: "EXP(1)", sp.pi: "PI()", sp.true: "TRUE", sp.false: "FALSE"}
        return spelled[expr], _Binding.ATOM

    def _number(self, number: sp.Number) -> _Text:
        """A number: typed when it is 0, 1, 2 or -1, a quotient of such, else by its name."""
        if not number.is_finite:
            message = f"`{number}` is no number that a cell can hold"
            raise ValueError(message)
        if number == -1:
            return "-1", _Binding.PRODUCT
        if number.is_negative:
            return f"-1 * {self.text(-number, _Binding.POWER)}", _Binding.PRODUCT
        over, under = _quotient(number)
        if under != 1:
            return f"{self._magnitude(over)} / {self._magnitude(under)}", _Binding.PRODUCT
        return self._magnitude(over), _Binding.ATOM

    def _magnitude(self, number: sp.Number) -> str:
        """A number that is not negative, typed or by its name."""
        return str(int(number)) if number in TYPED_NUMBERS else self._refer_number(number)

    def _sum(self, expr: sp.Add) -> _Text:
        """Terms with a plus sign first, plain symbols before longer ones, then as their text sorts."""
        terms = []
        for term in expr.args:
            negative = _has_minus(term)
            text = self.text(-term if negative else term, _Binding.PRODUCT)
            terms.append((negative, not _is_plain(term), text))
        terms.sort()
        negative, _, first = terms[0]
        # With all terms negative the first one carries the sign as a factor.
        pieces = [f"-1 * {first}" if negative else first]
        pieces += [f"{'-' if negative else '+'} {text}" for negative, _, text in terms[1:]]
        return " ".join(pieces), _Binding.SUM

    def _product(self, expr: sp.Mul) -> _Text:
        """Numerator over denominator; numbers before symbols before what is longer."""
        coefficient, rest = expr.as_coeff_Mul()
        over: list[sp.Expr] = []
        under: list[sp.Expr] = []
        for factor in sp.Mul.make_args(rest):
            if isinstance(factor, sp.Pow) and _has_minus(factor.exp):
                under.append(1 / factor)
            elif factor != 1:
                over.append(factor)
        above, below = _quotient(abs(coefficient))
        sign = ["-1"] if coefficient.is_negative else []
        numerator = [*sign, *self._factors(above, over)] or ["1"]
        denominator = self._factors(below, under)
        if sign and len(numerator) == 1 and denominator:
            numerator.append("1")  # -1 * 1 / x: the sign stays a factor of its own
        text = " * ".join(numerator)
        if denominator:
            joined = " * ".join(denominator)
            text += f" / ({joined})" if len(denominator) > 1 else f" / {joined}"
        return text, _Binding.PRODUCT

    def _factors(self, number: sp.Number, factors: list[sp.Expr]) -> list[str]:
        """Factors as text, each fit to stand beside `*` and `/`; a number other than 1 first."""
        printed = sorted((not _is_plain(factor), self.text(factor, _Binding.POWER)) for factor in factors)
        lead = [] if number == 1 else [self._magnitude(number)]
        return lead + [text for _, text in printed]

    def _power(self, expr: sp.Pow) -> _Text:
        """A root, a reciprocal, or base ^ exponent with parentheses wherever either is more than a name."""
        base, exponent = expr.args
        if exponent == sp.S.Half:
            return FUNCTIONS["sqrt"].spell("excel", [self.text(base)]), _Binding.ATOM
        if _has_minus(exponent):
            return f"1 / {self.text(1 / expr, _Binding.POWER)}", _Binding.PRODUCT
        return f"{self.text(base, _Binding.ATOM)} ^ {self.text(exponent, _Binding.ATOM)}", _Binding.POWER


def _arity(expr: sp.Basic) -> int | None:
    """How many arguments of an expression its row prints; sympy's Heaviside carries its value at 0 as a second."""
    return BY_HEAD[expr.func].arity[1]


def _is_plain(expr: sp.Expr) -> bool:
    """Whether an expression prints as one name or number."""
    return bool(expr.is_Symbol or expr.is_Number)


def _has_minus(expr: sp.Basic) -> bool:
    """Whether an expression is its opposite with a minus sign in front: a negative number, product or sum of such."""
    if isinstance(expr, sp.Add):
        return all(_has_minus(term) for term in expr.args)
    return bool(expr.as_coeff_Mul()[0].is_negative)


def _quotient(number: sp.Number) -> tuple[sp.Number, sp.Number]:
    """A positive number as numerator and denominator: C / 6 stays C / 6, and 17/50 stays one number."""
    if isinstance(number, sp.Rational) and number.q != 1 and (number.p == 1 or {number.p, number.q} <= TYPED_NUMBERS):
        return sp.Integer(number.p), sp.Integer(number.q)
    return number, sp.S.One
