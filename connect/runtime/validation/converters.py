"""The settings of the converters that a connector names itself: they are judged by the converters' own definitions."""

from __future__ import annotations

from collections.abc import Mapping

from connect.api import ConfigException
from connect.api.config_def import ConfigDef, ConfigValue
from connect.plugins.registry import PluginRegistry
from connect.plugins.versions import parse_range
from connect.runtime.connector_config import with_prefix
from connect.runtime.validation.classes import CONVERTER, HEADER_CONVERTER
from connect.runtime.validation.infos import InfoWriter, Section

PARTS = ("header", "key", "value")


def converter_sections(
    config: Mapping[str, str | None],
    values: Mapping[str, ConfigValue],
    registry: PluginRegistry,
    writer: InfoWriter,
) -> list[Section]:
    """The parts for header, key and value converter, where the connector names one and nothing is wrong with it.

    ``values`` are what was found about the framework's keys; a class that can't be used adds an error there.
    """
    sections = []
    for part in PARTS:
        name = f"{part}.converter"
        if config.get(name) is None or values[name].errors or values[f"{name}.plugin.version"].errors:
            continue
        section = _section(part, config, values[name], registry, writer)
        if section is not None:
            sections.append(section)
    return sections


def _section(
    part: str,
    config: Mapping[str, str | None],
    found: ConfigValue,
    registry: PluginRegistry,
    writer: InfoWriter,
) -> Section | None:
    name = f"{part}.converter"
    given = {key: value for key, value in config.items() if value is not None}
    role = HEADER_CONVERTER if part == "header" else CONVERTER
    try:
        converter = role.load(registry, given[name], parse_range(given.get(f"{name}.plugin.version")))
    except ConfigException as error:
        found.errors.append(f"Failed to load class {given[name]}: {error}")
        return None
    definition: ConfigDef = converter.CONFIG
    settings = {"converter.type": part} | with_prefix(given, f"{name}.")
    return writer.prefixed_section(definition.keys, definition.validate(settings), f"{name}.")
