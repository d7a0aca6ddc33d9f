"""Topics that tasks create: those of ``topic.creation.*``, and dead letter queues."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connect.api import ConfigException, ConnectException
from connect.kafka.door import AdminClient, KafkaException, NewTopic, ProducerClient
from connect.kafka.errors import kafka_error
from connect.runtime.connector_config import with_prefix
from connect.runtime.errors.reporters import DeadLetterQueue
from connect.runtime.ids import ConnectorTaskId
from connect.runtime.progress import Progress

log = logging.getLogger(__name__)

_PREFIX = "topic.creation."
_DEFAULT_GROUP = "default"
_OWN_KEYS = ("include", "exclude", "replication.factor", "partitions")
_REQUEST_SECONDS = 60.0
_FLUSH_SECONDS = 30.0
_QUEUE_FULL_WAIT_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class TopicCreationGroup:
    """Topics that are created alike. ``partitions`` and ``replication_factor`` -1 = the broker's default."""

    name: str
    include: re.Pattern[str]
    exclude: re.Pattern[str] | None
    partitions: int
    replication_factor: int
    settings: Mapping[str, str]

    def matches(self, topic: str) -> bool:
        """Whether the group is responsible for that topic; ``exclude`` wins."""
        if self.exclude is not None and self.exclude.fullmatch(topic):
            return False
        return self.include.fullmatch(topic) is not None


class TopicCreation:
    """Creates the topics of a source task as ``topic.creation.*`` says; does nothing without such keys."""

    def __init__(
        self, worker: Mapping[str, str], connector: Mapping[str, str], create_admin: Callable[[], AdminClient]
    ) -> None:
        enabled = worker.get("topic.creation.enable", "true").lower() == "true"
        settings = with_prefix(connector, _PREFIX)
        self._groups = _groups(settings) if enabled and settings else []
        self._create_admin = create_admin
        self._admin: AdminClient | None = None

    def ensure(self, topic: str) -> None:
        """Create the topic unless it exists. Raises ConnectException when that can't be done."""
        if not self._groups:
            return
        if self._admin is None:
            self._admin = self._create_admin()
        group = next(group for group in self._groups if group.matches(topic))
        create_topic(self._admin, topic, group.partitions, group.replication_factor, group.settings)


def _groups(settings: Mapping[str, str]) -> list[TopicCreationGroup]:
    names = [name.strip() for name in settings.get("groups", "").split(",") if name.strip()]
    named = [name for name in names if name != _DEFAULT_GROUP]
    default = _group(_DEFAULT_GROUP, with_prefix(settings, f"{_DEFAULT_GROUP}."), None)
    return [*(_group(name, with_prefix(settings, f"{name}."), default) for name in named), default]


def _group(name: str, keys: Mapping[str, str], default: TopicCreationGroup | None) -> TopicCreationGroup:
    numbers = {}
    for key, inherited in (
        ("partitions", default.partitions if default else None),
        ("replication.factor", default.replication_factor if default else None),
    ):
        text = keys.get(key)
        if text is None and inherited is None:
            missing = f"{_PREFIX}{name}.{key}"
            raise ConfigException(f'Missing required configuration "{missing}" which has no default value.')
        numbers[key] = inherited if text is None else int(text)
    is_default = default is None
    include = ".*" if is_default else _alternatives(keys.get("include", ""))
    exclude = "" if is_default else _alternatives(keys.get("exclude", ""))
    return TopicCreationGroup(
        name,
        re.compile(include),
        re.compile(exclude) if exclude else None,
        numbers["partitions"] or -1,
        numbers["replication.factor"] or -1,
        {key: value for key, value in keys.items() if key not in _OWN_KEYS},
    )


def _alternatives(patterns: str) -> str:
    return "|".join(pattern.strip() for pattern in patterns.split(",") if pattern.strip())


def create_topic(
    admin: AdminClient, topic: str, partitions: int, replication_factor: int, settings: Mapping[str, str]
) -> None:
    """Create a topic; one that exists already is fine. Raises ConnectException."""
    wanted = NewTopic(topic, num_partitions=partitions, replication_factor=replication_factor, config=dict(settings))
    try:
        admin.create_topics([wanted], request_timeout=_REQUEST_SECONDS)[topic].result()
    except KafkaException as error:
        cause = kafka_error(error)
        if cause.name() == "TOPIC_ALREADY_EXISTS":
            return
        raise ConnectException(
            f"Task failed to create new topic {topic}: {cause.str()}. Ensure that the task is authorized to create "
            "topics or that the topic exists and restart the task"
        ) from error
    log.info("Created topic %s with %d partitions", topic, partitions)


class DeadLetterTopic:
    """The dead letter queue of a sink task, if it has one. Topic and producer are made when the task starts."""

    def __init__(
        self,
        task_id: ConnectorTaskId,
        config: Mapping[str, Any],
        create_admin: Callable[[], AdminClient],
        create_producer: Callable[[], ProducerClient],
        progress: Progress,
    ) -> None:
        self._task_id = task_id
        self._topic: str = config["errors.deadletterqueue.topic.name"] or ""
        self._replication_factor: int = config["errors.deadletterqueue.topic.replication.factor"]
        self._context_headers: bool = config["errors.deadletterqueue.context.headers.enable"]
        self._create_admin = create_admin
        self._create_producer = create_producer
        self._progress = progress
        self._producer: ProducerClient | None = None

    def reporters(self) -> list[DeadLetterQueue]:
        """The reporter for the queue, none when none is configured. Raises ConnectException."""
        if not self._topic:
            return []
        try:
            create_topic(self._create_admin(), self._topic, 1, self._replication_factor, {})
        except ConnectException as error:
            raise ConnectException(f"Could not initialize dead letter queue with topic={self._topic}") from error
        return [DeadLetterQueue(self._topic, self._task_id, self._context_headers, self._send, self._progress)]

    def _send(
        self,
        topic: str,
        key: bytes | None,
        value: bytes | None,
        headers: Sequence[tuple[str, bytes | None]],
        timestamp: int | None,
    ) -> None:
        if self._producer is None:
            self._producer = self._create_producer()
        while True:
            try:
                self._producer.produce(
                    topic, value, key, headers=list(headers), on_delivery=self._on_delivery, timestamp=timestamp or 0
                )
                break
            except BufferError:
                self._producer.poll(_QUEUE_FULL_WAIT_SECONDS)
            except KafkaException as error:  # too large, for one
                self._on_delivery(kafka_error(error), None)
                break
        self._producer.poll(0)

    def _on_delivery(self, error: Any, _message: Any) -> None:
        if error is not None:
            self._progress.count("deadletterqueue-produce-failures")
            log.error("%s: could not write to the dead letter queue %s: %s", self._task_id, self._topic, error)

    def flush(self) -> None:
        """Wait until the queue has all reported records; offsets pass them only then. Raises ConnectException."""
        if self._producer is not None and self._producer.flush(_FLUSH_SECONDS):
            raise ConnectException(f"Kafka did not take all records for the dead letter queue {self._topic} in time")
