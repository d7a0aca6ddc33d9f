"""Topics as the worker needs them: created if missing, checked if there, their offsets looked up."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from confluent_kafka import IsolationLevel, TopicCollection
from confluent_kafka.admin import ConfigResource, OffsetSpec, ResourceType

from connect.api.errors import ConfigException, ConnectException
from connect.kafka.door import AdminClient, KafkaError, KafkaException, NewTopic, TopicPartition
from connect.kafka.errors import is_retriable, kafka_error, to_connect_exception

log = logging.getLogger(__name__)

CLEANUP_POLICY = "cleanup.policy"
FIRST_BACKOFF_SECONDS = 0.01
LAST_BACKOFF_SECONDS = 1.0
METADATA_SECONDS = 30.0
REFUSALS = frozenset(
    {
        KafkaError.CLUSTER_AUTHORIZATION_FAILED,
        KafkaError.TOPIC_AUTHORIZATION_FAILED,
        KafkaError.UNSUPPORTED_VERSION,
        KafkaError._UNSUPPORTED_FEATURE,
    }
)
TIMEOUTS = frozenset({KafkaError._TIMED_OUT, KafkaError.REQUEST_TIMED_OUT})

STALE = frozenset(
    {
        KafkaError.FENCED_LEADER_EPOCH,
        KafkaError.LEADER_NOT_AVAILABLE,
        KafkaError.NOT_LEADER_FOR_PARTITION,
        KafkaError.UNKNOWN_LEADER_EPOCH,
    }
)
METADATA_REFRESH_SECONDS = 5.0

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class TopicSettings:
    """A compacted topic of the worker: how it is created, and how messages speak of it.

    ``partitions`` and ``replication_factor`` may be -1: the broker's default. ``property`` is the worker property that
    names the topic, ``purpose`` what it holds, in plural.
    """

    name: str
    partitions: int = -1
    replication_factor: int = -1
    configs: Mapping[str, str] = field(default_factory=dict)
    property: str = ""
    purpose: str = ""


def ensure_compacted(admin: AdminClient, topic: TopicSettings, timeout: float) -> int:
    """Create the topic unless it is there, and return its number of partitions.

    Raises ConfigException when the topic is there but isn't only compacted, ConnectException when it can't be made.
    """
    deadline = time.monotonic() + timeout
    found = retry(lambda: count_partitions(admin, topic.name), deadline, f"Looking up topic {topic.name}")
    if found:
        verify_compacted(admin, topic)
        return found
    configs = dict(topic.configs) | {CLEANUP_POLICY: "compact"}
    new = NewTopic(topic.name, topic.partitions, topic.replication_factor, config=configs)
    if not create(admin, new, deadline):
        log.info("Topic %s was there already, or this worker may not create it", topic.name)
    return wait_for_partitions(admin, topic.name)


def create(admin: AdminClient, topic: NewTopic, deadline: float = 0.0) -> bool:
    """Create a topic; False when it exists already or this client may not create topics.

    Tried again until ``deadline`` (of ``time.monotonic``) while brokers are missing. Raises ConnectException.
    """
    pause = 0.1
    while True:
        try:
            admin.create_topics([topic])[topic.topic].result()
            return True
        except KafkaException as error:
            code = kafka_error(error).code()
            if code == KafkaError.TOPIC_ALREADY_EXISTS or code in REFUSALS:
                return False
            brokers_missing = code == KafkaError.INVALID_REPLICATION_FACTOR or is_retriable(error)
            if not brokers_missing or time.monotonic() > deadline:
                raise _creation_error(topic.topic, kafka_error(error)) from error
            time.sleep(pause)
            pause = min(pause * 2, LAST_BACKOFF_SECONDS)


def _creation_error(topic: str, error: KafkaError) -> ConnectException:
    if error.code() in TIMEOUTS:
        return ConnectException(
            f"Timed out while checking for or creating topic(s) '{topic}'. This could indicate a connectivity issue,"
            " unavailable topic partitions, or if this is your first use of the topic it may have taken too long to"
            " create."
        )
    if error.code() == KafkaError.INVALID_CONFIG:
        return ConnectException(f"Unable to create topic(s) '{topic}': {error.str()}")
    return ConnectException(f"Error while attempting to create/find topic(s) '{topic}': {error.str()}")


def verify_compacted(admin: AdminClient, topic: TopicSettings) -> None:
    """Raises ConfigException when the topic's records would be deleted; when the broker can't tell, only logs so."""
    policy = cleanup_policy(admin, topic.name)
    if policy is None:
        log.info(
            "The cleanup policy of topic '%s' can't be read; make sure that it is '%s=compact'",
            topic.name,
            CLEANUP_POLICY,
        )
    elif policy != {"compact"}:
        found = ",".join(sorted(policy))
        raise ConfigException(
            f"Topic '{topic.name}' supplied via the '{topic.property}' property is required to have"
            f" '{CLEANUP_POLICY}=compact' to guarantee consistency and durability of {topic.purpose}, but found the"
            f" topic currently has '{CLEANUP_POLICY}={found}'. Continuing would likely result in eventually losing"
            f" {topic.purpose} and problems restarting this Connect cluster in the future. Change the"
            f" '{topic.property}' property in the Connect worker configurations to use a topic with"
            f" '{CLEANUP_POLICY}=compact'."
        )


def cleanup_policy(admin: AdminClient, topic: str) -> set[str] | None:
    """The topic's cleanup policies; None when the broker doesn't say."""
    resource = ConfigResource(ResourceType.TOPIC, topic)
    try:
        configs = admin.describe_configs([resource])[resource].result()
    except KafkaException as error:
        log.debug("Describing topic %s failed: %s", topic, error)
        return None
    entry = configs.get(CLEANUP_POLICY)
    if entry is None or not entry.value:
        return None
    return {part.strip() for part in entry.value.split(",")}


def count_partitions(admin: AdminClient, topic: str) -> int:
    """How many partitions the topic has; 0 when there is no such topic. Never creates it. Raises KafkaException."""
    try:
        description = admin.describe_topics(TopicCollection([topic]))[topic].result()
    except KafkaException as error:
        if kafka_error(error).code() == KafkaError.UNKNOWN_TOPIC_OR_PART:
            return 0
        raise
    return len(description.partitions)


def wait_for_partitions(admin: AdminClient, topic: str, timeout: float = METADATA_SECONDS) -> int:
    """The number of partitions, once the brokers have heard of the topic. Raises ConnectException."""
    deadline = time.monotonic() + timeout
    pause = FIRST_BACKOFF_SECONDS
    while True:
        found = retry(lambda: count_partitions(admin, topic), deadline, f"Looking up topic {topic}")
        if found:
            return found
        if time.monotonic() + pause > deadline:
            raise ConnectException(
                f"Could not look up partition metadata for topic '{topic}' in the allotted period. This could indicate"
                " a connectivity issue, unavailable topic partitions, or if this is your first use of the topic it may"
                " have taken too long to create."
            )
        time.sleep(pause)
        pause = min(pause * 2, LAST_BACKOFF_SECONDS)


def end_offsets(admin: AdminClient, topic: str, partitions: Sequence[int], *, stable: bool = False) -> dict[int, int]:
    """The offset after the last record of each partition; ``stable``: before the first record of an open transaction.

    Raises KafkaException.
    """
    level = IsolationLevel.READ_COMMITTED if stable else IsolationLevel.READ_UNCOMMITTED
    return _offsets(admin, topic, partitions, OffsetSpec.latest(), level)  # type: ignore[no-untyped-call]


def beginning_offsets(admin: AdminClient, topic: str, partitions: Sequence[int]) -> dict[int, int]:
    """The offset of the first record of each partition. Raises KafkaException."""
    return _offsets(admin, topic, partitions, OffsetSpec.earliest())  # type: ignore[no-untyped-call]


def _offsets(
    admin: AdminClient,
    topic: str,
    partitions: Sequence[int],
    spec: OffsetSpec,
    level: IsolationLevel = IsolationLevel.READ_UNCOMMITTED,
) -> dict[int, int]:
    request = {TopicPartition(topic, partition): spec for partition in partitions}
    answers = admin.list_offsets(request, isolation_level=level)
    try:
        return {key.partition: answer.result().offset for key, answer in answers.items()}
    except KafkaException as error:
        if kafka_error(error).code() in STALE:
            # After a broker's restart librdkafka would ask with the old leader epoch for minutes.
            admin.list_topics(timeout=METADATA_REFRESH_SECONDS)
        raise


def retry(action: Callable[[], T], deadline: float, doing: str) -> T:
    """Call until it works, for as long as errors are retriable and ``deadline`` (monotonic) isn't over.

    Raises ConnectException.
    """
    pause = FIRST_BACKOFF_SECONDS
    warned = False
    while True:
        try:
            return action()
        except KafkaException as error:
            if not is_retriable(error) or time.monotonic() + pause > deadline:
                raise to_connect_exception(error, doing) from error
            if pause >= LAST_BACKOFF_SECONDS and not warned:
                log.warning("%s failed, will be tried again: %s", doing, kafka_error(error).str())
                warned = True
        time.sleep(pause)
        pause = min(pause * 2, LAST_BACKOFF_SECONDS)
