"""How the offsets of sinks are read from requests, and refused."""

from __future__ import annotations

from typing import Any

import pytest

from connect.herder.errors import BadRequest
from connect.herder.sink_offsets import parsed, shown


def test_numbers_may_be_texts() -> None:
    offsets = [({"kafka_topic": "t", "kafka_partition": "1"}, {"kafka_offset": "7"})]
    assert parsed(offsets) == {("t", 1): 7}


def test_no_offset_means_to_forget_it() -> None:
    assert parsed([({"kafka_topic": "t", "kafka_partition": 0}, None)]) == {("t", 0): None}


@pytest.mark.parametrize(
    ("partition", "offset", "message"),
    [
        (None, None, "The partition for a sink connector offset cannot be null or missing"),
        ({}, None, "must contain the keys 'kafka_topic' and 'kafka_partition'"),
        ({"kafka_topic": None, "kafka_partition": 0}, None, "Kafka topic names must be valid strings"),
        ({"kafka_topic": "t", "kafka_partition": None}, None, "Kafka partitions must be valid numbers"),
        ({"kafka_topic": "t", "kafka_partition": 1 << 31}, None, "Partition values for sink connectors need to be"),
        ({"kafka_topic": "t", "kafka_partition": 0}, {}, "should either be null or contain the key 'kafka_offset'"),
        ({"kafka_topic": "t", "kafka_partition": 0}, {"kafka_offset": "x"}, "provided offsets: 'x'. Offset values"),
        ({"kafka_topic": "t", "kafka_partition": 0}, {"kafka_offset": None}, "provided offsets: 'null'. Offset"),
    ],
)
def test_what_is_no_offset_is_refused(partition: Any, offset: Any, message: str) -> None:
    with pytest.raises(BadRequest) as refusal:
        parsed([(partition, offset)])
    assert message in str(refusal.value)


def test_offsets_are_listed_by_topic_and_partition() -> None:
    listed = shown({("b", 0): 1, ("a", 10): 2, ("a", 2): 3})
    assert [(each["partition"]["kafka_topic"], each["partition"]["kafka_partition"]) for each in listed] == [
        ("a", 2),
        ("a", 10),
        ("b", 0),
    ]
