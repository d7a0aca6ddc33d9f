"""Files at the edge of what files may be; docs/spool-directory.md tells users what is tried here."""

from __future__ import annotations

import errno
import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from connect.api import ConnectException
from connectors.spooldir import csv_text
from connectors.spooldir.csv_source import SpoolDirCsvSourceConnector
from connectors.spooldir.files import InputFile
from connectors.spooldir.json_source import SpoolDirJsonSourceConnector
from tests.unit.connectors.source_context import FakeSourceContext
from tests.unit.connectors.spooldir.spool import Spool, rows, schema_json

HEADER = "id,text\n"


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool(
        tmp_path,
        SpoolDirCsvSourceConnector,
        key_schema=schema_json("K", id="INT64"),
        value_schema=schema_json("V", id="INT64", text="STRING"),
        csv_first_row_as_header="true",
        file_settle_ms="0",
    )


def read(spool: Spool, content: bytes, **config: str) -> list[tuple[Any, ...]]:
    """The rows of a file of that content, which must end in ``finished``."""
    spool.write("a.csv", content)
    task = spool.task(**config)
    found = rows(task)
    task.commit()
    assert spool.files() == {"in": [], "finished": ["a.csv"], "error": []}
    return found


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"id,text\n1,x", [(1, "x")]),
        (b"id,text\r\n1,x\r\n", [(1, "x")]),
        (b"id,text\n", []),
        (b"id,text", []),
        (b"id,text\n\n1,x\n\n\n", [(1, "x")]),
        (b'\xef\xbb\xbfid,text\n1,"two\nlines, ""quoted"""\n2,y', [(1, 'two\nlines, "quoted"'), (2, "y")]),
        (b"id,text\n1,a\x00b\n2,\x00\n", [(1, "a\x00b"), (2, "\x00")]),
        (b'id,text\n1,"a\x00b"\n', [(1, "a\x00b")]),
        (b"id,text\n1,\xe9t\xe9\n", [(1, "�t�")]),
        (b"id,text\n1,x,more\n2,y\n", [(1, "x"), (2, "y")]),
    ],
    ids=[
        "no line end",
        "CRLF",
        "header alone",
        "header without line end",
        "blank lines",
        "mark and line breaks",
        "NUL",
        "quoted NUL",
        "not UTF-8",
        "a row with more fields",
    ],
)
def test_what_is_read(spool: Spool, content: bytes, expected: list[tuple[Any, ...]]) -> None:
    assert read(spool, content) == expected


def test_other_character_sets(spool: Spool) -> None:
    assert read(spool, "id,text\n1,été\n".encode("latin-1"), csv_file_charset="ISO-8859-1") == [(1, "été")]


@pytest.mark.parametrize("content", [b"1", b"\n", b""], ids=["a digit", "a line end", "nothing"])
def test_the_smallest_files_have_no_header_and_are_set_aside_or_no_rows(spool: Spool, content: bytes) -> None:
    spool.write("a.csv", content)
    spool.write("b.csv", "id,text\n2,y\n")
    task = spool.task(halt_on_error="false")
    assert rows(task) == [(2, "y")]
    task.commit()
    assert spool.files()["in"] == []


def test_a_row_with_fewer_fields_is_reported_with_its_line_and_text(spool: Spool) -> None:
    spool.write("a.csv", "id,text\n1,x\n2\n3,z\n")
    context = FakeSourceContext()
    assert rows(spool.task(context)) == [(1, "x"), (3, "z")]
    [errant] = context.errants
    assert errant.raw == b"2"
    assert errant.where.endswith("a.csv line 3")


@pytest.mark.parametrize("before", [0, 1000, 100_000, 150_000])
@pytest.mark.parametrize("quote", ["", '"'])
def test_a_long_field_is_read_wherever_it_begins(
    spool: Spool, monkeypatch: pytest.MonkeyPatch, before: int, quote: str
) -> None:
    monkeypatch.setattr(csv_text, "MAX_RECORD", 1 << 20)
    line = "7,seven\n"
    field = "x" * 900_000
    text = HEADER + line * (before // len(line)) + f"1,{quote}{field}{quote}\n" + line * 20_000
    found = read(spool, text.encode())
    assert (1, field) in found
    assert len(found) == before // len(line) + 20_001


def test_a_record_that_is_too_long_makes_the_file_a_bad_one(spool: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_text, "MAX_RECORD", 1 << 18)
    spool.write("a.csv", HEADER + '1,x\n2,"' + "never closed\n" * 100_000)
    task = spool.task(halt_on_error="false")
    rows(task)
    task.commit()
    assert spool.files()["error"] == ["a.csv"]


def test_a_json_document_may_be_long(tmp_path: Path) -> None:
    schema = schema_json("V", id="INT64", text="STRING")
    spool = Spool(tmp_path, SpoolDirJsonSourceConnector, key_schema=schema, value_schema=schema, file_settle_ms="0")
    long = "x" * 900_000
    spool.write("a.json", "".join(json.dumps({"id": n, "text": long if n == 1 else "y"}) + "\n" for n in range(9)))
    assert rows(spool.task()) == [(n, long if n == 1 else "y") for n in range(9)]


def test_many_small_files(spool: Spool) -> None:
    for number in range(300):
        spool.write(f"{number:04d}.csv", f"{HEADER}{number},x\n")
    task = spool.task()
    assert rows(task) == [(number, "x") for number in range(300)]
    task.commit()
    assert len(spool.files()["finished"]) == 300


def test_a_file_that_waits_for_its_turn_holds_little_memory() -> None:
    assert [type(part) for part in InputFile("/in/a.csv", 1, 2)] == [str, int, int]


def test_a_directory_that_is_made_anew_is_watched_again(spool: Spool) -> None:
    spool.write("a.csv", HEADER + "1,x\n")
    task = spool.task()
    assert rows(task) == [(1, "x")]
    task.commit()
    shutil.rmtree(spool.root / "in")
    assert rows(task) == []
    spool.write("a.csv", HEADER + "2,y\n", modified=1_700_000_000)
    assert rows(task) == [(2, "y")]


def test_a_file_that_somebody_removes_before_it_is_put_away_fails_the_task(spool: Spool) -> None:
    spool.write("a.csv", HEADER + "1,x\n")
    task = spool.task()
    assert rows(task) == [(1, "x")]
    shutil.rmtree(spool.root / "in")
    task.commit()
    with pytest.raises(ConnectException, match=r"Couldn't put .*a.csv away: No such file"):
        task.poll_batch()


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS, errno.EACCES])
def test_a_finished_folder_that_takes_no_file_fails_the_task_and_loses_nothing(
    spool: Spool, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    spool.write("a.csv", HEADER + "1,x\n")
    task = spool.task()
    assert rows(task) == [(1, "x")]

    def refuse(self: Path, target: Path) -> None:
        raise OSError(code, os.strerror(code))

    with monkeypatch.context() as patched:
        patched.setattr(Path, "rename", refuse)
        task.commit()
    with pytest.raises(ConnectException, match=os.strerror(code)):
        task.poll_batch()
    assert spool.files()["in"] == ["a.csv", "a.csv.PROCESSING"]
    task.stop()
    assert spool.files() == {"in": ["a.csv"], "finished": [], "error": []}
