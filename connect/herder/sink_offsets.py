"""Offsets of sinks as REST writes them: a consumer group's offsets per topic and partition."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from connect.api.java_text import to_java_string
from connect.herder.entities import Json
from connect.herder.errors import BadRequest
from connect.kafka.consumer_groups import GroupOffsets

_TOPIC, _PARTITION, _OFFSET = "kafka_topic", "kafka_partition", "kafka_offset"

Wanted = dict[tuple[str, int], int | None]


def shown(offsets: GroupOffsets) -> list[Json]:
    """Committed offsets as ``GET /connectors/<name>/offsets`` lists them."""
    return [
        {"partition": {_PARTITION: partition, _TOPIC: topic}, "offset": {_OFFSET: offset}}
        for (topic, partition), offset in sorted(offsets.items())
    ]


def parsed(offsets: Iterable[tuple[Mapping[str, Any] | None, Mapping[str, Any] | None]]) -> Wanted:
    """What a request wants by topic and partition, None for no offset. Raises BadRequest."""
    return {_partition(partition): _offset(offset) for partition, offset in offsets}


def _partition(partition: Mapping[str, Any] | None) -> tuple[str, int]:
    if partition is None:
        raise BadRequest("The partition for a sink connector offset cannot be null or missing")
    if _TOPIC not in partition or _PARTITION not in partition:
        raise BadRequest(
            f"The partition for a sink connector offset must contain the keys '{_TOPIC}' and '{_PARTITION}'"
        )
    topic, number = partition[_TOPIC], partition[_PARTITION]
    if topic is None:
        raise BadRequest("Kafka topic names must be valid strings and may not be null")
    if number is None:
        raise BadRequest("Kafka partitions must be valid numbers and may not be null")
    return str(topic), _integer(number, 32, "partition")


def _offset(offset: Mapping[str, Any] | None) -> int | None:
    if offset is None:
        return None
    if _OFFSET not in offset:
        raise BadRequest(f"The offset for a sink connector should either be null or contain the key '{_OFFSET}'")
    return _integer(offset[_OFFSET], 64, "offset")


def _integer(value: Any, bits: int, what: str) -> int:
    try:
        number = int(str(value))
    except ValueError:
        number = None
    if number is None or not -(1 << bits - 1) <= number < 1 << bits - 1:
        raise BadRequest(
            f"Failed to parse the following Kafka {what} value in the provided offsets: "
            f"'{to_java_string(value)}'. "
            f"{what.capitalize()} values for sink connectors need to be integers."
        )
    return number
