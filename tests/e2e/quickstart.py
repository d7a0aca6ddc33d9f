"""The Kafka quickstart's standalone worker: a file copied through a topic into another file."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from tests.services import ConnectWorker
from tests.services.properties import write_properties
from tests.waiting import wait_until

STRING = "org.apache.kafka.connect.storage.StringConverter"
_SETTINGS = {
    "offset.flush.interval.ms": "200",
    "consumer.session.timeout.ms": "6000",
    "value.converter": STRING,
    "key.converter": STRING,
}


class Quickstart(NamedTuple):
    """Input and output file, and the connector files."""

    source: Path
    sink: Path
    files: list[Path]


def make_quickstart(folder: Path) -> Quickstart:
    """Write the connector files, for a topic that nobody else uses."""
    topic = f"connect-test-{uuid.uuid4()}"
    source, sink = folder / "test.txt", folder / "test.sink.txt"
    common = {"tasks.max": "1"}
    files = [
        write_properties(
            folder / "connect-file-source.properties",
            {"name": "local-file-source", "connector.class": "FileStreamSource", "file": str(source), "topic": topic}
            | common,
        ),
        write_properties(
            folder / "connect-file-sink.properties",
            {"name": topic, "connector.class": "FileStreamSink", "file": str(sink), "topics": topic} | common,
        ),
    ]
    return Quickstart(source, sink, files)


def copy_with_a_kill(connect_worker: Callable[..., ConnectWorker], quickstart: Quickstart, count: int) -> int:
    """Copy that many lines and kill the worker in the midst of it; how many lines came twice. Fails if one is lost."""
    source, sink, files = quickstart
    lines = [f"{number:07d}" + "x" * 60 for number in range(count)]
    source.write_text("\n".join(lines[: count // 2]) + "\n")
    worker = connect_worker(_SETTINGS, connectors=files)
    wait_until(lambda: sink.exists() and sink.stat().st_size > count)
    with source.open("a") as file:
        file.write("\n".join(lines[count // 2 :]) + "\n")
    worker.kill()
    copied_before = sink.stat().st_size // len(lines[0])
    assert copied_before < count
    worker.start()
    wanted = set(lines)

    def missing() -> int:
        return len(wanted.difference(sink.read_text().splitlines()))

    wait_until(lambda: missing() == 0, timeout=120, what="no line missing", look_every=0.5)
    return len(sink.read_text().splitlines()) - count
