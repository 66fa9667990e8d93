"""The sheet Iso-FLOP: the loss along budgets around the selected one, live, with its chart."""

from __future__ import annotations

import math

import numpy as np
import sympy as sp
from openpyxl.utils.cell import get_column_letter

from flopsheet.derive.resource import ResourceDerivation
from flopsheet.evaluate.compile import CompiledCells, compile_cells
from flopsheet.model.cell import Cell
from flopsheet.model.graph import build_graph
from flopsheet.workbook.book import Book
from flopsheet.workbook.charts import add_line, add_points, build_scatter
from flopsheet.workbook.context import Context
from flopsheet.workbook.flat import list_iso_flop
from flopsheet.workbook.lint_formulas import LONGEST_FORMULA
from flopsheet.workbook.printer import literals, render_excel
from flopsheet.workbook.sheet import FIRST_ROW, Formula, Sheet
from flopsheet.workbook.styles import number_format

_OFFSET, _SIZE, _FIRST = 1, 2, 3
_FACTORS = (0.1, 10**-0.5, 1.0, 10**0.5, 10.0)
_OFFSETS = tuple(round(-1.2 + 0.15 * step, 10) for step in range(17))  # sizes, in decades from the optimum
_CHART_ROWS, _CHART_SIZE = 25, (33.0, 15.0)
_STEP = 0.1  # what the lower end of the loss axis is a multiple of


def draws_iso_flop(context: Context) -> bool:
    """Whether every size fits every budget, and the loss along one fits a cell: the grid has no helpers."""
    found = list_iso_flop(context.solution)
    if not found:
        return False
    model, flat = context.solution.model, context.flat
    loss, x = found[0], model.decisions[0]
    text = render_excel(loss, lambda s: "AA$100" if s in {x, model.amount} else flat.refer(s), flat.refer_number)
    return len(text) < LONGEST_FORMULA


def add_iso_flop(book: Book, context: Context) -> Sheet:
    """Loss over the first decision along five budgets, their optima, and the plan."""
    return _Writer(book, context).write()


class _Writer:
    """Writes the sheet."""

    def __init__(self, book: Book, context: Context) -> None:
        self.context = context
        self._compiled: dict[sp.Expr, CompiledCells] = {}
        self.model = context.solution.model
        derivation = context.solution.derivation
        if isinstance(derivation, ResourceDerivation):
            message = "a law with one resource has no curves of equal compute"
            raise TypeError(message)
        self.derivation, interior = derivation, derivation.interior
        self.x, y = self.model.decisions
        spent = "budget_compute" if "budget_compute" in context.flat.graph else "C_plan"
        self.spent = context.flat.graph[spent]
        suffix = "free" if spent == "budget_compute" else "same_budget"
        self.anchor = context.flat.graph[f"{self.x}_{suffix}"]
        self.loss = self.model.loss.subs(y, interior.on_budget[y])
        # An optimum that is a root takes a block of rows for each budget: then the curves show where it lies.
        self.best = None if interior.budget is not None else interior.free[self.x].subs(self._exponents())
        role = self.model.decision(self.x).role
        self.what = context.t(f"role.{role}") if role else self.x.name
        self.sheet = book.sheet("Iso-FLOP", context.t("workbook.iso_flop"), context.t("contents.iso_flop"))
        self.chosen = context.flat.graph[f"{self.x}_{'opt' if spent == 'budget_compute' else 'planned'}"]

    def _exponents(self) -> dict[sp.Expr, sp.Symbol]:
        """Exponents that have a cell of their own, to keep formulas short."""
        derivation, graph = self.derivation, self.context.flat.graph
        found = {}
        for z in self.model.decisions:
            if f"exponent_{z}" in graph:
                found[derivation.exponents[z]] = graph[f"exponent_{z}"].symbol
        return found

    def write(self) -> Sheet:
        """The sheet with its table and chart."""
        self._check_numbers()
        head = FIRST_ROW + _CHART_ROWS
        self.sheet.break_before(head)
        self.budgets, self.optimum = head + 1, head + 2
        first = head + 9
        self._put_head(head)
        self._put_optima()
        for offset, step in enumerate(_OFFSETS):
            self._put_line(first + offset, step)
        last = first + len(_OFFSETS) - 1
        self._put_chart(first, last)
        start, end = get_column_letter(_SIZE), get_column_letter(_FIRST + len(_FACTORS) - 1)
        self.context.checked.append(f"'Iso-FLOP'!${start}${self.budgets}:${end}${last}")
        self.sheet.set_width(_OFFSET, 40.0)
        for column in range(_SIZE, _FIRST + len(_FACTORS)):
            self.sheet.set_width(column, 20.0)
        return self.sheet

    def _check_numbers(self) -> None:
        """Every literal of this sheet's formulas already has a cell, since the plan reads the same law."""
        best = () if self.best is None else literals(self.best)
        missing = {*literals(self.loss), *best} - set(self.context.flat.numbers)
        if missing:
            message = f"no cell holds {sorted(missing)}"
            raise ValueError(message)

    def _put_head(self, head: int) -> None:
        """The budgets, as multiples of the selected one, and the heads of the curves below."""
        t, sheet, budgets = self.context.t, self.sheet, self.budgets
        sheet.put(head, _OFFSET, t("workbook.multiple"), style="header")
        sheet.put(head, _SIZE, "1", style="unit")
        sheet.put(budgets, _OFFSET, self.context.label(self.spent))
        sheet.put(budgets, _SIZE, self.spent.unit, style="unit")
        name = self.context.flat.name(self.spent)
        amount = self.context.flat.number(self.spent.id)
        for column, factor in enumerate(_FACTORS, start=_FIRST):
            sheet.put(head, column, factor, style="header_right", number_format="0.00")
            text = f"{name} * {get_column_letter(column)}${head}"
            sheet.put(budgets, column, Formula(text, amount * factor), style="formula", number_format='0.00E+00" FLOP"')
        curves = self.optimum + 5
        sheet.put(curves, _OFFSET, t("workbook.offset"), style="header_right")
        sheet.put(curves, _SIZE, t("workbook.size_of", what=self.what), style="header_right")
        for column in range(_FIRST, _FIRST + len(_FACTORS)):
            sheet.put(curves, column, t("workbook.loss_at_budget"), style="header_right")
        units = ("1", self.model.decision(self.x).unit, *["nats/token"] * len(_FACTORS))
        for column, unit in enumerate(units, start=_OFFSET):
            sheet.put(curves + 1, column, unit, style="unit")

    def _put_line(self, row: int, step: float) -> None:
        """One size, and the loss there along each budget."""
        context, sheet = self.context, self.sheet
        anchor = context.flat.number(self.anchor.id)
        sheet.put(row, _OFFSET, step, style="constant", number_format="+0.00;-0.00;0.00")
        base = context.flat.refer_number(sp.Integer(10))
        size = anchor * float(np.power(10.0, step))
        text = f"{context.flat.name(self.anchor)} * {base} ^ $A{row}"
        shape = number_format(self.model.decision(self.x).unit, size)
        sheet.put(row, _SIZE, Formula(text, size), style="formula", number_format=shape)
        for column, factor in enumerate(_FACTORS, start=_FIRST):
            self._put_loss(row, column, f"$B{row}", {self.x: size, self.model.amount: self._amount(factor)})

    def _amount(self, factor: float) -> float:
        """The amount of a budget."""
        return self.context.flat.number(self.spent.id) * factor

    def _put_loss(self, row: int, column: int, size: str, at: dict[sp.Symbol, float]) -> None:
        """The loss of a size along the budget of a column."""
        places = {self.x: size, self.model.amount: f"{get_column_letter(column)}${self.budgets}"}
        formula = Formula(self._print(self.loss, places), self._number(self.loss, at))
        self.sheet.put(row, column, formula, style="formula", number_format="0.0000")

    def _put_optima(self) -> None:
        """The optimum of each budget, and the plan itself."""
        t, sheet, context, row = self.context.t, self.sheet, self.context, self.optimum
        unit = self.model.decision(self.x).unit
        labels = (
            (row, t("workbook.optimal_size", what=self.what), unit),
            (row + 1, t("workbook.optimal_loss"), "nats/token"),
            (row + 2, t("workbook.planned_size", what=self.what), unit),
            (row + 3, t("workbook.planned_loss"), "nats/token"),
        )
        for at, label, of in labels if self.best is not None else labels[2:]:
            sheet.put(at, _OFFSET, label)
            sheet.put(at, _SIZE, of, style="unit")
        for column, factor in enumerate(_FACTORS, start=_FIRST) if self.best is not None else ():
            letter, amount = get_column_letter(column), self._amount(factor)
            size = self._number(self.best, {self.model.amount: amount})
            text = self._print(self.best, {self.model.amount: f"{letter}${self.budgets}"})
            sheet.put(row, column, Formula(text, size), style="formula", number_format=number_format(unit, size))
            self._put_loss(row + 1, column, f"{letter}${row}", {self.x: size, self.model.amount: amount})
        size = context.flat.number(self.chosen.id)
        planned = Formula(context.flat.name(self.chosen), size)
        sheet.put(row + 2, _FIRST, planned, style="result", number_format=number_format(unit, size))
        if self.spent.id == "C_plan":
            # There the plan lies on the curve, and this has a number even where no plan reaches the target.
            there = {self.x: size, self.model.amount: self._amount(1.0)}
            places = {
                self.x: f"{get_column_letter(_FIRST)}${row + 2}",
                self.model.amount: context.flat.name(self.spent),
            }
            reached = Formula(self._print(self.loss, places), self._number(self.loss, there))
        else:
            reached = Formula("L_opt", context.flat.number("L_opt"))
        sheet.put(row + 3, _FIRST, reached, style="result", number_format="0.0000")

    def _print(self, expr: sp.Expr, places: dict[sp.Symbol, str]) -> str:
        """A formula over cells of this sheet and names."""
        flat = self.context.flat
        return render_excel(expr, lambda s: places[s] if s in places else flat.refer(s), flat.refer_number)

    def _number(self, expr: sp.Expr, at: dict[sp.Symbol, float]) -> float:
        """The value of a formula of this sheet, by the same numpy compiler as everything else."""
        values = {symbol.name: value for symbol, value in at.items()}
        flat, needed = self.context.flat, {symbol.name for symbol in expr.free_symbols}
        values |= {name: float(flat.values[name][0]) for name in needed - values.keys()}
        if expr not in self._compiled:
            cells = [Cell(name, "input", "1", name) for name in sorted(needed)]
            whole = Cell("value_of_the_formula", "formula", "1", "value", expr)
            self._compiled[expr] = compile_cells(build_graph((*cells, whole)), [whole.id])
        return float(self._compiled[expr].evaluate(values)["value_of_the_formula"])

    def _put_chart(self, first: int, last: int) -> None:
        """The curves, the optima and the plan."""
        t, sheet, optimum = self.context.t, self.sheet, self.optimum
        axis = t("workbook.size_of", what=self.what)
        title, losses_title = t("chart.iso_flop_title"), t("chart.loss_axis")
        chart = build_scatter(title, axis, losses_title, log_x=True, size=_CHART_SIZE)
        chart.y_axis.scaling.min = self._lowest()
        for column in range(_FIRST, _FIRST + len(_FACTORS)):
            sizes = sheet.range_of((first, _SIZE), (last, _SIZE))
            losses = sheet.range_of((first, column), (last, column))
            add_line(chart, sizes, losses, sheet.reference(self.budgets, column), named_by_cell=True)
        end = _FIRST + len(_FACTORS) - 1
        marks = [(optimum, t("workbook.optima"), end), (optimum + 2, t("workbook.plan"), _FIRST)]
        for row, name, until in marks if self.best is not None else marks[1:]:
            sizes, losses = (sheet.range_of((at, _FIRST), (at, until)) for at in (row, row + 1))
            add_points(chart, sizes, losses, name)
        sheet.add_chart(chart, FIRST_ROW, 1)

    def _lowest(self) -> float | None:
        """Where the loss axis begins: just below what the loss cannot fall under, in any scenario; None to leave it."""
        floor = self.model.loss.subs(dict.fromkeys(self.model.decisions, sp.oo))
        if not floor.free_symbols or floor.has(sp.oo, sp.zoo, sp.nan):
            return None
        values = {s: self.context.flat.values[s.name] for s in floor.free_symbols}
        least = min(
            float(floor.subs({s: sp.Float(float(array[index])) for s, array in values.items()}))
            for index in range(len(self.context.flat.scenarios))
        )
        return max(0.0, math.floor(least / _STEP) * _STEP) if math.isfinite(least) and least > _STEP else None
