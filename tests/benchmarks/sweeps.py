"""Measures a sweep of ten million points to Parquet, beside numpy and pyarrow written by hand; and its memory."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from harness import Verdict, measure_in_turn, print_comparison, print_verdicts

PLAN = """\
title: Benchmark of sweeps
law: hoffmann_2022
budget: {{compute: 1e22 FLOP}}
sweep:
  budget.compute: {{from: 1e19, to: 1e25, points: {budgets}, scale: log}}
  caps.parameters: {{from: 1e8, to: 1e12, points: {sizes}, scale: log}}
  caps.tokens: {{from: 1e10, to: 1e13, points: {tokens}, scale: log}}
"""
SWEEP = "import sys; from flopsheet.cli import main; sys.argv = ['flopsheet', *sys.argv[1:]]; sys.exit(main())"
SHAPES = {1_000_000: (100, 100, 100), 10_000_000: (250, 200, 200), 100_000_000: (500, 500, 400)}

SIZE = 10_000_000
ROWS = 1_048_576  # of a part, as in flopsheet

RATIO = 1.5
MEGABYTES = 500.0
GROWTH = 1.2


def benchmark_sweep(rounds: int) -> bool:
    """Print a sweep of 1e7 points beside the same by hand, and its memory from 1e6 to 1e8; whether the limits hold."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for size, shape in SHAPES.items():
            text = PLAN.format(**dict(zip(("budgets", "sizes", "tokens"), shape, strict=True)))
            (folder / f"{size}.yaml").write_text(text, encoding="utf-8")
        # First, while this process is small: a child counts the memory of whom it was forked from.
        memory = {size: _sweep(folder, size) for size in SHAPES}
        seconds = measure_in_turn(
            {
                "numpy and pyarrow by hand": lambda: sweep_by_hand(SHAPES[SIZE], folder / "hand"),
                "flopsheet": lambda: _sweep_here(folder, SIZE),
                "flopsheet, the whole command": lambda: _sweep(folder, SIZE),
            },
            rounds,
        )
        alike = _compare(folder)
    medians = print_comparison(f"A sweep of {SIZE:,} points to Parquet", seconds)
    by_hand, ours, _ = medians.values()
    print(f"points a second: {SIZE / ours:,.0f} (by hand {SIZE / by_hand:,.0f})")
    print("peak memory: " + ", ".join(f"{points:.0e} points {peak:.0f} MB" for points, peak in memory.items()))
    print(f"worst relative difference from numpy {alike:.1e}")
    return print_verdicts(
        [
            Verdict("times by hand", ours / by_hand, RATIO),
            Verdict("megabytes at most", max(memory.values()), MEGABYTES),
            Verdict("memory of 1e8 to that of 1e7", memory[100_000_000] / memory[SIZE], GROWTH),
            Verdict("1e12 times the difference from numpy", alike * 1e12, 1.0),
        ]
    )


def sweep_by_hand(shape: tuple[int, int, int], out: Path) -> None:
    """What a careful person writes: the same columns, parts, encodings and compression, a part at a time."""
    import numpy as np  # noqa: PLC0415 - not part of what the other benchmarks measure
    import pyarrow as pa  # noqa: PLC0415 - the same
    import pyarrow.parquet as pq  # noqa: PLC0415 - the same

    _clear(out)
    out.mkdir()
    E, A, B, alpha, beta = 1.69, 406.4, 410.7, 0.34, 0.28
    scale = (alpha * A / (beta * B)) ** (1 / (alpha + beta))
    ends = ((1e19, 1e25), (1e8, 1e12), (1e10, 1e13))
    axes = [np.geomspace(low, high, count) for (low, high), count in zip(ends, shape, strict=True)]
    keys = ("budget.compute", "caps.parameters", "caps.tokens")
    size = int(np.prod(shape))
    for number, start in enumerate(range(0, size, ROWS)):
        places: Any = np.unravel_index(np.arange(start, min(start + ROWS, size)), shape)
        C, N_cap, D_cap = (axis[place] for axis, place in zip(axes, places, strict=True))
        free_N = scale * (C / 6) ** (beta / (alpha + beta))
        free_D = C / (6 * free_N)
        N = np.minimum(N_cap, np.maximum(C / (6 * D_cap), free_N))
        D = np.minimum(D_cap, np.maximum(C / (6 * N_cap), free_D))
        L = E + A * N**-alpha + B * D**-beta
        spent, best = 6 * N * D, E + A * free_N**-alpha + B * free_D**-beta
        columns = dict(zip(keys, (C, N_cap, D_cap), strict=True))
        columns |= {"N_opt": N, "D_opt": D, "L_opt": L, "C_train": spent, "C_total": spent}
        columns |= {"tokens_per_parameter": D / N, "efficiency": best / L}
        status = pa.DictionaryArray.from_arrays(np.zeros(len(C), np.int8), pa.array(["ok"]))
        table = pa.table({**columns, "status": status})
        options = {"compression": "snappy", "use_dictionary": [*keys, "status"], "store_schema": False}
        with pq.ParquetWriter(out / f"part-{number:05d}.parquet", table.schema, **options) as writer:
            writer.write_table(table, row_group_size=131072)


def _sweep_here(folder: Path, size: int) -> None:
    """The sweep in this process, from the plan file on."""
    from flopsheet.api.sweep import open_sweep  # noqa: PLC0415 - not part of what the other benchmarks measure
    from flopsheet.api.sweep_files import write_sweep  # noqa: PLC0415 - the same

    out = folder / "here.parquet"
    _clear(out)
    write_sweep(open_sweep(folder / f"{size}.yaml"), out, _watch)


def _watch(_: int) -> None:
    """Nobody watches how far it is."""


def _sweep(folder: Path, size: int) -> float:
    """The sweep in a process of its own; its peak memory in MB."""
    out = folder / "grid.parquet"
    _clear(out)
    return _run([SWEEP, "sweep", str(folder / f"{size}.yaml"), "--out", str(out)], folder)


def _clear(out: Path) -> None:
    """Take away what an earlier round wrote."""
    if out.is_dir():
        shutil.rmtree(out)
    out.unlink(missing_ok=True)


def _run(arguments: list[str], folder: Path) -> float:
    """Run a program; its peak memory in MB."""
    with (folder / "told").open("w+", encoding="utf-8") as told:
        process = subprocess.Popen([sys.executable, "-c", *arguments], cwd=folder, stderr=told)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            told.seek(0)
            raise SystemExit(told.read())
    return usage.ru_maxrss / 1024


def _compare(folder: Path) -> float:
    """The largest relative difference between both at a million points."""
    import pyarrow.parquet as pq  # noqa: PLC0415 - not part of what is measured

    size = 1_000_000
    sweep_by_hand(SHAPES[size], folder / "hand")
    _sweep(folder, size)
    ours, hand = pq.read_table(folder / "grid.parquet"), pq.read_table(folder / "hand")
    if ours.column_names != hand.column_names or ours["status"].unique().to_pylist() != ["ok"]:
        raise SystemExit("the columns differ")
    pairs = [(ours[name].to_numpy(), hand[name].to_numpy()) for name in ours.column_names[:-1]]
    return max(float(abs(one / other - 1).max()) for one, other in pairs)
