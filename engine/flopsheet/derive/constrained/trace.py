"""What is minimised, over the tokens seen: the curve on which a plan under terms is the lowest point."""

from __future__ import annotations

from collections.abc import Sequence

import sympy as sp

from flopsheet.derive.cell_builder import CellBuilder
from flopsheet.derive.constrained.excess import add_excess
from flopsheet.derive.constrained.limits import find_bounds, least
from flopsheet.derive.constrained.stretches import add_path
from flopsheet.derive.constrained.target_search import at_loss
from flopsheet.derive.derivation import Derivation
from flopsheet.derive.regimes import find_caps
from flopsheet.formula.root import put_in
from flopsheet.messages import Message
from flopsheet.model.cell import Cell, make_symbol
from flopsheet.model.terms import Terms

TOKENS = "tokens_along"
"""The input of the curve."""
SIZE, REACHED = "size_along", "objective_along"
"""The size there, and the loss or the amount that is minimised."""


def build_trace(derivation: Derivation, terms: Terms, *, minimises_loss: bool) -> tuple[Cell, ...]:
    """The cells of the curve; all others that they read are those of the plan."""
    goal = make_symbol("budget_compute" if minimises_loss else "target_loss")
    build, model = CellBuilder(derivation, goal), derivation.model
    roles = {model.decision(z).role: z for z in model.decisions}
    size, tokens = roles["parameters"], roles["tokens"]
    path = add_path(build, terms.supply, tokens)
    excess = add_excess(build, terms.supply, size, tokens)
    unit = build.unit(tokens)
    seen = Cell(TOKENS, "input", unit, Message("cell.opt", {"what": tokens.name}))
    effective: sp.Expr = seen.symbol
    factor: sp.Expr = sp.S.One
    if path is not None:
        pairs = [(s.effective, sp.And(s.low <= tokens, s.high >= tokens)) for s in path.stretches]
        effective = sp.Piecewise(*pairs[:-1], (pairs[-1][0], True)).subs(tokens, seen.symbol)
        factor = path.stretches[0].factor.subs(tokens, seen.symbol)
    if minimises_loss:
        most = {"parameters": find_caps(model)[size].symbol, **terms.account.most_parameters}
        bounds = find_bounds(model, terms.account, most, size, tokens)
        left = least({bound.name: bound.size.subs(tokens, seen.symbol) for bound in bounds})
    else:
        left = at_loss(build, size, {tokens: effective}, goal)
    cells: list[Cell] = [seen]
    chosen = Cell(SIZE, "formula", build.unit(size), Message("cell.opt", {"what": size.name}), left)
    cells.append(chosen)
    if minimises_loss:
        worth = chosen.symbol if excess is None else excess.effective.subs(size, chosen.symbol)
        reached = factor * put_in(model.loss, {size: worth, tokens: effective})
    else:
        spent = terms.account.spendings[terms.account.goal].spent
        reached = put_in(spent, {size: chosen.symbol, tokens: seen.symbol})
    cells.append(Cell(REACHED, "formula", "1", Message("cell.opt", {"what": tokens.name}), reached))
    return tuple(cells)


def list_breaks(derivation: Derivation, terms: Terms) -> Sequence[str]:
    """The cells of the tokens at which a tier enters or is full."""
    model = derivation.model
    build = CellBuilder(derivation, model.amount)
    tokens = next(z for z in model.decisions if model.decision(z).role == "tokens")
    path = add_path(build, terms.supply, tokens)
    return [] if path is None else [str(s.low) for s in path.stretches if s.low.is_Symbol]
