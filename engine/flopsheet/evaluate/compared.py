"""What compared laws answer: their numbers taken from the plan's, and judged as those of a plan of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from flopsheet.derive.compared import ComparedLaw
from flopsheet.evaluate.answers import Amount, Answer, LawAnswer
from flopsheet.evaluate.evaluation import Evaluation, judge_values
from flopsheet.evaluate.findings import Finding, list_findings
from flopsheet.evaluate.law_findings import compare_laws
from flopsheet.model.inputs import InputTable


def add_constants(table: InputTable, compared: Sequence[ComparedLaw]) -> InputTable:
    """The inputs with the constants of compared laws, the same in every scenario."""
    values, sources = dict(table.values), dict(table.sources)
    count = len(table.scenarios)
    for law in compared:
        for cell in law.constants:
            values[cell.id] = (law.model.law.constants[cell.own_id].value,) * count
            sources[str(cell.key)] = (None,) * count
    return InputTable(table.scenarios, values, sources)


def evaluate_law(law: ComparedLaw, evaluation: Evaluation) -> Evaluation:
    """The numbers of a compared law under the ids that its cells have in a plan of its own."""
    values = {cell.id: evaluation.values[law.ids[cell.id]] for cell in law.graph}
    nothing = (None,) * len(evaluation.table.scenarios)
    sources = {cell.key: evaluation.table.sources.get(cell.key, nothing) for cell in law.graph if cell.key}
    table = InputTable(evaluation.table.scenarios, {}, sources)
    return judge_values(law.graph, table, values, values)


def add_law_answers(
    answers: Sequence[Answer], compared: Sequence[ComparedLaw], evaluation: Evaluation
) -> tuple[Answer, ...]:
    """The answers of the plan's scenarios, each with those of the compared laws."""
    numbers = {law.name: evaluate_law(law, evaluation) for law in compared}
    return tuple(
        replace(answer, laws={law.name: _answer(law, numbers[law.name], index) for law in compared})
        for index, answer in enumerate(answers)
    )


def _answer(law: ComparedLaw, evaluation: Evaluation, index: int) -> LawAnswer:
    """What one law answers in one scenario."""
    status = evaluation.statuses[index]
    findings = _list_law_findings(law, evaluation, index)
    if status in {"infeasible", "not_converged"}:
        return LawAnswer(status, {}, findings)
    results = {
        cell.id: Amount(evaluation.value(cell.id, index), cell.unit)
        for cell in evaluation.graph
        if cell.kind == "result" and evaluation.exists(cell.id, index)
    }
    return LawAnswer(status, results, findings)


def _list_law_findings(law: ComparedLaw, evaluation: Evaluation, index: int) -> tuple[Finding, ...]:
    """Everything a reader must know beside the numbers of a compared law, `law.beside` being the plan's own."""
    return (*list_findings(evaluation, law.model, index), *compare_laws(law.beside, law.model.law))


def list_compared_amounts(answer: Answer) -> Mapping[str, Amount]:
    """The results of all compared laws by their ids in the plan's graph."""
    return {f"{law}__{name}": amount for law, found in answer.laws.items() for name, amount in found.results.items()}
