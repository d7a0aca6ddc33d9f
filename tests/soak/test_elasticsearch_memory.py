"""Five million records to a search server that only answers: the worker's memory stays where it was."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from confluent_kafka import Consumer, TopicPartition

from benchmarks import data
from benchmarks.process_tree import cpu_seconds, pss_megabytes
from tests.services import ConnectWorker, KafkaBroker
from tests.services.process import free_port
from tests.waiting import wait_until

MILLION = 1_000_000
STEPS = 5
GROWTH_MEGABYTES = 15
TOPIC = "soak-ratings"


@contextmanager
def answering_server() -> Iterator[str]:
    """Its address."""
    port = free_port()
    command = [sys.executable, "-m", "benchmarks.bulk_endpoint", str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield f"http://127.0.0.1:{port}"
        process.terminate()


def rating(number: int) -> bytes:
    """About 150 bytes."""
    fields = {"rating_id": number, "user_id": number % 20, "stars": number % 5, "route_id": number % 9999}
    more = {"rating_time": 1_700_000_000_000 + number, "channel": "iOS-test", "message": f"comment {number % 977}"}
    return json.dumps({**fields, **more}).encode()


def test_memory_stays_flat(
    kafka_broker: KafkaBroker, connect_worker: Callable[..., ConnectWorker], capsys: pytest.CaptureFixture[str]
) -> None:
    """What is committed has been answered for; the memory of all processes of the worker is looked at each million."""
    servers = kafka_broker.bootstrap_servers
    made = [rating(number) for number in range(50_000)]
    data.create_topic(servers, TOPIC)
    worker = connect_worker({"offset.flush.interval.ms": "1000"})
    group = Consumer({"bootstrap.servers": servers, "group.id": "connect-soak-es"})
    megabytes = []
    with answering_server() as url:
        config = {
            "connector.class": "ElasticsearchSink",
            "connection.url": url,
            "topics": TOPIC,
            "key.ignore": "true",
            "schema.ignore": "true",
            "read.timeout.ms": "60000",
            "key.converter": "org.apache.kafka.connect.storage.StringConverter",
            "value.converter": "org.apache.kafka.connect.json.JsonConverter",
            "value.converter.schemas.enable": "false",
        }
        worker.create("soak-es", config)
        wait_until(lambda: worker.states("soak-es") == ["RUNNING", "RUNNING"])
        cpu = cpu_seconds(worker.pid)
        for step in range(1, STEPS + 1):
            data.fill_topic(servers, TOPIC, (made[number % len(made)] for number in range(MILLION)))
            wait_until(lambda wanted=step * MILLION: committed(group) == wanted, timeout=300, look_every=0.2)
            megabytes.append(pss_megabytes(worker.pid))
            with capsys.disabled():
                used = (cpu_seconds(worker.pid) - cpu) / (step * MILLION) * 1e6
                print(f"\n{step} million: {megabytes[-1]:.0f} MB PSS, {used:.1f} us CPU a record")
    group.close()
    data.delete_topic(servers, TOPIC)
    assert megabytes[-1] - megabytes[0] < GROWTH_MEGABYTES, megabytes


def committed(group: Consumer) -> int:
    """The connector's committed offset."""
    (partition,) = group.committed([TopicPartition(TOPIC, 0)], timeout=30)
    return max(partition.offset, 0)
