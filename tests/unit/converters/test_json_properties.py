"""What holds for JSON of any schema, value and text."""

from __future__ import annotations

import contextlib
import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connect.api import DataException, SerializationException, to_value
from connect.api.equality import deep_equals
from converters.json import JsonConverter
from converters.json_encode import schemaless_text
from converters.json_text import MISSING, parse_nodes, parse_values
from tests.unit.converters.strategies import rows, schemaless, schemas, struct_schemas, values


def converter(**settings: Any) -> JsonConverter:
    made = JsonConverter()
    made.configure({name.replace("_", "."): value for name, value in settings.items()}, is_key=False)
    return made


ENVELOPED = converter()
NUMERIC = converter(decimal_format="NUMERIC")
PLAIN = converter(schemas_enable=False)


@given(st.data())
def test_any_value_comes_back_with_its_schema(data: st.DataObject) -> None:
    schema = data.draw(schemas())
    value = data.draw(values(schema))
    for made in (ENVELOPED, NUMERIC):
        message = made.from_connect_data("t", schema, value)
        read_schema, read_value = made.to_connect_data("t", message)
        assert read_schema == schema
        assert deep_equals(read_value, value)


@given(st.data())
def test_a_batch_of_rows_is_written_and_read_as_its_records_are(data: st.DataObject) -> None:
    schema = data.draw(struct_schemas())
    batch = data.draw(st.lists(rows(schema), min_size=1, max_size=5))
    messages = ENVELOPED.from_connect_batch("t", schema, batch)
    assert messages == [ENVELOPED.from_connect_data("t", schema, to_value(schema, row)) for row in batch]
    ((read_schema, read_rows),) = ENVELOPED.to_connect_batch("t", messages)
    assert read_schema == schema
    assert deep_equals([list(row) for row in read_rows], [list(row) for row in batch])


@given(st.lists(schemaless(), min_size=1, max_size=6))
def test_a_schemaless_batch_is_written_as_its_values_are(batch: list[Any]) -> None:
    expected = [None if value is None else schemaless_text(value).encode() for value in batch]
    assert PLAIN.from_connect_batch("t", None, batch) == expected


@given(st.lists(schemaless(), min_size=1, max_size=6), st.booleans(), st.sampled_from([None, 1]))
def test_a_schemaless_batch_is_read_as_the_careful_parser_reads(
    batch: list[Any], ascii_only: bool, indent: int | None
) -> None:
    texts = [json.dumps(value, default=str, ensure_ascii=ascii_only, indent=indent) for value in batch]
    messages = [text.encode("utf-8", "surrogatepass") for text in texts]
    expected: list[Any] = []
    try:
        for message in messages:
            value = parse_values(message)
            expected.append(None if value is MISSING else value)
    except SerializationException:
        with pytest.raises(DataException):
            PLAIN.to_connect_batch("t", messages)
        return
    ((schema, read),) = PLAIN.to_connect_batch("t", messages)
    assert schema is None
    assert deep_equals(read, expected)


NUMBERS = st.from_regex(r"-?[0-9]{1,22}(\.[0-9]{1,20})?([eE][-+]?[0-9]{1,3})?", fullmatch=True)


@given(st.lists(NUMBERS, min_size=1, max_size=5))
def test_numbers_are_read_as_the_careful_parser_reads(numbers: list[str]) -> None:
    message = f'{{"a":[{",".join(numbers)}]}}'.encode()
    ((_, (read,)),) = PLAIN.to_connect_batch("t", [message])
    assert deep_equals(read, parse_values(message))


@given(st.sampled_from(["int8", "int16", "int32", "int64", "float", "double", "string", "boolean"]), NUMBERS)
def test_numbers_of_a_schema_are_exact(kind: str, number: str) -> None:
    """Rows go through the fast parser; text after the document sends a message to the careful one."""
    schema = f'{{"type":"struct","fields":[{{"type":"{kind}","optional":true,"field":"a"}}]}}'
    message = f'{{"schema":{schema},"payload":{{"a":{number}}}}}'.encode()
    fast, careful = (ENVELOPED.to_connect_data("t", text) for text in (message, message + b" x"))
    assert deep_equals(fast.value, careful.value)


PIECES = r"""{"schema": | "payload": | {"type":"int8"} | {"type":"string"} | { | } | [ | ] | , | : | "a" | "b":2
 | 1 | -0.0 | 1e5 | 01 | " | \ | \ud83d | true | null | NaN | é"""
JSON_LIKE = st.lists(st.sampled_from([*map(str.strip, PIECES.split("|")), " ", "\n", "\0", "\ufeff"]), max_size=12).map(
    lambda pieces: "".join(pieces).encode()
)


@given(st.binary(max_size=40) | JSON_LIKE)
def test_any_bytes_are_read_or_refused_with_a_data_exception(data: bytes) -> None:
    for made in (ENVELOPED, PLAIN):
        try:
            single = made.to_connect_data("t", data)
        except DataException as error:
            with pytest.raises(DataException, match=re.escape(str(error))):
                made.to_connect_batch("t", [data, data])
            continue
        read = [to_value(schema, value) for schema, run in made.to_connect_batch("t", [data, data]) for value in run]
        assert deep_equals(read, [single.value, single.value])


@given(JSON_LIKE)
def test_the_careful_parser_takes_what_the_standard_library_takes(data: bytes) -> None:
    try:
        expected = json.loads(data.decode(), parse_constant=_refuse)
    except ValueError:
        return
    assert json.loads(json.dumps(parse_nodes(data), default=float)) == expected


def _refuse(constant: str) -> None:
    raise ValueError(constant)


@given(st.binary(max_size=12))
def test_any_schema_content_is_taken_or_refused_with_an_error_of_ours(content: bytes) -> None:
    with contextlib.suppress(DataException):
        converter(schema_content=content.decode("latin-1"))
