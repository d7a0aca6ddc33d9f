"""Where failed records are reported: the log and the dead letter queue."""

from __future__ import annotations

import json
import logging
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connect.api import SinkOrigin, SourceOrigin
from connect.api.batch import to_value
from connect.api.errors import java_class_name
from connect.runtime.errors.tolerance import Failure
from connect.runtime.ids import ConnectorTaskId
from connect.runtime.progress import Progress

log = logging.getLogger(__name__)


class LogReporter:
    """Writes a line per failed record; what the record holds only when asked for."""

    def __init__(self, task_id: ConnectorTaskId, progress: Progress, *, include_messages: bool) -> None:
        self._task_id = task_id
        self._progress = progress
        self._include_messages = include_messages

    def report(self, failure: Failure) -> None:
        """Log the failure with its trace."""
        self._progress.count("total-errors-logged")
        where = _describe(failure) if self._include_messages else ""
        log.error(
            "Error encountered in task %s. Executing stage '%s' with class '%s'%s.",
            self._task_id,
            failure.stage.name,
            failure.executing_class,
            where,
            exc_info=failure.error,
        )


def _describe(failure: Failure) -> str:
    batch = failure.batch
    origin = batch.origin
    if not isinstance(origin, SinkOrigin):
        return f", where source record is = {batch.record(0)!r}"
    position = batch.positions[0]
    timestamp = None if origin.timestamps is None else origin.timestamps[position]
    stamp = "" if timestamp is None else f", timestamp={timestamp}, timestampType={origin.timestamp_type.value}"
    return (
        f", where consumed record is {{topic='{origin.topic}', partition={origin.partition}, "
        f"offset={origin.offsets[position]}{stamp}}}"
    )


@dataclass(frozen=True, slots=True)
class DeadLetterQueue:
    """Sends failed records to a topic: those of a sink as they were consumed, those of a source as readable text.

    ``send(topic, key, value, headers, timestamp)`` produces and raises only for what can't be queued at all.
    """

    topic: str
    task_id: ConnectorTaskId
    context_headers: bool
    send: Callable[[str, bytes | None, bytes | None, Sequence[tuple[str, bytes | None]], int | None], None]
    progress: Progress

    def report(self, failure: Failure) -> None:
        """Queue the failed record."""
        self.progress.count("deadletterqueue-produce-requests")
        origin, position = failure.batch.origin, failure.batch.positions[0]
        if not isinstance(origin, SinkOrigin):
            self._report_source(failure, origin, position)
            return
        headers = list(origin.headers[position]) if origin.headers else []
        if self.context_headers:
            headers += self._context(failure, _sink_place(origin, position))
        timestamp = None if origin.timestamps is None else origin.timestamps[position]
        self.send(self.topic, origin.keys[position], origin.values[position], headers, timestamp)

    def _report_source(self, failure: Failure, origin: SourceOrigin, position: int) -> None:
        batch = failure.batch
        partition, offset = _text(origin.partitions[position]), _text(origin.offsets[position])
        place = {"topic": batch.topic, "source.partition": partition, "source.offset": offset}
        headers = self._context(failure, place) if self.context_headers else []
        self.send(
            self.topic, _readable(partition), _readable(to_value(batch.value_schema, batch.values[0])), headers, None
        )

    def _context(self, failure: Failure, place: Mapping[str, Any]) -> list[tuple[str, bytes | None]]:
        error = failure.error
        context: dict[str, Any] = {
            **place,
            "connector.name": self.task_id.connector,
            "task.id": self.task_id.task,
            "stage": failure.stage.name,
            "class.name": failure.executing_class,
            "exception.class.name": java_class_name(error),
            "exception.message": str(error) or None,
            "exception.stacktrace": "".join(traceback.format_exception(error)),
        }
        return [
            (f"__connect.errors.{name}", None if value is None else str(value).encode("utf-8", "replace"))
            for name, value in context.items()
        ]


def _sink_place(origin: SinkOrigin, position: int) -> dict[str, Any]:
    return {"topic": origin.topic, "partition": origin.partition, "offset": origin.offsets[position]}


def _text(value: Any) -> str | None:
    return None if value is None else json.dumps(value, default=str, ensure_ascii=False)


def _readable(value: Any) -> bytes | None:
    """A value that could not be converted, as someone who looks into it later can read it; bytes as they are."""
    if value is None or isinstance(value, bytes):
        return value
    text = value if isinstance(value, str) else _text(value) or ""
    return text.encode("utf-8", "replace")
