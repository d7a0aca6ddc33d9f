"""The physical limit: what a client alone does with the bytes of a topic, nothing before and after it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from confluent_kafka import Consumer, TopicPartition

from benchmarks import data
from benchmarks.case import Setting
from benchmarks.figures import CPU, RATE, Figures
from connect.kafka import clients
from connect.kafka.connect_clients import SOURCE_PRODUCER

PRODUCER, CONSUMER = "bare producer", "bare consumer"
_MOST_RECORDS = 200_000
"""Held in memory, so not all of a topic."""
_RUNS = 3
_BATCH = 2_000


def producer(setting: Setting, topic: str) -> dict[str, Figures]:
    """The topic's first records once more, by the client that source tasks have, with their settings."""
    servers = setting.broker.bootstrap_servers
    records = _first_records(servers, topic, min(setting.records, _MOST_RECORDS))
    produce = _one_by_one if any(headers for _, _, headers in records) else _in_batches
    return {PRODUCER: best([_produced(servers, topic, records, produce) for _ in range(_RUNS)])}


def consumer(setting: Setting, topic: str) -> dict[str, Figures]:
    """All records of the topic, by a client that takes their values in batches as sink tasks do."""
    count = min(setting.records, 1_000_000)
    return {CONSUMER: best([_consumed(setting.broker.bootstrap_servers, topic, count) for _ in range(_RUNS)])}


def best(runs: list[Figures]) -> Figures:
    """The run with the highest rate: a limit is what can be reached."""
    return max(runs, key=lambda run: run[RATE])


def timed(count: int, work: Callable[[], object]) -> Figures:
    """Rate and CPU time of this process for so many records."""
    began, cpu = time.perf_counter(), time.process_time()
    work()
    seconds = time.perf_counter() - began
    return {RATE: count / seconds, CPU: (time.process_time() - cpu) / count * 1e6}


Records = list[tuple[Any, Any, Any]]


def _produced(servers: str, topic: str, records: Records, produce: Callable[[Any, str, Records], None]) -> Figures:
    again = f"{topic}-again"
    data.create_topic(servers, again)
    client = clients.producer({**SOURCE_PRODUCER, "bootstrap.servers": servers})
    client.produce(again, b"warm")
    client.flush()

    def work() -> None:
        produce(client, again, records)
        client.flush()

    figures = timed(len(records), work)
    data.delete_topic(servers, again)
    return figures


def _one_by_one(client: Any, topic: str, records: Records) -> None:
    for value, key, headers in records:
        while True:
            try:
                client.produce(topic, value, key, -1, None, _ignore, 0, headers)
                break
            except BufferError:
                client.poll(0.01)


def _ignore(error: Any, message: Any) -> None:
    """What costs a client nothing more than the question whether somebody wants to hear."""


def _in_batches(client: Any, topic: str, records: Records) -> None:
    for start in range(0, len(records), _BATCH):
        waiting = [{"value": value, "key": key} for value, key, _ in records[start : start + _BATCH]]
        while client.produce_batch(topic, waiting, 0) < len(waiting):
            waiting = [{"value": each["value"], "key": each["key"]} for each in waiting if "_error" in each]
            client.poll(0.01)
        client.poll(0)


def _consumed(servers: str, topic: str, count: int) -> Figures:
    reader = Consumer({"bootstrap.servers": servers, "group.id": "benchmark-reader"})
    reader.assign([TopicPartition(topic, 0, 0)])

    def work() -> None:
        seen = 0
        while seen < count:
            messages = reader.consume(_BATCH, 1.0)
            seen += len([message.value() for message in messages])

    try:
        return timed(count, work)
    finally:
        reader.close()


def _first_records(servers: str, topic: str, count: int) -> Records:
    reader = Consumer({"bootstrap.servers": servers, "group.id": "benchmark-reader"})
    reader.assign([TopicPartition(topic, 0, 0)])
    records: Records = []
    try:
        while len(records) < count:
            for message in reader.consume(min(10_000, count - len(records)), 1.0):
                records.append((message.value(), message.key(), message.headers()))
    finally:
        reader.close()
    return records
