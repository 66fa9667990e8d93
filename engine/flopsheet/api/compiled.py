"""A plan as a function of its inputs: for many budgets and caps at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy.typing as npt

from flopsheet.api.solve import build_plan_graph, derive_plan_law
from flopsheet.errors import FlopsheetError, Problem, did_you_mean
from flopsheet.evaluate.compile import CompiledCells, FloatArray, compile_cells
from flopsheet.model.graph import Graph
from flopsheet.plan.layers import load_plan


@dataclass(frozen=True)
class CompiledPlan:
    """A plan as one numpy function of its inputs: for many budgets and caps at once."""

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
        """
        given: dict[str, npt.ArrayLike] = {**self.defaults}
        for key, value in values.items():
            if key not in self.keys:
                raise FlopsheetError(Problem(f"unknown input `{key}`.", remedy=did_you_mean(key, self.keys)))
            given[self.keys[key]] = value
        wanted = tuple(outputs)
        if wanted not in self._compiled:
            unknown = [name for name in wanted if name not in self.graph]
            if unknown:
                remedy = did_you_mean(unknown[0], [cell.id for cell in self.graph])
                raise FlopsheetError(Problem(f"unknown output `{unknown[0]}`.", remedy=remedy))
            self._compiled[wanted] = compile_cells(self.graph, wanted)
        return self._compiled[wanted].evaluate(given)

    @cached_property
    def keys(self) -> Mapping[str, str]:
        """The cell of each input, by its dotted key."""
        return {cell.key: cell.id for cell in self.graph if cell.key is not None}

    @cached_property
    def _compiled(self) -> dict[tuple[str, ...], CompiledCells]:
        """The functions compiled so far, by their outputs."""
        return {}


def compile_plan(path: Path, *, scenario: int = 0) -> CompiledPlan:
    """A plan as a function; inputs not given take the values of one of its scenarios."""
    plan = load_plan(path)
    model, derivation = derive_plan_law(plan)
    graph, table = build_plan_graph(plan, model, derivation)
    return CompiledPlan(graph, {name: values[scenario] for name, values in table.values.items()})
