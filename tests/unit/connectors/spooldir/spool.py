"""A spool directory for tests: files in, records out."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from connect.api import RecordBatch, SourceConnector, SourceTask
from tests.unit.connectors.source_context import FakeSourceContext, batches

LONG_AGO = 1_600_000_000


class Spool:
    """Directories ``in``, ``finished`` and ``error`` below ``root``, and a connector that watches them."""

    def __init__(self, root: Path, connector: type[SourceConnector], **config: str) -> None:
        self.root = root
        for name in ("in", "finished", "error"):
            (root / name).mkdir(parents=True, exist_ok=True)
        self.connector = connector
        self.config = {
            "name": "spool",
            "topic": "t",
            "input.path": str(root / "in"),
            "finished.path": str(root / "finished"),
            "error.path": str(root / "error"),
            "input.file.pattern": ".*",
            "empty.poll.wait.ms": "200",
            **{key.replace("_", "."): value for key, value in config.items()},
        }

    def write(self, name: str, content: str | bytes, modified: float = LONG_AGO) -> Path:
        """A file in ``in``, last changed at ``modified`` seconds since the epoch."""
        path = self.root / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        os.utime(path, (modified, modified))
        return path

    def task(self, context: FakeSourceContext | None = None, **config: str) -> Any:
        """A started task of the connector, which alone reads the directory."""
        connector = self.connector()
        connector.start({**self.config, **{key.replace("_", "."): value for key, value in config.items()}})
        [task_config] = connector.task_configs(1)
        return start(connector.task_class()(), task_config, context)

    def files(self) -> dict[str, list[str]]:
        """Where files are now, as paths below each directory."""
        return {
            name: sorted(
                str(path.relative_to(self.root / name)) for path in (self.root / name).rglob("*") if path.is_file()
            )
            for name in ("in", "finished", "error")
        }


def start(task: SourceTask, config: Mapping[str, str], context: FakeSourceContext | None = None) -> SourceTask:
    """The task after ``initialize`` and ``start``."""
    task.initialize(FakeSourceContext() if context is None else context)
    task.start(config)
    return task


def rows(task: SourceTask) -> list[tuple[Any, ...]]:
    """The values of all records that the task returns until it has nothing more."""
    return [tuple(value) for batch in batches(task) for value in batch.values]


def rows_and_offsets(task: SourceTask) -> list[tuple[tuple[Any, ...], Mapping[str, Any]]]:
    """The values of all records with their offsets."""
    return [pair for batch in batches(task) for pair in with_offsets(batch)]


def with_offsets(batch: RecordBatch) -> list[tuple[tuple[Any, ...], Any]]:
    """The values of a batch with their offsets."""
    return [(tuple(value), batch.record(index).source_offset) for index, value in enumerate(batch.values)]  # type: ignore[union-attr]


def schema_json(schema_name: str, /, **fields: str | Mapping[str, Any]) -> str:
    """The JSON of a struct schema; fields are optional: a type such as ``INT64``, or a whole node."""
    nodes = {
        field: {"type": node, "isOptional": True} if isinstance(node, str) else dict(node)
        for field, node in fields.items()
    }
    return json.dumps({"name": schema_name, "type": "STRUCT", "isOptional": False, "fieldSchemas": nodes})
