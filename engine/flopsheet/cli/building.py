"""`flopsheet build`: what is current is skipped before anything heavy is imported."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from flopsheet.cli.leftovers import find_leftovers, tell_leftovers
from flopsheet.cli.output import (
    BAD_INPUT,
    FAILED,
    OK,
    find_project,
    is_terminal,
    place_as_given,
    print_error,
    print_table,
    say,
)
from flopsheet.errors import FlopsheetError, Problem
from flopsheet.provenance import BuildState, load_index, load_state, scan_yaml, write_index

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from flopsheet.api import BuildResult

# A progress bar is worth its flicker only for builds that take a while.
_BAR_AFTER = 1.0


def run_build(paths: Sequence[Path], out: Path, *, force: bool, check_only: bool, templates: Path | None) -> int:
    """Build the plans below the given paths; the exit code."""
    if templates is not None and not templates.is_dir():
        raise FlopsheetError(Problem(f"the template folder `{templates}` does not exist."))
    listed = [_list_jobs(path, out) for path in dict.fromkeys(paths)]
    once: dict[tuple[str, Path], Job] = {}
    for job in (job for found in listed for job in found.jobs):
        once.setdefault((job.file, job.folder), job)  # a plan that several paths lead to is built once
    jobs = list(once.values())
    if not jobs:
        raise FlopsheetError(Problem(f"no plan below {', '.join(f'`{path}`' for path in paths)}."))
    _refuse_clashes(jobs)
    _refuse_escapes(jobs, out)
    states = {} if force else _find_current(jobs, templates)
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
    for found in listed:
        if found.is_new:
            write_index(out, found.path, found.yaml, [job.plan for job in found.jobs])
    return code


@dataclass(frozen=True, slots=True)
class Job:
    """A plan as the user named it, the file that this leads to, and its output folder."""

    plan: Path
    file: str
    folder: Path


@dataclass(frozen=True, slots=True)
class Listed:
    """The plans below a path; of a folder the YAML files that decided it, where no earlier build knew these."""

    path: Path
    jobs: tuple[Job, ...]
    yaml: Mapping[str, str] = field(default_factory=dict)
    is_new: bool = False


def _list_jobs(path: Path, out: Path) -> Listed:
    """Plans below a path, each with its output folder."""
    if not path.exists():
        raise FlopsheetError(Problem(f"`{path}` does not exist."))
    is_folder = path.is_dir()
    # Looked at before the plans are read: what changes meanwhile is looked at again by the next build.
    yaml = scan_yaml(path) if is_folder else {}
    index = load_index(out, path, yaml) if is_folder else None
    if index is not None:
        plans = [path / name for name in index.plans]
    else:
        from flopsheet.plan.discovery import find_plans  # noqa: PLC0415 - imports yaml, needed only if something changed

        plans = find_plans(path)
    root = path if is_folder else path.parent
    jobs = (Job(plan, os.path.realpath(plan), out / plan.relative_to(root).with_suffix("")) for plan in plans)
    return Listed(path, tuple(jobs), yaml, is_new=is_folder and index is None)


def _refuse_clashes(jobs: Sequence[Job]) -> None:
    """Refuse two plans that would write to one folder."""
    seen: dict[Path, Path] = {}
    for job in jobs:
        other = seen.setdefault(job.folder, job.plan)
        if other != job.plan:
            raise FlopsheetError(Problem(f"`{other}` and `{job.plan}` would both be built into `{job.folder}`."))


def _refuse_escapes(jobs: Sequence[Job], out: Path) -> None:
    """Refuse an output folder that a link leads out of --out: nothing is written elsewhere."""
    whole = os.path.realpath(out)
    problems = [
        Problem(f"`{job.folder.as_posix()}` leads outside `{out.as_posix()}`.", remedy="Remove the link.")
        for job in jobs
        if not os.path.realpath(job.folder).startswith(f"{whole}{os.sep}")
    ]
    if problems:
        raise FlopsheetError(*problems)


def _find_current(jobs: Sequence[Job], templates: Path | None) -> dict[Path, BuildState]:
    """The folders whose outputs are as their plan's inputs make them, with what they were made from."""
    roots: dict[Path, Path] = {}
    found = {}
    for job in jobs:
        state = load_state(job.folder)
        if state is None:
            continue
        home = Path(job.file).parent
        root = roots.get(home) or roots.setdefault(home, find_project(home))
        # Else the folder holds what another plan of that name was built into.
        is_own = job.file in {f"{root}{os.sep}{name}" for name in map(os.path.normpath, state.files)}
        if is_own and state.is_current(root, job.folder, templates):
            found[job.folder] = state
    return found


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
