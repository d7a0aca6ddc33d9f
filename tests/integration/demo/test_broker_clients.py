"""The clients that the worker uses, against the broker's socket."""

import socket
import threading
import time
from collections.abc import Callable

import pytest
from confluent_kafka import Consumer, ConsumerGroupTopicPartitions, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, ConfigResource, NewTopic
from kafka.coordinator.base import BaseCoordinator
from kafka.net.compat import KafkaNetClient

from connect.demo.broker.client import BrokerClient

_QUICK = {"enable.auto.commit": False, "heartbeat.interval.ms": 100}


def produce(bootstrap: str, topic: str, count: int, **settings: object) -> list[int]:
    """Send numbered records to partition 0; the offsets that the broker gave them."""
    offsets: list[int] = []
    producer = Producer({"bootstrap.servers": bootstrap, "linger.ms": 20, **settings})
    for number in range(count):
        producer.produce(
            topic,
            str(number).encode(),
            key=b"k",
            partition=0,
            headers=[("h", None)],
            on_delivery=lambda error, message: offsets.append(-1 if error else message.offset()),
        )
    assert producer.flush(10) == 0
    return offsets


def consume(consumer: Consumer, count: int) -> list[int]:
    values: list[int] = []
    deadline = time.monotonic() + 10
    while len(values) < count and time.monotonic() < deadline:
        values += [int(m.value()) for m in consumer.consume(count, 0.2) if not m.error()]
    return values


def client(bootstrap: str) -> BrokerClient:
    host, port = bootstrap.split(":")
    return BrokerClient(host, int(port))


@pytest.mark.parametrize(
    "settings",
    [{"acks": "all"}, {"acks": "1"}, {"enable.idempotence": True}]
    + [{"compression.type": name} for name in ("gzip", "snappy", "lz4", "zstd")],
)
def test_records_come_back_as_they_were_sent(bootstrap, settings):
    """Whatever the acknowledgement and compression, and whatever the offset that one starts from."""
    assert produce(bootstrap, "t", 50, **settings) == list(range(50))

    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "none", "enable.auto.commit": False})
    consumer.assign([TopicPartition("t", 0, 20)])
    assert consume(consumer, 30) == list(range(20, 50))
    assert consumer.get_watermark_offsets(TopicPartition("t", 0), timeout=5) == (0, 50)
    consumer.close()
    with client(bootstrap) as ours:
        assert ours.record_count("t") == 50


def test_a_reader_out_of_range_is_reset(bootstrap):
    """An offset beyond the end leads to auto.offset.reset, as with any broker."""
    produce(bootstrap, "t", 3)

    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "none", "auto.offset.reset": "earliest"})
    consumer.assign([TopicPartition("t", 0, 999)])
    assert consume(consumer, 3) == [0, 1, 2]
    consumer.close()


def test_topics_are_created_described_and_deleted(bootstrap):
    """With partitions and configs; what is there already, illegal or too replicated is refused."""
    admin = AdminClient({"bootstrap.servers": bootstrap})

    def create(name: str, **options: object) -> str | None:
        try:
            return admin.create_topics([NewTopic(name, **options)])[name].result(5)
        except KafkaException as error:
            return error.args[0].name()

    assert create("offsets", num_partitions=25, replication_factor=1, config={"cleanup.policy": "compact"}) is None
    assert create("offsets") == "TOPIC_ALREADY_EXISTS"
    assert create("no/name") == "TOPIC_EXCEPTION"
    assert create("wide", replication_factor=3) == "INVALID_REPLICATION_FACTOR"
    resource = ConfigResource(ConfigResource.Type.TOPIC, "offsets")
    assert admin.describe_configs([resource])[resource].result(5)["cleanup.policy"].value == "compact"
    with client(bootstrap) as ours:
        assert ours.topics() == {"offsets": 25}
        assert admin.delete_topics(["offsets"])["offsets"].result(5) is None
        assert ours.topics() == {}


def test_two_consumers_share_a_topic(bootstrap):
    """One of the two partitions moves to the consumer that comes later, and back when it leaves."""
    admin = AdminClient({"bootstrap.servers": bootstrap})
    admin.create_topics([NewTopic("t", num_partitions=2)])["t"].result(5)
    first, second = (Consumer({"bootstrap.servers": bootstrap, "group.id": "g", **_QUICK}) for _ in range(2))

    first.subscribe(["t"])
    wait_until(lambda: first.poll(0.05) or len(first.assignment()) == 2)
    second.subscribe(["t"])
    wait_until(
        lambda: first.poll(0.05) or second.poll(0.05) or len(first.assignment()) == len(second.assignment()) == 1
    )
    second.close()
    wait_until(lambda: first.poll(0.05) or len(first.assignment()) == 2)
    first.close()


def test_a_committed_offset_is_where_the_next_consumer_begins(bootstrap):
    """An administrator sees it, can move it while nobody is in the group, and can delete the group."""
    admin = AdminClient({"bootstrap.servers": bootstrap})
    produce(bootstrap, "t", 10)
    settings = {"bootstrap.servers": bootstrap, "group.id": "g", "auto.offset.reset": "earliest", **_QUICK}

    def read(count: int, commit: int) -> list[int]:
        consumer = Consumer(settings)
        consumer.subscribe(["t"])
        values = consume(consumer, count)
        consumer.commit(offsets=[TopicPartition("t", 0, commit)], asynchronous=False)
        consumer.close()
        return values

    assert read(10, commit=7) == list(range(10))
    answer = admin.list_consumer_group_offsets([ConsumerGroupTopicPartitions("g", [TopicPartition("t", 0)])])
    assert [p.offset for p in answer["g"].result(5).topic_partitions] == [7]
    assert read(3, commit=10) == [7, 8, 9]
    admin.alter_consumer_group_offsets([ConsumerGroupTopicPartitions("g", [TopicPartition("t", 0, 4)])])["g"].result(5)
    assert read(6, commit=10) == list(range(4, 10))
    assert admin.delete_consumer_groups(["g"])["g"].result(5) is None


class Worker(BaseCoordinator):
    """A member of a Connect cluster, as the worker is one; a leader assigns how often it has assigned."""

    def __init__(self, bootstrap: str, name: str) -> None:
        self.client = KafkaNetClient(bootstrap_servers=bootstrap, client_id=name)
        self.client._manager._net.start()
        self.client._manager.bootstrap(10_000)
        self.assigned = 0
        self.assignments: list[bytes] = []
        version = self.client._manager.broker_version
        super().__init__(self.client, group_id="connect", heartbeat_interval_ms=100, api_version=version)

    def protocol_type(self) -> str:
        return "connect"

    def group_protocols(self) -> list[tuple[str, bytes]]:
        return [("sessioned", b"2"), ("compatible", b"1")]

    async def _on_join_prepare_async(self, generation, member_id, timeout_ms=None) -> None:
        return None

    def _perform_assignment(self, leader_id, protocol, members):
        self.assigned += 1
        return {member[0]: b"%d of %d" % (self.assigned, len(members)) for member in members}

    async def _on_join_complete_async(self, generation, member_id, protocol, assignment) -> None:
        self.assignments.append(bytes(assignment))

    def leave(self) -> None:
        self.maybe_leave_group(timeout_ms=3000)
        self.close(timeout_ms=3000)
        self.client.close()


def test_connect_workers_form_a_group(bootstrap):
    """The leader's second assignment reaches a group that was stable, and a worker that comes and goes is noticed."""
    leader = Worker(bootstrap, "a")
    leader.ensure_active_group(timeout_ms=5000)
    leader.request_rejoin()
    leader.ensure_active_group(timeout_ms=5000)
    assert leader.assignments == [b"1 of 1", b"2 of 1"]

    follower = Worker(bootstrap, "b")
    joining = threading.Thread(target=follower.ensure_active_group, kwargs={"timeout_ms": 10_000})
    joining.start()
    wait_until(lambda: leader.ensure_active_group(timeout_ms=200) and not joining.is_alive())
    assert leader.assignments[-1] == follower.assignments[-1] == b"3 of 2"

    follower.leave()
    wait_until(lambda: leader.ensure_active_group(timeout_ms=200) and leader.assignments[-1] == b"4 of 1")
    leader.leave()


def test_a_transactional_producer_is_told_at_once(bootstrap):
    """There are no transactions here, and nobody waits to find that out."""
    producer = Producer({"bootstrap.servers": bootstrap, "transactional.id": "t"})

    with pytest.raises(KafkaException, match="This broker has no transactions"):
        producer.init_transactions(5)


def test_what_isnt_kafkas_protocol_ends_the_connection(bootstrap):
    """A stray browser gets no answer and harms nobody."""
    host, port = bootstrap.split(":")
    with socket.create_connection((host, int(port)), 5) as stray:
        stray.sendall(b"GET / HTTP/1.1\r\n\r\n")
        assert stray.recv(100) == b""
    with client(bootstrap) as ours:
        assert ours.topics() == {}


def wait_until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 15
    while not condition():
        assert time.monotonic() < deadline, "not within 15 s"
