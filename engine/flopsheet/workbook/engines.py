"""Programs that recalculate a workbook from its formulas, independently of this package and of each other."""

from __future__ import annotations

import contextlib
import importlib
import importlib.metadata
import importlib.util
import shutil
import subprocess
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET  # only writes; reading goes through defusedxml

from flopsheet.errors import FlopsheetError
from flopsheet.workbook.package import parse_part, read_package
from flopsheet.workbook.stored import MAIN, Address, CellError, Value, parse_cells, sheet_parts

LONGEST_RUN = 180
"""Seconds that LibreOffice may take."""

_FORMUALIZER_ERRORS = {
    "Div": "#DIV/0!",
    "Na": "#N/A",
    "Name": "#NAME?",
    "Null": "#NULL!",
    "Num": "#NUM!",
    "Ref": "#REF!",
    "Value": "#VALUE!",
}


class EngineError(Exception):
    """An engine that could not open or recalculate a workbook."""


@dataclass(frozen=True)
class Engine:
    """A program that recalculates. `version` is None where it is not installed.

    `recalculate` takes a folder to work in, the workbook's parts, and the cells asked for; it returns their values.
    """

    name: str
    version: Callable[[], str | None]
    recalculate: Callable[[Path, Mapping[str, bytes], Iterable[Address]], Mapping[Address, Value]]


def strip_values(parts: Mapping[str, bytes], *, placeholder: str | None) -> dict[str, bytes]:
    """The parts with every formula's stored value replaced by `placeholder`, or taken out where that is None.

    LibreOffice trusts stored values, so it must find none; ironcalc prints a line for each one that is missing.
    """
    stripped = dict(parts)
    for part in sheet_parts(Path("workbook"), parts).values():
        root = parse_part(Path("workbook"), part, parts[part])
        for cell in root.iter(f"{MAIN}c"):
            if cell.find(f"{MAIN}f") is None:
                continue
            cell.attrib.pop("t", None)
            for value in cell.findall(f"{MAIN}v"):
                cell.remove(value)
            if placeholder is not None:
                ET.SubElement(cell, f"{MAIN}v").text = placeholder
        stripped[part] = ET.tostring(root, encoding="UTF-8", xml_declaration=True)
    return stripped


def _drop_blanks(parts: Mapping[str, bytes]) -> dict[str, bytes]:
    """The parts without cells that hold nothing but a style, which ironcalc takes for zeros."""
    kept = dict(parts)
    for part in sheet_parts(Path("workbook"), parts).values():
        root = parse_part(Path("workbook"), part, parts[part])
        for row in root.iter(f"{MAIN}row"):
            for cell in [cell for cell in row if len(cell) == 0]:
                row.remove(cell)
        kept[part] = ET.tostring(root, encoding="UTF-8", xml_declaration=True)
    return kept


def _with_formualizer(folder: Path, parts: Mapping[str, bytes], cells: Iterable[Address]) -> dict[Address, Value]:
    """Every cell as formualizer calculates it."""
    formualizer = importlib.import_module("formualizer")
    path = _write_parts(folder / "formualizer.xlsx", strip_values(parts, placeholder="0"))
    with _panics_as_errors():
        book = formualizer.load_workbook(str(path), strategy="eager_all")
        book.evaluate_all()
        return {cell: _from_formualizer(book.get_value(cell.sheet, cell.row, cell.column)) for cell in cells}


def _from_formualizer(value: object) -> Value:
    """A value of formualizer; errors come as dictionaries."""
    if isinstance(value, Mapping):
        kind = str(value.get("kind"))
        return CellError(_FORMUALIZER_ERRORS.get(kind, f"#{kind.upper()}!"))
    return _plain(value)


def _with_ironcalc(folder: Path, parts: Mapping[str, bytes], cells: Iterable[Address]) -> dict[Address, Value]:
    """Every cell as ironcalc calculates it."""
    ironcalc = importlib.import_module("ironcalc")
    path = _write_parts(folder / "ironcalc.xlsx", _drop_blanks(strip_values(parts, placeholder="0")))
    with _panics_as_errors():
        model = ironcalc.load_from_xlsx(str(path))
        model.evaluate()
        index = {sheet["name"]: number for number, sheet in enumerate(model.get_worksheets_properties())}
        values: dict[Address, Value] = {}
        for cell in cells:
            place = (index[cell.sheet], cell.row, cell.column)
            value = model.get_cell_value(*place)
            failed = model.get_cell_type(*place) == ironcalc.CellType.ErrorValue
            values[cell] = CellError(str(value)) if failed else _plain(value)
        return values


def _with_libreoffice(folder: Path, parts: Mapping[str, bytes], cells: Iterable[Address]) -> dict[Address, Value]:
    """Every cell as LibreOffice calculates it, with a profile of its own, so that an open window does not matter."""
    source = _write_parts(folder / "libreoffice.xlsx", strip_values(parts, placeholder=None))
    target = folder / "recalculated"
    command = [
        _libreoffice() or "soffice",
        f"-env:UserInstallation={(folder / 'profile').as_uri()}",
        "--headless",
        "--convert-to",
        "xlsx:Calc MS Excel 2007 XML",
        "--outdir",
        str(target),
        str(source),
    ]
    try:
        run = subprocess.run(command, capture_output=True, timeout=LONGEST_RUN, check=False)  # noqa: S603 - our own
    except (OSError, subprocess.TimeoutExpired) as error:
        raise EngineError(str(error)) from error
    result = target / source.name
    if not result.is_file():
        raise EngineError(run.stderr.decode(errors="replace").strip() or "LibreOffice wrote no workbook")
    try:
        stored = parse_cells(result, read_package(result)).cells
    except FlopsheetError as error:
        raise EngineError(f"its result cannot be read: {error.problems[0].message}") from error
    return {cell: stored[cell].value if cell in stored else None for cell in cells}


def _plain(value: object) -> Value:
    """A value as a number, text, truth value or nothing."""
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, (int, float)):
        return float(value)
    return CellError(repr(value))


@contextlib.contextmanager
def _panics_as_errors() -> Iterator[None]:
    """Turn whatever native code throws into an EngineError; its panics are no ordinary exceptions."""
    try:
        yield
    except (KeyboardInterrupt, SystemExit, MemoryError):
        raise
    except BaseException as error:
        message = str(error) or repr(error)
        raise EngineError(message) from error


def _write_parts(path: Path, parts: Mapping[str, bytes]) -> Path:
    """Put the parts together to a workbook in the working folder; its path."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return path


def _package_version(package: str) -> Callable[[], str | None]:
    """A function that gives the installed version of a Python package, or None."""

    def version() -> str | None:
        if importlib.util.find_spec(package) is None:
            return None
        return importlib.metadata.version(package)

    return version


def _libreoffice() -> str | None:
    """The LibreOffice program on PATH."""
    return shutil.which("soffice") or shutil.which("libreoffice")


def _libreoffice_version() -> str | None:
    """The version LibreOffice states, or None where it is not installed or does not start."""
    program = _libreoffice()
    if program is None:
        return None
    try:
        run = subprocess.run([program, "--version"], capture_output=True, timeout=60, check=False)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        return None
    words = run.stdout.decode(errors="replace").split()
    return next((word for word in words if word[:1].isdigit()), "unknown")


ENGINES = {
    engine.name: engine
    for engine in (
        Engine("formualizer", _package_version("formualizer"), _with_formualizer),
        Engine("ironcalc", _package_version("ironcalc"), _with_ironcalc),
        Engine("libreoffice", _libreoffice_version, _with_libreoffice),
    )
}
"""The engines by name, in the order in which they are asked."""
