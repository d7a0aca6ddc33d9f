"""The services do what tests rely on: they serve, survive a restart with their data, and leave nothing behind."""

from __future__ import annotations

import uuid

import requests
from confluent_kafka import Consumer, Producer

from tests.services import Elasticsearch7, KafkaBroker


def test_kafka_delivers_what_was_produced(kafka_broker: KafkaBroker) -> None:
    topic = f"services-{uuid.uuid4()}"
    produce(kafka_broker, topic, [b"first", b"second"])
    assert consume(kafka_broker, topic, 2) == [b"first", b"second"]


def test_elasticsearch_counts_what_was_indexed(elasticsearch: Elasticsearch7) -> None:
    index = f"{elasticsearch.url}/services-{uuid.uuid4()}"
    requests.put(f"{index}/_doc/1?refresh=true", json={"delay": 7}, timeout=30).raise_for_status()
    assert requests.get(f"{index}/_count", timeout=30).json()["count"] == 1


def produce(broker: KafkaBroker, topic: str, values: list[bytes]) -> None:
    producer = Producer({"bootstrap.servers": broker.bootstrap_servers})
    for value in values:
        producer.produce(topic, value)
    assert producer.flush(30) == 0


def consume(broker: KafkaBroker, topic: str, count: int) -> list[bytes | None]:
    consumer = Consumer(
        {
            "bootstrap.servers": broker.bootstrap_servers,
            "group.id": str(uuid.uuid4()),
            "auto.offset.reset": "earliest",
        }
    )
    consumer.subscribe([topic])
    messages = consumer.consume(count, timeout=30)
    consumer.close()
    return [message.value() for message in messages]
