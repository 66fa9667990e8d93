"""Measures plans under three tiers, inference and every cap on one core: microseconds a point, and scipy one by one."""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harness import Verdict, measure_in_turn, print_comparison, print_verdicts
from roots import one_core

# Published constants of the loss (Hoffmann et al. 2022, eq. 10).
E, A, B, ALPHA, BETA = 1.69, 406.4, 410.7, 0.34, 0.28
TIERS = {"curated": (150e9, 1.0, 8.0), "web": (1.2e12, 0.4, 4.0), "crawl": (5e12, 0.2, 4.0)}
DECAY, SERVED = 15.39, 2e12
COUNT, RATE, PRICE = 1024, 989e12 * 3600 * 0.4, 2.5
PLAN = f"""\
title: Benchmark of terms
law: hoffmann_2022
budget: {{compute: 1e24 FLOP, covers: lifetime}}
caps: {{parameters: 50B, tokens: 20T, time: 60 days, money: 9M USD, memory: 200 GB}}
hardware: {{accelerator: H100-SXM, count: {COUNT}, mfu: 40 %, price: {PRICE} USD/hour}}
data:
  tiers:
{"".join(f"    - {{name: {n}, unique: {u!r}, quality: {q}, epochs: {e}}}" + chr(10) for n, (u, q, e) in TIERS.items())}\
inference: {{tokens: {SERVED!r}}}
"""
VARIED = {
    "budget.compute": (19, 26),
    "caps.parameters": (9, 12),
    "caps.money": (4, 8),
    "data.tiers.curated.unique": (10, 12.5),
    "data.tiers.web.unique": (11, 13.5),
}
# scipy minimises one point at a time: so many are timed, and the rest is extrapolated.
ONE_BY_ONE = 100
MICROSECONDS = 25.0


def _loss(t: float, k: Mapping[str, float]) -> float:
    """The least loss at ln D, by hand: the level by halving, the size by the tightest limit."""
    import math  # noqa: PLC0415 - not part of what the other benchmarks measure

    D = math.exp(t)
    tiers = [(k.get(f"data.tiers.{name}.unique", u), q, cap) for name, (u, q, cap) in TIERS.items()]
    low, high = -30.0, 0.0
    for _ in range(50):
        middle = (low + high) / 2
        seen = sum(u * min(cap, 1 + DECAY * (math.log(q) - middle)) for u, q, cap in tiers if math.log(q) >= middle)
        low, high = (middle, high) if seen >= D else (low, middle)
    effective, seen = 0.0, 0.0
    for u, q, cap in tiers:
        e = min(cap, 1 + DECAY * (math.log(q) - high)) if math.log(q) >= high else 0.0
        seen += u * e
        effective += u * q * (min(e, 1) - DECAY * math.expm1(-max(0.0, e - 1) / DECAY))
    effective += math.exp(low) * (D - seen)
    whole = 6 * D + 2 * SERVED
    N = min(
        k["caps.parameters"],
        100e9,
        k["budget.compute"] / whole,
        k["caps.money"] * RATE / PRICE / whole,
        60 * 24 * COUNT * RATE / (6 * D),
    )
    return float(E + A * N**-ALPHA + B * effective**-BETA)


def _one_by_one(values: Mapping[str, Any], count: int) -> list[float]:
    """The least loss of the first points, each by scipy's bounded minimisation."""
    import math  # noqa: PLC0415 - the same

    from scipy.optimize import minimize_scalar  # noqa: PLC0415 - the same

    found = []
    for index in range(count):
        k = {key: float(value[index]) for key, value in values.items()}
        most = min(20e12, sum(k.get(f"data.tiers.{name}.unique", u) * cap for name, (u, _, cap) in TIERS.items()))
        result = minimize_scalar(
            _loss, args=(k,), bounds=(math.log(1e6), math.log(most)), method="bounded", options={"xatol": 1e-10}
        )
        found.append(float(result.fun))
    return found


def benchmark_terms(rounds: int, points: int) -> bool:
    """Print what a plan under terms costs on one core beside scipy one by one; whether the limits are kept."""
    import numpy as np  # noqa: PLC0415 - the same

    from flopsheet import api  # noqa: PLC0415 - the same

    random = np.random.default_rng(1)
    values = {key: 10 ** random.uniform(*ends, points) for key, ends in VARIED.items()}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "plan.yaml"
        path.write_text(PLAN, encoding="utf-8")
        compiled = api.compile_plan(path)

    def ours() -> Any:
        return compiled.evaluate(values, ("N_opt", "D_opt", "L_opt"))

    few = min(ONE_BY_ONE, points)
    with one_core():
        found, theirs = ours()["L_opt"][:few], np.array(_one_by_one(values, few))
        seconds = measure_in_turn(
            {"flopsheet": ours, f"scipy minimize_scalar, {few} points": lambda: _one_by_one(values, few)}, rounds
        )
    mine, single = print_comparison(f"terms: {points:,} plans on one core", seconds).values()
    worse = float(np.max(found / theirs - 1))
    print(f"terms: {single / few * points / mine:,.0f} times as fast as one by one; worse by {worse:.1e} at most")
    print(f"terms: scipy is worse by more than 1e-6 at {int(np.sum(theirs / found - 1 > 1e-6))} of {few} points")
    return print_verdicts([
        Verdict("terms: microseconds a point", mine / points * 1e6, MICROSECONDS),
        Verdict("terms: worse than scipy / 1e-9", max(0.0, worse) / 1e-9, 1.0),
    ])  # fmt: skip
