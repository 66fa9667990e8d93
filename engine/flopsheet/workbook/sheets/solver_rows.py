"""The rows of the sheet Solver: an unknown, and right of it what residual or objective are made of."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import sympy as sp
from openpyxl.utils.cell import get_column_letter

from flopsheet.evaluate.compile import FloatArray
from flopsheet.formula.root import Root
from flopsheet.model.cell import Cell
from flopsheet.workbook.context import Context
from flopsheet.workbook.flat import DASH
from flopsheet.workbook.printer import render_excel
from flopsheet.workbook.root_columns import (
    AT_FIRST,
    LAST,
    START,
    Columns,
    compile_columns,
    evaluate_columns,
    inner_of,
)
from flopsheet.workbook.sheet import Formula, Sheet

SHAPE = "0.000000000"
_SIZE = "0.000E+00"
# A row that no sheet has stands for the row of a formula until that is known.
_BEYOND_SHEET = 1048577
_ANY_ROW = re.compile(rf"\b([A-Z]{{1,3}}){_BEYOND_SHEET}\b")


@dataclass
class Rows:
    """Writes the rows of one root."""

    context: Context
    root: Root
    _texts: dict[tuple[int, str], list[str]] = field(init=False, default_factory=dict)

    def start(self, column: int, row: int) -> str:
        """Where the steps of a root within the root begin: where those of another row have ended, if they have."""
        first = self.context.flat.refer_number(sp.Integer(AT_FIRST)) if inner_of(self.root) is not None else ""
        return f"IFERROR(1 * {get_column_letter(column)}{row}, {first})" if row else first

    def evaluate_nodes(
        self, reads: Sequence[Cell], objective: Columns, values: Mapping[str, float], at: FloatArray
    ) -> dict[str, FloatArray]:
        """The columns of all nodes; with a root within the root one after the other, each from the one before."""
        compiled, t = compile_columns(self.root, reads, objective), self.root.unknown.name
        if inner_of(self.root) is None:
            return evaluate_columns(compiled, {**values, t: at})
        rows: list[dict[str, FloatArray]] = []
        begin = float(AT_FIRST)
        for node in at:
            rows.append(evaluate_columns(compiled, {**values, t: np.array([node]), START.name: begin}))
            begin = or_first(rows[-1][LAST.name][0])
        return {name: np.array([row[name][0] for row in rows]) for name in rows[0]}

    def put_heads(self, sheet: Sheet, row: int, column: int, heads: Sequence[object]) -> None:
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

    def put_parts(  # noqa: PLR0913 - where, what, and its values
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
        start: str = "",
    ) -> None:
        """The columns right of the unknown in one row; the last one has another value where the formula has none.

        `start` is the formula of the column where the steps of a root within the root begin.
        """
        texts = self._render_parts(column, parts, places)
        for offset, ((symbol, _), template) in enumerate(zip(parts, texts, strict=True), start=1):
            text = _ANY_ROW.sub(rf"\g<1>{row}", template)
            value = float(found[symbol.name][at])
            last = offset == len(parts)
            dash = not last and not np.isfinite(value)
            text = f"IFERROR({text}, {otherwise})" if last else f'IFERROR({text}, "{DASH}")'
            text = start if symbol == START else text
            shape = SHAPE if last and symbol.name == "r" else _SIZE
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
                read = expr if symbol != START else sp.S.Zero  # its formula is that of the row
                text = render_excel(read, lambda s: here[s] if s in here else flat.refer(s), flat.refer_number)
                self._texts[key].append(text)
                here[symbol] = f"{get_column_letter(column + offset)}{_BEYOND_SHEET}"
        return self._texts[key]


def or_first(value: float) -> float:
    """Where the next row begins: here, or anew where nothing was found."""
    return float(value) if np.isfinite(value) else float(AT_FIRST)
