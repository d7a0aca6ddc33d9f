"""Admin client of the in-memory cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from types import SimpleNamespace
from typing import Any, TypeVar

from confluent_kafka import ConsumerGroupTopicPartitions
from confluent_kafka.admin import ClusterMetadata, PartitionMetadata, TopicMetadata

from connect.kafka.door import OFFSET_INVALID, KafkaError, KafkaException, NewTopic, TopicPartition
from connect.kafka.fake import FakeKafka, end_offset

T = TypeVar("T")
LATEST = -1
NODE = SimpleNamespace(id=1, host="fake", port=9092, rack=None)


class FakeAdmin:
    """All answers are ready at once."""

    def __init__(self, kafka: FakeKafka) -> None:
        self._kafka = kafka

    def _answer(self, operation: str, action: Callable[..., T], *arguments: Any) -> Future[T]:
        future: Future[T] = Future()
        try:
            self._kafka.check(operation)
            with self._kafka.changed:
                future.set_result(action(*arguments))
        except KafkaException as error:
            future.set_exception(error)
        return future

    def list_topics(self, topic: str | None = None, timeout: float = -1) -> Any:
        """Cluster metadata."""
        self._kafka.check("list_topics")
        return cluster_metadata(self._kafka, topic)

    def describe_topics(self, topics: Any, **_kwargs: Any) -> dict[str, Future[Any]]:
        """Partitions of topics."""

        def describe(name: str) -> Any:
            found = self._kafka.topics.get(name)
            if found is None:
                raise KafkaException(KafkaError(KafkaError.UNKNOWN_TOPIC_OR_PART))
            partitions = [
                SimpleNamespace(id=number, leader=NODE, replicas=[NODE], isr=[NODE])
                for number in range(len(found.partitions))
            ]
            return SimpleNamespace(name=name, is_internal=False, partitions=partitions)

        return {name: self._answer("describe_topics", describe, name) for name in topics.topic_names}

    def create_topics(self, new_topics: list[NewTopic], **_kwargs: Any) -> dict[str, Future[None]]:
        """Create topics."""

        def create(new: NewTopic) -> None:
            if new.topic in self._kafka.topics:
                raise KafkaException(KafkaError(KafkaError.TOPIC_ALREADY_EXISTS))
            topic = self._kafka.create_topic(new.topic, new.num_partitions, getattr(new, "config", None))
            topic.replication_factor = new.replication_factor

        return {new.topic: self._answer("create_topics", create, new) for new in new_topics}

    def delete_topics(self, topics: list[str], **_kwargs: Any) -> dict[str, Future[None]]:
        """Delete topics."""

        def delete(name: str) -> None:
            if self._kafka.topics.pop(name, None) is None:
                raise KafkaException(KafkaError(KafkaError.UNKNOWN_TOPIC_OR_PART))

        return {name: self._answer("delete_topics", delete, name) for name in topics}

    def describe_configs(self, resources: list[Any], **_kwargs: Any) -> dict[Any, Future[dict[str, Any]]]:
        """Settings of topics; nothing when the cluster doesn't tell."""

        def describe(resource: Any) -> dict[str, Any]:
            topic = self._kafka.topics.get(resource.name)
            if topic is None or not self._kafka.tells_configs:
                return {}
            configs = {"cleanup.policy": "delete"} | topic.configs
            return {name: SimpleNamespace(name=name, value=value) for name, value in configs.items()}

        return {each: self._answer("describe_configs", describe, each) for each in resources}

    def list_offsets(
        self, topic_partition_offsets: dict[TopicPartition, Any], **_kwargs: Any
    ) -> dict[TopicPartition, Future[Any]]:
        """First or end offsets."""

        def look_up(partition: TopicPartition, spec: Any) -> Any:
            topic = self._kafka.topics.get(partition.topic)
            if topic is None:
                raise KafkaException(KafkaError(KafkaError.UNKNOWN_TOPIC_OR_PART))
            log = topic.partitions[partition.partition]
            first = (log[0].offset() or 0) if log else 0
            return SimpleNamespace(offset=end_offset(log) if spec._value == LATEST else first, timestamp=-1)

        return {
            each: self._answer("list_offsets", look_up, each, spec) for each, spec in topic_partition_offsets.items()
        }

    def describe_cluster(self, **_kwargs: Any) -> Future[Any]:
        """Id and nodes."""
        result = SimpleNamespace(cluster_id="fake-cluster", controller=NODE, nodes=[NODE])
        return self._answer("describe_cluster", lambda: result)

    def list_consumer_groups(self, **_kwargs: Any) -> Future[Any]:
        """All groups with committed offsets."""
        valid = [SimpleNamespace(group_id=name) for name in self._kafka.groups]
        return self._answer("list_consumer_groups", lambda: SimpleNamespace(valid=valid, errors=[]))

    def describe_consumer_groups(self, group_ids: Sequence[str], **_kwargs: Any) -> dict[str, Future[Any]]:
        """Groups are always empty here."""

        def describe(name: str) -> Any:
            return SimpleNamespace(group_id=name, members=[])

        return {name: self._answer("describe_consumer_groups", describe, name) for name in group_ids}

    def list_consumer_group_offsets(
        self, list_consumer_group_offsets_request: list[Any], **_kwargs: Any
    ) -> dict[str, Future[Any]]:
        """Committed offsets; all of them unless partitions are named."""

        def look_up(request: Any) -> Any:
            held = self._kafka.groups.get(request.group_id, {})
            wanted = [(each.topic, each.partition) for each in request.topic_partitions or []] or list(held)
            offsets = [TopicPartition(*position, held.get(position, OFFSET_INVALID)) for position in wanted]
            return ConsumerGroupTopicPartitions(request.group_id, offsets)

        return {
            each.group_id: self._answer("list_consumer_group_offsets", look_up, each)
            for each in list_consumer_group_offsets_request
        }

    def alter_consumer_group_offsets(
        self, alter_consumer_group_offsets_request: list[Any], **_kwargs: Any
    ) -> dict[str, Future[Any]]:
        """Set committed offsets."""

        def alter(request: Any) -> Any:
            offsets = {(each.topic, each.partition): each.offset for each in request.topic_partitions}
            self._kafka.groups[request.group_id].update(offsets)
            return request

        return {
            each.group_id: self._answer("alter_consumer_group_offsets", alter, each)
            for each in alter_consumer_group_offsets_request
        }

    def delete_consumer_groups(self, group_ids: list[str], **_kwargs: Any) -> dict[str, Future[None]]:
        """Forget groups."""

        def delete(name: str) -> None:
            if self._kafka.groups.pop(name, None) is None:
                raise KafkaException(KafkaError(KafkaError.GROUP_ID_NOT_FOUND))

        return {name: self._answer("delete_consumer_groups", delete, name) for name in group_ids}

    def poll(self, timeout: float = -1) -> int:
        """There is nothing to serve."""
        return 0


def cluster_metadata(kafka: FakeKafka, topic: str | None) -> ClusterMetadata:
    """What ``list_topics`` answers."""
    metadata = ClusterMetadata()
    metadata.cluster_id = "fake-cluster"  # type: ignore[assignment]
    with kafka.changed:
        for name in [topic] if topic is not None else kafka.topics:
            entry = TopicMetadata()
            entry.topic = name
            found = kafka.topics.get(name)
            if found is None:
                entry.error = KafkaError(KafkaError.UNKNOWN_TOPIC_OR_PART)
            for number in range(len(found.partitions) if found else 0):
                entry.partitions[number] = PartitionMetadata()
                entry.partitions[number].id = number
            metadata.topics[name] = entry
    return metadata


class FakeGroupAdmin:
    """Groups here have no members to remove."""

    def __init__(self, kafka: FakeKafka) -> None:
        self._kafka = kafka

    def delete_offsets(self, group: str, partitions: Iterable[tuple[str, int]]) -> None:
        """Forget offsets."""
        self._kafka.check("delete_offsets")
        with self._kafka.changed:
            for partition in partitions:
                self._kafka.groups[group].pop(partition, None)

    def remove_members(self, group: str, member_ids: Iterable[str]) -> None:
        """Nothing to do."""
        self._kafka.check("remove_members")
