"""Apache Kafka: one node that is broker and controller (KRaft)."""

from __future__ import annotations

import base64
import re
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from confluent_kafka.admin import AdminClient, NewTopic

from tests.services import cache, java, maven
from tests.services.log4j import write_log4j
from tests.services.process import Server, free_port
from tests.services.properties import write_properties

VERSION = "4.3.1"
_CONNECT_FILE = f"connect-file-{VERSION}.jar"

_INTERNAL_TOPICS = ("__consumer_offsets", "__transaction_state")
_INTERNAL_PARTITIONS = 4

# One node holds one replica; few partitions of the internal topics, since each costs files and start-up time.
_DEFAULTS = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": str(_INTERNAL_PARTITIONS),
    "group.min.session.timeout.ms": "1000",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "transaction.state.log.num.partitions": str(_INTERNAL_PARTITIONS),
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "share.coordinator.state.topic.num.partitions": "4",
    "group.initial.rebalance.delay.ms": "0",
    # Tests wait for compaction; it is tried every 15 s otherwise.
    "log.cleaner.backoff.ms": "500",
    # A broker that was killed can't register again before its old session ends: 4 s instead of 9.
    "broker.session.timeout.ms": "4000",
    "broker.heartbeat.interval.ms": "1000",
}


def classpath() -> list[Path]:
    """The jars of the broker and of Java Connect, fetched if need be."""
    return [jar for jar in _jars() if jar.name != _CONNECT_FILE]


def connect_file_jar() -> Path:
    """The connector plugin with FileStreamSource and FileStreamSink; Connect wants it beside the class path."""
    return next(jar for jar in _jars() if jar.name == _CONNECT_FILE)


def _jars() -> list[Path]:
    return maven.fetch(maven.read_pins(Path(__file__).with_name("kafka-jars.txt")))


class KafkaBroker(Server):
    """Apache Kafka 4.3.1: one node, broker and controller in one.

    *properties* are added to the server's, or replace them. *listeners* names further listeners with their security
    protocol, such as ``{"SECURE": "SASL_PLAINTEXT"}``; ``listener_address`` tells where each of them is.
    *jvm_options* replace all that makes the JVM start fast but slow in the long run; benchmarks pass their own.
    """

    name: ClassVar[str] = "kafka"

    def __init__(
        self,
        properties: Mapping[str, str] | None = None,
        *,
        port: int | None = None,
        folder: Path | None = None,
        listeners: Mapping[str, str] | None = None,
        jvm_options: Sequence[str] | None = None,
    ) -> None:
        super().__init__(port=port, folder=folder)
        self._protocols = {"PLAINTEXT": "PLAINTEXT", **(listeners or {}), "CONTROLLER": "PLAINTEXT"}
        self._ports = {listener: free_port() for listener in self._protocols} | {"PLAINTEXT": self.port}
        self._properties = {**self._listener_properties(), **(properties or {})}
        self._jvm_options = jvm_options

    @property
    def bootstrap_servers(self) -> str:
        """``host:port`` of the plain listener."""
        return self.listener_address("PLAINTEXT")

    @property
    def address(self) -> str:
        return self.bootstrap_servers

    def listener_address(self, listener: str) -> str:
        return f"127.0.0.1:{self._ports[listener]}"

    @property
    def data_folder(self) -> Path:
        return self.folder / "data"

    def prepare(self) -> None:
        if self._jvm_options is None:
            self._jvm_options = java.fast_start(broker_archive())
        properties = {**_DEFAULTS, "log.dirs": str(self.data_folder), **self._properties}
        write_properties(self.folder / "server.properties", properties)
        if not (self.data_folder / "meta.properties").exists():
            _format(self.data_folder)

    def command(self) -> list[str]:
        options = ["-Xmx512m", *(self._jvm_options or ()), write_log4j(self.folder)]
        program = java.command("kafka.Kafka", classpath(), options)
        return [*program, str(self.folder / "server.properties")]

    def is_ready(self) -> bool:
        return "Kafka Server started" in self.log()

    def initialize(self) -> None:
        """Make the internal topics now: made on demand, they'd cost the first group and the first transaction 3 s each,
        which clients spend waiting between their retries."""
        admin = AdminClient({"bootstrap.servers": self.bootstrap_servers, "log_level": 3})  # errors only
        config = {"cleanup.policy": "compact", "segment.bytes": str(100 * 1024 * 1024), "compression.type": "producer"}
        names = set(_INTERNAL_TOPICS) - set(admin.list_topics(timeout=self.start_timeout).topics)
        topics = [NewTopic(name, _INTERNAL_PARTITIONS, 1, config=config) for name in names]
        for created in admin.create_topics(topics).values() if topics else ():
            created.result()

    def _listener_properties(self) -> dict[str, str]:
        addresses = {name: f"{name}://{self.listener_address(name)}" for name in self._protocols}
        return {
            "listeners": ",".join(addresses.values()),
            "advertised.listeners": ",".join(address for name, address in addresses.items() if name != "CONTROLLER"),
            "listener.security.protocol.map": ",".join(f"{name}:{kind}" for name, kind in self._protocols.items()),
            "controller.listener.names": "CONTROLLER",
            "controller.quorum.voters": f"1@{self.listener_address('CONTROLLER')}",
        }


def broker_archive() -> Path:
    """The JVM's archive of the broker's classes."""

    def train(options: Sequence[str]) -> None:
        with KafkaBroker(jvm_options=options):
            pass

    return java.class_archive("kafka", classpath(), train)


def _format(data: Path) -> None:
    """Do what Kafka's storage tool does, with a copy of what it once made: the tool takes a JVM and a second."""
    data.mkdir(parents=True, exist_ok=True)
    template = cache.make_once(f"kafka/{VERSION}-formatted", _make_template)
    (data / "bootstrap.checkpoint").write_bytes((template / "bootstrap.checkpoint").read_bytes())
    meta = (template / "meta.properties").read_text()
    for key in ("cluster.id", "directory.id"):
        meta = re.sub(rf"(?m)^{key}=.*$", f"{key}={_random_id()}", meta)
    (data / "meta.properties").write_text(meta)


def _make_template(target: Path) -> None:
    work = target.with_name("work")
    work.mkdir()
    properties = {
        **_DEFAULTS,
        "listeners": "PLAINTEXT://127.0.0.1:9092,CONTROLLER://127.0.0.1:9093",
        "controller.listener.names": "CONTROLLER",
        "controller.quorum.voters": "1@127.0.0.1:9093",
        "log.dirs": str(target),
    }
    file = write_properties(work / "server.properties", properties)
    tool = ["kafka.tools.StorageTool", "format", "--cluster-id", _random_id(), "--config", str(file)]
    java.run([write_log4j(work), "-cp", ":".join(map(str, classpath())), *tool])


def _random_id() -> str:
    """A Kafka uuid: 16 random bytes in the URL form of base 64; a leading dash would pass for an option of the tool."""
    return base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=").replace("-", "_")
