"""Runs a recorded scenario of the spool directory sources without Kafka, and says what came of it."""

from __future__ import annotations

import base64
import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from connect.api import Header, RecordBatch, SourceConnector, SourceTask
from connect.api.java_text import to_java_string
from connect.api.logical import to_millis
from connectors.spooldir.binary_source import SpoolDirBinaryFileSourceConnector
from connectors.spooldir.csv_source import SpoolDirCsvSourceConnector
from connectors.spooldir.json_source import SpoolDirJsonSourceConnector, SpoolDirSchemaLessJsonSourceConnector
from connectors.spooldir.line_source import SpoolDirLineDelimitedSourceConnector
from tests.conformance.json_envelope import envelope
from tests.unit.connectors.source_context import FakeSourceContext

Json = dict[str, Any]

CONNECTORS: dict[str, type[SourceConnector]] = {
    f"com.github.jcustenborder.kafka.connect.spooldir.{connector.__name__}": connector
    for connector in (
        SpoolDirBinaryFileSourceConnector,
        SpoolDirCsvSourceConnector,
        SpoolDirJsonSourceConnector,
        SpoolDirSchemaLessJsonSourceConnector,
        SpoolDirLineDelimitedSourceConnector,
    )
}


@dataclass
class Outcome:
    """What a scenario led to, in the form of its ``expect``."""

    refused: list[str] = field(default_factory=list)
    failed: str | None = None
    trace: str = ""
    topic: list[Json] = field(default_factory=list)
    offsets: dict[str, Json] = field(default_factory=dict)
    files: dict[str, list[str]] = field(default_factory=dict)
    before_restart: tuple[dict[str, Json], int] | None = None


class Run:
    """One scenario in a directory of its own."""

    def __init__(self, scenario: Json, directory: Path) -> None:
        self.scenario = scenario
        self.directory = directory
        self.outcome = Outcome()
        for name in ("in", "finished", "error"):
            (directory / name).mkdir()
        config = {
            "name": "spool",
            "tasks.max": "1",
            "topic": "topic",
            "input.path": "${DIR}/in",
            "finished.path": "${DIR}/finished",
            "error.path": "${DIR}/error",
            "empty.poll.wait.ms": "200",
            # Ours: the recorded files are complete when written, and the original's silent conversions are expected.
            "file.settle.ms": "0",
            "parser.lenient": "true",
            **scenario["config"],
        }
        self.config = {key: self._placed(value) for key, value in config.items() if value is not None}

    def _placed(self, text: str) -> str:
        return text.replace("${DIR}", str(self.directory))

    def run(self) -> Outcome:
        """Play all steps."""
        connector_class = CONNECTORS[self.scenario["class"]]
        self._write(file for file in self.scenario["files"] if file.get("stage", 1) == 1)
        self.outcome.refused = [error for value in connector_class.validate(self.config) for error in value.errors]
        if not self.outcome.refused:
            self._run_connector(connector_class())
            self._restart(connector_class())
        self.outcome.files = self._files()
        return self.outcome

    def _restart(self, connector: SourceConnector) -> None:
        restart = self.scenario.get("restart")
        if restart is None:
            return
        self.outcome.before_restart = (dict(self.outcome.offsets), len(self.outcome.topic))
        for change in restart.get("alter", ()):
            self.outcome.offsets[json.dumps(change["partition"])] = change["offset"]
        self._write(restart["files"])
        self._run_connector(connector)

    def _write(self, files: Any) -> None:
        for file in files:
            path = self.directory / "in" / file["name"]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(base64.b64decode(file["base64"]) if "base64" in file else file["textUtf8"].encode())
            if "lastModified" in file:
                os.utime(path, (file["lastModified"] / 1000,) * 2)

    def _run_connector(self, connector: SourceConnector) -> None:
        try:
            connector.start(self.config)
            task_configs = connector.task_configs(int(self.config["tasks.max"]))
        except Exception as error:
            self._fail("connector", error)
            return
        for task_config in task_configs:
            task = connector.task_class()()
            try:
                self._run_task(task, task_config)
            except Exception as error:
                self._fail("task", error)
                return
            finally:
                task.commit()
                task.stop()

    def _fail(self, who: str, error: BaseException | None) -> None:
        self.outcome.failed = who
        while error is not None:
            self.outcome.trace += f"{error}\n"
            error = error.__cause__

    def _run_task(self, task: SourceTask, config: dict[str, str]) -> None:
        stored = [(json.loads(partition), offset) for partition, offset in self.outcome.offsets.items()]
        task.initialize(FakeSourceContext(stored, tolerant=False))
        task.start(config)
        self._poll_until_idle(task)
        self._write(file for file in self.scenario["files"] if file.get("stage", 1) == 2)
        self._poll_until_idle(task)

    def _poll_until_idle(self, task: SourceTask) -> None:
        idle = 0
        while idle < 3:
            polled = task.poll_batch()
            idle = 0 if polled else idle + 1
            for batch in polled or ():
                self._take(batch)
            if not polled:
                task.commit()

    def _take(self, batch: RecordBatch) -> None:
        for index, record in enumerate(batch.records()):
            self.outcome.topic.append(
                {
                    "key": self._converted("key", batch.key_schema, None if batch.keys is None else batch.keys[index]),
                    "value": self._converted("value", batch.value_schema, batch.values[index]),
                    "timestamp": record.timestamp,
                    "headers": [[header.key, _header_text(header)] for header in record.headers],
                }
            )
            partition = batch.origin.partitions[batch.positions[index]]  # type: ignore[union-attr]
            offset = batch.origin.offsets[batch.positions[index]]
            self.outcome.offsets[json.dumps(partition)] = offset  # type: ignore[assignment]

    def _converted(self, part: str, schema: Any, held: Any) -> Any:
        converter = self.config.get(f"{part}.converter", "JsonConverter").rpartition(".")[2]
        if converter == "JsonConverter":
            return envelope(schema, held)
        if held is None:
            return None
        if isinstance(held, bytes):
            return held.decode()
        if isinstance(held, tuple):
            pairs = zip(schema.fields, held, strict=True)
            return f"Struct{{{','.join(f'{f.name}={to_java_string(v)}' for f, v in pairs if v is not None)}}}"
        return held

    def _files(self) -> dict[str, list[str]]:
        places = {"finished": "finished", "error": "error", "input": "in"}
        return {
            name: sorted(
                str(path.relative_to(self.directory / folder))
                for path in (self.directory / folder).rglob("*")
                if path.is_file()
            )
            for name, folder in places.items()
        }


def _header_text(header: Header) -> str:
    if header.key == "file.last.modified":
        return to_iso(header.value)
    return str(header.value)


def to_iso(instant: Any) -> str:
    """The text of an instant, to the millisecond."""
    return f"{instant:%Y-%m-%dT%H:%M:%S}.{to_millis(instant) % 1000:03d}Z"
