"""The derivation of any law, whether it allocates a budget or has one resource, with the fit that a plan asks for."""

from __future__ import annotations

from dataclasses import replace

from flopsheet.api.plan_laws import derive_any_law, load_plan_law
from flopsheet.derive.constrained.setting import build_setting
from flopsheet.derive.constrained.steps import list_constrained_steps
from flopsheet.derive.derivation import Derivation
from flopsheet.derive.resource import ResourceDerivation, derive_resource
from flopsheet.fit.plan_fit import add_fit, build_fit
from flopsheet.model.resource_model import build_resource_model, is_resource_law
from flopsheet.model.terms import Terms, build_terms, declared_limits
from flopsheet.plan.plan import Law, Plan


def derive_of_law(law: Law, plan: Plan | None = None) -> Derivation | ResourceDerivation:
    """What is derived from a law, followed by the fit of its constants where a plan asks for one.

    Raises:
        FlopsheetError: the law has no optimum or inverse in closed form, or the plan's fit is wrong.
    """
    if not is_resource_law(law):
        return derive_any_law(law)[1]
    model = build_resource_model(law)
    return add_fit(derive_resource(model), None if plan is None else build_fit(plan, model))


def derive_of_plan(plan: Plan) -> Derivation | ResourceDerivation:
    """What is derived from the law of a plan, and from its fit."""
    found = derive_of_law(load_plan_law(plan), plan)
    if not isinstance(found, Derivation):
        return found
    return add_terms_steps(plan, found, build_terms(plan, found.model))


def add_terms_steps(plan: Plan, derivation: Derivation, terms: Terms | None) -> Derivation:
    """A derivation with the steps of what the plan asks instead of those of the budget alone, where these differ."""
    if terms is None or not terms.searches:
        return derivation
    setting = build_setting(derivation, terms, declared_limits(plan), minimises_loss=plan.objective == "minimize loss")
    return replace(derivation, steps=list_constrained_steps(setting))
