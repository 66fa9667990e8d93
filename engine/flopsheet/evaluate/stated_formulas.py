"""The formulas that a plan states, its law's included, and what became of each from one plan to another."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import sympy as sp

from flopsheet.derive.rewriting import Rewriting, compare_formulas
from flopsheet.errors import Place
from flopsheet.evaluate.setting_changes import find_repetition
from flopsheet.evaluate.solution import Solution
from flopsheet.formula.parse import formula_names, parse_formula
from flopsheet.formula.text import FormulaText
from flopsheet.model.cell import BEYOND_REACH, make_symbol
from flopsheet.model.literals import is_literal
from flopsheet.model.user_cells import names_in_formulas
from flopsheet.plan.plan import Law, Strategy


@dataclass(frozen=True)
class StatedFormula:
    """A formula as one side has it.

    `name` is its dotted key, `written` the formula as it stands, `whole` with everything put in that has a formula of
    its own beside it. `left` is what the formula is said to be equal to, None for the name itself. `place` is None for
    a law or a repetition of the library.
    """

    name: str
    text: str
    written: sp.Expr
    whole: sp.Expr
    place: Place | None
    unit: str = ""
    left: sp.Expr | None = None


@dataclass(frozen=True)
class FormulaChange:
    """A formula that is written differently, came or went; `rewriting` says whether the mathematics is another."""

    name: str
    old: StatedFormula | None
    new: StatedFormula | None
    rewriting: Rewriting | None = None

    @property
    def kind(self) -> Literal["changed", "added", "removed"]:
        """What happened to it."""
        return "added" if self.old is None else "removed" if self.new is None else "changed"

    @property
    def is_other(self) -> bool:
        """Whether it may be other mathematics: it came, went, or was not found to be the same."""
        return self.rewriting is None or self.rewriting.sameness in {"different", "undecided"}


@dataclass(frozen=True)
class _Reader:
    """Reads formulas that may name each other.

    `texts` are those that can be named, by name; `symbols` what other names stand for, itself where not said.
    """

    texts: Mapping[str, FormulaText]
    symbols: Mapping[str, sp.Expr]
    wholes: dict[str, sp.Expr] = field(default_factory=dict)

    def read(self, name: str, text: FormulaText, unit: str = "", left: sp.Expr | None = None, *, shipped: bool = False
             ) -> StatedFormula:  # fmt: skip
        """A formula as written and as a whole."""
        names = formula_names(text, name)
        plain = parse_formula(text, {each: self.symbols.get(each, make_symbol(each)) for each in names}, subject=name)
        place = None if shipped else text.place
        return StatedFormula(name, text.text, plain, self._whole(name, text), place, unit, left)

    def _whole(self, name: str, text: FormulaText) -> sp.Expr:
        """A formula with those that it names put in."""
        known = {}
        for each in formula_names(text, name):
            if each in self.texts:
                if each not in self.wholes:
                    self.wholes[each] = self._whole(each, self.texts[each])
                known[each] = self.wholes[each]
            else:
                known[each] = self.symbols.get(each, make_symbol(each))
        return parse_formula(text, known, subject=name)


@dataclass(frozen=True)
class Statements:
    """The formulas of a solved plan."""

    solution: Solution

    @cached_property
    def law(self) -> Mapping[str, StatedFormula]:
        """Those of the law: loss, cost, intermediate and further formulas."""
        law = self.solution.model.law
        constants = {name: make_symbol(name, positive=each.value > 0) for name, each in law.constants.items()}
        reader = _Reader(law.where, constants)
        shipped = law.origin == "library"
        parts = {"loss": law.loss, "cost": law.cost, "inference_cost": law.inference_cost}
        found = [
            *(reader.read(f"law.{part}", text, shipped=shipped) for part, text in parts.items() if text is not None),
            *(reader.read(f"law.where.{name}", text, shipped=shipped) for name, text in law.where.items()),
        ]
        further = _Reader({**law.where, **{name: extra.formula for name, extra in law.formulas.items()}}, constants)
        for name, extra in law.formulas.items():
            found.append(further.read(f"law.formulas.{name}", extra.formula, extra.unit, shipped=shipped))
        return {each.name: each for each in found}

    @cached_property
    def repetition(self) -> Mapping[str, StatedFormula]:
        """Those of what repeated data are worth."""
        used = find_repetition(self.solution.plan)
        if used is None:
            return {}
        constants = {name: make_symbol(name, positive=each.value > 0) for name, each in used.constants.items()}
        parts = ("effective", "loss_factor", "effective_parameters")
        reader = _Reader({}, constants)
        return {
            f"repetition.{part}": reader.read(f"repetition.{part}", text, shipped=used.origin == "library")
            for part in parts
            if (text := getattr(used, part)) is not None
        }

    @cached_property
    def own(self) -> Mapping[str, StatedFormula]:
        """Those of the plan itself: the reader's cells, strategies and claims."""
        plan, model = self.solution.plan, self.solution.model
        aliases = {name: given.result for name, given in model.inputs.items()}
        symbols = names_in_formulas(self.solution.graph, model.amount.name, aliases)
        reader = _Reader({name: extra.formula for name, extra in plan.cells.items()}, symbols)
        found = [reader.read(f"cells.{name}", extra.formula, extra.unit) for name, extra in plan.cells.items()]
        found += [self._strategy(strategy) for strategy in plan.strategies]
        claims = _Reader({}, symbols)
        for claim in plan.claims:
            for name, text in claim.says.items():
                left = symbols.get(name, make_symbol(name))
                found.append(claims.read(f"claims.{claim.name}.{name}", text, left=left))
        return {each.name: each for each in found}

    def _strategy(self, strategy: Strategy) -> StatedFormula:
        """A fixed choice as an equation."""
        model = self.solution.model
        roles = {model.decision(z).role: z for z in model.decisions}
        left: sp.Expr = make_symbol(strategy.kind)
        if strategy.kind == "shares":
            left = model.decisions[0] / model.amount
        elif {"parameters", "tokens"} <= roles.keys():
            size, tokens = roles["parameters"], roles["tokens"]
            left = {"parameters": size, "tokens": tokens}.get(strategy.kind, tokens / size)
        value = sp.Rational(repr(strategy.value))
        text = f"{strategy.kind}: {strategy.value:.17g}"
        return StatedFormula(f"strategies.{strategy.name}", text, value, value, strategy.place, left=left)

    @property
    def all(self) -> dict[str, StatedFormula]:
        """Every formula by its key."""
        return {**self.law, **self.repetition, **self.own}

    @cached_property
    def constants(self) -> Mapping[str, float]:
        """The numbers of the law's constants, those of its formulas' decimals left out."""
        return list_constants(self.solution.model.law)

    @cached_property
    def usual(self) -> Mapping[str, float]:
        """What the names in formulas usually stand for: the numbers of the first scenario that has a plan."""
        model, evaluation = self.solution.model, self.solution.evaluation
        index = next((i for i, answer in enumerate(self.solution.answers) if answer.status in {"ok", "flat"}), 0)
        found = {cell.id: evaluation.value(cell.id, index) for cell in self.solution.graph}
        found |= {z.name: found[f"{z}_opt"] for z in model.decisions if f"{z}_opt" in found}
        found |= {name: found[given.cell] for name, given in model.inputs.items() if given.cell in found}
        spent = next((name for name in ("budget_compute", "C_plan") if name in found), None)
        found |= {model.amount.name: found[spent]} if spent else {}
        return {name: value for name, value in found.items() if math.isfinite(value) and 0 < abs(value) < BEYOND_REACH}


def list_constants(law: Law) -> dict[str, float]:
    """The numbers of a law's constants, those of its formulas' decimals left out."""
    return {name: constant.value for name, constant in law.constants.items() if not is_literal(constant)}


def list_formula_changes(old: Statements, new: Statements) -> tuple[FormulaChange, ...]:
    """Every formula that is not written as it was, in the order of the new plan, then what went."""
    before, after = old.all, new.all
    found = []
    for name in dict.fromkeys((*after, *before)):
        one, other = before.get(name), after.get(name)
        if one is None or other is None:
            found.append(FormulaChange(name, one, other))
        elif _as_read(one) != _as_read(other):
            found.append(FormulaChange(name, one, other, _compare(one, other, old, new)))
    return tuple(found)


def is_other_mathematics(
    old: Mapping[str, StatedFormula], new: Mapping[str, StatedFormula], sides: tuple[Statements, Statements]
) -> bool:
    """Whether any formula, with what it names put in, is not known to be that of the other side.

    Intermediate formulas count only as far as others read them.
    """
    names = {name for name in (*old, *new) if not name.startswith("law.where.")}
    if not names <= old.keys() & new.keys():
        return True
    return any(
        FormulaChange(name, old[name], new[name], _compare(old[name], new[name], *sides)).is_other
        for name in sorted(names)
    )


def _as_read(formula: StatedFormula) -> tuple[str, str]:
    """A formula's text without blanks, and its unit."""
    return "".join(formula.text.split()), formula.unit


def _compare(one: StatedFormula, other: StatedFormula, old: Statements, new: Statements) -> Rewriting:
    """Whether two formulas of one name are the same mathematics."""
    if str(one.left) != str(other.left):
        return Rewriting("different")
    around = {**old.usual, **new.usual}
    return compare_formulas(one.whole, other.whole, around=around, constants=(old.constants, new.constants))
