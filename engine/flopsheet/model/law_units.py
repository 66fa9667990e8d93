"""Whether the further formulas of a law come out in the units that they state.

Constants without a unit and literals absorb whatever is asked of them; nothing else does, so that parameters and
tokens can only be added where a constant or a number converts one of them.
"""

from __future__ import annotations

from collections.abc import Mapping

import sympy as sp

from flopsheet.errors import Problem
from flopsheet.formula.parse import parse_formula
from flopsheet.model.cell import make_symbol
from flopsheet.model.law_model import parse_where
from flopsheet.model.units import Dimension, DimensionError, infer_dimension
from flopsheet.plan.plan import ExtraFormula, Law
from flopsheet.plan.units import dimension_of

_FREE = Dimension(free=True)
_PLAIN = frozenset({sp.S.Zero, sp.S.One, sp.S.NegativeOne})
_REMEDY = "Let a constant carry what converts the one into the other, such as `k: {value: 1, unit: token/parameter}`."


def find_unit_problems(law: Law) -> tuple[Problem, ...]:
    """Every further formula that mixes dimensions, or is in another one than it states; all names must be known.

    A formula that states no unit, or none by '1', may be in any.
    """
    if not law.formulas:
        return ()
    units = {"L": "nats/token", "C": "FLOP"}
    units |= {name: extra.unit for name, extra in law.formulas.items()}
    units |= {name: given.unit for name, given in law.inputs.items()}
    units |= {name: decision.unit for name, decision in law.decisions.items()}
    of = {name: Dimension(dimension_of(unit)) for name, unit in units.items()}
    of |= {
        name: Dimension(dimension_of(constant.unit)) if constant.unit else _FREE
        for name, constant in law.constants.items()
    }
    # What states no unit may have one.
    of |= {name: _FREE for name, extra in law.formulas.items() if extra.unit == "1"}
    symbols: dict[str, sp.Expr] = {name: make_symbol(name) for name in of}
    symbols |= parse_where(law, symbols)
    found = (_find_problem(name, extra, symbols, of) for name, extra in law.formulas.items())
    return tuple(problem for problem in found if problem is not None)


def _find_problem(
    name: str, extra: ExtraFormula, symbols: Mapping[str, sp.Expr], of: Mapping[str, Dimension]
) -> Problem | None:
    """What is wrong with the units of one formula."""
    subject, place = f"formulas.{name}", extra.formula.place
    literals: dict[str, Dimension] = {}
    expr = _absorb(parse_formula(extra.formula, symbols, subject=subject), literals)
    try:
        dimension = infer_dimension(expr, {**of, **literals})
    except DimensionError as error:
        return Problem(f"{error}.", place, subject, _REMEDY)
    if extra.unit == "1" or dimension.loose or dimension.free:
        return None
    if dimension.exponents == dimension_of(extra.unit):
        return None
    message = f"the formula is in {dimension}, but its unit is {extra.unit}."
    return Problem(message, place, subject, f"Write `unit: {dimension}`.")


def _absorb(expr: sp.Basic, literals: dict[str, Dimension]) -> sp.Basic:
    """A formula with a symbol of any unit for each literal; whole exponents stay as they are."""
    if expr.is_Number:
        if expr in _PLAIN:
            return expr
        symbol = sp.Dummy(str(expr), positive=True)
        literals[symbol.name] = _FREE
        return symbol
    if isinstance(expr, sp.Pow) and expr.exp.is_Integer:
        return sp.Pow(_absorb(expr.base, literals), expr.exp)
    return expr.func(*(_absorb(arg, literals) for arg in expr.args)) if expr.args else expr
