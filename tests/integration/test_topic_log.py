"""Internal topics on a real broker."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping

import pytest
from confluent_kafka.admin import ConfigResource, ResourceType

from connect.api.errors import ConfigException
from connect.kafka import topics
from connect.kafka.clients import RealKafka
from connect.kafka.connect_clients import ConnectClients
from connect.kafka.door import AdminClient, KafkaException, NewTopic, TopicPartition
from connect.kafka.topic_log import LogRecord, TopicLog, start_all
from connect.kafka.topics import TopicSettings
from connect.runtime.ids import ConnectorTaskId, State, TargetState
from connect.storage.config_store import PrivilegedWriteException
from connect.storage.internal_topics import config_topic, offset_topic, status_topic
from connect.storage.kafka_config_store import KafkaConfigBackingStore
from connect.storage.kafka_offset_store import KafkaOffsetBackingStore
from connect.storage.kafka_status_store import KafkaStatusBackingStore
from connect.storage.status import TaskStatus
from tests.services import KafkaBroker

DOOR = RealKafka()
SECONDS = 30


class Worker:
    """What a worker has: its properties, its clients' settings, and an admin client. Its topics are its own."""

    def __init__(self, bootstrap_servers: str, *, exactly_once: bool = False) -> None:
        self.name = f"worker-{uuid.uuid4()}"
        self.properties: Mapping[str, str] = {
            "bootstrap.servers": bootstrap_servers,
            "group.id": self.name,
            **{f"{kind}.storage.topic": f"{self.name}-{kind}" for kind in ("config", "offset", "status")},
            **{f"{kind}.storage.replication.factor": "1" for kind in ("config", "offset", "status")},
        }
        self.exactly_once = exactly_once
        self.clients = ConnectClients(self.properties, self.name, exactly_once=exactly_once)
        self.admin: AdminClient = DOOR.admin(self.clients.shared_admin())

    def log(self, topic: TopicSettings, seen: list[LogRecord], kind: str = "configs") -> TopicLog:
        producer, consumer = self.clients.topic_producer(kind), self.clients.topic_consumer(kind)
        return TopicLog(DOOR, topic, seen.append, admin=self.admin, producer=producer, consumer=consumer)

    def config_store(self) -> KafkaConfigBackingStore:
        topic = config_topic(self.properties)
        return KafkaConfigBackingStore(DOOR, self.clients, self.admin, topic, fenceable=self.exactly_once)


@pytest.fixture
def worker(kafka_broker: KafkaBroker) -> Worker:
    return Worker(kafka_broker.bootstrap_servers)


@pytest.fixture
def seen() -> list[LogRecord]:
    return []


@pytest.fixture
def log(worker: Worker, seen: list[LogRecord]) -> Iterator[TopicLog]:
    log = worker.log(config_topic(worker.properties), seen)
    yield log
    log.stop()


def pairs(seen: list[LogRecord]) -> list[tuple[bytes | None, bytes | None]]:
    return [(record.key, record.value) for record in seen]


def test_topics_are_created_with_their_settings(worker: Worker) -> None:
    properties = {**worker.properties, "offset.storage.segment.bytes": "1048576"}
    logs = [
        worker.log(config_topic(properties), [], "configs"),
        worker.log(offset_topic(properties), [], "offsets"),
        worker.log(status_topic(properties), [], "statuses"),
    ]
    start_all(logs)
    assert [log.partitions for log in logs] == [1, 25, 5]
    resource = ConfigResource(ResourceType.TOPIC, logs[1].topic.name)
    configs = worker.admin.describe_configs([resource])[resource].result()
    assert (configs["cleanup.policy"].value, configs["segment.bytes"].value) == ("compact", "1048576")
    for log in logs:
        log.stop()


def test_the_brokers_defaults_are_taken_for_minus_one(worker: Worker, seen: list[LogRecord]) -> None:
    log = worker.log(TopicSettings(f"{worker.name}-default", -1, -1), seen)
    log.start()
    assert log.partitions == 1
    log.stop()


def test_a_topic_that_deletes_records_is_refused(worker: Worker, log: TopicLog) -> None:
    topics.create(worker.admin, NewTopic(log.topic.name, 1, 1, config={"cleanup.policy": "compact,delete"}))
    topics.wait_for_partitions(worker.admin, log.topic.name)
    with pytest.raises(ConfigException, match=r"but found the topic currently has 'cleanup\.policy=compact,delete'"):
        log.start()


def test_own_and_foreign_records_are_seen(worker: Worker, log: TopicLog, seen: list[LogRecord]) -> None:
    log.start()
    log.send_all([(b"a", b"1"), (b"b", "ü".encode()), (b"a", None)]).result(SECONDS)
    log.read_to_end(SECONDS)
    assert pairs(seen) == [(b"a", b"1"), (b"b", "ü".encode()), (b"a", None)]
    producer = DOOR.producer(worker.clients.topic_producer("configs"))
    producer.produce(log.topic.name, b"2", b"c")
    producer.flush(SECONDS)
    log.read_to_end(SECONDS)
    assert pairs(seen)[3:] == [(b"c", b"2")]


def test_old_records_are_seen_before_start_returns(worker: Worker, log: TopicLog, seen: list[LogRecord]) -> None:
    log.start()
    log.send_all([(b"%d" % number, b"x" * 1000) for number in range(5000)]).result(SECONDS)
    again: list[LogRecord] = []
    second = worker.log(log.topic, again)
    second.start()
    assert len(again) == 5000
    second.stop()


def test_keys_are_where_java_puts_them(worker: Worker, seen: list[LogRecord]) -> None:
    log = worker.log(offset_topic(worker.properties), seen)
    log.start()
    log.send_all([(b'["src",{"task":1}]', b"{}"), (b'["src",{"task":0}]', b"{}")]).result(SECONDS)
    log.read_to_end(SECONDS)
    assert {record.key: record.partition for record in seen} == {b'["src",{"task":1}]': 23, b'["src",{"task":0}]': 17}
    log.stop()


def test_the_next_worker_takes_over(worker: Worker) -> None:
    first = worker.config_store()
    first.start()
    first.put_connector_config("c", {"a": "1", "b": None}, TargetState.PAUSED)
    first.put_task_configs("c", [{"t": "0"}, {"t": "1"}])
    state = first.snapshot()
    first.stop()
    second = worker.config_store()
    second.start()
    assert second.snapshot() == state
    assert state.task_config(ConnectorTaskId("c", 1)) == {"t": "1"}
    second.stop()


def test_a_new_leader_fences_off_the_old_one(kafka_broker: KafkaBroker) -> None:
    worker = Worker(kafka_broker.bootstrap_servers, exactly_once=True)
    old, new = worker.config_store(), worker.config_store()
    for store in (old, new):
        store.start()
        store.claim_write_privileges()
    new.put_connector_config("c", {})
    with pytest.raises(PrivilegedWriteException):
        old.put_connector_config("d", {})
    old.claim_write_privileges()
    old.put_task_configs("c", [{"t": "0"}])
    new.refresh(SECONDS)
    assert new.snapshot() == old.snapshot()
    assert new.snapshot().connectors() == ["c"]
    for store in (old, new):
        store.stop()


def test_an_open_transaction_is_waited_for(kafka_broker: KafkaBroker) -> None:
    worker = Worker(kafka_broker.bootstrap_servers, exactly_once=True)
    seen: list[LogRecord] = []
    log = worker.log(config_topic(worker.properties), seen)
    log.start()
    producer = DOOR.producer(worker.clients.config_leader_producer())
    producer.init_transactions(SECONDS)
    producer.begin_transaction()
    producer.produce(log.topic.name, b"1", b"a")
    producer.flush(SECONDS)
    with pytest.raises(TimeoutError):
        log.read_to_end(0.3)
    producer.commit_transaction(SECONDS)
    log.read_to_end(SECONDS)
    assert pairs(seen) == [(b"a", b"1")]
    producer.begin_transaction()
    producer.produce(log.topic.name, b"2", b"a")
    producer.flush(SECONDS)
    producer.abort_transaction(SECONDS)
    log.read_to_end(SECONDS)
    assert pairs(seen) == [(b"a", b"1")]
    log.stop()


def test_statuses_and_offsets_come_back(worker: Worker) -> None:
    statuses = KafkaStatusBackingStore(DOOR, worker.clients, worker.admin, status_topic(worker.properties))
    producer, consumer = worker.clients.topic_producer("offsets"), worker.clients.topic_consumer("offsets")
    topic = offset_topic(worker.properties)
    offsets = KafkaOffsetBackingStore(DOOR, topic, admin=worker.admin, producer=producer, consumer=consumer)
    statuses.start()
    offsets.start()
    status = TaskStatus(ConnectorTaskId("c", 0), State.FAILED, "w:1", 3, "trace", "1.0")
    statuses.put(status)
    statuses.flush(SECONDS)
    assert statuses.task_status(ConnectorTaskId("c", 0)) == status
    offsets.set({b"k": b"v", b"l": b"w"}).result(SECONDS)
    offsets.set({b"l": None}).result(SECONDS)
    assert offsets.get([b"k", b"l"]) == {b"k": b"v"}
    statuses.stop()
    offsets.stop()


def test_a_broker_that_comes_back_gets_what_waited() -> None:
    with KafkaBroker() as broker:
        worker = Worker(broker.bootstrap_servers)
        seen: list[LogRecord] = []
        log = worker.log(config_topic(worker.properties), seen)
        log.start()
        log.send(b"a", b"1").result(SECONDS)
        broker.kill()
        waiting = log.send(b"b", b"2")
        with pytest.raises(TimeoutError):
            log.read_to_end(0.5)
        broker.start()
        waiting.result(SECONDS)
        log.read_to_end(SECONDS)
        assert pairs(seen) == [(b"a", b"1"), (b"b", b"2")]
        log.stop()


def test_looking_a_topic_up_does_not_create_it(worker: Worker) -> None:
    name = f"{worker.name}-missing"
    assert topics.count_partitions(worker.admin, name) == 0
    assert topics.count_partitions(worker.admin, name) == 0
    with pytest.raises(KafkaException):
        topics.end_offsets(worker.admin, name, [0])
    assert topics.cleanup_policy(worker.admin, name) is None
    assert TopicPartition(name, 0).topic not in worker.admin.list_topics(timeout=SECONDS).topics
