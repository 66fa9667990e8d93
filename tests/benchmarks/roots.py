"""Measures the numerical optimum on one core: nanoseconds a point, and scipy on the same equations."""

import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from harness import Verdict, measure_in_turn, print_comparison, print_verdicts

# Published constants of the loss (Hoffmann et al. 2022, eq. 10); D_infer as large as a budget of 1e26 FLOP trains on.
CONSTANTS = {"E": 1.69, "A": 406.4, "B": 410.7, "alpha": 0.34, "beta": 0.28, "D_infer": 2e12}
PLAN = """\
title: Benchmark of roots
law:
  loss: E + A / N**alpha + B / D**beta
  cost: {cost}
  decisions: {{N: parameters, D: tokens}}
  constants: {constants}
budget: {{compute: 1e22 FLOP}}
"""
# Points at once for scipy, as for flopsheet: what does not fit the cache is slower.
CHUNK = 8192
# scipy minimises one point at a time: so many are timed, and the rest is extrapolated.
ONE_BY_ONE = 500

NANOSECONDS = 200.0
FIND_ROOT = 5.0
MINIMIZE_SCALAR = 200.0


class Problem(NamedTuple):
    """A law by hand: its cost, ln N and ln D over the unknown t, the equation, and the range of t."""

    cost: str
    decisions: Callable[..., tuple[Any, Any]]
    residual: Callable[..., Any]
    ends: Callable[..., tuple[float, Any]]


def _sum_decisions(t: Any, k: Mapping[str, Any]) -> tuple[Any, Any]:
    r"""$6 N = C / (1 + e^{-t})$ and $7 D = C / (1 + e^t)$."""
    import numpy as np  # noqa: PLC0415 - not part of what the other benchmarks measure

    return np.log(k["C"] / 6 / (1 + np.exp(-t))), np.log(k["C"] / 7 / (1 + np.exp(t)))


def _sum_residual(t: Any, k: Mapping[str, Any]) -> Any:
    r"""Gain over cost of both decisions: $\alpha A N^{-\alpha} / 6N = \beta B D^{-\beta} / 7D$, in logarithms."""
    import numpy as np  # noqa: PLC0415 - the same

    N, D = _sum_decisions(t, k)
    return k["level"] - (1 + k["alpha"]) * N + (1 + k["beta"]) * D + np.log(7 / 6)


def _inference_decisions(t: Any, k: Mapping[str, Any]) -> tuple[Any, Any]:
    r"""$D = e^{-t}$ and $N = C / (6 D + 2 D_{infer})$."""
    import numpy as np  # noqa: PLC0415 - the same

    return np.log(k["C"] / (6 * np.exp(-t) + 2 * k["D_infer"])), -t


def _inference_residual(t: Any, k: Mapping[str, Any]) -> Any:
    r"""$\alpha A N^{-\alpha} \cdot 6 D / (6 D + 2 D_{infer}) = \beta B D^{-\beta}$, in logarithms."""
    N, D = _inference_decisions(t, k)
    return k["level"] + k["log_6"] - k["log_C"] + (1 - k["alpha"]) * N + (1 + k["beta"]) * D


PROBLEMS = {
    "sum of costs": Problem("6 * N + 7 * D", _sum_decisions, _sum_residual, lambda _: (-60.0, 60.0)),
    "inference": Problem(
        "6 * N * D + 2 * N * D_infer", _inference_decisions, _inference_residual, lambda _: (-92.0, 14.0)
    ),
}


@contextmanager
def one_core() -> Iterator[None]:
    """Keep the process on one core, where the system can."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def _values(points: int, *, constants: bool) -> dict[str, Any]:
    """Budgets over eight powers of ten, and where asked constants of each point's own."""
    import numpy as np  # noqa: PLC0415 - the same

    random = np.random.default_rng(1)
    values: dict[str, Any] = {**CONSTANTS, "C": 10 ** random.uniform(18, 26, points)}
    if constants:
        values |= {name: random.uniform(0.2, 0.5, points) for name in ("alpha", "beta")}
        values |= {name: 10 ** random.uniform(1, 3, points) for name in ("A", "B")}
    return values


def _compiled(problem: Problem, constants: Mapping[str, float]) -> Any:
    """The plan of a law, compiled once."""
    from flopsheet import api  # noqa: PLC0415 - the same

    used = {name: value for name, value in constants.items() if name != "D_infer" or name in problem.cost}
    text = PLAN.format(cost=problem.cost, constants="{" + ", ".join(f"{n}: {v}" for n, v in used.items()) + "}")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "plan.yaml"
        path.write_text(text, encoding="utf-8")
        return api.compile_plan(path)


def _hand(values: Mapping[str, Any], part: slice) -> dict[str, Any]:
    """The numbers of some points, with what does not move with the unknown computed beforehand."""
    import numpy as np  # noqa: PLC0415 - the same

    k = {name: value[part] if np.ndim(value) else value for name, value in values.items()}
    level = np.log(k["alpha"] * k["A"] / (k["beta"] * k["B"]))
    return k | {"level": level, "log_6": np.log(6.0), "log_C": np.log(k["C"])}


def find_root(problem: Problem, values: Mapping[str, Any]) -> tuple[Any, Any]:
    """N and D by scipy's bracketing finder on arrays (Chandrupatla 1997), in pieces that stay in the cache."""
    import numpy as np  # noqa: PLC0415 - the same
    from scipy.optimize import elementwise  # noqa: PLC0415 - the same

    size = len(values["C"])
    found = np.empty((2, size))
    for start in range(0, size, CHUNK):
        part = slice(start, min(start + CHUNK, size))
        k = _hand(values, part)
        names = tuple(name for name, value in k.items() if np.ndim(value))
        still = {name: value for name, value in k.items() if name not in names}

        def residual(t: Any, *arrays: Any, names: tuple[str, ...] = names, still: Any = still) -> Any:
            return problem.residual(t, still | dict(zip(names, arrays, strict=True)))

        result = elementwise.find_root(residual, problem.ends(k), args=tuple(k[name] for name in names))
        found[:, part] = np.exp(problem.decisions(result.x, k))
    return found[0], found[1]


def minimize_one_by_one(problem: Problem, values: Mapping[str, Any], count: int) -> None:
    """The least loss of the first points along the budget, each by scipy's `minimize_scalar`."""
    import math  # noqa: PLC0415 - beside the other imports

    import numpy as np  # noqa: PLC0415 - the same
    from scipy.optimize import minimize_scalar  # noqa: PLC0415 - the same

    for index in range(count):
        k = {name: float(value[index]) if np.ndim(value) else value for name, value in values.items()}

        def loss(t: float, k: Mapping[str, float] = k) -> float:
            N, D = problem.decisions(t, k)
            return k["E"] + k["A"] * math.exp(-k["alpha"] * N) + k["B"] * math.exp(-k["beta"] * D)

        minimize_scalar(loss, bounds=problem.ends(k), method="bounded", options={"xatol": 1e-12})


def _measure(name: str, problem: Problem, values: Mapping[str, Any], rounds: int) -> list[Verdict]:
    """Print the comparison of one problem; each figure beside its limit."""
    import numpy as np  # noqa: PLC0415 - the same

    compiled = _compiled(problem, CONSTANTS)
    points = len(values["C"])
    given = {"budget.compute": values["C"]}
    given |= {f"constants.{key}": value for key, value in values.items() if key != "C" and np.ndim(value)}

    def ours() -> Any:
        return compiled.evaluate(given, ("N_opt", "D_opt"))

    found, theirs = ours(), find_root(problem, values)
    gap = max(float(np.max(np.abs(found[f"{z}_opt"] / other - 1))) for z, other in zip("ND", theirs, strict=True))
    few = min(ONE_BY_ONE, points)
    seconds = measure_in_turn(
        {
            "flopsheet": ours,
            "scipy elementwise.find_root": lambda: find_root(problem, values),
            f"scipy minimize_scalar, {few} points": lambda: minimize_one_by_one(problem, values, few),
        },
        rounds,
    )
    mine, arrays, single = print_comparison(f"{name}: {points:,} optima on one core", seconds).values()
    print(f"{name}: worst relative difference from find_root {gap:.1e}")
    print(f"{name}: {arrays / mine:.1f} times as fast as find_root, {single / few * points / mine:,.0f} as one by one")
    return [
        Verdict(f"{name}: nanoseconds a point", mine / points * 1e9, NANOSECONDS),
        Verdict(f"{name}: part of find_root's time", mine / arrays, 1 / FIND_ROOT),
        Verdict(f"{name}: part of minimize_scalar's time", mine / (single / few * points), 1 / MINIMIZE_SCALAR),
        Verdict(f"{name}: difference from find_root / 1e-11", gap / 1e-11, 1.0),
    ]


def benchmark_roots(rounds: int, points: int) -> bool:
    """Print what optima without a closed form cost on one core; whether the limits are kept."""
    verdicts = []
    with one_core():
        for name, problem in PROBLEMS.items():
            verdicts += _measure(name, problem, _values(points, constants=False), rounds)
            verdicts += _measure(f"{name}, own constants", problem, _values(points, constants=True), rounds)
    return print_verdicts(verdicts)
