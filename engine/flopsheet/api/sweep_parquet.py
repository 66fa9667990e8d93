"""A sweep as Parquet: one file, or above a million rows a folder of parts that an interrupted run goes on with."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np

from flopsheet.api.sweep import OpenSweep
from flopsheet.api.sweep_files import BINDING_WORDS, Report, Written, columns_of
from flopsheet.errors import FlopsheetError, Problem
from flopsheet.evaluate.compile import FloatArray
from flopsheet.evaluate.evaluation import STATUSES
from flopsheet.evaluate.sweep import BLOCK, Block, count_workers, map_ahead, split_range
from flopsheet.plan.requests import Sweep
from flopsheet.provenance import write_whole

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

ROWS_OF_FILE = 1_000_000
"""A sweep of more points is written in parts."""
ROWS_OF_PART = 1_048_576
# A reader takes a group of rows at a time.
ROWS_OF_GROUP = 4 * BLOCK
MANIFEST = "_manifest.json"
"""Readers of Parquet folders skip names that begin with an underscore."""
_BEGUN = ".part-"
_HASH, _COUNTS = "flopsheet_sweep_sha256", "flopsheet_statuses"


def write_parquet(opened: OpenSweep, out: Path, report: Report) -> Written:
    """Write a sweep as Parquet.

    Raises:
        FlopsheetError: pyarrow is not installed, or what stands there is of another sweep.
        OSError: a file cannot be written; an old one is as it was, and finished parts stay.
    """
    writer = _PartWriter(opened, _load_pyarrow())
    points = opened.swept.grid.points
    if points > ROWS_OF_FILE:
        return _write_parts(writer, out, report)
    if out.is_dir():
        remedy = "Remove the folder, or name another file."
        raise FlopsheetError(
            Problem(f"`{out.as_posix()}` is a folder, but {points:,} rows are one file.", remedy=remedy)
        )
    progress = _Progress(report)
    written = Written(out, points)
    written.counts = writer.write(out, 0, points, progress)
    return written


def _load_pyarrow() -> ModuleType:
    """The library that writes Parquet.

    Raises:
        FlopsheetError: it is not installed.
    """
    try:
        import pyarrow.parquet  # noqa: PLC0415 - an extra, and slow to import
    except ImportError:
        remedy = "Install it with `pip install 'flopsheet[parquet]'`, or write a .csv file."
        raise FlopsheetError(Problem("Parquet needs pyarrow, which is not installed.", remedy=remedy)) from None
    module: ModuleType = pyarrow
    return module


@dataclass
class _Progress:
    """Adds up what several threads have done, and ends them where one has failed."""

    report: Report
    done: int = 0
    stopped: bool = False

    def __post_init__(self) -> None:
        self._lock = Lock()

    def add(self, points: int) -> None:
        """So many more points are done.

        Raises:
            InterruptedError: it was stopped.
        """
        if self.stopped:
            raise InterruptedError
        with self._lock:
            self.done += points
            self.report(self.done)


@dataclass(frozen=True)
class _PartWriter:
    """Writes stretches of a sweep to files."""

    opened: OpenSweep
    arrow: ModuleType

    def write(self, path: Path, start: int, stop: int, progress: _Progress) -> dict[str, int]:
        """Write the points from `start` to before `stop` to a file that appears when it is whole; counts by status."""
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        os.close(handle)
        counts = np.zeros(len(STATUSES), dtype=np.int64)
        try:
            with self._open(name) as writer:
                for first, last in split_range(start, stop, ROWS_OF_GROUP):
                    blocks = list(self.opened.swept.blocks(first, last))
                    writer.write_table(self._table(blocks), row_group_size=ROWS_OF_GROUP)
                    for block in blocks:
                        counts += np.bincount(block.statuses, minlength=len(STATUSES))
                    progress.add(last - first)
                found: dict[str, int] = dict(zip(STATUSES, counts.tolist(), strict=True))
                writer.add_key_value_metadata({_HASH: self.opened.sha256, _COUNTS: json.dumps(found)})
            Path(name).chmod(0o644)
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        return found

    def _open(self, name: str) -> pq.ParquetWriter:
        """A writer of one file. Results hardly ever repeat, so that a dictionary of them only costs time."""
        binding = ["binding"] if self.opened.swept.binding else []
        return self.arrow.parquet.ParquetWriter(
            name,
            self._schema(),
            compression="snappy",
            use_dictionary=[*self.opened.swept.grid.keys, *binding, "status"],
            write_statistics=True,
            store_schema=False,
        )

    def _schema(self) -> pa.Schema:
        """The columns."""
        arrow = self.arrow
        words = {"binding", "status"}
        fields = [
            (name, arrow.dictionary(arrow.int8(), arrow.string()) if name in words else arrow.float64())
            for name in columns_of(self.opened)
        ]
        return arrow.schema(fields)

    def _table(self, blocks: list[Block]) -> pa.Table:
        """Blocks as one table; what has no value is null."""
        arrow, columns = self.arrow, []
        for name in (*self.opened.swept.grid.keys, *self.opened.swept.outputs):
            arrays = [block.keys[name] if name in block.keys else block.values[name] for block in blocks]
            columns.append(arrow.chunked_array([self._numbers(array) for array in arrays]))
        if self.opened.swept.binding:
            columns.append(self._words([block.binding.astype(np.int8) for block in blocks], BINDING_WORDS))
        columns.append(self._words([block.statuses for block in blocks], STATUSES))
        return arrow.Table.from_arrays(columns, schema=self._schema())

    def _numbers(self, array: FloatArray) -> pa.Array:
        """A column of numbers."""
        absent = np.isnan(array)
        return self.arrow.array(array, mask=absent) if absent.any() else self.arrow.array(array)

    def _words(self, codes: list[Any], words: tuple[str, ...]) -> pa.ChunkedArray:
        """A column of words."""
        arrow = self.arrow
        vocabulary = arrow.array(words)
        return arrow.chunked_array([arrow.DictionaryArray.from_arrays(arrow.array(each), vocabulary) for each in codes])


# --- folders of parts -------------------------------------------------------------------------------------------------


def _write_parts(writer: _PartWriter, out: Path, report: Report) -> Written:
    """Write a folder of parts, several at once; those that an earlier run finished are kept."""
    opened = writer.opened
    points = opened.swept.grid.points
    ranges = split_range(0, points, ROWS_OF_PART)
    written = Written(out, points)
    if out.exists():
        _check_folder(writer, out, len(ranges))
    out.mkdir(exist_ok=True)
    for begun in out.glob(f"{_BEGUN}*"):
        begun.unlink()  # what a killed run left half written
    finished = {index: counts for index in range(len(ranges)) if (counts := _read_counts(writer, _part(out, index)))}
    progress = _Progress(report)
    for index, counts in finished.items():
        start, stop = ranges[index]
        written.kept += stop - start
        _count(written, counts)
    progress.add(written.kept)
    missing = [index for index in range(len(ranges)) if index not in finished]
    if missing:
        (out / MANIFEST).unlink(missing_ok=True)

    def write(index: int) -> dict[str, int]:
        """Write one part."""
        return writer.write(_part(out, index), *ranges[index], progress)

    def end_all() -> None:
        """Have the parts that are under way end at their next rows."""
        progress.stopped = True

    for counts in map_ahead(write, missing, workers=count_workers(), stop=end_all):
        _count(written, counts)
    if missing or not (out / MANIFEST).exists():
        record = _manifest(opened, ranges, written)
        write_whole(out / MANIFEST, (json.dumps(record, indent=1, ensure_ascii=False) + "\n").encode())
    return written


def _part(out: Path, index: int) -> Path:
    """The file of a part."""
    return out / f"part-{index:05d}.parquet"


def _count(written: Written, counts: dict[str, int]) -> None:
    """Add the points of a part by status."""
    for status, count in counts.items():
        written.counts[status] += count


def _check_folder(writer: _PartWriter, out: Path, parts: int) -> None:
    """Refuse a folder that holds anything but parts of this sweep.

    Raises:
        FlopsheetError: with the first thing that is in the way.
    """
    remedy = "Remove it, or name another file with --out."
    if not out.is_dir():
        message = f"`{out.as_posix()}` is a file, but {writer.opened.swept.grid.points:,} rows are a folder of parts."
        raise FlopsheetError(Problem(message, remedy=remedy))
    own = {MANIFEST, *(_part(out, index).name for index in range(parts))}
    for path in sorted(out.iterdir()):
        if path.name.startswith(_BEGUN):
            continue
        if path.suffix == ".parquet" and (path.name not in own or _read_counts(writer, path) is None):
            message = f"`{path.as_posix()}` is of another sweep: its plan, its values or the version differ."
            raise FlopsheetError(Problem(message, remedy=f"Remove the folder `{out.as_posix()}`, or name another."))
        if path.name not in own:
            message = f"`{out.as_posix()}` holds other files, such as `{path.name}`."
            raise FlopsheetError(Problem(message, remedy=remedy))


def _read_counts(writer: _PartWriter, path: Path) -> dict[str, int] | None:
    """The points of a finished part by status; None where there is none of this sweep."""
    if not path.exists():
        return None
    try:
        metadata = writer.arrow.parquet.read_metadata(path).metadata or {}
    except (OSError, writer.arrow.ArrowException):
        return None
    if metadata.get(_HASH.encode()) != writer.opened.sha256.encode():
        return None
    counts: dict[str, int] = json.loads(metadata[_COUNTS.encode()])
    return counts


def _manifest(opened: OpenSweep, ranges: list[tuple[int, int]], written: Written) -> dict[str, Any]:
    """What a reader of the folder finds in it; its last row is the one before `rows[1]`."""
    return {
        _HASH: opened.sha256,
        "plan": opened.plan.path,
        "scenario": opened.scenario,
        "law": opened.plan.law if isinstance(opened.plan.law, str) else opened.plan.law.name,
        "rows": written.points,
        "columns": list(columns_of(opened)),
        "axes": list(_axes(opened.sweep)),
        "statuses": written.counts,
        "parts": [
            {"file": _part(written.path, index).name, "rows": [start, stop]}
            for index, (start, stop) in enumerate(ranges)
        ],
    }


def _axes(sweep: Sweep) -> Iterator[dict[str, Any]]:
    """The axes; those of one group go along together, and the first group varies slowest."""
    for number, group in enumerate(sweep.groups):
        for axis in group:
            values = [sourced.value for sourced in axis.given]
            given = {"values": values} if axis.scale == "list" else {"from": values[0], "to": values[1]}
            yield {
                "key": axis.key,
                "unit": axis.unit,
                "group": number,
                "scale": axis.scale,
                "points": axis.points,
                **given,
            }
