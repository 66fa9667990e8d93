"""Cells compiled to one numpy function: shared subexpressions once, only what the outputs need."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import sympy as sp

from flopsheet.formula.functions import BY_HEAD, RELATION_BY_HEAD, split_choice
from flopsheet.model.cell import Cell
from flopsheet.model.graph import Graph, build_graph

FloatArray = npt.NDArray[np.float64]

# Points computed at once: a few dozen arrays of this length stay in the second-level cache.
CHUNK = 65536
_CHUNKS_WORTH_THREADS = 4
_MOST_THREADS = 4


class _Exp(sp.Function):
    """exp that stays as it is: sympy would turn exp(a*log(b)) back into a power."""

    nargs = 1
    is_positive = True


class _Log(sp.Function):
    """log that stays as it is; only ever of what is positive."""

    nargs = 1
    is_real = True


@dataclass(frozen=True)
class CompiledCells:
    """A numpy function over input cells. `inputs` and `outputs` are cell ids; the rest is `source`."""

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    source: str
    function: Callable[..., tuple[FloatArray, ...]]

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
        if size <= CHUNK:
            with np.errstate(all="ignore"):
                found = self.function(*(array if array.ndim else array[()] for array in arrays))
            return {
                name: np.array(np.broadcast_to(value, shape), dtype=np.float64)
                for name, value in zip(self.outputs, found, strict=True)
            }
        flat = [array[()] if not array.ndim else np.broadcast_to(array, shape).reshape(size) for array in arrays]
        # One block: large pages make it far cheaper to get from the system than an array each.
        results = dict(zip(self.outputs, np.empty((len(self.outputs), size)), strict=True))

        def fill(start: int) -> None:
            """Compute one chunk into the results."""
            part = slice(start, min(start + CHUNK, size))
            with np.errstate(all="ignore"):
                found = self.function(*(array[part] if array.ndim else array for array in flat))
            for name, value in zip(self.outputs, found, strict=True):
                results[name][part] = value

        starts = range(0, size, CHUNK)
        if len(starts) < _CHUNKS_WORTH_THREADS:
            for start in starts:
                fill(start)
        else:
            # numpy lets go of the interpreter inside each operation, and no chunk reads another.
            with ThreadPoolExecutor(min(_MOST_THREADS, os.cpu_count() or 1)) as pool:
                list(pool.map(fill, starts))
        return {name: array.reshape(shape) for name, array in results.items()}


def compile_cells(graph: Graph, outputs: Sequence[str]) -> CompiledCells:
    """The function that computes the given cells from the inputs they need.

    Only identifiers made here reach the compiled text: names from a plan never do.
    """
    cells = graph.needed(outputs)
    inputs = tuple(cell.id for cell in cells if cell.expr is None)
    names = {cell.id: f"v{index}" for index, cell in enumerate(cells)}
    lines = _assignments([cell for cell in cells if cell.expr is not None], names)
    header = f"def compiled({', '.join(names[name] for name in inputs)}):"
    result = f"    return ({''.join(names[name] + ', ' for name in outputs)})"
    source = "\n".join([header, *lines, result])
    scope: dict[str, object] = {"np": np, "exp": _exp_in_place}
    exec(compile(source, "<cells>", "exec"), scope)  # noqa: S102 - our own text over generated identifiers
    return CompiledCells(inputs, tuple(outputs), source, scope["compiled"])  # type: ignore[arg-type]


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


def _assignments(cells: Sequence[Cell], names: Mapping[str, str]) -> list[str]:
    """One line a cell, with common subexpressions before the first cell that uses them."""
    symbols = sp.numbered_symbols("x", cls=sp.Dummy)
    shared, reduced = sp.cse([_split_powers(cell.expr) for cell in cells], symbols=symbols, order="none")
    local = dict(names)
    waiting = {}
    for index, (symbol, expr) in enumerate(shared):
        local[_key(symbol)] = f"t{index}"
        waiting[symbol] = expr
    lines: list[str] = []

    def need(expr: sp.Expr) -> None:
        """Write the shared subexpressions an expression uses that are not written yet."""
        for symbol in sorted(expr.free_symbols & waiting.keys(), key=lambda s: local[_key(s)]):
            inner = waiting.pop(symbol, None)
            if inner is not None:
                need(inner)
                lines.append(f"    {local[_key(symbol)]} = {render_numpy(inner, local)}")

    for cell, expr in zip(cells, reduced, strict=True):
        need(expr)
        name = names[cell.id]
        lines.append(f"    {name} = {render_numpy(expr, local)}")
        if cell.guard is not None:
            otherwise = f"np.where({names[cell.guard]} == 1.0, np.inf, np.nan)" if cell.guard_infinite else "np.nan"
            lines.append(f"    {name} = np.where({names[cell.guard]} == 0.0, {name}, {otherwise})")
    return lines


def _exp_in_place(product: FloatArray | np.float64) -> FloatArray | np.float64:
    """exp of a product just made, in its own memory: getting new memory for it takes longer than computing it."""
    return np.exp(product, out=product) if isinstance(product, np.ndarray) and product.ndim else np.exp(product)


def _split_powers(expr: sp.Expr) -> sp.Expr:
    """Powers with a symbolic exponent as exp(exponent * log(base)), where the base is positive.

    That is faster than a power, shares the logarithm between powers of one base, and gives the same bits
    for one number as for an array. It costs |exponent * log(base)| units in the last place, some 1e-14 relative
    for a base of 1e30.
    """
    return expr.replace(
        lambda part: isinstance(part, sp.Pow) and bool(part.exp.free_symbols) and part.base.is_positive is True,
        lambda part: _Exp(part.exp * _Log(part.base)),
    )


def _key(symbol: sp.Symbol) -> str:
    """What a symbol is looked up by: dummies of equal name are told apart."""
    return f"{symbol.name}:{symbol.dummy_index}" if isinstance(symbol, sp.Dummy) else symbol.name


def render_numpy(expr: sp.Basic, names: Mapping[str, str]) -> str:
    """An expression as numpy source, every operation in parentheses."""
    if isinstance(expr, sp.Symbol):
        return names[_key(expr)]
    if isinstance(expr, (sp.Integer, sp.Float)):
        return repr(float(expr)) if expr >= 0 else f"({float(expr)!r})"
    if isinstance(expr, sp.Rational):
        return f"({float(expr.p)!r} / {float(expr.q)!r})"
    if expr is sp.E:
        return "np.e"
    if isinstance(expr, sp.Add):
        return _render_sum(expr, names)
    if isinstance(expr, sp.Mul):
        return _render_product(expr, names)
    if isinstance(expr, sp.Pow):
        return _render_power(expr, names)
    if isinstance(expr, sp.Piecewise):
        return _render_choice(expr, names)
    relation = RELATION_BY_HEAD.get(type(expr))
    if relation is not None:
        return "(" + relation.spell("numpy", *(render_numpy(side, names) for side in expr.args)) + ")"
    if expr in {sp.true, sp.false}:
        return str(bool(expr))
    if isinstance(expr, _Exp) and isinstance(expr.args[0], sp.Mul):
        return f"exp({render_numpy(expr.args[0], names)})"
    row = BY_HEAD[_PLAIN_HEADS.get(type(expr), type(expr))]
    return row.spell("numpy", [render_numpy(arg, names) for arg in expr.args[: row.arity[1]]])


_PLAIN_HEADS = {_Exp: sp.exp, _Log: sp.log}


def _render_choice(expr: sp.Piecewise, names: Mapping[str, str]) -> str:
    """A choice; between 0 and 1 as arithmetic on the condition, which unlike a choice does not branch."""
    parts = split_choice(expr)
    condition = render_numpy(parts[0], names)
    if parts[1:] == (0, 1):
        return f"(1.0 - {condition})"
    if parts[1:] == (1, 0):
        return f"(1.0 * {condition})"
    return BY_HEAD[sp.Piecewise].spell("numpy", [condition, *(render_numpy(part, names) for part in parts[1:])])


def _render_sum(expr: sp.Add, names: Mapping[str, str]) -> str:
    """Terms, the negative ones subtracted: one operation less than adding -1 times each."""
    plus = [term for term in expr.args if term.as_coeff_Mul()[0] != -1]
    minus = [-term for term in expr.args if term.as_coeff_Mul()[0] == -1]
    text = " + ".join(render_numpy(term, names) for term in plus) or f"-{render_numpy(minus.pop(0), names)}"
    return "(" + " - ".join([text, *(render_numpy(term, names) for term in minus)]) + ")"


def _render_product(expr: sp.Mul, names: Mapping[str, str]) -> str:
    """Factors over divisors, as a reader would write it: one division instead of a power of -1."""
    above = [factor for factor in expr.args if not _is_reciprocal(factor)]
    below = [1 / factor for factor in expr.args if _is_reciprocal(factor)]
    text = " * ".join(render_numpy(factor, names) for factor in above) or "1.0"
    if below:
        text += " / (" + " * ".join(render_numpy(factor, names) for factor in below) + ")"
    return f"({text})"


def _is_reciprocal(factor: sp.Basic) -> bool:
    """Whether a factor is 1/x."""
    return isinstance(factor, sp.Pow) and factor.exp == -1


def _render_power(expr: sp.Pow, names: Mapping[str, str]) -> str:
    """A power; square roots, squares and reciprocals by what is exact and fast."""
    base, exponent = expr.as_base_exp() if expr.exp != -1 else (expr.base, expr.exp)
    if exponent == sp.Rational(1, 2):
        return f"np.sqrt({render_numpy(base, names)})"
    if exponent == -1:
        return f"(1.0 / {render_numpy(base, names)})"
    return f"({render_numpy(base, names)} ** {render_numpy(exponent, names)})"
