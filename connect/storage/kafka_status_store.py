"""States and topics in use, in the status topic that all workers of the cluster share."""

from __future__ import annotations

import itertools
import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future

from connect.api.errors import ConnectException, RetriableException
from connect.kafka.connect_clients import ConnectClients
from connect.kafka.door import AdminClient, KafkaDoor
from connect.kafka.topic_log import LogRecord, TopicLog
from connect.kafka.topics import TopicSettings
from connect.runtime.ids import ConnectorTaskId, State
from connect.storage import status as records
from connect.storage.status import Status, TopicStatus
from connect.storage.status_store import StatusCache

log = logging.getLogger(__name__)

RETRY_SECONDS = 0.3


class KafkaStatusBackingStore:
    """The ``StatusBackingStore`` of a distributed worker.

    Writes show in reads once they have come back from Kafka. A write that failed for the moment is tried again for as
    long as it is the newest for its key, the group's generation hasn't moved on and the entry wasn't deleted.
    """

    def __init__(self, door: KafkaDoor, clients: ConnectClients, admin: AdminClient, topic: TopicSettings) -> None:
        self._cache = StatusCache()
        self._generation = 0
        self._numbers = itertools.count(1)
        self._newest: dict[bytes, tuple[int, bool]] = {}  # by key: the number of our last write, and if it deletes
        self._retries: set[threading.Timer] = set()
        self._stopped = False
        self._log = TopicLog(
            door,
            topic,
            self._take,
            admin=admin,
            producer=clients.topic_producer("statuses"),
            consumer=clients.topic_consumer("statuses"),
        )
        self.connector_status = self._cache.connector_status
        self.task_status = self._cache.task_status
        self.task_statuses = self._cache.task_statuses
        self.topic_status = self._cache.topic_status
        self.topic_statuses = self._cache.topic_statuses
        self.connectors = self._cache.connectors

    def start(self) -> None:
        """Read the topic to its end. Raises ConfigException for a topic that won't do, ConnectException."""
        self._log.start()

    def stop(self) -> None:
        """End the tail and close the clients."""
        with self._cache.lock:
            self._stopped = True
            for timer in self._retries:
                timer.cancel()
        self._log.stop()

    def flush(self, timeout: float) -> None:
        """Wait until what was written can be read. Raises TimeoutError after ``timeout`` seconds."""
        self._log.read_to_end(timeout)

    def put(self, status: Status) -> None:
        """Publish a state; DESTROYED removes it."""
        self._put(status, safe=False)

    def put_safe(self, status: Status) -> None:
        """Publish a state unless another worker has published one in a newer generation."""
        self._put(status, safe=True)

    def put_topic(self, status: TopicStatus) -> None:
        """Note that a connector uses a topic."""
        self._send(status.key, status.value(), lambda: True)

    def delete_topic(self, connector: str, topic: str) -> None:
        """Forget that a connector uses a topic."""
        self._cache.remove_topic(connector, topic)
        self._send(records.topic_key(connector, topic), None, lambda: True)

    def _put(self, status: Status, *, safe: bool) -> None:
        key, value = status.key, records.status_value(status)
        with self._cache.lock:
            if safe and not self._may_replace(status):
                return
            self._generation = status.generation
            self._newest[key] = mine = (next(self._numbers), value is None)

        def still_wanted() -> bool:
            if self._generation != status.generation:
                return False
            return not safe or (self._newest.get(key) == mine and self._may_replace(status))

        self._send(key, value, still_wanted)

    def _may_replace(self, status: Status) -> bool:
        current = self._cache.find(status)
        return current is None or current.worker_id == status.worker_id or current.generation <= status.generation

    def _send(self, key: bytes, value: bytes | None, still_wanted: Callable[[], bool]) -> None:
        def done(written: Future[None]) -> None:
            error = written.exception()
            if isinstance(error, RetriableException):
                self._retry_later(key, value, still_wanted)
            elif error is not None:
                log.error("Status record '%s' can't be written: %s", key.decode(), error)

        try:
            self._log.send(key, value).add_done_callback(done)
        except ConnectException as error:
            log.error("Status record '%s' can't be written: %s", key.decode(), error)

    def _retry_later(self, key: bytes, value: bytes | None, still_wanted: Callable[[], bool]) -> None:
        def again() -> None:
            with self._cache.lock:
                self._retries.discard(timer)
                wanted = not self._stopped and still_wanted()
            if wanted:
                self._send(key, value, still_wanted)

        timer = threading.Timer(RETRY_SECONDS, again)
        timer.daemon = True
        with self._cache.lock:
            if not self._stopped:
                self._retries.add(timer)
                timer.start()

    # --- reading

    def _forget(self, key: bytes) -> None:
        """What we deleted needs no number any more, or those would outnumber the connectors by and by."""
        with self._cache.lock:
            if self._newest.get(key, (0, False))[1]:
                del self._newest[key]

    def _take(self, record: LogRecord) -> None:
        if record.key is not None and record.value is None:
            self._forget(record.key)
        key = (record.key or b"").decode(errors="replace")
        try:
            if key.startswith(records.CONNECTOR):
                self._take_connector(key[len(records.CONNECTOR) :], record.value)
            elif key.startswith(records.TASK):
                self._take_task(key, record.value)
            elif key.startswith(records.TOPIC):
                self._take_topic(key, record.value)
            else:
                log.warning("Ignoring status record with unknown key '%s'", key)
        except ValueError as error:
            log.error("Ignoring status record '%s', which is not understood: %s", key, error)

    def _take_connector(self, connector: str, value: bytes | None) -> None:
        if not connector:
            raise ValueError("no connector in the key")
        if value is None:
            self._cache.remove_connector(connector)
        else:
            self._cache.take(records.read_status(connector, value))

    def _take_task(self, key: str, value: bytes | None) -> None:
        task = records.parse_task(key)
        if task is None:
            raise ValueError("no connector and task number in the key")
        if value is None:
            self._cache.remove_task(task)
            return
        status = records.read_status(task, value)
        with self._cache.lock:
            if not self._is_late(task, status):
                self._cache.take(status)

    def _is_late(self, task: ConnectorTaskId, status: Status) -> bool:
        """True for the farewell of a worker whose task runs again already, perhaps elsewhere."""
        current = self._cache.task_status(task)
        return (
            current is not None
            and status.state is State.UNASSIGNED
            and current.state is State.RUNNING
            and current.generation >= status.generation
        )

    def _take_topic(self, key: str, value: bytes | None) -> None:
        parsed = records.parse_topic(key)
        if parsed is None:
            log.warning("Ignoring topic status with unreadable key '%s'", key)
        elif value is None:
            self._cache.remove_topic(*parsed)
        else:
            self._cache.take_topic(records.read_topic_status(value))
