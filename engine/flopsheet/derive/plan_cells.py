"""The plan as cells: the derived formulas put together so that every regime is one formula each.

With a budget or a target loss as the contour on which the plan must stay, each decision is
`min(cap, max(free optimum, what the contour leaves at the other decision's cap))`: in whatever regime,
that is its optimum, because along the contour the loss (or cost) falls up to the free optimum and
rises beyond it (the second order statement of the ledger).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import sympy as sp

from flopsheet.derive.algebra import simplest_condition
from flopsheet.derive.cell_builder import BUDGET_STATUS, C_FIXED, PLAN_STATUS, CellBuilder, name_of
from flopsheet.derive.contour import Contour
from flopsheet.derive.derivation import Derivation
from flopsheet.derive.price_cells import add_flags, add_prices
from flopsheet.derive.reach import find_floor, find_least_cost
from flopsheet.derive.root_cells import add_root_choice, add_root_optimum
from flopsheet.derive.third_cells import add_third_decisions
from flopsheet.errors import FlopsheetError, Problem
from flopsheet.formula.root import put_in
from flopsheet.messages import Message
from flopsheet.model.cell import Cell, CellKind, make_symbol
from flopsheet.model.inputs import BEYOND
from flopsheet.model.law_model import LawModel


def build_budget_cells(derivation: Derivation, caps: Collection[str] | None = None) -> tuple[Cell, ...]:
    """The cells of "minimize loss": the optimum of a budget under caps, its loss and shadow prices.

    Args:
        derivation: The law's derivation.
        caps: The keys of caps that may be set; all that the law's decisions can have when None.
    """
    budget = make_symbol("budget_compute")
    build = CellBuilder(derivation, budget, caps)
    budget, guard = _add_payable(build, budget)
    suffix: str = "opt" if guard is None else "planned"
    kind: CellKind = "result" if guard is None else "formula"
    add_third_decisions(build, budget, guard=guard)
    build.add_helpers()
    free = _add_free_optimum(build, budget)
    interior, model = derivation.interior, derivation.model
    if interior.budget is None:
        held = {z: interior.on_budget[z].subs(model.amount, budget) for z in model.decisions}
        chosen = _add_choice(build, free, held, suffix, kind=kind)
    else:
        chosen = add_root_choice(build, interior.budget, model.loss, {model.amount: budget}, suffix, kind=kind)
    spent = make_symbol("C_total")
    if guard is None:
        _add_outcome(build, chosen, guard=None)
    else:
        cost = model.cost.subs(chosen, simultaneous=True)
        spent = build.add("C_plan", cost, "FLOP", Message("cell.C_plan"))
        _add_decided(build, chosen, guard)
        _add_outcome(build, chosen, guard=guard)
    build.add("slack_compute", 1 - spent / budget, "1", Message("cell.slack_compute"), positive=False)
    flags = add_flags(build, chosen)
    slack = sp.prod(flags.values()) if len(flags) == len(chosen) else sp.S.Zero
    compute_slack = build.add("compute_is_slack", slack, "1", Message("cell.compute_is_slack"), positive=False)
    binds = build.add("binds_compute", 1 - compute_slack, "1", Message("cell.binds_compute"), positive=False)
    add_prices(build, chosen, flags, binds, guard="compute_is_slack")
    _add_outputs(build, chosen, spent, guard=guard)
    return tuple(build.cells)


def _add_payable(build: CellBuilder, budget: sp.Symbol) -> tuple[sp.Symbol, str | None]:
    """The budget, or one that pays for something where it does not cover what is spent whatever is chosen.

    Gives with it the cell that says which of the two it is, None where nothing is spent in any case.
    """
    fixed = find_least_cost(build.model)
    if fixed == 0:
        return budget, None
    spent = build.add(C_FIXED, fixed, "FLOP", Message("cell.C_fixed"), positive=bool(fixed.is_positive))
    paid = sp.Piecewise((0, spent < budget), (2, True))
    status = build.add(BUDGET_STATUS, paid, "1", Message("cell.budget_status"), positive=False)
    payable = sp.Piecewise((budget, sp.Eq(status, 0)), (2 * spent, True))
    return build.add("budget_in_reach", payable, "FLOP", Message("cell.budget_in_reach")), BUDGET_STATUS


def _add_decided(
    build: CellBuilder, chosen: Mapping[sp.Symbol, sp.Symbol], guard: str, *, infinite: bool = False
) -> None:
    """The decisions as results: where there is no plan they have no value, or an infinite one."""
    for z, planned in chosen.items():
        label = build.label("opt", z)
        build.add(f"{z}_opt", planned, build.unit(z), label, kind="result", guard=guard, infinite=infinite)


def build_target_cells(derivation: Derivation) -> tuple[Cell, ...]:
    """The cells of "minimize compute": the cheapest allocation that reaches a loss under caps."""
    target = make_symbol("target_loss", positive=not derivation.model.law.has_signed_loss)
    build = CellBuilder(derivation, target)
    model, interior = derivation.model, derivation.interior
    if interior.reaching is None:
        raise _no_inverse(model)
    add_third_decisions(build, target, guard=PLAN_STATUS)
    build.add_helpers()
    reachable = _add_reachability(build, target)
    if interior.target is None:
        chosen = _choose_for_target(build, target, reachable)
    else:
        chosen = _find_for_target(build, interior.target, target, reachable)
    cost = put_in(model.cost, chosen)
    spent = build.add("C_plan", cost, "FLOP", Message("cell.C_plan"))
    _add_free_optimum(build, spent, suffix="same_budget")
    _add_decided(build, chosen, PLAN_STATUS, infinite=True)
    _add_outcome(build, chosen, guard=PLAN_STATUS, reachable=reachable)
    flags = add_flags(build, chosen)
    add_prices(build, chosen, flags, sp.S.One, guard=PLAN_STATUS)
    _add_outputs(build, chosen, spent, guard=PLAN_STATUS)
    return tuple(build.cells)


def _choose_for_target(build: CellBuilder, target: sp.Symbol, reachable: sp.Expr) -> dict[sp.Symbol, sp.Symbol]:
    """The decisions that reach a loss, where they have a closed form."""
    model, interior = build.model, build.derivation.interior
    assert interior.reaching is not None  # noqa: S101 - asked for by the caller
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
    return _add_choice(build, free, held, "planned", kind="formula")


def _find_for_target(
    build: CellBuilder, contour: Contour, target: sp.Symbol, reachable: sp.Expr
) -> dict[sp.Symbol, sp.Symbol]:
    """The decisions that reach a loss, as roots; where no resources reach it they are those for a loss that is."""
    model, room = build.model, build.derivation.interior.reachable
    level = target
    if room is not None and reachable != 1:
        within = sp.Piecewise((target, sp.Eq(reachable, 1)), (1 + target - room.subs(model.level, target), True))
        level = build.add_loss("target_in_reach", within, Message("cell.target_in_reach"))
    return add_root_choice(build, contour, model.cost, {model.level: level}, "planned", kind="formula")


def _no_inverse(model: LawModel) -> FlopsheetError:
    """The refusal of a target loss under a law whose loss ties its decisions together beyond what can be solved."""
    x, y = model.decisions
    place = model.law.loss.place if model.law.loss else model.law.place
    message = (
        f"the loss of law `{model.law.name}` cannot be solved for `{x}` or `{y}` in a way that holds, "
        "so that no least compute for a target can be given"
    )
    return FlopsheetError(Problem(message, place, "loss", "Ask for the least loss of a budget instead."))


def _add_reachability(build: CellBuilder, target: sp.Symbol) -> sp.Expr:
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


def _add_free_optimum(build: CellBuilder, amount: sp.Symbol, suffix: str = "free") -> dict[sp.Symbol, sp.Symbol]:
    """The optimum where only the budget binds, its exponents and its loss."""
    model, derivation = build.model, build.derivation
    contour = derivation.interior.budget
    if contour is not None:
        return add_root_optimum(build, contour, amount, suffix)
    exponents = {}
    for z in model.decisions:
        expr = derivation.exponents[z]
        if expr.free_symbols and model.amount not in expr.free_symbols:
            exponents[expr] = build.add(f"exponent_{z}", expr, "1", build.label("exponent", z))
    free: dict[sp.Symbol, sp.Symbol] = {}
    for z in model.decisions:
        formula = derivation.interior.free[z].subs(exponents)
        rest = derivation.interior.on_budget[z]
        if free and not rest.has(sp.Add):
            # The budget leaves the second decision no choice; as a quotient that is exact to the last bit.
            formula = rest.subs(free)
        formula = formula.subs(model.amount, amount)
        free[z] = build.add(f"{z}_{suffix}", formula, build.unit(z), build.label(suffix, z))
    loss = put_in(model.loss, free)
    build.add_loss(f"L_{suffix}", loss, Message(f"cell.L_{suffix}"))
    return free


def _add_choice(
    build: CellBuilder,
    free: Mapping[sp.Symbol, sp.Symbol],
    held: Mapping[sp.Symbol, sp.Expr],
    suffix: str,
    *,
    kind: CellKind,
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


def _add_outputs(
    build: CellBuilder, chosen: Mapping[sp.Symbol, sp.Symbol], spent: sp.Symbol, *, guard: str | None
) -> None:
    """The further formulas of the law at the plan. Those it reads of each other come first."""
    model = build.model
    taken = {cell.id for cell in build.cells}
    put = {**chosen, model.amount: spent, model.level: build.loss_symbol("L_opt")}
    for output in model.outputs:
        if output.name in taken:
            continue  # what the law says of a result that every plan has
        expr = put_in(output.expr, put)
        build.add(output.name, expr, output.unit, Message("cell.law_output", {"label": output.label}),
                  kind="result", positive=False, guard=guard)  # fmt: skip


def _add_outcome(
    build: CellBuilder,
    chosen: Mapping[sp.Symbol, sp.Symbol],
    *,
    guard: str | None,
    reachable: sp.Expr = sp.S.One,
) -> None:
    """What the plan reaches and spends."""
    model, infinite = build.model, guard == PLAN_STATUS
    loss = put_in(model.loss, chosen)
    if reachable != 1:
        limit = find_floor(build.derivation)
        loss = sp.Piecewise((loss, sp.Eq(reachable, 1)), (limit, True))
    build.add_loss("L_opt", loss, Message("cell.L_opt"), kind="result", guard="beyond_caps" if infinite else guard)
    cost = make_symbol("C_plan") if guard else put_in(model.cost, chosen)
    total = _add_spent(build, chosen, cost, guard=guard)
    build.add("C_total", total, "FLOP", Message("cell.C_total"), kind="result", guard=guard, infinite=infinite)
    roles = {model.decision(z).role: z for z in model.decisions}
    if {"parameters", "tokens"} <= roles.keys():
        ratio = chosen[roles["tokens"]] / chosen[roles["parameters"]]
        label = Message("cell.tokens_per_parameter")
        build.add("tokens_per_parameter", ratio, "token/parameter", label, kind="result", guard=guard)
    if model.law.has_signed_loss:
        return  # the ratio of two losses says nothing where zero is no loss
    best = make_symbol("L_same_budget" if infinite else "L_free")
    reached = put_in(model.loss, chosen) if guard else make_symbol("L_opt")
    build.add("efficiency", best / reached, "1", Message("cell.efficiency"), kind="result", guard=guard)


def _add_spent(
    build: CellBuilder, chosen: Mapping[sp.Symbol, sp.Symbol], cost: sp.Expr, *, guard: str | None
) -> sp.Expr:
    """What training takes and, where the law's cost covers inference, what that takes; returns the total.

    Training is what is spent with no token served.
    """
    model, infinite = build.model, guard == PLAN_STATUS
    unserved: dict[sp.Symbol, sp.Expr] = {
        given.symbol: sp.S.Zero for given in model.inputs.values() if given.key.startswith("inference.")
    }
    for symbol, expr in model.helpers.items():
        if expr.has(*unserved):
            unserved[symbol] = expr.subs(unserved)
    label = Message("cell.C_train")
    if not model.cost.has(*unserved):
        train = build.add("C_train", cost, "FLOP", label, kind="result", guard=guard, infinite=infinite)
        return cost if guard else train
    alone = model.cost.subs(unserved)
    parts = (("C_train", alone), ("C_inference", model.cost - alone))
    spent = [
        build.add(name, put_in(part, chosen), "FLOP", Message(f"cell.{name}"), kind="result",
                  guard=guard, infinite=infinite)
        for name, part in parts
    ]  # fmt: skip
    return cost if guard else sp.Add(*spent)
