"""What only a look at the outside world tells about a configuration, within a time limit."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping

from connect.api import Connector, SinkConnector
from connect.api.config_def import ConfigType, parse_type
from connect.kafka.clients import admin as make_admin
from connect.kafka.connect_clients import ConnectClients
from connect.kafka.door import KafkaException
from connect.kafka.errors import kafka_error
from connect.runtime.validation.lint import Finding

Config = Mapping[str, str]
LIVE_SECONDS = 10.0
_BROKER_SECONDS = 5.0
_SINK_TOPICS, _DEAD_LETTERS = "topics", "errors.deadletterqueue.topic"


def live_findings(connector: Connector, config: Config, worker: Config, seconds: float = LIVE_SECONDS) -> list[Finding]:
    """What connector and framework see now. Who isn't done in time is said to be so, and is waited for no longer."""
    checks: dict[str, Callable[[], Iterable[Finding]]] = {"connector.class": lambda: _of_connector(connector, config)}
    if "bootstrap.servers" in worker:
        checks["topics"] = lambda: _of_kafka(connector, config, worker)
    looks = [_Look(key, check) for key, check in checks.items()]
    for look in looks:
        look.start()
    return [finding for look in looks for finding in look.result(seconds)]


class _Look(threading.Thread):
    """One check, on a thread that may be left behind."""

    def __init__(self, key: str, check: Callable[[], Iterable[Finding]]) -> None:
        super().__init__(name=f"live-{key}", daemon=True)
        self._key = key
        self._check = check
        self._found: list[Finding] = []

    def run(self) -> None:
        try:
            self._found = list(self._check())
        except Exception as error:  # a plugin's check may raise anything
            message = f"The check could not be made: {type(error).__name__}: {error}"
            self._found = [Finding("live-check-failed", self._key, "warning", message)]

    def result(self, seconds: float) -> list[Finding]:
        self.join(seconds)
        if not self.is_alive():
            return self._found
        return [Finding("live-check-late", self._key, "warning", f"The check was not done within {seconds:g} s.")]


def _of_connector(connector: Connector, config: Config) -> Iterator[Finding]:
    for key, message in connector.live_checks(config):
        yield Finding("live-check", key, "warning", message)


def _of_kafka(connector: Connector, config: Config, worker: Config) -> Iterator[Finding]:
    if not isinstance(connector, SinkConnector):
        return
    client = make_admin(ConnectClients(worker).connector_admin(config.get("name", ""), config))
    try:
        metadata = client.list_topics(timeout=_BROKER_SECONDS)
    except KafkaException as error:
        message = f"The brokers can't be asked with the settings of this connector: {kafka_error(error).str()}"
        yield Finding("brokers-unreachable", "connector.class", "warning", message)
        return
    for topic in parse_type(_SINK_TOPICS, config.get(_SINK_TOPICS), ConfigType.LIST) or ():
        if topic not in metadata.topics:
            yield Finding("topic-absent", _SINK_TOPICS, "warning", f"There is no topic '{topic}' so far.")
    yield from _dead_letters(config, metadata.topics, len(metadata.brokers))


def _dead_letters(config: Config, topics: Iterable[str], brokers: int) -> Iterator[Finding]:
    topic = config.get(f"{_DEAD_LETTERS}.name")
    key = f"{_DEAD_LETTERS}.replication.factor"
    replicas = int(config.get(key) or 3)
    if topic and topic not in topics and replicas > brokers:
        message = (
            f"The dead letter queue '{topic}' would be created with {replicas} replicas, but there are {brokers} "
            "brokers: the tasks will fail."
        )
        yield Finding("too-few-brokers", key, "warning", message)
