"""What is wrong with the charts of a workbook, read from its parts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from flopsheet.workbook.lint_formulas import Finding
from flopsheet.workbook.package import parse_part

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_CHART = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"
_AXES = ("valAx", "catAx", "dateAx", "serAx")
_CACHES = (("numRef", "numCache"), ("strRef", "strCache"))


def check_charts(path: Path, parts: Mapping[str, bytes]) -> Iterator[Finding]:
    """Axes shown and named, a title, straight lines, and the points that each series shows."""
    for name, data in sorted(parts.items()):
        if name.startswith("xl/charts/chart"):
            for message in _faults(parse_part(path, name, data)):
                yield Finding("chart", name.rpartition("/")[2], "", message)


def _faults(root: Element) -> Iterator[str]:
    """What is wrong with one chart."""
    if root.find(f"{_CHART}chart/{_CHART}title") is None:
        yield "no title"
    for axis in (axis for kind in _AXES for axis in root.iter(f"{_CHART}{kind}")):
        if _setting(axis, "delete") not in {"0", "false"}:
            yield "an axis that counts as deleted"
        if axis.find(f"{_CHART}title") is None:
            yield "an axis without a title"
    for scatter in root.iter(f"{_CHART}scatterChart"):
        if _setting(scatter, "scatterStyle") is None:
            yield "a scatter chart without its style"
        for series in scatter.findall(f"{_CHART}ser"):
            if _setting(series, "smooth") not in {"0", "false"}:
                yield "a series that is smoothed"
    for kind, cache in _CACHES:
        for reference in root.iter(f"{_CHART}{kind}"):
            if reference.find(f"{_CHART}{cache}/{_CHART}pt") is None:
                yield f"no stored points for {reference.findtext(f'{_CHART}f')}"


def _setting(element: Element, name: str) -> str | None:
    """The value of a setting, None where it is absent."""
    node = element.find(f"{_CHART}{name}")
    return None if node is None else node.attrib.get("val", "1")
