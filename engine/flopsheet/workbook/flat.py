"""The graph as a workbook holds it: formulas short enough to read, numbers lifted, every cell with a name."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
import sympy as sp

from flopsheet.derive.compared import curve_of
from flopsheet.derive.resource import ResourceDerivation
from flopsheet.derive.strategy_cells import UNPAID
from flopsheet.evaluate.compile import FloatArray, compile_cells
from flopsheet.evaluate.evaluation import FLAT_BELOW
from flopsheet.evaluate.solution import Solution
from flopsheet.fit.cells import COUNT
from flopsheet.formula.functions import split_choice
from flopsheet.formula.root import Root
from flopsheet.messages import Message
from flopsheet.model.cell import Cell
from flopsheet.model.graph import Graph, build_graph, names_read
from flopsheet.model.inputs import BEYOND
from flopsheet.model.resource_model import ResourceModel
from flopsheet.workbook.names import NameMap, Role, map_names
from flopsheet.workbook.printer import Refer, literals, render_excel
from flopsheet.workbook.root_columns import FOR_NESTED, FOR_ROOTS, inner_of, objective_columns, residual_columns
from flopsheet.workbook.sheet import Formula
from flopsheet.workbook.slopes import list_links
from flopsheet.workbook.split import split_long

DASH = "–"
# Numbers that sheets other than the plan's formulas need: the decade of a logarithmic grid.
_ALWAYS = {sp.Integer(10)}
FLAT_PART = sp.Rational(str(FLAT_BELOW))
"""A plan is flat where its next token is worth less than this part of a fresh one."""
INFINITE = "infinite"


@dataclass(frozen=True)
class FlatModel:
    """The cells of a plan with long formulas split, and their numbers for every scenario.

    `graph` is the plan's graph with helper cells; `numbers` names each literal that formulas need;
    `values[cell id]` has one entry a scenario; `names` are the workbook's names. `partial` are helpers whose formula
    may have no value, since the choice that would leave it out is made where they are read.
    """

    graph: Graph
    numbers: Mapping[sp.Number, str]
    values: Mapping[str, FloatArray]
    names: NameMap
    scenarios: tuple[str, ...]
    partial: frozenset[str]

    @property
    def formulas(self) -> tuple[Cell, ...]:
        """Cells with a formula in each scenario, in computing order."""
        return tuple(cell for cell in self.graph if cell.expr is not None and not cell.is_of_fit)

    @property
    def inputs(self) -> tuple[Cell, ...]:
        """Cells that a plan's key sets: inputs first, then the law's constants."""
        keyed = [cell for cell in self.graph if cell.key is not None]
        return tuple(sorted(keyed, key=lambda cell: cell.kind == "constant"))

    def name(self, cell: Cell) -> str:
        """The name by which formulas on the sheets call a cell: its value in force."""
        roles: Mapping[str, Role] = {"input": "current", "constant": "constant"}
        if cell.kind == "data":
            return self.names.name("input", cell.id)
        role = roles.get(cell.kind, "result") if cell.key else "result"
        return self.names.name(role, cell.id)

    def refer(self, symbol: sp.Symbol) -> str:
        """The name of the cell that a symbol stands for."""
        return self.name(self.graph[symbol.name])

    def refer_number(self, number: sp.Number) -> str:
        """The name of the cell that holds a literal."""
        return self.names.name("result", self.numbers[number])

    def refer_default(self, cell: Cell) -> str:
        """The number of an input that nothing sets: its own, or the one beyond reach."""
        if cell.default is None:
            return self.name(BEYOND)
        return render_excel(_default_of(cell), self.refer, self.refer_number)

    def number(self, cell_id: str, index: int = 0) -> float:
        """The number of a cell in a scenario, of the first one unless said."""
        return float(self.values[cell_id][index])

    def shown(self, cell: Cell, index: int) -> float | str:
        """The value of a cell as the workbook shows it: a word for infinity, a dash for none."""
        value = float(self.values[cell.id][index]) + 0.0
        if math.isnan(value):
            return DASH
        return INFINITE if math.isinf(value) else value


def flatten_model(solution: Solution) -> FlatModel:
    """The workbook's own cells for a solved plan."""
    names_before = _preliminary_names(solution.graph)
    cells: list[Cell] = []
    partial: set[str] = set()
    guarded = {cell.id for cell in solution.graph if cell.guard is not None}
    for cell in solution.graph:
        split = cell.expr is not None and not cell.is_of_fit
        parts = list(_split(cell, names_before)) if split else [cell]
        if cell.guard is not None and names_read(cell) & guarded:
            # What reads cells without a value has none either, however it is cut into parts.
            parts = [*(replace(part, guard=cell.guard) for part in parts[:-1]), parts[-1]]
        cells.extend(parts)
        # Where a guard says that there is no value, the parts of the formula may have none either.
        maybe = cell.kind in {"user", "strategy"} or cell.guard_infinite or (cell.guard or "").startswith(UNPAID)
        if maybe or (cell.expr is not None and cell.expr.has(sp.Piecewise)):
            partial.update(part.id for part in parts[:-1])
    graph = build_graph(cells)
    found = {
        number for cell in graph if cell.expr is not None and cell.id != COUNT for number in _numbers_of(cell)
    } | _ALWAYS
    drawn = (*_compared_curves(solution), *list_iso_flop(solution))
    found |= {number for expr in drawn for number in literals(expr)}
    found |= {number for link in list_links(solution, graph) for number in literals(link.expr)}
    found |= {FLAT_PART} if "fresh_part" in graph else set()
    found |= {number for cell in graph if cell.kind == "input" for number in literals(_default_of(cell))}
    numbers = {number: f"num_{_spell(number)}" for number in sorted(found)}
    given = {name: np.array(values) for name, values in solution.table.values.items()}
    compiled = compile_cells(graph, [cell.id for cell in graph if cell.expr is not None])
    values = {**given, **compiled.evaluate(given)}
    shape = (len(solution.table.scenarios),)
    values = {name: np.broadcast_to(array, shape) for name, array in values.items()}
    for cell in graph:
        if cell.kind == "user" or cell.id in partial:
            values[cell.id] = np.where(np.isfinite(values[cell.id]), values[cell.id], np.nan)
    scenarios = tuple(scenario.slug for scenario in solution.plan.scenarios)
    names = _name_all(graph, numbers, scenarios)
    return FlatModel(graph, numbers, values, names, scenarios, frozenset(partial))


def _default_of(cell: Cell) -> sp.Number:
    """The number of an input that no layer of the plan sets; 0 where it has none."""
    return sp.Rational(str(cell.default or 0))


def _numbers_of(cell: Cell) -> set[sp.Number]:
    """The literals that the formula of a cell needs; for a root those of all the rows that find it."""
    if not isinstance(cell.expr, Root):
        return set(literals(cell.expr))
    columns = [*residual_columns(cell.expr), *objective_columns(cell.expr)]
    nested = FOR_NESTED if inner_of(cell.expr) is not None else frozenset()
    return {*FOR_ROOTS, *nested, *(number for _, expr in columns for number in literals(expr))}


def list_iso_flop(solution: Solution) -> tuple[sp.Expr, ...]:
    """The loss along a budget and the best first decision, for the sheet that draws them; none where it does not.

    With a sum of costs one part can be more than the whole: no loss there. An optimum that is a root takes a
    block of rows of its own for each budget: then the curves alone are drawn.
    """
    derivation, model = solution.derivation, solution.model
    if isinstance(derivation, ResourceDerivation) or isinstance(model, ResourceModel):
        return ()  # one resource: there is nothing to divide a budget between
    if solution.terms is not None and solution.terms.searches:
        return ()  # data, inference and limits bend these curves: the law alone would mislead
    interior = derivation.interior
    x, y = model.decisions
    on_budget = interior.on_budget[y]
    if not on_budget.is_positive or on_budget.has(Root):
        return ()
    loss = model.loss.subs(y, on_budget)
    return (loss,) if interior.budget is not None else (loss, interior.free[x])


def _compared_curves(solution: Solution) -> list[sp.Expr]:
    """The formulas of the curves on the sheet that compares laws."""
    if not solution.compared:
        return []
    others = [curve_of(law.derivation, law.graph)[1] for law in solution.compared]
    every = [curve_of(solution.derivation, solution.graph)[1], *others]
    # A best size that is the root of an equation takes rows of its own for each budget: it is not drawn there.
    return [expr for expr in every if not expr.has(Root)]


def _preliminary_names(graph: Graph) -> Mapping[str, str]:
    """About the names cells will have: what a formula's length is judged by."""
    prefixes = {"input": "c_", "constant": "law_"}
    return {cell.id: prefixes.get(cell.kind, "") + cell.id for cell in graph}


def _split(cell: Cell, names: Mapping[str, str]) -> Iterator[Cell]:
    """A cell, preceded by the helpers that keep its formula short and free of nested choices."""
    expr = cell.expr
    if isinstance(expr, Root):
        yield from _split_root(cell, expr, names)
        return
    if isinstance(expr, sp.Expr) and expr.has(Root):
        inner = _outermost_roots(expr)
        symbols = {}
        for index, root in enumerate(inner, start=1):
            helper = _helper(cell, f"{cell.id}_root_{index}", root, unit="1")
            yield from _split(helper, names)
            symbols[root] = helper.symbol
        expr = expr.xreplace(symbols)
    guarded = cell.guard is not None or cell.kind == "user"
    if guarded and isinstance(expr, sp.Expr) and expr.has(sp.Piecewise):
        helper = _helper(cell, f"{cell.id}_value", expr, unit=cell.unit)
        yield from _split(helper, names)
        expr = helper.symbol
    found = split_long(
        expr, lambda symbol: names.get(symbol.name, symbol.name), lambda number: f"num_{_spell(number)}", prefix=cell.id
    )
    # A branch of a choice is in the unit of the whole; of another part no unit is known.
    branches = split_choice(found.expr)[1:] if isinstance(found.expr, sp.Piecewise) else ()
    for symbol, part in found.helpers:
        unit = cell.unit if symbol in branches else "1"
        yield _helper(cell, symbol.name, part, unit=unit, positive=bool(symbol.is_positive))
    yield Cell(
        cell.id,
        cell.kind,
        cell.unit,
        cell.label,
        found.expr,
        latex=cell.latex,
        place=cell.place,
        positive=cell.positive,
        guard=cell.guard,
        guard_infinite=cell.guard_infinite,
        law=cell.law,
    )


def _outermost_roots(expr: sp.Basic) -> list[Root]:
    """The roots in an expression, without those that stand in another."""
    if isinstance(expr, Root):
        return [expr]
    found = [root for arg in expr.args for root in _outermost_roots(arg)]
    return list(dict.fromkeys(found))


def _split_root(cell: Cell, root: Root, names: Mapping[str, str]) -> Iterator[Cell]:
    """A root, preceded by its ends where they are more than the name of a cell."""
    ends = []
    for end, suffix in ((root.low, "low"), (root.high, "high")):
        if isinstance(end, sp.Symbol):
            ends.append(end)
            continue
        helper = _helper(cell, f"{cell.id}_{suffix}", end, unit="1")
        yield from _split(helper, names)
        ends.append(helper.symbol)
    yield replace(cell, expr=root.func(*root.args[:2], *ends))


def _helper(cell: Cell, cell_id: str, expr: sp.Expr, *, unit: str, positive: bool = False) -> Cell:
    """A helper of a cell: part of its formula in a cell of its own."""
    label = Message("cell.helper", {"what": cell.label})
    return Cell(cell_id, "formula", unit, label, expr, positive=positive, law=cell.law)


def _spell(number: sp.Number) -> str:
    """A number as part of a name: 0.34 is 0_34, 1e24 is 1e24."""
    text = str(number.p) if isinstance(number, sp.Integer) else repr(float(number))
    if len(text) > 12:
        text = f"{float(number):.6g}"
    return text.replace(".", "_").replace("+", "").replace("-", "m")


def _name_all(graph: Graph, numbers: Mapping[sp.Number, str], scenarios: tuple[str, ...]) -> NameMap:
    """Every name of the workbook that stands for a cell of the model."""
    listed: list[tuple[Role, str]] = []
    for cell in graph:
        if cell.key is None:
            listed.append(("input" if cell.kind == "data" else "result", cell.id))
            continue
        key = cell.key.replace(".", "_")
        listed.append(("constant" if cell.kind == "constant" else "current", cell.id))
        listed.append(("input", key))
        if is_overridable(cell):
            listed += [("input", f"{slug}_{key}") for slug in scenarios]
    listed += [("result", name) for name in numbers.values()]
    return map_names(listed)


def is_overridable(cell: Cell) -> bool:
    """Whether scenarios may set this input: all but a strategy's fixed choice and a compared law's constants."""
    return cell.key is not None and not cell.key.startswith(("strategies.", "compare."))


def is_limit(cell: Cell) -> bool:
    """Whether an input may be absent: a limit, or a choice left to the plan."""
    return cell.optional


def excel_formula(
    flat: FlatModel,
    cell: Cell,
    *,
    refer: Refer | None = None,
    index: int = 0,
    root_places: Mapping[str, str] = MappingProxyType({}),
) -> Formula:
    """The formula of a cell, with its guard, and its value in a scenario.

    Args:
        flat: The workbook's cells.
        cell: A cell with a formula.
        refer: How symbols are called; names by default, cells of one column on the sheet of scenarios.
        index: The scenario whose value is stored.
        root_places: The formula of each root, which is found in rows of their own.
    """
    called = refer or flat.refer
    if isinstance(cell.expr, Root):
        return Formula(root_places[cell.id], flat.shown(cell, index))
    text = render_excel(cell.expr, called, flat.refer_number)
    if cell.guard is not None:
        guard = called(flat.graph.symbols[cell.guard])
        # No IF inside an IF: the word comes from a list of two, and a part that is a choice from a list of three.
        otherwise = f'CHOOSE({guard}, "{INFINITE}", "{DASH}")' if cell.guard_infinite else f'"{DASH}"'
        if isinstance(cell.expr, sp.Piecewise):
            text = f'CHOOSE(1 + {guard}, {text}, "{DASH}", "{DASH}")'
        else:
            text = f"IF({guard} = 0, {text}, {otherwise})"
    if cell.kind == "user" or cell.id in flat.partial:
        text = f'IFERROR({text}, "{DASH}")'
    return Formula(text, flat.shown(cell, index))
