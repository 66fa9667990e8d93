"""The rows of the sheet Checks: what is measured, what is expected, how closely, and 0 or 1."""

from __future__ import annotations

from openpyxl.utils.cell import get_column_letter

from flopsheet.derive.cell_builder import BUDGET_STATUS, PLAN_STATUS
from flopsheet.derive.regimes import find_caps
from flopsheet.derive.resource import ResourceDerivation
from flopsheet.workbook.context import Context
from flopsheet.workbook.sheet import Formula, Sheet

LABEL, UNIT, MEASURED, EXPECTED, TOLERANCE, PASSED = range(1, 7)
AGREEMENT = 1e-9
"""How closely what is compared must agree."""

UNCHANGED = "chk_unchanged"
"""The name of the cell that is 1 while all inputs are as generated."""


class CheckRows:
    """Adds one check after the other, in titled groups."""

    def __init__(self, sheet: Sheet, context: Context, row: int) -> None:
        self.sheet = sheet
        self.context = context
        self.flat = context.flat
        self.row = row
        self.all_hold = True
        self.budget = "budget_compute" in self.flat.graph
        # A law with one resource leaves nothing to choose.
        allocates = not isinstance(context.solution.derivation, ResourceDerivation)
        decisions = context.solution.model.decisions if allocates else ()
        self.chosen = [self.flat.graph[f"{z}_{'planned' if f'{z}_planned' in self.flat.graph else 'opt'}"]
                       for z in decisions]  # fmt: skip
        # Where no plan exists there is none to hold against anything.
        status = next((name for name in (PLAN_STATUS, BUDGET_STATUS) if name in self.flat.graph), None)
        self.no_plan = f"{status} > 0" if status else ""
        self.unless = f"{self.no_plan}, " if status else ""

    def start(self, key: str) -> None:
        """Begin a group."""
        self.sheet.put(self.row, LABEL, self.context.t(key), style="section")
        self.row += 1

    def add(  # noqa: PLR0913 - what a check is, most of it by name
        self,
        label: str,
        measured: Formula,
        expected: Formula | float,
        test: str,
        *,
        unit: str = "1",
        shape: str,
        otherwise: str = "FALSE",
        holds: bool = True,
    ) -> None:
        """Add one check.

        Args:
            label: What must hold.
            measured: What is looked at.
            expected: What it is held against.
            test: A condition over {m}, {e} and {t}, the cells of measure, expectation and tolerance.
            unit: The unit of measure and expectation.
            shape: Their number format.
            otherwise: The condition that counts where `test` comes to an error.
            holds: Whether the test holds as generated: it may not where the chosen scenario has no plan.
        """
        row = self.row
        columns = {"m": MEASURED, "e": EXPECTED, "t": TOLERANCE}
        places = {name: f"${get_column_letter(column)}${row}" for name, column in columns.items()}
        self.sheet.put(row, LABEL, label)
        self.sheet.put(row, UNIT, unit, style="unit")
        self.sheet.put(row, MEASURED, measured, style="formula", number_format=shape)
        style = "formula" if isinstance(expected, Formula) else "constant"
        self.sheet.put(row, EXPECTED, expected, style=style, number_format=shape)  # type: ignore[arg-type]
        self.sheet.put(row, TOLERANCE, AGREEMENT, style="constant", number_format="0E+00")
        # A mark is 0 or 1 whatever happens, so that the sum of all marks always says something.
        passed = "0" if otherwise == "FALSE" else f"IFERROR(IF({otherwise.format(**places)}, 1, 0), 0)"
        text = f"IFERROR(IF({test.format(**places)}, 1, 0), {passed})"
        self.sheet.put(row, PASSED, Formula(text, float(holds)), style="check")
        self.all_hold &= holds
        self.row += 1

    def slack(self, limit: str) -> tuple[str, float]:
        """The share of a limit that is left over, as formula and number."""
        if limit == "compute":
            return "slack_compute", self.flat.number("slack_compute")
        decision, cap = next(item for item in find_caps(self.context.solution.model).items() if item[1].name == limit)
        chosen = self.chosen[self.context.solution.model.decisions.index(decision)]
        most = self.flat.graph[cap.symbol.name]
        value = 1 - self.flat.number(chosen.id) / self.flat.number(most.id)
        return f"1 - {self.flat.name(chosen)} / {self.flat.name(most)}", value
