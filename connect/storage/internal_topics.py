"""The worker's three topics, as its properties describe them."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from connect.api.errors import ConfigException
from connect.kafka.topics import CLEANUP_POLICY, TopicSettings

log = logging.getLogger(__name__)


def config_topic(worker: Mapping[str, str]) -> TopicSettings:
    """Connector configs and task configs: always one partition, because their order matters."""
    if "config.storage.partitions" in worker:
        log.warning("Ignoring config.storage.partitions=%s: it is always 1", worker["config.storage.partitions"])
    worker = {key: value for key, value in worker.items() if key != "config.storage.partitions"}
    return _settings(worker, "config", "connector configurations", default_partitions=1)


def offset_topic(worker: Mapping[str, str]) -> TopicSettings:
    """Offsets of source connectors."""
    return _settings(worker, "offset", "source connector offsets", default_partitions=25)


def status_topic(worker: Mapping[str, str]) -> TopicSettings:
    """States of connectors and tasks, and the topics that connectors use."""
    return _settings(worker, "status", "connector and task statuses", default_partitions=5)


def connector_offset_topic(worker: Mapping[str, str], name: str) -> TopicSettings:
    """A source connector's own offsets topic, which is created like the worker's."""
    return offset_topic({**worker, "offset.storage.topic": name})


def _settings(worker: Mapping[str, str], kind: str, purpose: str, default_partitions: int) -> TopicSettings:
    prefix = f"{kind}.storage."
    settings = {key[len(prefix) :]: value for key, value in worker.items() if key.startswith(prefix)}
    name = settings.pop("topic", "").strip()
    if not name:
        what = {"config": "connector configuration", "offset": "connector offsets", "status": "connector status"}[kind]
        raise ConfigException(f"Must specify topic for {what}.")
    # Standalone mode's key shares the prefix.
    settings.pop("file.filename", None)
    policy = settings.pop(CLEANUP_POLICY, None)
    if policy is not None:
        log.warning("Ignoring %s%s=%s: it is always compact", prefix, CLEANUP_POLICY, policy)
    partitions = _count(settings.pop("partitions", default_partitions), f"{prefix}partitions")
    replicas = _count(settings.pop("replication.factor", 3), f"{prefix}replication.factor")
    return TopicSettings(name, partitions, replicas, settings, f"{prefix}topic", purpose)


def _count(value: str | int, key: str) -> int:
    try:
        number = int(value)
    except ValueError:
        raise ConfigException(key, value, "Not a number of type INT") from None
    if number <= 0 and number != -1:
        raise ConfigException(key, value, "Value must be positive, or -1 for the broker's default")
    return number
