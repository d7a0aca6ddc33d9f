"""What holds for JSON with a schema of any kind."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft7Validator

from connect.api import ConnectException, DataException, Field, Schema, Type, to_value
from connect.api.equality import deep_equals
from connect.api.numbers import to_single
from connect.demo.registry import EmbeddedRegistry
from converters.json_schema import JsonSchemaConverter
from converters.json_schema_config import JsonSchemaOptions
from converters.json_schema_document import parse_document
from converters.json_schema_from_connect import json_schema, json_schema_text
from converters.json_schema_names import has_plain_keys
from converters.json_schema_read import message_reader
from converters.json_schema_to_connect import JsonSchemaMapping
from tests.unit.converters.strategies import rows, schemas, values

OPTIONS = JsonSchemaOptions()
ANY = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def converter() -> Iterator[JsonSchemaConverter]:
    with EmbeddedRegistry() as registry:
        made = JsonSchemaConverter()
        made.configure({"schema.registry.url": registry.url}, is_key=False)
        yield made
        made.close()


def as_read(schema: Schema | None) -> Schema | None:
    """A text key's annotations have no place in an object, and an empty name is none."""
    if schema is None:
        return None
    parts: dict[str, Any] = {}
    if schema.type is Type.STRUCT:
        parts["fields"] = [Field(f.name, f.index, as_read(f.schema)) for f in schema.fields]
    if schema.type is Type.MAP:
        parts["key_schema"] = Schema(Type.STRING) if has_plain_keys(schema) else as_read(schema.key_schema)
    if schema.type in (Type.ARRAY, Type.MAP):
        parts["value_schema"] = as_read(schema.value_schema)
    return schema.replace(**parts)


def is_exact(schema: Schema) -> bool:
    """Whether no name or parameter is one that means something."""
    return "io.confluent" not in repr(schema)


@given(data=st.data())
@ANY
def test_any_value_comes_back_with_its_schema(data: st.DataObject, converter: JsonSchemaConverter) -> None:
    schema = data.draw(schemas().filter(is_exact))
    value = data.draw(values(schema))
    message = converter.from_connect_data("t", schema, value)
    assert message is not None
    read_schema, read_value = converter.to_connect_data("t", message)
    if value is None:
        assert read_value is None
        return
    expected = as_read(schema)
    assert expected is not None
    assert read_schema is not None
    assert read_schema == expected.replace(version=read_schema.version)
    assert deep_equals(plain(read_value), plain(value))


def plain(value: Any) -> Any:
    """Without the schemas of structs, which :func:`as_read` compares."""
    if hasattr(value, "values") and hasattr(value, "schema"):
        return ["struct", *map(plain, value.values)]
    if isinstance(value, list):
        return list(map(plain, value))
    if isinstance(value, dict):
        return [(plain(key), plain(item)) for key, item in value.items()]
    return value


@given(data=st.data())
@ANY
def test_a_batch_is_written_and_read_as_its_records_are(data: st.DataObject, converter: JsonSchemaConverter) -> None:
    inner = data.draw(st.lists(schemas(1).filter(is_exact), max_size=4))
    schema = Schema(Type.STRUCT, name="Row", fields=[Field(f"f{i}", i, part) for i, part in enumerate(inner)])
    batch = data.draw(st.lists(rows(schema), min_size=1, max_size=5))
    messages = converter.from_connect_batch("t", schema, batch)
    assert messages == [converter.from_connect_data("t", schema, to_value(schema, row)) for row in batch]
    ((read_schema, read_rows),) = converter.to_connect_batch("t", messages)
    singles = [converter.to_connect_data("t", message).value for message in messages]
    assert deep_equals([to_value(read_schema, row) for row in read_rows], singles)


@given(data=st.data())
@ANY
def test_what_is_written_fits_the_schema_that_is_written(data: st.DataObject, converter: JsonSchemaConverter) -> None:
    """Judged by a JSON Schema validator of somebody else."""
    schema = data.draw(schemas().filter(is_exact))
    value = data.draw(values(schema))
    message = converter.from_connect_data("t", schema, value)
    assert message is not None
    Draft7Validator(json_schema(schema, OPTIONS)).validate(json.loads(message[5:]))


@given(text=st.binary(max_size=40), schema=schemas().filter(is_exact))
@ANY
def test_garbage_is_refused_or_read_but_never_breaks_anything(text: bytes, schema: Schema) -> None:
    document = parse_document(json_schema_text(json_schema(schema, OPTIONS)), ())
    read = message_reader(JsonSchemaMapping(OPTIONS).connect_schema(document, 1), 0)
    try:
        read(text)
    except ConnectException:
        return


_WORDS = ("type", "properties", "items", "oneOf", "anyOf", "allOf", "enum", "const", "$ref", "title", "connect.type")
_NODES = st.recursive(
    st.none() | st.booleans() | st.integers(0, 3) | st.sampled_from(["object", "array", "string", "null", "#", "map"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(_WORDS), inner, max_size=4),
    max_leaves=10,
)


@given(node=_NODES)
@ANY
def test_a_schema_of_any_shape_is_read_or_refused(node: Any) -> None:
    try:
        JsonSchemaMapping(OPTIONS).connect_schema(parse_document(json.dumps(node), ()), 1)
    except DataException:
        return


def test_single_precision_survives(converter: JsonSchemaConverter) -> None:
    schema = Schema(Type.FLOAT32)
    for number in (0.1, 1e-45, 3.4028234663852886e38, 16777217.0):
        exact = to_single(number)
        assert converter.to_connect_data("t", converter.from_connect_data("t", schema, exact)).value == exact
