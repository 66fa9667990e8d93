"""What the printer writes means in a spreadsheet what sympy means by it: every function, and random formulas."""

import random

import mpmath
import openpyxl
import pytest
import sympy as sp

from flopsheet.formula.functions import FUNCTIONS, RELATIONS, choose
from flopsheet.workbook.printer import render_excel
from flopsheet.workbook.save import write_workbook
from flopsheet.workbook.split import split_long
from flopsheet.workbook.verify import verify_workbook

ENGINES = ("formualizer", "ironcalc")
SYMBOLS = sp.symbols("in_a in_b law_x law_y", positive=True)
POINT = dict(zip(SYMBOLS, (sp.Rational(7, 5), sp.Rational(23, 8), sp.Rational(9, 16), sp.Rational(11, 4)), strict=True))


class Worksheet:
    """Formulas on one sheet, each with the value that it should have; numbers are lifted to cells of their own."""

    def __init__(self):
        self.book = openpyxl.Workbook()
        self.sheet = self.book.worksheets[0]
        self.sheet.title = "Data"
        self.values = {}
        self.numbers = {}
        self.row = 0

    def number(self, value):
        """The cell that holds a number."""
        if value not in self.numbers:
            cell = self.sheet.cell(len(self.numbers) + 1, 1, float(value))
            self.numbers[value] = f"$A${cell.row}"
        return self.numbers[value]

    def formula(self, text, value):
        """Place a formula; the cell it stands in."""
        self.row += 1
        cell = self.sheet.cell(self.row, 2, f"={text}")
        self.values["Data", cell.coordinate] = value
        return f"$B${cell.row}"

    def expression(self, expr, value, cells):
        """Place a formula printed from an expression whose symbols stand in `cells`."""
        return self.formula(render_excel(expr, lambda symbol: cells[symbol], self.number), value)

    def check(self, path, engines=ENGINES):
        """Recalculate everything and expect agreement, and that each engine saw every cell."""
        write_workbook(self.book, path, self.values)
        result = verify_workbook(path, engines=engines)
        assert [engine.status for engine in result.engines] == ["recalculated"] * len(engines)
        assert result.cells == len(self.values)
        assert [(item.engine, item.formula, item.stored, item.recalculated) for item in result.disagreements] == []


def every_function(sheet):
    """Each example of each row of the function table, and each comparison both ways, on the sheet."""
    for row in FUNCTIONS.values():
        for arguments, expected in row.examples:
            symbols = sp.symbols(f"x0:{len(arguments)}", real=True)
            cells = {
                symbol: sheet.number(sp.Float(float(arg), 17)) for symbol, arg in zip(symbols, arguments, strict=True)
            }
            built = row.build(symbols[0] > 0, *symbols[1:]) if row.name == "if" else row.build(*symbols)
            sheet.expression(built, expected, cells)
    left, right = sp.symbols("l r", real=True)
    for relation in RELATIONS.values():
        for first, second in ((1.5, 2.5), (2.5, 2.5), (2.5, 1.5)):
            cells = {left: sheet.number(sp.Float(first)), right: sheet.number(sp.Float(second))}
            expected = float(bool(relation.head(sp.Float(first), sp.Float(second))))
            sheet.expression(choose(relation.head(left, right), 1, 0), expected, cells)


def test_every_function_agrees_in_two_engines(tmp_path):
    """Every example of every function, as printed for Excel, gives the stated value in formualizer and ironcalc."""
    sheet = Worksheet()
    every_function(sheet)
    assert len(sheet.values) >= sum(len(row.examples) for row in FUNCTIONS.values())
    sheet.check(tmp_path / "functions.xlsx")


@pytest.mark.libreoffice
def test_every_function_agrees_in_libreoffice(tmp_path):
    """The same in the third engine."""
    sheet = Worksheet()
    every_function(sheet)
    sheet.check(tmp_path / "functions.xlsx", ("libreoffice",))


def random_expression(chance, depth):
    """A formula of the kinds that plans are made of, over positive symbols and small numbers."""
    if depth == 0 or chance.random() < 0.15:
        numbers = (1, 2, 3, 6, sp.Rational(1, 2), sp.Rational(1, 3), sp.Rational(17, 50), -1, -2)
        return sp.sympify(chance.choice((*SYMBOLS, *SYMBOLS, *numbers)))
    part = [random_expression(chance, depth - 1) for _ in range(3)]
    # What is compared stays simple: sympy tries to prove an order between the sides, which can take minutes.
    first, second, third = chance.sample(SYMBOLS, 3)
    exponent = chance.choice((2, -1, sp.Rational(1, 2), sp.Rational(-1, 3), first, -second))
    return chance.choices(
        (
            sp.Add(*part),
            sp.Mul(*part[:2]) / part[2],
            sp.Abs(part[0]) ** exponent,
            sp.log(2 + sp.Abs(part[0])) - sp.exp(-sp.Abs(part[1])),
            part[0] * sp.Min(first, second) + sp.Max(second, 2 * third),
            choose(first < second + sp.Rational(1, 7), part[1], choose(second > third, part[2], part[0])),
        ),
        weights=(3, 3, 1, 1, 1, 1),
    )[0]


def well_conditioned(expr):
    """The value of an expression to 30 digits, or None where a last bit in its arguments shows in it or it has none."""
    if not isinstance(expr, sp.Expr) or not expr.free_symbols or expr.has(sp.oo, sp.zoo, sp.nan):
        return None
    numeric = sp.lambdify(SYMBOLS, expr, "mpmath")
    point = [mpmath.mpf(value.p) / value.q for value in POINT.values()]
    with mpmath.workdps(30):
        exact = numeric(*point)
        moved = [numeric(*(x * (1 + mpmath.mpf(10) ** -12 * (i == j)) for j, x in enumerate(point))) for i in range(4)]
    if not all(isinstance(value, mpmath.mpf) and mpmath.isfinite(value) for value in (exact, *moved)):
        return None
    close = all(abs(value - exact) <= 50 * abs(exact) / 10**12 for value in moved)
    return float(exact) if close and 1e-6 < abs(exact) < 1e9 else None


def random_formulas(count):
    """Distinct well-conditioned formulas with their values; the same ones in every run."""
    chance = random.Random(20240607)  # noqa: S311 - the same formulas in every run
    found: dict[sp.Expr, float] = {}
    while len(found) < count:
        expr = random_expression(chance, 3)
        value = well_conditioned(expr)
        if value is not None:
            found.setdefault(expr, value)
    return found


def test_random_formulas_agree_in_two_engines(tmp_path):
    """300 random formulas printed whole give sympy's 30-digit value in both engines."""
    sheet = Worksheet()
    cells = {symbol: sheet.number(value) for symbol, value in POINT.items()}
    for expr, value in random_formulas(300).items():
        sheet.expression(expr, value, cells)
    sheet.check(tmp_path / "random.xlsx")


def test_split_formulas_agree_in_two_engines(tmp_path):
    """100 of them cut into helper cells still give it, no formula much over the limit."""
    sheet = Worksheet()
    base = {symbol: sheet.number(value) for symbol, value in POINT.items()}
    lengths = []
    for expr, value in random_formulas(100).items():
        cells = dict(base)
        known = dict(POINT)
        split = split_long(expr, base.__getitem__, sheet.number, prefix="h", limit=60)
        for symbol, part in split.helpers:
            known[symbol] = sp.Float(part.evalf(30, subs=known, chop=True), 30)  # two equal numbers leave 0
            cells[symbol] = sheet.expression(part, float(known[symbol]), cells)
        sheet.expression(split.expr, value, cells)
        lengths += [
            len(str(sheet.sheet.cell(row, 2).value)) for row in range(sheet.row - len(split.helpers), sheet.row + 1)
        ]
    assert max(lengths) < 90
    assert len(sheet.values) > 150
    sheet.check(tmp_path / "split.xlsx")
