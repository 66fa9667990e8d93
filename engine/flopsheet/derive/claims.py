"""Claims: formulas somebody states about the optimum, proven or refuted with a counterexample."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import sympy as sp

from flopsheet.derive.algebra import product_form
from flopsheet.derive.claim_ground import Allocation, ClaimGround, allocate, build_ground, number
from flopsheet.derive.claim_proofs import ClaimProver
from flopsheet.derive.derivation import Derivation
from flopsheet.derive.proof import Equation, Method, Proof, Verdict
from flopsheet.derive.proving import Prover, combine_proofs
from flopsheet.derive.sample import DIGITS, relative_gaps
from flopsheet.errors import FlopsheetError, Problem, did_you_mean
from flopsheet.formula.parse import parse_formula
from flopsheet.messages import Message, render_message
from flopsheet.model.cell import make_symbol
from flopsheet.model.literals import list_fractions, put_names
from flopsheet.plan.plan import Claim


@dataclass(frozen=True)
class ClaimVerdict:
    """What became of a claim.

    `identities` are what the claimed allocation does to the conditions an optimum satisfies, with the
    value at the scenario's numbers (1 where the condition holds); `told` is the reason, sentence by
    sentence; `claimed` and `best` are the counterexample; `right` the derived formulas beside the stated ones.
    """

    claim: Claim
    verdict: Verdict
    method: Method
    told: tuple[Message, ...]
    stated: tuple[Equation, ...]
    right: tuple[Equation, ...]
    identities: tuple[tuple[str, sp.Expr, float], ...] = ()
    claimed: Allocation | None = None
    best: Allocation | None = None
    numbers: Mapping[str, float] = field(default_factory=dict)

    @property
    def reason(self) -> str:
        """The reason in English, as JSON has it."""
        return self.explain("en")

    def explain(self, language: str) -> str:
        """The reason in a language."""
        parts = [render_message(message, language) for message in self.told]
        if self.verdict == "refuted":
            return render_message(Message("document.sentence_gap"), language).join(parts)
        joined = render_message(Message("reason.also"), language).join(parts)
        return render_message(Message("reason.sentence", {"text": joined}), language)

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
        usual=Prover({**usual.around, **ground.numbers}, {**usual.exact, **exact}, given=usual.given),
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
        told=_tell(proofs, stated, ground, claimed, best, identities),
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


def _tell(
    proofs: Mapping[str, Proof],
    stated: Mapping[str, sp.Expr],
    ground: ClaimGround,
    claimed: Allocation | None,
    best: Allocation | None,
    identities: tuple[tuple[str, sp.Expr, float], ...],
) -> tuple[Message, ...]:
    """The reason of a verdict in a sentence or a few, with figures."""
    wrong = [name for name, proof in proofs.items() if proof.verdict == "refuted"]
    if not wrong:
        return tuple(_why(name, proof) for name, proof in proofs.items())
    model = ground.derivation.model
    apart: list[Message] = []
    close = []
    for name in wrong:
        ours, theirs = f"{number(ground.results[name], ground):.6g}", f"{number(stated[name], ground):.6g}"
        if ours == theirs:
            close.append(_closeness(name, proofs[name], stated[name], ground))
        else:
            apart.append(Message("reason.differs", {"name": name, "right": ours, "stated": theirs}))
    amount = model.amount.name
    told = []
    if apart:
        facts: Message = apart[0]
        for other in apart[1:]:
            facts = Message("reason.both", {"first": facts, "second": other})
        told.append(Message("reason.at", {"amount": amount, "value": number(model.amount, ground), "facts": facts}))
    told += close
    spent = next((entry for entry in identities if entry[0] == "budget"), None)
    if spent is not None and abs(spent[2] - 1) > 1e-9:  # noqa: PLR2004 - beyond rounding
        key = "reason.budget_always" if model.amount not in spent[1].free_symbols else "reason.budget_here"
        told.append(Message(key, {"amount": amount, "value": spent[2]}))
    balance = next((entry for entry in identities if entry[0] == "stationarity"), None)
    if balance is not None and abs(balance[2] - 1) > 1e-9:  # noqa: PLR2004 - beyond rounding
        told.append(Message("reason.stationarity", {"value": balance[2]}))
    if claimed is not None and best is not None and math.isfinite(claimed.loss):
        told.append(Message("reason.loss", {"claimed": claimed.loss, "best": best.loss}))
    return tuple(told)


def _closeness(name: str, proof: Proof, stated: sp.Expr, ground: ClaimGround) -> Message:
    """How a wrong formula differs whose value looks right: by how little there, or where else it fails."""
    point = {symbol: sp.Float(repr(v), DIGITS) for symbol, v in ground.numbers.items()}
    gap = max((gap for _, gap in relative_gaps(stated, ground.results[name], [point])), default=0.0)
    if gap > 0:
        amount = ground.derivation.model.amount
        args: dict[str, str | float] = {"amount": amount.name, "value": number(amount, ground), "name": name}
        return Message("reason.nearly", {**args, "gap": float(gap)})
    return Message("reason.elsewhere", {"name": name, "detail": proof.detail})


def _why(name: str, proof: Proof) -> Message:
    """How one stated formula was decided."""
    if proof.verdict == "proven":
        return Message("reason.identical" if not proof.detail else "reason.at_constants", {"name": name})
    return Message("reason.sampled", {"name": name, "detail": proof.detail})
