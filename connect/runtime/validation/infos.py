"""What ``/validate`` answers: definitions of keys and what was found about their values."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from connect.api.config_def import ConfigType, ConfigValue, Key, convert_to_string
from connect.api.validators import java_hash_order
from connect.plugins.registry import PluginRegistry

Json = dict[str, Any]


@dataclass(slots=True)
class Section:
    """A part of the answer: its groups in the order of their first use, its entries, the errors in them."""

    groups: list[str] = field(default_factory=list)
    configs: list[Json] = field(default_factory=list)
    error_count: int = 0


class InfoWriter:
    """Writes keys and values as REST shows them; classes go by their full names."""

    def __init__(self, registry: PluginRegistry, given: Collection[str] = ()) -> None:
        """``given``: the keys of the configuration; internal keys are only shown when they are among them."""
        self._registry = registry
        self._given = given

    def is_shown(self, key: Key) -> bool:
        """Whether a key appears at all."""
        return not key.internal or key.name in self._given

    def definition(self, key: Key, prefix: str = "") -> Json:
        """A key; under a prefix only its name changes."""
        described = key.describe()
        described["name"] = prefix + key.name
        if key.type is ConfigType.CLASS and described["default_value"] is not None:
            described["default_value"] = self._registry.canonical(described["default_value"])
        return described

    def value(self, found: ConfigValue, type: ConfigType | None, prefix: str = "") -> Json:
        """A value with suggestions and errors; ``type`` is None for a key that nobody knows."""
        return {
            "name": prefix + found.name,
            "value": self._text(found.value, type),
            "recommended_values": [self._text(value, type) for value in found.recommended_values],
            "errors": list(found.errors),
            "visible": found.visible,
        }

    def connector_section(
        self, keys: Mapping[str, Key], values: Iterable[ConfigValue], groups: Sequence[str]
    ) -> Section:
        """The connector's own part: values that nobody knows come first, then all keys in order."""
        by_name = {value.name: value for value in values}
        section = Section(groups=list(groups))
        for value in by_name.values():
            if value.name not in keys:
                section.configs.append({"definition": None, "value": self.value(value, None)})
        for name, key in keys.items():
            if not self.is_shown(key):
                continue
            found = by_name.get(name, ConfigValue(name))
            section.configs.append({"definition": self.definition(key), "value": self.value(found, key.type)})
        section.error_count = sum(len(value.errors) for value in by_name.values())
        return section

    def prefixed_section(self, keys: Mapping[str, Key], values: Iterable[ConfigValue], prefix: str) -> Section:
        """The part of a converter or client, whose keys stand under a prefix. Counts values with errors.

        Its order, and that of its groups, is that of a Java HashMap.
        """
        section = Section()
        by_name = {value.name: value for value in values}
        for value in map(by_name.__getitem__, java_hash_order(by_name)):
            key = keys.get(value.name)
            if key is not None and key.group is not None and key.group not in section.groups:
                section.groups.append(key.group)
            definition = None if key is None else self.definition(key, prefix)
            shown = self.value(value, None if key is None else key.type, prefix)
            section.configs.append({"definition": definition, "value": shown})
            section.error_count += bool(value.errors)
        return section

    def _text(self, value: Any, type: ConfigType | None) -> str | None:
        text = convert_to_string(value, type)
        return self._registry.canonical(text) if type is ConfigType.CLASS and text is not None else text


def merge(name: str, sections: Iterable[Section]) -> Json:
    """The whole answer."""
    parts = list(sections)
    return {
        "name": name,
        "error_count": sum(part.error_count for part in parts),
        "groups": list(dict.fromkeys(group for part in parts for group in part.groups)),
        "configs": [config for part in parts for config in part.configs],
    }
