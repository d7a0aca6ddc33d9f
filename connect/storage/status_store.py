"""Where states of connectors and tasks are kept, and which topics connectors use."""

from __future__ import annotations

import logging
import threading
from collections import defaultdict
from typing import Protocol

from connect.runtime.ids import ConnectorTaskId, State
from connect.storage.status import ConnectorStatus, Status, TaskStatus, TopicStatus

log = logging.getLogger(__name__)


class StatusBackingStore(Protocol):
    """Reads are answered from memory. Writes are passed on in the background, and don't raise."""

    def start(self) -> None:
        """Read everything there is."""

    def stop(self) -> None:
        """Give everything back."""

    def flush(self, timeout: float) -> None:
        """Wait until what was written has arrived. Raises TimeoutError after ``timeout`` seconds."""

    def put(self, status: Status) -> None:
        """Publish a state; DESTROYED removes it."""

    def put_safe(self, status: Status) -> None:
        """Publish a state unless another worker has published a newer one."""

    def put_topic(self, status: TopicStatus) -> None:
        """Note that a connector uses a topic."""

    def delete_topic(self, connector: str, topic: str) -> None:
        """Forget that a connector uses a topic."""

    def connector_status(self, connector: str) -> ConnectorStatus | None:
        """The connector's state, or None."""

    def task_status(self, task: ConnectorTaskId) -> TaskStatus | None:
        """The task's state, or None."""

    def task_statuses(self, connector: str) -> list[TaskStatus]:
        """The states of all tasks of the connector, by number."""

    def topic_status(self, connector: str, topic: str) -> TopicStatus | None:
        """The topic's entry, or None."""

    def topic_statuses(self, connector: str) -> list[TopicStatus]:
        """All topics that the connector uses."""

    def connectors(self) -> set[str]:
        """The names of all connectors with a state."""


class StatusCache:
    """The states and topics as last read or written; what both stores answer from. Thread-safe."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self._connectors: dict[str, ConnectorStatus] = {}
        self._tasks: dict[str, dict[int, TaskStatus]] = defaultdict(dict)
        self._topics: dict[str, dict[str, TopicStatus]] = defaultdict(dict)

    def find(self, status: Status) -> Status | None:
        """The entry that this status would replace."""
        if isinstance(status, ConnectorStatus):
            return self.connector_status(status.connector)
        return self.task_status(status.task)

    def take(self, status: Status) -> None:
        """Replace an entry, or with DESTROYED remove it."""
        with self.lock:
            if isinstance(status, ConnectorStatus):
                if status.state is State.DESTROYED:
                    self.remove_connector(status.connector)
                else:
                    self._connectors[status.connector] = status
            elif status.state is State.DESTROYED:
                self.remove_task(status.task)
            else:
                self._tasks[status.task.connector][status.task.task] = status

    def remove_connector(self, connector: str) -> None:
        """Forget a connector and all its tasks."""
        with self.lock:
            self._connectors.pop(connector, None)
            self._tasks.pop(connector, None)

    def remove_task(self, task: ConnectorTaskId) -> None:
        """Forget a task."""
        with self.lock:
            tasks = self._tasks.get(task.connector, {})
            tasks.pop(task.task, None)
            if not tasks:
                self._tasks.pop(task.connector, None)

    def take_topic(self, status: TopicStatus) -> None:
        """Note a topic."""
        with self.lock:
            self._topics[status.connector][status.topic] = status

    def remove_topic(self, connector: str, topic: str) -> None:
        """Forget a topic."""
        with self.lock:
            topics = self._topics.get(connector, {})
            topics.pop(topic, None)
            if not topics:
                self._topics.pop(connector, None)

    def connector_status(self, connector: str) -> ConnectorStatus | None:
        """The connector's state, or None."""
        with self.lock:
            return self._connectors.get(connector)

    def task_status(self, task: ConnectorTaskId) -> TaskStatus | None:
        """The task's state, or None."""
        with self.lock:
            return self._tasks.get(task.connector, {}).get(task.task)

    def task_statuses(self, connector: str) -> list[TaskStatus]:
        """The states of all tasks of the connector, by number."""
        with self.lock:
            tasks = self._tasks.get(connector, {})
            return [tasks[number] for number in sorted(tasks)]

    def topic_status(self, connector: str, topic: str) -> TopicStatus | None:
        """The topic's entry, or None."""
        with self.lock:
            return self._topics.get(connector, {}).get(topic)

    def topic_statuses(self, connector: str) -> list[TopicStatus]:
        """All topics that the connector uses."""
        with self.lock:
            return list(self._topics.get(connector, {}).values())

    def connectors(self) -> set[str]:
        """The names of all connectors with a state, their own or a task's."""
        with self.lock:
            return self._connectors.keys() | self._tasks.keys()


class MemoryStatusBackingStore(StatusCache):
    """The store of a standalone worker."""

    def start(self) -> None:
        """Nothing to read."""

    def stop(self) -> None:
        """Nothing to give back."""

    def flush(self, timeout: float) -> None:
        """Everything has arrived."""

    def put(self, status: Status) -> None:
        """Publish a state."""
        self.take(status)

    def put_safe(self, status: Status) -> None:
        """Publish a state; there is no other worker."""
        self.take(status)

    def put_topic(self, status: TopicStatus) -> None:
        """Note that a connector uses a topic."""
        self.take_topic(status)

    def delete_topic(self, connector: str, topic: str) -> None:
        """Forget that a connector uses a topic."""
        self.remove_topic(connector, topic)
