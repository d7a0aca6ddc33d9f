"""Sessions with a real Mosquitto: transports, credentials, versions, shared and retained messages; and the sinks."""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Producer

from connect.api import ConnectException
from connectors.mqtt.publisher import Publisher
from connectors.mqtt.session import Session
from connectors.mqtt.settings import ConnectionSettings, Server, TlsSettings, Will
from tests.certificates import make_party
from tests.mqtt_sender import Sender
from tests.services import ConnectWorker, Mosquitto
from tests.services.process import accepts_connections, free_port
from tests.waiting import wait_until

PAUSE = threading.Event()


def session(server: Server, filters: dict[str, int], **settings: Any) -> Session:
    handling = settings.pop("retain_handling", 0)
    connection = ConnectionSettings(
        (server,), **{"client_id": "", "retry_seconds": 0, "connect_seconds": 5, **settings}
    )
    return Session(connection, filters, PAUSE.wait, retain_handling=handling, most_outstanding=100)


class Reader:
    """Collects what a session brings."""

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        self.session = session(*arguments, **settings)
        self.messages: list[tuple[str, bytes]] = []
        self.flags: list[int] = []
        self.step()

    def step(self) -> Reader:
        arrivals, numbers = self.session.receive(0.05)
        self.messages += zip(arrivals.topics, arrivals.payloads, strict=True)
        self.flags += arrivals.flags
        for number in numbers:
            self.session.done(number)
        return self

    def wait(self, count: int) -> Reader:
        wait_until(lambda: len(self.step().messages) >= count, what=f"{count} messages")
        self.step()
        return self

    def close(self) -> None:
        self.session.close()


def local(broker: Mosquitto, **more: Any) -> Server:
    return Server("127.0.0.1", broker.port, **more)


def send(broker: Mosquitto, messages: list[tuple[str, bytes]], qos: int = 1) -> None:
    with Sender(broker.port, f"sender-{uuid.uuid4()}") as sender:
        sender.send(messages, qos)
        wait_until(lambda: qos == 0 or sender.acknowledged >= len(messages))


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
@pytest.mark.parametrize("qos", [0, 1, 2])
def test_messages_come_in_their_order(mosquitto: Mosquitto, protocol: str, qos: int) -> None:
    topic = str(uuid.uuid4())
    reader = Reader(local(mosquitto), {f"{topic}/+": qos}, protocol=protocol)
    sent = [(f"{topic}/{n % 3}", b"%d" % n) for n in range(200)]
    send(mosquitto, sent, qos)
    assert reader.wait(200).messages == sent
    reader.close()


def test_a_persistent_session_goes_on_where_it_was(mosquitto: Mosquitto) -> None:
    topic, name = str(uuid.uuid4()), str(uuid.uuid4())
    first = session(local(mosquitto), {topic: 1}, client_id=name, clean=False)
    first.receive(0.05)
    send(mosquitto, [(topic, b"%d" % n) for n in range(5)])
    got: list[int] = []
    wait_until(lambda: got.extend(first.receive(0.05)[1]) or len(got) == 5)
    first.done(got[0])
    first.receive(0.05)
    first.close()
    send(mosquitto, [(topic, b"5")])
    second = Reader(local(mosquitto), {topic: 1}, client_id=name, clean=False).wait(5)
    assert [payload for _, payload in second.messages] == [b"%d" % n for n in range(1, 6)]
    second.close()
    session(local(mosquitto), {}, client_id=name).receive(0.05)  # a clean session ends the other


def test_shared_subscriptions_divide_the_messages(mosquitto: Mosquitto) -> None:
    topic = str(uuid.uuid4())
    readers = [Reader(local(mosquitto), {f"$share/g/{topic}": 1}) for _ in range(2)]
    send(mosquitto, [(topic, b"%d" % n) for n in range(100)])

    def received() -> int:
        return sum(len(reader.step().messages) for reader in readers)

    wait_until(lambda: received() >= 100)
    assert received() == 100
    assert all(reader.messages for reader in readers)
    for reader in readers:
        reader.close()


def test_retained_messages_come_when_they_are_wanted(mosquitto: Mosquitto) -> None:
    topic = str(uuid.uuid4())
    publisher = Publisher(ConnectionSettings((local(mosquitto),), client_id=topic))
    publisher.connect()
    publisher.publish(topic, b"kept", 1, True, 5)
    publisher.wait(5)
    all_of_them = Reader(local(mosquitto), {topic: 1}).wait(1)
    assert all_of_them.flags[0] & 1
    none = Reader(local(mosquitto), {topic: 1}, retain_handling=2)
    publisher.publish(topic, b"new", 1, False, 5)
    publisher.wait(5)
    assert none.wait(1).messages == [(topic, b"new")]
    publisher.publish(topic, b"", 1, True, 5)
    publisher.wait(5)
    publisher.close()
    none.close()
    all_of_them.close()


def test_a_will_is_published_when_the_connection_breaks(mosquitto: Mosquitto) -> None:
    topic = str(uuid.uuid4())
    watcher = Reader(local(mosquitto), {topic: 1})
    dying = session(local(mosquitto), {"x": 0}, will=Will(topic, "gone", 1, False))
    dying.receive(0.05)
    assert dying._connection is not None
    dying._connection.abandon()
    assert watcher.wait(1).messages == [(topic, b"gone")]
    watcher.close()
    dying.close()


def certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that vouches for itself, and its key."""
    party = make_party("mosquitto")
    paths = folder / "cert.pem", folder / "key.pem"
    paths[0].write_bytes(party.certificate_pem)
    paths[1].write_bytes(party.key_pem)
    return paths


def test_tls_with_certificates_of_both_sides(tmp_path: Path) -> None:
    cert, key = certificate(tmp_path)
    secure = free_port()
    settings = [
        f"listener {secure} 127.0.0.1",
        f"cafile {cert}",
        f"certfile {cert}",
        f"keyfile {key}",
        "require_certificate true",
    ]
    trusted = TlsSettings(trust_store=str(cert), key_store=str(cert), separate_key=str(key))
    with Mosquitto(settings) as broker:
        wait_until(lambda: accepts_connections(secure))
        readers = [
            Reader(Server("127.0.0.1", secure, secure=True), {"t/#": 1}, tls=trusted),
        ]
        sent = [("t/1", b"x" * n * 50) for n in range(1, 300)]
        send(broker, sent)
        for reader in readers:
            assert reader.wait(len(sent)).messages == sent
            reader.close()
        untrusting = session(Server("127.0.0.1", secure, secure=True), {"t": 0})
        with pytest.raises(ConnectException, match="certificate verify failed"):
            untrusting.receive(0.05)
        untrusting.close()


def test_a_refusal_is_named() -> None:
    with Mosquitto(["allow_anonymous false"]) as broker:
        refused = session(local(broker), {"t": 0}, username="u", password="p")
        with pytest.raises(ConnectException, match=r"refused the connection: Not authorized"):
            refused.receive(0.05)
        refused.close()


@pytest.mark.parametrize("lenses", [False, True])
def test_from_mqtt_to_kafka_and_back(
    connect_worker: Callable[..., ConnectWorker], mosquitto: Mosquitto, lenses: bool
) -> None:
    worker = connect_worker()
    name = f"mqtt-{uuid.uuid4()}"
    reader = Reader(local(mosquitto), {f"{name}/out/#": 1})
    text = "org.apache.kafka.connect.storage.StringConverter"
    if lenses:
        package = "io.lenses.streamreactor.connect.mqtt"
        common = {"connect.mqtt.hosts": mosquitto.url, "connect.mqtt.service.quality": "1", "tasks.max": "1"}
        source = {
            "connector.class": f"{package}.source.MqttSourceConnector",
            "connect.mqtt.kcql": f"INSERT INTO `{name}` SELECT * FROM `{name}/in/+`",
            "value.converter": "org.apache.kafka.connect.converters.ByteArrayConverter",
        }
        sink = {
            "connector.class": f"{package}.sink.MqttSinkConnector",
            "connect.mqtt.kcql": f"INSERT INTO `x` SELECT * FROM `{name}` WITHTARGET=to",
        }
        expected = [(f"{name}/out/1", json.dumps({"to": f"{name}/out/1"}, separators=(",", ":")).encode())]
        sink |= {"value.converter": "org.apache.kafka.connect.json.JsonConverter"}
        sink |= {"value.converter.schemas.enable": "false", "key.converter": text}
    else:
        common = {"mqtt.server.uri": mosquitto.url, "mqtt.qos": "1", "tasks.max": "1"}
        package = "io.confluent.connect.mqtt"
        source = {
            "connector.class": f"{package}.MqttSourceConnector",
            "mqtt.topics": f"{name}/in/+",
            "mqtt.topic.mapping": f"{name}/in/+={name}",
            "key.converter": text,
            "value.converter": "org.apache.kafka.connect.converters.ByteArrayConverter",
        }
        sink = {
            "connector.class": f"{package}.MqttSinkConnector",
            "mqtt.topic": f"{name}/out/${{key}}",
            "mqtt.retained.enabled": "false",
            "key.converter": text,
            "value.converter": "org.apache.kafka.connect.converters.ByteArrayConverter",
        }
        expected = [(f"{name}/out/{name}/in/1", b"hello")]
    worker.create(f"{name}-source", {**source, **common})
    wait_until(lambda: f"subscribed to {name}/in/+" in worker.log())
    send(mosquitto, [(f"{name}/in/1", expected[0][1])])
    worker.create(f"{name}-sink", {**sink, **common, "topics": name})
    assert reader.wait(1).messages == expected
    reader.close()


def test_a_sink_waits_for_its_server(connect_worker: Callable[..., ConnectWorker], tmp_path: Path) -> None:
    worker = connect_worker()
    name = f"mqtt-{uuid.uuid4()}"
    producer = Producer({"bootstrap.servers": worker.properties["bootstrap.servers"]})
    with Mosquitto(["persistence true", f"persistence_location {tmp_path}/"]) as broker:
        reader = Reader(local(broker), {name: 1}, client_id="reader", clean=False, retry_seconds=60)
        producer.produce(name, b"0")
        producer.flush()
        worker.create(
            name,
            {
                "connector.class": "io.confluent.connect.mqtt.MqttSinkConnector",
                "tasks.max": "1",
                "topics": name,
                "mqtt.server.uri": broker.url,
                "mqtt.qos": "1",
                "value.converter": "org.apache.kafka.connect.converters.ByteArrayConverter",
            },
        )
        reader.wait(1)
        broker.stop()
        for number in range(1, 100):
            producer.produce(name, b"%d" % number)
        producer.flush()
        broker.start()
        assert {payload for _, payload in reader.wait(100).messages} == {b"%d" % n for n in range(100)}
        reader.close()
        assert worker.states(name) == ["RUNNING", "RUNNING"]
