"""The sheet Solver: each number that is the root of an equation, found by halving, live for every scenario."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import sympy as sp
from openpyxl.utils.cell import get_column_letter

from flopsheet.evaluate.compile import FloatArray
from flopsheet.formula.root import HALVINGS, SCAN_NODES, SNAP, Root, has_comparisons
from flopsheet.model.cell import Cell
from flopsheet.model.inputs import BEYOND
from flopsheet.workbook.book import Book
from flopsheet.workbook.context import Context, format_of
from flopsheet.workbook.flat import DASH
from flopsheet.workbook.printer import render_excel
from flopsheet.workbook.root_columns import CLOSE, compile_columns, evaluate_columns, list_columns
from flopsheet.workbook.sheet import FIRST_ROW, Formula, Sheet, over_best
from flopsheet.workbook.styles import StyleName

SHEET = "Solver"
_LABEL, _UNIT, _FIRST = 1, 2, 3
_SHAPE, _SIZE = "0.000000000", "0.000E+00"
_LEFT, _RIGHT, _T, _PARTS = 0, 1, 2, 3
# A row that no sheet has stands for the row of a formula until that is known.
_BEYOND_SHEET = 1048577
_ANY_ROW = re.compile(rf"\b([A-Z]{{1,3}}){_BEYOND_SHEET}\b")


def list_roots(context: Context) -> tuple[Cell, ...]:
    """The cells that are roots, in computing order."""
    return tuple(cell for cell in context.flat.formulas if isinstance(cell.expr, Root))


def plan_roots(context: Context) -> None:
    """Decide where each root will stand, before the sheets that read it are filled."""
    row = FIRST_ROW
    for cell in list_roots(context):
        block = _Block(context, cell, row)
        context.root_rows[cell.id] = (row, block.result)
        context.root_widths[cell.id] = block.width
        row = block.end + 2


def place_of_root(context: Context, cell: Cell, index: int) -> str:
    """The formula that reads a root of a scenario."""
    _, result = context.root_rows[cell.id]
    column = _FIRST + index * context.root_widths[cell.id]
    return f"{SHEET}!${get_column_letter(column)}${result}"


def add_solver(book: Book, context: Context) -> Sheet | None:
    """A block for each root: what it reads, the nodes that are compared, the halvings, and the root; None without."""
    cells = list_roots(context)
    if not cells:
        return None
    sheet = book.sheet(SHEET, context.t("workbook.solver"), context.t("contents.solver"))
    for cell in cells:
        _Block(context, cell, context.root_rows[cell.id][0]).put(sheet)
    sheet.set_width(_LABEL, 44.0)
    sheet.set_width(_UNIT, 17.0)
    sheet.freeze(FIRST_ROW, _UNIT + 1)
    # Side by side all scenarios would be too small to read on paper: the first one prints, each root on its pages.
    sheet.print_to(max(_FIRST + context.root_widths[cell.id] - 2 for cell in cells))
    for cell in cells[1:]:
        sheet.break_before(context.root_rows[cell.id][0])
    return sheet


@dataclass
class _Block:
    """One root for every scenario, side by side."""

    context: Context
    cell: Cell
    start: int
    root: Root = field(init=False)
    reads: tuple[Cell, ...] = field(init=False)
    residual: list[tuple[sp.Symbol, sp.Expr]] = field(init=False)
    objective: list[tuple[sp.Symbol, sp.Expr]] = field(init=False)
    _texts: dict[tuple[int, str], list[str]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        """Take the root apart into columns."""
        assert isinstance(self.cell.expr, Root)  # noqa: S101 - only roots have blocks
        self.root = self.cell.expr
        self.residual = list_columns(self.root.residual, "r")
        self.objective = [] if self.root.is_single else list_columns(self.root.objective, "o")
        graph = self.context.flat.graph
        self.reads = tuple(graph[symbol.name] for symbol in sorted(self.root.free_symbols, key=lambda s: s.name))

    @property
    def width(self) -> int:
        """Columns of a scenario, with a gap."""
        return _PARTS + max(len(self.residual), len(self.objective) - _T) + 1

    @property
    def low(self) -> int:
        """The row of the left end; the right end and the width of a part stand below."""
        return self.start + 2 + len(self.reads)

    @property
    def scan(self) -> int:
        """The row above the nodes, with the units of the columns."""
        return self.low + 5

    @property
    def best(self) -> int:
        """The row of the best node."""
        return self.scan + SCAN_NODES + 2 if self.objective else self.low + 2

    @property
    def halving(self) -> int:
        """The row of the whole stretch, above its halvings."""
        return self.best + 4

    @property
    def result(self) -> int:
        """The row of the root."""
        return self.halving + HALVINGS + 4

    @property
    def end(self) -> int:
        """The last row: residual and objective are looked at once more at the root."""
        return self.result + (4 if self.objective else 2)

    def put(self, sheet: Sheet) -> None:
        """Fill the block."""
        context, t = self.context, self.context.t
        sheet.put(self.start, _LABEL, context.label(self.cell), style="section")
        labels = {self.low: "solver_low", self.low + 1: "solver_high", self.low + 2: "solver_part"}
        for row, read in enumerate(self.reads, start=self.start + 2):
            sheet.put(row, _LABEL, context.label(read))
            sheet.put(row, _UNIT, read.unit, style="unit")
        if self.objective:
            labels |= {self.best: "solver_best"}
            for node in range(1, SCAN_NODES + 1):
                sheet.put(self.scan + node, _LABEL, t("workbook.solver_node", number=node))
                sheet.put(self.scan + node, _UNIT, float(node), style="constant", number_format="0")
        else:
            labels.pop(self.low + 2)
        labels |= {
            self.halving: "solver_stretch",
            self.result - 3: "solver_middle",
            self.result - 2: "solver_at_low",
            self.result - 1: "solver_at_high",
            self.result: "solver_root",
            self.result + 1: "solver_at_root",
            self.result + 2: "solver_left_over",
        }
        if self.objective:
            labels |= {self.result + 3: "solver_objective_at_root", self.result + 4: "solver_over_best"}
        for row, key in labels.items():
            sheet.put(row, _LABEL, t(f"workbook.{key}"))
            sheet.put(row, _UNIT, "1", style="unit")
        for step in range(1, HALVINGS + 1):
            sheet.put(self.halving + step, _LABEL, t("workbook.solver_halving", number=step))
            sheet.put(self.halving + step, _UNIT, "1", style="unit")
        for index in range(len(context.flat.scenarios)):
            self._put_scenario(sheet, index)
        self._note_checks(sheet)

    def _note_checks(self, sheet: Sheet) -> None:
        """Tell the sheet of checks what a root leaves over, unless it may be a jump, and its worth beside the nodes."""
        rows = {} if has_comparisons(self.root.residual) else {"root": self.result + 2}
        if self.objective:
            rows["root_best"] = self.result + 4
        columns = [_FIRST + index * self.width for index in range(len(self.context.flat.scenarios))]
        for key, row in rows.items():
            place = f"{SHEET}!${get_column_letter(_FIRST)}${row}:${get_column_letter(columns[-1])}${row}"
            values = [float(sheet.cached(row, column)) for column in columns]
            self.context.root_checks.append((self.cell.id, key, place, values))

    def _put_scenario(self, sheet: Sheet, index: int) -> None:
        """The rows of one scenario."""
        context, flat = self.context, self.context.flat
        column = _FIRST + index * self.width
        letter = get_column_letter(column)
        values = {cell.id: float(flat.values[cell.id][index]) for cell in self.reads}
        sheet.put(self.start + 1, column, context.titles[index], style="header_right")
        places: dict[sp.Symbol, str] = {}
        source = get_column_letter(context.first_column + index)
        for row, read in enumerate(self.reads, start=self.start + 2):
            places[read.symbol] = f"{letter}${row}"
            at = context.rows.get(read.id)
            text = flat.name(read) if at is None else f"Scenarios!${source}${at}"
            shape = format_of(read, values[read.id])
            sheet.put(row, column, Formula(text, values[read.id]), style="formula", number_format=shape)
        low, high = (values[end.name] for end in (self.root.low, self.root.high))
        for row, end, value in ((self.low, self.root.low, low), (self.low + 1, self.root.high, high)):
            sheet.put(row, column, Formula(places[end], value), style="formula", number_format=_SHAPE)
        stretch = (f"{letter}${self.low}", f"{letter}${self.low + 1}")
        left, right = low, high
        texts = stretch
        if self.objective:
            texts, (left, right) = self._put_scan(sheet, column, places, values, (low, high))
        self._put_halvings(sheet, column, places, values, (texts, (left, right)), (low, high))
        self._put_proof(sheet, column, places, values)
        first, last = self.start + 2, self.end
        end_letter = get_column_letter(column + self.width - 2)
        context.checked.append(f"{SHEET}!${letter}${first}:${end_letter}${last}")

    def _put_scan(
        self,
        sheet: Sheet,
        column: int,
        places: Mapping[sp.Symbol, str],
        values: Mapping[str, float],
        ends: tuple[float, float],
    ) -> tuple[tuple[str, str], tuple[float, float]]:
        """The objective at every node, and the stretch around the best one."""
        flat = self.context.flat
        letter = get_column_letter(column)
        low, high = ends
        nodes = flat.refer_number(sp.Integer(SCAN_NODES))
        part = (high - low) / SCAN_NODES
        text = f"({letter}${self.low + 1} - {letter}${self.low}) / {nodes}"
        sheet.put(self.low + 2, column, Formula(text, part), style="formula", number_format=_SHAPE)
        self._put_heads(sheet, self.scan - 1, column, [self.root.unknown, *(symbol for symbol, _ in self.objective)])
        at: FloatArray = low + (np.arange(SCAN_NODES, dtype=np.float64) + 0.5) * part
        found = evaluate_columns(
            compile_columns(self.root, self.reads, self.objective), {**values, self.root.unknown.name: at}
        )
        whole = self.objective[-1][0].name
        found[whole] = np.where(np.isfinite(found[whole]), found[whole], float(flat.values[BEYOND.id][0]))
        for node in range(SCAN_NODES):
            row = self.scan + 1 + node
            text = f"{letter}${self.low} + ($B{row} - 1 / 2) * {letter}${self.low + 2}"
            sheet.put(row, column, Formula(text, float(at[node])), style="formula", number_format=_SHAPE)
            self._put_parts(sheet, row, column, self.objective, places, found, node, otherwise=flat.name(BEYOND))
        last = get_column_letter(column + len(self.objective))
        area = f"{last}${self.scan + 1}:{last}${self.scan + SCAN_NODES}"
        best = int(np.argmin(found[whole])) + 1
        sheet.put(self.best, column, Formula(f"MATCH(MIN({area}), {area}, 0)", float(best)), style="formula",
                  number_format="0")  # fmt: skip
        first, second = f"{letter}${self.low}", f"{letter}${self.low + 1}"
        at_best, width = f"{letter}${self.best}", f"{letter}${self.low + 2}"
        left = f"MAX({first}, {first} + ({at_best} - 1 - 1 / 2) * {width})"
        right = f"MIN({second}, {first} + ({at_best} + 1 / 2) * {width})"
        return (left, right), (max(low, low + (best - 1.5) * part), min(high, low + (best + 0.5) * part))

    def _put_halvings(
        self,
        sheet: Sheet,
        column: int,
        places: Mapping[sp.Symbol, str],
        values: Mapping[str, float],
        stretch: tuple[tuple[str, str], tuple[float, float]],
        ends: tuple[float, float],
    ) -> None:
        """The stretch halved again and again towards the side on which the residual changes its sign."""
        flat = self.context.flat
        (left_text, right_text), (left, right) = stretch
        first, second, third = (get_column_letter(column + offset) for offset in (_LEFT, _RIGHT, _T))
        sign = get_column_letter(column + _PARTS + len(self.residual) - 1)
        names = [symbol for symbol, _ in self.residual]
        self._put_heads(sheet, self.halving - 2, column, ["left", "right", self.root.unknown, *names])
        compiled, whole = compile_columns(self.root, self.reads, self.residual), self.residual[-1][0].name
        middle, close = (left + right) / 2, flat.refer_number(sp.Rational(CLOSE))
        fallback = f"({first}${self.halving} + {second}${self.halving}) / 2"
        for step in range(HALVINGS + 1):
            row = self.halving + step
            if step:
                above = row - 1
                left_text = f"IF({sign}{above} >= -1 * {close}, {third}{above}, {first}{above})"
                right_text = f"IF({sign}{above} <= {close}, {third}{above}, {second}{above})"
            t = (left + right) / 2
            found = evaluate_columns(compiled, {**values, self.root.unknown.name: np.array([t])})
            if not np.isfinite(found[whole][0]):
                found[whole] = np.array([middle - t])
            for offset, text, value in (
                (_LEFT, left_text, left),
                (_RIGHT, right_text, right),
                (_T, f"({first}{row} + {second}{row}) / 2", t),
            ):
                sheet.put(row, column + offset, Formula(text, value), style="formula", number_format=_SHAPE)
            self._put_parts(
                sheet, row, column + _T, self.residual, places, found, 0, otherwise=f"{fallback} - {third}{row}"
            )
            left, right = t if found[whole][0] >= -CLOSE else left, t if found[whole][0] <= CLOSE else right
        self._put_result(sheet, column, t, ends, flat.refer_number(sp.Rational(SNAP)))

    def _put_result(self, sheet: Sheet, column: int, t: float, ends: tuple[float, float], snap: str) -> None:
        """The root, at an end of the range where the halvings ran into it."""
        letter, third = get_column_letter(column), get_column_letter(column + _T)
        low, high = ends
        first, second = f"{letter}${self.low}", f"{letter}${self.low + 1}"
        span = f"{snap} * ({second} - {first})"
        room = SNAP * (high - low)
        at_low, at_high = float(t <= low + room), float(t >= high - room)
        row = self.result - 3
        inside = f"({letter}{row + 2} * {second} + (1 - {letter}{row + 2}) * {letter}{row})"
        rows: Sequence[tuple[str, float, str]] = (
            (f"{third}{self.halving + HALVINGS}", t, _SHAPE),
            (f"IF({letter}{row} <= {first} + {span}, 1, 0)", at_low, "0"),
            (f"IF({letter}{row} >= {second} - {span}, 1, 0)", at_high, "0"),
            (
                f"{letter}{row + 1} * {first} + (1 - {letter}{row + 1}) * {inside}",
                low if at_low else high if at_high else t,
                _SHAPE,
            ),
        )
        for offset, (text, value, shape) in enumerate(rows):
            style: StyleName = "result" if offset == len(rows) - 1 else "formula"
            sheet.put(row + offset, column, Formula(text, value), style=style, number_format=shape)

    def _put_proof(
        self, sheet: Sheet, column: int, places: Mapping[sp.Symbol, str], values: Mapping[str, float]
    ) -> None:
        """Residual and objective at the root: what the one leaves over, and the other over that of the best node."""
        flat, letter = self.context.flat, get_column_letter(column)
        root = float(sheet.cached(self.result, column))
        at: dict[str, npt.ArrayLike] = {**values, self.root.unknown.name: np.array([root])}
        found, row = evaluate_columns(compile_columns(self.root, self.reads, self.residual), at), self.result + 1
        whole = self.residual[-1][0].name
        found[whole] = np.where(np.isfinite(found[whole]), found[whole], float(flat.values[BEYOND.id][0]))
        sheet.put(row, column + _T, Formula(f"{letter}${self.result}", root), style="formula", number_format=_SHAPE)
        self._put_parts(sheet, row, column + _T, self.residual, places, found, 0, otherwise=flat.name(BEYOND))
        last = get_column_letter(column + _PARTS + len(self.residual) - 1)
        share = math.prod(1 - float(sheet.cached(self.result - back, column)) for back in (2, 1))
        left_over = Formula(
            f"(1 - {letter}{row - 3}) * (1 - {letter}{row - 2}) * {last}{row}", share * float(found[whole][0])
        )
        sheet.put(row + 1, column, left_over, style="formula", number_format="0.00E+00")
        if not self.objective:
            return
        found, row = evaluate_columns(compile_columns(self.root, self.reads, self.objective), at), self.result + 3
        whole = self.objective[-1][0].name
        found[whole] = np.where(np.isfinite(found[whole]), found[whole], float(flat.values[BEYOND.id][0]))
        sheet.put(row, column, Formula(f"{letter}${self.result}", root), style="formula", number_format=_SHAPE)
        self._put_parts(sheet, row, column, self.objective, places, found, 0, otherwise=flat.name(BEYOND))
        last = get_column_letter(column + len(self.objective))
        least = f"MIN({last}${self.scan + 1}:{last}${self.scan + SCAN_NODES})"
        scanned = range(self.scan + 1, self.scan + SCAN_NODES + 1)
        best = min(float(sheet.cached(node, column + len(self.objective))) for node in scanned)
        over = over_best(f"{last}{row}", least, float(found[whole][0]), best, self.context.is_signed(self.cell))
        sheet.put(row + 1, column, over, style="formula", number_format="0.00E+00")

    def _put_heads(self, sheet: Sheet, row: int, column: int, heads: Sequence[object]) -> None:
        """The heads of the columns."""
        for offset, head in enumerate(heads):
            text = self.context.t(f"workbook.solver_{head}") if isinstance(head, str) else self._head(str(head))
            sheet.put(row, column + offset, text, style="header_right")
            sheet.put(row + 1, column + offset, self._unit(str(head)), style="unit")

    def _unit(self, name: str) -> str:
        """The unit of a column: that of a decision, else none; parts of formulas have what their formula makes."""
        model = self.context.solution.model
        return next((model.decision(z).unit for z in model.decisions if z.name == name), "1")

    def _head(self, name: str) -> str:
        """What a column is called: its unknown, a decision, or a part of residual or objective."""
        known = {"r": "solver_residual", "o": "solver_objective"}
        return self.context.t(f"workbook.{known[name]}") if name in known else name

    def _put_parts(  # noqa: PLR0913 - where, what, and its values
        self,
        sheet: Sheet,
        row: int,
        column: int,
        parts: Sequence[tuple[sp.Symbol, sp.Expr]],
        places: Mapping[sp.Symbol, str],
        found: Mapping[str, FloatArray],
        at: int,
        *,
        otherwise: str,
    ) -> None:
        """The columns right of the unknown in one row; the last one has another value where the formula has none."""
        texts = self._render_parts(column, parts, places)
        for offset, ((symbol, _), template) in enumerate(zip(parts, texts, strict=True), start=1):
            text = _ANY_ROW.sub(rf"\g<1>{row}", template)
            value = float(found[symbol.name][at])
            last = offset == len(parts)
            dash = not last and not np.isfinite(value)
            text = f"IFERROR({text}, {otherwise})" if last else f'IFERROR({text}, "{DASH}")'
            shape = _SHAPE if last and parts is self.residual else _SIZE
            sheet.put(
                row, column + offset, Formula(text, DASH if dash else value), style="formula", number_format=shape
            )

    def _render_parts(
        self, column: int, parts: Sequence[tuple[sp.Symbol, sp.Expr]], places: Mapping[sp.Symbol, str]
    ) -> list[str]:
        """The formulas right of the unknown in any row: one rendering for all rows, which differ in its number only."""
        key = (column, parts[-1][0].name)
        if key not in self._texts:
            flat = self.context.flat
            here = {**places, self.root.unknown: f"{get_column_letter(column)}{_BEYOND_SHEET}"}
            self._texts[key] = []
            for offset, (symbol, expr) in enumerate(parts, start=1):
                text = render_excel(expr, lambda s: here[s] if s in here else flat.refer(s), flat.refer_number)
                self._texts[key].append(text)
                here[symbol] = f"{get_column_letter(column + offset)}{_BEYOND_SHEET}"
        return self._texts[key]
