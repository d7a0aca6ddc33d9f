"""States of connectors and tasks, topics in use, and their records in the status topic."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any, NamedTuple

from connect.runtime.ids import ConnectorTaskId, State
from connect.storage.java_json import dumps, loads

CONNECTOR = "status-connector-"
TASK = "status-task-"
TOPIC = "status-topic-"
TOPIC_SEPARATOR = ":connector-"


@dataclass(frozen=True, slots=True)
class ConnectorStatus:
    """What a connector does, said by ``worker_id`` (``host:port``) in a generation of the group."""

    connector: str
    state: State
    worker_id: str
    generation: int
    trace: str | None = None
    version: str | None = None

    @property
    def key(self) -> bytes:
        """The record's key."""
        return f"{CONNECTOR}{self.connector}".encode()


@dataclass(frozen=True, slots=True)
class TaskStatus:
    """What a task does, said by ``worker_id`` (``host:port``) in a generation of the group."""

    task: ConnectorTaskId
    state: State
    worker_id: str
    generation: int
    trace: str | None = None
    version: str | None = None

    @property
    def key(self) -> bytes:
        """The record's key."""
        return f"{TASK}{self.task}".encode()


class TopicStatus(NamedTuple):
    """A topic that a connector uses; ``task`` saw it first, at ``discovered`` (ms)."""

    topic: str
    connector: str
    task: int
    discovered: int

    @staticmethod
    def now(topic: str, task: ConnectorTaskId) -> TopicStatus:
        """A topic seen just now."""
        return TopicStatus(topic, task.connector, task.task, int(time.time() * 1000))

    @property
    def key(self) -> bytes:
        """The record's key."""
        return topic_key(self.connector, self.topic)

    def value(self) -> bytes:
        """The record's value."""
        fields = {
            "name": self.topic,
            "connector": self.connector,
            "task": self.task,
            "discoverTimestamp": self.discovered,
        }
        return dumps({"topic": fields})


Status = ConnectorStatus | TaskStatus


def topic_key(connector: str, topic: str) -> bytes:
    """The key under which a topic in use is recorded."""
    return f"{TOPIC}{topic}{TOPIC_SEPARATOR}{connector}".encode()


def status_value(status: Status) -> bytes | None:
    """The record's value; None, a tombstone, for DESTROYED."""
    if status.state is State.DESTROYED:
        return None
    return dumps(
        {
            "state": status.state.value,
            "trace": status.trace,
            "worker_id": status.worker_id,
            "generation": status.generation,
            "version": status.version,
        }
    )


def read_status(owner: str | ConnectorTaskId, value: bytes) -> Status:
    """The status of a connector or task from its record. Raises ValueError."""
    fields = loads(value)
    if not isinstance(fields, dict) or not isinstance(fields.get("generation"), int):
        raise ValueError("not a map with an integer 'generation'")
    state, worker_id = State(fields.get("state")), fields.get("worker_id")
    if not isinstance(worker_id, str):
        raise ValueError("'worker_id' is not a string")
    rest = (state, worker_id, fields["generation"], _text(fields, "trace"), _text(fields, "version"))
    return ConnectorStatus(owner, *rest) if isinstance(owner, str) else TaskStatus(owner, *rest)


def read_topic_status(value: bytes) -> TopicStatus:
    """A topic in use from its record. Raises ValueError."""
    fields = loads(value)
    inner = fields.get("topic") if isinstance(fields, dict) else None
    if not isinstance(inner, dict):
        raise ValueError("no map 'topic'")
    name, connector, task, discovered = (inner.get(each) for each in ("name", "connector", "task", "discoverTimestamp"))
    if not (isinstance(name, str) and isinstance(connector, str)):
        raise ValueError("'name' and 'connector' are not strings")
    if not (isinstance(task, int) and isinstance(discovered, int)):
        raise ValueError("'task' and 'discoverTimestamp' are not integers")
    return TopicStatus(name, connector, task, discovered)


def parse_task(key: str) -> ConnectorTaskId | None:
    """The task of a key ``status-task-NAME-NUMBER``, or None."""
    connector, _, number = key[len(TASK) :].rpartition("-")
    return ConnectorTaskId(connector, int(number)) if connector and number.isdecimal() else None


def parse_topic(key: str) -> tuple[str, str] | None:
    """Connector and topic of a key ``status-topic-TOPIC:connector-NAME``, or None."""
    topic, separator, connector = key[len(TOPIC) :].partition(TOPIC_SEPARATOR)
    return (connector, topic) if separator and topic and connector else None


def _text(fields: dict[str, Any], name: str) -> str | None:
    value = fields.get(name)
    return value if isinstance(value, str) else None
