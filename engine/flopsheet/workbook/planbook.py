"""A solved plan as a workbook: the table of contents of everything on its sheets."""

from __future__ import annotations

from pathlib import Path

from flopsheet.derive.resource import ResourceDerivation
from flopsheet.evaluate.solution import Solution
from flopsheet.workbook.book import Book
from flopsheet.workbook.context import Context
from flopsheet.workbook.flat import flatten_model
from flopsheet.workbook.sheet import Labels
from flopsheet.workbook.sheets.checks import add_checks
from flopsheet.workbook.sheets.compare import add_compare
from flopsheet.workbook.sheets.curve import add_curve
from flopsheet.workbook.sheets.derivation import add_derivation
from flopsheet.workbook.sheets.fit import add_fit
from flopsheet.workbook.sheets.index import add_index
from flopsheet.workbook.sheets.inputs import add_inputs
from flopsheet.workbook.sheets.iso_flop import add_iso_flop, draws_iso_flop
from flopsheet.workbook.sheets.plan import add_plan
from flopsheet.workbook.sheets.scenarios import add_scenarios
from flopsheet.workbook.sheets.sensitivity import add_sensitivity
from flopsheet.workbook.sheets.solver import add_solver, plan_roots
from flopsheet.workbook.sheets.sweep import add_sweep
from flopsheet.workbook.sheets.tiers import add_tiers
from flopsheet.workbook.sheets.uncertainty import add_uncertainty


def write_plan_workbook(solution: Solution, path: Path, *, version: str, inputs_sha256: str) -> None:
    """Write the workbook of a solved plan: live formulas, each with its value.

    Raises:
        FlopsheetError: the plan has names that no workbook can hold beside each other.
    """
    build_plan_book(solution, version=version, inputs_sha256=inputs_sha256).write(path)


def build_plan_book(solution: Solution, *, version: str, inputs_sha256: str) -> Book:
    """The workbook of a solved plan, not yet written."""
    context = Context(solution, flatten_model(solution), version, inputs_sha256)
    t = context.t
    labels = Labels(
        index=t("workbook.back"),
        all_good=t("workbook.checks_ok"),
        some_bad=t("workbook.checks_fail"),
        good=t("workbook.good"),
        bad=t("workbook.bad"),
    )
    properties = {
        "flopsheet_version": version,
        "inputs_sha256": inputs_sha256,
        "flopsheet_plan": solution.plan.path,
        "flopsheet_title": solution.plan.title,
        "flopsheet_law": solution.model.law.name,
    }
    book = Book(solution.plan.title, version, properties, labels)
    plan_roots(context)
    add_index(book, context)
    add_inputs(book, context)
    add_scenarios(book, context)
    add_plan(book, context)
    add_tiers(book, context)
    add_solver(book, context)
    add_fit(book, context)
    if isinstance(solution.derivation, ResourceDerivation):
        add_curve(book, context)
    elif draws_iso_flop(context):
        add_iso_flop(book, context)
    if solution.compared:
        add_compare(book, context)
    add_sensitivity(book, context)
    add_uncertainty(book, context)
    add_sweep(book, context)
    add_derivation(book, context)
    add_checks(book, context)
    return book
