"""What a report is written from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from flopsheet.derive.derivation import Derivation
from flopsheet.evaluate.answers import Answer
from flopsheet.evaluate.evaluation import Evaluation
from flopsheet.evaluate.solution import Solution
from flopsheet.model.graph import Graph
from flopsheet.model.inputs import InputTable
from flopsheet.model.law_model import LawModel
from flopsheet.model.resource_model import ResourceModel
from flopsheet.plan.plan import Plan


@dataclass(frozen=True)
class ReportSource:
    """A solved plan, with the program's version and the hash of everything the plan was read from."""

    solution: Solution
    inputs_sha256: str
    version: str

    @property
    def plan(self) -> Plan:
        """The plan as loaded."""
        return self.solution.plan

    @property
    def model(self) -> LawModel:
        """The law as mathematics, where it allocates a budget."""
        return cast("LawModel", self.solution.model)

    @property
    def resource(self) -> ResourceModel:
        """The law as mathematics, where it has one resource."""
        return cast("ResourceModel", self.solution.model)

    @property
    def derivation(self) -> Derivation:
        """What was derived from a law that allocates a budget."""
        return cast("Derivation", self.solution.derivation)

    @property
    def graph(self) -> Graph:
        """Every cell of the plan."""
        return self.solution.graph

    @property
    def table(self) -> InputTable:
        """The inputs of every scenario, with what set them."""
        return self.solution.table

    @property
    def evaluation(self) -> Evaluation:
        """Every number of every scenario."""
        return self.solution.evaluation

    @property
    def answers(self) -> tuple[Answer, ...]:
        """The answer of each scenario, in the plan's order."""
        return self.solution.answers

    @property
    def minimises_loss(self) -> bool:
        """Whether the plan asks for the least loss of a budget; else for the least compute of a loss."""
        return self.plan.objective == "minimize loss"

    @property
    def is_under_terms(self) -> bool:
        """Whether data, inference or further limits reach into the optimum."""
        return self.solution.terms is not None and self.solution.terms.searches

    def constants(self, index: int) -> Mapping[str, float]:
        """What a scenario fixes of the law's formulas, by cell: its constants, inputs and intermediate numbers."""
        return {symbol.name: self.evaluation.value(symbol.name, index) for symbol in self.model.parameters}

    def goal(self, index: int) -> float:
        """What a scenario is given: its budget in FLOP, or its target loss."""
        return self.evaluation.value("budget_compute" if self.minimises_loss else "target_loss", index)

    def has_plan(self, index: int) -> bool:
        """Whether a scenario has finite decisions."""
        return self.answers[index].status in {"ok", "flat"} and not self.evaluation.unreachable[index]

    def optimum(self, index: int) -> tuple[float, float]:
        """Both decisions of a scenario that has a plan."""
        results = self.answers[index].results
        first, second = (results[f"{z}_opt"].value for z in self.model.decisions)
        return first, second
