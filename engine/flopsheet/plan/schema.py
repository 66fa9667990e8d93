"""The plan file and the law file as declared: every key, its unit and its rule, in one place."""

from __future__ import annotations

from flopsheet.messages import LANGUAGES
from flopsheet.plan.keys import INPUT_KEYS, NAME, TEXT_KEYS, TIERS, InputKey
from flopsheet.plan.plan import COUNTED_PARAMETERS, LOSS_SIGNS, NOT_STATED
from flopsheet.plan.shape import (
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
    not_yet,
)
from flopsheet.plan.topics import TOPICS

OBJECTIVES = ("minimize loss", "minimize compute", "minimize cost")
COVERS = ("training", "lifetime")
_LATER_SECTIONS = ("sweep", "sensitivity", "uncertainty")


def _sections() -> dict[str, Shape]:
    """The shapes of the sections that hold inputs, from the tables of numbers and words."""
    fields: dict[str, dict[str, Shape]] = {}
    shapes: dict[str, Shape] = {}
    tier: dict[str, Shape] = {}
    for row in INPUT_KEYS:
        name = row.key.removeprefix(f"{row.section}.")
        shape = number_shape(row)
        if name == NAME:
            shapes[row.section] = Table(shape, "identifier", row.section.removesuffix("s"))
        elif row.key.startswith(f"{TIERS}."):
            tier[row.key.rpartition(".")[2]] = shape
        else:
            fields.setdefault(row.section, {})[name] = shape
    for text in TEXT_KEYS:
        name = text.key.removeprefix(f"{text.section}.")
        fields[text.section][name] = Text(text.choices, about=text.about)
    fields["data"]["tiers"] = NamedList(Record(tier), "tier")
    return shapes | {section: Record(inner) for section, inner in fields.items()}


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
    "fit",
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


SCENARIO = Record(
    {**_scenario_sections(), "extends": Text(), "expect": _EXPECT},
    {**not_yet(*_LATER_SECTIONS), **dict.fromkeys(_STRUCTURE, _FIXED), "law": _ONE_LAW},
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
        "expect": _EXPECT,
        "compare": ListOf(Text(), single=True),
    },
    not_yet(*_LATER_SECTIONS),
)

# Records that stand under a name of their own in the JSON Schema.
NAMED_SHAPES: dict[str, Record] = {"law": LAW, "scenario": SCENARIO, "strategy": _STRATEGY, "claim": _CLAIM}

# What --set takes: the inputs and nothing else.
SET = Record(
    _scenario_sections(),
    {
        **not_yet(*_LATER_SECTIONS),
        **dict.fromkeys((*_STRUCTURE, "extends", "expect"), "cannot be set here: --set takes inputs only."),
    },
)
