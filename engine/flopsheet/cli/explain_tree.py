"""An explanation as a tree of text: every cell once in full, what does not decide folded, lines that fit a terminal."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, field

from flopsheet.cli.explain_words import (
    numbers_of,
    put_in,
    tell_cases,
    tell_formula,
    tell_label,
    tell_origin,
    tell_search,
    tell_value,
)
from flopsheet.evaluate.explain import Explanation, Step
from flopsheet.formula.unfold import Search

WIDTH = 100
MOST_LINES = 120
"""So many lines may be printed unless a depth is asked for: what lies deeper is folded then."""
_LONG = 240
"""A formula with cases is shown whole up to this length; of a longer one only what holds."""
_CUT = 420
_CUT_CASE = 200
_MOST_LISTED = 4
_LEAST_WIDTH = 40


@dataclass(frozen=True, slots=True)
class Tree:
    """A rendered explanation: its lines, the depth to which it goes, what is opened, how many cells lie deeper."""

    lines: tuple[str, ...]
    depth: int
    shown: frozenset[str]
    folded: int


def draw_tree(explanation: Explanation, *, depth: int | None = None, everything: bool = False) -> Tree:
    """The tree below a cell.

    Args:
        explanation: What is shown.
        depth: How many levels of formulas are opened; as many as `MOST_LINES` hold when None.
        everything: Whether cells that do not decide are opened too.
    """
    if depth is not None:
        return _draw(explanation, depth, everything=everything)
    tree = _draw(explanation, 1, everything=everything)
    while tree.folded:
        deeper = _draw(explanation, tree.depth + 1, everything=everything)
        if len(deeper.lines) > MOST_LINES:
            break
        tree = deeper
    return tree


def _draw(explanation: Explanation, depth: int, *, everything: bool) -> Tree:
    """The tree to a given depth."""
    drawer = _Drawer(explanation, everything=everything)
    lines = drawer.block(explanation.root, depth, WIDTH)
    folded = set(explanation.below([explanation.root], deciding=not everything)) - drawer.shown
    return Tree(tuple(lines), depth, frozenset(drawer.shown), len(folded))


@dataclass(slots=True)
class _Drawer:
    """Draws cells; `shown` are those that have been shown in full."""

    explanation: Explanation
    everything: bool
    shown: set[str] = field(default_factory=set)

    def block(self, name: str, depth: int, width: int) -> list[str]:
        """A cell with all below it, `width` columns wide where it can be."""
        step = self.explanation.steps[name]
        self.shown.add(name)
        if step.origin is not None:
            return _wrap(f"{name} = {tell_value(step)}  {tell_origin(step.origin)}", width, "    ")
        blocks = self._below(step, depth, max(width - 3, _LEAST_WIDTH))
        bar = "│ " if blocks else "  "
        lines = _wrap(f"{name}  {tell_label(step)}", width, "    ")
        lines += [bar + line for line in self._body(step, max(width - 2, _LEAST_WIDTH))]
        for number, block in enumerate(blocks, start=1):
            head, rest = ("└─ ", "   ") if number == len(blocks) else ("├─ ", "│  ")
            lines += [(head if at == 0 else rest) + line for at, line in enumerate(block)]
        return lines

    def _below(self, step: Step, depth: int, width: int) -> list[list[str]]:
        """What a cell reads: leaves, then formulas, then what was shown before, then what does not decide."""
        steps = self.explanation.steps
        wanted = step.reads if self.everything else step.decides
        again = [name for name in wanted if name in self.shown]
        leaves = [name for name in wanted if name not in self.shown and steps[name].origin is not None]
        blocks = [self.block(name, depth, width) for name in leaves]
        for name in wanted:
            if name in leaves or name in again:
                continue
            if name in self.shown:
                again.append(name)
            elif depth > 1:
                blocks.append(self.block(name, depth - 1, width))
            else:
                blocks.append(_wrap(self._fold(name), width, "    "))
        if again:
            blocks.append(_wrap(f"shown above: {self._list(again)}", width, "    "))
        beside = [] if self.everything else [name for name in step.beside if name not in self.shown]
        if beside:
            below = set(self.explanation.below(beside)) - self.shown
            blocks.append(
                _wrap(f"not decisive: {self._list(beside)}{_tell_more(len(below) - len(beside))}", width, "    ")
            )
        return blocks

    def _fold(self, name: str) -> str:
        """A cell that is not opened, with how many lie below."""
        step = self.explanation.steps[name]
        below = set(self.explanation.below([name], deciding=not self.everything)) - self.shown - {name}
        return f"{name} = {tell_value(step)}  {tell_label(step)}{_tell_more(len(below))}"

    def _list(self, names: Sequence[str]) -> str:
        """Cells with their numbers, in one line."""
        told = ", ".join(f"{name} = {tell_value(self.explanation.steps[name])}" for name in names[:_MOST_LISTED])
        return told if len(names) <= _MOST_LISTED else f"{told} and {len(names) - _MOST_LISTED} more"

    def _body(self, step: Step, width: int) -> list[str]:
        """The formula of a cell, what of it holds, its numbers, and the result."""
        numbers = numbers_of(self.explanation, step)
        lines: list[str] = []
        if step.unfolded is None:
            return lines
        guard = step.cell.guard
        if guard is not None and guard in step.decides:
            # Without a plan there is nothing to compute: what says so is all there is to tell.
            what = "infinite" if step.value == math.inf else "without a number"
            return _wrap(f"{what}, as {guard} is {numbers[guard]:g} and not 0", width, "    ")
        for local in step.unfolded.where:
            if isinstance(local.value, Search):
                told = tell_search(local.value, numbers)
                lines += _wrap(f"with {local.symbol.name} = {told[0]}", width, "    ")
                lines += [line for text in told[1:] for line in _wrap(f"  {_cut(text)}", width, "      ")]
            else:
                lines += _wrap(f"with {local.symbol.name} = {_cut(tell_formula(local.value))}", width, "    ")
        if isinstance(step.unfolded.formula, Search):
            told = tell_search(step.unfolded.formula, numbers)
            lines += [line for text in told for line in _wrap(_cut(text), width, "    ")]
        else:
            lines += self._formula(step, numbers, width)
        result = _wrap(f"= {tell_value(step)}", width, "    ")
        return lines if lines[-1:] == result else [*lines, *result]

    def _formula(self, step: Step, numbers: dict[str, float], width: int) -> list[str]:
        """A formula without roots: whole unless it is long, what holds of it, and its numbers."""
        assert step.unfolded is not None  # noqa: S101 - a cell with an origin has no body
        whole, holds = tell_formula(step.unfolded.formula), tell_formula(step.shown)
        lines = []
        if len(whole) <= _LONG or whole == holds:
            lines += _wrap(f"= {_cut(whole)}", width, "    ")
        else:
            lines += _wrap(f"= a formula of {len(whole):,} characters, of which here counts", width, "    ")
        for case in tell_cases(step.cases, numbers):
            lines += _wrap(f"  {_cut(case, _CUT_CASE)}", width, "    ")
        if holds != whole:
            lines += _wrap(f"= {_cut(holds)}", width, "    ")
        put = put_in(holds, numbers)
        if put != holds and not holds.isidentifier():
            lines += _wrap(f"= {_cut(put)}", width, "    ")
        return lines


def _tell_more(count: int) -> str:
    """How many further cells are folded."""
    return "" if count <= 0 else f"  [{count} more {'cell' if count == 1 else 'cells'} folded]"


def _cut(text: str, most: int = _CUT) -> str:
    """A formula that a reader can take in; the rest is said to be there."""
    if len(text) <= most:
        return text
    return f"{text[: most - 60].rsplit(' ', 1)[0]} ... ({len(text):,} characters, whole with --json)"


def _wrap(text: str, width: int, indent: str) -> list[str]:
    """A text in lines of at most a width; a word longer than that is not broken."""
    lead = text[: len(text) - len(text.lstrip())]
    return textwrap.wrap(
        text.strip(), width, initial_indent=lead, subsequent_indent=indent,
        break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip
