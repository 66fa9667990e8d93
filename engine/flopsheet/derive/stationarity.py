"""The interior optimum: stationarity in logarithms, solved exactly or as the root of one equation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import sympy as sp

from flopsheet.derive.algebra import (
    Isolated,
    expand_logarithm,
    in_natural_logarithms,
    is_zero_by_algebra,
    isolate,
    part_logarithm,
    product_form,
    simplest_condition,
    tidy,
)
from flopsheet.derive.bends import set_free
from flopsheet.derive.contour import UNKNOWN, Contour, optimum_on, put_end, solve_balanced, trace_contour
from flopsheet.derive.kinks import balance, has_kinks
from flopsheet.derive.sample import number_at
from flopsheet.errors import FlopsheetError, Problem
from flopsheet.formula.root import compares, put_in
from flopsheet.model.law_model import LawModel

# A budget in FLOP at which a closed form is tried, and what rounding may leave of the condition there.
_SOME_AMOUNT = 1e21
_LEFT_OVER = 1e-6


@dataclass(frozen=True)
class LogLinear:
    """Stationarity as `first * ln x + second * ln y + rest = 0` for the decisions x and y."""

    first: sp.Expr
    second: sp.Expr
    rest: sp.Expr


@dataclass(frozen=True)
class Interior:
    """The optimum where only the budget binds, for a budget and for a target loss.

    Attributes:
        gains: -dL/d ln x per decision: what more of it is worth.
        shares: d ln(cost)/d ln x per decision.
        residual: ln of what the budget is worth in the first decision over what it is worth in the second; where the
            loss has kinks their balance, between -1 and 1, since either may be worth nothing there.
        stationary: the condition `residual = 0` where it is linear in the logarithms of the decisions, else None.
        path: the second decision on the optimal path, over the first; None without such a condition.
        free: the decisions over the budget; `frontier` the loss there, over the budget.
        reaching: the decisions over the loss to be reached; `inverse` the cost there, over the loss. Both are None
            where that does not hold: see `derive_law`.
        reachable: positive exactly when the loss can be reached.
        on_budget: each decision over the other one and the budget, where the budget is spent.
        at_loss: each decision over the other one and the loss, where that loss is reached.
        budget: the contour on which `free` is a root of the residual; None where it has a closed form.
        target: the same for `reaching`.
    """

    gains: Mapping[sp.Symbol, sp.Expr]
    shares: Mapping[sp.Symbol, sp.Expr]
    residual: sp.Expr
    stationary: LogLinear | None
    path: sp.Expr | None
    free: Mapping[sp.Symbol, sp.Expr]
    frontier: sp.Expr
    reaching: Mapping[sp.Symbol, sp.Expr] | None
    inverse: sp.Expr | None
    reachable: sp.Expr | None
    on_budget: Mapping[sp.Symbol, sp.Expr]
    at_loss: Mapping[sp.Symbol, Isolated]
    budget: Contour | None = None
    target: Contour | None = None

    @property
    def kinked(self) -> bool:
        """Whether the optimum may stand at a kink of the loss."""
        return self.budget is not None and self.budget.kinked


@dataclass(frozen=True)
class _Found:
    """The decisions over a budget or a loss, where that can be met, and the contour if they are a root on it."""

    decisions: Mapping[sp.Symbol, sp.Expr]
    reachable: sp.Expr | None = None
    contour: Contour | None = None


def derive_interior(model: LawModel) -> Interior:
    """The optimal allocation of a law, in closed form or as the root of one equation.

    With x and y the decisions, stationarity of the Lagrangian in logarithms is
    gain_x / share_x = gain_y / share_y. Its logarithm is linear in ln x and ln y when monotone outer
    functions cancel and what is left are products, which covers Hoffmann et al. (2022, Eq. 10) and
    Kaplan et al. (2020, Eq. 1.5); that gives the path y(x), and the budget or the loss fixes x. Otherwise
    the budget (or the loss) leaves one unknown, in which the condition is solved numerically.

    Raises:
        FlopsheetError: the loss does not fall in a decision, or every split is as good as any other.
    """
    x, y = model.decisions
    gains = {z: product_form(_slope(-model.loss, z)) for z in (x, y)}
    shares = {z: _share(model.cost, z) for z in (x, y)}
    _check_directions(model, gains, shares)
    kinked = has_kinks(model, gains)
    worth = [gains[z] / shares[z] for z in (x, y)]
    if kinked:
        residual = balance(*worth)
    else:
        residual = _residual(model, gains[x] / gains[y] * sp.cancel(sp.together(shares[y] / shares[x])))
    _check_balance(model, residual)
    stationary = None if kinked else _log_linear(model, residual)
    path = None if stationary is None else _path(model, stationary)
    fixed = (base for (base,) in (part.args for part in residual.atoms(sp.log)) if not base.has(x, y))
    if not kinked and any(not base.is_positive for base in fixed):
        # The logarithm of a constant of unknown sign is not real, that of the whole is.
        residual = sp.log(worth[0]) - sp.log(worth[1])
    at_loss = {z: _solve(model.loss, model.level, z, falls=True) for z in (x, y)}
    free = _spend(model, residual, path, worth, kinked=kinked)
    reaching = _reach(model, residual, path, worth, kinked=kinked)
    return Interior(
        gains=gains,
        shares=shares,
        residual=residual,
        stationary=stationary,
        path=path,
        free=free.decisions,
        frontier=_frontier(model, free),
        reaching=reaching.decisions,
        inverse=_inverse(model, reaching),
        reachable=reaching.reachable,
        on_budget={z: _solve(model.cost, model.amount, z, falls=False).value for z in (x, y)},
        at_loss=at_loss,
        budget=free.contour,
        target=reaching.contour,
    )


def _path(model: LawModel, stationary: LogLinear) -> sp.Expr | None:
    """The second decision over the first where the budget is worth the same in both; None where it is not real."""
    x = model.decisions[0]
    # Powers from the start: an exponent may hold a logarithm itself, as that of a number of experts.
    bases = [_power_of(term, -1 / stationary.second) for term in sp.Add.make_args(stationary.rest)]
    path = product_form(sp.Mul(x ** (-stationary.first / stationary.second), *bases))
    return path if _is_real(path) else None


def _power_of(term: sp.Expr, exponent: sp.Expr) -> sp.Expr:
    """exp(exponent * term) as a power of what a logarithm in the term is taken of."""
    logarithm = next((factor for factor in sp.Mul.make_args(term) if isinstance(factor, sp.log)), None)
    if logarithm is None:
        return sp.exp(exponent * term)
    return sp.Pow(logarithm.args[0], exponent * (term / logarithm))


def _spend(
    model: LawModel, residual: sp.Expr, path: sp.Expr | None, worth: Sequence[sp.Expr], *, kinked: bool
) -> _Found:
    """The decisions over the budget."""
    x, y = model.decisions
    spent = None if path is None else isolate(model.cost.subs({y: path}), model.amount, x)
    if path is not None and spent is not None:
        found = {x: spent.value, y: product_form(path.subs(x, spent.value))}
        if _holds(model, found, worth, {model.amount: _SOME_AMOUNT}):
            return _Found(found)
    contour = replace(trace_contour(model.cost, model.amount, model.decisions, falls=False), kinked=kinked)
    return _Found(_root_on(contour, residual, model.loss), None, contour)


def _reach(
    model: LawModel, residual: sp.Expr, path: sp.Expr | None, worth: Sequence[sp.Expr], *, kinked: bool
) -> _Found:
    """The decisions over the loss to be reached."""
    x, y = model.decisions
    reached = None if path is None else isolate(model.loss.subs({y: path}), model.level, x)
    if path is not None and reached is not None:
        found = {x: reached.value, y: product_form(path.subs(x, reached.value))}
        if _holds(model, found, worth, {}):
            return _Found(found, simplest_condition(reached.conditions))
    contour = replace(trace_contour(model.loss, model.level, model.decisions, falls=True), kinked=kinked)
    # What two decisions without bound leave of the loss cannot be reached.
    floor = put_end(model.loss, {x: sp.oo, y: sp.oo})
    reachable = model.level - floor if floor.is_finite is not False else simplest_condition(contour.conditions)
    if reachable is not None and reachable.is_positive is True:
        reachable = None
    return _Found(_root_on(contour, residual, model.cost), reachable, contour)


def _root_on(contour: Contour, residual: sp.Expr, objective: sp.Expr) -> dict[sp.Symbol, sp.Expr]:
    """Both decisions at the optimum on a contour."""
    root = optimum_on(contour, residual, objective)
    # A choice folds the choices inside whatever it compares, out of the root and away from its unknown.
    return {z: put_in(expr, {UNKNOWN: root}) for z, expr in contour.at.items()}


def _inverse(model: LawModel, reaching: _Found) -> sp.Expr:
    """The least cost of a loss."""
    cost = put_in(model.cost, reaching.decisions)
    return tidy(cost) if reaching.contour is None else cost


def _solve(expr: sp.Expr, level: sp.Symbol, z: sp.Symbol, *, falls: bool) -> Isolated:
    """One decision over the other and the level of a monotone expression: in closed form, or as a root."""
    found = set_free(expr, level, z)
    if found is not None:
        return found
    # There is one where the level is above what is left with a boundless decision (of a cost, with nothing of it).
    alone = put_end(expr, {z: sp.oo if falls else sp.S.Zero})
    conditions = () if alone == 0 or alone.is_finite is False else (level - alone,)
    return Isolated(sp.exp(solve_balanced(expr, level, z, falls=falls)), conditions, ())


def _slope(expr: sp.Expr, z: sp.Symbol) -> sp.Expr:
    """d expr / d ln z, signs inside the branches of a choice, where its logarithm can see them."""
    slope = sp.powsimp(z * sp.diff(in_natural_logarithms(expr), z))
    return sp.piecewise_fold(slope) if slope.has(sp.Piecewise) else slope


def _share(cost: sp.Expr, z: sp.Symbol) -> sp.Expr:
    """d ln(cost) / d ln z."""
    return sp.cancel(sp.together(z * sp.diff(cost, z) / cost))


def _residual(model: LawModel, ratio: sp.Expr) -> sp.Expr:
    """The logarithm of what the budget is worth in one decision over the other.

    Factors that compare decisions stay as they are: expanded they are many times as long, and no nearer to a solution.
    """
    parted = part_logarithm(ratio)
    return parted if compares(parted, model.decisions) else expand_logarithm(ratio)


def _log_linear(model: LawModel, residual: sp.Expr) -> LogLinear | None:
    """The residual as a linear form in the logarithms of the decisions, None where it is none."""
    x, y = model.decisions
    if compares(residual, model.decisions):
        return None
    first = sp.factor(residual.coeff(sp.log(x)))
    second = sp.factor(residual.coeff(sp.log(y)))
    rest = sp.expand(residual - sp.expand(first * sp.log(x) + second * sp.log(y)))
    if rest.has(x, y) or first.has(x, y) or second.has(x, y) or second == 0 or first == 0:
        return None
    return LogLinear(first, second, rest)


def _check_balance(model: LawModel, residual: sp.Expr) -> None:
    """Refuse a law whose budget is worth the same, or always more, in one decision, whatever the split."""
    if residual.has(*model.decisions):
        return
    x, y = model.decisions
    place = model.law.loss.place if model.law.loss else model.law.place
    if is_zero_by_algebra(residual):
        message = (
            f"every split of a budget between `{x}` and `{y}` gives the same loss under law `{model.law.name}`: "
            "the optimum is flat"
        )
    else:
        message = (
            f"under law `{model.law.name}` a budget is worth more in one of `{x}` and `{y}` by the same factor at "
            "any split: the best plan lies at an end, no optimum exists"
        )
    raise FlopsheetError(Problem(message, place, "loss"))


def _frontier(model: LawModel, free: _Found) -> sp.Expr:
    """The least loss a budget buys, written as simply as its form allows."""
    loss = put_in(model.loss, free.decisions)
    if free.contour is not None:
        return loss
    if isinstance(loss, sp.Pow) and isinstance(loss.base, sp.Add):
        return product_form(sp.Pow(tidy(loss.base), loss.exp))
    return tidy(loss)


def _holds(
    model: LawModel, found: Mapping[sp.Symbol, sp.Expr], worth: Sequence[sp.Expr], at: Mapping[sp.Symbol, float]
) -> bool:
    """Whether formulas are real and, at the law's own constants, where the budget is worth the same in both decisions.

    What is said of powers holds for positive bases only; a difference of exponents may be of either sign.
    """
    if not all(map(_is_real, found.values())):
        return False
    if not at:
        return True
    values = {**model.values, **at}
    numbers = {z: number_at(expr, values) for z, expr in found.items()}
    known = {z: number for z, number in numbers.items() if number is not None and number > 0}
    if len(known) < len(numbers):
        return True  # nothing is known there: other statements decide
    first, second = (number_at(expr, {**values, **known}) for expr in worth)
    return first is None or second is None or abs(first - second) <= _LEFT_OVER * abs(first)


def _is_real(formula: sp.Expr) -> bool:
    """Whether a formula did not go through the logarithm of something of unknown sign."""
    return not formula.has(sp.I, sp.pi, sp.zoo, sp.nan, sp.oo)


def _check_directions(model: LawModel, gains: Mapping[sp.Symbol, sp.Expr], shares: Mapping[sp.Symbol, sp.Expr]) -> None:
    """Refuse a loss that does not fall, or a cost that does not rise, in a decision."""
    problems = []
    law = model.law
    assert law.loss is not None  # noqa: S101 - a LawModel has both
    assert law.cost is not None  # noqa: S101
    for z in model.decisions:
        if gains[z].is_nonpositive:
            message = f"the loss of law `{law.name}` does not fall as `{z}` grows: no optimum exists"
            problems.append(Problem(message, law.loss.place, "loss"))
        if shares[z].is_nonpositive:
            message = f"the cost of law `{law.name}` does not rise as `{z}` grows: no optimum exists"
            problems.append(Problem(message, law.cost.place, "cost"))
    if problems:
        raise FlopsheetError(*problems)
