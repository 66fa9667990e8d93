"""The sheet Sensitivity: each input changed, live where the plan has formulas, with tornado charts and tables."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from openpyxl.utils.cell import get_column_letter

from flopsheet.evaluate.sensitivity import EXCESS, Elasticity, Sensitivity, is_constant
from flopsheet.model.cell import Cell
from flopsheet.plan.keys import input_key
from flopsheet.workbook.book import Book
from flopsheet.workbook.charts import add_bars, build_bars
from flopsheet.workbook.context import Context, format_of
from flopsheet.workbook.flat import DASH
from flopsheet.workbook.sheet import FIRST_ROW, Content, Formula, Sheet
from flopsheet.workbook.sheets.point_block import FIRST, LABEL, MOST, NUMBER, UNIT, PointBlock, is_closed
from flopsheet.workbook.sheets.sensitivity_grids import GridWriter, find_input, name_input, put_value
from flopsheet.workbook.sheets.slope_rows import SlopeRows, find_links
from flopsheet.workbook.slopes import list_changed
from flopsheet.workbook.styles import StyleName

SHEET = "Sensitivity"
_NAME, _AT, _LOW, _HIGH, _DOWN, _UP, _LENGTH, _KEY, _SLOPES = range(1, 10)
_RANK_DOWN, _RANK_UP, _RANK_AT = 3, 4, 5
_CHART_ROW = FIRST_ROW + 4
_CHART_SIZE, _CHART_ROWS = (20.0, 11.0), 20
_DIGITS, _TIE = 6, 1e-8
"""Lengths are ranked by so many decimals, those that are equal by their place: the last bit decides nothing."""

_SLOPE = "+0.0000;-0.0000;0.0000"
_SHARE = "+0.00%;-0.00%;0.00%"


def shows_sensitivity(context: Context) -> bool:
    """Whether the book has the sheet: the plan asks, and the scenario that it asks about has a plan."""
    found = context.solution.shown_sensitivity
    return found is not None and bool(found.swings)


def add_sensitivity(book: Book, context: Context) -> Sheet | None:
    """Tornado charts, each input changed, elasticities and two-way tables; None where the plan does not ask."""
    found = context.solution.shown_sensitivity
    if found is None or not found.swings:
        return None
    sheet = book.sheet(SHEET, context.t("workbook.sensitivity"), context.t("contents.sensitivity"))
    writer = _Writer(sheet, context, found)
    writer.write()
    return sheet


@dataclass
class _Writer:
    """Writes the sheet. `block` is the calculation at the changed inputs, None where its values are stamped.

    `chain` are the formulas of the elasticities, None where they are stamped.
    """

    sheet: Sheet
    context: Context
    found: Sensitivity
    block: PointBlock | None = None
    chain: SlopeRows | None = None
    shown: dict[str, list[float | str]] = field(default_factory=dict)

    def write(self) -> None:
        """The parts of the sheet, the calculation last."""
        sheet = self.sheet
        count = len(self._cells)
        self._put_note()
        table = _CHART_ROW + _CHART_ROWS + 2
        ranks = table + 3 + count + 2
        grids = ranks + 3 + count + 2
        block = grids + sum(len(grid.request.rows.values) + 6 for grid in self.found.grids)
        end = self._put_calculation(block)
        self._put_inputs(table)
        self._put_ranks(ranks, table + 3)
        row = grids
        grids_writer = GridWriter(sheet, self.context, self._live)
        for grid in self.found.grids:
            end = grids_writer.put(row, grid, end)
            row += len(grid.request.rows.values) + 6
        self._put_charts(ranks)
        sheet.break_before(ranks - 1)
        sheet.set_width(_NAME, 44.0)
        for column in range(2, max([_SLOPES + len(self._outputs), FIRST + 2 * count, *self._grid_widths]) + 1):
            sheet.set_width(column, 15.0)
        sheet.print_to(max(_SLOPES + len(self._outputs), *self._grid_widths, 10))

    def _put_note(self) -> None:
        """Whether the sheet is live, a sentence a row."""
        links = find_links(self.context)
        key = "stamped" if not self._live else "live" if links else "live_but_slopes"
        names = [scenario.name for scenario in self.context.solution.plan.scenarios]
        text = self.context.t(
            f"workbook.sensitivity_{key}", scenario=names[self.found.index], swing=f"{100 * self.found.swing:g} %"
        )
        for row, sentence in enumerate(re.split(r"(?<=[.]) |(?<=。)", text), start=FIRST_ROW):
            if sentence:
                self.sheet.put(row, _NAME, sentence, style="subtitle")

    def _put_calculation(self, row: int) -> int:
        """What the tables are taken from, where it is live; gives the row behind it."""
        if not self._live:
            return row
        self.sheet.break_before(row - 1)
        self._put_points(row)
        assert self.block is not None  # noqa: S101 - it was put just now
        links = find_links(self.context)
        if not links:
            return self.block.end + 2
        names = [name_input(self.context, cell) for cell in self._cells]
        self.chain = SlopeRows(self.sheet, self.context, links, self._cells, names, self.block.end + 1)
        self.chain.put()
        return self.chain.end + 2

    @property
    def _grid_widths(self) -> list[int]:
        """The last columns of the tables."""
        return [1 + len(grid.request.columns.values) for grid in self.found.grids] or [1]

    @cached_property
    def _live(self) -> bool:
        """Whether every result is a formula."""
        return is_closed(self.context.flat, [*self.found.outputs, *(grid.request.show for grid in self.found.grids)])

    @cached_property
    def _cells(self) -> list[Cell]:
        """The inputs in the order of the table: of all scenarios where the sheet follows them, else of the one told."""
        if self._live:
            return list_changed(self.context.solution, self.context.flat.graph)
        return [find_input(self.context, swing.key) for swing in self.found.swings]

    @cached_property
    def _outputs(self) -> list[str]:
        """The results whose elasticities are told."""
        every = [name for slopes in self.found.elasticities.values() for name in slopes]
        return [name for name in (*self.found.outputs, EXCESS) if name in every]

    @property
    def _goal(self) -> Cell:
        """The result that the plan is about."""
        return self.context.flat.graph[self.found.goal]

    def _name_output(self, name: str) -> str:
        """What a result is called."""
        return (
            self.context.t("sensitivity.excess")
            if name == EXCESS
            else self.context.label(self.context.flat.graph[name])
        )

    def _put_points(self, row: int) -> None:
        """A column for the plan itself and two for each input; the head says which input is changed, and how."""
        t, sheet, cells = self.context.t, self.sheet, self._cells
        sheet.put(row - 1, LABEL, t("workbook.sensitivity_points"), style="section")
        heads = ("sensitivity_input", "sensitivity_number", "sensitivity_share")
        for offset, key in enumerate(heads):
            sheet.put(row + offset, LABEL, t(f"workbook.{key}"), style="header" if offset == 0 else "label")
            if offset:
                sheet.put(row + offset, UNIT, "1", style="unit")
        sheet.put(row, UNIT, t("workbook.unit"), style="header_unit")
        sheet.put(row, NUMBER, t("workbook.sensitivity_number"), style="header_right")
        sheet.put(row, MOST, t("workbook.sensitivity_limit"), style="header_right")
        points = [(0, 0.0)] + [(at, sign * self.found.swing) for at in range(1, len(cells) + 1) for sign in (-1, 1)]
        for column, (at, share) in enumerate(points, start=FIRST):
            title = t("sensitivity.as_planned") if at == 0 else name_input(self.context, cells[at - 1])
            sheet.put(row, column, title, style="header_right")
            sheet.put(row + 1, column, float(at), style="constant", number_format="0")
            sheet.put(row + 2, column, share, style="constant", number_format=_SHARE)
        values = {}
        for at, cell in enumerate(cells, start=1):
            base, most = self.context.flat.number(cell.id), _most(cell)
            raw = np.array([base * (1 + (share if number == at else 0.0)) for number, share in points])
            values[cell.id] = np.minimum(raw, most)
        self.block = PointBlock(
            sheet, self.context, row + 3, cells, list(self.found.outputs), values,
            lambda cell, letter: self._changed(cell, letter, row),
        )  # fmt: skip
        for at, cell in enumerate(cells, start=1):
            sheet.put(row + 2 + at, NUMBER, float(at), style="constant", number_format="0")
            if math.isfinite(_most(cell)):
                sheet.put(row + 2 + at, MOST, _most(cell), style="constant", number_format="#,##0.##")
        self.shown = self.block.put()

    def _changed(self, cell: Cell, letter: str, head: int) -> str:
        """An input in force, changed in the two columns that are its own, as far as its range goes."""
        row = head + 3 + [each.id for each in self._cells].index(cell.id)
        name = self.context.flat.name(cell)
        text = f"{name} * (1 + IF({letter}${head + 1} = ${get_column_letter(NUMBER)}{row}, {letter}${head + 2}, 0))"
        return f"MIN(${get_column_letter(MOST)}{row}, {text})" if math.isfinite(_most(cell)) else text

    def _put_head(self, row: int, heads: Sequence[tuple[int, str, str]]) -> None:
        """The heads of a table, and the unit of each column below."""
        for column, title, unit in heads:
            self.sheet.put(row, column, title, style="header" if column == _NAME else "header_right")
            if unit:
                self.sheet.put(row + 1, column, unit, style="unit")

    def _put_inputs(self, row: int) -> None:
        """A row for each input: the result at both ends, the change of it, the length of its bar, its elasticities."""
        t, sheet, goal = self.context.t, self.sheet, self._goal
        sheet.put(row - 1, _NAME, t("sensitivity.swings"), style="section")
        what = self._name_output(goal.id)
        swing = f"{100 * self.found.swing:g} %"
        heads = [
            (_NAME, t("report.input"), ""),
            (_AT, t("workbook.sensitivity_number"), "1"),
            (_LOW, f"{what}, {t('sensitivity.lower', swing=swing)}", goal.unit),
            (_HIGH, f"{what}, {t('sensitivity.higher', swing=swing)}", goal.unit),
            (_DOWN, f"{t('workbook.sensitivity_change')}, {t('sensitivity.lower', swing=swing)}", "1"),
            (_UP, f"{t('workbook.sensitivity_change')}, {t('sensitivity.higher', swing=swing)}", "1"),
            (_LENGTH, t("workbook.sensitivity_length"), "1"),
            (_KEY, t("workbook.sensitivity_key"), "1"),
        ]
        for offset, name in enumerate(self._outputs):
            heads.append((_SLOPES + offset, t("workbook.sensitivity_slope", what=self._name_output(name)), "1"))
        self._put_head(row, heads)
        digits = row + 1, _NAME
        sheet.put(*digits, t("workbook.sensitivity_order"), style="note")
        first, last = row + 3, row + 2 + len(self._cells)
        self._put_order_numbers(row + 2)
        results = [self._results(at, cell) for at, cell in enumerate(self._cells, start=1)]
        changes = [tuple(self._change(value) for value in pair) for pair in results]
        lengths = [_length(pair) for pair in changes]
        longest = max(lengths, default=0.0)
        self._keys = []
        for at, cell in enumerate(self._cells, start=1):
            at_row, pair, change = row + 2 + at, results[at - 1], changes[at - 1]
            sheet.put(at_row, _NAME, name_input(self.context, cell))
            sheet.put(at_row, _AT, float(at), style="constant", number_format="0")
            shape = format_of(goal, *(value for both in results for value in both))
            for side, column in enumerate((_LOW, _HIGH)):
                self._put_value(at_row, column, self._picked(at_row, side), pair[side], shape)
            for side, column in enumerate((_DOWN, _UP)):
                self._put_value(at_row, column, self._relative(at_row, column - 2), change[side], _SHARE)
            both = f"{get_column_letter(_DOWN)}{at_row}:{get_column_letter(_UP)}{at_row}"
            length = f"MAX({both}, 0) - MIN({both}, 0)"
            self._put_value(at_row, _LENGTH, length, lengths[at - 1], "0.00%")
            key = _round(lengths[at - 1] / longest) if longest else 0.0
            key = key - _TIE * at - (2.0 if is_constant(cell.key or "") else 0.0)
            self._keys.append(key)
            span = f"${get_column_letter(_LENGTH)}${first}:${get_column_letter(_LENGTH)}${last}"
            share = (
                f"ROUND({get_column_letter(_LENGTH)}{at_row} / MAX({span}), ${get_column_letter(_LENGTH)}${row + 2})"
            )
            tie = f"${get_column_letter(_KEY)}${row + 2} * {get_column_letter(_AT)}{at_row}"
            group = " - 2" if is_constant(cell.key or "") else ""
            self._put_value(at_row, _KEY, f"IFERROR({share}, 0) - {tie}{group}", key, "0.000000")
            self._put_slopes(at_row, cell)
        if self._live:
            end = get_column_letter(_KEY)
            self.context.checked.append(f"{SHEET}!${get_column_letter(_LOW)}${first}:${end}${last}")

    def _put_order_numbers(self, row: int) -> None:
        """The digits by which lengths are ranked, and what tells equal ones apart."""
        if not self._live:
            return
        self.sheet.put(row, _LENGTH, float(_DIGITS), style="constant", number_format="0")
        self.sheet.put(row, _KEY, _TIE, style="constant", number_format="0E+00")

    def _put_value(self, row: int, column: int, text: str, value: float | str, shape: str) -> None:
        """A formula, or its value where the sheet is stamped."""
        put_value(self.sheet, (row, column), text if self._live else "", value, shape)

    def _results(self, at: int, cell: Cell) -> tuple[float | str, float | str]:
        """The result that the plan is about, at both ends of an input."""
        if self._live:
            shown = self.shown[self._goal.id]
            return shown[2 * at - 1], shown[2 * at]
        swing = next(each for each in self.found.swings if each.key == cell.key)
        low, high = (DASH if not math.isfinite(value) else value for value in self.found.ends(swing))
        return low, high

    @property
    def _base(self) -> float | str:
        """The result that the plan is about, as planned."""
        return self.shown[self._goal.id][0] if self._live else self.found.outputs[self._goal.id]

    def _change(self, value: float | str) -> float | str:
        """What a result is above or below the plan's, as a share of it."""
        base = self._base
        if isinstance(value, str) or isinstance(base, str) or not base:
            return DASH
        return (value - base) / abs(base) if self.context.is_signed(self._goal) else value / base - 1

    def _picked(self, row: int, side: int) -> str:
        """The result in the column of an end."""
        if self.block is None:
            return ""
        place = f"2 * {get_column_letter(_AT)}{row}" + (" + 1" if side else "")
        return f"INDEX({self.block.range_of(self._goal.id)}, 1, {place})"

    def _relative(self, row: int, column: int) -> str:
        """The change of a result, as a share of the plan's."""
        if self.block is None:
            return ""
        base = f"${get_column_letter(FIRST)}${self.block.rows[self._goal.id]}"
        here = f"{get_column_letter(column)}{row}"
        text = f"({here} - {base}) / ABS({base})" if self.context.is_signed(self._goal) else f"{here} / {base} - 1"
        return f'IFERROR({text}, "{DASH}")'

    def _put_slopes(self, row: int, cell: Cell) -> None:
        """The elasticities of an input: the end of their chains, or as they were when the book was made."""
        slopes = self.found.elasticities.get(cell.key or "", {})
        for offset, name in enumerate(self._outputs):
            if self.chain is not None:
                at = [each.id for each in self._cells].index(cell.id)
                value = float(self.chain.values[name][at]) + 0.0
                text = f"INDEX({self.chain.range_of(name)}, 1, {get_column_letter(_AT)}{row})"
                shown = value if math.isfinite(value) else DASH
                formula = Formula(text, shown)
                self.sheet.put(row, _SLOPES + offset, formula, style="formula", number_format=_SLOPE)
                continue
            slope = slopes.get(name)
            content: Content = DASH if slope is None else _middle(slope)
            style: StyleName = "text" if isinstance(content, str) else "constant"
            shape = "@" if isinstance(content, str) else _SLOPE
            self.sheet.put(row, _SLOPES + offset, content, style=style, number_format=shape)

    def _put_ranks(self, row: int, first: int) -> None:
        """The inputs in the order of what they matter: what the charts show."""
        t, sheet, cells = self.context.t, self.sheet, self._cells
        last = first + len(cells) - 1
        sheet.put(row - 1, _NAME, t("workbook.sensitivity_ranks"), style="section")
        swing = f"{100 * self.found.swing:g} %"
        heads = (
            (_NAME, t("report.input"), ""),
            (_AT, t("workbook.sensitivity_rank"), "1"),
            (_RANK_DOWN, t("sensitivity.lower", swing=swing), "1"),
            (_RANK_UP, t("sensitivity.higher", swing=swing), "1"),
            (_RANK_AT, t("workbook.sensitivity_number"), "1"),
        )
        self._put_head(row, heads)
        order = sorted(range(len(cells)), key=lambda at: -self._keys[at])
        for rank, at in enumerate(order, start=1):
            at_row, cell = row + 1 + rank, cells[at]
            pair = [self._change(value) for value in self._results(at + 1, cell)]
            keys = _span(_KEY, first, last)
            position = f"{get_column_letter(_RANK_AT)}{at_row}"
            name = Formula(f"INDEX({_span(_NAME, first, last)}, {position})", name_input(self.context, cell))
            sheet.put(at_row, _NAME, name if self._live else name.cached, style="label", number_format="@")
            sheet.put(at_row, _AT, float(rank), style="constant", number_format="0")
            for column, source, value in ((_RANK_DOWN, _DOWN, pair[0]), (_RANK_UP, _UP, pair[1])):
                text = f"IFERROR(1 * INDEX({_span(source, first, last)}, {position}), 0)"
                self._put_value(at_row, column, text, 0.0 if isinstance(value, str) else value, _SHARE)
            match = f"MATCH(LARGE({keys}, {get_column_letter(_AT)}{at_row}), {keys}, 0)"
            self._put_value(at_row, _RANK_AT, match, float(at + 1), "0")

    def _put_charts(self, row: int) -> None:
        """A tornado of the inputs, and one of the law's constants beside it."""
        t, sheet = self.context.t, self.sheet
        inputs = sum(1 for cell in self._cells if not is_constant(cell.key or ""))
        axis = t("workbook.sensitivity_axis", what=self._name_output(self._goal.id))
        parts = (("inputs", row + 2, inputs, 1), ("constants", row + 2 + inputs, len(self._cells) - inputs, 6))
        for key, first, count, column in parts:
            if not count:
                continue
            chart = build_bars(t(f"sensitivity.{key}"), t("report.input"), axis, size=_CHART_SIZE)
            names = sheet.range_of((first, _NAME), (first + count - 1, _NAME))
            for at in (_RANK_DOWN, _RANK_UP):
                values = sheet.range_of((first, at), (first + count - 1, at))
                add_bars(chart, names, values, sheet.reference(row, at))
            sheet.add_chart(chart, _CHART_ROW, column if inputs else 1)


def _most(cell: Cell) -> float:
    """The largest value that an input may have."""
    row = input_key(cell.key or "")
    return math.inf if row is None or row.most is None else row.most


def _span(column: int, first: int, last: int) -> str:
    """The cells of a column from one row to another."""
    letter = get_column_letter(column)
    return f"${letter}${first}:${letter}${last}"


def _length(pair: tuple[float | str, ...]) -> float:
    """From the least to the largest change, nothing changed being one of them."""
    known = [value for value in pair if isinstance(value, float)]
    return max([*known, 0.0]) - min([*known, 0.0])


def _round(value: float) -> float:
    """Rounded as a spreadsheet does, half away from zero."""
    return math.floor(value * 10**_DIGITS + 0.5) / 10**_DIGITS


def _middle(slope: Elasticity) -> float:
    """An elasticity; at a kink the mean of both sides."""
    return 0.5 * (slope.below + slope.above) + 0.0
