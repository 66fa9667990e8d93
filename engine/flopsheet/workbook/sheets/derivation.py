"""The sheet Derivation: the steps in the formula language, the proof ledger, and the claims."""

from __future__ import annotations

from flopsheet.derive.text import render_text
from flopsheet.messages import render_message
from flopsheet.workbook.book import Book
from flopsheet.workbook.context import Context
from flopsheet.workbook.sheet import FIRST_ROW, Sheet

_LEFT, _RELATION, _RIGHT, _VERDICT, _METHOD = range(1, 6)


def add_derivation(book: Book, context: Context) -> Sheet:
    """Every step as text, then every proof and claim with its verdict."""
    t = context.t
    sheet = book.sheet("Derivation", t("workbook.derivation"), t("contents.derivation"))
    row = FIRST_ROW
    for step in context.solution.derivation.steps:
        title = render_message(step.title, context.language)
        sheet.put(row, _LEFT, title[:1].upper() + title[1:], style="section")
        row += 1
        for equation in step.equations:
            left, relation, right = render_text(equation)
            sheet.put(row, _LEFT, left, style="equation")
            sheet.put(row, _RELATION, relation, style="relation")
            sheet.put(row, _RIGHT, right, style="equation")
            row += 1
        row += 1
    row = _put_proofs(sheet, context, row)
    _put_claims(sheet, context, row)
    sheet.set_width(_LEFT, 60.0)
    sheet.set_width(_RELATION, 5.0)
    sheet.set_width(_RIGHT, 88.0)
    return sheet


def _put_proofs(sheet: Sheet, context: Context, row: int) -> int:
    """The proof ledger; gives the next row."""
    t = context.t
    sheet.put(row, _LEFT, t("report.proofs"), style="section")
    for column, key in ((_LEFT, "verdict"), (_RIGHT, "statement")):
        sheet.put(row + 1, column, t(f"workbook.{key}"), style="header")
    sheet.put(row + 1, _RELATION, None, style="header")
    row += 2
    for proof in context.solution.proofs:
        verdict, method = t(f"verdict.{proof.verdict}"), t(f"method.{proof.method}")
        sheet.put(row, _LEFT, f"{verdict}{t('document.open_paren')}{method}{t('document.close_paren')}")
        sheet.put(row, _RIGHT, proof.statement)
        row += 1
    return row + 1


def _put_claims(sheet: Sheet, context: Context, row: int) -> None:
    """The claims of the plan, each with what became of it."""
    if not context.solution.claims:
        return
    t = context.t
    sheet.put(row, _LEFT, t("report.claims"), style="section")
    row += 1
    for verdict in context.solution.claims:
        source = (
            f"{t('document.open_paren')}{verdict.claim.source}{t('document.close_paren')}"
            if verdict.claim.source
            else ""
        )
        sheet.put(row, _LEFT, f"{verdict.claim.name}{source}", style="header")
        sheet.put(row, _RELATION, None, style="header")
        sheet.put(
            row,
            _RIGHT,
            f"{t(f'verdict.{verdict.verdict}')}{t('document.colon')}{verdict.explain(context.language)}",
            style="header",
        )
        row += 1
        for title, equations in (("claim.says", verdict.stated), ("claim.derived", verdict.right)):
            for equation in equations:
                left, relation, right = render_text(equation)
                sheet.put(row, _LEFT, f"{t(title)}{t('document.colon')}{left}", style="equation")
                sheet.put(row, _RELATION, relation, style="relation")
                sheet.put(row, _RIGHT, right, style="equation")
                row += 1
        row += 1
