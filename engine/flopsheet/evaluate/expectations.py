"""Expectations: bounds a planner sets on results, and whether they hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flopsheet.errors import FlopsheetError, Problem, did_you_mean
from flopsheet.evaluate.answers import Amount, Answer
from flopsheet.evaluate.compared import list_compared_amounts
from flopsheet.plan.plan import Expectation, Plan


@dataclass(frozen=True)
class ExpectationVerdict:
    """Whether a bound holds in a scenario; `value` is None where the scenario has no such result."""

    expectation: Expectation
    scenario: str
    value: float | None
    holds: bool
    reason: str


def check_names(plan: Plan, results: Sequence[str]) -> None:
    """Refuse expectations that name neither a result nor a cell of the plan."""
    known = {*results, *plan.cells}
    every = [*plan.expect.values(), *(item for scenario in plan.scenarios for item in scenario.expect.values())]
    problems = [
        Problem(f"unknown result `{item.name}`.", item.place, f"expect.{item.name}", did_you_mean(item.name, known))
        for item in every
        if item.name not in known
    ]
    if problems:
        raise FlopsheetError(*dict.fromkeys(problems))


def check_expectations(plan: Plan, answers: Sequence[Answer]) -> tuple[ExpectationVerdict, ...]:
    """All expectations of a plan: the plan's own on its first scenario, a scenario's on that one."""
    pairs = [(expectation, answers[0]) for expectation in plan.expect.values()]
    for scenario, answer in zip(plan.scenarios, answers, strict=True):
        pairs += [(expectation, answer) for expectation in scenario.expect.values()]
    return tuple(_check(expectation, answer) for expectation, answer in pairs)


def _check(expectation: Expectation, answer: Answer) -> ExpectationVerdict:
    """One bound on one scenario."""
    found: Mapping[str, Amount] = {**answer.results, **answer.cells, **list_compared_amounts(answer)}
    name = expectation.name
    if name not in found:
        reason = f"{name} has no value in scenario `{answer.name}` ({answer.status})"
        return ExpectationVerdict(expectation, answer.name, None, holds=False, reason=reason)
    value = found[name].value
    complaints = []
    if expectation.at_most is not None and not value <= expectation.at_most:
        complaints.append(f"at most {expectation.at_most:.6g} is expected")
    if expectation.at_least is not None and not value >= expectation.at_least:
        complaints.append(f"at least {expectation.at_least:.6g} is expected")
    if expectation.value is not None:
        within = expectation.within or 0.0
        if not abs(value - expectation.value) <= within * abs(expectation.value):
            complaints.append(f"{expectation.value:.6g} within {within:.3g} is expected")
    reason = f"{name} is {value:.6g} in scenario `{answer.name}`"
    if complaints:
        reason += ": " + " and ".join(complaints)
    return ExpectationVerdict(expectation, answer.name, value, holds=not complaints, reason=reason)
