"""The interior optimum: stationarity in logarithms, solved exactly."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import sympy as sp

from flopsheet.derive.algebra import Isolated, expand_logarithm, isolate, product_form, tidy
from flopsheet.errors import FlopsheetError, Problem
from flopsheet.model.law_model import LawModel


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
        stationary: the condition in logarithms.
        path: the second decision on the optimal path, over the first.
        free: the decisions over the budget; `frontier` the loss there, over the budget.
        reaching: the decisions over the loss to be reached; `inverse` the cost there, over the loss.
        reachable: positive exactly when the loss can be reached.
        on_budget: each decision over the other one and the budget, where the budget is spent.
        at_loss: each decision over the other one and the loss, where that loss is reached.
    """

    gains: Mapping[sp.Symbol, sp.Expr]
    shares: Mapping[sp.Symbol, sp.Expr]
    stationary: LogLinear
    path: sp.Expr
    free: Mapping[sp.Symbol, sp.Expr]
    frontier: sp.Expr
    reaching: Mapping[sp.Symbol, sp.Expr]
    inverse: sp.Expr
    reachable: sp.Expr | None
    on_budget: Mapping[sp.Symbol, sp.Expr]
    at_loss: Mapping[sp.Symbol, Isolated]


def derive_interior(model: LawModel) -> Interior:
    """The optimal allocation of a law, in closed form.

    With x and y the decisions, stationarity of the Lagrangian in logarithms is
    gain_x / share_x = gain_y / share_y. Its logarithm is linear in ln x and ln y when monotone outer
    functions cancel and what is left are products, which covers Hoffmann et al. (2022, Eq. 10) and
    Kaplan et al. (2020, Eq. 1.5); that gives the path y(x), and the budget or the loss fixes x.

    Raises:
        FlopsheetError: the loss does not fall in a decision, or there is no closed form.
    """
    x, y = model.decisions
    gains = {z: product_form(_slope(-model.loss, z)) for z in (x, y)}
    shares = {z: _share(model.cost, z) for z in (x, y)}
    _check_directions(model, gains, shares)
    stationary = _stationary(model, gains, shares)
    path = product_form(sp.exp(-(stationary.first * sp.log(x) + stationary.rest) / stationary.second))
    on_path = {y: path}
    spent = isolate(model.cost.subs(on_path), model.amount, x)
    reached = isolate(model.loss.subs(on_path), model.level, x)
    on_budget = {z: isolate(model.cost, model.amount, z) for z in (x, y)}
    at_loss = {z: isolate(model.loss, model.level, z) for z in (x, y)}
    if spent is None or reached is None or None in on_budget.values() or None in at_loss.values():
        raise _no_closed_form(model, "the budget or the loss cannot be solved for the decisions")
    free = {x: spent.value, y: product_form(path.subs(x, spent.value))}
    reaching = {x: reached.value, y: product_form(path.subs(x, reached.value))}
    _check_real(model, (*gains.values(), path, *free.values(), *reaching.values()))
    return Interior(
        gains=gains,
        shares=shares,
        stationary=stationary,
        path=path,
        free=free,
        frontier=_frontier(model, free),
        reaching=reaching,
        inverse=tidy(model.cost.subs(reaching, simultaneous=True)),
        reachable=simplest_condition(reached.conditions),
        on_budget={z: found.value for z, found in on_budget.items() if found},
        at_loss={z: found for z, found in at_loss.items() if found},
    )


def _slope(expr: sp.Expr, z: sp.Symbol) -> sp.Expr:
    """d expr / d ln z."""
    return sp.powsimp(z * sp.diff(expr.rewrite(sp.log), z))


def _share(cost: sp.Expr, z: sp.Symbol) -> sp.Expr:
    """d ln(cost) / d ln z."""
    return sp.cancel(sp.together(z * sp.diff(cost, z) / cost))


def _stationary(model: LawModel, gains: Mapping[sp.Symbol, sp.Expr], shares: Mapping[sp.Symbol, sp.Expr]) -> LogLinear:
    """The logarithm of (gain_x / share_x) / (gain_y / share_y), as a linear form."""
    x, y = model.decisions
    ratio = gains[x] / gains[y] * sp.cancel(sp.together(shares[y] / shares[x]))
    logarithm = expand_logarithm(ratio)
    first = sp.factor(logarithm.coeff(sp.log(x)))
    second = sp.factor(logarithm.coeff(sp.log(y)))
    rest = sp.expand(logarithm - sp.expand(first * sp.log(x) + second * sp.log(y)))
    if rest.has(x, y) or first.has(x, y) or second.has(x, y) or second == 0 or first == 0:
        raise _no_closed_form(model, "the stationarity condition is not linear in the logarithms of the decisions")
    return LogLinear(first, second, rest)


def _frontier(model: LawModel, free: Mapping[sp.Symbol, sp.Expr]) -> sp.Expr:
    """The least loss a budget buys, written as simply as its form allows."""
    loss = model.loss.subs(free, simultaneous=True)
    if isinstance(loss, sp.Pow) and isinstance(loss.base, sp.Add):
        return product_form(sp.Pow(tidy(loss.base), loss.exp))
    return tidy(loss)


def simplest_condition(conditions: tuple[sp.Expr, ...]) -> sp.Expr | None:
    """The condition that holds a difference (the others are positive multiples or powers of it)."""
    for condition in conditions:
        factors = [factor for factor in sp.Mul.make_args(condition) if factor.is_positive is not True]
        if factors:
            return sp.Mul(*factors)
    return None


def _check_real(model: LawModel, formulas: Iterable[sp.Expr]) -> None:
    """Refuse formulas that went through the logarithm of something of unknown sign."""
    if any(formula.has(sp.I, sp.pi, sp.zoo, sp.nan, sp.oo) for formula in formulas):
        raise _no_closed_form(model, "it takes the logarithm of something that is not positive for certain")


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


def _no_closed_form(model: LawModel, why: str) -> FlopsheetError:
    """The refusal of a law whose optimum has no closed form."""
    place = model.law.loss.place if model.law.loss else model.law.place
    message = f"the optimum of law `{model.law.name}` has no closed form that this version finds: {why}"
    negative = [f"`{name}`" for name, constant in model.law.constants.items() if constant.value < 0]
    remedy = f"Write it so that {', '.join(negative)} can be positive." if negative else ""
    return FlopsheetError(Problem(message, place, "loss", remedy))
