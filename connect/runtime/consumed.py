"""Consumed messages as batches per partition, and the offsets that go with them."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from connect.api import RecordBatch, SinkOrigin, TimestampType, TopicPartition
from connect.api.lazy import Computed, Deferred
from connect.runtime.ids import ConnectorTaskId

log = logging.getLogger(__name__)

_TIMESTAMP_TYPES = {
    0: TimestampType.NO_TIMESTAMP_TYPE,
    1: TimestampType.CREATE_TIME,
    2: TimestampType.LOG_APPEND_TIME,
}


def group_messages(messages: Sequence[Any], only_topic: str | None = None) -> list[SinkOrigin]:
    """Client messages without errors, as one origin per partition, in their order.

    ``only_topic`` is given when they can't be of any other: asking each message costs more than all the rest here.
    """
    if not messages:
        return []
    partitions = list(map(type(messages[0]).partition, messages))
    uniform = _uniform(partitions)
    if uniform and only_topic is not None:
        return [_origin(only_topic, partitions[0], messages)]
    topics = [message.topic() for message in messages]
    if uniform and _uniform(topics):
        return [_origin(topics[0], partitions[0], messages)]
    groups: dict[tuple[str, int], list[Any]] = {}
    for topic, partition, message in zip(topics, partitions, messages, strict=True):
        groups.setdefault((topic, partition), []).append(message)
    return [_origin(topic, partition, group) for (topic, partition), group in groups.items()]


def _uniform(items: list[Any]) -> bool:
    return items.count(items[0]) == len(items)


def _origin(topic: str, partition: int, messages: Sequence[Any]) -> SinkOrigin:
    kind = type(messages[0])  # its methods mapped: no bytecode per message
    headers = list(map(kind.headers, messages))
    return SinkOrigin(
        topic,
        partition,
        Computed(messages, kind.offset),
        _TIMESTAMP_TYPES[messages[0].timestamp()[0]],
        list(map(kind.key, messages)),
        list(map(kind.value, messages)),
        None if headers.count(None) == len(headers) else [h or () for h in headers],
        Deferred(len(messages), lambda: _timestamps(messages)),
    )


def _timestamps(messages: Sequence[Any]) -> list[int | None]:
    return [None if stamp < 0 else stamp for _, stamp in map(type(messages[0]).timestamp, messages)]


def next_offsets(origins: Sequence[SinkOrigin]) -> dict[TopicPartition, int]:
    """Per partition the offset after the last record: what would be read next."""
    return {TopicPartition(origin.topic, origin.partition): origin.offsets[-1] + 1 for origin in origins}


def partition_of(batch: RecordBatch) -> TopicPartition | None:
    """Where a batch was consumed from."""
    origin = batch.origin
    return TopicPartition(origin.topic, origin.partition) if isinstance(origin, SinkOrigin) else None


def consumed_bytes(batch: RecordBatch) -> int:
    """Bytes of the keys and values as they were consumed."""
    origin = batch.origin
    if not isinstance(origin, SinkOrigin):
        return 0
    return sum(len(origin.keys[place] or b"") + len(origin.values[place] or b"") for place in batch.positions)


def acceptable_offsets(
    task_id: ConnectorTaskId, wanted: Mapping[TopicPartition, int], current: Mapping[TopicPartition, int]
) -> dict[TopicPartition, int]:
    """Of the offsets that a task wants committed, those of its partitions that don't pass what it was given."""
    accepted = {}
    for partition, offset in wanted.items():
        if partition not in current:
            log.debug("%s: ignoring an offset for %s, which was not asked for", task_id, partition)
        elif offset > current[partition]:
            log.warning(
                "%s: ignoring offset %d for %s: only records before %d were put",
                task_id,
                offset,
                partition,
                current[partition],
            )
        else:
            accepted[partition] = offset
    return accepted
