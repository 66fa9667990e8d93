"""The sheet Checks: what must hold, measured against expected, and the one check that every header shows."""

from __future__ import annotations

from openpyxl.utils.cell import get_column_letter

from flopsheet.model.cell import Cell
from flopsheet.workbook.book import Book
from flopsheet.workbook.context import Context, format_of
from flopsheet.workbook.fill import MASTER_CHECK
from flopsheet.workbook.flat import is_limit
from flopsheet.workbook.sheet import FIRST_ROW, Formula, Sheet
from flopsheet.workbook.sheets.inputs import bounds_of
from flopsheet.workbook.sheets.scenarios import POSITION

_LABEL, _UNIT, _MEASURED, _EXPECTED, _TOLERANCE, _PASSED = range(1, 7)
TOLERANCE = 1e-9
_UNCHANGED = "chk_unchanged"


def add_checks(book: Book, context: Context) -> Sheet:
    """Every check with what it measures, and the master check."""
    writer = _Writer(book, context)
    writer.write()
    return writer.sheet


class _Writer:
    """Writes the sheet; each check is a row with measured, expected, tolerance and 0 or 1."""

    def __init__(self, book: Book, context: Context) -> None:
        self.context = context
        self.flat = context.flat
        self.sheet = book.sheet("Checks", context.t("workbook.checks"), context.t("contents.checks"))
        self.row = FIRST_ROW
        self.rows: list[int] = []
        budget = "budget_compute" in self.flat.graph
        self.budget = budget
        decisions = context.solution.model.decisions
        self.chosen = [self.flat.graph[f"{z}_{'opt' if budget else 'plan'}"] for z in decisions]

    def write(self) -> None:
        """All checks."""
        sheet, t = self.sheet, self.context.t
        master_row = self.row
        self.row += 2
        self._put_state()
        for column, key, style in (
            (_LABEL, "check", "header"),
            (_UNIT, "unit", "header_unit"),
            (_MEASURED, "measured", "header_right"),
            (_EXPECTED, "expected", "header_right"),
            (_TOLERANCE, "tolerance", "header_right"),
            (_PASSED, "passed", "header"),
        ):
            sheet.put(self.row, column, t(f"workbook.{key}"), style=style)  # type: ignore[arg-type]
        self.row += 1
        first = self.row
        self._put_errors()
        self._put_inputs()
        self._put_budget()
        self._put_caps()
        self._put_losses()
        self._put_multipliers()
        self._put_column()
        self._put_generated()
        letter = get_column_letter(_PASSED)
        marks = f"${letter}${first}:${letter}${self.row - 1}"
        sheet.put(master_row, _LABEL, t("workbook.all_checks"), style="section")
        sheet.put(master_row, _UNIT, "1", style="unit")
        master = Formula(f"IF(SUM({marks}) = COUNT({marks}), 1, 0)", 1.0)
        sheet.put(master_row, _MEASURED, master, style="check", name=MASTER_CHECK)
        sheet.set_width(_LABEL, 56.0)

    def _put_state(self) -> None:
        """Whether the inputs are as generated, which decides if values can be compared with those."""
        changed = " + ".join(f"SUM({place})" for place in self.context.changed_flags)
        text = f"IF({changed} + ABS({POSITION} - 1) = 0, 1, 0)"
        self.sheet.put(self.row, _LABEL, self.context.t("workbook.unchanged"))
        self.sheet.put(self.row, _UNIT, "1", style="unit")
        yes = f'[=1]"{self.context.t("workbook.yes")}";[=0]"{self.context.t("workbook.no")}";0'
        self.sheet.put(self.row, _MEASURED, Formula(text, 1.0), style="formula", number_format=yes, name=_UNCHANGED)
        self.row += 2

    def _add(
        self, label: str, measured: Formula, expected: Formula | float | str, test: str, unit: str, shape: str
    ) -> None:
        """One check; `test` is over {m}, {e} and {t}, the cells of its measure, expectation and tolerance."""
        row = self.row
        places = {
            name: f"${get_column_letter(c)}${row}"
            for name, c in (("m", _MEASURED), ("e", _EXPECTED), ("t", _TOLERANCE))
        }
        self.sheet.put(row, _LABEL, label)
        self.sheet.put(row, _UNIT, unit, style="unit")
        self.sheet.put(row, _MEASURED, measured, style="formula", number_format=shape)
        style = "formula" if isinstance(expected, Formula) else "text" if isinstance(expected, str) else "constant"
        self.sheet.put(row, _EXPECTED, expected, style=style, number_format=shape)  # type: ignore[arg-type]
        self.sheet.put(row, _TOLERANCE, TOLERANCE, style="constant", number_format="0E+00")
        self.sheet.put(row, _PASSED, Formula(f"IF({test.format(**places)}, 1, 0)", 1.0), style="check")
        self.rows.append(row)
        self.row += 1

    def _put_errors(self) -> None:
        """No block of formulas holds an error."""
        for place in self.context.checked:
            label = self.context.t("check.errors", place=place.replace("$", ""))
            # A sum takes over any error among its terms, and passes over words.
            found = Formula(f"IF(ISERROR(SUM({place})), 1, 0)", 0.0)
            self._add(label, found, 0.0, "{m} = {e}", "1", "0")

    def _put_inputs(self) -> None:
        """Every input in force lies within its limits; a limit may be beyond reach."""
        for cell in self.flat.inputs:
            low, high = self.context.places[f"low_{cell.id}"], self.context.places[f"high_{cell.id}"]
            name = self.flat.name(cell)
            top = f"IF({name} >= beyond_reach, {low}, {name})" if is_limit(cell) else name
            value = float(self.flat.values[cell.id][0])
            shown = self._low(cell) if is_limit(cell) and value >= 1e59 else value  # noqa: PLR2004 - beyond reach
            label = self.context.t("check.within", name=self.context.label(cell))
            measured = Formula(top, shown)
            self._add(
                label,
                measured,
                Formula(low, self._low(cell)),
                f"AND({{m}} >= {{e}}, {{m}} <= {high})",
                cell.unit,
                format_of(cell, shown),
            )

    def _low(self, cell: Cell) -> float:
        """The lower limit of an input."""
        return bounds_of(self.context, cell)[0]

    def _put_budget(self) -> None:
        """The budget is not exceeded; or the target loss is reached."""
        if self.budget:
            value = float(self.flat.values["slack_compute"][0])
            self._add(
                self.context.t("check.budget"),
                Formula("slack_compute", value),
                0.0,
                "{m} >= {e} - {t}",
                "1",
                "0.00E+00",
            )
            return
        status = float(self.flat.values["plan_status"][0])
        self._add(self.context.t("check.plan_exists"), Formula("plan_status", status), 0.0, "{m} = {e}", "1", "0")

    def _put_caps(self) -> None:
        """Every cap is kept."""
        limits = {cell.key: cell for cell in self.flat.inputs if is_limit(cell)}
        model = self.context.solution.model
        for z, chosen in zip(model.decisions, self.chosen, strict=True):
            cap = limits.get(f"caps.{model.decision(z).role}")
            if cap is None:
                continue
            value = 1 - float(self.flat.values[chosen.id][0]) / float(self.flat.values[cap.id][0])
            text = f"1 - {self.flat.name(chosen)} / {self.flat.name(cap)}"
            label = self.context.t("check.cap", name=self.context.label(cap))
            self._add(label, Formula(text, value), 0.0, "{m} >= {e} - {t}", "1", "0.0000")

    def _put_losses(self) -> None:
        """Caps never make the loss better; the optimum is stationary."""
        best = self.flat.graph["L_free" if self.budget else "L_same_budget"]
        if self.budget:
            reached = self.flat.graph["L_opt"]
            value, least = (float(self.flat.values[cell.id][0]) for cell in (reached, best))
            expected = Formula(self.flat.name(best), least)
            label = self.context.t("check.free_loss")
            self._add(
                label, Formula(self.flat.name(reached), value), expected, "{m} >= {e} - {t}", "nats/token", "0.000000"
            )

    def _put_multipliers(self) -> None:
        """No multiplier is negative, and multiplier times slack is zero."""
        for cell in self.flat.formulas:
            if not cell.id.startswith("multiplier_") or cell.id.count("_") != 1:
                continue
            value = float(self.flat.values[cell.id][0])
            name = self.context.label(cell)
            label = self.context.t("check.multiplier", name=name)
            self._add(label, Formula(self.flat.name(cell), value), 0.0, "{m} >= {e}", "nats/token", "0.000000")
            text, product = self._slackness(cell)
            label = self.context.t("check.complementary", name=name)
            self._add(label, Formula(text, product), 0.0, "ABS({m}) <= {t}", "nats/token", "0.00E+00")

    def _slackness(self, cell: Cell) -> tuple[str, float]:
        """Multiplier times slack of its limit, as formula and number."""
        limit = cell.id.removeprefix("multiplier_")
        price = float(self.flat.values[cell.id][0])
        name = self.flat.name(cell)
        if limit == "compute":
            return f"{name} * slack_compute", price * float(self.flat.values["slack_compute"][0])
        model = self.context.solution.model
        index = next(i for i, z in enumerate(model.decisions) if model.decision(z).role == limit)
        cap = next(c for c in self.flat.inputs if c.key == f"caps.{limit}")
        chosen = self.chosen[index]
        slack = 1 - float(self.flat.values[chosen.id][0]) / float(self.flat.values[cap.id][0])
        return f"{name} * (1 - {self.flat.name(chosen)} / {self.flat.name(cap)})", price * slack

    def _put_column(self) -> None:
        """The selected scenario equals its column on the sheet Scenarios."""
        start, end = (get_column_letter(c) for c in (self.context.first_column, self.context.last_column))
        raw = [*self.chosen, self.flat.graph["L_opt"]]
        for cell in raw:
            row = self.context.rows[cell.id]
            value = self.flat.shown(cell, 0)
            text = f"INDEX(Scenarios!${start}${row}:${end}${row}, {POSITION})"
            label = self.context.t("check.scenario_column", name=self.context.label(cell))
            shape = format_of(cell, value)
            self._add(label, Formula(self.flat.name(cell), value), Formula(text, value), "{m} = {e}", cell.unit, shape)

    def _put_generated(self) -> None:
        """Each headline equals its value at generation while nothing was changed."""
        for cell in self.flat.formulas:
            if cell.kind not in {"result", "user", "strategy"}:
                continue
            value = self.flat.shown(cell, 0)
            label = self.context.t("check.generated", name=self.context.label(cell))
            name = self.flat.name(cell)
            if isinstance(value, str):
                test = f"OR({_UNCHANGED} = 0, {{m}} = {{e}})"
            else:
                test = f"OR({_UNCHANGED} = 0, ABS({{m}} - {{e}}) <= {{t}} * ABS({{e}}))"
                if cell.guard is not None or cell.kind == "user":
                    # Once inputs change the measure may be a word, of which no difference can be taken.
                    test = f"IFERROR({test}, {_UNCHANGED} = 0)"
            self._add(label, Formula(name, value), value, test, cell.unit, format_of(cell, value))
