"""Runs a connector here, without a worker and without producing: each stage of its records is kept to be shown."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from connect.api import (
    ConnectException,
    Connector,
    RecordBatch,
    SinkOrigin,
    SourceConnector,
    SourceTask,
    to_value,
)
from connect.api.java_text import to_java_string
from connect.kafka.clients import consumer as make_consumer
from connect.kafka.connect_clients import ConnectClients
from connect.kafka.door import TopicPartition
from connect.plugins.registry import CONNECTOR_KINDS, PluginRegistry
from connect.runtime.connector_config import sink_topics
from connect.runtime.consumed import group_messages
from connect.runtime.conversion import SinkConversion, SourceConversion
from connect.runtime.errors.tolerance import ErrorPolicy, ToleranceOperator
from connect.runtime.ids import ConnectorTaskId
from connect.runtime.plugins_of_task import make_chain, make_converters
from connect.runtime.progress import Progress

_READ_SECONDS = 5.0


@dataclass(slots=True)
class Sample:
    """One record on its way: stage names with what the record was there."""

    stages: list[tuple[str, str]] = field(default_factory=list)


class _DryContext:
    """What connector and task may ask of a runtime that isn't there."""

    transaction_context = None

    def __init__(self, config: Mapping[str, str]) -> None:
        self._config = dict(config)
        self._never = threading.Event()
        self.offset_storage_reader = self

    def configs(self) -> dict[str, str]:
        return dict(self._config)

    def wait(self, seconds: float) -> bool:
        return self._never.wait(min(seconds, 0.2))

    def count(self, metric: str, amount: float = 1) -> None:
        """Nobody looks at the counters of a dry run."""

    def gauge(self, metric: str, value: float) -> None:
        """Nor at other values."""

    def report_errant_record(self, error: BaseException, *, raw: bytes | None = None, where: str = "") -> None:
        raise ConnectException(f"{where}: {error}") from error

    def request_task_reconfiguration(self) -> None:
        return

    def raise_error(self, error: BaseException) -> None:
        raise ConnectException(str(error)) from error

    def offset(self, partition: Mapping[str, Any]) -> dict[str, Any] | None:
        return None

    def offsets(self, partitions: Sequence[Mapping[str, Any]]) -> list[dict[str, Any] | None]:
        return [None for _ in partitions]


def dry_run(worker: Mapping[str, str], config: Mapping[str, str], limit: int) -> list[Sample]:
    """Up to ``limit`` records with all their stages. Raises ConnectException, ConfigException with what goes wrong."""
    registry = PluginRegistry()
    connector: Connector = registry.load(config["connector.class"], *CONNECTOR_KINDS)()
    if isinstance(connector, SourceConnector):
        batches = _poll(connector, config, limit)
        return list(_source_samples(registry, worker, config, batches))
    return list(_sink_samples(registry, worker, config, limit))


def _poll(connector: SourceConnector, config: Mapping[str, str], limit: int) -> list[RecordBatch]:
    connector.initialize(_DryContext(config))
    connector.start(config)
    try:
        (task_config, *_) = connector.task_configs(1)
        task: SourceTask = connector.task_class()()
        task.initialize(_DryContext(task_config))
        task.start(task_config)
        try:
            return _polled(task, limit)
        finally:
            task.stop()
    finally:
        connector.stop()


def _polled(task: SourceTask, limit: int) -> list[RecordBatch]:
    batches: list[RecordBatch] = []
    deadline = time.monotonic() + _READ_SECONDS
    while limit > 0 and time.monotonic() < deadline:
        for batch in task.poll_batch() or ():
            if limit > 0:
                batches.append(batch.slice(0, min(limit, len(batch))))
                limit -= len(batches[-1])
    return batches


def _strict() -> ToleranceOperator:
    return ToleranceOperator(ErrorPolicy(), (), Progress(), lambda _: True)


def _source_samples(
    registry: PluginRegistry, worker: Mapping[str, str], config: Mapping[str, str], batches: Sequence[RecordBatch]
) -> Iterator[Sample]:
    chain = make_chain(registry, config)
    conversion = SourceConversion(make_converters(registry, config, worker), _strict())
    for batch in batches:
        for index in range(len(batch)):
            single = batch.slice(index, index + 1)
            sample = Sample([("polled", _text(single))])
            for out in _through(chain, single, sample):
                for encoded in conversion.encode(out):
                    key = None if encoded.keys is None else encoded.keys[0]
                    sample.stages.append(
                        (f"to topic {encoded.topic}", f"key {_bytes(key)}\n{_bytes(encoded.values[0])}")
                    )
            yield sample


def _sink_samples(
    registry: PluginRegistry, worker: Mapping[str, str], config: Mapping[str, str], limit: int
) -> Iterator[Sample]:
    chain = make_chain(registry, config)
    conversion = SinkConversion(make_converters(registry, config, worker), _strict())
    for origin in _consumed(worker, config, limit):
        raw = RecordBatch(origin.topic, list(origin.values), origin=origin, partition=origin.partition)
        for index, data in enumerate(raw.values):
            one = _single(origin, index)
            sample = Sample([(f"in topic {origin.topic}, offset {origin.offsets[index]}", _bytes(data))])
            for decoded in conversion.decode(one):
                sample.stages.append(("converted", _text(decoded)))
                outs = _through(chain, decoded, sample)
                sample.stages += [("to the sink", _text(out)) for out in outs]
            yield sample


def _through(chain: Any, single: RecordBatch, sample: Sample) -> list[RecordBatch]:
    batches = [single]
    for stage in chain.stages:
        batches = [out for batch in batches for out in stage.apply(batch)]
        shown = "\n".join(_text(out) for out in batches) if batches else "dropped"
        sample.stages.append((f"transforms.{stage.alias}", shown))
    return batches


def _single(origin: SinkOrigin, index: int) -> SinkOrigin:
    return SinkOrigin(
        origin.topic,
        origin.partition,
        [origin.offsets[index]],
        origin.timestamp_type,
        [origin.keys[index]],
        [origin.values[index]],
        None if origin.headers is None else [origin.headers[index]],
        None if origin.timestamps is None else [origin.timestamps[index]],
    )


def _consumed(worker: Mapping[str, str], config: Mapping[str, str], limit: int) -> list[SinkOrigin]:
    """The first records of the topics, read without joining the connector's group."""
    task = ConnectorTaskId(config.get("name", "dry-run"), 0)
    properties = ConnectClients(worker).sink_consumer(task, config)
    consumer = make_consumer({**properties, "group.id": f"{properties['group.id']}-dry-run"})
    try:
        topics = [topic for topic in sink_topics(config) if not topic.startswith("^")]
        found = {topic: consumer.list_topics(topic, timeout=_READ_SECONDS).topics[topic] for topic in topics}
        consumer.assign([TopicPartition(t, p, 0) for t, metadata in found.items() for p in metadata.partitions])
        messages: list[Any] = []
        deadline = time.monotonic() + _READ_SECONDS
        while len(messages) < limit and time.monotonic() < deadline:
            message = consumer.poll(0.2)
            if message is not None and message.error() is None:
                messages.append(message)
        return group_messages(messages)
    finally:
        consumer.close()


def _text(batch: RecordBatch) -> str:
    value = to_value(batch.value_schema, batch.values[0])
    key = None if batch.keys is None else to_value(batch.key_schema, batch.keys[0])
    schema = "" if batch.value_schema is None else f" ({batch.value_schema.type.value})"
    return f"topic {batch.topic}, key {to_java_string(key)}, value{schema} {to_java_string(value)}"


def _bytes(data: bytes | None) -> str:
    return "null" if data is None else data.decode("utf-8", "backslashreplace")
