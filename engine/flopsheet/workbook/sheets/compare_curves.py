"""The curves on the sheet Compare: the best size over compute under every law, or the loss over one resource."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import sympy as sp
from openpyxl.utils.cell import get_column_letter

from flopsheet.derive.compared import curve_of
from flopsheet.derive.derivation import Derivation
from flopsheet.derive.reach import find_least_cost
from flopsheet.derive.resource import ResourceDerivation
from flopsheet.evaluate.compile import compile_cells
from flopsheet.formula.root import Root
from flopsheet.model.cell import BEYOND_REACH, Cell
from flopsheet.model.graph import build_graph
from flopsheet.workbook.charts import add_line, add_points, build_scatter
from flopsheet.workbook.context import Context
from flopsheet.workbook.printer import render_excel
from flopsheet.workbook.sheet import FIRST_ROW, Formula, Sheet
from flopsheet.workbook.sheets.compare_columns import FIRST, LABEL, UNIT, LawColumn
from flopsheet.workbook.styles import number_format

CHART_ROWS = 26
_CHART_SIZE = (33.0, 15.0)
_OFFSETS = tuple(-3 + 0.5 * step for step in range(13))  # decades around what is spent


class _Block(Protocol):
    """Where the next block stands, and the rows of the results."""

    row: int
    results: dict[str, int]


def add_curves(sheet: Sheet, context: Context, columns: Sequence[LawColumn], block: _Block) -> None:
    """The table of the curves, a column for each law, and their chart with the selected scenario."""
    writer = _Writer(sheet, context, columns)
    first, last = writer.put_table(block)
    writer.put_chart(block, first, last)
    start, end = get_column_letter(UNIT), get_column_letter(FIRST + len(columns) - 1)
    context.checked.append(f"Compare!${start}${first}:${end}${last}")


class _Writer:
    """Writes the table and its chart."""

    def __init__(self, sheet: Sheet, context: Context, columns: Sequence[LawColumn]) -> None:
        self.sheet, self.context, self.columns = sheet, context, columns
        graph = context.flat.graph
        names = ("budget_compute", "C_plan") if columns[0].size else ()
        spent = next((name for name in names if name in graph), None)
        # A law with one resource is drawn over it.
        resource = next(cell.id for cell in graph if cell.kind == "input" and cell.id != "target_loss")
        self.spent = graph[spent or resource]
        shown = columns[0].result(columns[0].size or "L_opt")
        assert shown is not None  # noqa: S101 - every law has a loss, and one that allocates a size
        self.shown = shown
        # What is drawn is the size in the unit of the plan's law; a law without such a size has no curve.
        # What is the root of an equation takes rows of its own for each budget, and under a fixed cost small budgets
        # have no best size: neither is drawn here.
        self.drawn = [
            law
            for law in columns
            if (cell := law.result(law.size or "L_opt")) is not None
            and cell.unit == shown.unit
            and not curve_of(law.derivation, law.graph)[1].has(Root)
            and not _spends_anyway(law.derivation)
        ]

    def put_table(self, block: _Block) -> tuple[int, int]:
        """The grid; gives its first and last row."""
        t, sheet, flat = self.context.t, self.sheet, self.context.flat
        sheet.break_before(block.row)
        sheet.put(block.row, LABEL, t("workbook.curves"), style="section")
        anchor, middle = self._put_anchor(block.row + 1)
        head = block.row + 2
        sheet.put(head, LABEL, t("workbook.decades"), style="header_right")
        sheet.put(head, UNIT, self.context.label(self.spent), style="header_right")
        sheet.put(head + 1, LABEL, "1", style="unit")
        sheet.put(head + 1, UNIT, self.spent.unit, style="unit")
        for law in self.drawn:
            sheet.put(head, law.column, law.name, style="header_right")
            sheet.put(head + 1, law.column, self.shown.unit, style="unit")
        first = head + 2
        base = flat.refer_number(sp.Integer(10))
        for row, offset in enumerate(_OFFSETS, start=first):
            amount = middle * float(np.power(10.0, offset))
            sheet.put(row, LABEL, offset, style="constant", number_format="+0.0;-0.0;0.0")
            text = f"{anchor} * {base} ^ $A{row}"
            shape = number_format(self.spent.unit, amount)
            sheet.put(row, UNIT, Formula(text, amount), style="formula", number_format=shape)
            for law in self.drawn:
                self._put_value(law, row, amount)
        last = first + len(_OFFSETS) - 1
        block.row = last + 2
        return first, last

    def _put_anchor(self, row: int) -> tuple[str, float]:
        """The middle of the grid: what the selected scenario spends, or where it gives nothing the first that does."""
        flat, sheet, name = self.context.flat, self.sheet, self.context.flat.name(self.spent)
        values = [float(value) for value in flat.values[self.spent.id] if value < BEYOND_REACH]
        fixed = values[0] if values else 1.0
        given = flat.number(self.spent.id)
        middle = given if given < BEYOND_REACH else fixed
        shape = number_format(self.spent.unit, middle)
        sheet.put(row, LABEL, self.context.t("workbook.curve_anchor"))
        place, fallback = (f"${get_column_letter(FIRST + offset)}${row}" for offset in range(2))
        sheet.put(row, UNIT, self.spent.unit, style="unit")
        formula = Formula(f"IF({name} < beyond_reach, {name}, {fallback})", middle)
        sheet.put(row, FIRST, formula, style="formula", number_format=shape)
        sheet.put(row, FIRST + 1, fixed, style="constant", number_format=shape)
        return place, middle

    def _put_value(self, law: LawColumn, row: int, amount: float) -> None:
        """One point of a law's curve."""
        flat = self.context.flat
        along, expr = curve_of(law.derivation, law.graph)

        def refer(symbol: sp.Symbol) -> str:
            if symbol == along:
                return f"${get_column_letter(UNIT)}{row}"
            return flat.name(flat.graph[law.ids[symbol.name]])

        needed = sorted(symbol.name for symbol in expr.free_symbols)
        cells = [Cell(name, "input", "1", name) for name in needed]
        whole = Cell("value of the curve", "formula", "1", "value", expr)
        values = {n: amount if n == along.name else flat.number(law.ids[n]) for n in needed}
        value = float(compile_cells(build_graph((*cells, whole)), [whole.id]).evaluate(values)[whole.id])
        text = render_excel(expr, refer, flat.refer_number)
        shape = number_format(self.shown.unit, value)
        self.sheet.put(row, law.column, Formula(text, value), style="formula", number_format=shape)

    def put_chart(self, block: _Block, first: int, last: int) -> None:
        """A line for each law, and a point for each in the selected scenario."""
        t, sheet = self.context.t, self.sheet
        model = self.columns[0].derivation.model
        sizes = self.columns[0].size is not None
        role = None
        if not sizes:
            role = model.decision(model.decisions[0]).role
        what = t(f"role.{role}") if role else model.decisions[0].name
        title = t("compare.chart_title") if sizes else t("compare.chart_resource_title", what=what)
        label = self.context.label(self.shown)
        chart = build_scatter(title, self.context.label(self.spent), label, log_x=True, log_y=sizes, size=_CHART_SIZE)
        if sizes:
            chart.y_axis.number_format = chart.x_axis.number_format
        along = sheet.range_of((first, UNIT), (last, UNIT))
        for law in self.drawn:
            add_line(chart, along, sheet.range_of((first, law.column), (last, law.column)), law.name)
        if sizes:
            end = FIRST + len(self.columns) - 1
            at = (block.results["C_total"], block.results[self.columns[0].size or ""])
            spent, size = (sheet.range_of((row, FIRST), (row, end)) for row in at)
            add_points(chart, spent, size, t("workbook.selected"))
        sheet.add_chart(chart, FIRST_ROW + 2, 1)


def _spends_anyway(derivation: Derivation | ResourceDerivation) -> bool:
    """Whether something is spent whatever a law decides, so that small budgets buy nothing."""
    return isinstance(derivation, Derivation) and find_least_cost(derivation.model) != 0
