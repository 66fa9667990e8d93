"""A plan with everything that was derived and computed for it: what reports and workbooks are made from."""

from __future__ import annotations

from dataclasses import dataclass

from flopsheet.derive.claims import ClaimVerdict
from flopsheet.derive.derivation import Derivation
from flopsheet.derive.proof import Proof
from flopsheet.derive.resource import ResourceDerivation
from flopsheet.evaluate.answers import Answer
from flopsheet.evaluate.evaluation import Evaluation
from flopsheet.evaluate.expectations import ExpectationVerdict
from flopsheet.fit.plan_fit import Fit
from flopsheet.model.graph import Graph
from flopsheet.model.inputs import InputTable
from flopsheet.model.law_model import LawModel
from flopsheet.model.resource_model import ResourceModel
from flopsheet.plan.plan import Plan


@dataclass(frozen=True)
class Solution:
    """A solved plan."""

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
    fit: Fit | None = None

    @property
    def failures(self) -> tuple[str, ...]:
        """Why `check` fails this plan: unexpected verdicts, broken expectations, infeasible scenarios."""
        found = [f"claim `{v.claim.name}` is {v.verdict}: {v.reason}" for v in self.claims if not v.as_expected]
        found += [f"expectation broken: {verdict.reason}" for verdict in self.expectations if not verdict.holds]
        found += [f"a proof is refuted: {proof.statement}" for proof in self.proofs if proof.verdict == "refuted"]
        found += [
            f"scenario `{answer.name}` is {answer.status}"
            for answer in self.answers
            if answer.status in {"infeasible", "not_converged"}
        ]
        return tuple(found)

    @property
    def files(self) -> tuple[str, ...]:
        """Every file it was read from, relative to the project root, sorted."""
        origin = self.model.law.origin
        own = () if origin in {"library", "inline"} else (origin,)
        return tuple(sorted({*self.plan.files, *own}))
