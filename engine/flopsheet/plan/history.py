"""What every layer of a plan says of one key, in the order in which they are put on top of each other.

Merged plans keep only what is in force. The layers are read again here, for the one key that is asked for, so that
nothing that is merged carries its history along.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from flopsheet.plan.inputs import read_inputs
from flopsheet.plan.keys import TEXT_KEYS, TIERS, input_key
from flopsheet.plan.layers import SET_FILE, Layers, parse_sets
from flopsheet.plan.nodes import Mapping, Node, Scalar, Sequence
from flopsheet.plan.paths import resolve_given
from flopsheet.plan.plan import CATALOGUE, DEFAULT, Sourced, SourcedText
from flopsheet.plan.problems import Problems
from flopsheet.plan.schema import PLAN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flopsheet.errors import Place
    from flopsheet.plan.plan import Plan, Scenario


@dataclass(frozen=True, slots=True)
class Entry:
    """What one layer says of a key.

    `layer` is a file, "--set", CATALOGUE, DEFAULT, or the name of a law; `scenario` the scenario that says it, None
    outside of all. `text` is as written, `value` the number it means in base units, None for words. `removes` says
    that it takes the key away; `through` names what is null, or a list that replaces it, where that is not the key.
    """

    layer: str
    place: Place
    text: str
    value: float | None = None
    scenario: str | None = None
    removes: bool = False
    through: str = ""
    in_force: bool = False


@dataclass(frozen=True, slots=True)
class KeyHistory:
    """All that was said of a key for one scenario, in order; the entry in force is the last word, if there is one."""

    scenario: str
    entries: tuple[Entry, ...]
    value: float | str | None
    unit: str

    @property
    def in_force(self) -> Entry | None:
        """The entry that holds; None where nothing was said."""
        return next((entry for entry in self.entries if entry.in_force), None)


@dataclass(frozen=True, slots=True)
class LayerNodes:
    """The layers of a plan as written: files in the order in which they are put on top of each other, then --set."""

    files: tuple[Mapping, ...]
    sets: Mapping

    def keys(self) -> list[str]:
        """The dotted keys that any layer holds a single value or a list for, each once."""
        return list(dict.fromkeys(key for node in (*self.files, self.sets) for key, _ in list_leaves(node)))

    def find(self, key: str) -> Node | None:
        """What the topmost layer that knows a dotted key holds there."""
        found = (find_node(node, key) for node in reversed((*self.files, self.sets)))
        return next((node for node in found if node is not None), None)


def read_layers(plan: Plan, sets: tuple[str, ...] = ()) -> LayerNodes:
    """The layers of a plan that was loaded with the same `sets`."""
    layers = Layers(plan.root)
    layers.add(resolve_given(plan.root, plan.root / plan.path))
    return LayerNodes(tuple(layers.nodes), parse_sets(sets, layers.problems))


def trace_key(plan: Plan, layers: LayerNodes, key: str) -> tuple[KeyHistory, ...]:
    """The history of a dotted key for every scenario, in the plan's order."""
    by_name = {scenario.name: scenario for scenario in plan.scenarios}
    return tuple(_trace(scenario, by_name, layers, key) for scenario in plan.scenarios)


def is_input(key: str) -> bool:
    """Whether a dotted key is one of the numbers and words that scenarios and --set may set."""
    return input_key(key) is not None or any(row.key == key for row in TEXT_KEYS)


def is_known(key: str) -> bool:
    """Whether a plan may have this key, set or not."""
    return is_input(key) or key in PLAN.fields or key == "budget.covers"


def _trace(scenario: Scenario, by_name: dict[str, Scenario], layers: LayerNodes, key: str) -> KeyHistory:
    """The history of a key for one scenario."""
    entries: list[Entry] = []
    for node in layers.files:
        _say(entries, node, key, None)
    for name in _chain(scenario, by_name):
        for node in layers.files:
            own = find_node(node, f"scenarios.{name}")
            if isinstance(own, Mapping):
                _say(entries, own, key, name)
    _say(entries, layers.sets, key, None)
    given: Sourced | SourcedText | None = scenario.inputs.get(key) or scenario.texts.get(key)
    row = input_key(key)
    unit = given.unit if isinstance(given, Sourced) else row.unit if row else ""
    if is_input(key) or given is not None:
        return KeyHistory(scenario.name, _mark(entries, given), None if given is None else given.value, unit)
    last = len(entries) - 1
    marked = tuple(replace(entry, in_force=number == last) for number, entry in enumerate(entries))
    return KeyHistory(scenario.name, marked, entries[-1].text if entries and not entries[-1].removes else None, unit)


def _chain(scenario: Scenario, by_name: dict[str, Scenario]) -> list[str]:
    """A scenario and those it extends, the furthest first."""
    chain = [scenario.name]
    parent = scenario.parent
    while parent is not None and parent not in chain:
        chain.insert(0, parent)
        parent = by_name[parent].parent
    return chain


def _say(entries: list[Entry], node: Mapping, key: str, scenario: str | None) -> None:
    """Note what one layer says of a key; to take away what is not there says nothing."""
    found = _input_entry(node, key) if is_input(key) else _other_entry(node, key)
    if found is None:
        return
    is_there = bool(entries) and not entries[-1].removes
    if is_there or not found.through:
        entries.append(replace(found, scenario=scenario))


def _input_entry(node: Mapping, key: str) -> Entry | None:
    """What a layer says of an input."""
    given = read_inputs(node, "", Problems())
    number, word = given.numbers.get(key), given.texts.get(key)
    if number is not None:
        return Entry(_layer_of(number.place), number.place, number.text, number.value, removes=number.value is None)
    if word is not None:
        return Entry(_layer_of(word.place), word.place, word.value or "null", removes=word.value is None)
    above = [prefix for prefix in given.nulls if key.startswith(f"{prefix}.")]
    if above:
        through = max(above, key=len)
        place = given.nulls[through].place
        return Entry(_layer_of(place), place, "null", removes=True, through=through)
    if given.listed is not None and key.startswith(f"{TIERS}."):
        return Entry(_layer_of(given.listed), given.listed, "", removes=True, through=TIERS)
    return None


def _other_entry(node: Mapping, key: str) -> Entry | None:
    """What a layer says of any other key."""
    found = find_node(node, key)
    if found is None:
        return None
    removes = isinstance(found, Scalar) and found.is_null
    return Entry(_layer_of(found.place), found.place, "null" if removes else tell_node(found), removes=removes)


def _layer_of(place: Place) -> str:
    """The layer that a place stands in."""
    return SET_FILE if place.file == SET_FILE else place.file


def _mark(entries: list[Entry], given: Sourced | SourcedText | None) -> tuple[Entry, ...]:
    """The entries with the one in force marked; what no line says, the catalogue or a default, comes last."""
    if given is None:
        last = len(entries) - 1
        return tuple(replace(entry, in_force=number == last) for number, entry in enumerate(entries))
    if given.layer in {CATALOGUE, DEFAULT}:
        text = given.text if isinstance(given, Sourced) else str(given.value)
        value = given.value if isinstance(given, Sourced) else None
        follows = Entry(given.layer, given.place, text, value, removes=given.value is None, in_force=True)
        return (*entries, follows)
    matching = [number for number, entry in enumerate(entries) if entry.place == given.place]
    return tuple(replace(entry, in_force=number in matching[-1:]) for number, entry in enumerate(entries))


def find_node(node: Node, key: str) -> Node | None:
    """What stands under a dotted key; names in it may hold dots of their own."""
    if not isinstance(node, Mapping):
        return None
    for name, item in node.items:
        if name.text == key:
            return item
        if key.startswith(f"{name.text}."):
            found = find_node(item, key.removeprefix(f"{name.text}."))
            if found is not None:
                return found
    return None


def list_leaves(node: Mapping, prefix: str = "") -> Iterator[tuple[str, Node]]:
    """The dotted keys of all single values and lists below a mapping."""
    for name, item in node.items:
        key = f"{prefix}{name.text}"
        if isinstance(item, Mapping):
            yield from list_leaves(item, f"{key}.")
        else:
            yield key, item


def tell_node(node: Node) -> str:
    """A node in one line, as a plan would hold it."""
    if isinstance(node, Scalar):
        return node.text
    if isinstance(node, Sequence):
        return f"[{', '.join(tell_node(item) for item in node.items)}]"
    return f"{{{', '.join(f'{name.text}: {tell_node(item)}' for name, item in node.items)}}}"
