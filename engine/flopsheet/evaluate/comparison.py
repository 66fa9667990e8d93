"""The plan's law and the compared ones side by side: one row a law, the same quantities in every row."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from flopsheet.derive.compared import list_headlines, size_of
from flopsheet.evaluate.answers import Amount
from flopsheet.evaluate.evaluation import Status
from flopsheet.evaluate.solution import Solution
from flopsheet.model.law_model import LawModel
from flopsheet.plan.plan import Law


@dataclass(frozen=True)
class Row:
    """What one law answers in a scenario; the first row is that of the plan's own law.

    `amounts` are its results by what they are called in every law (`parameters`, `tokens`, `L_opt`); `ratio` is its
    size over that of the plan's law, None where one of them has no finite size in the same unit.
    """

    law: Law
    status: Status
    amounts: Mapping[str, Amount]
    ratio: float | None

    @property
    def unreachable(self) -> bool:
        """Whether no resources reach the target under this law."""
        return any(math.isinf(amount.value) for amount in self.amounts.values())


def list_quantities(solution: Solution) -> dict[str, str]:
    """What is compared, in order: the names of quantities, each with the unit it has in the first law that has it."""
    found: dict[str, str] = {}
    for model, graph in (
        (solution.model, solution.graph),
        *((law.model, law.graph) for law in solution.compared),
    ):
        for name, own in list_headlines(model, graph).items():
            found.setdefault(name, graph[own].unit)
    # Compute is what is given, unless a target is.
    if "target_loss" not in solution.graph:
        found.pop("C_total", None)
    last = [name for name in ("tokens_per_parameter", "L_opt", "C_total") if name in found]
    return {name: found[name] for name in (*(name for name in found if name not in last), *last)}


def list_rows(solution: Solution, index: int) -> tuple[Row, ...]:
    """The laws of a plan in one of its scenarios, its own first."""
    answer = solution.answers[index]
    own = list_headlines(solution.model, solution.graph)
    size = None
    if isinstance(solution.model, LawModel):
        z = size_of(solution.model)
        size = solution.model.decision(z).role or z.name
    amounts = {name: answer.results[cell] for name, cell in own.items() if cell in answer.results}
    reference = amounts.get(size or "")
    rows = [Row(solution.model.law, answer.status, amounts, _ratio(reference, reference))]
    for law in solution.compared:
        found = answer.laws[law.name]
        ids = list_headlines(law.model, law.graph)
        theirs = {name: found.results[cell] for name, cell in ids.items() if cell in found.results}
        rows.append(Row(law.model.law, found.status, theirs, _ratio(theirs.get(size or ""), reference)))
    return tuple(rows)


def _ratio(size: Amount | None, reference: Amount | None) -> float | None:
    """A size over that of the plan's law."""
    if size is None or reference is None or size.unit != reference.unit:
        return None
    ratio = size.value / reference.value if math.isfinite(reference.value) else math.nan
    return ratio if math.isfinite(ratio) else None
