"""Decimal numbers typed into a law's formulas, given names, so that algebra treats them like any constant.

`N**0.33917084` makes computer algebra handle an exponent with a denominator of ten million; over a
symbol the same steps take no time. The named numbers are constants of the law from then on: a plan can
read and override them, and a report writes them as the numbers they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import sympy as sp

from flopsheet.errors import Place
from flopsheet.model.cell import make_symbol
from flopsheet.plan.plan import Constant, Law

LITERAL = "a number in the law's formulas"
"""The note of a constant that is such a number."""

_STEM = "number_"
_SIMPLE = 12


def name_literals(law: Law, exprs: Iterable[sp.Expr], place: Place) -> tuple[Law, Mapping[sp.Rational, sp.Symbol]]:
    """The law with each decimal of its formulas as a constant, and the symbol that stands for each."""
    numbers = list_fractions(exprs)
    taken = {*law.constants, *law.decisions, *law.where, *law.formulas, *law.inputs}
    constants: dict[str, Constant] = {}
    symbols: dict[sp.Rational, sp.Symbol] = {}
    count = 0
    for number in numbers:
        count += 1
        while f"{_STEM}{count}" in taken:
            count += 1
        name = f"{_STEM}{count}"
        constants[name] = Constant(name, float(number), place, note=LITERAL)
        symbols[number] = make_symbol(name)
    return replace(law, constants={**law.constants, **constants}), symbols


def list_fractions(exprs: Iterable[sp.Expr]) -> list[sp.Rational]:
    """The fractions in formulas that algebra had better not see: all but simple ones such as 1/2 and C/6."""
    found = {abs(number) for expr in exprs for number in expr.atoms(sp.Rational)}
    return sorted(number for number in found if number.q != 1 and max(number.p, number.q) > _SIMPLE)


def put_names(expr: sp.Expr, symbols: Mapping[sp.Rational, sp.Symbol]) -> sp.Expr:
    """An expression over the named numbers."""
    every = {**symbols, **{-number: -symbol for number, symbol in symbols.items()}}
    return expr.xreplace(every)


def is_literal(constant: Constant) -> bool:
    """Whether a constant is a number that stands in the law's formulas."""
    return constant.note == LITERAL
