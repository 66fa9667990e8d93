"""The rows below the halvings of a root: its place, at an end where it ran into one, and beside a kink the kink."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import sympy as sp
from openpyxl.utils.cell import column_index_from_string, get_column_letter

from flopsheet.formula.root import SNAP, Root, has_comparisons
from flopsheet.workbook.root_columns import CLOSE, inner_of
from flopsheet.workbook.sheet import Formula, Sheet, over_best
from flopsheet.workbook.styles import StyleName

_SHAPE, _SMALL = "0.000000000", "0.00E+00"
JUMPS = (sp.Piecewise, sp.Heaviside, sp.sign)
"""What a residual may jump at; a minimum or maximum only bends."""
KINK_HALVINGS = 30
"""Halvings after which a root that may be at a kink is looked at.

There the residual jumps, and rounding would decide on which side of the jump the last few halvings stand: where there
is one they rest at a stretch that is wide beside rounding, and the place within it is computed from the objective.
"""
_KINK_ROWS = 6
# Beside a kink: the last stretch, and one of its width on either side of it.
_OBJECTIVES = ("solver_before_left", "solver_at_left", "solver_at_right", "solver_beyond_right")


class PutWhole(Protocol):
    """Puts the columns of residual or objective at a place into a row; returns their whole, reference and number."""

    def __call__(self, row: int, text: str, t: float, otherwise: tuple[str, float] | None = None) -> tuple[str, float]:
        """Put them for the place `t`, whose formula is `text`."""


def may_jump(root: Root) -> bool:
    """Whether the residual may fall through zero by a jump: at a kink of a law, or where another limit takes over."""
    return root.is_kinked or (not root.is_single and inner_of(root) is None and has_comparisons(root.residual))


def count_more_rows(root: Root) -> int:
    """The rows between the halvings and the place that only a root at a kink has."""
    return _KINK_ROWS if may_jump(root) else 0


def list_labels(root: Root, result: int) -> dict[int, str]:
    """The labels of the rows below the halvings, by row."""
    found = {
        result - 3: "solver_middle",
        result - 2: "solver_at_low",
        result - 1: "solver_at_high",
        result: "solver_root",
        result + 1: "solver_at_root",
        result + 2: "solver_left_over",
    }
    if may_jump(root):
        first = result - 3 - _KINK_ROWS
        found |= {first + offset: key for offset, key in enumerate(_OBJECTIVES)}
        found |= {
            first + 4: "solver_jump",
            first + 5: "solver_kink",
            result - 3: "solver_place",
            result + 1: "solver_residual_left",
            result + 2: "solver_residual_right",
        }
    return found


def halve(columns: tuple[str, str, str, str], above: int, close: str, flag: str | None) -> tuple[str, str]:
    """The formulas of both ends of a stretch, after that of the row above: its middle takes the place of one end.

    Args:
        columns: Those of the left end, the right end, the middle, and the residual there.
        above: The row above.
        close: The name of a residual that counts as none: both ends move to the middle then.
        flag: The cell that says whether the root is at a jump, where both ends rest; None where that is not asked.
    """
    first, second, third, sign = (f"{column}{above}" for column in columns)
    if flag is None:
        return f"IF({sign} >= -1 * {close}, {third}, {first})", f"IF({sign} <= {close}, {third}, {second})"
    rest = f"{flag} > 0"
    left = f"IF(OR({rest}, {sign} < -1 * {close}), {first}, {third})"
    return left, f"IF(OR({rest}, {sign} > {close}), {second}, {third})"


@dataclass(frozen=True)
class Kink:
    """Whether a root is at a kink, as the cell that says so and as a truth value; and its place there."""

    flag: str
    holds: bool
    place: str
    value: float


def put_kink(
    sheet: Sheet,
    column: int,
    result: int,
    stretch: tuple[tuple[str, float], tuple[str, float]],
    put: tuple[PutWhole, PutWhole],
    close: str,
) -> Kink:
    """Whether the residual falls by a jump within a short stretch, and the rows that tell.

    Where it does, the place is where the objective, continued from either side, meets itself.

    Args:
        sheet: The sheet.
        column: The first column of the scenario.
        result: The row of the root.
        stretch: The left and the right end of the stretch, each as reference and number.
        put: What puts the residual at a place into a row, and the same for the objective.
        close: The name of what a residual may leave over.
    """
    (left, l_value), (right, r_value) = stretch
    put_residual, put_objective = put
    letter, first = get_column_letter(column), result - 3 - _KINK_ROWS
    width = r_value - l_value
    at_left, fall = put_residual(result + 1, left, l_value, ("0", 0.0))
    at_right, rise = put_residual(result + 2, right, r_value, ("0", 0.0))
    ends = ((f"2 * {left} - {right}", l_value - width), (left, l_value), (right, r_value))
    places = (*ends, (f"2 * {right} - {left}", r_value + width))
    wholes = [put_objective(first + offset, *place) for offset, place in enumerate(places)]
    fall, rise = max(0.0, fall), max(0.0, -rise)
    above, below = f"MAX(0, {at_left})", f"MAX(0, -1 * {at_right})"
    jump, flag = f"{letter}${first + 4}", f"{letter}${first + 5}"
    sheet.put(first + 4, column, Formula(f"{above} + {below}", fall + rise), style="formula", number_format=_SMALL)
    is_kink = fall * rise > 0 and fall + rise > CLOSE**0.25
    text = f"IF(AND({above} * {below} > 0, {jump} > SQRT(SQRT({close}))), 1, 0)"
    sheet.put(first + 5, column, Formula(text, float(is_kink)), style="formula", number_format="0")
    (before, b), (here, h), (there, t), (beyond, y) = wholes
    met = f"(2 * {there} - {here} - {beyond}) / ({there} - {before} + ({here} - {beyond}))"
    inside = f"MAX({left}, MIN({right}, {left} + ({right} - {left}) * {met}))"
    value = min(r_value, max(l_value, l_value + width * (2 * t - h - y) / (t - b + (h - y)))) if is_kink else l_value
    return Kink(flag, is_kink, inside, value)


def put_result(
    sheet: Sheet,
    column: int,
    rows: tuple[int, int],
    place: tuple[str, float],
    ends: tuple[float, float],
    snap: str,
) -> None:
    """The root, at an end of the range where the halvings ran into it.

    Args:
        sheet: The sheet.
        column: The first column of the scenario.
        rows: The row of the left end of the range, below which its right end stands, and that of the root.
        place: Where the halvings ended, as formula and number.
        ends: Both ends.
        snap: The name of the part of the range within which a root stands at its end.
    """
    letter = get_column_letter(column)
    low, high = ends
    text, t = place
    first, second = f"{letter}${rows[0]}", f"{letter}${rows[0] + 1}"
    span = f"{snap} * ({second} - {first})"
    room = SNAP * (high - low)
    at_low, at_high = float(t <= low + room), float(t >= high - room)
    row = rows[1] - 3
    inside = f"({letter}{row + 2} * {second} + (1 - {letter}{row + 2}) * {letter}{row})"
    filled: Sequence[tuple[str, float, str]] = (
        (text, t, _SHAPE),
        (f"IF({letter}{row} <= {first} + {span}, 1, 0)", at_low, "0"),
        (f"IF({letter}{row} >= {second} - {span}, 1, 0)", at_high, "0"),
        (
            f"{letter}{row + 1} * {first} + (1 - {letter}{row + 1}) * {inside}",
            low if at_low else high if at_high else t,
            _SHAPE,
        ),
    )
    for offset, (formula, value, shape) in enumerate(filled):
        style: StyleName = "result" if offset == len(filled) - 1 else "formula"
        sheet.put(row + offset, column, Formula(formula, value), style=style, number_format=shape)


def put_left_over(sheet: Sheet, column: int, result: int, put: PutWhole) -> None:
    """The residual at the root, and what of it counts: nothing at an end."""
    letter, row = get_column_letter(column), result + 1
    last, value = put(row, f"{letter}${result}", float(sheet.cached(result, column)))
    share = math.prod(1 - float(sheet.cached(result - back, column)) for back in (2, 1))
    text = f"(1 - {letter}{row - 3}) * (1 - {letter}{row - 2}) * {last.replace('$', '')}"
    sheet.put(row + 1, column, Formula(text, share * value), style="formula", number_format=_SMALL)


def put_over_best(
    sheet: Sheet, column: int, result: int, put: PutWhole, nodes: tuple[int, int], *, signed: bool
) -> None:
    """The objective at the root, over that of the best of the nodes, which stand in rows from `nodes[0]` on."""
    letter, row = get_column_letter(column), result + 3
    last, value = put(row, f"{letter}${result}", float(sheet.cached(result, column)))
    whole = last.split("$")[0]
    place = column_index_from_string(whole)
    best = min(float(sheet.cached(node, place)) for node in range(nodes[0], nodes[1] + 1))
    least = f"MIN({whole}${nodes[0]}:{whole}${nodes[1]})"
    over = over_best(f"{whole}{row}", least, value, best, signed=signed)
    sheet.put(row + 1, column, over, style="formula", number_format=_SMALL)
