"""Charts as SVG. `chart` holds the types, `chart_frame` and `chart_view` the geometry, a template the drawing."""

from __future__ import annotations

from pathlib import Path

from flopsheet.document.axes import Axis
from flopsheet.document.chart import Annotation, Band, Chart, Reference, Series
from flopsheet.document.chart_view import view_chart
from flopsheet.document.render import render_template

__all__ = ["Annotation", "Axis", "Band", "Chart", "Reference", "Series", "render_chart"]

TEMPLATE = "chart.svg.jinja"


def render_chart(chart: Chart, *, overrides: Path | None = None) -> str:
    """The SVG of a chart; equal charts give equal bytes, whatever fonts are installed.

    It holds both themes (light and dark, by the reader's preference) and its own ground, so that it
    is readable on any page. All text is escaped.

    Args:
        chart: What to draw.
        overrides: A folder whose `chart.svg.jinja` replaces the shipped one.
    """
    return render_template(TEMPLATE, view_chart(chart), overrides=overrides)
