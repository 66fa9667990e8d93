"""`flopsheet watch`: what a saved file changes is built again, until Ctrl-C."""

from __future__ import annotations

import math
import os
import signal
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from flopsheet.cli.leftovers import find_leftovers, tell_leftovers
from flopsheet.cli.output import OK, find_project, place_as_given, print_error, say
from flopsheet.errors import FlopsheetError, Problem
from flopsheet.plan.jobs import Job, find_current, list_jobs
from flopsheet.provenance import hash_installation, load_state

if TYPE_CHECKING:
    from flopsheet.api import BuildResult

# What plans are read from: their own text, layers, laws, repetitions, and training runs.
_READ = (".yaml", ".yml", ".csv")
_SHORTEST, _LONGEST = 0.02, 3600.0
# An editor may write a file in several steps; so many seconds without a change make it whole.
_SETTLED_AFTER = 0.05

# What tells a changed file: its time, its size, and which file it is. Whether its content changed, hashes decide.
Stamp = tuple[int, int, int]


def run_watch(paths: Sequence[Path], out: Path, *, interval: float, templates: Path | None) -> int:
    """Build the plans below the given paths, then again whatever changes; 0 when the user stops it."""
    missing = [path for path in paths if not path.exists()]
    if missing:
        raise FlopsheetError(*(Problem(f"`{path}` does not exist.") for path in missing))
    if templates is not None and not templates.is_dir():
        raise FlopsheetError(Problem(f"the template folder `{templates}` does not exist."))
    if not (math.isfinite(interval) and _SHORTEST <= interval <= _LONGEST):
        raise FlopsheetError(Problem(f"--interval must be {_SHORTEST} to {_LONGEST:g} seconds, not {interval:g}."))
    # A shell starts what runs in the background deaf to Ctrl-C; `kill` is as good a wish to stop.
    for wish in (signal.SIGINT, signal.SIGTERM):
        signal.signal(wish, signal.default_int_handler)
    try:
        _Watch(paths, out, templates).run(interval)
    except KeyboardInterrupt:
        say("stopped.")
    return OK


class _Watch:
    """What is watched, and what was told of it."""

    def __init__(self, paths: Sequence[Path], out: Path, templates: Path | None) -> None:
        self._paths, self._out, self._templates = paths, out, templates
        self._trees = [path for path in paths if path.is_dir()]
        # Folders beside them: of plans given by name, and of files that plans are read from or errors stand in.
        homes = [path.resolve().parent for path in paths if not path.is_dir()]
        self._beside = {str(folder) for home in homes for folder in (home, home / "laws")}
        self._told: dict[str, str] = {}
        self._said = ""
        self._left: set[Path] = set()

    def run(self, interval: float) -> None:
        """Build, wait for a change, build."""
        seen = self._look()
        self._build_and_learn(frozenset())
        say("watching for changes; Ctrl-C stops.")
        while True:
            time.sleep(interval)
            now = self._look()
            if now == seen:
                continue
            while (later := self._look_again()) != now:
                now = later
            changed = frozenset(path for path in {*now, *seen} if now.get(path) != seen.get(path))
            seen = now
            if self._build_and_learn(changed):
                seen = self._look()
                self._build(frozenset())

    def _look_again(self) -> dict[str, Stamp]:
        """The files a moment later."""
        time.sleep(_SETTLED_AFTER)
        return self._look()

    def _look(self) -> dict[str, Stamp]:
        """Every file that is watched, by its path, as it is now."""
        found = {}
        for path in self._list_files():
            try:
                stat = os.stat(path)  # noqa: PTH116 - a text, of which there are many, often
            except OSError:
                continue
            found[path] = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
        return found

    def _list_files(self) -> Iterator[str]:
        """The paths of the files that are watched; some may come twice."""
        out = os.path.realpath(self._out)
        for tree in self._trees:
            for current, folders, files in os.walk(os.path.realpath(tree)):
                folders[:] = [name for name in folders if not name.startswith(".") and f"{current}/{name}" != out]
                yield from (f"{current}/{name}" for name in files if name.endswith(_READ))
        for folder in self._beside:
            try:
                names = os.listdir(folder)  # noqa: PTH208 - the same
            except OSError:
                continue
            yield from (f"{folder}/{name}" for name in names if name.endswith(_READ))
        for current, _, files in os.walk(self._templates) if self._templates else ():
            yield from (f"{current}/{name}" for name in files)

    def _build_and_learn(self, changed: frozenset[str]) -> bool:
        """Build what is not current; whether further folders turned out to matter."""
        before = set(self._beside)
        self._build(changed)
        return self._beside != before

    def _build(self, changed: frozenset[str]) -> None:
        """Build what is not current. Whatever is wrong is told, and the rest goes on."""
        if self._templates is not None:
            hash_installation.cache_clear()
        try:
            listing = list_jobs(self._paths, self._out)
            states = find_current(listing.jobs, self._templates)
        except (FlopsheetError, OSError) as error:
            self._say_once(str(error))
            return
        if not listing.jobs:
            self._say_once(f"no plan below {', '.join(f'`{path}`' for path in self._paths)} yet.")
        else:
            self._said = ""
        pending = [job for job in listing.jobs if job.folder not in states]
        for job in listing.jobs:
            if job.folder in states and self._told.pop(job.file, ""):
                click.echo(f"as before     {job.plan.as_posix()}")
        self._build_pending(pending, changed)
        self._learn(listing.jobs)
        left = find_leftovers(self._out, {job.folder for job in listing.jobs}, self._paths)
        tell_leftovers([each for each in left if each.folder not in self._left])
        self._left = {each.folder for each in left}
        listing.keep(self._out)

    def _build_pending(self, pending: Sequence[Job], changed: frozenset[str]) -> None:
        """Build these plans, each told as it is done."""
        if not pending:
            return
        from flopsheet.api import BuildOptions, build_plans  # noqa: PLC0415 - only where there is something to build

        files = {job.folder: job.file for job in pending}

        def tell(result: BuildResult) -> None:
            self._tell(result, files[result.folder], changed)

        build_plans([(job.plan, job.folder) for job in pending], BuildOptions(self._out, self._templates), tell)

    def _tell(self, result: BuildResult, file: str, changed: frozenset[str]) -> None:
        """Say what became of a plan. An error that stays as it was is told again where a file of it was saved."""
        plan = result.plan.as_posix()
        if result.error is None:
            self._told.pop(file, None)
            state = "check failed" if result.failures else "built"
            click.echo(f"{state:12}  {plan}  ({result.seconds:.1f} s)")
            for failure in result.failures:
                say(f"{plan}: {failure}")
            return
        error = place_as_given(result.error, result.plan)
        named = _files_of(result.error, Path(file))
        self._beside |= {os.path.dirname(path) for path in named}  # noqa: PTH120 - texts
        if self._told.get(file) != str(error) or not changed.isdisjoint({file, *named}):
            click.echo(f"failed        {plan}")
            print_error(error)
        self._told[file] = str(error)

    def _learn(self, jobs: Sequence[Job]) -> None:
        """Watch the folders of all files that these plans were read from."""
        for job in jobs:
            state = load_state(job.folder)
            root = find_project(Path(job.file).parent)
            for name in state.files if state is not None else ():
                self._beside.add(os.path.dirname(os.path.normpath(f"{root}/{name}")))  # noqa: PTH120 - texts

    def _say_once(self, text: str) -> None:
        """A message about no plan in particular, told again once it was over."""
        if text != self._said:
            say(text)
        self._said = text


def _files_of(error: FlopsheetError, plan: Path) -> set[str]:
    """The files in which the problems of a plan stand."""
    root = find_project(plan.parent)
    return {os.path.normpath(f"{root}/{problem.place.file}") for problem in error.problems if problem.place is not None}
