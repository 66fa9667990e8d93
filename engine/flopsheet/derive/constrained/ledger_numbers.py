# ruff: noqa: ANN401 - mpmath numbers have no type
"""Statements about a plan under terms that algebra does not decide: at its own numbers, with 50 digits."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import mpmath
import sympy as sp

from flopsheet.derive.constrained.stretches import EFFECTIVE, Path
from flopsheet.derive.proof import Proof
from flopsheet.derive.sample import DIGITS
from flopsheet.formula.mp_value import mp_or_none, mp_value
from flopsheet.formula.root import Root
from flopsheet.model.graph import Graph

_CLOSE = mpmath.mpf("1e-9")
"""What counts as zero: the plan's numbers are doubles, and two limits meet where halving finds them."""
_STEP = mpmath.mpf("1e-6")
"""How far the plan is left, in ln D, to see whether that pays."""
_NODES = 12
_MOST_SCENARIOS = 8
_SCALE = mpmath.mpf(8) / 7
_LIMITED = ("compute", "money", "time", "parameters", "memory", "tokens")


@dataclass(frozen=True)
class PlanNumbers:
    """The cells of a plan and their numbers in a scenario that has one."""

    scenario: str
    graph: Graph
    values: Mapping[str, float]

    @property
    def suffix(self) -> str:
        """How the cells of the search end."""
        return "planned" if "plan_status" in self.graph else "opt"

    @cached_property
    def env(self) -> dict[sp.Symbol, Any]:
        """The number of every cell that has one, as it stands."""
        return {
            self.graph[name].symbol: mpmath.mpf(value) for name, value in self.values.items() if not math.isnan(value)
        }

    @cached_property
    def stretches(self) -> tuple[tuple[Any, Any, Callable[[Any], Any]], ...]:
        """The ends of every stretch that is not empty, in ln D, and what is minimised along it."""
        found = []
        for cell in self.graph:
            if not (isinstance(cell.expr, Root) and cell.id.endswith(f"_{self.suffix}")):
                continue
            tag = cell.id.removeprefix("t_")
            if f"score_{tag}" in self.values and self.values[f"low_{tag}"] <= self.values[f"high_{tag}"]:
                ends = (mp_value(end, self.env) for end in (cell.expr.low, cell.expr.high))
                found.append((*ends, partial(self._value_along, cell.expr)))
        return tuple(found)

    def _value_along(self, root: Root, t: Any) -> Any:
        """What is minimised along the stretch of a root, at ln D."""
        return mp_or_none(root.objective, {**self.env, root.unknown: t})

    def least_at(self, t: Any) -> Any:
        """What is minimised at ln D, or None where no stretch reaches so far."""
        near = mpmath.mpf(2) ** -48 * abs(t)
        there = [call(min(max(t, low), high)) for low, high, call in self.stretches if low - near <= t <= high + near]
        known = [value for value in there if value is not None]
        return min(known) if known else None

    def number(self, cell_id: str) -> Any:
        """The number of a cell."""
        return self.env[self.graph[cell_id].symbol]

    def has(self, cell_id: str) -> bool:
        """Whether there is such a cell with a number."""
        return cell_id in self.graph and self.graph[cell_id].symbol in self.env


def prove_numbers(
    scenarios: Sequence[PlanNumbers], path: Path | None, size: sp.Symbol, tokens: sp.Symbol
) -> tuple[Proof, ...]:
    """The statements that are held against the numbers of the plan."""
    scenes = tuple(scenarios)[:_MOST_SCENARIOS]
    if not scenes:
        return ()
    count = len(scenes[0].stretches)
    best = f"best of {count} stretches" if count > 1 else "best of its stretch"
    alike = f"exponents: {tokens} and unique tokens grown alike grow D_effective alike"
    statements: dict[str, Callable[[PlanNumbers], Iterator[str]]] = {
        f"stationarity: at the plan no step in ln {tokens} pays, either way (at a kink the level lies between)": (
            lambda scene: _find_step(scene, tokens)
        ),
        f"second order: the plan is the {best}, and no node of any of them is better": (
            lambda scene: _find_better(scene, tokens)
        ),
        "KKT signs: no multiplier of a limit is negative": _find_negative,
        "complementary slackness: multiplier times slack is zero for every limit": (
            lambda scene: _find_slack(scene, size, tokens)
        ),
        f"stationarity: the parts of the limits add up to what more {size} is worth, and pay what {tokens} are": (
            lambda scene: _find_rest(scene, size)
        ),
    }
    if path is not None and path.stretches[0].inverse is not None:
        statements[f"{alike}, so that U dD_effective/dU = D_effective - mu {tokens}"] = lambda scene: _find_uneven(
            scene, path, tokens
        )
        statements[
            f"inverse round trip: along every stretch effective tokens give back the {tokens} they come from"
        ] = lambda scene: _find_lost(scene, path, tokens)
    if "target_loss" in scenes[0].values and "plan_status" in scenes[0].graph:
        statements["inverse round trip: the plan reaches the target loss"] = _find_missed
    with mpmath.workdps(DIGITS):
        return tuple(_judge(statement, scenes, faults) for statement, faults in statements.items())


def _judge(statement: str, scenes: Sequence[PlanNumbers], faults: Callable[[PlanNumbers], Iterator[str]]) -> Proof:
    """A verdict on a statement, from what is at fault in each scenario."""
    for scene in scenes:
        for fault in faults(scene):
            return Proof(statement, "numeric", "refuted", detail=f"in scenario `{scene.scenario}` {fault}")
    names = ", ".join(f"`{scene.scenario}`" for scene in scenes)
    return Proof(statement, "numeric", "checked", detail=f"with {DIGITS} digits at the numbers of {names}")


def _place(scene: PlanNumbers, tokens: sp.Symbol) -> Any:
    """ln D of the plan."""
    return mpmath.log(scene.number(f"{tokens}_{scene.suffix}"))


def _weight(scene: PlanNumbers, size: str) -> Any:
    """What a step is measured by: what the decisions are worth; 1 where a logarithm is minimised."""
    return mpmath.mpf(1) if scene.suffix == "planned" else scene.number(f"gain_{size}") + scene.number("worth_data")


def _find_step(scene: PlanNumbers, tokens: sp.Symbol) -> Iterator[str]:
    """A step that pays."""
    t = _place(scene, tokens)
    here = scene.least_at(t)
    if here is None:
        yield "the plan lies on no stretch"
        return
    size = next(name.removeprefix("gain_") for name in scene.values if name.startswith("gain_"))
    # Where limits must be kept, exceeding one by a rounding counts a million times.
    room = _CLOSE if scene.suffix == "planned" else _CLOSE * _STEP * _weight(scene, size)
    for side in (-_STEP, _STEP):
        there = scene.least_at(t + side)
        if there is not None and there < here - room:
            yield f"a step of {float(side):.0e} in ln {tokens} gains {float(here - there):.3g}"


def _find_better(scene: PlanNumbers, tokens: sp.Symbol) -> Iterator[str]:
    """A node of a stretch that is better than the plan."""
    here = scene.least_at(_place(scene, tokens))
    if here is None:
        yield "the plan lies on no stretch"
        return
    for low, high, call in scene.stretches:
        for node in range(_NODES + 1):
            t = low + (high - low) * node / _NODES
            there = call(t)
            if there is not None and there < here - _CLOSE * abs(here):
                yield f"{tokens} = {float(mpmath.exp(t)):.4g} is better by {float(here - there):.3g}"


def _limits(scene: PlanNumbers) -> Iterator[tuple[str, Any]]:
    """Every limit with its multiplier."""
    for name in _LIMITED:
        if scene.has(f"multiplier_{name}"):
            yield name, scene.number(f"multiplier_{name}")


def _find_negative(scene: PlanNumbers) -> Iterator[str]:
    """A multiplier below zero."""
    found = [*_limits(scene), *([("data", scene.number("multiplier_data"))] if scene.has("multiplier_data") else [])]
    yield from (f"that of {name} is {float(value):.3g}" for name, value in found if value < 0)


def _find_slack(scene: PlanNumbers, size: sp.Symbol, tokens: sp.Symbol) -> Iterator[str]:
    """A limit that has a price and leaves room."""
    whole = scene.number(f"gain_{size}") + abs(scene.number("worth_tokens"))
    held = scene.number(f"{size}_{scene.suffix}")
    for name, multiplier in _limits(scene):
        if multiplier == 0:
            continue
        if name == "tokens":
            room = scene.number("caps_tokens") / scene.number(f"{tokens}_{scene.suffix}") - 1
        else:
            room = scene.number(f"{size}_at_{name}_opt") / held - 1
        if abs(multiplier * room) > _CLOSE * whole:
            yield f"{name} leaves {float(room):.3g} of itself"


def _find_rest(scene: PlanNumbers, size: sp.Symbol) -> Iterator[str]:
    """What the parts of the limits leave over."""
    worth = {name: scene.number(name) for name in (f"gain_{size}", "worth_tokens", "tokens_paid")}
    parts = sum((scene.number(name) for name in scene.values if name.startswith("part_") and scene.has(name)
                 and name.removeprefix("part_") in _LIMITED), mpmath.mpf(0))  # fmt: skip
    gain = worth[f"gain_{size}"]
    if abs(parts - gain) > _CLOSE * gain:
        yield f"{float(parts):.6g} is not {float(gain):.6g}"
    taken = worth["tokens_paid"] + (scene.number("multiplier_tokens") if scene.has("multiplier_tokens") else 0)
    at_kink = not _is_smooth(scene)
    # At a kink of the data the next token is worth less than the last one: what is paid lies between.
    gap = taken - worth["worth_tokens"]
    if not at_kink and abs(gap) > _CLOSE * (gain + abs(worth["worth_tokens"])):
        yield f"the tokens are paid {float(taken):.6g} and worth {float(worth['worth_tokens']):.6g}"


def _is_smooth(scene: PlanNumbers) -> bool:
    """Whether the plan lies inside a stretch, where what is minimised has a slope."""
    held = [name for name in scene.values if name.startswith("score_") and name.endswith(f"_{scene.suffix}")]
    best = min(scene.values[name] for name in held)
    tag = next(name.removeprefix("score_") for name in held if scene.values[name] == best)
    t = scene.values[f"t_{tag}"]
    return scene.values[f"t_low_{tag}"] < t < scene.values[f"t_high_{tag}"]


def _find_uneven(scene: PlanNumbers, path: Path, tokens: sp.Symbol) -> Iterator[str]:
    """A stretch whose effective tokens do not grow with all data and the tokens seen alike."""
    names = {name for stretch in path.stretches for name in (str(s) for s in stretch.effective.free_symbols)}
    cells = scene.graph.needed(sorted(name for name in names if name in scene.graph))
    sides = []
    for scale in (mpmath.mpf(1), _SCALE):
        env = {}
        for cell in cells:
            if cell.expr is None:
                grown = scale if cell.id.startswith("data_") and cell.id.endswith("_unique") else 1
                env[cell.symbol] = scene.number(cell.id) * grown
            else:
                env[cell.symbol] = mp_value(cell.expr, env)
        sides.append((env, scale))
    for stretch in path.stretches:
        values = [mp_or_none(stretch.effective, {**env, tokens: scene.number(f"{tokens}_{scene.suffix}") * scale})
                  for env, scale in sides]  # fmt: skip
        if None not in values and abs(values[1] / (values[0] * _SCALE) - 1) > mpmath.mpf("1e-40"):
            yield f"not on the stretch of {stretch.tag}"


def _find_lost(scene: PlanNumbers, path: Path, tokens: sp.Symbol) -> Iterator[str]:
    """Tokens that do not come back from what they are worth."""
    for stretch in path.stretches:
        low, high = (mp_value(end, scene.env) for end in (stretch.low, stretch.high))
        for node in range(1, _NODES) if low < high else ():
            seen = low + (high - low) * node / _NODES
            env = {**scene.env, tokens: seen}
            # Where a token is worth exp(-100) of a fresh one, the effective ones no longer tell how many there are.
            if mp_value(stretch.marginal, env) < mpmath.exp(-60):
                continue
            back = None
            if stretch.inverse is not None:
                back = mp_or_none(stretch.inverse, {**scene.env, EFFECTIVE: mp_value(stretch.effective, env)})
            if back is None or abs(back / seen - 1) > mpmath.mpf("1e-18"):
                yield f"{float(seen):.4g} on the stretch of {stretch.tag}"


def _find_missed(scene: PlanNumbers) -> Iterator[str]:
    """A loss that is not the target."""
    gap = scene.number("L_opt") / scene.number("target_loss") - 1
    if abs(gap) > _CLOSE:
        yield f"the loss is off by {float(gap):.3g}"
