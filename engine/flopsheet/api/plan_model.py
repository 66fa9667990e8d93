"""A plan put together, before any number: its law, what was derived from it, and all cells."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from flopsheet.api.assemble import build_plan_graph, build_resource_graph
from flopsheet.api.compared import compare_laws
from flopsheet.api.plan_laws import derive_given_law, given_numbers, load_plan_law
from flopsheet.derive.compared import ComparedLaw
from flopsheet.derive.derivation import Derivation
from flopsheet.derive.resource import ResourceDerivation, derive_resource
from flopsheet.fit.plan_fit import Fit, build_fit, refuse_fit
from flopsheet.model.graph import Graph
from flopsheet.model.inputs import InputTable
from flopsheet.model.law_model import LawModel
from flopsheet.model.resource_model import ResourceModel, build_resource_model, is_resource_law
from flopsheet.model.terms import Terms, build_terms
from flopsheet.plan.plan import Law, Plan


@dataclass(frozen=True)
class PlanModel:
    """All cells of a plan and the numbers of its inputs, with what they come from."""

    law: Law
    model: LawModel | ResourceModel
    derivation: Derivation | ResourceDerivation
    graph: Graph
    table: InputTable
    compared: tuple[ComparedLaw, ...] = ()
    terms: Terms | None = None
    fit: Fit | None = None


def build_model(plan: Plan, caps: Collection[str] | None = None) -> PlanModel:
    """A loaded plan put together.

    Args:
        plan: The plan.
        caps: The keys of caps that may be set, where the least loss is asked; all when None.

    Raises:
        FlopsheetError: anything wrong with its law, its cells or their units.
    """
    law = load_plan_law(plan)
    if is_resource_law(law):
        resource = build_resource_model(law, given_numbers(plan, law))
        of_resource = derive_resource(resource)
        compared, fit = compare_laws(plan, resource), build_fit(plan, resource)
        graph, table = build_resource_graph(plan, resource, of_resource, compared, fit)
        return PlanModel(law, resource, of_resource, graph, table, tuple(compared), fit=fit)
    refuse_fit(plan, law)
    model, derivation = derive_given_law(plan, law)
    compared, terms = compare_laws(plan, model), build_terms(plan, model)
    graph, table = build_plan_graph(plan, model, derivation, caps, compared, terms)
    return PlanModel(law, model, derivation, graph, table, tuple(compared), terms)
