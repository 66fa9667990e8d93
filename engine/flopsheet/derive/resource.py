"""A law with one resource: how the loss answers to it, and how much of it a loss needs."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import sympy as sp

from flopsheet.derive.algebra import Isolated, isolate, product_form, simplest_condition, tidy
from flopsheet.derive.contour import MOST, solve_log
from flopsheet.derive.notation import Elasticity, LogSlope
from flopsheet.derive.proof import Equation, Proof, Step
from flopsheet.derive.proving import Prover
from flopsheet.derive.sample import number_at
from flopsheet.messages import Message
from flopsheet.model.resource_model import ResourceModel

# Where a law without a fitted range is sampled: a size every resource of the field passes through.
_USUAL_RESOURCE = 1e9


@dataclass(frozen=True)
class ResourceDerivation:
    """What was derived for a law with one resource.

    `gain` is -dL/d ln x; `elasticity` is d ln L/d ln x; `required` is the resource over the loss to be
    reached; `reachable` is positive exactly when it can be (None: always); `limit` is the loss of
    unlimited resources.
    """

    model: ResourceModel
    gain: sp.Expr
    elasticity: sp.Expr
    required: sp.Expr
    reachable: sp.Expr | None
    limit: sp.Expr
    steps: tuple[Step, ...]
    proofs: tuple[Proof, ...]
    prover: Prover

    @property
    def rises(self) -> bool:
        """Whether the loss was found to rise with the resource."""
        return "rises" in self.proofs[0].statement and self.proofs[0].verdict in {"proven", "checked"}

    def find_obstacle(self) -> str:
        """Why no amount of the resource can be given for a target loss; empty where it can."""
        law, x = self.model.law.name, self.model.resource
        if self.rises:
            return f"the loss of law `{law}` rises as `{x}` grows: no amount of it is required for a target loss"
        if any(proof.verdict == "refuted" for proof in self.proofs):
            why = "no one amount is required for a target loss"
            return f"the loss of law `{law}` does not fall throughout as `{x}` grows: {why}"
        return ""


def derive_resource(model: ResourceModel) -> ResourceDerivation:
    """The slope, the elasticity and the inverse of a law, with proofs; without a formula the inverse is a root."""
    x = model.resource
    gain = tidy(-x * sp.diff(model.loss, x))
    around = _usual_values(model)
    found = isolate(model.loss, model.level, x) or _find_numerically(model, gain, around)
    prover = Prover(around)
    limit = model.loss.subs(x, sp.oo)
    proofs = _proofs(model, gain, found, prover)
    reachable = simplest_condition(found.conditions)
    if len(found.conditions) > 1 and _is_number(limit) and "falls" in proofs[0].statement:
        # Several conditions come down to one: the target lies above what the loss falls to.
        reachable = model.level - limit
    slope = sp.S.Zero if reachable is None else sp.diff(reachable, model.level)
    chosen = any(given.is_chosen for given in model.inputs.values())
    if reachable is not None and chosen and not _is_number(limit) and slope != 0 and not slope.has(model.level):
        # Where the sign of an exponent lies in its constant, what must be positive tells: a multiple of level - limit.
        limit = sp.simplify(model.level - reachable / slope)
    elasticity = sp.factor(sp.simplify(-gain / model.loss))
    return ResourceDerivation(
        model=model,
        gain=gain,
        elasticity=elasticity,
        required=found.value,
        reachable=reachable,
        limit=limit,
        steps=_steps(model, gain, elasticity, found, reachable),
        proofs=proofs,
        prover=prover,
    )


def _find_numerically(model: ResourceModel, gain: sp.Expr, around: Mapping[sp.Symbol, float]) -> Isolated:
    """The resource that a loss requires, as the root of an equation."""
    x, level = model.resource, model.level
    slope = number_at(gain, around)
    falls = slope is None or slope > 0
    at_most = model.loss.subs(x, sp.Integer(10) ** round(math.log10(MOST)))
    room = level - at_most if falls else at_most - level
    value = sp.exp(solve_log(model.loss, level, x, falls=falls))
    return Isolated(value, (room,), ((model.loss, level), (x, value)))


def _is_number(limit: sp.Expr) -> bool:
    """Whether the loss of unlimited resources is a finite formula of the constants."""
    return limit.is_finite is not False and not limit.has(sp.nan, sp.zoo, sp.oo)


def _usual_values(model: ResourceModel) -> dict[sp.Symbol, float]:
    """Values around which formulas are sampled: within the fitted range where there is one."""
    fitted = (model.law.fitted_range or {}).get(model.resource.name)
    usual = math.sqrt(fitted[0] * fitted[1]) if fitted else _USUAL_RESOURCE
    around = {**model.values, model.resource: usual}
    level = number_at(model.loss, around)
    if level is not None and level > 0:
        around[model.level] = level
    return around


def _steps(
    model: ResourceModel, gain: sp.Expr, elasticity: sp.Expr, found: Isolated, reachable: sp.Expr | None
) -> tuple[Step, ...]:
    """From the law's text to its inverse, in reading order."""
    x, level = model.resource, model.level
    inverse = [Equation(left, right) for left, right in found.trail[:-1]]
    inverse.append(Equation(x, found.value))
    remark = None
    if reachable is not None:
        inverse.append(Equation(reachable, sp.S.Zero, ">"))
        remark = Message("step.inverse_remark")
    return (
        Step(Message("step.resource_law"), (Equation(level, model.loss),), _tell_choices(model)),
        Step(
            Message("step.resource_slope"),
            (Equation(-LogSlope(level, x), gain), Equation(Elasticity(level, x), elasticity)),
        ),
        Step(Message("step.resource_inverse", {"x": str(x)}), tuple(inverse), remark),
    )


def _tell_choices(model: ResourceModel) -> Message | None:
    """What the law chooses among candidates, if anything."""
    choices = [
        f"{given.name}: {', '.join(f'{number:g}' for number in given.candidates)}"
        for given in model.inputs.values()
        if given.candidates
    ]
    return Message("step.resource_remark_choices", {"choices": "; ".join(choices)}) if choices else None


def _proofs(model: ResourceModel, gain: sp.Expr, found: Isolated, prover: Prover) -> tuple[Proof, ...]:
    """The ledger: the direction of the loss, and the round trip of its inverse."""
    x = model.resource
    falls = prover.prove_positive(f"monotonicity: the loss falls as {x} grows", gain)
    if falls.verdict == "refuted":
        falls = prover.prove_positive(f"monotonicity: the loss rises as {x} grows", -gain)
    back = model.loss.subs(x, found.value)
    trip = prover.prove_equal(
        f"inverse round trip: the {x} required for a loss reaches that loss",
        product_form(back) if back.is_Mul else back,
        model.level,
    )
    return falls, trip
