"""A law in logarithms: a straight line whose coefficients determine the constants to be fitted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sympy as sp

from flopsheet.derive.algebra import expand_logarithm
from flopsheet.model.resource_model import ResourceModel

MOST_FREE = 2


@dataclass(frozen=True)
class LogForm:
    r"""$\ln L$ as `offset` plus the sum of each of `coefficients` times its one of `features`.

    Features and offset are over `log_x` (the logarithm of the resource) and constants that are given. `constants`
    are the fitted constants over the coefficients. `line` is $\ln L$ over `log_x` and the law's constants.
    """

    log_x: sp.Symbol
    log_y: sp.Symbol
    line: sp.Expr
    coefficients: tuple[sp.Symbol, ...]
    meanings: tuple[sp.Expr, ...]
    features: tuple[sp.Expr, ...]
    offset: sp.Expr
    constants: Mapping[str, sp.Expr]

    @property
    def is_line(self) -> bool:
        """Whether both the height and the slope of the line are fitted."""
        return len(self.coefficients) == MOST_FREE

    @property
    def given(self) -> frozenset[str]:
        """The constants that the fit reads."""
        exprs = (*self.features, self.offset, *self.constants.values())
        own = {self.log_x, *self.coefficients}
        return frozenset(symbol.name for expr in exprs for symbol in expr.free_symbols - own)


def find_log_form(model: ResourceModel, free: Sequence[str]) -> LogForm | None:
    """The law in logarithms, or None where its logarithm is no straight line that determines the free constants.

    Args:
        model: The law.
        free: The constants to be fitted, one or two.
    """
    x = model.resource
    log_x, log_y = (new_symbol(name, model) for name in ("X", "Y"))
    line = sp.expand(expand_logarithm(model.loss).replace(sp.log(x), log_x))
    slope = sp.diff(line, log_x)
    if x in line.free_symbols or log_x in slope.free_symbols or slope == 0:
        return None
    height = sp.expand(line - slope * log_x)
    symbols = [model.constants[name] for name in free]
    coefficients = tuple(new_symbol(f"c_{index}", model) for index in range(len(free)))
    if len(free) == MOST_FREE:
        return _two_free(line, (height, slope), symbols, coefficients, (log_x, log_y))
    return _one_free(line, symbols[0], coefficients[0], (log_x, log_y)) if len(free) == 1 else None


def new_symbol(name: str, model: ResourceModel) -> sp.Symbol:
    """A real symbol whose name the law does not use."""
    law = model.law
    taken = {*law.decisions, *law.constants, *law.where, model.level.name}
    while name in taken:
        name += "_"
    return sp.Symbol(name, real=True)


def _two_free(
    line: sp.Expr,
    parts: tuple[sp.Expr, sp.Expr],
    free: Sequence[sp.Symbol],
    coefficients: tuple[sp.Symbol, ...],
    logs: tuple[sp.Symbol, sp.Symbol],
) -> LogForm | None:
    """Height and slope are fitted, and the constants follow from them."""
    # Solved without assumptions on signs: what the runs give is known only later.
    plain = {symbol: sp.Dummy(symbol.name, real=True) for symbol in free}
    equations = [part.xreplace(plain) - c for part, c in zip(parts, coefficients, strict=True)]
    try:
        found = sp.solve(equations, list(plain.values()), dict=True)
    except NotImplementedError:
        return None
    if len(found) != 1 or set(found[0]) != set(plain.values()):
        return None
    constants = {symbol.name: sp.simplify(found[0][plain[symbol]]) for symbol in free}
    if any(expr.free_symbols & set(plain.values()) for expr in constants.values()):
        return None
    return LogForm(*logs, line, coefficients, parts, (sp.S.One, logs[0]), sp.S.Zero, constants)


def _one_free(
    line: sp.Expr, symbol: sp.Symbol, coefficient: sp.Symbol, logs: tuple[sp.Symbol, sp.Symbol]
) -> LogForm | None:
    """One constant is fitted, as it stands or by its logarithm, whichever the line is straight in."""
    for meaning, value in ((sp.log(symbol), sp.exp(coefficient)), (symbol, coefficient)):
        put = line.replace(meaning, coefficient)
        if symbol in put.free_symbols:
            continue
        feature = sp.expand(sp.diff(put, coefficient))
        offset = sp.expand(put - coefficient * feature)
        if feature == 0 or coefficient in feature.free_symbols or coefficient in offset.free_symbols:
            continue
        return LogForm(*logs, line, (coefficient,), (meaning,), (feature,), offset, {symbol.name: value})
    return None
