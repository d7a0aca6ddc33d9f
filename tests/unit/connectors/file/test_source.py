import os
import sys
from pathlib import Path
from typing import Any

import pytest

from connect.api import ConfigException, ConnectException, ExactlyOnceSupport
from connect.api.schema import STRING_SCHEMA
from connectors.file.source import FileStreamSourceConnector, FileStreamSourceTask
from tests.unit.connectors.source_context import FakeSourceContext, batches, started

TEXT = "one\ntwé\r\n\rthree\r\nfo ur\n\n"
LINES = ["one", "twé", "", "three", "fo ur", ""]


def reader(path: Path, position: int | None = None, **config: str) -> tuple[Any, FakeSourceContext]:
    stored = [] if position is None else [({"filename": str(path)}, {"position": position})]
    context = FakeSourceContext(stored)
    return started(FileStreamSourceTask(), {"file": str(path), "topic": "t", **config}, context), context


def lines_and_positions(task: Any) -> list[tuple[str, int]]:
    return [
        (value, offset["position"])
        for batch in batches(task)
        for value, offset in zip(batch.values, batch.origin.offsets, strict=True)
    ]


def values(task: Any) -> list[str]:
    return [value for batch in batches(task) for value in batch.values]


def test_a_record_is_a_line_with_file_name_and_position(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"one\ntwo\n")
    task, _ = reader(tmp_path / "f")
    [batch] = task.poll_batch()
    record = batch.record(1)
    assert (record.topic, record.key, record.value_schema, record.value) == ("t", None, STRING_SCHEMA, "two")
    assert record.source_partition == {"filename": str(tmp_path / "f")}
    assert record.source_offset == {"position": 8}
    assert isinstance(record.timestamp, int)


def test_a_restart_from_any_offset_continues_with_the_next_line(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(TEXT.encode())
    whole = lines_and_positions(reader(tmp_path / "f")[0])
    assert [line for line, _ in whole] == LINES
    for index, (_, position) in enumerate(whole):
        assert lines_and_positions(reader(tmp_path / "f", position)[0]) == whole[index + 1 :]


@pytest.mark.parametrize("size", [1, 2, 5, 6, 7])
def test_batch_size_limits_a_poll_and_changes_nothing_else(tmp_path: Path, size: int) -> None:
    (tmp_path / "f").write_bytes(TEXT.encode())
    task, _ = reader(tmp_path / "f", **{"batch.size": str(size)})
    polled = list(batches(task))
    assert max(len(batch) for batch in polled) <= size
    assert [value for batch in polled for value in batch.values] == LINES


def test_a_line_waits_for_its_terminator(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"one\ntw")
    task, context = reader(path)
    assert values(task) == ["one"]
    assert context.waits
    with path.open("ab") as file:
        file.write(b"o\nthree\n")
    assert lines_and_positions(task) == [("two", 8), ("three", 14)]


def test_a_missing_file_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "f"
    task, context = reader(path)
    assert task.poll_batch() is None
    assert context.waits == [1.0]
    path.write_bytes(b"here\n")
    assert values(task) == ["here"]


def test_a_rotated_file_is_read_to_its_end_before_the_new_one(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"one\n")
    task, _ = reader(path)
    assert values(task) == ["one"]
    path.rename(tmp_path / "f.1")
    with (tmp_path / "f.1").open("ab") as old:
        old.write(b"two\nlast without end")
    path.write_bytes(b"new\n")
    assert lines_and_positions(task) == [("two", 8), ("last without end", 24), ("new", 4)]


def test_a_truncated_file_is_read_from_its_start(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"a longer line\nand a rest")
    task, _ = reader(path)
    assert values(task) == ["a longer line"]
    path.write_bytes(b"short\n")
    assert lines_and_positions(task) == [("short", 6)]


def test_a_file_shorter_than_the_stored_position_is_read_from_its_start(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"new\n")
    assert lines_and_positions(reader(tmp_path / "f", 100)[0]) == [("new", 4)]


def test_an_unreadable_file_fails_with_its_name(tmp_path: Path) -> None:
    task, _ = reader(tmp_path)
    with pytest.raises(ConnectException, match=f"Couldn't read {tmp_path}: Is a directory"):
        task.poll_batch()


def test_standard_input_is_read_without_offsets(monkeypatch: pytest.MonkeyPatch) -> None:
    read_end, write_end = os.pipe()
    with os.fdopen(read_end) as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        context = FakeSourceContext()
        task = started(FileStreamSourceTask(), {"topic": "t"}, context)
        assert task.poll_batch() is None
        os.write(write_end, b"one\ntwo\nlast")
        [batch] = task.poll_batch() or []
        assert batch.values == ["one", "two"]
        record = batch.record(0)
        assert (record.source_partition, record.source_offset) == (None, None)  # type: ignore[union-attr]
        os.close(write_end)
        assert values(task) == ["last"]
        task.stop()


def test_offsets_of_a_wrong_kind_are_refused_at_the_start(tmp_path: Path) -> None:
    context = FakeSourceContext([({"filename": "f"}, {"position": "5"})])
    with pytest.raises(ConnectException, match="Offset position is the incorrect type"):
        started(FileStreamSourceTask(), {"file": "f", "topic": "t"}, context)


def test_an_empty_topic_is_refused() -> None:
    with pytest.raises(ConfigException, match="Invalid value  for configuration topic: String must be non-empty"):
        FileStreamSourceConnector().start({"topic": ""})


def test_one_task_gets_the_whole_configuration() -> None:
    connector = FileStreamSourceConnector()
    connector.start({"topic": "t", "file": "f", "name": "n"})
    assert connector.task_configs(4) == [{"topic": "t", "file": "f", "name": "n"}]
    assert connector.task_class() is FileStreamSourceTask


def test_exactly_once_needs_a_file() -> None:
    connector = FileStreamSourceConnector()
    assert connector.exactly_once_support({"file": "f"}) is ExactlyOnceSupport.SUPPORTED
    assert connector.exactly_once_support({}) is ExactlyOnceSupport.UNSUPPORTED


@pytest.mark.parametrize(
    ("config", "partition", "offset", "message"),
    [
        (
            {},
            {"filename": "f"},
            {"position": 1},
            "Offsets cannot be modified if the 'file' configuration is unspecified",
        ),
        ({"file": "f"}, {"filename": "f"}, {}, "Offset objects should either be null or contain the key 'position'"),
        ({"file": "f"}, {"filename": "f"}, {"position": "1"}, "is expected to be a Long value"),
        ({"file": "f"}, {"filename": "f"}, {"position": -1}, "should be a non-negative value"),
        ({"file": "f"}, {"name": "f"}, {"position": 1}, "Partition objects should contain the key 'filename'"),
        ({"file": "f"}, None, {"position": 1}, "Partition objects cannot be null"),
    ],
)
def test_senseless_offsets_are_refused(config: Any, partition: Any, offset: Any, message: str) -> None:
    with pytest.raises(ConnectException, match=message):
        FileStreamSourceConnector().alter_offsets(config, [(partition, offset)])


@pytest.mark.parametrize(
    ("partition", "offset"), [({"filename": "other"}, {"position": 0}), ({"junk": 1}, None), (None, None)]
)
def test_sensible_offsets_and_every_reset_are_accepted(partition: Any, offset: Any) -> None:
    assert FileStreamSourceConnector().alter_offsets({"file": "f"}, [(partition, offset)])


def test_a_file_tells_how_much_of_it_is_unread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.file.source.READ_SIZE", 6)
    (tmp_path / "f").write_bytes(b"one\ntwo\nhalf")
    task, context = reader(tmp_path / "f")
    seen = []
    while task.poll_batch():
        seen.append(context.gauges["source-lag-bytes"])
    assert (seen, context.gauges["source-lag-bytes"]) == ([6, 0], 0)
