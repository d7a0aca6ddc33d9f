"""A compacted topic, read to its end and tailed."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from connect.api.errors import ConfigException, ConnectException, RetriableException
from connect.kafka.connect_clients import ConnectClients
from connect.kafka.door import KafkaError
from connect.kafka.fake import FakeKafka
from connect.kafka.topic_log import LogRecord, TopicLog, start_all
from connect.kafka.topics import TopicSettings

CLIENTS = ConnectClients({"bootstrap.servers": "fake:9092"}, "cluster")
SETTINGS = TopicSettings("configs", 1, 1, {}, "config.storage.topic", "connector configurations")


class Fixture:
    """A log on a fake cluster, and what it has told."""

    def __init__(self, kafka: FakeKafka, settings: TopicSettings = SETTINGS) -> None:
        self.seen: list[LogRecord] = []
        self.log = TopicLog(
            kafka,
            settings,
            self.seen.append,
            admin=kafka.admin({}),
            producer=CLIENTS.topic_producer("configs"),
            consumer=CLIENTS.topic_consumer("configs"),
        )

    def pairs(self) -> list[tuple[bytes | None, bytes | None]]:
        return [(record.key, record.value) for record in self.seen]


@pytest.fixture
def kafka() -> FakeKafka:
    return FakeKafka()


@pytest.fixture
def fixture(kafka: FakeKafka) -> Iterator[Fixture]:
    fixture = Fixture(kafka)
    yield fixture
    fixture.log.stop()


def test_a_missing_topic_is_created_compacted(kafka: FakeKafka) -> None:
    fixture = Fixture(kafka, TopicSettings("offsets", 25, 3, {"cleanup.policy": "delete", "segment.bytes": "100"}))
    fixture.log.start()
    fixture.log.stop()
    topic = kafka.topics["offsets"]
    assert (len(topic.partitions), topic.replication_factor) == (25, 3)
    assert topic.configs == {"cleanup.policy": "compact", "segment.bytes": "100"}


def test_start_returns_when_all_old_records_were_seen(kafka: FakeKafka) -> None:
    kafka.create_topic("configs", 3, {"cleanup.policy": "compact"})
    for number in range(20):
        kafka.append("configs", b"v", b"k%d" % number)
    fixture = Fixture(kafka)
    fixture.log.start()
    assert len(fixture.seen) == 20
    fixture.log.stop()


def test_own_records_are_seen_after_reading_to_the_end(fixture: Fixture) -> None:
    fixture.log.start()
    fixture.log.send_all([(b"a", b"1"), (b"b", None)])
    fixture.log.read_to_end(5)
    assert fixture.pairs() == [(b"a", b"1"), (b"b", None)]


def test_records_of_others_are_tailed(kafka: FakeKafka, fixture: Fixture) -> None:
    fixture.log.start()
    kafka.append("configs", b"1", b"a")
    fixture.log.read_to_end(5)
    assert fixture.pairs() == [(b"a", b"1")]


def test_records_that_compaction_removed_are_not_waited_for(kafka: FakeKafka) -> None:
    kafka.create_topic("configs", 1, {"cleanup.policy": "compact"})
    for value in (b"1", b"2", b"3"):
        kafka.append("configs", value, b"a")
    kafka.compact("configs")
    fixture = Fixture(kafka)
    fixture.log.start()
    assert [(record.offset, record.value) for record in fixture.seen] == [(2, b"3")]
    fixture.log.stop()


def test_a_topic_that_loses_records_is_refused(kafka: FakeKafka) -> None:
    kafka.create_topic("configs", 1, {"cleanup.policy": "delete"})
    with pytest.raises(ConfigException) as caught:
        Fixture(kafka).log.start()
    assert str(caught.value).startswith(
        "Topic 'configs' supplied via the 'config.storage.topic' property is required to have 'cleanup.policy=compact'"
        " to guarantee consistency and durability of connector configurations, but found the topic currently has"
        " 'cleanup.policy=delete'."
    )


def test_a_broker_that_tells_no_policy_is_trusted(kafka: FakeKafka) -> None:
    kafka.create_topic("configs", 1)
    kafka.tells_configs = False
    fixture = Fixture(kafka)
    fixture.log.start()
    fixture.log.stop()


def test_creation_waits_for_brokers(kafka: FakeKafka, fixture: Fixture) -> None:
    kafka.fail("create_topics", KafkaError.INVALID_REPLICATION_FACTOR)
    fixture.log.start()
    assert "configs" in kafka.topics


def test_a_creation_that_cannot_work_is_told_at_once(kafka: FakeKafka, fixture: Fixture) -> None:
    kafka.fail("create_topics", KafkaError.INVALID_CONFIG)
    with pytest.raises(ConnectException, match=r"^Unable to create topic\(s\) 'configs': "):
        fixture.log.start()


def test_a_failed_write_fails_its_future(kafka: FakeKafka, fixture: Fixture) -> None:
    fixture.log.start()
    kafka.fail("produce", KafkaError.TOPIC_AUTHORIZATION_FAILED)
    with pytest.raises(ConnectException, match="Writing to topic configs"):
        fixture.log.send(b"a", b"1").result(5)
    kafka.fail("produce", KafkaError._MSG_TIMED_OUT)
    with pytest.raises(RetriableException):
        fixture.log.send_all([(b"a", b"1"), (b"b", b"2")]).result(5)
    fixture.log.read_to_end(5)
    assert fixture.pairs() == [(b"b", b"2")]


def test_writes_wait_for_a_broker_that_is_away(kafka: FakeKafka, fixture: Fixture) -> None:
    fixture.log.start()
    kafka.set_down(True)
    written = fixture.log.send(b"a", b"1")
    with pytest.raises(TimeoutError):
        fixture.log.read_to_end(0.05)
    kafka.set_down(False)
    written.result(5)
    fixture.log.read_to_end(5)
    assert fixture.pairs() == [(b"a", b"1")]


def test_a_callback_that_raises_does_not_end_the_tail(kafka: FakeKafka) -> None:
    seen = []

    def on_record(record: LogRecord) -> None:
        seen.append(record.key)
        if record.key == b"bad":
            raise ValueError("bad")

    fixture = Fixture(kafka)
    fixture.log._on_record = on_record
    fixture.log.start()
    fixture.log.send_all([(b"bad", b""), (b"good", b"")])
    fixture.log.read_to_end(5)
    assert seen == [b"bad", b"good"]
    fixture.log.stop()


def test_nothing_runs_after_stop(kafka: FakeKafka, fixture: Fixture) -> None:
    before = set(threading.enumerate())
    fixture.log.start()
    fixture.log.send(b"a", b"1").result(5)
    fixture.log.stop()
    assert set(threading.enumerate()) <= before
    with pytest.raises(ConnectException, match="stopped"):
        fixture.log.send(b"a", b"1")


def test_no_producer_is_made_before_the_first_write(kafka: FakeKafka, fixture: Fixture) -> None:
    fixture.log.start()
    assert "producer" not in [kind for kind, _ in kafka.clients]


def test_when_one_log_cannot_start_none_is_left_running(kafka: FakeKafka) -> None:
    kafka.create_topic("statuses", 1, {"cleanup.policy": "delete"})
    before = set(threading.enumerate())
    good, bad = Fixture(kafka), Fixture(kafka, TopicSettings("statuses"))
    with pytest.raises(ConfigException):
        start_all([good.log, bad.log])
    assert set(threading.enumerate()) <= before
