"""YAML parser events to nodes, within limits; every fault is a Problem at its place."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import yaml

from flopsheet.errors import FlopsheetError, Place, Problem
from flopsheet.plan.nodes import Mapping, Node, Scalar, Sequence

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_DEPTH = 50
MAX_NODES = 10_000
MAX_SHOWN = 60


@dataclass(slots=True)
class _Open:
    """A collection that is still being read."""

    place: Place
    anchor: str | None
    is_mapping: bool
    key: Scalar | None = None
    pairs: list[tuple[Scalar, Node]] = field(default_factory=list)
    items: list[Node] = field(default_factory=list)
    seen: dict[str, Place] = field(default_factory=dict)
    count: int = 1
    depth: int = 1


class Composer:
    """Builds nodes from parser events with a stack of its own, so that no nesting exhausts Python's."""

    def __init__(self, file: str, lines: list[str]) -> None:
        self.file = file
        self.lines = lines
        self.open: list[_Open] = []
        # For each anchor: its node, its nodes when expanded, its depth.
        self.anchors: dict[str, tuple[Node, int, int]] = {}
        self.total = 0

    def compose(self, events: Iterator[yaml.Event]) -> Node | None:
        """The node of the single document, or None where there is none."""
        root: Node | None = None
        documents = 0
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise self._error("a second document begins here.", event, "Keep one document in a file.")
            elif isinstance(event, yaml.NodeEvent | yaml.CollectionEndEvent):
                done = self._step(event)
                if done is not None and not self.open:
                    root = done
        return root

    def _step(self, event: yaml.Event) -> Node | None:
        """Take one event; the node that it completes, if any."""
        if isinstance(event, yaml.CollectionStartEvent):
            self._refuse_tag(event)
            self._count(1, len(self.open) + 1, event)
            self.open.append(_Open(self._place(event), event.anchor, isinstance(event, yaml.MappingStartEvent)))
            return None
        if isinstance(event, yaml.CollectionEndEvent):
            return self._close(event)
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event)
        if isinstance(event, yaml.ScalarEvent):
            self._refuse_tag(event)
            self._count(1, len(self.open), event)
            return self._add(self._scalar(event), 1, 0, event.anchor, event)
        return None

    def _alias(self, event: yaml.AliasEvent) -> Node:
        """The node an alias stands for, counted as if it were written out."""
        known = self.anchors.get(event.anchor or "")
        if known is None:
            inside = any(level.anchor == event.anchor for level in self.open)
            rule = "stands inside the node that it names" if inside else "has no anchor before it"
            raise self._error(f"the alias `*{event.anchor}` {rule}.", event, "Write the value out.")
        node, count, depth = known
        self._count(count, len(self.open) + depth, event)
        return self._add(node, count, depth, None, event)

    def _close(self, event: yaml.Event) -> Node:
        """End the innermost collection."""
        level = self.open.pop()
        node: Node = (
            Mapping(tuple(level.pairs), level.place) if level.is_mapping else Sequence(tuple(level.items), level.place)
        )
        return self._add(node, level.count, level.depth, level.anchor, event)

    def _add(self, node: Node, count: int, depth: int, anchor: str | None, event: yaml.Event) -> Node:
        """Put a finished node into the collection around it."""
        if anchor:
            self.anchors[anchor] = (node, count, depth)
        if not self.open:
            return node
        level = self.open[-1]
        level.count += count
        level.depth = max(level.depth, depth + 1)
        if not level.is_mapping:
            level.items.append(node)
        elif level.key is None:
            level.key = self._checked_key(node, level, event)
        else:
            level.pairs.append((level.key, node))
            level.key = None
        return node

    def _checked_key(self, node: Node, level: _Open, event: yaml.Event) -> Scalar:
        """A key: a scalar that the mapping does not hold yet."""
        if not isinstance(node, Scalar):
            raise FlopsheetError(Problem("a key must be a single word or text.", node.place))
        if isinstance(event, yaml.AliasEvent):
            raise self._error("a key cannot be an alias.", event, "Write the key out.")
        if node.text == "<<" and not node.quoted:
            message = "merge keys (`<<`) are not supported."
            raise FlopsheetError(Problem(message, node.place, remedy="Use `extends`, or write the keys out."))
        first = level.seen.get(node.text)
        if first is not None:
            message = f"the key `{node.text}` stands twice; the first is at {first.file}:{first.line}:{first.column}."
            raise FlopsheetError(Problem(message, node.place, remedy="Keep one of the two."))
        level.seen[node.text] = node.place
        return node

    def _scalar(self, event: yaml.ScalarEvent) -> Scalar:
        """A scalar with the place of the whole and of its first character."""
        place = self._place(event)
        content = place
        if event.style in {"'", '"'}:
            content = place.shifted(1, max(1, place.length - 2))
        elif event.style in {"|", ">"}:
            for line in range(place.line, min(_spot(event.end_mark)[0] + 1, len(self.lines))):
                text = self.lines[line]
                if text.strip():
                    column = len(text) - len(text.lstrip(" "))
                    content = Place(self.file, line + 1, column + 1, len(text.strip()), text)
                    break
        return Scalar(event.value, bool(event.style), place, content)

    def _place(self, event: yaml.Event) -> Place:
        """The stretch of an event on its first line; a collection is marked by its first character."""
        line, column = _spot(event.start_mark)
        end_line, end_column = _spot(event.end_mark)
        text = self.lines[line] if line < len(self.lines) else ""
        length = 1
        if isinstance(event, yaml.ScalarEvent | yaml.AliasEvent):
            length = (end_column if end_line == line else len(text.rstrip())) - column
        return Place(self.file, line + 1, column + 1, max(1, length), text)

    def _count(self, nodes: int, depth: int, event: yaml.Event) -> None:
        """Refuse what would grow past the limits, before it does."""
        self.total += nodes
        if self.total > MAX_NODES:
            hint = "Write less, or use fewer aliases: each counts as what it stands for."
            raise self._error(f"the file holds more than {MAX_NODES:,} values, aliases expanded.", event, hint)
        if depth > MAX_DEPTH:
            raise self._error(f"the nesting is deeper than {MAX_DEPTH} levels.", event, "Write it flatter.")

    def _refuse_tag(self, event: yaml.ScalarEvent | yaml.CollectionStartEvent) -> None:
        """Tags choose types, in YAML even Python classes; a plan holds none."""
        if event.tag is not None:
            tag = event.tag.replace("tag:yaml.org,2002:", "!!")[:MAX_SHOWN]
            raise self._error(f"the tag `{tag}` is not supported.", event, "Write the value alone.")

    def _error(self, message: str, event: yaml.Event, remedy: str) -> FlopsheetError:
        """An error at the place of an event."""
        return FlopsheetError(Problem(message, self._place(event), remedy=remedy))

    def syntax_problem(self, error: yaml.MarkedYAMLError) -> Problem:
        """What the YAML parser says, with the remedy for the mistakes that people make."""
        marked, column = _spot(error.problem_mark or error.context_mark)
        # At the end of the text the parser points past the last line.
        line = min(marked, len(self.lines) - 1)
        text = self.lines[line]
        column = min(column, len(text)) if marked == line else len(text)
        place = Place(self.file, line + 1, column + 1, 1, text)
        problem = (error.problem or "it cannot be read").rstrip(".")
        if text[column : column + 1] == "\t":
            return Problem("a tab stands where YAML allows only spaces.", place, remedy="Indent with spaces.")
        if "mapping values are not allowed" in problem:
            hint = "Put quotes around text that contains `: `, and check the indentation."
            return Problem("this is not YAML: a `:` stands where no key can begin.", place, remedy=hint)
        begun = ""
        if error.context and error.context_mark and error.context_mark.line < line:
            begun = f" ({error.context}, begun on line {error.context_mark.line + 1})"
        return Problem(f"this is not YAML: {problem}{begun}.", place, remedy="Check quotes, brackets and indentation.")


class _Mark(Protocol):
    """A spot in the text, as both of PyYAML's parsers give it."""

    line: int
    column: int


def _spot(mark: _Mark | None) -> tuple[int, int]:
    """Line and column of a mark, from 0; events of a file always have one."""
    return (mark.line, mark.column) if mark else (0, 0)
