"""Least squares in the logarithms, derived: the sum of squares, its slopes, their zero, and the proof of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import sympy as sp

from flopsheet.derive.algebra import is_zero_by_algebra
from flopsheet.derive.notation import Slope
from flopsheet.derive.proof import Equation, Proof, Step
from flopsheet.fit.form import LogForm, new_symbol
from flopsheet.messages import Message
from flopsheet.model.resource_model import ResourceModel


@dataclass(frozen=True)
class LeastSquares:
    """The normal equations of a law in logarithms, solved.

    `squares` is the sum over the runs of the squared residuals, over `sums` (S_XY is the sum of X times Y, n the
    number of runs); `solved` are the coefficients at which its slopes vanish.
    """

    squares: sp.Expr
    solved: Mapping[sp.Symbol, sp.Expr]
    steps: tuple[Step, ...]
    proofs: tuple[Proof, ...]


def derive_least_squares(model: ResourceModel, form: LogForm) -> LeastSquares:
    """The coefficients that minimise the sum of squared residuals in the logarithms, with proofs."""
    # A single feature stands for whatever multiplies its coefficient, and W for what is left of Y.
    first, second = (form.log_x, form.log_y) if form.is_line else (new_symbol("V", model), new_symbol("W", model))
    features = (sp.S.One, first) if form.is_line else (first,)
    total = new_symbol("Q", model)
    residual = second - sum(c * feature for c, feature in zip(form.coefficients, features, strict=True))
    sums = _Sums(model, (first, second))
    squares = sums.of(residual**2)
    slopes = {c: sp.expand(sp.diff(squares, c)) for c in form.coefficients}
    solved = sp.solve(list(slopes.values()), list(form.coefficients), dict=True)[0]
    solved = {c: sp.factor(solved[c]) for c in form.coefficients}
    steps = (
        _line_step(model, form),
        _squares_step(form, (first, second), total, squares),
        Step(
            Message("step.fit_slopes"),
            tuple(Equation(Slope(total, c), sp.S.Zero) for c in form.coefficients)
            + tuple(Equation(sp.factor_terms(slope), sp.S.Zero) for slope in slopes.values()),
        ),
        _solution_step(form, solved),
    )
    proofs = (
        _prove_zero(
            "normal equations: every slope of the sum of squares is zero at the fitted coefficients",
            [slope.subs(solved) for slope in slopes.values()],
        ),
        _prove_least(form, squares, solved, sums),
        _prove_zero(
            "fitted cells: the centred sums of the cells give the same coefficients",
            [solved[c] - value for c, value in _as_in_cells(form, sums).items()],
        ),
        _prove_zero(
            "fitted constants: put into the law, they give the fitted line",
            _meanings_less_coefficients(model, form),
        ),
    )
    return LeastSquares(squares, solved, steps, proofs)


class _Sums:
    """Names for sums over the runs of products of two logarithms."""

    def __init__(self, model: ResourceModel, symbols: tuple[sp.Symbol, sp.Symbol]) -> None:
        self._model = model
        self._symbols = symbols
        self.count = sp.Symbol(new_symbol("n", model).name, positive=True)

    def named(self, first: int, second: int) -> sp.Symbol:
        """The sum of the first logarithm to one power times the second one to another."""
        if not first and not second:
            return self.count
        x, y = (symbol.name for symbol in self._symbols)
        return new_symbol(f"S_{x * first}{y * second}", self._model)

    def of(self, expr: sp.Expr) -> sp.Expr:
        """The sum over all runs of a polynomial in the two logarithms."""
        terms = sp.Poly(sp.expand(expr), *self._symbols).terms()
        return sp.Add(*(coefficient * self.named(*powers) for powers, coefficient in terms))


def _line_step(model: ResourceModel, form: LogForm) -> Step:
    """The law in logarithms, and what its coefficients stand for."""
    lines = [
        Equation(form.log_x, sp.log(model.resource)),
        Equation(form.log_y, sp.log(model.level)),
        Equation(form.log_y, form.line),
    ]
    lines += [Equation(c, meaning) for c, meaning in zip(form.coefficients, form.meanings, strict=True)]
    return Step(Message("step.fit_line"), tuple(lines))


def _squares_step(
    form: LogForm, symbols: tuple[sp.Symbol, sp.Symbol], total: sp.Symbol, squares: sp.Expr
) -> Step:  # fmt: skip
    """The sum of squares over sums of the runs."""
    lines = []
    first, second = symbols
    if not form.is_line:
        lines += [Equation(first, form.features[0]), Equation(second, form.log_y - form.offset)]
    args = {"first": first.name, "second": second.name}
    return Step(
        Message("step.fit_squares"), (*lines, Equation(total, squares)), Message("step.fit_squares_remark", args)
    )


def _solution_step(form: LogForm, solved: Mapping[sp.Symbol, sp.Expr]) -> Step:
    """The coefficients, and the law's constants from them."""
    constants = [Equation(sp.Symbol(name, real=True), expr) for name, expr in form.constants.items()]
    return Step(Message("step.fit_solution"), (*(Equation(c, expr) for c, expr in solved.items()), *constants))


def _as_in_cells(form: LogForm, sums: _Sums) -> dict[sp.Symbol, sp.Expr]:
    """The coefficients as the cells compute them: a line through the mean, its slope from sums about the means."""
    xy, xx = sums.named(1, 1), sums.named(2, 0)
    if not form.is_line:
        return {form.coefficients[0]: xy / xx}
    x, y, n = sums.named(1, 0), sums.named(0, 1), sums.count
    slope = (xy - x * y / n) / (xx - x**2 / n)
    return dict(zip(form.coefficients, (y / n - slope * x / n, slope), strict=True))


def _meanings_less_coefficients(model: ResourceModel, form: LogForm) -> list[sp.Expr]:
    """What remains of each coefficient when the fitted constants are put into what it stands for."""
    put = {model.constants[name]: expr for name, expr in form.constants.items()}
    meanings = zip(form.meanings, form.coefficients, strict=True)
    return [sp.expand_log(meaning.subs(put), force=True) - c for meaning, c in meanings]


def _prove_least(
    form: LogForm, squares: sp.Expr, solved: Mapping[sp.Symbol, sp.Expr], sums: _Sums
) -> Proof:  # fmt: skip
    """Any other line has the sum of squares of the fitted one and squares on top."""
    steps = {c: sp.Dummy(f"step_{index}", real=True) for index, c in enumerate(form.coefficients)}
    moved = squares.subs({c: solved[c] + step for c, step in steps.items()}, simultaneous=True)
    xx = sums.named(2, 0)
    if form.is_line:
        x, n = sums.named(1, 0), sums.count
        height, slope = steps.values()
        more = n * (height + slope * x / n) ** 2 + (xx - x**2 / n) * slope**2
    else:
        more = xx * next(iter(steps.values())) ** 2
    statement = "least squares: any other coefficients add squares to the sum, so that it is the least"
    return _prove_zero(statement, [moved - squares.subs(solved) - more])


def _prove_zero(statement: str, residuals: list[sp.Expr]) -> Proof:
    """A verdict on expressions that should vanish identically."""
    if all(is_zero_by_algebra(residual) for residual in residuals):
        return Proof(statement, "symbolic", "proven", residual=sp.S.Zero)
    return Proof(statement, "symbolic", "undecided", residual=sp.Add(*residuals))
