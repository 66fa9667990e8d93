"""A plan as a function of its inputs: for many budgets and caps at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy.typing as npt

from flopsheet.api.assemble import build_plan_graph
from flopsheet.api.compared import compare_laws
from flopsheet.api.plan_laws import derive_plan_law
from flopsheet.errors import FlopsheetError, Problem, did_you_mean
from flopsheet.evaluate.compile import CompiledCells, FloatArray, compile_cells
from flopsheet.model.cell import BEYOND_REACH
from flopsheet.model.graph import Graph
from flopsheet.model.terms import build_terms
from flopsheet.plan.layers import load_plan
from flopsheet.plan.plan import Plan


@dataclass(frozen=True)
class CompiledPlan:
    """A plan as one numpy function of its inputs: for many budgets and caps at once.

    `graph` has the cells for every cap that the law's decisions can have; a cap that neither the plan nor
    the caller sets costs nothing.
    """

    plan: Plan
    graph: Graph
    defaults: Mapping[str, float]

    def evaluate(
        self, values: Mapping[str, npt.ArrayLike], outputs: Sequence[str] = ("N_opt", "D_opt", "L_opt")
    ) -> dict[str, FloatArray]:
        """Outputs for arrays of inputs that broadcast together.

        Args:
            values: Numbers in base units by dotted key (`budget.compute`); others keep the plan's value.
            outputs: Names of cells, such as `N_opt`, `L_opt`, `binds_parameters`.

        Returns:
            An array of the common shape for each output.

        Raises:
            FlopsheetError: an input or output of that name does not exist.
        """
        given: dict[str, npt.ArrayLike] = {**self.defaults}
        for key, value in values.items():
            if key not in self.keys:
                raise FlopsheetError(Problem(f"unknown input `{key}`.", remedy=did_you_mean(key, self.keys)))
            given[self.keys[key]] = value
        absent = {key for key, cell in self.keys.items() if key not in values and self.defaults[cell] >= BEYOND_REACH}
        return self._compile(tuple(outputs), frozenset(self.keys) - absent).evaluate(given)

    def _compile(self, outputs: tuple[str, ...], keys: frozenset[str]) -> CompiledCells:
        """The function for some outputs where only some inputs are set, compiled once."""
        caps = frozenset(key for key in keys if key.startswith("caps."))
        if (outputs, caps) not in self._compiled:
            graph = self._graph_with(caps)
            graph = graph if all(name in graph for name in outputs) else self.graph
            unknown = [name for name in outputs if name not in graph]
            if unknown:
                remedy = did_you_mean(unknown[0], [cell.id for cell in self.graph])
                raise FlopsheetError(Problem(f"unknown output `{unknown[0]}`.", remedy=remedy))
            self._compiled[outputs, caps] = compile_cells(graph, outputs)
        return self._compiled[outputs, caps]

    def _graph_with(self, caps: frozenset[str]) -> Graph:
        """The cells of the plan where only some caps can be set."""
        if self.plan.objective != "minimize loss":
            return self.graph
        model, derivation = derive_plan_law(self.plan)
        return build_plan_graph(
            self.plan, model, derivation, caps, compare_laws(self.plan, model), build_terms(self.plan, model)
        )[0]

    @cached_property
    def keys(self) -> Mapping[str, str]:
        """The cell of each input, by its dotted key."""
        return {cell.key: cell.id for cell in self.graph if cell.key is not None}

    @cached_property
    def _compiled(self) -> dict[tuple[tuple[str, ...], frozenset[str]], CompiledCells]:
        """The functions compiled so far, by their outputs and the caps that may be set."""
        return {}


def compile_plan(path: Path, *, scenario: int = 0) -> CompiledPlan:
    """A plan as a function; inputs not given take the values of one of its scenarios."""
    plan = load_plan(path)
    model, derivation = derive_plan_law(plan)
    compared = compare_laws(plan, model)
    graph, table = build_plan_graph(plan, model, derivation, compared=compared, terms=build_terms(plan, model))
    return CompiledPlan(plan, graph, {name: values[scenario] for name, values in table.values.items()})
