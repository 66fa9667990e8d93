"""Two plans as one: every scenario of both over the formulas of either, so that their inputs can be mixed."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from flopsheet.api.plan_model import build_model
from flopsheet.evaluate.attribution import Corners, list_corners
from flopsheet.evaluate.points import PointPlan
from flopsheet.evaluate.setting_changes import find_repetition
from flopsheet.evaluate.solution import Solution
from flopsheet.model.literals import is_literal
from flopsheet.plan.change_names import FALLBACKS, ChangeNames
from flopsheet.plan.changes import ScenarioPair
from flopsheet.plan.keys import INPUT_KEYS, TIERS, input_key
from flopsheet.plan.plan import DEFAULT, Plan, Repetition, Scenario, Sourced, Tier
from flopsheet.plan.slugs import slugs_of
from flopsheet.plan.units import exact_factor

FORMULAS = "formulas and law"
"""The change that stands for all formulas, the law, and what the budget covers."""

# What a tier holds that a side has not: so little that no digit of a result shows it, and not zero, so that the tier
# still has a stretch of the data path.
_NO_TOKENS = 1e-3


@dataclass(frozen=True)
class Mixture:
    """The scenarios of two plans over the formulas of either.

    Attributes:
        old: One plan.
        new: The other.
        pairs: The scenarios of both.
        other_law: Whether their laws are not the same mathematics: constants and inputs then go with the law.
        other_formulas: Whether any formula is not, so that formulas are a change of their own.
    """

    old: Solution
    new: Solution
    pairs: Sequence[ScenarioPair]
    other_law: bool
    other_formulas: bool

    @cached_property
    def tiers(self) -> tuple[Tier, ...]:
        """The tiers of both plans, those of the new one first."""
        named = {tier.name: tier for tier in (*self.old.plan.tiers, *self.new.plan.tiers)}
        names = tuple(dict.fromkeys(tier.name for tier in (*self.new.plan.tiers, *self.old.plan.tiers)))
        return tuple(replace(named[name], slug=slug) for name, slug in zip(names, slugs_of(names, "t"), strict=True))

    def find_changes(self, index: int) -> dict[str, dict[str, tuple[float, float]]]:
        """What differs between the two sides of a pair: by the name of a change, its keys with both numbers.

        Numbers are in base units, nan for a limit that is not set. What follows from one line is one change.
        """
        numbers: dict[str, tuple[float, float]] = {}
        for plan in self._plans:
            for key in plan.keys:
                values = self._number(plan, key, index, 0), self._number(plan, key, index, 1)
                if values[0] != values[1] and not all(math.isnan(value) for value in values):
                    numbers[key] = values
        one_sided = {key for key, values in numbers.items() if any(math.isnan(value) for value in values)}
        names = ChangeNames(self.pairs[index], one_sided)
        found: dict[str, dict[str, tuple[float, float]]] = {}
        for key in sorted(numbers, key=self._rank):
            found.setdefault(names.name(key), {})[key] = numbers[key]
        if self.other_formulas:
            found[FORMULAS] = {}
        return found

    def is_comparable(self, index: int) -> bool:
        """Whether the sides of a pair can be mixed: not where data are one amount here and in tiers there."""
        sides = self.pairs[index].old, self.pairs[index].new
        limited = [side for side in sides if side.repetition is not None]
        return len({bool(side.tiers) for side in limited}) < 2

    def _rank(self, key: str) -> tuple[int, str]:
        """The place of a key: as in the table of keys."""
        row = input_key(key)
        return (INPUT_KEYS.index(row) if row is not None else len(INPUT_KEYS), key)

    def evaluate(self, index: int, outputs: Mapping[str, str]) -> Corners:
        """Results of a pair with some of its changes made.

        Args:
            index: The pair.
            outputs: The results by name, each with its unit.

        Returns:
            The corners, with the results of those names that both sides can have.
        """
        changes = self.find_changes(index)
        names = tuple(changes)
        corners = list_corners(len(names))
        bits = np.array(corners, dtype=np.int64)
        values = {name: np.full(len(corners), np.nan) for name in outputs}
        for side, plan in enumerate(self._plans):
            here = np.ones(len(bits), dtype=bool)
            if self.other_formulas:
                here = (bits >> names.index(FORMULAS) & 1) == side
            if not here.any() or (side == 0 and not self.other_formulas):
                continue
            cells = {name: cell for name in outputs if (cell := self._cell(name)) in plan.graph}
            columns = {
                key: np.where(bits[here] >> position & 1, numbers[1], numbers[0])
                for position, name in enumerate(names)
                for key, numbers in changes[name].items()
                if key in plan.keys
            }
            scenario = replace(plan, index=self._place(index, side))
            found = scenario.evaluate(columns, tuple(cells.values()))
            for name, cell in cells.items():
                values[name][here] = found.values[cell] * _factor(plan.graph[cell].unit, outputs[name])
        return Corners(names, corners, values)

    @cached_property
    def _plans(self) -> tuple[PointPlan, PointPlan]:
        """The mixture over the formulas of the old plan, and over those of the new one."""
        over_new = self._build(1)
        return (self._build(0) if self.other_formulas else over_new), over_new

    def _build(self, side: int) -> PointPlan:
        """The scenarios of both plans over the formulas of one; those of its own side stand first.

        Raises:
            FlopsheetError: the inputs of one side do not fit the formulas of the other.
        """
        solution = (self.old, self.new)[side]
        repetition = find_repetition(solution.plan) or find_repetition((self.new, self.old)[side].plan)
        sides = [[pair.old for pair in self.pairs], [pair.new for pair in self.pairs]]
        ordered = [*zip(sides[side], sides[side], strict=True), *zip(sides[1 - side], sides[side], strict=True)]
        scenarios = []
        for number, (scenario, own) in enumerate(ordered):
            of_side = side if number < len(self.pairs) else 1 - side
            scenarios.append(self._adapt(scenario, own, of_side, repetition, f"s{number}"))
        reads_compared = any("__" in extra.formula.text for extra in solution.plan.cells.values())
        plan: Plan = replace(
            solution.plan,
            scenarios=tuple(scenarios),
            tiers=self.tiers,
            strategies=(),
            claims=(),
            expect={},
            compare=solution.plan.compare if reads_compared else (),
        )
        built = build_model(plan)
        return PointPlan(built.graph, built.table, 0)

    def _place(self, index: int, side: int) -> int:
        """The place of a pair's new scenario in the mixture over the formulas of a side."""
        return index if side == 1 else len(self.pairs) + index

    def _adapt(
        self, scenario: Scenario, own: Scenario, side: int, repetition: Repetition | None, name: str
    ) -> Scenario:
        """A scenario of one side as one of the mixture; `own` is the one of the pair that belongs to the formulas."""
        inputs = dict(scenario.inputs)
        if self.other_law:
            inputs = {key: given for key, given in inputs.items() if not _goes_with_law(key)}
            inputs |= {key: given for key, given in own.inputs.items() if _goes_with_law(key)}
        else:
            inputs = {**self._law_constants(side, inputs), **inputs}
        for key, other in FALLBACKS.items():
            told = any(_is_set(each.inputs, key) for pair in self.pairs for each in (pair.old, pair.new))
            if told and not _is_set(inputs, key) and _is_set(inputs, other):
                inputs[key] = replace(inputs[other], layer=DEFAULT)
        decay = repetition.constants.get("decay") if repetition else None
        for tier in self.tiers if scenario.tiers else ():
            unique, worn = f"{TIERS}.{tier.name}.unique", f"{TIERS}.{tier.name}.decay"
            if tier.name not in scenario.tiers:
                inputs[unique] = Sourced(_NO_TOKENS, "token", tier.place, DEFAULT, "0")
            if worn in inputs and not inputs[worn].is_written:
                del inputs[worn]
            if decay is not None and not _is_set(inputs, worn):
                inputs[worn] = Sourced(decay.value, "1", tier.place, DEFAULT, f"{decay.value:g}")
        return replace(
            scenario,
            name=name,
            slug=name,
            inputs=inputs,
            expect={},
            repetition=repetition if scenario.repetition else None,
        )

    def _law_constants(self, side: int, inputs: Mapping[str, Sourced]) -> dict[str, Sourced]:
        """The constants of a side's law as inputs, where those of the other side's law are other numbers."""
        laws = self.old.model.law, self.new.model.law
        found = {}
        for name, constant in laws[side].constants.items():
            other = laws[1 - side].constants.get(name)
            if other is not None and other.value != constant.value and not is_literal(constant):
                key = f"constants.{name}"
                if not _is_set(inputs, key):
                    found[key] = Sourced(constant.value, "1", constant.place, DEFAULT, f"{constant.value:g}")
        return found

    def _number(self, plan: PointPlan, key: str, index: int, side: int) -> float:
        """The number that one side of a pair has for a key; nan for a limit that it does not set."""
        over = 1 if plan is self._plans[1] else 0
        first = index if side == over else len(self.pairs) + index
        value = replace(plan, index=first).own_value(key)
        return math.nan if value is None else value

    def _cell(self, name: str) -> str:
        """The cell of a result, whose tiers have names of their own in the mixture."""
        for tier in self.tiers:
            for part in ("epochs", "tokens"):
                if name == f"tiers.{tier.name}.{part}":
                    return f"tier_{tier.slug}_{part}"
        return name


def _goes_with_law(key: str) -> bool:
    """Whether an input means something to its law alone."""
    return key.startswith(("constants.", "inputs."))


def _is_set(inputs: Mapping[str, Sourced], key: str) -> bool:
    """Whether a key has a number."""
    return (given := inputs.get(key)) is not None and given.value is not None


def _factor(unit: str, wanted: str) -> float:
    """What a number in one unit is multiplied by to be in another of the same kind."""
    return 1.0 if unit == wanted else float(exact_factor(unit) / exact_factor(wanted))
