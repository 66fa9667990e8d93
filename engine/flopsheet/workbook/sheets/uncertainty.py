"""The sheet Uncertainty: intervals on the results of every scenario, stamped, and whether inputs changed since."""

from __future__ import annotations

import math

from flopsheet.evaluate.answers import Answer
from flopsheet.evaluate.uncertainty import NOTHING_BINDS, Spread, Uncertainty
from flopsheet.messages import Message, render_message
from flopsheet.workbook.book import Book
from flopsheet.workbook.context import Context
from flopsheet.workbook.flat import DASH, INFINITE
from flopsheet.workbook.sheet import FIRST_ROW, Formula, Sheet
from flopsheet.workbook.sheets.check_rows import UNCHANGED
from flopsheet.workbook.styles import StyleName, number_format

_SCENARIO, _RESULT, _UNIT, _PLANNED, _FIRST = range(1, 6)
_RATIO = "token/parameter"  # usually tens, so that its format has one decimal
_OUTCOME, _SHARE_UNIT, _SHARE = _RESULT, _UNIT, _PLANNED


def add_uncertainty(book: Book, context: Context) -> Sheet | None:
    """The intervals of a plan, None where it draws nothing.

    The numbers are those of the draws made as the book is built: nothing here is a formula but the line that says
    whether an input was changed since.
    """
    drawn = find_drawn(context)
    if not drawn:
        return None
    t, first = context.t, drawn[0][1]
    sheet = book.sheet("Uncertainty", t("workbook.uncertainty"), t("contents.uncertainty"))
    told = {"draws": f"{first.sampler.draws:,}", "seed": str(first.sampler.seed), "hash": context.inputs_sha256}
    sheet.put(FIRST_ROW, _SCENARIO, t("uncertainty.stamped"), style="section")
    sheet.put(FIRST_ROW + 1, _SCENARIO, t("uncertainty.stamped_how", **told), style="subtitle")
    sheet.put(FIRST_ROW + 2, _SCENARIO, _state(context), style="status")
    row = FIRST_ROW + 4
    head = row
    for column, key in ((_SCENARIO, "scenario"), (_RESULT, "result"), (_UNIT, "unit"), (_PLANNED, "planned")):
        sheet.put(row, column, t(f"uncertainty.{key}"), style=_head_style(column))
    heads = [_percent(context, share) for share in first.shares]
    heads += [f"± {_percent(context, share)}" for share in (first.shares[0], first.shares[-1])]
    sheet.put_row(row, _FIRST, heads, style="header_right")
    for answer, found in drawn:
        for name, spread in found.results.items():
            if spread.varies:
                row += 1
                _put_result(sheet, context, row, answer, name, spread)
    _put_shares(sheet, context, row + 2, drawn)
    sheet.freeze(head + 1, _PLANNED)
    sheet.set_width(_SCENARIO, 26.0)
    sheet.set_width(_RESULT, 34.0)
    return sheet


def find_drawn(context: Context) -> list[tuple[Answer, Uncertainty]]:
    """The scenarios for which something is drawn, with what came of it."""
    return [(answer, answer.uncertainty) for answer in context.solution.answers if answer.uncertainty is not None]


def _state(context: Context) -> Formula:
    """A sentence on whether the numbers still belong to the inputs of the book."""
    t = context.t
    same, other = (t(f"uncertainty.{key}").replace('"', '""') for key in ("unchanged", "changed"))
    return Formula(f'IF({UNCHANGED} = 1, "{same}", "{other}")', same.replace('""', '"'))


def _put_result(sheet: Sheet, context: Context, row: int, answer: Answer, name: str, spread: Spread) -> None:
    """A result: as planned, its quantiles, and how far the outer ones may be off."""
    cell = context.flat.graph[name] if name in context.flat.graph else context.solution.graph[name]
    sheet.put(row, _SCENARIO, answer.name)
    sheet.put(row, _RESULT, context.label(cell))
    sheet.put(row, _UNIT, spread.unit, style="unit")
    own = {**answer.results, **answer.cells}.get(name)
    ends = (min(spread.quantiles), max(spread.quantiles))
    numbers = [
        None if own is None else own.value,
        *(each.value for each in spread.quantiles.values()),
        *(spread.quantiles[share].error for share in ends),
    ]
    for offset, number in enumerate(numbers):
        _put_number(sheet, row, _PLANNED + offset, number, spread.unit)


def _put_number(sheet: Sheet, row: int, column: int, number: float | None, unit: str) -> None:
    """A number, or the word for what is none or without end."""
    if number is None or not math.isfinite(number):
        text = DASH if number is None else INFINITE
        sheet.put(row, column, text, style="text")
        return
    shape = "0.0000" if unit == _RATIO and abs(number) < 1 else number_format(unit, number)
    sheet.put(row, column, number, style="constant", number_format=shape)


def _put_shares(sheet: Sheet, context: Context, row: int, drawn: list[tuple[Answer, Uncertainty]]) -> None:
    """What binds, and whether there is a plan, as shares of the draws."""
    t = context.t
    for key in ("binding", "status"):
        sheet.put(row, _SCENARIO, t(f"uncertainty.{key}"), style="section")
        row += 1
        for column, head in ((_SCENARIO, "scenario"), (_OUTCOME, "outcome"), (_SHARE_UNIT, "unit"), (_SHARE, "share")):
            sheet.put(row, column, t(f"uncertainty.{head}"), style=_head_style(column))
        row += 1
        for answer, found in drawn:
            shares = found.binding if key == "binding" else found.statuses
            for name, share in sorted(shares.items(), key=lambda item: -item[1]):
                sheet.put(row, _SCENARIO, answer.name)
                sheet.put(row, _OUTCOME, _limits(context, name) if key == "binding" else t(f"status.{name}"))
                sheet.put(row, _SHARE_UNIT, "%", style="unit")
                sheet.put(row, _SHARE, share, style="constant", number_format=number_format("%", share))
                row += 1
        row += 1


def _head_style(column: int) -> StyleName:
    """The look of a column's head."""
    return "header_unit" if column == _UNIT else "header_right" if column == _PLANNED else "header"


def _limits(context: Context, names: str) -> str:
    """A set of limits in words."""
    if names == NOTHING_BINDS:
        return context.t("uncertainty.none")
    return " + ".join(context.t(f"limit.{name}") for name in names.split("+"))


def _percent(context: Context, share: float) -> str:
    """A share as a head."""
    return f"{100 * share:g}{render_message(Message('number.percent'), context.language)}"
