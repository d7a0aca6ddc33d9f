"""From the class name in a configuration to the class.

Nothing is imported to list plugins or to find one by name; a plugin's module is imported when the plugin is used.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
from collections.abc import Iterable
from functools import cached_property
from typing import Any

from connect import KAFKA_VERSION
from connect.api import ConfigException, ConnectException
from connect.plugins.builtin import BUILTIN, Plugin, PluginKind

ENTRY_POINT_GROUP = "connect.plugins"
"""Entry points of installed packages: name ``<kind>:<listed name>``, value ``module:Class``."""

_SUFFIXES = {
    PluginKind.SOURCE: "Connector",
    PluginKind.SINK: "Connector",
    PluginKind.CONVERTER: "Converter",
    PluginKind.HEADER_CONVERTER: "HeaderConverter",
    PluginKind.TRANSFORMATION: "Transformation",
    PluginKind.PREDICATE: "Predicate",
    PluginKind.CONFIG_PROVIDER: "ConfigProvider",
}

CONNECTOR_KINDS = (PluginKind.SINK, PluginKind.SOURCE)


class PluginRegistry:
    """The plugins that are installed."""

    def __init__(self, plugins: Iterable[Plugin] | None = None) -> None:
        """Takes the built-in plugins and those of installed packages unless told which."""
        self._given = None if plugins is None else tuple(plugins)

    @cached_property
    def plugins(self) -> tuple[Plugin, ...]:
        """All plugins: kind, name, where the class is, version."""
        return self._given if self._given is not None else (*BUILTIN, *_installed())

    def find(self, name: str, *kinds: PluginKind) -> Plugin:
        """The plugin of one of those kinds with that full, simple or short name, or Python path of a class.

        Raises ConnectException when there is none, or more than one has that short name.
        """
        candidates = [plugin for plugin in self.plugins if plugin.kind in kinds]
        for plugin in candidates:
            if name in (plugin.name, plugin.target, plugin.target.replace(":", ".")):
                return plugin
        named = [plugin for plugin in candidates if name in aliases(plugin)]
        if len(named) > 1:
            shown = ", ".join(sorted(plugin.name for plugin in named))
            raise ConnectException(f"More than one plugin matches alias {name}: {shown}. Use the full class name.")
        if named:
            return named[0]
        if _is_python_path(name):
            return Plugin(kinds[0], name, name if ":" in name else ":".join(name.rsplit(".", 1)))
        raise ConnectException(not_found_message(name, candidates, kinds))

    def load(self, name: str, *kinds: PluginKind) -> Any:
        """The class of that plugin. Raises ConnectException when it can't be found or imported."""
        return load_class(self.find(name, *kinds))


def not_found_message(name: str, candidates: Iterable[Plugin], kinds: tuple[PluginKind, ...]) -> str:
    """The text for an unknown class, with what there is instead."""
    if kinds[0] in CONNECTOR_KINDS:
        available = ", ".join(sorted(plugin.name for plugin in candidates))
        return (
            "Failed to find any class that implements Connector and which name matches "
            f"{name}, available connectors are: {available}"
        )
    return f"Failed to find any class that implements {_SUFFIXES[kinds[0]]} and which name matches {name}"


def aliases(plugin: Plugin) -> set[str]:
    """The simple class name, and that without the suffix of its kind."""
    simple = plugin.name.rsplit(".", 1)[-1]
    suffix = _SUFFIXES[plugin.kind]
    pruned = simple.removesuffix(suffix)
    if plugin.kind is PluginKind.HEADER_CONVERTER and pruned == simple:
        pruned = simple.removesuffix("Converter")
    return {simple, pruned} if pruned else {simple}


def version_of(plugin: Plugin) -> str:
    """The version to list for a plugin."""
    return KAFKA_VERSION if plugin.version is None else plugin.version


def load_class(plugin: Plugin) -> Any:
    """Import a plugin's class. Raises ConnectException that says what is missing."""
    module, _, attribute = plugin.target.partition(":")
    try:
        return getattr(importlib.import_module(module), attribute)
    except ImportError as error:
        raise ConnectException(
            f"{plugin.name} can't be loaded: {error}. Is the package (or the extra) that it needs installed?"
        ) from error
    except AttributeError as error:
        raise ConnectException(f"{plugin.name} can't be loaded: {error}") from error


def _is_python_path(name: str) -> bool:
    module = name.partition(":")[0] if ":" in name else name.rpartition(".")[0]
    if not module or module.startswith(("org.apache.", "io.confluent.", "com.")):
        return False
    try:
        return importlib.util.find_spec(module) is not None
    except (ImportError, ValueError):
        return False


def _installed() -> Iterable[Plugin]:
    for point in importlib.metadata.entry_points(group=ENTRY_POINT_GROUP):
        kind, _, name = point.name.partition(":")
        try:
            yield Plugin(PluginKind(kind), name, point.value, point.dist.version if point.dist else None)
        except ValueError:
            raise ConfigException(
                f"Entry point '{point.name}' of group {ENTRY_POINT_GROUP}: the name must be '<kind>:<class name>' "
                f"with a kind of {', '.join(k.value for k in PluginKind)}"
            ) from None
