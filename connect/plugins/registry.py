"""From the class name in a configuration to the class.

Nothing is imported to list plugins or to find one by name; a plugin's module is imported when the plugin is used, which
only happens in child processes.
"""

from __future__ import annotations

import importlib
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import cached_property
from importlib.machinery import PathFinder
from typing import Any

from connect import KAFKA_VERSION
from connect.api import ConnectException, NotFoundException
from connect.api.config_def import use_class_finder
from connect.plugins.builtin import BUILTIN, Plugin, PluginKind
from connect.plugins.discovery import installed_plugins, plugins_of_path
from connect.plugins.java_classes import BASES, is_java_class
from connect.plugins.versions import Version, VersionRange

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


class VersionNotFound(ConnectException):
    """The plugin is there, but no version of it that was asked for; ``available`` lists those that are."""

    java_class = "org.apache.kafka.connect.runtime.isolation.VersionedPluginLoadingException"

    def __init__(self, name: str, wanted: VersionRange, available: list[str]) -> None:
        self.available = available
        shown = ", ".join(available)
        super().__init__(
            f"Plugin {name} not found that matches the version range {wanted}, available versions: [{shown}]"
        )


class PluginRegistry:
    """The plugins that are installed."""

    def __init__(self, plugins: Iterable[Plugin] | None = None, plugin_path: Iterable[str] = ()) -> None:
        """Takes the built-in plugins, those of installed packages and those of ``plugin_path``, unless told which."""
        self._given = None if plugins is None else tuple(plugins)
        self._path = tuple(plugin_path)

    @cached_property
    def plugins(self) -> tuple[Plugin, ...]:
        """All plugins: kind, name, where the class is, version."""
        if self._given is not None:
            return self._given
        return (*BUILTIN, *installed_plugins(), *plugins_of_path(self._path))

    @cached_property
    def _by_name(self) -> dict[str, list[Plugin]]:
        named: dict[str, list[Plugin]] = defaultdict(list)
        for plugin in self.plugins:
            for name in {plugin.name, plugin.target, plugin.target.replace(":", ".")}:
                named[name].append(plugin)
        return named

    @cached_property
    def _by_alias(self) -> dict[str, list[Plugin]]:
        named: dict[str, list[Plugin]] = defaultdict(list)
        for plugin in self.plugins:
            for alias in aliases(plugin):
                named[alias].append(plugin)
        return named

    def candidates(self, name: str, *kinds: PluginKind) -> list[Plugin]:
        """The plugins that a full, simple or short name, or Python path of a class stands for; all kinds if none given.

        They are versions or kinds of one class. Raises ConnectException when the short name stands for several.
        """
        found = [plugin for plugin in self._by_name.get(name, ()) if not kinds or plugin.kind in kinds]
        if found:
            return found
        found = [plugin for plugin in self._by_alias.get(name, ()) if not kinds or plugin.kind in kinds]
        classes = sorted({plugin.name for plugin in found})
        if len(classes) > 1:
            shown = ", ".join(classes)
            raise ConnectException(f"More than one plugin matches alias {name}: {shown}. Use the full class name.")
        return found

    def find(self, name: str, *kinds: PluginKind, version: VersionRange | None = None) -> Plugin:
        """The plugin of one of those kinds with that full, simple or short name, or Python path of a class.

        Of several versions it is the newest that is wanted. Raises VersionNotFound when there is no such version, and
        ConnectException when there is no such plugin, or more than one has that short name.
        """
        found = self.candidates(name, *kinds)
        if not found:
            target = self._python_class(name)
            if target is not None:
                return Plugin(kinds[0], name, target, "undefined")
            raise NotFoundException(not_found_message(name, self.plugins, kinds))
        fitting = [plugin for plugin in found if version is None or version.contains(version_of(plugin))]
        if not fitting and version is not None:
            raise VersionNotFound(found[0].name, version, self.versions(found[0].name))
        return max(fitting, key=lambda plugin: Version(version_of(plugin)))

    def versions(self, name: str) -> list[str]:
        """The installed versions of a class; once for every kind of plugin that it is."""
        found = {(plugin.kind, version_of(plugin)) for plugin in self._by_name.get(name, ())}
        return sorted((version for _, version in found), key=Version)

    def load(self, name: str, *kinds: PluginKind, version: VersionRange | None = None) -> Any:
        """The class of that plugin. Raises ConnectException when it can't be found or imported."""
        return load_class(self.find(name, *kinds, version=version))

    def knows(self, name: str) -> bool:
        """Whether a class can be found under that name, plugin or not."""
        try:
            known = bool(self.candidates(name))
        except ConnectException:
            return False
        return known or self.is_abstract(name) or is_java_class(name) or self._python_class(name) is not None

    def canonical(self, name: str) -> str:
        """The full name of the plugin that a name stands for; other names stay as they are."""
        try:
            found = self.candidates(name)
        except ConnectException:
            return name
        return found[0].name if found else name

    def is_abstract(self, name: str) -> bool:
        """Whether it is a Java class that can't be created: a base class, or one whose nested classes are plugins."""
        return name in BASES or bool(self.nested(name))

    def nested(self, name: str) -> list[str]:
        """The plugins that are nested classes of that Java class, such as ``InsertField$Key`` of ``InsertField``."""
        return [plugin.name for plugin in self.plugins if plugin.name.startswith(f"{name}$")]

    def _python_class(self, name: str) -> str | None:
        """``module:Class`` when there is such a module to import; looks for the file without importing anything."""
        module, _, attribute = name.rpartition(":" if ":" in name else ".")
        if not module or not attribute.isidentifier():
            return None
        roots = [root for plugin in self.plugins for root in plugin.roots]
        search: Iterable[str] | None = [*dict.fromkeys(roots), *sys.path]
        parts = module.split(".")
        for depth in range(1, len(parts) + 1):
            spec = None if search is None else PathFinder.find_spec(".".join(parts[:depth]), list(search))
            if spec is None:
                return None
            search = spec.submodule_search_locations
        return f"{module}:{attribute}"


_process_registry = PluginRegistry()


def use_plugins(properties: Mapping[str, str]) -> PluginRegistry:
    """Have this process, and those forked from it, use the plugins that a worker with those properties sees.

    Reads manifests and package metadata now. Raises ConfigException when they are wrong.
    """
    global _process_registry
    path = [entry.strip() for entry in properties.get("plugin.path", "").split(",") if entry.strip()]
    registry = PluginRegistry(plugin_path=path)
    _process_registry = registry
    use_class_finder(registry.knows)
    return registry


def process_plugins() -> PluginRegistry:
    """The plugins of this process."""
    return _process_registry


def not_found_message(name: str, installed: Iterable[Plugin], kinds: tuple[PluginKind, ...]) -> str:
    """The text for an unknown class, with what there is instead."""
    if kinds and kinds[0] in CONNECTOR_KINDS:
        available = ", ".join(sorted(plugin.name for plugin in installed if plugin.kind in kinds))
        return (
            "Failed to find any class that implements Connector and which name matches "
            f"{name}, available connectors are: {available}"
        )
    wanted = _SUFFIXES[kinds[0]] if kinds else "Plugin"
    return f"Failed to find any class that implements {wanted} and which name matches {name}"


def aliases(plugin: Plugin) -> set[str]:
    """The simple class name, and that without the suffix of its kind."""
    simple = plugin.name.rsplit(".", 1)[-1].rsplit("$", 1)[-1]
    suffix = _SUFFIXES[plugin.kind]
    pruned = simple.removesuffix(suffix)
    if plugin.kind is PluginKind.HEADER_CONVERTER and pruned == simple:
        pruned = simple.removesuffix("Converter")
    return {simple, pruned} if pruned else {simple}


def version_of(plugin: Plugin) -> str:
    """The version to list for a plugin."""
    return KAFKA_VERSION if plugin.version is None else plugin.version


_EXTRAS = {"elastic_transport": "elasticsearch", "elasticsearch": "elasticsearch", "paho": "mqtt", "google": "protobuf"}
"""Which of our extras brings a package that plugins import when they are loaded."""


def load_class(plugin: Plugin) -> Any:
    """Import a plugin's class. Raises ConnectException that says what is missing."""
    for root in reversed(plugin.roots):
        if root not in sys.path:
            sys.path.insert(0, root)
    module, _, attribute = plugin.target.partition(":")
    try:
        return getattr(importlib.import_module(module), attribute)
    except ImportError as error:
        extra = _EXTRAS.get((error.name or "").partition(".")[0])
        advice = f"pip install 'kafka-connect-worker[{extra}]'" if extra else "Is the package that it needs installed?"
        raise ConnectException(f"{plugin.name} can't be loaded: {error}. {advice}") from error
    except AttributeError as error:
        raise ConnectException(f"{plugin.name} can't be loaded: {error}") from error
