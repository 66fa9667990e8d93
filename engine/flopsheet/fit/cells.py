"""Least squares as cells: each run's numbers and logarithms, their sums, the constants, and how well they are known."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import sympy as sp

from flopsheet.fit.form import LogForm
from flopsheet.fit.runs import Runs
from flopsheet.messages import Message
from flopsheet.model.cell import Cell, CellKind
from flopsheet.model.resource_model import ResourceModel

COUNT = "fit_runs"
AMOUNT, LOSS = "fit_x", "fit_y"
LOG_AMOUNT, LOG_LOSS = "fit_ln_x", "fit_ln_y"
FITTED_LOG, FITTED_LOSS, RESIDUAL = "fit_ln_loss", "fit_loss", "fit_residual"
LEFT, R_SQUARED, RMS = "fit_left", "fit_r_squared", "fit_rms"
"""Ids of cells; those of a run end in its number."""


@dataclass(frozen=True)
class FitCells:
    """The cells of a fit.

    `columns` are the ids of the cells that each run has, in reading order, by stem (the id without the run's
    number); `sums` gives the column that a cell adds up; `errors` the cell of each constant's standard error, none
    where there are no more runs than constants. `numbers` are the runs' own numbers by cell.
    """

    cells: tuple[Cell, ...]
    columns: Mapping[str, tuple[str, ...]]
    sums: Mapping[str, str]
    errors: Mapping[str, str]
    numbers: Mapping[str, float]


def build_fit_cells(model: ResourceModel, form: LogForm, runs: Runs) -> FitCells:
    """The cells of a fit, from the runs to the constants and their standard errors."""
    builder = _Builder(model, form, len(runs.runs))
    unit = model.decision(model.resource).unit
    builder.column(AMOUNT, lambda _: None, unit)
    builder.column(LOSS, lambda _: None, "nats/token")
    builder.column(LOG_AMOUNT, lambda run: sp.log(builder.at(AMOUNT, run)))
    builder.column(LOG_LOSS, lambda run: sp.log(builder.at(LOSS, run)))
    # The count is written out: a sum of ones over the runs.
    builder.single(COUNT, sp.Integer(len(runs.runs)), positive=True)
    builder.total("fit_sum_y", LOG_LOSS)
    builder.single("fit_mean_y", builder["fit_sum_y"] / builder[COUNT])
    builder.column("fit_dy", lambda run: builder.at(LOG_LOSS, run) - builder["fit_mean_y"])
    builder.column("fit_dy_dy", lambda run: builder.at("fit_dy", run) ** 2)
    builder.total("fit_sum_dy_dy", "fit_dy_dy")
    (_put_line if form.is_line else _put_ray)(builder)
    for name, expr in form.constants.items():
        builder.constant(name, builder.put(expr))
    _put_quality(builder)
    numbers = {f"{AMOUNT}_{index}": run.amount for index, run in enumerate(runs.runs, start=1)}
    numbers |= {f"{LOSS}_{index}": run.loss for index, run in enumerate(runs.runs, start=1)}
    return FitCells(tuple(builder.cells.values()), builder.columns, builder.sums, builder.errors, numbers)


class _Builder:
    """Collects cells in reading order."""

    def __init__(self, model: ResourceModel, form: LogForm, count: int) -> None:
        self.model = model
        self.form = form
        self.count = count
        self.cells: dict[str, Cell] = {}
        self.columns: dict[str, tuple[str, ...]] = {}
        self.sums: dict[str, str] = {}
        self.errors: dict[str, str] = {}

    def __getitem__(self, cell_id: str) -> sp.Symbol:
        """The symbol of a cell added before."""
        return self.cells[cell_id].symbol

    def at(self, stem: str, run: int) -> sp.Symbol:
        """The symbol of a run's cell."""
        return self[f"{stem}_{run}"]

    def column(self, stem: str, formula: Callable[[int], sp.Expr | None], unit: str = "1") -> None:
        """A cell for each run; a formula of None stands for a number that is given, and positive."""
        ids = []
        for run in range(1, self.count + 1):
            expr = formula(run)
            cell_id = f"{stem}_{run}"
            label = Message(f"cell.{stem}", {"run": str(run), "what": self._what()})
            kind: CellKind = "data" if expr is None else "fit"
            positive = expr is None
            self.cells[cell_id] = Cell(cell_id, kind, unit, label, expr, positive=positive)
            ids.append(cell_id)
        self.columns[stem] = tuple(ids)

    def single(self, cell_id: str, expr: sp.Expr, *, positive: bool = False) -> None:
        """One cell for all runs together."""
        label = Message(f"cell.{cell_id}", {"what": self._what()})
        self.cells[cell_id] = Cell(cell_id, "fit", "1", label, expr, positive=positive)

    def total(self, cell_id: str, stem: str) -> None:
        """The sum of a column."""
        # Not sorted by sympy: a long sum is only ever printed.
        self.single(cell_id, sp.Add(*(self[name] for name in self.columns[stem])))
        self.sums[cell_id] = stem

    def constant(self, name: str, expr: sp.Expr) -> None:
        """A constant of the law, fitted."""
        law = self.model.law
        label = Message("cell.fitted_constant", {"name": name, "law": law.name})
        positive = bool(self.model.constants[name].is_positive)
        self.cells[name] = Cell(name, "constant", "1", label, expr, positive=positive)

    def error(self, name: str, expr: sp.Expr) -> None:
        """The standard error of a constant."""
        cell_id = f"fit_se_{name}"
        label = Message("cell.fit_se", {"name": name})
        self.cells[cell_id] = Cell(cell_id, "fit", "1", label, expr, positive=False)
        self.errors[name] = cell_id

    def put(self, expr: sp.Expr, run: int | None = None) -> sp.Expr:
        """An expression of the form with cells in place of its coefficients and of a run's logarithm."""
        cells = {
            c: self[f"fit_c_{index}"] for index, c in enumerate(self.form.coefficients) if f"fit_c_{index}" in self
        }
        if run is not None:
            cells[self.form.log_x] = self.at(LOG_AMOUNT, run)
        return expr.xreplace(cells)

    def __contains__(self, cell_id: str) -> bool:
        """Whether a cell was added."""
        return cell_id in self.cells

    def _what(self) -> Message | str:
        """What the resource is called."""
        role = self.model.decision(self.model.resource).role
        return Message(f"role.{role}") if role else self.model.resource.name


def _put_line(add: _Builder) -> None:
    """Slope and height of a line: the slope from sums about the means, which lose no digits to cancellation."""
    add.total("fit_sum_x", LOG_AMOUNT)
    add.single("fit_mean_x", add["fit_sum_x"] / add[COUNT])
    add.column("fit_dx", lambda run: add.at(LOG_AMOUNT, run) - add["fit_mean_x"])
    add.column("fit_dx_dx", lambda run: add.at("fit_dx", run) ** 2)
    add.column("fit_dx_dy", lambda run: add.at("fit_dx", run) * add.at("fit_dy", run))
    add.total("fit_sum_dx_dx", "fit_dx_dx")
    add.total("fit_sum_dx_dy", "fit_dx_dy")
    add.single("fit_c_1", add["fit_sum_dx_dy"] / add["fit_sum_dx_dx"])
    add.single("fit_c_0", add["fit_mean_y"] - add["fit_c_1"] * add["fit_mean_x"])
    add.column(FITTED_LOG, lambda run: add["fit_c_0"] + add["fit_c_1"] * add.at(LOG_AMOUNT, run))


def _put_ray(add: _Builder) -> None:
    """One coefficient: what is left of the logarithm of the loss over what multiplies the coefficient."""
    form = add.form
    add.column("fit_v", lambda run: add.put(form.features[0], run))
    add.column("fit_w", lambda run: add.at(LOG_LOSS, run) - add.put(form.offset, run))
    add.column("fit_v_v", lambda run: add.at("fit_v", run) ** 2)
    add.column("fit_v_w", lambda run: add.at("fit_v", run) * add.at("fit_w", run))
    add.total("fit_sum_v_v", "fit_v_v")
    add.total("fit_sum_v_w", "fit_v_w")
    add.single("fit_c_0", add["fit_sum_v_w"] / add["fit_sum_v_v"])
    add.column(FITTED_LOG, lambda run: add.put(form.offset, run) + add["fit_c_0"] * add.at("fit_v", run))


def _put_quality(add: _Builder) -> None:
    """Residuals, how much of the spread they leave, and the standard errors of the constants."""
    form = add.form
    add.column(FITTED_LOSS, lambda run: sp.exp(add.at(FITTED_LOG, run)), "1")
    add.column(RESIDUAL, lambda run: add.at(LOG_LOSS, run) - add.at(FITTED_LOG, run))
    add.column("fit_residual_2", lambda run: add.at(RESIDUAL, run) ** 2)
    add.total(LEFT, "fit_residual_2")
    add.single(R_SQUARED, 1 - add[LEFT] / add["fit_sum_dy_dy"])
    add.single(RMS, sp.sqrt(add[LEFT] / add[COUNT]))
    freedom = add.count - len(form.coefficients)
    if freedom < 1:
        return
    number = add[COUNT] - len(form.coefficients)
    add.single("fit_variance", add[LEFT] / number)
    for name, expr in form.constants.items():
        by = [add.put(sp.diff(expr, c)) for c in form.coefficients]
        if form.is_line:
            # The variance of a combination of height and slope, as a sum of squares: the height at the mean and the
            # slope are independent.
            spread = by[0] ** 2 / add[COUNT] + (by[1] - add["fit_mean_x"] * by[0]) ** 2 / add["fit_sum_dx_dx"]
        else:
            spread = by[0] ** 2 / add["fit_sum_v_v"]
        add.error(name, sp.sqrt(add["fit_variance"] * spread))
