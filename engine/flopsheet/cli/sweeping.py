"""`flopsheet sweep`: a plan at every point of its sweep, into a file."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from flopsheet.cli.output import OK, is_terminal, place_as_given, say
from flopsheet.errors import FlopsheetError

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from flopsheet.api.sweep_files import Written

# A progress bar is worth its flicker only for sweeps that take a while.
_BAR_AFTER = 1.0


def run_sweep(file: Path, out: Path, *, scenario: str | None, sets: Sequence[str], binding: bool) -> int:
    """Sweep a plan into a file and tell how its points came out; the exit code.

    Points without a plan are rows like others: they are what a sweep is to find.
    """
    from flopsheet.api.sweep import open_sweep  # noqa: PLC0415 - start-up speed
    from flopsheet.api.sweep_files import check_out, write_sweep  # noqa: PLC0415 - the same

    check_out(out)
    try:
        opened = open_sweep(file, scenario=scenario, sets=sets, binding=binding)
    except FlopsheetError as error:
        raise place_as_given(error, file) from None
    started = time.perf_counter()
    bar = _Bar(opened.swept.grid.points)
    try:
        written = write_sweep(opened, out, bar.show)
    finally:
        bar.close()
    say(_summary(written, time.perf_counter() - started))
    return OK


def _summary(written: Written, seconds: float) -> str:
    """What was written, in a line."""
    came = ", ".join(f"{count:,} {status}" for status, count in written.counts.items() if count)
    new = written.points - written.kept
    rate = f", {new / seconds:,.0f} a second" if seconds > _BAR_AFTER and new else ""
    kept = f"; {written.kept:,} were there already" if written.kept else ""
    return f"{written.path.as_posix()}: {written.points:,} points ({came}) in {seconds:.1f} s{rate}{kept}."


class _Bar:
    """A progress bar with rate and time left, only where a person watches and only after a second."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._started = time.perf_counter()
        self._progress: Progress | None = None
        self._task: TaskID | None = None

    def show(self, done: int) -> None:
        """So many points are done."""
        passed = time.perf_counter() - self._started
        if self._progress is None and is_terminal() and passed > _BAR_AFTER and done < self._total:
            from rich.console import Console  # noqa: PLC0415 - imported when drawing
            from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn  # noqa: PLC0415 - the same

            columns = (BarColumn(), TextColumn("{task.description}"), TimeRemainingColumn())
            self._progress = Progress(*columns, console=Console(stderr=True), transient=True)
            self._progress.start()
            self._task = self._progress.add_task("", total=self._total)
        if self._progress is not None and self._task is not None:
            told = f"{done:,} of {self._total:,} points, {done / passed:,.0f} a second, left:"
            self._progress.update(self._task, completed=done, description=told)

    def close(self) -> None:
        """Take the bar away."""
        if self._progress is not None:
            self._progress.stop()
