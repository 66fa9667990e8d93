"""An explanation as a Mermaid flowchart that GitHub renders: what does not fit is folded into nodes that say so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from flopsheet.api.explain import TracedKey
from flopsheet.cli.explain_words import tell_label, tell_number, tell_origin, tell_place, tell_value
from flopsheet.evaluate.explain import Explanation

# GitHub renders fewer than 500 edges and 50,000 characters.
MOST_EDGES = 450
MOST_CHARACTERS = 45_000
_MOST_NODES = 400
_MOST_LISTED = 3
_MOST_LABEL = 120

# All that is markup in Mermaid or HTML, or a beginning of a list or emphasis in its Markdown.
_MARKUP = frozenset('"#&<>`\\*_[](){}|;:~$%^')
_CLASSES = (
    "  classDef given fill:#fff3bf,stroke:#8a6d00,color:#000000",
    "  classDef assumed fill:#e9ecef,stroke:#495057,color:#000000",
    "  classDef step fill:#ffffff,stroke:#1c7ed6,color:#000000",
    "  classDef folded fill:#ffffff,stroke:#868e96,color:#495057,stroke-dasharray:4 3",
)


def draw_graph(explanation: Explanation, *, depth: int | None = None, everything: bool = False) -> str:
    """The graph of a cell: an arrow from each cell to those that read it.

    Args:
        explanation: What is shown.
        depth: How many levels of formulas are opened; all that fit when None.
        everything: Whether cells that do not decide are opened too.
    """
    most = _MOST_NODES
    while True:
        text, edges = _Drawing(explanation, everything=everything).draw(depth, most)
        if (edges <= MOST_EDGES and len(text) <= MOST_CHARACTERS) or most == 1:
            return text
        most = max(1, most * 3 // 4)


@dataclass(slots=True)
class _Drawing:
    """Writes nodes and edges; the id of a node is its number."""

    explanation: Explanation
    everything: bool
    ids: dict[str, str] = field(default_factory=dict)
    nodes: list[str] = field(default_factory=list)
    edges: list[str] = field(default_factory=list)

    def draw(self, depth: int | None, most: int) -> tuple[str, int]:
        """The text of the graph with at most so many cells, and the number of its edges."""
        names = self._choose(depth, most)
        for name in names:
            self._add_cell(name)
        for name in names:
            self._join(name)
        lines = ["flowchart BT", *self.nodes, *self.edges, *_CLASSES]
        return "\n".join(lines) + "\n", len(self.edges)

    def _choose(self, depth: int | None, most: int) -> list[str]:
        """The cells that are drawn, those next to the one explained first."""
        chosen = {self.explanation.root: 0}
        waiting = [self.explanation.root]
        while waiting:
            name = waiting.pop(0)
            if depth is not None and chosen[name] >= depth:
                continue
            for read in self._reads(name):
                if read not in chosen and len(chosen) < most:
                    chosen[read] = chosen[name] + 1
                    waiting.append(read)
        return list(chosen)

    def _reads(self, name: str) -> tuple[str, ...]:
        """The cells that are opened below one."""
        step = self.explanation.steps[name]
        return step.reads if self.everything else step.decides

    def _add_cell(self, name: str) -> None:
        """The node of a cell."""
        step = self.explanation.steps[name]
        self.ids[name] = f"n{len(self.ids)}"
        if step.origin is None:
            lines = [f"{name} = {tell_value(step)}", tell_label(step)]
            self.nodes.append(f'  {self.ids[name]}["{_label(lines)}"]:::step')
            return
        kind = "given" if step.origin.kind == "plan" else "assumed"
        lines = [f"{name} = {tell_value(step)}", tell_origin(step.origin)]
        self.nodes.append(f'  {self.ids[name]}(["{_label(lines)}"]):::{kind}')

    def _join(self, name: str) -> None:
        """The edges into a cell, and the nodes that stand for what is folded there."""
        step = self.explanation.steps[name]
        reads = self._reads(name)
        for read in reads:
            if read in self.ids:
                self.edges.append(f"  {self.ids[read]} --> {self.ids[name]}")
        self._fold(name, [read for read in reads if read not in self.ids], "-->", "folded")
        if not self.everything:
            beside = [read for read in step.beside if read not in self.ids]
            self._fold(name, beside, "-.->", "not decisive, folded")

    def _fold(self, name: str, folded: Sequence[str], arrow: str, what: str) -> None:
        """One node for cells that are not drawn, with how many lie below them."""
        if not folded:
            return
        below = [each for each in self.explanation.below(folded) if each not in self.ids]
        told = ", ".join(folded[:_MOST_LISTED]) + (", ..." if len(folded) > _MOST_LISTED else "")
        lines = [f"{len(below)} {'cell' if len(below) == 1 else 'cells'} {what}", told]
        node = f"f{len(self.edges)}"
        self.nodes.append(f'  {node}["{_label(lines)}"]:::folded')
        self.edges.append(f"  {node} {arrow} {self.ids[name]}")


def draw_layers(traced: TracedKey) -> str:
    """The layers of a key as a graph: in order, a chain for each scenario, the one in force marked."""
    lines = ["flowchart LR"]
    number = edges = 0
    for history in traced.histories:
        before = None
        if edges + len(history.entries) + 1 > MOST_EDGES or sum(map(len, lines)) > MOST_CHARACTERS // 2:
            left = len(traced.histories) - traced.histories.index(history)
            lines.append(f'  more["{_label([f"{left} more scenarios folded"])}"]:::folded')
            break
        for entry in history.entries:
            said = f"removed by null{f' at {entry.through}' if entry.through else ''}" if entry.removes else entry.text
            where = entry.layer if entry.layer != entry.place.file else tell_place(entry.place.file, entry.place.line)
            told = [where, said, *(["in force"] if entry.in_force else [])]
            lines.append(f'  n{number}["{_label(told)}"]:::{"given" if entry.in_force else "step"}')
            if before is not None:
                lines.append(f"  {before} --> n{number}")
                edges += 1
            before, number = f"n{number}", number + 1
        value = history.value if isinstance(history.value, str) else tell_number(history.value, history.unit)
        told = [f"{traced.key} = {'not set' if history.value is None else value}", f"scenario {history.scenario}"]
        lines.append(f'  n{number}(["{_label(told)}"]):::step')
        if before is not None:
            lines.append(f"  {before} ==> n{number}")
            edges += 1
        number += 1
    return "\n".join([*lines, *_CLASSES]) + "\n"


def _label(lines: Sequence[str]) -> str:
    """Lines of a label; whatever could be markup becomes an entity."""
    cut = [line if len(line) <= _MOST_LABEL else f"{line[: _MOST_LABEL - 3]}..." for line in lines]
    return "<br/>".join("".join(_escape(character) for character in line) for line in cut if line)


def _escape(character: str) -> str:
    """A character of a label."""
    if not character.isprintable():
        return " "
    return f"#{ord(character)};" if character in _MARKUP else character
