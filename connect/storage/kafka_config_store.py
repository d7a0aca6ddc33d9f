"""Connector configs, task configs and target states in the config topic, shared by all workers of the cluster."""

from __future__ import annotations

import logging
import threading
import time
import warnings
from collections.abc import Sequence
from concurrent.futures import CancelledError, Future
from concurrent.futures import TimeoutError as FutureTimeout

from connect.api.errors import ConfigException, ConnectException, IllegalWorkerStateException
from connect.kafka.connect_clients import ConnectClients
from connect.kafka.door import AdminClient, KafkaDoor, KafkaError, KafkaException, Message, ProducerClient
from connect.kafka.errors import to_connect_exception
from connect.kafka.topic_log import LogRecord, TopicLog
from connect.kafka.topics import TopicSettings
from connect.runtime.ids import ConnectorTaskId, TargetState
from connect.storage import config_records as records
from connect.storage.cluster_state import ClusterConfigState, Config, RestartRequest, SessionKey
from connect.storage.config_fold import ConfigFold
from connect.storage.config_records import Record
from connect.storage.config_store import PrivilegedWriteException
from connect.storage.listener import ConfigStoreListener

log = logging.getLogger(__name__)

WRITE_SECONDS = 30.0
QUEUE_FULL_SECONDS = 0.1


class KafkaConfigBackingStore:
    """The ``ConfigBackingStore`` of a distributed worker.

    With ``fenceable`` (exactly-once support preparing or enabled) the leader's writes are transactions of a producer
    that a newer leader fences off; the leader calls ``claim_write_privileges`` first, and again after each failure.
    """

    def __init__(
        self,
        door: KafkaDoor,
        clients: ConnectClients,
        admin: AdminClient,
        topic: TopicSettings,
        *,
        fenceable: bool = False,
    ) -> None:
        self._door = door
        self._clients = clients
        self._topic = topic
        self._fenceable = fenceable
        self._leader: ProducerClient | None = None
        self._leader_lock = threading.Lock()
        self._task_writes = threading.Lock()
        # Reentrant: the listener, called while a record is taken, may look at the picture.
        self._lock = threading.RLock()
        self._fold = ConfigFold()
        self._listener: ConfigStoreListener | None = None
        self._log = TopicLog(
            door,
            topic,
            self._take,
            admin=admin,
            producer=clients.topic_producer("configs"),
            consumer=clients.topic_consumer("configs"),
        )

    def start(self) -> None:
        """Read the topic to its end. Raises ConfigException for a topic that won't do, ConnectException."""
        self._log.start()
        if self._log.partitions != 1:
            self._log.stop()
            raise ConfigException(
                f"Topic '{self._topic.name}' supplied via the 'config.storage.topic' property is required to have a"
                " single partition in order to guarantee consistency of connector configurations, but found"
                f" {self._log.partitions} partitions."
            )
        with self._lock:
            self._fold.listener = self._listener

    def stop(self) -> None:
        """End the tail and close the clients."""
        with self._leader_lock:
            self._relinquish()
        self._log.stop()

    def set_listener(self, listener: ConfigStoreListener) -> None:
        """Who hears of changes; set before ``start``."""
        self._listener = listener

    def snapshot(self) -> ClusterConfigState:
        """The picture as it is now."""
        with self._lock:
            return self._fold.snapshot()

    def contains(self, connector: str) -> bool:
        """True when the connector has a config."""
        with self._lock:
            return self._fold.contains(connector)

    def refresh(self, timeout: float) -> None:
        """Catch up with the other workers. Raises TimeoutError after ``timeout`` seconds."""
        self._log.read_to_end(timeout)

    def claim_write_privileges(self) -> None:
        """Fence off a former leader. Raises ConnectException; does nothing unless the store is fenceable."""
        if not self._fenceable:
            return
        with self._leader_lock:
            self._relinquish()
            producer = self._door.producer(self._clients.config_leader_producer())
            try:
                producer.init_transactions(WRITE_SECONDS)
            except KafkaException as error:
                producer.close()
                raise to_connect_exception(error, "Claiming write privileges for the config topic") from error
            self._leader = producer

    @property
    def may_write(self) -> bool:
        """False until write privileges were claimed, and after a failure, where they are needed."""
        return not self._fenceable or self._leader is not None

    # --- writes

    def put_connector_config(self, connector: str, config: Config, target_state: TargetState | None = None) -> None:
        """Create or update a connector; its initial state is written first, so nobody sees it without."""
        first = [] if target_state is None else [records.target_state(connector, target_state)]
        written = [*first, records.connector_config(connector, config)]
        self._write_as_leader(written, "Error writing connector configuration to Kafka", read_back=True)

    def remove_connector_config(self, connector: str) -> None:
        """Delete a connector with its target state."""
        written = [records.connector_config(connector, None), records.target_state(connector, None)]
        self._write_as_leader(written, "Error removing connector configuration from Kafka", read_back=True)

    def put_task_configs(self, connector: str, configs: Sequence[Config]) -> None:
        """Write all task configs, then the commit record that makes them count."""
        deadline = time.monotonic() + WRITE_SECONDS
        failure = "Error writing task configurations to Kafka"
        tasks = [records.task_config(ConnectorTaskId(connector, at), each) for at, each in enumerate(configs)]
        commit = records.commit_tasks(connector, len(configs))
        with self._task_writes:  # a commit must find the task configs before it, which one in between would take
            self._read_back(deadline, failure)
            if tasks:
                self._write_as_leader(tasks, failure, read_back=True, deadline=deadline)
            self._write_as_leader([commit], failure, read_back=True, deadline=deadline)

    def remove_task_configs(self, connector: str) -> None:
        """Leave the connector without tasks."""
        self.put_task_configs(connector, [])

    def put_target_state(self, connector: str, state: TargetState) -> None:
        """Any worker may ask for a target state."""
        self._write([records.target_state(connector, state)], "Error writing target state to Kafka")

    def put_session_key(self, key: SessionKey) -> None:
        """Hand a new session key to all workers."""
        self._write_as_leader([records.session_key(key)], "Error writing session key to Kafka")

    def put_restart_request(self, request: RestartRequest) -> None:
        """Ask all workers to restart their part of a connector."""
        failure = f"Error writing restart request for connector {request.connector} to Kafka"
        self._write_as_leader([records.restart_request(request)], failure)

    def put_task_count_record(self, connector: str, count: int) -> None:
        """Note how many task producers may have to be fenced off next time."""
        failure = "Error writing task count record to Kafka"
        self._write_as_leader([records.task_count(connector, count)], failure, read_back=True)

    def put_logger_level(self, logger: str, level: str) -> None:
        """Any worker may set a log level for all."""
        self._write([records.logger_level(logger, level)], "Error writing logger level to Kafka")

    def _write(self, written: Sequence[Record], failure: str, deadline: float | None = None) -> None:
        remaining = WRITE_SECONDS if deadline is None else deadline - time.monotonic()
        try:
            _wait(self._log.send_all(written), remaining)
        except (ConnectException, TimeoutError) as error:
            raise ConnectException(failure) from error

    def _write_as_leader(
        self, written: Sequence[Record], failure: str, *, read_back: bool = False, deadline: float | None = None
    ) -> None:
        deadline = time.monotonic() + WRITE_SECONDS if deadline is None else deadline
        if self._fenceable:
            self._write_transaction(written, failure, deadline)
        else:
            self._write(written, failure, deadline)
        if read_back:
            self._read_back(deadline, failure)

    def _read_back(self, deadline: float, failure: str) -> None:
        try:
            self._log.read_to_end(deadline - time.monotonic())
        except (ConnectException, TimeoutError) as error:
            raise ConnectException(failure) from error

    def _write_transaction(self, written: Sequence[Record], failure: str, deadline: float) -> None:
        with self._leader_lock:
            if self._leader is None:
                raise IllegalWorkerStateException(
                    "Cannot produce to config topic without claiming write privileges first"
                )
            try:
                self._commit(self._leader, written, deadline)
            except KafkaException as error:
                log.warning("%s; write privileges must be claimed again: %s", failure, error)
                self._relinquish()
                raise PrivilegedWriteException(failure) from to_connect_exception(error, failure)

    def _commit(self, producer: ProducerClient, written: Sequence[Record], deadline: float) -> None:
        """Write records in one transaction. Raises KafkaException."""
        failed: list[KafkaError] = []

        def on_delivery(error: KafkaError | None, _message: Message) -> None:
            if error is not None:
                failed.append(error)

        producer.begin_transaction()
        for key, value in written:
            while True:
                try:
                    producer.produce(self._topic.name, value, key, on_delivery=on_delivery)
                    break
                except BufferError:
                    if time.monotonic() > deadline:
                        raise KafkaException(KafkaError(KafkaError._QUEUE_FULL)) from None
                    producer.poll(QUEUE_FULL_SECONDS)
        producer.commit_transaction(max(deadline - time.monotonic(), 0.001))
        if failed:
            raise KafkaException(failed[0])

    def _relinquish(self) -> None:
        producer, self._leader = self._leader, None
        if producer is not None:
            with warnings.catch_warnings():
                # A fenced producer can't even abort, and its close() warns of that.
                warnings.simplefilter("ignore", RuntimeWarning)
                producer.close()

    def _take(self, record: LogRecord) -> None:
        with self._lock:
            self._fold.apply(record.offset, record.key, record.value)


def _wait(future: Future[None], timeout: float) -> None:
    try:
        future.result(max(timeout, 0.0))
    except (FutureTimeout, CancelledError) as error:
        raise TimeoutError("Timed out writing to Kafka") from error
