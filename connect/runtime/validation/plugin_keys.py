"""Keys that name a plugin and its version: what they default to, accept and recommend depends on what is installed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from connect.api import ConfigException, ConnectException
from connect.api.config_def import ConfigValue, Key, Recommender
from connect.plugins.builtin import PluginKind
from connect.plugins.registry import CONNECTOR_KINDS, PluginRegistry, VersionNotFound, version_of
from connect.plugins.versions import Version, is_range, parse_range
from connect.runtime.validation.classes import CONVERTER, HEADER_CONVERTER, Role


class PluginKeys:
    """Makes such keys for one configuration of a connector on one worker."""

    def __init__(self, registry: PluginRegistry, config: Mapping[str, str | None], worker: Mapping[str, str]) -> None:
        self._registry = registry
        self._config = config
        self._worker = worker

    def apply(self, key: Key) -> Key:
        """A framework key as it is here; keys that have nothing to do with plugins stay as they are."""
        match key.name:
            case "connector.plugin.version":
                return self.version_key(key, self._config.get("connector.class"), *CONNECTOR_KINDS)
            case "key.converter" | "value.converter" | "header.converter":
                return self._converter_key(key)
            case "key.converter.plugin.version" | "value.converter.plugin.version" | "header.converter.plugin.version":
                name = key.name.removesuffix(".plugin.version")
                return self.version_key(key, self._converter(name), _role(name).kind)
        return key

    def _converter(self, name: str) -> str | None:
        given = self._config.get(name)
        return self._default_converter(name) if given is None else given

    def _default_converter(self, name: str) -> str | None:
        usual = "org.apache.kafka.connect.storage.SimpleHeaderConverter" if name == "header.converter" else None
        return self._worker.get(name, usual)

    def _converter_key(self, key: Key) -> Key:
        role = _role(key.name)
        default = self._default_converter(key.name)
        if default is not None and not self._registry.knows(default):
            default = None

        def check(_name: str, value: Any) -> None:
            if value is not None and value != default:
                role.load(self._registry, value)

        return replace(key, default=default, validator=check, recommender=self.recommend_classes(role.kind))

    def check_versions(self, values: Mapping[str, ConfigValue]) -> None:
        """A converter of which the wanted version isn't there gets the same error as its version."""
        for name in ("key.converter", "value.converter", "header.converter"):
            version = f"{name}.plugin.version"
            if not values[name].errors and is_range(self._config.get(version)):
                values[name].errors += values[version].errors

    def version_key(self, key: Key, class_name: str | None, *kinds: PluginKind, hide_unknown: bool = True) -> Key:
        """The key for the version of a plugin, whose class name may be missing or unknown."""
        versions = [] if class_name is None else self._versions(class_name, *kinds)
        visible = class_name is None or not hide_unknown or self._registry.knows(class_name)

        def check(_name: str, value: Any) -> None:
            if value is not None and class_name is not None and versions:
                self._find(class_name, value, *kinds)

        return replace(
            key,
            default=versions[-1] if versions else None,
            validator=check,
            recommender=Recommender(lambda _name, _config: versions, lambda _name, _config: visible),
        )

    def _versions(self, class_name: str, *kinds: PluginKind) -> list[str]:
        try:
            found = self._registry.candidates(class_name, *kinds)
        except ConnectException:
            return []
        return sorted({version_of(plugin) for plugin in found}, key=Version)

    def recommend_classes(self, kind: PluginKind) -> Recommender:
        """Suggests all plugins of a kind."""
        names = sorted({plugin.name for plugin in self._registry.plugins if plugin.kind is kind})
        return Recommender(lambda _name, _config: names)

    def _find(self, class_name: str, version: str, *kinds: PluginKind) -> None:
        try:
            self._registry.find(class_name, *kinds, version=parse_range(version))
        except VersionNotFound as error:
            raise ConfigException(str(error)) from error


def _role(name: str) -> Role:
    return HEADER_CONVERTER if name == "header.converter" else CONVERTER
