"""What there is to build: plans with their output folders, found again only where a file changed."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from flopsheet.errors import FlopsheetError, Problem
from flopsheet.plan.paths import project_root
from flopsheet.provenance import BuildState, load_index, load_state, scan_yaml, write_index


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


@dataclass(frozen=True, slots=True)
class Listing:
    """What there is to build: each plan once, and what was found below each path."""

    jobs: tuple[Job, ...]
    listed: tuple[Listed, ...]

    def keep(self, out: Path) -> None:
        """Keep which files of each folder are plans, where no earlier build knew."""
        for found in self.listed:
            if found.is_new:
                write_index(out, found.path, found.yaml, [job.plan for job in found.jobs])


def list_jobs(paths: Sequence[Path], out: Path) -> Listing:
    """The plans below the given paths, each once.

    Raises:
        FlopsheetError: a path does not exist, two plans would be built into one folder, a link leads out of `out`.
    """
    listed = [_list_path(path, out) for path in dict.fromkeys(paths)]
    once: dict[tuple[str, Path], Job] = {}
    for job in (job for found in listed for job in found.jobs):
        once.setdefault((job.file, job.folder), job)  # a plan that several paths lead to is built once
    jobs = tuple(once.values())
    _refuse_clashes(jobs)
    _refuse_escapes(jobs, out)
    return Listing(jobs, tuple(listed))


def _list_path(path: Path, out: Path) -> Listed:
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


def find_current(jobs: Sequence[Job], templates: Path | None) -> dict[Path, BuildState]:
    """The folders whose outputs are as their plan's inputs make them, with what they were made from."""
    roots: dict[Path, Path] = {}
    found = {}
    for job in jobs:
        state = load_state(job.folder)
        if state is None:
            continue
        home = Path(job.file).parent
        root = roots.get(home) or roots.setdefault(home, project_root(home))
        # Else the folder holds what another plan of that name was built into.
        is_own = job.file in {f"{root}{os.sep}{name}" for name in map(os.path.normpath, state.files)}
        if is_own and state.is_current(root, job.folder, templates):
            found[job.folder] = state
    return found
