"""What a file may hold, as data: the one declaration behind validation, messages and JSON Schema."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

NameRule = Literal["identifier", "text"]


@dataclass(frozen=True, slots=True)
class Text:
    """Free text, or one of `choices`. A number or a truth value standing there is text too.

    `about` says in an editor what it is.
    """

    choices: tuple[str, ...] = ()
    about: str = ""


@dataclass(frozen=True, slots=True)
class Number:
    """A number in `unit`, or in any unit where that is None; any finite one unless `positive`.

    It is no larger than `most` and no smaller than `least`; `words` stand for numbers. `shared` is a unit that may be
    written below the key's own, because the number is of one of them (`2.5 USD/hour/accelerator`). `about` says in an
    editor what it is.
    """

    unit: str | None = None
    positive: bool = True
    most: float | None = None
    least: float | None = None
    words: Mapping[str, float] = field(default_factory=dict)
    shared: str = ""
    about: str = ""


@dataclass(frozen=True, slots=True)
class UnitText:
    """A product, quotient or power of known units, '1' for none."""


@dataclass(frozen=True, slots=True)
class Formula:
    """Formula text; parsed by the formula layer."""


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list of items: exactly `length` where that is given; `single` lets a bare item stand for a list of one."""

    item: Shape
    length: int | None = None
    single: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """Names chosen by the writer, each with an item; `dotless` names hold no dot, since keys go on behind them."""

    item: Shape
    names: NameRule = "text"
    what: str = "name"
    dotless: bool = False


@dataclass(frozen=True, slots=True)
class NamedList:
    """A list of items that each have a `name`: it replaces what is below. A mapping by name changes single items."""

    item: Record
    what: str

    @property
    def table(self) -> Table:
        """The items by name."""
        return Table(self.item, "text", self.what, dotless=True)


@dataclass(frozen=True, slots=True)
class Record:
    """Known keys, each with its shape; dotted keys stand for nested ones.

    `refused` maps keys that are known but not allowed here to the message that says why.
    `others` is the shape of further keys (identifiers), for records that take some.
    """

    fields: Mapping[str, Shape]
    refused: Mapping[str, str] = field(default_factory=dict)
    others: Shape | None = None


@dataclass(frozen=True, slots=True)
class Either:
    """A single value of one shape, or a mapping of another."""

    scalar: Text | Number | Formula
    mapping: Record | Table


Shape: TypeAlias = Text | Number | UnitText | Formula | ListOf | NamedList | Table | Record | Either


def not_yet(*keys: str) -> dict[str, str]:
    """The `refused` entries of keys that a coming version takes."""
    return dict.fromkeys(keys, "is not available in this version yet.")


def mapping_shape(shape: Shape) -> Record | Table | None:
    """The shape of the mapping that may stand there, or None where none may."""
    if isinstance(shape, Either):
        return shape.mapping
    if isinstance(shape, NamedList):
        return shape.table
    return shape if isinstance(shape, Record | Table) else None


def dotted_keys(shape: Record, prefix: str = "") -> tuple[str, ...]:
    """Every dotted key with a value in a record, `<name>` for names that the writer chooses."""
    keys: list[str] = []
    for name, inner in shape.fields.items():
        below = mapping_shape(inner)
        if isinstance(inner, Either):
            keys.append(f"{prefix}{name}")
        if isinstance(inner, NamedList):
            keys += dotted_keys(inner.item, f"{prefix}{name}.<name>.")
        elif isinstance(below, Record):
            keys += dotted_keys(below, f"{prefix}{name}.")
        else:
            keys.append(f"{prefix}{name}" if below is None else f"{prefix}{name}.<name>")
    return tuple(keys)
