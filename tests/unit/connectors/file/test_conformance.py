"""The file connectors keep the promises that the kit for authors checks."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from connect.testing import SinkConformance, SourceConformance

LINES = {
    "key.converter": "org.apache.kafka.connect.storage.StringConverter",
    "value.converter": "org.apache.kafka.connect.storage.StringConverter",
}


class TestFileStreamSource(SourceConformance):
    topic = "lines"

    def config(self, tmp_path: Path) -> dict[str, str]:
        path = tmp_path / "in.txt"
        path.touch()
        return {"connector.class": "FileStreamSource", "file": str(path), "topic": self.topic, **LINES}

    def bad_configs(self, tmp_path: Path) -> Iterable[Mapping[str, str]]:
        return [{"batch.size": "many"}]

    def add_input(self, tmp_path: Path, first: int, count: int) -> None:
        with (tmp_path / "in.txt").open("a") as file:
            file.writelines(f"line {number}\n" for number in range(first, first + count))


class TestFileStreamSink(SinkConformance):
    def config(self, tmp_path: Path) -> dict[str, str]:
        path = str(tmp_path / "out.txt")
        return {"connector.class": "FileStreamSink", "file": path, "topics": self.topic, **LINES}

    def record(self, number: int) -> tuple[bytes | None, bytes | None]:
        return None, b"line %d" % number

    def delivered(self, tmp_path: Path) -> Sequence[Any]:
        path = tmp_path / "out.txt"
        return path.read_text().splitlines() if path.exists() else []


class TestFileExportSink(SinkConformance):
    repeats_are_recognised = True

    def config(self, tmp_path: Path) -> dict[str, str]:
        return {
            "connector.class": "connectors.file.export.FileExportSinkConnector",
            "topics": self.topic,
            "path": str(tmp_path),
            "rotate.records": "1",
        }

    def bad_configs(self, tmp_path: Path) -> Iterable[Mapping[str, str]]:
        return [{"format": "tablets"}]

    def delivered(self, tmp_path: Path) -> Sequence[Any]:
        return [json.loads(line) for path in tmp_path.rglob("*.jsonl") for line in path.read_text().splitlines()]
