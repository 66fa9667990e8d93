"""The results and formulas that changed between two plans, as Markdown."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from flopsheet.derive.rewriting import Counterexample
from flopsheet.document.latex import inline_latex, render_latex
from flopsheet.document.latex_names import latex_name
from flopsheet.document.numbers import DASH, MAX_DIGITS, render_number
from flopsheet.document.symbols import list_symbols
from flopsheet.document.tables import Column, Table, build_table
from flopsheet.document.words import Words
from flopsheet.evaluate.attribution import Attribution
from flopsheet.evaluate.difference import Difference, ResultChange, ScenarioDifference, Side
from flopsheet.evaluate.stated_formulas import FormulaChange, StatedFormula

FORMULAS: Final = "formulas and law"
_USUAL_DIGITS: Final = 4
#: Contributions below this share of the largest are told together.
_TOLD: Final = 5e-3
_LOSS: Final = "nats/token"


@dataclass(frozen=True)
class ResultsView:
    """What became of one scenario's results."""

    title: str
    table: Table | None
    sentences: tuple[str, ...]


@dataclass(frozen=True)
class FormulaView:
    """One formula: what became of it, then both sides and a counterexample."""

    head: str
    lines: tuple[str, ...]


def view_results(scenario: ScenarioDifference, words: Words) -> ResultsView:
    """The results of a scenario that changed."""
    columns = [
        Column(words.say("diff.result"), "left"),
        *(Column(words.say(f"diff.{name}")) for name in ("before", "now", "change")),
        Column(words.say("diff.drivers"), "left"),
    ]
    both = [each for each in scenario.results if each.old is not None and each.new is not None]
    sentences = []
    for key, names in (
        ("lost", [each.name for each in scenario.results if each.new is None]),
        ("gained", [each.name for each in scenario.results if each.old is None]),
    ):
        if names:
            sentences.append(words.say(f"diff.{key}", names=words.join([words.code(name) for name in names])))
    table = build_table(columns, [_view_result(each, words) for each in both])
    title = words.say("diff.scenario_pair", name=words.name(scenario.pair.new.name))
    if scenario.pair.is_renamed:
        title = words.say("diff.scenario_now", new=title, old=words.name(scenario.pair.old.name))
    return ResultsView(title, table, tuple(sentences))


def pair_numbers(old: float, new: float, unit: str, words: Words) -> tuple[str, str]:
    """Two numbers with as many digits as it takes to tell them apart, at most six."""
    for digits in range(_USUAL_DIGITS, MAX_DIGITS + 1):
        texts = words.number(old, unit, digits), words.number(new, unit, digits)
        if texts[0] != texts[1]:
            break
    return texts


def _view_result(each: ResultChange, words: Words) -> list[str]:
    """The row of one result that both sides have."""
    assert each.old is not None  # noqa: S101 - view_results
    assert each.new is not None  # noqa: S101 - view_results
    old, new = pair_numbers(each.old, each.new, each.unit, words)
    name = words.unit(each.unit)
    shown = new if each.unit in {"1", "%"} or math.isinf(each.new) else f"{new} {name}"
    return [words.code(each.name), old, shown, _view_change(each, words), _view_drivers(each, words)]


def _view_change(each: ResultChange, words: Words) -> str:
    """How much a result changed: relative, and of a loss absolute too."""
    change, relative = each.change, each.relative
    if change is None or math.isinf(change):
        return DASH
    if relative is None:
        return _signed(change, each.unit, words)
    share = _signed(relative, "%", words)
    return f"{_signed(change, _LOSS, words)} ({share})" if each.unit == _LOSS else share


def _signed(value: float, unit: str, words: Words) -> str:
    """A number of three digits with its sign."""
    return ("+" if value > 0 else "") + words.number(value, unit, 3)


def _view_drivers(each: ResultChange, words: Words) -> str:
    """What contributed how much to a change, the most first; the name alone where it was one thing."""
    attribution = each.attribution
    if attribution is None or attribution.method == "none":
        return words.say(f"diff.why_{attribution.why_not}") if attribution else ""
    parts = attribution.contributions
    largest = max((abs(value) for value in parts.values()), default=0.0)
    told = {name: value for name, value in parts.items() if abs(value) >= _TOLD * largest and value}
    if attribution.method != "one_order":
        told = dict(sorted(told.items(), key=lambda item: -abs(item[1])))
    rest = [value for name, value in parts.items() if name not in told and value]
    if len(told) == 1 and not rest:
        return _name_driver(next(iter(told)), words)
    shown = [f"{_name_driver(name, words)} {_signed(value, each.unit, words)}" for name, value in told.items()]
    if rest:
        shown.append(f"{words.say('diff.others')} {_signed(math.fsum(rest), each.unit, words)}")
    text = words.say("document.comma").join(shown)
    return text + _remark_on(attribution, words)


def _remark_on(attribution: Attribution, words: Words) -> str:
    """That contributions are those of one order."""
    if attribution.method != "one_order" or len(attribution.contributions) == 1:
        return ""
    brackets = words.say("document.open_paren"), words.say("document.close_paren")
    return words.say("diff.in_this_order").join(brackets)


def _name_driver(name: str, words: Words) -> str:
    """A change as readers know it."""
    return words.say("diff.from_formulas") if name == FORMULAS else words.code(name)


def view_formula(change: FormulaChange, difference: Difference, words: Words) -> FormulaView:
    """What became of a formula, with both sides in LaTeX, or as they are written where that looks the same."""
    sides = [(change.old, difference.old), (change.new, difference.new)]
    shown = [None if formula is None else _latex(formula, side) for formula, side in sides]
    if shown[0] is not None and shown[0] == shown[1]:
        shown = [words.code(formula.text) for formula, _ in sides if formula is not None]
    verdict = words.say(f"diff.formula_{change.kind}") if change.rewriting is None else _tell(change, words)
    places = [
        words.code(f"{at[0]}:{at[1]}") if (at := side.show(formula.place)) else words.say("diff.library")
        for formula, side in sides
        if formula is not None
    ]
    head = words.say(
        "diff.formula_lines",
        name=words.code(change.name),
        verdict=f"**{verdict}**",
        lines=" → ".join(dict.fromkeys(places)),
    )
    keys = ("formula_before", "formula_now")
    lines = [words.say(f"diff.{key}", formula=text) for key, text in zip(keys, shown, strict=True) if text is not None]
    if change.old and change.new and change.old.unit != change.new.unit:
        units = {name: words.code(each.unit) for name, each in (("old", change.old), ("new", change.new))}
        lines.append(words.say("diff.unit_changed", **units))
    apart = change.rewriting.counterexample if change.rewriting else None
    if apart is not None and apart.point:
        lines.append(_tell_apart(apart, list_symbols(difference.new.solution.model), words))
    return FormulaView(head, tuple(lines))


def _tell(change: FormulaChange, words: Words) -> str:
    """Whether the mathematics is another."""
    return words.say(f"diff.rewritten_{change.rewriting.sameness}") if change.rewriting else ""


def _latex(formula: StatedFormula, side: Side) -> str:
    """A formula of one side, with what it is said to be equal to."""
    symbols = list_symbols(side.solution.model)
    text = render_latex(formula.written, symbols=symbols)
    if formula.left is not None:
        text = f"{render_latex(formula.left, symbols=symbols)} = {text}"
    return inline_latex(text)


def _tell_apart(apart: Counterexample, symbols: Mapping[str, str], words: Words) -> str:
    """A point at which two formulas differ, and what they are there."""
    point = [
        inline_latex(f"{symbols.get(name) or latex_name(name)} = {render_number(value, style='latex')}")
        for name, value in apart.point.items()
    ]
    numbers: Sequence[str] = [words.number(value, None, MAX_DIGITS) for value in (apart.old, apart.new)]
    values = {"old": numbers[0], "new": numbers[1]}
    return words.say("diff.apart_at", point=words.say("document.comma").join(point), **values)
