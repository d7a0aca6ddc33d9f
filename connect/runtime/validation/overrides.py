"""``producer.override.*``, ``consumer.override.*``, ``admin.override.*``: which are known, and which are allowed."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from connect.api import ConfigException
from connect.api.config_def import ConfigValue, parse_type
from connect.kafka.client_keys import client_config
from connect.kafka.translate import Role
from connect.runtime.connector_config import with_prefix
from connect.runtime.validation.infos import InfoWriter, Section

POLICY = "connector.client.config.override.policy"
ALLOWLIST = "connector.client.config.override.allowlist"
_PRINCIPAL_KEYS = ("sasl.jaas.config", "sasl.mechanism", "security.protocol")
_SUFFIX = "ConnectorClientConfigOverridePolicy"

Allows = Callable[[str], bool]


def override_policy(worker: Mapping[str, str]) -> tuple[str, Allows]:
    """The name of the worker's policy, and what it allows. Raises ConfigException for an unknown one."""
    given = worker.get(POLICY, "All").strip()
    name = given.rsplit(".", 1)[-1].removesuffix(_SUFFIX)
    listed = {key.strip() for key in worker.get(ALLOWLIST, "").split(",")}
    policies: dict[str, Allows] = {
        "All": lambda _key: True,
        "None": lambda _key: False,
        "Principal": _PRINCIPAL_KEYS.__contains__,
        "Allowlist": listed.__contains__,
    }
    if name not in policies:
        raise ConfigException(POLICY, given, f"expected one of {', '.join(policies)}")
    return name, policies[name]


class OverrideValidation:
    """Judges the client overrides of a connector on one worker."""

    def __init__(self, worker: Mapping[str, str], writer: InfoWriter) -> None:
        self._worker = worker
        self._writer = writer

    def sections(self, config: Mapping[str, str | None], *, is_source: bool) -> list[Section]:
        """The parts for the clients that the connector uses. Raises ConfigException for a value of the wrong type."""
        dead_letters = bool((config.get("errors.deadletterqueue.topic.name") or "").strip())
        own_offsets = is_source and self._has_own_offsets(config)
        creates_topics = is_source and any(key.startswith("topic.creation.") for key in config)
        uses = {
            Role.PRODUCER: is_source or dead_letters,
            Role.CONSUMER: not is_source or own_offsets,
            Role.ADMIN: creates_topics or dead_letters or own_offsets,
        }
        return [self._section(config, role) for role, used in uses.items() if used]

    def _has_own_offsets(self, config: Mapping[str, str | None]) -> bool:
        exactly_once = self._worker.get("exactly.once.source.support", "disabled").lower() == "enabled"
        return exactly_once or bool(config.get("offsets.storage.topic"))

    def _section(self, config: Mapping[str, str | None], role: Role) -> Section:
        policy, allows = override_policy(self._worker)
        keys = client_config(role).keys
        prefix = f"{role.value}.override."
        values = []
        given = {key: value for key, value in config.items() if value is not None}
        for name, text in with_prefix(given, prefix).items():
            key = keys.get(name)
            value = ConfigValue(name, text if key is None else parse_type(name, text, key.type))
            if not allows(name):
                value.errors.append(
                    f"The '{policy}' policy does not allow '{name}' to be overridden in the connector configuration."
                )
            values.append(value)
        return self._writer.prefixed_section(keys, values, prefix)
