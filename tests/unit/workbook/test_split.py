import sympy as sp
from openpyxl.formula import Tokenizer
from openpyxl.formula.tokenizer import Token

from flopsheet.formula.functions import choose
from flopsheet.workbook.printer import render_excel
from flopsheet.workbook.split import split_long

A, B, C, N, a = sp.symbols("law_A law_B c_compute N_opt law_alpha", positive=True)


def name(symbol):
    """A symbol under its own name."""
    return symbol.name


def number(value):
    """A number as a name."""
    return f"k_{value}"


def split(expr, limit=120):
    """The split formula, its helpers printed, and the expression put together again."""
    result = split_long(expr, name, number, prefix="loss", limit=limit)
    whole = result.expr
    for symbol, part in reversed(result.helpers):
        whole = whole.xreplace({symbol: part})
    texts = [render_excel(part, name, number) for _, part in result.helpers]
    return result, [*texts, render_excel(result.expr, name, number)], whole


def at(expr):
    """The value of an expression at a fixed point."""
    symbols = sorted(expr.free_symbols, key=str)
    return float(expr.subs({symbol: 1 + sp.Rational(index, 7) for index, symbol in enumerate(symbols)}).evalf(30))


def test_a_short_formula_stays_whole():
    """Nothing is split that fits."""
    result, _, _ = split(A / N**a + B)
    assert result.helpers == ()
    assert result.expr == A / N**a + B


def test_no_if_stands_inside_an_if():
    """Every choice within a choice moves to a helper, wherever it stands in it."""
    inner = choose(A < C, B, choose(N < A, A, 2))
    expr = choose(A < B, sp.log(A) + inner, choose(inner > 1, B, C)) + inner
    _, texts, whole = split(expr)
    assert not any(nests(text) for text in texts)
    assert nests("IF(a, b, 1 + IF(c, d, e))")
    assert at(whole) == at(expr)


def nests(text):
    """Whether an IF stands inside an IF."""
    opened = []
    for token in Tokenizer(f"={text}").items:
        if token.subtype == Token.OPEN:
            if token.value == "IF(" and "IF(" in opened:
                return True
            opened.append(token.value)
        elif token.subtype == Token.CLOSE:
            opened.pop()
    return False


def test_a_long_sum_is_taken_together_not_apart():
    """Twenty terms of 37 characters need a handful of helpers, not twenty, and each fits."""
    expr = sum(sp.Symbol(f"law_coefficient_{i}") * sp.Symbol(f"x{i}_") ** a for i in range(20))
    result, texts, whole = split(expr)
    assert max(map(len, texts)) < 120
    assert len(result.helpers) <= 8
    assert at(whole) == at(expr)


def test_a_long_product_in_a_function_is_split():
    """What stands inside a function call is split as well."""
    expr = (
        sp.exp(-sp.prod(sp.Symbol(f"law_factor_number_{i}", positive=True) ** a for i in range(8)) / (A + B)) ** 2 + N
    )
    _, texts, whole = split(expr, limit=80)
    assert max(map(len, texts)) < 80
    assert abs(at(whole) / at(expr) - 1) < 1e-12


def test_helpers_come_before_what_needs_them():
    """Each helper reads only earlier ones, so that they can stand in rows from the top."""
    expr = sum(sp.log(sp.Symbol(f"law_long_name_{i}", positive=True) + sp.sqrt(A + i)) ** a for i in range(12))
    result, _, _ = split(expr, limit=60)
    seen: set[sp.Symbol] = set()
    for symbol, part in result.helpers:
        assert {s for s in part.free_symbols if s.name.startswith("loss_")} <= seen
        seen.add(symbol)


def test_equal_parts_share_a_helper_and_runs_agree():
    """The same long part is one helper, and splitting again gives the same answer."""
    part = choose(A < B, A, B)
    expr = choose(A < C, part + 1, part + 2)
    first, second = split(expr)[0], split(expr)[0]
    assert first == second
    assert len({part for _, part in first.helpers}) == len(first.helpers)
