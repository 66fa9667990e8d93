"""The plan as cells: the derived formulas put together so that every regime is one formula each.

With a budget or a target loss as the contour on which the plan must stay, each decision is
`min(cap, max(free optimum, what the contour leaves at the other decision's cap))`: in whatever regime,
that is its optimum, because along the contour the loss (or cost) falls up to the free optimum and
rises beyond it (the second order statement of the ledger).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sympy as sp

from flopsheet.derive.derivation import Derivation
from flopsheet.derive.regimes import Cap, find_caps
from flopsheet.derive.stationarity import simplest_condition
from flopsheet.messages import Message
from flopsheet.model.cell import Cell, make_symbol
from flopsheet.model.inputs import BEYOND

PLAN_STATUS = "plan_status"


def name_of(derivation: Derivation, decision: sp.Symbol) -> Message | str:
    """What a decision is called: its role, or its own symbol."""
    role = derivation.model.decision(decision).role
    return Message(f"role.{role}") if role else decision.name


class _Builder:
    """Collects cells in reading order; each method adds one group."""

    def __init__(self, derivation: Derivation, contour: sp.Symbol) -> None:
        self.derivation = derivation
        self.model = derivation.model
        self.caps: Mapping[sp.Symbol, Cap] = find_caps(derivation.model)
        self.contour = contour
        self.cells: list[Cell] = []

    def add(
        self,
        cell_id: str,
        expr: sp.Expr,
        unit: str,
        label: Message,
        *,
        kind: str = "formula",
        positive: bool = True,
        guard: str | None = None,
        infinite: bool = False,
        latex: str | None = None,
    ) -> sp.Symbol:
        """Add a cell and return its symbol."""
        cell = Cell(
            cell_id,
            kind,  # type: ignore[arg-type]
            unit,
            label,
            sp.sympify(expr),
            positive=positive,
            guard=guard,
            guard_infinite=infinite,
            latex=latex,
        )
        self.cells.append(cell)
        return cell.symbol

    def other(self, decision: sp.Symbol) -> sp.Symbol:
        """The other one of the two decisions."""
        x, y = self.model.decisions
        return y if decision == x else x

    def unit(self, decision: sp.Symbol) -> str:
        """The base unit of a decision."""
        return self.model.decision(decision).unit

    def label(self, key: str, decision: sp.Symbol, **more: Message | str) -> Message:
        """A label that speaks of a decision."""
        return Message(f"cell.{key}", {"what": name_of(self.derivation, decision), **more})


def build_budget_cells(derivation: Derivation) -> tuple[Cell, ...]:
    """The cells of "minimize loss": the optimum of a budget under caps, its loss and shadow prices."""
    budget = make_symbol("budget_compute")
    build = _Builder(derivation, budget)
    free = _add_free_optimum(build, budget)
    interior = derivation.interior
    held = {z: interior.on_budget[z].subs(derivation.model.amount, budget) for z in derivation.model.decisions}
    chosen = _add_choice(build, free, held, "opt", kind="result")
    _add_outcome(build, chosen, free, guard=None)
    spent = make_symbol("C_total")
    build.add("slack_compute", 1 - spent / budget, "1", Message("cell.slack_compute"), positive=False)
    flags = _add_flags(build, chosen)
    slack = sp.prod(flags.values()) if len(flags) == len(chosen) else sp.S.Zero
    compute_slack = build.add("compute_is_slack", slack, "1", Message("cell.compute_is_slack"), positive=False)
    binds = build.add("binds_compute", 1 - compute_slack, "1", Message("cell.binds_compute"), positive=False)
    _add_prices(build, chosen, flags, binds, guard="compute_is_slack")
    return tuple(build.cells)


def build_target_cells(derivation: Derivation) -> tuple[Cell, ...]:
    """The cells of "minimize compute": the cheapest allocation that reaches a loss under caps."""
    target = make_symbol("target_loss")
    build = _Builder(derivation, target)
    model, interior = derivation.model, derivation.interior
    reachable = _add_reachability(build, target)
    free = {}
    for z in model.decisions:
        formula = interior.reaching[z].subs(model.level, target)
        expr = sp.Piecewise((formula, sp.Eq(reachable, 1)), (1, True)) if reachable != 1 else formula
        free[z] = build.add(f"{z}_free", expr, build.unit(z), build.label("free_target", z))
    held = {}
    for z in model.decisions:
        found = interior.at_loss[z]
        formula = found.value.subs(model.level, target)
        room = simplest_condition(found.conditions)
        if room is not None:
            formula = sp.Piecewise((formula, room.subs(model.level, target) > 0), (BEYOND.symbol, True))
        held[z] = formula
    chosen = _add_choice(build, free, held, "plan", kind="formula")
    cost = model.cost.subs(chosen, simultaneous=True)
    spent = build.add("C_plan", cost, "FLOP", Message("cell.C_plan"))
    reference = _add_free_optimum(build, spent, suffix="same_budget")
    for z in model.decisions:
        build.add(
            f"{z}_opt",
            chosen[z],
            build.unit(z),
            build.label("opt", z),
            kind="result",
            guard=PLAN_STATUS,
            infinite=True,
        )
    _add_outcome(build, chosen, reference, guard=PLAN_STATUS, reachable=reachable)
    flags = _add_flags(build, chosen)
    _add_prices(build, chosen, flags, sp.S.One, guard=PLAN_STATUS)
    return tuple(build.cells)


def _add_reachability(build: _Builder, target: sp.Symbol) -> sp.Expr:
    """Whether the loss can be reached at all, and within the caps: `plan_status` 0, 1 (never) or 2 (caps)."""
    model, interior = build.model, build.derivation.interior
    reachable: sp.Expr = sp.S.One
    if interior.reachable is not None:
        room = interior.reachable.subs(model.level, target)
        reachable = build.add(
            "reachable",
            sp.Piecewise((1, room > 0), (0, True)),
            "1",
            Message("cell.reachable"),
            positive=False,
        )
    far = {z: build.caps[z].symbol if z in build.caps else BEYOND.symbol for z in model.decisions}
    at_caps = build.add(
        "L_at_caps", model.loss.subs(far, simultaneous=True), "nats/token", Message("cell.L_at_caps"), positive=False
    )
    within = build.add(
        "within_caps", sp.Piecewise((1, at_caps <= target), (0, True)), "1", Message("cell.within_caps"), positive=False
    )
    status = (1 - reachable) + 2 * reachable * (1 - within)
    build.add(PLAN_STATUS, status, "1", Message("cell.plan_status"), positive=False)
    build.add("beyond_caps", reachable * (1 - within), "1", Message("cell.beyond_caps"), positive=False)
    return reachable


def _add_free_optimum(build: _Builder, amount: sp.Symbol, suffix: str = "free") -> dict[sp.Symbol, sp.Symbol]:
    """The optimum where only the budget binds, its exponents and its loss."""
    model, derivation = build.model, build.derivation
    exponents = {}
    for z in model.decisions:
        expr = derivation.exponents[z]
        if expr.free_symbols and model.amount not in expr.free_symbols:
            exponents[expr] = build.add(f"exponent_{z}", expr, "1", build.label("exponent", z))
    free = {}
    for z in model.decisions:
        formula = derivation.interior.free[z].subs(exponents).subs(model.amount, amount)
        free[z] = build.add(f"{z}_{suffix}", formula, build.unit(z), build.label(suffix, z))
    loss = model.loss.subs(free, simultaneous=True)
    build.add(f"L_{suffix}", loss, "nats/token", Message(f"cell.L_{suffix}"))
    return free


def _add_choice(
    build: _Builder,
    free: Mapping[sp.Symbol, sp.Symbol],
    held: Mapping[sp.Symbol, sp.Expr],
    suffix: str,
    *,
    kind: str,
) -> dict[sp.Symbol, sp.Symbol]:
    """Each decision: the free optimum, or what the caps leave of it."""
    at_cap = {}
    for z in build.model.decisions:
        other = build.other(z)
        if other in build.caps:
            cap = build.caps[other]
            label = build.label("at_cap", z, cap=name_of(build.derivation, other))
            at_cap[z] = build.add(f"{z}_at_{other}_cap", held[z].subs(other, cap.symbol), build.unit(z), label)
    chosen = {}
    for z in build.model.decisions:
        expr: sp.Expr = sp.Max(free[z], at_cap[z]) if z in at_cap else free[z]
        if z in build.caps:
            expr = sp.Min(build.caps[z].symbol, expr)
        label = build.label("opt" if suffix == "opt" else "plan", z)
        chosen[z] = build.add(f"{z}_{suffix}", expr, build.unit(z), label, kind=kind)
    return chosen


def _add_outcome(
    build: _Builder,
    chosen: Mapping[sp.Symbol, sp.Symbol],
    free: Mapping[sp.Symbol, sp.Symbol],
    *,
    guard: str | None,
    reachable: sp.Expr = sp.S.One,
) -> None:
    """What the plan reaches and spends."""
    model = build.model
    loss = model.loss.subs(chosen, simultaneous=True)
    if reachable != 1:
        limit = model.loss.subs(dict.fromkeys(model.decisions, sp.oo))
        loss = sp.Piecewise((loss, sp.Eq(reachable, 1)), (limit, True))
    build.add(
        "L_opt",
        loss,
        "nats/token",
        Message("cell.L_opt"),
        kind="result",
        guard="beyond_caps" if guard else None,
    )
    cost = make_symbol("C_plan") if guard else model.cost.subs(chosen, simultaneous=True)
    train = build.add(
        "C_train", cost, "FLOP", Message("cell.C_train"), kind="result", guard=guard, infinite=guard is not None
    )
    total = train if guard is None else cost
    build.add(
        "C_total", total, "FLOP", Message("cell.C_total"), kind="result", guard=guard, infinite=guard is not None
    )
    roles = {model.decision(z).role: z for z in model.decisions}
    if {"parameters", "tokens"} <= roles.keys():
        ratio = chosen[roles["tokens"]] / chosen[roles["parameters"]]
        label = Message("cell.tokens_per_parameter")
        build.add("tokens_per_parameter", ratio, "token/parameter", label, kind="result", guard=guard)
    best = make_symbol("L_same_budget" if guard else "L_free")
    reached = model.loss.subs(chosen, simultaneous=True) if guard else make_symbol("L_opt")
    build.add("efficiency", best / reached, "1", Message("cell.efficiency"), kind="result", guard=guard)


def _add_flags(build: _Builder, chosen: Mapping[sp.Symbol, sp.Symbol]) -> dict[sp.Symbol, sp.Symbol]:
    """Per cap, 1 where the decision stands at it, else 0. `min` returns its argument exactly."""
    flags = {}
    for z, cap in build.caps.items():
        expr = sp.Piecewise((0, chosen[z] < cap.symbol), (1, True))
        label = Message("cell.binds_cap", {"what": name_of(build.derivation, z)})
        flags[z] = build.add(f"binds_{cap.name}", expr, "1", label, positive=False)
    return flags


def _add_prices(
    build: _Builder,
    chosen: Mapping[sp.Symbol, sp.Symbol],
    flags: Mapping[sp.Symbol, sp.Symbol],
    binds: sp.Expr,
    *,
    guard: str,
) -> None:
    """The KKT multiplier, shadow price and compute equivalent of every limit, in every regime.

    A decision at its cap leaves the budget's price to the other one; what a cap takes is the gain that
    the budget's price does not explain. These are the multipliers of `derive_regimes`, as one formula.
    """
    model, interior = build.model, build.derivation.interior
    x, y = model.decisions
    gains, shares = {}, {}
    for z in model.decisions:
        expr = interior.gains[z].subs(chosen, simultaneous=True)
        gains[z] = build.add(f"gain_{z}", expr, "nats/token", build.label("gain", z), positive=False)
        share = interior.shares[z].subs(chosen, simultaneous=True)
        shares[z] = build.add(f"share_{z}", share, "1", build.label("share", z)) if share.free_symbols else share
    if x in flags:
        budget = sp.Piecewise((gains[y] / shares[y], sp.Eq(flags[x], 1)), (gains[x] / shares[x], True))
    elif y in flags:
        budget = sp.Piecewise((gains[x] / shares[x], sp.Eq(flags[y], 1)), (gains[y] / shares[y], True))
    else:
        budget = gains[x] / shares[x]
    value = build.add("value_of_compute", budget, "nats/token", Message("cell.value_of_compute"), positive=False)
    price: sp.Expr = value
    status = None if guard != PLAN_STATUS else guard
    if binds != 1:
        label = Message("cell.multiplier_compute")
        price = build.add("multiplier_compute", binds * value, "nats/token", label, positive=False)
        _add_price(build, "compute", price)
    for z, cap in build.caps.items():
        what = name_of(build.derivation, z)
        worth = flags[z] * sp.Max(0, gains[z] - price * shares[z])
        label = Message("cell.multiplier_cap", {"what": what})
        multiplier = build.add(f"multiplier_{cap.name}", worth, "nats/token", label, positive=False)
        _add_price(build, cap.name, multiplier, guard=status)
        build.add(
            f"equivalent_{cap.name}",
            multiplier / price,
            "1",
            Message("cell.equivalent_cap", {"what": what}),
            positive=False,
            guard=guard,
            infinite=guard != PLAN_STATUS,
        )


def _add_price(build: _Builder, name: str, multiplier: sp.Expr, guard: str | None = None) -> None:
    """The shadow price of a limit: what one per cent more of it changes the loss by."""
    label = Message("cell.price", {"limit": Message(f"limit.{name}")})
    unit = "nats/token per 1 %"
    build.add(f"price_{name}", -multiplier / 100, unit, label, positive=False, guard=guard)


def build_strategy_cells(derivation: Derivation, strategies: Sequence[tuple[str, str, str]], amount: str) -> tuple[Cell, ...]:
    """Fixed choices at the same budget: decisions, loss and efficiency of each.

    Args:
        derivation: The law's derivation.
        strategies: (slug, kind, name) of each strategy.
        amount: The id of the cell that holds the budget.

    Raises:
        ValueError: the budget cannot be solved for a strategy's decision.
    """
    spent = make_symbol(amount)
    build = _Builder(derivation, spent)
    target = amount != "budget_compute"
    guard = PLAN_STATUS if target else None
    best = make_symbol("L_same_budget" if target else "L_free")
    for slug, kind, name in strategies:
        fixed = make_symbol(f"strategies_{slug}_{kind}")
        formulas = _fix_choice(derivation, kind, fixed, spent)
        chosen = {}
        for z in derivation.model.decisions:
            label = build.label("strategy_decision", z, name=name)
            cell_id = f"strategy_{slug}_{z}"
            expr = formulas[z].subs(chosen)
            chosen[z] = build.add(cell_id, expr, build.unit(z), label, kind="strategy", guard=guard)
        loss = derivation.model.loss.subs(formulas if target else chosen, simultaneous=True)
        label = Message("cell.strategy_loss", {"name": name})
        reached = build.add(f"strategy_{slug}_L", loss, "nats/token", label, kind="strategy", guard=guard)
        label = Message("cell.strategy_efficiency", {"name": name})
        ratio = best / (loss if target else reached)
        build.add(f"strategy_{slug}_efficiency", ratio, "1", label, kind="strategy", guard=guard)
    return tuple(build.cells)


def _fix_choice(derivation: Derivation, kind: str, fixed: sp.Symbol, spent: sp.Symbol) -> dict[sp.Symbol, sp.Expr]:
    """Both decisions, over the budget and the value that a strategy fixes."""
    from flopsheet.derive.algebra import isolate

    model, on_budget = derivation.model, derivation.interior.on_budget
    roles = {model.decision(z).role: z for z in model.decisions}
    parameters, tokens = roles["parameters"], roles["tokens"]
    if kind == "tokens_per_parameter":
        found = isolate(model.cost.subs(tokens, fixed * parameters), model.amount, parameters)
        if found is None:
            raise ValueError(kind)
        size = found.value.subs(model.amount, spent)
        return {parameters: size, tokens: fixed * size}
    chosen = parameters if kind == "parameters" else tokens
    other = tokens if kind == "parameters" else parameters
    left = on_budget[other].subs({model.amount: spent, chosen: fixed}, simultaneous=True)
    return {chosen: fixed, other: left}
