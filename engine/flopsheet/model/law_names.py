"""Whether every name in a law's formulas is one that the law declares."""

from __future__ import annotations

from collections.abc import Iterator

from flopsheet.errors import FlopsheetError, Problem
from flopsheet.formula.parse import parse_formula
from flopsheet.formula.text import FormulaText
from flopsheet.model.cell import make_symbol
from flopsheet.plan.plan import Law

# What formulas may call the loss and the cost, and the cost of inference the tokens that are served.
_OUTPUTS = ("L", "C")
_SERVED = "D_infer"


def find_name_problems(law: Law) -> tuple[Problem, ...]:
    """Every fault in every formula of a law, unknown names above all, so that they are told at once."""
    problems: list[Problem] = []
    for subject, text, known in _formulas(law):
        try:
            parse_formula(text, {name: make_symbol(name) for name in known}, subject=subject)
        except FlopsheetError as error:
            problems.extend(error.problems)
    return tuple(problems)


def _formulas(law: Law) -> Iterator[tuple[str, FormulaText, set[str]]]:
    """The subject of each formula, its text, and the names that it may read."""
    given = {*law.decisions, *law.constants, *law.inputs, *law.where}
    for name, text in law.where.items():
        yield f"where.{name}", text, given
    for part, formula, further in (
        ("loss", law.loss, set[str]()),
        ("cost", law.cost, set[str]()),
        ("inference_cost", law.inference_cost, {_SERVED}),
    ):
        if formula is not None:
            yield part, formula, given | further
    for name, extra in law.formulas.items():
        yield f"formulas.{name}", extra.formula, given | set(law.formulas) | set(_OUTPUTS)
