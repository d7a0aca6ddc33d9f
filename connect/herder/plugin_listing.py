"""What ``/connector-plugins`` tells about the installed plugins."""

from __future__ import annotations

import logging

from connect.api import ConnectException
from connect.herder.entities import Json
from connect.herder.validation import known_error
from connect.plugins.builtin import Plugin, PluginKind
from connect.plugins.registry import CONNECTOR_KINDS, PluginRegistry, version_of
from connect.plugins.versions import Version
from connect.runtime.channel import RemoteError
from connect.runtime.plugin_calls import PluginCalls

log = logging.getLogger(__name__)

_OTHER_KINDS = (
    PluginKind.TRANSFORMATION,
    PluginKind.PREDICATE,
    PluginKind.CONVERTER,
    PluginKind.HEADER_CONVERTER,
)


class PluginListing:
    """Lists from the registry, without importing anything; definitions come from a plugin process."""

    def __init__(self, registry: PluginRegistry, calls: PluginCalls) -> None:
        self._registry = registry
        self._calls = calls
        self._known: dict[str, Plugin] = {}  # by the names that were asked for; each is one of those that exist

    def plugins(self, *, connectors_only: bool) -> list[Json]:
        """All plugins, by kind, name and version."""
        kinds = CONNECTOR_KINDS if connectors_only else (*CONNECTOR_KINDS, *_OTHER_KINDS)
        return [_listed(plugin) for kind in kinds for plugin in self._of_kind(kind)]

    def _of_kind(self, kind: PluginKind) -> list[Plugin]:
        found = {(plugin.name, version_of(plugin)): plugin for plugin in self._registry.plugins if plugin.kind is kind}
        return [found[key] for key in sorted(found, key=lambda key: (key[0], Version(key[1])))]

    async def config_keys(self, plugin: str, version: str | None) -> list[Json]:
        """The definitions of a plugin's keys.

        Raises NotFoundException, BadRequest, RequestTimedOut, ConnectException.
        """
        try:
            answer: list[Json] = await self._calls.call("describe", plugin=plugin, version=version)
        except RemoteError as error:
            raise known_error(error) from error
        return answer

    def connector(self, class_name: str | None) -> Plugin | None:
        """The connector of that name; None when it isn't listed, and wasn't learned about either."""
        name = class_name or ""
        if name not in self._known:
            try:
                found = self._registry.candidates(name, *CONNECTOR_KINDS)
            except ConnectException:
                return None
            if not found:
                return None
            self._known[name] = max(found, key=lambda plugin: Version(version_of(plugin)))
        return self._known[name]

    def connector_type(self, class_name: str | None) -> str:
        """``source``, ``sink``, or ``unknown`` when the class is not there."""
        plugin = self.connector(class_name)
        return "unknown" if plugin is None else plugin.kind.value

    def connector_version(self, class_name: str | None) -> str | None:
        """The version of a connector; None when the class is not there."""
        plugin = self.connector(class_name)
        return None if plugin is None else version_of(plugin)

    async def learn(self, class_name: str | None) -> None:
        """Find out about a connector that is named by its Python path, which no list tells: it has to be imported.

        Nothing is learned about one that can't be.
        """
        if class_name is None or self.connector(class_name) is not None:
            return
        try:
            kind, version = await self._calls.call("identify", connector=class_name)
        except ConnectException as error:
            log.warning("The connector class %s can't be looked at: %s", class_name, error)
            return
        self._known[class_name] = Plugin(PluginKind(kind), class_name, class_name, version)


def _listed(plugin: Plugin) -> Json:
    listed = {"class": plugin.name, "type": plugin.kind.value}
    version = version_of(plugin)
    return listed if version == "undefined" else {**listed, "version": version}
