"""Whether a delivered workbook holds what its own formulas give, as independent engines calculate them."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from flopsheet.errors import FlopsheetError, Problem
from flopsheet.workbook.engines import ENGINES, Engine, EngineError
from flopsheet.workbook.package import read_package
from flopsheet.workbook.stored import (
    Address,
    CellError,
    StoredBook,
    StoredCell,
    Value,
    parse_cells,
    parse_reference,
)
from flopsheet.workbook.units import find_units

TOLERANCE = 1e-12
"""Largest difference between a stored and a recalculated number, relative as `measure_difference` says."""

UNIT_SCALED = frozenset({"1", "nats/token", "nats/token per 1 %"})
"""Units in which a difference counts absolutely below 1: dimensionless cells, losses and what losses change by."""

_REFERENCE = r"(?:(?:'(?:[^']|'')+'|[A-Za-z_][A-Za-z0-9_]*)!)?(?:\$?[A-Za-z_][A-Za-z0-9_]*(?:\$[0-9]+)?)"
_DIFFERENCE = re.compile(rf"(?:ABS)?\(?\s*({_REFERENCE})\s*-\s*({_REFERENCE})\s*\)?", re.IGNORECASE)

EngineStatus = Literal["recalculated", "not installed", "failed"]


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A formula cell whose stored value is not what an engine calculates; without engine, one that is wrong as stored.

    `difference` is relative as in `measure_difference`, None where the two are not both numbers.
    """

    cell: Address
    formula: str
    stored: Value
    engine: str | None
    recalculated: Value
    difference: float | None


@dataclass(frozen=True, slots=True)
class EngineReport:
    """What one engine said: its largest difference over all cells, and where. `message` says why it did not run."""

    name: str
    version: str | None
    status: EngineStatus
    worst: float = 0.0
    worst_cell: Address | None = None
    message: str = ""


@dataclass(frozen=True)
class Verification:
    """The result of recalculating a workbook: `cells` formulas compared with each engine."""

    file: str
    cells: int
    tolerance: float
    engines: tuple[EngineReport, ...]
    disagreements: tuple[Disagreement, ...]

    @property
    def agrees(self) -> bool:
        """Whether every engine that is installed ran and agrees with every stored value."""
        return not self.disagreements and all(engine.status != "failed" for engine in self.engines)


def verify_workbook(path: Path, *, engines: Sequence[str] | None = None, tolerance: float = TOLERANCE) -> Verification:
    """The stored value of each formula cell held against what each engine calculates from the formulas alone.

    `engines` names those to ask (all of `ENGINES` when None). One that is not installed is reported as such.

    Raises:
        FlopsheetError: the file is no workbook that can be read safely, it has no formulas, or none of the
            engines is installed.
    """
    parts = read_package(path)
    book = parse_cells(path, parts)
    formulas = dict(book.formulas())
    if not formulas:
        remedy = "Its formulas may have been replaced by values: build it again."
        raise FlopsheetError(Problem("the workbook has no formula to recalculate.", subject=path.name, remedy=remedy))
    scale_of = _scales(book)
    found = [_disagreement(address, cell, None, cell.value) for address, cell in formulas.items() if _unusable(cell)]
    reports: list[EngineReport] = []
    with tempfile.TemporaryDirectory(prefix="flopsheet-verify-") as folder:
        for engine in (ENGINES[name] for name in (engines if engines is not None else ENGINES)):
            version = engine.version()
            if version is None:
                reports.append(EngineReport(engine.name, None, "not installed", message=_remedy(engine)))
                continue
            try:
                values = engine.recalculate(Path(folder), parts, formulas)
            except EngineError as error:
                reports.append(EngineReport(engine.name, version, "failed", message=str(error)))
                continue
            compared = [
                _disagreement(address, cell, engine.name, values[address], scale_of(address))
                for address, cell in formulas.items()
                if not _unusable(cell)
            ]
            found += [item for item in compared if item.difference is None or not item.difference <= tolerance]
            reports.append(_report(engine, version, compared))
    if all(report.status == "not installed" for report in reports):
        problem = Problem(
            "no engine that recalculates a workbook is installed.",
            subject=path.name,
            remedy="Run `pip install 'flopsheet[verify]'`.",
        )
        raise FlopsheetError(problem)
    return Verification(path.name, len(formulas), tolerance, tuple(reports), tuple(found))


def measure_difference(stored: Value, recalculated: Value, scale: float = 0.0) -> float | None:
    """|a - b| / max(|a|, |b|, scale); 0 for equal texts and truth values, None for what cannot agree."""
    if isinstance(stored, CellError) or isinstance(recalculated, CellError) or stored is None or recalculated is None:
        return None
    if isinstance(stored, (str, bool)) or isinstance(recalculated, (str, bool)):
        return 0.0 if type(stored) is type(recalculated) and stored == recalculated else None
    size = max(abs(stored), abs(recalculated), scale)
    return abs(stored - recalculated) / size if size else 0.0


def _unusable(cell: StoredCell) -> bool:
    """Whether a formula's stored value is wrong whatever an engine says: none, an empty text or an error."""
    return cell.value is None or cell.value == "" or isinstance(cell.value, CellError)


def _disagreement(
    address: Address, cell: StoredCell, engine: str | None, recalculated: Value, scale: float = 0.0
) -> Disagreement:
    """One comparison, written down as if it were a disagreement."""
    difference = measure_difference(cell.value, recalculated, scale) if engine else None
    return Disagreement(address, cell.formula or "", cell.value, engine, recalculated, difference)


def _report(engine: Engine, version: str, compared: Sequence[Disagreement]) -> EngineReport:
    """An engine's largest difference. Cells that cannot agree are among the disagreements, with no number."""
    measured = [(item.difference, item.cell) for item in compared if item.difference is not None]
    worst, cell = max(measured, key=lambda pair: pair[0], default=(0.0, None))
    return EngineReport(engine.name, version, "recalculated", worst, cell if worst else None)


def _remedy(engine: Engine) -> str:
    """How to get an engine that is not there."""
    if engine.name == "libreoffice":
        return "`soffice` is not on PATH."
    return "not installed: `pip install 'flopsheet[verify]'`."


def _scales(book: StoredBook) -> Callable[[Address], float]:
    """A function giving the scale of a formula cell: 1, the larger of two subtracted cells, or 0.

    Decided from the workbook alone: from the unit beside or above the cell, and the shape of its formula.
    """
    unit_of = find_units(book)

    def scale(cell: Address) -> float:
        return 1.0 if unit_of(cell) in UNIT_SCALED else _size_of_terms(book, cell)

    return scale


def _size_of_terms(book: StoredBook, cell: Address) -> float:
    """The larger of the two cells when a formula is nothing but their difference, else 0."""
    match = _DIFFERENCE.fullmatch(book.cells[cell].formula or "")
    if match is None:
        return 0.0
    sizes = []
    for text in match.groups():
        address = book.names.get(text.upper()) or parse_reference(text, cell.sheet)
        value = book.cells[address].value if address is not None and address in book.cells else None
        if isinstance(value, bool) or not isinstance(value, float):
            return 0.0
        sizes.append(abs(value))
    return max(sizes)
