"""The inputs of a plan: base values, what each scenario overrides, and what --set sets last."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from flopsheet.errors import did_you_mean
from flopsheet.plan.nodes import Mapping, Node, Scalar
from flopsheet.plan.plan import Scenario, Sourced
from flopsheet.plan.read import is_null, read_entries, read_quantity, read_text
from flopsheet.plan.rules import read_expectations
from flopsheet.plan.schema import INPUT_KEYS, InputKey
from flopsheet.plan.slugs import slugs_of

if TYPE_CHECKING:
    from collections.abc import Mapping as AbstractMapping
    from collections.abc import Set as AbstractSet

    from flopsheet.errors import Place
    from flopsheet.plan.problems import Problems

MAX_CHAIN = 50

Inputs = dict[str, Sourced]


def read_inputs(node: Mapping, subject: str, problems: Problems) -> tuple[Inputs, dict[str, Scalar]]:
    """The inputs in a mapping by dotted key, in the order of the table; and nulls over whole sections.

    A value that is wrong becomes NaN: it is noted as a problem, but the key counts as set.
    """
    inputs: Inputs = {}
    nulls: dict[str, Scalar] = {}
    for row in INPUT_KEYS:
        section = node.get(row.section)
        name = row.key.removeprefix(f"{row.section}.")
        if isinstance(section, Scalar) and section.is_null:
            nulls[row.section] = section
        elif isinstance(section, Mapping):
            for key, item in section.items:
                if name in {"<name>", key.text} and isinstance(item, Scalar):
                    dotted = f"{row.section}.{key.text}"
                    at = f"{subject}.{dotted}" if subject else dotted
                    inputs[dotted] = _sourced(row, item, at, problems)
    return inputs, nulls


def _sourced(row: InputKey, node: Scalar, subject: str, problems: Problems) -> Sourced:
    """One input with what set it."""
    layer = node.place.file
    if node.is_null:
        return Sourced(None, row.unit, node.place, layer, node.text)
    named = row.key.endswith("<name>")
    quantity = read_quantity(node, None if named else row.unit, subject, problems, positive=row.positive)
    unit = quantity.unit if quantity and row.section == "inputs" else row.unit
    return Sourced(quantity.value if quantity else math.nan, unit, node.place, layer, node.text)


@dataclass(slots=True)
class _Resolver:
    """Resolves scenarios over the base and over each other."""

    base: Inputs
    nodes: dict[str, tuple[Scalar, Node]]
    sets: Inputs
    effective: AbstractSet[Place]
    problems: Problems
    slugs: AbstractMapping[str, str]
    done: dict[str, Scenario] = field(default_factory=dict)

    def resolve(self, name: str, chain: tuple[str, ...] = ()) -> Scenario:
        """A scenario with its parents merged in."""
        if name in self.done:
            return self.done[name]
        key, node = self.nodes[name]
        mapping = node if isinstance(node, Mapping) else Mapping((), node.place)
        parent_name = self._parent_name(mapping, name)
        parent = self._parent(mapping, parent_name, (*chain, name)) if parent_name else None
        inherited = parent.inputs if parent else self.base
        overrides = self._overrides(mapping, f"scenarios.{name}", inherited)
        expect = read_expectations(mapping.get("expect"), f"scenarios.{name}.expect", self.problems)
        scenario = Scenario(
            name=name,
            slug=self.slugs[name],
            place=key.place,
            parent=parent_name or None,
            overrides=overrides,
            inputs={**inherited, **overrides},
            expect={**(parent.expect if parent else {}), **expect},
        )
        self.done[name] = scenario
        return scenario

    def _parent_name(self, node: Mapping, name: str) -> str:
        """The scenario that this one extends; an unknown one is a problem."""
        extends = node.get("extends")
        parent = read_text(extends)
        if parent and parent not in self.nodes and extends is not None:
            remedy = did_you_mean(parent, (known for known in self.nodes if known))
            self.problems.add(f"unknown scenario `{parent}`.", extends.place, f"scenarios.{name}.extends", remedy)
            return ""
        return parent

    def _parent(self, node: Mapping, parent: str, chain: tuple[str, ...]) -> Scenario | None:
        """The resolved parent; a circle is a problem, told once."""
        extends = node.get("extends")
        place = extends.place if extends else None
        if len(chain) > MAX_CHAIN:
            message = f"scenarios may extend each other at most {MAX_CHAIN} levels deep."
            self.problems.add(message, place, f"scenarios.{chain[-1]}.extends")
            return None
        if parent in chain:
            circle = chain[chain.index(parent) :]
            message = f"the scenarios extend each other in a circle: {' > '.join((*circle, parent))}."
            self.problems.add(message, place, f"scenarios.{chain[-1]}.extends")
            return None
        return self.resolve(parent, chain)

    def _overrides(self, node: Mapping, subject: str, inherited: AbstractMapping[str, Sourced]) -> Inputs:
        """What a scenario's own lines set; a null must remove something."""
        overrides, nulls = read_inputs(node, subject, self.problems)
        for section, null in nulls.items():
            below = [key for key in inherited if key.startswith(f"{section}.")]
            if not below and null.place not in self.effective:
                self._note_empty_null(f"{subject}.{section}", null.place)
            for key in below:
                overrides[key] = Sourced(None, inherited[key].unit, null.place, null.place.file, null.text)
        for key, given in overrides.items():
            known = key in inherited or given.place in self.effective
            if given.value is None and not known:
                self._note_empty_null(f"{subject}.{key}", given.place)
        return {key: given for key, given in overrides.items() if key not in self.sets}

    def _note_empty_null(self, subject: str, place: Place) -> None:
        """Note a null that removes nothing, unless what it removes may stand under a misspelled key."""
        section = subject.removeprefix("scenarios.").rpartition(".")[0].rpartition(".")[2]
        if any(at in {"", section} or at.startswith("scenarios.") for at in self.problems.misspelled):
            return
        self.problems.add(
            "is null, but no layer set it before.", place, subject, "Remove the line, or give it a value."
        )


def read_scenarios(
    node: Node | None, base: Inputs, sets: Inputs, effective: AbstractSet[Place], problems: Problems
) -> tuple[Scenario, ...]:
    """The scenarios of a plan in their order, each with base, parents, own lines and --set merged."""
    entries = {key.text: (key, item) for key, item in read_entries(node)}
    slugs = dict(zip(entries, slugs_of(tuple(entries)), strict=True))
    resolver = _Resolver({**base, **sets}, entries, sets, effective, problems, slugs)
    return tuple(resolver.resolve(name) for name in entries)


def sets_removing_nothing(sets: Inputs, base: Inputs, node: Node | None) -> list[tuple[str, Sourced]]:
    """The nulls of --set whose key neither the base nor any scenario sets."""
    below = {
        f"{section.text}.{key.text}"
        for _, scenario in read_entries(node)
        for section, item in read_entries(scenario)
        for key, value in read_entries(item)
        if not is_null(value)
    }
    return [(key, given) for key, given in sets.items() if given.value is None and key not in base and key not in below]
