"""The sheet Inputs: what may be changed, within which limits, and where it was set."""

from __future__ import annotations

from openpyxl.utils.cell import get_column_letter

from flopsheet.model.cell import Cell
from flopsheet.plan.keys import input_key
from flopsheet.plan.plan import Sourced
from flopsheet.workbook.book import Book
from flopsheet.workbook.context import NONE, SEEN_AS_NONE, Context
from flopsheet.workbook.flat import is_limit
from flopsheet.workbook.sheet import FIRST_ROW, Formula, Sheet, Validation
from flopsheet.workbook.styles import StyleName, typed_format

_LABEL, _KEY, _UNIT, _VALUE, _LOW, _HIGH, _GENERATED, _CHANGED, _SOURCE = range(1, 10)
_HEADERS: dict[int, StyleName] = {
    _UNIT: "header_unit",
    _VALUE: "header_right",
    _LOW: "header_right",
    _HIGH: "header_right",
    _GENERATED: "header_right",
    _CHANGED: "header_center",
}
_ROOM = 100.0
"""How many times larger or smaller than its value a constant may become."""

_BOUNDS = {
    "FLOP": (1e3, 1e45),
    "parameter": (1.0, 1e45),
    "token": (1.0, 1e45),
    "nats/token": (1e-9, 1e3),
    "token/parameter": (1e-9, 1e12),
}


_SECTIONS = (
    ("workbook.section_limits", ("budget.", "target.", "caps.")),
    ("workbook.section_tiers", ("data.tiers.",)),
    ("workbook.section_data", ("data.",)),
    ("workbook.section_hardware", ("hardware.",)),
    ("workbook.section_inference", ("inference.",)),
)
"""What the inputs of a plan's terms are about, by how their keys begin."""


def add_inputs(book: Book, context: Context) -> Sheet:
    """The base value of every input, each an editable cell with its limits, its value as generated and source."""
    t = context.t
    sheet = book.sheet("Inputs", t("workbook.inputs"), t("contents.inputs"))
    row = FIRST_ROW
    sheet.put(row, _LABEL, t("workbook.note_inputs"), style="subtitle")
    row += 2
    for key, cells in _groups(context):
        sheet.put(row, _LABEL, t(key), style="section")
        row = _put_header(sheet, context, row + 1)
        first = row
        for cell in cells:
            _put_input(sheet, context, cell, row)
            row += 1
        if cells:
            flag = get_column_letter(_CHANGED)
            context.changed_flags.append(f"Inputs!${flag}${first}:${flag}${row - 1}")
        row += 1
    return sheet


def _groups(context: Context) -> list[tuple[str, list[Cell]]]:
    """The inputs by what they are about, each group with the key of its title; those of a plan's terms apart."""
    inputs = context.flat.inputs
    own = [cell for cell in inputs if cell.kind == "input"]
    found = [("workbook.section_plan", own)]
    if context.searches:
        found, left = [], own
        for key, prefixes in _SECTIONS:
            found.append((key, [cell for cell in left if (cell.key or "").startswith(prefixes)]))
            left = [cell for cell in left if not (cell.key or "").startswith(prefixes)]
        found.append(("workbook.section_plan", left))
        found = [(key, cells) for key, cells in found if cells]
    found.append(("workbook.section_law", [c for c in inputs if c.kind == "constant" and not c.law]))
    if context.solution.compared:
        found.append(("workbook.section_compared", [cell for cell in inputs if cell.law]))
    return found


def _put_header(sheet: Sheet, context: Context, row: int) -> int:
    """The heads of the columns; gives the next row."""
    for column, key in (
        (_LABEL, "item"),
        (_KEY, "key"),
        (_UNIT, "unit"),
        (_VALUE, "value"),
        (_LOW, "minimum"),
        (_HIGH, "maximum"),
        (_GENERATED, "generated_value"),
        (_CHANGED, "changed"),
        (_SOURCE, "source"),
    ):
        sheet.put(row, column, context.t(f"workbook.{key}"), style=_HEADERS.get(column, "header"))
    return row + 1


def _put_input(sheet: Sheet, context: Context, cell: Cell, row: int) -> None:
    """One input."""
    value, source = base_value(context, cell)
    low, high = bounds_of(context, cell)
    name = context.flat.names.name("input", (cell.key or "").replace(".", "_"))
    shown = typed_format(cell.unit, value if isinstance(value, float) else None)
    sheet.put(row, _LABEL, context.label(cell))
    sheet.put(row, _KEY, cell.key, style="code")
    sheet.put(row, _UNIT, cell.unit, style="unit")
    sheet.put(row, _VALUE, value, style="input", number_format=shown, name=name)
    for column, bound in ((_LOW, low), (_HIGH, high)):
        sheet.put(row, column, bound, style="constant", number_format="0.00E+00")
    sheet.put(row, _GENERATED, value, style="constant" if isinstance(value, float) else "text", number_format=shown)
    here = {column: f"${get_column_letter(column)}${row}" for column in (_VALUE, _LOW, _HIGH, _GENERATED)}
    sheet.put(
        row,
        _CHANGED,
        Formula(f"IF({name} = {here[_GENERATED]}, 0, 1)", 0.0),
        style="flag",
        number_format=_yes(context),
    )
    sheet.put(row, _SOURCE, source, style="code")
    limits = f"Inputs!{here[_LOW]}", f"Inputs!{here[_HIGH]}"
    sheet.validate(
        row, _VALUE, build_validation(context, cell, here[_VALUE], limits, blank=not isinstance(value, float))
    )
    context.places[f"base_{cell.id}"] = f"Inputs!{here[_VALUE]}"
    context.places[f"low_{cell.id}"], context.places[f"high_{cell.id}"] = limits


def _yes(context: Context) -> str:
    """A format that shows a flag as a word."""
    return f'[=1]"{context.t("workbook.yes")}";[=0]"{context.t("workbook.no")}";0'


def base_value(context: Context, cell: Cell) -> tuple[float | str, str]:
    """The base value of an input and where it was set; the word for none where nothing sets it."""
    plan = context.solution.plan
    source: Sourced | None = plan.inputs.get(cell.key or "")
    if source is not None and source.value is not None:
        return source.value, source_text(source)
    if cell.default is not None:
        return cell.default, context.t("workbook.default")
    if cell.kind == "constant":
        constant = context.solution.constants[cell.id]
        return constant.value, f"{constant.place.file}:{constant.place.line}"
    for strategy in plan.strategies:
        if cell.key == f"strategies.{strategy.slug}.{strategy.kind}":
            return strategy.value, f"{strategy.place.file}:{strategy.place.line}"
    return NONE, source_text(source) if source is not None else context.t("workbook.not_set")


def source_text(source: Sourced) -> str:
    """`file.yaml:line` of what set a value."""
    return f"{source.place.file}:{source.place.line}"


def bounds_of(context: Context, cell: Cell) -> tuple[float, float]:
    """The limits of what may be typed; whatever the plan itself sets lies within them."""
    used = [float(value) for value in context.flat.values[cell.id] if value < SEEN_AS_NONE]
    base, _ = base_value(context, cell)
    if isinstance(base, float):
        used.append(base)
    if cell.kind == "constant":
        # The derivation takes logarithms of constants that are positive in the law: they stay so.
        sizes = [abs(value) for value in used if value] or [1.0]
        if context.solution.constants[cell.id].value > 0:
            return min(sizes) / _ROOM, max(sizes) * _ROOM
        if used and max(used) < 0:
            # Negative ones stay negative, so that zero is no value, and an empty cell nothing, in every program.
            return -max(sizes) * _ROOM, -min(sizes) / _ROOM
        return -max(sizes) * _ROOM, max(sizes) * _ROOM
    low, high = _BOUNDS.get(cell.unit, (1e-9, 1e45))
    row = input_key(cell.key or "")
    if row is not None:
        low, high = (low if row.least is None else row.least), (high if row.most is None else row.most)
    return min([low, *used]), max([high, *used])


def build_validation(
    context: Context, cell: Cell, place: str, limits: tuple[str, str], *, blank: bool = False
) -> Validation:
    """What may be typed into an input: a number within limits, or the word for none where it is a limit.

    `place` is the input itself on its own sheet: a rule may not be longer than 255 characters, which names could be.
    """
    low, high = bounds_of(context, cell)
    title = context.t("workbook.input_error_title")
    args = {"low": f"{low:g}", "high": f"{high:g}"}
    if is_limit(cell) or blank:
        condition = f'OR({place} = "{NONE}", AND(ISNUMBER({place}), {place} >= {limits[0]}, {place} <= {limits[1]}))'
        text = context.t("workbook.input_error_none", **args)
        return Validation("custom", condition, None, title, text, text)
    text = context.t("workbook.input_error", **args)
    return Validation("decimal", limits[0], limits[1], title, text, text)
