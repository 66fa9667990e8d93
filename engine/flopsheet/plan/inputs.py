"""The inputs that one layer of a plan sets: numbers, words, tiers of data, and the nulls that remove them."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from flopsheet.plan.keys import INPUT_KEYS, NAME, TEXT_KEYS, TIERS, InputKey, input_key
from flopsheet.plan.nodes import Mapping, Node, Scalar
from flopsheet.plan.plan import Sourced, SourcedText
from flopsheet.plan.read import read_number, read_text
from flopsheet.plan.schema import number_shape
from flopsheet.plan.units import exact_factor
from flopsheet.plan.validate import joined

if TYPE_CHECKING:
    from flopsheet.errors import Place
    from flopsheet.plan.problems import Problems

Inputs = dict[str, Sourced]
Texts = dict[str, SourcedText]


@dataclass(slots=True)
class Given:
    """What a layer sets, by dotted key.

    `nulls` stand over whole sections, all tiers or a single one. `declared` are the tiers that a list names, in its
    order, `addressed` those that are only changed by name; `listed` is where the list stands.
    """

    numbers: Inputs = field(default_factory=dict)
    texts: Texts = field(default_factory=dict)
    nulls: dict[str, Scalar] = field(default_factory=dict)
    declared: dict[str, Place] = field(default_factory=dict)
    addressed: dict[str, Place] = field(default_factory=dict)
    listed: Place | None = None

    @property
    def all(self) -> dict[str, Sourced | SourcedText]:
        """Numbers and words alike."""
        return {**self.numbers, **self.texts}


def read_inputs(node: Mapping, subject: str, problems: Problems) -> Given:
    """The inputs in a mapping, in the order of the tables.

    A value that is wrong becomes NaN: it is noted as a problem, but the key counts as set.
    """
    given = Given()
    for row in INPUT_KEYS:
        section = node.get(row.section)
        name = row.key.removeprefix(f"{row.section}.")
        if isinstance(section, Scalar) and section.is_null:
            given.nulls[row.section] = section
        elif isinstance(section, Mapping) and not row.key.startswith(f"{TIERS}."):
            for key, item in section.items:
                if name in {NAME, key.text} and isinstance(item, Scalar):
                    _add_number(given, row, f"{row.section}.{key.text}", item, subject, problems)
    for text in TEXT_KEYS:
        within = node.get(text.section)
        word = within.get(text.key.removeprefix(f"{text.section}.")) if isinstance(within, Mapping) else None
        if isinstance(word, Scalar):
            given.texts[text.key] = SourcedText(read_text(word) or None, word.place, word.place.file)
    data = node.get("data")
    if isinstance(data, Mapping):
        _read_tiers(given, data.get("tiers"), subject, problems)
    return given


def _read_tiers(given: Given, node: Node | None, subject: str, problems: Problems) -> None:
    """The tiers of data: a list declares them, keys by name change single ones."""
    if isinstance(node, Scalar) and node.is_null:
        given.nulls[TIERS] = node
    if not isinstance(node, Mapping):
        return
    given.listed = node.place if node.replaces else None
    for key, tier in node.items:
        name = f"{TIERS}.{key.text}"
        if isinstance(tier, Scalar) and tier.is_null:
            given.nulls[name] = tier
        if not isinstance(tier, Mapping):
            continue
        if tier.replaces and tier.items and all(isinstance(item, Scalar) and item.is_null for _, item in tier.items):
            continue  # a later layer removed it
        (given.declared if tier.replaces else given.addressed)[key.text] = key.place
        for part, item in tier.items:
            row = input_key(f"{name}.{part.text}")
            if row is not None and isinstance(item, Scalar):
                _add_number(given, row, f"{name}.{part.text}", item, subject, problems)


def _add_number(given: Given, row: InputKey, dotted: str, node: Scalar, subject: str, problems: Problems) -> None:
    """One number with what set it, in the unit that it is held in."""
    given.numbers[dotted] = read_input(row, dotted, node, subject, problems)


def read_input(row: InputKey, dotted: str, node: Scalar, subject: str, problems: Problems) -> Sourced:
    """One number with what set it, in the unit that it is held in; NaN where it is wrong, which is noted."""
    layer = node.place.file
    if node.is_null:
        return Sourced(None, row.unit, node.place, layer, node.text)
    value, unit = read_held(row, node, joined(subject, dotted), problems)
    return Sourced(value, unit, node.place, layer, node.text)


def read_held(row: InputKey, node: Scalar, subject: str, problems: Problems) -> tuple[float, str]:
    """The number of a key in the unit that it is held in, and that unit; nan where it is wrong, which is noted."""
    quantity = read_number(node, number_shape(row), subject, problems)
    unit = quantity.unit if quantity and row.section == "inputs" else row.unit
    if quantity is None:
        return math.nan, unit
    value = quantity.value
    if row.written:
        value = float(value * (exact_factor(row.written) / exact_factor(row.unit)))
    return value, unit
