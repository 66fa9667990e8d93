"""The statements every derivation carries, each decided anew for the law at hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sympy as sp

from flopsheet.derive.algebra import expand_logarithm, product_form, simplest_condition, strip_monotone
from flopsheet.derive.contour import optimum_on
from flopsheet.derive.kink_statements import check_kinked
from flopsheet.derive.proof import Proof
from flopsheet.derive.proving import Prover, combine_proofs
from flopsheet.derive.regimes import Regime, find_caps
from flopsheet.derive.single_optimum import prove_single_optimum
from flopsheet.derive.stationarity import Interior
from flopsheet.formula.root import Root, put_in, slope_of
from flopsheet.model.law_model import LawModel


def derive_exponents(model: LawModel, interior: Interior) -> dict[sp.Symbol, sp.Expr]:
    """d ln(decision) / d ln(budget) at the interior optimum, per decision."""
    if interior.budget is not None:
        free, amount = interior.free, model.amount
        return {z: amount * slope_of(free[z], amount) / free[z] for z in model.decisions}
    return {z: sp.factor(sp.cancel(elasticity_of(interior.free[z], model.amount))) for z in model.decisions}


def elasticity_of(output: sp.Expr, variable: sp.Symbol) -> sp.Expr:
    """d ln(output) / d ln(variable), exact, as it comes out of the derivative."""
    found = variable * sp.diff(expand_logarithm(output), variable)
    # What holds a root has thousands of terms and no shorter form to come to.
    return found if found.has(Root) else sp.expand(found)


def check_statements(
    model: LawModel,
    interior: Interior,
    regimes: Sequence[Regime],
    prover: Prover,
    exponents: Mapping[sp.Symbol, sp.Expr] | None = None,
) -> tuple[Proof, ...]:
    """The proof ledger of a law; `exponents` are those of `derive_exponents`, derived anew where not given."""
    second = _second_order(model, interior, prover)
    round_trip = () if interior.reaching is None else (_round_trip(model, interior, prover),)
    if interior.kinked:
        kinked = check_kinked(model, interior, regimes, prover)
        slack = _slackness(model, interior, regimes, prover, [kinked.price])
        return (
            _budget_identity(model, interior, prover), kinked.stationarity, second, kinked.exponents, kinked.signs,
            slack, *round_trip,
        )  # fmt: skip
    return (
        _budget_identity(model, interior, prover),
        _stationarity(model, interior, prover),
        second,
        _exponents(model, interior, prover, exponents or derive_exponents(model, interior)),
        _kkt_signs(model, interior, regimes, prover, second),
        _slackness(model, interior, regimes, prover),
        *round_trip,
    )


def _budget_identity(model: LawModel, interior: Interior, prover: Prover) -> Proof:
    """The optimum spends the budget exactly; where it is a root, every point of its contour does."""
    contour = interior.budget
    spent = model.cost.subs(interior.free, simultaneous=True) if contour is None else contour.put_on(model.cost)
    statement = f"budget identity: the cost of the optimum equals {model.amount}"
    return prover.prove_equal(statement, spent, model.amount)


def _stationarity(model: LawModel, interior: Interior, prover: Prover) -> Proof:
    """At the optimum, a budget unit is worth the same in either decision."""
    x, y = model.decisions
    worth = [put_in(interior.gains[z] / interior.shares[z], interior.free) for z in (x, y)]
    statement = f"stationarity: at the optimum the budget is worth the same spent on {x} as on {y}"
    return _prove_between(model, interior, prover, (statement, *worth))


def _prove_between(
    model: LawModel, interior: Interior, prover: Prover, equality: tuple[str, sp.Expr, sp.Expr]
) -> Proof:
    """A verdict on two sides that are equal wherever the optimum lies between the ends of a budget."""
    found = prover.prove_equal(*equality)
    if found.verdict != "refuted" or interior.budget is None:
        return found
    root = optimum_on(interior.budget, interior.residual, model.loss)
    low, high = interior.budget.ends
    return prover.prove_equal(*equality, where=(root - low, high - root))


def _second_order(model: LawModel, interior: Interior, prover: Prover) -> Proof:
    """The stationary point is the minimum: the loss is convex along the budget, in logarithms."""
    if interior.budget is not None:
        return prove_single_optimum(model, interior, interior.budget, prover)
    x, y = model.decisions
    log_x = sp.Dummy("t", real=True)
    inner = strip_monotone(model.loss, model.decisions)
    spent = interior.on_budget[y].subs(x, sp.exp(log_x))
    along = inner.subs({y: spent, x: sp.exp(log_x)}, simultaneous=True)
    curvature = sp.powsimp(sp.expand(sp.diff(along, log_x, 2)))
    what = "an increasing function of the loss" if inner != model.loss else "the loss"
    statement = f"second order: along the budget {what} is strictly convex in ln {x}, so the optimum is the only one"
    around = {**prover.around, log_x: float(sp.log(prover.around.get(x, 1.0)))}
    return Prover(around, prover.exact, given=prover.given).prove_positive(statement, curvature)


def _exponents(model: LawModel, interior: Interior, prover: Prover, exponents: Mapping[sp.Symbol, sp.Expr]) -> Proof:
    """The cost-weighted exponents of the optimum sum to one."""
    shares = {z: put_in(interior.shares[z], interior.free) for z in model.decisions}
    total = sum(shares[z] * exponents[z] for z in model.decisions)
    weights = " + ".join(
        f"d ln {z}/d ln {model.amount}" if shares[z] == 1 else f"share({z}) * d ln {z}/d ln {model.amount}"
        for z in model.decisions
    )
    return prover.prove_equal(f"exponents: {weights} = 1 (a + b = 1)", total, sp.S.One)


def _kkt_signs(model: LawModel, interior: Interior, regimes: Sequence[Regime], prover: Prover, second: Proof) -> Proof:
    """Every multiplier is positive where its limit binds.

    A cap's multiplier has the sign of the stationarity function at the cap. That function falls along
    the budget as the capped decision grows and is zero at the free optimum, so it is positive exactly
    where the cap lies below the free optimum, which is where the cap binds.
    """
    x, y = model.decisions
    stationary = interior.stationary
    if stationary is None or interior.budget is not None:
        parts = [second]
    else:
        fall = -(stationary.first - stationary.second * interior.shares[x] / interior.shares[y])
        parts = [prover.prove_positive("falls", sp.cancel(sp.together(fall)))]
    parts += [prover.prove_positive("gain", interior.gains[z]) for z in (x, y)]
    parts += [prover.prove_positive("share", interior.shares[z]) for z in (x, y)]
    binding = sorted({name for regime in regimes for name in regime.multipliers})
    statement = f"KKT signs: the multiplier of each limit ({', '.join(binding)}) is positive where it binds"
    return combine_proofs(statement, parts)


def _slackness(
    model: LawModel, interior: Interior, regimes: Sequence[Regime], prover: Prover, free: Sequence[Proof] = ()
) -> Proof:
    """In each regime every multiplier times the slack of its limit is zero.

    Limits that do not bind have no multiplier; of those that bind the slack vanishes: a cap's because
    the decision equals it, the budget's because the other decision was solved from it. With no cap
    binding, what a cap would be worth (its gain less the budget's price for it) vanishes too; `free` says so where
    that is known by other means.
    """
    parts = [*free]
    caps = {cap.name: cap for cap in find_caps(model).values()}
    for regime in regimes:
        for name in regime.binding:
            if name == "compute":
                spent = put_in(model.cost, regime.optimum)
                parts.append(prover.prove_equal("spent", spent, model.amount))
            else:
                parts.append(prover.prove_equal("at cap", regime.optimum[caps[name].decision], caps[name].symbol))
    for z in () if free else model.decisions:
        gain = put_in(interior.gains[z], interior.free)
        price = regimes[0].multipliers["compute"] * put_in(interior.shares[z], interior.free)
        parts.append(_prove_between(model, interior, prover, ("free", gain, price)))
    statement = f"complementary slackness: multiplier times slack is zero in all {len(regimes)} regimes"
    return combine_proofs(statement, parts)


def _round_trip(model: LawModel, interior: Interior, prover: Prover) -> Proof:
    """The allocation that reaches a loss is the optimal one for the budget it costs."""
    assert interior.reaching is not None  # noqa: S101 - asked only where it is
    assert interior.inverse is not None  # noqa: S101
    # Below the least loss there is nothing to compare.
    where = () if interior.reachable is None else (interior.reachable,)
    if interior.budget is None and interior.target is None:
        back = {z: product_form(interior.free[z].subs(model.amount, interior.inverse)) for z in model.decisions}
        parts = [prover.prove_equal(f"{z}", back[z], interior.reaching[z], where=where) for z in model.decisions]
    else:
        pairs = [(interior.free[z], interior.reaching[z]) for z in model.decisions]
        parts = [prover.check_chain("decisions", (model.amount, interior.inverse), pairs, where=where)]
    reached = put_in(model.loss, interior.reaching)
    parts.append(prover.prove_equal("loss", reached, model.level, where=where))
    caps = find_caps(model).values()
    for cap in caps:
        other = next(z for z in model.decisions if z != cap.decision)
        found = interior.at_loss[other]
        room = simplest_condition(found.conditions)
        at_cap = {cap.decision: cap.symbol, other: found.value.subs(cap.decision, cap.symbol)}
        within = () if room is None else (room.subs(cap.decision, cap.symbol),)
        capped = put_in(model.loss, at_cap)
        parts.append(prover.prove_equal("capped", capped, model.level, where=within))
    under = ", also where a cap binds" if caps else ""
    statement = f"inverse round trip: the least cost of a loss, spent optimally, reaches that loss{under}"
    return combine_proofs(statement, parts)
