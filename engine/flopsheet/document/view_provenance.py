"""Where every number comes from: inputs with their lines, constants of the law, files, citation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from flopsheet.document.escape import clean_line
from flopsheet.document.source import ReportSource
from flopsheet.document.tables import Column, Table, build_table
from flopsheet.document.words import Words, math_cell, place_cell
from flopsheet.evaluate.law_findings import tell_about
from flopsheet.model.inputs import STRATEGY_UNITS
from flopsheet.model.law_model import LawModel
from flopsheet.model.resource_model import ResourceModel
from flopsheet.plan.plan import Constant, Law, Repetition, Source, Sourced

_SET = "--set"
# A standard error below this is what rounding leaves of none.
_ROUNDING = 1e-12


def list_settings(source: ReportSource, words: Words) -> Table | None:
    """Every input as written, in base units, and the line that sets it: shared ones, then each scenario's own."""
    plan = source.plan
    rows = [_setting(words, key, value, words.say("report.all_scenarios")) for key, value in plan.inputs.items()]
    for scenario in plan.scenarios:
        rows += [_setting(words, key, value, words.name(scenario.name)) for key, value in scenario.overrides.items()]
    for strategy in plan.strategies:
        unit = STRATEGY_UNITS[strategy.kind]
        rows.append(
            [
                words.name(strategy.name),
                words.code(f"strategies.{strategy.kind}"),
                words.number(None),
                f"{words.number(strategy.value, None, 6)} {words.unit(unit)}",
                place_cell(strategy.place.file, strategy.place.line),
            ]
        )
    columns = [
        Column(words.say("report.scenario_or_strategy"), "left"),
        Column(words.say("report.key"), "left"),
        Column(words.say("report.as_written")),
        Column(words.say("report.value")),
        Column(words.say("report.set_by"), "left"),
    ]
    return build_table(columns, rows)


def _setting(words: Words, key: str, value: Sourced, scenario: str) -> list[str]:
    """One input."""
    unit = "" if value.unit == "1" else f" {words.unit(value.unit)}"
    amount = words.say("report.removed") if value.value is None else words.number(value.value, None, 6) + unit
    place = words.code(_SET) if value.layer == _SET else place_cell(value.place.file, value.place.line)
    return [scenario, words.code(key), words.code(value.text), amount, place]


def list_constants(source: ReportSource, words: Words, symbols: Mapping[str, str]) -> Table | None:
    """The law's constants as its source gives them."""
    law = source.model.law
    columns = [
        Column(words.say("report.symbol"), "left"),
        Column(words.say("report.value")),
        Column(words.say("report.uncertainty")),
        Column(words.say("report.note"), "left"),
        Column(words.say("report.set_by"), "left"),
    ]
    given = {**law.constants, **_fitted(source, words)}
    rows = [
        [
            math_cell(symbols[name]),
            words.number(constant.value, None, 6),
            _interval(words, constant),
            words.name(constant.note),
            place_cell(constant.place.file, constant.place.line),
        ]
        for name, constant in given.items()
    ]
    return build_table(columns, rows)


def _fitted(source: ReportSource, words: Words) -> dict[str, Constant]:
    """The constants that a fit gives in place of the law's own; an error of mere rounding is left out."""
    fit = source.solution.fit
    if fit is None:
        return {}
    note = words.say("report.fit_note", file=fit.runs.file)
    errors = {name: source.evaluation.value(cell, 0) for name, cell in fit.cells.errors.items()}
    return {
        name: Constant(
            name,
            source.evaluation.value(name, 0),
            fit.place,
            se=errors[name] if errors.get(name, 0.0) > _ROUNDING else None,
            note=note,
        )
        for name in fit.constants
    }


def _interval(words: Words, constant: Constant) -> str:
    """How well a constant is known: an interval with its level, or a standard error."""
    parts = []
    if constant.interval:
        low, high = (words.number(end, None, 4) for end in constant.interval)
        text = words.say("document.range", low=low, high=high)
        level = f" ({words.percent(constant.level)})" if constant.level else ""
        parts.append(text + level)
    if constant.se is not None:
        parts.append(f"± {words.number(constant.se, None, 3)}")
    return words.join(parts) if parts else ""


def list_law_text(law: Law, words: Words) -> tuple[tuple[str, str], ...]:
    """The law's formulas as its file has them: a label and the text."""
    texts = {"loss": law.loss, "cost": law.cost}
    labelled = [(words.say(f"report.{part}"), text) for part, text in texts.items() if text is not None]
    labelled += [(words.code(name), text) for name, text in law.where.items()]
    return tuple((label, words.code(text.text)) for label, text in labelled)


def list_range(source: ReportSource, words: Words) -> str:
    """The range in which the law was fitted, in a line."""
    return describe_range(source.model, words)


def describe_range(model: LawModel | ResourceModel, words: Words) -> str:
    """The range in which a law was fitted, in a line."""
    law = model.law
    if law.fitted_range is None:
        return words.say("report.not_stated")
    units = {z.name: model.decision(z).unit for z in model.decisions}
    units = {model.amount.name: "FLOP", **units} if isinstance(model, LawModel) else units
    parts = []
    for name, (low, high) in law.fitted_range.items():
        ends = [words.number(end, units.get(name), 3) for end in (low, high)]
        unit = f" {words.unit(units[name])}" if name in units else ""
        parts.append(words.say("document.range", low=ends[0], high=ends[1]) + unit)
    return words.say("document.comma").join(parts)


def list_about(law: Law, words: Words) -> tuple[tuple[str, str], ...]:
    """What the law says of its sizes, data, tokenizer and loss: a label and the text of each."""
    return tuple((words.message(label), words.message(text)) for label, text in tell_about(law))


def cite_law(law: Law, words: Words) -> str:
    """The source of a law as Markdown, its arXiv or DOI entry as the link."""
    return cite_source(law.source, words)


def cite_source(source: Source | None, words: Words) -> str:
    """A source as Markdown, its arXiv or DOI entry as the link."""
    if source is None:
        return words.say("report.no_source")
    text = words.name(source.cite) + (f", {words.name(source.where)}" if source.where else "")
    link = _link(source)
    return f"{text}, [{words.name(link[0])}]({link[1]})" if link else text


def _link(source: Source) -> tuple[str, str] | None:
    """The text and address of a source; only registries whose addresses are made of plain identifiers."""
    for label, base, identifier in (
        ("arXiv:", "https://arxiv.org/abs/", source.arxiv),
        ("doi:", "https://doi.org/", source.doi),
    ):
        if identifier and all(character.isalnum() or character in "./-" for character in identifier):
            return label + identifier, base + identifier
    return None


def render_bibtex(law: Law | Repetition) -> str:
    """A BibTeX entry of the source of a law or a modifier; empty without one."""
    source = law.source
    if source is None:
        return ""
    fields = {name: clean_line(text) for name, text in source.bibtex.items()}
    known = {
        "eprint": source.arxiv,
        "archivePrefix": "arXiv" if source.arxiv else "",
        "doi": source.doi,
        "url": source.url,
    }
    fields |= {name: clean_line(text) for name, text in known.items() if text and name not in fields}
    key = law.name
    return "\n".join([f"@article{{{key},", *_bibtex_lines(fields), "}"])


def _bibtex_lines(fields: Mapping[str, str]) -> Iterator[str]:
    """The fields of an entry, aligned."""
    width = max((len(name) for name in fields), default=0)
    for name, text in fields.items():
        yield f"  {name:<{width}} = {{{text.replace('`', chr(39))}}},"
