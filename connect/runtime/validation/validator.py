"""The judgement on a connector configuration, part by part, as ``/validate`` shows it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

from connect.api import ConfigException, ConnectException, SinkConnector, SourceConnector
from connect.api.config_def import ConfigDef, ConfigValue
from connect.plugins.java_classes import BASES
from connect.plugins.registry import CONNECTOR_KINDS, PluginRegistry, VersionNotFound
from connect.plugins.versions import parse_range
from connect.runtime.connector_config import COMMON_CONFIG, SINK_CONFIG, SOURCE_CONFIG
from connect.runtime.task_rules import RULES_CONFIG
from connect.runtime.validation.converters import converter_sections
from connect.runtime.validation.exactly_once import check_exactly_once
from connect.runtime.validation.infos import InfoWriter, Json, merge
from connect.runtime.validation.lint import findings
from connect.runtime.validation.live import live_findings
from connect.runtime.validation.overrides import OverrideValidation
from connect.runtime.validation.plugin_keys import PluginKeys
from connect.runtime.validation.sink_checks import add_error, check_consumer_group, check_sink
from connect.runtime.validation.stages import StageKeys

log = logging.getLogger(__name__)

Config = Mapping[str, str | None]
Stage = Callable[[str], None]
_NULL_VALUE = "Null value can not be supplied as the configuration value."
_NOT_FOUND_PREFIX = "org.apache.kafka.connect.errors.ConnectException: "


class BadConnectorConfig(ConnectException):
    """The configuration can't be judged at all, since its connector can't be had."""

    java_class = "org.apache.kafka.connect.runtime.rest.errors.BadRequestException"


class ConnectorValidator:
    """Judges configurations for a worker with the given properties; ``group_id`` is None in standalone mode."""

    def __init__(self, registry: PluginRegistry, worker: Mapping[str, str], group_id: str | None) -> None:
        self._registry = registry
        self._worker = worker
        self._group_id = group_id

    def validate(self, config: Config, stage: Stage, *, lint: bool = False) -> Json:
        """The answer of ``/validate``, with ``lint`` also what is likely not meant; ``stage`` is told what is done.

        Raises BadConnectorConfig without a usable connector, ConfigException for an unreadable client override.
        """
        name = config.get("connector.class")
        if name is None:
            raise BadConnectorConfig("The configuration contains no connector type")
        if BASES.get(name) == "Connector":
            raise BadConnectorConfig("Instantiation error")
        try:
            version = parse_range(config.get("connector.plugin.version"))
        except ConfigException as error:
            raise BadConnectorConfig(str(error)) from None
        try:
            stage("loading the connector's class")
            connector = self._registry.load(name, *CONNECTOR_KINDS, version=version)()
        except VersionNotFound as error:
            return self._without_connector(name, config, str(error))
        except ConnectException as error:
            raise BadConnectorConfig(f"{_NOT_FOUND_PREFIX}{error}") from error
        return self._validate(name, connector, config, stage, lint=lint)

    def _without_connector(self, name: str, config: Config, error: str) -> Json:
        """The connector is there, but not in the version that was asked for: only the framework's keys are judged."""
        definition = self._framework(COMMON_CONFIG, config)
        values = {value.name: value for value in definition.validate(config)}
        for key in ("connector.class", "connector.plugin.version"):
            if error not in values[key].errors:
                values[key].errors.append(error)
        writer = InfoWriter(self._registry, config.keys())
        return merge(name, [writer.connector_section(definition.keys, values.values(), definition.groups())])

    def _validate(self, name: str, connector: Any, config: Config, stage: Stage, *, lint: bool) -> Json:
        is_source = isinstance(connector, SourceConnector)
        if not is_source and not isinstance(connector, SinkConnector):
            raise BadConnectorConfig(f"{name} is neither a source nor a sink connector")
        stage("resolving the keys of transformations and predicates")
        framework = self._framework(SOURCE_CONFIG if is_source else SINK_CONFIG, config)
        stage("validating the properties that every connector has")
        values = {value.name: value for value in framework.validate(config)}
        PluginKeys(self._registry, config, self._worker).check_versions(values)
        self._check_framework(connector, config, values)
        stage("validating connector-specific properties for the connector")
        own_values = self._connector_values(connector, config)
        keys = framework.keys | type(connector).CONFIG.keys
        groups = dict.fromkeys([*framework.groups(), *type(connector).CONFIG.groups()])
        stage("validating client overrides and converters")
        writer = InfoWriter(self._registry, config.keys())
        overrides = OverrideValidation(self._worker, writer).sections(config, is_source=is_source)
        converters = converter_sections(config, values, self._registry, writer)
        section = writer.connector_section(keys, [*values.values(), *own_values], list(groups))
        answer = merge(name, [section, *overrides, *converters])
        if lint:
            known = {*keys, *(each["value"]["name"] for part in converters for each in part.configs)}
            stage("looking whether the configuration fits what is outside")
            live = [] if answer["error_count"] else live_findings(connector, _texts(config), self._worker)
            answer["lint"] = [finding.as_json() for finding in [*findings(config, known, values), *live]]
        return answer

    def _framework(self, base: ConfigDef, config: Config) -> ConfigDef:
        plugin_keys = PluginKeys(self._registry, config, self._worker)
        stages = StageKeys(self._registry, config, plugin_keys)
        # Ours, which Java doesn't know: judged where they are set, and otherwise not shown.
        rules = [key for key in RULES_CONFIG if key.name in config]
        return ConfigDef(*map(plugin_keys.apply, base), *rules, *stages.keys())

    def _check_framework(self, connector: Any, config: Config, values: dict[str, ConfigValue]) -> None:
        if isinstance(connector, SinkConnector):
            check_sink(config, values)
            if self._group_id is not None:
                check_consumer_group(config, values, self._group_id)
        elif self._group_id is not None:
            check_exactly_once(connector, _texts(config), values, self._worker)
        for key, value in config.items():
            if value is None:
                add_error(values, key, None, _NULL_VALUE)

    def _connector_values(self, connector: Any, config: Config) -> list[ConfigValue]:
        kind = type(connector)
        if not isinstance(kind.CONFIG, ConfigDef):
            raise BadConnectorConfig(f"{kind.__qualname__}.config() must return a ConfigDef that is not null.")
        values: list[ConfigValue] | None = connector.validate(config)
        if values is None:
            raise BadConnectorConfig(f"{kind.__qualname__}.validate() must return a Config that is not null.")
        return values


def _texts(config: Config) -> dict[str, str]:
    return {key: value for key, value in config.items() if value is not None}
