"""The process in which plugins are looked at without being run: validation, definitions, changes of offsets.

Each request has a thread of its own. A plugin that hangs takes its thread with it; the worker then lets the process
finish what else it does, and asks another one.
"""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from connect.api import ConfigException, ConnectException, NotFoundException, SinkConnector, SourceConnector
from connect.api.config_def import ConfigDef
from connect.plugins.builtin import Plugin, PluginKind
from connect.plugins.registry import (
    CONNECTOR_KINDS,
    PluginRegistry,
    VersionNotFound,
    load_class,
    process_plugins,
    version_of,
)
from connect.plugins.versions import parse_range
from connect.runtime.channel import ChildChannel
from connect.runtime.connector_config import SINK_CONFIG, SOURCE_CONFIG
from connect.runtime.memory import collect_often
from connect.runtime.validation.infos import InfoWriter, Json
from connect.runtime.validation.validator import BadConnectorConfig, ConnectorValidator

Stage = Callable[[str], None]
Offset = Mapping[str, Any] | None

DESCRIBED_KINDS = (
    PluginKind.SINK,
    PluginKind.SOURCE,
    PluginKind.CONVERTER,
    PluginKind.HEADER_CONVERTER,
    PluginKind.TRANSFORMATION,
    PluginKind.PREDICATE,
)


class PluginRequests:
    """What the worker may ask. Every method answers with JSON, or raises what REST shows."""

    def __init__(self, registry: PluginRegistry) -> None:
        self._registry = registry

    def validate(
        self,
        stage: Stage,
        config: Mapping[str, str | None],
        worker: Mapping[str, str],
        group_id: str | None,
        lint: bool,
    ) -> Json:
        """The judgement on a connector configuration. Raises BadConnectorConfig, ConfigException."""
        return ConnectorValidator(self._registry, worker, group_id).validate(config, stage, lint=lint)

    def describe(self, stage: Stage, plugin: str, version: str | None) -> list[Json]:
        """The definitions of a plugin's keys.

        Raises NotFoundException for an unknown plugin, BadConnectorConfig for one of a kind that has no keys to show or
        for a version that isn't there.
        """
        stage(f"retrieving the configuration definition of {plugin}")
        found = self._described(plugin, version)
        own: ConfigDef = load_class(found).CONFIG
        keys = list(own)
        if found.kind in CONNECTOR_KINDS:
            base = SOURCE_CONFIG if found.kind is PluginKind.SOURCE else SINK_CONFIG
            keys += [key for key in base if key.name not in own]
        writer = InfoWriter(self._registry)
        return [
            writer.definition(
                replace(key, default=version_of(found), validator=None)
                if key.name == "connector.plugin.version"
                else key
            )
            for key in keys
            if writer.is_shown(key)
        ]

    def identify(self, stage: Stage, connector: str) -> tuple[str, str]:
        """Kind and version of a connector class. Raises ConnectException when it can't be had."""
        stage(f"looking at {connector}")
        found = self._registry.load(connector, *CONNECTOR_KINDS)
        kind = PluginKind.SOURCE if issubclass(found, SourceConnector) else PluginKind.SINK
        return kind.value, found.VERSION or "undefined"

    def _described(self, plugin: str, version: str | None) -> Plugin:
        if self._registry.is_abstract(plugin) or not self._registry.candidates(plugin):
            if self._registry.knows(plugin):
                raise ConnectException("Instantiation error")
            raise NotFoundException(f"Unknown plugin {plugin}.")
        try:
            wanted = parse_range(version)
        except ConfigException:
            raise BadConnectorConfig(f"Invalid version specification: {version}") from None
        try:
            return self._registry.find(plugin, *DESCRIBED_KINDS, version=wanted)
        except VersionNotFound as error:
            raise BadConnectorConfig(str(error)) from error
        except NotFoundException:
            valid = ", ".join(kind.value for kind in DESCRIBED_KINDS)
            raise BadConnectorConfig(f"Invalid plugin class {plugin}. Valid types are {valid}.") from None

    def alter_source_offsets(
        self, stage: Stage, config: Mapping[str, str], offsets: list[tuple[Offset, Offset]]
    ) -> bool:
        """Have a source connector judge a change of its offsets. Raises what it raises."""
        connector = self._connector(config)
        stage("calling the connector's method that checks a change of offsets")
        if not isinstance(connector, SourceConnector):
            raise ConnectException(f"Connector {config.get('name')} is not a source connector")
        return bool(connector.alter_offsets(config, [(partition, offset) for partition, offset in offsets]))

    def alter_sink_offsets(
        self, stage: Stage, config: Mapping[str, str], offsets: list[tuple[str, int, int | None]]
    ) -> bool:
        """Have a sink connector judge a change of its consumers' offsets. Raises what it raises."""
        connector = self._connector(config)
        stage("calling the connector's method that checks a change of offsets")
        if not isinstance(connector, SinkConnector):
            raise ConnectException(f"Connector {config.get('name')} is not a sink connector")
        return bool(connector.alter_offsets(config, {(topic, part): offset for topic, part, offset in offsets}))

    def _connector(self, config: Mapping[str, str]) -> Any:
        version = parse_range(config.get("connector.plugin.version"))
        return self._registry.load(config["connector.class"], *CONNECTOR_KINDS, version=version)()


class PluginProcess:
    """Serves requests over one channel."""

    def __init__(self, sock: socket.socket) -> None:
        self._channel = ChildChannel(sock)
        self._requests = PluginRequests(process_plugins())

    def run(self) -> None:
        """Serve until the worker is gone."""
        self._channel.serve(self._handle)

    def _handle(self, method: str, params: dict[str, Any], answer: Callable[[Any], None]) -> None:
        threading.Thread(target=self._serve, args=(method, params, answer), name=method, daemon=True).start()

    def _serve(self, method: str, params: dict[str, Any], answer: Callable[[Any], None]) -> None:
        request = params.pop("request")

        def stage(description: str) -> None:
            self._channel.notify("stage", request=request, description=description)

        try:
            answer(getattr(self._requests, method)(stage, **params))
        except BaseException as error:  # a plugin may even raise SystemExit
            answer(error)


def main(sock: socket.socket) -> None:
    """Entry point of a plugin process."""
    collect_often()
    PluginProcess(sock).run()
    os._exit(0)
