"""The steps to a number as plain data for JSON: every cell whole where it is first met, with full doubles."""

from __future__ import annotations

import math
from collections.abc import Mapping

import sympy as sp

from flopsheet.evaluate.explain import Explanation, Origin, Step, formula_text
from flopsheet.evaluate.record import Plain, record_number
from flopsheet.formula.decide import Case
from flopsheet.formula.unfold import Formula, Local, Search
from flopsheet.messages import render_message


def record_explanation(explanation: Explanation) -> Plain:
    """What `explain --json` prints of a cell: where it is from, then the tree below it.

    A cell that several others read stands whole where it is first met; elsewhere it has `seen` and its value, so that
    each formula can be computed from its children.
    """
    solution = explanation.solution
    answer = solution.answers[explanation.index]
    return {
        "file": solution.plan.path,
        "law": solution.model.law.name,
        "scenario": answer.name,
        "status": answer.status,
        "name": explanation.root,
        "tree": _record_node(explanation, explanation.root, set()),
    }


def _record_node(explanation: Explanation, name: str, seen: set[str]) -> Plain:
    """A cell and, where it is met for the first time, what makes it."""
    step = explanation.steps[name]
    node: Plain = {"name": name, "value": _number(step.value), "unit": step.cell.unit}
    if step.is_unset:
        node["unset"] = True
    if name in seen:
        return {**node, "seen": True}
    seen.add(name)
    node |= {"label": render_message(step.cell.label), "kind": step.cell.kind}
    if step.origin is not None:
        return {**node, "source": record_origin(step.origin)}
    node |= _record_formula(step)
    if step.cell.guard is not None:
        node["guard"] = {"name": step.cell.guard, "infinite_at_1": step.cell.guard_infinite}
    node["children"] = [
        {"decides": child in step.decides, **_record_node(explanation, child, seen)} for child in step.reads
    ]
    return node


def _number(value: float) -> float | str | None:
    """A number JSON can hold: none is null."""
    return None if math.isnan(value) else record_number(value)


def _record_formula(step: Step) -> Plain:
    """The formula of a cell, its own steps, and the cases that hold."""
    if step.unfolded is None:
        return {}
    record: Plain = {}
    if step.unfolded.where:
        record["where"] = [_record_local(local, step.values) for local in step.unfolded.where]
    record |= _record_side(step.unfolded.formula, step.values)
    if step.cases and isinstance(step.shown, sp.Basic):
        record["cases"] = [_record_case(case) for case in step.cases]
        record["holds"] = formula_text(step.shown)
    return record


def _record_local(local: Local, values: Mapping[str, float]) -> Plain:
    """A step within a formula."""
    name = local.symbol.name
    return {"name": name, "value": _number(values.get(name, math.nan)), **_record_side(local.value, values)}


def _record_side(formula: Formula, values: Mapping[str, float]) -> Plain:
    """A formula as text; of a root what is looked for, between which ends."""
    if not isinstance(formula, Search):
        return {"formula": formula_text(formula)}
    search: Plain = {
        "unknown": formula.unknown.name,
        "low": formula_text(formula.low),
        "high": formula_text(formula.high),
        "where": [_record_local(local, values) for local in formula.where],
        "falls_through_zero": formula_text(formula.condition),
    }
    if formula.least is not None:
        search["least"] = formula_text(formula.least)
    return {"root": search}


def _record_case(case: Case) -> Plain:
    """Which case of a choice holds."""
    return {
        "case": case.number,
        "of": case.count,
        "condition": None if case.holds is None else formula_text(case.holds),
    }


def record_origin(origin: Origin) -> Plain:
    """What set a number: file, line and column where there is a place."""
    record: Plain = {"kind": origin.kind}
    if origin.place is not None:
        record |= {"file": origin.place.file, "line": origin.place.line, "column": origin.place.column}
    if origin.layer:
        record["layer"] = origin.layer
    if origin.text:
        record["text"] = origin.text
    if origin.source is not None:
        record["source"] = {"cite": origin.source.cite, "where": origin.source.where, "arxiv": origin.source.arxiv}
    return record
