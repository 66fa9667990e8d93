"""A plan at many points at once: its inputs as columns of numbers, results, statuses and what binds for each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from flopsheet.errors import FlopsheetError, Problem, did_you_mean
from flopsheet.evaluate.compile import CompiledCells, FloatArray, compile_cells
from flopsheet.evaluate.evaluation import CAPPED_BY, STATUSES, StatusArray, find_unreachable, judge_statuses
from flopsheet.model.cell import BEYOND_REACH, Cell
from flopsheet.model.graph import Graph
from flopsheet.model.inputs import InputTable

LIMITS = ("compute", "parameters", "tokens", "data", "time", "money", "memory")
"""The names that `binding` may hold, each a bit of `Points.binding` from the lowest on."""

_STATUS_CELLS = (
    "budget_status", "plan_status", "required_status", "value_status", "L_opt", "C_train", "fresh_part",
    "compute_is_idle", "compute_is_slack",
)  # fmt: skip
_BINDING_CELLS = ("epochs_bind", *(f"price_{name}" for name in LIMITS))
_NO_RESULTS = (STATUSES.index("infeasible"), STATUSES.index("not_converged"))


@dataclass(frozen=True)
class Points:
    """What a plan comes to at many points; every array has one entry a point.

    Attributes:
        values: The cells that were asked for, by id: nan where a point has no such result, infinite where the target
            is beyond all resources.
        statuses: How each point came out, as an index into `STATUSES`.
        binding: The limits that bind, as bits in the order of `LIMITS`.
        unreachable: Where no resources reach the target loss.
    """

    values: Mapping[str, FloatArray]
    statuses: StatusArray
    binding: npt.NDArray[np.uint8]
    unreachable: npt.NDArray[np.bool_]

    def binds(self, limit: str) -> npt.NDArray[np.bool_]:
        """Where a limit binds."""
        return (self.binding >> LIMITS.index(limit) & 1).astype(bool)


@dataclass(frozen=True)
class PointPlan:
    """One scenario of a plan as a function of its inputs.

    Inputs that a call does not give keep the scenario's own. `index` is its place among the scenarios of the table.
    """

    graph: Graph
    table: InputTable
    index: int

    @cached_property
    def keys(self) -> Mapping[str, Cell]:
        """The cell of each input and constant that may be given, by its dotted key."""
        return {cell.key: cell for cell in self.graph if cell.key is not None and cell.expr is None}

    @cached_property
    def results(self) -> tuple[Cell, ...]:
        """The results and the reader's own cells, in the order of the graph."""
        return tuple(cell for cell in self.graph if cell.kind in {"result", "user"} and not cell.law)

    def at(self, index: int) -> PointPlan:
        """The same plan in another scenario; what was compiled serves both."""
        other = replace(self, index=index)
        other.__dict__["_compiled"] = self._compiled
        return other

    def own_value(self, key: str) -> float | None:
        """The scenario's own number for an input, in base units; None where it sets no such limit.

        Raises:
            FlopsheetError: there is no such input.
        """
        cell = self._cell(key)
        value = self.table.values[cell.id][self.index]
        return None if value >= BEYOND_REACH and not self._is_set(key) else value

    def evaluate(
        self, columns: Mapping[str, npt.ArrayLike], outputs: Sequence[str] | None = None, *, binding: bool = True
    ) -> Points:
        """Results at points whose inputs are given column by column.

        Args:
            columns: Numbers in base units by dotted key, of shapes that broadcast together; nan removes a limit.
            outputs: Ids of cells; the results and the reader's own cells where it is None.
            binding: Whether it is asked what binds; else no limit does, and no price is computed for it.

        Returns:
            Arrays of the common shape.

        Raises:
            FlopsheetError: an input or output of that name does not exist.
        """
        names = tuple(cell.id for cell in self.results) if outputs is None else tuple(outputs)
        given = {self._cell(key).id: self._fill_absent(key, column) for key, column in columns.items()}
        compiled = self._compile(names, binding=binding)
        base = {name: values[self.index] for name, values in self.table.values.items()}
        shape = np.broadcast_shapes(*(np.shape(column) for column in given.values()))
        found = compiled.evaluate({**base, **given})
        found = {name: np.broadcast_to(array, shape) for name, array in found.items()}
        statuses = judge_statuses(found, self._capped(columns, shape), signed=self._has_signed_loss)
        without = np.isin(statuses, _NO_RESULTS)
        # The status cells of a graph may be asked for as well, so that what is told to a reader is a copy.
        values = {name: self._settle(name, found[name], without) for name in names}
        unreachable = np.broadcast_to(find_unreachable(found), shape)
        return Points(values, statuses, self._find_binding(found, shape, without | unreachable), unreachable)

    def _settle(self, name: str, array: FloatArray, without: npt.NDArray[np.bool_]) -> FloatArray:
        """The numbers of a cell; nan where the point has no results or a reader's formula has no value."""
        kind = self.graph[name].kind
        absent = without if kind in {"result", "user", "strategy"} else np.zeros((), dtype=bool)
        if kind == "user":
            absent = absent | ~np.isfinite(array)
        return np.where(absent, np.nan, array + 0.0)

    def _cell(self, key: str) -> Cell:
        """The cell of an input."""
        if key not in self.keys:
            raise FlopsheetError(Problem(f"unknown input `{key}`.", remedy=did_you_mean(key, self.keys)))
        return self.keys[key]

    def _is_set(self, key: str) -> bool:
        """Whether the scenario itself has a value for an input."""
        return key in self.table.sources and self.table.is_set(key, self.index)

    def _fill_absent(self, key: str, column: npt.ArrayLike) -> FloatArray:
        """A column with the number that stands for a limit that is not there."""
        cell, numbers = self._cell(key), np.asarray(column, dtype=np.float64)
        absent = np.isnan(numbers)
        if not absent.any():
            return numbers
        return np.where(absent, BEYOND_REACH if cell.default is None else cell.default, numbers)

    def _capped(self, columns: Mapping[str, npt.ArrayLike], shape: tuple[int, ...]) -> npt.NDArray[np.bool_]:
        """Where a limit is set that may keep the plan from its target."""
        capped = np.full(shape, any(
            self._is_set(key) for key in self.table.sources if key.startswith(CAPPED_BY) and key not in columns
        ))  # fmt: skip
        for key, column in columns.items():
            if key.startswith(CAPPED_BY):
                capped |= ~np.isnan(np.asarray(column, dtype=np.float64))
        return capped

    def _find_binding(
        self, found: Mapping[str, FloatArray], shape: tuple[int, ...], without: npt.NDArray[np.bool_]
    ) -> npt.NDArray[np.uint8]:
        """The limits whose price is not zero, as bits."""
        binding = np.zeros(shape, dtype=np.uint8)
        for bit, name in enumerate(LIMITS):
            price = found.get(f"price_{name}")
            if price is None:
                continue
            binds = (price != 0) & ~np.isnan(price)
            if name == "tokens" and "epochs_bind" in found:
                # What stops the plan there are the passes over its data, not the cap on tokens.
                binds = binds & (found["epochs_bind"] == 0)
            binding |= (binds & ~without).astype(np.uint8) << np.uint8(bit)
        return binding

    @property
    def _has_signed_loss(self) -> bool:
        """Whether the loss may have any sign."""
        return "L_opt" in self.graph and not self.graph["L_opt"].positive

    def _compile(self, outputs: tuple[str, ...], *, binding: bool) -> CompiledCells:
        """The function for some outputs and what tells the status of a point, compiled once."""
        if (outputs, binding) not in self._compiled:
            unknown = [name for name in outputs if name not in self.graph]
            if unknown:
                remedy = did_you_mean(unknown[0], [cell.id for cell in self.graph])
                raise FlopsheetError(Problem(f"unknown output `{unknown[0]}`.", remedy=remedy))
            told = (*self._status_cells(), *(_BINDING_CELLS if binding else ()))
            cells = dict.fromkeys((*outputs, *(name for name in told if name in self.graph)))
            self._compiled[outputs, binding] = compile_cells(self.graph, tuple(cells))
        return self._compiled[outputs, binding]

    def _status_cells(self) -> tuple[str, ...]:
        """The cells by which the status of a point is told."""
        gains = [cell.id for cell in self.graph if cell.id.startswith("gain_") and not cell.law]
        decided = [f"{gain.removeprefix('gain_')}_opt" for gain in gains]
        return (*_STATUS_CELLS, *gains, *decided)

    @cached_property
    def _compiled(self) -> dict[tuple[tuple[str, ...], bool], CompiledCells]:
        """The functions compiled so far, by their outputs and whether they tell what binds."""
        return {}


def name_binding(bits: int) -> str:
    """The limits that bind at a point, in words as in `binding`: `compute+parameters`, empty where none does."""
    return "+".join(name for bit, name in enumerate(LIMITS) if bits >> bit & 1)
