"""`sweep:` of a plan file: lists and ranges of input numbers, read into axes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from flopsheet.errors import did_you_mean
from flopsheet.plan.inputs import read_input
from flopsheet.plan.keys import BUDGET_KEYS, TIERS, InputKey, input_key
from flopsheet.plan.merge import Merger
from flopsheet.plan.nodes import Mapping, Node, Scalar, Sequence
from flopsheet.plan.plan import Sourced
from flopsheet.plan.problems import Problems
from flopsheet.plan.read import is_null, read_entries, read_quantity, read_text
from flopsheet.plan.requests import Sweep, SweepAxis

if TYPE_CHECKING:
    from collections.abc import Collection
    from collections.abc import Sequence as AbstractSequence

    from flopsheet.errors import Place
    from flopsheet.plan.requests import AxisScale

MOST_POINTS = 10**8
"""A sweep has at most so many points."""

SCALES = ("linear", "log")
_RANGE = ("from", "to", "points", "scale")
_ZIP = "zip"
_EXAMPLE = "Write a list such as `[1B, 10B]`, or a range such as `{from: 1e19, to: 1e25, points: 200, scale: log}`."


def read_sweep(
    node: Node | None, files: AbstractSequence[str], tiers: Collection[str], problems: Problems
) -> Sweep | None:
    """The sweep of a plan; what is wrong is noted, and what is wrong with all of it leaves none.

    Args:
        node: The mapping under `sweep`.
        files: The files of the plan, lowest layer first: axes keep the order in which they are written.
        tiers: The names of its tiers.
        problems: Where problems are noted.
    """
    if not isinstance(node, Mapping):
        return None
    before = len(problems.found)
    reader = _Reader(problems, tiers)
    zipped = node.get(_ZIP)
    single = Mapping(tuple((key, item) for key, item in node.items if key.text != _ZIP), node.place)
    groups: list[tuple[SweepAxis, ...]] = [(axis,) for axis in reader.read_section(single, "")]
    together = tuple(reader.read_section(zipped, "")) if isinstance(zipped, Mapping) else ()
    order = {file: rank for rank, file in enumerate(files)}

    def position(group: tuple[SweepAxis, ...]) -> tuple[int, int, int]:
        """Where a group is written."""
        return min((order.get(axis.place.file, 0), axis.place.line, axis.place.column) for axis in group)

    if together:
        together = tuple(sorted(together, key=lambda axis: position((axis,))))
        key = node.key(_ZIP)
        _check_zip(together, key.place if key else node.place, problems)
        groups.append(together)
    groups.sort(key=position)
    found = Sweep(tuple(groups), node.place)
    _check_twice(found, problems)
    if len(problems.found) > before or any(f"{subject}.".startswith("sweep.") for subject in problems.unclear):
        return None
    if not found.groups:
        problems.add("varies nothing.", node.place, "sweep", "Name an input, as in `budget.compute: [1e21, 1e22]`.")
        return None
    if found.points > MOST_POINTS:
        factors = " x ".join(f"{length:,}" for length in found.lengths)
        message = f"would be {found.points:,} points ({factors}); a sweep has at most {MOST_POINTS:,}."
        problems.add(message, node.place, "sweep", "Give ranges fewer points, or leave values out.")
        return None
    return found


def overlay_sweep(sweep: Sweep, sets: Mapping) -> Mapping:
    """The layer that sets every swept key to a value of its own, above what --set sets."""
    layer = sets
    for axis in sweep.axes:
        sample = next(given for given in axis.given if given.value is not None)
        node: Node = Scalar(sample.text, quoted=False, place=sample.place, content=sample.place)
        for part in reversed(_split_key(axis.key)):
            name = Scalar(part, quoted=False, place=axis.place, content=axis.place)
            node = Mapping(((name, node),), axis.place)
        layer = Merger(Problems()).merge(layer, cast("Mapping", node))
    return layer


def _split_key(key: str) -> list[str]:
    """The parts of a dotted key, of which none holds a dot."""
    return key.split(".")


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads axes; `tiers` are those that the plan has."""

    problems: Problems
    tiers: Collection[str]

    def read_section(self, node: Mapping, prefix: str) -> list[SweepAxis]:
        """The axes below a mapping whose keys are checked already."""
        found: list[SweepAxis] = []
        for key, item in read_entries(node):
            name = f"{prefix}.{key.text}" if prefix else key.text
            if prefix == TIERS and key.text not in self.tiers:
                remedy = did_you_mean(key.text, self.tiers) if self.tiers else "The plan has no tiers."
                self.problems.add(f"there is no tier `{key.text}`.", key.place, f"sweep.{TIERS}", remedy)
                continue
            row = input_key(name)
            if row is not None:
                axis = self._read_axis(row, name, key.place, item)
                found += [axis] if axis else []
            elif isinstance(item, Mapping):
                found += self.read_section(item, name)
        return found

    def _read_axis(self, row: InputKey, key: str, place: Place, node: Node) -> SweepAxis | None:
        """One axis, None where something is wrong with it."""
        if isinstance(node, Sequence):
            return self._read_list(row, key, place, node)
        if isinstance(node, Mapping):
            return self._read_range(row, key, place, node)
        self._note(key, f"must be a list or a range, but is `{read_text(node)}`.", node.place, _EXAMPLE)
        return None

    def _note(self, key: str, message: str, place: Place, remedy: str = "") -> None:
        """Note a problem of an axis."""
        self.problems.add(message, place, f"sweep.{key}", remedy)

    def _read_list(self, row: InputKey, key: str, place: Place, node: Sequence) -> SweepAxis | None:
        """The values of a list; null removes a limit."""
        if not node.items:
            self._note(key, "has no values: nothing would be computed.", node.place, _EXAMPLE)
            return None
        given = [sourced for item in node.items if (sourced := self._read_item(row, key, item))]
        if len(given) == len(node.items) and all(sourced.value is None for sourced in given):
            self._note(key, "removes the limit and never sets it.", node.place, "Give it a number beside null.")
            return None
        if len(given) < len(node.items):
            return None
        return SweepAxis(key, _unit_of(given, row), "list", len(given), tuple(given), place)

    def _read_item(self, row: InputKey, key: str, item: Node) -> Sourced | None:
        """One value of a list, None where it is wrong."""
        if not isinstance(item, Scalar):
            self._note(key, "a value must be a number, but is a list or a mapping.", item.place, _EXAMPLE)
            return None
        removable = row.is_limit and row.key not in BUDGET_KEYS and not row.key.startswith(f"{TIERS}.<name>.unique")
        if item.is_null and not removable:
            remedy = "Give a number; null removes limits under `caps` and `data`."
            self._note(key, "cannot be removed: null has no meaning here.", item.place, remedy)
            return None
        sourced = read_input(row, key, item, "sweep", self.problems)
        return None if sourced.value is not None and math.isnan(sourced.value) else sourced

    def _read_range(self, row: InputKey, key: str, place: Place, node: Mapping) -> SweepAxis | None:
        """The ends of a range, with how many points lie on it."""
        before = len(self.problems.found)
        for name, _ in node.items:
            if name.text not in _RANGE:
                self._note(key, f"unknown key `{name.text}`.", name.place, did_you_mean(name.text, _RANGE))
        missing = [name for name in _RANGE[:3] if is_null(node.get(name))]
        if missing and len(self.problems.found) == before:
            named = ", ".join(f"`{name}`" for name in missing)
            self._note(key, f"a range needs {named}.", node.place, _EXAMPLE)
        ends = [self._read_end(row, key, name, node) for name in _RANGE[:2]]
        points = self._read_points(key, node.get("points"))
        scale = node.get("scale")
        word = read_text(scale, "linear")
        if word not in SCALES:
            remedy = did_you_mean(word, SCALES)
            self._note(key, f"a scale is `linear` or `log`, but this is `{word}`.", (scale or node).place, remedy)
        given = [end for end in ends if end is not None]
        if len(self.problems.found) > before or len(given) < 2 or points is None:
            return None
        if given[0].unit != given[1].unit:
            message = f"`from` is in {given[0].unit}, but `to` is in {given[1].unit}."
            self._note(key, message, given[1].place, "Write both in one unit.")
            return None
        low = next((end for end in given if end.value is not None and not end.value > 0), None)
        if word == "log" and low is not None:
            message = f"a log range stays above zero, but an end is {low.text}."
            self._note(key, message, low.place, "Use `scale: linear`, or ends above zero.")
            return None
        return SweepAxis(key, given[0].unit, cast("AxisScale", word), points, tuple(given), place)

    def _read_end(self, row: InputKey, key: str, name: str, node: Mapping) -> Sourced | None:
        """An end of a range, None where there is none or it is wrong."""
        item = node.get(name)
        if item is None or is_null(item):
            return None
        if not isinstance(item, Scalar):
            self._note(key, f"`{name}` must be a number, but is a list or a mapping.", item.place, _EXAMPLE)
            return None
        sourced = read_input(row, key, item, "sweep", self.problems)
        return None if sourced.value is None or math.isnan(sourced.value) else sourced

    def _read_points(self, key: str, node: Node | None) -> int | None:
        """How many points a range has, None where that is wrong."""
        if node is None or is_null(node):
            return None
        if not isinstance(node, Scalar):
            self._note(key, "`points` must be a number, but is a list or a mapping.", node.place, _EXAMPLE)
            return None
        quantity = read_quantity(node, "1", f"sweep.{key}.points", self.problems, positive=False)
        if quantity is None:
            return None
        if quantity.value < 1 or quantity.value != math.floor(quantity.value):
            message = f"must be a whole number from 1 on, but is `{node.text.strip()}`."
            self._note(f"{key}.points", message, node.place, "How many values there are, both ends among them.")
            return None
        return int(quantity.value)


def _unit_of(given: AbstractSequence[Sourced], row: InputKey) -> str:
    """The unit that the values of a list are in."""
    return next((sourced.unit for sourced in given if sourced.unit != "1"), row.unit)


def _check_zip(axes: AbstractSequence[SweepAxis], place: Place, problems: Problems) -> None:
    """Note a zip whose axes differ in length."""
    if len({axis.points for axis in axes}) > 1:
        told = ", ".join(f"`{axis.key}` {axis.points:,}" for axis in axes)
        message = f"goes along equally long axes, but they have different numbers of values: {told}."
        problems.add(message, place, "sweep.zip", "Give each as many values, or take them out of `zip` for all pairs.")


def _check_twice(sweep: Sweep, problems: Problems) -> None:
    """Note a key that is swept twice."""
    seen: dict[str, SweepAxis] = {}
    for axis in sweep.axes:
        first = seen.setdefault(axis.key, axis)
        if first is not axis:
            at = first.place
            message = f"is swept twice; the first is at {at.file}:{at.line}:{at.column}."
            problems.add(message, axis.place, f"sweep.{axis.key}", "Keep one of the two.")
