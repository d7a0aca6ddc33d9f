"""The cluster in memory behaves as the worker expects of a real one."""

from __future__ import annotations

from typing import Any

import pytest
from confluent_kafka import ConsumerGroupTopicPartitions

from connect.kafka.door import OFFSET_BEGINNING, KafkaDoor, KafkaError, KafkaException, TopicPartition
from connect.kafka.fake import FakeKafka


@pytest.fixture
def kafka() -> FakeKafka:
    return FakeKafka({"t": 2})


def values(consumer: Any) -> list[bytes | None]:
    return [message.value() for message in consumer.consume(100, 0) if message.error() is None]


def test_it_fits_the_door(kafka: FakeKafka) -> None:
    door: KafkaDoor = kafka
    door.producer({}).close()
    door.consumer({}).close()
    assert door.admin({}).list_topics().topics.keys() == {"t"}


def test_keys_go_where_javas_partitioner_puts_them(kafka: FakeKafka) -> None:
    kafka.create_topic("offsets", 25)
    assert kafka.append("offsets", b"", b'["src",{"task":1}]').partition() == 23
    assert kafka.append("offsets", b"", b'["src",{"task":0}]').partition() == 17


def test_deliveries_are_told_when_polled(kafka: FakeKafka) -> None:
    producer = kafka.producer({})
    told = []
    producer.produce("t", b"v", b"k", partition=1, on_delivery=lambda error, message: told.append((error, message)))
    assert (len(producer), told) == (1, [])
    producer.poll(0)
    ((error, message),) = told
    assert (error, message.partition(), message.offset(), message.value()) == (None, 1, 0, b"v")


def test_a_group_goes_on_from_its_committed_offset(kafka: FakeKafka) -> None:
    for number in range(3):
        kafka.append("t", b"%d" % number, partition=0)
    first = kafka.consumer({"group.id": "g", "auto.offset.reset": "earliest"})
    first.subscribe(["t"])
    assert values(first) == [b"0", b"1", b"2"]
    first.commit(offsets=[TopicPartition("t", 0, 2)], asynchronous=False)
    first.close()
    second = kafka.consumer({"group.id": "g", "auto.offset.reset": "earliest"})
    second.subscribe(["t"])
    assert values(second) == [b"2"]
    assert [each.offset for each in second.position([TopicPartition("t", 0)])] == [3]


def test_paused_partitions_deliver_nothing(kafka: FakeKafka) -> None:
    consumer = kafka.consumer({})
    consumer.assign([TopicPartition("t", 0, OFFSET_BEGINNING)])
    kafka.append("t", b"v", partition=0)
    consumer.pause([TopicPartition("t", 0)])
    assert values(consumer) == []
    consumer.resume([TopicPartition("t", 0)])
    assert values(consumer) == [b"v"]
    consumer.seek(TopicPartition("t", 0, 0))
    assert values(consumer) == [b"v"]


def test_rebalances_are_told(kafka: FakeKafka) -> None:
    told: list[tuple[str, list[int]]] = []

    def note(name: str) -> Any:
        return lambda _consumer, partitions: told.append((name, [each.partition for each in partitions]))

    consumer = kafka.consumer({"group.id": "g"})
    consumer.subscribe(["^t.*"], note("assign"), note("revoke"), note("lost"))
    consumer.poll(0)
    consumer.rebalance([("t", 1)])  # type: ignore[attr-defined]
    consumer.poll(0)
    consumer.rebalance([], lost=True)  # type: ignore[attr-defined]
    consumer.poll(0)
    assert told == [("assign", [0, 1]), ("revoke", [0, 1]), ("assign", [1]), ("lost", [1])]


def test_asynchronous_commits_are_told(kafka: FakeKafka) -> None:
    told: list[KafkaError | None] = []
    consumer = kafka.consumer({"group.id": "g"}, on_commit=lambda error, _offsets: told.append(error))
    kafka.fail("commit", KafkaError.REBALANCE_IN_PROGRESS)
    consumer.commit(offsets=[TopicPartition("t", 0, 1)], asynchronous=True)
    consumer.commit(offsets=[TopicPartition("t", 0, 2)], asynchronous=True)
    consumer.poll(0)
    assert [error.code() if error else None for error in told] == [KafkaError.REBALANCE_IN_PROGRESS, None]
    assert consumer.committed([TopicPartition("t", 0)])[0].offset == 2


def test_a_transaction_appears_when_it_is_committed(kafka: FakeKafka) -> None:
    producer = kafka.producer({"transactional.id": "x"})
    producer.init_transactions()
    producer.begin_transaction()
    producer.produce("t", b"1")
    producer.flush()
    assert kafka.records("t") == []
    producer.commit_transaction()
    producer.begin_transaction()
    producer.produce("t", b"2")
    producer.abort_transaction()
    assert kafka.records("t") == [(None, b"1")]


def test_a_newer_owner_of_a_transactional_id_fences_off_the_older(kafka: FakeKafka) -> None:
    old, new = kafka.producer({"transactional.id": "x"}), kafka.producer({"transactional.id": "x"})
    old.init_transactions()
    new.init_transactions()
    with pytest.raises(KafkaException) as caught:
        old.begin_transaction()
    assert caught.value.args[0].fatal()


def test_while_the_brokers_are_away_records_wait(kafka: FakeKafka) -> None:
    producer, admin = kafka.producer({}), kafka.admin({})
    kafka.set_down(True)
    producer.produce("t", b"v")
    assert producer.flush(0.001) == 1
    with pytest.raises(KafkaException):
        admin.list_topics()
    kafka.set_down(False)
    assert producer.flush(1) == 0
    assert len(kafka.records("t")) == 1


def test_offsets_of_a_group_can_be_looked_at_and_changed(kafka: FakeKafka) -> None:
    admin = kafka.admin({})
    request = ConsumerGroupTopicPartitions("g", [TopicPartition("t", 0, 5)])
    admin.alter_consumer_group_offsets([request])["g"].result()
    found = admin.list_consumer_group_offsets([ConsumerGroupTopicPartitions("g")])["g"].result()
    assert [(each.topic, each.partition, each.offset) for each in found.topic_partitions] == [("t", 0, 5)]
    admin.delete_consumer_groups(["g"])["g"].result()
    with pytest.raises(KafkaException):
        admin.delete_consumer_groups(["g"])["g"].result()
