"""``topic.to.external.resource.mapping``: which topic goes into which existing resource."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connect.api import ConfigException

MAPPING = "topic.to.external.resource.mapping"
_FORMAT = "Invalid topic-to-resource mapping format. The expected format: topic:resource"


def resource_mapping(config: Mapping[str, Any]) -> dict[str, str]:
    """Topic to resource, of parsed values. Raises ConfigException for pairs that are none, or not one to one."""
    resources: dict[str, str] = {}
    for pair in config[MAPPING]:
        topic, resource = _split(pair)
        if topic in resources:
            raise ConfigException(
                MAPPING,
                pair,
                f"Topic '{topic}' is mapped to multiple resources. Each topic must be mapped to exactly one resource.",
            )
        if resource in resources.values():
            raise ConfigException(
                MAPPING,
                pair,
                f"Resource '{resource}' is mapped from multiple topics."
                " Each resource must be mapped to exactly one topic.",
            )
        resources[topic] = resource
    most = config["max.external.resource.mappings"]
    if len(resources) > most:
        raise ConfigException(
            MAPPING,
            f"[{', '.join(config[MAPPING])}]",
            f"Too many topic-to-external-resource mappings are configured ({len(resources)})."
            f" Maximum allowed limit is {most}.",
        )
    return resources


def _split(pair: str) -> tuple[str, str]:
    """Java's ``split`` forgets empty parts at the end: ``a:b:`` is a pair, ``a:`` is none."""
    parts = pair.rstrip(":").split(":")
    if len(parts) != 2:
        raise ConfigException(MAPPING, pair, _FORMAT)
    return parts[0].strip(), parts[1].strip()
