"""The sheet Tiers: how often each tier of the data is seen in every scenario, and what its tokens are worth."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import sympy as sp
from openpyxl.utils.cell import get_column_letter

from flopsheet.derive.constrained.stretches import worth
from flopsheet.model.cell import Cell
from flopsheet.model.inputs import BEYOND
from flopsheet.model.supply import Supply, Tier
from flopsheet.workbook.book import Book
from flopsheet.workbook.charts import add_columns, build_columns
from flopsheet.workbook.context import NONE, Context, TierRows, format_of
from flopsheet.workbook.flat import DASH
from flopsheet.workbook.printer import render_excel
from flopsheet.workbook.sheet import FIRST_ROW, Formula, Sheet
from flopsheet.workbook.styles import StyleName, number_format

SHEET = "Tiers"
_LABEL, _UNIT, _FIRST = 1, 2, 3
_UNIQUE, _QUALITY, _CAP, _DECAY, _EPOCHS, _TOKENS, _EFFECTIVE, _MARGINAL, _PRICE, _NEXT, _LAST = range(2, 13)
_CHART_ROWS, _CHART_SIZE = 22, (24.0, 11.0)
_CLOSE = sp.Integer(10**9)
"""One over how much of a tier may be left where it counts as seen in full."""

_SEEN = '[>=1E+59]"\N{EN DASH}";0.0000'
"""A number, or a dash for what is beyond reach."""

_EPOCHS_SEEN = '0.00;-0.00;"\N{EN DASH}"'
"""Epochs, or a dash for none."""

_HEADS: tuple[tuple[int, str, str], ...] = (
    (_UNIQUE, "tier_unique", "token"),
    (_QUALITY, "tier_quality", "1"),
    (_CAP, "tier_cap", "1"),
    (_DECAY, "tier_decay", "1"),
    (_EPOCHS, "tier_epochs", "1"),
    (_TOKENS, "tier_tokens", "token"),
    (_EFFECTIVE, "tier_effective", "token"),
    (_MARGINAL, "tier_marginal", "1"),
    (_PRICE, "tier_price", "nats/token per 1 %"),
    (_NEXT, "tier_next", "1"),
    (_LAST, "tier_last", "1"),
)


def find_tiers(context: Context) -> Supply | None:
    """The data of a plan where they are told apart by tiers."""
    terms = context.solution.terms
    found = terms.supply if terms is not None and terms.searches else None
    return found if found is not None and found.is_named else None


def add_tiers(book: Book, context: Context) -> Sheet | None:
    """Epochs by tier with their chart, then a table for every scenario; None for a plan without tiers."""
    supply = find_tiers(context)
    if supply is None:
        return None
    sheet = book.sheet(SHEET, context.t("workbook.tiers"), context.t("contents.tiers"))
    row = _put_epochs(sheet, context, supply)
    sheet.break_before(row)
    for index in range(len(context.titles)):
        row = _Block(sheet, context, supply, index, row).put()
    sheet.set_width(_LABEL, 34.0)
    for column in range(_UNIQUE, _LAST + 1):
        sheet.set_width(column, 20.0 if column == _PRICE else 14.5)
    return sheet


def _put_epochs(sheet: Sheet, context: Context, supply: Supply) -> int:
    """The epochs of every tier in every scenario side by side, and their chart; gives the row after."""
    t, head = context.t, FIRST_ROW + 1
    sheet.put(FIRST_ROW, _LABEL, t("workbook.tier_all"), style="section")
    sheet.put(head, _LABEL, t("workbook.tier"), style="header")
    sheet.put(head, _UNIT, t("workbook.unit"), style="header_unit")
    for index, title in enumerate(context.titles):
        sheet.put(head, _FIRST + index, title, style="header_right")
    last = _FIRST + len(context.titles) - 1
    for row, tier in enumerate(supply.tiers, start=head + 1):
        sheet.put(row, _LABEL, tier.name)
        sheet.put(row, _UNIT, "1", style="unit")
        for index in range(len(context.titles)):
            shown = _refer_to(context, f"tier_{tier.slug}_epochs", index)
            # A chart needs numbers: where there is no plan nothing is seen.
            number = shown.cached if isinstance(shown.cached, float) else 0.0
            formula = Formula(f"IF(ISNUMBER({shown.text}), {shown.text}, 0)", number)
            sheet.put(row, _FIRST + index, formula, style="result", number_format=_EPOCHS_SEEN)
    end = head + len(supply.tiers)
    letters = get_column_letter(_FIRST), get_column_letter(last)
    context.checked.append(f"{SHEET}!${letters[0]}${head + 1}:${letters[1]}${end}")
    chart = build_columns(t("workbook.tier_all"), t("workbook.tier"), t("workbook.tier_epochs"), size=_CHART_SIZE)
    names = sheet.range_of((head + 1, _LABEL), (end, _LABEL))
    for column in range(_FIRST, last + 1):
        values = sheet.range_of((head + 1, column), (end, column))
        add_columns(chart, names, values, sheet.reference(head, column))
    sheet.add_chart(chart, end + 2, _LABEL)
    return end + 2 + _CHART_ROWS


@dataclass
class _Block:
    """The tiers of one scenario."""

    sheet: Sheet
    context: Context
    supply: Supply
    index: int
    row: int

    def put(self) -> int:
        """Fill the block; gives the row after a gap."""
        sheet, context, t = self.sheet, self.context, self.context.t
        sheet.put(self.row, _LABEL, context.titles[self.index], style="section")
        sheet.put(self.row + 1, _LABEL, t("workbook.tier"), style="header")
        sheet.put(self.row + 2, _LABEL, None)
        for column, key, unit in _HEADS:
            sheet.put(self.row + 1, column, t(f"workbook.{key}"), style="header_right")
            sheet.put(self.row + 2, column, unit, style="unit")
        first = self.row + 3
        for row, tier in enumerate(self.supply.tiers, start=first):
            self._put_tier(tier, row)
        last = first + len(self.supply.tiers) - 1
        self._put_sums(first, last)
        context.checked.append(f"{SHEET}!${get_column_letter(_UNIQUE)}${first}:${get_column_letter(_LAST)}${last + 1}")
        self._put_whole(last)
        return last + 8

    def _put_tier(self, tier: Tier, row: int) -> None:
        """One tier: what it is, how it is used, what it is worth."""
        sheet, context, stem = self.sheet, self.context, f"tier_{tier.slug}"
        sheet.put(row, _LABEL, tier.name)
        given = {_UNIQUE: "unique", _QUALITY: "quality", _CAP: "epochs", _DECAY: "decay"}
        for column, name in given.items():
            self._put_cell(row, column, f"data_tiers_{tier.slug}_{name}", "formula")
        for column, name in ((_EPOCHS, "epochs"), (_TOKENS, "tokens"), (_MARGINAL, "marginal_value")):
            self._put_cell(row, column, f"{stem}_{name}", "result")
        self._put_cell(row, _PRICE, f"price_{stem}", "result")
        epochs = context.flat.graph[f"{stem}_epochs"]
        gained = epochs.symbol if self.supply.endless else worth(epochs.symbol, tier.decay)
        value = self._number(row, _EPOCHS)
        text = render_excel(tier.unique * tier.quality * gained, self._refer(tier, row), context.flat.refer_number)
        worth_now = self._effective(tier, gained)
        formula = Formula(f'IFERROR({text}, "{DASH}")', worth_now)
        shape = number_format("token", worth_now if isinstance(worth_now, float) else None)
        sheet.put(row, _EFFECTIVE, formula, style="result", number_format=shape)
        self._put_edges(tier, row, value)

    def _put_edges(self, tier: Tier, row: int, epochs: float | str) -> None:
        """What the next token of a tier that has room is worth, and the last one of a tier that is seen."""
        flat = self.context.flat
        most = flat.graph[f"epochs_most_{tier.slug}"]
        here = {column: f"${get_column_letter(column)}{row}" for column in (_EPOCHS, _MARGINAL)}
        share = f"1 / {flat.refer_number(_CLOSE)}"
        room = (
            f"IF({here[_EPOCHS]} < (1 - {share}) * {_place(self.context, most.id, self.index)}, {here[_MARGINAL]}, 0)"
        )
        used = f"IF({here[_EPOCHS]} > {share}, {here[_MARGINAL]}, {flat.name(BEYOND)})"
        marginal = self._number(row, _MARGINAL)
        if isinstance(epochs, str):
            # A word counts as more than any number.
            values: tuple[float | str, float | str] = (0.0, marginal)
        else:
            close = 1 / float(_CLOSE)
            values = (
                marginal if epochs < (1 - close) * flat.number(most.id, self.index) else 0.0,
                marginal if epochs > close else flat.number(BEYOND.id),
            )
        for column, text, value in ((_NEXT, room, values[0]), (_LAST, used, values[1])):
            self.sheet.put(row, column, Formula(text, value), style="formula", number_format=_SEEN)

    def _put_sums(self, first: int, last: int) -> None:
        """All tiers together."""
        sheet, row = self.sheet, last + 1
        sheet.put(row, _LABEL, self.context.t("workbook.tier_sum"))
        for column in (_UNIQUE, _TOKENS, _EFFECTIVE):
            letter = get_column_letter(column)
            numbers = [self._number(at, column) for at in range(first, last + 1)]
            total = sum(number for number in numbers if isinstance(number, float))
            formula = Formula(f"SUM({letter}{first}:{letter}{last})", total)
            sheet.put(row, column, formula, style="result", number_format=number_format("token", total))
        worths = {column: [self._number(at, column) for at in range(first, last + 1)] for column in (_NEXT, _LAST)}
        for column, head in ((_NEXT, "MAX"), (_LAST, "MIN")):
            letter = get_column_letter(column)
            numbers = [number for number in worths[column] if isinstance(number, float)]
            value = (max if head == "MAX" else min)(numbers, default=0.0)
            formula = Formula(f"{head}({letter}{first}:{letter}{last})", value)
            sheet.put(row, column, formula, style="result", number_format=_SEEN)

    def _put_whole(self, last: int) -> None:
        """The water level, and what a token would gain on another tier, of which there should be nothing."""
        sheet, context, row = self.sheet, self.context, last + 2
        level = context.flat.graph["water_level"]
        sheet.put(row, _LABEL, context.label(level))
        sheet.put(row, _UNIQUE, level.unit, style="unit")
        formula = _refer_to(context, level.id, self.index)
        sheet.put(row, _QUALITY, formula, style="result", number_format=format_of(level, formula.cached))
        sheet.put(row + 1, _LABEL, context.t("workbook.tier_better"))
        sheet.put(row + 1, _UNIQUE, "1", style="unit")
        following, used = (self._number(last + 1, column) for column in (_NEXT, _LAST))
        assert isinstance(following, float)  # noqa: S101 - the largest and least of a range are numbers
        assert isinstance(used, float)  # noqa: S101 - the same
        better = following / used - 1 if used else DASH
        places = [f"{get_column_letter(column)}{last + 1}" for column in (_NEXT, _LAST)]
        text = f'IFERROR({places[0]} / {places[1]} - 1, "{DASH}")'
        sheet.put(row + 1, _QUALITY, Formula(text, better), style="formula", number_format="0.00E+00")
        outside = self._put_balance(row + 2, last + 1, following, used)
        letter = get_column_letter(_QUALITY)
        context.checked.append(f"{SHEET}!${letter}${row}:${letter}${row + 3}")
        total = {column: self._number(last + 1, column) for column in (_TOKENS, _EFFECTIVE)}
        context.tier_rows.append(
            TierRows(
                index=self.index,
                tokens=(f"{SHEET}!${get_column_letter(_TOKENS)}${last + 1}", total[_TOKENS]),
                effective=(f"{SHEET}!${get_column_letter(_EFFECTIVE)}${last + 1}", total[_EFFECTIVE]),
                better=(f"{SHEET}!${letter}${row + 1}", better),
                outside=(f"{SHEET}!${letter}${row + 3}", outside),
            )
        )

    def _put_balance(self, row: int, edges: int, following: float, used: float) -> float | str:
        """What the next token has to be worth, and by how much that lies outside of what tokens are worth there."""
        sheet, context, flat, index = self.sheet, self.context, self.context.flat, self.index
        model = context.solution.model
        tokens = next(z.name for z in model.decisions if model.decision(z).role == "tokens")
        taken = [name for name in ("tokens_paid", "multiplier_tokens") if name in flat.graph]
        names = ["D_effective", "worth_data", f"{tokens}_opt"]
        places = [_place(context, name, index) for name in (*taken, *names)]
        effective, worth_data, seen = (flat.shown(flat.graph[name], index) for name in names)
        paid: float | str = DASH
        if isinstance(effective, float) and isinstance(worth_data, float) and isinstance(seen, float):
            paid = sum(flat.number(name, index) for name in taken) * effective / (worth_data * seen)
        total = " + ".join(places[: len(taken)])
        text = f'IFERROR(({total}) * {places[-3]} / ({places[-2]} * {places[-1]}), "{DASH}")'
        here = f"{get_column_letter(_QUALITY)}{row}"
        sheet.put(row, _LABEL, context.t("workbook.tier_paid"))
        sheet.put(row, _UNIQUE, "1", style="unit")
        sheet.put(row, _QUALITY, Formula(text, paid), style="formula", number_format="0.0000")
        outside = DASH if isinstance(paid, str) else max(0.0, following - paid, paid - used)
        most, least = (f"{get_column_letter(column)}{edges}" for column in (_NEXT, _LAST))
        text = f'IFERROR(MAX(0, {most} - {here}, {here} - {least}), "{DASH}")'
        sheet.put(row + 1, _LABEL, context.t("workbook.tier_outside"))
        sheet.put(row + 1, _UNIQUE, "1", style="unit")
        sheet.put(row + 1, _QUALITY, Formula(text, outside), style="formula", number_format="0.00E+00")
        return outside

    def _put_cell(self, row: int, column: int, cell_id: str, style: StyleName) -> None:
        """One cell of the model; a dash where the plan has none of that name."""
        context = self.context
        if cell_id not in context.flat.graph:
            self.sheet.put(row, column, DASH, style="text")
            return
        cell = context.flat.graph[cell_id]
        formula = _refer_to(context, cell_id, self.index)
        shape = _shape(cell, formula.cached)
        self.sheet.put(row, column, formula, style=style, number_format=shape)

    def _refer(self, tier: Tier, row: int) -> Callable[[sp.Symbol], str]:
        """How the formula of a row calls the cells beside it."""
        columns = {
            f"data_tiers_{tier.slug}_unique": _UNIQUE,
            f"data_tiers_{tier.slug}_quality": _QUALITY,
            f"data_tiers_{tier.slug}_decay": _DECAY,
            f"tier_{tier.slug}_epochs": _EPOCHS,
        }
        return lambda symbol: f"{get_column_letter(columns[symbol.name])}{row}"

    def _effective(self, tier: Tier, gained: sp.Expr) -> float | str:
        """What the tokens of a tier are worth, in fresh ones."""
        flat, expr = self.context.flat, tier.unique * tier.quality * gained
        values = {symbol: flat.number(symbol.name, self.index) for symbol in expr.free_symbols}
        shown = flat.shown(flat.graph[f"tier_{tier.slug}_epochs"], self.index)
        return shown if isinstance(shown, str) else float(sp.lambdify(list(values), expr, "math")(*values.values()))

    def _number(self, row: int, column: int) -> float | str:
        """The value of a cell as the book is built."""
        value = self.sheet.cached(row, column)
        assert not isinstance(value, bool)  # noqa: S101 - this sheet holds numbers and words
        return value


def _shape(cell: Cell, value: object) -> str:
    """The number format of a cell."""
    if cell.id.endswith(("_decay", "_quality")):
        return "0.00"
    if cell.id.endswith("_epochs"):
        return f'[>=1E+59]"{NONE}";0.00' if cell.optional else "0.00"
    return format_of(cell, value if isinstance(value, (float, str)) else None)


def _place(context: Context, cell_id: str, index: int) -> str:
    """A cell of a scenario on the sheet Scenarios."""
    return f"Scenarios!${get_column_letter(context.first_column + index)}${context.rows[cell_id]}"


def _refer_to(context: Context, cell_id: str, index: int) -> Formula:
    """The formula that shows a cell of a scenario."""
    return Formula(_place(context, cell_id, index), context.flat.shown(context.flat.graph[cell_id], index))
