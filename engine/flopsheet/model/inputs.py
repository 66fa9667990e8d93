"""The input cells of a plan, and their numbers for every scenario."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from flopsheet.errors import FlopsheetError, Problem, did_you_mean
from flopsheet.messages import Message
from flopsheet.model.cell import BEYOND_REACH, Cell
from flopsheet.model.law_model import GivenInput, LawModel
from flopsheet.model.resource_model import ResourceModel
from flopsheet.plan.plan import Law, Plan, Sourced
from flopsheet.plan.scenarios import REPETITION_KEY

BEYOND = Cell("beyond_reach", "constant", "1", Message("cell.beyond_reach"), latex=r"\infty")


# Keys of these that have a label of their own.
_KNOWN = ("data.unique", "inference.tokens")

# The unit of what each kind of strategy fixes.
STRATEGY_UNITS = {
    "tokens_per_parameter": "token/parameter",
    "parameters": "parameter",
    "tokens": "token",
    "shares": "1",
}


@dataclass(frozen=True)
class Limit:
    """A cap that a plan may set: its key, short name and the unit of what it limits."""

    key: str
    name: str
    unit: str
    decision: str


def list_limits(model: LawModel | ResourceModel) -> tuple[Limit, ...]:
    """The caps a law's decisions can have, by role."""
    if isinstance(model, ResourceModel):
        return ()
    found = []
    for symbol in model.decisions:
        decision = model.decision(symbol)
        if decision.role:
            found.append(Limit(f"caps.{decision.role}", decision.role, decision.unit, symbol.name))
    return tuple(found)


def build_input_cells(plan: Plan, model: LawModel) -> tuple[Cell, ...]:
    """The inputs of a plan: budget or target, caps, strategies' fixed choices, and the law's constants."""
    cells = []
    if plan.objective == "minimize loss":
        latex = str(model.amount)
        alone = all(_is_set(scenario.inputs, "budget.compute") for scenario in plan.scenarios)
        cells.append(_input_cell("budget.compute", "FLOP", Message("cell.budget_compute"), latex, optional=not alone))
    else:
        cells.append(_target_cell(model))
    for limit in list_limits(model):
        what = Message(f"role.{limit.name}")
        latex = rf"{limit.decision}_{{\max}}"
        label = Message("cell.cap", {"what": what})
        cells.append(_input_cell(limit.key, limit.unit, label, latex, optional=True))
    taken = {cell.key for cell in cells}
    cells += [cell for cell in _law_input_cells(model) if cell.key not in taken]
    for strategy in plan.strategies:
        key = f"strategies.{strategy.slug}.{strategy.kind}"
        label = Message(f"cell.strategy_{strategy.kind}", {"name": strategy.name, "what": model.decisions[0].name})
        unit = STRATEGY_UNITS[strategy.kind]
        cells.append(_input_cell(key, unit, label, None))
    return (*cells, *_constant_cells(model.law), BEYOND)


def _law_input_cells(model: LawModel | ResourceModel) -> list[Cell]:
    """What the law takes from the plan."""
    return [
        _input_cell(
            given.key,
            given.unit,
            _label_of_given(given, model.law),
            None,
            optional=given.is_chosen,
        )
        for given in model.inputs.values()
    ]


def _label_of_given(given: GivenInput, law: Law) -> Message:
    """What is known by a name in every plan has that name; what only the law knows has the law's."""
    if given.key in _KNOWN:
        return Message(f"cell.law_input_{given.key.replace('.', '_')}")
    return Message("cell.law_input", {"name": given.name, "law": law.name})


def _constant_cells(law: Law) -> tuple[Cell, ...]:
    """The constants of a law, which a plan may override."""
    return tuple(
        Cell(
            name,
            "constant",
            constant.unit or "1",
            Message("cell.constant", {"name": name, "law": law.name}),
            key=f"constants.{name}",
            place=constant.place,
            positive=constant.value > 0,
        )
        for name, constant in law.constants.items()
    )


def _input_cell(key: str, unit: str, label: Message, latex: str | None, *, optional: bool = False) -> Cell:
    """An input cell named after its dotted key."""
    return Cell(key.replace(".", "_"), "input", unit, label, key=key, latex=latex, optional=optional)


def _target_cell(model: LawModel | ResourceModel) -> Cell:
    """The loss to be reached."""
    cell = _input_cell("target.loss", "nats/token", Message("cell.target_loss"), str(model.level))
    return replace(cell, positive=not model.law.has_signed_loss)


@dataclass(frozen=True)
class InputTable:
    """Numbers of every input and constant cell for every scenario.

    `values[cell id]` has one number a scenario, BEYOND_REACH where a limit is not set;
    `sources[key]` has what set it, None where nothing did or the law did.
    """

    scenarios: tuple[str, ...]
    values: Mapping[str, tuple[float, ...]]
    sources: Mapping[str, tuple[Sourced | None, ...]]

    def is_set(self, key: str, index: int) -> bool:
        """Whether a scenario has a value for this key of its plan."""
        source = self.sources[key][index]
        return source is not None and source.value is not None


def build_input_table(plan: Plan, model: LawModel | ResourceModel, cells: tuple[Cell, ...]) -> InputTable:
    """The numbers of the plan's input cells, scenario by scenario.

    Raises:
        FlopsheetError: a constant that the law does not have, or one whose sign the derivation needs.
    """
    _check_constants(plan, model)
    first = model.decisions[0].name
    fixed = {f"strategies.{s.slug}.{s.kind}": s.shares.get(first, s.value) for s in plan.strategies}
    values: dict[str, tuple[float, ...]] = {}
    sources: dict[str, tuple[Sourced | None, ...]] = {}
    for cell in cells:
        if cell.key is None:
            number = BEYOND_REACH if cell.default is None else cell.default
            values[cell.id] = (number,) * len(plan.scenarios)
            continue
        found = tuple(scenario.inputs.get(cell.key) for scenario in plan.scenarios)
        sources[cell.key] = found
        default = _default_value(cell, model, fixed)
        values[cell.id] = tuple(
            source.value if source is not None and source.value is not None else default for source in found
        )
    return InputTable(tuple(s.name for s in plan.scenarios), values, sources)


def _default_value(cell: Cell, model: LawModel | ResourceModel, fixed: Mapping[str, float]) -> float:
    """The number of an input that no layer of the plan sets."""
    if cell.default is not None:
        return cell.default
    if cell.kind == "constant":
        return model.law.constants[cell.id].value
    return fixed.get(cell.key or "", BEYOND_REACH)


def check_roles(plan: Plan, model: LawModel) -> None:
    """Refuse a cap or strategy that speaks of parameters or tokens where the law has no such decision.

    Raises:
        FlopsheetError: with every cap and strategy that does.
    """
    roles = {decision.role for decision in model.law.decisions.values()}
    own = ", ".join(f"`{name}`" for name in model.law.decisions)
    remedy = f"Its decisions are {own}; give them the roles `parameters` and `tokens` in the law."
    problems: dict[Problem, None] = {}
    for scenario in plan.scenarios:
        for key, source in scenario.inputs.items():
            group, _, role = key.partition(".")
            if group == "caps" and role in {"parameters", "tokens"} and source.value is not None and role not in roles:
                message = f"law `{model.law.name}` has no decision with the role `{role}`."
                problems[Problem(message, source.place, key, remedy)] = None
    for strategy in plan.strategies:
        if strategy.kind != "shares" and not {"parameters", "tokens"} <= roles:
            message = f"law `{model.law.name}` has no decisions with the roles `parameters` and `tokens`."
            problems[Problem(message, strategy.place, f"strategies.{strategy.name}", remedy)] = None
    if problems:
        raise FlopsheetError(*problems)


def check_law_inputs(plan: Plan, model: LawModel | ResourceModel) -> None:
    """Refuse a plan that leaves out what its law reads, or sets what it does not.

    Raises:
        FlopsheetError: with every fault in every scenario.
    """
    own = (model.resource.name,) if isinstance(model, ResourceModel) else ()
    law, problems = model.law, dict.fromkeys(find_unread(plan, model.law, own))
    for scenario in plan.scenarios:
        for given in model.inputs.values():
            source = scenario.inputs.get(given.key)
            if source is None or source.value is None:
                if not given.is_chosen:
                    message = f"law `{law.name}` needs `{given.key}`, which scenario `{scenario.name}` does not set."
                    example = f"Write for example `{_nested(given.key, given.usual)}`."
                    problems[Problem(message, plan.law_place, given.key, example)] = None
            elif not source.value > 0:
                problems[Problem(f"must be above zero, got {source.text}.", source.place, given.key)] = None
            elif source.unit not in {"1", given.unit}:
                message = f"is in {source.unit}, but law `{law.name}` reads it in {given.unit}."
                problems[Problem(message, source.place, given.key)] = None
    if problems:
        raise FlopsheetError(*problems)


def find_unread(plan: Plan, law: Law, own: Collection[str]) -> list[Problem]:
    """What a plan sets for its law that the law does not read; `own` are names it has besides its inputs."""
    read = {entry.source or f"inputs.{name}" for name, entry in law.inputs.items()} | {f"inputs.{name}" for name in own}
    names = [*own, *(name for name, entry in law.inputs.items() if entry.source is None)]
    problems: dict[Problem, None] = {}
    for scenario in plan.scenarios:
        for key, source in scenario.inputs.items():
            section, _, name = key.partition(".")
            if key in read or section != "inputs" or source.value is None:
                continue
            remedy = did_you_mean(name, names) if names else "It has no inputs."
            problems[Problem(f"law `{law.name}` has no input `{name}`.", source.place, key, remedy)] = None
        named = scenario.texts.get(REPETITION_KEY)
        if named is not None and named.value is not None and "data.unique" in read:
            message = f"law `{law.name}` reads `data.unique` and does its own repetition."
            problems[Problem(message, named.place, REPETITION_KEY, "Remove the line.")] = None
    return list(problems)


def _nested(key: str, number: float) -> str:
    """A key with a number as a plan would hold it."""
    section, _, name = key.partition(".")
    return f"{section}: {{{name}: {number:g}}}"


def _check_constants(plan: Plan, model: LawModel | ResourceModel) -> None:
    """Refuse overrides of constants that do not exist or that change a sign the algebra relies on."""
    problems: dict[Problem, None] = {}
    known = model.law.constants
    for source_map in (plan.inputs, *(scenario.inputs for scenario in plan.scenarios)):
        for key, source in source_map.items():
            group, _, name = key.partition(".")
            if group != "constants":
                continue
            if name not in known:
                message = f"law `{model.law.name}` has no constant `{name}`."
                problems[Problem(message, source.place, key, did_you_mean(name, known))] = None
            elif source.value is not None and known[name].value > 0 >= source.value:
                message = f"must stay above zero as in the law ({known[name].value:g}), got {source.text}."
                remedy = "The derivation takes logarithms of it; write a law of your own for another sign."
                problems[Problem(message, source.place, key, remedy)] = None
    if problems:
        raise FlopsheetError(*problems)


def build_resource_input_cells(plan: Plan, model: ResourceModel) -> tuple[Cell, ...]:
    """The inputs of a plan under a law with one resource: the resource, a target, and the law's constants."""
    decision = model.decision(model.resource)
    what: Message | str = Message(f"role.{decision.role}") if decision.role else model.resource.name
    spends = decision.unit == "FLOP" and _is_set_anywhere(plan, "budget.compute")
    key = "budget.compute" if spends else f"inputs.{model.resource.name}"
    label = Message("cell.resource", {"what": what})
    cells = [_input_cell(key, decision.unit, label, str(model.resource)), *_law_input_cells(model)]
    if _is_set_anywhere(plan, "target.loss"):
        cells.append(_target_cell(model))
    return (*cells, *_constant_cells(model.law), BEYOND)


def _is_set(inputs: Mapping[str, Sourced], key: str) -> bool:
    """Whether an input has a value."""
    return (source := inputs.get(key)) is not None and source.value is not None


def _is_set_anywhere(plan: Plan, key: str) -> bool:
    """Whether any scenario has a value for a key."""
    return any(
        (source := scenario.inputs.get(key)) is not None and source.value is not None for scenario in plan.scenarios
    )
