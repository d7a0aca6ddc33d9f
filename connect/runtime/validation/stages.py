"""The keys of transformations and predicates, which depend on the aliases and classes that a configuration names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from connect.api import ConfigException, NotFoundException
from connect.api.config_def import NO_DEFAULT, ConfigDef, ConfigType, Importance, Key, Width, parse_type
from connect.plugins.registry import PluginRegistry
from connect.plugins.versions import is_range, parse_range
from connect.runtime.validation.classes import PREDICATE, TRANSFORMATION, Role
from connect.runtime.validation.plugin_keys import PluginKeys

_STAGE_KEYS = ConfigDef(
    Key("predicate", ConfigType.STRING, None, "The alias of a predicate that says which records are transformed."),
    Key("negate", ConfigType.BOOLEAN, False, "Whether the records that don't match are transformed instead."),
)
_NO_KEYS = ConfigDef()


class StageKeys:
    """The keys of ``transforms.*`` and ``predicates.*`` for one configuration."""

    def __init__(self, registry: PluginRegistry, config: Mapping[str, str | None], plugin_keys: PluginKeys) -> None:
        self._registry = registry
        self._config = config
        self._plugin_keys = plugin_keys

    def keys(self) -> Iterator[Key]:
        """All of them, in the order of the aliases."""
        yield from self._keys_of("transforms", "Transforms", TRANSFORMATION, _STAGE_KEYS)
        yield from self._keys_of("predicates", "Predicates", PREDICATE, _NO_KEYS)

    def _keys_of(self, list_key: str, title: str, role: Role, common: ConfigDef) -> Iterator[Key]:
        aliases = parse_type(list_key, self._config.get(list_key), ConfigType.LIST)
        for alias in dict.fromkeys(aliases or ()):
            yield from self._keys_of_alias(f"{list_key}.{alias}.", f"{title}: {alias}", alias, role, common)

    def _keys_of_alias(self, prefix: str, group: str, alias: str, role: Role, common: ConfigDef) -> Iterator[Key]:
        class_name = self._config.get(f"{prefix}type")
        version = self._config.get(f"{prefix}plugin.version")
        yield Key(
            f"{prefix}type",
            ConfigType.CLASS,
            NO_DEFAULT,
            f"The class of the {role.name.lower()} {alias}.",
            Importance.HIGH,
            lambda _name, value: self._check(prefix, role, value),
            group,
            0,
            Width.LONG,
            f"{role.name} type for {alias}",
            recommender=self._plugin_keys.recommend_classes(role.kind),
        )
        yield self._plugin_keys.version_key(
            Key(
                f"{prefix}plugin.version",
                ConfigType.STRING,
                None,
                f"The version of the {role.name.lower()} {alias}.",
                Importance.HIGH,
                None,
                group,
                1,
                Width.LONG,
                f"{role.name} version for {alias}",
            ),
            class_name,
            role.kind,
            hide_unknown=False,
        )
        own = self._own_keys(role, class_name, version)
        if own is not None:
            unmasked = [
                key for key in own if key.name not in common and (not key.internal or prefix + key.name in self._config)
            ]
            yield from ConfigDef(*unmasked, *common).embedded(prefix, group, 2)

    def _check(self, prefix: str, role: Role, value: Any) -> None:
        negate, predicate = f"{prefix}negate", f"{prefix}predicate"
        if role is TRANSFORMATION and negate in self._config and predicate not in self._config:
            raise ConfigException(
                f"Config '{negate}' was provided but there is no config '{predicate}' "
                "defining a predicate to be negated."
            )
        if value is not None:
            version = self._config.get(f"{prefix}plugin.version")
            role.load(self._registry, value, parse_range(version) if is_range(version) else None)

    def _own_keys(self, role: Role, class_name: str | None, version: str | None) -> ConfigDef | None:
        if class_name is None:
            return None
        try:
            config: ConfigDef = role.load(self._registry, class_name, parse_range(version)).CONFIG
        except (ConfigException, NotFoundException):
            return None
        return config
