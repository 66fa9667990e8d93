"""The sheet Iso-FLOP: the loss along budgets around the selected one, live, with its chart."""

from __future__ import annotations

import numpy as np
import sympy as sp
from openpyxl.utils.cell import get_column_letter

from flopsheet.evaluate.compile import compile_cells
from flopsheet.model.cell import Cell
from flopsheet.model.graph import build_graph
from flopsheet.workbook.book import Book
from flopsheet.workbook.charts import add_line, add_points, build_scatter
from flopsheet.workbook.context import Context
from flopsheet.workbook.printer import literals, render_excel
from flopsheet.workbook.sheet import FIRST_ROW, Formula, Sheet
from flopsheet.workbook.styles import number_format

_OFFSET, _SIZE, _FIRST = 1, 2, 3
_FACTORS = (0.1, 10**-0.5, 1.0, 10**0.5, 10.0)
_OFFSETS = tuple(round(-1.5 + 0.1 * step, 10) for step in range(31))


def add_iso_flop(book: Book, context: Context) -> Sheet:
    """Loss over the first decision along five budgets, their optima, and the plan."""
    return _Writer(book, context).write()


class _Writer:
    """Writes the sheet."""

    def __init__(self, book: Book, context: Context) -> None:
        self.context = context
        self.model = context.solution.model
        interior = context.solution.derivation.interior
        self.x, y = self.model.decisions
        spent = "budget_compute" if "budget_compute" in context.flat.graph else "C_plan"
        self.spent = context.flat.graph[spent]
        suffix = "free" if spent == "budget_compute" else "same_budget"
        self.anchor = context.flat.graph[f"{self.x}_{suffix}"]
        self.loss = self.model.loss.subs(y, interior.on_budget[y])
        self.best = interior.free[self.x].subs(self._exponents())
        role = self.model.decision(self.x).role
        self.what = context.t(f"role.{role}") if role else self.x.name
        self.sheet = book.sheet("Iso-FLOP", context.t("workbook.iso_flop"), context.t("contents.iso_flop"))
        self.chosen = context.flat.graph[f"{self.x}_{'opt' if spent == 'budget_compute' else 'plan'}"]

    def _exponents(self) -> dict[sp.Expr, sp.Symbol]:
        """Exponents that have a cell of their own, to keep formulas short."""
        derivation, graph = self.context.solution.derivation, self.context.flat.graph
        found = {}
        for z in self.model.decisions:
            if f"exponent_{z}" in graph:
                found[derivation.exponents[z]] = graph[f"exponent_{z}"].symbol
        return found

    def write(self) -> Sheet:
        """The sheet with its table and chart."""
        self._check_numbers()
        head = FIRST_ROW + 30
        budgets, first, last = head + 1, head + 4, head + 3 + len(_OFFSETS)
        self._put_head(head, budgets)
        for offset, step in enumerate(_OFFSETS):
            self._put_line(first + offset, budgets, step)
        optimum = last + 3
        self._put_optima(optimum, budgets)
        self._put_chart(first, last, optimum)
        columns = get_column_letter(_SIZE), get_column_letter(_FIRST + len(_FACTORS) - 1)
        self.context.checked.append(f"'Iso-FLOP'!${columns[0]}${first}:${columns[1]}${last}")
        return self.sheet

    def _check_numbers(self) -> None:
        """Every literal of this sheet's formulas already has a cell, since the plan reads the same law."""
        missing = (set(literals(self.loss)) | set(literals(self.best))) - set(self.context.flat.numbers)
        if missing:
            message = f"no cell holds {sorted(missing)}"
            raise ValueError(message)

    def _put_head(self, head: int, budgets: int) -> None:
        """The budgets: multiples of the selected one."""
        t, sheet = self.context.t, self.sheet
        sheet.put(head, _OFFSET, t("workbook.multiple"), style="header")
        sheet.put(head, _SIZE, "1", style="unit")
        sheet.put(budgets, _OFFSET, self.context.label(self.spent), style="label")
        sheet.put(budgets, _SIZE, self.spent.unit, style="unit")
        name = self.context.flat.name(self.spent)
        amount = float(self.context.flat.values[self.spent.id][0])
        for column, factor in enumerate(_FACTORS, start=_FIRST):
            sheet.put(head, column, factor, style="constant", number_format="0.00")
            text = f"{name} * {get_column_letter(column)}${head}"
            sheet.put(budgets, column, Formula(text, amount * factor), style="formula", number_format="0.00E+00")
        sheet.put(budgets + 1, _OFFSET, t("workbook.offset"), style="header")
        sheet.put(budgets + 1, _SIZE, t("workbook.size_of", what=self.what), style="header_right")
        for column in range(_FIRST, _FIRST + len(_FACTORS)):
            sheet.put(budgets + 1, column, t("workbook.loss_at_budget"), style="header_right")
        units = ("1", self.model.decision(self.x).unit, *["nats/token"] * len(_FACTORS))
        for column, unit in enumerate(units, start=_OFFSET):
            sheet.put(budgets + 2, column, unit, style="unit")

    def _put_line(self, row: int, budgets: int, step: float) -> None:
        """One size, and the loss there along each budget."""
        context, sheet = self.context, self.sheet
        anchor = float(context.flat.values[self.anchor.id][0])
        sheet.put(row, _OFFSET, step, style="constant", number_format="+0.0;-0.0;0.0")
        base = context.flat.refer_number(sp.Integer(10))
        size = anchor * float(np.power(10.0, step))
        text = f"{context.flat.name(self.anchor)} * {base} ^ $A{row}"
        shape = number_format(self.model.decision(self.x).unit, size)
        sheet.put(row, _SIZE, Formula(text, size), style="formula", number_format=shape)
        amount = float(context.flat.values[self.spent.id][0])
        for column, factor in enumerate(_FACTORS, start=_FIRST):
            letter = get_column_letter(column)
            places = {self.x: f"$B{row}", self.model.amount: f"{letter}${budgets}"}
            value = self._number(self.loss, {self.x: size, self.model.amount: amount * factor})
            sheet.put(
                row, column, Formula(self._print(self.loss, places), value), style="formula", number_format="0.0000"
            )

    def _put_optima(self, row: int, budgets: int) -> None:
        """The optimum of each budget, and the plan itself."""
        t, sheet, context = self.context.t, self.sheet, self.context
        unit = self.model.decision(self.x).unit
        sheet.put(row - 1, _OFFSET, t("workbook.optima"), style="section")
        sheet.put(row, _OFFSET, t("workbook.size_of", what=self.what))
        sheet.put(row, _SIZE, unit, style="unit")
        sheet.put(row + 1, _OFFSET, t("role.loss_title"))
        sheet.put(row + 1, _SIZE, "nats/token", style="unit")
        amount = float(context.flat.values[self.spent.id][0])
        for column, factor in enumerate(_FACTORS, start=_FIRST):
            letter = get_column_letter(column)
            size = self._number(self.best, {self.model.amount: amount * factor})
            text = self._print(self.best, {self.model.amount: f"{letter}${budgets}"})
            sheet.put(row, column, Formula(text, size), style="formula", number_format=number_format(unit, size))
            places = {self.x: f"{letter}${row}", self.model.amount: f"{letter}${budgets}"}
            value = self._number(self.loss, {self.x: size, self.model.amount: amount * factor})
            sheet.put(
                row + 1, column, Formula(self._print(self.loss, places), value), style="formula", number_format="0.0000"
            )
        sheet.put(row + 3, _OFFSET, t("workbook.planned_size", what=self.what))
        sheet.put(row + 3, _SIZE, unit, style="unit")
        size = float(context.flat.values[self.chosen.id][0])
        shape = number_format(unit, size)
        sheet.put(row + 3, _FIRST, Formula(context.flat.name(self.chosen), size), style="result", number_format=shape)
        sheet.put(row + 4, _OFFSET, context.label(context.flat.graph["L_opt"]))
        sheet.put(row + 4, _SIZE, "nats/token", style="unit")
        value = context.flat.shown(context.flat.graph["L_opt"], 0)
        sheet.put(row + 4, _FIRST, Formula("L_opt", value), style="result", number_format="0.0000")

    def _print(self, expr: sp.Expr, places: dict[sp.Symbol, str]) -> str:
        """A formula over cells of this sheet and names."""
        flat = self.context.flat
        return render_excel(expr, lambda s: places[s] if s in places else flat.refer(s), flat.refer_number)

    def _number(self, expr: sp.Expr, at: dict[sp.Symbol, float]) -> float:
        """The value of a formula of this sheet, by the same numpy compiler as everything else."""
        flat = self.context.flat
        known = {symbol.name: value for symbol, value in at.items()}
        graph = flat.graph
        needed = [s for s in expr.free_symbols if s.name not in known]
        values = {s.name: float(flat.values[s.name][0]) for s in needed if s.name in graph} | known
        cells = [Cell(name, "input", "1", name) for name in values]
        whole = Cell("value_of_the_formula", "formula", "1", "value", expr)
        compiled = compile_cells(build_graph((*cells, whole)), [whole.id])
        return float(compiled.evaluate(values)[whole.id])

    def _put_chart(self, first: int, last: int, optimum: int) -> None:
        """The curves, the optima and the plan."""
        t, sheet = self.context.t, self.sheet
        axis = t("workbook.size_of", what=self.what)
        chart = build_scatter(t("chart.iso_flop_title"), axis, t("chart.loss_axis"), log_x=True, size=(26.0, 13.5))
        for column, factor in enumerate(_FACTORS, start=_FIRST):
            sizes = sheet.range_of((first, _SIZE), (last, _SIZE))
            losses = sheet.range_of((first, column), (last, column))
            add_line(chart, sizes, losses, t("workbook.times_budget", factor=f"{factor:.3g}"))
        end = _FIRST + len(_FACTORS) - 1
        add_points(
            chart,
            sheet.range_of((optimum, _FIRST), (optimum, end)),
            sheet.range_of((optimum + 1, _FIRST), (optimum + 1, end)),
            t("workbook.optima"),
        )
        add_points(
            chart,
            sheet.range_of((optimum + 3, _FIRST), (optimum + 3, _FIRST)),
            sheet.range_of((optimum + 4, _FIRST), (optimum + 4, _FIRST)),
            t("workbook.plan"),
        )
        sheet.add_chart(chart, FIRST_ROW, 1)
