"""Inferred types: what is recognised, what stays text, and what happens to values that come later and don't fit."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from connect.api import ConnectException, Schema
from connectors.spooldir.csv_source import SpoolDirCsvSourceConnector
from connectors.spooldir.inference import Inference, types_of
from connectors.spooldir.json_source import SpoolDirJsonSourceConnector
from tests.unit.connectors.source_context import FakeSourceContext, batches
from tests.unit.connectors.spooldir.spool import Spool, rows

FORMATS = ("yyyy-MM-dd'T'HH:mm:ss", "yyyy-MM-dd' 'HH:mm:ss", "dd.MM.yyyy")


def short(schema: Schema) -> str:
    return (schema.name or schema.type.name).rpartition(".")[2]


def found(*values: Any, of_texts: bool = True) -> str:
    """The type of a column, by its values."""
    inference = Inference(FORMATS, ZoneInfo("UTC"), of_texts=of_texts)
    [(_, schema)] = types_of([{"c": [value]} for value in values], inference).fields
    assert schema.optional
    return short(schema)


@pytest.mark.parametrize(
    ("texts", "type"),
    [
        (["1", "-2", "0", None], "INT64"),
        (["9223372036854775807"], "INT64"),
        (["9223372036854775808"], "STRING"),
        (["1", "2.5"], "FLOAT64"),
        (["1e5", "-0.25"], "FLOAT64"),
        (["0.1234567890123456"], "FLOAT64"),
        (["0.12345678901234567890"], "STRING"),
        (["1.5", "12345678901234567"], "STRING"),
        (["007", "1"], "STRING"),
        (["+1"], "STRING"),
        (["1", "x"], "STRING"),
        (["NaN", "1.5"], "STRING"),
        (["true", "FALSE"], "BOOLEAN"),
        (["true", "1"], "STRING"),
        (["2024-01-31", "1999-12-01"], "Date"),
        (["31.01.2024"], "Date"),
        (["2024-02-30"], "STRING"),
        (["2024-01-31", "31.01.2024"], "STRING"),
        (["2024-01-31 10:00:00"], "Timestamp"),
        (["2024-01-31 25:00:00"], "STRING"),
        (["2024-01-31T10:00:00.123Z", "2024-01-31T10:00:00.123+02:00"], "Timestamp"),
        (["2024-01-31T10:00:00.123456"], "STRING"),
        (["2024-01-31T10:00:00 or so"], "STRING"),
        (["2024-01-31 10:00"], "Timestamp"),
        ([None, None], "STRING"),
        (["", "1"], "STRING"),
    ],
)
def test_types_of_texts(texts: list[Any], type: str) -> None:
    assert found(*texts) == type
    assert found(*reversed(texts)) == type


@pytest.mark.parametrize(
    ("nodes", "type"),
    [
        ([1, None, -5], "INT64"),
        ([1, Decimal("1.5")], "FLOAT64"),
        ([2**63], "STRING"),
        ([True, False], "BOOLEAN"),
        ([True, 1], "STRING"),
        (["1"], "STRING"),
        (["2024-01-31"], "Date"),
        ([[1], {"a": 1}], "STRING"),
        ([1, [1]], "STRING"),
    ],
)
def test_types_of_json_nodes(nodes: list[Any], type: str) -> None:
    assert found(*nodes, of_texts=False) == type


def csv_spool(root: Path, **config: str) -> Spool:
    return Spool(
        root,
        SpoolDirCsvSourceConnector,
        csv_first_row_as_header="true",
        csv_null_field_indicator="EMPTY_SEPARATORS",
        schema_generation_enabled="true",
        schema_generation_types="INFER",
        **config,
    )


def test_csv_with_inferred_types(tmp_path: Path) -> None:
    spool = csv_spool(tmp_path, schema_generation_key_fields="id")
    spool.write(
        "a.csv", "id,zip,price,day,at,ok,name\n1,01234,2,2024-01-31,2024-01-31T10:00:00.5Z,true,x\n2,9,1.5,,,,\n"
    )
    spool.write("b.csv", "id,zip,price,day,at,ok,name\n3,9,1,2024-02-01,2024-01-31T10:00:00.500Z,false,\n")
    task = spool.task()
    assert [short(field.schema) for field in task.value_schema.fields] == [
        *("INT64", "STRING", "FLOAT64", "Date", "STRING", "BOOLEAN", "STRING"),
    ]
    made = rows(task)
    day = dt.datetime(2024, 1, 31, tzinfo=dt.UTC)
    assert made[0] == (1, "01234", 2.0, day, "2024-01-31T10:00:00.5Z", True, "x")
    assert made[1] == (2, "9", 1.5, None, None, None, None)
    assert len(made) == 3
    assert short(task.key_schema.fields[0].schema) == "INT64"


def test_dates_are_read_in_the_format_that_was_recognised(tmp_path: Path) -> None:
    spool = csv_spool(tmp_path)
    spool.write("a.csv", "at\n2024-01-31T10:00:00.250+01:00\n2024-01-31T10:00:00.000Z\n")
    assert rows(spool.task()) == [
        (dt.datetime(2024, 1, 31, 9, 0, 0, 250_000, tzinfo=dt.UTC),),
        (dt.datetime(2024, 1, 31, 10, tzinfo=dt.UTC),),
    ]


def test_a_value_behind_the_sample_makes_its_row_bad(tmp_path: Path) -> None:
    spool = csv_spool(tmp_path, schema_generation_sample_rows="2")
    spool.write("a.csv", "n,d\n1,2024-01-01\n2,2024-01-02\nthree,2024-01-03\n4,2024-01-04 and more\n5,2024-01-05\n")
    context = FakeSourceContext()
    assert [row[0] for row in rows(spool.task(context))] == [1, 2, 5]
    assert [errant.where.rpartition(" ")[2] for errant in context.errants] == ["4", "5"]
    assert "parsing data for 'n'" in str(context.errants[0].error)


def test_a_value_behind_the_sample_makes_the_column_text_in_its_file(tmp_path: Path) -> None:
    spool = csv_spool(tmp_path, schema_generation_sample_rows="1", schema_generation_misfit="FILE")
    spool.write("a.csv", "n,d\n1,2024-01-01\n007,2024-01-02\nthree,2024-01-03\n")
    spool.write("b.csv", "n,d\n5,2024-01-05\n")
    made = [(short(batch.value_schema.fields[0].schema), batch.values) for batch in batches(spool.task())]  # type: ignore[union-attr]
    assert [(name, [row[0] for row in values]) for name, values in made] == [
        ("STRING", ["1", "007", "three"]),
        ("INT64", [5]),
    ]


def json_spool(root: Path, **config: str) -> Spool:
    return Spool(
        root,
        SpoolDirJsonSourceConnector,
        schema_generation_enabled="true",
        schema_generation_types="INFER",
        **config,
    )


def test_json_with_inferred_types(tmp_path: Path) -> None:
    spool = json_spool(tmp_path)
    spool.write("a.json", '{"a":1,"b":"2024-01-31"}\n{"a":2.5,"c":[1]}\n[1]\n{"d":true}\n')
    context = FakeSourceContext()
    task = spool.task(context)
    assert [short(field.schema) for field in task.value_schema.fields] == ["FLOAT64", "Date", "STRING", "BOOLEAN"]
    day = dt.datetime(2024, 1, 31, tzinfo=dt.UTC)
    assert rows(task) == [(1.0, day, None, None), (2.5, None, "[1]", None), (None, None, None, True)]
    assert len(context.errants) == 1


def test_json_columns_that_do_not_fit_are_text_in_their_file(tmp_path: Path) -> None:
    spool = json_spool(tmp_path, schema_generation_sample_rows="1", schema_generation_misfit="FILE")
    spool.write("a.json", '{"a":1}\n{"a":"x"}\n')
    assert rows(spool.task()) == [("1",), ("x",)]


def test_the_timestamp_field_is_required(tmp_path: Path) -> None:
    spool = csv_spool(tmp_path, timestamp_mode="FIELD", timestamp_field="at")
    spool.write("a.csv", "at\n2024-01-31T10:00:00\n")
    [batch] = batches(spool.task())
    assert batch.timestamps == [1706695200000]


def test_without_files_there_are_no_types(tmp_path: Path) -> None:
    with pytest.raises(ConnectException, match="Could not find any input file"):
        csv_spool(tmp_path).task()
