"""Strategies as cells: fixed choices held against the optimum at the same budget."""

from __future__ import annotations

from collections.abc import Sequence

import sympy as sp

from flopsheet.derive.algebra import isolate
from flopsheet.derive.cell_builder import BUDGET_STATUS, PLAN_STATUS, CellBuilder
from flopsheet.derive.derivation import Derivation
from flopsheet.derive.reach import find_least_cost
from flopsheet.errors import FlopsheetError, Problem, did_you_mean
from flopsheet.messages import Message
from flopsheet.model.cell import Cell, make_symbol
from flopsheet.plan.plan import Strategy

UNPAID = "unpaid_strategy_"
"""What the ids of cells begin with that are 0 where the compute pays for a strategy; then follows its slug."""


def build_strategy_cells(
    derivation: Derivation, strategies: Sequence[tuple[str, str, str]], amount: str
) -> tuple[Cell, ...]:
    """Fixed choices at the same budget: decisions, loss and efficiency of each.

    A strategy has no value where what it fixes costs all of the budget, as where inference alone does.

    Args:
        derivation: The law's derivation.
        strategies: (slug, kind, name) of each strategy.
        amount: The id of the cell that holds the budget.

    Raises:
        FlopsheetError: the budget cannot be solved for a strategy's decisions.
    """
    spent = make_symbol(amount)
    build = CellBuilder(derivation, spent)
    target = amount != "budget_compute"
    unpaid = not target and find_least_cost(derivation.model) != 0
    status = PLAN_STATUS if target else BUDGET_STATUS if unpaid else None
    best = make_symbol("L_same_budget" if target else "L_free")
    for slug, kind, name in strategies:
        fixed = make_symbol(f"strategies_{slug}_{kind}")
        formulas = _fix_choice(derivation, kind, fixed, spent)
        guard = _add_status(build, (slug, kind, name), spent, status)
        chosen: dict[sp.Symbol, sp.Symbol] = {}
        for z in derivation.model.decisions:
            label = build.label("strategy_decision", z, name=name)
            cell_id = f"strategy_{slug}_{z}"
            expr = formulas[z].subs(chosen)
            chosen[z] = build.add(cell_id, expr, build.unit(z), label, kind="strategy", guard=guard)
        loss = derivation.model.loss.subs(formulas if target else chosen, simultaneous=True)
        label = Message("cell.strategy_loss", {"name": name})
        reached = build.add_loss(f"strategy_{slug}_L", loss, label, kind="strategy", guard=guard)
        if derivation.model.law.has_signed_loss:
            continue
        label = Message("cell.strategy_efficiency", {"name": name})
        ratio = best / (loss if target else reached)
        build.add(f"strategy_{slug}_efficiency", ratio, "1", label, kind="strategy", guard=guard)
    return tuple(build.cells)


def _add_status(build: CellBuilder, strategy: tuple[str, str, str], spent: sp.Symbol, status: str | None) -> str | None:
    """The cell that is 0 where a strategy has a value, with the cell of what it costs at least.

    Gives `status` where it has a value whenever there is a plan.
    """
    slug, kind, name = strategy
    model = build.model
    fixed = make_symbol(f"strategies_{slug}_{kind}")
    held = {z: fixed for z in model.decisions if model.decision(z).role == kind}
    cost = find_least_cost(model, held)
    if cost == 0:
        return status
    label = Message("cell.strategy_least", {"name": name})
    least = build.add(f"C_of_strategy_{slug}", cost, "FLOP", label, positive=bool(cost.is_positive))
    paid = sp.Piecewise((0, least < spent), (2, True))
    plan = sp.S.Zero if status is None else make_symbol(status, positive=False)
    label = Message("cell.strategy_status", {"name": name})
    build.add(f"{UNPAID}{slug}", paid + plan, "1", label, positive=False)
    return f"{UNPAID}{slug}"


def check_strategies(derivation: Derivation, strategies: Sequence[Strategy]) -> None:
    """Refuse splits of a budget that is no sum, or between decisions the law does not have, all at once."""
    model = derivation.model
    names = [z.name for z in model.decisions]
    problems = []
    for strategy in (each for each in strategies if each.kind == "shares"):
        subject = f"strategies.{strategy.name}.shares"
        unknown = [name for name in strategy.shares if name not in names]
        if unknown:
            message = f"law `{model.law.name}` has no decision `{unknown[0]}`."
            problems.append(Problem(message, strategy.place, subject, did_you_mean(unknown[0], names)))
        elif _terms_of_sum(derivation) is None:
            message = f"the cost of law `{model.law.name}` is not a sum, so its budget has no shares."
            problems.append(Problem(message, strategy.place, subject))
    if problems:
        raise FlopsheetError(*problems)


def _terms_of_sum(derivation: Derivation) -> dict[sp.Symbol, sp.Expr] | None:
    """What each decision adds to the cost, or None where the cost is not such a sum."""
    model = derivation.model
    terms = {z: sp.Add(*(t for t in sp.Add.make_args(model.cost) if t.has(z))) for z in model.decisions}
    x, y = model.decisions
    whole = sp.expand(sum(terms.values()) - model.cost) == 0
    return terms if whole and not terms[x].has(y) and not terms[y].has(x) else None


def _split_budget(derivation: Derivation, share: sp.Symbol, spent: sp.Symbol) -> dict[sp.Symbol, sp.Expr]:
    """Both decisions where the first takes a share of a budget that is a sum, and the second the rest."""
    terms = _terms_of_sum(derivation)
    model = derivation.model
    if terms is None:
        raise ValueError(model.law.name)
    chosen = {}
    for z, part in zip(model.decisions, (share, 1 - share), strict=True):
        found = isolate(terms[z], model.amount, z)
        if found is None:
            raise ValueError(z.name)
        chosen[z] = found.value.subs(model.amount, part * spent)
    return chosen


def _fix_choice(derivation: Derivation, kind: str, fixed: sp.Symbol, spent: sp.Symbol) -> dict[sp.Symbol, sp.Expr]:
    """Both decisions, over the budget and the value that a strategy fixes."""
    model, on_budget = derivation.model, derivation.interior.on_budget
    if kind == "shares":
        return _split_budget(derivation, fixed, spent)
    roles = {model.decision(z).role: z for z in model.decisions}
    parameters, tokens = roles["parameters"], roles["tokens"]
    if kind == "tokens_per_parameter":
        found = isolate(model.cost.subs(tokens, fixed * parameters), model.amount, parameters)
        if found is None:
            place = model.law.cost.place if model.law.cost else model.law.place
            message = (
                f"law `{model.law.name}` has a cost that cannot be solved for a size at fixed tokens per parameter"
            )
            raise FlopsheetError(Problem(message, place, "cost"))
        size = found.value.subs(model.amount, spent)
        return {parameters: size, tokens: fixed * size}
    chosen = parameters if kind == "parameters" else tokens
    other = tokens if kind == "parameters" else parameters
    left = on_budget[other].subs({model.amount: spent, chosen: fixed}, simultaneous=True)
    return {chosen: fixed, other: left}
