from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connect.api import SourceTask
from connectors.spooldir.binary_source import SpoolDirBinaryFileSourceConnector
from connectors.spooldir.line_source import SpoolDirLineDelimitedSourceConnector
from tests.unit.connectors.source_context import FakeSourceContext, batches
from tests.unit.connectors.spooldir.spool import Spool


@pytest.fixture
def lines(tmp_path: Path) -> Spool:
    return Spool(tmp_path, SpoolDirLineDelimitedSourceConnector)


@pytest.fixture
def binary(tmp_path: Path) -> Spool:
    return Spool(tmp_path, SpoolDirBinaryFileSourceConnector)


def values(task: SourceTask) -> list[object]:
    # A poll that read less than a line returns nothing, so idle polls are no sign of the end here.
    return [value for batch in batches(task, idle_polls=30) for value in batch.values]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(["a", "é", "\n", "\r\n", "\r", "\x0b"]), max_size=25).map("".join), st.integers(1, 9))
def test_every_line_is_a_record_however_the_file_is_portioned(lines: Spool, text: str, portion: int) -> None:
    lines.write("a.txt", text)
    expected = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if not expected[-1]:
        expected.pop()
    assert values(lines.task(file_buffer_size_bytes=str(portion))) == expected


def test_lines_go_on_behind_any_offset_of_ours(lines: Spool) -> None:
    lines.write("a.txt", "one\ntwo\n\nfour")
    records = [record for batch in batches(lines.task()) for record in batch.records()]
    whole = [(record.value, record.source_offset) for record in records]  # type: ignore[union-attr]
    assert [value for value, _ in whole] == ["one", "two", "", "four"]
    for index, (_, offset) in enumerate(whole):
        context = FakeSourceContext([({"fileName": "a.txt"}, offset)])  # type: ignore[list-item]
        assert values(lines.task(context)) == [value for value, _ in whole[index + 1 :]]


def test_an_offset_of_the_original_means_the_whole_file_as_it_does_there(lines: Spool) -> None:
    lines.write("a.txt", "one\ntwo\n")
    assert values(lines.task(FakeSourceContext([({"fileName": "a.txt"}, {"offset": 1})]))) == ["one", "two"]


def test_a_file_is_one_record_of_bytes(binary: Spool) -> None:
    binary.write("a.bin", b"\x00\xff" * 100_000)
    binary.write("b.bin", b"")
    task = binary.task()
    [batch] = task.poll_batch() or [batch for _ in range(9) for batch in task.poll_batch() or ()]
    assert batch.values == [b"\x00\xff" * 100_000]
    offset = batch.record(0).source_offset
    assert values(binary.task(FakeSourceContext([({"fileName": "a.bin"}, offset)]))) == []
    assert binary.files()["in"] == []
