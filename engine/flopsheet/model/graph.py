"""The graph of cells: what depends on what, in an order in which everything can be computed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from graphlib import CycleError, TopologicalSorter

import sympy as sp

from flopsheet.errors import FlopsheetError, Problem
from flopsheet.model.cell import Cell
from flopsheet.model.circles import find_circles, tell_circle


@dataclass(frozen=True)
class Graph:
    """Cells in an order in which each stands after everything it reads."""

    cells: tuple[Cell, ...]

    @cached_property
    def by_id(self) -> Mapping[str, Cell]:
        """Cells by id."""
        return {cell.id: cell for cell in self.cells}

    @cached_property
    def symbols(self) -> Mapping[str, sp.Symbol]:
        """The symbol of each cell, by id."""
        return {cell.id: cell.symbol for cell in self.cells}

    def __getitem__(self, cell_id: str) -> Cell:
        """The cell with this id; KeyError when there is none."""
        return self.by_id[cell_id]

    def __contains__(self, cell_id: object) -> bool:
        """Whether a cell has this id."""
        return cell_id in self.by_id

    def __iter__(self) -> Iterator[Cell]:
        """Cells in order."""
        return iter(self.cells)

    def extended(self, cells: Iterable[Cell]) -> Graph:
        """A graph with further cells."""
        return build_graph((*self.cells, *cells))

    def needed(self, cell_ids: Iterable[str]) -> tuple[Cell, ...]:
        """The cells that the given ones read, directly or not, and themselves, in order."""
        wanted = set(cell_ids)
        for cell in reversed(self.cells):
            if cell.id in wanted:
                wanted |= names_read(cell)
        return tuple(cell for cell in self.cells if cell.id in wanted)


def names_read(cell: Cell) -> set[str]:
    """The ids of the cells that a cell's formula, or its guard, reads directly."""
    read = set() if cell.guard is None else {cell.guard}
    return read if cell.expr is None else read | {symbol.name for symbol in cell.expr.free_symbols}


def build_graph(cells: Iterable[Cell]) -> Graph:
    """A graph in computing order.

    Raises:
        FlopsheetError: two cells have one id, a formula reads what does not exist, or formulas
            depend on each other in a circle (the chain is named).
    """
    by_id: dict[str, Cell] = {}
    problems = []
    for cell in cells:
        if cell.id in by_id:
            taken = by_id[cell.id]
            message = f"the name `{cell.id}` is already taken by {describe_kind(taken)}"
            problems.append(Problem(message, cell.place or taken.place, remedy="Choose another name."))
        by_id[cell.id] = cell
    if problems:
        raise FlopsheetError(*problems)
    reads = {cell.id: sorted(names_read(cell)) for cell in by_id.values()}
    try:
        order = list(TopologicalSorter(reads).static_order())
    except CycleError:
        places = {cell.id: cell.place for cell in by_id.values()}
        circles = find_circles(reads)
        raise FlopsheetError(*(tell_circle(chain, places, "cells") for chain in circles)) from None
    missing = [name for name in order if name not in by_id]
    if missing:
        raise FlopsheetError(Problem(f"formulas read unknown cells: {', '.join(sorted(missing))}"))
    position = {name: index for index, name in enumerate(order)}
    # Keep the given order where dependencies allow it: readers meet cells in the order they were written.
    return Graph(tuple(_stable_order(by_id, position)))


def _stable_order(by_id: Mapping[str, Cell], position: Mapping[str, int]) -> Iterator[Cell]:
    """Cells in the order given, each preceded by whatever it reads."""
    done: set[str] = set()

    for start in by_id:
        stack = [start]
        while stack:
            name = stack[-1]
            waiting = [read for read in names_read(by_id[name]) if read not in done]
            if name in done or not waiting:
                stack.pop()
                if name not in done:
                    done.add(name)
                    yield by_id[name]
            else:
                stack.extend(sorted(waiting, key=position.__getitem__, reverse=True))


def describe_kind(cell: Cell) -> str:
    """What a cell is, for messages."""
    return {
        "input": "an input of the plan",
        "constant": "a constant of the law",
        "formula": "a step of the calculation",
        "result": "a result",
        "strategy": "a strategy",
        "user": "a cell of the plan",
        "compared": "a result of a compared law",
        "data": "a number of a training run",
        "fit": "a step of the fit",
    }[cell.kind]
