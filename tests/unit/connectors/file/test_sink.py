from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from connect.api import ConnectException, RecordBatch, SinkOrigin, TimestampType
from connect.api.schema import INT64_SCHEMA, OPTIONAL_STRING_SCHEMA, STRING_SCHEMA, Field, Schema, Type
from connectors.file.sink import FileStreamSinkConnector, FileStreamSinkTask


def batch(values: Sequence[Any], schema: Schema | None = None) -> RecordBatch:
    size = len(values)
    origin = SinkOrigin("t", 0, range(size), TimestampType.CREATE_TIME, [None] * size, [None] * size)
    return RecordBatch("t", list(values), schema, origin=origin)


def started(config: dict[str, str]) -> FileStreamSinkTask:
    task = FileStreamSinkTask()
    task.start(config)
    return task


def written(path: Path, *batches: RecordBatch) -> str:
    task = started({"file": str(path)})
    task.put_batch(batches)
    task.pre_commit({})
    task.stop()
    return path.read_text(encoding="utf-8")


STRUCT = Schema(Type.STRUCT, fields=[Field("id", 0, INT64_SCHEMA), Field("name", 1, OPTIONAL_STRING_SCHEMA)])


def test_values_are_written_in_the_text_form_that_java_gives_them(tmp_path: Path) -> None:
    text = written(
        tmp_path / "f",
        batch(["a", "bé", ""], STRING_SCHEMA),
        batch([(1, "x"), (2, None), None], STRUCT),
        batch([{"a": 1, "b": None}, [1, "x"], None, True, 1.5]),
    )
    assert text == "a\nbé\n\nStruct{id=1,name=x}\nStruct{id=2}\nnull\n{a=1, b=null}\n[1, x]\nnull\ntrue\n1.5\n"


def test_lines_are_appended_to_an_existing_file(tmp_path: Path) -> None:
    (tmp_path / "f").write_text("before\n")
    assert written(tmp_path / "f", batch(["after"], STRING_SCHEMA)) == "before\nafter\n"


def test_a_line_that_a_killed_task_left_torn_swallows_no_other(tmp_path: Path) -> None:
    (tmp_path / "f").write_text("before\nto")
    assert written(tmp_path / "f", batch(["torn"], STRING_SCHEMA)) == "before\nto\ntorn\n"


def test_no_records_write_nothing(tmp_path: Path) -> None:
    assert written(tmp_path / "f", batch([])) == ""
    assert written(tmp_path / "f") == ""


def test_without_a_file_lines_go_to_standard_output(capfd: pytest.CaptureFixture[str]) -> None:
    task = started({})
    task.put_batch([batch(["one", "two"])])
    task.flush({})
    task.stop()
    assert capfd.readouterr().out == "one\ntwo\n"


def test_a_file_that_cannot_be_opened_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConnectException, match=r"Couldn't find or create file '.*/no/f' for FileStreamSinkTask"):
        started({"file": str(tmp_path / "no" / "f")})


def test_a_full_disk_fails_the_put() -> None:
    task = started({"file": "/dev/full"})
    with pytest.raises(ConnectException, match="Couldn't write to /dev/full: No space left on device"):
        task.put_batch([batch(["x"])])
    task.stop()


def test_every_task_gets_the_configuration() -> None:
    connector = FileStreamSinkConnector()
    connector.start({"file": "f", "name": "n"})
    assert connector.task_configs(2) == [{"file": "f", "name": "n"}] * 2
    assert connector.task_class() is FileStreamSinkTask
    assert connector.alter_offsets({}, {("t", 0): 5})
