"""The section `uncertainty` of a plan, read: distributions in base units, joint draws resolved inside the project."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from flopsheet.errors import FlopsheetError, Problem
from flopsheet.plan.keys import InputKey, input_key
from flopsheet.plan.nodes import Mapping, Node, Scalar
from flopsheet.plan.paths import resolve_inside
from flopsheet.plan.read import is_null, read_entries, read_items, read_number, read_text
from flopsheet.plan.schema import number_shape
from flopsheet.plan.shape import Number
from flopsheet.plan.source import relative_name
from flopsheet.plan.uncertain import (
    DEFAULT_DRAWS,
    DEFAULT_LEVEL,
    DISTRIBUTIONS,
    MOST_DRAWS,
    Distribution,
    DistributionKind,
    UncertaintyRequest,
)
from flopsheet.plan.units import exact_factor

if TYPE_CHECKING:
    from pathlib import Path

    from flopsheet.errors import Place
    from flopsheet.plan.problems import Problems
    from flopsheet.plan.quantity import Quantity

SECTION = "uncertainty"
FIXED = "fixed"
# Beyond this a double no longer holds every whole number.
_MOST_SEED = 2**53
# The quarters stand between the ends of an interval.
_LEAST_LEVEL = 0.5
_FILE = re.compile(r"[/\\]|\.[A-Za-z]\w*$")
_EXAMPLES = {
    "normal": "[0.40, 0.03], mean and standard deviation",
    "lognormal": "[1e22, 0.2], median and standard deviation of the logarithm",
    "uniform": "[0.3, 0.5], the two ends",
}


def read_uncertainty(node: Node | None, root: Path, problems: Problems) -> UncertaintyRequest | None:
    """What a plan asks to be drawn; what is wrong is noted.

    Args:
        node: The section.
        root: The project root.
        problems: Where problems are noted.
    """
    if not isinstance(node, Mapping):
        return None
    return _Reader(node, root, problems).read()


class _Reader:
    """Reads one section."""

    def __init__(self, node: Mapping, root: Path, problems: Problems) -> None:
        self.node, self.root, self.problems = node, root, problems

    def read(self) -> UncertaintyRequest:
        """The request."""
        draws, of_draws = self._draws()
        named, fixed = self._constants()
        if of_draws is not None and (named is not None or fixed):
            message = "stands beside joint draws under `draws`: the constants are drawn in one way."
            self._note(message, self._place("constants"), "constants", "Name the file once, under `constants`.")
        inputs: dict[str, Distribution] = {}
        for key, item in _leaves(self.node.get("inputs")):
            found = self._distribution(key, item)
            if found is not None:
                inputs[key] = found
        return UncertaintyRequest(
            draws=draws,
            seed=self._whole("seed", 0, 0, _MOST_SEED),
            level=self._level(),
            inputs=inputs,
            file=of_draws or named,
            fixed=fixed,
            places={"": self.node.place, **{key.text: item.place for key, item in self.node.items}},
        )

    def _note(self, message: str, place: Place, key: str, remedy: str = "") -> None:
        """Note a problem of a key."""
        self.problems.add(message, place, f"{SECTION}.{key}", remedy)

    def _place(self, key: str) -> Place:
        """Where a key stands."""
        return (self.node.get(key) or self.node).place

    def _draws(self) -> tuple[int | None, str | None]:
        """How many draws; None beside a file whose rows are all taken."""
        node = self.node.get("draws")
        if isinstance(node, Scalar) and not node.is_null and _FILE.search(node.text.strip()):
            return None, self._file(node)
        return self._whole("draws", DEFAULT_DRAWS, 2, MOST_DRAWS), None

    def _constants(self) -> tuple[str | None, bool]:
        """The file of joint draws, and whether constants are not drawn at all."""
        node = self.node.get("constants")
        if not isinstance(node, Scalar) or node.is_null:
            return None, False
        if node.text.strip() == FIXED:
            return None, True
        if not _FILE.search(node.text.strip()):
            message = f"must be `{FIXED}` or a CSV file of joint draws, but is `{node.text.strip()[:40]}`."
            self._note(message, node.place, "constants", "Left out, constants are drawn as the law states them.")
            return None, False
        return self._file(node), False

    def _file(self, node: Scalar) -> str | None:
        """A CSV file of joint draws, relative to the root."""
        try:
            return resolve_draws(node.text.strip(), self.root, node.place)
        except FlopsheetError as error:
            self.problems.extend(error.problems)
            return None

    def _whole(self, key: str, default: int, least: int, most: int) -> int:
        """A whole number within bounds."""
        node = self.node.get(key)
        quantity = read_number(node, Number("1", positive=False), f"{SECTION}.{key}", self.problems)
        if node is None or quantity is None:
            return default
        if not quantity.value.is_integer() or not least <= quantity.value <= most:
            memory = " Results are kept whole: each takes 80 MB at ten million draws." if key == "draws" else ""
            message = f"must be a whole number from {least:,} to {most:,}, but is `{read_text(node)[:40]}`."
            remedy = f"Ten thousand draws give an interval to about 1 % of its width.{memory}" if memory else ""
            self._note(message, node.place, key, remedy)
            return default
        return int(quantity.value)

    def _level(self) -> float:
        """The share of draws within the outer ends of an interval."""
        node = self.node.get("level")
        quantity = read_number(node, Number("1"), f"{SECTION}.level", self.problems)
        if node is None or quantity is None:
            return DEFAULT_LEVEL
        if not _LEAST_LEVEL < quantity.value < 1:
            self._note("must lie between 50 % and 100 %.", node.place, "level", "Write for example `level: 90 %`.")
            return DEFAULT_LEVEL
        return quantity.value

    def _distribution(self, key: str, node: Node) -> Distribution | None:
        """What an input is drawn from."""
        row = input_key(key)
        at = f"inputs.{key}"
        if row is None or not isinstance(node, Mapping):
            return None
        given = [(kind, item) for kind, item in read_entries(node) if kind.text in DISTRIBUTIONS]
        if len(given) != 1:
            if f"{SECTION}.{at}" not in self.problems.unclear:
                listed = ", ".join(f"`{kind}`" for kind in DISTRIBUTIONS)
                remedy = "To replace what a layer below chose, set that to null." if given else ""
                message = f"needs exactly one of {listed}, but has {len(given)}."
                self._note(message, node.place, at, remedy or f"Write `normal: {_EXAMPLES['normal']}`.")
            return None
        kind, item = cast("DistributionKind", given[0][0].text), given[0][1]
        at = f"{at}.{kind}"
        pair = self._pair(row, kind, item, at)
        if pair is None or not self._check(row, kind, pair, item, at):
            return None
        first, second = (_held(row, number.value) for number in pair)
        second = pair[1].value if kind == "lognormal" else second
        unit = pair[0].unit if row.section == "inputs" else row.unit
        return Distribution(kind, first, second, unit, item.place)

    def _pair(self, row: InputKey, kind: str, node: Node, at: str) -> tuple[Quantity, Quantity] | None:
        """Two numbers in the unit of the key; the second of a lognormal is without unit."""
        items = read_items(node)
        if len(items) != 2:
            return None  # noted by its shape
        own = replace(number_shape(row), positive=False, most=None, words={})
        second = Number("1", positive=False) if kind == "lognormal" else own
        numbers = [
            read_number(item, shape, f"{SECTION}.{at}", self.problems)
            for item, shape in zip(items, (own, second), strict=True)
        ]
        if numbers[0] is None or numbers[1] is None:
            return None
        if row.section == "inputs" and kind != "lognormal" and numbers[0].unit != numbers[1].unit:
            self._note("must be two numbers of one unit.", node.place, at)
            return None
        return numbers[0], numbers[1]

    def _check(self, row: InputKey, kind: str, pair: tuple[Quantity, Quantity], node: Node, at: str) -> bool:
        """Whether two numbers make a distribution that the key can have."""
        first, second = (number.value for number in pair)
        write = f"Write `{kind}: {_EXAMPLES[kind]}`."
        told = ""
        if kind == "uniform" and not first < second:
            told = f"must rise from its first end to its second, but goes from {first:g} to {second:g}."
        elif kind != "uniform" and not second > 0:
            what = "a standard deviation" if kind == "normal" else "the standard deviation of the logarithm"
            told = f"needs {what} above 0, but it is {second:g}."
        elif kind == "lognormal" and not first > 0:
            told = f"needs a median above 0, but it is {first:g}."
        elif row.positive and (first <= 0 if kind == "normal" else first < 0):
            told, write = f"must be greater than 0, but is around {first:g}.", "Write positive numbers."
        elif row.most is not None and (second if kind == "uniform" else first) > row.most:
            most = second if kind == "uniform" else first
            told, write = f"must be at most {row.most:g}, but reaches {most:g}.", ""
        if told:
            self._note(told, node.place, at, write)
        return not told


def resolve_draws(text: str, root: Path, place: Place) -> str:
    """A CSV file of joint draws that a file names, relative to the root.

    Raises:
        FlopsheetError: it leaves the project, is not there, or is no CSV file.
    """
    path = resolve_inside(root, (root / place.file).parent, text, place)
    if path.suffix.lower() != ".csv":
        raise FlopsheetError(Problem(f"`{text}` is no CSV file.", place, remedy="A table of draws ends in .csv."))
    return relative_name(path, root)


def _leaves(node: Node | None, prefix: str = "") -> Iterator[tuple[str, Node]]:
    """The inputs below a mapping, by dotted key."""
    for key, item in read_entries(node):
        dotted = f"{prefix}{key.text}"
        if input_key(dotted) is not None:
            yield dotted, item
        elif isinstance(item, Mapping) and not is_null(item):
            yield from _leaves(item, f"{dotted}.")


def _held(row: InputKey, value: float) -> float:
    """A number in the unit that its key is held in."""
    return float(value * (exact_factor(row.written) / exact_factor(row.unit))) if row.written else value
