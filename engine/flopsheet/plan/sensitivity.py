"""The section `sensitivity` of a plan: which inputs are changed, by how much, and which tables are asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flopsheet.errors import did_you_mean
from flopsheet.plan.inputs import read_held
from flopsheet.plan.keys import BUDGET_KEYS, INPUT_KEYS, NAME, TEXT_KEYS, input_key
from flopsheet.plan.nodes import Mapping, Node, Scalar, Sequence
from flopsheet.plan.read import read_items, read_quantity, read_text
from flopsheet.plan.requests import NamedInput, SensitivityRequest, TableAxis, TwoWay

if TYPE_CHECKING:
    from collections.abc import Sequence as AbstractSequence

    from flopsheet.plan.plan import Scenario
    from flopsheet.plan.problems import Problems

DEFAULT_SWING: Final = 0.1
MOST_CELLS: Final = 400
"""A table with more cells than these is no table that anybody reads."""
DEFAULT_SHOWN: Final = "L_opt"

_WORDS: Final = frozenset(row.key for row in TEXT_KEYS)


def read_sensitivity(
    node: Node | None, scenarios: AbstractSequence[Scenario], problems: Problems
) -> SensitivityRequest | None:
    """What a plan asks about its inputs; what is wrong is noted.

    Which constants there are, and what a table may show, is known only with the law.

    Args:
        node: The section; None where the plan has none.
        scenarios: The scenarios of the plan.
        problems: Where problems are noted.
    """
    if not isinstance(node, Mapping):
        return None
    chosen = _read_scenario(node.get("scenario"), scenarios, problems)
    inputs = []
    for item in read_items(node.get("inputs")):
        if isinstance(item, Scalar) and not item.is_null:
            key = item.text.strip()
            _check_input(key, item, chosen, scenarios, problems)
            inputs.append(NamedInput(key, item.place))
    tables = [_read_table(item, scenarios, problems) for item in read_items(node.get("tables"))]
    return SensitivityRequest(
        swing=_read_swing(node.get("swing"), problems),
        inputs=tuple({given.key: given for given in inputs}.values()),
        scenario=chosen.name,
        tables=tuple(table for table in tables if table is not None),
    )


def _read_swing(node: Node | None, problems: Problems) -> float:
    """The share by which inputs are changed."""
    quantity = read_quantity(node, "1", "sensitivity.swing", problems)
    if quantity is None or node is None:
        return DEFAULT_SWING
    if quantity.value >= 1:
        message = f"must be below 100 %, but is {100 * quantity.value:g} %."
        remedy = "An input changed by all of itself would be nothing: write for example `swing: 10 %`."
        problems.add(message, node.place, "sensitivity.swing", remedy)
    return quantity.value


def _read_scenario(node: Node | None, scenarios: AbstractSequence[Scenario], problems: Problems) -> Scenario:
    """The scenario that is shown; the first one where nothing, or an unknown one, is said."""
    name = read_text(node)
    found = next((scenario for scenario in scenarios if name in {scenario.name, scenario.slug}), None)
    if name and found is None and node is not None:
        names = [scenario.name for scenario in scenarios]
        problems.add(f"unknown scenario `{name}`.", node.place, "sensitivity.scenario", did_you_mean(name, names))
    return found or scenarios[0]


def _check_input(
    key: str, node: Scalar, chosen: Scenario, scenarios: AbstractSequence[Scenario], problems: Problems
) -> None:
    """Note an input that nobody knows, that is no number, or that the scenario does not set."""
    at = "sensitivity.inputs"
    if not _is_known(key, node, at, scenarios, problems) or key.startswith("constants."):
        return
    given = chosen.inputs.get(key)
    if given is None or given.value is None:
        others = [s.name for s in scenarios if (source := s.inputs.get(key)) and source.value is not None]
        message = f"scenario `{chosen.name}` does not set `{key}`: there is nothing to change."
        remedy = f"Scenario `{others[0]}` does: write `scenario: {others[0]}`." if others else "Leave it out."
        problems.add(message, node.place, at, remedy)


def _is_known(key: str, node: Node, subject: str, scenarios: AbstractSequence[Scenario], problems: Problems) -> bool:
    """Whether a key is that of an input number; where not, that is noted."""
    if key in _WORDS:
        remedy = "Compare its values as scenarios."
        problems.add(f"`{key}` is a word, not a number.", node.place, subject, remedy)
        return False
    if input_key(key) is None:
        set_keys = {name for scenario in scenarios for name in scenario.inputs}
        known = set_keys | {row.key for row in INPUT_KEYS if NAME not in row.key}
        problems.add(f"unknown input `{key}`.", node.place, subject, did_you_mean(key, known, listed=24))
        return False
    return True


def _read_table(node: Node, scenarios: AbstractSequence[Scenario], problems: Problems) -> TwoWay | None:
    """A two-way table, or None where it is wrong."""
    if not isinstance(node, Mapping):
        return None
    axes = [_read_axis(node, side, scenarios, problems) for side in ("rows", "columns")]
    rows, columns = axes
    if rows is None or columns is None:
        return None
    if rows.key == columns.key:
        message = f"rows and columns are both `{rows.key}`."
        problems.add(message, columns.place, "sensitivity.tables", "Take two different inputs.")
    count = len(rows.values) * len(columns.values)
    if count > MOST_CELLS:
        message = f"has {count} cells, but a table may have at most {MOST_CELLS}."
        remedy = "Take fewer values; for a whole grid there is `sweep`."
        problems.add(message, node.place, "sensitivity.tables", remedy)
    show = node.get("show")
    return TwoWay(rows, columns, read_text(show, DEFAULT_SHOWN), node.place, show.place if show else None)


def _read_axis(node: Mapping, side: str, scenarios: AbstractSequence[Scenario], problems: Problems) -> TableAxis | None:
    """The input along one side of a table, or None where it is wrong."""
    at = f"sensitivity.tables.{side}"
    given = node.get(side)
    if not isinstance(given, Mapping) or len(given.items) != 1:
        if not {"sensitivity.tables", at} & problems.unclear and (given is None or isinstance(given, Mapping)):
            message = f"a table needs `{side}`: one input with its values."
            place = node.place if given is None else given.place
            problems.add(message, place, at, f"Write for example `{side}: {{budget.compute: [1e21, 1e22, 1e23]}}`.")
        return None
    key, values = given.items[0]
    if not _is_known(key.text, key, at, scenarios, problems) or not isinstance(values, Sequence):
        return None
    row = input_key(key.text)
    assert row is not None  # noqa: S101 - it is known
    numbers: list[float | None] = []
    for item in values.items:
        if not isinstance(item, Scalar):
            continue
        if not item.is_null:
            numbers.append(read_held(row, item, f"{at}.{key.text}", problems)[0])
        elif row.is_limit and key.text not in BUDGET_KEYS:
            numbers.append(None)
        else:
            problems.add("is null, but is no limit that could be removed.", item.place, f"{at}.{key.text}")
    if not values.items:
        problems.add("needs at least one value.", values.place, f"{at}.{key.text}")
    return TableAxis(key.text, tuple(numbers), key.place)
