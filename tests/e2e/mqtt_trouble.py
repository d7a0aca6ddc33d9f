"""Messages that go through a Mosquitto of their own and a task, while something happens to one of them."""

from __future__ import annotations

import os
import threading
import uuid
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple, Self

import psutil
import requests
from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from tests.mqtt_sender import Sender
from tests.services import ConnectWorker, KafkaBroker, Mosquitto
from tests.waiting import wait_until

_LONG = 120.0
_SENDERS = 4


class Counts(NamedTuple):
    """What became of messages: how many were sent, are missing, came more than once, and came out of order."""

    sent: int
    missing: int
    duplicates: int
    out_of_order: int


class Trouble:
    """A connector on ``worker`` with a persistent session at a server of its own; nobody else may use the worker."""

    def __init__(self, worker: ConnectWorker, folder: Path, qos: int, config: Mapping[str, str] | None = None) -> None:
        self.worker = worker
        self.qos = qos
        self.name = f"mqtt-{uuid.uuid4()}"
        # Its own limit on queued messages, 1000 by default, would throw away what a task can't take.
        settings = ["max_queued_messages 0", "persistence true", f"persistence_location {folder}/"]
        self.mosquitto = Mosquitto(settings)
        self._config = dict(config or {})
        self._sent = 0

    def __enter__(self) -> Self:
        self.mosquitto.__enter__()
        admin = AdminClient({"bootstrap.servers": self.worker.properties["bootstrap.servers"]})
        admin.create_topics([NewTopic(self.name, 1, 1)])[self.name].result()
        self.worker.create(
            self.name,
            {
                "connector.class": "io.confluent.connect.mqtt.MqttSourceConnector",
                "tasks.max": "1",
                "mqtt.server.uri": self.mosquitto.url,
                "mqtt.topics": "numbers/#",
                "mqtt.qos": str(self.qos),
                "mqtt.clean.session.enabled": "false",
                "mqtt.keepalive.interval.seconds": "2",
                "mqtt.connect.timeout.seconds": "2",
                "max.retry.time.ms": "-1",
                "kafka.topic": self.name,
                "key.converter": "org.apache.kafka.connect.storage.StringConverter",
                "value.converter": "org.apache.kafka.connect.converters.ByteArrayConverter",
                **self._config,
            },
        )
        self.wait_for_log("subscribed to numbers/#")
        return self

    def __exit__(self, *error: Any) -> None:
        requests.delete(f"{self.worker.url}/connectors/{self.name}", timeout=30)
        self.mosquitto.close()

    def wait_for_log(self, text: str, times: int = 1) -> None:
        """Wait until the task's log says that, so often."""
        mark = f"[{self.name}|task-0]"

        def seen() -> bool:
            return sum(mark in line and text in line for line in self.worker.log().splitlines()) >= times

        wait_until(seen, timeout=_LONG, what=f"{text!r} in the log")

    def send(self, count: int, per_second: float = 0) -> None:
        """Send so many messages with the next numbers; returns when the server has them."""
        with Sender(self.mosquitto.port, f"sender-{uuid.uuid4()}") as sender:
            numbers = range(self._sent, self._sent + count)
            sender.send(((f"numbers/{n % _SENDERS}", b"%d" % n) for n in numbers), self.qos, per_second)
            wait_until(lambda: sender.acknowledged >= count, timeout=_LONG, what="the server's acknowledgements")
        self._sent += count

    def kill_task(self) -> None:
        """``kill -9`` and, once the worker has seen it, a restart."""
        task = self.task_process()
        os.kill(task.pid, 9)
        wait_until(lambda: self.worker.states(self.name) == ["RUNNING", "FAILED"], timeout=_LONG)
        answer = requests.post(f"{self.worker.url}/connectors/{self.name}/tasks/0/restart", timeout=30)
        assert answer.status_code == 204

    def task_process(self) -> psutil.Process:
        """The process that is connected to our Mosquitto."""
        children = psutil.Process(self.worker.pid).children(recursive=True)
        return next(child for child in children if self._is_connected(child))

    def _is_connected(self, process: psutil.Process) -> bool:
        port = self.mosquitto.port
        return any(each.raddr and each.raddr.port == port for each in process.net_connections("tcp"))

    def counts(self) -> Counts:
        """Send a last message of each sender, read until all of them are there, and count."""
        self.send(_SENDERS)
        seen: dict[int, int] = defaultdict(int)
        last: dict[int, int] = defaultdict(lambda: -1)
        wrong = 0
        for number in self._numbers(set(range(self._sent - _SENDERS, self._sent))):
            seen[number] += 1
            if seen[number] == 1:
                wrong += number < last[number % _SENDERS]
                last[number % _SENDERS] = number
        missing = sum(number not in seen for number in range(self._sent))
        return Counts(self._sent, missing, sum(seen.values()) - len(seen), wrong)

    def _numbers(self, awaited: set[int]) -> list[int]:
        """All numbers of the topic, once it holds the awaited ones."""
        consumer = Consumer(
            {
                "bootstrap.servers": self.worker.properties["bootstrap.servers"],
                "group.id": str(uuid.uuid4()),
                "enable.auto.commit": False,
            }
        )
        consumer.assign([TopicPartition(self.name, 0, OFFSET_BEGINNING)])
        found: list[int] = []

        def all_found() -> bool:
            messages = consumer.consume(10_000, timeout=0.2)
            numbers = [int(message.value() or b"-1") for message in messages if message.error() is None]
            found.extend(numbers)
            awaited.difference_update(numbers)
            return not awaited

        try:
            wait_until(all_found, timeout=_LONG, what="the last messages in Kafka")
        finally:
            consumer.close()
        return found


def kafka_away(folder: Path, *, seconds: float, per_second: float) -> tuple[Counts, float]:
    """Messages of QoS 1 come at that rate; Kafka is killed, stays away so long, and comes back.

    Gives the counts, and by how many MB the task's memory had grown at most.
    """
    cluster = {
        "group.id": "away",
        "session.timeout.ms": "120000",  # a worker that is out of its group ends its tasks: that isn't meant here
        **{f"{kind}.storage.topic": f"away-{kind}" for kind in ("config", "offset", "status")},
    }
    with (
        KafkaBroker() as broker,
        ConnectWorker(broker.bootstrap_servers, cluster) as worker,
        Trouble(worker, folder, 1) as trouble,
    ):
        trouble.send(int(per_second), per_second)
        task = trouble.task_process()
        before = highest = task.memory_info().rss
        broker.kill()
        count = int(per_second * seconds)
        sender = threading.Thread(target=trouble.send, args=(count, per_second))
        sender.start()
        while sender.is_alive():
            sender.join(0.1)
            highest = max(highest, task.memory_info().rss)
        broker.start()
        counts = trouble.counts()
        highest = max(highest, task.memory_info().rss)
    return counts, (highest - before) / 1e6
