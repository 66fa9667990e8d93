"""A law as mathematics: its loss and cost as sympy expressions over typed symbols."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

import sympy as sp

from flopsheet.errors import FlopsheetError, Problem
from flopsheet.formula.parse import formula_names, parse_formula
from flopsheet.model.cell import make_symbol
from flopsheet.model.literals import is_literal, name_literals, put_names
from flopsheet.plan.plan import Decision, Law


@dataclass(frozen=True)
class LawModel:
    """A law with two decisions and a cost, parsed.

    `decisions` are the two symbols in the law's order, all positive; `amount` stands for the amount
    of the cost (the budget, `C` unless the law has its own C), `level` for a loss to be reached (`L`
    likewise). `loss` and `cost` are over `decisions` and `constants`.
    """

    law: Law
    decisions: tuple[sp.Symbol, sp.Symbol]
    constants: Mapping[str, sp.Symbol]
    loss: sp.Expr
    cost: sp.Expr
    amount: sp.Symbol
    level: sp.Symbol

    @property
    def symbols(self) -> Mapping[str, sp.Symbol]:
        """Every symbol of the law by name, decisions and constants."""
        return {**{symbol.name: symbol for symbol in self.decisions}, **self.constants}

    @property
    def values(self) -> Mapping[sp.Symbol, float]:
        """The law's own values of its constants."""
        return {symbol: self.law.constants[name].value for name, symbol in self.constants.items()}

    @property
    def literals(self) -> Mapping[sp.Rational, sp.Symbol]:
        """The symbols of decimals that stand in the law's formulas, by their value."""
        named = [constant for constant in self.law.constants.values() if is_literal(constant)]
        return {sp.Rational(repr(constant.value)): self.constants[constant.name] for constant in named}

    def decision(self, symbol: sp.Symbol) -> Decision:
        """What the law file says of a decision."""
        return self.law.decisions[symbol.name]


def build_law_model(law: Law) -> LawModel:
    """The law parsed into symbols and expressions.

    Raises:
        FlopsheetError: a formula does not parse or names an unknown symbol, or the law has not what
            an allocation needs: a loss, a cost and two decisions.
    """
    _check_allocates(law)
    declared = set(law.constants) | set(law.decisions) | set(law.where) | set(law.formulas) | set(law.inputs)
    constants = {name: make_symbol(name, positive=constant.value > 0) for name, constant in law.constants.items()}
    decisions = {name: make_symbol(name) for name in law.decisions}
    symbols: dict[str, sp.Expr] = {**decisions, **constants}
    symbols.update(parse_where(law, symbols))
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
    named, numbers = name_literals(law, parsed.values(), law.loss.place)
    return LawModel(
        law=named,
        decisions=(first, second),
        constants={**constants, **{symbol.name: symbol for symbol in numbers.values()}},
        loss=put_names(parsed["loss"], numbers),
        cost=put_names(parsed["cost"], numbers),
        amount=make_symbol("C" if "C" not in declared else "C_budget"),
        level=make_symbol("L" if "L" not in declared else "L_target"),
    )


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
    if law.inputs:
        first = next(iter(law.inputs.values()))
        message = "laws with inputs from the plan are not available in this version yet"
        problems.append(Problem(message, first.place or law.place, f"law.inputs.{first.symbol}"))
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
    try:
        order = list(TopologicalSorter(reads).static_order())
    except CycleError as error:
        chain = " -> ".join(reversed(error.args[1]))
        place = law.where[error.args[1][0]].place
        raise FlopsheetError(Problem(f"formulas read each other in a circle: {chain}", place, "where")) from None
    known = dict(symbols)
    found: dict[str, sp.Expr] = {}
    for name in order:
        found[name] = parse_formula(law.where[name], known, subject=f"where.{name}")
        known[name] = found[name]
    return found
