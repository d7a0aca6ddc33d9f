"""What holds for Protobuf data of any schema that Protobuf can express."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connect.api import (
    TIMESTAMP_SCHEMA,
    ConnectException,
    EpochMillis,
    Field,
    Schema,
    SerializationException,
    Struct,
    Type,
    to_value,
)
from connect.api.equality import deep_equals
from connect.api.logical import DATE_NAME, DECIMAL_NAME, TIME_NAME, TIMESTAMP_NAME, from_millis
from connect.api.maps import make_map
from connect.demo.registry import EmbeddedRegistry
from converters.protobuf import ProtobufConverter
from converters.protobuf_config import ProtobufOptions
from converters.protobuf_document import Document
from converters.protobuf_from_connect import protobuf_file
from converters.protobuf_parse import parse_file
from tests.unit.converters.strategies import rows, schemas, texts

ANY = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
LOGICAL = (DATE_NAME, DECIMAL_NAME, TIME_NAME, TIMESTAMP_NAME)


@pytest.fixture(scope="module")
def converter() -> Iterator[ProtobufConverter]:
    """Nulls stay nulls with optional fields, as far as there are such."""
    with EmbeddedRegistry() as registry:
        made = ProtobufConverter()
        made.configure({"schema.registry.url": registry.url, "optional.for.nullables": "true"}, is_key=False)
        yield made
        made.close()


def expressible(schema: Schema, count: Iterator[int], *, element: bool = False) -> Schema:
    """The schema with each name once, without attributes that Protobuf has no place for.

    Elements of arrays, arrays and maps are never null, and elements are no arrays or maps.
    """
    if schema.name == TIME_NAME:  # midnight at the day's end becomes midnight
        schema = TIMESTAMP_SCHEMA.replace(optional=schema.optional)
    if schema.name in LOGICAL:
        return schema.replace(optional=schema.optional and not element)
    if element and schema.type in (Type.ARRAY, Type.MAP):
        return Schema(Type.INT64)
    own: dict[str, Any] = {"name": None, "version": None, "doc": None, "parameters": None}
    if schema.type is Type.STRUCT:
        own["name"] = f"n.N{next(count)}"
        own["fields"] = [Field(f"f{f.index}", f.index, expressible(f.schema, count)) for f in schema.fields]
    elif schema.type is Type.MAP:
        own["name"] = f"m{next(count)}"
        own["key_schema"] = expressible(schema.key_schema, count, element=True)
        own["value_schema"] = expressible(schema.value_schema, count, element=True)
    elif schema.type is Type.ARRAY:
        own["value_schema"] = expressible(schema.value_schema, count, element=True)
    if element or schema.type in (Type.ARRAY, Type.MAP):
        own["optional"] = False
    return schema.replace(**own)


@st.composite
def structs(draw: st.DrawFn) -> Schema:
    inner = draw(st.lists(schemas(2), max_size=4))
    count = iter(range(1000))
    fields = [Field(f"f{index}", index, expressible(schema, count)) for index, schema in enumerate(inner)]
    return Schema(Type.STRUCT, name="n.Row", fields=fields)


def within_range(value: Any) -> Any:
    """Protobuf has instants from the year 1 to 9999 only."""
    if isinstance(value, EpochMillis):
        return from_millis(0)
    if isinstance(value, Struct):
        return Struct(value.schema, list(map(within_range, value.values)))
    if isinstance(value, list):
        return list(map(within_range, value))
    if isinstance(value, dict):
        return make_map((within_range(key), within_range(item)) for key, item in value.items())
    return value


def plain(value: Any) -> Any:
    """Without the schemas of structs, which gain tags when they are read."""
    if hasattr(value, "values") and hasattr(value, "schema"):
        return ["struct", *map(plain, value.values)]
    if isinstance(value, list | tuple):
        return list(map(plain, value))
    if isinstance(value, dict):
        return [(plain(key), plain(item)) for key, item in value.items()]
    return value


@given(data=st.data())
@ANY
def test_any_row_comes_back(data: st.DataObject, converter: ProtobufConverter) -> None:
    schema = data.draw(structs())
    batch = data.draw(st.lists(rows(schema), min_size=1, max_size=4))
    batch = [tuple(map(within_range, row)) for row in batch]
    messages = converter.from_connect_batch("t", schema, batch)
    assert messages == [converter.from_connect_data("t", schema, to_value(schema, row)) for row in batch]
    ((read_schema, read_rows),) = converter.to_connect_batch("t", messages)
    assert read_schema is not None
    assert [field.schema.type for field in read_schema.fields] == [field.schema.type for field in schema.fields]
    assert deep_equals(plain(read_rows), plain(batch))


@given(schema=structs())
@ANY
def test_texts_of_schemas_are_read_as_they_are_written(schema: Schema) -> None:
    text = protobuf_file(schema, ProtobufOptions()).text()
    assert parse_file(text).text() == text


@given(message=st.binary(max_size=40), schema=structs())
@ANY
def test_garbage_is_refused_or_read_but_never_breaks_anything(
    message: bytes, schema: Schema, converter: ProtobufConverter
) -> None:
    head = converter.from_connect_batch("t", schema, [])
    assert head == []
    written = converter._new_writer("t", converter._subjects, schema).head()
    try:
        converter.to_connect_data("t", written + message)
    except ConnectException:
        return


@given(
    text=st.lists(st.sampled_from(["message", "R", "{", "}", "=", "1", ";", "int32", "oneof", "map", "<", ",", '"']))
)
@ANY
def test_any_text_is_a_schema_or_none(text: list[str]) -> None:
    try:
        Document(parse_file(" ".join(text))).descriptor()
    except SerializationException:
        return


@given(value=texts)
@ANY
def test_simple_values_come_back(value: str, converter: ProtobufConverter) -> None:
    schema = Schema(Type.STRING)
    assert converter.to_connect_data("s", converter.from_connect_data("s", schema, value)).value == value
