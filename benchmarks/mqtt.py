"""``python -m benchmarks.mqtt``: MQTT messages → topic, end to end, by one task.

From the first message that a sender gives to Mosquitto until Kafka holds all. Sender, Mosquitto, broker and worker
share the machine; the CPU time is that of the task's process alone, and says what one core could do.
"""

from __future__ import annotations

import argparse
import sys
import threading
import uuid

import psutil

from benchmarks import data
from benchmarks.subjects import PYTHON, Subject
from tests.mqtt_sender import Sender
from tests.services import KafkaBroker, Mosquitto
from tests.waiting import wait_until

_TOPICS = 100
_PAYLOAD = 100
_SETTINGS = ["max_queued_messages 0", "max_queued_bytes 0"]


def run(subject: Subject, broker: KafkaBroker, mosquitto: Mosquitto, qos: int, count: int) -> tuple[float, float]:
    """Messages per second, and CPU seconds of the task per message."""
    topic = f"bench-{uuid.uuid4()}"
    data.create_topic(broker.bootstrap_servers, topic)
    subject.create(
        topic,
        {
            "connector.class": "io.confluent.connect.mqtt.MqttSourceConnector",
            "tasks.max": "1",
            "mqtt.server.uri": mosquitto.url,
            "mqtt.topics": f"{topic}/+",
            "mqtt.qos": str(qos),
            "mqtt.clean.session.enabled": "false",
            "kafka.topic": topic,
            "key.converter": "org.apache.kafka.connect.storage.StringConverter",
            "value.converter": "org.apache.kafka.connect.converters.ByteArrayConverter",
        },
    )
    wait_until(lambda: f"subscribed to {topic}/+" in subject.server.log())
    task = _connected_to(subject, mosquitto.port)
    before = sum(task.cpu_times()[:2])
    messages = ((f"{topic}/{n % _TOPICS}", b"%09d" % n + b"x" * (_PAYLOAD - 9)) for n in range(count))
    with Sender(mosquitto.port, topic) as sender, data.end_offset(broker.bootstrap_servers, topic) as stored:
        sending = threading.Thread(target=sender.send, args=(messages, qos))
        sending.start()
        _, seconds = data.seconds_until(stored, count)
        sending.join()
    cpu = sum(task.cpu_times()[:2]) - before
    subject.delete(topic)
    data.delete_topic(broker.bootstrap_servers, topic)
    return count / seconds, cpu / count


def _connected_to(subject: Subject, port: int) -> psutil.Process:
    children = psutil.Process(subject.server.pid).children(recursive=True)
    return next(
        child
        for child in children
        if any(each.raddr and each.raddr.port == port for each in child.net_connections("tcp"))
    )


def main() -> int:
    """Print a table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.mqtt", description=__doc__)
    parser.add_argument("--messages", type=int, default=300_000)
    parser.add_argument("--runs", type=int, default=3)
    arguments = parser.parse_args()
    sys.stdout.write("| QoS | messages/s | CPU of the task, µs/message | messages/s of one core |\n|---|---|---|---|\n")
    with (
        KafkaBroker(jvm_options=[]) as broker,
        Mosquitto(_SETTINGS) as mosquitto,
        Subject(PYTHON, broker) as subject,
    ):
        for qos in (0, 1):
            run(subject, broker, mosquitto, qos, arguments.messages // 10)
            for _ in range(arguments.runs):
                rate, cpu = run(subject, broker, mosquitto, qos, arguments.messages)
                sys.stdout.write(f"| {qos} | {rate:,.0f} | {cpu * 1e6:.1f} | {1 / cpu:,.0f} |\n")
                sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
