"""What a file may hold, as data: the one declaration behind validation, messages and JSON Schema."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

NameRule = Literal["identifier", "text"]


@dataclass(frozen=True, slots=True)
class Text:
    """Free text, or one of `choices`. A number or a truth value standing there is text too.

    `later` are choices that a coming version knows: they are refused by name.
    """

    choices: tuple[str, ...] = ()
    later: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Number:
    """A number in `unit`, or in any unit where that is None; any finite one unless `positive`."""

    unit: str | None = None
    positive: bool = True


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
    """Names chosen by the writer, each with an item."""

    item: Shape
    names: NameRule = "text"
    what: str = "name"


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


Shape: TypeAlias = Text | Number | UnitText | Formula | ListOf | Table | Record | Either


def not_yet(*keys: str) -> dict[str, str]:
    """The `refused` entries of keys that a coming version takes."""
    return dict.fromkeys(keys, "is not available in this version yet.")


def mapping_shape(shape: Shape) -> Record | Table | None:
    """The shape of the mapping that may stand there, or None where none may."""
    if isinstance(shape, Either):
        return shape.mapping
    return shape if isinstance(shape, Record | Table) else None


def dotted_keys(shape: Record, prefix: str = "") -> tuple[str, ...]:
    """Every dotted key with a value in a record, `<name>` for names that the writer chooses."""
    keys: list[str] = []
    for name, inner in shape.fields.items():
        below = mapping_shape(inner)
        if isinstance(inner, Either):
            keys.append(f"{prefix}{name}")
        if isinstance(below, Record):
            keys += dotted_keys(below, f"{prefix}{name}.")
        else:
            keys.append(f"{prefix}{name}" if below is None else f"{prefix}{name}.<name>")
    return tuple(keys)
