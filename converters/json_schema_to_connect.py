"""Connect schemas for JSON schemas, whoever wrote them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from connect.api import ConnectException, DataException, Field, Schema, Type
from connect.api.struct import validate_value
from connect.api.validators import java_hash_order
from converters.avro_names import GENERAL_ENUM, GENERAL_UNION, GENERAL_UNION_PREFIX
from converters.avro_to_connect import RecursiveSchema
from converters.json_schema_config import JsonSchemaOptions
from converters.json_schema_document import Document, Place
from converters.json_schema_names import (
    BYTES_TYPE,
    CONNECT_INDEX,
    CONNECT_PARAMETERS,
    CONNECT_TYPE,
    CONNECT_VERSION,
    ENTRY_KEY,
    ENTRY_VALUE,
    ENUM,
    ID,
    MAP_TYPE,
    NULL_SYMBOL,
    NUMBERS,
    ONE_OF,
    branch_prefix,
)
from converters.json_schema_read import value_reader

_COMBINATIONS = ("oneOf", "anyOf")
_STRUCT_SLOTS = (*Schema.__slots__[:3], "doc", "fields", "name", "optional", "parameters", "type", "version")
_MISSHAPEN = (AttributeError, IndexError, KeyError, TypeError, ValueError, RecursionError)
"""What walking through a document raises where words have values of another kind than JSON Schema says."""
Parts = dict[str, Any]


class JsonSchemaMapping:
    """Converts the schemas of one converter."""

    def __init__(self, options: JsonSchemaOptions) -> None:
        self._options = options

    def connect_schema(self, document: Document, version: int | None) -> Schema:
        """The Connect schema; ``version`` stands in for one that the schema doesn't have.

        Raises DataException for a schema that Connect can't express.
        """
        try:
            return _Conversion(self._options, document).convert(document.root, version=version)
        except _MISSHAPEN as error:
            raise DataException(f"The schema in the registry has no shape that Connect knows: {error!r}") from error


class _Conversion:
    """One document's conversion: which objects are being converted, how many unions and ids there were."""

    def __init__(self, options: JsonSchemaOptions, document: Document) -> None:
        self._options = options
        self._document = document
        self._open: dict[int, list[RecursiveSchema]] = {}
        self._unions = 0
        self._ids = 0

    def convert(self, place: Place, *, optional: bool = False, version: int | None = None) -> Schema:
        """The schema at a place of the document."""
        node = place.node
        if not isinstance(node, dict):
            raise DataException(f"Unsupported schema type {'TrueSchema' if node is True else 'FalseSchema'}")
        if "$ref" in node:
            target = self._document.resolve(place, node["$ref"])
            if id(target.node) in self._open:
                return self._recursive(target, optional)
            return self.convert(target, optional=optional, version=version)
        branches = self._branches(place)
        if branches is not None:
            present = [branch for branch in branches if not _is_null(branch.node)]
            if len(present) == 1 and (len(branches) == 2 or self._options.flatten):
                return self.convert(present[0], optional=optional or len(branches) == 2, version=version)
        parts, parameters = self._base(place, branches)
        self._describe(node, parts, parameters, version)
        parts["optional"] = optional or parts.get("optional", False)
        built = _with_default(node, Schema(**parts, parameters=parameters))
        inner = self._open.pop(id(node), [])
        return _closed(inner, parts, parameters) if inner else built

    def _recursive(self, target: Place, optional: bool) -> Schema:
        known = self._open[id(target.node)]
        found = next((placeholder for placeholder in known if placeholder.optional == optional), None)
        if found is None:
            found = RecursiveSchema(Type.STRUCT, optional=optional)
            known.append(found)
        return found

    def _branches(self, place: Place) -> list[Place] | None:
        """The branches of a union; None where a schema is none, or has members of its own besides."""
        node = place.node
        if "properties" in node:
            return None
        for word in _COMBINATIONS:
            if word in node:
                return [place.at(branch) for branch in node[word]]
        if isinstance(node.get("type"), list):
            return [place.at({**node, "type": kind}) for kind in node["type"]]
        return None

    def _base(self, place: Place, branches: list[Place] | None) -> tuple[Parts, dict[str, str]]:
        if branches is not None:
            return self._union(branches)
        node, kind = place.node, place.node.get("type")
        annotation = node.get(CONNECT_TYPE)
        members = self._members(place)
        if members or kind == "object":
            if annotation == MAP_TYPE:
                key = Schema(Type.STRING)
                return {
                    "type": Type.MAP,
                    "key_schema": key,
                    "value_schema": self._part(place, "additionalProperties"),
                }, {}
            return self._struct(place, members)
        if "allOf" in node:
            parts = [place.at(part) for part in node["allOf"]]
            return self._base(parts[0], self._branches(parts[0])) if len(parts) == 1 else self._base(*_main(parts))
        if kind in ("integer", "number"):
            default = Type.INT64 if kind == "integer" else Type.FLOAT64
            return {"type": Type.BYTES if annotation == BYTES_TYPE else NUMBERS.get(annotation, default)}, {}
        if "enum" in node or "const" in node:
            return self._enum(node.get("enum", [node.get("const")]))
        if kind == "string":
            return {"type": Type.BYTES if annotation == BYTES_TYPE else Type.STRING}, {}
        if kind == "boolean":
            return {"type": Type.BOOLEAN}, {}
        if kind == "array" or "items" in node:
            return self._array(place), {}
        raise DataException(f"Unsupported schema type {kind or 'EmptySchema'}")

    def _part(self, place: Place, word: str) -> Schema:
        if word not in place.node:
            raise DataException(f"Unsupported map schema without {word}")
        return self.convert(place.at(place.node[word]))

    def _array(self, place: Place) -> Parts:
        items = place.node.get("items")
        if not isinstance(items, dict):
            raise DataException("Array schema did not specify the items type")
        if place.node.get(CONNECT_TYPE) == MAP_TYPE and "properties" in items:
            entry = {name: place.at(member) for name, member in items["properties"].items()}
            key, value = self.convert(entry[ENTRY_KEY]), self.convert(entry[ENTRY_VALUE])
            return {"type": Type.MAP, "key_schema": key, "value_schema": value}
        return {"type": Type.ARRAY, "value_schema": self.convert(place.at(items))}

    def _members(self, place: Place) -> dict[str, tuple[Place, bool]]:
        """The members of an object and whether each is required, those of all its parts together."""
        found: dict[str, tuple[Place, bool]] = {}
        for part in self._object_parts(place, set()):
            required = part.node.get("required", ())
            for name, member in part.node.get("properties", {}).items():
                found[name] = (part.at(member), name in required)
        return found

    def _object_parts(self, place: Place, seen: set[int]) -> Iterator[Place]:
        node = place.node
        if not isinstance(node, dict) or id(node) in seen:
            return
        seen.add(id(node))
        if "$ref" in node:
            yield from self._object_parts(self._document.resolve(place, node["$ref"]), seen)
            return
        for part in node.get("allOf", ()):
            yield from self._object_parts(place.at(part), seen)
        yield place

    def _struct(self, place: Place, members: Mapping[str, tuple[Place, bool]]) -> tuple[Parts, dict[str, str]]:
        inner: list[RecursiveSchema] = []
        self._open[id(place.node)] = inner
        ordered = java_hash_order(members) if "allOf" not in place.node else list(members)
        positions = {name: _index(members[name][0].node, position) for position, name in enumerate(ordered)}
        ordered.sort(key=positions.__getitem__)
        fields = []
        for index, name in enumerate(ordered):
            member, required = members[name]
            optional = self._options.optional_if_not_required and not required
            fields.append(Field(name, index, self.convert(member, optional=optional)))
        parameters: dict[str, str] = {}
        if inner:
            self._ids += 1
            parameters[ID] = f"#id{self._ids}"
        return {"type": Type.STRUCT, "fields": fields}, parameters

    def _union(self, branches: list[Place]) -> tuple[Parts, dict[str, str]]:
        general = self._options.generalized
        name, parameters = ONE_OF, {}
        if general:
            name = f"{GENERAL_UNION_PREFIX}{self._unions}"
            parameters = {GENERAL_UNION: name}
            self._unions += 1
        present = [branch for branch in branches if not _is_null(branch.node)]
        prefix = branch_prefix(general)
        fields = [Field(f"{prefix}{i}", i, self.convert(part, optional=True)) for i, part in enumerate(present)]
        return {
            "type": Type.STRUCT,
            "name": name,
            "fields": fields,
            "optional": len(present) < len(branches),
        }, parameters

    def _enum(self, symbols: list[Any]) -> tuple[Parts, dict[str, str]]:
        word = GENERAL_ENUM if self._options.generalized else ENUM
        parameters = {word: ""}
        for index, symbol in enumerate(symbols):
            text = NULL_SYMBOL if symbol is None else str(symbol)
            parameters[f"{word}.{text}"] = str(index) if self._options.generalized else text
        return {"type": Type.STRING}, parameters

    def _describe(self, node: Mapping[str, Any], parts: Parts, parameters: dict[str, str], version: int | None) -> None:
        if "name" not in parts:
            parts["name"] = node.get("title")
        parts["version"] = node.get(CONNECT_VERSION, version)
        parts["doc"] = node.get("description")
        own = node.get(CONNECT_PARAMETERS)
        if own is not None:
            if not isinstance(own, dict):
                raise DataException(f"Expected JSON object for schema parameters but found: {own}")
            parameters.update({key: str(text) for key, text in own.items()})


def _closed(inner: list[RecursiveSchema], parts: Parts, parameters: dict[str, str]) -> Schema:
    """The struct that its own placeholders stand for."""
    for placeholder in inner:
        complete = RecursiveSchema(**{**parts, "optional": placeholder.optional}, parameters=parameters)
        for slot in _STRUCT_SLOTS:
            setattr(placeholder, slot, getattr(complete, slot))
    same = (placeholder for placeholder in inner if placeholder.optional == parts["optional"])
    return next(same, RecursiveSchema(**parts, parameters=parameters))


def _with_default(node: Mapping[str, Any], schema: Schema) -> Schema:
    default = node.get("default")
    if default is None:
        return schema
    try:
        value = value_reader(schema)(default)
        validate_value(schema.replace(optional=True), value)
    except ConnectException:
        return schema  # a default that doesn't fit is as good as none; the data is still readable
    return schema.replace(default_value=value)


def _main(parts: list[Place]) -> tuple[Place, None]:
    """The part of an ``allOf`` that says what kind of value it is."""
    known = [part for part in parts if isinstance(part.node, dict) and {"type", "enum", "const"} & part.node.keys()]
    if not known:
        raise DataException("Unsupported criterion allOf")
    merged: dict[str, Any] = {}
    for part in known:
        merged |= part.node
    return known[0].at(merged), None


def _is_null(node: Any) -> bool:
    return isinstance(node, dict) and node.get("type") == "null"


def _index(node: Any, position: int) -> tuple[int, int]:
    index = node.get(CONNECT_INDEX) if isinstance(node, dict) else None
    return (index if isinstance(index, int) else position), position
