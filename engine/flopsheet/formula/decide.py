"""Which parts of a formula make its value: the cases of a choice that hold, the least and greatest of several."""

from __future__ import annotations

from dataclasses import dataclass

import sympy as sp

from flopsheet.formula.mp_value import Env, mp_value


@dataclass(frozen=True, slots=True)
class Case:
    """The case of a choice that holds: its number (from 1), how many there are, and the conditions up to it.

    `holds` is the condition of this case, None where it is the last one, for which all others fail.
    """

    number: int
    count: int
    holds: sp.Basic | None
    failed: tuple[sp.Basic, ...]


@dataclass(frozen=True, slots=True)
class Decided:
    """A formula with only the cases that hold, in the order met; `expr` is equal to the whole at the numbers given."""

    expr: sp.Expr
    cases: tuple[Case, ...]


def decide(expr: sp.Expr, env: Env, *, extremes: bool = False) -> Decided:
    """The formula with only the cases that hold at the numbers given.

    Args:
        expr: A formula over symbols.
        env: Their numbers.
        extremes: Whether the least and the greatest of several are put in their place too.

    Raises:
        ValueError: a condition has no value there.
    """
    cases: list[Case] = []
    known: dict[sp.Basic, sp.Basic] = {}

    def reduced(part: sp.Basic) -> sp.Basic:
        """A part with only what holds; equal parts are done once."""
        if not part.args:
            return part
        if part not in known:
            known[part] = _reduced(part)
        return known[part]

    def _reduced(part: sp.Basic) -> sp.Basic:
        if isinstance(part, sp.Piecewise):
            case, value = _find_case(part, env)
            cases.append(case)
            return reduced(value)
        if extremes and isinstance(part, (sp.Min, sp.Max)):
            best = max if isinstance(part, sp.Max) else min
            return reduced(best(part.args, key=lambda arg: mp_value(arg, env)))
        args = [reduced(arg) for arg in part.args]
        return part if args == list(part.args) else part.func(*args)

    return Decided(reduced(expr), tuple(cases))


def _find_case(choice: sp.Piecewise, env: Env) -> tuple[Case, sp.Expr]:
    """The first case whose condition holds, and its value."""
    failed: list[sp.Basic] = []
    for number, (value, condition) in enumerate(choice.args, start=1):
        if condition == sp.true:
            return Case(number, len(choice.args), None, tuple(failed)), value
        if mp_value(condition, env):
            return Case(number, len(choice.args), condition, tuple(failed)), value
        failed.append(condition)
    message = "no branch of a choice holds"
    raise ValueError(message)
