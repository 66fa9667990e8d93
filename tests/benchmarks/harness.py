"""Times candidates in turn and prints them beside their limits."""

import statistics
from collections.abc import Callable, Mapping, Sequence
from time import perf_counter
from typing import NamedTuple

Table = Mapping[str, Sequence[float]]


class Verdict(NamedTuple):
    """A measured figure beside its limit, both in the same unit."""

    name: str
    measured: float
    limit: float

    @property
    def kept(self) -> bool:
        """Whether the figure is within its limit."""
        return self.measured <= self.limit


def measure_in_turn(candidates: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, list[float]]:
    """Seconds of each candidate in each round, taken in turn (A B A B) after one round that does not count."""
    seconds: dict[str, list[float]] = {name: [] for name in candidates}
    for run in candidates.values():
        run()
    for _ in range(rounds):
        for name, run in candidates.items():
            start = perf_counter()
            run()
            seconds[name].append(perf_counter() - start)
    return seconds


def print_comparison(title: str, seconds: Table) -> dict[str, float]:
    """Print medians, spread and ratios to the first candidate; give back the medians in seconds."""
    medians = {name: statistics.median(times) for name, times in seconds.items()}
    first = next(iter(medians.values()))
    width = max(len(name) for name in medians)
    print(f"\n{title}\n{'':{width}}  {'median s':>10}  {'min':>10}  {'max':>10}  {'ratio':>7}")
    for name, times in seconds.items():
        figures = (medians[name], min(times), max(times))
        print(f"{name:{width}}  {'  '.join(f'{figure:10.4f}' for figure in figures)}  {medians[name] / first:7.3f}")
    return medians


def print_verdicts(verdicts: Sequence[Verdict]) -> bool:
    """Print each figure beside its limit; whether all limits are kept."""
    width = max(len(verdict.name) for verdict in verdicts)
    print(f"\n{'':{width}}  {'measured':>10}  {'limit':>10}")
    for verdict in verdicts:
        word = "kept" if verdict.kept else "MISSED"
        print(f"{verdict.name:{width}}  {verdict.measured:10.4f}  {verdict.limit:10.4f}  {word}")
    return all(verdict.kept for verdict in verdicts)
