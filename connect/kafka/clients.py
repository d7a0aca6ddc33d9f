"""Factories for the real clients, from Java client properties."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, cast

from connect.api.errors import ConfigException
from connect.kafka.door import AdminClient, CommitCallback, ConsumerClient, KafkaException, ProducerClient
from connect.kafka.group_admin import PythonGroupAdmin
from connect.kafka.translate import Role, translate

log = logging.getLogger(__name__)
client_log = logging.getLogger("connect.kafka.librdkafka")
"""librdkafka's own lines; they come out while a client is polled."""

REPEAT_SECONDS = 60.0


class RepeatFilter(logging.Filter):
    """Lets the same line through once a minute: a client without a broker says the same every second."""

    def __init__(self) -> None:
        super().__init__()
        self._last: dict[str, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """True for a line that wasn't seen within the last minute."""
        line = record.getMessage()
        if record.created - self._last.get(line, 0.0) < REPEAT_SECONDS:
            return False
        if len(self._last) > 1000:
            self._last.clear()
        self._last[line] = record.created
        return True


client_log.addFilter(RepeatFilter())


def producer(config: Mapping[str, str]) -> ProducerClient:
    """A producer. Raises ConfigException for settings that can't work."""
    from connect.kafka.real_producer import RealProducer

    return cast(ProducerClient, _make(RealProducer, Role.PRODUCER, config))


def consumer(config: Mapping[str, str], on_commit: CommitCallback | None = None) -> ConsumerClient:
    """A consumer; ``on_commit`` hears of asynchronous commits. Raises ConfigException for settings that can't work."""
    import confluent_kafka

    callbacks = {} if on_commit is None else {"on_commit": on_commit}
    return cast(ConsumerClient, _make(confluent_kafka.Consumer, Role.CONSUMER, config, **callbacks))


def admin(config: Mapping[str, str]) -> AdminClient:
    """An admin client. Raises ConfigException for settings that can't work."""
    from confluent_kafka import admin as library

    return cast(AdminClient, _make(library.AdminClient, Role.ADMIN, config))


_NO_KERBEROS = (
    "this is what applies where nothing is set, and the installed confluent-kafka is built without Kerberos; set PLAIN,"
    " SCRAM-SHA-256, SCRAM-SHA-512 or OAUTHBEARER, or build confluent-kafka against a librdkafka with libsasl2"
)


class RealKafka:
    """The door to a real cluster."""

    producer = staticmethod(producer)
    consumer = staticmethod(consumer)
    admin = staticmethod(admin)
    group_admin = PythonGroupAdmin


def _make(kind: Any, role: Role, properties: Mapping[str, str], **callbacks: Any) -> Any:
    translation = translate(role, properties)
    if translation.ignored:
        name = properties.get("client.id", role.value)
        keys = ", ".join(sorted(translation.ignored))
        log.warning("%s: these client settings have no counterpart in this worker and are ignored: %s", name, keys)
    try:
        return kind(translation.config | callbacks, logger=client_log)
    except KafkaException as error:
        if "SASL mechanism GSSAPI" in error.args[0].str():
            raise ConfigException("sasl.mechanism", "GSSAPI", _NO_KERBEROS) from error
        raise ConfigException(f"{properties.get('client.id', role.value)}: {error.args[0].str()}") from error
