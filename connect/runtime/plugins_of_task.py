"""The plugin instances of a task, made from its configuration: converters, transformations, predicates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connect.api import ConfigException, Converter, HeaderConverter, Predicate, Task, Transformation
from connect.plugins.builtin import PluginKind
from connect.plugins.registry import CONNECTOR_KINDS, PluginRegistry, version_of
from connect.runtime.connector_config import COMMON_CONFIG, with_prefix
from connect.runtime.conversion import Converters
from connect.runtime.transformations import TransformationChain, TransformationStage

_DEFAULT_HEADER_CONVERTER = "org.apache.kafka.connect.storage.SimpleHeaderConverter"


def make_converters(registry: PluginRegistry, connector: Mapping[str, str], worker: Mapping[str, str]) -> Converters:
    """The converters of a connector where it names them, else the worker's. Raises ConfigException."""
    key, key_class = _make_converter(registry, connector, worker, "key")
    value, value_class = _make_converter(registry, connector, worker, "value")
    header_class, settings = _converter_settings(connector, worker, "header")
    header = registry.load(header_class, PluginKind.HEADER_CONVERTER, PluginKind.CONVERTER)()
    if not isinstance(header, HeaderConverter):
        raise ConfigException("header.converter", header_class, "it can't convert headers")
    header.configure_header({**settings, "converter.type": "header"})
    return Converters(key, value, header, key_class, value_class, header_class)


def _make_converter(
    registry: PluginRegistry, connector: Mapping[str, str], worker: Mapping[str, str], part: str
) -> tuple[Converter, str]:
    name, settings = _converter_settings(connector, worker, part)
    converter: Converter = registry.load(name, PluginKind.CONVERTER)()
    converter.configure({**settings, "converter.type": part}, part == "key")
    return converter, name


def _converter_settings(
    connector: Mapping[str, str], worker: Mapping[str, str], part: str
) -> tuple[str, dict[str, str]]:
    """The class name and its settings; a connector that names no class gets the worker's class *and* settings."""
    name = f"{part}.converter"
    for properties in (connector, worker):
        if properties.get(name):
            return properties[name], with_prefix(properties, f"{name}.")
    if part == "header":
        return _DEFAULT_HEADER_CONVERTER, {}
    raise ConfigException(f'Missing required configuration "{name}" which has no default value.')


def make_chain(registry: PluginRegistry, config: Mapping[str, str]) -> TransformationChain:
    """The transformations of a connector, configured, in order. Raises ConfigException, ConnectException."""
    parsed = COMMON_CONFIG.parse(config)
    return TransformationChain([_make_stage(registry, config, alias) for alias in parsed["transforms"]])


def _make_stage(registry: PluginRegistry, config: Mapping[str, str], alias: str) -> TransformationStage:
    prefix = f"transforms.{alias}."
    settings = with_prefix(config, prefix)
    name = settings.get("type")
    if not name:
        raise ConfigException(f'Missing required configuration "{prefix}type" which has no default value.')
    transformation: Transformation = registry.load(name, PluginKind.TRANSFORMATION)()
    predicate_alias = settings.pop("predicate", None)
    negate = settings.pop("negate", "false").lower() == "true"
    transformation.configure(_own(settings))
    predicate = None if predicate_alias is None else _make_predicate(registry, config, predicate_alias)
    return TransformationStage(alias, transformation, name, predicate, negate)


def _make_predicate(registry: PluginRegistry, config: Mapping[str, str], alias: str) -> Predicate:
    settings = with_prefix(config, f"predicates.{alias}.")
    name = settings.get("type")
    if not name:
        raise ConfigException(f'Missing required configuration "predicates.{alias}.type" which has no default value.')
    predicate: Predicate = registry.load(name, PluginKind.PREDICATE)()
    predicate.configure(_own(settings))
    return predicate


def _own(settings: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in settings.items() if key not in ("type", "plugin.version")}


def task_facts(
    registry: PluginRegistry, connector: Mapping[str, str], worker: Mapping[str, str], task: Task
) -> dict[str, Any]:
    """Classes and versions as metrics show them; ``transforms`` and ``predicates`` list aliases, classes and versions.

    Raises ConfigException.
    """
    found = registry.find(connector["connector.class"], *CONNECTOR_KINDS)
    facts: dict[str, Any] = {
        "connector-type": found.kind.value,
        "connector-class": found.name,
        "connector-version": version_of(found) or "",
        "task-class": task.JAVA_CLASS or f"{type(task).__module__}.{type(task).__qualname__}",
        "task-version": task.VERSION or version_of(found) or "",
    }
    for part in ("key", "value", "header"):
        name, _ = _converter_settings(connector, worker, part)
        kinds = (PluginKind.HEADER_CONVERTER, PluginKind.CONVERTER) if part == "header" else (PluginKind.CONVERTER,)
        facts |= _class_and_version(registry, f"{part}-converter", name, *kinds)
    parsed = COMMON_CONFIG.parse(connector)
    for key, kind in (("transforms", PluginKind.TRANSFORMATION), ("predicates", PluginKind.PREDICATE)):
        facts[key] = []
        for alias in parsed[key]:
            named = _class_and_version(registry, "plugin", connector.get(f"{key}.{alias}.type", ""), kind)
            facts[key].append((alias, *named.values()))
    return facts


def _class_and_version(registry: PluginRegistry, what: str, name: str, *kinds: PluginKind) -> dict[str, str]:
    plugin = registry.find(name, *kinds)
    return {f"{what}-class": plugin.name, f"{what}-version": version_of(plugin) or ""}
