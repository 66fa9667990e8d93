"""A law as mathematics: its loss and cost as sympy expressions over typed symbols."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from graphlib import TopologicalSorter

import mpmath
import sympy as sp

from flopsheet.errors import FlopsheetError, Problem
from flopsheet.formula.mp_value import mp_or_none
from flopsheet.formula.parse import formula_names, parse_formula
from flopsheet.model.cell import make_symbol
from flopsheet.model.circles import find_circles, tell_circle
from flopsheet.model.literals import is_literal, name_literals, put_names
from flopsheet.plan.plan import Decision, Law, LawInput

# Where a law is looked at when neither it nor the plan says of what size an input is.
_USUAL = {"data.unique": 1e11, "inference.tokens": 1e12, "budget.compute": 1e21}


@dataclass(frozen=True)
class GivenInput:
    """What a law takes from the plan.

    `symbol` stands for it in the law's formulas. `key` is the plan's key, `cell` the id of the cell that holds
    it. With `candidates`, or `between` two ends, it is a decision unless the plan gives it: the symbol is that of the
    choice.
    `usual` is a number at which the law makes sense.
    """

    name: str
    symbol: sp.Symbol
    key: str
    cell: str
    unit: str
    usual: float
    candidates: tuple[float, ...] = ()
    between: tuple[float, float] | None = None

    @property
    def is_chosen(self) -> bool:
        """Whether it is a decision where the plan does not give it."""
        return bool(self.candidates) or self.between is not None

    @property
    def result(self) -> sp.Symbol:
        """What the plan calls it: the result of a choice, which has no value where there is no plan."""
        return make_symbol(f"{self.name}_opt") if self.is_chosen else self.symbol


@dataclass(frozen=True)
class Output:
    """A further output of a law: its formula over the model's symbols, unit and label."""

    name: str
    expr: sp.Expr
    unit: str
    label: str


@dataclass(frozen=True)
class LawModel:
    """A law with two decisions and a cost, parsed.

    `decisions` are the two symbols in the law's order, all positive; `amount` stands for the amount
    of the cost (the budget, `C` unless the law has its own C), `level` for a loss to be reached (`L`
    likewise). `loss` and `cost` are over `decisions`, `constants`, `inputs` and `helpers`, `outputs` over these,
    the amount and the level. `helpers` are intermediate formulas of the law that no decision moves, by the symbols
    that stand for them, each over constants, inputs and earlier ones.
    """

    law: Law
    decisions: tuple[sp.Symbol, sp.Symbol]
    constants: Mapping[str, sp.Symbol]
    loss: sp.Expr
    cost: sp.Expr
    amount: sp.Symbol
    level: sp.Symbol
    inputs: Mapping[str, GivenInput] = field(default_factory=dict)
    outputs: tuple[Output, ...] = ()
    helpers: Mapping[sp.Symbol, sp.Expr] = field(default_factory=dict)

    @property
    def symbols(self) -> Mapping[str, sp.Symbol]:
        """Every symbol of the law by name: decisions, constants and inputs."""
        inputs = {name: given.symbol for name, given in self.inputs.items()}
        return {**{symbol.name: symbol for symbol in self.decisions}, **self.constants, **inputs}

    @property
    def values(self) -> Mapping[sp.Symbol, float]:
        """The law's own values of its constants, and usual ones of what it takes from the plan."""
        usual = {given.symbol: given.usual for given in self.inputs.values()}
        usual |= {symbol: self.law.constants[name].value for name, symbol in self.constants.items()}
        return complete_values(self.helpers, usual)

    @property
    def literals(self) -> Mapping[sp.Rational, sp.Symbol]:
        """The symbols of decimals that stand in the law's formulas, by their value."""
        named = [constant for constant in self.law.constants.values() if is_literal(constant)]
        return {sp.Rational(repr(constant.value)): self.constants[constant.name] for constant in named}

    @property
    def parameters(self) -> tuple[sp.Symbol, ...]:
        """Every symbol of the formulas that a scenario fixes: constants, inputs and helpers. Each names its cell."""
        inputs = (given.symbol for given in self.inputs.values())
        return (*self.constants.values(), *inputs, *self.helpers)

    def decision(self, symbol: sp.Symbol) -> Decision:
        """What the law file says of a decision."""
        return self.law.decisions[symbol.name]


def build_law_model(law: Law, given: Mapping[str, float] | None = None) -> LawModel:
    """The law parsed into symbols and expressions.

    Args:
        law: The law.
        given: Numbers for its inputs at which it is looked at, as far as they are known.

    Raises:
        FlopsheetError: a formula does not parse or names an unknown symbol, or the law has not what
            an allocation needs: a loss, a cost and two decisions.
    """
    _check_allocates(law)
    declared = set(law.constants) | set(law.decisions) | set(law.where) | set(law.formulas) | set(law.inputs)
    constants = {name: make_symbol(name, positive=constant.value > 0) for name, constant in law.constants.items()}
    decisions = {name: make_symbol(name) for name in law.decisions}
    inputs = {name: build_input(law, entry, given or {}) for name, entry in law.inputs.items()}
    symbols: dict[str, sp.Expr] = {**decisions, **constants, **{name: g.symbol for name, g in inputs.items()}}
    written = parse_where(law, symbols)
    usual = {given.symbol: given.usual for given in inputs.values()}
    usual |= {symbol: law.constants[name].value for name, symbol in constants.items()}
    helpers = _find_helpers(written, tuple(decisions.values()), usual)
    symbols.update(helpers[0])
    assert law.loss is not None  # noqa: S101 - _check_allocates
    assert law.cost is not None  # noqa: S101
    problems: list[Problem] = []
    parsed: dict[str, sp.Expr] = {}
    for part, text in (("loss", law.loss), ("cost", law.cost)):
        try:
            parsed[part] = parse_formula(text, symbols, subject=part)
        except FlopsheetError as error:
            problems.extend(error.problems)
    if problems:
        raise FlopsheetError(*problems)
    first, second = decisions.values()
    zero = {symbol: 0 for name, symbol in constants.items() if law.constants[name].value == 0}
    _check_reads_decisions(law, parsed, (first, second), zero)
    amount = make_symbol("C" if "C" not in declared else "C_budget")
    level = make_symbol("L" if "L" not in declared else "L_target", positive=not law.has_signed_loss)
    outputs = _parse_outputs(law, {level.name: level, amount.name: amount, **symbols})
    named, numbers = name_literals(
        law, (*parsed.values(), *(o.expr for o in outputs), *helpers[1].values()), law.loss.place
    )
    return LawModel(
        law=named,
        decisions=(first, second),
        constants={**constants, **{symbol.name: symbol for symbol in numbers.values()}},
        loss=put_names(parsed["loss"], numbers),
        cost=put_names(parsed["cost"], numbers),
        amount=amount,
        level=level,
        inputs=inputs,
        helpers={symbol: put_names(expr, numbers) for symbol, expr in helpers[1].items()},
        outputs=tuple(replace(output, expr=put_names(output.expr, numbers)) for output in outputs),
    )


def _find_helpers(
    written: Mapping[str, sp.Expr], decisions: tuple[sp.Symbol, ...], usual: Mapping[sp.Symbol, float]
) -> tuple[dict[str, sp.Expr], dict[sp.Symbol, sp.Expr]]:
    """Intermediate formulas over the helpers among them, and the formula of each helper."""
    found: dict[str, sp.Expr] = {}
    helpers: dict[sp.Symbol, sp.Expr] = {}
    values = dict(usual)
    replaced: dict[sp.Expr, sp.Symbol] = {}
    for name, expr in written.items():
        plain = expr.xreplace(replaced)
        found[name] = plain
        if plain.has(*decisions) or plain.is_Atom:
            continue
        values = complete_values(helpers, values)
        number = mp_or_none(plain, values)
        symbol = make_symbol(name, positive=number is not None and number > 0)
        helpers[symbol], replaced[expr] = plain, symbol
        found[name] = symbol
    return found, helpers


def complete_values(helpers: Mapping[sp.Symbol, sp.Expr], values: Mapping[sp.Symbol, float]) -> dict[sp.Symbol, float]:
    """Values of symbols, with those of helpers over them."""
    known = dict(values)
    for symbol, expr in helpers.items():
        number = mp_or_none(expr, {s: mpmath.mpf(value) for s, value in known.items()})
        if number is not None:
            known[symbol] = float(number)
    return known


def find_moved(helpers: Mapping[sp.Symbol, sp.Expr], moving: Collection[sp.Symbol]) -> dict[sp.Symbol, sp.Expr]:
    """The helpers of a law that some symbols move, directly or through each other, in their order."""
    found: dict[sp.Symbol, sp.Expr] = {}
    for symbol, expr in helpers.items():
        if expr.has(*moving, *found):
            found[symbol] = expr
    return found


def build_input(law: Law, entry: LawInput, given: Mapping[str, float]) -> GivenInput:
    """What a law takes from the plan, with the symbol of the cell that holds it or chooses it."""
    key = entry.source or f"inputs.{entry.symbol}"
    cell = key.replace(".", "_")
    answers = [answer.at[entry.symbol] for answer in law.known_answers if entry.symbol in answer.at]
    fitted = (law.fitted_range or {}).get(entry.symbol)
    middle = [math.sqrt(fitted[0] * fitted[1])] if fitted and fitted[0] > 0 else []
    ends = [] if entry.between is None else [math.sqrt(entry.between[0] * entry.between[1])]
    known = [
        *([given[entry.symbol]] if entry.symbol in given else []),
        *entry.candidates[-1:],
        *ends,
        *answers,
        *middle,
    ]
    usual = next((number for number in known if number > 0), _USUAL.get(entry.source or "", 1.0))
    symbol = make_symbol(f"{entry.symbol}_chosen" if entry.candidates or entry.between else cell)
    return GivenInput(entry.symbol, symbol, key, cell, entry.unit, usual, entry.candidates, entry.between)


def _parse_outputs(law: Law, symbols: Mapping[str, sp.Expr]) -> tuple[Output, ...]:
    """The further outputs of a law, which may read each other, the loss and the cost."""
    names = {name: make_symbol(name, positive=False) for name in law.formulas}
    outputs = []
    problems: list[Problem] = []
    for name, extra in law.formulas.items():
        try:
            expr = parse_formula(extra.formula, {**symbols, **names}, subject=f"formulas.{name}")
        except FlopsheetError as error:
            problems.extend(error.problems)
        else:
            outputs.append(Output(name, expr, extra.unit, extra.label or name))
    if problems:
        raise FlopsheetError(*problems)
    return tuple(outputs)


def _check_allocates(law: Law) -> None:
    """Refuse a law that cannot allocate a budget between two decisions."""
    problems = []
    if law.loss is None or law.cost is None:
        missing = " and ".join(part for part in ("loss", "cost") if getattr(law, part) is None)
        problems.append(Problem(f"law `{law.name}` has no {missing}: nothing to allocate", law.place, "law"))
    for name, decision in law.decisions.items():
        if name == "L":
            message = "a decision cannot be called `L`: its optimum `L_opt` is the name of the loss"
            problems.append(Problem(message, decision.place, f"law.decisions.{name}", "Give it another letter."))
    if len(law.decisions) != 2:
        found = ", ".join(law.decisions) or "none"
        message = f"law `{law.name}` must have two decisions to allocate a budget, it has: {found}"
        problems.append(Problem(message, law.place, "law.decisions"))
    if problems:
        raise FlopsheetError(*problems)


def _check_reads_decisions(
    law: Law, parsed: Mapping[str, sp.Expr], decisions: tuple[sp.Symbol, ...], zero: Mapping[sp.Symbol, int]
) -> None:
    """Refuse a loss or cost that ignores a decision: its optimum would be zero or infinity.

    A constant of zero can take a decision away too.
    """
    problems: list[Problem] = []
    for part, expr in parsed.items():
        text = getattr(law, part)
        problems.extend(
            Problem(f"the {part} of law `{law.name}` does not depend on its decision `{symbol}`", text.place, part)
            for symbol in decisions
            if symbol not in expr.free_symbols
        )
        problems.extend(
            Problem(
                f"the {part} of law `{law.name}` does not depend on its decision `{symbol}` where "
                f"{' and '.join(f'`{name}`' for name in zero)} is 0",
                text.place,
                part,
            )
            for symbol in decisions
            if symbol in expr.free_symbols and symbol not in expr.subs(zero).free_symbols
        )
    if problems:
        raise FlopsheetError(*problems)


def parse_where(law: Law, symbols: Mapping[str, sp.Expr]) -> dict[str, sp.Expr]:
    """Intermediate formulas, in any order, each written out over decisions and constants."""
    reads = {
        name: [used for used in formula_names(text, f"where.{name}") if used in law.where]
        for name, text in law.where.items()
    }
    circles = find_circles(reads)
    if circles:
        places = {name: text.place for name, text in law.where.items()}
        raise FlopsheetError(*(tell_circle(chain, places, "where") for chain in circles))
    order = list(TopologicalSorter(reads).static_order())
    known = dict(symbols)
    found: dict[str, sp.Expr] = {}
    for name in order:
        found[name] = parse_formula(law.where[name], known, subject=f"where.{name}")
        known[name] = found[name]
    return found
