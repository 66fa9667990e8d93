"""Writing a workbook: every formula with its value, byte for byte the same each time, whole or not at all."""

from __future__ import annotations

import math
import os
import re
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET  # only writes; reading goes through defusedxml

from defusedxml import ElementTree as SafeTree
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.utils.cell import range_boundaries
from openpyxl.writer.excel import ExcelWriter

if TYPE_CHECKING:
    import openpyxl
    from openpyxl.worksheet.worksheet import Worksheet

CachedValue = float | str | bool

FIXED_TIME = datetime(2000, 1, 1)  # noqa: DTZ001 - the document properties of a workbook have no time zone
"""Created and modified: the content alone decides the bytes."""

_ZIP_TIME = (1980, 1, 1, 0, 0, 0)
_UNIX = 3  # recorded as the system that made each entry, whichever it was
_PLAIN_FILE = 0o600 << 16
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_CHART = "http://schemas.openxmlformats.org/drawingml/2006/chart"
_SHEET_PART = re.compile(r"xl/worksheets/sheet([0-9]+)\.xml")
_REFERENCE = re.compile(r"(?:'((?:[^']|'')+)'|([^'!]+))!(.+)")

# ElementTree would otherwise call the namespaces ns0, ns1, ... in the order in which it meets them. The namespace of
# a part's root element is written without a prefix, as spreadsheet programs do.
_PREFIXES = {
    "a": "http://schemas.openxmlformats.org/drawingml/2006/main",
    "c": _CHART,
    "cp": "http://schemas.openxmlformats.org/package/2006/metadata/core-properties",
    "dc": "http://purl.org/dc/elements/1.1/",
    "dcterms": "http://purl.org/dc/terms/",
    "r": "http://schemas.openxmlformats.org/officeDocument/2006/relationships",
    "s": _MAIN,
    "vt": "http://schemas.openxmlformats.org/officeDocument/2006/docPropsVTypes",
    "xdr": "http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing",
    "xsi": "http://www.w3.org/2001/XMLSchema-instance",
}
for _prefix, _uri in _PREFIXES.items():
    ET.register_namespace(_prefix, _uri)


def write_workbook(workbook: openpyxl.Workbook, path: Path, values: Mapping[tuple[str, str], CachedValue]) -> None:
    """Write a workbook whose formula cells hold `values`, by (sheet title, coordinate). Nothing else touches `path`.

    The file is written beside `path` and renamed, so that a reader sees the old workbook or the new one. Sets the
    created and modified properties of `workbook`.

    Raises:
        ValueError: values and formula cells do not match one to one, or a value is NaN, infinite or an empty text.
    """
    data = render_workbook(workbook, values)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, beside = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        umask = os.umask(0)
        os.umask(umask)
        Path(beside).chmod(0o666 & ~umask)  # mkstemp makes private files; this one is as public as any other
        Path(beside).replace(path)
    except BaseException:
        Path(beside).unlink(missing_ok=True)
        raise


def render_workbook(workbook: openpyxl.Workbook, values: Mapping[tuple[str, str], CachedValue]) -> bytes:
    """The bytes of a workbook whose formula cells hold `values`. Errors as in `write_workbook`."""
    for (title, coordinate), value in values.items():
        _check_value(f"{title}!{coordinate}", value)
    workbook.properties.created = FIXED_TIME
    workbook.properties.modified = FIXED_TIME
    buffer = BytesIO()
    with _ValueArchive(buffer, workbook, values) as archive:
        ExcelWriter(workbook, archive).save()
        missing = sorted(set(values) - archive.inserted)
    if missing:
        message = f"values for cells that hold no formula: {missing[:5]}"
        raise ValueError(message)
    return buffer.getvalue()


def _check_value(where: str, value: object) -> None:
    """Refuse what a spreadsheet cell cannot hold, or what readers take for no value."""
    if isinstance(value, str):
        if not value or ILLEGAL_CHARACTERS_RE.search(value):
            message = f"{where}: a formula's value is an empty text or holds control characters"
            raise ValueError(message)
    elif not isinstance(value, (bool, int, float)) or not math.isfinite(value):
        message = f"{where}: {value!r} is no value that a cell can hold"
        raise ValueError(message)


class _ValueArchive(zipfile.ZipFile):
    """A zip file that puts the values into the parts openpyxl hands it, and records no time, order or machine."""

    def __init__(
        self, file: BytesIO, workbook: openpyxl.Workbook, values: Mapping[tuple[str, str], CachedValue]
    ) -> None:
        """An empty archive in memory; `inserted` collects the formula cells that got their value."""
        super().__init__(file, "w", zipfile.ZIP_DEFLATED)
        self.inserted: set[tuple[str, str]] = set()
        self._workbook = workbook
        self._values = values

    def write(  # type: ignore[override]  # openpyxl only ever passes a file and its name in the archive
        self, filename: str, arcname: str
    ) -> None:
        """Add a file, which openpyxl does for sheets."""
        self.writestr(arcname, Path(filename).read_bytes())

    def writestr(  # type: ignore[override]  # as above: a name and the content
        self, name: str, data: str | bytes
    ) -> None:
        """Add a part: XML in one normal form, whichever library serialised it, with values where they belong."""
        if name.endswith((".xml", ".rels")):
            root = SafeTree.fromstring(data)
            sheet = _SHEET_PART.fullmatch(name)
            if sheet:
                self._fill_sheet(root, self._workbook.worksheets[int(sheet[1]) - 1])
            elif name.startswith("xl/charts/"):
                self._fill_chart(root)
            data = _serialise(root)
        info = zipfile.ZipInfo(name, _ZIP_TIME)
        info.compress_type = zipfile.ZIP_DEFLATED
        info.create_system = _UNIX
        info.external_attr = _PLAIN_FILE
        super().writestr(info, data)

    def _fill_sheet(self, root: ET.Element, sheet: Worksheet) -> None:
        """Give each formula its value, and each number all of its digits."""
        for cell in root.iter(f"{{{_MAIN}}}c"):
            coordinate = cell.attrib["r"]
            value_node = cell.find(f"{{{_MAIN}}}v")
            if cell.find(f"{{{_MAIN}}}f") is not None:
                if (sheet.title, coordinate) not in self._values:
                    message = f"{sheet.title}!{coordinate}: a formula without a value"
                    raise ValueError(message)
                node = ET.SubElement(cell, f"{{{_MAIN}}}v") if value_node is None else value_node
                _set_value(cell, node, self._values[sheet.title, coordinate])
                self.inserted.add((sheet.title, coordinate))
            elif value_node is not None and cell.attrib.get("t") == "n":
                value = sheet[coordinate].value
                _check_value(f"{sheet.title}!{coordinate}", value)
                value_node.text = repr(float(value))
            elif len(cell) == 0:
                # An empty cell with a look of its own: ironcalc takes one that is typed as a number for zero.
                cell.attrib.pop("t", None)

    def _fill_chart(self, root: ET.Element) -> None:
        """Give each reference of a chart the points it shows, for readers that do not calculate."""
        for kind, cache in (("numRef", "numCache"), ("strRef", "strCache")):
            for reference in root.iter(f"{{{_CHART}}}{kind}"):
                for old in reference.findall(f"{{{_CHART}}}{cache}"):
                    reference.remove(old)
                formula = reference.findtext(f"{{{_CHART}}}f") or ""
                points = list(self._referenced(formula))
                node = ET.SubElement(reference, f"{{{_CHART}}}{cache}")
                if kind == "numRef":
                    ET.SubElement(node, f"{{{_CHART}}}formatCode").text = "General"
                ET.SubElement(node, f"{{{_CHART}}}ptCount", {"val": str(len(points))})
                for index, value in enumerate(points):
                    if value is None or (kind == "numRef" and isinstance(value, str)):
                        continue  # a gap in the line
                    point = ET.SubElement(node, f"{{{_CHART}}}pt", {"idx": str(index)})
                    ET.SubElement(point, f"{{{_CHART}}}v").text = value if isinstance(value, str) else _digits(value)

    def _referenced(self, formula: str) -> Iterator[CachedValue | None]:
        """The values of the cells that a chart refers to, row by row."""
        match = _REFERENCE.fullmatch(formula)
        if match is None:
            message = f"a chart refers to `{formula}`, which is no range of a sheet"
            raise ValueError(message)
        title = match[1].replace("''", "'") if match[1] else match[2]
        sheet = self._workbook[title]
        first_column, first_row, last_column, last_row = range_boundaries(match[3])
        for row in sheet.iter_rows(first_row, last_row, first_column, last_column):
            for cell in row:
                value = self._values.get((title, cell.coordinate))
                if value is None and cell.data_type in {"n", "s", "b"}:
                    value = cell.value if isinstance(cell.value, (int, float, str)) else None
                yield value


def _set_value(cell: ET.Element, node: ET.Element, value: CachedValue) -> None:
    """Store a formula's value with its type."""
    cell.attrib.pop("t", None)
    if isinstance(value, bool):
        cell.set("t", "b")
        node.text = "1" if value else "0"
    elif isinstance(value, str):
        cell.set("t", "str")
        node.text = value
    else:
        node.text = _digits(value)


def _digits(value: float) -> str:
    """A number with the digits that give back exactly this double."""
    return repr(float(value))


def _serialise(root: ET.Element) -> bytes:
    """An XML part in one normal form: the namespace of its root without a prefix, the others with a fixed one."""
    space = root.tag[1:].partition("}")[0] if root.tag.startswith("{") else ""
    if space:
        prefix = f"{{{space}}}"
        for element in root.iter():
            element.tag = element.tag.removeprefix(prefix)
        root.set("xmlns", space)
    return ET.tostring(root, encoding="UTF-8", xml_declaration=True)
