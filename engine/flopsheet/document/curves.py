"""A law as curves: the loss along a budget, the compute along a loss, and the optimum of each.

The formulas are those of the derivation, compiled; nothing is stated here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import sympy as sp

from flopsheet.derive.algebra import simplest_condition
from flopsheet.derive.derivation import Derivation
from flopsheet.evaluate.compile import CompiledCells, FloatArray, compile_cells
from flopsheet.model.cell import Cell
from flopsheet.model.graph import build_graph
from flopsheet.model.law_model import LawModel

# No identifier of a law holds a blank, so this id is never taken.
_REACHABLE = "can be reached"


@dataclass(frozen=True)
class Curves:
    """Numpy functions of a law. x is its first decision, y the second."""

    model: LawModel
    along: CompiledCells
    across: CompiledCells
    best: CompiledCells
    cheapest: CompiledCells | None

    def loss_along_budget(self, constants: Mapping[str, float], amount: float, x: npt.ArrayLike) -> FloatArray:
        """The loss where the budget is spent and the first decision is x."""
        given = {**constants, self.model.amount.name: amount, self.model.decisions[0].name: x}
        return self.along.evaluate(given)[self.model.level.name]

    def compute_along_loss(self, constants: Mapping[str, float], level: float, x: npt.ArrayLike) -> FloatArray:
        """The compute at which the loss is reached with the first decision at x; nan where it is not."""
        given = {**constants, self.model.level.name: level, self.model.decisions[0].name: x}
        found = self.across.evaluate(given)
        return _where(found[_REACHABLE] > 0, found[self.model.amount.name])

    def optimum(
        self, constants: Mapping[str, float], amount: npt.ArrayLike
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Both decisions and the loss at the optimum of a budget without caps."""
        x, y = self.model.decisions
        found = self.best.evaluate({**constants, self.model.amount.name: amount})
        return found[x.name], found[y.name], found[self.model.level.name]

    def least_compute(self, constants: Mapping[str, float], level: npt.ArrayLike) -> FloatArray:
        """The least compute that reaches a loss without caps; infinite where none does.

        Nan for a law whose loss has no inverse.
        """
        if self.cheapest is None:
            return np.full(np.shape(level), np.nan)
        found = self.cheapest.evaluate({**constants, self.model.level.name: level})
        return np.where(found[_REACHABLE] > 0, found[self.model.amount.name], np.inf)


def compile_curves(derivation: Derivation) -> Curves:
    """The curves of a derived law."""
    model, interior = derivation.model, derivation.interior
    x, y = model.decisions
    held = interior.at_loss[y]
    room = simplest_condition(held.conditions)
    loss = {model.level: model.loss}
    return Curves(
        model=model,
        along=_compile(model, (x, model.amount), {y: interior.on_budget[y], **loss}, (model.level.name,)),
        across=_compile(model, (x, model.level), {y: held.value, model.amount: model.cost}, (model.amount.name,), room),
        best=_compile(model, (model.amount,), {**interior.free, **loss}, (x.name, y.name, model.level.name)),
        cheapest=_compile(
            model,
            (model.level,),
            {**interior.reaching, model.amount: model.cost},
            (model.amount.name,),
            interior.reachable,
        )
        if interior.reaching is not None
        else None,
    )


def _compile(
    model: LawModel,
    given: Sequence[sp.Symbol],
    formulas: Mapping[sp.Symbol, sp.Expr],
    outputs: tuple[str, ...],
    condition: sp.Expr | None = None,
) -> CompiledCells:
    """Formulas over the given symbols and the law's constants; with `condition`, positive where they hold."""
    cells = [Cell(s.name, "input", "1", s.name, positive=bool(s.is_positive)) for s in (*model.parameters, *given)]
    cells += [Cell(symbol.name, "formula", "1", symbol.name, expr) for symbol, expr in formulas.items()]
    holds = sp.S.One if condition is None else condition
    cells.append(Cell(_REACHABLE, "formula", "1", _REACHABLE, holds, positive=False))
    return compile_cells(build_graph(cells), (*outputs, _REACHABLE))


def _where(holds: npt.NDArray[np.bool_], values: FloatArray) -> FloatArray:
    """The values where something holds, nan elsewhere."""
    return np.where(holds, values, np.nan)
