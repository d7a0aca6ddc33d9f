"""What the cases copy, and how they see that it has arrived."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from connect.kafka import clients
from connect.kafka.connect_clients import SOURCE_PRODUCER

LINE_BYTES = 107
_LOOK_EVERY_SECONDS = 0.01
_LAST_RECORDS = 10


def write_lines(path: Path, count: int) -> None:
    """A file of numbered lines of 107 bytes."""
    with path.open("w") as file:
        for start in range(0, count, 10_000):
            file.writelines(
                f"{number:09d} ".ljust(LINE_BYTES - 1, "x") + "\n"
                for number in range(start, min(count, start + 10_000))
            )


_COLUMNS = {
    "rating_id": "INT64",
    "user_id": "INT32",
    "stars": "INT32",
    "route_id": "INT32",
    "rating_time": "INT64",
    "channel": "STRING",
    "message": "STRING",
}


def _schema(name: str, columns: Iterable[str]) -> str:
    fields = {column: {"type": _COLUMNS[column], "isOptional": False} for column in columns}
    return json.dumps({"name": name, "type": "STRUCT", "isOptional": False, "fieldSchemas": fields})


VALUE_SCHEMA = _schema("bench.Value", _COLUMNS)
KEY_SCHEMA = _schema("bench.Key", ["rating_id"])


def _rows(count: int) -> Iterator[tuple[int | str, ...]]:
    for number in range(count):
        message = f"comment {number % 977} on what was rated"
        yield number, number % 20, number % 5, number % 9999, 1_700_000_000_000 + number, "iOS-test", message


def write_csv(path: Path, count: int) -> None:
    """So many rows of seven columns, and a header."""
    with path.open("w") as file:
        file.write(",".join(_COLUMNS) + "\n")
        file.writelines(",".join(map(str, row)) + "\n" for row in _rows(count))


def write_json_lines(path: Path, count: int) -> None:
    """The same rows as objects, one a line."""
    with path.open("w") as file:
        file.writelines(json.dumps(dict(zip(_COLUMNS, row, strict=True))) + "\n" for row in _rows(count))


def create_topic(bootstrap_servers: str, topic: str) -> None:
    """A topic with one partition."""
    admin = AdminClient({"bootstrap.servers": bootstrap_servers})
    admin.create_topics([NewTopic(topic, 1, 1, config={"retention.ms": "-1"})])[topic].result()


def delete_topic(bootstrap_servers: str, topic: str) -> None:
    """Free the disk."""
    admin = AdminClient({"bootstrap.servers": bootstrap_servers})
    admin.delete_topics([topic])[topic].result()


def fill_topic(bootstrap_servers: str, topic: str, values: Iterator[bytes]) -> None:
    """Write records and wait until they are there."""
    producer = Producer({"bootstrap.servers": bootstrap_servers, "linger.ms": 20, "batch.size": 1_000_000})
    for number, value in enumerate(values):
        while True:
            try:
                producer.produce(topic, value)
                break
            except BufferError:
                producer.poll(0.1)
        if number % 10_000 == 0:
            producer.poll(0)
    producer.flush()


@contextmanager
def end_offset(bootstrap_servers: str, topic: str) -> Iterator[Counter]:
    """Looks how many records the topic holds."""
    with _consumer(bootstrap_servers) as consumer:
        yield Counter(consumer, topic)


@contextmanager
def committed_lines(bootstrap_servers: str, topic: str, lines: int) -> Iterator[CommittedLines]:
    """Looks how many of so many numbered lines the topic holds in transactions that were committed."""
    with _consumer(bootstrap_servers) as consumer:
        yield CommittedLines(consumer, topic, lines)


@contextmanager
def _consumer(bootstrap_servers: str) -> Iterator[Consumer]:
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap_servers,
            "group.id": "benchmark-counter",
            "isolation.level": "read_committed",
            "enable.auto.commit": False,
        }
    )
    try:
        yield consumer
    finally:
        consumer.close()


def bare_client_rate(bootstrap_servers: str, topic: str, count: int) -> float:
    """Records per second that a client alone gets rid of: the topic's first ``count`` records once more.

    The client is the one that source tasks have, with their settings; nothing else happens than one call per record.
    """
    records = _first_records(bootstrap_servers, topic, count)
    again = f"{topic}-again"
    create_topic(bootstrap_servers, again)
    client = clients.producer({**SOURCE_PRODUCER, "bootstrap.servers": bootstrap_servers})
    client.produce(again, b"warm")
    client.flush()
    began = time.perf_counter()
    for value, key, headers in records:
        while True:
            try:
                client.produce(again, value, key, -1, None, _ignore, 0, headers)
                break
            except BufferError:
                client.poll(0.01)
    client.flush()
    seconds = time.perf_counter() - began
    delete_topic(bootstrap_servers, again)
    return len(records) / seconds


def _ignore(error: Any, message: Any) -> None:
    """What costs a client nothing more than the question whether somebody wants to hear."""


def _first_records(bootstrap_servers: str, topic: str, count: int) -> list[tuple[Any, Any, Any]]:
    consumer = Consumer({"bootstrap.servers": bootstrap_servers, "group.id": "benchmark-reader"})
    consumer.assign([TopicPartition(topic, 0, 0)])
    records: list[tuple[Any, Any, Any]] = []
    try:
        while len(records) < count:
            for message in consumer.consume(min(10_000, count - len(records)), 1.0):
                records.append((message.value(), message.key(), message.headers()))  # noqa: PERF401
    finally:
        consumer.close()
    return records


class Counter:
    """The number of records in partition 0 of a topic."""

    def __init__(self, consumer: Consumer, topic: str) -> None:
        self._consumer = consumer
        self._partition = TopicPartition(topic, 0)

    def __call__(self) -> int:
        return self._consumer.get_watermark_offsets(self._partition, timeout=10)[1]


class CommittedLines:
    """How many of so many numbered lines a topic holds for a consumer of committed records.

    A transaction's end takes an offset, too: when there are as many offsets as lines, the last record is looked at.
    """

    def __init__(self, consumer: Consumer, topic: str, lines: int) -> None:
        self._consumer = consumer
        self._topic = topic
        self._lines = lines
        self._count = Counter(consumer, topic)

    def __call__(self) -> int:
        end = self._count()
        if end < self._lines:
            return end
        self._consumer.assign([TopicPartition(self._topic, 0, end - _LAST_RECORDS)])
        messages = self._consumer.consume(_LAST_RECORDS, 0.3)
        return max((int(message.value().split()[0]) + 1 for message in messages), default=0)


def seconds_until(count: Callable[[], int], wanted: int, timeout: float = 120) -> tuple[float, float]:
    """Seconds until the first record was there, and until all were. Raises TimeoutError."""
    began = time.perf_counter()
    first = 0.0
    while (seen := count()) < wanted:
        now = time.perf_counter() - began
        if seen and not first:
            first = now
        if now > timeout:
            raise TimeoutError(f"{seen} of {wanted} after {timeout} s")
        time.sleep(_LOOK_EVERY_SECONDS)
    total = time.perf_counter() - began
    return first or total, total


class SizeOf:
    """The size of a file that may not exist yet."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __call__(self) -> int:
        return self._path.stat().st_size if self._path.exists() else 0
