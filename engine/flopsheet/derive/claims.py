"""Claims: formulas somebody states about the optimum, proven or refuted with a counterexample."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import sympy as sp

from flopsheet.derive.algebra import product_form
from flopsheet.derive.claim_ground import Allocation, ClaimGround, allocate, build_ground, number
from flopsheet.derive.claim_proofs import AT_CONSTANTS, ClaimProver
from flopsheet.derive.derivation import Derivation
from flopsheet.derive.proof import Equation, Method, Proof, Verdict
from flopsheet.derive.proving import Prover, combine_proofs
from flopsheet.derive.sample import DIGITS, relative_gaps
from flopsheet.errors import FlopsheetError, Problem, did_you_mean
from flopsheet.formula.parse import parse_formula
from flopsheet.model.cell import make_symbol
from flopsheet.model.literals import list_fractions, put_names
from flopsheet.plan.plan import Claim


@dataclass(frozen=True)
class ClaimVerdict:
    """What became of a claim.

    `identities` are what the claimed allocation does to the conditions an optimum satisfies, with the
    value at the scenario's numbers (1 where the condition holds); `claimed` and `best` are the
    counterexample; `right` the derived formulas beside the stated ones.
    """

    claim: Claim
    verdict: Verdict
    method: Method
    reason: str
    stated: tuple[Equation, ...]
    right: tuple[Equation, ...]
    identities: tuple[tuple[str, sp.Expr, float], ...] = ()
    claimed: Allocation | None = None
    best: Allocation | None = None
    numbers: Mapping[str, float] = field(default_factory=dict)

    @property
    def as_expected(self) -> bool:
        """Whether nothing is wrong: not refuted, unless the plan expects it; and proven where it expects that."""
        if self.claim.expected == "refuted":
            return self.verdict == "refuted"
        return self.verdict != "refuted"


def check_claims(claims: Sequence[Claim], derivation: Derivation, *, has_target: bool = False) -> None:
    """Refuse claims about results that do not exist, or whose formulas do not parse, all at once."""
    ground = build_ground(derivation, None, {}, has_target=has_target)
    problems: list[Problem] = []
    for claim in claims:
        try:
            _parse_claim(claim, ground)
        except FlopsheetError as error:
            problems.extend(error.problems)
    if problems:
        raise FlopsheetError(*problems)


def judge_claim(claim: Claim, ground: ClaimGround) -> ClaimVerdict:
    """The verdict on a claim, with its reason.

    Raises:
        FlopsheetError: the claim names a result that does not exist, or its formula does not parse.
    """
    stated = _parse_claim(claim, ground)
    results = ground.results
    usual = ground.derivation.prover
    plain = {name: _name_numbers(expr) for name, expr in stated.items()}
    exact = {symbol: number for _, named in plain.values() for symbol, number in named.items()}
    model = ground.derivation.model
    prover = ClaimProver(
        usual=Prover({**usual.around, **ground.numbers}, {**usual.exact, **exact}),
        constants=tuple(model.constants.values()),
        amount=model.amount,
        numbers=ground.numbers,
        when=ground.when,
        at_scenario=claim.scenario is not None,
    )
    proofs = {name: prover.decide(name, expr, results[name]) for name, (expr, _) in plain.items()}
    proofs |= _prove_over_loss(claim, ground, prover.usual, [n for n, p in proofs.items() if p.verdict == "checked"])
    verdict = combine_proofs(claim.name, list(proofs.values()))
    identities: tuple[tuple[str, sp.Expr, float], ...] = ()
    claimed = best = None
    if verdict.verdict == "refuted":
        identities, claimed, best = _counterexample(stated, ground)
    return ClaimVerdict(
        claim=claim,
        verdict=verdict.verdict,
        method=verdict.method,
        reason=_reason(proofs, stated, ground, claimed, best, identities),
        stated=tuple(Equation(make_symbol(name), expr) for name, expr in stated.items()),
        right=tuple(Equation(make_symbol(name), results[name]) for name in stated),
        identities=identities,
        claimed=claimed,
        best=best,
        numbers={symbol.name: value for symbol, value in ground.numbers.items()},
    )


def _prove_over_loss(claim: Claim, ground: ClaimGround, prover: Prover, names: Sequence[str]) -> dict[str, Proof]:
    """Proofs, of those formulas where it goes, with everything written over the target loss instead of the budget."""
    model, interior = ground.derivation.model, ground.derivation.interior
    if not names or claim.scenario is not None or "target_loss" not in ground.aliases or interior.reaching is None:
        return {}
    cost = model.cost.subs(interior.reaching, simultaneous=True)
    aliases = {**ground.aliases, model.amount.name: cost, "budget_compute": cost, "target_loss": model.level}
    over = replace(ground, optimum=interior.reaching, aliases=aliases)
    stated, where = _parse_claim(claim, over), () if interior.reachable is None else (interior.reachable,)
    proofs = {}
    for name in names:
        expr = _name_numbers(stated[name])[0]
        proofs[name] = prover.prove_equal(f"{name} is as stated", expr, over.results[name], where=where)
    return {name: proof for name, proof in proofs.items() if proof.verdict == "proven"}


def _parse_claim(claim: Claim, ground: ClaimGround) -> dict[str, sp.Expr]:
    """The stated formulas over the law's symbols; results named in them are put in as derived."""
    results = ground.results
    visible = {**results, **ground.aliases}
    problems: list[Problem] = []
    stated: dict[str, sp.Expr] = {}
    for name, text in claim.says.items():
        subject = f"claims.{claim.name}.says.{name}"
        if name not in results:
            problems.append(Problem(f"unknown result `{name}`.", text.place, subject, did_you_mean(name, results)))
            continue
        try:
            expr = parse_formula(text, visible, subject=subject)
            stated[name] = put_names(expr, ground.derivation.model.literals)
        except FlopsheetError as error:
            problems.extend(error.problems)
    if problems:
        raise FlopsheetError(*problems)
    return stated


def _name_numbers(expr: sp.Expr) -> tuple[sp.Expr, Mapping[sp.Symbol, sp.Rational]]:
    """A formula with symbols for its fractions, which algebra cannot take to powers of other fractions in time."""
    named = {number: make_symbol(f"fraction {number}") for number in list_fractions([expr])}
    return put_names(expr, named), {symbol: number for number, symbol in named.items()}


def _counterexample(
    stated: Mapping[str, sp.Expr], ground: ClaimGround
) -> tuple[tuple[tuple[str, sp.Expr, float], ...], Allocation | None, Allocation | None]:
    """What the stated allocation does to the optimum's conditions and to the loss, at the scenario's numbers."""
    model, interior = ground.derivation.model, ground.derivation.interior
    names = {z: f"{z}_opt" for z in model.decisions}
    given = {z: stated[name] for z, name in names.items() if name in stated}
    if not given:
        return (), None, None
    allocation = dict(given)
    for z in model.decisions:
        if z not in allocation:
            other = next(iter(given))
            allocation[z] = interior.on_budget[z].subs(other, given[other])
    spent = product_form(model.cost.subs(allocation, simultaneous=True) / model.amount)
    x, y = model.decisions
    worth = {z: (interior.gains[z] / interior.shares[z]).subs(allocation, simultaneous=True) for z in (x, y)}
    balance = product_form(worth[x] / worth[y])
    identities = []
    if len(given) == len(names):
        identities.append(("budget", spent, number(spent, ground)))
    identities.append(("stationarity", balance, number(balance, ground)))
    return tuple(identities), allocate(allocation, ground), allocate(ground.optimum, ground)


def _reason(
    proofs: Mapping[str, Proof],
    stated: Mapping[str, sp.Expr],
    ground: ClaimGround,
    claimed: Allocation | None,
    best: Allocation | None,
    identities: tuple[tuple[str, sp.Expr, float], ...],
) -> str:
    """The verdict in one English sentence or two, with figures."""
    wrong = [name for name, proof in proofs.items() if proof.verdict == "refuted"]
    if not wrong:
        return "; ".join(_why(name, proof) for name, proof in proofs.items()) + "."
    model = ground.derivation.model
    apart, close = [], []
    for name in wrong:
        ours, theirs = f"{number(ground.results[name], ground):.6g}", f"{number(stated[name], ground):.6g}"
        if ours == theirs:
            close.append(_closeness(name, proofs[name], stated[name], ground))
        else:
            apart.append(f"{name} is {ours}, the formula gives {theirs}")
    amount = f"{model.amount} = {number(model.amount, ground):.6g}"
    text = " ".join(([f"At {amount} {' and '.join(apart)}."] if apart else []) + close)
    spent = next((entry for entry in identities if entry[0] == "budget"), None)
    if spent is not None and abs(spent[2] - 1) > 1e-9:  # noqa: PLR2004 - beyond rounding
        where = "at every budget" if model.amount not in spent[1].free_symbols else "there"
        text += f" The identity cost / {model.amount} = 1 fails: it is {spent[2]:.9g} {where}."
    balance = next((entry for entry in identities if entry[0] == "stationarity"), None)
    if balance is not None and abs(balance[2] - 1) > 1e-9:  # noqa: PLR2004 - beyond rounding
        text += f" Stationarity fails too: the two sides are in the ratio {balance[2]:.6g}."
    if claimed is not None and best is not None and math.isfinite(claimed.loss):
        text += f" The loss it reaches is {claimed.loss:.6g}, the optimum's is {best.loss:.6g}."
    return text


def _closeness(name: str, proof: Proof, stated: sp.Expr, ground: ClaimGround) -> str:
    """How a wrong formula differs whose value looks right: by how little there, or where else it fails."""
    point = {symbol: sp.Float(repr(v), DIGITS) for symbol, v in ground.numbers.items()}
    gap = max((gap for _, gap in relative_gaps(stated, ground.results[name], [point])), default=0.0)
    if gap > 0:
        amount = ground.derivation.model.amount
        return f"At {amount} = {number(amount, ground):.6g} the formula gives {name} only to {gap:.3g} of it."
    return f"For {name} {proof.detail}."


def _why(name: str, proof: Proof) -> str:
    """How one stated formula was decided."""
    if proof.verdict == "proven":
        return f"{name} equals the derived formula {'identically' if not proof.detail else AT_CONSTANTS}"
    return f"{name}: {proof.detail}"
