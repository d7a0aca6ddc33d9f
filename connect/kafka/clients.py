"""Factories for the real clients, from Java client properties."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, TypeVar, cast

from connect.api.errors import ConfigException
from connect.kafka.door import AdminClient, ConsumerClient, KafkaException, ProducerClient
from connect.kafka.translate import Role, translate

log = logging.getLogger(__name__)
client_log = logging.getLogger("connect.kafka.librdkafka")
"""librdkafka's own lines; they come out while a client is polled."""

T = TypeVar("T")


def producer(config: Mapping[str, str]) -> ProducerClient:
    """A producer. Raises ConfigException for settings that can't work."""
    import confluent_kafka

    return cast(ProducerClient, _make(confluent_kafka.Producer, Role.PRODUCER, config))


def consumer(config: Mapping[str, str]) -> ConsumerClient:
    """A consumer. Raises ConfigException for settings that can't work."""
    import confluent_kafka

    return cast(ConsumerClient, _make(confluent_kafka.Consumer, Role.CONSUMER, config))


def admin(config: Mapping[str, str]) -> AdminClient:
    """An admin client. Raises ConfigException for settings that can't work."""
    from confluent_kafka import admin as library

    return cast(AdminClient, _make(library.AdminClient, Role.ADMIN, config))


class RealKafka:
    """The door to a real cluster."""

    producer = staticmethod(producer)
    consumer = staticmethod(consumer)
    admin = staticmethod(admin)


def _make(kind: Any, role: Role, properties: Mapping[str, str]) -> Any:
    translation = translate(role, properties)
    if translation.ignored:
        name = properties.get("client.id", role.value)
        keys = ", ".join(sorted(translation.ignored))
        log.warning("%s: these client settings have no counterpart in this worker and are ignored: %s", name, keys)
    try:
        return kind(translation.config, logger=client_log)
    except KafkaException as error:
        raise ConfigException(f"{properties.get('client.id', role.value)}: {error.args[0].str()}") from error
