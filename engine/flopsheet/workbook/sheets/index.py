"""The sheet Index: what the workbook is, where to find what, and where it comes from."""

from __future__ import annotations

from flopsheet.workbook.book import Book
from flopsheet.workbook.context import Context
from flopsheet.workbook.sheet import FIRST_ROW, Sheet
from flopsheet.workbook.sheets.checks import TOLERANCE

_FIRST, _SECOND = 1, 2
_SHEETS = ("Inputs", "Scenarios", "Plan", "Iso-FLOP", "Derivation", "Checks")


def add_index(book: Book, context: Context) -> Sheet:
    """Purpose, links to every sheet, the colour key and provenance."""
    t, plan = context.t, context.solution.plan
    sheet = book.sheet("Index", plan.title, plan.description.strip().replace("\n", " ")[:200])
    row = FIRST_ROW
    sheet.put(row, _FIRST, t("workbook.purpose"), style="section")
    sheet.put(row + 1, _FIRST, t("workbook.purpose_text"), style="subtitle")
    sheet.put(row + 2, _FIRST, t("workbook.note_base_units"), style="subtitle")
    row += 4
    sheet.put(row, _FIRST, t("workbook.contents"), style="section")
    row += 1
    sheet.put(row, _FIRST, t("workbook.sheet"), style="header")
    sheet.put(row, _SECOND, t("workbook.what"), style="header")
    for name in _SHEETS:
        row += 1
        sheet.link(row, _FIRST, name, name)
        sheet.put(row, _SECOND, t(f"contents.{name.lower().replace('-', '_')}"))
    row += 2
    sheet.put(row, _FIRST, t("workbook.colour_key"), style="section")
    for key in ("colour_input", "colour_formula", "colour_result"):
        row += 1
        sheet.put(row, _FIRST, t(f"workbook.{key}_name"))
        sheet.put(row, _SECOND, t(f"workbook.{key}"))
    row += 2
    _put_provenance(sheet, context, row)
    sheet.set_width(_FIRST, 30.0)
    sheet.set_width(_SECOND, 90.0)
    return sheet


def _put_provenance(sheet: Sheet, context: Context, row: int) -> None:
    """Where the workbook comes from: nothing here changes from day to day or machine to machine."""
    t, solution = context.t, context.solution
    law = solution.model.law
    sheet.put(row, _FIRST, t("workbook.provenance"), style="section")
    source = law.source
    cited = (
        t("report.not_stated")
        if source is None
        else ", ".join(
            part
            for part in (source.cite, source.where, f"arXiv:{source.arxiv}" if source.arxiv else source.url)
            if part
        )
    )
    for key, text in (
        ("report.plan_file", solution.plan.path),
        ("report.files", ", ".join(solution.files)),
        ("report.law", f"{law.name}{t('document.colon')}{law.title}"),
        ("report.law_source", cited),
        ("report.version", context.version),
        ("report.inputs_hash", context.inputs_sha256),
        ("workbook.agreement", t("workbook.agreement_text", tolerance=f"{TOLERANCE:g}")),
    ):
        row += 1
        sheet.put(row, _FIRST, t(key))
        sheet.put(row, _SECOND, text)
