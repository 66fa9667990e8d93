"""What changed between two plans, as Markdown for whoever reviews the change."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from flopsheet.document.difference_results import view_formula, view_results
from flopsheet.document.render import render_template
from flopsheet.document.tables import Column, Section, Table, build_table
from flopsheet.document.words import Words
from flopsheet.evaluate.difference import (
    ClaimChange,
    Difference,
    ExpectationChange,
    Regime,
    ScenarioDifference,
    Side,
)
from flopsheet.evaluate.expectations import ExpectationVerdict
from flopsheet.evaluate.findings import Finding
from flopsheet.plan.changes import InputChange, Setting, list_own
from flopsheet.plan.plan import Scenario

_BLANK: Final = re.compile(r"\n{3,}")
#: A number without a unit, with or without a suffix.
_BARE: Final = re.compile(r"[-+0-9_.eE]+\s*[KMBT]?")


def render_difference(difference: Difference) -> str:
    """Everything that changed, in the language of the new plan."""
    plan = difference.new.solution.plan
    words = Words(plan.language)
    sides = {name: words.code(side.file) for name, side in (("old", difference.old), ("new", difference.new))}
    changed = [each for each in difference.scenarios if each.results]
    unchanged = [words.name(each.pair.new.name) for each in difference.scenarios if not each.results]
    context = {
        "title": words.say("diff.title", title=words.name(plan.title)),
        "sides": words.say("diff.sides", **sides),
        "is_empty": difference.is_empty,
        "scenarios": _list_scenarios(difference, words),
        "tables": [
            Section(words.say(f"diff.{key}"), "", _view_inputs(changes, difference, words))
            for key, changes in (("settings", difference.settings), ("inputs", difference.inputs))
            if changes
        ],
        "formulas": [view_formula(change, difference, words) for change in difference.formulas],
        "regimes": [text for each in difference.scenarios if (text := _tell_regime(each, words))],
        "results": [view_results(each, words) for each in changed],
        "results_text": _explain_results(changed, words),
        "unchanged": words.say("diff.unchanged", scenarios=words.join(unchanged)) if changed and unchanged else "",
        "verdicts": [
            *(_tell_claim(change, words) for change in difference.claims),
            *(_tell_expectation(change, words) for change in difference.expectations),
        ],
        "findings": _list_findings(difference.scenarios, words),
    }
    text = render_template("diff.md.jinja", context, language=plan.language)
    return _BLANK.sub("\n\n", text).strip() + "\n"


def _explain_results(changed: Sequence[ScenarioDifference], words: Words) -> str:
    """How the tables of results are to be read; empty where one thing alone did it all."""
    found = [each.attribution for scenario in changed for each in scenario.results if each.attribution]
    if not any(sum(map(bool, each.contributions.values())) > 1 for each in found):
        return ""
    methods = {each.method for each in found}
    parts = [words.say("diff.results_text")]
    if "averaged_orders" in methods:
        parts.append(words.say("diff.averaged_text"))
    return words.sentences(parts)


def _view_inputs(changes: Sequence[InputChange], difference: Difference, words: Words) -> Table | None:
    """The table of settings or inputs."""
    columns = [Column(words.say(f"diff.{name}"), "left") for name in ("key", "where", "before", "now", "lines")]
    rows = []
    for change in changes:
        sides = [(change.old, difference.old), (change.new, difference.new)]
        where = _where(change, words) if change in difference.inputs else ""
        lines = dict.fromkeys(text for setting, side in sides if (text := _show_lines(setting, side, words)))
        shown = [_show_setting(setting, words) for setting, _ in sides]
        rows.append([words.code(change.key), where, *shown, "<br>".join(lines)])
    return build_table(columns, rows)


def _where(change: InputChange, words: Words) -> str:
    """The scenarios that a change is about."""
    if not change.scenarios:
        return words.say("diff.in_no_scenario")
    names = words.join([words.name(name) for name in change.scenarios])
    if not change.is_base:
        return names
    return words.say("diff.base") if change.everywhere else words.say("diff.base_for", scenarios=names)


def _show_lines(setting: Setting | None, side: Side, words: Words) -> str:
    """Where a setting stands; empty where no file holds it."""
    at = None if setting is None else side.show(setting.place)
    return "" if at is None else words.code(f"{at[0]}:{at[1]}")


def _show_setting(setting: Setting | None, words: Words) -> str:
    """What a side says, as it is written where that has its unit."""
    if setting is None:
        return words.say("diff.not_set")
    if setting.value is None:
        return words.say("diff.limit_removed")
    if isinstance(setting.value, str):
        return words.name(setting.value)
    number = words.quantity(setting.value, setting.unit, 6)
    if setting.follows:
        return words.say("diff.follows", value=number, text=words.code(setting.text)) if setting.text else number
    return number if _BARE.fullmatch(setting.text) else words.code(setting.text)


def _list_scenarios(difference: Difference, words: Words) -> list[str]:
    """The scenarios that came, went or have another name."""
    pairs = difference.pairs
    found = [
        words.say("diff.scenario_renamed", old=words.name(pair.old.name), new=words.name(pair.new.name))
        for pair in pairs.pairs
        if pair.is_renamed
    ]
    for key, scenarios in (("added", pairs.added), ("removed", pairs.removed)):
        found += [
            words.say(f"diff.scenario_{key}", name=words.name(scenario.name)) + _list_lines(scenario, words)
            for scenario in scenarios
        ]
    return found


def _list_lines(scenario: Scenario, words: Words) -> str:
    """The own lines of a scenario, in brackets."""
    written = {key: given.text for key, given in scenario.overrides.items()}
    written |= {key: word.value or "" for key, word in scenario.text_overrides.items()}
    lines = [
        words.say("diff.override", name=words.code(key), value=words.code(written.get(key) or "null"))
        for key in list_own(scenario)
    ]
    return words.say("diff.overrides", lines=words.say("document.comma").join(lines)) if lines else ""


def _tell_regime(scenario: ScenarioDifference, words: Words) -> str:
    """How a scenario comes out otherwise: another status, other limits that bind."""
    if scenario.regimes is None:
        return ""
    old, new = scenario.regimes
    parts = []
    if (old.status, old.unreachable) != (new.status, new.unreachable):
        parts.append(words.say("diff.status", old=_name_status(old, words), new=_name_status(new, words)))
    if old.binding != new.binding and _has_plan(old) and _has_plan(new):
        came = [name for name in new.binding if name not in old.binding]
        went = [name for name in old.binding if name not in new.binding]
        parts += [
            words.say(f"diff.{key}", limits=_name_limits(names, words))
            for key, names in (("now_binds", came), ("no_longer", went))
            if names
        ]
        parts.append(
            words.say("diff.binding", old=_name_limits(old.binding, words), new=_name_limits(new.binding, words))
        )
    name = words.name(scenario.pair.new.name)
    text = words.say("terms.gap").join(parts)
    return words.say("diff.told", name=name, text=text)


def _has_plan(regime: Regime) -> bool:
    """Whether there is a finite plan."""
    return regime.status in {"ok", "flat"} and not regime.unreachable


def _name_status(regime: Regime, words: Words) -> str:
    """A status in words."""
    return words.say("status.unreachable" if regime.unreachable else f"status.{regime.status}")


def _name_limits(names: Sequence[str], words: Words) -> str:
    """Limits in words."""
    return words.join([words.say(f"limit.{name}") for name in names]) if names else words.say("diff.nothing_binds")


def _tell_claim(change: ClaimChange, words: Words) -> str:
    """What became of a claim."""
    old, new = (None if side is None else words.say(f"verdict.{side.verdict}") for side in (change.old, change.new))
    name = words.name(change.name)
    if change.new is None or new is None:
        return words.say("diff.claim_removed", name=name, old=old or "")
    parts = [words.name(change.new.explain(words.language))]
    if not change.new.as_expected:
        parts.append(words.say("diff.claim_unexpected"))
    reason = words.sentences(parts)
    if old is None:
        return words.say("diff.claim_added", name=name, new=new, reason=reason)
    return words.say("diff.claim_changed", name=name, old=old, new=new, reason=reason)


def _tell_expectation(change: ExpectationChange, words: Words) -> str:
    """What became of an expectation."""
    sides = [None if side is None else _view_expectation(side, words) for side in (change.old, change.new)]
    kind = "added" if sides[0] is None else "removed" if sides[1] is None else "changed"
    args = {name: text for name, text in zip(("old", "new"), sides, strict=True) if text is not None}
    name, scenario = words.code(change.name), words.name(change.scenario)
    return words.say(f"diff.expectation_{kind}", name=name, scenario=scenario, **args)


def _view_expectation(verdict: ExpectationVerdict, words: Words) -> str:
    """The bounds of an expectation, and whether it holds."""
    bound = verdict.expectation
    parts = [
        words.say(f"report.{key}", value=words.number(value, bound.unit, 6))
        for key, value in (("at_most", bound.at_most), ("at_least", bound.at_least))
        if value is not None
    ]
    if bound.value is not None:
        within = words.percent(bound.within or 0.0, 3)
        parts.append(words.say("report.near", value=words.number(bound.value, bound.unit, 6), within=within))
    holds = words.say("report.holds" if verdict.holds else "report.broken")
    return words.say("diff.expectation_state", bounds=words.say("document.comma").join(parts), holds=holds)


def _list_findings(scenarios: Sequence[ScenarioDifference], words: Words) -> list[str]:
    """The findings that came and went; one of several scenarios is told once."""
    told: dict[tuple[str, str], list[str]] = {}
    for scenario in scenarios:
        for key, findings in (("came", scenario.came), ("went", scenario.went)):
            for finding in findings:
                told.setdefault((key, _show_finding(finding, words)), []).append(scenario.pair.new.name)
    return [
        words.say(f"diff.{key}", scenario=words.join([words.name(name) for name in names]), text=text)
        for (key, text), names in told.items()
    ]


def _show_finding(finding: Finding, words: Words) -> str:
    """A finding as Markdown."""
    return words.message(finding.message)
