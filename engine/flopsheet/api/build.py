"""Plans built into reports, charts and workbooks: only what changed, each output whole or not at all."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from flopsheet import __version__
from flopsheet.api.solve import solve_plan
from flopsheet.errors import FlopsheetError, Problem
from flopsheet.laws.library import load_law
from flopsheet.plan.layers import load_plan
from flopsheet.provenance import BuildState, hash_bytes, hash_inputs, load_state, write_state, write_whole

if TYPE_CHECKING:
    from flopsheet.evaluate.solution import Solution
    from flopsheet.workbook.verify import Verification

WORKBOOK = "plan.xlsx"
REPORT = "report.md"
# The engines that recalculate every workbook as it is built; LibreOffice is too slow for that.
_ENGINES = ("formualizer", "ironcalc")

_CHART = re.compile(r"\]\(([^()/]+\.svg)\)")

Outcome = Literal["built", "current", "failed"]


@dataclass(frozen=True)
class BuildOptions:
    """Where outputs go, and templates other than the shipped ones."""

    out: Path
    templates: Path | None = None


@dataclass(frozen=True)
class BuildResult:
    """What became of one plan; one that is `current` needed no build.

    `failures` are broken claims, expectations, proofs, scenarios or agreement.
    """

    plan: Path
    folder: Path
    outcome: Outcome
    title: str = ""
    scenarios: int = 0
    failures: tuple[str, ...] = ()
    findings: int = 0
    verification: Verification | None = None
    error: FlopsheetError | None = None
    seconds: float = 0.0
    files: tuple[str, ...] = ()


def build_plans(
    plans: Sequence[tuple[Path, Path]], options: BuildOptions, report: Callable[[BuildResult], None]
) -> list[BuildResult]:
    """Build plans one after the other; one that fails does not keep the others from being built.

    Args:
        plans: Pairs of a plan file and its output folder.
        options: What and where.
        report: Called with each result as it comes.
    """
    results = []
    for plan, folder in plans:
        started = time.perf_counter()
        try:
            result = _build(plan, folder, options)
        except FlopsheetError as error:
            result = BuildResult(plan, folder, "failed", error=error)
        except OSError as error:
            problem = Problem(f"cannot write below `{options.out.as_posix()}`: {error.strerror or error}")
            result = BuildResult(plan, folder, "failed", error=FlopsheetError(problem))
        result = replace(result, seconds=time.perf_counter() - started)
        report(result)
        results.append(result)
    return results


def _build(plan: Path, folder: Path, options: BuildOptions) -> BuildResult:
    """One plan built."""
    from flopsheet.workbook.planbook import write_plan_workbook  # noqa: PLC0415 - `solve` starts without workbooks

    # Taken before the plan is read to be solved: a file that is saved meanwhile leaves the outputs stale, not wrong.
    try:
        digest = _hash_today(plan, options.templates)
    except (FlopsheetError, OSError):
        digest = ""
    solution = solve_plan(plan)  # tells all that is wrong
    digest = digest or hash_inputs(solution.plan.root, solution.files, options.templates)
    outputs = render_outputs(solution, digest, options.templates)
    for name, text in outputs.items():
        write_whole(folder / name, text.encode())
    book = folder / WORKBOOK
    write_plan_workbook(solution, book, version=__version__, inputs_sha256=digest)
    verification = _verify(book)
    failures = solution.failures
    if verification is not None and not verification.agrees:
        failures += (f"{len(verification.disagreements)} workbook cells disagree with a recalculation",)
    _write_over(folder, load_state(folder), {*outputs, WORKBOOK})
    hashes = {name: hash_bytes((folder / name).read_bytes()) for name in (*outputs, WORKBOOK)}
    write_state(folder, BuildState(digest, solution.files, hashes, failures))
    return BuildResult(
        plan=plan,
        folder=folder,
        outcome="built",
        title=solution.plan.title,
        scenarios=len(solution.answers),
        failures=failures,
        findings=sum(len(answer.findings) for answer in solution.answers),
        verification=verification,
        files=(*outputs, WORKBOOK),
    )


def render_outputs(solution: Solution, inputs_sha256: str, templates: Path | None = None) -> dict[str, str]:
    """The texts of a plan's outputs by file name: the report and its charts."""
    from flopsheet.document.report import render_report  # noqa: PLC0415 - `solve` starts without reports
    from flopsheet.document.source import ReportSource  # noqa: PLC0415 - the same

    source = ReportSource(solution=solution, inputs_sha256=inputs_sha256, version=__version__)
    return render_report(source, overrides=templates)


def _verify(book: Path) -> Verification | None:
    """The workbook recalculated, where both engines are installed."""
    from flopsheet.workbook.verify import verify_workbook  # noqa: PLC0415 - `solve` starts without workbooks

    try:
        found = verify_workbook(book, engines=_ENGINES)
    except FlopsheetError:
        return None
    return found if all(engine.status != "not installed" for engine in found.engines) else None


def _write_over(folder: Path, before: BuildState | None, written: set[str]) -> None:
    """Take away outputs of an earlier build that this one no longer has."""
    if before is None:
        return
    for name in before.outputs.keys() - written:
        if Path(name).name == name:
            (folder / name).unlink(missing_ok=True)


def _hash_today(plan: Path, templates: Path | None) -> str:
    """The hash of a plan's inputs as they are now."""
    loaded = load_plan(plan)
    named = (loaded.law, *(item.name for item in loaded.compare))
    laws = [load_law(law, root=loaded.root, base=loaded.root, place=loaded.law_place) for law in named]
    own = {law.origin for law in laws} - {"library", "inline"}
    return hash_inputs(loaded.root, {*loaded.files, *own}, templates)


def is_stale(plan: Path, folder: Path, templates: Path | None = None) -> bool:
    """Whether a plan's report was made from other inputs than today's, by the hash it states, or was changed since.

    The workbook is not asked for: it is built, not kept. A plan that cannot be loaded is stale.
    """
    try:
        digest = _hash_today(plan, templates)
        report = (folder / REPORT).read_text(encoding="utf-8")
        return digest not in report or _is_damaged(folder, report, digest)
    except (FlopsheetError, OSError):
        return True


def _is_damaged(folder: Path, report: str, digest: str) -> bool:
    """Whether a chart of the report is missing, or an output is not as it was written, where that is known.

    What was written is known where the folder was built here from the same inputs; a report that came from
    elsewhere, by a pull, is newer than what is kept about it.
    """
    if any(not (folder / name).is_file() for name in _CHART.findall(report)):
        return True
    state = load_state(folder)
    outputs = state.outputs.items() if state and state.inputs_sha256 == digest else ()
    return any(hash_bytes((folder / name).read_bytes()) != value for name, value in outputs if name != WORKBOOK)
