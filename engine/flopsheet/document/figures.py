"""The charts of a report."""

from __future__ import annotations

from flopsheet.document.contour_chart import draw_contours
from flopsheet.document.curves import Curves
from flopsheet.document.growth_charts import draw_allocation, draw_frontier
from flopsheet.document.scene import Figure, Scene
from flopsheet.document.source import ReportSource
from flopsheet.document.words import Words


def draw_figures(source: ReportSource, curves: Curves, words: Words) -> tuple[Figure, ...]:
    """All charts of a report; none where no scenario has a plan.

    Args:
        source: The solved plan.
        curves: The law's curves.
        words: The report's words.
    """
    scene = Scene(source, curves, words)
    if not scene.planned:
        return ()
    return draw_contours(scene), draw_frontier(scene), draw_allocation(scene)
