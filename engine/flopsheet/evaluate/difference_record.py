"""A difference of two plans as plain data for JSON: full doubles, infinity as a word."""

from __future__ import annotations

from typing import Any

from flopsheet.derive.claims import ClaimVerdict
from flopsheet.evaluate.difference import (
    ClaimChange,
    Difference,
    ExpectationChange,
    Regime,
    ResultChange,
    ScenarioDifference,
    Side,
)
from flopsheet.evaluate.expectations import ExpectationVerdict
from flopsheet.evaluate.record import record_findings, record_number
from flopsheet.evaluate.stated_formulas import FormulaChange, StatedFormula
from flopsheet.plan.changes import InputChange, Setting, list_own
from flopsheet.plan.plan import Scenario

Plain = dict[str, Any]


def record_difference(difference: Difference) -> Plain:
    """Everything that changed."""
    old, new, pairs = difference.old, difference.new, difference.pairs
    return {
        "old": {"file": old.file, "title": old.solution.plan.title},
        "new": {"file": new.file, "title": new.solution.plan.title},
        "changed": not difference.is_empty,
        "settings": [_input(change, old, new) for change in difference.settings],
        "inputs": [
            {
                "scenario": "base" if change.is_base else None,
                "scenarios": list(change.scenarios),
                **_input(change, old, new),
            }
            for change in difference.inputs
        ],
        "formulas": [_formula(change, old, new) for change in difference.formulas],
        "scenarios": {
            "added": [_scenario(scenario) for scenario in pairs.added],
            "removed": [_scenario(scenario) for scenario in pairs.removed],
            "renamed": [{"old": pair.old.name, "new": pair.new.name} for pair in pairs.pairs if pair.is_renamed],
        },
        "results": [_results(scenario) for scenario in difference.scenarios if scenario.results],
        "regimes": [
            {
                "scenario": scenario.pair.new.name,
                "old": _regime(scenario.regimes[0]),
                "new": _regime(scenario.regimes[1]),
            }
            for scenario in difference.scenarios
            if scenario.regimes
        ],
        "claims": [_claim(change) for change in difference.claims],
        "expectations": [_expectation(change) for change in difference.expectations],
        "findings": [
            {"scenario": scenario.pair.new.name, "change": change, **record}
            for scenario in difference.scenarios
            for change, findings in (("came", scenario.came), ("went", scenario.went))
            for record in record_findings(findings)
        ],
    }


def _input(change: InputChange, old: Side, new: Side) -> Plain:
    """A number or word with both its sides."""
    sides = {"old": _setting(change.old, old), "new": _setting(change.new, new)}
    return {"key": change.key, "change": change.kind, **sides}


def _setting(setting: Setting | None, side: Side) -> Plain | None:
    """What one side says."""
    if setting is None:
        return None
    value = record_number(setting.value) if isinstance(setting.value, float) else setting.value
    unit = {"unit": setting.unit} if setting.unit else {}
    return {"value": value, **unit, "text": setting.text, **_place(side, setting.place)}


def _place(side: Side, place: object) -> Plain:
    """File and line, where there are some."""
    at = side.show(place)  # type: ignore[arg-type]
    return {} if at is None else {"file": at[0], "line": at[1]}


def _formula(change: FormulaChange, old: Side, new: Side) -> Plain:
    """A formula with both its sides, and whether it is the same mathematics."""
    record: Plain = {"name": change.name, "change": change.kind}
    if change.rewriting is not None:
        record["mathematics"] = change.rewriting.sameness
    record |= {"old": _stated(change.old, old), "new": _stated(change.new, new)}
    apart = change.rewriting.counterexample if change.rewriting else None
    if apart is not None:
        point = {name: record_number(value) for name, value in apart.point.items()}
        values = {"old": _number(apart.old), "new": _number(apart.new)}
        record["counterexample"] = {"at": point, **values}
    return record


def _number(value: float | None) -> float | str | None:
    """A number for JSON, None where there is none."""
    return None if value is None else record_number(value)


def _stated(formula: StatedFormula | None, side: Side) -> Plain | None:
    """One side of a formula."""
    if formula is None:
        return None
    unit = {"unit": formula.unit} if formula.unit else {}
    return {"formula": formula.text, **unit, **_place(side, formula.place)}


def _scenario(scenario: Scenario) -> Plain:
    """A scenario with what its own lines set."""
    return {"name": scenario.name, "extends": scenario.parent, "sets": list_own(scenario)}


def _results(scenario: ScenarioDifference) -> Plain:
    """The results of a scenario that changed."""
    return {
        "scenario": scenario.pair.new.name,
        "old_scenario": scenario.pair.old.name,
        "results": [_result(change) for change in scenario.results],
    }


def _result(change: ResultChange) -> Plain:
    """One result, with what contributed to its change."""
    numbers = {
        name: _number(value)
        for name, value in (
            ("old", change.old), ("new", change.new), ("change", change.change), ("relative", change.relative)
        )
    }  # fmt: skip
    record: Plain = {"name": change.name, "unit": change.unit, **numbers}
    if change.attribution is not None:
        record["attribution"] = {"method": change.attribution.method}
        if change.attribution.why_not:
            record["attribution"]["why_not"] = change.attribution.why_not
        record["attribution"]["contributions"] = dict(change.attribution.contributions)
    return record


def _regime(regime: Regime) -> Plain:
    """How a scenario came out."""
    return {"status": regime.status, "unreachable": regime.unreachable, "binding": list(regime.binding)}


def _claim(change: ClaimChange) -> Plain:
    """A claim with both verdicts."""
    return {"name": change.name, "old": _verdict(change.old), "new": _verdict(change.new)}


def _verdict(verdict: ClaimVerdict | None) -> Plain | None:
    """A verdict with its reason."""
    return None if verdict is None else {"verdict": verdict.verdict, "reason": verdict.reason}


def _expectation(change: ExpectationChange) -> Plain:
    """An expectation on both sides."""
    sides = {"old": _held(change.old), "new": _held(change.new)}
    return {"name": change.name, "scenario": change.scenario, **sides}


def _held(verdict: ExpectationVerdict | None) -> Plain | None:
    """Whether an expectation holds, and its bounds."""
    if verdict is None:
        return None
    bound = verdict.expectation
    names = ("at_most", "at_least", "value", "within")
    bounds = {name: value for name in names if (value := getattr(bound, name)) is not None}
    return {"holds": verdict.holds, **bounds, "reason": verdict.reason}
