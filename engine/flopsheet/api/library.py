"""The law library: what each law answers, one law whole, its formulas at a point."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import sympy as sp

from flopsheet.api.plan_laws import derive_any_law
from flopsheet.errors import FlopsheetError, Place, Problem, did_you_mean
from flopsheet.evaluate.compile import compile_cells
from flopsheet.evaluate.record import Plain, record_number
from flopsheet.formula.parse import parse_formula
from flopsheet.laws.library import is_law_path, law_names, load_law, load_library_law
from flopsheet.messages import Translated
from flopsheet.model.cell import Cell, make_symbol
from flopsheet.model.graph import Graph, build_graph
from flopsheet.model.law_faults import find_law_faults
from flopsheet.model.law_model import parse_where
from flopsheet.plan.paths import project_root
from flopsheet.plan.plan import NOT_STATED, Constant, KnownAnswer, Law, LawInput
from flopsheet.plan.problems import Problems
from flopsheet.plan.quantity import parse_quantity
from flopsheet.plan.topics import TOPICS, topic_of


def list_laws() -> list[Plain]:
    """Every law of the library: name, title, and what it answers."""
    return [
        {"name": name, "title": law.title, "answers": list_answered(law)}
        for name in law_names()
        for law in [load_library_law(name)]
    ]


def list_answered(law: Law) -> list[str]:
    """What a law can be asked: its loss and cost, the allocation of a budget, and its further formulas."""
    found = [part for part in ("loss", "cost") if getattr(law, part) is not None]
    if len(found) == 2 and len(law.decisions) == 2 and not law.inputs:
        found += ["allocation", "inverse"]
    return [*found, *law.formulas]


def group_laws() -> dict[str, list[Plain]]:
    """The library by what its laws answer: the entries of `list_laws` under each heading, in the order of headings."""
    groups: dict[str, list[Plain]] = {heading: [] for heading in TOPICS.values()}
    for entry in list_laws():
        law = load_library_law(entry["name"])
        topic = topic_of(law.about.topic, has_loss=law.loss is not None, decisions=len(law.decisions))
        groups[TOPICS[topic]].append(entry)
    return {heading: entries for heading, entries in groups.items() if entries}


def find_law(name: str) -> Law:
    """A law of the library by name, or of a file by path.

    Raises:
        FlopsheetError: there is none, or its file has faults (all of them, those of its formulas included).
    """
    if is_law_path(name):
        path = Path(name)
        root = project_root(path)
        law = load_law(f"./{path.name}", root=root, base=path.parent, place=Place(name, 1, 1))
        problems = Problems()
        problems.extend(find_law_faults(law))
        problems.raise_any()
        return law
    return load_law(name, root=Path.cwd(), base=Path.cwd(), place=None)


def describe_law(law: Law) -> Plain:
    """A law whole: formulas, constants with intervals, range, source, and known answers with ours beside each."""
    record: Plain = {
        "name": law.name,
        "title": law.title,
        "answers": list_answered(law),
        "about": _describe_about(law),
        "loss": law.loss.text if law.loss else None,
        "cost": law.cost.text if law.cost else None,
        "decisions": {name: decision.role or decision.unit for name, decision in law.decisions.items()},
        "constants": {
            name: {
                key: value
                for key, value in (
                    ("value", constant.value),
                    ("unit", constant.unit),
                    ("interval", list(constant.interval) if constant.interval else None),
                    ("level", constant.level),
                    ("se", constant.se),
                    ("note", constant.note or None),
                )
                if value is not None
            }
            for name, constant in law.constants.items()
        },
        "inputs": {name: _describe_input(given) for name, given in law.inputs.items()},
        "where": {name: text.text for name, text in law.where.items()},
        "formulas": {name: {"formula": extra.formula.text, "unit": extra.unit} for name, extra in law.formulas.items()},
        "inference_cost": law.inference_cost.text if law.inference_cost else None,
        "draws": law.draws,
        "fitted_range": NOT_STATED if law.fitted_range is None else {k: list(v) for k, v in law.fitted_range.items()},
        "known_answers": [_describe_answer(law, answer) for answer in law.known_answers],
        "notes": list(law.notes),
    }
    if law.source is not None:
        record["source"] = {
            key: value
            for key, value in (
                ("cite", law.source.cite),
                ("where", law.source.where),
                ("arxiv", law.source.arxiv),
                ("doi", law.source.doi),
                ("url", law.source.url),
            )
            if value
        }
    return {key: value for key, value in record.items() if value is not None}


def _describe_input(given: LawInput) -> Plain:
    """What the law takes from the plan: the unit, the key that sets it, and the values it may have."""
    record: Plain = {"unit": given.unit, "from": given.source}
    record |= {"candidates": list(given.candidates)} if given.candidates else {}
    return record | ({"between": list(given.between)} if given.between else {})


def _describe_about(law: Law) -> Plain:
    """What the law's symbols stand for, as far as its file says, and what rounding does to it in English."""
    about = law.about
    record: Plain = {"topic": topic_of(about.topic, has_loss=law.loss is not None, decisions=len(law.decisions))}
    texts = (
        ("parameters", about.parameters),
        ("data", about.data),
        ("tokenizer", about.tokenizer),
        ("loss", about.loss),
        ("rounded", Translated(about.rounded).text("en") or None),
    )
    return record | {key: text for key, text in texts if text is not None}


def _describe_answer(law: Law, answer: KnownAnswer) -> Plain:
    """A published figure with our result beside it."""
    ours = answer_ours(law, answer)
    return {
        "at": dict(answer.at),
        "quantity": answer.quantity,
        "published": answer.value,
        "within": answer.within,
        "ours": None if ours is None else record_number(ours),
        "source": answer.source,
    }


def answer_ours(law: Law, answer: KnownAnswer) -> float | None:
    """Our result for a published figure, or None where the point does not fix it.

    Inputs and constants under `at` replace those of the law.
    """
    found = evaluate_formulas(law, answer.at).get(answer.quantity)
    if found is not None:
        return found[0]
    if law.loss is None or law.cost is None or len(law.decisions) != 2:
        return None
    fixed = _fix_inputs(law, answer.at)
    if any(cell.id in fixed.inputs for cell in build_formula_graph(fixed)[0].needed(("loss", "cost"))):
        return None
    try:
        model, derivation = derive_any_law(replace(fixed, inputs={}, formulas={}))
    except FlopsheetError:
        return None  # no closed form: the law is shown all the same
    if model.amount.name not in answer.at:
        return None
    at = {**model.values, model.amount: answer.at[model.amount.name]}
    results = {f"{z}_opt": expr for z, expr in derivation.interior.free.items()}
    results |= {"L_opt": derivation.interior.frontier, "loss": derivation.interior.frontier}
    expr = results.get(answer.quantity)
    return None if expr is None else float(expr.evalf(30, subs=at))


def _fix_inputs(law: Law, at: Mapping[str, float]) -> Law:
    """The law with the inputs that a point gives as constants, and the constants that it gives replaced."""
    given = {
        name: Constant(name, at[name], entry.place or law.place) for name, entry in law.inputs.items() if name in at
    }
    given |= {
        name: replace(constant, value=at[name], interval=None, level=None, se=None)
        for name, constant in law.constants.items()
        if name in at
    }
    inputs = {name: entry for name, entry in law.inputs.items() if name not in at}
    return replace(law, constants={**law.constants, **given}, inputs=inputs)


def evaluate_law_at(law: Law, at: str) -> Plain:
    """`{name: {value, unit}}` at a point such as `N=70B,D=1.4T`: loss, cost and formulas as far as it fixes them.

    Raises:
        FlopsheetError: the point names what the law does not have, or leaves out what every
            formula needs.
    """
    point = parse_point(law, at)
    found = evaluate_formulas(law, point)
    if not found:
        missing = ", ".join(f"`{name}`" for name in (*law.decisions, *law.inputs) if name not in point)
        raise FlopsheetError(
            Problem(f"the point leaves out {missing}.", remedy="Give what one of the law's formulas needs.")
        )
    return {name: {"value": record_number(value), "unit": unit} for name, (value, unit) in found.items()}


def parse_point(law: Law, text: str) -> dict[str, float]:
    """The numbers of `--at`, in base units."""
    known = {name: decision.unit for name, decision in law.decisions.items()}
    known |= {name: given.unit for name, given in law.inputs.items()}
    known |= {name: constant.unit or "1" for name, constant in law.constants.items()}
    point: dict[str, float] = {}
    problems: list[Problem] = []
    column = 1
    for part in text.split(","):
        name, equals, value = part.partition("=")
        place = Place("--at", 1, column + len(part) - len(part.lstrip()), max(1, len(name.strip())), text)
        column += len(part) + 1
        name = name.strip()
        if not equals or not value.strip():
            problems.append(
                Problem("must be a name, `=` and a number.", place, remedy="Write for example N=70B,D=1.4T.")
            )
        elif name not in known:
            problems.append(Problem(f"law `{law.name}` has no `{name}`.", place, remedy=did_you_mean(name, known)))
        elif name in point:
            problems.append(Problem(f"`{name}` is given twice.", place, remedy="Keep one of the two."))
        else:
            try:
                point[name] = parse_quantity(value.strip(), known[name], place, name).value
            except FlopsheetError as error:
                problems.extend(error.problems)
    if problems:
        raise FlopsheetError(*problems)
    return point


def evaluate_formulas(law: Law, point: Mapping[str, float]) -> dict[str, tuple[float, str]]:
    """Loss, cost and further formulas of a law at a point: value and unit by name.

    What needs a decision or an input that the point does not give is left out. Formulas may read each
    other, and the loss and the cost by the names L and C where the law has no other use for these.
    """
    graph, outputs = build_formula_graph(law)
    values = {name: constant.value for name, constant in law.constants.items()} | dict(point)
    known = [
        name for name in outputs if all(cell.expr is not None or cell.id in values for cell in graph.needed([name]))
    ]
    found = compile_cells(graph, known).evaluate(values)
    return {name: (float(found[name]), graph[name].unit) for name in known}


def build_formula_graph(law: Law) -> tuple[Graph, list[str]]:
    """The cells of a law (what it is given, then its loss, cost and formulas) and the names of the latter."""
    symbols: dict[str, sp.Expr] = {name: make_symbol(name) for name in (*law.decisions, *law.inputs)}
    symbols |= {name: make_symbol(name, positive=constant.value > 0) for name, constant in law.constants.items()}
    symbols |= parse_where(law, symbols)
    units = {name: decision.unit for name, decision in law.decisions.items()}
    units |= {name: entry.unit for name, entry in law.inputs.items()}
    cells = [Cell(name, "input", unit, name) for name, unit in units.items()]
    cells += [
        Cell(name, "constant", constant.unit or "1", name, positive=constant.value > 0)
        for name, constant in law.constants.items()
    ]
    outputs = [
        ("loss", law.loss, "nats/token", "L"),
        ("cost", law.cost, "FLOP", "C"),
        *((name, extra.formula, extra.unit, name) for name, extra in law.formulas.items()),
    ]
    for name, text, _, alias in outputs:
        if text is not None:
            symbols.setdefault(alias, make_symbol(name))
    known = [(name, text, unit) for name, text, unit, _ in outputs if text is not None]
    cells += [
        Cell(name, "result", unit, name, parse_formula(text, symbols, subject=name)) for name, text, unit in known
    ]
    return build_graph(cells), [name for name, _, _ in known]
