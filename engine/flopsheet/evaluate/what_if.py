"""A solved plan with some of its inputs changed: every answer is an optimum of its own, none a shadow price."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from flopsheet.evaluate.compile import CompiledCells, FloatArray, compile_cells
from flopsheet.evaluate.solution import Solution

_MOST_TIMES = 1e6
"""An amount is sought up to so many times the plan's."""
_PARTS, _ROUNDS = 33, 8
"""Each round looks at so many places between the ends, and goes on between two of them."""
_RISE = 1e-9
"""The relative reserve by which a loss may miss another one: the rounding of a place that was found by halving."""


@dataclass(frozen=True)
class WhatIf:
    """The cells of a plan, compiled for some outputs, as a function of its inputs."""

    solution: Solution
    compiled: CompiledCells

    def evaluate(self, index: int, changes: Mapping[str, npt.ArrayLike]) -> dict[str, FloatArray]:
        """The outputs in a scenario whose inputs, by cell id, are changed; arrays broadcast together."""
        values = {name: self.solution.evaluation.value(name, index) for name in self.compiled.inputs}
        unknown = sorted(changes.keys() - values.keys())
        if unknown:
            msg = f"no output reads {', '.join(unknown)}"
            raise ValueError(msg)
        found = self.compiled.evaluate({**values, **changes})
        shape = np.broadcast_shapes(*(np.shape(change) for change in changes.values()))
        return {name: np.broadcast_to(array, shape) for name, array in found.items()}

    def amount_for(self, index: int, cell_id: str, wanted: float, output: str = "L_opt") -> float:
        """The least amount of an input with which an output falls to a value; infinite where no amount will do.

        Args:
            index: The scenario.
            cell_id: The input, which the output falls with.
            wanted: The value of the output.
            output: The output.
        """
        low = self.solution.evaluation.value(cell_id, index)
        reserve = _RISE * abs(wanted)
        ends = (low, _MOST_TIMES * low)
        for _ in range(_ROUNDS):
            places = np.geomspace(*ends, _PARTS)
            enough = self.evaluate(index, {cell_id: places})[output] <= wanted + reserve
            first = int(np.argmax(enough))
            if not enough[first]:
                return float("inf")
            if first == 0:
                break
            ends = (float(places[first - 1]), float(places[first]))
        return ends[1] if first else ends[0]


def build_what_if(solution: Solution, outputs: Sequence[str]) -> WhatIf:
    """A plan as a function of its inputs, for those of the outputs that it has."""
    known = [name for name in dict.fromkeys(outputs) if name in solution.graph]
    return WhatIf(solution, compile_cells(solution.graph, known))
