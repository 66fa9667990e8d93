"""Random formulas over the whole function table mean one thing to numpy, mpmath and two spreadsheet engines."""

import os
import random
from collections import Counter
from dataclasses import dataclass
from typing import Any

import mpmath
import numpy as np
import openpyxl
import pytest
import sympy as sp

from flopsheet.errors import FlopsheetError, Place
from flopsheet.evaluate.compile import evaluate_formulas
from flopsheet.evaluate.numpy_source import render_numpy
from flopsheet.formula.functions import CONDITIONS, FUNCTIONS, RELATION_BY_HEAD, RELATIONS
from flopsheet.formula.mp_value import mp_value
from flopsheet.formula.parse import parse_formula
from flopsheet.formula.print import render_formula
from flopsheet.formula.text import FormulaText
from flopsheet.workbook.printer import render_excel
from flopsheet.workbook.save import write_workbook
from flopsheet.workbook.verify import verify_workbook

# With WHOLE_RUN set there are 2,000 formulas.
COUNT = 2_000 if os.environ.get("WHOLE_RUN") else 400
TOLERANCE = 1e-9
NAMES = ("x", "y", "N_c", "lambda")
SYMBOLS = {name: sp.Symbol(name, positive=True) for name in NAMES}
PLACE = Place("law.yaml", 1, 1)
NUMBERS = ("0", "1", "2", "3", "6", "0.34", "7.25", "0.001", "1e3", "20", "0.5")
# So many formulas stand at one point.
AT_ONE_POINT = 50
# A formula is left out where it is nearer to a jump than this, or loses more digits than this on the way.
FROM_JUMPS = 1e-6
KEPT = 1e-4
LARGEST = 1e60
JUMPS = (sp.floor, sp.ceiling, FUNCTIONS["round"].head, sp.sign, sp.Heaviside, *RELATION_BY_HEAD)


class Author:
    """Writes formulas, the same ones in every run."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)  # noqa: S311 - the same formulas in every run

    def formula(self, depth: int) -> str:
        """A formula of at most so many levels."""
        chance = self.chance
        if depth == 0 or chance.random() < 0.1:
            return chance.choice((*NAMES, *NAMES, *NUMBERS))
        kind = chance.random()
        if kind < 0.3:
            return f"({self.formula(depth - 1)} {chance.choice('+-*/')} {self.formula(depth - 1)})"
        if kind < 0.38:
            exponent = chance.choice(("2", "-1", "0.5", "(1/3)", "-1.25", "y", "-x", "3"))
            return f"({self.formula(depth - 1)})**{exponent}"
        if kind < 0.42:
            return f"-{self.formula(depth - 1)}"
        return self.call(chance.choice(sorted(FUNCTIONS)), depth)

    def call(self, name: str, depth: int) -> str:
        """A call of a function of the table."""
        if name == "if":
            return f"if({self.condition(2)}, {self.formula(depth - 1)}, {self.formula(depth - 1)})"
        fewest, most = FUNCTIONS[name].arity
        count = self.chance.randint(fewest, most or 3)
        return f"{name}({', '.join(self.formula(depth - 1) for _ in range(count))})"

    def condition(self, depth: int) -> str:
        """A comparison, or several joined. What is compared stays simple: sympy tries to order the sides."""
        if depth == 0 or self.chance.random() < 0.5:
            left, right = (self.chance.choice(NAMES), self.chance.choice((*NAMES, *NUMBERS[1:])))
            left = self.chance.choice((left, f"{left} + {right}", f"floor({left})", f"2 * {left}"))
            return f"{left} {self.chance.choice(sorted(RELATIONS))} {right}"
        name = self.chance.choice(sorted(CONDITIONS))
        count = {"not": 1, "if": 3}.get(name, 2)
        return f"{name}({', '.join(self.condition(depth - 1) for _ in range(count))})"


@dataclass(frozen=True)
class Case:
    """A formula at a point, with its value at 40 digits."""

    text: str
    expr: sp.Expr
    point: int
    value: float


def parse(text: str) -> sp.Expr:
    """The expression of a text."""
    return parse_formula(FormulaText(text, PLACE), SYMBOLS, subject="loss")


def fits(expr: sp.Basic, env: dict[sp.Symbol, Any]) -> bool:
    """Whether every part has a value here that doubles hold: not near a jump, and no sum that loses its digits."""
    for part in sp.postorder_traversal(expr):
        if part.is_Symbol or isinstance(part, (sp.Tuple, sp.functions.elementary.piecewise.ExprCondPair)):
            continue
        value = mp_value(part, env)
        if isinstance(value, bool) or part.is_Boolean:
            pass
        elif not (mpmath.isfinite(value) and (value == 0 or 1 / LARGEST < abs(value) < LARGEST)):
            return False
        if part.is_Add:
            largest = max(abs(mp_value(arg, env)) for arg in part.args)
            if abs(value) < KEPT * largest:
                return False
        if isinstance(part, JUMPS):
            inside = mp_value(part.args[0], env)
            if type(part) in RELATION_BY_HEAD:
                right = mp_value(part.args[1], env)
                near = abs(inside - right) / max(1, abs(inside), abs(right))
            elif isinstance(part, (sp.sign, sp.Heaviside)):
                near = abs(inside)
            else:
                near = abs(2 * inside - mpmath.nint(2 * inside)) / max(1, abs(inside))
            if near < FROM_JUMPS:
                return False
    return True


def is_steady(expr: sp.Expr, env: dict[sp.Symbol, Any], value: Any) -> bool:
    """Whether the last bits of the inputs do not show in the value beyond the tolerance."""
    for symbol in expr.free_symbols:
        moved = mp_value(expr, {**env, symbol: env[symbol] * (1 + mpmath.mpf(10) ** -14)})
        if abs(moved - value) > 1e-11 * abs(value):
            return False
    return True


@pytest.fixture(scope="module")
def points() -> list[dict[str, float]]:
    """Values of the names, over two decades."""
    chance = np.random.default_rng(5)
    return [dict(zip(NAMES, map(float, np.exp(chance.uniform(-2.5, 2.5, 4))), strict=True)) for _ in range(50)]


@pytest.fixture(scope="module")
def cases(points) -> list[Case]:
    """Formulas that have a value doubles can agree on, each at one of the points."""
    author = Author(20250614)
    found: dict[sp.Expr, Case] = {}
    with mpmath.workdps(40):
        while len(found) < COUNT:
            text = author.formula(3)
            try:
                expr = parse(text)
            except FlopsheetError:
                continue
            if expr in found or not expr.free_symbols:
                continue
            at = len(found) // AT_ONE_POINT
            env = {SYMBOLS[name]: mpmath.mpf(value) for name, value in points[at].items()}
            try:
                value = mp_value(expr, env)
                if fits(expr, env) and is_steady(expr, env, value):
                    found[expr] = Case(text, expr, at, float(value))
            except (ValueError, ArithmeticError):
                continue
    return list(found.values())


def agrees(found: float, case: Case) -> bool:
    """Whether a value is that of 40 digits."""
    return abs(found - case.value) <= TOLERANCE * max(abs(found), abs(case.value))


def test_the_formulas_cover_the_table(cases):
    """Every function, every comparison and every condition occurs often; those that sympy settles are not counted."""
    heads = Counter(type(part) for case in cases for part in sp.preorder_traversal(case.expr))
    wanted = {row.head for row in FUNCTIONS.values()} | {row.head for row in RELATIONS.values()} | {sp.And, sp.Or}
    assert {head.__name__: heads[head] for head in wanted if heads[head] < COUNT / 100} == {}
    assert len(cases) == COUNT


def rebuilt(expr: sp.Basic) -> sp.Basic:
    """The expression built anew from its parts, until that changes nothing: sympy does not at once end its own work."""
    while True:
        again = expr.func(*map(rebuilt, expr.args)) if expr.args else expr
        if again == expr:
            return again
        expr = again


def test_printing_and_parsing_give_it_back(cases):
    """The text of an expression is parsed to that expression."""
    wrong = []
    for case in cases:
        expr = rebuilt(case.expr)
        if parse(render_formula(expr)) != expr:
            wrong.append((case.text, str(expr), render_formula(expr)))
    assert wrong == []


def test_numpy_agrees(cases, points):
    """Printed for numpy each alone, and compiled together with shared parts."""
    wrong = []
    for at in {case.point for case in cases}:
        group = [case for case in cases if case.point == at]
        together = evaluate_formulas({case.text: case.expr for case in group}, points[at])
        doubles = {name: np.float64(value) for name, value in points[at].items()}
        for case in group:
            source = render_numpy(case.expr, {name: f"point[{name!r}]" for name in NAMES})
            with np.errstate(all="ignore"):
                alone = float(eval(source, {"np": np, "point": doubles}))  # noqa: S307 - our own spelling
            if not (agrees(alone, case) and agrees(together[case.text], case)):
                wrong.append((case.text, case.value, alone, together[case.text]))
    assert wrong == []


def test_two_spreadsheet_engines_agree(cases, points, tmp_path):
    """All of them in one workbook, recalculated from the formulas alone."""
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.title = "Data"
    numbers: dict[sp.Number, str] = {}
    values = {}

    def refer_number(value: sp.Number) -> str:
        if value not in numbers:
            row = len(numbers) + 1
            sheet.cell(row, 1, float(value))
            numbers[value] = f"$A${row}"
        return numbers[value]

    for row, point in enumerate(points, 1):
        for column, name in enumerate(NAMES, 3):
            sheet.cell(row, column, point[name])
    for row, case in enumerate(cases, 1):
        cells = {SYMBOLS[name]: f"${'CDEF'[column]}${case.point + 1}" for column, name in enumerate(NAMES)}
        sheet.cell(row, 2, f"={render_excel(case.expr, cells.__getitem__, refer_number)}")
        values["Data", f"B{row}"] = case.value
    path = tmp_path / "table.xlsx"
    write_workbook(book, path, values)
    found = verify_workbook(path, engines=("formualizer", "ironcalc"), tolerance=TOLERANCE)
    assert [engine.status for engine in found.engines] == ["recalculated"] * 2
    assert found.cells == COUNT
    assert [
        (item.engine, cases[item.cell.row - 1].text, item.formula, item.stored, item.recalculated)
        for item in found.disagreements
    ] == []
