"""The sink task, whichever dialect of configuration made its settings."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from connect.api import DataException, RecordBatch, SinkTask, TopicPartition, to_value
from connectors.mqtt.publisher import Publisher
from connectors.mqtt.settings import ConnectionSettings
from connectors.mqtt.values import Target, payload


@dataclass(frozen=True, slots=True)
class SinkSettings:
    """What a sink task does. ``targets`` by Kafka topic, "" for all others; ``publish_seconds`` None: for ever."""

    connection: ConnectionSettings
    targets: Mapping[str, Target]
    qos: int = 0
    retained: bool = False
    publish_seconds: float | None = 30.0
    json: bool = False


class MqttSinkTask(SinkTask):
    """Publishes records in their order; offsets are committed once the server has confirmed the messages."""

    _publisher: Publisher | None = None

    @abstractmethod
    def read_settings(self, config: Mapping[str, str]) -> SinkSettings:
        """The settings out of a task's configuration. Raises ConfigException."""

    def start(self, config: Mapping[str, str]) -> None:
        self._settings = self.read_settings(config)
        self._publisher = Publisher(self._settings.connection)
        self._publisher.connect()

    def put_batch(self, batches: Sequence[RecordBatch]) -> None:
        for batch in batches:
            targets = self._settings.targets
            target = targets.get(batch.topic or "") or targets.get("")
            for index in range(len(batch)):
                try:
                    if target is None:
                        raise DataException(f"There is no statement for the topic {batch.topic}")
                    self._publish(batch, index, target)
                except (DataException, ValueError) as error:
                    self._report(batch, index, error)

    def _publish(self, batch: RecordBatch, index: int, target: Target) -> None:
        settings = self._settings
        assert self._publisher is not None
        value = to_value(batch.value_schema, batch.values[index])
        content = payload(value, batch.value_schema, json=settings.json)
        self._publisher.publish(
            target(batch, index), content, settings.qos, settings.retained, settings.publish_seconds
        )

    def _report(self, batch: RecordBatch, index: int, error: Exception) -> None:
        reporter = self.context.errant_record_reporter
        if reporter is None:
            raise error if isinstance(error, DataException) else DataException(str(error)) from error
        reporter.report_position(batch, index, error)

    def flush(self, offsets: Mapping[TopicPartition, int]) -> None:
        assert self._publisher is not None
        self._publisher.wait(self._settings.publish_seconds)

    def stop(self) -> None:
        if self._publisher is not None:
            self._publisher.close()
            self._publisher = None
