"""The tables of scenarios: what goes in, what comes out, what limits are worth, strategies, cells, expectations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from flopsheet.document.naming import binding_cell, head_of
from flopsheet.document.source import ReportSource
from flopsheet.document.stakes import Scale
from flopsheet.document.tables import Column, Table, build_table
from flopsheet.document.words import Words
from flopsheet.evaluate.answers import Amount
from flopsheet.evaluate.expectations import ExpectationVerdict
from flopsheet.messages import Message
from flopsheet.model.inputs import list_limits
from flopsheet.model.law_model import GivenInput

_ROUNDING: Final = 1e-9
#: More scenarios than these make a table of them side by side too wide to read.
_MOST_COLUMNS: Final = 10


def list_inputs(source: ReportSource, words: Words) -> Table | None:
    """The inputs of every scenario that any of them sets: budget or target, caps, constants of its own."""
    goal = "budget.compute" if source.minimises_loss else "target.loss"
    limits = {limit.key: words.say(f"limit.{limit.name}_title") for limit in list_limits(source.model)}
    given = {entry.key: _head_of_given(source, words, entry) for entry in source.model.inputs.values()}
    keys = [goal, *limits, *given, *(f"constants.{name}" for name in source.model.constants)]
    used = [key for key in keys if any(source.table.is_set(key, index) for index in range(len(source.answers)))]
    heads = {goal: words.say("report.budget" if source.minimises_loss else "report.target"), **limits}
    columns = [Column(words.say("report.scenario"), "left")]
    columns += [Column(heads.get(key) or given.get(key) or words.name(key.removeprefix("constants."))) for key in used]
    rows = []
    for index, answer in enumerate(source.answers):
        cells = [_input_cell(source, words, key, index) for key in used]
        rows.append([words.name(answer.name), *cells])
    return build_table(columns, rows)


def _head_of_given(source: ReportSource, words: Words, given: GivenInput) -> str:
    """What is called an input that a law takes from the plan: by the catalogue, or by the law's symbol and its unit."""
    label = source.graph[given.cell].label
    if isinstance(label, Message) and label.key != "cell.law_input":
        return words.message(label)
    unit = words.unit(given.unit) if given.unit != "1" else ""
    return words.name(given.name) + (
        f"{words.say('document.open_paren')}{unit}{words.say('document.close_paren')}" if unit else ""
    )


def _input_cell(source: ReportSource, words: Words, key: str, index: int) -> str:
    """The value of an input in a scenario; a dash where it is not set."""
    cell_id = key.removeprefix("constants.") if key.startswith("constants.") else key.replace(".", "_")
    if not source.table.is_set(key, index) and not key.startswith("constants."):
        return words.number(None)
    return words.number(source.evaluation.value(cell_id, index), _as_given(source.graph[cell_id].unit), 4)


def _as_given(unit: str) -> str | None:
    """The unit in whose form a given number is written: a loss as given has no zeros at its end to keep."""
    return None if unit in {"1", "nats/token"} else unit


def list_results(source: ReportSource, words: Words) -> Table | None:
    """The results of every scenario."""
    names = list(dict.fromkeys(name for answer in source.answers for name in answer.results))
    # Without inference, total and training compute are one; the total is shown where it says more.
    equal = all(
        answer.results.get("C_total") == answer.results.get("C_train") for answer in source.answers if answer.results
    )
    names = [
        name for name in names if not (equal and name == "C_total") and (name != "efficiency" or is_held_back(source))
    ]
    heads = {f"{z}_opt": head_of(source, words, number) for number, z in enumerate(source.model.decisions)}
    columns = [Column(words.say("report.scenario"), "left")]
    columns += [Column(heads.get(name) or head_of_result(source, words, name)) for name in names]
    columns.append(Column(words.say("report.binds"), "left"))
    rows = []
    for answer in source.answers:
        cells = [_amount_cell(words, answer.results.get(name)) for name in names]
        rows.append([words.name(answer.name), *cells, binding_cell(source, words, answer)])
    return build_table(columns, rows)


def head_of_result(source: ReportSource, words: Words, name: str) -> str:
    """What a result is called: by the catalogue, or by the law whose choice or formula it is."""
    key = f"report.result_{name}"
    if words.known(key):
        return words.say(key)
    cell = source.graph[name]
    label = words.message(cell.label) if isinstance(cell.label, Message) else cell.label
    unit = (
        ""
        if cell.unit == "1"
        else f"{words.say('document.open_paren')}{words.unit(cell.unit)}{words.say('document.close_paren')}"
    )
    return words.name(label[:1].upper() + label[1:] + unit)


def is_held_back(source: ReportSource) -> bool:
    """Whether caps keep any scenario from the loss that its compute could reach."""
    efficiencies = (answer.results.get("efficiency") for answer in source.answers)
    return any(amount is not None and amount.value < 1 - _ROUNDING for amount in efficiencies)


def _amount_cell(words: Words, amount: Amount | None, digits: int = 4) -> str:
    """A result without its unit, which the head of the column tells."""
    if amount is None:
        return words.number(None)
    return words.number(amount.value, None if amount.unit == "1" else amount.unit, digits)


def list_prices(source: ReportSource, words: Words) -> Table | None:
    """What one per cent more of each limit changes the loss by, and the compute it is worth."""
    names = list(dict.fromkeys(name for answer in source.answers for name in answer.shadow_prices))
    if not names:
        return None
    columns = [Column(words.say("report.scenario"), "left")]
    for name in names:
        columns.append(Column(words.say(f"limit.{name}_title")))
        if name != "compute":
            columns.append(Column(words.say("report.in_compute")))
    rows = []
    for answer in source.answers:
        cells = []
        for name in names:
            price = answer.shadow_prices.get(name)
            cells.append(words.number(None) if price is None else words.change(price.value))
            if name != "compute":
                share = None if price is None else price.equivalent_compute / 100
                cells.append(words.number(share, "%", 3))
        rows.append([words.name(answer.name), *cells])
    return build_table(columns, rows)


def list_strategies(source: ReportSource, words: Words, scale: Scale) -> Table | None:
    """Fixed choices against the optimum of the same compute."""
    rows = []
    scored = not source.model.law.has_signed_loss
    for index, answer in enumerate(source.answers):
        for name in (each.name for each in source.plan.strategies if source.has_plan(index)):
            strategy = answer.strategies.get(name)
            if strategy is None:  # the compute does not pay for it
                rows.append(
                    [
                        words.name(answer.name),
                        words.name(name),
                        *[words.number(None)] * (len(source.model.decisions) + 4),
                    ]
                )
                continue
            stake = scale.reached(index, strategy.loss)
            decisions = [
                words.number(strategy.decisions[z.name], source.model.decision(z).unit, 3)
                for z in source.model.decisions
            ]
            rows.append(
                [
                    words.name(answer.name),
                    words.name(name),
                    *decisions,
                    words.number(strategy.loss, "nats/token", 5),
                    words.cost(stake.loss, "nats/token", 3),
                    words.cost(stake.compute, "%", 3),
                    *([words.number(strategy.efficiency, None, 5)] if scored else []),
                ]
            )
    columns = [
        Column(words.say("report.scenario"), "left"),
        Column(words.say("report.strategy"), "left"),
        *(Column(head_of(source, words, number)) for number in range(2)),
        Column(words.say("report.loss")),
        Column(words.say("report.above_optimum")),
        Column(words.say("report.compute_wasted")),
        *([Column(words.say("report.result_efficiency"))] if scored else []),
    ]
    return build_table(columns, rows)


def list_cells(source: ReportSource, words: Words) -> Table | None:
    """The plan's own cells in every scenario."""
    if len(source.answers) > _MOST_COLUMNS:
        return _list_cells_by_scenario(source, words)
    rows = []
    for name, extra in source.plan.cells.items():
        values = [_amount_cell(words, answer.cells.get(name)) for answer in source.answers]
        label = words.name(extra.label or name)
        unit = "" if extra.unit == "1" else words.unit(extra.unit)
        rows.append([label, words.code(extra.formula.text), unit, *values])
    columns = [
        Column(words.say("report.quantity"), "left"),
        Column(words.say("report.formula"), "left"),
        Column(words.say("report.unit"), "left"),
        *(Column(words.name(answer.name)) for answer in source.answers),
    ]
    return build_table(columns, rows)


def _list_cells_by_scenario(source: ReportSource, words: Words) -> Table | None:
    """The same with a row for each scenario, where these are too many to stand side by side."""
    cells = source.plan.cells
    heads = []
    for name, extra in cells.items():
        unit = "" if extra.unit == "1" else f" ({words.unit(extra.unit)})"
        heads.append(Column(f"{words.name(extra.label or name)}{unit}"))
    formulas = [words.say("report.formula"), *(words.code(extra.formula.text) for extra in cells.values())]
    rows = [[words.name(answer.name), *(_amount_cell(words, answer.cells.get(name)) for name in cells)]
            for answer in source.answers]  # fmt: skip
    columns = [Column(words.say("report.scenario"), "left"), *heads]
    return build_table(columns, [formulas, *rows]) if cells else None


def list_expectations(source: ReportSource, words: Words) -> Table | None:
    """The plan's expectations, and whether they hold."""
    rows = [_expectation_row(source, words, verdict) for verdict in source.solution.expectations]
    columns = [
        Column(words.say("report.quantity"), "left"),
        Column(words.say("report.scenario"), "left"),
        Column(words.say("report.expected"), "left"),
        Column(words.say("report.value")),
        Column(words.say("report.verdict"), "left"),
    ]
    return build_table(columns, rows)


def _expectation_row(source: ReportSource, words: Words, verdict: ExpectationVerdict) -> Sequence[str]:
    """One expectation in one scenario."""
    wanted = verdict.expectation
    unit = source.graph[wanted.name].unit if wanted.name in source.graph else "1"
    bounds = []
    for key, bound in (("at_most", wanted.at_most), ("at_least", wanted.at_least)):
        if bound is not None:
            bounds.append(words.say(f"report.{key}", value=words.number(bound, _as_given(unit))))
    if wanted.value is not None:
        value, within = words.number(wanted.value, _as_given(unit)), words.percent(wanted.within or 0.0)
        bounds.append(words.say("report.near", value=value, within=within))
    return [
        words.code(wanted.name),
        words.name(verdict.scenario),
        words.join(bounds),
        words.number(verdict.value, None if unit == "1" else unit),
        words.say("report.holds" if verdict.holds else "report.broken"),
    ]
