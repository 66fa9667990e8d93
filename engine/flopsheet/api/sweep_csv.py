"""A sweep as CSV: in order, to a temporary file that takes the place of the old one when it is whole."""

from __future__ import annotations

import multiprocessing
import os
import tempfile
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from pathlib import Path

import numpy as np

from flopsheet.api.sweep import OpenSweep
from flopsheet.api.sweep_files import BINDING_WORDS, Report, Written, columns_of
from flopsheet.errors import FlopsheetError, Problem
from flopsheet.evaluate.evaluation import STATUSES
from flopsheet.evaluate.rows import format_header, format_rows
from flopsheet.evaluate.sweep import BLOCK, Block, count_workers, map_ahead, split_range

# Writing digits takes far longer than computing them and holds the interpreter, so that it pays to have others do it;
# they take a moment to start.
_WORTH_PROCESSES = 200_000


def write_csv(opened: OpenSweep, out: Path, report: Report) -> Written:
    """Write a sweep as CSV.

    Raises:
        FlopsheetError: a folder stands there.
        OSError: the file cannot be written; an old one is as it was.
    """
    if out.is_dir():
        raise FlopsheetError(Problem(f"`{out.as_posix()}` is a folder.", remedy="Name another file."))
    written = Written(out, opened.swept.grid.points)
    handle, name = tempfile.mkstemp(dir=out.parent, prefix=f".{out.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(format_header(columns_of(opened)))
            done = 0
            for block, text in _format_blocks(opened):
                file.write(text)
                done += len(block.statuses)
                for status, count in zip(STATUSES, np.bincount(block.statuses, minlength=len(STATUSES)), strict=True):
                    written.counts[status] += int(count)
                report(done)
        Path(name).chmod(0o644)
        Path(name).replace(out)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return written


def _format_blocks(opened: OpenSweep) -> Iterator[tuple[Block, bytes]]:
    """Each block of points with its lines, in order."""
    swept = opened.swept
    ranges = split_range(0, swept.grid.points, BLOCK)
    blocks = map_ahead(lambda ends: swept.compute(*ends), ranges)
    if swept.grid.points < _WORTH_PROCESSES or count_workers() == 1:
        for block in blocks:
            yield block, format_rows(*_columns(block, binding=swept.binding))
        return
    waiting: deque[tuple[Block, Future[bytes]]] = deque()
    # A fresh process each: a copy of this one would copy its threads' locks too.
    with ProcessPoolExecutor(count_workers(), mp_context=multiprocessing.get_context("spawn")) as pool:
        try:
            for block in blocks:
                waiting.append((block, pool.submit(format_rows, *_columns(block, binding=swept.binding))))
                if len(waiting) > 2 * count_workers():
                    first, future = waiting.popleft()
                    yield first, future.result()
            for block, future in waiting:
                yield block, future.result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _columns(block: Block, *, binding: bool) -> tuple[list[np.ndarray], list[tuple[np.ndarray, tuple[str, ...]]]]:
    """What is written of a block: numbers, then words."""
    words: list[tuple[np.ndarray, tuple[str, ...]]] = [(block.statuses, STATUSES)]
    if binding:
        words.insert(0, (block.binding, BINDING_WORDS))
    return list(block.columns.values()), words
