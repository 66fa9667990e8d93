"""What each formula of a plan owes to what it reads, as formulas: the links of the chain rule on a sheet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import sympy as sp

from flopsheet.derive.algebra import part_logarithm
from flopsheet.evaluate.sensitivity import EXCESS, is_constant
from flopsheet.evaluate.solution import Solution
from flopsheet.formula.root import Root, slope_of
from flopsheet.messages import Message
from flopsheet.model.cell import Cell
from flopsheet.model.graph import Graph, names_read
from flopsheet.workbook.printer import render_excel

#: Characters of a link, so that with its guard it stays a formula that a reader takes in.
_LONGEST: Final = 220


@dataclass(frozen=True)
class Link:
    r"""The elasticity of a cell in one that its formula reads, $\partial \ln y / \partial \ln x$, as a formula."""

    cell: Cell
    read: str
    expr: sp.Expr


def list_links(solution: Solution, graph: Graph) -> tuple[Link, ...]:
    """The links from the inputs that a plan changes to its results; none where one of them fits no cell.

    Args:
        solution: The plan.
        graph: Its cells as the workbook holds them.
    """
    found = solution.shown_sensitivity
    if found is None:
        return ()
    inputs = list_changed(solution, graph)
    cells = list_moving(graph, inputs, list(found.outputs))
    if found.floor is not None and any(EXCESS in slopes for slopes in found.elasticities.values()):
        needed = {symbol.name for symbol in found.floor.free_symbols}
        cells += [cell for cell in list_moving(graph, inputs, sorted(needed)) if cell not in cells]
        loss = graph["L_opt"].symbol
        cells.append(Cell(EXCESS, "formula", "nats/token", Message("sensitivity.excess"), loss - found.floor))
    moving = {cell.id for cell in (*inputs, *cells)}
    links: list[Link] = []
    for cell in cells:
        if not cell.positive or isinstance(cell.expr, Root) or cell.expr is None:
            return ()
        for name in sorted(names_read(cell) & moving - {cell.guard}):
            expr = _elasticity(cell, cell.expr, next(s for s in cell.expr.free_symbols if s.name == name))
            if not _fits(expr):
                return ()
            links.append(Link(cell, name, expr))
    return tuple(links)


def list_changed(solution: Solution, graph: Graph) -> list[Cell]:
    """The inputs that a plan changes in any scenario, those of the law last."""
    keys = {key for found in solution.sensitivity.values() for key in found.elasticities}
    return sorted((cell for cell in graph if cell.key in keys), key=lambda cell: is_constant(cell.key or ""))


def list_moving(graph: Graph, moved: Sequence[Cell], outputs: Sequence[str]) -> list[Cell]:
    """The formulas that outputs need and that move with some inputs, and the outputs themselves, in order."""
    moving = {cell.id for cell in moved}
    found = []
    for cell in graph.needed(outputs):
        if cell.expr is not None and (cell.id in outputs or names_read(cell) & moving):
            moving.add(cell.id)
            found.append(cell)
    return found


def _elasticity(cell: Cell, expr: sp.Expr, symbol: sp.Symbol) -> sp.Expr:
    """The elasticity of a formula in a symbol; of a product it is that of its logarithm."""
    if isinstance(expr, sp.Mul | sp.Pow):
        return symbol * slope_of(part_logarithm(expr), symbol)
    whole = expr if cell.id == EXCESS else cell.symbol
    return symbol * slope_of(expr, symbol) / whole


def _fits(expr: sp.Expr) -> bool:
    """Whether a cell holds the formula: short, spelled in a spreadsheet, no choice inside a choice."""
    try:
        text = render_excel(expr, lambda symbol: f"c_{symbol.name}", lambda number: f"num_{float(number):g}")
    except (ValueError, KeyError):
        return False
    return len(text) <= _LONGEST and text.count("IF(") <= 1
