"""Connect schemas for Avro schemas."""

from __future__ import annotations

import threading
from typing import Any

from connect.api import DataException, Field, Schema, Type
from connect.api.logical import DATE_NAME, DECIMAL_NAME, TIME_NAME, TIMESTAMP_NAME
from connect.api.struct import validate_value
from converters.avro_defaults import default_value, is_number, plain_text
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
    GENERAL_UNION,
    GENERAL_UNION_PREFIX,
    MAP_ENTRY,
    NAMESPACE,
    RECORD_DOC,
    UNION,
    DataOptions,
)
from converters.avro_schema import ABSENT, NAMED, AvroField, AvroSchema

_TYPES = {
    "boolean": Type.BOOLEAN,
    "double": Type.FLOAT64,
    "float": Type.FLOAT32,
    "long": Type.INT64,
    "string": Type.STRING,
    "enum": Type.STRING,
    "bytes": Type.BYTES,
    "fixed": Type.BYTES,
}
_INT_TYPES = {"int8": Type.INT8, "int16": Type.INT16}
_LOGICAL = {
    ("int", "date"): DATE_NAME,
    ("int", "time-millis"): TIME_NAME,
    ("long", "timestamp-millis"): TIMESTAMP_NAME,
    ("bytes", "decimal"): DECIMAL_NAME,
    ("fixed", "decimal"): DECIMAL_NAME,
}
_STRUCT_SLOTS = tuple(slot for slot in Schema.__slots__ if slot not in ("key_schema", "value_schema"))
_comparing = threading.local()


class RecursiveSchema(Schema):
    """A struct schema that is part of itself; it compares what it holds once, not for ever."""

    __slots__ = ()
    __hash__ = Schema.__hash__

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if not isinstance(other, Schema) or other.type is not self.type or hash(self) != hash(other):
            return False
        pairs: set[tuple[int, int]] = _comparing.__dict__.setdefault("pairs", set())
        pair = (id(self), id(other))
        if pair in pairs:
            return True
        pairs.add(pair)
        try:
            mine, others = (
                (s.optional, s.name, s.version, s.doc, s.parameters, s.default_value, s.fields) for s in (self, other)
            )
            return mine == others
        finally:
            pairs.discard(pair)


class _Draft:
    """A Connect schema in the making."""

    def __init__(self, type: Type) -> None:
        self.parts: dict[str, Any] = {"type": type}
        self.parameters: dict[str, str] = {}

    def build(self, **parts: Any) -> Schema:
        return Schema(**{**self.parts, **parts}, parameters=self.parameters)


class ConnectMapping:
    """Converts the schemas of one converter; generalized unions are numbered through all of them."""

    def __init__(self, options: DataOptions) -> None:
        self._options = options
        self._unions = 0
        self._open: dict[str, list[RecursiveSchema]] = {}

    def connect_schema(self, schema: AvroSchema, version: int | None) -> Schema:
        """The Connect schema; ``version`` stands in for one that the schema doesn't have at its top.

        Raises DataException for a schema that Connect can't express.
        """
        self._open = {}
        return self._convert(schema, version=version)

    def _convert(
        self,
        schema: AvroSchema,
        *,
        optional: bool = False,
        default: Any = ABSENT,
        doc: str | None = None,
        version: int | None = None,
    ) -> Schema:
        if schema.kind == "record" and schema.full_name in self._open:
            return self._recursive(schema, optional)
        if schema.kind == "union":
            if len(schema.branches) == 1 and self._options.flatten:
                return self._convert(schema.branches[0], doc=doc)
            if len(schema.branches) == 2 and schema.null_branch is not None:
                return self._convert(schema.branches[1 - schema.null_branch], optional=True, doc=doc)
        if schema.kind == "record":
            self._open[schema.full_name] = []
        draft = self._draft(schema)
        self._describe(schema, draft, doc)
        self._set_version(schema, draft, version)
        self._set_parameters(schema, draft)
        self._set_default(schema, draft, default)
        self._set_name(schema, draft)
        if optional:
            draft.parts["optional"] = True
        return self._finish(schema, draft)

    def _finish(self, schema: AvroSchema, draft: _Draft) -> Schema:
        built = draft.build()
        if schema.kind != "record":
            return built
        inner = self._open.pop(schema.full_name)
        if not inner:
            return built
        for placeholder in inner:
            complete = RecursiveSchema(**{**draft.parts, "optional": placeholder.optional}, parameters=draft.parameters)
            for slot in _STRUCT_SLOTS:
                setattr(placeholder, slot, getattr(complete, slot))
        same = (placeholder for placeholder in inner if placeholder.optional == built.optional)
        return next(same, RecursiveSchema(**draft.parts, parameters=draft.parameters))

    def _recursive(self, schema: AvroSchema, optional: bool) -> Schema:
        known = self._open[schema.full_name]
        for placeholder in known:
            if placeholder.optional == optional:
                return placeholder
        known.append(RecursiveSchema(Type.STRUCT, optional=optional))
        return known[-1]

    def _draft(self, schema: AvroSchema) -> _Draft:
        match schema.kind:
            case "int":
                return _int_draft(schema)
            case "array":
                return self._array(schema)
            case "map":
                draft = _Draft(Type.MAP)
                draft.parts.update(key_schema=Schema(Type.STRING), value_schema=self._convert(schema.items))
                return draft
            case "record":
                return self._struct(schema)
            case "union":
                return self._union(schema)
            case "null":
                raise DataException("Standalone null schemas are not supported by this converter")
        draft = _Draft(_TYPES[schema.kind])
        _set_logical(schema, draft)
        if schema.kind == "fixed":
            draft.parameters[FIXED_SIZE] = str(schema.size)
        elif schema.kind == "enum":
            self._describe_enum(schema, draft)
        return draft

    def _array(self, schema: AvroSchema) -> _Draft:
        entry = schema.items
        if not is_map_entry(entry):
            draft = _Draft(Type.ARRAY)
            draft.parts["value_schema"] = self._convert(entry)
            return draft
        key, value = entry.field("key"), entry.field("value")
        if len(entry.fields) != 2 or key is None or value is None:
            raise DataException(
                "Found map encoded as array of key-value pairs, but array elements do not match the expected format."
            )
        draft = _Draft(Type.MAP)
        draft.parts.update(key_schema=self._convert(key.schema), value_schema=self._convert(value.schema))
        return draft

    def _struct(self, schema: AvroSchema) -> _Draft:
        draft = _Draft(Type.STRUCT)
        with_docs = self._options.meta_data and not self._options.discard_docs
        if with_docs and schema.doc is not None:
            draft.parameters[RECORD_DOC] = schema.doc
        fields = []
        for index, field in enumerate(schema.fields):
            if with_docs and field.doc is not None:
                draft.parameters[FIELD_DOC + field.name] = field.doc
            fields.append(Field(field.name, index, self._field(field)))
        draft.parts["fields"] = fields
        return draft

    def _field(self, field: AvroField) -> Schema:
        schema = self._convert(field.schema, default=field.default, doc=field.doc)
        own = field.props.get(CONNECT_PARAMETERS)
        if not self._options.meta_data or not isinstance(own, dict):
            return schema
        merged = {**(schema.parameters or {}), **{key: plain_text(text) for key, text in own.items()}}
        return schema if merged == schema.parameters else schema.replace(parameters=merged)

    def _union(self, schema: AvroSchema) -> _Draft:
        draft = _Draft(Type.STRUCT)
        draft.parts["name"] = UNION
        if self._options.generalized:
            draft.parts["name"] = name = f"{GENERAL_UNION_PREFIX}{self._unions}"
            draft.parameters[GENERAL_UNION] = name
            self._unions += 1
        fields: dict[str, Field] = {}
        for index, branch in enumerate(schema.branches):
            if branch.kind == "null":
                draft.parts["optional"] = True
                continue
            member = self._member_name(branch, index)
            if member in fields:
                raise DataException("Multiple union schemas map to the Connect union field name")
            fields[member] = Field(member, len(fields), self._convert(branch, optional=True))
        draft.parts["fields"] = list(fields.values())
        return draft

    def _member_name(self, branch: AvroSchema, index: int) -> str:
        if self._options.generalized:
            return f"{GENERAL_UNION_PREFIX}field_{index}"
        return branch.name if branch.kind in NAMED and not self._options.enhanced else branch.full_name

    def _describe_enum(self, schema: AvroSchema, draft: _Draft) -> None:
        discard = self._options.discard_docs
        if self._options.meta_data:
            if schema.doc is not None:
                draft.parameters[CONNECT_ENUM_DOC if discard else ENUM_DOC + schema.name] = schema.doc
            if schema.default is not None and not discard:
                draft.parameters[ENUM_DEFAULT + schema.name] = schema.default
        enum = self._options.enum
        draft.parameters[enum] = schema.full_name
        for index, symbol in enumerate(schema.symbols):
            draft.parameters[f"{enum}.{symbol}"] = str(index) if self._options.generalized else symbol

    def _describe(self, schema: AvroSchema, draft: _Draft, field_doc: str | None) -> None:
        connect_doc = schema.text_prop(CONNECT_DOC)
        if not self._options.discard_docs:
            if self._options.meta_data and connect_doc is not None:
                draft.parts["doc"] = connect_doc
            return
        candidates = (field_doc, schema.doc, connect_doc)
        draft.parts["doc"] = next((doc for doc in candidates if doc is not None), None)
        if self._options.meta_data and schema.doc is not None:
            draft.parameters[CONNECT_RECORD_DOC] = schema.doc

    def _set_version(self, schema: AvroSchema, draft: _Draft, registered: int | None) -> None:
        own = schema.props.get(CONNECT_VERSION)
        if own is not None and (isinstance(own, bool) or not isinstance(own, int | float)):
            raise DataException(f"Invalid Connect version found: {plain_text(own)}")
        present = draft.parts.get("version")
        if own is None or own < 0:
            if own is None and present is None:
                draft.parts["version"] = registered
            return
        if present is not None and present != int(own):
            raise DataException(
                f"Mismatched versions: version already added to SchemaBuilder ({present}) differs from version in "
                f"source schema ({int(own)})"
            )
        draft.parts["version"] = int(own)

    def _set_parameters(self, schema: AvroSchema, draft: _Draft) -> None:
        parameters = schema.props.get(CONNECT_PARAMETERS)
        if self._options.meta_data and parameters is not None:
            if not isinstance(parameters, dict):
                raise DataException(f"Expected JSON object for schema parameters but found: {plain_text(parameters)}")
            for key, text in parameters.items():
                if not isinstance(text, str):
                    raise DataException(f"Expected schema parameter values to be strings but found: {plain_text(text)}")
                draft.parameters[key] = text
        draft.parameters.update({key: plain_text(own) for key, own in schema.props.items() if key.startswith("avro")})

    def _set_default(self, schema: AvroSchema, draft: _Draft, default: Any) -> None:
        own = schema.props.get(CONNECT_DEFAULT)
        node = own
        if default is not ABSENT:
            node = default
            if not self._options.discard_docs and self._options.meta_data and own is None:
                draft.parameters[FIELD_DEFAULT] = "true"
        if node is None or draft.parts["type"] is Type.STRUCT:
            return  # a struct is never the default of a schema that is still being built
        try:
            target = draft.build(default_value=None)
            value = default_value(target, schema, node)
            validate_value(target.replace(optional=True), value)
        except DataException:
            return  # a default that doesn't fit is as good as none; the data is still readable
        draft.parts["default_value"] = value

    def _set_name(self, schema: AvroSchema, draft: _Draft) -> None:
        present = draft.parts.get("name")
        name = schema.props.get(CONNECT_NAME)
        if name is not None and not isinstance(name, str):
            raise DataException(f"Invalid schema name: {plain_text(name)}")
        if name is None and schema.kind in NAMED and not (schema.kind == "fixed" and present == DECIMAL_NAME):
            name = schema.full_name
        if name is None or name.startswith(f"{NAMESPACE}.{DEFAULT_NAME}"):
            return
        if present is not None and present != name:
            raise DataException(
                f"Mismatched names: name already added to SchemaBuilder ({present}) differs from name in source schema "
                f"({name})"
            )
        draft.parts["name"] = name


def is_map_entry(schema: AvroSchema) -> bool:
    """Whether an array of such items stands for a map."""
    if schema.kind != "record":
        return False
    return schema.full_name == f"{NAMESPACE}.{MAP_ENTRY}" or schema.text_prop(CONNECT_INTERNAL_TYPE) == MAP_ENTRY


def _int_draft(schema: AvroSchema) -> _Draft:
    draft = _Draft(Type.INT32)
    annotation = schema.text_prop(CONNECT_TYPE)
    if schema.text_prop("logicalType") is not None:
        _set_logical(schema, draft)
    elif annotation is not None:
        if annotation not in _INT_TYPES:
            raise DataException("Connect type annotation for Avro int field is null")
        draft.parts["type"] = _INT_TYPES[annotation]
    return draft


def _set_logical(schema: AvroSchema, draft: _Draft) -> None:
    name = _LOGICAL.get((schema.kind, (schema.text_prop("logicalType") or "").lower()))
    if name is None:
        return
    draft.parts.update(name=name, version=1)
    if name != DECIMAL_NAME:
        return
    scale, precision = schema.props.get("scale"), schema.props.get("precision")
    draft.parameters["scale"] = str(int(scale)) if is_number(scale) else "0"
    if precision is None:
        return
    if not is_number(precision):
        raise DataException("precision property must be a JSON Integer.")
    if int(precision) != DEFAULT_PRECISION:
        draft.parameters[DECIMAL_PRECISION] = str(int(precision))
