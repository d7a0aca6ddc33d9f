"""The committed offsets of consumer groups. Every function waits for the broker."""

from __future__ import annotations

from collections.abc import Mapping

from confluent_kafka import ConsumerGroupTopicPartitions

from connect.kafka.door import AdminClient, KafkaError, KafkaException, TopicPartition
from connect.kafka.errors import kafka_error

GroupOffsets = dict[tuple[str, int], int]
"""Committed offset by topic and partition."""

_NO_SUCH_GROUP = frozenset({KafkaError.GROUP_ID_NOT_FOUND})
_BUSY = frozenset({KafkaError.UNKNOWN_MEMBER_ID, KafkaError.NON_EMPTY_GROUP, KafkaError.GROUP_SUBSCRIBED_TO_TOPIC})


def group_offsets(admin: AdminClient, group: str, timeout: float) -> GroupOffsets:
    """What a group has committed; nothing for an unknown group. Raises KafkaException."""
    request = ConsumerGroupTopicPartitions(group)
    try:
        found = admin.list_consumer_group_offsets([request], request_timeout=timeout)[group].result()
    except KafkaException as error:
        if kafka_error(error).code() in _NO_SUCH_GROUP:
            return {}
        raise
    return {(each.topic, each.partition): each.offset for each in found.topic_partitions if each.offset >= 0}


def alter_group_offsets(admin: AdminClient, group: str, offsets: Mapping[tuple[str, int], int], timeout: float) -> None:
    """Set committed offsets of a group without members. Raises KafkaException."""
    positions = [TopicPartition(topic, partition, offset) for (topic, partition), offset in offsets.items()]
    request = ConsumerGroupTopicPartitions(group, positions)
    answer = admin.alter_consumer_group_offsets([request], request_timeout=timeout)[group].result()
    for position in answer.topic_partitions:
        if position.error is not None:
            raise KafkaException(position.error)


def delete_group(admin: AdminClient, group: str, timeout: float) -> None:
    """Forget a group with all its offsets; an unknown group is fine. Raises KafkaException when it has members."""
    try:
        admin.delete_consumer_groups([group], request_timeout=timeout)[group].result()
    except KafkaException as error:
        if kafka_error(error).code() not in _NO_SUCH_GROUP:
            raise


def group_members(admin: AdminClient, group: str, timeout: float) -> dict[str, str]:
    """The client ids of a group's members, by member id. Raises KafkaException."""
    found = admin.describe_consumer_groups([group], request_timeout=timeout)[group].result()
    return {member.member_id: member.client_id for member in found.members}


def is_busy(error: KafkaException) -> bool:
    """Whether a change was refused since the group has members."""
    return kafka_error(error).code() in _BUSY
