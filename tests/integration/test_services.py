"""The services do what tests rely on: they serve, keep their data over kill and restart, and leave nothing behind."""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import paho.mqtt.client as mqtt
import psutil
import pymysql
import pytest
import requests
from confluent_kafka import Consumer, Producer
from paho.mqtt.enums import CallbackAPIVersion

from tests.services import (
    Elasticsearch7,
    JavaConnect,
    KafkaBroker,
    MariaDB,
    Mosquitto,
    OpenSearch,
    SchemaRegistry,
    Server,
    ServiceError,
)


def test_kafka_delivers_what_was_produced(kafka_broker: KafkaBroker) -> None:
    topic = f"services-{uuid.uuid4()}"
    produce(kafka_broker, topic, [b"first", b"second"])
    assert consume(kafka_broker, topic, 2) == [b"first", b"second"]


def test_kafka_keeps_its_data_and_port_when_killed_and_restarted() -> None:
    with KafkaBroker() as broker:
        address = broker.bootstrap_servers
        produce(broker, "kept", [b"first"])
        broker.kill()
        assert not broker.is_running
        broker.start()
        produce(broker, "kept", [b"second"])
        broker.restart()
        assert broker.bootstrap_servers == address
        assert consume(broker, "kept", 2) == [b"first", b"second"]


def test_kafka_listens_where_it_is_told() -> None:
    sasl = {
        "sasl.enabled.mechanisms": "PLAIN",
        "listener.name.secure.plain.sasl.jaas.config": (
            'org.apache.kafka.common.security.plain.PlainLoginModule required user_connect="secret";'
        ),
    }
    with KafkaBroker(sasl, listeners={"SECURE": "SASL_PLAINTEXT"}) as broker:
        secured = {"bootstrap.servers": broker.listener_address("SECURE"), "security.protocol": "SASL_PLAINTEXT"}
        login = {"sasl.mechanism": "PLAIN", "sasl.username": "connect", "sasl.password": "secret"}
        producer = Producer(secured | login)
        producer.produce("secured", b"value")
        assert producer.flush(30) == 0


@pytest.mark.parametrize("mode", ["distributed", "standalone"])
def test_java_connect_copies_a_file_into_a_topic(
    java_connect: Callable[..., JavaConnect], kafka_broker: KafkaBroker, tmp_path: Path, mode: str
) -> None:
    topic = f"services-{uuid.uuid4()}"
    (tmp_path / "source.txt").write_text("one line\n")
    config = {"connector.class": "FileStreamSource", "file": str(tmp_path / "source.txt"), "topic": topic}
    plain = {f"{part}.converter": "org.apache.kafka.connect.storage.StringConverter" for part in ("key", "value")}
    if mode == "distributed":
        worker = java_connect(plain)
        requests.put(f"{worker.url}/connectors/lines/config", json=config, timeout=60).raise_for_status()
    else:
        connector = tmp_path / "lines.properties"
        connector.write_text("".join(f"{key}={value}\n" for key, value in {"name": "lines", **config}.items()))
        worker = java_connect(plain, connectors=[connector])
    assert requests.get(f"{worker.url}/connectors", timeout=60).json() == ["lines"]
    assert consume(kafka_broker, topic, 1) == [b"one line"]


def test_java_connect_takes_a_given_properties_file(kafka_broker: KafkaBroker, tmp_path: Path) -> None:
    with JavaConnect(kafka_broker.bootstrap_servers, connectors=[]) as generated:
        given = {**generated.properties, "listeners": "http://127.0.0.1:31999"}
    file = tmp_path / "worker.properties"
    file.write_text("".join(f"{key}={value}\n" for key, value in given.items()))
    with JavaConnect(properties_file=file, connectors=[]) as worker:
        assert worker.url == "http://127.0.0.1:31999"
        assert requests.get(worker.url, timeout=30).json()["version"] == "4.3.1"


def test_elasticsearch_counts_what_was_indexed(elasticsearch: Elasticsearch7) -> None:
    assert count_after_indexing_one(elasticsearch.url) == 1
    assert requests.get(elasticsearch.url, timeout=30).json()["version"]["number"] == "7.17.29"


def test_opensearch_counts_what_was_indexed() -> None:
    with OpenSearch() as server:
        assert count_after_indexing_one(server.url) == 1


def test_schema_registry_keeps_a_schema(schema_registry: SchemaRegistry) -> None:
    subject = f"{schema_registry.url}/subjects/services-{uuid.uuid4()}/versions"
    added = requests.post(subject, json={"schema": '"string"'}, timeout=30).json()["id"]
    assert requests.get(f"{schema_registry.url}/schemas/ids/{added}", timeout=30).json()["schema"] == '"string"'


def query(server: MariaDB, *statements: str) -> list[tuple[object, ...]]:
    """Runs statements in one transaction; the rows of the last."""
    connection = pymysql.connect(
        host="127.0.0.1",
        port=server.port,
        user=server.user_name,
        password=server.password,
        database=server.database,
    )
    with connection, connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
        connection.commit()
        return list(cursor.fetchall())


def test_mariadb_answers_a_query_and_survives_a_kill() -> None:
    with MariaDB() as server:
        query(server, "CREATE TABLE flights (origin VARCHAR(3))", "INSERT INTO flights VALUES ('JFK')")
        server.kill()
        server.start()
        assert query(server, "SELECT origin FROM flights") == [("JFK",)]


def test_mariadb_is_shared(mariadb: MariaDB) -> None:
    ((version,),) = query(mariadb, "SELECT version()")
    assert "MariaDB" in str(version)


def test_mosquitto_passes_a_message_on(mosquitto: Mosquitto) -> None:
    received: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    subscribed = threading.Event()
    client = mqtt.Client(CallbackAPIVersion.VERSION2)
    client.on_subscribe = lambda *_: subscribed.set()
    client.on_message = lambda _client, _data, message: received.put(bytes(message.payload))
    client.connect("127.0.0.1", mosquitto.port)
    client.loop_start()
    client.subscribe("sensors/#")
    assert subscribed.wait(10)
    client.publish("sensors/kitchen", b"21.5")
    assert received.get(timeout=10) == b"21.5"
    client.disconnect()
    client.loop_stop()


def test_a_server_that_cannot_start_says_why() -> None:
    broker = KafkaBroker({"process.roles": "astronaut"})
    with pytest.raises(ServiceError, match="astronaut"):
        broker.start()
    assert not broker.is_running
    broker.close()


def test_close_leaves_neither_process_nor_folder() -> None:
    before = descendants()
    servers: list[Server] = [KafkaBroker(), MariaDB(), Mosquitto()]
    for server in servers:
        server.start()
    started = descendants() - before
    assert {server.pid for server in servers} <= {process.pid for process in started}
    for server in servers:
        server.close()
    assert not [process for process in started if process.is_running() and "keeper.py" not in str(process.cmdline())]
    assert not [server.folder for server in servers if server.folder.exists()]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_server_ends_with_the_process_that_started_it(tmp_path: Path, number: signal.Signals) -> None:
    with owner_of_servers(tmp_path) as (owner, forked):
        family = [process for process in psutil.Process(owner.pid).children() if process != forked]
        assert len(family) == 3  # two servers and their keeper
        owner.send_signal(number)
        _, alive = psutil.wait_procs(family, timeout=20)
        assert forked.is_running()
        forked.kill()
    assert not alive
    assert not list(tmp_path.glob("connect-test-*"))


@contextmanager
def owner_of_servers(folder: Path) -> Iterator[tuple[subprocess.Popen[bytes], psutil.Process]]:
    """A process that has started two servers and then forked a child, which holds all that its parent had open."""
    script = """
import os
from tests.services import KafkaBroker, Mosquitto
with KafkaBroker(), Mosquitto():
    if child := os.fork():
        print(child, flush=True)
    os.read(0, 1)
"""
    environment = {**os.environ, "TMPDIR": str(folder)}
    command = [sys.executable, "-c", script]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment) as owner:
        assert owner.stdout is not None
        yield owner, psutil.Process(int(owner.stdout.readline()))


def test_the_command_line_serves_until_interrupted() -> None:
    command = [sys.executable, "-m", "tests.services", "up", "kafka", "mosquitto=31997"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as serving:
        assert serving.stdout is not None
        lines = [serving.stdout.readline() for _ in range(3)]
        assert lines[0].startswith("kafka           127.0.0.1:")
        assert lines[1].startswith("mosquitto       tcp://127.0.0.1:31997 ")
        servers = psutil.Process(serving.pid).children()
        serving.send_signal(signal.SIGINT)
        _, alive = psutil.wait_procs(servers, timeout=20)
    assert serving.returncode == 0
    assert not alive


def descendants() -> set[psutil.Process]:
    return set(psutil.Process().children(recursive=True))


def produce(broker: KafkaBroker, topic: str, values: list[bytes]) -> None:
    producer = Producer({"bootstrap.servers": broker.bootstrap_servers})
    for value in values:
        producer.produce(topic, value)
    assert producer.flush(30) == 0


def consume(broker: KafkaBroker, topic: str, count: int) -> list[bytes | None]:
    """The values of the topic's first *count* records; the topic may still have to appear."""
    consumer = Consumer(
        {
            "bootstrap.servers": broker.bootstrap_servers,
            "group.id": str(uuid.uuid4()),
            "auto.offset.reset": "earliest",
            "topic.metadata.refresh.interval.ms": 200,
        }
    )
    consumer.subscribe([topic])
    deadline = time.monotonic() + 30
    values: list[bytes | None] = []
    while len(values) < count and time.monotonic() < deadline:
        message = consumer.poll(0.5)
        if message is not None and message.error() is None:
            values.append(message.value())
    consumer.close()
    return values


def count_after_indexing_one(url: str) -> int:
    index = f"{url}/services-{uuid.uuid4()}"
    requests.put(f"{index}/_doc/1?refresh=true", json={"delay": 7}, timeout=30).raise_for_status()
    return int(requests.get(f"{index}/_count", timeout=30).json()["count"])
