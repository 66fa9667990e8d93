"""`flopsheet build`: what is current is skipped before anything heavy is imported."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from flopsheet.cli.leftovers import find_leftovers, tell_leftovers
from flopsheet.cli.output import BAD_INPUT, FAILED, OK, is_terminal, place_as_given, print_error, print_table, say
from flopsheet.errors import FlopsheetError, Problem
from flopsheet.provenance import BuildState, load_index, load_state, write_index

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from flopsheet.api import BuildResult

# A progress bar is worth its flicker only for builds that take a while.
_BAR_AFTER = 1.0


def run_build(paths: Sequence[Path], out: Path, *, force: bool, check_only: bool, templates: Path | None) -> int:
    """Build the plans below the given paths; the exit code."""
    if templates is not None and not templates.is_dir():
        raise FlopsheetError(Problem(f"the template folder `{templates}` does not exist."))
    listed = {path: _list_jobs(path, out) for path in paths}
    once: dict[tuple[Path, Path], tuple[Path, Path]] = {}
    for plan, folder in (job for found in listed.values() for job in found):
        # A plan that several paths lead to is built once.
        once.setdefault((plan.resolve(), folder), (plan, folder))
    jobs = list(once.values())
    if not jobs:
        raise FlopsheetError(Problem(f"no plan below {', '.join(f'`{path}`' for path in paths)}."))
    _refuse_clashes(jobs)
    _refuse_escapes(jobs, out)
    current = [] if force else [job for job in jobs if _is_current(*job, templates)]
    pending = [job for job in jobs if job not in current]
    leftovers = find_leftovers(out, {folder for _, folder in jobs}, paths)
    if check_only:
        code = _report_stale(pending, jobs)
        tell_leftovers(leftovers)
        return FAILED if leftovers else code
    code = max(_tell_failures(current), _build(pending, out, templates) if pending else OK)
    if not pending:
        say(f"{len(jobs)} plans are up to date." if len(jobs) > 1 else "The plan is up to date.")
    tell_leftovers(leftovers)
    for path in paths:
        if path.is_dir():
            write_index(out, path, [plan for plan, _ in listed[path]])
    return code


def _list_jobs(path: Path, out: Path) -> list[tuple[Path, Path]]:
    """Plans below a path, each with its output folder."""
    if not path.exists():
        raise FlopsheetError(Problem(f"`{path}` does not exist."))
    index = load_index(out, path) if path.is_dir() else None
    if index is not None:
        plans = [path / name for name in index.plans]
    else:
        from flopsheet.plan.discovery import find_plans  # noqa: PLC0415 - imports yaml, needed only if something changed

        plans = find_plans(path)
    root = path if path.is_dir() else path.parent
    return [(plan, out / plan.relative_to(root).parent / plan.stem) for plan in plans]


def _refuse_clashes(jobs: Sequence[tuple[Path, Path]]) -> None:
    """Refuse two plans that would write to one folder."""
    seen: dict[Path, Path] = {}
    for plan, folder in jobs:
        other = seen.setdefault(folder, plan)
        if other != plan:
            raise FlopsheetError(Problem(f"`{other}` and `{plan}` would both be built into `{folder}`."))


def _refuse_escapes(jobs: Sequence[tuple[Path, Path]], out: Path) -> None:
    """Refuse an output folder that a link leads out of --out: nothing is written elsewhere."""
    whole = out.resolve()
    problems = [
        Problem(f"`{folder.as_posix()}` leads outside `{out.as_posix()}`.", remedy="Remove the link.")
        for _, folder in jobs
        if not folder.resolve().is_relative_to(whole)
    ]
    if problems:
        raise FlopsheetError(*problems)


def _is_current(plan: Path, folder: Path, templates: Path | None) -> bool:
    """Whether a plan's outputs are as its inputs make them."""
    state: BuildState | None = load_state(folder)
    if state is None:
        return False
    root = next((parent for parent in plan.resolve().parents if (parent / ".git").exists()), plan.resolve().parent)
    return state.is_current(root, folder, templates)


def _tell_failures(current: Sequence[tuple[Path, Path]]) -> int:
    """Tell again what the checks of plans that need no build found; the exit code."""
    code = OK
    for plan, folder in current:
        state = load_state(folder)
        for failure in state.failures if state is not None else ():
            say(f"{plan.as_posix()}: {failure}")
            code = FAILED
    return code


def _report_stale(pending: Sequence[tuple[Path, Path]], jobs: Sequence[tuple[Path, Path]]) -> int:
    """Tell what is stale: outputs whose inputs changed since, by the hash in the report."""
    from flopsheet.api.build import is_stale  # noqa: PLC0415 - only asked for what is not known to be current

    stale = [(plan, folder) for plan, folder in pending if is_stale(plan, folder)]
    for plan, folder in stale:
        say(f"stale: {folder.as_posix()} (from {plan.as_posix()})")
    say(f"{len(jobs) - len(stale)} of {len(jobs)} plans are up to date.")
    return FAILED if stale else OK


def _build(pending: Sequence[tuple[Path, Path]], out: Path, templates: Path | None) -> int:
    """Build what is pending, with a bar when it takes a while and a table at the end."""
    from flopsheet.api import BuildOptions, build_plans  # noqa: PLC0415 - start-up speed

    started = time.perf_counter()
    bar = _Bar(len(pending))
    try:
        results = build_plans(pending, BuildOptions(out, templates), bar.advance)
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
