"""`flopsheet build`: what is current is skipped before anything heavy is imported."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from flopsheet.cli.leftovers import find_leftovers, tell_leftovers
from flopsheet.cli.output import (
    BAD_INPUT,
    FAILED,
    OK,
    is_terminal,
    place_as_given,
    print_error,
    print_table,
    say,
)
from flopsheet.errors import FlopsheetError, Problem
from flopsheet.plan.jobs import Job, find_current, list_jobs
from flopsheet.provenance import BuildState

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from flopsheet.api import BuildResult

# A progress bar is worth its flicker only for builds that take a while.
_BAR_AFTER = 1.0


def run_build(paths: Sequence[Path], out: Path, *, force: bool, check_only: bool, templates: Path | None) -> int:
    """Build the plans below the given paths; the exit code."""
    if templates is not None and not templates.is_dir():
        raise FlopsheetError(Problem(f"the template folder `{templates}` does not exist."))
    listing = list_jobs(paths, out)
    jobs = listing.jobs
    if not jobs:
        raise FlopsheetError(Problem(f"no plan below {', '.join(f'`{path}`' for path in paths)}."))
    states = {} if force else find_current(jobs, templates)
    pending = [job for job in jobs if job.folder not in states]
    leftovers = find_leftovers(out, {job.folder for job in jobs}, paths)
    if check_only:
        code = _report_stale(pending, len(jobs), templates)
        tell_leftovers(leftovers)
        return FAILED if leftovers else code
    code = max(_tell_failures(jobs, states), _build(pending, out, templates) if pending else OK)
    if not pending:
        say(f"{len(jobs)} plans are up to date." if len(jobs) > 1 else "The plan is up to date.")
    tell_leftovers(leftovers)
    listing.keep(out)
    return code


def _tell_failures(jobs: Sequence[Job], states: Mapping[Path, BuildState]) -> int:
    """Tell again what the checks of plans that need no build found; the exit code."""
    code = OK
    for job in jobs:
        for failure in states[job.folder].failures if job.folder in states else ():
            say(f"{job.plan.as_posix()}: {failure}")
            code = FAILED
    return code


def _report_stale(pending: Sequence[Job], total: int, templates: Path | None) -> int:
    """Tell what is stale: outputs whose inputs changed since, by the hash in the report."""
    from flopsheet.api.build import is_stale  # noqa: PLC0415 - only asked for what is not known to be current

    stale = [job for job in pending if is_stale(job.plan, job.folder, templates)]
    for job in stale:
        say(f"stale: {job.folder.as_posix()} (from {job.plan.as_posix()})")
    say(f"{total - len(stale)} of {total} plans are up to date.")
    return FAILED if stale else OK


def _build(pending: Sequence[Job], out: Path, templates: Path | None) -> int:
    """Build what is pending, with a bar when it takes a while and a table at the end."""
    from flopsheet.api import BuildOptions, build_plans  # noqa: PLC0415 - start-up speed

    started = time.perf_counter()
    bar = _Bar(len(pending))
    try:
        jobs = [(job.plan, job.folder) for job in pending]
        results = build_plans(jobs, BuildOptions(out, templates), bar.advance)
    finally:
        bar.close()
    _print_summary(results, time.perf_counter() - started)
    for result in results:
        if result.error is not None:
            say("")
            print_error(place_as_given(result.error, result.plan))
        for failure in result.failures:
            say(f"{result.plan.as_posix()}: {failure}")
    if any(result.error is not None for result in results):
        return BAD_INPUT
    return FAILED if any(result.failures for result in results) else OK


def _print_summary(results: Sequence[BuildResult], seconds: float) -> None:
    """One line a plan."""
    rows = []
    for result in results:
        check = result.verification
        agreement = "not verified" if check is None else f"{check.cells} cells agree" if check.agrees else "disagree"
        state = "failed" if result.error is not None else "check failed" if result.failures else "built"
        cells = "" if result.error is not None else agreement
        rows.append((result.plan.as_posix(), state, str(result.scenarios or ""), cells, f"{result.seconds:.1f} s"))
    print_table(("plan", "state", "scenarios", "workbook", "time"), rows, right=(2, 4))
    say(f"{len(results)} plans in {seconds:.1f} s.")


class _Bar:
    """A progress bar that appears only where a person watches and only after a second."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._done = 0
        self._started = time.perf_counter()
        self._progress: Progress | None = None
        self._task: TaskID | None = None

    def advance(self, result: BuildResult) -> None:
        """One more plan is done."""
        self._done += 1
        if self._progress is None and is_terminal() and time.perf_counter() - self._started > _BAR_AFTER:
            from rich.console import Console  # noqa: PLC0415 - imported when drawing
            from rich.progress import Progress  # noqa: PLC0415 - the same

            self._progress = Progress(console=Console(stderr=True), transient=True)
            self._progress.start()
            self._task = self._progress.add_task("building", total=self._total)
        if self._progress is not None and self._task is not None:
            self._progress.update(self._task, completed=self._done, description=result.plan.name)

    def close(self) -> None:
        """Take the bar away."""
        if self._progress is not None:
            self._progress.stop()
