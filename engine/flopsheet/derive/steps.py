"""The steps of a derivation, as equations that the engine produced: no formula is written here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sympy as sp

from flopsheet.derive.algebra import product_form, simplest_condition
from flopsheet.derive.contour import Contour, put_along
from flopsheet.derive.notation import Elasticity, LogSlope, Multiplier, Optimal
from flopsheet.derive.proof import Equation, Step
from flopsheet.derive.regimes import Cap, Regime, find_caps
from flopsheet.derive.stationarity import Interior
from flopsheet.formula.root import compares, has_comparisons
from flopsheet.messages import Message
from flopsheet.model.law_model import LawModel


def list_steps(
    model: LawModel,
    interior: Interior,
    regimes: Sequence[Regime],
    exponents: Mapping[sp.Symbol, sp.Expr],
) -> tuple[Step, ...]:
    """The derivation from the law's text to every regime, in reading order."""
    return (
        _problem(model),
        _slopes(model, interior),
        _stationarity(model, interior),
        *_optimum(model, interior, exponents),
        *_inverse(model, interior),
        *(_regime(model, interior, regime) for regime in regimes),
        *(_capped_target(model, interior, cap) for cap in find_caps(model).values() if interior.reaching is not None),
    )


def _problem(model: LawModel) -> Step:
    """What is minimised, and what it may cost."""
    helpers = (Equation(symbol, expr) for symbol, expr in model.helpers.items())
    lines = (Equation(model.level, model.loss), Equation(model.cost, model.amount), *helpers)
    remark = Message("step.problem_remark", {"amount": str(model.amount)})
    choices = []
    for given in model.inputs.values():
        if given.is_chosen:
            between = "" if given.between is None else f"{given.between[0]:g} … {given.between[1]:g}"
            choices.append(f"{given.name}: {between or ', '.join(f'{number:g}' for number in given.candidates)}")
    if choices:
        args = {"amount": str(model.amount), "choices": "; ".join(choices)}
        remark = Message("step.problem_remark_choices", args)
    return Step(Message("step.problem"), lines, remark)


def _slopes(model: LawModel, interior: Interior) -> Step:
    """What each decision gains, and what it costs, per relative step."""
    gains = [Equation(-LogSlope(model.level, z), interior.gains[z]) for z in model.decisions]
    shares = [Equation(Elasticity(model.amount, z), interior.shares[z]) for z in model.decisions]
    steps_up = any(interior.gains[z].has(sp.Heaviside) for z in model.decisions)
    remark = Message("step.slopes_remark") if steps_up else None
    return Step(Message("step.slopes"), (*gains, *shares), remark)


def _worth(model: LawModel, interior: Interior, z: sp.Symbol) -> tuple[sp.Expr, sp.Expr]:
    """What a decision gains and costs: in full, or by the names of the slopes where they compare and fill pages."""
    if not compares(interior.residual, model.decisions):
        return interior.gains[z], interior.shares[z]
    share = interior.shares[z]
    return -LogSlope(model.level, z), share if share.is_Number else Elasticity(model.amount, z)


def _stationarity(model: LawModel, interior: Interior) -> Step:
    """The condition that the budget is worth the same in either decision, and its logarithm."""
    x, y = model.decisions
    condition = interior.stationary
    balance = _balance(model, interior)
    if interior.kinked:
        return Step(Message("step.stationarity"), (balance,), Message("step.stationarity_kinked"))
    if condition is None:
        return Step(Message("step.stationarity"), (balance,), Message("step.stationarity_not_linear"))
    linear = condition.first * sp.log(x) + condition.second * sp.log(y) + condition.rest
    return Step(
        Message("step.stationarity"),
        (balance, Equation(linear, sp.S.Zero)),
        Message("step.stationarity_remark", {"x": str(x), "y": str(y)}),
    )


def _balance(model: LawModel, interior: Interior) -> Equation:
    """The budget is worth the same in either decision."""
    sides = [gain / share for gain, share in (_worth(model, interior, z) for z in model.decisions)]
    if compares(interior.residual, model.decisions):
        return Equation(*sides)
    return Equation(*(product_form(side) for side in sides))


def _optimum(model: LawModel, interior: Interior, exponents: Mapping[sp.Symbol, sp.Expr]) -> tuple[Step, ...]:
    """The curve on which all optima lie, the budget put in, and the optimum it gives."""
    y = model.decisions[1]
    found: list[Step] = []
    if interior.path is not None:
        found.append(Step(Message("step.path"), (Equation(y, interior.path),)))
    if interior.budget is not None:
        return (*found, _along(model, interior, interior.budget, Message("step.budget_contour")))
    assert interior.path is not None  # noqa: S101 - a closed form goes along the path
    spent = Equation(sp.powsimp(model.cost.subs(y, interior.path)), model.amount)
    lines = [Equation(Optimal(z), interior.free[z]) for z in model.decisions]
    frontier = Step(Message("step.frontier"), (Equation(Optimal(model.level), interior.frontier),))
    return (*found, Step(Message("step.optimum"), (spent, *lines)), _exponents(model, exponents), frontier)


def _along(model: LawModel, interior: Interior, contour: Contour, title: Message) -> Step:
    """Both decisions over the one unknown that a budget or a loss leaves, and the equation that fixes it."""
    lines = [Equation(z, expr) for z, expr in contour.at.items()]
    equation: tuple[Equation, ...] = ()  # at a kink the condition of the step before, which need not have a zero
    if compares(interior.residual, model.decisions) and not interior.kinked:
        equation = (_balance(model, interior),)
    elif not interior.kinked:
        plain = interior.residual if has_comparisons(interior.residual) else put_along(interior.residual, contour)
        equation = (Equation(plain, sp.S.Zero),)
    kind = Message(f"step.unknown_{contour.kind}", {"x": str(model.decisions[0]), "y": str(model.decisions[1])})
    return Step(title, (*lines, *equation), kind)


def _exponents(model: LawModel, exponents: Mapping[sp.Symbol, sp.Expr]) -> Step:
    """How the optimum grows with the budget."""
    lines = [Equation(Elasticity(Optimal(z), model.amount), exponents[z]) for z in model.decisions]
    return Step(Message("step.exponents"), tuple(lines))


def _inverse(model: LawModel, interior: Interior) -> tuple[Step, ...]:
    """The least cost of a loss."""
    if interior.reaching is None or interior.inverse is None:
        return ()
    if interior.target is not None:
        return (_along(model, interior, interior.target, Message("step.target_contour")),)
    lines = [Equation(z, interior.reaching[z]) for z in model.decisions]
    lines.append(Equation(model.amount, interior.inverse))
    remark = None
    if interior.reachable is not None:
        lines.append(Equation(interior.reachable, sp.S.Zero, ">"))
        remark = Message("step.inverse_remark")
    return (Step(Message("step.inverse"), tuple(lines), remark),)


def _regime(model: LawModel, interior: Interior, regime: Regime) -> Step:
    """Where a set of limits binds, the optimum there, and the multipliers over the decisions."""
    # Where the optimum is a root, the cap is held against its symbol.
    plain = {expr: Optimal(z) for z, expr in interior.free.items()} if interior.budget else {}
    plain |= {-expr: -optimum for expr, optimum in plain.items()}
    when = [_as_inequality(condition.xreplace(plain)) for condition in regime.when]
    free = interior.budget is not None and regime.optimum == interior.free
    optimum = [] if free else [Equation(z, regime.optimum[z]) for z in model.decisions]
    capped = {z: cap for z, cap in find_caps(model).items() if cap.name in regime.binding}
    multipliers = []
    price: sp.Expr = sp.S.Zero
    remark = None
    if interior.kinked and not capped:
        remark = Message("step.kinked_price")
    elif "compute" in regime.binding:
        price = Multiplier(model.amount)
        free = next((z for z in model.decisions if z not in capped), model.decisions[0])
        gain, share = _worth(model, interior, free)
        multipliers.append(Equation(price, gain / share))
    for z, cap in capped.items():
        gain, share = _worth(model, interior, z)
        multipliers.append(Equation(Multiplier(cap.symbol), gain - price * share))
    limits = Message("joined." + "_".join(regime.binding))
    return Step(Message("step.regime", {"limits": limits}), (*when, *optimum, *multipliers), remark)


def _capped_target(model: LawModel, interior: Interior, cap: Cap) -> Step:
    """What a target loss asks of one decision where the other stands at its cap."""
    other = next(z for z in model.decisions if z != cap.decision)
    at_cap = {cap.decision: cap.symbol}
    found = interior.at_loss[other]
    assert interior.reaching is not None  # noqa: S101 - asked only where a loss can be reached
    free = Optimal(cap.decision) if interior.target is not None else interior.reaching[cap.decision]
    lines = [
        _as_inequality(free - cap.symbol),
        Equation(cap.decision, cap.symbol),
        Equation(other, found.value.subs(at_cap)),
    ]
    room = simplest_condition(found.conditions)
    if room is not None:
        lines.append(_as_inequality(room.subs(at_cap)))
    return Step(Message("step.capped_target", {"limit": Message(f"limit.{cap.name}")}), tuple(lines))


def _as_inequality(condition: sp.Expr) -> Equation:
    """`a - b` positive, written a > b."""
    positive = [term for term in sp.Add.make_args(condition) if not term.could_extract_minus_sign()]
    left = sp.Add(*positive)
    return Equation(left, sp.Add(left, -condition), ">")
