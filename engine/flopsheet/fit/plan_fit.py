"""The fit that a plan asks for: its request held against law and plan, the runs read, everything derived."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from flopsheet.derive.resource import ResourceDerivation
from flopsheet.errors import FlopsheetError, Place, Problem, did_you_mean
from flopsheet.fit.cells import FitCells, build_fit_cells
from flopsheet.fit.form import LogForm, find_log_form
from flopsheet.fit.least_squares import LeastSquares, derive_least_squares
from flopsheet.fit.runs import LOSS, Runs, load_runs
from flopsheet.model.resource_model import ResourceModel
from flopsheet.plan.plan import FitRequest, Law, Plan

_OFFERED = "This version fits power laws of one resource, such as `a * x**b`, by least squares in the logarithms."


@dataclass(frozen=True)
class Fit:
    """A fit: what was asked, the runs, the law in logarithms, the solved normal equations, and the cells."""

    request: FitRequest
    runs: Runs
    form: LogForm
    squares: LeastSquares
    cells: FitCells

    @property
    def constants(self) -> tuple[str, ...]:
        """The names of the fitted constants."""
        return tuple(self.form.constants)

    @property
    def place(self) -> Place:
        """Where the plan asks for it."""
        return self.request.places["runs"]


def build_fit(plan: Plan, model: ResourceModel) -> Fit | None:
    """The fit that a plan under a law with one resource asks for, None where it asks for none.

    Raises:
        FlopsheetError: a law that is no power law, constants that cannot be fitted, or a table that cannot be read.
    """
    request = plan.fit
    if request is None:
        return None
    free = _free_constants(plan, model, request)
    _check_columns(model, request)
    form = find_log_form(model, free)
    place = request.places["runs"]
    if form is None:
        message = f"a fit of law `{model.law.name}` is not offered by this version: {_why_not(model, free)}"
        raise FlopsheetError(Problem(message, place, "fit", _OFFERED))
    _check_given(plan, form)
    unit = model.decision(model.resource).unit
    runs = load_runs(plan.root / request.runs, plan.root, model.resource.name, unit, request.columns)
    return Fit(request, runs, form, derive_least_squares(model, form), build_fit_cells(model, form, runs))


def refuse_fit(plan: Plan, law: Law) -> None:
    """Refuse the fit of a law that has more than one resource.

    Raises:
        FlopsheetError: the plan asks for a fit.
    """
    if plan.fit is not None:
        count = len(law.decisions)
        reason = f"it has {count} decisions." if count > 1 else "it spends a budget on more than one resource."
        message = f"a fit of law `{law.name}` is not offered by this version: {reason}"
        raise FlopsheetError(Problem(message, plan.fit.places["runs"], "fit", _OFFERED))


def add_fit(derivation: ResourceDerivation, fit: Fit | None) -> ResourceDerivation:
    """The derivation of a law, followed by that of its fit."""
    if fit is None:
        return derivation
    steps, proofs = fit.squares.steps, fit.squares.proofs
    return replace(derivation, steps=(*derivation.steps, *steps), proofs=(*derivation.proofs, *proofs))


def check_estimates(fit: Fit, law: Law, estimates: Mapping[str, float]) -> None:
    """Refuse constants whose sign the derivation does not allow for.

    Raises:
        FlopsheetError: with each constant that is not a number, or not above zero as in the law.
    """
    problems = []
    for name, value in estimates.items():
        own = law.constants[name].value
        if not abs(value) < float("inf"):
            problems.append(Problem(f"the runs determine no finite `{name}`.", fit.place, "fit"))
        elif own > 0 >= value:
            message = f"the runs give `{name}` = {value:.6g}, but it is above zero in the law ({own:g})."
            remedy = "The derivation takes logarithms of it; write the law with the other sign."
            problems.append(Problem(message, fit.place, "fit", remedy))
    if problems:
        raise FlopsheetError(*problems)


def _free_constants(plan: Plan, model: ResourceModel, request: FitRequest) -> tuple[str, ...]:
    """The constants to be fitted: those named, or all that the plan does not set itself.

    Raises:
        FlopsheetError: a name that the law does not have, or a constant that the plan sets as well.
    """
    known = model.law.constants
    problems = [
        Problem(
            f"law `{model.law.name}` has no constant `{name}`.",
            request.places["free"],
            "fit.free",
            did_you_mean(name, known),
        )
        for name in request.free
        if name not in known
    ]
    own = {key.removeprefix("constants.") for key in plan.inputs if key.startswith("constants.")}
    free = request.free or tuple(name for name in known if name not in own)
    for inputs in (plan.inputs, *(scenario.overrides for scenario in plan.scenarios)):
        for key, source in inputs.items():
            if key.startswith("constants.") and key.removeprefix("constants.") in free:
                message = f"is fitted from `{request.runs}`, so that it cannot be set too."
                problems.append(Problem(message, source.place, key, "Take the line out, or name others under `free`."))
    if problems:
        raise FlopsheetError(*dict.fromkeys(problems))
    return tuple(dict.fromkeys(free))


def _check_columns(model: ResourceModel, request: FitRequest) -> None:
    """Refuse names of columns for what the law does not have.

    Raises:
        FlopsheetError: with each of them.
    """
    known = (model.resource.name, LOSS)
    problems = [
        Problem(f"`{name}` has no column.", request.places["columns"], "fit.columns", did_you_mean(name, known))
        for name in request.columns
        if name not in known
    ]
    if problems:
        raise FlopsheetError(*problems)


def _check_given(plan: Plan, form: LogForm) -> None:
    """Refuse scenarios that set a constant which the fit reads: the fit is the same for all.

    Raises:
        FlopsheetError: with each such line.
    """
    problems = []
    for scenario in plan.scenarios:
        for key, source in scenario.overrides.items():
            if key.startswith("constants.") and key.removeprefix("constants.") in form.given:
                message = "the fit reads it, so that it is the same in every scenario."
                remedy = "Set it at the top level of the plan."
                problems.append(Problem(message, source.place, f"scenarios.{scenario.name}.{key}", remedy))
    if problems:
        raise FlopsheetError(*problems)


def _why_not(model: ResourceModel, free: tuple[str, ...]) -> str:
    """Why the constants of a law cannot be read off a line in logarithms."""
    listed = ", ".join(f"`{name}`" for name in free)
    if not free:
        return "it has no constant left to be fitted."
    if len(free) > 2 and find_log_form(model, free[:1]) is not None:
        return f"a line determines two constants, not {len(free)} ({listed}); name two under `free`."
    return f"the logarithm of its loss is no straight line in ln {model.resource.name} that determines {listed}."
