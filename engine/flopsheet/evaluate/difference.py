"""What changed from one solved plan to another: inputs, formulas, results, regimes, verdicts and findings."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flopsheet.derive.claims import ClaimVerdict
from flopsheet.errors import Place
from flopsheet.evaluate.answers import Amount, Answer
from flopsheet.evaluate.attribution import Attribution, is_close
from flopsheet.evaluate.compared import list_compared_amounts
from flopsheet.evaluate.expectations import ExpectationVerdict
from flopsheet.evaluate.findings import Finding
from flopsheet.evaluate.solution import Solution
from flopsheet.evaluate.stated_formulas import FormulaChange
from flopsheet.messages import Message
from flopsheet.plan.changes import InputChange, ScenarioPair, ScenarioPairs
from flopsheet.plan.plan import Expectation
from flopsheet.plan.units import dimension_of, exact_factor

_OF_ORDER_ONE = ("1", "nats/token")
_ROUNDING = 1e-12


@dataclass(frozen=True)
class Side:
    """One of the two plans. `prefix` stands before its files where they are those of a revision, such as `main:`."""

    solution: Solution
    prefix: str = ""

    @property
    def file(self) -> str:
        """The plan file as outputs show it."""
        return f"{self.prefix}{self.solution.plan.path}"

    def show(self, place: Place | None) -> tuple[str, int] | None:
        """The file and line of a place as outputs show them."""
        return None if place is None else (f"{self.prefix}{place.file}", place.line)


@dataclass(frozen=True)
class ResultChange:
    """A result of a scenario that is another number now, or came or went. `old` is in the unit of the new plan."""

    name: str
    unit: str
    old: float | None
    new: float | None
    attribution: Attribution | None = None

    @property
    def change(self) -> float | None:
        """New less old; None where one is absent or both infinite."""
        if self.old is None or self.new is None or (math.isinf(self.old) and math.isinf(self.new)):
            return None
        return self.new - self.old

    @property
    def relative(self) -> float | None:
        """The change as a share of the old number; None where that is absent, zero or infinite."""
        change = self.change
        if change is None or not self.old or math.isinf(self.old):
            return None
        return change / abs(self.old)


@dataclass(frozen=True)
class Regime:
    """How a scenario comes out: its status, whether its target is out of reach, and what binds."""

    status: str
    unreachable: bool
    binding: tuple[str, ...]


@dataclass(frozen=True)
class ScenarioDifference:
    """What became of a scenario that both plans have. `regimes` are the old and the new one, where they differ."""

    pair: ScenarioPair
    results: tuple[ResultChange, ...]
    regimes: tuple[Regime, Regime] | None
    came: tuple[Finding, ...]
    went: tuple[Finding, ...]


@dataclass(frozen=True)
class ClaimChange:
    """A claim with another verdict, or that came or went."""

    name: str
    old: ClaimVerdict | None
    new: ClaimVerdict | None


@dataclass(frozen=True)
class ExpectationChange:
    """An expectation that holds where it did not, or the other way, or with other bounds, or that came or went."""

    name: str
    scenario: str
    old: ExpectationVerdict | None
    new: ExpectationVerdict | None


@dataclass(frozen=True)
class Difference:
    """Everything that changed. `settings` are what a plan says once: title, law and its constants, objective."""

    old: Side
    new: Side
    settings: tuple[InputChange, ...]
    inputs: tuple[InputChange, ...]
    formulas: tuple[FormulaChange, ...]
    pairs: ScenarioPairs
    scenarios: tuple[ScenarioDifference, ...]
    claims: tuple[ClaimChange, ...]
    expectations: tuple[ExpectationChange, ...]

    @property
    def is_empty(self) -> bool:
        """Whether nothing changed that a plan says or comes to."""
        return not (
            self.settings
            or self.inputs
            or self.formulas
            or self.pairs.added
            or self.pairs.removed
            or any(pair.is_renamed for pair in self.pairs.pairs)
            or any(s.results or s.regimes or s.came or s.went for s in self.scenarios)
            or self.claims
            or self.expectations
        )


def list_amounts(answer: Answer) -> dict[str, Amount]:
    """Every number that a scenario's reader is given: results, own cells, tiers, and those of compared laws."""
    found = {**answer.results, **answer.cells}
    for tier in answer.tiers:
        found[f"tiers.{tier.name}.epochs"] = Amount(tier.epochs, "1")
        found[f"tiers.{tier.name}.tokens"] = Amount(tier.tokens, "token")
    return {**found, **list_compared_amounts(answer)}


def list_result_changes(old: Answer, new: Answer) -> tuple[ResultChange, ...]:
    """The results that are not the same up to rounding, in the order of the new plan, then those that went."""
    before, after = list_amounts(old), list_amounts(new)
    found = []
    for name in dict.fromkeys((*after, *before)):
        one, other = before.get(name), after.get(name)
        unit = other.unit if other else one.unit if one else "1"
        value = None if one is None else convert(one, unit)
        if value is None and one is not None and other is not None:
            found += [ResultChange(name, one.unit, one.value, None), ResultChange(name, unit, None, other.value)]
            continue
        now = None if other is None else other.value
        if not _is_same(value, now, unit):
            found.append(ResultChange(name, unit, value, now))
    return tuple(found)


def _is_same(value: float | None, now: float | None, unit: str) -> bool:
    """Whether two numbers are the same up to rounding, which near zero is that of what they were made from."""
    if value is None or now is None:
        return value is now
    return value == now or is_close(value, now) or (unit in _OF_ORDER_ONE and abs(value - now) <= _ROUNDING)


def convert(amount: Amount, unit: str) -> float | None:
    """A number in another unit; None where that measures something else."""
    if amount.unit == unit:
        return amount.value
    try:
        if dimension_of(amount.unit) != dimension_of(unit):
            return None
        return float(amount.value * float(exact_factor(amount.unit) / exact_factor(unit)))
    except ValueError:
        return None


def find_regime(answer: Answer) -> Regime:
    """How a scenario comes out."""
    unreachable = any(finding.code == "unreachable_target" for finding in answer.findings)
    return Regime(answer.status, unreachable, answer.binding)


def list_new_findings(old: Answer, new: Answer) -> tuple[Finding, ...]:
    """The findings of one answer that the other has not; other figures in the same remark make no new one."""
    known = {_remark(finding) for finding in old.findings}
    return tuple(finding for finding in new.findings if _remark(finding) not in known)


def _remark(finding: Finding) -> tuple[object, ...]:
    """A finding without its figures."""
    return (finding.code, *_words_of(finding.message))


def _words_of(message: Message) -> tuple[object, ...]:
    """The key of a message, and the words and messages that are put in."""
    words = (
        (name, _words_of(value) if isinstance(value, Message) else value)
        for name, value in sorted(message.args.items())
        if isinstance(value, (str, Message)) and not any(character.isdigit() for character in str(value))
    )
    # How far is a figure too: by decades or by per cent.
    return (message.key.removesuffix("_little"), *words)


def list_claim_changes(old: Sequence[ClaimVerdict], new: Sequence[ClaimVerdict]) -> tuple[ClaimChange, ...]:
    """The claims with another verdict."""
    before, after = ({verdict.claim.name: verdict for verdict in side} for side in (old, new))
    found = (ClaimChange(name, before.get(name), after.get(name)) for name in dict.fromkeys((*after, *before)))
    return tuple(each for each in found if each.old is None or each.new is None or each.old.verdict != each.new.verdict)


def list_expectation_changes(
    old: Sequence[ExpectationVerdict], new: Sequence[ExpectationVerdict], names: Mapping[str, str]
) -> tuple[ExpectationChange, ...]:
    """The expectations that came out otherwise or have other bounds; `names` are the new ones of old scenarios."""
    before = {(names.get(each.scenario, each.scenario), each.expectation.name): each for each in old}
    after = {(each.scenario, each.expectation.name): each for each in new}
    found = []
    for key in dict.fromkeys((*after, *before)):
        one, other = before.get(key), after.get(key)
        if one is None or other is None or one.holds != other.holds or _bounds(one) != _bounds(other):
            found.append(ExpectationChange(key[1], key[0], one, other))
    return tuple(found)


def _bounds(verdict: ExpectationVerdict) -> tuple[float | None, ...]:
    """The numbers of an expectation."""
    bound: Expectation = verdict.expectation
    return (bound.at_most, bound.at_least, bound.value, bound.within)
