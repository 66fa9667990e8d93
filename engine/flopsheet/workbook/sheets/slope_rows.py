"""Elasticities as formulas: every link of the chain once, then the chain from each input to each result."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from openpyxl.utils.cell import get_column_letter

from flopsheet.evaluate.compile import evaluate_formulas
from flopsheet.evaluate.sensitivity import EXCESS
from flopsheet.model.cell import Cell
from flopsheet.workbook.context import Context
from flopsheet.workbook.flat import DASH
from flopsheet.workbook.printer import render_excel
from flopsheet.workbook.sheet import Formula, Sheet
from flopsheet.workbook.sheets.point_block import FIRST, LABEL, NUMBER, UNIT
from flopsheet.workbook.slopes import Link, list_links

_SHAPE = "+0.0000;-0.0000;0.0000"


def find_links(context: Context) -> tuple[Link, ...]:
    """The links from the inputs to the results; none where one has no number in a scenario that has a plan.

    A step that is zero somewhere, as the logarithm of one, has no elasticity although the results have.
    """
    links = list_links(context.solution, context.flat.graph)
    for index in context.solution.sensitivity:
        if not all(np.isfinite(number) for number in link_numbers(context, links, index).values()):
            return ()
    return links


def link_numbers(context: Context, links: Sequence[Link], index: int) -> dict[tuple[str, str], float]:
    """The numbers of links in a scenario, by cell and what it reads."""
    formulas = {(link.cell.id, link.read): link.expr for link in links}
    needed = {symbol.name for expr in formulas.values() for symbol in expr.free_symbols}
    return evaluate_formulas(formulas, {name: context.flat.number(name, index) for name in sorted(needed)})


@dataclass
class SlopeRows:
    """The rows of the links and of the chain; `rows[cell id]` is where the elasticities of a cell stand."""

    sheet: Sheet
    context: Context
    links: Sequence[Link]
    inputs: Sequence[Cell]
    names: Sequence[str]
    row: int
    rows: dict[str, int] = field(default_factory=dict)
    values: dict[str, np.ndarray] = field(default_factory=dict)
    end: int = 0

    def put(self) -> None:
        """Write both blocks, one below the other."""
        t, sheet = self.context.t, self.sheet
        sheet.put(self.row, LABEL, t("workbook.sensitivity_links"), style="section")
        sheet.put(self.row + 1, LABEL, t("workbook.sensitivity_link"), style="header")
        sheet.put(self.row + 1, UNIT, t("workbook.unit"), style="header_unit")
        sheet.put(self.row + 1, FIRST, t("report.value"), style="header_right")
        numbers = link_numbers(self.context, self.links, 0)
        places: dict[tuple[str, str], int] = {}
        for at, link in enumerate(self.links):
            row = self.row + 2 + at
            places[link.cell.id, link.read] = row
            title = t("workbook.sensitivity_link_of", what=self._name(link.cell), by=self._name_read(link.read))
            sheet.put(row, LABEL, title)
            sheet.put(row, UNIT, "1", style="unit")
            text = render_excel(link.expr, self.context.flat.refer, self.context.flat.refer_number)
            self._put_formula(row, FIRST, text, numbers[link.cell.id, link.read])
        head = self.row + 2 + len(self.links) + 1
        sheet.put(head, LABEL, t("workbook.sensitivity_chain"), style="section")
        self._put_head(head + 1)
        row = head + 3
        for at, cell in enumerate(self.inputs, start=1):
            self._put_input(row, cell, at, head + 2)
            row += 1
        for cell in {link.cell.id: link.cell for link in self.links}.values():
            self._put_chain(row, cell, places, numbers)
            row += 1
        self.end = row
        first, last = get_column_letter(FIRST), get_column_letter(FIRST + len(self.inputs) - 1)
        self.context.checked.append(f"{sheet.name}!${first}${head + 3}:${last}${row - 1}")

    def range_of(self, name: str) -> str:
        """The elasticities of a result in all inputs."""
        first, last = get_column_letter(FIRST), get_column_letter(FIRST + len(self.inputs) - 1)
        return f"${first}${self.rows[name]}:${last}${self.rows[name]}"

    def _put_head(self, row: int) -> None:
        """The inputs along the chain, with their numbers below."""
        self.sheet.put(row, LABEL, self.context.t("workbook.sensitivity_slopes"), style="header")
        self.sheet.put(row, UNIT, self.context.t("workbook.unit"), style="header_unit")
        self.sheet.put(row, NUMBER, self.context.t("workbook.sensitivity_number"), style="header_right")
        self.sheet.put(row + 1, LABEL, self.context.t("workbook.sensitivity_number"))
        self.sheet.put(row + 1, UNIT, "1", style="unit")
        for at, name in enumerate(self.names, start=1):
            self.sheet.put(row, FIRST + at - 1, name, style="header_right")
            self.sheet.put(row + 1, FIRST + at - 1, float(at), style="constant", number_format="0")

    def _put_input(self, row: int, cell: Cell, at: int, head: int) -> None:
        """An input: 1 in its own column, else 0."""
        sheet = self.sheet
        sheet.put(row, LABEL, self.names[at - 1])
        sheet.put(row, UNIT, "1", style="unit")
        sheet.put(row, NUMBER, float(at), style="constant", number_format="0")
        self.rows[cell.id] = row
        self.values[cell.id] = np.eye(len(self.inputs))[at - 1]
        for column, value in enumerate(self.values[cell.id], start=FIRST):
            letter = get_column_letter(column)
            text = f"IF({letter}${head} = ${get_column_letter(NUMBER)}{row}, 1, 0)"
            sheet.put(row, column, Formula(text, float(value)), style="formula", number_format="0")

    def _put_chain(
        self, row: int, cell: Cell, places: dict[tuple[str, str], int], numbers: dict[tuple[str, str], float]
    ) -> None:
        """A cell: each of its links times the elasticities of what it reads."""
        self.sheet.put(row, LABEL, self._name(cell))
        self.sheet.put(row, UNIT, "1", style="unit")
        own = [link for link in self.links if link.cell.id == cell.id]
        self.rows[cell.id] = row
        self.values[cell.id] = sum(
            (numbers[cell.id, link.read] * self.values[link.read] for link in own), np.zeros(len(self.inputs))
        )
        place = get_column_letter(FIRST)
        for column, value in enumerate(self.values[cell.id], start=FIRST):
            letter = get_column_letter(column)
            terms = [f"${place}${places[cell.id, link.read]} * {letter}{self.rows[link.read]}" for link in own]
            self._put_formula(row, column, " + ".join(terms), float(value))

    def _put_formula(self, row: int, column: int, text: str, value: float) -> None:
        """A formula, a dash where the scenario has no plan."""
        shown = value + 0.0 if np.isfinite(value) else DASH
        guarded = f'IFERROR({text}, "{DASH}")'
        self.sheet.put(row, column, Formula(guarded, shown), style="formula", number_format=_SHAPE)

    def _name(self, cell: Cell) -> str:
        """What a cell is called."""
        return self.context.t("sensitivity.excess") if cell.id == EXCESS else self.context.label(cell)

    def _name_read(self, name: str) -> str:
        """What is called what a formula reads."""
        return self._name(self.context.flat.graph[name])
