"""The export sink: formats, rotation, what survives a crash, what can't be written."""

from __future__ import annotations

import datetime as dt
import gzip
import json
import sys
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pyarrow import parquet

from connect.api import (
    ConfigException,
    ConnectException,
    DataException,
    RecordBatch,
    SinkOrigin,
    Struct,
    TimestampType,
    TopicPartition,
)
from connect.api.logical import DATE_NAME, TIME_NAME, TIMESTAMP_SCHEMA, decimal_schema
from connect.api.schema import (
    BYTES_SCHEMA,
    FLOAT32_SCHEMA,
    INT64_SCHEMA,
    OPTIONAL_STRING_SCHEMA,
    STRING_SCHEMA,
    Field,
    Schema,
    Type,
)
from connectors.file import export_parquet
from connectors.file.export import FileExportSinkConnector, FileExportSinkTask

PARTITION = TopicPartition("t", 0)
STRUCT = Schema(Type.STRUCT, fields=[Field("id", 0, INT64_SCHEMA), Field("name", 1, OPTIONAL_STRING_SCHEMA)])
NOON = dt.datetime(2024, 5, 6, 12, 30, tzinfo=dt.UTC)


class Reporter:
    def __init__(self) -> None:
        self.reported: list[int] = []

    def report_position(self, batch: RecordBatch, index: int, error: BaseException) -> None:
        assert isinstance(batch.origin, SinkOrigin)
        self.reported.append(batch.origin.offsets[batch.positions[index]])


class Context:
    def __init__(self, reporter: Reporter | None = None) -> None:
        self.errant_record_reporter = reporter
        self.commits_requested = 0

    def request_commit(self) -> None:
        self.commits_requested += 1


def batch(values: Sequence[Any], schema: Schema | None = None, *, first: int = 0) -> RecordBatch:
    size = len(values)
    offsets = range(first, first + size)
    origin = SinkOrigin("t", 0, offsets, TimestampType.CREATE_TIME, [None] * size, [None] * size)
    return RecordBatch("renamed", list(values), schema, origin=origin)


def started(folder: Path, reporter: Reporter | None = None, **config: str) -> FileExportSinkTask:
    given = {"path": str(folder), **{key.replace("_", "."): value for key, value in config.items()}}
    connector = FileExportSinkConnector()
    connector.start(given)
    task = FileExportSinkTask()
    task.initialize(Context(reporter))  # type: ignore[arg-type]
    task.start(connector.task_configs(1)[0])
    task.open([PARTITION])
    return task


def files(folder: Path) -> dict[str, str]:
    """The finished files: their offsets, and their text."""
    found = {}
    for path in sorted(folder.glob("[!.]*")):
        data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        first, _, rest = path.name.removeprefix("t+0+").partition("-")
        found[f"{int(first)}-{int(rest.partition('.')[0])}{'.' + rest.partition('.')[2]}"] = data.decode()
    return found


def rows(size: int, first: int = 0) -> list[tuple[int, str]]:
    return [(first + number, f"n{first + number}") for number in range(size)]


def test_json_lines(tmp_path: Path) -> None:
    date, time = (Schema(Type.INT32, name=name, version=1) for name in (DATE_NAME, TIME_NAME))
    inner = Schema(Type.STRUCT, fields=[Field("day", 0, date)])
    schema = Schema(
        Type.STRUCT,
        fields=[
            Field(name, index, part)
            for index, (name, part) in enumerate(
                {
                    "at": TIMESTAMP_SCHEMA,
                    "day": date,
                    "time": time,
                    "price": decimal_schema(2),
                    "raw": BYTES_SCHEMA,
                    "single": FLOAT32_SCHEMA,
                    "days": Schema(Type.ARRAY, value_schema=date),
                    "map": Schema(Type.MAP, key_schema=INT64_SCHEMA, value_schema=inner),
                    "inner": inner,
                }.items()
            )
        ],
    )
    struct = Struct(inner, [NOON])
    row = (NOON, NOON, NOON, Decimal("1.50"), b"ab", 0.10000000149011612, [NOON, None], {1: struct}, struct)
    task = started(tmp_path, rotate_records="1")
    task.put_batch([batch([row], schema)])
    [text] = files(tmp_path).values()
    assert text == (
        '{"at":"2024-05-06T12:30:00Z","day":"2024-05-06","time":"12:30:00","price":1.50,"raw":"YWI=","single":0.1,'
        '"days":["2024-05-06",null],"map":{"1":{"day":"2024-05-06"}},"inner":{"day":"2024-05-06"}}\n'
    )


def test_values_without_schema(tmp_path: Path) -> None:
    task = started(tmp_path, rotate_records="4")
    task.put_batch([batch([{"a": 1, 2: None}, [1.5, "é"], "text", 7])])
    assert files(tmp_path) == {"0-3.jsonl": '{"a":1,"2":null}\n[1.5,"é"]\n"text"\n7\n'}


def test_csv(tmp_path: Path) -> None:
    task = started(tmp_path, format="CSV", csv_separator=";", rotate_records="3")
    task.put_batch([batch([(1, 'a"b'), (2, None), (3, "x;y")], STRUCT)])
    assert files(tmp_path) == {"0-2.csv": 'id;name\n1;"a""b"\n2;\n3;"x;y"\n'}


def test_csv_of_maps_begins_a_file_when_their_keys_change(tmp_path: Path) -> None:
    task = started(tmp_path, format="CSV", rotate_records="2")
    task.put_batch([batch([{"a": 1, "b": [1, 2]}, {"a": True}, {"a": 2}, {"a": None}])])
    assert files(tmp_path) == {"0-0.csv": 'a,b\n1,"[1,2]"\n', "1-2.csv": "a\ntrue\n2\n"}
    assert task.pre_commit({}) == {PARTITION: 3}


def test_csv_begins_a_file_when_the_schema_changes(tmp_path: Path) -> None:
    other = Schema(Type.STRUCT, fields=[Field("id", 0, INT64_SCHEMA)])
    task = started(tmp_path, format="CSV", rotate_records="3")
    task.put_batch([batch(rows(2), STRUCT), batch([(7,)], other, first=2)])
    assert files(tmp_path) == {"0-1.csv": "id,name\n0,n0\n1,n1\n"}


@pytest.mark.parametrize("batch_size", [1, 7, 5000])
def test_rotation_by_records_does_not_depend_on_batches(tmp_path: Path, batch_size: int) -> None:
    task = started(tmp_path, rotate_records="2500")
    for first in range(0, 6000, batch_size):
        task.put_batch([batch(rows(min(batch_size, 6000 - first), first), STRUCT, first=first)])
    assert list(files(tmp_path)) == ["0-2499.jsonl", "2500-4999.jsonl"]
    assert task.pre_commit({}) == {PARTITION: 5000}


def test_rotation_by_size_and_compression(tmp_path: Path) -> None:
    task = started(tmp_path, rotate_bytes="50000", compression="GZIP")
    task.put_batch([batch(rows(5000), STRUCT)])
    names = list(files(tmp_path))
    assert len(names) == 2
    assert all(name.endswith(".jsonl.gz") for name in names)
    assert all(50_000 <= len(text) < 100_000 for text in files(tmp_path).values())


def test_rotation_by_age_needs_no_further_record(tmp_path: Path) -> None:
    task = started(tmp_path, rotate_ms="1")
    task.put_batch([batch(rows(1), STRUCT)])
    while not files(tmp_path):
        task.put_batch([])
    assert list(files(tmp_path)) == ["0-0.jsonl"]
    assert task.context.commits_requested == 1  # type: ignore[attr-defined]


def test_nothing_is_committed_before_a_file_is_finished(tmp_path: Path) -> None:
    task = started(tmp_path)
    task.put_batch([batch(rows(10), STRUCT)])
    assert task.pre_commit({PARTITION: 10}) == {}
    assert files(tmp_path) == {}


def test_after_a_crash_each_record_is_there_once(tmp_path: Path) -> None:
    crashed = started(tmp_path, rotate_records="4")
    crashed.put_batch([batch(rows(6), STRUCT)])  # its commit never reached Kafka
    task = started(tmp_path, rotate_records="4")
    assert task.pre_commit({}) == {PARTITION: 4}
    task.put_batch([batch(rows(9), STRUCT)])
    ids = [json.loads(line)["id"] for text in files(tmp_path).values() for line in text.splitlines()]
    assert ids == list(range(8))
    assert len(list(tmp_path.iterdir())) == 3  # two files and the open one


def test_a_task_that_lost_its_partition_cannot_finish_a_file(tmp_path: Path) -> None:
    zombie = started(tmp_path, rotate_records="4")
    zombie.put_batch([batch(rows(3), STRUCT)])
    started(tmp_path)
    with pytest.raises(ConnectException, match="No such file"):
        zombie.put_batch([batch(rows(1, 3), STRUCT, first=3)])
    assert files(tmp_path) == {}


def test_records_delivered_again_are_left_out(tmp_path: Path) -> None:
    task = started(tmp_path, rotate_records="5")
    task.put_batch([batch(rows(3), STRUCT)])
    task.put_batch([batch(rows(5), STRUCT)])
    [text] = files(tmp_path).values()
    assert len(text.splitlines()) == 5


def test_a_partition_that_is_taken_away_leaves_nothing_unfinished(tmp_path: Path) -> None:
    task = started(tmp_path)
    task.put_batch([batch(rows(3), STRUCT)])
    task.close([PARTITION])
    assert list(tmp_path.iterdir()) == []
    task.stop()


def test_nulls_are_left_out_or_fail(tmp_path: Path) -> None:
    task = started(tmp_path, rotate_records="2")
    task.put_batch([batch([None, (1, "a"), None, (2, "b"), None], STRUCT)])
    assert files(tmp_path) == {"1-3.jsonl": '{"id":1,"name":"a"}\n{"id":2,"name":"b"}\n'}
    assert task.pre_commit({}) == {PARTITION: 5}
    failing = started(tmp_path / "other", behavior_on_null_values="fail")
    with pytest.raises(DataException, match="null"):
        failing.put_batch([batch([None], STRUCT)])


def test_values_without_text_are_reported_and_the_others_written(tmp_path: Path) -> None:
    reporter = Reporter()
    task = started(tmp_path, reporter, rotate_records="4")
    task.put_batch([batch(["a", "\ud800", "b", object(), "c", "d"])])
    assert reporter.reported == [1, 3]
    assert files(tmp_path) == {"0-5.jsonl": '"a"\n"b"\n"c"\n"d"\n'}


def test_values_that_are_no_rows_are_reported(tmp_path: Path) -> None:
    reporter = Reporter()
    task = started(tmp_path, reporter, format="CSV", rotate_records="1")
    task.put_batch([batch(["a"], STRING_SCHEMA), batch([{"a": 1}, 5], first=1)])
    assert reporter.reported == [0, 2]
    assert files(tmp_path) == {"1-1.csv": "a\n1\n"}
    with pytest.raises(DataException, match="Only structs and maps"):
        started(tmp_path, format="CSV").put_batch([batch([5], first=9)])


def everything() -> tuple[Schema, tuple[Any, ...]]:
    """A schema with a field of every kind, and a row of it."""
    date, time = (Schema(Type.INT32, name=name, version=1) for name in (DATE_NAME, TIME_NAME))
    inner = Schema(Type.STRUCT, fields=[Field("day", 0, date), Field("text", 1, OPTIONAL_STRING_SCHEMA)])
    parts: dict[str, tuple[Schema, Any]] = {
        "id": (INT64_SCHEMA, 1 << 62),
        "at": (TIMESTAMP_SCHEMA, NOON),
        "day": (date, NOON.replace(hour=0, minute=0)),
        "time": (time, dt.datetime(1970, 1, 1, 12, 30, tzinfo=dt.UTC)),
        "price": (decimal_schema(2), Decimal("1.50")),
        "raw": (BYTES_SCHEMA, b"ab"),
        "single": (FLOAT32_SCHEMA, 0.5),
        "days": (Schema(Type.ARRAY, value_schema=date), [NOON, None]),
        "map": (Schema(Type.MAP, key_schema=STRING_SCHEMA, value_schema=inner), {"k": Struct(inner, [NOON, "x"])}),
        "inner": (inner, Struct(inner, [NOON, None])),
    }
    fields = [Field(name, index, schema) for index, (name, (schema, _)) in enumerate(parts.items())]
    return Schema(Type.STRUCT, fields=fields), tuple(value for _, value in parts.values())


@pytest.mark.parametrize("compression", ["NONE", "GZIP"])
def test_parquet(tmp_path: Path, compression: str) -> None:
    schema, row = everything()
    task = started(tmp_path, format="PARQUET", compression=compression, rotate_records="2")
    task.put_batch([batch([row, (None,) * len(row)], schema)])
    [path] = tmp_path.iterdir()
    assert path.name == "t+0+00000000000000000000-00000000000000000001.parquet"
    first, nulls = parquet.read_table(path).to_pylist()
    day = NOON.date()
    assert first == {
        "id": 1 << 62,
        "at": NOON,
        "day": day,
        "time": dt.time(12, 30),
        "price": Decimal("1.50"),
        "raw": b"ab",
        "single": 0.5,
        "days": [day, None],
        "map": [("k", {"day": day, "text": "x"})],
        "inner": {"day": day, "text": None},
    }
    assert set(nulls.values()) == {None}
    codec = parquet.read_metadata(path).row_group(0).column(0).compression
    assert codec == {"NONE": "UNCOMPRESSED", "GZIP": "GZIP"}[compression]


def test_parquet_is_written_in_row_groups_and_begins_a_file_when_the_schema_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export_parquet, "_GROUP_RECORDS", 1500)
    task = started(tmp_path, format="PARQUET", rotate_records="5000")
    other = Schema(Type.STRUCT, fields=[Field("id", 0, INT64_SCHEMA)])
    task.put_batch([batch(rows(4000), STRUCT), batch([(7,)], other, first=4000)])
    [path] = tmp_path.glob("[!.]*")
    read = parquet.ParquetFile(path)
    assert [read.metadata.row_group(group).num_rows for group in range(read.num_row_groups)] == [2000, 2000]
    assert [tuple(row.values()) for row in read.read().to_pylist()] == rows(4000)
    assert task.pre_commit({}) == {PARTITION: 4000}


def test_what_parquet_can_not_hold_is_reported_and_the_others_written(tmp_path: Path) -> None:
    reporter = Reporter()
    schema = Schema(Type.STRUCT, fields=[Field("price", 0, decimal_schema(2))])
    task = started(tmp_path, reporter, format="PARQUET", rotate_records="2")
    task.put_batch([batch([(Decimal("1.00"),), (Decimal(10**40),), (Decimal("2.00"),)], schema)])
    task.put_batch([batch([{"price": 1}], first=3)])
    [path] = tmp_path.glob("[!.]*")
    assert parquet.read_table(path).to_pylist() == [{"price": Decimal("1.00")}, {"price": Decimal("2.00")}]
    assert reporter.reported == [1, 3]


def test_a_size_limit_counts_parquet_columns_that_still_wait(tmp_path: Path) -> None:
    task = started(tmp_path, format="PARQUET", rotate_bytes="50000")
    task.put_batch([batch(rows(9000), STRUCT)])
    counts = [parquet.read_metadata(path).num_rows for path in sorted(tmp_path.glob("[!.]*"))]
    assert counts
    assert all(1000 < count < 5000 for count in counts)


def test_parquet_without_pyarrow_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(ConfigException, match="kafka-connect-worker\\[parquet\\]"):
        started(tmp_path, format="PARQUET")


def test_settings_that_make_no_sense(tmp_path: Path) -> None:
    with pytest.raises(ConfigException, match="single character"):
        started(tmp_path, csv_separator=";;")
    (tmp_path / "file").touch()
    with pytest.raises(ConnectException, match="Couldn't make"):
        started(tmp_path / "file" / "below")
