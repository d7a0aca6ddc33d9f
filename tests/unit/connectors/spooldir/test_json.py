"""JSON files: documents in any layout, types, what is bad, and where reading continues."""

from __future__ import annotations

import io
import json
import random
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from connect.api import DataException
from connectors.spooldir.block import Block
from connectors.spooldir.json_documents import NodeDocuments, TextDocuments, shortest_decimal
from connectors.spooldir.json_reader import MAX_DOCUMENT, Documents, JsonReader
from connectors.spooldir.json_source import SpoolDirJsonSourceConnector, SpoolDirSchemaLessJsonSourceConnector
from connectors.spooldir.text_input import TextInput
from tests.unit.connectors.source_context import FakeSourceContext, batches
from tests.unit.connectors.spooldir.spool import Spool, rows, rows_and_offsets, schema_json

KEY = schema_json("K", id={"type": "INT64", "isOptional": True})
NESTED = {
    "id": "INT64",
    "name": "STRING",
    "price": {"type": "BYTES", "name": "org.apache.kafka.connect.data.Decimal", "parameters": {"scale": "2"}},
    "at": {"type": "INT64", "name": "org.apache.kafka.connect.data.Timestamp", "isOptional": True},
    "day": {"type": "INT32", "name": "org.apache.kafka.connect.data.Date", "isOptional": True},
    "single": "FLOAT32",
    "double": "FLOAT64",
    "flag": "BOOLEAN",
    "small": "INT8",
    "list": {"type": "ARRAY", "isOptional": True, "valueSchema": {"type": "INT32", "isOptional": True}},
    "map": {
        "type": "MAP",
        "isOptional": True,
        "keySchema": {"type": "STRING"},
        "valueSchema": {"type": "INT32", "isOptional": True},
    },
    "inner": {"type": "STRUCT", "isOptional": True, "fieldSchemas": {"a": {"type": "FLOAT64", "isOptional": True}}},
}
NESTED["price"]["isOptional"] = True  # type: ignore[index]


def json_spool(root: Path, **fields: Any) -> Spool:
    value = schema_json("V", **(fields or {"id": "INT64", "name": "STRING"}))
    return Spool(root, SpoolDirJsonSourceConnector, value_schema=value, key_schema=KEY)


def read_all(text: str, portion: int, documents: Documents | None = None) -> list[Block]:
    stream = io.BytesIO(text.encode())
    reader = JsonReader(stream, TextInput(stream, "utf-8", portion), documents or NodeDocuments())
    blocks = list(iter(reader.read, None))
    return [*blocks, last] if (last := reader.finish()) else blocks


def values_of(blocks: list[Block]) -> list[Any]:
    return [value for block in blocks for value in block.values]


@pytest.mark.parametrize("portion", [1, 2, 7, 64, 4096])
@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("separator", ["\n", "\r\n", "", " ", "\n\n"])
def test_layout_makes_no_difference(separator: str, indent: int | None, portion: int) -> None:
    documents = [{"i": i, "t": '}{\n"\\é😀', "l": [[], {}, -1.5, None, True]} for i in range(20)]
    text = separator.join(
        json.dumps(document, indent=indent, ensure_ascii=i % 2 == 0) for i, document in enumerate(documents)
    )
    blocks = read_all(text, portion)
    assert values_of(blocks) == documents
    assert not any(block.bad for block in blocks)
    assert [offset for block in blocks for offset in block.offsets] == list(range(20))


@pytest.mark.parametrize("portion", [1, 3, 1000])
def test_numbers_are_not_cut(portion: int) -> None:
    assert values_of(read_all("12345 -7 1.25\ntrue null 123456789", portion)) == [
        12345, -7, Decimal("1.25"), True, None, 123456789,
    ]  # fmt: skip


@pytest.mark.parametrize("portion", [1, 5, 30, 1000])
def test_text_that_is_no_json_is_reported_and_left_behind(portion: int) -> None:
    text = '{"a":1}\n{"a":oops}\n{"a":2}\nnoise\nmore noise\n{"a":3} {"a":\n{"a":4}\n{"a":'
    blocks = read_all(text, portion)
    assert values_of(blocks) == [{"a": 1}, {"a": 2}, {"a": 3}, {"a": 4}]
    assert [bad.line for block in blocks for bad in block.bad] == [2, 4, 6, 8]


def test_random_damage_never_loses_whole_lines() -> None:
    rng = random.Random(7)
    for _ in range(200):
        lines = [json.dumps({"i": i, "x": "y" * rng.randrange(30)}) for i in range(30)]
        damaged = rng.sample(range(30), 3)
        for i in damaged:
            lines[i] = lines[i][: rng.randrange(1, len(lines[i]) - 1)]
        found = values_of(read_all("\n".join(lines), rng.choice([1, 16, 100, 10_000])))
        assert [node["i"] for node in found] == [i for i in range(30) if i not in damaged]


def test_a_document_without_end_does_not_fill_the_memory() -> None:
    with pytest.raises(DataException, match="longer than"):
        read_all('{"a":"' + "x" * (MAX_DOCUMENT + (1 << 20)), 1 << 20)


def test_typed_values(tmp_path: Path) -> None:
    spool = json_spool(tmp_path, **NESTED)
    spool.write(
        "a.jsonl",
        '{"id":1,"name":"x","price":1.5,"at":1600000000123,"day":"2024-01-02T00:00:00","single":0.1,"double":2,'
        '"flag":true,"small":-128,"list":[1,null],"map":{"k":3},"inner":{"a":0.5,"b":9},"other":{}}\n{}\n',
    )
    first, second = rows(spool.task())
    inner = first[-1]
    assert first[:-1] == (
        1,
        "x",
        Decimal("1.50"),
        datetime(2020, 9, 13, 12, 26, 40, 123000, tzinfo=UTC),
        datetime(2024, 1, 2, tzinfo=UTC),
        0.10000000149011612,
        2.0,
        True,
        -128,
        [1, None],
        {"k": 3},
    )
    assert inner.get("a") == 0.5
    assert second == (None,) * len(NESTED)


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ('{"small":128}', "Could not parse '128' to Byte"),
        ('{"id":1.9}', "Could not parse '1.9' to Long"),
        ('{"id":9223372036854775808}', "Could not parse '9223372036854775808' to Long"),
        ('{"flag":"yes"}', "Could not parse 'yes' to Boolean"),
        ('{"at":"soon"}', "Could not parse 'soon' to Date"),
        ('{"price":1.005}', "Could not parse '1.005' to BigDecimal"),
        ('{"list":{}}', "Could not parse '{}' to List"),
        ('{"map":[]}', "Could not parse '[]' to Map"),
        ('{"inner":5}', "Could not parse '5' to Struct"),
        ('{"double":"x"}', "Could not parse 'x' to Double"),
    ],
)
def test_values_that_do_not_fit_are_bad_and_the_others_arrive(tmp_path: Path, document: str, reason: str) -> None:
    spool = json_spool(tmp_path, **NESTED)
    spool.write("a.jsonl", f'{{"id":1}}\n{document}\n{{"id":3}}\n')
    context = FakeSourceContext()
    assert [row[0] for row in rows(spool.task(context))] == [1, 3]
    [errant] = context.errants
    assert errant.where.endswith("a.jsonl line 2")
    assert errant.raw == document.encode()
    assert "linenumber=1" in str(errant.error)
    assert str(errant.error.__cause__) == reason


def test_the_original_changes_values_silently(tmp_path: Path) -> None:
    spool = json_spool(tmp_path, a="INT32", b="BOOLEAN", c="STRING")
    spool.write("a.json", '{"a":4294967297,"b":"yes","c":5}{"a":1.9}')
    assert rows(spool.task(parser_lenient="true")) == [(1, False, None), (1, None, None)]


def test_a_text_field_takes_any_node_as_text(tmp_path: Path) -> None:
    spool = json_spool(tmp_path, a="STRING")
    spool.write("a.jsonl", '{"a":5}\n{"a":1.50}\n{"a":true}\n{"a":[1,{"b":2.50}]}\n{"a":"x"}\n')
    assert rows(spool.task()) == [("5",), ("1.50",), ("true",), ('[1,{"b":2.50}]',), ("x",)]


def test_keys_are_taken_from_the_value(tmp_path: Path) -> None:
    key = schema_json("K", name="STRING", id="INT64")
    spool = json_spool(tmp_path)
    spool.write("a.json", '{"id":1,"name":"x"}')
    [batch] = batches(spool.task(key_schema=key))
    assert batch.keys == [("x", 1)]


def test_reading_continues_behind_the_stored_document(tmp_path: Path) -> None:
    spool = json_spool(tmp_path)
    spool.write("a.json", "".join(f'{{"id":{i}}}\n' for i in range(10)))
    [*_, (_, offset)] = rows_and_offsets(spool.task())[:4]
    (tmp_path / "finished/a.json").unlink(missing_ok=True)
    spool.write("a.json", "".join(f'{{"id":{i}}}\n' for i in range(10)))
    context = FakeSourceContext([({"fileName": "a.json"}, offset)])
    assert [row[0] for row in rows(spool.task(context))] == [4, 5, 6, 7, 8, 9]


def test_an_original_offset_repeats_its_document(tmp_path: Path) -> None:
    spool = json_spool(tmp_path)
    spool.write("a.json", '{"id":0}{"id":1}{"id":2}')
    context = FakeSourceContext([({"fileName": "a.json"}, {"offset": 1})])
    assert [row[0] for row in rows(spool.task(context))] == [1, 2]


def test_generated_schemas_need_an_object(tmp_path: Path) -> None:
    spool = Spool(tmp_path, SpoolDirJsonSourceConnector, schema_generation_enabled="true")
    spool.write("a.json", "[1]")
    with pytest.raises(DataException, match="doesn't begin with a JSON object"):
        spool.task()


def test_generated_schemas_name_the_members_of_the_first_object(tmp_path: Path) -> None:
    spool = Spool(tmp_path, SpoolDirJsonSourceConnector, schema_generation_enabled="true")
    spool.write("a.json", '{"a":1,"b-c":"x"}\n{"d":1}')
    task = spool.task()
    assert [field.name for field in task.value_schema.fields] == ["a", "b-c"]
    assert rows(task) == [("1", "x"), (None, None)]


def test_documents_as_text(tmp_path: Path) -> None:
    spool = Spool(tmp_path, SpoolDirSchemaLessJsonSourceConnector, file_charset="latin-1")
    spool.write("a.json", '{"a": 1.50, "b": "\xe9"}\n[ 1e3, -0.0, 123456789012345678901234567890 ]\n'.encode("latin-1"))
    [batch] = batches(spool.task())
    assert batch.values == ['{"a":1.5,"b":"é"}', "[1E+3,0,123456789012345678901234567890]"]


def test_texts_one_by_one_equal_texts_at_once() -> None:
    text = '{"a":1.50,"b":[1e3,"é\\u00e9\\n\\/"]}\n'
    fast = values_of(read_all(text, 100, TextDocuments()))
    slow = values_of(read_all(text + "oops", 100, TextDocuments()))
    assert slow == fast == ['{"a":1.5,"b":[1E+3,"éé\\n/"]}']


def test_shortest_decimal() -> None:
    assert [str(shortest_decimal(text)) for text in ("1.50", "100.0", "-0.0", "1e-9")] == ["1.5", "1E+2", "0", "1E-9"]
