"""Claims: formulas somebody states about the optimum, proven or refuted with a counterexample."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import sympy as sp

from flopsheet.derive.algebra import product_form
from flopsheet.derive.derivation import Derivation
from flopsheet.derive.proof import Equation, Method, Proof, Verdict
from flopsheet.derive.proving import Prover, combine_proofs
from flopsheet.derive.regimes import Regime, find_caps
from flopsheet.derive.sample import DIGITS, evaluate_at
from flopsheet.errors import FlopsheetError, Problem, did_you_mean
from flopsheet.formula.parse import parse_formula
from flopsheet.model.cell import make_symbol
from flopsheet.model.literals import list_fractions, put_names
from flopsheet.plan.plan import Claim


@dataclass(frozen=True)
class Allocation:
    """A choice of both decisions at a scenario's numbers: what it spends of the budget, and its loss."""

    decisions: Mapping[str, float]
    share_spent: float
    loss: float


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


@dataclass(frozen=True)
class ClaimGround:
    """What a claim is held against: results as formulas over the law's symbols, and a scenario's numbers.

    `numbers` maps the budget symbol, constants and caps to the scenario's values.
    """

    derivation: Derivation
    optimum: Mapping[sp.Symbol, sp.Expr]
    numbers: Mapping[sp.Symbol, float]
    aliases: Mapping[str, sp.Expr]

    @property
    def results(self) -> dict[str, sp.Expr]:
        """Each result by name, over the budget, constants and caps."""
        model = self.derivation.model
        cost = model.cost.subs(self.optimum, simultaneous=True)
        found = {f"{z}_opt": self.optimum[z] for z in model.decisions}
        found["L_opt"] = model.loss.subs(self.optimum, simultaneous=True)
        found |= {"C_train": cost, "C_total": cost}
        roles = {model.decision(z).role: z for z in model.decisions}
        if {"parameters", "tokens"} <= roles.keys():
            ratio = self.optimum[roles["tokens"]] / self.optimum[roles["parameters"]]
            found["tokens_per_parameter"] = product_form(ratio)
        return found


def build_ground(derivation: Derivation, regime: Regime | None, numbers: Mapping[sp.Symbol, float]) -> ClaimGround:
    """The ground for claims: the optimum under the budget alone, or in the regime of a scenario."""
    model = derivation.model
    optimum = dict(regime.optimum if regime else derivation.interior.free)
    caps = {cap.symbol.name: cap.symbol for cap in find_caps(model).values()}
    aliases: dict[str, sp.Expr] = {model.amount.name: model.amount, "budget_compute": model.amount, **caps}
    return ClaimGround(derivation, optimum, numbers, {**aliases, **model.constants})


def check_claims(claims: Sequence[Claim], derivation: Derivation) -> None:
    """Refuse claims about results that do not exist, or whose formulas do not parse, all at once."""
    ground = build_ground(derivation, None, {})
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
    prover = Prover({**usual.around, **ground.numbers}, {**usual.exact, **exact})
    proofs = {
        name: prover.prove_equal(f"{name} is as stated", expr, results[name]) for name, (expr, _) in plain.items()
    }
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
        identities.append(("budget", spent, _number(spent, ground)))
    identities.append(("stationarity", balance, _number(balance, ground)))
    return tuple(identities), _allocate(allocation, ground), _allocate(ground.optimum, ground)


def _allocate(allocation: Mapping[sp.Symbol, sp.Expr], ground: ClaimGround) -> Allocation:
    """An allocation at the scenario's numbers."""
    model = ground.derivation.model
    share = model.cost.subs(allocation, simultaneous=True) / model.amount
    loss = model.loss.subs(allocation, simultaneous=True)
    decisions = {z.name: _number(expr, ground) for z, expr in allocation.items()}
    return Allocation(decisions, _number(share, ground), _number(loss, ground))


def _number(expr: sp.Expr, ground: ClaimGround) -> float:
    """The value of an expression at the scenario's numbers; nan where it has none."""
    value = evaluate_at(expr, {symbol: sp.Float(repr(v), DIGITS) for symbol, v in ground.numbers.items()})
    return float("nan") if value is None else float(value)


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
    amount = f"{model.amount} = {_number(model.amount, ground):.6g}"
    parts = []
    for name in wrong:
        ours, theirs = _number(ground.results[name], ground), _number(stated[name], ground)
        parts.append(f"{name} is {ours:.6g}, the formula gives {theirs:.6g}")
    text = f"At {amount} {' and '.join(parts)}."
    spent = next((entry for entry in identities if entry[0] == "budget"), None)
    if spent is not None and abs(spent[2] - 1) > 1e-9:  # noqa: PLR2004 - beyond rounding
        where = "at every budget" if model.amount not in spent[1].free_symbols else "there"
        text += f" The identity cost / {model.amount} = 1 fails: it is {spent[2]:.9g} {where}."
    balance = next((entry for entry in identities if entry[0] == "stationarity"), None)
    if balance is not None and abs(balance[2] - 1) > 1e-9:  # noqa: PLR2004 - beyond rounding
        text += f" Stationarity fails too: the two sides are in the ratio {balance[2]:.6g}."
    if claimed is not None and best is not None:
        text += f" The loss it reaches is {claimed.loss:.6g}, the optimum's is {best.loss:.6g}."
    return text


def _why(name: str, proof: Proof) -> str:
    """How one stated formula was decided."""
    if proof.verdict == "proven":
        return f"{name} equals the derived formula identically"
    return f"{name}: {proof.detail}"
