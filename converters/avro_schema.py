"""Avro schemas as a tree: read from JSON text, and written again as the Java library writes them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from connect.api import DataException, Float32
from connect.api.java_numbers import double_text, float_text
from converters.json_encode import quoted

PRIMITIVES = frozenset(("null", "boolean", "int", "long", "float", "double", "bytes", "string"))
NAMED = frozenset(("record", "enum", "fixed"))
_RESERVED = frozenset(("type", "name", "namespace", "doc", "fields", "symbols", "size", "items", "values", "aliases"))
_FIELD_RESERVED = frozenset(("type", "name", "doc", "default", "order", "aliases"))

ABSENT: Any = object()
"""The default of a field that has none; None is the default null."""


class SchemaParseException(DataException):
    """A schema that Avro doesn't allow."""

    java_class = "org.apache.avro.SchemaParseException"


class AvroField:
    """A field of a record; ``default`` is the JSON value, or ABSENT."""

    __slots__ = ("aliases", "default", "doc", "name", "order", "props", "schema")

    def __init__(self, name: str, schema: AvroSchema, default: Any = ABSENT, doc: str | None = None) -> None:
        self.name = name
        self.schema = schema
        self.default = default
        self.doc = doc
        self.order: str | None = None
        self.aliases: list[str] = []
        self.props: dict[str, Any] = {}


class AvroSchema:
    """A node of a schema; only the members that its ``kind`` has are meaningful.

    ``name`` and ``namespace`` (or None) belong to named kinds, ``items`` to arrays and maps, ``branches`` to unions.
    ``props`` are the members that Avro itself gives no meaning to, ``logicalType`` among them, in order.
    """

    __slots__ = (
        "aliases",
        "branches",
        "default",
        "doc",
        "fields",
        "items",
        "kind",
        "name",
        "namespace",
        "props",
        "size",
        "symbols",
    )

    def __init__(self, kind: str, name: str = "", namespace: str | None = None) -> None:
        self.kind = kind
        if "." in name:
            namespace, _, name = name.rpartition(".")
        self.name = name
        self.namespace = namespace or None
        self.doc: str | None = None
        self.fields: list[AvroField] = []
        self.symbols: list[str] = []
        self.size = 0
        self.default: str | None = None
        self.items: AvroSchema = self
        self.branches: list[AvroSchema] = []
        self.aliases: list[str] = []
        self.props: dict[str, Any] = {}

    @property
    def full_name(self) -> str:
        """Name with namespace; for unnamed kinds the kind."""
        if self.kind not in NAMED:
            return self.kind
        return f"{self.namespace}.{self.name}" if self.namespace else self.name

    def field(self, name: str) -> AvroField | None:
        """The record's field of that name."""
        return next((field for field in self.fields if field.name == name), None)

    def text_prop(self, name: str) -> str | None:
        """A property, if it is text."""
        value = self.props.get(name)
        return value if isinstance(value, str) else None

    @property
    def null_branch(self) -> int | None:
        """The place of null in a union."""
        return next((index for index, branch in enumerate(self.branches) if branch.kind == "null"), None)


def array_of(items: AvroSchema, kind: str = "array") -> AvroSchema:
    """An array (or map) of such items."""
    schema = AvroSchema(kind)
    schema.items = items
    return schema


def union_of(branches: list[AvroSchema]) -> AvroSchema:
    """A union. Raises SchemaParseException for one that Avro doesn't allow."""
    seen = set()
    for branch in branches:
        if branch.kind == "union":
            raise SchemaParseException("Nested union: a union may not hold another one directly")
        if branch.full_name in seen:
            raise SchemaParseException(f"Duplicate in union:{branch.full_name}")
        seen.add(branch.full_name)
    schema = AvroSchema("union")
    schema.branches = branches
    return schema


def check_name(name: str) -> str:
    """``name``, if Avro allows it; raises SchemaParseException."""
    if not name:
        raise SchemaParseException("Empty name")
    if not (name[0].isalpha() or name[0] == "_"):
        raise SchemaParseException(f"Illegal initial character: {name}")
    if not all(letter.isalnum() or letter == "_" for letter in name):
        raise SchemaParseException(f"Illegal character in: {name}")
    return name


# Writing


def schema_text(schema: AvroSchema) -> str:
    """The schema's JSON, members in the order of the Java library, named schemas in full once.

    Raises DataException when two different schemas have one name.
    """
    return _text(schema, None, {})


def layout(schema: AvroSchema, seen: frozenset[str] = frozenset()) -> Any:
    """What of a schema decides how values are written; equal layouts, equal bytes."""
    match schema.kind:
        case "record":
            if schema.full_name in seen:
                return schema.full_name
            inner = seen | {schema.full_name}
            return ("record", schema.full_name, *((field.name, layout(field.schema, inner)) for field in schema.fields))
        case "enum":
            return ("enum", schema.full_name, *schema.symbols)
        case "fixed":
            return ("fixed", schema.full_name, schema.size)
        case "array" | "map":
            return (schema.kind, layout(schema.items, seen))
        case "union":
            return ("union", *(layout(branch, seen) for branch in schema.branches))
    return schema.kind


def _text(schema: AvroSchema, space: str | None, names: dict[str, AvroSchema]) -> str:
    if schema.kind in PRIMITIVES and not schema.props:
        return f'"{schema.kind}"'
    if schema.kind == "union":
        return f"[{','.join(_text(branch, space, names) for branch in schema.branches)}]"
    if schema.kind not in NAMED:
        members = [f'"type":"{schema.kind}"']
        if schema.kind in ("array", "map"):
            items = "items" if schema.kind == "array" else "values"
            members.append(f'"{items}":{_text(schema.items, space, names)}')
        return _object([*members, *_props(schema.props)])
    known = names.setdefault(schema.full_name, schema)
    if known is not schema or schema.full_name + "()" in names:
        if known is not schema and layout(known) != layout(schema):
            raise DataException(f"Two different schemas have the same name {schema.full_name}; rename one of them.")
        return quoted(schema.name if schema.namespace in (space, None) else schema.full_name)
    names[schema.full_name + "()"] = schema
    return _named_text(schema, space, names)


def _named_text(schema: AvroSchema, space: str | None, names: dict[str, AvroSchema]) -> str:
    members = [f'"type":"{schema.kind}"', f'"name":{quoted(schema.name)}']
    if schema.namespace != space:
        members.append(f'"namespace":{quoted(schema.namespace or "")}')
    if schema.doc is not None:
        members.append(f'"doc":{quoted(schema.doc)}')
    match schema.kind:
        case "record":
            fields = [_field_text(field, schema.namespace, names) for field in schema.fields]
            members.append(f'"fields":[{",".join(fields)}]')
        case "enum":
            members.append(f'"symbols":[{",".join(map(quoted, schema.symbols))}]')
            if schema.default is not None:
                members.append(f'"default":{quoted(schema.default)}')
        case "fixed":
            members.append(f'"size":{schema.size}')
    members += _props(schema.props)
    if schema.aliases:
        members.append(f'"aliases":{json_text(schema.aliases)}')
    return _object(members)


def _field_text(field: AvroField, space: str | None, names: dict[str, AvroSchema]) -> str:
    members = [f'"name":{quoted(field.name)}', f'"type":{_text(field.schema, space, names)}']
    if field.doc is not None:
        members.append(f'"doc":{quoted(field.doc)}')
    if field.default is not ABSENT:
        members.append(f'"default":{json_text(field.default)}')
    if field.order is not None and field.order != "ascending":
        members.append(f'"order":{quoted(field.order)}')
    if field.aliases:
        members.append(f'"aliases":{json_text(field.aliases)}')
    return _object(members + _props(field.props))


def _props(props: Mapping[str, Any]) -> list[str]:
    return [f"{quoted(name)}:{json_text(value)}" for name, value in props.items()]


def _object(members: list[str]) -> str:
    return f"{{{','.join(members)}}}"


def json_text(value: Any) -> str:
    """A JSON value as Java writes it; a Float32 has the digits of a single-precision number."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            return quoted(value)
        case float():
            text = float_text(value) if isinstance(value, Float32) else double_text(value)
            return text if text[-1].isdigit() else f'"{text}"'
        case int():
            return str(int(value))
        case list():
            return f"[{','.join(map(json_text, value))}]"
    return _object([f"{quoted(name)}:{json_text(item)}" for name, item in value.items()])


# Reading


def parse_schema(text: str, names: dict[str, AvroSchema] | None = None) -> AvroSchema:
    """The schema of a JSON text; ``names`` holds schemas that it may refer to and takes up those that it defines.

    Raises SchemaParseException for what is no schema.
    """
    try:
        return _parse(json.loads(text), None, {} if names is None else names)
    except (ValueError, RecursionError) as error:
        raise SchemaParseException(f"Cannot parse schema: {error}") from error


def _parse(node: Any, space: str | None, names: dict[str, AvroSchema]) -> AvroSchema:
    if isinstance(node, str):
        return _reference(node, space, names)
    if isinstance(node, list):
        return union_of([_parse(branch, space, names) for branch in node])
    if not isinstance(node, dict):
        raise SchemaParseException(f"No type: {json.dumps(node)}")
    kind = node.get("type")
    if isinstance(kind, dict | list):
        return _parse(kind, space, names)
    if kind == "error":
        kind = "record"
    if not isinstance(kind, str):
        raise SchemaParseException(f"No type: {json.dumps(node)}")
    if kind in NAMED:
        return _parse_named(kind, node, space, names)
    if kind in ("array", "map"):
        member = "items" if kind == "array" else "values"
        if member not in node:
            raise SchemaParseException(f"{kind.capitalize()} has no {member} type: {json.dumps(node)}")
        schema = array_of(_parse(node[member], space, names), kind)
    elif kind in PRIMITIVES:
        schema = AvroSchema(kind)
    else:
        return _reference(kind, space, names)
    schema.props = {name: value for name, value in node.items() if name not in _RESERVED}
    return schema


def _reference(name: str, space: str | None, names: dict[str, AvroSchema]) -> AvroSchema:
    if name in PRIMITIVES:
        return AvroSchema(name)
    full = name if "." in name or space is None else f"{space}.{name}"
    found = names.get(full) or names.get(name)
    if found is None:
        raise SchemaParseException(f"Undefined schema: {name}")
    return found


def _parse_named(kind: str, node: dict[str, Any], space: str | None, names: dict[str, AvroSchema]) -> AvroSchema:
    name, namespace = node.get("name"), node.get("namespace", space)
    if not isinstance(name, str) or not name:
        raise SchemaParseException(f"No name in schema: {json.dumps(node)}")
    schema = AvroSchema(kind, name, namespace if isinstance(namespace, str) else None)
    if schema.full_name in names:
        raise SchemaParseException(f"Can't redefine: {schema.full_name}")
    names[schema.full_name] = schema
    schema.doc = node["doc"] if isinstance(node.get("doc"), str) else None
    schema.aliases = list(node.get("aliases", ()))
    skipped = _RESERVED | {"default"} if kind == "enum" else _RESERVED
    schema.props = {member: value for member, value in node.items() if member not in skipped}
    match kind:
        case "record":
            fields = node.get("fields")
            if not isinstance(fields, list):
                raise SchemaParseException(f"Record has no fields: {json.dumps(node)}")
            schema.fields = [_parse_field(field, schema.namespace, names) for field in fields]
            if len({field.name for field in schema.fields}) < len(fields):
                raise SchemaParseException(f"Duplicate field in record {schema.full_name}")
        case "enum":
            schema.symbols = [str(symbol) for symbol in node.get("symbols", ())]
            schema.default = node.get("default")
        case "fixed":
            size = node.get("size")
            if not isinstance(size, int) or size < 0:
                raise SchemaParseException(f"Invalid or no size: {json.dumps(node)}")
            schema.size = size
    return schema


def _parse_field(node: Any, space: str | None, names: dict[str, AvroSchema]) -> AvroField:
    if not isinstance(node, dict) or not isinstance(node.get("name"), str) or "type" not in node:
        raise SchemaParseException(f"A field needs a name and a type: {json.dumps(node)}")
    doc = node.get("doc")
    default = node.get("default", ABSENT)
    field = AvroField(node["name"], _parse(node["type"], space, names), default, doc if isinstance(doc, str) else None)
    field.order = node.get("order")
    field.aliases = list(node.get("aliases", ()))
    field.props = {name: value for name, value in node.items() if name not in _FIELD_RESERVED}
    return field
