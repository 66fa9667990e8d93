"""Measures draws of a law's constants through a plan on one core, beside a loop over the chinchilla package."""

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from harness import Verdict, measure_in_turn, print_comparison, print_verdicts
from roots import one_core

# Constants with standard errors (Besiroglu et al. 2024); those of A and B are smaller, so that no draw is left out.
CONSTANTS = {"E": (1.8172, 0.03), "A": (482.01, 48.0), "B": (2085.43, 208.0), "alpha": (0.3478, 0.02)}
CONSTANTS |= {"beta": (0.3658, 0.02)}
BUDGET = 5.76e23
PLAN = f"title: Benchmark\nlaw: besiroglu_2024\nbudget: {{compute: {BUDGET!r}}}\n"
OUTPUTS = ("N_opt", "D_opt", "L_opt")
# The package computes one set of constants at a time: so many are timed, and the rest is extrapolated.
ONE_BY_ONE = 10_000
TIMES_FASTER = 30.0


def _one_by_one(count: int) -> Mapping[str, Any]:
    """Quantiles of N, D and L over draws, each of which the package allocates and predicts by itself."""
    import numpy as np  # noqa: PLC0415 - not part of what the other benchmarks measure
    from chinchilla import Chinchilla  # noqa: PLC0415 - the same, and it imports pandas and matplotlib

    random = np.random.default_rng(1)
    drawn = {name: random.normal(mean, error, count).tolist() for name, (mean, error) in CONSTANTS.items()}
    names = tuple(drawn)
    rows = np.empty((count, 3))
    for index, values in enumerate(zip(*drawn.values(), strict=True)):
        constants = dict(zip(names, values, strict=True))
        N, D = Chinchilla.allocate_compute(BUDGET, constants)
        rows[index] = N, D, Chinchilla.predict_loss(N, D, constants)
    return dict(zip(OUTPUTS, np.quantile(rows, (0.05, 0.25, 0.5, 0.75, 0.95), axis=0).T, strict=True))


def benchmark_draws(rounds: int, draws: int) -> bool:
    """Print seconds of so many draws and times a draw; whether quantiles agree and the limit is kept."""
    from flopsheet.api.points import open_points  # noqa: PLC0415 - not part of what the other benchmarks measure
    from flopsheet.evaluate.sampler import Sampler, Variable  # noqa: PLC0415 - the same
    from flopsheet.evaluate.uncertainty import evaluate_uncertainty  # noqa: PLC0415 - the same

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "plan.yaml"
        path.write_text(PLAN, encoding="utf-8")
        points = open_points(path)
    variables = tuple(
        Variable(f"constants.{name}", "normal", mean, error, "1", "se", positive=True)
        for name, (mean, error) in CONSTANTS.items()
    )
    sampler = Sampler(draws, 1, variables)

    def ours() -> Any:
        return evaluate_uncertainty(points, sampler, 0.9, OUTPUTS)

    candidates: dict[str, Callable[[], object]] = {
        f"flopsheet, {draws:,} draws": ours,
        f"chinchilla 0.2.0, {ONE_BY_ONE:,} draws": lambda: _one_by_one(ONE_BY_ONE),
    }
    with one_core():
        found, other = ours().results, _one_by_one(ONE_BY_ONE)
        for name in OUTPUTS:
            for each, value in zip(found[name].quantiles.values(), other[name], strict=True):
                room = 6 * each.error * (draws / ONE_BY_ONE) ** 0.5
                if abs(each.value - value) > room:
                    print(f"{name}: {each.value:g} is not {value:g}, however few the draws of the loop are")
                    return False
        medians = print_comparison("Draws of constants on one core", measure_in_turn(candidates, rounds))
    own, one = (median / count for median, count in zip(medians.values(), (draws, ONE_BY_ONE), strict=True))
    print(f"\n{1e9 * own:.0f} ns a draw; {1e6 * one:.2f} us a draw of the loop: {one / own:.1f} times faster")
    return print_verdicts([Verdict("share of the loop's time", own / one, 1 / TIMES_FASTER)])
