"""A node held against its declared shape: dotted keys unfolded, then every key and value checked."""

from __future__ import annotations

import difflib
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from flopsheet.errors import FlopsheetError, did_you_mean
from flopsheet.formula.tree import check_syntax
from flopsheet.plan.nodes import Mapping, Node, Scalar, Sequence
from flopsheet.plan.quantity import parse_number, parse_unit
from flopsheet.plan.read import read_formula
from flopsheet.plan.shape import (
    Axis,
    Either,
    Formula,
    ListOf,
    NamedList,
    Number,
    Record,
    Shape,
    Table,
    Text,
    UnitText,
    dotted_keys,
    mapping_shape,
)

if TYPE_CHECKING:
    from flopsheet.plan.problems import Problems

MAX_NAME = 100
MAX_IDENTIFIER = 64
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def is_identifier(text: str) -> bool:
    """Whether a name is an ASCII identifier, so that it can be a symbol, an Excel name and code."""
    return len(text) <= MAX_IDENTIFIER and bool(_IDENTIFIER.fullmatch(text))


def joined(subject: str, name: str) -> str:
    """A dotted key extended by a name."""
    return f"{subject}.{name}" if subject else name


# --- dotted keys -------------------------------------------------------------------------------------------------


def unfold(shape: Shape, node: Node, problems: Problems) -> Node:
    """The node with dotted keys written as nested ones. A key given in both ways is a problem."""
    if isinstance(shape, ListOf) and isinstance(node, Sequence):
        return replace(node, items=tuple(unfold(shape.item, item, problems) for item in node.items))
    if isinstance(shape, NamedList) and isinstance(node, Sequence):
        node = _by_name(shape, node, problems)
    inner = mapping_shape(shape)
    if inner is None or not isinstance(node, Mapping):
        return node
    if isinstance(inner, Table):
        return replace(node, items=tuple((key, unfold(inner.item, item, problems)) for key, item in node.items))
    merged: dict[str, tuple[Scalar, Node]] = {}
    for key, item in node.items:
        head, nested = _nest(inner, key, item)
        merged[head.text] = _joined_items(merged.get(head.text), (head, nested), problems)
    pairs = ((key, unfold(inner.fields[name], item, problems) if name in inner.fields else item)
             for name, (key, item) in merged.items())  # fmt: skip
    return replace(node, items=tuple(pairs))


def _by_name(shape: NamedList, node: Sequence, problems: Problems) -> Mapping:
    """The items of a list by their names; one without a name of its own is a problem."""
    found: dict[str, tuple[Scalar, Node]] = {}
    for item in node.items:
        name = item.get("name") if isinstance(item, Mapping) else None
        if not isinstance(item, Mapping) or not isinstance(name, Scalar) or not name.text.strip() or name.is_null:
            remedy = f"Write for example `{{name: web, {next(iter(shape.item.fields))}: ...}}`."
            problems.add(f"a {shape.what} needs a `name`.", item.place, remedy=remedy)
        elif name.text in found:
            first = found[name.text][0].place
            message = f"the name `{name.text}` stands twice; the first is at {first.file}:{first.line}:{first.column}."
            problems.add(message, name.place, remedy=f"Give each {shape.what} a name of its own.")
        else:
            given = [(key, value) for key, value in item.items if key.text != "name"]
            for _, value in given:
                if isinstance(value, Scalar) and value.is_null:
                    message = "is null, but a list replaces what is below it: there is nothing to remove."
                    problems.add(message, value.place, remedy="Remove the line, or give it a value.")
            pairs = tuple((key, value) for key, value in given if not (isinstance(value, Scalar) and value.is_null))
            found[name.text] = (name, Mapping(pairs, name.place, replaces=True))
    return Mapping(tuple(found.values()), node.place, replaces=True)


def _nest(shape: Record | Table, key: Scalar, item: Node) -> tuple[Scalar, Node]:
    """The pair that a dotted key stands for. A key whose first part is not known stays as it is."""
    if "." not in key.text or (isinstance(shape, Record) and key.text in shape.fields):
        return key, item
    first, _, rest = key.text.partition(".")
    below = shape.fields.get(first) if isinstance(shape, Record) else shape.item
    inner = below and mapping_shape(below)
    if not inner or not first or not rest:
        return key, item
    spot = replace(key.content, length=len(first))
    head = Scalar(first, key.quoted, spot, spot)
    moved = key.content.shifted(len(first) + 1, max(1, len(rest)))
    pair = _nest(inner, Scalar(rest, key.quoted, moved, moved), item)
    return head, Mapping((pair,), moved)


def _joined_items(old: tuple[Scalar, Node] | None, new: tuple[Scalar, Node], problems: Problems) -> tuple[Scalar, Node]:
    """Two settings of one key in one file: mappings are put together, anything else is a duplicate."""
    if old is None:
        return new
    (old_key, old_node), (key, node) = old, new
    if not isinstance(old_node, Mapping) or not isinstance(node, Mapping):
        first = old_key.place
        message = f"the key `{key.text}` stands twice; the first is at {first.file}:{first.line}:{first.column}."
        problems.add(message, key.place, remedy="Keep one of the two; a dotted key is the same as a nested one.")
        return old
    pairs = {each.text: (each, item) for each, item in old_node.items}
    for each, item in node.items:
        pairs[each.text] = _joined_items(pairs.get(each.text), (each, item), problems)
    return old_key, replace(old_node, items=tuple(pairs.values()))


# --- checks ------------------------------------------------------------------------------------------------------


def check(shape: Shape, node: Node, subject: str, problems: Problems) -> None:
    """Note everything in a node that its shape does not allow. A null passes: it removes a key."""
    if isinstance(node, Scalar) and node.is_null:
        return
    if isinstance(shape, Axis):
        return  # whoever reads the values notes what is wrong with them
    inner = mapping_shape(shape)
    if isinstance(node, Mapping):
        if inner is None:
            problems.add(f"must be {describe(shape)}, but is a mapping.", node.place, subject)
        elif isinstance(inner, Record):
            _check_record(inner, node, subject, problems)
        else:
            _check_table(inner, node, subject, problems)
    elif isinstance(shape, ListOf):
        _check_list(shape, node, subject, problems)
    elif isinstance(node, Sequence):
        problems.add(f"must be {describe(shape)}, but is a list.", node.place, subject)
    else:
        _check_scalar(shape.scalar if isinstance(shape, Either) else shape, node, subject, problems)


def _check_record(shape: Record, node: Mapping, subject: str, problems: Problems) -> None:
    """Check known keys, refuse the others by name."""
    for key, item in node.items:
        name = joined(subject, key.text)
        first = key.text.partition(".")[0]
        if key.text in shape.fields:
            check(shape.fields[key.text], item, name, problems)
        elif first in shape.refused:
            problems.unclear.add(subject)
            problems.add(f"`{name}` {shape.refused[first]}", key.place)
        elif shape.others is not None and is_identifier(key.text):
            check(shape.others, item, name, problems)
        else:
            problems.unclear.add(subject)
            problems.misspelled.add(subject)
            known = dotted_keys(shape) if "." in key.text else tuple(shape.fields)
            remedy = did_you_mean(key.text, known, listed=24)
            problems.add(f"unknown key `{key.text}`.", key.place, subject, remedy)


def _check_table(shape: Table, node: Mapping, subject: str, problems: Problems) -> None:
    """Check the names that the writer chose, and their items."""
    for key, item in node.items:
        name = key.text
        if not name.strip() or (key.is_null and not key.quoted):
            problems.add(f"a {shape.what} needs a name.", key.place, subject)
        elif shape.names == "identifier" and not is_identifier(name):
            remedy = f"Use letters a-z, digits and _, beginning with a letter, at most {MAX_IDENTIFIER} characters."
            problems.add(f"`{_cut(name)}` cannot be the name of a {shape.what}.", key.place, subject, remedy)
        elif shape.dotless and "." in name:
            remedy = f"A {shape.what} is addressed by its name between dots: leave them out."
            problems.unclear.add(joined(subject, name))
            problems.add(f"`{_cut(name)}` cannot be the name of a {shape.what}.", key.place, subject, remedy)
        elif len(name) > MAX_NAME or not name.isprintable():
            remedy = f"Use at most {MAX_NAME} printable characters on one line."
            problems.add(f"`{_cut(name)}` cannot be the name of a {shape.what}.", key.place, subject, remedy)
        check(shape.item, item, joined(subject, name), problems)


def _check_list(shape: ListOf, node: Node, subject: str, problems: Problems) -> None:
    """Check a list and its items."""
    if isinstance(node, Scalar):
        if shape.single:
            check(shape.item, node, subject, problems)
        else:
            problems.add(f"must be {describe(shape)}, but is `{_cut(node.text)}`.", node.place, subject)
        return
    items = node.items if isinstance(node, Sequence) else ()
    if shape.length is not None and len(items) != shape.length:
        problems.add(f"must be {describe(shape)}, but has {len(items)} items.", node.place, subject)
    for item in items:
        if isinstance(item, Scalar) and item.is_null and not shape.nulls:
            problems.add(f"an item must be {describe(shape.item)}, but is empty.", item.place, subject)
        check(shape.item, item, subject, problems)


def _check_scalar(shape: Shape, node: Scalar, subject: str, problems: Problems) -> None:
    """Check a single value."""
    text = node.text.strip()
    if isinstance(shape, Number):
        try:
            parse_number(node.text, shape, node.place, subject)
        except FlopsheetError as error:
            problems.extend(error.problems)
    elif isinstance(shape, UnitText):
        try:
            parse_unit(node.text, node.place, subject)
        except FlopsheetError as error:
            problems.extend(error.problems)
    elif isinstance(shape, Text) and shape.choices and text not in shape.choices:
        close = difflib.get_close_matches(text, shape.choices, n=1)
        remedy = f"Did you mean `{close[0]}`?" if close else ""
        problems.add(f"must be {describe(shape)}, but is `{_cut(text)}`.", node.place, subject, remedy)
    elif isinstance(shape, Formula) and not text:
        problems.add("must be a formula, but is empty.", node.place, subject)
    elif isinstance(shape, Formula):
        _check_formula(node, subject, problems)
    elif not isinstance(shape, Text):
        problems.add(f"must be {describe(shape)}, but is `{_cut(text)}`.", node.place, subject)


def _check_formula(node: Scalar, subject: str, problems: Problems) -> None:
    """Hold a formula against the grammar; what its names mean is known only with the law."""
    formula = read_formula(node)
    try:
        if formula is not None:
            check_syntax(formula, subject)
    except FlopsheetError as error:
        problems.extend(error.problems)


def describe(shape: Shape) -> str:
    """What a shape is, in words, for messages."""
    if isinstance(shape, Text):
        return " or ".join(f"`{choice}`" for choice in shape.choices) or "text"
    if isinstance(shape, ListOf):
        count = "" if shape.length is None else f" of {shape.length}"
        return f"a list{count}, each item {describe(shape.item)}"
    if isinstance(shape, Either):
        return f"{describe(shape.scalar)}, or {describe(shape.mapping)}"
    if isinstance(shape, NamedList):
        return f"a list, each item a mapping of name, {', '.join(shape.item.fields)}"
    if isinstance(shape, Table):
        return f"a mapping (each {shape.what} with its value)"
    if isinstance(shape, Record):
        return f"a mapping of {', '.join(shape.fields)}"
    return {Number: "a number", UnitText: "a unit", Formula: "a formula"}[type(shape)]


def _cut(text: str, length: int = 40) -> str:
    """Text that fits into a message."""
    return text if len(text) <= length else f"{text[:length]}..."
