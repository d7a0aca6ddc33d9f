"""Connect data to Avro's binary form, a column at a time.

An encoder turns a whole column of values into their bytes; a record's columns are joined row by row at the end.
That keeps the work of a value inside a few comprehensions and C functions, whatever the schema.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain, islice
from typing import Any

from connect.api import DataException, Schema, SerializationException, Struct, Type, java_type_name
from converters.avro_anything import anything_bytes
from converters.avro_binary import SMALL, AvroTypeException, number_bytes
from converters.avro_encode_plain import NULL_FOR_REQUIRED, Encode, check_type, plain_encoder, text_encoder
from converters.avro_logical import FROM_LOGICAL, from_logical
from converters.avro_names import DataOptions, is_union
from converters.avro_schema import AvroSchema

_ACCEPTED = {
    Type.INT8: ("int", "long"),
    Type.INT16: ("int", "long"),
    Type.INT32: ("int", "long"),
    Type.INT64: ("long",),
    Type.FLOAT32: ("float", "double"),
    Type.FLOAT64: ("double",),
    Type.BOOLEAN: ("boolean",),
    Type.STRING: ("string", "enum"),
    Type.BYTES: ("bytes", "fixed"),
    Type.ARRAY: ("array",),
    Type.MAP: ("map", "array"),
    Type.STRUCT: ("record",),
}


class EncoderCompiler:
    """Makes the encoders of one schema; a schema that contains itself gets one that calls itself."""

    def __init__(self, options: DataOptions) -> None:
        self._options = options
        self._made: dict[tuple[int, int], Encode | None] = {}
        self._kept: list[object] = []  # ids are only unique while the objects live

    def rows(self, schema: Schema, avro: AvroSchema) -> Encode:
        """The encoder of a STRUCT's rows. Raises DataException when the Avro record lacks or adds something."""
        parts: list[tuple[int, Encode]] = []
        by_name = {self._options.name(field.name): field for field in schema.fields}
        if avro.kind != "record":
            raise _no_place(f"{schema} as {avro.full_name}")
        for avro_field in avro.fields:
            field = by_name.get(avro_field.name)
            if field is None:
                raise _no_place(f"field {avro_field.name} of {avro.full_name} is not in {schema}")
            encode = self.encoder(field.schema, avro_field.schema)
            default = None if self._options.ignore_defaults else field.schema.default_value
            parts.append((field.index, encode if default is None else _with_default(encode, default)))

        def encode_rows(rows: Sequence[Sequence[Any]]) -> list[bytes]:
            if not rows or not parts:
                return [b""] * len(rows)
            columns = list(zip(*rows, strict=True))
            return list(map(b"".join, zip(*[encode(columns[index]) for index, encode in parts], strict=True)))

        return encode_rows

    def row_encoder(self, schema: Schema, avro: AvroSchema) -> Encode:
        """The encoder of a STRUCT's rows where the Avro schema may also be a union with null."""
        if avro.kind != "union":
            return self.rows(schema, avro)
        index = self._branch(schema, avro)
        return _branched(self.rows(schema, avro.branches[index]), index, avro.null_branch)

    def encoder(self, schema: Schema | None, avro: AvroSchema) -> Encode:
        """The encoder of a schema's values (structs where it is a STRUCT), None among them where it is optional."""
        if schema is None:
            return lambda column: list(map(anything_bytes, column))
        key = (id(schema), id(avro))
        if key in self._made:
            return self._made[key] or (lambda column: _present(self._made[key])(column))
        self._made[key] = None
        self._kept.append((schema, avro))
        made = self._made[key] = self._nullable(schema, avro)
        return made

    def _nullable(self, schema: Schema, avro: AvroSchema) -> Encode:
        if avro.kind != "union":
            return _required(self._value(schema, avro))
        if is_union(schema):
            return self._union(schema, avro)
        index = self._branch(schema, avro)
        return _branched(self._value(schema, avro.branches[index]), index, avro.null_branch)

    def _branch(self, schema: Schema, avro: AvroSchema) -> int:
        wanted = self._options.member_name(schema, 0)
        fitting = [i for i, branch in enumerate(avro.branches) if self._accepts(schema, branch)]
        exact = [i for i in fitting if wanted in (avro.branches[i].full_name, avro.branches[i].name)]
        if not fitting:
            raise _no_place(f"{schema} in union of {', '.join(branch.full_name for branch in avro.branches)}")
        return (exact or fitting)[0]

    def _accepts(self, schema: Schema, avro: AvroSchema) -> bool:
        if schema.type is Type.MAP:
            return avro.kind == ("map" if self._options.has_plain_keys(schema) else "array")
        return avro.kind in _ACCEPTED[schema.type]

    def _value(self, schema: Schema, avro: AvroSchema) -> Encode:
        if not self._accepts(schema, avro):
            raise _no_place(f"{schema} as {avro.full_name}")
        if schema.name in FROM_LOGICAL:
            return _logical(schema, plain_encoder(schema, avro))
        match schema.type:
            case Type.STRUCT:
                return self._struct(schema, avro)
            case Type.ARRAY:
                return _array(self.encoder(schema.value_schema, avro.items))
            case Type.MAP if avro.kind == "map":
                return _map(schema, self.encoder(schema.value_schema, avro.items))
            case Type.MAP:
                key, value = avro.items.field("key"), avro.items.field("value")
                if key is None or value is None:
                    raise _no_place(f"{schema} as array of {avro.items.full_name}")
                encoders = self.encoder(schema.key_schema, key.schema), self.encoder(schema.value_schema, value.schema)
                return _pairs(*encoders)
        return plain_encoder(schema, avro)

    def _struct(self, schema: Schema, avro: AvroSchema) -> Encode:
        encode_rows = self.rows(schema, avro)

        def encode(column: Sequence[Any]) -> list[bytes]:
            return encode_rows([struct.values for struct in _structs(schema, column)])

        return encode

    def _union(self, schema: Schema, avro: AvroSchema) -> Encode:
        places = [i for i, branch in enumerate(avro.branches) if branch.kind != "null"]
        if len(places) < len(schema.fields):
            raise _no_place(f"{schema} in a union of {len(avro.branches)}")
        encoders = [
            (SMALL[place], self._value(field.schema, avro.branches[place]), field)
            for place, field in zip(places, schema.fields, strict=False)
        ]

        def encode_one(value: Struct | None) -> bytes:
            if value is not None:
                for index, encode, field in encoders:
                    member = value.get_without_default(field) if self._options.ignore_defaults else value.get(field)
                    if member is not None:
                        return index + encode([member])[0]
            if avro.null_branch is None:
                raise DataException(NULL_FOR_REQUIRED)
            return SMALL[avro.null_branch]

        def encode(column: Sequence[Any]) -> list[bytes]:
            _structs(schema, [value for value in column if value is not None])
            return list(map(encode_one, column))

        return encode


def _present(encode: Encode | None) -> Encode:
    assert encode is not None
    return encode


def _no_place(what: str) -> SerializationException:
    error = SerializationException("Error serializing Avro message")
    error.__cause__ = AvroTypeException(f"The schema in the registry has no place for what is written: {what}")
    return error


def _structs(schema: Schema, column: Sequence[Any]) -> Sequence[Struct]:
    check_type(schema, column, Struct)
    for value in column:
        if value.schema is not schema and value.schema != schema:
            raise DataException("Mismatching struct schema")
    return column


# Nulls


def _required(encode: Encode) -> Encode:
    def encode_present(column: Sequence[Any]) -> list[bytes]:
        if None in column:
            raise DataException(NULL_FOR_REQUIRED)
        return encode(column)

    return encode_present


def _branched(encode: Encode, branch: int, null_branch: int | None) -> Encode:
    mark = SMALL[branch]
    null = None if null_branch is None else SMALL[null_branch]

    def encode_marked(column: Sequence[Any]) -> list[bytes]:
        if None not in column:
            return [mark + encoded for encoded in encode(column)]
        if null is None:
            raise DataException(NULL_FOR_REQUIRED)
        present = iter(encode([value for value in column if value is not None]))
        return [null if value is None else mark + next(present) for value in column]

    return encode_marked


def _with_default(encode: Encode, default: Any) -> Encode:
    def encode_filled(column: Sequence[Any]) -> list[bytes]:
        return encode([default if value is None else value for value in column] if None in column else column)

    return encode_filled


def _logical(schema: Schema, encode: Encode) -> Encode:
    convert = from_logical(schema)
    return lambda column: encode(convert(column))


# Collections


def _array(encode_items: Encode) -> Encode:
    def encode(column: Sequence[Any]) -> list[bytes]:
        for value in column:
            if not isinstance(value, list | tuple):
                raise DataException(f"Invalid type for ARRAY: class {java_type_name(value)}")
        items = iter(encode_items(list(chain.from_iterable(column))))
        return [_block(items, len(value)) for value in column]

    return encode


def _maps(column: Sequence[Any]) -> tuple[list[Any], list[Any]]:
    for value in column:
        if not isinstance(value, dict):
            raise DataException(f"Invalid type for MAP: class {java_type_name(value)}")
    pairs = [pair for value in column for pair in value.items()]
    return [key for key, _ in pairs], [value for _, value in pairs]


def _map(schema: Schema, encode_values: Encode) -> Encode:
    assert schema.key_schema is not None
    encode_keys = _required(text_encoder(schema.key_schema))
    return _pairs(encode_keys, encode_values)


def _pairs(encode_keys: Encode, encode_values: Encode) -> Encode:
    def encode(column: Sequence[Any]) -> list[bytes]:
        keys, values = _maps(column)
        pairs = map(bytes.__add__, encode_keys(keys), encode_values(values))
        return [_block(pairs, len(value)) for value in column]

    return encode


def _block(items: Iterator[bytes], count: int) -> bytes:
    return number_bytes(count) + b"".join(islice(items, count)) + b"\x00" if count else b"\x00"
