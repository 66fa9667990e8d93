"""Where a number of a plan comes from: the steps to a result or cell, or all that layers say of a key."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from flopsheet.api.plan_laws import load_plan_law
from flopsheet.api.solve import load_checked, solve
from flopsheet.errors import FlopsheetError, Problem, did_you_mean
from flopsheet.evaluate.explain import Explanation, explain_cell
from flopsheet.evaluate.solution import Solution
from flopsheet.messages import render_message
from flopsheet.model.cell import Cell
from flopsheet.plan.build import RESULTS
from flopsheet.plan.history import Entry, KeyHistory, LayerNodes, is_input, is_known, read_layers, trace_key
from flopsheet.plan.keys import INPUT_KEYS, NAME, TEXT_KEYS, TIERS
from flopsheet.plan.nodes import Mapping, Node
from flopsheet.plan.plan import DEFAULT, Law, Plan, Scenario

_ANSWERS = frozenset({"result", "user", "strategy", "compared"})
_OF_ANSWERS = ("price_", "equivalent_")


class NoPlanError(FlopsheetError):
    """A scenario that is infeasible has no results that could be explained. Ends a command with exit code 1."""


@dataclass(frozen=True)
class TracedKey:
    """A dotted key of a plan, with its history for the scenarios asked about."""

    plan: Plan
    key: str
    histories: tuple[KeyHistory, ...]


def explain(path: Path, name: str, *, scenario: str | None = None, sets: Sequence[str] = ()) -> Explanation | TracedKey:
    """Where a result or cell of a plan comes from, or what every layer says of one of its keys.

    Args:
        path: The plan file.
        name: A result, a cell, or a dotted key such as `budget.compute` or `data.tiers.web.unique`.
        scenario: The name or slug of a scenario; for a number the first one when None, for a key all of them.
        sets: Overrides as `key=value`, the last layer over every scenario.

    Raises:
        FlopsheetError: anything wrong with the plan, a name that it does not have, or a cell without a value there.
        NoPlanError: the scenario is infeasible, so that it has no such result.
    """
    plan = load_checked(path, sets=sets)
    index = _find_scenario(plan, scenario)
    layers, law = read_layers(plan, tuple(sets)), load_plan_law(plan)
    fitted = plan.fit is not None and name.startswith("constants.")
    if name not in plan.cells and not fitted and _is_key(plan, law, layers, name):
        return _trace(plan, law, layers, name, None if scenario is None else index)
    solution = solve(plan)
    cell_id = _find_cell(solution, name)
    if cell_id is None:
        raise FlopsheetError(_unknown(solution, layers, name))
    cell = solution.graph[cell_id]
    if cell.expr is None and cell.key is not None and not cell.key.startswith("compare."):
        return _trace(plan, law, layers, _written_key(plan, cell.key), None if scenario is None else index)
    _refuse_absent(solution, cell, index)
    return explain_cell(solution, cell_id, index)


def _find_scenario(plan: Plan, scenario: str | None) -> int:
    """The number of a scenario; the first when none is named."""
    names = [each.name for each in plan.scenarios]
    for index, each in enumerate(plan.scenarios):
        if scenario in {None, each.name, each.slug}:
            return index
    raise FlopsheetError(Problem(f"unknown scenario `{scenario}`.", remedy=did_you_mean(scenario or "", names)))


def _is_key(plan: Plan, law: Law, layers: LayerNodes, name: str) -> bool:
    """Whether a name is a dotted key that this plan has, or could have.

    Raises:
        FlopsheetError: it is a whole section.
    """
    found = layers.find(name)
    if isinstance(found, Mapping) and not any(name in (*s.inputs, *s.texts) for s in plan.scenarios):
        raise FlopsheetError(_whole_section(layers, name, found))
    if found is not None or any(name in (*s.inputs, *s.texts) for s in plan.scenarios):
        return True
    section, _, rest = name.partition(".")
    if section == "constants":
        return rest in law.constants
    if section == "inputs":
        return rest in law.inputs or rest in law.decisions
    if name.startswith(f"{TIERS}."):
        tier = name.removeprefix(f"{TIERS}.").rpartition(".")[0]
        return is_input(name) and tier in {each.name for each in plan.tiers}
    return is_known(name)


def _whole_section(layers: LayerNodes, name: str, found: Node) -> Problem:
    """That a name stands for several keys."""
    below = [key for key in layers.keys() if key.startswith(f"{name}.")]  # noqa: SIM118 - a method, no mapping
    remedy = f"Ask for one of {', '.join(f'`{key}`' for key in below)}." if below else ""
    return Problem(f"`{name}` is a section of the plan, not a single key.", found.place, remedy=remedy)


def _trace(plan: Plan, law: Law, layers: LayerNodes, key: str, index: int | None) -> TracedKey:
    """The history of a key, with what the law or the repetition says of a constant below all layers."""
    traced = zip(plan.scenarios, trace_key(plan, layers, key), strict=True)
    histories = tuple(_add_below(history, _say_below(law, scenario, key)) for scenario, history in traced)
    return TracedKey(plan, key, histories if index is None else histories[index : index + 1])


def _add_below(history: KeyHistory, said: Entry | None) -> KeyHistory:
    """A history with what holds where no layer of the plan sets the key; a null gives way to it."""
    if said is None:
        return history
    written = tuple(entry for entry in history.entries if entry.layer != DEFAULT)
    if any(entry.in_force and not entry.removes for entry in written):
        return replace(history, entries=(said, *written))
    rest = tuple(replace(entry, in_force=False) for entry in written)
    return replace(history, entries=(replace(said, in_force=True), *rest), value=said.value)


def _say_below(law: Law, scenario: Scenario, key: str) -> Entry | None:
    """What the law says of a constant, or the repetition of how fast it wears off."""
    named, constants = law.name, law.constants if key.startswith("constants.") else {}
    if key.startswith("data.") and key.endswith(".decay") and scenario.repetition is not None:
        named, constants = scenario.repetition.name, scenario.repetition.constants
    constant = constants.get(key.rpartition(".")[2])
    if constant is None:
        return None
    return Entry(named, constant.place, f"{constant.value:.15g}", constant.value)


def _written_key(plan: Plan, key: str) -> str:
    """The key of a cell as a plan writes it: strategies are keyed by their slug in cells."""
    for strategy in plan.strategies:
        if key == f"strategies.{strategy.slug}.{strategy.kind}":
            return f"strategies.{strategy.name}.{strategy.kind}"
    return key


def _find_cell(solution: Solution, name: str) -> str | None:
    """The id of a cell by its own name, or by the path that it has in the JSON of `solve`."""
    section, _, rest = name.partition(".")
    inner, _, last = rest.rpartition(".")
    slugs = {s.name: s.slug for s in solution.plan.strategies} | {s.slug: s.slug for s in solution.plan.strategies}
    tiers = {t.name: t.slug for t in solution.plan.tiers} | {t.slug: t.slug for t in solution.plan.tiers}
    known = {
        "results": rest,
        "constants": rest,
        "cells": rest,
        "shadow_prices": f"price_{rest}",
        "strategies": f"strategy_{slugs.get(inner, inner)}_{last}",
        "tiers": f"price_tier_{tiers.get(inner, inner)}"
        if last == "shadow_price"
        else f"tier_{tiers.get(inner, inner)}_{last}",
        "laws": f"{inner}__{last}",
    }
    candidates = (name, known.get(section, ""), name.replace(".", "__"), name.replace(".", "_"))
    return next((cell_id for cell_id in candidates if cell_id in solution.graph), None)


def _unknown(solution: Solution, layers: LayerNodes, name: str) -> Problem:
    """That a plan has nothing of this name, with what was probably meant."""
    results = [cell.id for cell in solution.graph if cell.kind in {"result", "user"}]
    if name in RESULTS or name.endswith(("_opt", "_required")):
        remedy = did_you_mean(name, results)
        return Problem(f"this plan has no result `{name}`.", remedy=remedy)
    keys = [*(row.key for row in INPUT_KEYS), *(row.key for row in TEXT_KEYS)]
    keys = [key for key in keys if NAME not in key]
    keys += [f"{TIERS}.{tier.name}.{part}" for tier in solution.plan.tiers for part in ("unique", "quality", "epochs")]
    every = [*results, *layers.keys(), *keys, *(cell.id for cell in solution.graph)]
    close = difflib.get_close_matches(name, every, n=1)
    return Problem(f"there is no result, cell or key `{name}`.", remedy=did_you_mean(name, [*results, *close]))


def _refuse_absent(solution: Solution, cell: Cell, index: int) -> None:
    """Refuse a cell that has no value in a scenario.

    Raises:
        NoPlanError: the scenario has no plan at all.
        FlopsheetError: this cell has no value there.
    """
    answer, evaluation = solution.answers[index], solution.evaluation
    status = answer.laws[cell.law].status if cell.law in answer.laws else answer.status
    findings = answer.laws[cell.law].findings if cell.law in answer.laws else answer.findings
    if status in {"infeasible", "not_converged"} and (cell.kind in _ANSWERS or cell.id.startswith(_OF_ANSWERS)):
        why = next((f" {render_message(f.message)}" for f in findings if f.code in {"infeasible", "not_converged"}), "")
        raise NoPlanError(Problem(f"scenario `{answer.name}` is {status} and has no `{cell.id}`.{why}"))
    if evaluation.exists(cell.id, index):
        return
    why = ""
    if cell.guard is not None and evaluation.value(cell.guard, index) != 0:
        why = f": it has one only where `{cell.guard}` is 0, which is {evaluation.value(cell.guard, index):g} there"
    others = [each.name for at, each in enumerate(solution.answers) if evaluation.exists(cell.id, at)]
    remedy = f"It has one in {', '.join(f'`{other}`' for other in others)}." if others else ""
    raise FlopsheetError(Problem(f"`{cell.id}` has no value in scenario `{answer.name}`{why}.", remedy=remedy))
