"""The narrow door to Kafka: what the worker asks of producers, consumers and admin clients.

The real clients are confluent-kafka's (see ``clients``); tests use the in-memory cluster of ``fake``. Modules outside
this package take the library's values (messages, errors, topic partitions) from here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from typing import Any, Protocol

from confluent_kafka import (
    OFFSET_BEGINNING,
    OFFSET_END,
    OFFSET_INVALID,
    KafkaError,
    KafkaException,
    Message,
    TopicPartition,
)
from confluent_kafka.cimpl import NewTopic

__all__ = [
    "OFFSET_BEGINNING",
    "OFFSET_END",
    "OFFSET_INVALID",
    "AdminClient",
    "CommitCallback",
    "ConsumerClient",
    "DeliveryCallback",
    "KafkaDoor",
    "KafkaError",
    "KafkaException",
    "Message",
    "NewTopic",
    "ProducerClient",
    "RebalanceCallback",
    "TopicPartition",
]

DeliveryCallback = Callable[[KafkaError | None, Message], None]
CommitCallback = Callable[[KafkaError | None, list[TopicPartition]], None]
RebalanceCallback = Callable[[Any, list[TopicPartition]], None]


class ProducerClient(Protocol):
    """Writes records. All methods may be called from any thread; callbacks run inside ``poll`` and ``flush``.

    Calls that wait for the broker raise KafkaException; ``produce`` raises BufferError when its queue is full.
    Timeouts are in seconds, -1 waits for ever; timestamps are in ms, 0 means now.
    """

    def produce(
        self,
        topic: str,
        value: bytes | None = None,
        key: bytes | None = None,
        partition: int = -1,
        callback: DeliveryCallback | None = None,
        on_delivery: DeliveryCallback | None = None,
        timestamp: int = 0,
        headers: Any = None,
    ) -> None:
        """Queue one record."""

    def produce_batch(
        self,
        topic: str,
        messages: list[dict[str, Any]],
        partition: int = -1,
        callback: DeliveryCallback | None = None,
        on_delivery: DeliveryCallback | None = None,
    ) -> int:
        """Queue many records without headers; the number queued, the others have got an ``_error`` member."""

    def poll(self, timeout: float = -1) -> int:
        """Run callbacks; the number of events served."""

    def flush(self, timeout: float = -1) -> int:
        """Wait until nothing is queued or in flight; the number of records left when time ran out."""

    def purge(self, in_queue: bool = True, in_flight: bool = True, blocking: bool = True) -> None:
        """Forget what is queued and in flight; their callbacks get an error."""

    def init_transactions(self, timeout: float = -1) -> None:
        """Claim the transactional id and fence off its former owners."""

    def begin_transaction(self) -> None:
        """Open a transaction."""

    def commit_transaction(self, timeout: float = -1) -> None:
        """Flush, and make the transaction's records visible."""

    def abort_transaction(self, timeout: float = -1) -> None:
        """Drop the transaction's records."""

    def send_offsets_to_transaction(
        self, positions: list[TopicPartition], group_metadata: Any, timeout: float = -1
    ) -> None:
        """Commit consumer offsets with the transaction."""

    def list_topics(self, topic: str | None = None, timeout: float = -1) -> Any:
        """Cluster metadata."""

    def close(self) -> bool:
        """Give everything back without waiting for what is in flight."""

    def __len__(self) -> int:
        """Records queued or in flight, and events not yet served."""


class ConsumerClient(Protocol):
    """Reads records. One thread at a time polls; rebalance callbacks run inside ``poll`` and ``consume``."""

    def subscribe(
        self,
        topics: list[str],
        on_assign: RebalanceCallback | None = None,
        on_revoke: RebalanceCallback | None = None,
        on_lost: RebalanceCallback | None = None,
    ) -> None:
        """Join the group and read those topics; a name that begins with ``^`` is a regular expression."""

    def unsubscribe(self) -> None:
        """Leave the group."""

    def poll(self, timeout: float = -1) -> Message | None:
        """The next record or event."""

    def consume(self, num_messages: int = 1, timeout: float = -1) -> list[Message]:
        """Up to that many records and events; waits until there are so many or time is up."""

    def assign(self, partitions: list[TopicPartition]) -> None:
        """Read exactly those partitions from their offsets."""

    def unassign(self) -> None:
        """Read nothing."""

    def incremental_assign(self, partitions: list[TopicPartition]) -> None:
        """Read those partitions as well."""

    def incremental_unassign(self, partitions: list[TopicPartition]) -> None:
        """Read those partitions no more."""

    def assignment(self) -> list[TopicPartition]:
        """What is being read."""

    def pause(self, partitions: list[TopicPartition]) -> None:
        """Deliver no more records of those partitions."""

    def resume(self, partitions: list[TopicPartition]) -> None:
        """Deliver them again."""

    def seek(self, partition: TopicPartition) -> None:
        """Continue at the partition's offset."""

    def position(self, partitions: list[TopicPartition]) -> list[TopicPartition]:
        """The offsets after the last records that were delivered."""

    def commit(self, **kwargs: Any) -> list[TopicPartition] | None:
        """Commit ``offsets``; waits for the broker when ``asynchronous`` is False."""

    def committed(self, partitions: list[TopicPartition], timeout: float = -1) -> list[TopicPartition]:
        """The group's committed offsets."""

    def get_watermark_offsets(
        self, partition: TopicPartition, timeout: float = -1, cached: bool = False
    ) -> tuple[int, int]:
        """The partition's first offset and the one after its last."""

    def list_topics(self, topic: str | None = None, timeout: float = -1) -> Any:
        """Cluster metadata."""

    def consumer_group_metadata(self) -> Any:
        """What ``send_offsets_to_transaction`` wants to know about this member."""

    def memberid(self) -> str:
        """This member's id in its group."""

    def close(self) -> None:
        """Leave the group and give everything back."""


class AdminClient(Protocol):
    """Looks at and changes topics and groups. Futures raise KafkaException."""

    def list_topics(self, topic: str | None = None, timeout: float = -1) -> Any:
        """Cluster metadata. Naming a topic may create it: ``describe_topics`` never does."""

    def describe_topics(self, topics: Any, **kwargs: Any) -> dict[str, Future[Any]]:
        """Partitions of a ``TopicCollection``."""

    def create_topics(self, new_topics: list[NewTopic], **kwargs: Any) -> dict[str, Future[None]]:
        """Create topics."""

    def delete_topics(self, topics: list[str], **kwargs: Any) -> dict[str, Future[None]]:
        """Delete topics."""

    def describe_configs(self, resources: list[Any], **kwargs: Any) -> dict[Any, Future[dict[str, Any]]]:
        """Settings of topics or brokers."""

    def list_offsets(
        self, topic_partition_offsets: dict[TopicPartition, Any], **kwargs: Any
    ) -> dict[TopicPartition, Future[Any]]:
        """First or end offsets of partitions."""

    def describe_cluster(self, **kwargs: Any) -> Future[Any]:
        """Id, nodes and controller of the cluster."""

    def list_consumer_groups(self, **kwargs: Any) -> Future[Any]:
        """The groups that the cluster knows."""

    def describe_consumer_groups(self, group_ids: Sequence[str], **kwargs: Any) -> dict[str, Future[Any]]:
        """State and members of groups."""

    def list_consumer_group_offsets(
        self, list_consumer_group_offsets_request: list[Any], **kwargs: Any
    ) -> dict[str, Future[Any]]:
        """Committed offsets of a group."""

    def alter_consumer_group_offsets(
        self, alter_consumer_group_offsets_request: list[Any], **kwargs: Any
    ) -> dict[str, Future[Any]]:
        """Set a group's committed offsets; the group must be empty."""

    def delete_consumer_groups(self, group_ids: list[str], **kwargs: Any) -> dict[str, Future[None]]:
        """Delete groups with their offsets; they must be empty."""

    def poll(self, timeout: float = -1) -> int:
        """Serve log lines and error events."""


class GroupAdmin(Protocol):
    """Changes consumer groups in ways that ``AdminClient`` can't. Methods wait, and raise KafkaException."""

    def delete_offsets(self, group: str, partitions: Iterable[tuple[str, int]]) -> None:
        """Forget what a group has committed for those partitions; no member may read their topics."""

    def remove_members(self, group: str, member_ids: Iterable[str]) -> None:
        """Let members leave a group that can't do so themselves any more."""


class KafkaDoor(Protocol):
    """Makes clients from Java client properties (``bootstrap.servers``, ``acks``, ``sasl.jaas.config``, ...)."""

    def producer(self, config: Mapping[str, str]) -> ProducerClient:
        """A producer. Raises ConfigException for settings that can't work."""

    def consumer(self, config: Mapping[str, str], on_commit: CommitCallback | None = None) -> ConsumerClient:
        """A consumer; ``on_commit`` hears of asynchronous commits. Raises ConfigException for bad settings."""

    def admin(self, config: Mapping[str, str]) -> AdminClient:
        """An admin client. Raises ConfigException for settings that can't work."""

    def group_admin(self, config: Mapping[str, str]) -> GroupAdmin:
        """An admin client for groups. Raises ConfigException for settings that can't work."""
