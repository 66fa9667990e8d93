"""What is wrong with the formulas of a law: names first, then circles, then units, as far as they can be told."""

from __future__ import annotations

from flopsheet.errors import Problem
from flopsheet.formula.parse import formula_names
from flopsheet.formula.text import FormulaText
from flopsheet.model.circles import find_circles, tell_circle
from flopsheet.model.law_names import find_name_problems
from flopsheet.model.law_units import find_unit_problems
from flopsheet.plan.plan import Law


def find_law_faults(law: Law) -> tuple[Problem, ...]:
    """Every fault in the formulas of a law; circles are looked for among known names, units where there is none."""
    return find_name_problems(law) or _find_circles(law) or find_unit_problems(law)


def _find_circles(law: Law) -> tuple[Problem, ...]:
    """The circles among intermediate formulas, and among further ones."""
    sections: dict[str, dict[str, FormulaText]] = {
        "where": dict(law.where),
        "formulas": {name: extra.formula for name, extra in law.formulas.items()},
    }
    problems = []
    for section, texts in sections.items():
        reads = {
            name: [used for used in formula_names(text, f"{section}.{name}") if used in texts]
            for name, text in texts.items()
        }
        places = {name: text.place for name, text in texts.items()}
        problems += [tell_circle(chain, places, section) for chain in find_circles(reads)]
    return tuple(problems)
