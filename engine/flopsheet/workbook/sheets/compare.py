"""The sheet Compare: the selected scenario under every law, side by side, live, with a chart."""

from __future__ import annotations

from collections.abc import Sequence

from openpyxl.utils.cell import get_column_letter

from flopsheet.derive.cell_builder import BUDGET_STATUS
from flopsheet.derive.compared import list_headlines
from flopsheet.model.cell import Cell
from flopsheet.workbook.book import Book
from flopsheet.workbook.context import Context, format_of
from flopsheet.workbook.flat import DASH, excel_formula
from flopsheet.workbook.sheet import FIRST_ROW, Formula, Sheet
from flopsheet.workbook.sheets.check_rows import CheckRows
from flopsheet.workbook.sheets.compare_columns import FIRST, LABEL, UNIT, LawColumn, list_columns
from flopsheet.workbook.sheets.compare_curves import CHART_ROWS, add_curves
from flopsheet.workbook.sheets.plan import selected_roots
from flopsheet.workbook.sheets.scenarios import POSITION, SELECTOR
from flopsheet.workbook.styles import number_format, text_width

_CLOSE = "OR({m} = {e}, ABS({m} - {e}) <= {t} * ABS({e}))"
_LABEL_WIDTH, _UNIT_WIDTH, _NARROWEST = 44.0, 19.0, 18.0


def add_compare(book: Book, context: Context) -> Sheet:
    """A column for each law: results, their ratio, sizes in all scenarios, constants, calculation, and the curves."""
    t = context.t
    sheet = book.sheet("Compare", t("workbook.compare"), t("contents.compare"))
    columns = list_columns(context)
    sheet.put(FIRST_ROW, LABEL, t("workbook.selected"))
    sheet.put(FIRST_ROW, UNIT, Formula(SELECTOR, context.titles[0]), style="choice_shown", number_format="@")
    sheet.put(FIRST_ROW + 1, LABEL, t("compare.losses"), style="subtitle")
    writer = _Writer(sheet, context, columns, FIRST_ROW + 2 + CHART_ROWS)
    sheet.break_before(writer.row)
    writer.put_results()
    writer.put_sizes()
    add_curves(sheet, context, columns, writer)
    writer.put_constants()
    writer.put_calculation()
    sheet.set_width(LABEL, _LABEL_WIDTH)
    sheet.set_width(UNIT, _UNIT_WIDTH)
    for law in columns:
        sheet.set_width(law.column, max(_NARROWEST, text_width(law.name, "header_right") + 2))
    return sheet


class _Writer:
    """Writes one block below the other."""

    def __init__(self, sheet: Sheet, context: Context, columns: Sequence[LawColumn], row: int) -> None:
        self.sheet, self.context, self.columns, self.row = sheet, context, columns, row
        self.results: dict[str, int] = {}

    def start(self, key: str, head: str | None = None) -> int:
        """The title of a block and a head for each law; gives the first row below."""
        t = self.context.t
        self.sheet.put(self.row, LABEL, t(key), style="section")
        self.sheet.put(self.row + 1, LABEL, head or t("workbook.item"), style="header")
        self.sheet.put(self.row + 1, UNIT, t("workbook.unit"), style="header_unit")
        for law in self.columns:
            text = t("compare.own", law=law.name) if law.is_own else law.name
            self.sheet.put(self.row + 1, law.column, text, style="header_right")
        self.row += 2
        return self.row

    def finish(self, first: int) -> None:
        """Have a block checked for errors, and leave a gap."""
        start, end = (get_column_letter(column) for column in (FIRST, FIRST + len(self.columns) - 1))
        self.context.checked.append(f"Compare!${start}${first}:${end}${self.row - 1}")
        self.row += 1

    def put_results(self) -> None:
        """What each law comes to, and its size over that of the plan's law."""
        context = self.context
        first = self.start("workbook.results")
        self._put_words("report.law_source", [law.law.source.cite if law.law.source else DASH for law in self.columns])
        self._put_words("compare.proofs", [self._count_proofs(law) for law in self.columns])
        self._put_status()
        for name in self._quantities():
            cells = [law.result(name) for law in self.columns]
            found = next(cell for cell in cells if cell is not None)
            self.results[name] = self.row
            self._put_row(cells, self._label(found))
        size = self.columns[0].size
        if size is not None:
            self._put_ratio(self.results[size])
        for cell_id, row in ((cell.id, self.results[name]) for name, cell in self.columns[0].results.items()):
            context.compared_rows[cell_id] = row
        self.finish(first)

    def _quantities(self) -> list[str]:
        """The names of all results, in the order in which they are first met."""
        return list(dict.fromkeys(name for law in self.columns for name in law.results))

    def _label(self, cell: Cell) -> str:
        """What a cell is called, without the name of its law, which stands above."""
        for law in self.context.solution.compared:
            if cell.law == law.name and cell.own_id in law.graph:
                return self.context.label(law.graph[cell.own_id])
        return self.context.label(cell)

    def _put_words(self, key: str, texts: Sequence[str]) -> None:
        """A row of texts."""
        self.sheet.put(self.row, LABEL, self.context.t(key))
        for law, text in zip(self.columns, texts, strict=True):
            self.sheet.put(self.row, law.column, text, style="words")
        self.row += 1

    def _count_proofs(self, law: LawColumn) -> str:
        """How many statements were proven, checked, refuted."""
        t = self.context.t
        verdicts = [proof.verdict for proof in law.proofs]
        counted = {verdict: verdicts.count(verdict) for verdict in dict.fromkeys(verdicts)}
        texts = [t("compare.verdicts", count=str(n), verdict=t(f"verdict.{v}")) for v, n in counted.items()]
        return t("document.comma").join(texts)

    def _put_status(self) -> None:
        """Whether each law reaches the target."""
        t, flat = self.context.t, self.context.flat
        if "plan_status" not in flat.graph:
            self._put_paid()
            return
        words = [t(f"status.{key}") for key in ("ok", "unreachable", "infeasible")]
        quoted = ", ".join(f'"{word}"' for word in words)
        self.sheet.put(self.row, LABEL, t("workbook.status"))
        for law in self.columns:
            cell = flat.graph[law.ids["plan_status"]]
            text = f"CHOOSE(1 + {flat.name(cell)}, {quoted})"
            shown = words[int(flat.number(cell.id))]
            self.sheet.put(self.row, law.column, Formula(text, shown), style="words", number_format="@")
        self.row += 1

    def _put_paid(self) -> None:
        """Whether the budget pays for more than each law spends whatever is chosen, where one of them does so."""
        t, flat = self.context.t, self.context.flat
        names = [law.ids.get(BUDGET_STATUS) for law in self.columns]
        if not any(names):
            return
        paid, unpaid = (t(f"status.{key}") for key in ("ok", "unpaid"))
        self.sheet.put(self.row, LABEL, t("workbook.status"))
        for law, name in zip(self.columns, names, strict=True):
            shown: Formula | str = paid
            if name is not None:
                text = f'IF({flat.name(flat.graph[name])} = 0, "{paid}", "{unpaid}")'
                shown = Formula(text, unpaid if flat.number(name) else paid)
            self.sheet.put(self.row, law.column, shown, style="words", number_format="@")
        self.row += 1

    def _put_row(self, cells: Sequence[Cell | None], label: str, *, result: bool = True) -> None:
        """A quantity under every law: the plan's own by its name, the others calculated here."""
        flat, sheet = self.context.flat, self.sheet
        unit = next(cell.unit for cell in cells if cell is not None)
        values = [flat.shown(cell, 0) for cell in cells if cell is not None]
        sheet.put(self.row, LABEL, label)
        sheet.put(self.row, UNIT, unit, style="unit")
        for law, cell in zip(self.columns, cells, strict=True):
            if cell is None:
                continue
            shape = format_of(cell, *values)
            name = None if law.is_own else flat.name(cell)
            if law.is_own:
                formula = Formula(flat.name(cell), flat.shown(cell, 0))
            else:
                formula = excel_formula(flat, cell, root_places=selected_roots(self.context))
            style = "result" if result else "formula"
            sheet.put(self.row, law.column, formula, style=style, number_format=shape, name=name)  # type: ignore[arg-type]
        self.row += 1

    def _put_ratio(self, row: int) -> None:
        """The size of every law over that of the plan's own; a dash where one of them has none."""
        context, sheet = self.context, self.sheet
        sheet.put(self.row, LABEL, context.t("compare.ratio"))
        sheet.put(self.row, UNIT, "1", style="unit")
        sizes = [law.result(self.columns[0].size or "") for law in self.columns]
        own = sizes[0]
        for law, cell in zip(self.columns, sizes, strict=True):
            if cell is None or own is None or cell.unit != own.unit:
                continue
            value, base = context.flat.shown(cell, 0), context.flat.shown(own, 0)
            ratio = DASH if isinstance(value, str) or isinstance(base, str) else value / base
            text = f'IFERROR({get_column_letter(law.column)}{row} / ${get_column_letter(FIRST)}{row}, "{DASH}")'
            sheet.put(self.row, law.column, Formula(text, ratio), style="result", number_format="0.000")
        self.row += 1

    def put_sizes(self) -> None:
        """The size in every scenario under every law, from the calculation on the sheet Scenarios."""
        context, flat, sheet = self.context, self.context.flat, self.sheet
        name = self.columns[0].size or "L_opt"
        cells = [law.result(name) for law in self.columns]
        own = cells[0]
        if own is None or len(context.titles) == 1:
            return
        first = self.start("workbook.every_scenario", self._label(own))
        for index, title in enumerate(context.titles):
            sheet.put(self.row, LABEL, title)
            sheet.put(self.row, UNIT, own.unit, style="unit")
            letter = get_column_letter(context.first_column + index)
            values = [flat.shown(cell, index) for cell in cells if cell is not None]
            for law, cell in zip(self.columns, cells, strict=True):
                if cell is not None and cell.unit == own.unit:
                    formula = Formula(f"Scenarios!{letter}{context.rows[cell.id]}", flat.shown(cell, index))
                    shape = format_of(cell, *values)
                    sheet.put(self.row, law.column, formula, style="formula", number_format=shape)
            self.row += 1
        self.finish(first)

    def put_constants(self) -> None:
        """The constants of every law, those of compared laws under the names that their formulas read."""
        flat, sheet = self.context.flat, self.sheet
        first = self.start("workbook.constants_in_force")
        for name in dict.fromkeys(name for law in self.columns for name in law.law.constants):
            cells = [flat.graph[law.ids[name]] if name in law.law.constants else None for law in self.columns]
            sheet.put(self.row, LABEL, name, style="symbol")
            sheet.put(self.row, UNIT, next(cell.unit for cell in cells if cell is not None), style="unit")
            for law, cell in zip(self.columns, cells, strict=True):
                if cell is None:
                    continue
                value = flat.number(cell.id)
                base = flat.names.name("input", (cell.key or "").replace(".", "_"))
                text, called = (flat.name(cell), None) if law.is_own else (base, flat.name(cell))
                shape = format_of(cell, value)
                sheet.put(self.row, law.column, Formula(text, value), style="formula", number_format=shape, name=called)
            self.row += 1
        self.finish(first)

    def put_calculation(self) -> None:
        """The steps of the compared laws; those of the plan's own stand on the sheet Plan."""
        flat = self.context.flat
        self.sheet.break_before(self.row)
        first = self.start("workbook.steps")
        steps = [cell for cell in flat.formulas if cell.law and cell.kind == "formula"]
        by_law = {(cell.law, cell.own_id): cell for cell in steps}
        for own_id in dict.fromkeys(cell.own_id for cell in steps):
            cells = [None if law.is_own else by_law.get((law.name, own_id)) for law in self.columns]
            found = next(cell for cell in cells if cell is not None)
            self._put_row(cells, self._label(found) if self._is_plain(found) else own_id, result=False)
        self.finish(first)

    def _is_plain(self, cell: Cell) -> bool:
        """Whether a cell is one of the law's own, not a part of a long formula."""
        return any(cell.law == law.name and cell.own_id in law.graph for law in self.context.solution.compared)


def put_compare_checks(rows: CheckRows) -> None:
    """The plan's column on the sheet Compare equals the plan, and the other laws their columns on Scenarios."""
    context, flat = rows.context, rows.flat
    if not context.solution.compared:
        return
    rows.start("check.group_compare")
    letter = get_column_letter(FIRST)
    for cell_id, row in context.compared_rows.items():
        cell = flat.graph[cell_id]
        value = flat.shown(cell, 0)
        rows.add(
            context.t("check.compare_own", name=context.label(cell)),
            Formula(f"Compare!${letter}${row}", value),
            Formula(flat.name(cell), value),
            _CLOSE,
            unit=cell.unit,
            shape=format_of(cell, value),
            otherwise="{m} = {e}",
        )
    start, end = (get_column_letter(column) for column in (context.first_column, context.last_column))
    for law in context.solution.compared:
        for own_id in list_headlines(law.model, law.graph).values():
            cell = flat.graph[law.ids[own_id]]
            value, at = flat.shown(cell, 0), context.rows[cell.id]
            rows.add(
                context.t("check.scenario_column", name=context.label(cell)),
                Formula(flat.name(cell), value),
                Formula(f"INDEX(Scenarios!${start}${at}:${end}${at}, {POSITION})", value),
                _CLOSE,
                unit=cell.unit,
                shape=format_of(cell, value) if not isinstance(value, str) else number_format(cell.unit),
                otherwise="{m} = {e}",
            )
