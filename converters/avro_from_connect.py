"""Avro schemas for Connect schemas, named and annotated so that other workers see no new version in them."""

from __future__ import annotations

from typing import Any

from connect.api import DataException, Schema, Type
from connect.api.logical import DATE_NAME, DECIMAL_NAME, TIME_NAME, TIMESTAMP_NAME
from converters.avro_defaults import default_node, doubled, is_valid_default
from converters.avro_names import (
    CONNECT_DEFAULT,
    CONNECT_DOC,
    CONNECT_ENUM_DOC,
    CONNECT_INTERNAL_TYPE,
    CONNECT_NAME,
    CONNECT_PARAMETERS,
    CONNECT_RECORD_DOC,
    CONNECT_TYPE,
    CONNECT_VERSION,
    DECIMAL_PRECISION,
    DEFAULT_NAME,
    DEFAULT_PRECISION,
    ENUM_DEFAULT,
    ENUM_DOC,
    FIELD_DEFAULT,
    FIELD_DOC,
    FIXED_SIZE,
    MAP_ENTRY,
    NAMESPACE,
    RECORD_DOC,
    DataOptions,
    is_fixed,
    is_union,
)
from converters.avro_schema import (
    ABSENT,
    NAMED,
    AvroField,
    AvroSchema,
    SchemaParseException,
    array_of,
    check_name,
    parse_schema,
    union_of,
)

_KINDS = {
    Type.INT8: "int",
    Type.INT16: "int",
    Type.INT32: "int",
    Type.INT64: "long",
    Type.FLOAT32: "float",
    Type.FLOAT64: "double",
    Type.BOOLEAN: "boolean",
    Type.STRING: "string",
    Type.BYTES: "bytes",
}
LOGICAL_TYPES = {DATE_NAME: "date", TIME_NAME: "time-millis", TIMESTAMP_NAME: "timestamp-millis"}

_MEMBERS = ("boolean", "bytes", "double", "float", "int", "long", "string")
_ENTRY = (
    '{"type":"record","name":"MapEntry","fields":[{"name":"key","type":"Anything"},{"name":"value","type":"Anything"}]}'
)
_FIELDS = [f'{{"name":"{kind}","type":["null","{kind}"],"default":null}}' for kind in _MEMBERS]
for _name, _items in (("array", '"Anything"'), ("map", _ENTRY)):
    _FIELDS.append(f'{{"name":"{_name}","type":["null",{{"type":"array","items":{_items}}}],"default":null}}')
ANYTHING = parse_schema(
    f'{{"type":"record","name":"Anything","namespace":"{NAMESPACE}","fields":[{",".join(_FIELDS)}]}}'
)
"""The schema of schemaless data."""


def avro_schema(schema: Schema | None, options: DataOptions) -> AvroSchema:
    """The Avro schema of a Connect schema (None = schemaless). Raises DataException where there can't be one."""
    try:
        return ANYTHING if schema is None else _Mapping(options).convert(schema)
    except RecursionError:
        raise DataException(f"{schema} is nested too deeply, or contains itself without a name") from None


class _Mapping:
    """One schema's conversion: what has been named so far."""

    def __init__(self, options: DataOptions) -> None:
        self._options = options
        self._done: dict[Schema, AvroSchema] = {}
        self._open: dict[str, AvroSchema] = {}
        self._seen_names: set[str] = set()
        self._unnamed = 0

    def convert(self, schema: Schema | None, *, bare: bool = False) -> AvroSchema:
        """The schema, as a union with null where it is optional, unless ``bare``."""
        if schema is None:
            return ANYTHING
        if schema.type is Type.STRUCT:
            if is_union(schema):
                return self._union(schema)
            if schema.name in self._open:
                return _optional(schema, self._open[schema.name], bare)
            if schema.optional and not bare:
                return union_of([AvroSchema("null"), self.convert(schema.replace(optional=False, default_value=None))])
        elif not schema.optional and schema in self._done:
            return self._done[schema]
        elif schema.name in self._open:
            raise DataException(f"{schema} has the name of the struct that it is part of")
        if schema.type is Type.STRUCT and schema in self._done:
            return self._done[schema]
        base = self._base(schema)
        self._annotate(schema, base)
        final = _optional(schema, base, bare)
        if not schema.optional:
            self._done[schema] = final
        return final

    def _union(self, schema: Schema) -> AvroSchema:
        branches = [AvroSchema("null")] if schema.optional else []
        members = [field.schema.replace(optional=False, default_value=None) for field in schema.fields]
        return union_of([*branches, *(self.convert(member, bare=True) for member in members)])

    def _base(self, schema: Schema) -> AvroSchema:
        match schema.type:
            case Type.STRING if self._options.is_enum(schema):
                return self._enum(schema)
            case Type.BYTES if is_fixed(schema):
                return self._fixed(schema)
            case Type.ARRAY:
                return array_of(self.convert(schema.value_schema))
            case Type.MAP:
                return self._map(schema)
            case Type.STRUCT:
                return self._record(schema)
        return AvroSchema(_KINDS[schema.type])

    def _named(self, kind: str, name: str | None) -> AvroSchema:
        if name is None:
            self._unnamed += 1
            return AvroSchema(kind, f"{DEFAULT_NAME}{self._unnamed if self._unnamed > 1 else ''}", NAMESPACE)
        namespace, last = self._options.full_name(name)
        return AvroSchema(kind, check_name(last), namespace)

    def _enum(self, schema: Schema) -> AvroSchema:
        parameters = schema.parameters or {}
        name = self._named("enum", schema.name).name
        prefix = f"{self._options.enum}."
        full = parameters.get(self._options.enum)
        if full is None:
            raise DataException(f"{schema} has no parameter {self._options.enum}")
        enum = AvroSchema("enum", full)
        check_name(enum.name)
        enum.symbols = [check_name(key.removeprefix(prefix)) for key in parameters if key.startswith(prefix)]
        if self._options.discard_docs:
            enum.doc = parameters.get(CONNECT_ENUM_DOC)
        else:
            enum.doc = parameters.get(ENUM_DOC + name)
            enum.default = parameters.get(ENUM_DEFAULT + name)
        return enum

    def _fixed(self, schema: Schema) -> AvroSchema:
        fixed = self._named("fixed", schema.name)
        fixed.size = _number(schema, FIXED_SIZE, 0)
        return fixed

    def _map(self, schema: Schema) -> AvroSchema:
        if self._options.has_plain_keys(schema):
            return array_of(self.convert(schema.value_schema), "map")
        if schema.name is None:
            entry = AvroSchema("record", MAP_ENTRY, NAMESPACE)
        else:
            entry = self._named("record", schema.name)
            entry.props[CONNECT_INTERNAL_TYPE] = MAP_ENTRY
        entry.fields = [self._field("key", schema.key_schema, None), self._field("value", schema.value_schema, None)]
        return array_of(entry)

    def _record(self, schema: Schema) -> AvroSchema:
        parameters = schema.parameters or {}
        record = self._named("record", schema.name)
        discard = self._options.discard_docs
        record.doc = parameters.get(CONNECT_RECORD_DOC if discard else RECORD_DOC)
        if schema.name is not None:
            self._open[schema.name] = record
        for field in schema.fields:
            doc = None if discard else parameters.get(FIELD_DOC + field.name)
            record.fields.append(self._field(check_name(self._options.name(field.name)), field.schema, doc))
        if len({field.name for field in record.fields}) < len(record.fields):
            raise SchemaParseException(f"Duplicate field in record {record.full_name}")
        if schema.name is not None:
            del self._open[schema.name]
        return record

    def _field(self, name: str, schema: Schema | None, doc: str | None) -> AvroField:
        if schema is None:
            return AvroField(name, ANYTHING, doc=doc)
        default: Any = None if schema.optional else ABSENT
        if schema.default_value is not None:
            default = doubled(default_node(schema, schema.default_value, self._options))
        seen = schema.name is not None and self._options.scrubbed(schema.name) in self._seen_names
        if schema.name is not None:
            self._seen_names.add(self._options.scrubbed(schema.name))
        avro = self.convert(schema)
        if default is not ABSENT and not is_valid_default(avro, default):
            default = ABSENT
        field = AvroField(name, avro, default, schema.doc if self._options.discard_docs else doc)
        is_named = any(branch.kind in NAMED for branch in (avro, *avro.branches))
        if self._options.meta_data and seen and schema.parameters and is_named:
            self._annotate_parameters(schema, field.props)
        return field

    def _annotate_parameters(self, schema: Schema, props: dict[str, Any]) -> None:
        keep_flag = self._options.discard_docs
        parameters = {key: text for key, text in (schema.parameters or {}).items() if keep_flag or key != FIELD_DEFAULT}
        if parameters:
            props[CONNECT_PARAMETERS] = parameters

    def _annotate(self, schema: Schema, avro: AvroSchema) -> None:
        parameters = schema.parameters or {}
        props = avro.props
        is_decimal = schema.name == DECIMAL_NAME and schema.type is Type.BYTES
        if is_decimal:
            props["scale"] = _number(schema, "scale", 0)
            props["precision"] = _number(schema, DECIMAL_PRECISION, DEFAULT_PRECISION)
        if self._options.meta_data:
            self._annotate_meta(schema, props)
        logical = "decimal" if is_decimal else LOGICAL_TYPES.get(schema.name or "")
        if logical is not None:
            props["logicalType"] = logical
        props.update({key: text for key, text in parameters.items() if key.startswith("avro")})

    def _annotate_meta(self, schema: Schema, props: dict[str, Any]) -> None:
        if schema.doc is not None:
            props[CONNECT_DOC] = schema.doc
        if schema.version is not None:
            props[CONNECT_VERSION] = schema.version
        self._annotate_parameters(schema, props)
        is_flagged = not self._options.discard_docs and FIELD_DEFAULT in (schema.parameters or {})
        if schema.default_value is not None and not is_flagged:
            props[CONNECT_DEFAULT] = default_node(schema, schema.default_value, self._options)
        if schema.name is not None:
            props[CONNECT_NAME] = schema.name
        if schema.type in (Type.INT8, Type.INT16):
            props[CONNECT_TYPE] = schema.type.value


def _optional(schema: Schema, base: AvroSchema, bare: bool) -> AvroSchema:
    if bare or not schema.optional:
        return base
    null = AvroSchema("null")
    return union_of([base, null] if schema.default_value is not None else [null, base])


def _number(schema: Schema, parameter: str, otherwise: int) -> int:
    text = (schema.parameters or {}).get(parameter)
    try:
        return otherwise if text is None else int(text)
    except ValueError:
        raise DataException(f"Parameter {parameter} of {schema} must be a number but was {text}") from None
