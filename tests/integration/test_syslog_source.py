"""Syslog sources with real senders, all the way into Kafka."""

from __future__ import annotations

import subprocess
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import orjson
import pytest
from confluent_kafka import Consumer, Message

from tests.services import ConnectWorker, KafkaBroker, Rsyslog
from tests.services.process import free_port
from tests.services.rsyslog import logger
from tests.unit.connectors.syslog.certificates import Authority
from tests.waiting import wait_until

MESSAGES = "io.confluent.connect.syslog.SyslogSourceConnector"
COMMUNITY = "com.github.jcustenborder.kafka.connect.syslog"
_JSON = {
    "value.converter": "org.apache.kafka.connect.json.JsonConverter",
    "value.converter.schemas.enable": "false",
    "key.converter": "org.apache.kafka.connect.storage.StringConverter",
}


class Topic:
    """All that is in a topic of its own, read as it comes."""

    def __init__(self, broker: KafkaBroker) -> None:
        self.name = f"syslog-{uuid.uuid4()}"
        self.messages: list[Message] = []
        self._consumer = Consumer(
            {
                "bootstrap.servers": broker.bootstrap_servers,
                "group.id": str(uuid.uuid4()),
                "auto.offset.reset": "earliest",
                "topic.metadata.refresh.interval.ms": 500,
            }
        )
        self._consumer.subscribe([self.name])

    def values(self) -> list[dict[str, Any]]:
        """The values so far."""
        for message in self._consumer.consume(10_000, timeout=0.1):
            if message.error() is None:
                self.messages.append(message)
        return [orjson.loads(message.value() or b"null") for message in self.messages]

    def wait_for(self, count: int) -> list[dict[str, Any]]:
        """The values, once there are so many."""
        return wait_until(lambda: found if len(found := self.values()) >= count else None, what=f"{count} records")

    def close(self) -> None:
        self._consumer.close()


@pytest.fixture
def topic(kafka_broker: KafkaBroker) -> Any:
    made = Topic(kafka_broker)
    yield made
    made.close()


def listen(worker: ConnectWorker, name: str, config: Mapping[str, str]) -> int:
    """Start a connector with one task; returns its port."""
    port = free_port()
    worker.create(name, {"tasks.max": "1", "syslog.port": str(port), **_JSON, **config})
    wait_until(lambda: worker.states(name) == ["RUNNING", "RUNNING"], what=f"{name} to run")
    return port


def forward(program: str, port: int, more: str) -> str:
    """An rsyslog rule: the messages of one program to one port."""
    return f'if $programname == "{program}" then action(type="omfwd" target="127.0.0.1" port="{port}" {more})'


def test_what_rsyslog_forwards_arrives_parsed(
    connect_worker: Callable[..., ConnectWorker], topic: Topic, tmp_path: Path
) -> None:
    """UDP, TCP by lines and by octet count, and TLS with client certificates; old and new format on each."""
    worker = connect_worker()
    authority = Authority(tmp_path)
    server, client = authority.issue("server"), authority.issue("client")
    base = {"connector.class": MESSAGES, "topic": topic.name}
    tls = {
        "syslog.ssl.cert.chain.path": str(server.certificate),
        "syslog.ssl.key.path": str(server.key),
        "syslog.ssl.client.auth.enable": "true",
        "syslog.ssl.root.ca.cert.chain.path": str(authority.path),
    }
    udp = listen(worker, "udp", {**base, "syslog.listener": "UDP"})
    tcp = listen(worker, "tcp", {**base, "syslog.listener": "TCP"})
    tls_port = listen(worker, "tls", {**base, "syslog.listener": "TCPSSL", **tls})
    old, new = 'template="RSYSLOG_TraditionalForwardFormat"', 'template="RSYSLOG_SyslogProtocol23Format"'
    counted = 'protocol="tcp" tcp_framing="octet-counted"'
    secured = f'{counted} streamdriver="gtls" streamdrivermode="1" streamdriverauthmode="x509/certvalid"'
    rules = [
        forward(f"{name}-{age}", port, f"{how} {template}")
        for name, port, how in (
            ("udp", udp, 'protocol="udp"'),
            ("lines", tcp, 'protocol="tcp"'),
            ("counted", tcp, counted),
            ("tls", tls_port, secured),
        )
        for age, template in (("old", old), ("new", new), ("iso", 'template="RSYSLOG_ForwardFormat"'))
    ]
    programs = [f"{name}-{age}" for name in ("udp", "lines", "counted", "tls") for age in ("old", "new", "iso")]
    files = [
        f'defaultNetstreamDriver{kind}File="{path}"'
        for kind, path in (("CA", authority.path), ("Cert", client.certificate), ("Key", client.key))
    ]
    with Rsyslog(rules, globals_=files) as rsyslog:
        for program in programs:
            rsyslog.log_message(f"from {program}: é 1", "--tag", program, "--id=77", "--priority", "local3.err")
        values = topic.wait_for(len(programs))
    found = {value["message"]: value for value in values}
    assert found.keys() == {f"from {program}: é 1" for program in programs}
    for text, value in found.items():
        program = text.removeprefix("from ").removesuffix(": é 1")
        is_new = program.endswith("new")
        assert (value["type"], value["facility"], value["level"]) == ("RFC5424" if is_new else "RFC3164", 19, 3)
        assert value["appName" if is_new else "tag"] == program
        assert (value["processId"], value["remoteAddress"]) == ("77", "127.0.0.1")
        assert value["host"]
        assert value["rawMessage"].startswith("<155>")
    now = max(message.timestamp()[1] for message in topic.messages)
    assert all(abs(now - value["date"]) < 86_400_000 for value in values)
    assert {message.key() for message in topic.messages} == {value["host"].encode() for value in values}


def test_what_logger_sends_arrives(connect_worker: Callable[..., ConnectWorker], topic: Topic) -> None:
    """The community plugin's connectors, and the older format of IPv6 senders, with the standard command-line tool."""
    worker = connect_worker()
    udp = listen(worker, "udp", {"connector.class": f"{COMMUNITY}.UDPSyslogSourceConnector", "kafka.topic": topic.name})
    tcp = listen(worker, "tcp", {"connector.class": f"{COMMUNITY}.TCPSyslogSourceConnector", "kafka.topic": topic.name})
    for number, options in enumerate(
        (
            ("--server=127.0.0.1", f"--port={udp}", "--udp", "--rfc3164"),
            ("--server=127.0.0.1", f"--port={udp}", "--udp", "--rfc5424"),
            ("--server=::1", f"--port={udp}", "--udp", "--rfc5424"),
            ("--server=127.0.0.1", f"--port={tcp}", "--tcp", "--rfc3164"),
            ("--server=::1", f"--port={tcp}", "--tcp", "--octet-count", "--rfc5424"),
        )
    ):
        command = [str(logger()), *options, "--tag=tool", "--priority=user.warning", f"number {number}"]
        subprocess.run(command, check=True, timeout=30)
    values = sorted(topic.wait_for(5), key=lambda value: str(value["message"][-1]))
    assert [value["message"].endswith(f"number {number}") for number, value in enumerate(values)] == [True] * 5
    for value in values:
        assert (value["facility"], value["level"], value["charset"]) == (1, 4, "UTF-8")
        assert value["message"].startswith(f"{value['host']} tool")
    assert [value["remote_address"].rpartition(":")[0] for value in values] == [
        *("/127.0.0.1", "/127.0.0.1", "/[::1]"),
        *("/127.0.0.1", "/[::1]"),
    ]


def test_a_port_that_is_in_use_is_named(connect_worker: Callable[..., ConnectWorker], topic: Topic) -> None:
    worker = connect_worker()
    config = {"connector.class": MESSAGES, "topic": topic.name, "syslog.listener": "TCP"}
    port = listen(worker, "first", config)
    worker.create("second", {"tasks.max": "1", "syslog.port": str(port), **_JSON, **config})
    wait_until(lambda: worker.states("second") == ["RUNNING", "FAILED"])
    trace = worker.get("/connectors/second/tasks/0/status")["trace"]
    assert f"TCP port {port} of 0.0.0.0 is in use by another program or connector on this worker" in trace
