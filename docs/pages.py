"""The reference pages, as text."""

from __future__ import annotations

from connect.api import ConfigDef
from connect.plugins.builtin import PluginKind
from connect.plugins.registry import aliases, load_class
from connect.runtime.connector_config import COMMON_CONFIG, SINK_CONFIG, SOURCE_CONFIG
from docs.catalogue import Documented, docstring, documented
from docs.command_line import command_line
from docs.examples import connector_config, converter_config, transformation_config
from docs.markdown import code, fenced, json_text, settings, settings_table

COMMAND = "python -m docs.generate"
_TITLES = {
    "connector": "Connectors",
    "transformation": "Transformations",
    "predicate": "Predicates",
    "converter": "Converters",
}
_NOTES = {
    "transformation": (
        "Each also takes `predicate`, the alias of a predicate for the records that it applies to, and `negate`, which "
        "turns that round."
    )
}
_EVERY_CONNECTOR = "connector-settings.md"
_COMMAND_LINE = "command-line.md"


def reference() -> dict[str, str]:
    """All pages below ``docs/reference``: path and content."""
    items = documented()
    pages = {item.path: page(item) for item in items}
    made = {"index.md": index(items), _EVERY_CONNECTOR: connector_settings(), _COMMAND_LINE: command_line()}
    return {**made, **pages}


def index(items: list[Documented]) -> str:
    """The page that leads to all others."""
    parts = [
        "# Reference",
        f"Each plugin's promise, its settings, and an example that the tests run. Made from the code by `{COMMAND}`.",
        (
            f"Settings that every connector has: [connector settings]({_EVERY_CONNECTOR}). The command `connect`: "
            f"[command line]({_COMMAND_LINE})."
        ),
    ]
    for kind, title in _TITLES.items():
        lines = [f"- [{item.name}]({item.path}): {item.promise}" for item in items if item.kind == kind]
        parts += [f"## {title}", *filter(None, [_NOTES.get(kind)]), "\n".join(lines)]
    return _joined(parts)


def connector_settings() -> str:
    """The settings that don't depend on the connector's class."""
    parts = ["# Connector settings", "What any connector may be configured with, besides the settings of its class."]
    parts.append(settings(COMMON_CONFIG, level=2))
    for title, config in (("Source connectors", SOURCE_CONFIG), ("Sink connectors", SINK_CONFIG)):
        parts += [f"## {title}", settings_table(key for key in config if key.name not in COMMON_CONFIG)]
    return _joined(parts)


def page(item: Documented) -> str:
    """The page of one plugin."""
    parts = [f"# {item.name}", item.text, _classes(item)]
    parts += ["## Settings", _settings(item.config)]
    parts += ["## Example", *_EXAMPLES[item.kind](item)]
    return _joined(parts)


def _classes(item: Documented) -> str:
    first = item.plugins[0]
    if "$" in first.name:
        return "\n".join(f"- {code(plugin.name)}: {docstring(load_class(plugin))}" for plugin in item.plugins)
    others = sorted({plugin.name for plugin in item.plugins if plugin.target != first.target})
    if others:  # their short names would be ambiguous
        return f"Class: {code(first.name)}{_uses(item)}. With keys of their own: {', '.join(map(code, others))}."
    short = min(aliases(first), key=len)
    return f"Class: {code(first.name)}{_uses(item)}, or in short {code(short)}."


def _uses(item: Documented) -> str:
    kinds = [plugin.kind for plugin in item.plugins]
    if item.kind == "converter":
        return " (headers only)" if kinds == [PluginKind.HEADER_CONVERTER] else " (keys, values and headers)"
    return f" ({kinds[0].value})" if item.kind == "connector" else ""


def _settings(config: ConfigDef) -> str:
    return settings(config) if config.keys else "None."


def _connector_example(item: Documented) -> list[str]:
    body = {"name": item.example["name"], "config": connector_config(item)}
    return ["The body of `POST /connectors`:", fenced(json_text(body), "json")]


def _transformation_example(item: Documented) -> list[str]:
    example = item.example
    parts = ["In the connector's configuration:", fenced(json_text(transformation_config(item)), "json")]
    if "module" in example:
        parts += [f"`{example['module']['name']}.py`:", fenced(example["module"]["source"].strip(), "python")]
    parts += ["A record before:", fenced(json_text(example["input"]), "json")]
    if example["output"] is None:
        return [*parts, "It is dropped."]
    return [*parts, "The same record after:", fenced(json_text(example["output"]), "json")]


def _predicate_example(item: Documented) -> list[str]:
    return [
        "In the connector's configuration:",
        fenced(json_text(transformation_config(item)), "json"),
        "It holds for this record, which is dropped:",
        fenced(json_text(item.example["holds"]), "json"),
        "It doesn't hold for this one, which goes on:",
        fenced(json_text(item.example["fails"]), "json"),
    ]


def _converter_example(item: Documented) -> list[str]:
    example = item.example
    shown = "In the worker's or the connector's configuration:"
    parts = [shown, fenced(json_text(converter_config(item)), "json")]
    parts += ["A value:", fenced(json_text(example["value"]), "json")]
    if "text" in example:
        return [*parts, "Its bytes, as text:", fenced(example["text"])]
    return [*parts, "Its bytes, in hexadecimal:", fenced(example["hex"])]


_EXAMPLES = {
    "connector": _connector_example,
    "transformation": _transformation_example,
    "predicate": _predicate_example,
    "converter": _converter_example,
}


def _joined(parts: list[str]) -> str:
    return "\n\n".join(parts) + "\n"
