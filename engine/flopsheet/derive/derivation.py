"""The derivation of a law: everything later renderings read, and the ledger that vouches for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import sympy as sp

from flopsheet.derive.proof import Proof, Step
from flopsheet.derive.proving import Prover
from flopsheet.derive.regimes import Regime, derive_regimes
from flopsheet.derive.soundness import check_slopes, refuse_refuted
from flopsheet.derive.statements import check_statements, derive_exponents, elasticity_of
from flopsheet.derive.stationarity import Interior, derive_interior
from flopsheet.derive.steps import list_steps
from flopsheet.derive.usual_place import find_usual_values
from flopsheet.formula.root import put_in
from flopsheet.model.law_model import LawModel


@dataclass(frozen=True)
class Derivation:
    """What was derived for a law.

    `exponents` is d ln(decision)/d ln(budget); `prover` decides further statements about the law.
    """

    model: LawModel
    interior: Interior
    regimes: tuple[Regime, ...]
    exponents: Mapping[sp.Symbol, sp.Expr]
    steps: tuple[Step, ...]
    proofs: tuple[Proof, ...]
    prover: Prover

    @cached_property
    def elasticities(self) -> Mapping[tuple[sp.Symbol, sp.Symbol], sp.Expr]:
        """Exact d ln(output)/d ln(input) at the interior optimum, by (output, input).

        Outputs are the decisions and the loss (under its symbol), inputs the budget and every constant.
        """
        model, free = self.model, self.interior.free
        inputs = (model.amount, *model.constants.values())
        loss = model.loss
        if model.helpers:
            # What a constant does through a helper counts too; later helpers may read earlier ones.
            written = dict(reversed(list(model.helpers.items())))
            free = {z: put_in(expr, written) for z, expr in free.items()}
            loss = loss.subs(written)
        found = {(z, by): elasticity_of(free[z], by) for z in model.decisions for by in inputs}
        for by in inputs:
            # Directly, and through what each decision gains.
            through = sum(self.interior.gains[z] * found[z, by] for z in model.decisions)
            change = (by * sp.diff(loss, by) - through) / loss
            # With a root in it, sympy is slow to compare what it puts in; a plain exchange of symbols is not.
            found[model.level, by] = change.xreplace(dict(free)) if self.interior.budget else put_in(change, free)
        return found


def derive_law(model: LawModel) -> Derivation:
    """The optimal allocation of a law with its steps and proofs.

    Raises:
        FlopsheetError: the law has no optimum or none in closed form.
    """
    interior = derive_interior(model)
    around = find_usual_values(model, interior)
    check_slopes(model, interior, around)
    regimes = derive_regimes(model, interior)
    exponents = derive_exponents(model, interior)
    # Where a loss does not fall, as with exponents whose difference changes its sign, there is nothing to state.
    always = [expr for expr in (*interior.gains.values(), *interior.shares.values()) if not expr.is_positive]
    signs = tuple(always) if interior.budget is not None and not interior.kinked else ()
    prover = Prover(around, {symbol: number for number, symbol in model.literals.items()}, signs, model.helpers)
    proofs = check_statements(model, interior, regimes, prover, exponents)
    unsound = {"refuted", "undecided"} if interior.kinked else {"refuted"}
    solved = interior.budget is not None or interior.target is not None
    if solved and interior.reaching is not None and proofs[-1].verdict in unsound:
        # A loss that is not monotone has no inverse that holds; its least loss for a budget stands by itself.
        interior = replace(interior, reaching=None, inverse=None, reachable=None, target=None)
        proofs = check_statements(model, interior, regimes, prover, exponents)
    refuse_refuted(model, proofs)
    return Derivation(
        model=model,
        interior=interior,
        regimes=regimes,
        exponents=exponents,
        steps=list_steps(model, interior, regimes, exponents),
        proofs=proofs,
        prover=prover,
    )
