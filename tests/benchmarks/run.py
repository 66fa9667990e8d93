"""Measures flopsheet against hand-written numpy, the chinchilla package and the bare import of its libraries."""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from harness import Verdict, measure_in_turn, print_comparison, print_verdicts
from roots import benchmark_roots
from terms import benchmark_terms

CONSTANTS = {"E": 1.69, "A": 406.4, "B": 410.7, "alpha": 0.34, "beta": 0.28}
PLAN = """\
title: Benchmark
law: hoffmann_2022
budget: {compute: 1e22 FLOP}
caps: {parameters: 10B}
"""
# Plans under terms are so many at most.
TERMS_POINTS = 100_000
# Plans of a build that has nothing to do.
CURRENT_PLANS = 100
# Points at once in the chunked expression, as in flopsheet.
CHUNK = 16384
LIBRARIES = (
    "click",
    "defusedxml",
    "formualizer",
    "ironcalc",
    "jinja2",
    "numpy",
    "openpyxl",
    "pint",
    "pydantic",
    "rich",
    "sympy",
    "yaml",
)

# --- a million points -------------------------------------------------------------------------------------------------


@cache
def _compiled_plan() -> Any:
    """The benchmark's plan, compiled once: what is measured is its evaluation."""
    from flopsheet import api  # noqa: PLC0415 - not part of what the other benchmarks measure

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "plan.yaml"
        path.write_text(PLAN, encoding="utf-8")
        return api.compile_plan(path)


def vectorised_plan(budgets: Any, caps: Any) -> Mapping[str, Any]:
    """N_opt, D_opt, L_opt and regime at each budget (FLOP) and cap (parameters): the adapter to flopsheet."""
    outputs = ("N_opt", "D_opt", "L_opt", "binds_parameters")
    found: Mapping[str, Any] = _compiled_plan().evaluate({"budget.compute": budgets, "caps.parameters": caps}, outputs)
    return found


def numpy_plan(budgets: Any, caps: Any) -> Mapping[str, Any]:
    r"""The same by hand: $N = \min(G (C/6)^{\beta/(\alpha+\beta)}, cap)$, Hoffmann et al. 2022, eq. 4."""
    import numpy as np  # noqa: PLC0415 - not part of what the other benchmarks measure

    E, A, B, alpha, beta = CONSTANTS.values()
    scale = (alpha * A / (beta * B)) ** (1 / (alpha + beta))
    free = scale * (budgets / 6) ** (beta / (alpha + beta))
    N = np.minimum(free, caps)
    D = budgets / (6 * N)
    return {"N_opt": N, "D_opt": D, "L_opt": E + A * N**-alpha + B * D**-beta, "regime": free > caps}


def chunked_numpy_plan(budgets: Any, caps: Any) -> Mapping[str, Any]:
    """The same by hand, in pieces that stay in the cache: as fast as numpy goes without another thought."""
    import numpy as np  # noqa: PLC0415 - not part of what the other benchmarks measure

    found = {name: np.empty(len(budgets)) for name in ("N_opt", "D_opt", "L_opt", "regime")}
    for start in range(0, len(budgets), CHUNK):
        part = slice(start, start + CHUNK)
        for name, values in numpy_plan(budgets[part], caps[part]).items():
            found[name][part] = values
    return found


def benchmark_points(rounds: int, points: int) -> bool:
    """Print the million-point comparison; whether the limits are kept and the figures agree."""
    import numpy as np  # noqa: PLC0415 - not part of what the other benchmarks measure
    from chinchilla import Chinchilla  # noqa: PLC0415 - the same, and it imports pandas and matplotlib

    random = np.random.default_rng(1)
    budgets = 10 ** random.uniform(18, 26, points)
    caps = 10 ** random.uniform(8, 12, points)

    def chinchilla_plan() -> tuple[Any, ...]:
        N, D = Chinchilla.allocate_compute(budgets, CONSTANTS)
        return N, D, Chinchilla.predict_loss(N, D, CONSTANTS)

    by_hand, ours = numpy_plan(budgets, caps), vectorised_plan(budgets, caps)
    for name in ("N_opt", "D_opt", "L_opt"):
        worst = float(np.max(np.abs(ours[name] / by_hand[name] - 1)))
        print(f"{name}: worst relative difference from numpy {worst:.1e}")
        if not worst <= 1e-12:
            return False
    if not np.array_equal(ours["binds_parameters"] == 1, by_hand["regime"]):
        print("the regimes differ")
        return False
    candidates: dict[str, Callable[[], object]] = {
        "numpy by hand": lambda: numpy_plan(budgets, caps),
        "numpy by hand, in chunks": lambda: chunked_numpy_plan(budgets, caps),
        "flopsheet": lambda: vectorised_plan(budgets, caps),
        "chinchilla 0.2.0 (no caps)": chinchilla_plan,
    }
    medians = print_comparison(f"A plan of {points:,} (budget, cap) points", measure_in_turn(candidates, rounds))
    limits = {"numpy by hand": 1.5, "numpy by hand, in chunks": 1.5, "chinchilla 0.2.0 (no caps)": 1.0}
    return print_verdicts(
        [Verdict(f"times {name}", medians["flopsheet"] / medians[name], limit) for name, limit in limits.items()]
    )


# --- the first build --------------------------------------------------------------------------------------------------

BUILD = "import sys; from flopsheet.cli import main; sys.argv = ['flopsheet', *sys.argv[1:]]; sys.exit(main())"
BUILD_AND_LIST = (
    "import sys; from flopsheet.cli import main; sys.argv = ['flopsheet', *sys.argv[1:]]\n"
    "try: main()\nexcept SystemExit as end: assert not end.code\n"
    f"print('used', *[name for name in {LIBRARIES!r} if name in sys.modules])"
)


def _run_python(code: str, *arguments: str, folder: Path) -> str:
    """What a fresh interpreter prints; an exception where it fails."""
    command = [sys.executable, "-c", code, *arguments]
    finished = subprocess.run(command, cwd=folder, env=os.environ, capture_output=True, text=True, check=False)
    if finished.returncode:
        raise SystemExit(finished.stdout + finished.stderr)
    return finished.stdout


def benchmark_build(rounds: int) -> bool:
    """Print the first build of one plan beside the import of what it uses; whether the limit is kept."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "plan.yaml").write_text(PLAN, encoding="utf-8")
        used = (
            _run_python(BUILD_AND_LIST, "build", "plan.yaml", "--out", "first", folder=folder)
            .split("used ")[-1]
            .split()
        )
        outputs = (f"out{number}" for number in range(rounds + 1))
        seconds = measure_in_turn(
            {
                f"import of {len(used)} libraries": lambda: _run_python(f"import {', '.join(used)}", folder=folder),
                "first build of one plan": lambda: _run_python(
                    BUILD, "build", "plan.yaml", "--out", next(outputs), folder=folder
                ),
            },
            rounds,
        )
    imports, build = print_comparison(f"A first build (uses {', '.join(used)})", seconds).values()
    return print_verdicts([Verdict("seconds", build, 1.5 * imports + 1)])


# --- a build with nothing to do ---------------------------------------------------------------------------------------


def benchmark_current(rounds: int, plans: int) -> bool:
    """Print an up-to-date build of many plans beside the bare import of yaml; whether the limit is kept."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "plans").mkdir()
        for number in range(1, plans + 1):
            text = PLAN.replace("1e22", f"{number}e20")
            (folder / f"plans/plan_{number}.yaml").write_text(text, encoding="utf-8")
        arguments = ("build", "plans", "--out", "reports")
        _run_python(BUILD, *arguments, folder=folder)
        seconds = measure_in_turn(
            {
                "import of yaml": lambda: _run_python("import yaml", folder=folder),
                "up-to-date build": lambda: _run_python(BUILD, *arguments, folder=folder),
            },
            rounds,
        )
    imports, build = print_comparison(f"A build of {plans} plans with nothing to do", seconds).values()
    return print_verdicts([Verdict("times the import of yaml", build / imports, 4.0)])


# --- derivations ------------------------------------------------------------------------------------------------------

DERIVE = """
import contextlib, io, sys, time
import sympy, flopsheet.api
from flopsheet.cli import main
sys.argv = ["flopsheet", "derive", sys.argv[1], "--json"]
start = time.perf_counter()
with contextlib.redirect_stdout(io.StringIO()):
    try:
        code = main()
    except SystemExit as end:
        code = end.code
print(time.perf_counter() - start)
sys.exit(code)
"""


def benchmark_derive(rounds: int) -> bool:
    """Print the time of each shipped law's derivation, in fresh processes; whether all are within two seconds."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        laws = [law["name"] for law in json.loads(_run_python(BUILD, "laws", "--json", folder=folder))]
        verdicts = []
        for law in laws:
            seconds = [float(_run_python(DERIVE, law, folder=folder)) for _ in range(rounds)]
            verdicts.append(Verdict(law, statistics.median(seconds), 2.0))
    print("\nSeconds to derive each shipped law")
    return print_verdicts(verdicts)


def main() -> int:
    """Run the named benchmarks, or all; 1 where a limit is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help="points, roots, terms, build, current, derive; all by default"
    )
    parser.add_argument("--rounds", type=int, default=7, help="rounds of each comparison")
    parser.add_argument("--points", type=int, default=1_000_000, help="size of the plans of `points` and `roots`")
    options = parser.parse_args()
    benchmarks: dict[str, Callable[[], bool]] = {
        "points": lambda: benchmark_points(options.rounds, options.points),
        "roots": lambda: benchmark_roots(min(options.rounds, 5), options.points),
        "terms": lambda: benchmark_terms(min(options.rounds, 3), min(options.points, TERMS_POINTS)),
        "build": lambda: benchmark_build(options.rounds),
        "current": lambda: benchmark_current(max(options.rounds, 15), CURRENT_PLANS),
        "derive": lambda: benchmark_derive(min(options.rounds, 3)),
    }
    if unknown := set(options.names) - set(benchmarks):
        parser.error(f"no such benchmark: {', '.join(sorted(unknown))}")
    kept = [run() for name, run in benchmarks.items() if name in (options.names or benchmarks)]
    return 0 if all(kept) else 1


if __name__ == "__main__":
    sys.exit(main())
