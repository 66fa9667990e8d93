"""Excess parameters: what a size beyond the best one for a single pass over the data is worth."""

from __future__ import annotations

from dataclasses import dataclass

import sympy as sp

from flopsheet.derive.algebra import isolate
from flopsheet.derive.cell_builder import CellBuilder
from flopsheet.errors import FlopsheetError, Problem
from flopsheet.formula.root import slope_of
from flopsheet.messages import Message
from flopsheet.model.cell import make_symbol
from flopsheet.model.supply import EXCESS, Supply

_UNIQUE = make_symbol("unique tokens wanted")


@dataclass(frozen=True)
class Excess:
    """Effective parameters over the parameters, and by how many per cent they grow with them."""

    effective: sp.Expr
    elasticity: sp.Expr


def add_excess(build: CellBuilder, supply: Supply | None, size: sp.Symbol, tokens: sp.Symbol) -> Excess | None:
    """The cell of the best size for one pass (U_N of Muennighoff et al. 2023), and what a size beyond it is worth.

    Raises:
        FlopsheetError: the law gives no best size for an amount of tokens in closed form.
    """
    if supply is None or supply.effective_parameters is None:
        return None
    model, path = build.model, build.derivation.interior.path
    x, y = model.decisions
    best = None
    if path is not None:
        best = path.subs(x, _UNIQUE) if size == y else getattr(isolate(path, _UNIQUE, x), "value", None)
    if best is None:
        message = (
            f"the best size of law `{model.law.name}` for one pass over the data has no closed form, which the "
            f"repetition `{supply.repetition.name}` needs"
        )
        raise FlopsheetError(Problem(message, model.law.place, "data.repetition", "Use `exponential`."))
    best = best.subs(_UNIQUE, supply.tiers[0].unique)
    symbol = build.add("size_one_pass", best, build.unit(size), Message("cell.size_one_pass"))
    whole = supply.effective_parameters
    slope = EXCESS * slope_of(whole, EXCESS) / whole
    put = {EXCESS: size / symbol}
    del tokens
    return Excess(symbol * whole.subs(put), slope.subs(put))
