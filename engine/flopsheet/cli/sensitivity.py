"""The sensitivity of a plan on the terminal: each input changed, the one that matters most first."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import click

from flopsheet.cli.output import print_table, say

if TYPE_CHECKING:
    from flopsheet.evaluate.sensitivity import Sensitivity, Swing, SwungEnd
    from flopsheet.evaluate.solution import Solution

#: Characters of the longest bar, to one side.
_BAR: Final = 12


def show_sensitivity(solution: Solution, scenario: str | None) -> None:
    """What each input changes the result by that the plan is about; nothing where the plan does not ask."""
    from flopsheet.document.numbers import render_number  # noqa: PLC0415 - start-up speed
    from flopsheet.evaluate.sensitivity import is_constant  # noqa: PLC0415 - the same
    from flopsheet.evaluate.sensitivity_record import unit_of_output  # noqa: PLC0415 - the same

    names = [answer.name for answer in solution.answers]
    chosen = [index for index, answer in enumerate(solution.answers) if scenario in {answer.name, answer.slug}]
    found = solution.sensitivity.get(chosen[0]) if chosen else solution.shown_sensitivity
    if found is None:
        return
    goal, unit = found.goal, unit_of_output(solution.graph, found.goal)
    swing = render_number(found.swing, "%", digits=6)
    click.echo(f"\nsensitivity of `{names[found.index]}`: each input {swing} down (-) and up (+)")
    longest = {
        kind: max((found.length(each) for each in found.swings if is_constant(each.key) == kind), default=0.0)
        for kind in (False, True)
    }
    rows = []
    for each in found.swings:
        ends = (each.low, each.high)
        shown = [
            render_number(end.results[goal], None if unit == "1" else unit, digits=5)
            if goal in end.results
            else end.status
            for end in ends
        ]
        slope = found.elasticities[each.key].get(goal)
        slopes = (
            "-" if slope is None else f"{slope.above:.4g}" + (f" ({slope.below:.4g} down)" if slope.is_kink else "")
        )
        rows.append((each.key, *shown, slopes, _bar(found, each, longest[is_constant(each.key)])))
    headers = ("input", f"{goal} low", f"{goal} high", "% per %", f"{'lower':>{_BAR}}|higher")
    print_table(headers, rows, right=(1, 2, 3))
    for each in found.swings:
        if each.high.clipped:
            say(f"{each.key}: goes no further than {each.high.value:g}")


def _bar(found: Sensitivity, each: Swing, most: float) -> str:
    """What the two ends change the result by, as marks beside a middle: `-` where the input goes down, `+` up."""

    def change(end: SwungEnd) -> float:
        value = end.results.get(found.goal, math.nan)
        return (value - found.outputs[found.goal]) / most if most and math.isfinite(value) else 0.0

    left, right = "", ""
    for end, mark in ((each.low, "-"), (each.high, "+")):
        share = change(end)
        marks = mark * max(round(abs(share) * _BAR), 1 if share else 0)
        if share < 0 and len(marks) > len(left):
            left = marks
        if share > 0 and len(marks) > len(right):
            right = marks
    return f"{left:>{_BAR}}|{right}"
