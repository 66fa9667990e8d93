"""The section of a report that tells what the plan owes to each of its inputs."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from flopsheet.document.axes import Axis
from flopsheet.document.source import ReportSource
from flopsheet.document.tables import Column, Section, build_table
from flopsheet.document.tornado import Bar, Side, Tornado
from flopsheet.document.words import Words
from flopsheet.evaluate.sensitivity import EXCESS, Elasticity, Grid, Sensitivity, Swing, SwungEnd, is_constant
from flopsheet.evaluate.sensitivity_record import unit_of_key, unit_of_output
from flopsheet.messages import Message

CHART: Final = "tornado.svg"
CONSTANTS_CHART: Final = "tornado-constants.svg"
#: A result that changes by less than this part of itself does not change, as far as a reader is concerned.
_NOTHING: Final = 1e-7
_BUDGETS: Final = {"budget.compute": "compute", "budget.money": "money", "budget.time": "time"}
_DIGITS: Final = 5


@dataclass(frozen=True)
class SensitivityWords:
    """How the sensitivity of a scenario is told in a language."""

    source: ReportSource
    words: Words
    found: Sensitivity

    def name(self, key: str) -> str:
        """What an input is called, in words."""
        cell = next(cell for cell in self.source.graph if cell.key == key)
        label = Message("cell.budget_compute") if key == "budget.compute" else cell.label
        text = self.words.message(label)
        # The name of a tier stands first in its labels, and stays as the plan writes it.
        return text if key.startswith("data.tiers.") else text[:1].upper() + text[1:]

    def head(self, name: str) -> str:
        """What a result is called at the head of a column."""
        if name == EXCESS:
            return self.words.say("sensitivity.excess")
        for entry in (f"report.result_{name}", *self._role(name)):
            if self.words.known(entry):
                return self.words.say(entry)
        cell = self.source.graph[name]
        text = self.words.message(cell.label)
        unit = "" if cell.unit == "1" else self._bracketed(self.words.unit(cell.unit))
        return text[:1].upper() + text[1:] + unit

    def _role(self, name: str) -> tuple[str, ...]:
        """The entry of a decision's role."""
        decision = self.source.model.law.decisions.get(name.removesuffix("_opt"))
        return (f"role.{decision.role}_title",) if decision is not None and decision.role else ()

    def _bracketed(self, text: str) -> str:
        """A text in parentheses."""
        return f"{self.words.say('document.open_paren')}{text}{self.words.say('document.close_paren')}"

    def goal(self) -> str:
        """The result that the plan is about, inside a sentence."""
        entry = f"sensitivity.goal_{self.found.goal}"
        return self.words.say(entry if self.words.known(entry) else "sensitivity.goal_required")

    def output(self, name: str, value: float, digits: int = _DIGITS) -> str:
        """A result without its unit, which the head of the column tells."""
        unit = unit_of_output(self.source.graph, name)
        return self.words.number(None if math.isnan(value) else value, None if unit == "1" else unit, digits)

    def whole(self, value: float, digits: int = _DIGITS) -> str:
        """The result that the plan is about, with its unit."""
        return self.words.quantity(value, unit_of_output(self.source.graph, self.found.goal), digits)

    def input(self, key: str, value: float) -> str:
        """An input with its unit."""
        return self.words.quantity(value, unit_of_key(self.source.graph, key), 4)

    def swing(self) -> str:
        """The share by which inputs are changed."""
        return self.words.percent(self.found.swing, 6)


def view_sensitivity(source: ReportSource, words: Words) -> Mapping[str, object] | None:
    """What the template sees of the sensitivity; None where the plan does not ask, or the scenario has no plan."""
    found = source.solution.shown_sensitivity
    if found is None:
        return None
    told = SensitivityWords(source, words, found)
    scenario = words.name(source.answers[found.index].name)
    return {
        "text": words.say("sensitivity.text", scenario=scenario, swing=told.swing()),
        "sentences": list(_sentences(told)),
        "sections": [
            section
            for section in (_list_swings(told), _list_elasticities(told), *(_list_grid(told, g) for g in found.grids))
            if section.table is not None
        ],
        "figures": [
            (file, words.name(chart.description), words.say(f"sensitivity.{chart.id.replace('-', '_')}_caption"))
            for file, chart in draw_tornados(source, words).items()
        ],
    }


def draw_tornados(source: ReportSource, words: Words) -> dict[str, Tornado]:
    """The tornado charts of the scenario that is shown, by file: inputs, and the law's constants on their own scale."""
    found = source.solution.shown_sensitivity
    if found is None:
        return {}
    told = SensitivityWords(source, words, found)
    moving = [swing for swing in found.swings if not _is_nothing(found, swing)]
    inputs = tuple(_bar(told, swing) for swing in moving if not is_constant(swing.key))
    constants = tuple(_bar(told, swing) for swing in moving if is_constant(swing.key))
    charts = {}
    if inputs:
        charts[CHART] = _draw(told, "tornado", inputs)
    if constants:
        charts[CONSTANTS_CHART] = _draw(told, "tornado-constants", constants)
    return charts


def _draw(told: SensitivityWords, name: str, bars: tuple[Bar, ...]) -> Tornado:
    """A chart of some bars."""
    found, words, source = told.found, told.words, told.source
    key = name.replace("-", "_")
    unit = unit_of_output(source.graph, found.goal)
    head = _unescaped(told.head(found.goal))
    if unit != "1" and words.unit(unit) not in head:
        head += f"{words.say('document.open_paren')}{words.unit(unit)}{words.say('document.close_paren')}"
    base = found.outputs[found.goal]
    return Tornado(
        id=name,
        title=words.say(f"sensitivity.{key}_title", goal=told.goal(), scenario=source.answers[found.index].name),
        description=words.say(f"sensitivity.{key}_description", goal=told.goal(), swing=told.swing()),
        axis=Axis(head, unit=unit),
        base=base,
        base_text=_number(told, base),
        lower=words.say("sensitivity.lower", swing=told.swing()),
        higher=words.say("sensitivity.higher", swing=told.swing()),
        bars=bars,
    )


def _number(told: SensitivityWords, value: float) -> str:
    """The result that the plan is about, as a chart writes it."""
    return _unescaped(told.output(told.found.goal, value))


def _unescaped(text: str) -> str:
    """A text of a report as it reads once it is shown."""
    return text.replace("\\", "")


def _bar(told: SensitivityWords, swing: Swing) -> Bar:
    """The bar of an input."""
    low, high = (_side(told, swing, end) for end in (swing.low, swing.high))
    return Bar(_unescaped(told.name(swing.key)), low, high)


def _side(told: SensitivityWords, swing: Swing, end: SwungEnd) -> Side:
    """One end of a bar."""
    value = end.results.get(told.found.goal, math.nan)
    text = _number(told, value) if math.isfinite(value) else _status(told, end)
    return Side(
        value, text, f"{_unescaped(told.name(swing.key))} {_unescaped(told.input(swing.key, end.value))}: {text}"
    )


def _status(told: SensitivityWords, end: SwungEnd) -> str:
    """Why an end has no result."""
    infinite = math.isinf(end.results.get(told.found.goal, math.nan))
    return told.words.say("status.unreachable" if infinite else f"status.{end.status}")


def _sentences(told: SensitivityWords) -> list[str]:
    """What a manager reads: what more of the budget does, what matters most, what does not matter at all."""
    found, words = told.found, told.words
    inputs = [swing for swing in found.swings if not is_constant(swing.key)]
    constants = [swing for swing in found.swings if is_constant(swing.key)]
    moving = [swing for swing in inputs if not _is_nothing(found, swing)]
    sentences = [_budget_sentence(told, swing) for swing in inputs if swing.key in _BUDGETS]
    if moving and len(inputs) > 1:
        sentences.append(_span_sentence(told, moving[0], "sensitivity.most"))
    if constants and not _is_nothing(found, constants[0]):
        sentences.append(_span_sentence(told, constants[0], "sensitivity.most_constant"))
    idle = [swing for swing in inputs if swing not in moving and _has_both(found, swing)]
    if idle and moving:
        names = words.join([told.name(swing.key) for swing in idle])
        sentences.append(words.say("sensitivity.idle", names=names, goal=told.goal()))
    for swing in found.swings:
        for side, end in (("low", swing.low), ("high", swing.high)):
            if not math.isfinite(end.results.get(found.goal, math.nan)):
                at = told.input(swing.key, end.value)
                sentences.append(
                    words.say(
                        f"sensitivity.no_plan_{side}", name=told.name(swing.key), value=at, why=_status(told, end)
                    )
                )
            if end.clipped:
                at = told.input(swing.key, end.value)
                sentences.append(words.say("sensitivity.clipped", name=told.name(swing.key), value=at))
    return [sentence for sentence in sentences if sentence]


def _is_nothing(found: Sensitivity, swing: Swing) -> bool:
    """Whether an input makes no difference to the result that the plan is about."""
    return _has_both(found, swing) and found.length(swing) <= _NOTHING * abs(found.outputs[found.goal])


def _has_both(found: Sensitivity, swing: Swing) -> bool:
    """Whether there is a plan at both ends."""
    return all(math.isfinite(value) for value in found.ends(swing))


def _budget_sentence(told: SensitivityWords, swing: Swing) -> str:
    """What more of the budget does."""
    found, base = told.found, told.found.outputs[told.found.goal]
    high = found.ends(swing)[1]
    if not math.isfinite(high):
        return ""
    change = high - base
    key = "nothing" if abs(change) <= _NOTHING * abs(base) else "raises" if change > 0 else "lowers"
    return told.words.say(
        f"sensitivity.budget_{key}",
        swing=told.swing(),
        what=told.words.say(f"sensitivity.of_{_BUDGETS[swing.key]}"),
        goal=told.goal(),
        amount=told.whole(abs(change), 3),
        share=told.words.percent(abs(change / base), 2),
    )


def _span_sentence(told: SensitivityWords, swing: Swing, key: str) -> str:
    """Which input matters most, and how much."""
    found = told.found
    low, high = found.ends(swing)
    if not math.isfinite(low) or not math.isfinite(high):
        key = f"sensitivity.most_{'high' if math.isfinite(high) else 'low'}_only"
    return told.words.say(
        key,
        name=told.name(swing.key),
        goal=told.goal(),
        swing=told.swing(),
        low=told.output(found.goal, low),
        high=told.output(found.goal, high),
        base=told.whole(found.outputs[found.goal]),
    )


def _list_swings(told: SensitivityWords) -> Section:
    """Each input lower and higher, with the results there."""
    found, words = told.found, told.words
    names = list(found.outputs)
    columns = [
        Column(words.say("report.input"), "left"),
        Column(words.say("sensitivity.changed_to")),
        *(Column(told.head(name)) for name in names),
        Column(words.say("sensitivity.goal_change", goal=_bare(told, found.goal))),
    ]
    base = [words.say("sensitivity.as_planned"), ""]
    rows = [[*base, *(told.output(name, value) for name, value in found.outputs.items()), ""]]
    for swing in found.swings:
        for number, end in enumerate((swing.low, swing.high)):
            if math.isfinite(end.results.get(found.goal, math.nan)):
                cells = [told.output(name, end.results.get(name, math.nan)) for name in names]
                cells.append(_change(told, end.results[found.goal]))
            else:
                cells = [*[words.number(None)] * len(names), _status(told, end)]
            rows.append(["" if number else told.name(swing.key), told.input(swing.key, end.value), *cells])
    text = words.say("sensitivity.swings_text", swing=told.swing())
    return Section(words.say("sensitivity.swings"), text, build_table(columns, rows))


def _change(told: SensitivityWords, value: float) -> str:
    """The change of the result that the plan is about, in per cent of it."""
    base = told.found.outputs[told.found.goal]
    share = (value - base) / abs(base)
    if abs(share) <= _NOTHING:
        return told.words.percent(0.0)
    return ("+" if share > 0 else "−") + told.words.percent(abs(share), 3)


def _list_elasticities(told: SensitivityWords) -> Section:
    """The elasticity of each result in each input; two numbers where a limit just begins to bind."""
    found, words = told.found, told.words
    names = [*found.outputs, *([EXCESS] if any(EXCESS in slopes for slopes in found.elasticities.values()) else [])]
    columns = [Column(words.say("report.input"), "left"), *(Column(_bare(told, name)) for name in names)]
    rows = []
    kinks = False
    for swing in found.swings:
        slopes = found.elasticities[swing.key]
        kinks = kinks or any(slope.is_kink for slope in slopes.values())
        rows.append([told.name(swing.key), *(_slope(words, slopes.get(name)) for name in names)])
    text = words.sentences(
        [
            words.say("sensitivity.elasticities_text"),
            words.say("sensitivity.excess_text") if EXCESS in names else "",
            words.say("sensitivity.kink_text") if kinks else "",
        ]
    )
    return Section(words.say("sensitivity.elasticities"), text, build_table(columns, rows))


def _bare(told: SensitivityWords, name: str) -> str:
    """The head of a column of elasticities, which have no unit."""
    return told.head(name).partition(told.words.say("document.open_paren"))[0]


def _slope(words: Words, slope: Elasticity | None) -> str:
    """An elasticity with its sign."""
    if slope is None:
        return words.number(None)
    if slope.is_kink:
        return f"{_signed(words, slope.below)} / {_signed(words, slope.above)}"
    return _signed(words, 0.5 * (slope.below + slope.above))


def _signed(words: Words, number: float) -> str:
    """A number with its sign; what is 0 up to rounding is 0."""
    if abs(number) <= _NOTHING:
        return words.number(0.0)
    return ("+" if number > 0 else "") + words.number(number, None, 4)


def _list_grid(told: SensitivityWords, grid: Grid) -> Section:
    """A two-way table."""
    words, request = told.words, grid.request
    rows_name, columns_name = told.name(request.rows.key), told.name(request.columns.key)
    heads = [_axis_value(told, request.columns.key, value) for value in request.columns.values]
    columns = [Column(f"{rows_name} ↓ · {columns_name} →", "left"), *map(Column, heads)]
    rows = []
    for value, cells, statuses in zip(request.rows.values, grid.values, grid.statuses, strict=True):
        shown = [
            words.say(f"status.{status}") if math.isnan(number) else told.output(request.show, number)
            for number, status in zip(cells, statuses, strict=True)
        ]
        rows.append([_axis_value(told, request.rows.key, value), *shown])
    title = words.say("sensitivity.table_title", show=told.head(request.show), rows=rows_name, columns=columns_name)
    return Section(title, "", build_table(columns, rows))


def _axis_value(told: SensitivityWords, key: str, value: float | None) -> str:
    """A value along a table."""
    return told.words.say("sensitivity.no_limit") if value is None else told.input(key, value)
