"""The source task, whichever dialect of configuration made its settings."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connect.api import (
    BOOLEAN_SCHEMA,
    BYTES_SCHEMA,
    INT32_SCHEMA,
    STRING_SCHEMA,
    Computed,
    ConfigException,
    HeaderColumn,
    HeaderColumns,
    RecordBatch,
    RecordMetadata,
    Repeated,
    Schema,
    SourceOrigin,
    SourceRecord,
    SourceTask,
)
from connectors.mqtt.frames import Arrivals, is_duplicate, is_retained, qos_of
from connectors.mqtt.ledger import NO_NUMBER
from connectors.mqtt.session import Session
from connectors.mqtt.settings import ConnectionSettings
from connectors.mqtt.topics import Route, Router

_NUMBER = "message.number"
KeyColumn = Callable[[Arrivals], list[Any]]


@dataclass(frozen=True, slots=True)
class SourceSettings:
    """What a source task does. ``filters`` have their QoS; a poll waits ``idle_seconds`` for a message."""

    connection: ConnectionSettings
    filters: Mapping[str, int]
    routes: Sequence[Route]
    batch_size: int = 4096
    idle_seconds: float = 0.1
    most_outstanding: int = 0
    retained: str = "all"
    """``all``, ``new`` (only with a subscription that the server didn't know) or ``none``."""
    text: bool = False
    """Values are strings, not bytes."""
    headers: bool = True


class MqttSourceTask(SourceTask):
    """Polls messages; acknowledges those of QoS 1 and 2 to the server when Kafka has their records."""

    COMMITS_WHILE_POLLING = False  # the session belongs to the thread that polls
    KEY_SCHEMA: Schema = STRING_SCHEMA
    _session: Session | None = None

    @abstractmethod
    def read_settings(self, config: Mapping[str, str]) -> SourceSettings:
        """The settings out of a task's configuration. Raises ConfigException."""

    def keys(self, arrivals: Arrivals) -> list[Any]:
        """The records' keys, of ``KEY_SCHEMA``."""
        return arrivals.topics

    def start(self, config: Mapping[str, str]) -> None:
        settings = self._settings = self.read_settings(config)
        if not settings.filters:
            raise ConfigException("This task has no topic filter")
        self._router = Router(settings.routes)
        self._session = Session(
            settings.connection,
            settings.filters,
            self.context.wait,
            retain_handling={"all": 0, "new": 1, "none": 2}[settings.retained],
            most_outstanding=settings.most_outstanding,
        )

    def poll_batch(self) -> list[RecordBatch] | None:
        assert self._session is not None
        arrivals, numbers = self._session.receive(self._settings.idle_seconds)
        if self._settings.retained == "none":
            arrivals, numbers = self._without_retained(arrivals, numbers)
        if not arrivals:
            return None
        if self._router.constant is not None:
            return self._batches(self._router.constant, arrivals, numbers)
        return [
            batch
            for topic, indexes in self._by_topic(arrivals).items()
            for batch in self._batches(topic, arrivals.take(indexes), [numbers[i] for i in indexes] if numbers else ())
        ]

    def _without_retained(self, arrivals: Arrivals, numbers: Sequence[int]) -> tuple[Arrivals, Sequence[int]]:
        """MQTT 3.1.1 can't ask the server not to send them."""
        kept = [index for index, flags in enumerate(arrivals.flags) if not is_retained(flags)]
        if len(kept) == len(arrivals):
            return arrivals, numbers
        if numbers:
            for index, flags in enumerate(arrivals.flags):
                if is_retained(flags):
                    self._done(numbers[index])
            numbers = [numbers[index] for index in kept]
        return arrivals.take(kept), numbers

    def _by_topic(self, arrivals: Arrivals) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        topic_of = self._router.topic
        for index, topic in enumerate(arrivals.topics):
            found.setdefault(topic_of(topic), []).append(index)
        return found

    def _batches(self, topic: str, arrivals: Arrivals, numbers: Sequence[int]) -> list[RecordBatch]:
        batch = self._batch(topic, arrivals, numbers)
        step = self._settings.batch_size
        if len(batch) <= step:
            return [batch]
        return [batch.slice(start, start + step) for start in range(0, len(batch), step)]

    def _batch(self, topic: str, arrivals: Arrivals, numbers: Sequence[int]) -> RecordBatch:
        size = len(arrivals)
        values: list[Any] = arrivals.payloads
        if self._settings.text:
            values = [payload.decode(errors="replace") for payload in arrivals.payloads]
        offsets = Computed(numbers, lambda number: {_NUMBER: number}) if numbers else Repeated(None, size)
        return RecordBatch(
            topic,
            values,
            STRING_SCHEMA if self._settings.text else BYTES_SCHEMA,
            origin=SourceOrigin(Repeated(None, size), offsets),
            keys=self.keys(arrivals),
            key_schema=self.KEY_SCHEMA,
            headers=_headers(arrivals) if self._settings.headers else None,
        )

    def commit_record(self, record: SourceRecord, metadata: RecordMetadata | None) -> None:
        if record.source_offset is not None:
            self._done(record.source_offset[_NUMBER])

    def _done(self, number: int) -> None:
        if number != NO_NUMBER and self._session is not None:
            self._session.done(number)

    def stop(self) -> None:
        if self._session is not None:
            self._session.close()
            self._session = None


def _headers(arrivals: Arrivals) -> HeaderColumns:
    size = len(arrivals)
    ints, booleans = Repeated(INT32_SCHEMA, size), Repeated(BOOLEAN_SCHEMA, size)
    kinds = set(arrivals.flags)

    def column(read: Callable[[int], Any]) -> Sequence[Any]:
        values = {flags: read(flags) for flags in kinds}
        if len(kinds) == 1:
            return Repeated(values[arrivals.flags[0]], size)
        return [values[flags] for flags in arrivals.flags]

    qos = column(qos_of)
    ids = Repeated(0, size) if isinstance(qos, Repeated) and qos.item == 0 else arrivals.ids
    return HeaderColumns(
        (
            HeaderColumn("mqtt.message.id", ids, ints),
            HeaderColumn("mqtt.qos", qos, ints),
            HeaderColumn("mqtt.retained", column(is_retained), booleans),
            HeaderColumn("mqtt.duplicate", column(is_duplicate), booleans),
        ),
        size,
    )
