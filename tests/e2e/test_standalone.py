"""Standalone mode as the Kafka quickstart uses it: properties files, a file copied through a topic."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.quickstart import STRING, Quickstart, copy_with_a_kill, make_quickstart
from tests.services import ConnectWorker
from tests.services.properties import write_properties
from tests.waiting import wait_until

LINES = 200_000


@pytest.fixture
def quickstart(tmp_path: Path) -> Quickstart:
    return make_quickstart(tmp_path)


def test_the_quickstart_copies_lines_and_follows_the_file(
    connect_worker: Callable[..., ConnectWorker], quickstart: Quickstart
) -> None:
    source, sink, files = quickstart
    source.write_text("foo\nbar\n")
    worker = connect_worker(connectors=files)
    wait_until(lambda: sink.exists() and sink.read_text() == "foo\nbar\n")
    with source.open("a") as file:
        file.write("Another line\n")
    wait_until(lambda: sink.read_text() == "foo\nbar\nAnother line\n")
    assert worker.states("local-file-source") == ["RUNNING", "RUNNING"]


def test_a_worker_killed_in_the_middle_goes_on_where_it_was_and_no_line_is_missing(
    connect_worker: Callable[..., ConnectWorker], quickstart: Quickstart
) -> None:
    copy_with_a_kill(connect_worker, quickstart, LINES)


def test_json_connector_files_work_in_both_forms(connect_worker: Callable[..., ConnectWorker], tmp_path: Path) -> None:
    config = {"connector.class": "FileStreamSource", "file": str(tmp_path / "none"), "topic": "t"}
    flat, request = tmp_path / "flat.json", tmp_path / "request.json"
    flat.write_text(json.dumps({"name": "flat", **config}))
    request.write_text(json.dumps({"name": "asked", "config": config, "initial_state": "STOPPED"}))
    worker = connect_worker(connectors=[flat, request])
    wait_until(lambda: worker.states("flat") == ["RUNNING", "RUNNING"])
    assert worker.states("asked") == ["STOPPED"]


@pytest.mark.parametrize(
    ("properties", "says"),
    [
        ({}, 'Missing required configuration "bootstrap.servers"'),
        ({"bootstrap.servers": "127.0.0.1:1", "key.converter": STRING}, 'configuration "value.converter"'),
        (None, "Can't read the worker properties"),
    ],
)
def test_a_worker_that_can_not_start_says_why_on_one_line(
    tmp_path: Path, properties: dict[str, str] | None, says: str
) -> None:
    file = tmp_path / "worker.properties"
    if properties is not None:
        write_properties(file, properties)
    ended = subprocess.run(
        [sys.executable, "-m", "connect.cli.standalone", str(file)], capture_output=True, text=True, timeout=60
    )
    assert ended.returncode != 0
    (line,) = ended.stderr.splitlines()
    assert says in line
