"""Where a number comes from: its formula with the cells that it reads, down to the lines that set the inputs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final, Literal

import mpmath
import sympy as sp

from flopsheet.errors import Place
from flopsheet.evaluate.solution import Solution
from flopsheet.formula.decide import Case, decide
from flopsheet.formula.mp_value import mp_value
from flopsheet.formula.print import render_formula
from flopsheet.formula.unfold import Formula, Local, Search, Unfolded, unfold
from flopsheet.model.cell import Cell
from flopsheet.model.graph import names_read
from flopsheet.plan.plan import CATALOGUE, DEFAULT, Source, Sourced

NAME: Final = re.compile(r"(?<![\w.])[A-Za-z_]\w*(?!\w*\()")
"""A name in a formula that is no function."""
_DIGITS = 20
"""Digits of steps within a formula: some more than the doubles of the cells have."""

OriginKind = Literal["plan", "catalogue", "assumed", "law", "runs", "repetition", "tool", "unset"]


@dataclass(frozen=True)
class Origin:
    """What set an input or constant.

    `plan` is a line of a plan file or --set, `catalogue` a figure of the accelerator named at the place, `assumed` a
    default of the tool, `law` and `repetition` a line of such a file, `runs` a row of training runs, `tool` a number
    of the tool itself; `unset` is a limit that nothing sets. `text` is the value as written, or the name looked up.
    """

    kind: OriginKind
    place: Place | None = None
    layer: str = ""
    text: str = ""
    source: Source | None = None


@dataclass(frozen=True)
class Step:
    """A cell with its number in one scenario, and what makes it.

    An input or constant has an `origin`; anything else a formula: `where` are its own steps, `shown` the formula with
    only the cases that hold, `cases` which they are. `decides` are the cells that make the number what it is, `beside`
    those that are only read: conditions, cases that do not hold, what is not the least of several. `values` are the
    numbers of steps of the formula, where they have one. A number of nan is none.
    """

    cell: Cell
    value: float
    origin: Origin | None = None
    unfolded: Unfolded | None = None
    shown: Formula | None = None
    cases: tuple[Case, ...] = ()
    decides: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()
    values: Mapping[str, float] = field(default_factory=dict)

    @property
    def reads(self) -> tuple[str, ...]:
        """All cells that it reads, those first that decide."""
        return (*self.decides, *self.beside)

    @property
    def is_unset(self) -> bool:
        """Whether it is a limit that nothing sets."""
        return self.origin is not None and self.origin.kind == "unset"


@dataclass(frozen=True)
class Explanation:
    """A cell of a plan in one scenario, with the steps of every cell that it reads, directly or not, by id."""

    solution: Solution
    index: int
    root: str
    steps: Mapping[str, Step]

    @property
    def scenario(self) -> str:
        """The name of the scenario."""
        return self.solution.answers[self.index].name

    def below(self, cell_ids: Iterable[str], *, deciding: bool = False) -> list[str]:
        """The cells given and all that they read, each once; with `deciding` only what decides."""
        found: dict[str, None] = {}
        waiting = list(cell_ids)
        while waiting:
            name = waiting.pop(0)
            if name not in found:
                found[name] = None
                step = self.steps[name]
                waiting += step.decides if deciding else step.reads
        return list(found)


def explain_cell(solution: Solution, cell_id: str, index: int) -> Explanation:
    """The steps that lead to the number of a cell in a scenario.

    Args:
        solution: The solved plan.
        cell_id: A cell of its graph.
        index: The number of the scenario, from 0.
    """
    return Explanation(solution, index, cell_id, list_steps(solution, [cell_id], index))


def list_steps(solution: Solution, cell_ids: Iterable[str], index: int) -> dict[str, Step]:
    """The steps of cells and of all that they read in a scenario, by id, those first that read the others."""
    graph = solution.graph
    numbers = {cell.id: solution.evaluation.value(cell.id, index) for cell in graph}
    with mpmath.workdps(_DIGITS):
        env = {cell.symbol: mpmath.mpf(numbers[cell.id]) for cell in graph}
        return {
            cell.id: _step(cell, numbers[cell.id], env, solution, index) for cell in reversed(graph.needed(cell_ids))
        }


@lru_cache(maxsize=1024)
def _unfold(expr: sp.Expr, taken: frozenset[str]) -> Unfolded:
    """The formula of a cell, the same in every scenario, over symbols alone."""
    return unfold(expr, taken)


@lru_cache(maxsize=4096)
def formula_text(expr: sp.Basic) -> str:
    """An expression in the formula language; to print a long one takes longer than to compute it."""
    return render_formula(expr)


def _step(cell: Cell, value: float, env: Mapping[sp.Symbol, Any], solution: Solution, index: int) -> Step:
    """One cell with what makes it."""
    if cell.expr is None:
        return Step(cell, value, origin=find_origin(solution, cell, index))
    unfolded = _unfold(cell.expr, frozenset(solution.graph.by_id))
    known, values = _work_out(unfolded, env, value)
    shown: Formula = unfolded.formula
    cases: tuple[Case, ...] = ()
    read = {symbol.name for symbol in unfolded.free_symbols}
    deciding = set(read)
    if not isinstance(unfolded.formula, Search):
        try:
            found = decide(unfolded.formula, known)
            shown, cases = found.expr, found.cases
            deciding = _deciding(decide(unfolded.formula, known, extremes=True).expr, unfolded) or read
        except (ValueError, ArithmeticError, KeyError):
            pass  # a number that it reads is missing, so that it has none itself: all of it is shown
    if cell.guard is not None:
        given = env[solution.graph[cell.guard].symbol]
        deciding = deciding - {cell.guard} if given == 0 else {cell.guard}
    order = {name: place for place, name in enumerate(_in_order(shown, unfolded))}
    every = sorted(names_read(cell), key=lambda name: (order.get(name, len(order)), name))
    return Step(
        cell,
        value,
        unfolded=unfolded,
        shown=shown,
        cases=cases,
        decides=tuple(name for name in every if name in deciding),
        beside=tuple(name for name in every if name not in deciding),
        values=values,
    )


def _work_out(
    unfolded: Unfolded, env: Mapping[sp.Symbol, Any], value: float
) -> tuple[dict[sp.Symbol, Any], dict[str, float]]:
    """All numbers with those of a formula's own steps, and the latter by name; at a root those at the root."""
    known, values = dict(env), {}
    steps = list(unfolded.where)
    if isinstance(unfolded.formula, Search):
        known[unfolded.formula.unknown] = mpmath.mpf(value)
        steps += unfolded.formula.where
    for step in steps:
        try:
            known[step.symbol] = _number(step, known)
            values[step.symbol.name] = float(known[step.symbol])
        except (ValueError, ArithmeticError, KeyError, TypeError):
            continue
    return known, values


def _number(step: Local, env: Mapping[sp.Symbol, Any]) -> Any:  # noqa: ANN401 - mpmath numbers have no type
    """The number of a step of a formula."""
    return step.value.root.mp_solve(env) if isinstance(step.value, Search) else mp_value(step.value, env)


def _deciding(expr: sp.Expr, unfolded: Unfolded) -> set[str]:
    """The cells that a formula with only what holds reads, through its own steps too."""
    found = set(expr.free_symbols)
    for step in reversed(unfolded.where):
        if step.symbol in found:
            found = (found - {step.symbol}) | step.value.free_symbols
    return {symbol.name for symbol in found}


def _in_order(shown: Formula, unfolded: Unfolded) -> list[str]:
    """Names in the order in which a reader meets them, first in what is shown, then in the rest."""
    texts = [
        text
        for formula in (shown, *(local.value for local in unfolded.where), unfolded.formula)
        for text in list_texts(formula)
    ]
    return list(dict.fromkeys(name for text in texts for name in NAME.findall(text)))


def list_texts(formula: Formula) -> list[str]:
    """A formula in the formula language; of a root its ends, its steps and its condition."""
    if not isinstance(formula, Search):
        return [formula_text(formula)]
    inner = [text for local in formula.where for text in list_texts(local.value)]
    return [formula_text(formula.low), formula_text(formula.high), *inner, formula_text(formula.condition)]


def find_origin(solution: Solution, cell: Cell, index: int) -> Origin:
    """What set an input or constant in a scenario."""
    given = solution.table.sources.get(cell.key or "", (None,) * (index + 1))[index]
    repetition = solution.plan.scenarios[index].repetition
    worn = None if repetition is None else repetition.constants.get("decay")
    if worn is not None and repetition is not None and _is_default_decay(cell, given):
        return Origin("repetition", worn.place, repetition.name, source=repetition.source)
    if given is not None and given.value is not None:
        return _origin_of(given)
    if cell.kind == "data":
        return _origin_of_run(solution, cell)
    if cell.key is not None and cell.key.startswith("strategies."):
        slug = cell.key.split(".")[1]
        place = next((each.place for each in solution.plan.strategies if each.slug == slug), None)
        return Origin("plan", place, "" if place is None else place.file)
    constant = solution.constants.get(cell.id)
    if constant is not None:
        laws = {law.name: law.model.law for law in solution.compared}
        law = laws.get(cell.law, solution.model.law)
        return Origin("law", constant.place, law.name, source=law.source)
    if cell.default is not None:
        # Data that are not limited and phases that a scenario does without have a number that changes nothing.
        if cell.place is not None and repetition is not None:
            return Origin("repetition", cell.place, repetition.name, source=repetition.source)
        return Origin("assumed", cell.place, DEFAULT)
    removed = None if given is None else given.place
    return Origin("tool" if cell.key is None else "unset", removed, "" if removed is None else removed.file)


def _is_default_decay(cell: Cell, given: Sourced | None) -> bool:
    """Whether a cell says how fast repetition wears off, and no line of the plan does."""
    unsaid = given is None or given.value is None or given.layer == DEFAULT
    return unsaid and cell.key is not None and cell.key.startswith("data.") and cell.key.endswith(".decay")


def _origin_of(given: Sourced) -> Origin:
    """The origin of a number that the plan holds."""
    if given.layer == CATALOGUE:
        return Origin("catalogue", given.place, CATALOGUE, given.text)
    if given.layer == DEFAULT:
        return Origin("assumed", given.place, DEFAULT, given.text)
    return Origin("plan", given.place, given.layer, given.text)


def _origin_of_run(solution: Solution, cell: Cell) -> Origin:
    """The line of the file of runs that holds a number."""
    stem, _, number = cell.id.rpartition("_")
    runs = None if solution.fit is None else solution.fit.runs
    if runs is None or not number.isdigit() or not stem:
        return Origin("runs")
    return Origin("runs", Place(runs.file, runs.runs[int(number) - 1].line, 1), runs.file)
