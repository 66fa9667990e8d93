"""YAML as nodes that remember their places: what composing gives and everything else reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from flopsheet.errors import Place

_NULLS = frozenset({"", "~", "null", "Null", "NULL"})


@dataclass(frozen=True, slots=True)
class Scalar:
    """A single value as written. `content` is where its first character stands (inside quotes, below `|`)."""

    text: str
    quoted: bool
    place: Place
    content: Place

    @property
    def is_null(self) -> bool:
        """Whether it is YAML's null: empty, `~` or an unquoted `null`."""
        return not self.quoted and self.text in _NULLS


@dataclass(frozen=True, slots=True)
class Sequence:
    """A list of nodes."""

    items: tuple[Node, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class Mapping:
    """Keys with their nodes, in the order written; no key stands twice.

    `replaces`: it was written as a list, or as an item of one, and takes the place of what is below.
    """

    items: tuple[tuple[Scalar, Node], ...]
    place: Place
    replaces: bool = False

    def get(self, name: str) -> Node | None:
        """The node of a key, or None where the key is absent."""
        return next((node for key, node in self.items if key.text == name), None)

    def key(self, name: str) -> Scalar | None:
        """The key itself, for its place, or None where it is absent."""
        return next((key for key, _ in self.items if key.text == name), None)


Node: TypeAlias = Scalar | Sequence | Mapping
