"""Made-up ratings go into a topic and from there into files, on a real broker."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from pathlib import Path

from tests.services import ConnectWorker
from tests.waiting import wait_until


def _ids(folder: Path) -> list[int]:
    paths = sorted(folder.glob("[!.]*.jsonl"))
    return [json.loads(line)["rating_id"] for path in paths for line in path.read_text().splitlines()]


def test_ratings_are_exported_once_each(connect_worker: Callable[..., ConnectWorker], tmp_path: Path) -> None:
    topic = f"ratings-{uuid.uuid4()}"
    worker = connect_worker({"offset.flush.interval.ms": "500"})
    worker.create(
        topic,
        {
            "connector.class": "io.confluent.kafka.connect.datagen.DatagenConnector",
            "tasks.max": "1",
            "kafka.topic": topic,
            "quickstart": "ratings",
            "max.interval": "0",
            "iterations": "4500",
        },
    )
    worker.create(
        "export",
        {
            "connector.class": "connect.file.FileExportSinkConnector",
            "tasks.max": "1",
            "topics": topic,
            "path": str(tmp_path),
            "rotate.records": "1000",
            "rotate.ms": "3000",
        },
    )
    wait_until(lambda: len(_ids(tmp_path)) >= 2000)
    worker.restart()  # an unfinished file is given up, and its records are read again
    wait_until(lambda: len(_ids(tmp_path)) >= 4500, timeout=60)
    assert _ids(tmp_path) == list(range(1, 4501))
    assert worker.states(topic) == ["RUNNING", "RUNNING"]
