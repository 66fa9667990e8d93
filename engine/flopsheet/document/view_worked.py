"""Results and own cells with a scenario's numbers put in: symbol, formula, numbers, result with its unit."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

import sympy as sp

from flopsheet.document.latex import render_three_steps
from flopsheet.document.latex_names import latex_name, text_in_maths
from flopsheet.document.source import ReportSource
from flopsheet.document.words import Words
from flopsheet.formula.root import Root
from flopsheet.messages import render_message
from flopsheet.model.cell import BEYOND_REACH, Cell
from flopsheet.model.graph import names_read

#: Operations of a formula up to which it is worth reading with its numbers.
_LONGEST: Final = 40
#: So many results and own cells are shown beside the main ones.
_MOST: Final = 8
_LARGEST_DIVISOR: Final = 1000
#: Letters up to which a label stands in an equation; the name of the cell stands for a longer one.
_LONGEST_NAME: Final = 32


@dataclass(frozen=True)
class Worked:
    """Formulas with a scenario's numbers put in."""

    scenario: str
    latex: tuple[str, ...]


def work_out_cells(
    source: ReportSource, words: Words, symbols: Mapping[str, str], index: int, told: Collection[str] = ()
) -> list[str]:
    """The equations of results and own cells whose formulas read nothing but inputs, constants and what is told.

    Args:
        source: The solved plan.
        words: The words of the report's language.
        symbols: LaTeX by symbol name.
        index: The scenario.
        told: Cells whose numbers the reader knows already.
    """
    evaluation = source.evaluation
    values = {cell.id: evaluation.value(cell.id, index) for cell in source.graph if evaluation.exists(cell.id, index)}
    given = {cell.id for cell in source.graph if cell.kind in {"input", "constant"}}
    known = {*told, *(name for name in given if values.get(name, BEYOND_REACH) < BEYOND_REACH)}
    named = _name_cells(source, symbols, words.language)
    lines: list[str] = []
    for cell in source.graph:
        if cell.id in known or cell.kind not in {"result", "user"} or cell.id not in values or len(lines) >= _MOST:
            continue
        if cell.expr is None or not _reads_only(cell, known):
            continue
        known.add(cell.id)
        if isinstance(cell.expr, sp.Symbol):
            named[cell.id] = named[cell.expr.name] if cell.kind == "result" else named[cell.id]
            continue
        if cell.expr.free_symbols and not cell.expr.has(sp.Piecewise, Root) and cell.expr.count_ops() <= _LONGEST:
            result, language = values[cell.id], words.language
            lines.append(
                render_three_steps(
                    cell.id, _with_decimals(cell.expr), values, result, symbols=named, language=language, unit=cell.unit
                )
            )
    return lines


def work_out_resource(source: ReportSource, words: Words, symbols: Mapping[str, str]) -> Worked | None:
    """What a law with one resource says of the first scenario that has a loss."""
    index = next((index for index, answer in enumerate(source.answers) if answer.results), None)
    if index is None:
        return None
    lines = work_out_cells(source, words, symbols, index)
    return Worked(words.name(source.answers[index].name), tuple(lines)) if lines else None


def _with_decimals(expr: sp.Expr) -> sp.Expr:
    """A formula whose long fractions, which decimals of the plan have become, are decimals again."""
    long = [number for number in expr.atoms(sp.Rational) if abs(number.p) != 1 and number.q > _LARGEST_DIVISOR]
    return expr.xreplace({number: sp.Float(number) for number in long})


def _reads_only(cell: Cell, known: Collection[str]) -> bool:
    """Whether the formula of a cell reads nothing but known numbers; its guard is none of its numbers."""
    return names_read(cell) - {cell.guard} <= set(known)


def _name(cell: Cell, language: str) -> str:
    """How a cell is written that has no symbol: by its name where that begins with a letter, else in words."""
    stem = cell.id.split("_")[0]
    if len(stem) == 1 or cell.kind not in {"result", "user"}:
        return latex_name(cell.id)
    label = render_message(cell.label, language)
    return text_in_maths(label if label != cell.id and len(label) <= _LONGEST_NAME else cell.id.replace("_", " "))


def _name_cells(source: ReportSource, symbols: Mapping[str, str], language: str) -> dict[str, str]:
    """LaTeX by cell: what a decision and the loss come to is written as they are."""
    model = source.solution.model
    named = {cell.id: cell.latex or _name(cell, language) for cell in source.graph} | dict(symbols)
    # What is a symbol of the law is written as in its formulas.
    named |= {cell.id: symbols[cell.latex] for cell in source.graph if cell.latex is not None and cell.latex in symbols}
    named |= {f"{z.name}_opt": named[z.name] for z in model.decisions}
    return named | {"L_opt": named[model.level.name]}
