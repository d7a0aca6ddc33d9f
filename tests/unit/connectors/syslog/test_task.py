"""The tasks with senders on this machine."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from connect.api import ConfigException, ConnectException
from connectors.syslog import receiver
from connectors.syslog.connector import (
    SSLTCPSyslogSourceConnector,
    SyslogSourceConnector,
    TCPSyslogSourceConnector,
    UDPSyslogSourceConnector,
)
from connectors.syslog.names import HostNames
from connectors.syslog.task import (
    MessageSourceTask,
    SSLTCPSyslogSourceTask,
    SyslogSourceTask,
    TCPSyslogSourceTask,
    UDPSyslogSourceTask,
)
from connectors.syslog.udp import SingleReader
from tests.services.process import free_port
from tests.unit.connectors.source_context import FakeSourceContext, started
from tests.unit.connectors.syslog.certificates import Authority
from tests.waiting import wait_until

NEW = b"<34>1 2003-10-11T22:14:15.003Z mymachine.example.com su - ID47 - Your refrigerator is running"
OLD = b"<13>Jan  5 15:33:03 web1 sshd[8539]: hello"


class Running:
    """A started task; ``records`` collects what it gives."""

    def __init__(self, task: SyslogSourceTask, config: dict[str, str], **context: Any) -> None:
        self.context = FakeSourceContext(**context)
        self.task = task
        self.port = free_port()
        started(task, {"syslog.port": str(self.port), "topic": "t", "kafka.topic": "t", **config}, self.context)
        self.records: list[Any] = []

    def poll(self) -> list[Any]:
        """The records so far."""
        for batch in self.task.poll_batch() or ():
            self.records += batch.records()
        return self.records

    def wait_for(self, count: int) -> list[Any]:
        return wait_until(lambda: found if len(found := self.poll()) >= count else None, what=f"{count} records")

    def count(self, metric: str) -> int:
        self.task._next_report = 0.0
        self.poll()
        return self.context.counts[metric]

    def datagram(self, *messages: bytes, host: str = "127.0.0.1") -> None:
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM) as sock:
            for message in messages:
                sock.sendto(message, (host, self.port))

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=20)


@contextmanager
def running(config: dict[str, str], task: SyslogSourceTask | None = None, **context: Any) -> Iterator[Running]:
    with ExitStack() as stack:
        made = task or MessageSourceTask()
        stack.callback(made.stop)
        yield Running(made, config, **context)


TCP = {"syslog.listener": "TCP"}


def test_a_datagram_becomes_a_message_struct() -> None:
    with running({}) as udp:
        udp.datagram(NEW + b"\n")
        (record,) = udp.wait_for(1)
    value = {field.name: record.value.get(field) for field in record.value.schema.fields}
    date = value.pop("date")
    assert {name: part for name, part in value.items() if part is not None} == {
        "type": "RFC5424",
        "facility": 4,
        "level": 2,
        "version": 1,
        "host": "mymachine.example.com",
        "appName": "su",
        "messageId": "ID47",
        "message": "Your refrigerator is running",
        "remoteAddress": "127.0.0.1",
        "rawMessage": NEW.decode(),
    }
    assert (date.timestamp(), record.timestamp) == (1065910455.003, 1065910455003)
    assert (record.topic, record.key, record.source_partition) == ("t", "mymachine.example.com", None)
    assert record.value.schema.name == "io.confluent.syslog.Message"
    assert udp.context.counts["messages-received-total"] <= 1


def test_the_newer_form_has_both_times() -> None:
    with running({"syslog.timestamp.field": "timestamp"}) as udp:
        udp.datagram(NEW, b"nothing known")
        known, unknown = udp.wait_for(2)
    assert known.value.get("timestamp").timestamp() == 1065910455.003
    assert known.value.get("receivedDate") > known.value.get("timestamp")
    assert unknown.value.get("type") == "UNKNOWN"
    assert unknown.value.get("timestamp") == unknown.value.get("receivedDate")


def test_structured_data_and_cef_are_nested() -> None:
    with running({}) as udp:
        udp.datagram(b'<34>1 - h a - - [x@1 b="c"][y@2] t', b"<34>CEF:0|v|p|1|c|n|5|src=1.2.3.4")
        structured, event = [record.value for record in udp.wait_for(2)]
    elements = structured.get("structuredData")
    assert [(each.get("id"), each.get("structuredDataElements")) for each in elements] == [
        ("x@1", {"b": "c"}),
        ("y@2", {}),
    ]
    assert (event.get("type"), event.get("extension"), event.get("severity")) == ("CEF", {"src": "1.2.3.4"}, "5")


def test_the_community_plugins_values() -> None:
    with running({}, UDPSyslogSourceTask()) as udp:
        udp.datagram(OLD)
        udp.datagram(OLD, host="::1")
        four, six = udp.wait_for(2)
    value = four.value
    assert [field.name for field in value.schema.fields] == [
        *("date", "facility", "host", "level", "message", "charset", "remote_address", "hostname")
    ]
    assert (value.get("facility"), value.get("level"), value.get("host")) == (1, 5, "web1")
    assert (value.get("message"), value.get("charset")) == ("web1 sshd[8539]: hello", "UTF-8")
    assert four.key.get("remote_address") == value.get("remote_address")
    assert value.get("remote_address").startswith("/127.0.0.1:")
    assert six.value.get("remote_address").startswith("/[::1]:")


def test_connections_are_framed_each_in_its_own_way() -> None:
    with running(TCP) as tcp, tcp.connect() as lines, tcp.connect() as counted, tcp.connect() as nul:
        lines.sendall(b"<13>a: 1\n<13>a: 2\n<13>a: 3")
        counted.sendall(b"8 <13>b: 18 <13>b: 2")
        nul.sendall(b"<13>c: 1\0<13>c: 2\0")
        tcp.wait_for(6)
        lines.close()
        found = [(record.value.get("tag"), record.value.get("message")) for record in tcp.wait_for(7)]
    assert sorted(found) == [("a", "1"), ("a", "2"), ("a", "3"), ("b", "1"), ("b", "2"), ("c", "1"), ("c", "2")]


def test_a_full_queue_stops_reading_and_nothing_is_lost() -> None:
    message = b"<13>a: " + b"x" * 1000 + b"\n"
    config = {**TCP, "syslog.queue.max.bytes": "100000", "socket.rcvbuf.bytes": "10000"}
    with running(config) as tcp, tcp.connect() as sender:
        sender.setblocking(False)
        sent = 0
        try:
            while sent < 100_000_000:
                sent += sender.send(message * 10)
        except BlockingIOError:
            wait_until(lambda: tcp.task._store.full, what="a full queue")  # type: ignore[union-attr]
        assert sent < 20_000_000
        sender.settimeout(20)
        rest = -sent % len(message)
        finishing = threading.Thread(target=sender.sendall, args=(message[len(message) - rest :],))
        finishing.start()
        tcp.wait_for((sent + rest) // len(message))
        finishing.join()
    assert len(tcp.records) == (sent + rest) // len(message)


@pytest.mark.parametrize("policy", ["truncate", "report"])
def test_messages_that_are_too_long(policy: str) -> None:
    with running({**TCP, "syslog.tcp.max.frame.size": "20", "syslog.oversize.policy": policy}) as tcp:
        with tcp.connect() as sender:
            sender.sendall(b"<13>a: 1\n<13>a: " + b"x" * 5000 + b"\n<13>a: 2\n")
        found = tcp.wait_for(2 if policy == "report" else 3)
        assert tcp.count("messages-cut-total") == 1
    texts = [record.value.get("message") for record in found]
    cut = "x" * (20 - len("<13>a: "))
    assert texts == (["1", "2"] if policy == "report" else ["1", cut, "2"])
    if policy == "report":
        (errant,) = tcp.context.errants
        assert errant.raw == b"<13>a: " + cut.encode()
        assert str(errant.error) == "A message is longer than 20 bytes; this is its beginning"


def test_only_those_who_may_send_are_heard() -> None:
    with running({"syslog.allowed.networks": "192.0.2.0/24, 127.0.0.1", "syslog.listen.address": "::"}) as udp:
        udp.datagram(OLD)
        udp.datagram(OLD, OLD, host="::1")
        wait_until(lambda: udp.count("senders-refused-total") == 2)
        assert len(udp.poll()) == 1
    with running({**TCP, "syslog.allowed.networks": "192.0.2.0/24"}) as tcp, tcp.connect() as refused:
        assert refused.recv(1) == b""
        wait_until(lambda: tcp.count("senders-refused-total") == 1)


def test_connections_are_limited() -> None:
    with running({**TCP, "syslog.max.connections": "1"}) as tcp, tcp.connect() as first:
        first.sendall(OLD + b"\n")
        tcp.wait_for(1)
        with tcp.connect() as second:
            assert second.recv(1) == b""
        first.sendall(OLD + b"\n")
        tcp.wait_for(2)
    waiting = {"syslog.max.active.sockets": "1"}
    with running(waiting, TCPSyslogSourceTask()) as tcp, tcp.connect() as first, tcp.connect() as second:
        second.sendall(OLD + b"\n")
        first.sendall(OLD + b"\n")
        tcp.wait_for(1)
        first.close()
        tcp.wait_for(2)


def test_idle_connections_are_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receiver, "_CHECK_SECONDS", 0.02)
    with running({"syslog.timeout": "100"}, TCPSyslogSourceTask()) as tcp, tcp.connect() as idle:
        assert idle.recv(1) == b""


def test_a_broken_stream_is_closed_and_what_came_before_is_kept() -> None:
    with running(TCP) as tcp, tcp.connect() as sender:
        sender.sendall(b"8 <13>a: 1")
        tcp.wait_for(1)
        sender.sendall(b"8 <13>a: 2")
        tcp.wait_for(2)
        sender.sendall(b"no length")
        assert sender.recv(1) == b""


def test_tasks_share_a_port(tmp_path: Path) -> None:
    connector = SyslogSourceConnector()
    config = {"syslog.port": str(free_port()), "syslog.reuse.port": "true"}
    connector.start(config)
    configs = connector.task_configs(2)
    tasks = [started(MessageSourceTask(), each, FakeSourceContext()) for each in configs]
    for task in tasks:
        task.stop()
    connector.start(config | {"syslog.reuse.port": "false"})
    assert len(connector.task_configs(2)) == 1


@pytest.mark.parametrize("listener", ["UDP", "TCP"])
def test_a_port_in_use_is_named(listener: str) -> None:
    with running({"syslog.listener": listener}) as first:
        second = MessageSourceTask()
        second.initialize(FakeSourceContext())
        with pytest.raises(ConnectException, match=f"{listener} port {first.port} of 0.0.0.0 is in use"):
            second.start({"syslog.port": str(first.port), "syslog.listener": listener})
        second.stop()


def test_an_address_that_isnt_here_is_named() -> None:
    task = MessageSourceTask()
    task.initialize(FakeSourceContext())
    with pytest.raises(ConnectException, match=r"This worker has no address 192\.0\.2\.1 to listen on"):
        task.start({"syslog.port": str(free_port()), "syslog.listen.address": "192.0.2.1"})


def test_what_waits_in_a_spool_survives_the_task(tmp_path: Path) -> None:
    config = {**TCP, "syslog.spool.directory": str(tmp_path), "syslog.queue.batch.size": "2", "name": "a/b"}
    with running(config) as tcp:
        with tcp.connect() as sender:
            sender.sendall(b"".join(b"<13>a: %d\n" % number for number in range(5)))
        tcp.wait_for(3)
        wait_until(lambda: tcp.count("messages-received-total") == 5)
        record = tcp.poll()[2]
    stored = [(record.source_partition, record.source_offset)]
    with running(config, offsets=stored) as again:
        assert [record.value.get("message") for record in again.wait_for(2)] == ["3", "4"]
        again.task.commit()
    assert [path.name for path in tmp_path.iterdir()] == ["a%2Fb-0"]


def test_what_waits_in_memory_is_counted_when_it_is_lost() -> None:
    with running(TCP) as tcp:
        with tcp.connect() as sender:
            sender.sendall(OLD + b"\n")
        wait_until(lambda: len(tcp.task._store) == 1)  # type: ignore[arg-type]
        tcp.task.stop()
    assert tcp.context.counts["messages-discarded-at-stop-total"] == 1


def test_tls_with_client_certificates(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    server, client = authority.issue("server", password=b"secret"), authority.issue("client")
    pem = {
        "syslog.listener": "TCPSSL",
        "syslog.ssl.cert.chain.path": str(server.certificate),
        "syslog.ssl.key.path": str(server.key),
        "syslog.ssl.client.auth.enable": "true",
        "syslog.ssl.root.ca.cert.chain.path": str(authority.path),
    }
    stores = {
        "syslog.keystore": str(tmp_path / "server.p12"),
        "syslog.keystore.password": "secret",
        "syslog.truststore": str(authority.path),
    }
    context = ssl.create_default_context(cafile=str(authority.path))
    stranger = ssl.create_default_context(cafile=str(authority.path))
    context.load_cert_chain(*client)
    for config, task in ((pem, MessageSourceTask()), (stores, SSLTCPSyslogSourceTask())):
        with running(config, task) as tls:
            with context.wrap_socket(tls.connect(), server_hostname="127.0.0.1") as sender:
                sender.sendall(b"".join(b"<13>a: %05d\n" % number for number in range(10_000)))
            assert len(tls.wait_for(10_000)) == 10_000
            with stranger.wrap_socket(tls.connect(), server_hostname="127.0.0.1") as sender, pytest.raises(OSError):
                sender.recv(1)


def test_a_keystore_that_isnt_there_is_named() -> None:
    task = SSLTCPSyslogSourceTask()
    task.initialize(FakeSourceContext())
    with pytest.raises(ConfigException, match=r"syslog\.keystore: can't be read: No such file"):
        task.start({"syslog.port": str(free_port()), "kafka.topic": "t", "syslog.keystore": "/none"})
    task.stop()


def test_a_certificate_can_be_made_on_the_spot() -> None:
    trusting = ssl.create_default_context()
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    with running({"syslog.listener": "TCPSSL", "syslog.ssl.self.signed.certificate.enable": "true"}) as tls:
        with trusting.wrap_socket(tls.connect()) as sender:
            sender.sendall(OLD + b"\n")
        tls.wait_for(1)


def test_the_reader_of_other_systems_gives_the_same() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock, running({}) as udp:
        sock.bind(("127.0.0.1", 0))
        sock.setblocking(False)
        udp.port = sock.getsockname()[1]
        assert SingleReader(sock).read() == []
        udp.datagram(b"one", b"two")
        found = SingleReader(sock).read()
    assert [datagram.data for datagram in found] == [b"one", b"two"]
    assert found[0].sender[4:8] == b"\x7f\0\0\1"


def test_names_are_looked_up_once_and_never_waited_for_long() -> None:
    asked: list[str] = []

    def look_up(address: str) -> str:
        asked.append(address)
        return f"host-{address}"

    names = HostNames(60, look_up)
    assert names.resolve(["1", "2", "1"]) == {"1": "host-1", "2": "host-2"}
    assert names.resolve(["2"]) == {"2": "host-2"}
    assert sorted(asked) == ["1", "2"]


def test_host_names_take_the_place_of_addresses() -> None:
    with running({"syslog.reverse.dns.remote.ip": "true"}) as udp:
        assert udp.task._settings.names is not None
        udp.task._settings.names._look_up = lambda address: "sender.example.com"
        udp.datagram(OLD)
        assert udp.wait_for(1)[0].value.get("remoteAddress") == "sender.example.com"


@pytest.mark.parametrize(
    ("connector", "config", "key", "text"),
    [
        (SyslogSourceConnector, {"syslog.port": "0"}, "syslog.port", "Value must be at least 1"),
        (SyslogSourceConnector, {"syslog.time.zone": "Mars"}, "syslog.time.zone", "Unknown time zone"),
        (
            SyslogSourceConnector,
            {"syslog.listener": "TCPSSL"},
            "syslog.ssl.cert.chain.path",
            "needs a certificate chain",
        ),
        (SyslogSourceConnector, {"syslog.allowed.networks": "x"}, "syslog.allowed.networks", "Must be an address or"),
        (
            SyslogSourceConnector,
            {"cef.timestamp.mode": "extension_field"},
            "cef.timestamp.mode.extension_field.key",
            "Must be set when",
        ),
        (SyslogSourceConnector, {"syslog.spool.directory": "x"}, "syslog.spool.directory", "absolute path"),
        (UDPSyslogSourceConnector, {"syslog.charset": "klingon"}, "syslog.charset", "Unknown charset"),
        (SSLTCPSyslogSourceConnector, {"syslog.keystore": ""}, "syslog.keystore", "must be non-empty"),
        (
            SyslogSourceConnector,
            {
                "syslog.listener": "tcpssl",
                "syslog.ssl.self.signed.certificate.enable": "true",
                "syslog.ssl.client.auth.enable": "true",
            },
            "syslog.ssl.root.ca.cert.chain.path",
            "Client certificates need",
        ),
    ],
)
def test_bad_settings_are_named(connector: Any, config: dict[str, str], key: str, text: str) -> None:
    found = {
        value.name: value.errors
        for value in connector.validate({"syslog.port": "514", "kafka.topic": "t", **config})
        if value.errors
    }
    assert list(found) == [key]
    assert text in found[key][0]


@pytest.mark.parametrize(
    ("connector", "config"),
    [
        (
            SyslogSourceConnector,
            {
                "topic": "syslog",
                "syslog.port": "42514",
                "syslog.listener": "UDP",
                "syslog.reverse.dns.remote.ip": "true",
                "confluent.license": "",
                "confluent.topic.bootstrap.servers": "kafka:29092",
                "confluent.topic.replication.factor": "1",
            },
        ),
        (UDPSyslogSourceConnector, {"kafka.topic": "syslog", "syslog.port": "5454", "syslog.structured.data": "true"}),
        (TCPSyslogSourceConnector, {"kafka.topic": "syslog", "syslog.port": "5454", "backoff.ms": "500"}),
    ],
)
def test_what_users_configure_is_valid(connector: Any, config: dict[str, str]) -> None:
    assert [value for value in connector.validate(config) if value.errors] == []
    connector().start(config)
