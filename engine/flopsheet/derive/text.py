"""Derived equations as plain text, with `^` for powers: for terminals and workbook sheets."""

from __future__ import annotations

import sympy as sp

from flopsheet.derive.notation import Elasticity, LogSlope, Multiplier, Optimal, Slope
from flopsheet.derive.proof import Equation
from flopsheet.formula.print import render_formula
from flopsheet.formula.root import Put, Root


def render_text(equation: Equation) -> tuple[str, str, str]:
    """An equation as left side, relation and right side."""
    return render_side(equation.left), equation.relation, render_side(equation.right)


def render_side(expr: sp.Expr) -> str:
    """An expression in the formula language, slopes and stars as a reader would type them."""
    plain = expr.replace(lambda e: isinstance(e, Put), lambda e: e.inner)
    plain = plain.replace(lambda e: isinstance(e, Root), lambda e: sp.Symbol(f"{e.unknown}*"))
    plain = plain.replace(lambda e: isinstance(e, (LogSlope, Slope, Elasticity, Optimal, Multiplier)), _spell)
    return render_formula(plain).replace("**", "^")


def _spell(expr: sp.Expr) -> sp.Symbol:
    """A symbol whose name is the notation."""
    args = [f"{arg.args[0]}*" if isinstance(arg, Optimal) else str(arg) for arg in expr.args]
    if isinstance(expr, LogSlope):
        return sp.Symbol(f"d{args[0]}/d ln({args[1]})")
    if isinstance(expr, Slope):
        return sp.Symbol(f"d{args[0]}/d{args[1]}")
    if isinstance(expr, Elasticity):
        return sp.Symbol(f"d ln({args[0]})/d ln({args[1]})")
    if isinstance(expr, Multiplier):
        return sp.Symbol(f"lambda({args[0]})")
    return sp.Symbol(f"{args[0]}*")
