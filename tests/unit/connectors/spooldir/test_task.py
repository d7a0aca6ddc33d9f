"""The life of files, seen through the CSV source."""

import bz2
import gzip
import os
import time
from pathlib import Path
from typing import Any

import pytest
from backports import zstd

from connect.api import ConnectException, DataException
from connectors.spooldir import files
from connectors.spooldir.csv_source import SpoolDirCsvSourceConnector
from connectors.spooldir.files import task_of
from tests.unit.connectors.source_context import FakeSourceContext
from tests.unit.connectors.spooldir.spool import LONG_AGO, Spool, rows, rows_and_offsets, schema_json, start

KEY = schema_json("K", id="INT64")
VALUE = schema_json("V", id="INT64", name="STRING")


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool(tmp_path, SpoolDirCsvSourceConnector, key_schema=KEY, value_schema=VALUE)


def identity(content: str, modified: int = LONG_AGO) -> str:
    return f"{len(content)}-{modified * 1000}"


def test_a_file_is_moved_only_when_its_records_are_committed(spool: Spool) -> None:
    spool.write("a.csv", "1,x\n2,y\n")
    task = spool.task()
    assert rows(task) == [(1, "x"), (2, "y")]
    assert spool.files() == {"in": ["a.csv", "a.csv.PROCESSING"], "finished": [], "error": []}
    task.commit()
    assert spool.files() == {"in": [], "finished": ["a.csv"], "error": []}


def test_a_killed_task_goes_on_where_the_commit_left_off(spool: Spool) -> None:
    content = "".join(f"{number},x\n" for number in range(10))
    spool.write("a.csv", content)
    whole = rows_and_offsets(spool.task())
    assert [offset for _, offset in whole] == [
        {"offset": number, "identity": identity(content)} for number in range(1, 11)
    ]
    for index, (_, offset) in enumerate(whole):  # its flag file is still there each time
        context = FakeSourceContext([({"fileName": "a.csv"}, offset)])
        assert rows(spool.task(context)) == [row for row, _ in whole[index + 1 :]]


def test_a_file_that_was_read_to_its_end_before_a_crash_is_put_away_without_a_record(spool: Spool) -> None:
    content = "1,x\n2,y"
    spool.write("a.csv", content)
    task = spool.task(FakeSourceContext([({"fileName": "a.csv"}, {"offset": 2, "identity": identity(content)})]))
    assert rows(task) == []
    assert spool.files() == {"in": [], "finished": ["a.csv"], "error": []}


def test_a_new_file_under_an_old_name_is_read_from_its_start(spool: Spool) -> None:
    stored = [({"fileName": "a.csv"}, {"offset": 2, "identity": identity("other")})]
    spool.write("a.csv", "1,x\n2,y\n3,z\n")
    assert rows(spool.task(FakeSourceContext(stored))) == [(1, "x"), (2, "y"), (3, "z")]


def test_identity_by_name_goes_on_at_the_offset_and_stores_it_as_the_original_does(spool: Spool) -> None:
    spool.write("a.csv", "1,x\n2,y\n3,z\n")
    context = FakeSourceContext([({"fileName": "a.csv"}, {"offset": 2})])
    assert rows_and_offsets(spool.task(context, file_identity="NAME")) == [((3, "z"), {"offset": 3})]


def test_two_files_of_one_name_are_both_kept(spool: Spool) -> None:
    task = spool.task()
    for number in (1, 2):
        spool.write("a.csv", f"{number},x\n", modified=LONG_AGO + number)
        assert rows(task) == [(number, "x")]
        task.commit()
    assert spool.files()["finished"] == ["a.csv", "a.csv.1"]


def test_a_tolerated_bad_row_is_reported_and_reading_goes_on(spool: Spool) -> None:
    path = spool.write("a.csv", "1,x\nno,y\n3,z\n")
    context = FakeSourceContext()
    task = spool.task(context)
    assert rows(task) == [(1, "x"), (3, "z")]
    task.commit()
    assert spool.files()["finished"] == ["a.csv"]
    [errant] = context.errants
    assert (errant.raw, errant.where) == (b"no,y", f"{path} line 2")
    assert str(errant.error) == "Exception thrown while parsing data for 'id'. linenumber=2"
    assert str(errant.error.__cause__) == "Could not parse 'no' to 'Long'"


def test_a_bad_row_halts_the_task_after_the_rows_before_it(spool: Spool) -> None:
    spool.write("a.csv", "1,x\nno,y\n3,z\n")
    task = spool.task(FakeSourceContext(tolerant=False))
    [batch] = task.poll_batch()
    assert batch.values == [(1, "x")]
    with pytest.raises(ConnectException, match=r"Couldn't read .*a\.csv"):
        rows(task)
    task.commit()
    assert spool.files() == {"in": [], "finished": [], "error": ["a.csv"]}


def test_without_halting_a_bad_file_is_set_aside_and_the_next_one_read(spool: Spool) -> None:
    spool.write("a.csv", "no,y\n")
    spool.write("b.csv", "2,x\n")
    task = spool.task(FakeSourceContext(tolerant=False), halt_on_error="false")
    assert rows(task) == [(2, "x")]
    task.commit()
    assert spool.files() == {"in": [], "finished": ["b.csv"], "error": ["a.csv"]}


def test_nothing_to_read_is_waited_for(spool: Spool) -> None:
    context = FakeSourceContext()
    assert spool.task(context).poll_batch() is None
    assert context.waits == [0.2]


def test_a_flag_file_of_another_program_is_respected_until_it_is_stale(spool: Spool) -> None:
    spool.write("a.csv", "1,x\n")
    flag = spool.write("a.csv.PROCESSING", "", modified=time.time())
    assert rows(spool.task()) == []
    os.utime(flag, (LONG_AGO, LONG_AGO))
    assert rows(spool.task()) == [(1, "x")]


def test_a_stopped_task_leaves_no_flag_file(spool: Spool) -> None:
    spool.write("a.csv", "1,x\n2,y\n")
    task = spool.task(batch_size="1")
    task.poll_batch()
    assert spool.files()["in"] == ["a.csv", "a.csv.PROCESSING"]
    task.stop()
    assert spool.files()["in"] == ["a.csv"]


def test_the_policy_none_leaves_files_and_reads_them_once(spool: Spool) -> None:
    spool.write("a.csv", "1,x\n")
    task = spool.task(cleanup_policy="NONE", finished_path="")
    assert rows(task) == [(1, "x")]
    task.commit()
    assert rows(task) == []
    assert spool.files()["in"] == ["a.csv"]
    spool.write("a.csv", "2,y\n", modified=LONG_AGO + 1)
    assert rows(task) == [(2, "y")]


def test_files_are_deleted_or_sorted_by_day_on_demand(spool: Spool) -> None:
    spool.write("a.csv", "1,x\n")
    task = spool.task(cleanup_policy="DELETE")
    rows(task)
    task.commit()
    assert spool.files() == {"in": [], "finished": [], "error": []}
    spool.write("b.csv", "1,x\n")
    task = spool.task(cleanup_policy="MOVEBYDATE")
    rows(task)
    task.commit()
    day = time.strftime("%Y-%m-%d", time.localtime(LONG_AGO))
    assert spool.files()["finished"] == [f"{day}/b.csv"]


@pytest.mark.parametrize(("keep", "finished"), [("false", "a.csv"), ("true", "sub/deep/a.csv")])
def test_folders_are_read_and_kept_on_demand(spool: Spool, keep: str, finished: str) -> None:
    spool.write("sub/deep/a.csv", "1,x\n")
    assert rows(spool.task()) == []
    task = spool.task(input_path_walk_recursively="true", cleanup_policy_maintain_relative_path=keep)
    assert rows(task) == [(1, "x")]
    task.commit()
    assert spool.files()["finished"] == [finished]


def test_a_young_file_is_left_alone(spool: Spool) -> None:
    spool.write("a.csv", "1,x\n", modified=time.time())
    task = spool.task(file_minimum_age_ms="60000")
    assert rows(task) == []
    spool.write("a.csv", "1,x\n")
    assert rows(task) == [(1, "x")]


def test_a_file_that_is_still_written_to_is_not_taken_for_complete(spool: Spool) -> None:
    path = spool.write("a.csv", "1,x\n2,", modified=time.time())
    task = spool.task(file_settle_ms="60000")
    assert rows(task) == [(1, "x")]
    with path.open("a") as file:
        file.write("y\n")
    assert rows(task) == [(2, "y")]
    os.utime(path, (LONG_AGO, LONG_AGO))
    assert rows(task) == []
    task.commit()
    assert spool.files()["finished"] == ["a.csv"]


def test_every_file_belongs_to_one_of_several_tasks(spool: Spool) -> None:
    names = [f"{letter}.csv" for letter in "abcdefgh"]
    for number, name in enumerate(names):
        spool.write(name, f"{number},x\n")
    connector = SpoolDirCsvSourceConnector()
    connector.start(spool.config)
    found = [rows(start(connector.task_class()(), config)) for config in connector.task_configs(3)]
    assert sorted(row for part in found for row in part) == [(number, "x") for number in range(8)]
    assert [len(part) for part in found] == [sum(task_of(name, 3) == task for name in names) for task in range(3)]


@pytest.mark.parametrize(
    ("extension", "compress"), [("gz", gzip.compress), ("bz2", bz2.compress), ("zst", zstd.compress)]
)
def test_compressed_files_are_read(spool: Spool, extension: str, compress: Any) -> None:
    spool.write(f"a.csv.{extension}", compress(b"1,x\n2,y\n"))
    assert rows(spool.task()) == [(1, "x"), (2, "y")]


@pytest.mark.parametrize(
    ("extension", "damaged"),
    [
        ("gz", gzip.compress(os.urandom(100))[:50]),
        ("zst", zstd.compress(os.urandom(100))[:50]),
        ("zst", zstd.compress(b"1,x\n")[:4] + b"\xff" * 20),
    ],
    ids=["gz cut off", "zst cut off", "zst of rubbish"],
)
def test_a_damaged_compressed_file_is_set_aside(spool: Spool, extension: str, damaged: bytes) -> None:
    spool.write(f"a.csv.{extension}", damaged)
    spool.write("b.csv", "1,x\n")
    task = spool.task(halt_on_error="false")
    assert rows(task) == [(1, "x")]
    task.commit()
    assert spool.files()["error"] == [f"a.csv.{extension}"]


def test_a_directory_that_vanishes_is_waited_for(spool: Spool) -> None:
    task = spool.task()
    (spool.root / "in").rename(spool.root / "away")
    assert rows(task) == []
    (spool.root / "away").rename(spool.root / "in")
    spool.write("a.csv", "1,x\n")
    assert rows(task) == [(1, "x")]


def test_a_file_that_cannot_be_put_away_fails_the_task_and_stays(spool: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_space(source: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    spool.write("a.csv", "1,x\n")
    task = spool.task()
    rows(task)
    monkeypatch.setattr(files, "move", no_space)
    task.commit()
    with pytest.raises(ConnectException, match=r"Couldn't put .*a\.csv away: No space left on device"):
        task.poll_batch()
    task.stop()
    assert spool.files() == {"in": ["a.csv"], "finished": [], "error": []}


def test_a_move_to_another_file_system_is_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source, target = tmp_path / "a", tmp_path / "b"
    source.write_text("content")
    rename = Path.rename

    def other_device(self: Path, new: Path) -> Path:
        if self == source:
            raise OSError(18, "Invalid cross-device link")
        return rename(self, new)

    monkeypatch.setattr(Path, "rename", other_device)
    files.move(source, target)
    assert (source.exists(), target.read_text()) == (False, "content")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b"]


def test_headers_tell_file_and_position(spool: Spool) -> None:
    path = spool.write("sub.csv", "1,x\n2,y\n")
    [batch] = spool.task().poll_batch()
    assert [(header.key, header.value) for header in batch.record(1).headers if header.key != "file.last.modified"] == [
        ("file.name", "sub.csv"),
        ("file.name.without.extension", "sub"),
        ("file.path", str(path)),
        ("file.parent.dir.name", "in"),
        ("file.length", 8),
        ("file.offset", 2),
        ("file.relative.path", "sub.csv"),
    ]
    assert batch.slice(1, 2).record(0).headers == batch.record(1).headers


def test_headers_can_be_left_out(spool: Spool) -> None:
    spool.write("a.csv", "1,x\n")
    [batch] = spool.task(file_headers_enabled="false").poll_batch()
    assert batch.headers is None


def test_a_batch_holds_no_more_than_batch_size_records(spool: Spool) -> None:
    spool.write("a.csv", "".join(f"{number},x\n" for number in range(7)))
    task = spool.task(batch_size="3")
    assert [len(batch) for _ in range(3) for batch in task.poll_batch()] == [3, 3, 1]


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"key.schema": ""}, "'key.schema' must be set if 'schema.generation.enabled' = false."),
        ({"value.schema": "{oops"}, "Could not read schema from 'value.schema'"),
        ({"timestamp.mode": "FIELD"}, "'timestamp.field' must be set to a timestamp field"),
        ({"finished.path": ""}, "'finished.path' must be set"),
        ({"schema.generation.enabled": "true"}, "Could not find any input file(s) to infer schema from."),
        (
            {"schema.generation.enabled": "true", "input.path": "/nowhere"},
            "Directory for 'input.path' '/nowhere' does not exist",
        ),
    ],
)
def test_what_makes_no_sense_fails_the_connector(spool: Spool, config: dict[str, str], message: str) -> None:
    with pytest.raises((ConnectException, DataException)) as raised:
        SpoolDirCsvSourceConnector().start({**spool.config, **config})
    assert message in str(raised.value)


def test_missing_and_unwritable_directories_fail_the_task(spool: Spool) -> None:
    with pytest.raises(ConnectException, match=r"Directory for 'error.path' '/nowhere' does not exist"):
        spool.task(error_path="/nowhere")
    with pytest.raises(ConnectException, match=r"Directory for 'error.path' '/proc' it not writable."):
        spool.task(error_path="/proc")


def test_a_boolean_that_is_none_is_a_bad_row_unless_leniency_is_asked_for(spool: Spool) -> None:
    schema = schema_json("V", ok="BOOLEAN")
    spool.write("a.csv", "true\nyes\nFALSE\n")
    context = FakeSourceContext()
    assert rows(spool.task(context, value_schema=schema)) == [(True,), (False,)]
    assert [errant.raw for errant in context.errants] == [b"yes"]
    assert rows(spool.task(value_schema=schema, parser_lenient="true")) == [(True,), (False,), (False,)]


def test_a_file_that_cannot_be_read_now_does_not_hold_up_the_others(spool: Spool) -> None:
    spool.write("a.csv", "1,x\n")
    spool.write("a.csv.PROCESSING", "", modified=time.time())
    spool.write("b.csv", "2,x\n")
    context = FakeSourceContext()
    task = spool.task(context)
    assert [tuple(row) for batch in task.poll_batch() for row in batch.values] == [(2, "x")]
    assert not context.waits
