"""The sheet Index: what the workbook is, where to find what, and where it comes from."""

from __future__ import annotations

import re
from collections.abc import Sequence

from flopsheet.derive.resource import ResourceDerivation
from flopsheet.evaluate.law_findings import tell_about
from flopsheet.messages import Translated, render_message
from flopsheet.workbook.book import Book
from flopsheet.workbook.context import Context
from flopsheet.workbook.sheet import FIRST_ROW, Sheet
from flopsheet.workbook.sheets.check_rows import AGREEMENT
from flopsheet.workbook.sheets.iso_flop import draws_iso_flop
from flopsheet.workbook.sheets.sensitivity import shows_sensitivity
from flopsheet.workbook.sheets.tiers import find_tiers
from flopsheet.workbook.styles import StyleName

_FIRST, _SECOND = 1, 2
_SHEETS = (
    "Inputs",
    "Scenarios",
    "Plan",
    "Tiers",
    "Solver",
    "Fit",
    "Curve",
    "Iso-FLOP",
    "Compare",
    "Sensitivity",
    "Uncertainty",
    "Sweep",
    "Derivation",
    "Checks",
)


def add_index(book: Book, context: Context) -> Sheet:
    """What the plan asks, how to use the book, links to every sheet, the colour key and provenance, on one page."""
    t, plan = context.t, context.solution.plan
    sheet = book.sheet("Index", plan.title, t("contents.index"))
    sheet.one_page = True
    description = " ".join(plan.description.split())
    purpose = [(t("workbook.question"), description)] if description else []
    purpose += [
        (t("workbook.how_to_use"), t("workbook.how_to_change")),
        ("", t("workbook.how_to_choose")),
        ("", t("workbook.how_to_trust")),
        (t("workbook.units"), t("workbook.note_base_units")),
    ]
    row = _put_pairs(sheet, FIRST_ROW, t("workbook.purpose"), purpose)
    row = _put_contents(sheet, context, row)
    row = _put_colours(sheet, context, row)
    _put_pairs(sheet, row, t("workbook.provenance"), _provenance(context))
    sheet.set_width(_FIRST, 26.0)
    sheet.set_width(_SECOND, 128.0)
    return sheet


def _put_pairs(sheet: Sheet, row: int, title: str, pairs: Sequence[tuple[str, str]]) -> int:
    """A titled block of names and texts; gives the row after a gap."""
    sheet.put(row, _FIRST, title, style="section")
    for name, text in pairs:
        row += 1
        if name:
            sheet.put(row, _FIRST, name)
        sheet.put(row, _SECOND, text)
    return row + 2


def _put_contents(sheet: Sheet, context: Context, row: int) -> int:
    """A link to every sheet with what it shows; gives the row after a gap."""
    t = context.t
    sheet.put(row, _FIRST, t("workbook.contents"), style="section")
    sheet.put(row + 1, _FIRST, t("workbook.sheet"), style="header")
    sheet.put(row + 1, _SECOND, t("workbook.what"), style="header")
    row += 1
    for name in _SHEETS:
        if not _stands(name, context):
            continue
        row += 1
        key = name.lower().replace("-", "_")
        title = t(f"workbook.{key}")
        shown = name if title == name else f"{name} {title}"
        sheet.link(row, _FIRST, shown, name)
        sheet.put(row, _SECOND, _contents(context, key))
    return row + 2


def _put_colours(sheet: Sheet, context: Context, row: int) -> int:
    """Each kind of cell as it looks; gives the row after a gap."""
    t = context.t
    sheet.put(row, _FIRST, t("workbook.colour_key"), style="section")
    looks: tuple[tuple[str, str, StyleName], ...] = (
        ("colour_input_name", "colour_input", "key_input"),
        ("colour_formula_name", "colour_formula", "label"),
        ("colour_result_name", "colour_result", "choice_shown"),
        ("good", "colour_check", "key_check"),
    )
    for sample, meaning, style in looks:
        row += 1
        sheet.put(row, _FIRST, t(f"workbook.{sample}"), style=style)
        sheet.put(row, _SECOND, t(f"workbook.{meaning}"), style="note")
    return row + 2


def _provenance(context: Context) -> list[tuple[str, str]]:
    """Where the workbook comes from: nothing here changes from day to day or machine to machine."""
    t, solution = context.t, context.solution
    law = solution.model.law
    source = law.source
    parts = (
        (source.cite, source.where, f"arXiv:{source.arxiv}" if source.arxiv else source.url)
        if source is not None
        else ()
    )
    return [
        (t("report.plan_file"), solution.plan.path),
        (t("report.files"), ", ".join(solution.files)),
        (t("report.law"), f"{law.name}{t('document.colon')}{law.title}"),
        (t("report.law_source"), ", ".join(part for part in parts if part) or t("report.not_stated")),
        *_about(context),
        *_compared(context),
        (t("report.version"), context.version),
        (t("report.inputs_hash"), context.inputs_sha256),
        (t("workbook.agreement"), t("workbook.agreement_text", tolerance=f"{AGREEMENT:g}")),
    ]


def _about(context: Context) -> list[tuple[str, str]]:
    """What the law's sizes count, on what it was fitted, and what rounding does to it, a sentence a row."""
    law = context.solution.model.law
    found = [
        (render_message(label, context.language), render_message(text, context.language))
        for label, text in tell_about(law)
    ]
    rounded = Translated(law.about.rounded).text(context.language)
    sentences = [sentence for sentence in re.split(r"(?<=[.;]) |(?<=[。；])", rounded) if sentence]
    labels = [context.t("about.rounded"), *[""] * len(sentences)]
    return found + list(zip(labels, sentences, strict=False))


def _compared(context: Context) -> list[tuple[str, str]]:
    """The laws beside the plan's own."""
    t = context.t
    laws = [law.model.law for law in context.solution.compared]
    text = "; ".join(f"{law.name}{t('document.colon')}{law.title}" for law in laws)
    return [(t("compare.compared"), text)] if laws else []


def _contents(context: Context, key: str) -> str:
    """What a sheet shows."""
    fit = context.solution.fit
    return context.t(f"contents.{key}", **({"file": fit.runs.file} if key == "fit" and fit is not None else {}))


def _stands(name: str, context: Context) -> bool:
    """Whether the book has a sheet: a law with one resource has a curve, an allocation curves of equal compute."""
    resource = isinstance(context.solution.derivation, ResourceDerivation)
    if name == "Curve":
        return resource
    if name == "Tiers":
        return find_tiers(context) is not None
    if name == "Solver":
        return bool(context.root_rows)
    if name == "Compare":
        return bool(context.solution.compared)
    if name == "Sensitivity":
        return shows_sensitivity(context)
    if name == "Uncertainty":
        return context.solution.study is not None
    if name == "Sweep":
        return context.solution.open_sweep is not None
    if name == "Fit":
        return context.solution.fit is not None
    return name != "Iso-FLOP" or (not resource and draws_iso_flop(context))
