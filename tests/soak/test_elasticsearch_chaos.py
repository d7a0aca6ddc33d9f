"""The Elasticsearch sink in a real worker, and everything that a server can do to it, one after the other."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
import requests
from confluent_kafka import Consumer, TopicPartition

from benchmarks import data
from tests.conformance.elasticsearch_proxy import FaultProxy
from tests.integration.elasticsearch_run import count
from tests.services import ConnectWorker, Elasticsearch7, KafkaBroker
from tests.waiting import wait_until

CONNECTOR = "es-chaos"
TOPICS = ("chaos-a", "chaos-b")
DEAD_LETTERS = "chaos-dead-letters"
BULK = {"method": "POST", "pathMatches": "_bulk"}
BUSY = {"status": 429, "type": "es_rejected_execution_exception", "reason": "queue is full"}
STEP = 10_000
BAD_EVERY = 1000
CONFIG = {
    "connector.class": "ElasticsearchSink",
    "tasks.max": "1",
    "topics": ",".join(TOPICS),
    "key.ignore": "true",
    "schema.ignore": "true",
    "batch.size": "200",
    "max.retries": "500",
    "retry.backoff.ms": "20",
    "read.timeout.ms": "3000",
    "behavior.on.malformed.documents": "ignore",
    "errors.tolerance": "all",
    "errors.deadletterqueue.topic.name": DEAD_LETTERS,
    "errors.deadletterqueue.topic.replication.factor": "1",
    "key.converter": "org.apache.kafka.connect.storage.StringConverter",
    "value.converter": "org.apache.kafka.connect.json.JsonConverter",
    "value.converter.schemas.enable": "false",
}


class Chaos:
    """The topics, what was written into them, and the server behind its proxy."""

    def __init__(self, kafka: str, server: Elasticsearch7, proxy: FaultProxy) -> None:
        self.kafka = kafka
        self.server = server
        self.proxy = proxy
        self.produced = 0

    def prepare(self) -> None:
        for topic in (*TOPICS, DEAD_LETTERS):
            data.create_topic(self.kafka, topic)
        for topic in TOPICS:
            mapping = {"mappings": {"properties": {"n": {"type": "long"}}}}
            requests.put(f"{self.server.url}/{topic}", json=mapping, timeout=30).raise_for_status()

    def produce(self) -> None:
        """The next records into both topics; one of a thousand doesn't fit the mapping."""
        numbers = range(self.produced, self.produced + STEP)
        for topic in TOPICS:
            data.fill_topic(self.kafka, topic, (_document(number) for number in numbers))
        self.produced += STEP

    @property
    def good(self) -> int:
        """Documents per index."""
        return self.produced - self.produced // BAD_EVERY

    def wait_for(self, *topics: str) -> None:
        """Until all good documents are there."""
        for topic in topics:
            wait_until(lambda index=topic: count(self.server, index) == self.good, timeout=180, look_every=0.3)


def _document(number: int) -> bytes:
    value: object = number if number % BAD_EVERY else f"no number {number}"
    return json.dumps({"n": value, "message": "thank you for the most friendly, helpful experience"}).encode()


def test_nothing_is_lost_or_doubled(
    kafka_broker: KafkaBroker, connect_worker: Callable[..., ConnectWorker], capsys: pytest.CaptureFixture[str]
) -> None:
    """Every good record is one document, every bad one a dead letter, and the task is RUNNING all the while."""
    servers = kafka_broker.bootstrap_servers
    with Elasticsearch7() as server, FaultProxy(server.url) as proxy:
        chaos = Chaos(servers, server, proxy)
        chaos.prepare()
        worker = connect_worker({"offset.flush.interval.ms": "1000"})
        worker.create(CONNECTOR, {**CONFIG, "connection.url": proxy.url})
        wait_until(lambda: worker.states(CONNECTOR) == ["RUNNING"] * 2)
        with watched(worker) as seen:
            for trouble in (busy, killed, read_only, slow, cut_off):
                trouble(chaos)
                chaos.wait_for(*TOPICS)
                with capsys.disabled():
                    print(f"\n{trouble.__name__}: {chaos.good} documents in each index")
            bad = len(TOPICS) * chaos.produced // BAD_EVERY
            with data.end_offset(servers, DEAD_LETTERS) as letters:
                wait_until(lambda: letters() >= bad)
                assert letters() == bad
            wait_until(lambda: committed(servers) == [chaos.produced] * len(TOPICS))
        assert seen == {("RUNNING", "RUNNING")}


def busy(chaos: Chaos) -> None:
    """Whole requests and single documents refused with 429."""
    storm = ({**BULK, "times": 15, "status": 429}, {**BULK, "times": 15, "itemError": BUSY})
    chaos.proxy.set_faults(*storm)
    chaos.produce()


def killed(chaos: Chaos) -> None:
    """The server ends by -9 with bulks on their way, and comes back."""
    chaos.proxy.set_faults({**BULK, "delayMs": 20})
    before = count(chaos.server, TOPICS[0])
    chaos.produce()
    wait_until(lambda: before < count(chaos.server, TOPICS[0]))
    chaos.server.kill()
    seen = len(chaos.proxy.passed)
    wait_until(lambda: len(chaos.proxy.passed) > seen + 10)
    chaos.server.start()
    chaos.proxy.set_faults()


def read_only(chaos: Chaos) -> None:
    """One index is blocked; the other goes on, and the first catches up."""
    blocked, free = TOPICS
    settings = f"{chaos.server.url}/{blocked}/_settings"
    requests.put(settings, json={"index.blocks.write": True}, timeout=30).raise_for_status()
    before = count(chaos.server, blocked)
    chaos.produce()
    chaos.wait_for(free)
    assert count(chaos.server, blocked) == before
    requests.put(settings, json={"index.blocks.write": None}, timeout=30).raise_for_status()


def slow(chaos: Chaos) -> None:
    """Answers come later than anybody waits, though the documents were taken."""
    chaos.proxy.set_faults({**BULK, "times": 10, "delayMs": 4000}, {**BULK, "times": 50, "delayMs": 300})
    chaos.produce()


def cut_off(chaos: Chaos) -> None:
    """Connections closed without an answer, and a gateway that has nobody behind it."""
    chaos.proxy.set_faults({**BULK, "times": 20, "close": True}, {**BULK, "times": 20, "status": 503})
    chaos.produce()


@contextmanager
def watched(worker: ConnectWorker) -> Iterator[set[tuple[str, ...]]]:
    """All states that the connector and its tasks are seen in."""
    seen: set[tuple[str, ...]] = set()
    over = threading.Event()

    def watch() -> None:
        while not over.wait(0.2):
            seen.add(tuple(worker.states(CONNECTOR)))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield seen
    finally:
        over.set()
        watcher.join()


def committed(servers: str) -> list[int]:
    """The connector's committed offsets."""
    group = Consumer({"bootstrap.servers": servers, "group.id": f"connect-{CONNECTOR}"})
    offsets = group.committed([TopicPartition(topic, 0) for topic in TOPICS], timeout=30)
    group.close()
    return [partition.offset for partition in offsets]
