import subprocess
import sys
import time

import pytest
import sympy as sp

from flopsheet.errors import FlopsheetError, Place
from flopsheet.formula.functions import FUNCTIONS
from flopsheet.formula.parse import formula_names, parse_formula
from flopsheet.formula.text import FormulaText

NAMES = ("A", "B", "D", "E", "N", "alpha", "beta")
SYMBOLS = {name: sp.Symbol(name, positive=True) for name in NAMES}
A, B, D, E, N, ALPHA, BETA = SYMBOLS.values()
SOON = 5.0  # seconds; everything here takes milliseconds, on a machine that is not busy


def _text(text: str, line: str | None = None) -> FormulaText:
    """A formula that begins at column 9 of line 14."""
    shown = f"  loss: {text}" if line is None else line
    return FormulaText(text, Place("scenarios/inference.yaml", 14, 9, max(1, len(text)), shown))


def _parse(text: str, **more: sp.Expr) -> sp.Expr:
    return parse_formula(_text(text), SYMBOLS | more, subject="cells.loss")


def _problems(text: str) -> list[tuple[int, int, str]]:
    """Column within the formula (from 0), length and message of each problem."""
    with pytest.raises(FlopsheetError) as caught:
        _parse(text)
    assert all(p.subject == "cells.loss" and p.place for p in caught.value.problems)
    return [(p.place.column - 9, p.place.length, p.message) for p in caught.value.problems if p.place]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("E + A / N**alpha + B / D**beta", E + A / N**ALPHA + B / D**BETA),
        ("6 * N * D", 6 * N * D),
        ("((A / N)**(alpha / beta) + B / D)**beta", ((A / N) ** (ALPHA / BETA) + B / D) ** BETA),
        ("0.34", sp.Rational(17, 50)),
        ("1e22", sp.Integer(10) ** 22),
        ("1.5E-3", sp.Rational(3, 2000)),
        ("1_000.5", sp.Rational(2001, 2)),
        (".5 + 5.", sp.Rational(11, 2)),
        ("-N**2", -(N**2)),
        ("N**-alpha", N**-ALPHA),
        ("2**3**2", sp.Integer(512)),
        ("N - D - E", N - D - E),
        ("N / D / E", N / D / E),
        ("N - (D - E)", N - D + E),
        ("+N", N),
        ("--N", N),
        ("sum(N, D, 1)", N + D + 1),
        ("min(N)", N),
        ("max(N, D, max(E, 2))", sp.Max(N, D, E, 2)),
        ("if(N < D, 1, 2)", sp.Piecewise((1, N < D), (2, True))),
        ("if(1 <= 2, N, D)", N),
        ("if(and(N < D, D < E), 1, 2)", sp.Piecewise((1, sp.And(N < D, D < E)), (2, True))),
        ("if(or(N < D, not(D < E)), 1, 2)", sp.Piecewise((1, sp.Or(N < D, D >= E)), (2, True))),
        ("if(N < D, 1, if(D < E, 1, 2))", sp.Piecewise((1, sp.Or(N < D, D < E)), (2, True))),
        ("if(if(N < D, D, E) > A, 1, 2)", sp.Piecewise((1, sp.ITE(N < D, D > A, E > A)), (2, True))),
        ("if(if(N < D, D > A, E > A), 1, 2)", sp.Piecewise((1, sp.ITE(N < D, D > A, E > A)), (2, True))),
        ("if(N == N, N, D)", N),
        ("round(2.5) + round(-2.5) + floor(-2.1) + ceiling(2.1)", sp.Integer(0)),
        ("log10(1000) + log2(8)", sp.Integer(6)),
        ("N +\n   D", N + D),
        ("\tN\r\n", N),
    ],
)
def test_parsed_expression(text, expected):
    """Text becomes the exact expression it says."""
    assert _parse(text) == expected


@pytest.mark.parametrize("word", ["lambda", "if", "and", "in", "is", "as", "not", "True", "None", "else", "async"])
def test_keywords_of_python_are_names(word):
    """A name may be one of Python's keywords, also as the only operand or next to others."""
    symbol = sp.Symbol(word, positive=True)
    assert _parse(f"2 * {word} + {word}**2 / ({word})", **{word: symbol}) == 3 * symbol
    assert formula_names(_text(f"{word} + N"), "loss") == (word, "N")


def test_two_keywords_that_end_alike():
    """Renaming keeps `is` and `as` apart, and columns after them right."""
    symbols = {word: sp.Symbol(word) for word in ("is", "as")}
    assert _parse("is - as", **symbols) == symbols["is"] - symbols["as"]
    with pytest.raises(FlopsheetError) as caught:
        _parse("is - as * apha", **symbols)
    assert [p.place.column for p in caught.value.problems if p.place] == [9 + 10]


def test_symbols_may_stand_for_expressions():
    """A known name may mean an expression, as `where` formulas do, and hides a function of that name."""
    assert _parse("2 * N + exp", N=D**2, exp=A) == 2 * D**2 + A


def test_names_in_order_of_first_use():
    """Names come without the functions called, each once; sympy is not needed to find them."""
    assert formula_names(_text("exp(b) + a * b + min(c, a) + min"), "loss") == ("b", "a", "c", "min")


def test_unknown_symbol_message():
    """The whole message of a misspelled name: place, subject, line, caret, suggestion, what is known."""
    with pytest.raises(FlopsheetError) as caught:
        _parse("E + A/N**apha + B/D**beta")
    assert str(caught.value) == (
        "scenarios/inference.yaml:14:18: cells.loss: unknown symbol `apha`.\n"
        "   14 |   loss: E + A/N**apha + B/D**beta\n"
        "      |                  ^^^^\n"
        "Did you mean `alpha`? Known here: A, B, D, E, N, alpha, beta."
    )


def test_all_problems_at_once():
    """Everything wrong in a formula whose grammar is right is told at once, from left to right."""
    assert _problems("apha + exp(1, 2) + foo(bta) + 1/0 + N**1001") == [
        (0, 4, "unknown symbol `apha`."),
        (7, 9, "`exp` takes 1 argument, not 2."),
        (19, 3, "unknown function `foo`."),
        (23, 3, "unknown symbol `bta`."),
        (30, 3, "`1/0` divides by zero."),
        (36, 7, "`N**1001` has an exponent beyond 1,000."),
    ]


def test_all_foreign_characters_at_once():
    """Each piece that is no part of the language is told, too."""
    assert _problems("N ^ 2 + 10B % é") == [
        (2, 1, "`^` is not an operator of formulas."),
        (8, 3, "`10B` is not a number."),
        (12, 1, "`%` is not an operator of formulas."),
        (14, 1, "`é` has characters outside ASCII."),
    ]


@pytest.mark.parametrize(
    ("text", "column", "length", "message"),
    [
        ("", 0, 1, "the formula is empty."),
        (" \n ", 0, 3, "the formula is empty."),
        ("__import__('os')", 11, 4, "text such as 'os' has no place in a formula."),
        ("__import__(N)", 0, 10, "unknown function `__import__`."),
        ("N.real", 1, 1, "a name has no attributes, and a lone `.` is no number."),
        ("N[0]", 1, 1, "`[` is not part of the formula language."),
        ("lambda x: x", 8, 1, "`:` is not part of the formula language."),
        ("[N for N in N]", 0, 1, "`[` is not part of the formula language."),
        ("(N := 3)", 3, 2, "`:=` is not part of the formula language."),
        ("N if D else A", 2, 2, "an operator is missing before `if`."),
        ("N and D", 2, 3, "`and` is not an operator of formulas."),
        ("N or D", 2, 2, "`or` is not an operator of formulas."),
        ("not N", 0, 3, "`not` is not an operator of formulas."),
        ("not(N)", 0, 6, "a condition is not a number."),
        ("if(not(N), 1, 2)", 7, 1, "this is not a condition."),
        ("if(and(N < D), 1, 2)", 3, 10, "`and` takes at least 2 arguments, not 1."),
        ("if(and(N < D, N), 1, 2)", 14, 1, "this is not a condition."),
        ("if(if(N < D, N, D), 1, 2)", 13, 1, "this is not a condition."),
        ("if(N < D < 3, 1, 2)", 3, 9, "comparisons cannot be chained."),
        ("if(N, 1, 2)", 3, 1, "this is not a condition."),
        ("2 * (N < D)", 5, 5, "a comparison is not a number."),
        ("N == D", 0, 6, "a comparison is not a number."),
        ("N = D", 2, 1, "`=` is not a comparison."),
        ("αlpha + 1", 0, 5, "`αlpha` has characters outside ASCII."),
        ("1 + ٣", 4, 1, "`٣` has characters outside ASCII."),
        ("N − D", 2, 1, "`−` (U+2212) is not the minus sign of formulas."),
        ("N D", 2, 1, "an operator is missing before `D`."),
        ("2(N)", 1, 1, "an operator is missing before `(`."),
        ("(N)(D)", 3, 1, "an operator is missing before `(`."),
        ("N(D)", 0, 1, "`N` is not a function."),
        ("exp", 0, 3, "`exp` is a function, not a number."),
        ("min()", 0, 5, "`min` takes at least 1 argument, not 0."),
        ("if(N < D, 1)", 0, 12, "`if` takes 3 arguments, not 2."),
        ("max(N, D,)", 9, 1, "an operand is missing before `)`."),
        ("max(, N)", 4, 1, "an argument is missing before `,`."),
        ("N, D", 1, 1, "`,` stands outside the arguments of a function."),
        ("(N, D)", 2, 1, "`,` stands outside the arguments of a function."),
        ("N +", 2, 1, "the formula ends where an operand is wanted."),
        ("* N", 0, 1, "an operand is missing before `*`."),
        ("N * / D", 4, 1, "an operand is missing before `/`."),
        ("()", 1, 1, "an operand is missing before `)`."),
        ("(N", 0, 1, "`(` is never closed."),
        ("N)", 1, 1, "`)` closes nothing."),
        ("007", 0, 3, "`007` is not a number."),
        ("0x10", 0, 4, "`0x10` is not a number."),
        ("1j", 0, 2, "`1j` is not a number."),
        ("1.5.2", 0, 5, "`1.5.2` is not a number."),
        ("N // D", 2, 2, "`//` is not an operator of formulas."),
        ("N <> D", 2, 2, "`<>` is not a comparison."),
        ("N @ D", 2, 1, "`@` is not part of the formula language."),
        ("N\0", 1, 1, "`U+0000` is not part of the formula language."),
        ("{N}", 0, 1, "`{` is not part of the formula language."),
        ("f'{N}'", 1, 5, "text such as '{N}' has no place in a formula."),
        ("*N", 0, 1, "an operand is missing before `*`."),
        ("exp(*N)", 4, 1, "an operand is missing before `*`."),
        ("exp(x=N)", 5, 1, "`=` is not a comparison."),
    ],
)
def test_refused_text(text, column, length, message):
    """What the language does not have is refused with its own column and reason."""
    assert _problems(text)[0] == (column, length, message)


@pytest.mark.parametrize(
    ("text", "piece", "why"),
    [
        ("1 / 0", "1 / 0", "divides by zero."),
        ("1 / (N - N)", "1 / (N - N)", "divides by zero."),
        ("0**-1", "0**-1", "divides by zero."),
        ("0**0", "0**0", "is zero to the power zero, which has no value."),
        ("2 + log(0)", "log(0)", "is not a finite real number."),
        ("log(-1)", "log(-1)", "is not a finite real number."),
        ("log10(0 * N)", "log10(0 * N)", "is not a finite real number."),
        ("sqrt(-1)", "sqrt(-1)", "is not a finite real number."),
        ("log(-N)", "log(-N)", "is not a finite real number."),
        ("log2(-N)", "log2(-N)", "is not a finite real number."),
        ("sqrt(-N)", "sqrt(-N)", "is not a finite real number."),
        ("(-N)**(1/3)", "(-N)**(1/3)", "is a fractional power of something negative."),
        ("(-2)**alpha", "(-2)**alpha", "is a fractional power of something negative."),
        ("9**9**9**9", "9**9**9", "has an exponent beyond 1,000."),
        ("(10**999)**999", "10**999", "is beyond 1.8e308, the largest double."),
        ("N**-1001", "N**-1001", "has an exponent beyond 1,000."),
        ("N**(500 + 501)", "N**(500 + 501)", "has an exponent beyond 1,000."),
        ("1e999", "1e999", "is beyond 1.8e308, the largest double."),
        ("1e-999", "1e-999", "is below 2.2e-308, the smallest normal double."),
        ("1e999999999999", "1e999999999999", "is beyond 1.8e308, the largest double."),
        ("1" * 400, "1" * 37 + "...", "is beyond 1.8e308, the largest double."),
        ("exp(exp(exp(1000)))", "exp(1000)", "is beyond 1.8e308, the largest double."),
        ("exp(-1000)", "exp(-1000)", "is below 2.2e-308, the smallest normal double."),
        ("10**200 * (N * 10**200)", "10**200 * (N * 10**200)", "is beyond 1.8e308, the largest double."),
        ("(0.999**1000)**1000", "(0.999**1000)**1000", "has too many digits to be computed exactly."),
        ("exp(6.4e13 * log(0.34))", "exp(6.4e13 * log(0.34))", "has an exponent beyond 1,000."),
        ("2**(N + 1e15) / 2**N", "2**(N + 1e15)", "has an exponent beyond 1,000."),
        ("(2**(1e15 * N))**(1 / N)", "2**(1e15 * N)", "has an exponent beyond 1,000."),
        ("(-floor(N))**0.3", "(-floor(N))**0.3", "is a fractional power of something negative."),
        ("(N * 10**200)**1000", "(N * 10**200)**1000", "has too many digits to be computed exactly."),
    ],
)
def test_refused_numbers(text, piece, why):
    """What has no finite real value, or would fill the memory, is refused at once and never becomes zoo, nan or I."""
    start = time.perf_counter()
    found = _problems(text)
    assert time.perf_counter() - start < SOON
    assert [message for _, _, message in found] == [f"`{piece}` {why}"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("24**0.7777777777777777", 24**0.7777777777777777),
        ("(24 * N)**-0.77777777 * N**0.77777777", 24**-0.77777777),
        ("0.34**0.123456789", 0.34**0.123456789),
        ("24**-7.123456789", 24**-7.123456789),
        ("exp(0.77777777 * log(24))", 24**0.77777777),
        ("24**(N + 0.77777777) / 24**N", 24**0.77777777),
        ("24**(7/9) * 24**(1/97) * 24**(1/89) * 24**(1/83)", 24 ** (7 / 9 + 1 / 97 + 1 / 89 + 1 / 83)),
        ("123456789123456789**0.77", 123456789123456789**0.77),
    ],
)
def test_roots_of_numbers_end(text, value):
    """Powers of literals with many decimals are not split by prime factors, which takes for ever, and stay exact."""
    start = time.perf_counter()
    expr = _parse(text)
    assert time.perf_counter() - start < SOON
    assert not expr.atoms(sp.Float)
    assert float(expr.subs(N, sp.Float(1.5, 30)).evalf(30)) == pytest.approx(value, rel=1e-13)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("N" * 4001, "the formula has 4,001 characters; at most 4,000 are allowed."),
        ("1 + " * 2500 + "N", "the formula has 10,001 characters; at most 4,000 are allowed."),
        ("(" * 51 + "N" + ")" * 51, "parentheses nest deeper than 50 levels."),
        ("(" * 1999 + "N" + ")" * 1999, "parentheses nest deeper than 50 levels."),
        ("-" * 60 + "N", "the formula nests deeper than 50 levels."),
        ("-" * 3999 + "N", "the formula nests deeper than 50 levels."),
        ("N" + "**N" * 60, "the formula nests deeper than 50 levels."),
        ("N" + "**N" * 1300, "the formula nests deeper than 50 levels."),
        ("exp(-" * 30 + "N" + ")" * 30, "the formula nests deeper than 50 levels."),
    ],
)
def test_limits(text, message):
    """Size and depth are bounded, and a formula beyond them is refused quickly with one problem."""
    start = time.perf_counter()
    assert [found for _, _, found in _problems(text)] == [message]
    assert time.perf_counter() - start < SOON


@pytest.mark.parametrize("text", ["N" + "**N" * 40, "(" * 50 + "N" + ")" * 50, "-" * 40 + "N", "N**1000", "N**-1000"])
def test_within_the_limits(text):
    """Up to the limits everything parses."""
    assert _parse(text).free_symbols == {N}


@pytest.mark.parametrize("operator", ["+", "-", "*"])
def test_long_flat_formulas(operator):
    """A thousand terms or factors are neither deep nor slow."""
    text = operator.join(["N", *(f"D{i}" for i in range(690))])
    symbols = {f"D{i}": sp.Symbol(f"D{i}", positive=True) for i in range(690)}
    start = time.perf_counter()
    expr = _parse(text, **symbols)
    assert time.perf_counter() - start < SOON
    assert len(expr.args) == 691
    assert _parse("+".join(["N"] * 1000)) == 1000 * N


def test_columns_do_not_lie_in_folded_text():
    """Where the line does not show the formula's characters at their columns, the start of the formula is marked."""
    formula = _text("N + apha", line="  loss: >-")
    with pytest.raises(FlopsheetError) as caught:
        parse_formula(formula, SYMBOLS, subject="loss")
    place = caught.value.problems[0].place
    assert place is not None
    assert (place.column, place.length) == (9, 8)


def test_column_after_wide_characters():
    """Columns count characters, also behind a line's Chinese ones."""
    formula = FormulaText("N + apha", Place("law.yaml", 3, 6, 8, "损失量: N + apha"))
    with pytest.raises(FlopsheetError) as caught:
        parse_formula(formula, SYMBOLS, subject="loss")
    assert caught.value.problems[0].place == formula.place.shifted(4, 4)


def test_nothing_in_a_formula_is_executed(monkeypatch):
    """Names of Python's builtins are unknown names, also when sympy is full of functions called like them."""
    monkeypatch.setattr("builtins.exec", None)
    for text in ("print", "eval(N)", "sin(N)", "I", "pi", "oo", "zoo", "Symbol(N)", "S", "Q", "E1"):
        assert "unknown" in _problems(text)[0][2], text


def test_text_is_light_to_import():
    """Plans are read without sympy: it loads only when a formula is parsed."""
    code = "import sys, flopsheet.formula.text, flopsheet.plan.plan; sys.exit('sympy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_formula_layer_knows_no_numpy():
    """The table spells numpy, but nothing in the formula layer imports it."""
    code = "import sys, flopsheet.formula.parse, flopsheet.formula.print; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_unknown_function_lists_the_table():
    """A misspelled function gets a suggestion and the names of all functions."""
    with pytest.raises(FlopsheetError) as caught:
        _parse("flor(N)")
    remedy = caught.value.problems[0].remedy
    assert remedy == f"Did you mean `floor`? Known here: {', '.join(sorted(FUNCTIONS))}."
