"""JSON Schemas of plan and law files, from the same declaration that checks them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, TypeAlias

from flopsheet.plan.schema import LAW, NAMED_SHAPES, PLAN
from flopsheet.plan.shape import Either, Formula, ListOf, NamedList, Number, Record, Shape, Table, Text, mapping_shape
from flopsheet.plan.units import canonical_unit

if TYPE_CHECKING:
    from collections.abc import Iterator

# JSON has no static type that is of use here: a schema is whatever `json.dumps` takes.
Json: TypeAlias = dict[str, Any]

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_IDENTIFIER = "[A-Za-z_][A-Za-z0-9_]*"
_NUMBER_TEXT = r"^\s*[-+]?\.?[0-9]"
_POSITIVE_TEXT = r"^\s*\+?\.?[0-9]"


def plan_json_schema() -> Json:
    """The JSON Schema (2020-12) of a plan file or a layer of one.

    Nothing is required, because a file below may set it; null stands everywhere, because it removes.
    """
    return _document(PLAN, "A flopsheet plan, or a layer of one")


def law_json_schema() -> Json:
    """The JSON Schema (2020-12) of a law file."""
    return {**_document(LAW, "A flopsheet law"), "required": ["law"]}


def _document(shape: Record, title: str) -> Json:
    """A whole schema; records with a name of their own stand under `$defs`."""
    definitions = {name: _record(record) for name, record in NAMED_SHAPES.items()}
    return {"$schema": _DIALECT, "title": title, **_record(shape), "$defs": definitions}


def _schema(shape: Shape) -> Json:
    """The schema of a value, null included."""
    for name, record in NAMED_SHAPES.items():
        if record is shape:
            return {"anyOf": [{"$ref": f"#/$defs/{name}"}, {"type": "null"}]}
    if isinstance(shape, Either):
        return {"anyOf": [_schema(shape.scalar), _schema(shape.mapping)]}
    if isinstance(shape, Record):
        return {**_record(shape), "type": ["object", "null"]}
    if isinstance(shape, Table):
        return {**_table(shape), "type": ["object", "null"]}
    if isinstance(shape, NamedList):
        return _named_list(shape)
    if isinstance(shape, ListOf):
        return _list(shape)
    return _scalar(shape)


def _scalar(shape: Shape) -> Json:
    """The schema of a single value, in each way that YAML may read it."""
    if isinstance(shape, Number):
        number: Json = {"type": ["number", "string", "null"], "pattern": _NUMBER_TEXT}
        if shape.positive:
            number |= {"exclusiveMinimum": 0, "pattern": _POSITIVE_TEXT}
        if shape.most is not None:
            number["maximum"] = shape.most
        if shape.least is not None:
            number["minimum"] = shape.least
        unit = "" if shape.unit in {None, "1"} else f"in {canonical_unit(shape.unit or '1')}, or with a unit"
        described = _described(f"{shape.about} ({unit})" if shape.about and unit else shape.about or unit)
        if shape.words:
            return {"anyOf": [{"enum": list(shape.words)}, number], **described}
        return number | described
    if isinstance(shape, Text) and shape.choices:
        return {"enum": [*shape.choices, None], **_described(shape.about)}
    if isinstance(shape, Text | Formula):
        about = shape.about if isinstance(shape, Text) else ""
        return {"type": ["string", "number", "boolean", "null"], **_described(about)}
    return {"type": ["string", "integer", "null"]}


def _described(text: str) -> Json:
    """What an editor shows of a key, where there is something."""
    return {"description": text} if text else {}


def _named_list(shape: NamedList) -> Json:
    """The schema of a list of named items, or of changes to single ones by name."""
    item = _record(shape.item)
    named = {**item, "properties": {"name": {"type": "string", "pattern": r"\S"}, **item["properties"]}}
    listed: Json = {"type": ["array", "null"], "items": {**named, "required": ["name"]}}
    return {"anyOf": [listed, _table(shape.table)]}


def _list(shape: ListOf) -> Json:
    """The schema of a list, or of a bare item where one may stand."""
    listed: Json = {"type": ["array", "null"], "items": _schema(shape.item)}
    if shape.length is not None:
        listed |= {"minItems": shape.length, "maxItems": shape.length}
    return {"anyOf": [listed, _schema(shape.item)]} if shape.single else listed


def _table(shape: Table) -> Json:
    """The schema of names that the writer chooses."""
    names = f"^{_IDENTIFIER}$" if shape.names == "identifier" else r"\S"
    return {"type": "object", "propertyNames": {"pattern": names}, "additionalProperties": _schema(shape.item)}


def _record(shape: Record) -> Json:
    """The schema of known keys, nested or dotted."""
    record: Json = {
        "type": "object",
        "properties": {name: _schema(inner) for name, inner in shape.fields.items()},
        "additionalProperties": False,
    }
    if shape.others is not None:
        record |= {"additionalProperties": _schema(shape.others), "propertyNames": {"pattern": f"^{_IDENTIFIER}$"}}
    dotted = {f"^{path}$": schema for path, schema in _dotted(shape, "") if r"\." in path}
    return {**record, "patternProperties": dotted} if dotted else record


def _dotted(shape: Record | Table, prefix: str) -> Iterator[tuple[str, Json]]:
    """Every path below a mapping as a pattern, with the schema of its value."""
    if isinstance(shape, Record):
        named = {re.escape(name): inner for name, inner in shape.fields.items()}
    else:
        named = {_IDENTIFIER if shape.names == "identifier" else r"[^.]+": shape.item}
    for name, inner in named.items():
        yield prefix + name, _schema(inner)
        below = mapping_shape(inner)
        if below is not None:
            yield from _dotted(below, rf"{prefix}{name}\.")
