"""The proof ledger of a plan under terms: what holds by algebra here, what holds at the plan's numbers beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import sympy as sp

from flopsheet.derive.cell_builder import CellBuilder
from flopsheet.derive.constrained.ledger_numbers import PlanNumbers, prove_numbers
from flopsheet.derive.constrained.limits import bound_of
from flopsheet.derive.constrained.stretches import Path, Stretch, add_path, worth
from flopsheet.derive.derivation import Derivation
from flopsheet.derive.proof import Proof
from flopsheet.derive.proving import Prover, combine_proofs
from flopsheet.model.terms import Terms

_MORE = sp.Symbol("x", positive=True)
_AMOUNT = sp.Symbol("amount of the limit", positive=True)
_QUALITY, _DECAY, _LEVEL = sp.symbols("q R mu", positive=True)


def prove_terms(derivation: Derivation, terms: Terms, scenarios: Sequence[PlanNumbers]) -> tuple[Proof, ...]:
    """The proofs of a plan whose terms reach into the optimum.

    Args:
        derivation: What was derived from its law; the statements about the law itself stand there.
        terms: Data, hardware, inference and limits.
        scenarios: The cells and numbers of every scenario that has a plan.
    """
    model = derivation.model
    roles = {model.decision(z).role: z for z in model.decisions}
    size, tokens = roles["parameters"], roles["tokens"]
    prover = replace(derivation.prover, always=())
    proofs = list(_prove_limits(derivation, terms, prover, size, tokens))
    path = add_path(CellBuilder(derivation, model.amount), terms.supply, tokens)
    if path is not None:
        levels = terms.supply is not None and not terms.supply.endless and path.stretches[0].inverse is not None
        proofs.append(_prove_marginal(path, prover, tokens))
        if levels:
            proofs += [_prove_water(prover), _prove_concave(prover)]
    return (*proofs, *prove_numbers(scenarios, path, size, tokens))


def _prove_limits(
    derivation: Derivation, terms: Terms, prover: Prover, size: sp.Symbol, tokens: sp.Symbol
) -> tuple[Proof, Proof]:
    """The size that a limit leaves spends it exactly, and falls along it by its trade."""
    spent, traded = [], []
    for spending in terms.account.spendings.values():
        bound = bound_of(derivation.model, spending, _AMOUNT, size, tokens)
        spent.append(prover.prove_equal("spent", spending.spent.subs(size, bound.size), _AMOUNT))
        falls = sp.cancel(-tokens * sp.diff(sp.log(bound.size), tokens))
        traded.append(prover.prove_equal("trade", falls, bound.trade.subs(size, bound.size)))
    names = ", ".join(terms.account.spendings)
    statement = f"budget identity: the size that a limit leaves at given tokens spends it exactly ({names})"
    trade = f"stationarity: along a limit {size} falls by its trade, -d ln {size}/d ln {tokens} ({names})"
    return combine_proofs(statement, spent), combine_proofs(trade, traded)


def _prove_marginal(path: Path, prover: Prover, tokens: sp.Symbol) -> Proof:
    """Along every stretch the derivative of the effective tokens is the water level."""
    parts = []
    for stretch in path.stretches:
        for put in _sides(stretch, tokens):
            moved = _MORE if put else tokens
            slope = sp.diff(stretch.effective.subs(put), moved)
            # Backwards the distance grows as the tokens fall.
            slope = slope if not put or put[tokens].coeff(_MORE) > 0 else -slope
            parts.append(prover.prove_equal("slope", sp.simplify(slope), sp.simplify(stretch.marginal.subs(put))))
    statement = (
        f"stationarity: along each of {len(path.stretches)} stretches of the data "
        f"d D_effective/d {tokens} is the water level mu"
    )
    return combine_proofs(statement, parts)


def _sides(stretch: Stretch, tokens: sp.Symbol) -> list[Mapping[sp.Symbol, sp.Expr]]:
    """The tokens before and after the rest of a stretch, as its end and a distance from it; as they are without."""
    if stretch.rest is None:
        return [{}]
    return [{tokens: stretch.rest - _MORE}, {tokens: stretch.rest + _MORE}]


def _prove_water(prover: Prover) -> Proof:
    """At the epochs of a level the next token of a tier is worth that level (water-filling)."""
    slope = _QUALITY * sp.diff(worth(1 + _MORE, _DECAY), _MORE)
    at_level = slope.subs(_MORE, _DECAY * sp.log(_QUALITY / _LEVEL))
    return prover.prove_equal(
        "stationarity: at 1 + R ln(q/mu) epochs the next token of every tier in use is worth the water level mu",
        sp.simplify(at_level),
        _LEVEL,
    )


def _prove_concave(prover: Prover) -> Proof:
    """The worth of epochs is concave, so that the stationary spread of given tokens over the tiers is the best."""
    bend = -sp.diff(worth(1 + _MORE, _DECAY), _MORE, 2)
    falls = [
        prover.prove_positive("bends down beyond the first epoch", bend),
        prover.prove_equal("does not bend before", sp.diff(worth(1 / (1 + _MORE), _DECAY), _MORE),
                           sp.diff(1 / (1 + _MORE), _MORE)),
        prover.prove_equal("no step between", sp.diff(worth(1 + _MORE, _DECAY), _MORE).subs(_MORE, 0), sp.S.One),
    ]  # fmt: skip
    statement = (
        "second order: effective tokens are concave in the epochs of every tier, so given tokens have one best spread"
    )
    return combine_proofs(statement, falls)
