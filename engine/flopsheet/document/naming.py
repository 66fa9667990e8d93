"""What the parts of a plan are called in a report, and how limits and units are told."""

from __future__ import annotations

from collections.abc import Collection

from flopsheet.document.latex import inline_latex
from flopsheet.document.latex_names import latex_name
from flopsheet.document.source import ReportSource
from flopsheet.document.words import Words
from flopsheet.evaluate.answers import Answer
from flopsheet.model.inputs import list_limits


def describe_caps(source: ReportSource, words: Words, keys: Collection[str], index: int) -> str:
    """Caps, by their keys, with their values in a scenario."""
    caps = [limit for limit in list_limits(source.model) if limit.key in keys]
    values = [source.evaluation.value(limit.key.replace(".", "_"), index) for limit in caps]
    return words.join([words.quantity(value, limit.unit) for limit, value in zip(caps, values, strict=True)])


def binding_cell(source: ReportSource, words: Words, answer: Answer) -> str:
    """What binds in a scenario, or why it has no plan."""
    index = source.answers.index(answer)
    if not source.has_plan(index):
        unpaid = answer.status == "infeasible" and source.minimises_loss
        key = "unreachable" if source.evaluation.unreachable[index] else "unpaid" if unpaid else answer.status
        return words.say(f"status.{key}")
    if not answer.binding:
        return words.say("report.no_limit")
    return words.join([words.say(f"limit.{name}") for name in answer.binding])


def head_of(source: ReportSource, words: Words, number: int) -> str:
    """The head of a decision's column: its role, or its symbol."""
    z = source.model.decisions[number]
    role = source.model.decision(z).role
    return words.say(f"role.{role}_title") if role else words.name(z.name)


def name_of(source: ReportSource, words: Words, number: int) -> str:
    """A decision inside a sentence: its role, or its symbol."""
    z = source.model.decisions[number]
    role = source.model.decision(z).role
    return words.say(f"role.{role}") if role else inline_latex(latex_name(z.name))


def unit_of(source: ReportSource, name: str) -> str | None:
    """The unit of a result or cell; None for a bare number."""
    unit = source.graph[name].unit if name in source.graph else "1"
    return None if unit == "1" else unit


def is_capped(source: ReportSource, index: int) -> bool:
    """Whether a cap binds in a scenario."""
    return bool(set(source.answers[index].binding) - {"compute"})
