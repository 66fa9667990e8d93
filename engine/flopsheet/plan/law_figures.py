"""The figures of a law file: pairs of numbers, the fitted range, the published answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flopsheet.errors import Place, did_you_mean
from flopsheet.plan.nodes import Mapping, Node, Scalar, Sequence
from flopsheet.plan.plan import KnownAnswer
from flopsheet.plan.read import read_entries, read_quantity, read_text

if TYPE_CHECKING:
    from collections.abc import Iterable
    from collections.abc import Mapping as AbstractMapping

    from flopsheet.plan.problems import Problems

_ANSWER_KEYS = ("at", "within", "source")


def read_number(node: Node | None, unit: str | None, subject: str, problems: Problems) -> float:
    """A finite number in base units; 0 where it is wrong, which is noted."""
    quantity = read_quantity(node, unit, subject, problems, positive=False)
    return quantity.value if quantity else 0.0


def read_pair(node: Node | None, unit: str | None, subject: str, problems: Problems) -> tuple[float, float] | None:
    """Two numbers in rising order, or None where there are none or they are wrong."""
    if not isinstance(node, Sequence):
        return None
    numbers = [read_quantity(item, unit, subject, problems, positive=False) for item in node.items]
    values = [number.value for number in numbers if number]
    if len(values) != 2 or len(numbers) != 2:
        return None
    if values[0] > values[1]:
        problems.add("must be in rising order: [from, to].", node.place, subject)
        return None
    return values[0], values[1]


def read_fitted_range(
    node: Node | None, units: AbstractMapping[str, str | None], subject: str, problems: Problems
) -> dict[str, tuple[float, float]] | None:
    """The range of the data behind a law, in base units; None where it is not stated.

    `units` are those of the symbols that may have a range.
    """
    if not isinstance(node, Mapping):
        return None
    _refuse_unknown(node, units, subject, problems)
    pairs = {
        key.text: read_pair(item, units.get(key.text), f"{subject}.{key.text}", problems)
        for key, item in read_entries(node)
    }
    return {name: pair for name, pair in pairs.items() if pair}


def read_known_answers(
    node: Node,
    quantities: AbstractMapping[str, str | None],
    units: AbstractMapping[str, str | None],
    subject: str,
    problems: Problems,
) -> list[KnownAnswer]:
    """The answers in one item, one for each quantity that it gives.

    `quantities` are the names that may be answered, with their units; `units` those of the symbols that may stand
    under `at`.
    An item that is no mapping was noted when its shape was checked.
    """
    if not isinstance(node, Mapping):
        return []
    for missing in _ANSWER_KEYS:
        if node.get(missing) is None:
            problems.add(f"a known answer needs `{missing}`.", node.place, subject)
    given = [(key, value) for key, value in read_entries(node) if key.text not in _ANSWER_KEYS]
    if not given:
        problems.add("a known answer needs a quantity, such as `loss: 1.94`.", node.place, subject)
    _refuse_unknown(node.get("at"), units, f"{subject}.at", problems)
    at = {
        key.text: read_number(value, units.get(key.text), f"{subject}.at.{key.text}", problems)
        for key, value in read_entries(node.get("at"))
    }
    within = read_number(node.get("within"), "1", f"{subject}.within", problems)
    source = read_text(node.get("source"))
    answers: list[KnownAnswer] = []
    for key, value in given:
        if key.text not in quantities:
            problems.add(f"unknown quantity `{key.text}`.", key.place, subject, did_you_mean(key.text, quantities))
            continue
        number = read_number(value, quantities[key.text], f"{subject}.{key.text}", problems)
        answers.append(KnownAnswer(at, key.text, number, within, source, _place_of(key, value)))
    return answers


def _refuse_unknown(node: Node | None, known: Iterable[str], subject: str, problems: Problems) -> None:
    """Note every key that is no symbol of the law."""
    for key, _ in read_entries(node):
        if key.text not in known:
            problems.add(f"the law has no `{key.text}`.", key.place, subject, did_you_mean(key.text, known))


def _place_of(key: Scalar, value: Node) -> Place:
    """Where an answer stands: its number, or its key where that is none."""
    return value.place if isinstance(value, Scalar) else key.place
