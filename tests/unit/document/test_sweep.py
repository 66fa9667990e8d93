"""A report shows its plan's sweep: what is varied, some points, curves over one axis or a map over two."""

import re
import xml.etree.ElementTree as ET

import pytest

from flopsheet import api
from flopsheet.document.report import render_report
from flopsheet.document.source import ReportSource

HEAD = "title: t\nlaw: hoffmann_2022\nbudget: {compute: 1e22 FLOP}\n"
MAP = "sweep: {budget.compute: {from: 1e20, to: 1e24, points: 50, scale: log}, caps.parameters: [1B, 10B, null]}\n"
CURVE = "language: zh\nsweep: {budget.compute: {from: 1e20, to: 1e24, points: 5, scale: log}}\n"
THREE = (
    "objective: minimize compute\ntarget.loss: 2.2\n"
    "sweep: {target.loss: {from: 1.6, to: 2.4, points: 9}, caps.tokens: [1e9, 1T],"
    " constants.alpha: [0.34, 0.35, 0.36]}\n"
)


@pytest.fixture(scope="module")
def render(tmp_path_factory):
    """A function that renders the report of a plan: its files by name, rendered once."""
    done: dict[str, dict[str, str]] = {}

    def run(text: str) -> dict[str, str]:
        if text not in done:
            path = tmp_path_factory.mktemp("plan") / "plan.yaml"
            path.write_text(text, encoding="utf-8")
            done[text] = render_report(ReportSource(api.solve_plan(path), "0" * 64, "0"))
        return done[text]

    return run


def section(report: str, title: str) -> list[str]:
    """The lines of a section."""
    return report.split(f"\n## {title}\n")[1].split("\n## ", maxsplit=1)[0].strip().splitlines()


def test_two_axes_are_a_map(render):
    """A table of at most twenty points that says how many it leaves out, and levels of the loss over both axes."""
    files = render(HEAD + MAP)
    lines = section(files["report.md"], "Sweep")
    assert lines[0].startswith("The plan is computed at 150 points: `budget.compute` (FLOP) from 10²⁰ to 10²⁴ in 50")
    assert "`caps.parameters` (parameters) at 1 B, 10 B and no limit." in lines[0]
    assert "The table leaves out 132 of them, evenly; `flopsheet sweep plan.yaml --out grid.csv` writes" in lines[0]
    rows = [line for line in lines if line.startswith("| ")][2:]
    assert len(rows) == 18
    assert rows[2].startswith("| 10²⁰ | no limit | 644.9 M | 25.85 B | 2.600 |")
    assert rows[-3].endswith("| compute budget and parameter cap |")
    assert lines[-1].startswith("The loss of the best plan in levels: least, 1.933, at `budget.compute` = 10²⁴ and")
    assert "Points without a limit on `caps.parameters` have no place on its axis" in lines[-1]
    svg = files["sweep_map.svg"]
    areas = re.findall(r'<path class="c-s\d" d="(M[^"]*Z)" fill="#[0-9a-f]{6}"/>', svg)
    assert sum(area.count("Z") for area in areas if area.count("L") == 3 * area.count("Z")) == 48 * 2
    assert "--s0: #" in svg.split("prefers-color-scheme: dark")[1]
    ET.fromstring(svg)  # noqa: S314 - our own text


def test_one_axis_is_curves(render):
    """The loss and both decisions; every point in the table, in the plan's language."""
    files = render(HEAD + CURVE)
    lines = section(files["report.md"], "扫描")
    assert (
        lines[0]
        == "在 5 个点上计算方案：`budget.compute`（FLOP） 从 10²⁰ 到 10²⁴ 等比取 5 个值。其余输入与场景 base 相同。"
    )
    assert len([line for line in lines if line.startswith("| ")]) == 7
    assert [name for name in files if name.startswith("sweep")] == ["sweep_loss.svg", "sweep_decisions.svg"]
    assert "训练词元数" in files["sweep_decisions.svg"]


def test_points_without_a_plan_leave_gaps(render):
    """Out of reach or excluded is said in the table, nothing is drawn there, and the third axis stands at its first."""
    files = render(HEAD.replace("budget: {compute: 1e22 FLOP}\n", "") + THREE)
    lines = section(files["report.md"], "Sweep")
    rows = [line for line in lines if line.startswith("| ")][2:]
    assert any(row.endswith("| no plan: out of reach |") and "| ∞ |" in row for row in rows)
    assert any(row.endswith("| no plan |") and "| – |" in row for row in rows)
    assert "Where nothing is drawn there is no plan." in lines[-1]
    assert lines[-1].endswith("Here `caps.tokens` = 1 B.")
    assert "sweep_map.svg" in files


def test_a_plan_without_a_sweep_has_no_section(render):
    """Nor a chart."""
    files = render(HEAD)
    assert "## Sweep" not in files["report.md"]
    assert not [name for name in files if name.startswith("sweep")]
