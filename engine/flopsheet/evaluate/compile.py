"""Cells compiled to one numpy function: shared subexpressions once, only what the outputs need."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import sympy as sp

from flopsheet.evaluate.numpy_source import Line, Source, exp_in_place
from flopsheet.evaluate.roots import RootFinder
from flopsheet.model.cell import Cell
from flopsheet.model.graph import Graph, build_graph

FloatArray = npt.NDArray[np.float64]

# Points computed at once: a few dozen arrays of this length stay in the second-level cache.
CHUNK = 65536
# Roots take many operations on the same arrays: those of this length stay in the first caches.
ROOT_CHUNK = 8192
# So many points have the whole range of each root looked at for a second minimum; of more, so many as a sample.
ALL_LOOKED_AT = 1024
_CHUNKS_WORTH_THREADS = 4
_MOST_THREADS = 4
# Functions kept for graphs with the same formulas, such as those of one plan with other numbers.
_MOST_COMPILED = 64


@dataclass(frozen=True)
class CompiledCells:
    """A numpy function over input cells. `inputs` and `outputs` are cell ids; the rest is `source`."""

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    source: str
    function: Callable[..., tuple[FloatArray, ...]]
    has_roots: bool = False

    def evaluate(self, values: Mapping[str, npt.ArrayLike]) -> dict[str, FloatArray]:
        """Output arrays for inputs that broadcast together; never a warning, failures are nan or inf.

        Args:
            values: A number or array for each of `inputs`; others are ignored.

        Returns:
            For each of `outputs` an array of the common shape of the inputs.
        """
        arrays = [np.asarray(values[name], dtype=np.float64) for name in self.inputs]
        shape = np.broadcast_shapes(*(array.shape for array in arrays))
        size = int(np.prod(shape, dtype=np.int64))
        if size <= (ALL_LOOKED_AT if self.has_roots else CHUNK):
            with np.errstate(all="ignore"):
                found = self.function(RootFinder(), *(array if array.ndim else array[()] for array in arrays))
            return {
                name: np.array(np.broadcast_to(value, shape), dtype=np.float64)
                for name, value in zip(self.outputs, found, strict=True)
            }
        flat = [array[()] if not array.ndim else np.broadcast_to(array, shape).reshape(size) for array in arrays]
        results = self._fill(flat, size)
        return {name: array.reshape(shape) for name, array in results.items()}

    def _fill(self, flat: Sequence[FloatArray], size: int) -> dict[str, FloatArray]:
        """The outputs for flat inputs, a chunk after the other, on several threads where it pays."""
        # One block: large pages make it far cheaper to get from the system than an array each.
        results = dict(zip(self.outputs, np.empty((len(self.outputs), size)), strict=True))
        finder = self._look(flat, size)
        length = ROOT_CHUNK if self.has_roots else CHUNK

        def fill(start: int) -> None:
            """Compute one chunk into the results."""
            part = slice(start, min(start + length, size))
            with np.errstate(all="ignore"):
                found = self.function(finder, *(array[part] if array.ndim else array for array in flat))
            for name, value in zip(self.outputs, found, strict=True):
                results[name][part] = value

        starts = range(0, size, length)
        if len(starts) < _CHUNKS_WORTH_THREADS or _cores() == 1:
            for start in starts:
                fill(start)
        else:
            # numpy lets go of the interpreter inside each operation, and no chunk reads another.
            with ThreadPoolExecutor(min(_MOST_THREADS, _cores())) as pool:
                list(pool.map(fill, starts))
        return results

    def _look(self, flat: Sequence[FloatArray], size: int) -> RootFinder:
        """A finder that knows which roots need their whole range looked at, from a sample of the points."""
        seen = RootFinder()
        if self.has_roots:
            every = max(1, size // ALL_LOOKED_AT)
            with np.errstate(all="ignore"):
                self.function(seen, *(array[::every] if array.ndim else array for array in flat))
        return RootFinder(looks=False, several=seen.several)


def _cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def compile_cells(graph: Graph, outputs: Sequence[str]) -> CompiledCells:
    """The function that computes the given cells from the inputs they need; the same formulas are compiled once.

    Only identifiers made here reach the compiled text: names from a plan never do.
    """
    return _compile(tuple(map(Line.of, graph.needed(outputs))), tuple(outputs))


@lru_cache(maxsize=_MOST_COMPILED)
def _compile(cells: tuple[Line, ...], outputs: tuple[str, ...]) -> CompiledCells:
    """The function that computes the outputs among some cells."""
    inputs = tuple(cell.id for cell in cells if cell.expr is None)
    names = {cell.id: f"v{index}" for index, cell in enumerate(cells)}
    source = Source()
    lines = source.assign([cell for cell in cells if cell.expr is not None], names)
    header = f"def compiled({', '.join(('find', *(names[name] for name in inputs)))}):"
    result = f"    return ({''.join(names[name] + ', ' for name in outputs)})"
    text = "\n".join([header, *lines, result])
    scope: dict[str, object] = {"np": np, "exp": exp_in_place}
    exec(compile(text, "<cells>", "exec"), scope)  # noqa: S102 - our own text over generated identifiers
    function: Callable[..., tuple[FloatArray, ...]] = scope["compiled"]  # type: ignore[assignment]
    return CompiledCells(inputs, outputs, text, function, has_roots=source.roots > 0)


Key = TypeVar("Key")


def evaluate_formulas(formulas: Mapping[Key, sp.Expr], numbers: Mapping[str, float]) -> dict[Key, float]:
    """Formulas over named numbers, computed together; nan where one has no value."""
    names = {name: Cell(name, "input", "1", name) for name in numbers}
    outputs = {
        key: Cell(f"formula {index}", "formula", "1", "formula", expr)
        for index, (key, expr) in enumerate(formulas.items())
    }
    compiled = compile_cells(build_graph((*names.values(), *outputs.values())), [cell.id for cell in outputs.values()])
    found = compiled.evaluate(numbers)
    return {key: float(found[cell.id]) for key, cell in outputs.items()}
