"""The steps of a plan under terms, as equations made from its law, its limits and its data."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

import sympy as sp

from flopsheet.derive.algebra import isolate, product_form
from flopsheet.derive.constrained.limits import Bound
from flopsheet.derive.constrained.setting import EFFECTIVE, LEVEL, ONE_PASS, WORTH, Setting, epochs_of
from flopsheet.derive.constrained.stretches import worth
from flopsheet.derive.notation import Elasticity, LogSlope, Multiplier, Slope
from flopsheet.derive.proof import Equation, Step
from flopsheet.messages import Message
from flopsheet.model.cell import make_symbol
from flopsheet.model.supply import EPOCHS, EXCESS, Supply, Tier

_PASSES = sp.Symbol("passes beyond the first", positive=True)


def list_constrained_steps(setting: Setting) -> tuple[Step, ...]:
    """The derivation of the plan, in reading order: problem, limits, data, stationarity, prices, kinks."""
    steps = [_problem(setting), *_names(setting), *_limits(setting), *_data(setting), *_excess(setting)]
    found = [_stationarity(setting)] if setting.minimises_loss else list(_target(setting))
    return (*steps, *found, *_prices(setting), *_kinks(setting))


def _problem(setting: Setting) -> Step:
    """What is minimised, and what must be kept."""
    model, account = setting.model, setting.terms.account
    loss = Equation(model.level, setting.whole_loss())
    lines = [] if setting.minimises_loss else [Equation(_amount_of(setting.goal.name), _tidy(setting.goal.spent))]
    lines.append(loss)
    lines += [
        Equation(_tidy(spending.spent), spending.limit, "<=")
        for name, spending in account.spendings.items()
        if spending.limit is not None and name in setting.declared
    ]
    lines += [Equation(setting.size, bound.size, "<=") for bound in setting.bounds if bound.trade == 0]
    if "tokens" in setting.declared:
        lines.append(Equation(setting.tokens, setting.token_cap, "<="))
    lines += [Equation(symbol, expr) for symbol, expr in model.helpers.items()]
    kind = "loss" if setting.minimises_loss else "target"
    if setting.effective() == setting.tokens:
        remark = None if setting.minimises_loss else Message("step.terms_problem_given")
    else:
        remark = Message(f"step.terms_problem_{kind}")
    return Step(Message("step.terms_problem"), tuple(lines), remark)


def _names(setting: Setting) -> Iterator[Step]:
    """What the names of long parts of amounts stand for."""
    if setting.definitions:
        yield Step(
            Message("step.terms_names"), tuple(Equation(name, part) for name, part in setting.definitions.items())
        )


def _limits(setting: Setting) -> Iterator[Step]:
    """The size that every limit leaves at given tokens, and what more tokens take of it."""
    lines = []
    for bound in setting.bounds:
        if bound.trade == 0:
            continue
        left = size_at(setting, bound)
        lines += [Equation(left, bound.size), Equation(-Elasticity(left, setting.tokens), bound.trade)]
    if not lines:
        return
    if setting.minimises_loss and len(setting.bounds) > 1:
        sizes = [bound.size if bound.trade == 0 else size_at(setting, bound) for bound in setting.bounds]
        lines.append(Equation(setting.size, sp.Min(*sizes)))
    yield Step(Message("step.terms_limits"), tuple(lines), Message("step.terms_limits_remark"))


def _data(setting: Setting) -> Iterator[Step]:
    """What repeated tokens are worth, the best epochs, and the effective tokens along the tokens seen."""
    supply = setting.supply
    if supply is None:
        return
    tiers = supply.tiers
    seen = sp.Add(*(tier.unique * epochs_of(tier) for tier in tiers))
    lines = [Equation(setting.tokens, seen)]
    if supply.loss_factor is None:
        values = [tier.quality * tier.unique * _worth(supply, tier) for tier in tiers]
        lines += [Equation(EFFECTIVE, sp.Add(*values))] if len(tiers) == 1 else []
        lines += _parts(tiers, values)
    yield Step(Message("step.terms_data"), tuple(lines), Message("step.terms_data_remark"))
    if supply.loss_factor is not None or supply.endless:
        return
    if supply.effective is not None:
        (tier,) = tiers
        value = sp.diff(_beyond(supply.effective).subs(EPOCHS, epochs_of(tier)), epochs_of(tier))
        yield Step(Message("step.terms_marginal"), (Equation(Slope(EFFECTIVE, setting.tokens), value),))
        return
    yield _levels(tiers)
    yield _stretch(setting, tiers)


def _parts(tiers: tuple[Tier, ...], values: list[sp.Expr]) -> list[Equation]:
    """The effective tokens tier by tier, and their sum."""
    if len(tiers) == 1:
        return []
    parts = [effective_of(tier) for tier in tiers]
    lines = [Equation(part, value) for part, value in zip(parts, values, strict=True)]
    return [*lines, Equation(EFFECTIVE, sp.Add(*parts))]


def _worth(supply: Supply, tier: Tier) -> sp.Expr:
    """How many first passes the epochs over a tier are worth, below and beyond the first."""
    epochs = epochs_of(tier)
    if supply.endless:
        return epochs
    if supply.effective is not None:
        return supply.effective.subs(EPOCHS, epochs)
    return sp.Piecewise((epochs, epochs <= 1), (curve_of(tier), True))


def curve_of(tier: Tier) -> sp.Expr:
    """How many first passes several epochs over a tier are worth."""
    return worth(1 + _PASSES, tier.decay).subs(_PASSES, epochs_of(tier) - 1)


def _beyond(effective: sp.Expr) -> sp.Expr:
    """The branch of a modifier that holds beyond the first epoch."""
    return effective.subs(EPOCHS, 1 + _PASSES).subs(_PASSES, EPOCHS - 1)


def _levels(tiers: tuple[Tier, ...]) -> Step:
    """The epochs at which the next token of every tier in use is worth the same."""
    lines = []
    for tier in tiers:
        epochs = epochs_of(tier)
        # Of the Lagrangian: what one more epoch adds, less the level for the tokens that it takes.
        lagrangian = tier.quality * tier.unique * curve_of(tier) - LEVEL * tier.unique * epochs
        value = sp.simplify((sp.diff(lagrangian, epochs) + LEVEL * tier.unique) / tier.unique)
        lines.append(Equation(value, LEVEL))
    for tier in tiers:
        epochs = epochs_of(tier)
        value = sp.diff(tier.quality * curve_of(tier), epochs)
        (found,) = sp.solve(sp.log(tier.quality) + sp.expand_log(sp.log(value / tier.quality), force=True)
                            - sp.log(LEVEL), epochs)  # fmt: skip
        best = sp.expand(found)
        best = 1 + tier.decay * sp.logcombine(sp.expand((best - 1) / tier.decay), force=True)
        lines.append(Equation(epochs, sp.Min(tier.epochs, best)))
    return Step(Message("step.terms_levels"), tuple(lines), Message("step.terms_levels_remark"))


def _stretch(setting: Setting, tiers: tuple[Tier, ...]) -> Step:
    """Tokens seen and effective tokens over the level, and the slope of one in the other."""
    named = list(tiers)
    seen = sp.Add(*(t.unique * (1 + t.decay * sp.log(t.quality / LEVEL)) for t in named))
    effective = sp.Add(*(t.quality * t.unique * (1 + t.decay * (1 - LEVEL / t.quality)) for t in named))
    slope = sp.simplify(sp.diff(effective, LEVEL) / sp.diff(seen, LEVEL))
    spread = sp.Add(*(t.unique * t.decay for t in named))
    known = sp.Add(*(t.unique * (1 + t.decay * sp.log(t.quality)) for t in named))
    level = sp.exp((known - setting.tokens) / spread)
    lines = (
        Equation(setting.tokens, seen),
        Equation(EFFECTIVE, effective),
        Equation(Slope(EFFECTIVE, setting.tokens), slope),
        Equation(LEVEL, level),
    )
    return Step(Message("step.terms_stretch"), lines, Message("step.terms_stretch_remark"))


def _excess(setting: Setting) -> Iterator[Step]:
    """What a size beyond the best one for a single pass is worth."""
    supply = setting.supply
    if supply is None or supply.effective_parameters is None:
        return
    model, path = setting.model, setting.derivation.interior.path
    lines = [Equation(WORTH, effective_size(setting)), Equation(Elasticity(WORTH, setting.size), growth_of(setting))]
    if path is not None:
        x, y = model.decisions
        unique = supply.tiers[0].unique
        best = path.subs(x, unique) if setting.size == y else isolate(path, unique, x)
        value = getattr(best, "value", best)
        if value is not None:
            lines.insert(0, Equation(ONE_PASS, value))
    yield Step(Message("step.terms_excess"), tuple(lines), Message("step.terms_excess_remark"))


def effective_size(setting: Setting) -> sp.Expr:
    """The effective parameters over the size; the size itself where every parameter counts."""
    supply = setting.supply
    if supply is None or supply.effective_parameters is None:
        return setting.size
    return ONE_PASS * supply.effective_parameters.subs(EXCESS, setting.size / ONE_PASS)


def growth_of(setting: Setting) -> sp.Expr:
    """By how many per cent the effective parameters grow with a size beyond the best one for a single pass."""
    supply = setting.supply
    if supply is None or supply.effective_parameters is None:
        return sp.S.One
    beyond = supply.effective_parameters.subs(EXCESS, 1 + _PASSES).subs(_PASSES, EXCESS - 1)
    return sp.simplify(EXCESS * sp.diff(beyond, EXCESS) / beyond).subs(EXCESS, setting.size / ONE_PASS)


def gain_of_size(setting: Setting) -> sp.Expr:
    """What one per cent more size takes off the loss, over size and effective tokens."""
    gain = _at(setting, setting.derivation.interior.gains[setting.size])
    if setting.effective_parameters:
        return gain * Elasticity(WORTH, setting.size)
    return gain if setting.factor() == 1 else sp.Mul(gain, setting.factor(), evaluate=False)


def gain_of_tokens(setting: Setting) -> sp.Expr:
    """What one per cent more tokens take off the loss."""
    gain = _at(setting, setting.derivation.interior.gains[setting.tokens])
    supply = setting.supply
    if supply is None or (supply.endless and not supply.is_named):
        return gain
    if supply.loss_factor is not None:
        epochs, factor = epochs_of(supply.tiers[0]), setting.factor()
        slope = epochs * sp.diff(_beyond(supply.loss_factor), EPOCHS).subs(EPOCHS, epochs)
        return factor * gain - setting.model.level * slope / factor
    return sp.powsimp(gain * LEVEL * setting.tokens / EFFECTIVE)


def _at(setting: Setting, gain: sp.Expr) -> sp.Expr:
    """A gain of the law at the effective size and tokens."""
    size = WORTH if setting.effective_parameters else setting.size
    return gain.subs({setting.size: size, setting.tokens: setting.effective()}, simultaneous=True)


def _stationarity(setting: Setting) -> Step:
    """Where more tokens are worth just the size that they take, limit by limit."""
    size, tokens = gain_of_size(setting), gain_of_tokens(setting)
    trades = [(bound, bound.trade) for bound in setting.bounds if bound.trade != 0]
    lines = [Equation(product_form(size * trade), tokens) for _, trade in trades]
    return Step(Message("step.terms_stationarity"), tuple(dict.fromkeys(lines)),
                Message("step.terms_stationarity_remark"))  # fmt: skip


def _target(setting: Setting) -> Iterator[Step]:
    """The size that a loss asks for, and where more tokens save just what they take."""
    interior = setting.derivation.interior
    found = interior.at_loss[setting.size].value.subs(setting.tokens, setting.effective())
    size, tokens = gain_of_size(setting), gain_of_tokens(setting)
    lines = (
        Equation(setting.size, found),
        Equation(product_form(size * goal_bound(setting).trade), tokens),
    )
    yield Step(Message("step.terms_target"), lines, Message("step.terms_target_remark"))


def goal_bound(setting: Setting) -> Bound:
    """The amount that is minimised, as a limit that the plan itself sets."""
    spent = setting.goal.spent
    shares = {z: sp.factor(sp.cancel(z * sp.diff(spent, z) / spent)) for z in (setting.size, setting.tokens)}
    return Bound(setting.goal.name, spent, shares[setting.tokens] / shares[setting.size], shares[setting.size])


def part_of(bound: Bound) -> sp.Symbol:
    """What a limit takes of what more size is worth."""
    return make_symbol(f"part_{bound.name}", positive=False)


def size_at(setting: Setting, bound: Bound) -> sp.Symbol:
    """The size that a limit leaves, as a symbol."""
    return make_symbol(f"{setting.size}_at_{bound.name}_opt")


def effective_of(tier: Tier) -> sp.Symbol:
    """The effective tokens of one tier, as a symbol."""
    return make_symbol(f"effective_{tier.slug}")


def multiplier_of(name: str) -> Multiplier:
    """The multiplier of a limit by its name."""
    return Multiplier(make_symbol(f"limit_{name}"))


def _amount_of(name: str) -> sp.Symbol:
    """What is minimised, as a symbol."""
    return make_symbol(f"spent_{name}")


def _prices(setting: Setting) -> Iterator[Step]:
    """What the limits take of the gains of both decisions, and their multipliers."""
    bounds = setting.bounds
    if not setting.minimises_loss:
        own = goal_bound(setting)
        bounds = (own, *(bound for bound in bounds if bound.name != own.name))
    if not bounds:
        return
    size = -LogSlope(setting.model.level, setting.size)
    tokens = -LogSlope(setting.model.level, setting.tokens)
    parts = [part_of(bound) for bound in bounds]
    lines = [Equation(size, gain_of_size(setting)), Equation(tokens, gain_of_tokens(setting))]
    lines.append(Equation(sp.Add(*parts), size))
    rest = multiplier_of("tokens") if "tokens" in setting.declared else sp.S.Zero
    weighed = sp.Add(*(part * bound.trade for part, bound in zip(parts, bounds, strict=True)))
    lines.append(Equation(weighed, tokens - rest))
    lines += [Equation(multiplier_of(b.name), p / b.share) for p, b in zip(parts, bounds, strict=True)]
    data = data_multiplier(setting, bounds)
    if data is not None:
        lines.append(Equation(multiplier_of("data"), data))
    yield Step(Message("step.terms_prices"), tuple(lines), Message("step.terms_prices_remark"))


def data_multiplier(setting: Setting, bounds: Sequence[Bound]) -> sp.Expr | None:
    """The multiplier of the unique data: what more of all of them are worth, less what their tokens take."""
    supply = setting.supply
    if supply is None or supply.loss_factor is not None:
        return None
    rest = multiplier_of("tokens") if "tokens" in setting.declared else sp.S.Zero
    weighed = sp.Add(*(part_of(bound) * bound.trade for bound in bounds))
    return _at(setting, setting.derivation.interior.gains[setting.tokens]) - weighed - rest


def _kinks(setting: Setting) -> Iterator[Step]:
    """The tokens at which two limits leave the same size, and what both are worth there."""
    lines = []
    for first, second in combinations(setting.bounds, 2):
        crossing = _crossing(setting, first, second)
        if crossing is not None:
            lines.append(Equation(make_symbol(f"{setting.tokens}_where_{first.name}_meets_{second.name}"), crossing))
    if not lines:
        return
    lower, upper, wanted = (
        make_symbol(name, positive=False) for name in ("trade_below", "trade_above", "trade_wanted")
    )
    whole = -LogSlope(setting.model.level, setting.size)
    below, above = (make_symbol(name, positive=False) for name in ("part_below", "part_above"))
    shares = sp.solve(
        [below + above - whole, below * lower + above * upper - whole * wanted], [below, above], dict=True
    )
    ratio = LogSlope(setting.model.level, setting.tokens) / LogSlope(setting.model.level, setting.size)
    lines.append(Equation(wanted, ratio))
    lines += [Equation(part, sp.factor(shares[0][part])) for part in (below, above)]
    yield Step(Message("step.terms_kinks"), tuple(lines), Message("step.terms_kinks_remark"))


def _crossing(setting: Setting, first: Bound, second: Bound) -> sp.Expr | None:
    """The tokens at which two limits leave the same size; None where that is nowhere or has no closed form."""
    plain = {limit: make_symbol(f"crossing_{at}") for at, limit in enumerate({*first.size.atoms(sp.Min),
                                                                             *second.size.atoms(sp.Min)})}  # fmt: skip
    gap = sp.numer(sp.together((first.size - second.size).xreplace(plain)))
    if setting.tokens not in gap.free_symbols or not gap.is_polynomial(setting.tokens):
        return None
    found = sp.Poly(gap, setting.tokens)
    if found.degree() != 1:
        return None
    back = {symbol: limit for limit, symbol in plain.items()}
    slope, rest = found.all_coeffs()
    return sp.factor(-rest / slope).xreplace(back)


def _tidy(expr: sp.Expr) -> sp.Expr:
    """An amount as one product where it is one."""
    return sp.factor(expr)
