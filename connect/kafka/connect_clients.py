"""The settings of every client that the worker makes, derived as Kafka Connect derives them.

For each client: Connect's defaults, then the worker's ``producer.``/``consumer.``/``admin.`` settings, then the
connector's overrides, then what can't be changed. All methods return Java client properties.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass

from connect.kafka.translate import is_client_key
from connect.runtime.ids import ConnectorTaskId

log = logging.getLogger(__name__)

Properties = dict[str, str]

INT_MAX = str(2**31 - 1)
LONG_MAX = str(2**63 - 1)
SOURCE_PRODUCER = {
    "key.serializer": "org.apache.kafka.common.serialization.ByteArraySerializer",
    "value.serializer": "org.apache.kafka.common.serialization.ByteArraySerializer",
    "max.block.ms": LONG_MAX,
    "enable.idempotence": "false",
    "acks": "all",
    "max.in.flight.requests.per.connection": "1",
    "delivery.timeout.ms": INT_MAX,
}
SINK_CONSUMER = {
    "enable.auto.commit": "false",
    "auto.offset.reset": "earliest",
    "key.deserializer": "org.apache.kafka.common.serialization.ByteArrayDeserializer",
    "value.deserializer": "org.apache.kafka.common.serialization.ByteArrayDeserializer",
    # The task stores and commits its own offsets.
    "librdkafka.enable.auto.offset.store": "false",
}
# Java leaves these open. Internal topics carry little, and somebody waits for every record.
QUICK = {"linger.ms": "0", "buffer.memory": "4194304"}
TAIL = {
    "auto.offset.reset": "earliest",
    "enable.auto.commit": "false",
    "librdkafka.enable.auto.offset.store": "false",
    "librdkafka.enable.partition.eof": "true",
    "librdkafka.allow.auto.create.topics": "false",
}
# A transaction's end is not a record: librdkafka tells of it when its next fetch comes back empty.
COMMITTED = {"isolation.level": "read_committed", "fetch.max.wait.ms": "50"}


def with_prefix(properties: Mapping[str, str], prefix: str) -> Properties:
    """The properties below a prefix, without it."""
    return {key[len(prefix) :]: value for key, value in properties.items() if key.startswith(prefix)}


def is_fenceable(worker: Mapping[str, str]) -> bool:
    """Whether the leader's writes to the config topic are transactions."""
    return worker.get("exactly.once.source.support", "disabled").strip().lower() in ("preparing", "enabled")


def is_exactly_once(worker: Mapping[str, str]) -> bool:
    """Whether source tasks of that worker write their records and offsets in transactions."""
    return worker.get("exactly.once.source.support", "disabled").strip().lower() == "enabled"


@dataclass(frozen=True, slots=True)
class ConnectClients:
    """Client settings of one worker. ``worker`` holds its properties; ``group_id`` is None in standalone mode."""

    worker: Mapping[str, str]
    group_id: str | None = None
    exactly_once: bool = False

    @property
    def client_id_base(self) -> str:
        """How the client ids of the worker's own clients begin."""
        base = f"{self.group_id or 'connect'}-"
        client_id = self.worker.get("client.id")
        return f"{base}{client_id}-" if client_id else base

    def source_producer(self, task: ConnectorTaskId, config: Mapping[str, str]) -> Properties:
        """The producer of a source task; ``config`` is the connector's."""
        return self._producer(f"connector-producer-{task}", config)

    def exactly_once_producer(self, task: ConnectorTaskId, config: Mapping[str, str]) -> Properties:
        """The producer of a source task whose records and offsets form transactions."""
        properties = self._producer(f"connector-producer-{task}", config)
        transactional_id = self.transactional_id(task)
        self._force(properties, "enable.idempotence", "true", usual="false")
        self._force(properties, "transactional.id", transactional_id)
        # One request at a time is only needed without idempotence.
        if "max.in.flight.requests.per.connection" not in self._producer_settings(config):
            properties["max.in.flight.requests.per.connection"] = "5"
        return properties

    def transactional_id(self, task: ConnectorTaskId) -> str:
        """The transactional id of a source task; a new owner fences off the former one."""
        return f"{self.group_id}-{task}"

    def sink_consumer(self, task: ConnectorTaskId, config: Mapping[str, str]) -> Properties:
        """The consumer of a sink task."""
        return self._consumer(task.connector, f"connector-consumer-{task}", config)

    def sink_group_id(self, connector: str, config: Mapping[str, str]) -> str:
        """The consumer group of a sink connector."""
        return self._consumer(connector, "", config)["group.id"]

    def offsets_consumer(
        self, connector: str, config: Mapping[str, str], task: ConnectorTaskId | None = None
    ) -> Properties:
        """Reads a source connector's own offsets topic, for a task or for the worker."""
        properties = self._consumer(connector, f"connector-consumer-{task or connector}", config)
        if self.exactly_once:
            self._force(properties, "isolation.level", "read_committed")
        return COMMITTED | properties | TAIL

    def offsets_producer(self, connector: str, config: Mapping[str, str]) -> Properties:
        """Writes offsets that a user alters."""
        return QUICK | self._producer(f"connector-offset-producer-{connector}", config)

    def dead_letter_producer(self, task: ConnectorTaskId, config: Mapping[str, str]) -> Properties:
        """Writes a sink task's dead letter queue."""
        return self._producer(f"connector-dlq-producer-{task}", config)

    def dead_letter_admin(self, config: Mapping[str, str]) -> Properties:
        """Creates a sink task's dead letter queue."""
        return self._admin("connector-dlq-adminclient-", config)

    def task_admin(self, task: ConnectorTaskId, config: Mapping[str, str]) -> Properties:
        """Creates topics for a source task."""
        return self._admin(f"connector-adminclient-{task}", config)

    def connector_admin(self, connector: str, config: Mapping[str, str]) -> Properties:
        """Looks at and changes a connector's offsets on the worker's behalf."""
        return self._admin(f"connector-worker-adminclient-{connector}", config)

    def fencing_producer(self, task: ConnectorTaskId, config: Mapping[str, str]) -> Properties:
        """Fences off the producer of a former task on the worker's behalf; it never writes."""
        forced = {"transactional.id": self.transactional_id(task), "enable.idempotence": "true", "acks": "all"}
        return QUICK | self.connector_admin(task.connector, config) | forced

    def shared_admin(self) -> Properties:
        """Looks after the internal topics."""
        return self._own("shared-admin")

    def membership(self, worker_id: str) -> Properties:
        """Joins the group of workers; its client id begins the worker's member ids."""
        return self._bootstrap() | self._own("") | {"client.id": self.worker.get("client.id") or f"connect-{worker_id}"}

    def topic_producer(self, kind: str) -> Properties:
        """Writes an internal topic; ``kind`` is ``configs``, ``offsets`` or ``statuses``."""
        # The status store tries again by itself, unless a newer status has come meanwhile.
        insist = {"retries": "0"} if kind == "statuses" else {"delivery.timeout.ms": INT_MAX}
        safe = {"enable.idempotence": "false", "acks": "all", "max.in.flight.requests.per.connection": "1"}
        return QUICK | self._own(kind) | safe | insist

    def config_leader_producer(self) -> Properties:
        """Writes the config topic in transactions, which fence off a former leader."""
        forced = {
            "acks": "all",
            "max.in.flight.requests.per.connection": "5",
            "enable.idempotence": "true",
            "transactional.id": f"connect-cluster-{self.group_id}",
            "delivery.timeout.ms": INT_MAX,
        }
        return QUICK | self._own("configs-leader") | forced

    def topic_consumer(self, kind: str) -> Properties:
        """Reads an internal topic; ``kind`` is ``configs``, ``offsets`` or ``statuses``."""
        properties = {"fetch.max.wait.ms": "250"} | self._own(kind) | TAIL
        if self.exactly_once and kind != "statuses":
            properties |= COMMITTED
        return properties

    def _own(self, kind: str) -> Properties:
        """What the worker's own clients take from its properties: all that a client knows."""
        mine = {key: value for key, value in self.worker.items() if is_client_key(key)}
        mine.pop("transactional.id", None)
        return mine | {"client.id": f"{self.client_id_base}{kind}"}

    def _producer_settings(self, config: Mapping[str, str]) -> Properties:
        return with_prefix(self.worker, "producer.") | with_prefix(config, "producer.override.")

    def _producer(self, client_id: str, config: Mapping[str, str]) -> Properties:
        base = self._bootstrap() | SOURCE_PRODUCER | {"client.id": client_id}
        return base | self._producer_settings(config)

    def _consumer(self, connector: str, client_id: str, config: Mapping[str, str]) -> Properties:
        base = self._bootstrap() | SINK_CONSUMER | {"group.id": f"connect-{connector}", "client.id": client_id}
        return base | with_prefix(self.worker, "consumer.") | with_prefix(config, "consumer.override.")

    def _admin(self, client_id: str, config: Mapping[str, str]) -> Properties:
        base = self._own("") | {"client.id": client_id}
        return base | with_prefix(self.worker, "admin.") | with_prefix(config, "admin.override.")

    def _bootstrap(self) -> Properties:
        return {"bootstrap.servers": self.worker.get("bootstrap.servers", "localhost:9092")}

    def _force(self, properties: Properties, key: str, value: str, usual: str | None = None) -> None:
        found = properties.get(key)
        if found not in (None, value, usual):
            log.warning("%s: %s=%s is replaced with %s", properties.get("client.id"), key, found, value)
        properties[key] = value
