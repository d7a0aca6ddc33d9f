"""From Java client properties to librdkafka's, as one table.

Numbers outside librdkafka's range are clamped. Where the two libraries have different defaults that a user would
notice (partitioner, isolation level, idempotence, back-off times), Java's hold. Keys without a counterpart are listed
in ``Translation.ignored``, unless they mean nothing here anyway (``NO_MEANING``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from connect.api.errors import ConfigException
from connect.kafka import security

INT_MAX = 2**31 - 1
DIRECT = "librdkafka."
ONLY_ERRORS = "delivery.report.only.error"
"""Keys with this prefix reach librdkafka as they are, without it."""


class Role(Enum):
    """What kind of client the properties are for."""

    PRODUCER = "producer"
    CONSUMER = "consumer"
    ADMIN = "admin"


@dataclass(slots=True)
class Translation:
    """librdkafka's configuration, and the Java keys that have no counterpart in it."""

    config: dict[str, Any] = field(default_factory=dict)
    ignored: list[str] = field(default_factory=list)


Reader = Callable[[str, str], Any]
"""``(key, text)`` to librdkafka's value; None leaves librdkafka's default."""

ANY = frozenset(Role)
PRODUCER = frozenset({Role.PRODUCER})
CONSUMER = frozenset({Role.CONSUMER})


def _text(_key: str, text: str) -> str | None:
    return text.strip() or None


def _lower(_key: str, text: str) -> str | None:
    return text.strip().lower() or None


def _list(_key: str, text: str) -> str:
    return ",".join(part.strip() for part in text.split(",") if part.strip())


def _number(low: int, high: int, scale: int = 1) -> Reader:
    """A whole number, divided by ``scale`` and clamped. Negative numbers mean "not limited" or "system default"."""

    def read(key: str, text: str) -> int:
        try:
            number = int(text.strip())
        except ValueError:
            raise ConfigException(key, text, "Not a number of type INT") from None
        return min(max(number // scale, low), high)

    return read


def _one_of(names: Mapping[str, str]) -> Reader:
    def read(key: str, text: str) -> str:
        value = names.get(text.strip().lower())
        if value is None:
            raise ConfigException(key, text, f"this worker's Kafka client supports {', '.join(names)}")
        return value

    return read


ASSIGNORS = {
    "RangeAssignor": "range",
    "RoundRobinAssignor": "roundrobin",
    "CooperativeStickyAssignor": "cooperative-sticky",
}


def _assignors(key: str, text: str) -> str:
    """Names or classes of assignors; eager ones win where both kinds are listed, as they can't be mixed here."""
    classes = [part.strip().rsplit(".", 1)[-1] for part in text.split(",") if part.strip()]
    names = [ASSIGNORS.get(name, name) for name in classes]
    unknown = [name for name in names if name not in ASSIGNORS.values()]
    if unknown:
        raise ConfigException(key, text, f"this worker's Kafka client supports {', '.join(ASSIGNORS)}")
    eager = [name for name in names if name != "cooperative-sticky"]
    return ",".join(eager or names)


MS = _number(0, INT_MAX)
TABLE: dict[str, tuple[str, Reader, frozenset[Role]]] = {
    "bootstrap.servers": ("bootstrap.servers", _list, ANY),
    "client.id": ("client.id", _text, ANY),
    "client.rack": ("client.rack", _text, ANY),
    "client.dns.lookup": ("client.dns.lookup", _lower, ANY),
    "metadata.max.age.ms": ("topic.metadata.refresh.interval.ms", _number(10, 3_600_000), ANY),
    "metadata.recovery.strategy": ("metadata.recovery.strategy", _lower, ANY),
    "metadata.recovery.rebootstrap.trigger.ms": ("metadata.recovery.rebootstrap.trigger.ms", MS, ANY),
    "send.buffer.bytes": ("socket.send.buffer.bytes", _number(0, 100_000_000), ANY),
    "receive.buffer.bytes": ("socket.receive.buffer.bytes", _number(0, 100_000_000), ANY),
    "reconnect.backoff.ms": ("reconnect.backoff.ms", _number(0, 3_600_000), ANY),
    "reconnect.backoff.max.ms": ("reconnect.backoff.max.ms", _number(0, 3_600_000), ANY),
    "retry.backoff.ms": ("retry.backoff.ms", _number(1, 300_000), ANY),
    "retry.backoff.max.ms": ("retry.backoff.max.ms", _number(1, 300_000), ANY),
    "request.timeout.ms": ("socket.timeout.ms", _number(10, 300_000), ANY),
    "socket.connection.setup.timeout.ms": ("socket.connection.setup.timeout.ms", _number(1000, INT_MAX), ANY),
    "connections.max.idle.ms": ("connections.max.idle.ms", MS, ANY),
    "enable.metrics.push": ("enable.metrics.push", _lower, ANY),
    "acks": ("acks", _one_of({"all": "all", "-1": "all", "0": "0", "1": "1"}), PRODUCER),
    "batch.size": ("batch.size", _number(1, INT_MAX), PRODUCER),
    "buffer.memory": ("queue.buffering.max.kbytes", _number(1, INT_MAX, scale=1024), PRODUCER),
    "compression.type": ("compression.codec", _lower, PRODUCER),
    "delivery.timeout.ms": ("message.timeout.ms", _number(1, INT_MAX), PRODUCER),
    "enable.idempotence": ("enable.idempotence", _lower, PRODUCER),
    "linger.ms": ("queue.buffering.max.ms", _number(0, 900_000), PRODUCER),
    "max.in.flight.requests.per.connection": (
        "max.in.flight.requests.per.connection",
        _number(1, 1_000_000),
        PRODUCER,
    ),
    "max.request.size": ("message.max.bytes", _number(1000, 1_000_000_000), PRODUCER),
    "retries": ("message.send.max.retries", MS, PRODUCER),
    "transactional.id": ("transactional.id", _text, PRODUCER),
    "transaction.timeout.ms": ("transaction.timeout.ms", _number(1000, INT_MAX), PRODUCER),
    "allow.auto.create.topics": ("allow.auto.create.topics", _lower, CONSUMER),
    "auto.commit.interval.ms": ("auto.commit.interval.ms", _number(0, 86_400_000), CONSUMER),
    "auto.offset.reset": (
        "auto.offset.reset",
        _one_of({"earliest": "earliest", "latest": "latest", "none": "error"}),
        CONSUMER,
    ),
    "check.crcs": ("check.crcs", _lower, CONSUMER),
    "enable.auto.commit": ("enable.auto.commit", _lower, CONSUMER),
    "fetch.max.bytes": ("fetch.max.bytes", _number(0, INT_MAX - 512), CONSUMER),
    "fetch.max.wait.ms": ("fetch.wait.max.ms", _number(0, 300_000), CONSUMER),
    "fetch.min.bytes": ("fetch.min.bytes", _number(1, 100_000_000), CONSUMER),
    "group.id": ("group.id", _text, CONSUMER),
    "group.instance.id": ("group.instance.id", _text, CONSUMER),
    "group.protocol": ("group.protocol", _lower, CONSUMER),
    "group.remote.assignor": ("group.remote.assignor", _text, CONSUMER),
    "heartbeat.interval.ms": ("heartbeat.interval.ms", _number(1, 3_600_000), CONSUMER),
    "isolation.level": ("isolation.level", _lower, CONSUMER),
    "max.partition.fetch.bytes": ("max.partition.fetch.bytes", _number(1, 1_000_000_000), CONSUMER),
    "max.poll.interval.ms": ("max.poll.interval.ms", _number(1, 86_400_000), CONSUMER),
    "partition.assignment.strategy": ("partition.assignment.strategy", _assignors, CONSUMER),
    "session.timeout.ms": ("session.timeout.ms", _number(1, 3_600_000), CONSUMER),
}

NO_MEANING = security.key_set(
    """
    auto.include.jmx.reporter config.providers default.api.timeout.ms exclude.internal.topics key.deserializer
    key.serializer max.block.ms max.poll.records metadata.max.idle.ms metrics.num.samples metrics.recording.level
    metrics.sample.window.ms partitioner.adaptive.partitioning.enable partitioner.availability.timeout.ms
    partitioner.class partitioner.ignore.keys socket.connection.setup.timeout.max.ms value.deserializer
    value.serializer compression.gzip.level compression.lz4.level compression.zstd.level
    """
)
"""Keys that the loops or the code below obey, or that only describe the inside of Java's client."""

DEFAULTS: dict[Role, dict[str, Any]] = {
    Role.ADMIN: {},
    Role.PRODUCER: {
        "partitioner": "murmur2_random",
        "max.in.flight.requests.per.connection": 5,
        "message.max.bytes": 1_048_576,
        "message.timeout.ms": 120_000,
        # Java counts buffer.memory alone; 200,000 small records need about 40 MB beyond their bytes.
        "queue.buffering.max.kbytes": 32_768,
        "queue.buffering.max.messages": 200_000,
    },
    Role.CONSUMER: {
        "isolation.level": "read_uncommitted",
        "allow.auto.create.topics": "true",
        "check.crcs": "true",
        "partition.assignment.strategy": "range",
        # Read ahead little and often: an idle or slow sink task stays small, a quick one doesn't starve.
        "queued.max.messages.kbytes": 16_384,
        "fetch.queue.backoff.ms": 20,
    },
}
COMMON_DEFAULTS: dict[str, Any] = {
    "reconnect.backoff.ms": 50,
    "reconnect.backoff.max.ms": 1000,
    "socket.timeout.ms": 30_000,
    "log.connection.close": "false",
    # Histograms for a cluster that hardly ever asks: half a MB for each client.
    "enable.metrics.push": "false",
}
INTERNAL_TOPICS = "^__consumer_offsets$,^__transaction_state$,^__share_group_state$"


def translate(role: Role, properties: Mapping[str, str]) -> Translation:
    """librdkafka's configuration for a client of that role. Raises ConfigException for a value that can't work."""
    found = Translation(COMMON_DEFAULTS | DEFAULTS[role])
    for key, text in properties.items():
        if key.startswith(DIRECT):
            continue
        row = TABLE.get(key)
        if row is not None:
            _apply(found, row, role, key, text)
        elif not (key in NO_MEANING or security.knows(key) or _is_empty_plugin_list(key, text)):
            found.ignored.append(key)
    security.translate(properties, found.config, found.ignored)
    match role:
        case Role.PRODUCER:
            _finish_producer(found, properties)
        case Role.CONSUMER:
            _finish_consumer(found, properties)
    if found.config["reconnect.backoff.max.ms"] < found.config["reconnect.backoff.ms"]:
        found.config["reconnect.backoff.max.ms"] = found.config["reconnect.backoff.ms"]
    direct: dict[str, Any] = {key[len(DIRECT) :]: text for key, text in properties.items() if key.startswith(DIRECT)}
    if ONLY_ERRORS in direct:
        direct[ONLY_ERRORS] = direct[ONLY_ERRORS].lower() == "true"  # read by the Python client, which wants a bool
    found.config.update(direct)
    return found


def is_client_key(key: str) -> bool:
    """True for keys of Kafka clients, False for those of the worker or unknown ones."""
    return key in TABLE or key in NO_MEANING or key.startswith((DIRECT, "ssl.", "sasl.")) or security.knows(key)


def _apply(found: Translation, row: tuple[str, Reader, frozenset[Role]], role: Role, key: str, text: str) -> None:
    target, read, roles = row
    if role in roles:
        value = read(key, text)
        if value is not None:
            found.config[target] = value


def _is_empty_plugin_list(key: str, text: str) -> bool:
    """Plugins for Java's client that were switched off, or left at Java's default, aren't missed."""
    if key == "metric.reporters":
        return text.strip() in ("", "org.apache.kafka.common.metrics.JmxReporter")
    return key == "interceptor.classes" and not text.strip()


def _finish_producer(found: Translation, properties: Mapping[str, str]) -> None:
    config = found.config
    _choose_partitioner(found, properties)
    _choose_compression_level(config, properties)
    if "transactional.id" in config:
        config.setdefault("enable.idempotence", "true")
        # librdkafka ends a transaction before its records time out; it wants the times in this order.
        limit = config.setdefault("transaction.timeout.ms", 60_000)
        config["message.timeout.ms"] = min(config["message.timeout.ms"], limit)
        config["socket.timeout.ms"] = min(config["socket.timeout.ms"], limit - 100)
    if "enable.idempotence" not in config:
        possible = (
            config.get("acks", "all") == "all"
            and config["max.in.flight.requests.per.connection"] <= 5
            and config.get("message.send.max.retries") != 0
        )
        config["enable.idempotence"] = "true" if possible else "false"


def _choose_partitioner(found: Translation, properties: Mapping[str, str]) -> None:
    name = properties.get("partitioner.class", "").rsplit(".", 1)[-1]
    if name and name not in ("DefaultPartitioner", "UniformStickyPartitioner"):
        found.ignored.append("partitioner.class")
    if properties.get("partitioner.ignore.keys", "").lower() == "true" or name == "UniformStickyPartitioner":
        found.config["partitioner"] = "random"


def _choose_compression_level(config: dict[str, Any], properties: Mapping[str, str]) -> None:
    codec = config.get("compression.codec")
    level = properties.get(f"compression.{codec}.level")
    if level is not None:
        config["compression.level"] = _number(-1, 12)(f"compression.{codec}.level", level)


def _finish_consumer(found: Translation, properties: Mapping[str, str]) -> None:
    config = found.config
    config.setdefault("group.id", config.get("client.id", "connect"))
    session = config.get("session.timeout.ms", 45_000)
    if config.get("max.poll.interval.ms", session) < session:
        config["max.poll.interval.ms"] = session
    if config.get("group.protocol") == "consumer":
        del config["partition.assignment.strategy"]
    if properties.get("exclude.internal.topics", "").lower() != "false":
        config["topic.blacklist"] = INTERNAL_TOPICS
