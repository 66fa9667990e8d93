"""The plan file and the law file as declared: every key, its unit and its rule, in one place."""

from __future__ import annotations

from collections.abc import Callable

from flopsheet.messages import LANGUAGES
from flopsheet.plan.keys import INPUT_KEYS, NAME, TEXT_KEYS, TIERS, InputKey
from flopsheet.plan.plan import COUNTED_PARAMETERS, LOSS_SIGNS, NOT_STATED
from flopsheet.plan.shape import (
    Axis,
    Either,
    Formula,
    ListOf,
    NamedList,
    Number,
    Record,
    Shape,
    Table,
    Text,
    UnitText,
)
from flopsheet.plan.topics import TOPICS
from flopsheet.plan.uncertain import DISTRIBUTIONS

OBJECTIVES = ("minimize loss", "minimize compute", "minimize cost")
COVERS = ("training", "lifetime")


def _sections(shape_of: Callable[[InputKey], Number | Record] | None = None) -> dict[str, Shape]:
    """The shapes of the sections that hold inputs, from the tables of numbers and words.

    With `shape_of` another shape stands in the place of each number, and words are refused.
    """
    fields: dict[str, dict[str, Shape]] = {}
    shapes: dict[str, Shape] = {}
    tier: dict[str, Shape] = {}
    for row in INPUT_KEYS:
        name = row.key.removeprefix(f"{row.section}.")
        shape = (shape_of or number_shape)(row)
        if name == NAME:
            shapes[row.section] = Table(shape, "identifier", row.section.removesuffix("s"))
        elif row.key.startswith(f"{TIERS}."):
            tier[row.key.rpartition(".")[2]] = shape
        else:
            fields.setdefault(row.section, {})[name] = shape
    words: dict[str, dict[str, str]] = {}
    for text in TEXT_KEYS:
        name = text.key.removeprefix(f"{text.section}.")
        if shape_of is None:
            fields[text.section][name] = Text(text.choices, about=text.about)
        else:
            words.setdefault(text.section, {})[name] = "is a word, not a number: it cannot be drawn."
    fields["data"]["tiers"] = NamedList(Record(tier), "tier")
    return shapes | {section: Record(inner, words.get(section, {})) for section, inner in fields.items()}


def number_shape(row: InputKey) -> Number:
    """The shape of an input number."""
    named = row.key in {"constants.<name>", "inputs.<name>"}
    return Number(
        None if named else row.reading, row.positive, row.most, row.least, row.words, shared=row.shared, about=row.about
    )


_SOURCE = Either(
    Text(),
    Record(
        {
            "cite": Text(),
            "where": Text(),
            "arxiv": Text(),
            "doi": Text(),
            "url": Text(),
            "bibtex": Table(Text(), "text", "BibTeX field"),
        }
    ),
)
_ANY = Number(None, positive=False)
_ABOUT = Record(
    {
        "topic": Text(choices=tuple(TOPICS)),
        "parameters": Text(choices=(*COUNTED_PARAMETERS, NOT_STATED)),
        "data": Text(),
        "tokenizer": Text(),
        "loss": Text(),
        "loss_sign": Text(choices=LOSS_SIGNS),
        "rounded": Either(Text(), Record({language: Text() for language in LANGUAGES})),
    }
)
_OUTPUT = Record({"formula": Formula(), "unit": UnitText(), "label": Text()})

LAW = Record(
    {
        "law": Text(),
        "title": Text(),
        "source": _SOURCE,
        "loss": Formula(),
        "cost": Formula(),
        "decisions": Table(Text(), "identifier", "decision"),
        "constants": Table(
            Either(
                _ANY,
                Record(
                    {
                        "value": _ANY,
                        "interval": ListOf(_ANY, length=2),
                        "level": Number("1"),
                        "se": Number(None),
                        "unit": UnitText(),
                        "note": Text(),
                    }
                ),
            ),
            "identifier",
            "constant",
        ),
        "draws": Text(),
        "where": Table(Formula(), "identifier", "formula"),
        "formulas": Table(Either(Formula(), _OUTPUT), "identifier", "formula"),
        "inputs": Table(
            Record(
                {
                    "from": Text(),
                    "unit": UnitText(),
                    "candidates": ListOf(_ANY),
                    "between": ListOf(_ANY, length=2),
                }
            ),
            "identifier",
            "input",
        ),
        "inference_cost": Formula(),
        "fitted_range": Either(
            Text(choices=(NOT_STATED,)), Table(ListOf(Number(None), length=2), "identifier", "symbol")
        ),
        "known_answers": ListOf(
            Record(
                {"at": Table(_ANY, "identifier", "symbol"), "within": Number("1"), "source": Text()},
                others=_ANY,
            )
        ),
        "notes": ListOf(Text(), single=True),
        "about": _ABOUT,
    }
)

REPETITION = Record(
    {
        "repetition": Text(),
        "title": Text(),
        "source": _SOURCE,
        "constants": LAW.fields["constants"],
        "effective": Formula(),
        "loss_factor": Formula(),
        "effective_parameters": Formula(),
        "notes": ListOf(Text(), single=True),
    }
)

_EXPECT = Table(
    Record({"at_most": _ANY, "at_least": _ANY, "value": _ANY, "within": Number("1")}), "identifier", "result"
)
_STRATEGY = Record(
    {
        "tokens_per_parameter": Number("token/parameter"),
        "parameters": Number("parameter"),
        "tokens": Number("token"),
        "shares": Table(Number("1"), "identifier", "decision"),
    }
)
_CLAIM = Record(
    {
        "says": Table(Formula(), "identifier", "result"),
        "source": Text(),
        "expected": Text(choices=("proven", "refuted")),
        "scenario": Text(),
    }
)
_STRUCTURE = (
    "title", "description", "language", "law", "objective", "cells", "strategies", "scenarios", "claims", "compare",
    "fit", "sensitivity", "sweep", "uncertainty",
)  # fmt: skip
_FIT = Record(
    {
        "runs": Text(),
        "law": Text(),
        "method": Text(choices=("logs",)),
        "columns": Table(Text(), "identifier", "quantity"),
        "free": ListOf(Text(), single=True),
    }
)
_TABLE_VALUES = Table(ListOf(Text(), nulls=True), "text", "input")
_SENSITIVITY = Record(
    {
        "swing": Number("1", about="What each input is changed by, up and down: a share below 100 %; default 10 %"),
        "inputs": ListOf(Text(), single=True),
        "scenario": Text(about="The scenario that report and terminal show; default: the first"),
        "tables": ListOf(Record({"rows": _TABLE_VALUES, "columns": _TABLE_VALUES, "show": Text()})),
    }
)
_DISTRIBUTION = Record({kind: ListOf(_ANY, length=2) for kind in DISTRIBUTIONS})
_UNCERTAINTY = Record(
    {
        "draws": Text(
            about="How many draws (default 10,000), or a CSV of joint draws of the constants, taken row by row"
        ),
        "seed": Number("1", positive=False, about="The seed of the draws; default 0"),
        "level": Number("1", about="Share of the draws between the ends of an interval; default 90 %"),
        "inputs": Record(_sections(lambda _: _DISTRIBUTION)),
        "constants": Text(
            about="A CSV of joint draws of the law's constants, or `fixed`; default: what the law states"
        ),
    }
)
_FIXED = "is the same for the whole plan: a scenario overrides only inputs and `expect`."
_ONE_LAW = (
    f"{_FIXED} Name other laws under `compare` at the top level: each scenario is then answered under all of them."
)


def _plan_sections() -> dict[str, Shape]:
    """The input sections at the top level of a plan, where `budget.covers` may stand too."""
    sections = _sections()
    budget = sections["budget"]
    if isinstance(budget, Record):
        covers = Text(COVERS, about="Whether the amount pays for training alone, or for inference too")
        sections["budget"] = Record({**budget.fields, "covers": covers}, budget.refused)
    return sections


def _scenario_sections() -> dict[str, Shape]:
    """The input sections of a scenario; what a budget covers is not for a scenario to say."""
    sections = _sections()
    budget = sections["budget"]
    if isinstance(budget, Record):
        sections["budget"] = Record(budget.fields, {**budget.refused, "covers": _FIXED})
    return sections


def _axes() -> dict[str, Shape]:
    """The keys that a sweep may vary: every input number, each tier by its name."""
    shapes: dict[str, Shape] = {}
    for section, shape in _sections().items():
        if isinstance(shape, Table) and isinstance(shape.item, Number):
            shapes[section] = Table(Axis(shape.item), shape.names, shape.what)
        elif isinstance(shape, Record):
            shapes[section] = _axes_of(shape)
    return shapes


def _axes_of(section: Record) -> Record:
    """The numbers of a section as axes; a word cannot be swept."""
    fields: dict[str, Shape] = {}
    for name, shape in section.fields.items():
        if isinstance(shape, Number):
            fields[name] = Axis(shape)
        elif isinstance(shape, NamedList):
            fields[name] = Table(_axes_of(shape.item), "text", shape.what, dotless=True)
    words = [name for name, shape in section.fields.items() if isinstance(shape, Text)]
    return Record(fields, dict.fromkeys(words, "is a word: a sweep varies numbers. Make scenarios for it."))


_ZIP = Record(_axes())
_SWEEP = Record({**_axes(), "zip": _ZIP})

SCENARIO = Record(
    {**_scenario_sections(), "extends": Text(), "expect": _EXPECT},
    {**dict.fromkeys(_STRUCTURE, _FIXED), "law": _ONE_LAW},
)

PLAN = Record(
    {
        "title": Text(),
        "description": Text(),
        "language": Text(choices=("en", "zh")),
        "extends": ListOf(Text(), single=True),
        "law": Either(Text(), LAW),
        "objective": Text(choices=OBJECTIVES),
        **_plan_sections(),
        "cells": Table(_OUTPUT, "identifier", "cell"),
        "strategies": Table(_STRATEGY, "text", "strategy"),
        "scenarios": Table(SCENARIO, "text", "scenario"),
        "claims": Table(_CLAIM, "text", "claim"),
        "fit": _FIT,
        "sensitivity": _SENSITIVITY,
        "uncertainty": _UNCERTAINTY,
        "expect": _EXPECT,
        "compare": ListOf(Text(), single=True),
        "sweep": _SWEEP,
    }
)

# Records that stand under a name of their own in the JSON Schema.
NAMED_SHAPES: dict[str, Record] = {
    "law": LAW,
    "scenario": SCENARIO,
    "strategy": _STRATEGY,
    "claim": _CLAIM,
    "distribution": _DISTRIBUTION,
    "axes": _ZIP,
}

# What --set takes: the inputs and nothing else.
SET = Record(
    _scenario_sections(),
    dict.fromkeys((*_STRUCTURE, "extends", "expect"), "cannot be set here: --set takes inputs only."),
)
