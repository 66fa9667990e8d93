"""Layers of nodes put on top of each other: mappings merge, lists replace, null removes."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from flopsheet.plan.keys import INPUT_KEYS
from flopsheet.plan.nodes import Mapping, Node, Scalar, Sequence
from flopsheet.plan.validate import joined

if TYPE_CHECKING:
    from flopsheet.errors import Place
    from flopsheet.plan.problems import Problems

_INPUT_SECTIONS = frozenset(row.section for row in INPUT_KEYS)


@dataclass(slots=True)
class Merger:
    """Merges layers in order.

    A null stays in the tree, so that it is known what removed the key. A null inside a scenario may
    remove what the base inputs set, which is only known later: `effective` holds the places of those
    that removed something already within the layers.
    """

    problems: Problems
    effective: set[Place] = field(default_factory=set)

    def merge(self, base: Mapping | None, over: Mapping, subject: str = "") -> Mapping:
        """The base with a layer on top."""
        merged = {key.text: (key, node) for key, node in base.items} if base else {}
        for key, node in over.items:
            old = merged.get(key.text)
            name = joined(subject, key.text)
            merged[key.text] = (key, self._over(old[1] if old else None, node, name))
        return Mapping(tuple(merged.values()), over.place, over.replaces or (base is not None and base.replaces))

    def _over(self, old: Node | None, node: Node, subject: str) -> Node:
        """One node on top of another."""
        if isinstance(node, Mapping):
            below = old if isinstance(old, Mapping) and not node.replaces else None
            return self.merge(below, node, subject)
        if isinstance(node, Sequence) or not node.is_null:
            return node
        # Under a misspelled key may stand what is removed here.
        unclear = {"", subject.rpartition(".")[0]} & self.problems.misspelled
        if old is None and not unclear and not _within_scenario(subject):
            remedy = "Remove the line, or give it a value."
            if subject.startswith("scenarios."):
                remedy = "Write `{}` for a scenario without overrides."
            self.problems.add("is null, but no layer set it before.", node.place, subject, remedy)
        if old is not None:
            self.effective.add(node.place)
        if isinstance(old, Mapping) and subject.partition(".")[0] in _INPUT_SECTIONS:
            return _all_null(old, node)
        return node


def _within_scenario(subject: str) -> bool:
    """Whether a dotted key stands inside a scenario (a scenario's own name does not)."""
    return subject.startswith("scenarios.") and subject.count(".") > 1


def _all_null(node: Mapping, null: Scalar) -> Mapping:
    """The mapping with each value replaced by the null that removes them all."""
    pairs = ((key, _all_null(item, null) if isinstance(item, Mapping) else null) for key, item in node.items)
    return replace(node, items=tuple(pairs))
