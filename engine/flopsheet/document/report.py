"""The report of a plan: Markdown and its charts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from flopsheet.derive.resource import ResourceDerivation
from flopsheet.document.charts import render_chart
from flopsheet.document.compare_chart import draw_compare
from flopsheet.document.compare_view import cite_all, view_compare
from flopsheet.document.curves import compile_curves
from flopsheet.document.fan_chart import draw_fans
from flopsheet.document.figures import draw_figures
from flopsheet.document.naming import describe_caps
from flopsheet.document.render import render_template
from flopsheet.document.resource_report import draw_resource, view_resource
from flopsheet.document.scene import Figure
from flopsheet.document.sensitivity_view import draw_tornados, view_sensitivity
from flopsheet.document.source import ReportSource
from flopsheet.document.stakes import Scale
from flopsheet.document.sweep_chart import draw_sweep
from flopsheet.document.sweep_view import view_sweep
from flopsheet.document.symbols import list_symbols
from flopsheet.document.tables import Column, Table, build_table
from flopsheet.document.terms_charts import draw_terms
from flopsheet.document.terms_study import Study
from flopsheet.document.terms_teller import told_units
from flopsheet.document.terms_view import view_terms
from flopsheet.document.tornado import render_tornado
from flopsheet.document.view_claims import list_claims
from flopsheet.document.view_derivation import list_elasticities, list_exponents, list_proofs, list_steps, work_out
from flopsheet.document.view_provenance import (
    cite_law,
    list_about,
    list_constants,
    list_law_text,
    list_range,
    list_settings,
)
from flopsheet.document.view_summary import build_summary
from flopsheet.document.view_tables import (
    is_held_back,
    list_cells,
    list_expectations,
    list_inputs,
    list_prices,
    list_results,
    list_strategies,
)
from flopsheet.document.view_uncertainty import view_uncertainty
from flopsheet.document.words import Words
from flopsheet.evaluate.findings import Finding
from flopsheet.messages import Message

TEMPLATE: Final = "report.md.jinja"
REPORT: Final = "report.md"


def render_report(source: ReportSource, *, overrides: Path | None = None) -> dict[str, str]:
    """The files of a report by name: `report.md` and the charts it shows.

    Equal sources give equal texts: no date, no path outside the project, at most 6 significant digits.

    Args:
        source: The solved plan.
        overrides: A folder whose templates replace the shipped ones of the same name.
    """
    words = Words(source.plan.language)
    if isinstance(source.solution.derivation, ResourceDerivation):
        figures = draw_resource(source, words)
        view = {**view_common(source, words, figures), **view_resource(source, words)}
    elif source.is_under_terms:
        study, curves = Study(source), compile_curves(source.derivation)
        figures = draw_terms(study, words)
        view = {**view_common(source, words, figures), **view_terms(study, words, Scale(source, curves))}
    else:
        curves = compile_curves(source.derivation)
        figures = draw_figures(source, curves, words)
        view = {**view_common(source, words, figures), **view_allocation(source, words, Scale(source, curves))}
    beside, fans, swept = draw_compare(source, words), draw_fans(source, words), draw_sweep(source, words)
    view |= {
        "sweep": view_sweep(source, words),
        "sweep_figures": list_figures(swept, words),
        "compare": view_compare(source, words),
        "compare_figures": list_figures(beside, words),
        "uncertainty": view_uncertainty(source, words),
        "uncertainty_figures": list_figures(fans, words),
        "bibtex": cite_all(source),
        "sensitivity": view_sensitivity(source, words),
    }
    text = render_template(TEMPLATE, view, language=source.plan.language, overrides=overrides)
    # Templates leave blank lines where parts are absent; one is enough.
    files = {REPORT: re.sub(r"\n{3,}", "\n\n", text).rstrip("\n") + "\n"}
    files |= {file: render_tornado(chart, overrides=overrides) for file, chart in draw_tornados(source, words).items()}
    return files | {
        figure.file: render_chart(figure.chart, overrides=overrides) for figure in (*figures, *beside, *swept, *fans)
    }


def view_allocation(source: ReportSource, words: Words, scale: Scale) -> Mapping[str, object]:
    """The parts of the view that speak of an allocation."""
    symbols = list_symbols(source.model)
    return {
        "sections": [],
        "objective": words.say(f"objective.{source.plan.objective.replace(' ', '_')}"),
        "summary": build_summary(source, words, scale),
        "inputs": list_inputs(source, words),
        "results": list_results(source, words),
        "held_back": is_held_back(source),
        "prices": list_prices(source, words),
        "strategies": list_strategies(source, words, scale),
        "claims": list_claims(source, words, symbols),
        "worked": work_out(source, words, symbols),
        "exponents": list_exponents(source, symbols),
        "elasticities": list_elasticities(source, words, symbols),
    }


def view_common(source: ReportSource, words: Words, figures: tuple[Figure, ...]) -> Mapping[str, object]:
    """The parts of the view that every report has; every text is finished Markdown."""
    plan, law = source.plan, source.model.law
    symbols = list_symbols(source.model)
    return {
        "title": words.name(plan.title),
        "buying": None,
        "worked_text": words.say("report.worked_text"),
        "strategies_text": words.say("report.strategies_text"),
        "derivation_text": words.say("report.derivation_text"),
        "description": words.name(plan.description),
        "law_title": words.name(law.title or law.name),
        "law_name": law.name,
        "law_source": cite_law(law, words),
        "cells": list_cells(source, words),
        "expectations": list_expectations(source, words),
        "figures": list_figures(figures, words),
        "findings": list_findings(source, words, symbols),
        "steps": list_steps(source, words, symbols),
        "proofs": list_proofs(source.solution.proofs, words),
        "settings": list_settings(source, words),
        "law_text": list_law_text(law, words),
        "constants": list_constants(source, words, symbols),
        "fitted_range": list_range(source, words),
        "about": list_about(law, words),
        "notes": [words.name(note) for note in law.notes],
        "files": [words.code(file) for file in source.solution.files],
        "plan_file": words.code(plan.path),
        "version": source.version,
        "inputs_sha256": source.inputs_sha256,
    }


def list_figures(figures: tuple[Figure, ...], words: Words) -> list[tuple[str, str, str]]:
    """Charts as the template shows them: file, what is read aloud, caption."""
    return [(figure.file, words.name(figure.chart.description), figure.caption) for figure in figures]


def list_findings(source: ReportSource, words: Words, symbols: Mapping[str, str]) -> Table | None:
    """The findings of all scenarios; one that all share is told once."""
    shared: dict[str, list[str]] = {}
    for index, answer in enumerate(source.answers):
        for finding in answer.findings:
            shared.setdefault(_tell(source, words, symbols, finding, index), []).append(answer.name)
    rows = []
    for text, names in shared.items():
        everywhere = len(names) == len(source.answers) > 1
        scenarios = (
            words.say("report.all_scenarios") if everywhere else words.join([words.name(name) for name in names])
        )
        rows.append([scenarios, text])
    return build_table(
        [Column(words.say("report.scenario"), "left"), Column(words.say("report.finding"), "left")], rows
    )


def _tell(source: ReportSource, words: Words, symbols: Mapping[str, str], finding: Finding, index: int) -> str:
    """A finding in words, its numbers written as elsewhere in the report."""
    args = dict(finding.message.args)
    units = {"amount": "FLOP"}
    if source.is_under_terms:
        units |= told_units(finding.message)
    name = str(args.get("name", ""))
    known = {source.model.amount.name: "FLOP"} | {z.name: source.model.decision(z).unit for z in source.model.decisions}
    if name in known:
        units |= dict.fromkeys(("value", "low", "high"), known[name])
    if "caps" in args and not source.is_under_terms:
        # The engine names keys; a reader wants amounts, in the report's language.
        args["caps"] = describe_caps(source, words, finding.limits, index)
    return words.message(Message(finding.message.key, args), units=units, symbols=symbols)
