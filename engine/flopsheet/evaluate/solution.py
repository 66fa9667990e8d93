"""A plan with everything that was derived and computed for it: what reports and workbooks are made from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from flopsheet.derive.claims import ClaimVerdict
from flopsheet.derive.compared import ComparedLaw
from flopsheet.derive.derivation import Derivation
from flopsheet.derive.proof import Proof
from flopsheet.derive.resource import ResourceDerivation
from flopsheet.evaluate.answers import Answer
from flopsheet.evaluate.evaluation import Evaluation
from flopsheet.evaluate.expectations import ExpectationVerdict
from flopsheet.evaluate.sensitivity import Sensitivity
from flopsheet.evaluate.sweep import SweepPlan
from flopsheet.evaluate.uncertainty_study import Study, find_law_draws
from flopsheet.fit.plan_fit import Fit
from flopsheet.model.graph import Graph
from flopsheet.model.inputs import InputTable
from flopsheet.model.law_model import LawModel
from flopsheet.model.resource_model import ResourceModel
from flopsheet.model.terms import Terms
from flopsheet.plan.plan import Constant, Plan


@dataclass(frozen=True)
class Solution:
    """A solved plan. `sensitivity` is that of each scenario with a plan, by its place, where the plan asks for it."""

    plan: Plan
    model: LawModel | ResourceModel
    derivation: Derivation | ResourceDerivation
    graph: Graph
    table: InputTable
    evaluation: Evaluation
    answers: tuple[Answer, ...]
    claims: tuple[ClaimVerdict, ...]
    expectations: tuple[ExpectationVerdict, ...]
    proofs: tuple[Proof, ...]
    compared: tuple[ComparedLaw, ...] = ()
    fit: Fit | None = None
    terms: Terms | None = None
    sensitivity: Mapping[int, Sensitivity] = field(default_factory=dict)
    study: Study | None = None
    # Put together only by whoever shows it: it takes as long as the plan itself.
    open_sweep: Callable[[], SweepPlan] | None = None

    @property
    def failures(self) -> tuple[str, ...]:
        """Why `check` fails this plan: unexpected verdicts, broken expectations, infeasible scenarios."""
        found = [f"claim `{v.claim.name}` is {v.verdict}: {v.reason}" for v in self.claims if not v.as_expected]
        found += [f"expectation broken: {verdict.reason}" for verdict in self.expectations if not verdict.holds]
        found += [f"a proof is refuted: {proof.statement}" for proof in self.proofs if proof.verdict == "refuted"]
        found += [
            f"a proof of the compared law {law.name} is refuted: {proof.statement}"
            for law in self.compared
            for proof in law.derivation.proofs
            if proof.verdict == "refuted"
        ]
        found += [
            f"scenario `{answer.name}` is {answer.status}"
            for answer in self.answers
            if answer.status in {"infeasible", "not_converged"}
        ]
        return tuple(found)

    @property
    def shown_sensitivity(self) -> Sensitivity | None:
        """The sensitivity that a report shows: of the scenario that the plan names, where that has a plan."""
        request = self.plan.sensitivity
        names = [scenario.name for scenario in self.plan.scenarios]
        return None if request is None else self.sensitivity.get(names.index(request.scenario))

    @property
    def files(self) -> tuple[str, ...]:
        """Every file it was read from, relative to the project root, sorted."""
        origins = {self.model.law.origin, *(law.model.law.origin for law in self.compared)}
        draws = find_law_draws(self.plan, self.model.law)
        return tuple(sorted({*self.plan.files, *(origins - {"library", "inline"}), *([draws] if draws else [])}))

    @cached_property
    def constants(self) -> Mapping[str, Constant]:
        """What the law files say of every constant cell, of compared laws too."""
        found = dict(self.model.law.constants)
        for law in self.compared:
            found |= {law.ids[name]: constant for name, constant in law.model.law.constants.items()}
        return found
