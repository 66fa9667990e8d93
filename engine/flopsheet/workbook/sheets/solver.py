"""The sheet Solver: each number that is the root of an equation, found by halving, live for every scenario."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import sympy as sp
from openpyxl.utils.cell import get_column_letter

from flopsheet.evaluate.compile import FloatArray
from flopsheet.formula.root import HALVINGS, SCAN_NODES, SNAP, Root
from flopsheet.model.cell import Cell
from flopsheet.model.inputs import BEYOND
from flopsheet.workbook.book import Book
from flopsheet.workbook.context import Context, format_of
from flopsheet.workbook.root_columns import (
    BEFORE_LAST,
    CLOSE,
    LAST,
    START,
    Columns,
    compile_columns,
    evaluate_columns,
    inner_of,
    objective_columns,
    residual_columns,
)
from flopsheet.workbook.sheet import FIRST_ROW, Formula, Sheet
from flopsheet.workbook.sheets.solver_result import (
    JUMPS,
    KINK_HALVINGS,
    Kink,
    PutWhole,
    count_more_rows,
    halve,
    list_labels,
    may_jump,
    put_kink,
    put_left_over,
    put_over_best,
    put_result,
)
from flopsheet.workbook.sheets.solver_rows import SHAPE, Rows, or_first

SHEET = "Solver"
_LABEL, _UNIT, _FIRST = 1, 2, 3
_LEFT, _RIGHT, _T, _PARTS = 0, 1, 2, 3


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
    residual: Columns = field(init=False)
    objective: Columns = field(init=False)
    rows: Rows = field(init=False)
    begin: float = field(init=False, default=float("nan"))
    last: Mapping[str, FloatArray] = field(init=False, default_factory=dict)
    is_nested: bool = field(init=False)

    def __post_init__(self) -> None:
        """Take the root apart into columns."""
        assert isinstance(self.cell.expr, Root)  # noqa: S101 - only roots have blocks
        self.root = self.cell.expr
        self.residual, self.objective = residual_columns(self.root), objective_columns(self.root)
        self.rows = Rows(self.context, self.root)
        self.is_nested = inner_of(self.root) is not None
        read = {*self.root.free_symbols, *([BEYOND.symbol] if self.is_nested else [])}
        graph = self.context.flat.graph
        self.reads = tuple(graph[symbol.name] for symbol in sorted(read, key=lambda s: s.name))

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
        return self.halving + HALVINGS + count_more_rows(self.root) + 4

    @property
    def end(self) -> int:
        """The last row: residual and objective are looked at once more at the root, and the root within it."""
        return self.result + (4 if self.objective else 2) + self.is_nested

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
        labels |= {self.halving: "solver_stretch", **list_labels(self.root, self.result)}
        if self.objective:
            labels |= {self.result + 3: "solver_objective_at_root", self.result + 4: "solver_over_best"}
        if self.is_nested:
            labels |= {self.end: "solver_inner"}
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
        rows = {} if may_jump(self.root) or self.root.residual.has(*JUMPS) else {"root": self.result + 2}
        if self.objective:
            rows["root_best"] = self.result + 4
        if self.is_nested:
            rows["root_inner"] = self.end
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
            sheet.put(row, column, Formula(places[end], value), style="formula", number_format=SHAPE)
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
        sheet.put(self.low + 2, column, Formula(text, part), style="formula", number_format=SHAPE)
        self.rows.put_heads(
            sheet, self.scan - 1, column, [self.root.unknown, *(symbol for symbol, _ in self.objective)]
        )
        at: FloatArray = low + (np.arange(SCAN_NODES, dtype=np.float64) + 0.5) * part
        found = self.rows.evaluate_nodes(self.reads, self.objective, values, at)
        whole = self.objective[-1][0].name
        found[whole] = np.where(np.isfinite(found[whole]), found[whole], float(flat.values[BEYOND.id][0]))
        for node in range(SCAN_NODES):
            row = self.scan + 1 + node
            text = f"{letter}${self.low} + ($B{row} - 1 / 2) * {letter}${self.low + 2}"
            sheet.put(row, column, Formula(text, float(at[node])), style="formula", number_format=SHAPE)
            self.rows.put_parts(sheet, row, column, self.objective, places, found, node, otherwise=flat.name(BEYOND),
                                start=self.rows.start(column + self._offset(LAST), row - 1 if node else 0))  # fmt: skip
        last = get_column_letter(column + len(self.objective))
        area = f"{last}${self.scan + 1}:{last}${self.scan + SCAN_NODES}"
        best = int(np.argmin(found[whole])) + 1
        if self.is_nested:
            self.begin = float(found[LAST.name][best - 1])
        sheet.put(self.best, column, Formula(f"MATCH(MIN({area}), {area}, 0)", float(best)), style="formula",
                  number_format="0")  # fmt: skip
        first, second = f"{letter}${self.low}", f"{letter}${self.low + 1}"
        at_best, width = f"{letter}${self.best}", f"{letter}${self.low + 2}"
        left = f"MAX({first}, {first} + ({at_best} - 1 - 1 / 2) * {width})"
        right = f"MIN({second}, {first} + ({at_best} + 1 / 2) * {width})"
        return (left, right), (max(low, low + (best - 1.5) * part), min(high, low + (best + 0.5) * part))

    def _offset(self, symbol: sp.Symbol) -> int:
        """How many columns right of the unknown a column of a root within the root stands."""
        return next((place for place, (each, _) in enumerate(self.residual, start=1) if each == symbol), 0)

    def _start_at_best(self, column: int) -> str:
        """Where the root within the root is sought from at first: its place at the best node."""
        nodes = get_column_letter(column + self._offset(LAST))
        found = f"INDEX({nodes}${self.scan + 1}:{nodes}${self.scan + SCAN_NODES}, "
        return f"IFERROR(1 * {found}{get_column_letter(column)}${self.best}), {self.rows.start(0, 0)})"

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
        self.rows.put_heads(sheet, self.halving - 2, column, ["left", "right", self.root.unknown, *names])
        compiled, whole = compile_columns(self.root, self.reads, self.residual), self.residual[-1][0].name
        middle, close = (left + right) / 2, flat.refer_number(sp.Rational(CLOSE))
        fallback = f"({first}${self.halving} + {second}${self.halving}) / 2"
        begin, last, start = or_first(self.begin), column + _T + self._offset(LAST), self._start_at_best(column)
        kink: Kink | None = None
        kept = (left, right)
        for step in range(HALVINGS + 1):
            row = self.halving + step
            if step:
                columns = (first, second, third, sign)
                left_text, right_text = halve(columns, row - 1, close, None if kink is None else kink.flag)
            if kink is not None and kink.holds:
                left, right = kept
            t, kept = (left + right) / 2, (left, right)
            at = {self.root.unknown.name: np.array([t]), START.name: np.array([begin])}
            found = evaluate_columns(compiled, {**values, **at})
            if not np.isfinite(found[whole][0]):
                found[whole] = np.array([middle - t])
            for offset, text, value in (
                (_LEFT, left_text, left),
                (_RIGHT, right_text, right),
                (_T, f"({first}{row} + {second}{row}) / 2", t),
            ):
                sheet.put(row, column + offset, Formula(text, value), style="formula", number_format=SHAPE)
            self.rows.put_parts(
                sheet,
                row,
                column + _T,
                self.residual,
                places,
                found,
                0,
                otherwise=f"{fallback} - {third}{row}",
                start=self.rows.start(last, row - 1) if step else start,
            )
            begin = or_first(found[LAST.name][0]) if self.is_nested else begin
            if may_jump(self.root) and step == KINK_HALVINGS:
                inner = ((f"{first}${row}", kept[0]), (f"{second}${row}", kept[1]))
                kink = self._put_kink(sheet, column, places, values, inner)
            left, right = t if found[whole][0] >= -CLOSE else left, t if found[whole][0] <= CLOSE else right
        self.begin = begin
        place = (f"{third}{self.halving + HALVINGS}", t)
        if kink is not None:
            place = (f"IF({kink.flag} > 0, {kink.place}, {place[0]})", kink.value if kink.holds else t)
        put_result(sheet, column, (self.low, self.result), place, ends, flat.refer_number(sp.Rational(SNAP)))

    def _put_kink(
        self,
        sheet: Sheet,
        column: int,
        places: Mapping[sp.Symbol, str],
        values: Mapping[str, float],
        stretch: tuple[tuple[str, float], tuple[str, float]],
    ) -> Kink:
        """Whether the root is at a kink, and the rows that tell."""
        close = self.context.flat.refer_number(sp.Rational(CLOSE))
        put = [self._put_wholes(sheet, column, places, values, parts) for parts in (self.residual, self.objective)]
        return put_kink(sheet, column, self.result, stretch, (put[0], put[1]), close)

    def _put_wholes(
        self,
        sheet: Sheet,
        column: int,
        places: Mapping[sp.Symbol, str],
        values: Mapping[str, float],
        parts: list[tuple[sp.Symbol, sp.Expr]],
    ) -> PutWhole:
        """What puts the columns of the residual, or of the objective, at a place into a row."""
        compiled, whole = compile_columns(self.root, self.reads, parts), parts[-1][0].name
        flat, here = self.context.flat, column + (_T if parts is self.residual else 0)
        start = self.rows.start(column + _T + self._offset(LAST), self.halving + HALVINGS)

        def put(row: int, text: str, t: float, otherwise: tuple[str, float] | None = None) -> tuple[str, float]:
            """One row; where the whole has no value it is `otherwise`, beyond reach when that is not given."""
            name, number = otherwise or (flat.name(BEYOND), float(flat.values[BEYOND.id][0]))
            at = {self.root.unknown.name: np.array([t]), START.name: np.array([or_first(self.begin)])}
            found = evaluate_columns(compiled, {**values, **at})
            self.last = found
            found[whole] = np.where(np.isfinite(found[whole]), found[whole], number)
            sheet.put(row, here, Formula(text, t), style="formula", number_format=SHAPE)
            self.rows.put_parts(sheet, row, here, parts, places, found, 0, otherwise=name, start=start)
            return f"{get_column_letter(here + len(parts))}${row}", float(found[whole][0])

        return put

    def _put_proof(
        self, sheet: Sheet, column: int, places: Mapping[sp.Symbol, str], values: Mapping[str, float]
    ) -> None:
        """Residual and objective at the root: what the one leaves over, and the other over that of the best node."""
        row = self.result + 1
        if not may_jump(self.root):  # beside a jump rounding would decide on which side of it the root stands
            put_left_over(sheet, column, self.result, self._put_wholes(sheet, column, places, values, self.residual))
        if self.is_nested:
            ended, before = (get_column_letter(column + _T + self._offset(symbol)) for symbol in (LAST, BEFORE_LAST))
            number = float(self.last[LAST.name][0] - self.last[BEFORE_LAST.name][0])
            step = Formula(f"{ended}{row} - {before}{row}", number)
            sheet.put(self.end, column, step, style="formula", number_format="0.00E+00")
        if self.objective:
            put_over_best(
                sheet,
                column,
                self.result,
                self._put_wholes(sheet, column, places, values, self.objective),
                (self.scan + 1, self.scan + SCAN_NODES),
                signed=self.context.is_signed(self.cell),
            )
