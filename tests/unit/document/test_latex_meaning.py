"""What a printed formula means: read back as a mathematician reads it, it has the value of the expression."""

import math
import re
from collections.abc import Callable, Mapping

import pytest
import sympy as sp
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from flopsheet.document.latex import render_latex

TOKEN = re.compile(r"\\left\\lfloor|\\right\\rfloor|\\left\(|\\right\)|\\[A-Za-z]+|\d+(?:\.\d+)?|[A-Za-z]|\S")
OPENING = {r"\left(": r"\right)", "(": ")", "{": "}", r"\left\lfloor": r"\right\rfloor"}
CLOSING = {*OPENING.values(), ",", "+", "-", None}


class Reader:
    """Reads the LaTeX of a formula as numbers; refuses what a reader could take two ways."""

    def __init__(self, text: str, values: Mapping[str, float]) -> None:
        self.tokens = TOKEN.findall(text)
        self.values = values
        self.at = 0

    def peek(self) -> str | None:
        """The next token."""
        return self.tokens[self.at] if self.at < len(self.tokens) else None

    def take(self, expected: str | None = None) -> str:
        """The next token, which must be the expected one."""
        word = self.peek()
        assert word is not None
        assert expected in (None, word), f"expected {expected}, got {word} in {self.tokens}"
        self.at += 1
        return word

    def whole(self) -> float:
        """The value of everything."""
        value = self.sum()
        assert self.peek() is None, self.tokens
        return value

    def sum(self) -> float:
        """Terms with signs between them; no sign directly after another."""
        sign = -1.0 if self.peek() == "-" else 1.0
        self.at += self.peek() == "-"
        value = sign * self.product()
        while self.peek() in {"+", "-"}:
            sign = 1.0 if self.take() == "+" else -1.0
            assert self.peek() != "-"
            value += sign * self.product()
        return value

    def product(self) -> float:
        """Factors side by side, one divisor after a slash."""
        value = self.power()
        while self.peek() not in CLOSING:
            last = self.tokens[self.at - 1]
            if self.peek() in {r"\cdot", r"\times"}:
                self.take()
            elif self.peek() == "/":
                self.take()
                value /= self.power()
                assert self.peek() in CLOSING, "a product after a slash could belong below or beside it"
                break
            else:
                numbers = re.match(r"\d", last) and re.match(r"\d", self.peek() or "")
                assert not numbers, "two numbers side by side read as one"
            value *= self.power()
        return value

    def power(self) -> float:
        """One thing, perhaps with an exponent."""
        number = bool(re.match(r"\d", self.peek() or ""))
        base = self.one()
        if self.peek() == "^":
            self.take()
            exponent = self.group("{")
            assert not number or base >= 0
            return base**exponent
        return base

    def group(self, opening: str) -> float:
        """A sum in brackets."""
        self.take(opening)
        value = self.sum()
        self.take(OPENING[opening])
        return value

    def one(self) -> float:
        """A number, symbol, bracket, or a function with its argument."""
        word = self.peek() or ""
        if word in OPENING:
            value = self.group(word)
            return math.floor(value) if word == r"\left\lfloor" else value
        self.take()
        if word in FUNCTIONS:
            return FUNCTIONS[word](self)
        return float(word) if re.match(r"\d", word) else self.values[word.removeprefix("\\")]

    def logarithm(self) -> float:
        """The logarithm of what follows; a bare argument must be the last factor."""
        bracketed = self.peek() == r"\left("
        value = math.log(self.one())
        assert bracketed or self.peek() in CLOSING, "what follows a bare logarithm could belong to it"
        return value

    def listed(self) -> list[float]:
        """Arguments with commas between them."""
        self.take(r"\left(")
        values = [self.sum()]
        while self.peek() == ",":
            self.take()
            values.append(self.sum())
        self.take(r"\right)")
        return values


FUNCTIONS: dict[str, Callable[[Reader], float]] = {
    "e": lambda _: math.e,
    r"\frac": lambda reader: reader.group("{") / reader.group("{"),
    r"\sqrt": lambda reader: reader.group("{") ** 0.5,
    r"\ln": Reader.logarithm,
    r"\min": lambda reader: min(reader.listed()),
}

NAMES = ("A", "N", "D", "alpha", "beta")
SYMBOLS = {name: sp.Symbol(name, positive=True) for name in NAMES}
leaves = st.sampled_from(list(SYMBOLS.values())) | st.integers(1, 9).map(sp.Integer)


def combine(children: st.SearchStrategy[sp.Expr]) -> st.SearchStrategy[sp.Expr]:
    """Larger expressions from smaller ones."""
    pairs = st.tuples(children, children)
    return st.one_of(
        pairs.map(lambda p: p[0] + p[1]),
        pairs.map(lambda p: p[0] - p[1]),
        pairs.map(lambda p: p[0] * p[1]),
        pairs.map(lambda p: p[0] / p[1]),
        pairs.map(lambda p: p[0] ** p[1]),
        pairs.map(lambda p: p[0] ** -p[1]),
        pairs.filter(lambda p: all(_comparable(part) for part in p)).map(lambda p: sp.Min(*p)),
        children.map(sp.log),
        children.map(sp.exp),
        children.map(sp.sqrt),
        children.filter(_comparable).map(sp.floor),
        children.map(lambda child: -child),
    )


def _comparable(expr: sp.Expr) -> bool:
    """Whether sympy lets an expression stand in a comparison (and does not compute it at once)."""
    return bool(expr.free_symbols) and not expr.has(sp.zoo, sp.nan, sp.oo, sp.I) and expr.is_extended_real is not False


expressions = st.recursive(leaves, combine, max_leaves=8)
numbers = st.integers(3, 30).map(lambda n: n / 10)


def real_value(expr: sp.Expr, values: Mapping[str, float]) -> float:
    """The value of an expression all of whose parts are real and of ordinary size; else the example is dropped."""
    point = {SYMBOLS[name]: sp.Rational(str(value)) for name, value in values.items()}
    for part in sp.postorder_traversal(expr):
        if isinstance(part, sp.Expr):
            value = part.subs(point).evalf()
            assume(value.is_real and value.is_finite and (value == 0 or 1e-9 < abs(value) < 1e9))
    return float(expr.subs(point).evalf())


#: Forms that chance finds too seldom.
A, N, D, ALPHA, BETA = SYMBOLS.values()
AT = (0.9, 2.5, 1.7, 0.4, 1.3)


@settings(max_examples=400)
@example(A ** (ALPHA / (2 * BETA)), AT, False)
@example(A ** (ALPHA * BETA / (ALPHA + BETA)), AT, True)
@example(sp.log(N) * sp.log(D) * A, AT, False)
@example(sp.exp(sp.log(A) / A), AT, False)
@example(sp.sqrt(sp.sqrt(sp.floor(-A) + 2)) + sp.floor(N) ** 2, AT, False)
@example(sp.exp(A / sp.log(N)), AT, True)
@example(sp.log(N) ** 2 * sp.log(A) / sp.log(D), AT, True)
@example((ALPHA * A / (BETA * N)) ** (1 / (ALPHA + BETA)), AT, True)
@example(-sp.exp(-ALPHA * sp.log(N)) - A / (N - 3 * D) ** 2, AT, True)
@given(expressions, st.tuples(*[numbers] * len(NAMES)), st.booleans())
def test_a_printed_formula_means_what_it_was(expr: sp.Expr, point: tuple[float, ...], put_in: bool) -> None:
    """With symbols, and with numbers put in, the LaTeX has one reading and the value of the expression."""
    values = dict(zip(NAMES, point, strict=True))
    assume(all(abs(number.p) < 10**6 and number.q < 10**6 for number in expr.atoms(sp.Rational)))
    expected = real_value(expr, values)
    shown = {name: str(value) for name, value in values.items()} if put_in else None
    text = render_latex(expr, values=shown)
    # A floor jumps: the reader works with doubles, so a step exactly at a whole number may go either way.
    assume(not expr.has(sp.floor) or all(abs(v.evalf() % 1 - 0.5) < 0.49 for v in _floored(expr, values)))
    assert Reader(text, values).whole() == pytest.approx(expected, rel=1e-6, abs=1e-6), text


def _floored(expr: sp.Expr, values: Mapping[str, float]) -> list[sp.Expr]:
    """What stands inside the floors of an expression, at the point."""
    point = {SYMBOLS[name]: sp.Rational(str(value)) for name, value in values.items()}
    return [part.args[0].subs(point) for part in expr.atoms(sp.floor)]


def test_the_reader_refuses_ambiguity() -> None:
    """The reader itself: two numbers side by side, and a factor after a bare logarithm, are refused."""
    for text in ("2 3", r"\ln N D", "N/D A"):
        with pytest.raises(AssertionError):
            Reader(text, dict.fromkeys(NAMES, 2.0)).whole()
    assert Reader(r"\frac{6 N}{2} - N^{2/(1 + 1)}", {"N": 2.0}).whole() == 4.0
