"""Avro schemas as JSON text, and the Connect schemas of their values."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from connect.api import DataException, Field, Schema, Type, to_value
from connect.api.logical import DATE_NAME, DECIMAL_NAME, TIME_NAME, TIMESTAMP_NAME, from_millis

_AVRO = "io.confluent.connect.avro"
ENUM = f"{_AVRO}.Enum"
UNION = f"{_AVRO}.Union"
_MILLIS_PER_DAY = 86_400_000

_PRIMITIVES = {
    "boolean": Type.BOOLEAN,
    "int": Type.INT32,
    "long": Type.INT64,
    "float": Type.FLOAT32,
    "double": Type.FLOAT64,
    "string": Type.STRING,
    "bytes": Type.BYTES,
}
_LOGICAL = {
    ("int", "date"): DATE_NAME,
    ("int", "time-millis"): TIME_NAME,
    ("long", "timestamp-millis"): TIMESTAMP_NAME,
}
_COMMENT = re.compile(r'("(?:[^"\\]|\\.)*")|//[^\n]*|/\*.*?\*/', re.DOTALL)


@dataclass(frozen=True)
class AvroType:
    """A type of an Avro schema: its ``kind`` in Avro's words, the JSON that defines it, and its Connect ``schema``.

    ``parts`` are the types of a record's fields, a union's branches, or an array's or map's elements.
    """

    kind: str
    schema: Schema | None
    """None for null, which Connect has no schema for."""
    node: Mapping[str, Any] = field(default_factory=dict)
    parts: tuple[AvroType, ...] = ()
    name: str = ""


def read_avro_schema(text: str) -> AvroType:
    """The type that a text describes; comments are allowed in it. Raises DataException."""
    try:
        node = json.loads(_COMMENT.sub(lambda match: match.group(1) or " ", text))
        return _Reader().read(node, "")
    except RecursionError as error:
        raise DataException("Unable to parse the provided schema: it is nested too deeply") from error
    except (ValueError, KeyError, TypeError, AttributeError, ArithmeticError) as error:
        reason = f"no {error}" if isinstance(error, KeyError) else str(error)
        raise DataException(f"Unable to parse the provided schema: {reason}") from error


class _Reader:
    """Reads types, and remembers those that have names."""

    def __init__(self) -> None:
        self._named: dict[str, AvroType] = {}

    def read(self, node: Any, namespace: str) -> AvroType:
        if isinstance(node, list):
            return self._union(node, namespace)
        if isinstance(node, str):
            return self._reference(node, namespace, {})
        kind = node["type"]
        if isinstance(kind, dict | list):
            return self.read(kind, namespace)
        match kind:
            case "record" | "error":
                return self._record(node, namespace)
            case "enum":
                return self._remember(_enum(node, _full_name(node, namespace)))
            case "fixed":
                return self._remember(_fixed(node, _full_name(node, namespace)))
            case "array":
                items = self.read(node["items"], namespace)
                return AvroType(kind, _with_properties(node, Type.ARRAY, value_schema=items.schema), node, (items,))
            case "map":
                values = self.read(node["values"], namespace)
                schema = _with_properties(node, Type.MAP, key_schema=Schema(Type.STRING), value_schema=values.schema)
                return AvroType(kind, schema, node, (values,))
            case _:
                return self._reference(kind, namespace, node)

    def _reference(self, kind: str, namespace: str, node: Mapping[str, Any]) -> AvroType:
        if kind == "null":
            return AvroType(kind, None, node)
        if kind in _PRIMITIVES:
            return AvroType(kind, _primitive(kind, node), node)
        for name in (f"{namespace}.{kind}", kind):
            if name in self._named:
                return self._named[name]
        raise ValueError(f'"{kind}" is not a defined name')

    def _remember(self, made: AvroType) -> AvroType:
        self._named[made.name] = made
        return made

    def _record(self, node: Mapping[str, Any], namespace: str) -> AvroType:
        name = _full_name(node, namespace)
        inner = name.rpartition(".")[0]
        parts, fields, parameters = [], [], {}
        if "doc" in node:
            parameters[f"{_AVRO}.record.doc"] = node["doc"]
        for index, member in enumerate(node["fields"]):
            part = self.read(member["type"], inner)
            if part.schema is None:
                raise ValueError(f"Field {member['name']} can only be null")
            if "doc" in member:
                parameters[f"{_AVRO}.field.doc.{member['name']}"] = member["doc"]
            parts.append(part)
            fields.append(Field(member["name"], index, _with_default(part, member)))
        schema = _with_properties(node, Type.STRUCT, name=name, parameters=parameters, fields=fields)
        return self._remember(AvroType("record", schema, node, tuple(parts), name))

    def _union(self, nodes: Sequence[Any], namespace: str) -> AvroType:
        branches = tuple(self.read(node, namespace) for node in nodes)
        present = [branch for branch in branches if branch.schema is not None]
        optional = len(present) < len(branches)
        if len(present) == 1:
            [branch] = present
            assert branch.schema is not None
            schema = branch.schema.replace(optional=True) if optional else branch.schema
            return AvroType("union", schema, {}, branches)
        fields = [
            Field(_branch_name(branch), index, branch.schema.replace(optional=True))
            for index, branch in enumerate(present)
            if branch.schema is not None
        ]
        if len({member.name for member in fields}) < len(fields):
            raise ValueError("Multiple union schemas map to the Connect union field name")
        return AvroType("union", Schema(Type.STRUCT, name=UNION, optional=optional, fields=fields), {}, branches)


def _full_name(node: Mapping[str, Any], namespace: str) -> str:
    name: str = node["name"]
    space = node.get("namespace", namespace)
    return name if "." in name or not space else f"{space}.{name}"


def _branch_name(branch: AvroType) -> str:
    return branch.name.rpartition(".")[2] or branch.kind


def _with_properties(node: Mapping[str, Any], type: Type, **attributes: Any) -> Schema:
    """A schema with what the ``connect.*`` properties of its definition say."""
    parameters = {**(attributes.pop("parameters", None) or {}), **node.get("connect.parameters", {})}
    name = node.get("connect.name", attributes.pop("name", None))
    return Schema(
        type,
        name=name,
        version=node.get("connect.version", attributes.pop("version", None)),
        doc=node.get("connect.doc"),
        parameters=parameters,
        **attributes,
    )


def _primitive(kind: str, node: Mapping[str, Any]) -> Schema:
    logical = node.get("logicalType")
    if kind == "bytes" and logical == "decimal":
        return _with_properties(node, Type.BYTES, name=DECIMAL_NAME, version=1, parameters=_of_decimal(node))
    name = _LOGICAL.get((kind, str(logical)))
    narrow = node.get("connect.type") in ("int8", "int16")
    connect_type = Type[node["connect.type"].upper()] if narrow else _PRIMITIVES[kind]
    return _with_properties(node, connect_type, name=name, version=None if name is None else 1)


def _of_decimal(node: Mapping[str, Any]) -> dict[str, str]:
    parameters = {"scale": str(int(node.get("scale", 0)))}
    if node.get("precision", 64) != 64:
        parameters["connect.decimal.precision"] = str(node["precision"])
    return parameters


def _fixed(node: Mapping[str, Any], name: str) -> AvroType:
    size = {"connect.fixed.size": str(int(node["size"]))}
    if node.get("logicalType") == "decimal":
        parameters = _of_decimal(node) | size
        schema = _with_properties(node, Type.BYTES, name=DECIMAL_NAME, version=1, parameters=parameters)
    else:
        schema = _with_properties(node, Type.BYTES, name=name, parameters=size)
    return AvroType("fixed", schema, node, name=name)


def _enum(node: Mapping[str, Any], name: str) -> AvroType:
    short = name.rpartition(".")[2]
    parameters = {}
    if "doc" in node:
        parameters[f"{_AVRO}.enum.doc.{short}"] = node["doc"]
    if "default" in node:
        parameters[f"{_AVRO}.enum.default.{short}"] = node["default"]
    parameters[ENUM] = name
    parameters |= {f"{ENUM}.{symbol}": symbol for symbol in node["symbols"]}
    return AvroType("enum", _with_properties(node, Type.STRING, name=name, parameters=parameters), node, name=name)


def _with_default(part: AvroType, member: Mapping[str, Any]) -> Schema:
    assert part.schema is not None
    default = member.get("default")
    of_null_or = part.kind == "union" and part.parts[0].kind == "null"
    if default is None or of_null_or or (part.kind == "union" and part.schema.optional):
        return part.schema
    value = to_connect(part.parts[0] if part.kind == "union" else part, default)
    parameters = {**(part.schema.parameters or {}), f"{_AVRO}.field.default": "true"}
    return part.schema.replace(default_value=value, parameters=parameters)


def to_connect(type: AvroType, value: Any) -> Any:
    """The Connect value for a value in Avro's JSON form, structs as rows. Raises DataException."""
    try:
        return _to_connect(type, value)
    except (ValueError, KeyError, TypeError, AttributeError, ArithmeticError) as error:
        raise DataException(f"{value!r} is no {type.name or type.kind}") from error


def _to_connect(type: AvroType, value: Any) -> Any:
    schema = type.schema
    if schema is None:
        return None
    if type.kind == "union":
        return _union_value(type, value)
    match schema.name:
        case name if name == DATE_NAME:
            return from_millis(int(value) * _MILLIS_PER_DAY)
        case name if name in (TIME_NAME, TIMESTAMP_NAME):
            return from_millis(int(value))
        case name if name == DECIMAL_NAME:
            return to_decimal(schema, value)
    match type.kind:
        case "record":
            names = [member["name"] for member in type.node["fields"]]
            return tuple(_nested(part, value[name]) for name, part in zip(names, type.parts, strict=True))
        case "array":
            return [_nested(type.parts[0], item) for item in value]
        case "map":
            return {key: _nested(type.parts[0], item) for key, item in value.items()}
        case "bytes" | "fixed":
            return value.encode("latin-1")
        case "float" | "double":
            return float(value)
        case "int" | "long":
            return int(value)
        case "string" | "enum":
            return str(value)
        case _:
            return bool(value)


def _nested(type: AvroType, value: Any) -> Any:
    """The value below the top, where a row is a Struct."""
    return to_value(type.schema, to_connect(type, value))


def _union_value(type: AvroType, value: Any) -> Any:
    if value is None:
        return None
    name, inner = next(iter(value.items())) if isinstance(value, dict) and len(value) == 1 else (None, value)
    for branch in type.parts:
        if branch.schema is not None and name in (branch.name, branch.kind):
            return _of_branch(type, branch, inner)
    return _of_branch(type, next(branch for branch in type.parts if branch.schema is not None), value)


def _of_branch(union: AvroType, branch: AvroType, value: Any) -> Any:
    """The value by itself where nothing but null is beside its branch, else the row of a Union struct."""
    present = [part for part in union.parts if part.schema is not None]
    if len(present) == 1:
        return to_connect(branch, value)
    return tuple(_nested(branch, value) if part is branch else None for part in present)


def to_decimal(schema: Schema, value: Any) -> Decimal:
    """A number, or Avro's text of its bytes, as a Decimal of the schema's scale."""
    scale = int((schema.parameters or {}).get("scale", "0"))
    unit = Decimal(1).scaleb(-scale)
    if isinstance(value, str) and not re.fullmatch(r"[+-]?[0-9]+(\.[0-9]+)?", value):
        return Decimal(int.from_bytes(value.encode("latin-1"), "big", signed=True)).scaleb(-scale)
    return Decimal(str(value)).quantize(unit)
