"""The combinations of candidates of a law, and the best of them, as cells."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sympy as sp

from flopsheet.derive.cell_builder import CellList
from flopsheet.errors import FlopsheetError, Problem
from flopsheet.messages import Message
from flopsheet.model.cell import make_symbol
from flopsheet.model.inputs import BEYOND
from flopsheet.model.law_model import GivenInput, LawModel, find_moved
from flopsheet.plan.plan import Law

MOST_CANDIDATES = 64
"""Combinations of candidates that are solved one by one."""


@dataclass(frozen=True)
class Case:
    """One combination of candidates.

    Attributes:
        tag: How the ids of its cells end.
        name: What it is called.
        values: What stands for each choice, and for each of the law's helpers that a choice moves.
    """

    tag: str
    name: str
    values: Mapping[sp.Symbol, sp.Expr]


def list_cases(build: CellList, law: Law, listed: Sequence[GivenInput], *, joint: bool = False) -> list[Case]:
    """Every combination of candidates.

    Args:
        build: Collects the cells.
        law: The law.
        listed: What is chosen among candidates.
        joint: Whether something else is chosen beside: then what the plan gives stands in the place of every
            candidate, so that the others are the best for it.

    Raises:
        FlopsheetError: there are more combinations than are solved.
    """
    combinations = list(itertools.product(*(given.candidates for given in listed)))
    if len(combinations) > MOST_CANDIDATES:
        message = f"law `{law.name}` has {len(combinations)} combinations of candidates, {MOST_CANDIDATES} are solved"
        raise FlopsheetError(Problem(message, law.place, "inputs"))
    numbers: dict[tuple[GivenInput, float], sp.Expr] = {
        (given, number): sp.Rational(repr(number)) for given in listed for number in given.candidates
    }
    if joint or len(listed) > 1:
        numbers = {key: _unless_given(build, *key) for key in numbers}
    cases = []
    for combination in combinations:
        named = list(zip(listed, combination, strict=True))
        cases.append(
            Case(
                tag="_".join(f"{given.name}_{_spell(number)}" for given, number in named),
                name=", ".join(f"{given.name} = {number:g}" for given, number in named),
                values={given.symbol: numbers[given, number] for given, number in named},
            )
        )
    return cases


def _unless_given(build: CellList, given: GivenInput, number: float) -> sp.Symbol:
    """A candidate, unless the plan gives the choice."""
    typed = make_symbol(given.cell)
    value = sp.Piecewise((typed, typed < BEYOND.symbol), (sp.Rational(repr(number)), True))
    label = Message("cell.candidate_unless_given", {"name": given.name, "number": f"{number:g}"})
    return build.add(f"{given.name}_tried_{_spell(number)}", value, given.unit, label)


def _spell(number: float) -> str:
    """A number as part of a name: 0.5 is 0_5."""
    return f"{number:g}".replace(".", "_").replace("+", "").replace("-", "m")


def add_case_helpers(build: CellList, model: LawModel, case: Case) -> Case:
    """A case with the cells of those helpers of the law that its choices move and no other one."""
    values = dict(case.values)
    moved = find_moved(model.helpers, set(values))
    open_choices = {given.symbol for given in model.inputs.values() if given.is_chosen} - values.keys()
    for symbol, expr in moved.items():
        if symbol in values or expr.has(*open_choices, *(other for other in moved if other not in values)):
            continue
        label = Message("cell.candidate_helper", {"what": symbol.name, "name": case.name})
        values[symbol] = build.add(
            f"{symbol}_at_{case.tag}",
            expr.xreplace(values),
            "1",
            label,
            positive=bool(symbol.is_positive),
            absorbs=True,
        )
    return Case(case.tag, case.name, values)


def add_best(
    build: CellList,
    given: GivenInput,
    values: Sequence[sp.Expr],
    scores: Sequence[sp.Expr],
    best: sp.Symbol,
    *,
    suffix: str = "",
) -> sp.Symbol:
    """The value of the first case whose score is the best."""
    pairs = [(value, score <= best) for value, score in zip(values, scores, strict=True)]
    chosen = sp.Piecewise(*pairs[:-1], (pairs[-1][0], True)) if len(pairs) > 1 else pairs[0][0]
    label = Message("cell.candidate_chosen", {"name": given.name})
    return build.add(f"{given.name}_best{suffix}", chosen, given.unit, label)
