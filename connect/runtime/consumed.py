"""Consumed messages as batches per partition, and the offsets that go with them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from connect.api import SinkOrigin, TimestampType, TopicPartition

_TIMESTAMP_TYPES = {
    0: TimestampType.NO_TIMESTAMP_TYPE,
    1: TimestampType.CREATE_TIME,
    2: TimestampType.LOG_APPEND_TIME,
}


def group_messages(messages: Sequence[Any]) -> list[SinkOrigin]:
    """Client messages without errors, as one origin per partition, in their order."""
    if not messages:
        return []
    partitions = [message.partition() for message in messages]
    topics = [message.topic() for message in messages]
    if _uniform(partitions) and _uniform(topics):
        return [_origin(topics[0], partitions[0], messages)]
    groups: dict[tuple[str, int], list[Any]] = {}
    for topic, partition, message in zip(topics, partitions, messages, strict=True):
        groups.setdefault((topic, partition), []).append(message)
    return [_origin(topic, partition, group) for (topic, partition), group in groups.items()]


def _uniform(items: list[Any]) -> bool:
    return items.count(items[0]) == len(items)


def _origin(topic: str, partition: int, messages: Sequence[Any]) -> SinkOrigin:
    stamps = [message.timestamp() for message in messages]
    headers = [message.headers() for message in messages]
    return SinkOrigin(
        topic,
        partition,
        [message.offset() for message in messages],
        _TIMESTAMP_TYPES[stamps[0][0]],
        [message.key() for message in messages],
        [message.value() for message in messages],
        [h or () for h in headers] if any(headers) else None,
        [None if stamp < 0 else stamp for _, stamp in stamps],
    )


def next_offsets(origins: Sequence[SinkOrigin]) -> dict[TopicPartition, int]:
    """Per partition the offset after the last record: what would be read next."""
    return {TopicPartition(origin.topic, origin.partition): origin.offsets[-1] + 1 for origin in origins}
