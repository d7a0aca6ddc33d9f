"""Which schemas can read what others wrote, by the resolution rules of the Avro specification."""

from __future__ import annotations

import io
import json
from typing import Any

import fastavro
import pytest

from converters.avro_compat import incompatibilities
from converters.avro_schema import SchemaParseException, parse_schema, schema_text


def record(*fields: dict[str, Any], name: str = "R") -> dict[str, Any]:
    return {"type": "record", "name": name, "fields": list(fields)}


def field(kind: Any, name: str = "x", **more: Any) -> dict[str, Any]:
    return {"name": name, "type": kind, **more}


E2, E3 = ({"type": "enum", "name": "E", "symbols": symbols} for symbols in (["A", "B"], ["A", "B", "C"]))
TREE = record(field({"type": "array", "items": "R"}))


@pytest.mark.parametrize(
    ("reader", "writer", "reason"),
    [
        ("long", "int", None),
        ("double", "long", None),
        ("float", "int", None),
        ("bytes", "string", None),
        ("string", "bytes", None),
        ("int", "long", "the schema is int to the reader but was written as long"),
        (["null", "int"], "int", None),
        ("int", ["null", "int"], "the schema is int to the reader but was written as null"),
        (["null", "string"], "int", "which is not one of null, string"),
        (["null", "string"], ["string", "null"], None),
        (record(field("int", default=1)), record(), None),
        (record(field("int")), record(), "field 'x' has no default value"),
        (record(), record(field("int")), None),
        (record(field("int", aliases=["old"])), record(field("int", "old")), None),
        (record(field(record(field("int", "y"), name="S"))), record(field(record(name="S"))), "field 'x.y'"),
        (record(field({"type": "array", "items": "int"})), record(field({"type": "array", "items": "string"})), "x[]"),
        (record(name="A"), record(name="B"), "named A to the reader but B"),
        ({**record(name="A"), "aliases": ["B"]}, record(name="B"), None),
        (record(name="n.A"), record(name="A"), None),
        (E3, E2, None),
        (E2, E3, "lacks the symbols C"),
        ({**E2, "default": "A"}, E3, None),
        ({"type": "fixed", "name": "F", "size": 1}, {"type": "fixed", "name": "F", "size": 2}, "1 bytes"),
        ({"type": "map", "values": "long"}, {"type": "map", "values": "int"}, None),
        (TREE, TREE, None),
        (["null", record(field("int"))], record(field("string")), "field 'x' is int"),
    ],
)
def test_differences_are_found_and_named(reader: Any, writer: Any, reason: str | None) -> None:
    found = incompatibilities(parse_schema(json.dumps(reader)), parse_schema(json.dumps(writer)))
    assert bool(found) == (reason is not None), found
    assert reason is None or reason in found[0]


def test_what_is_called_compatible_can_be_read() -> None:
    writer = record(field("int"), field(["null", "string"], "y"))
    reader = record(field("double"), field(["null", "string"], "y"), field("int", "z", default=3))
    assert incompatibilities(*(parse_schema(json.dumps(schema)) for schema in (reader, writer))) == []
    data = io.BytesIO(bytes.fromhex("0a00"))
    assert fastavro.schemaless_reader(data, writer, reader) == {"x": 5.0, "y": None, "z": 3}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("int", "Cannot parse schema"),
        ("5", "No type"),
        ('{"type":"unknown"}', "Undefined schema: unknown"),
        ('{"type":"record","name":"R"}', "Record has no fields"),
        ('{"type":"record","fields":[]}', "No name in schema"),
        ('["int","int"]', "Duplicate in union:int"),
        ('["int",["string"]]', "Nested union"),
        ('{"type":"array"}', "Array has no items type"),
        ('{"type":"fixed","name":"F"}', "Invalid or no size"),
        ('{"type":"record","name":"R","fields":[{"name":"x"}]}', "A field needs a name and a type"),
        ('{"type":"record","name":"R","fields":[{"name":"x","type":"int"},{"name":"x","type":"int"}]}', "Duplicate"),
        ('[{"type":"fixed","name":"F","size":1},{"type":"fixed","name":"F","size":2}]', "Can't redefine: F"),
        ("[" * 100_000, "Cannot parse schema"),
    ],
)
def test_what_is_no_schema_is_refused(text: str, reason: str) -> None:
    with pytest.raises(SchemaParseException, match=reason):
        parse_schema(text)


@pytest.mark.parametrize(
    "text",
    [
        (
            '{"type":"record","name":"R","namespace":"a","doc":"d","fields":[{"name":"x","type":{"type":"enum","name":"E",'
            '"namespace":"","symbols":["A"],"default":"A"},"doc":"f","order":"ignore","aliases":["y"],"p":1.0},'
            '{"name":"z","type":["null","E"],"default":null}],"q":[true,null,{"n":"\\u0001"}],"aliases":["b.S"]}'
        ),
        '{"type":"map","values":{"type":"array","items":{"type":"fixed","name":"F","size":3}},"p":1.5E10}',
    ],
)
def test_a_schema_is_written_as_it_was_read(text: str) -> None:
    assert schema_text(parse_schema(text)) == text
