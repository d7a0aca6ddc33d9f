"""A broker that is away while senders go on sending over TCP."""

from __future__ import annotations

import socket
import threading
import time
import uuid
from pathlib import Path

import orjson
import psutil
from confluent_kafka import Consumer

from tests.services import ConnectWorker, KafkaBroker
from tests.services.process import free_port
from tests.waiting import wait_until

_BURST_SECONDS = 0.02
_PATIENT = {"session.timeout.ms": "300000", "rebalance.timeout.ms": "300000"}
"""A distributed worker that has lost its group for longer stops its tasks, and with them their connections."""


class Sender(threading.Thread):
    """Sends numbered messages on one connection, ``rate`` per second, until told to stop or ``sent`` is enough."""

    def __init__(self, name: str, port: int, rate: int) -> None:
        super().__init__(name=name, daemon=True)
        self._port = port
        self._burst = max(1, int(rate * _BURST_SECONDS))
        self.sent = 0
        self.done = threading.Event()

    def run(self) -> None:
        pad = "x" * 120
        with socket.create_connection(("127.0.0.1", self._port)) as sock:
            while not self.done.wait(_BURST_SECONDS):
                numbers = range(self.sent, self.sent + self._burst)
                text = "".join(f"<13>1 2024-01-05T15:33:03Z host {self.name} {n} - - {pad}\n" for n in numbers)
                sock.sendall(text.encode())
                self.sent += self._burst


def outage(folder: Path, *, seconds: float, rate: int, spool: bool, senders: int = 4) -> None:
    """Nothing may be lost, order per sender is kept, and the task's memory doesn't grow with the outage."""
    topic = f"outage-{uuid.uuid4()}"
    with KafkaBroker() as broker, ConnectWorker(broker.bootstrap_servers, _PATIENT) as worker:
        port = _start(worker, topic, folder / "spool" if spool else None)
        threads = [Sender(f"sender{number}", port, rate // senders) for number in range(senders)]
        for thread in threads:
            thread.start()
        wait_until(lambda: min(thread.sent for thread in threads) > rate // senders, what="the first messages")
        broker.stop()
        before = [thread.sent for thread in threads]
        most = _memory_during(worker, seconds)
        if spool:  # senders don't notice the outage
            least = rate // senders * seconds / 4
            assert min(now.sent - sent for now, sent in zip(threads, before, strict=True)) > least
        broker.start()
        for thread in threads:
            thread.done.set()
        for thread in threads:
            thread.join(120)
            assert not thread.is_alive(), "a sender is still waiting"
        _expect_all(broker, topic, {thread.name: thread.sent for thread in threads})
        assert worker.states("syslog") == ["RUNNING", "RUNNING"]
    assert most < 400 << 20


def _start(worker: ConnectWorker, topic: str, spool: Path | None) -> int:
    port = free_port()
    worker.create(
        "syslog",
        {
            "connector.class": "io.confluent.connect.syslog.SyslogSourceConnector",
            "tasks.max": "1",
            "topic": topic,
            "syslog.port": str(port),
            "syslog.listener": "TCP",
            "syslog.queue.max.bytes": "8000000",
            "value.converter": "org.apache.kafka.connect.json.JsonConverter",
            "value.converter.schemas.enable": "false",
            **({"syslog.spool.directory": str(spool)} if spool else {}),
        },
    )
    wait_until(lambda: worker.states("syslog") == ["RUNNING", "RUNNING"])
    return port


def _memory_during(worker: ConnectWorker, seconds: float) -> int:
    """The largest resident memory of any of the worker's processes during that time."""
    most = 0
    pause = threading.Event()
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        for process in psutil.Process(worker.pid).children(recursive=True):
            try:
                most = max(most, process.memory_info().rss)
            except psutil.NoSuchProcess:
                continue
        pause.wait(0.2)
    return most


def _expect_all(broker: KafkaBroker, topic: str, sent: dict[str, int]) -> None:
    """Every number of every sender is there, the first occurrences in order."""
    consumer = Consumer(
        {"bootstrap.servers": broker.bootstrap_servers, "group.id": str(uuid.uuid4()), "auto.offset.reset": "earliest"}
    )
    consumer.subscribe([topic])
    next_number = dict.fromkeys(sent, 0)
    deadline = time.monotonic() + 180
    try:
        while next_number != sent:
            assert time.monotonic() < deadline, f"arrived {next_number} of {sent}"
            for message in consumer.consume(10_000, timeout=1):
                if message.error() is None:
                    value = orjson.loads(message.value() or b"")
                    name, number = value["appName"], int(value["processId"])
                    assert number <= next_number[name], f"{name} {number} came before {next_number[name]}"
                    next_number[name] = max(next_number[name], number + 1)
    finally:
        consumer.close()
