"""What must hold between the keys of a plan: what an objective needs, and what excludes what."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flopsheet.plan.keys import BUDGET_KEYS
from flopsheet.plan.plan import Expectation
from flopsheet.plan.read import is_null, read_entries, read_mapping, read_quantity

if TYPE_CHECKING:
    from collections.abc import Mapping as AbstractMapping
    from collections.abc import Sequence

    from flopsheet.errors import Place
    from flopsheet.plan.nodes import Node
    from flopsheet.plan.plan import Objective, Scenario, Sourced
    from flopsheet.plan.problems import Problems


def read_expectations(node: Node | None, subject: str, problems: Problems) -> dict[str, Expectation]:
    """The bounds that a planner sets on results or cells."""
    found: dict[str, Expectation] = {}
    for key, item in read_entries(node):
        at = f"{subject}.{key.text}"
        mapping = read_mapping(item)
        if mapping is None:
            continue
        bounds = {
            name: read_quantity(mapping.get(name), None, f"{at}.{name}", problems, positive=False)
            for name in ("at_most", "at_least", "value", "within")
        }
        given = {name for name in bounds if not is_null(mapping.get(name))}
        if "within" in given and "value" not in given:
            problems.add("`within` is the tolerance of a `value`, but there is none.", key.place, at)
        elif not given and at not in problems.unclear:
            remedy = "Write for example `{at_most: 2.2}`."
            problems.add("needs `at_most`, `at_least` or `value`.", key.place, at, remedy)
        low, high = bounds["at_least"], bounds["at_most"]
        if low and high and low.value > high.value:
            problems.add("`at_least` is larger than `at_most`: nothing can be both.", key.place, at)
        units = {bound.unit for name, bound in bounds.items() if bound and name != "within" and bound.unit != "1"}
        if len(units) > 1:
            problems.add(f"the bounds have different units: {', '.join(sorted(units))}.", key.place, at)
        values = {name: bound.value if bound else None for name, bound in bounds.items()}
        found[key.text] = Expectation(key.text, key.place, unit=min(units, default=None), **values)
    return found


def check_objective(objective: Objective, scenarios: Sequence[Scenario], *, has_cost: bool, declared: bool,
                    place: Place, problems: Problems) -> None:  # fmt: skip
    """Note where a scenario lacks what the objective needs, or sets what it cannot use.

    `has_cost` is whether the law spends a budget; `declared` whether the plan names scenarios itself;
    `place` is where what is missing in all of them is reported.
    """
    for scenario in scenarios:
        spent = [key for key in BUDGET_KEYS if _is_set(scenario.inputs, key)]
        where = scenario.place if declared else place
        subject = f"scenarios.{scenario.name}" if declared else ""
        if objective == "minimize loss":
            _check_loss(scenario, spent, where, subject, problems, has_cost=has_cost)
        else:
            for key in spent:
                message = f"a budget cannot stand beside `objective: {objective}`."
                remedy = "Remove it, or set it to null in this layer."
                problems.add(message, scenario.inputs[key].place, key, remedy)
            if not _is_set(scenario.inputs, "target.loss") and not _unclear("target", scenario, problems):
                message = f"`objective: {objective}` needs `target.loss`."
                problems.add(message, where, subject, "Write for example `target: {loss: 2.0}`.")


def _check_loss(scenario: Scenario, spent: Sequence[str], where: Place, subject: str, problems: Problems,
                *, has_cost: bool) -> None:  # fmt: skip
    """The least loss needs exactly one budget, and has no use for a target."""
    if has_cost and not spent and not _unclear("budget", scenario, problems):
        removed = next((scenario.inputs[key] for key in BUDGET_KEYS if key in scenario.inputs), None)
        message = "the least loss needs a budget: `budget.compute` is not set."
        problems.add(
            message, removed.place if removed else where, subject, "Write for example `budget: {compute: 1e22 FLOP}`."
        )
    for key in spent[1:] if has_cost else ():
        message = f"stands beside `{spent[0]}`, but a plan spends exactly one budget."
        remedy = "Set one of the two to null in this layer, or make it a limit under `caps`."
        problems.add(message, scenario.inputs[key].place, key, remedy)
    for key in spent if not has_cost else ():
        if key != "budget.compute":
            message = "needs a law with a cost: this one does not say what training takes."
            problems.add(message, scenario.inputs[key].place, key)
    if has_cost and _is_set(scenario.inputs, "target.loss"):
        message = "a target loss has no meaning while the loss is minimised at a budget."
        remedy = "Write `objective: minimize compute` without a budget, or remove the target."
        problems.add(message, scenario.inputs["target.loss"].place, "target.loss", remedy)


def _is_set(inputs: AbstractMapping[str, Sourced], key: str) -> bool:
    """Whether an input has a value (a removed one has none)."""
    return key in inputs and inputs[key].value is not None


def _unclear(section: str, scenario: Scenario, problems: Problems) -> bool:
    """Whether a refused key may be what a scenario lacks in a section."""
    own = f"scenarios.{scenario.name}"
    return bool({"", section, own, f"{own}.{section}"} & problems.unclear)
