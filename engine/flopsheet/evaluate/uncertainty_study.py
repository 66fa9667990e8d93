"""What a plan draws in each of its scenarios: inputs by their distributions, constants as its law states them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from statistics import NormalDist

import numpy as np

from flopsheet.errors import FlopsheetError, Problem, did_you_mean
from flopsheet.evaluate.compile import FloatArray
from flopsheet.evaluate.joint_draws import JointDraws, load_joint_draws
from flopsheet.evaluate.points import PointPlan
from flopsheet.evaluate.sampler import Rejections, Sampler, Variable
from flopsheet.evaluate.uncertainty import Uncertainty, evaluate_uncertainty
from flopsheet.model.cell import BEYOND_REACH
from flopsheet.model.law_model import LawModel
from flopsheet.model.resource_model import ResourceModel
from flopsheet.plan.keys import input_key
from flopsheet.plan.plan import Constant, Law, Plan, Scenario
from flopsheet.plan.problems import Problems
from flopsheet.plan.uncertain import Distribution, UncertaintyRequest
from flopsheet.plan.uncertainty import SECTION, resolve_draws

USUAL_LEVEL = 0.95
"""An interval of a constant without `level` is read as one that holds 95 %."""

_CONSTANTS = "constants."
_MOST_REJECTED = 0.5


@dataclass(frozen=True)
class Study:
    """What is drawn, scenario by scenario.

    `fixed` are the keys that a scenario sets itself, `exact` the constants that nothing is known about.
    """

    request: UncertaintyRequest
    samplers: tuple[Sampler, ...]
    fixed: tuple[tuple[str, ...], ...]
    exact: tuple[str, ...]
    ranges: Mapping[str, tuple[str, float, float]]

    def evaluate(self, points: PointPlan) -> Uncertainty:
        """The draws of a scenario evaluated.

        Raises:
            FlopsheetError: most draws break a limit.
        """
        found = evaluate_uncertainty(points, self.samplers[points.index], self.request.level, ranges=self.ranges)
        self._refuse_rejected(found)
        return replace(found, fixed=self.fixed[points.index], exact=self.exact)

    def sample(self, index: int, most: int) -> dict[str, FloatArray]:
        """The first draws of a scenario, by dotted key; those that break a limit are left out."""
        pieces = list(self.samplers[index].sample(Rejections(), most))
        return {key: np.concatenate([piece[key] for piece in pieces]) for key in pieces[0]}

    def _refuse_rejected(self, found: Uncertainty) -> None:
        """Refuse distributions of which little is left.

        Raises:
            FlopsheetError: more than half of the draws were left out.
        """
        rejected = found.rejected
        if rejected.count <= _MOST_REJECTED * found.sampler.draws:
            return
        worst = max(rejected.by_key, key=lambda key: rejected.by_key[key])
        given = self.request.inputs.get(worst)
        told = ", ".join(f"`{key}` in {count:,}" for key, count in sorted(rejected.by_key.items()))
        message = (
            f"{rejected.count:,} of {found.sampler.draws:,} draws break a limit ({told}): what is left says nothing."
        )
        remedy = "A constant or amount must be above 0, a share at most 1. Draw from a narrower distribution."
        raise FlopsheetError(Problem(message, given.place if given else self.request.place, SECTION, remedy))


def find_law_draws(plan: Plan, law: Law) -> str | None:
    """The file of joint draws that a plan takes from its law, relative to the root; None where it takes none.

    Raises:
        FlopsheetError: the file lies outside of the project, or is not there.
    """
    request = plan.uncertainty
    if request is None or request.file or request.fixed or not law.draws or law.draws_place is None:
        return None
    return resolve_draws(law.draws, plan.root, law.draws_place)


def build_study(plan: Plan, model: LawModel | ResourceModel, points: PointPlan) -> Study | None:
    """What a plan draws; None where it asks for nothing.

    Raises:
        FlopsheetError: an input that is not there, draws that do not fit the law, or nothing that is uncertain.
    """
    if plan.uncertainty is None:
        return None
    return _Builder(plan, model, points, plan.uncertainty).build()


@dataclass(frozen=True)
class _Builder:
    """Builds one study."""

    plan: Plan
    model: LawModel | ResourceModel
    points: PointPlan
    request: UncertaintyRequest

    def build(self) -> Study:
        """The study."""
        problems = Problems()
        law = self.model.law
        for key, distribution in self.request.inputs.items():
            self._check_input(key, distribution, problems)
        file = self.request.file or find_law_draws(self.plan, law)
        joint = None if file is None else load_joint_draws(self.plan.root / file, self.plan.root, law)
        if joint is not None:
            self._check_joint(joint, problems)
        problems.raise_any()
        fixed = tuple(
            tuple(key for key in self.request.inputs if self._is_own(scenario, key)) for scenario in self.plan.scenarios
        )
        constants = {} if joint is not None or self.request.fixed else self._stated()
        samplers = tuple(
            self._sampler(scenario, own, constants, joint)
            for scenario, own in zip(self.plan.scenarios, fixed, strict=True)
        )
        if not self.request.inputs and not constants and joint is None:
            message = (
                f"nothing is uncertain: no input is drawn, and law `{law.name}` states nothing about its constants."
            )
            if self.request.fixed:
                message = "nothing is uncertain: the constants are fixed, and no input is drawn."
            remedy = "Write for example `inputs: {hardware.mfu: {normal: [0.40, 0.03]}}`."
            raise FlopsheetError(Problem(message, self.request.place, SECTION, remedy))
        return Study(self.request, samplers, fixed, self._exact(constants, joint), self._ranges())

    def _check_input(self, key: str, distribution: Distribution, problems: Problems) -> None:
        """Note an input that is not there, has another unit, or has no value of its own."""
        subject, place = f"{SECTION}.inputs.{key}", distribution.place
        cell = self.points.keys.get(key)
        if cell is None:
            computed = any(other.key == key for other in self.points.graph)
            if computed:
                problems.add("is computed from training runs: it is not drawn.", place, subject, "Remove the line.")
            elif key.startswith(_CONSTANTS):
                name = key.removeprefix(_CONSTANTS)
                remedy = did_you_mean(name, self.model.law.constants)
                problems.add(f"law `{self.model.law.name}` has no constant `{name}`.", place, subject, remedy)
            elif all(scenario.inputs.get(key) is None for scenario in self.plan.scenarios):
                problems.add("is drawn, but the plan does not set it.", place, subject, _give(key))
            else:
                known = [known for known in self.points.keys if not known.startswith("strategies.")]
                problems.add("this plan reads no such input.", place, subject, did_you_mean(key, known))
            return
        if distribution.unit not in {"1", cell.unit}:
            problems.add(f"is in {distribution.unit}, but the plan reads it in {cell.unit}.", place, subject)
        base = self.plan.inputs.get(key)
        values = self.points.table.values[cell.id]
        has_own = base is not None and base.value is not None
        if not has_own and not (cell.kind == "constant" or cell.default is not None) and (
            len(self.plan.scenarios) > 1 or values[0] >= BEYOND_REACH
        ):  # fmt: skip
            message = "is drawn, but the plan does not set it for all scenarios."
            problems.add(message, place, subject, _give(key))

    def _check_joint(self, joint: JointDraws, problems: Problems) -> None:
        """Note constants that are drawn together, and set or drawn by themselves as well."""
        remedy = "Remove the line; or give the distribution of each constant under `inputs` with `constants: fixed`."
        for name in joint.columns:
            key = f"{_CONSTANTS}{name}"
            if key in self.request.inputs:
                message = f"stands beside the joint draws of `{joint.file}`, which hold it too."
                problems.add(message, self.request.inputs[key].place, f"{SECTION}.inputs.{key}", remedy)
            for scenario in self.plan.scenarios:
                source = scenario.inputs.get(key)
                if source is not None and source.value is not None:
                    message = f"is set here, but the joint draws of `{joint.file}` hold it too."
                    problems.add(message, source.place, key, "Remove the line, or write `constants: fixed`.")

    def _is_own(self, scenario: Scenario, key: str) -> bool:
        """Whether a scenario, or --set, says itself what an input is."""
        source, base = scenario.inputs.get(key), self.plan.inputs.get(key)
        if source is None:
            return False
        if base is None or source.layer == "--set":
            return len(self.plan.scenarios) > 1 or source.layer == "--set"
        return source != base

    def _stated(self) -> dict[str, Variable]:
        """The constants of the law about which something is stated, by their key, unless they are drawn as inputs."""
        found = {}
        for name, constant in self.model.law.constants.items():
            key = f"{_CONSTANTS}{name}"
            cell = self.points.keys.get(key)
            if cell is None or key in self.request.inputs:
                continue
            variable = draw_constant(constant)
            if variable is not None:
                found[key] = variable
        return found

    def _sampler(
        self, scenario: Scenario, own: tuple[str, ...], constants: Mapping[str, Variable], joint: JointDraws | None
    ) -> Sampler:
        """What is drawn for a scenario: the inputs that it does not set itself, and constants it does not set."""
        inputs = [
            self._variable(key, distribution) for key, distribution in self.request.inputs.items() if key not in own
        ]
        free = [variable for key, variable in constants.items() if not _is_set(scenario, key)]
        in_order = joint is not None and self.request.draws is None
        draws = joint.rows if joint is not None and in_order else self.request.draws or 0
        positive = frozenset(name for name, constant in self.model.law.constants.items() if constant.value > 0)
        return Sampler(draws, self.request.seed, (*inputs, *free), joint, in_order, positive)

    def _variable(self, key: str, distribution: Distribution) -> Variable:
        """An input that is drawn."""
        row, cell = input_key(key), self.points.keys[key]
        positive = cell.positive or (row is not None and row.positive)
        unit = cell.unit
        return Variable(
            key, distribution.kind, distribution.first, distribution.second, unit, "input", positive,
            None if row is None else row.most,
        )  # fmt: skip

    def _exact(self, constants: Mapping[str, Variable], joint: JointDraws | None) -> tuple[str, ...]:
        """The constants that are taken as exact although nobody says so."""
        if joint is not None or self.request.fixed:
            return ()
        drawn = {*constants, *self.request.inputs}
        keys = {name: f"{_CONSTANTS}{name}" for name in self.model.law.constants}
        return tuple(
            name
            for name, key in keys.items()
            if key not in drawn and key in self.points.keys and not all(_is_set(s, key) for s in self.plan.scenarios)
        )

    def _ranges(self) -> dict[str, tuple[str, float, float]]:
        """The fitted range of each symbol whose result tells where a draw lies."""
        stated = self.model.law.fitted_range or {}
        if isinstance(self.model, ResourceModel):
            return {}
        cells = {z.name: f"{z}_opt" for z in self.model.decisions} | {self.model.amount.name: "C_total"}
        return {name: (cells[name], *ends) for name, ends in stated.items() if name in cells}


def draw_constant(constant: Constant) -> Variable | None:
    r"""How a constant is drawn by what its law states; None where it states nothing.

    An interval $[a, b]$ of level $p$ has the quantiles $(1 \mp p)/2$ of what is drawn: a lognormal for a constant
    above zero, $\ln x \sim N(\ln \sqrt{ab}, \ln(b/a) / 2z)$ with $z$ the normal quantile of $(1 + p)/2$, else a
    normal. A standard error is that of a normal around the value; draws of the wrong sign are left out.
    """
    key, positive, unit = f"{_CONSTANTS}{constant.name}", constant.value > 0, constant.unit or "1"
    if constant.interval is not None:
        low, high = constant.interval
        level = constant.level or USUAL_LEVEL
        width = 2 * NormalDist().inv_cdf((1 + level) / 2)
        if not low < high:
            return None
        if low > 0:
            first, second = math.sqrt(low) * math.sqrt(high), math.log(high / low) / width
            return Variable(key, "lognormal", first, second, unit, "interval", positive, level=level)
        middle, second = (low + high) / 2, (high - low) / width
        return Variable(key, "normal", middle, second, unit, "interval", positive, level=level)
    if constant.se is not None:
        return Variable(key, "normal", constant.value, constant.se, unit, "se", positive)
    return None


def _give(key: str) -> str:
    """What to do about an input without a value of its own."""
    return f"Give `{key}` at the top level the value that the plan is solved with."


def _is_set(scenario: Scenario, key: str) -> bool:
    """Whether a scenario has a value for a key."""
    source = scenario.inputs.get(key)
    return source is not None and source.value is not None
