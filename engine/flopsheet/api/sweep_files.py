"""A sweep streamed to a file: CSV or Parquet, whole or not at all."""

from __future__ import annotations

import errno
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from flopsheet.api.sweep import OpenSweep
from flopsheet.errors import FlopsheetError, Problem
from flopsheet.evaluate.evaluation import STATUSES
from flopsheet.evaluate.points import LIMITS, name_binding

SUFFIXES = (".csv", ".parquet")
BINDING_WORDS = tuple(name_binding(bits) for bits in range(1 << len(LIMITS)))

Report = Callable[[int], None]
"""Called with how many points are done."""


@dataclass
class Written:
    """What was written: how many points came out how, and how many were there already from an earlier run."""

    path: Path
    points: int
    kept: int = 0
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(STATUSES, 0))


def write_sweep(opened: OpenSweep, out: Path, report: Report) -> Written:
    """Write a sweep to a `.csv` or `.parquet` file; above a million rows the latter is a folder of parts.

    Args:
        opened: The sweep.
        out: Where to.
        report: Told how far it is.

    Raises:
        FlopsheetError: the ending is another, the file cannot be written, or the folder holds another sweep.
    """
    check_out(out)
    try:
        if out.suffix == ".csv":
            from flopsheet.api.sweep_csv import write_csv  # noqa: PLC0415 - the other way needs none of it

            return write_csv(opened, out, report)
        from flopsheet.api.sweep_parquet import write_parquet  # noqa: PLC0415 - the same

        return write_parquet(opened, out, report)
    except OSError as error:
        raise _tell_failure(error, out) from None


def check_out(out: Path) -> None:
    """Refuse what no sweep can be written to.

    Raises:
        FlopsheetError: the ending is no known one, or the folder of the file does not exist.
    """
    if out.suffix not in SUFFIXES:
        remedy = "Name a file that ends in .csv or .parquet."
        raise FlopsheetError(Problem(f"--out `{out.as_posix()}` is neither CSV nor Parquet.", remedy=remedy))
    if not out.parent.is_dir():
        raise FlopsheetError(
            Problem(f"the folder `{out.parent.as_posix()}` does not exist.", remedy="Create it first.")
        )


def columns_of(opened: OpenSweep) -> tuple[str, ...]:
    """The names of the columns: swept keys, results, the status last."""
    binding = ("binding",) if opened.swept.binding else ()
    return (*opened.swept.grid.keys, *opened.swept.outputs, *binding, "status")


def _tell_failure(error: OSError, out: Path) -> FlopsheetError:
    """Why a file could not be written; what is finished stays."""
    parts = len(list(out.glob("part-*.parquet"))) if out.is_dir() else 0
    kept = f" The {parts} parts that are finished are kept: run it again, and it goes on there." if parts else ""
    if error.errno in {errno.ENOSPC, errno.EDQUOT} or "No space left" in str(error):
        message = f"the disk is full: `{out.as_posix()}` could not be written."
        return FlopsheetError(Problem(message, remedy=f"Make room, or write elsewhere with --out.{kept}"))
    message = f"`{out.as_posix()}` could not be written: {error.strerror or error}."
    return FlopsheetError(Problem(message, remedy=kept.strip()))
