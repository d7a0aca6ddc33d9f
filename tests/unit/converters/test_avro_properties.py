"""What holds for Avro data of any schema and value."""

from __future__ import annotations

import io
import json
import math
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import fastavro
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from connect.api import ConnectException, DataException, Field, Schema, Struct, Type, decimal_schema, to_value
from connect.api.equality import deep_equals
from connect.api.maps import make_map
from connect.demo.registry import EmbeddedRegistry
from converters.avro import AvroConverter
from converters.avro_decode import MALFORMED, compile_decoder
from converters.avro_encode import EncoderCompiler
from converters.avro_from_connect import avro_schema
from converters.avro_names import DataOptions
from converters.avro_schema import parse_schema, schema_text
from tests.unit.converters.avro_setup import new_converter
from tests.unit.converters.registry_setup import allow_everything
from tests.unit.converters.strategies import rows, schemaless, schemas, values

OPTIONS = DataOptions()


@pytest.fixture(scope="module")
def registry() -> Iterator[EmbeddedRegistry]:
    with EmbeddedRegistry() as running:
        allow_everything(running)
        yield running


@pytest.fixture(scope="module")
def converter(registry: EmbeddedRegistry) -> Iterator[AvroConverter]:
    made = new_converter(registry)
    yield made
    made.close()


ANY = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


def renamed(schema: Schema, count: Iterator[int]) -> Schema:
    """The schema with names that Avro allows, each once, and parameters that mean nothing."""
    parts: dict[str, Any] = {}
    is_logical = (schema.name or "").startswith("org.apache.kafka.connect.data.")
    if schema.name is not None and not is_logical:
        parts["name"] = f"n.N{next(count)}"
    if schema.version is not None and schema.version < 0:
        parts["version"] = None
    if not is_logical:
        parts["parameters"] = {f"p{index}": text for index, text in enumerate((schema.parameters or {}).values())}
    if schema.type is Type.STRUCT:
        parts["fields"] = [Field(f"f{f.index}", f.index, renamed(f.schema, count)) for f in schema.fields]
    if schema.type is Type.MAP:
        parts["key_schema"] = renamed(schema.key_schema, count)
        if not is_plain_text(parts["key_schema"]):
            parts["name"] = f"n.N{next(count)}"  # two maps of entries without a name would be one record to Avro
    if schema.type in (Type.ARRAY, Type.MAP):
        parts["value_schema"] = renamed(schema.value_schema, count)
    return schema.replace(**parts)


def is_plain_text(schema: Schema) -> bool:
    return schema.type is Type.STRING and not schema.optional


@st.composite
def avro_schemas(draw: st.DrawFn) -> Schema:
    return renamed(draw(schemas()), iter(range(1000)))


def without_own_name(schema: Schema | None) -> Schema | None:
    """Entries give their name to the record, not back to the map; a text key's annotations have no place in a map."""
    if schema is None:
        return None
    parts: dict[str, Any] = {}
    if schema.type is Type.STRUCT:
        parts["fields"] = [Field(f.name, f.index, without_own_name(f.schema)) for f in schema.fields]
    if schema.type is Type.MAP:
        plain = is_plain_text(schema.key_schema)
        parts["key_schema"] = Schema(Type.STRING) if plain else without_own_name(schema.key_schema)
    if schema.type in (Type.ARRAY, Type.MAP):
        parts["value_schema"] = without_own_name(schema.value_schema)
    return schema.replace(**parts)


def reshaped(value: Any, schema: Schema | None) -> Any:
    """The value with the schemas of its structs replaced by those that are read."""
    if value is None or schema is None or schema.type.is_primitive:
        return value
    if schema.type is Type.STRUCT:
        pairs = zip(value.values, schema.fields, strict=True)
        return Struct(schema, [reshaped(item, field.schema) for item, field in pairs])
    if schema.type is Type.ARRAY:
        return [reshaped(item, schema.value_schema) for item in value]
    return make_map(
        (reshaped(key, schema.key_schema), reshaped(item, schema.value_schema)) for key, item in value.items()
    )


@given(data=st.data())
@ANY
def test_any_value_comes_back_with_its_schema(data: st.DataObject, converter: AvroConverter) -> None:
    schema = data.draw(avro_schemas())
    value = data.draw(values(schema))
    message = converter.from_connect_data("t", schema, value)
    read_schema, read_value = converter.to_connect_data("t", message)
    if value is None:
        assert (message, read_schema, read_value) == (None, None, None)
        return
    assert read_schema is not None
    expected = without_own_name(schema)
    assert expected is not None
    assert read_schema == expected.replace(version=read_schema.version)
    assert schema.version in (None, read_schema.version)
    assert deep_equals(read_value, reshaped(value, read_schema))


@given(data=st.data())
@ANY
def test_a_batch_is_written_and_read_as_its_records_are(data: st.DataObject, converter: AvroConverter) -> None:
    inner = data.draw(st.lists(schemas(1), max_size=4))
    fields = [Field(f"f{index}", index, schema) for index, schema in enumerate(inner)]
    schema = renamed(Schema(Type.STRUCT, name="Row", fields=fields), iter(range(1000)))
    batch = data.draw(st.lists(rows(schema), min_size=1, max_size=5))
    messages = converter.from_connect_batch("t", schema, batch)
    assert messages == [converter.from_connect_data("t", schema, to_value(schema, row)) for row in batch]
    ((read_schema, read_rows),) = converter.to_connect_batch("t", messages)
    singles = [converter.to_connect_data("t", message) for message in messages]
    assert {id(single.schema) for single in singles} == {id(read_schema)}
    assert deep_equals([to_value(read_schema, row) for row in read_rows], [single.value for single in singles])


@given(data=st.data())
@ANY
def test_fastavro_reads_what_is_written_and_writes_what_can_be_read(data: st.DataObject) -> None:
    schema = data.draw(avro_schemas().filter(lambda drawn: drawn.type is not Type.BYTES or drawn.optional))
    value = data.draw(values(schema))
    assume(value is not None)
    avro = avro_schema(schema, OPTIONS)
    encoded = EncoderCompiler(OPTIONS).encoder(schema, avro)([value])[0]
    foreign = fastavro.parse_schema(without_logical_types(json.loads(schema_text(avro))))
    generic = fastavro.schemaless_reader(io.BytesIO(encoded), foreign, None)
    out = io.BytesIO()
    fastavro.schemaless_writer(out, foreign, generic)
    decode = compile_decoder(parse_schema(schema_text(avro)), schema)
    assert deep_equals(to_value(schema, decode(bytes(5) + out.getvalue())), value)


def without_logical_types(node: Any) -> Any:
    if isinstance(node, list):
        return [without_logical_types(item) for item in node]
    if isinstance(node, dict):
        return {key: without_logical_types(item) for key, item in node.items() if key != "logicalType"}
    return node


def is_representable(value: Any) -> bool:
    """Whether schemaless data has no bytes in it, which have no place there."""
    if isinstance(value, bytes):
        return False
    if isinstance(value, list):
        return all(map(is_representable, value))
    return not isinstance(value, dict) or all(map(is_representable, value.values()))


@given(value=schemaless())
@ANY
def test_schemaless_data_comes_back(value: Any, converter: AvroConverter) -> None:
    assume(is_representable(value) and "\\ud" not in json.dumps(value, default=str))
    message = converter.from_connect_data("t", None, value)
    schema, read = converter.to_connect_data("t", message)
    assert schema is None
    assert deep_equals(read, value) or (isinstance(value, float) and math.isnan(value) and math.isnan(read))


@given(message=st.binary(max_size=40), schema=avro_schemas())
@ANY
def test_garbage_is_refused_or_read_but_never_breaks_anything(message: bytes, schema: Schema) -> None:
    avro = parse_schema(schema_text(avro_schema(schema, OPTIONS)))
    try:
        compile_decoder(avro, schema)(bytes(5) + message)
    except (*MALFORMED, ConnectException):
        return


@given(message=st.binary(max_size=40))
@ANY
def test_garbage_as_a_message_is_a_data_error(message: bytes, converter: AvroConverter) -> None:
    assume(len(message) < 5 or message[0] != 0)
    with pytest.raises(DataException, match="Failed to deserialize data for topic t to Avro:"):
        converter.to_connect_data("t", message)


def test_decimals_of_any_size_keep_their_digits(converter: AvroConverter) -> None:
    schema = decimal_schema(3)
    for text in ("0.000", "-0.001", "123456789012345678901234567890.123", "-127.999", "0.128"):
        message = converter.from_connect_data("t", schema, Decimal(text))
        assert converter.to_connect_data("t", message).value == Decimal(text)
