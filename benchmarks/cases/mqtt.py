"""MQTT messages → topic; sender, Mosquitto, Kafka and worker share the machine."""

from __future__ import annotations

import threading
import time

from benchmarks import bare, data
from benchmarks.case import Case, Setting, Side
from benchmarks.cases.copying import fresh_name, new_topic, until
from benchmarks.cases.names import BYTES, STRING
from benchmarks.figures import Figures
from benchmarks.subjects import PYTHON, Subject
from tests.mqtt_sender import Sender
from tests.services import Mosquitto
from tests.waiting import wait_until

_CLASS = "io.confluent.connect.mqtt.MqttSourceConnector"
_TOPICS = 100
_PAYLOAD = 100
_SETTINGS = ["max_queued_messages 0", "max_queued_bytes 0"]
_JAVA_SUBSCRIBES_SECONDS = 2.0


def qos0(subject: Subject, setting: Setting) -> Figures:
    """MQTT, QoS 0: messages of 100 bytes on 100 topics → topic, from the first that is sent until Kafka holds all."""
    return _copied(subject, setting, 0)


def qos1(subject: Subject, setting: Setting) -> Figures:
    """The same with QoS 1: each is acknowledged once Kafka has it."""
    return _copied(subject, setting, 1)


def _copied(subject: Subject, setting: Setting, qos: int) -> Figures:
    mosquitto = setting.server(Mosquitto, lambda: Mosquitto(_SETTINGS))
    topic, count = fresh_name(), setting.records
    with new_topic(setting, topic), data.end_offset(setting.broker.bootstrap_servers, topic) as stored:
        subject.create(topic, _config(mosquitto, topic, qos))
        subject.wait_until_running(topic)
        _wait_until_subscribed(subject, topic)
        messages = ((f"{topic}/{n % _TOPICS}", b"%09d" % n + b"x" * (_PAYLOAD - 9)) for n in range(count))
        with Sender(mosquitto.port, topic) as sender:
            sending = threading.Thread(target=sender.send, args=(messages, qos))
            figures = until(subject, count, count, stored, sending.start)
            sending.join()
        subject.delete(topic)
    return figures


def _config(mosquitto: Mosquitto, topic: str, qos: int) -> dict[str, str]:
    return {
        "connector.class": _CLASS,
        "tasks.max": "1",
        "mqtt.server.uri": mosquitto.url,
        "mqtt.topics": f"{topic}/+",
        "mqtt.qos": str(qos),
        "mqtt.clean.session.enabled": "false",
        "kafka.topic": topic,
        "key.converter": STRING,
        "value.converter": BYTES,
    }


def _wait_until_subscribed(subject: Subject, topic: str) -> None:
    if subject.kind == PYTHON:
        wait_until(lambda: f"subscribed to {topic}/+" in subject.server.log())
    else:
        time.sleep(_JAVA_SUBSCRIBES_SECONDS)  # it doesn't say


_BOUND = "Reading the packets, and a call with four headers per message for the producer, in the task's Python thread."
CASES = tuple(
    Case(name, measure, 100_000, side=Side.PLUGIN, needs=_CLASS, limits=(bare.producer,), bound=_BOUND)
    for name, measure in (("mqtt-qos0", qos0), ("mqtt-qos1", qos1))
)
