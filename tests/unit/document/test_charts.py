"""Charts as SVG: well formed, escaped, the same bytes each time, readable in both themes."""

import itertools
import math
import re
from typing import cast
from xml.etree.ElementTree import Element

import numpy as np
import pytest
from defusedxml.ElementTree import fromstring

from flopsheet.document.chart_frame import build_frame
from flopsheet.document.chart_labels import end_labels, point_labels, reference_labels
from flopsheet.document.chart_view import Drawn, view_chart
from flopsheet.document.charts import Annotation, Axis, Chart, Reference, Series, render_chart
from flopsheet.document.palette import CATEGORIES, THEME, Colour, ramp
from flopsheet.document.placement import Box, Canvas, Label
from flopsheet.document.text_width import text_width

SVG = "{http://www.w3.org/2000/svg}"
NASTY = "</text><script>alert(1)</script> & \"quoted\" 'too' ]]>"


def loss(n: np.ndarray, d: np.ndarray) -> np.ndarray:
    """A loss that makes curves of the usual shape."""
    return 1.69 + 406.4 / n**0.34 + 410.7 / d**0.28


def iso_flop(*, names: str = "{} FLOP", cap: str = "Cap 10 B") -> Chart:
    """Five budget curves with their optima, and a cap."""
    series, best_n, best_l = [], [], []
    for budget in (1e19, 1e20, 1e21, 1e22, 1e23):
        n = np.geomspace(0.02 * budget**0.45, 8 * budget**0.45, 81)
        curve = loss(n, budget / 6 / n)
        series.append(Series(names.format(f"{budget:.0e}"), tuple(n), tuple(curve)))
        best_n.append(float(n[curve.argmin()]))
        best_l.append(float(curve.min()))
    series.append(
        Series("Optimum", tuple(best_n), tuple(best_l), marker="circle", dash="dashed", colour="ink", label_at="legend")
    )
    return Chart(
        "iso-flop",
        "Loss along each compute budget",
        "Loss against parameters.",
        Axis("Parameters", "log", unit="parameter"),
        Axis("Loss (nats/token)", maximum=4.5, unit="nats/token"),
        tuple(series),
        references=(Reference("x", 1e10, cap),),
        palette="ramp",
    )


def frontier(*, names: tuple[str, ...] = ("small", "medium", "large", "capped", "double")) -> Chart:
    """Optimal parameters over compute, with scenarios as named points."""
    c = np.geomspace(1e18, 1e24, 40)
    at = (1e19, 1e20, 1e21, 1e21, 2e21)
    return Chart(
        "frontier",
        "最优分配随计算量的变化",
        "Parameters against compute.",
        Axis("计算量（FLOP）", "log", unit="FLOP"),
        Axis("参数量", "log", unit="parameter"),
        (
            Series("最优参数量", tuple(c), tuple(0.06 * c**0.4516)),
            Series("最优训练词元数", tuple(c), tuple(2.7 * c**0.5484)),
            Series(
                "方案",
                at,
                tuple(0.06 * v**0.4516 * f for v, f in zip(at, (1, 1, 1, 0.4, 0.5), strict=True)),
                kind="points",
                marker="diamond",
                point_labels=names,
            ),
        ),
        references=(Reference("y", 2e10, "参数量上限"),),
        annotations=(Annotation("拐点", 1e21, 1e9),),
    )


CHARTS = {
    "iso-flop": iso_flop(),
    "long names": iso_flop(names="a budget of {} FLOP in all, by name", cap="上限 " * 20),
    "frontier": frontier(),
    "nasty": frontier(names=(NASTY,) * 5),
    "empty": Chart("empty", "Empty", "Nothing.", Axis("x"), Axis("y", "log"), ()),
    "gaps": Chart(
        "gaps",
        "Gaps",
        "A curve with a gap.",
        Axis("x"),
        Axis("y", "log"),
        (Series("a", (1, 2, 3, 4, 5), (1.0, 2.0, math.nan, 0.0, 5.0)), Series("b", (1.0,), (math.inf,))),
    ),
}


@pytest.fixture(params=list(CHARTS.values()), ids=list(CHARTS))
def chart(request: pytest.FixtureRequest) -> Chart:
    """Each chart in turn."""
    return request.param


def elements(svg: str, tag: str) -> list[Element]:
    """The elements of a kind in a drawing."""
    return list(fromstring(svg).iter(SVG + tag))


def test_the_same_chart_gives_the_same_bytes(chart: Chart) -> None:
    """Nothing of the machine, the time or chance is in a drawing."""
    assert render_chart(chart) == render_chart(chart)


def test_a_drawing_is_well_formed_with_unique_ids_and_two_decimals(chart: Chart) -> None:
    """The SVG parses, its ids are its own, and no coordinate has more than two decimals or a negative zero."""
    svg = render_chart(chart)
    ids = re.findall(r'\bid="([^"]+)"', svg)
    assert len(ids) == len(set(ids))
    assert all(one == chart.id or one.startswith(f"{chart.id}-") for one in ids)
    assert not re.search(r'[ML "]-0\.00[^\d]', svg)
    for path in elements(svg, "path"):
        assert not re.search(r"\.\d{3}|nan|inf", path.get("d", ""))


def test_a_drawing_can_be_read_aloud(chart: Chart) -> None:
    """It has the role of a picture, named by its title and described by its description."""
    root = fromstring(render_chart(chart))
    assert root.get("role") == "img"
    assert root.get("aria-labelledby") == f"{chart.id}-title {chart.id}-desc"
    assert [child.text for child in root[:2]] == [chart.title, chart.description]


def test_text_of_a_plan_stays_text() -> None:
    """Markup in a name is shown, cut to its room, and makes no element."""
    svg = render_chart(CHARTS["nasty"])
    assert not elements(svg, "script")
    assert "<script" not in svg
    assert any((text.text or "").startswith("</text><script>") for text in elements(svg, "text"))
    titles = {title.text for title in elements(svg, "title")}
    assert NASTY in titles


def drawn_labels(chart: Chart) -> list[Label]:
    """The labels inside and beside the plot, as placed."""
    frame = build_frame(chart)
    canvas = Canvas(Box(frame.plot.left, frame.plot.top, chart.width - 8, frame.plot.bottom))
    for place in (reference_labels, end_labels, point_labels):
        list(place(chart, frame, canvas))
    return canvas.labels


def test_labels_cover_neither_each_other_nor_the_edge(chart: Chart) -> None:
    """No two labels overlap, and all are inside the picture."""
    boxes = [label.box for label in drawn_labels(chart)]
    assert not any(a.overlaps(b) for a, b in itertools.combinations(boxes, 2))
    picture = Box(0, 0, chart.width, chart.height)
    assert all(picture.contains(box) for box in boxes)


def test_every_text_is_inside_the_picture(chart: Chart) -> None:
    """Titles, ticks, legend and labels end before the edge, by estimated width."""
    for text in elements(render_chart(chart), "text"):
        size = 16 if text.text and text.text in " ".join(build_frame(chart).title) and text.get("x") == "16.00" else 12
        width = text_width("".join(text.itertext()), size)
        x = float(text.get("x", "nan"))
        left = x - {"start": 0, "middle": width / 2, "end": width}[text.get("text-anchor", "")]
        assert left >= 0
        assert left + width <= chart.width
        assert 0 <= float(text.get("y", "nan")) <= chart.height


def test_every_curve_is_named() -> None:
    """A name at the end of each budget curve, the locus in the legend, the cap at its line."""
    shown = ["".join(text.itertext()) for text in elements(render_chart(iso_flop()), "text")]
    for name in ("1e+19 FLOP", "1e+20 FLOP", "1e+21 FLOP", "1e+22 FLOP", "1e+23 FLOP", "Optimum", "Cap 10 B"):
        assert shown.count(name) == 1


def test_powers_of_ten_are_raised() -> None:
    """An exponent is set as raised digits, which needs no font with superscripts."""
    svg = render_chart(frontier())
    assert '10<tspan dy="-0.42em" font-size="72%">22</tspan>' in svg
    assert not re.search("[⁰¹²³⁴-⁹⁻]", svg)


def test_points_outside_the_axis_are_not_marked() -> None:
    """A given end of an axis cuts curves by clipping and leaves out marks and names beyond it."""
    series = Series("s", (1.0, 2.0, 3.0), (1.0, 2.0, 30.0), kind="points", point_labels=("a", "b", "c"))
    chart = Chart("cut", "Cut", "d", Axis("x"), Axis("y", minimum=0, maximum=5), (series,))
    svg = render_chart(chart)
    assert len([path for path in elements(svg, "path") if "Z" in path.get("d", "")]) == 3  # two marks and the legend's
    assert "c" not in {text.text for text in elements(svg, "text")}


def test_a_gap_parts_a_curve() -> None:
    """A value that is not finite, or not positive on a log axis, leaves a gap instead of a wrong line."""
    view = view_chart(CHARTS["gaps"])
    first, second = cast("list[Drawn]", view["series"])
    assert first.path.count("M") == 1
    assert first.path.count("L") == 1
    assert second.path == ""


def test_both_themes_and_no_font_file(chart: Chart) -> None:
    """Light colours are attributes, dark ones follow the reader's preference, and nothing is loaded from elsewhere."""
    svg = render_chart(chart)
    assert "@media (prefers-color-scheme: dark)" in svg
    assert f'fill="{THEME["ground"].light}"' in svg
    assert f"--ground: {THEME['ground'].dark};" in svg
    assert "Noto Sans CJK SC" in svg
    assert "http" not in svg.replace("http://www.w3.org/2000/svg", "")
    assert "var(" not in svg[: svg.index("@media")]


def luminance(colour: str) -> float:
    """The relative luminance of `#rrggbb` (WCAG 2)."""
    channels = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """The contrast of two colours (WCAG 2)."""
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("colour", [*CATEGORIES, *ramp(7), THEME["ink"], THEME["muted"]])
def test_colours_can_be_read_as_text(colour: Colour) -> None:
    """Every colour that writes has a contrast of at least 4.5 to the ground in both themes."""
    ground = THEME["ground"]
    assert contrast(colour.light, ground.light) >= 4.5
    assert contrast(colour.dark, ground.dark) >= 4.5


def test_a_ramp_grows_darker_on_light_and_lighter_on_dark() -> None:
    """The order of a ramp shows without colour."""
    colours = ramp(5)
    assert [luminance(c.light) for c in colours] == sorted((luminance(c.light) for c in colours), reverse=True)
    assert [luminance(c.dark) for c in colours] == sorted(luminance(c.dark) for c in colours)
    assert len(ramp(1)) == 1


def test_series_must_pair_up() -> None:
    """A series with unequal numbers of x and y, or of points and names, is refused."""
    with pytest.raises(ValueError, match="2 x, 1 y"):
        Series("s", (1.0, 2.0), (1.0,))
    with pytest.raises(ValueError, match="1 labels"):
        Series("s", (1.0, 2.0), (1.0, 2.0), point_labels=("a",))
