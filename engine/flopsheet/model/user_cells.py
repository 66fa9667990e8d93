"""The reader's own cells: parsed, checked for units, and put on top of the graph."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import sympy as sp

from flopsheet.errors import FlopsheetError, Problem
from flopsheet.formula.parse import formula_names, parse_formula
from flopsheet.messages import Message
from flopsheet.model.cell import Cell, make_symbol
from flopsheet.model.graph import Graph, build_graph
from flopsheet.model.inputs import BEYOND
from flopsheet.model.units import Dimension, DimensionError, infer_dimension
from flopsheet.plan.plan import ExtraFormula
from flopsheet.plan.units import dimension_of, exact_factor

_OPEN_KINDS = {"input", "constant", "result", "user", "compared", "fit"}


def names_in_formulas(graph: Graph, amount: str, aliases: Mapping[str, sp.Symbol]) -> dict[str, sp.Symbol]:
    """What a plan's formulas may call cells: inputs, constants, results, the law's amount of cost, and `aliases`."""
    names = {cell.id: cell.symbol for cell in graph if cell.kind in _OPEN_KINDS and cell.id != BEYOND.id}
    spent = next((name for name in ("budget_compute", "C_plan") if name in graph), None)
    if spent is None:  # a law with one resource: the resource is what is spent
        spent = next(cell.id for cell in graph if cell.kind == "input")
    return {amount: graph[spent].symbol, **aliases, **names}


def add_user_cells(
    graph: Graph,
    formulas: Mapping[str, ExtraFormula],
    amount: str,
    aliases: Mapping[str, sp.Symbol] = MappingProxyType({}),
) -> Graph:
    """The graph with the plan's own cells.

    Args:
        graph: The cells of the plan.
        formulas: The plan's own, by name.
        amount: What the law calls the amount of its cost.
        aliases: Further names of cells: what the law calls its inputs.

    Raises:
        FlopsheetError: a name is taken, a formula does not parse, reads a circle, or mixes units.
    """
    own = {name: make_symbol(name, positive=False) for name in formulas}
    factors = {name: sp.Rational(exact_factor(extra.unit)) for name, extra in formulas.items()}
    visible: dict[str, sp.Expr] = dict(names_in_formulas(graph, amount, aliases))
    problems = _check_names(graph, formulas, visible)
    # Formulas speak base units; a cell in another unit holds a multiple of it.
    visible |= {name: symbol * factors[name] for name, symbol in own.items()}
    cells = []
    for name, extra in formulas.items():
        try:
            expr = parse_formula(extra.formula, visible, subject=f"cells.{name}")
        except FlopsheetError as error:
            problems.extend(error.problems)
            continue
        value = expr / factors[name]
        label: Message | str = extra.label or name
        cells.append(Cell(name, "user", extra.unit, label, value, place=extra.formula.place, positive=False))
    reads = {cell.id: _names_read(formulas[cell.id], cell) for cell in cells}
    if problems:
        # What does not read a faulty cell is checked all the same, so that all faults are told at once.
        sound = _without_faulty(cells, reads, {name for name in formulas if name not in reads or name in graph})
        problems += _find_problems(graph, sound, reads, formulas)
        raise FlopsheetError(*problems)
    guarded = build_graph((*graph.cells, *_guard(graph, cells, reads)))
    _check_units(guarded, formulas)
    return guarded


def _names_read(extra: ExtraFormula, cell: Cell) -> set[str]:
    """The names in a cell's formula, and the cells that these stand for."""
    named = set(formula_names(extra.formula, f"cells.{cell.id}"))
    return named if cell.expr is None else named | {symbol.name for symbol in cell.expr.free_symbols}


def _without_faulty(cells: Sequence[Cell], reads: Mapping[str, set[str]], faulty: set[str]) -> list[Cell]:
    """The cells that read no faulty one, nor one that does."""
    while spoilt := {cell.id for cell in cells if cell.id not in faulty and reads[cell.id] & faulty}:
        faulty = faulty | spoilt
    return [cell for cell in cells if cell.id not in faulty]


def _find_problems(
    graph: Graph, cells: Sequence[Cell], reads: Mapping[str, set[str]], formulas: Mapping[str, ExtraFormula]
) -> tuple[Problem, ...]:
    """What is wrong with units and circles of cells that are otherwise sound."""
    try:
        _check_units(build_graph((*graph.cells, *_guard(graph, cells, reads))), formulas)
    except FlopsheetError as error:
        return error.problems
    return ()


def _check_names(graph: Graph, formulas: Mapping[str, ExtraFormula], visible: Mapping[str, sp.Expr]) -> list[Problem]:
    """Refuse a cell that would hide something that exists."""
    problems = []
    for name, extra in formulas.items():
        if name in graph or name in visible:
            what = "the law's cost" if name not in graph else _kind(graph[name])
            message = f"`{name}` is already the name of {what}."
            problems.append(
                Problem(message, extra.place or extra.formula.place, f"cells.{name}", "Choose another name.")
            )
    return problems


def _kind(cell: Cell) -> str:
    """What an existing cell is."""
    kinds = {"input": "an input", "constant": "a constant of the law", "result": "a result"}
    return kinds.get(cell.kind, "a step of the calculation")


def _guard(graph: Graph, cells: Sequence[Cell], reads: Mapping[str, set[str]]) -> list[Cell]:
    """Each cell with a guard: it has no value where a limit it reads is not set, or where there is no plan."""
    # Under a law with one resource a scenario gives an amount of it, or a target, or both.
    more = ("inputs.", "budget.", "target.") if "value_status" in graph else ()
    caps = {cell.id for cell in graph if cell.optional or (cell.key and more and cell.key.startswith(more))}
    status = make_symbol("plan_status", positive=False) if "plan_status" in graph else sp.S.Zero
    guarded = []
    for cell in cells:
        seen: set[str] = set()
        stack = [cell.id]
        while stack:
            for read in reads.get(stack.pop(), ()):
                if read not in seen:
                    seen.add(read)
                    stack.append(read)
        used = sorted(seen & caps)
        guard = "plan_status" if status != 0 else None
        elsewhere = _guards_of_compared(graph, seen)
        if used or elsewhere != 0:
            largest = sp.Max(*(make_symbol(name) for name in used))
            absent = sp.Piecewise((0, largest < BEYOND.symbol), (1, True)) if used else sp.S.Zero
            guard = f"absent_{cell.id}"
            label = Message("cell.absent", {"name": cell.id})
            guarded.append(Cell(guard, "formula", "1", label, 2 * absent + status + elsewhere, positive=False))
        guarded.append(
            Cell(cell.id, "user", cell.unit, cell.label, cell.expr, place=cell.place, positive=False, guard=guard)
        )
    return guarded


def _guards_of_compared(graph: Graph, seen: set[str]) -> sp.Expr:
    """Zero where every result of a compared law that a cell reads has a value."""
    read = {graph[name].guard for name in seen if name in graph and graph[name].kind == "compared"}
    return sp.Add(*(make_symbol(guard, positive=False) for guard in sorted(guard for guard in read if guard)))


def _check_units(graph: Graph, formulas: Mapping[str, ExtraFormula]) -> None:
    """Refuse a cell whose formula has not the unit it declares."""
    known: dict[str, Dimension] = {}
    problems = []
    for cell in graph:
        extra = formulas.get(cell.id)
        if extra is None or cell.kind != "user" or cell.expr is None:
            known[cell.id] = _declared(cell)
            continue
        declared = Dimension(dimension_of(extra.unit))
        known[cell.id] = declared
        subject = f"cells.{cell.id}"
        try:
            found = infer_dimension(cell.expr, known)
        except DimensionError as error:
            problems.append(Problem(f"{error}.", extra.formula.place, subject, "Convert one of them."))
            continue
        if not (found.loose or found.free) and found.exponents != declared.exponents:
            message = f"the formula is in {found}, but the cell's unit is {extra.unit}."
            problems.append(Problem(message, extra.formula.place, subject, f"Write `unit: {found}`."))
    if problems:
        raise FlopsheetError(*problems)


def _declared(cell: Cell) -> Dimension:
    """The dimension of a cell that is not a reader's: its unit, or a bare number for constants without one."""
    if cell.kind == "constant" and cell.unit == "1":
        return Dimension(loose=True)
    try:
        return Dimension(dimension_of(cell.unit))
    except ValueError:
        return Dimension(free=True)
