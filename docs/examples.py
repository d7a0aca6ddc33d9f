"""What the ``EXAMPLE`` of a plugin's class means, and how it is run.

All values are JSON. A key, value or header that is an object of ``schema`` and ``payload`` has that schema, written as
JsonConverter writes it; any other has none.

* A transformation has ``config`` (its own settings), the record ``input`` and the record ``output``, which is None
  where the record is dropped. ``predicates`` configures those that ``config`` refers to, by alias; ``module`` is the
  ``source`` of a Python module to import by ``name``.
* A predicate has ``config``, a record for which it ``holds`` and one for which it ``fails``.
* A converter has ``config``, a ``value``, and its bytes as ``text`` or as ``hex``.
* A connector has a ``name`` and a ``config``.
"""

from __future__ import annotations

import json
import sys
import types
from typing import Any

from connect.api import Headers, SchemaAndValue, SinkRecord
from connect.api.transformation import single
from connect.plugins.builtin import PluginKind
from connect.plugins.registry import PluginRegistry
from connect.runtime.conversion import Converters
from connect.runtime.plugins_of_task import make_chain, make_converters
from converters.json import JsonConverter
from docs.catalogue import Documented

Json = dict[str, Any]
_TOPIC_OF_EXAMPLES = "ratings"


def connector_config(item: Documented) -> dict[str, str]:
    """The configuration that the page of a connector shows."""
    return {"connector.class": item.plugins[0].name, "tasks.max": "1", **item.example["config"]}


def transformation_config(item: Documented) -> dict[str, str]:
    """The part of a connector's configuration that the page of a transformation or predicate shows."""
    if item.kind == "predicate":
        name = "org.apache.kafka.connect.transforms.Filter"
        predicates = {_alias(item.name): {"type": item.plugins[0].name, **item.example["config"]}}
        return _stage("drop", {"type": name, "predicate": _alias(item.name)}, predicates)
    example = item.example
    settings = {"type": item.plugins[-1].name, **example["config"]}
    return _stage(_alias(item.name), settings, example.get("predicates", {}))


def converter_config(item: Documented) -> dict[str, str]:
    """The part of a configuration that the page of a converter shows."""
    part = "header" if item.plugins[0].kind is PluginKind.HEADER_CONVERTER else "value"
    settings = {f"{part}.converter.{key}": value for key, value in item.example["config"].items()}
    return {f"{part}.converter": item.plugins[0].name, **settings}


def transform(config: dict[str, str], record: Json) -> Json | None:
    """The record after the transformation that is configured."""
    chain = make_chain(PluginRegistry(), {"name": "example", "connector.class": "any", **config})
    made = [_plain(changed) for batch in chain.apply(single(_record_of(record))) for changed in batch.records()]
    return made[0] if made else None


def convert(item: Documented) -> bytes | None:
    """The bytes of a converter's example."""
    converters = _converters(item)
    schema, value = _read(item.example["value"])
    if "header.converter" in converter_config(item):
        return converters.header.from_connect_header(_TOPIC_OF_EXAMPLES, "h", schema, value)
    return converters.value.from_connect_data(_TOPIC_OF_EXAMPLES, schema, value)


def convert_back(item: Documented) -> Any:
    """The value that is read from the bytes of a converter's example."""
    converters = _converters(item)
    data = example_bytes(item)
    if "header.converter" in converter_config(item):
        return converters.header.to_connect_header(_TOPIC_OF_EXAMPLES, "h", data).value
    return converters.value.to_connect_data(_TOPIC_OF_EXAMPLES, data).value


def example_bytes(item: Documented) -> bytes:
    """The bytes that a converter's example promises."""
    example = item.example
    return str(example["text"]).encode() if "text" in example else bytes.fromhex(example["hex"])


def provide_module(item: Documented) -> None:
    """Make the Python module of an example importable."""
    module = item.example.get("module")
    if module is not None:
        made = types.ModuleType(module["name"])
        exec(module["source"], made.__dict__)  # noqa: S102  # the example's own source
        sys.modules[module["name"]] = made


def _converters(item: Documented) -> Converters:
    string = "org.apache.kafka.connect.storage.StringConverter"
    return make_converters(
        PluginRegistry(), converter_config(item), {"key.converter": string, "value.converter": string}
    )


def _alias(name: str) -> str:
    return name[0].lower() + name[1:]


def _stage(alias: str, settings: dict[str, str], predicates: dict[str, dict[str, str]]) -> dict[str, str]:
    config = {"transforms": alias}
    config |= {f"transforms.{alias}.{key}": value for key, value in settings.items()}
    if predicates:
        config["predicates"] = ",".join(predicates)
    for name, keys in predicates.items():
        config |= {f"predicates.{name}.{key}": value for key, value in keys.items()}
    return config


def _record_of(plain: Json) -> SinkRecord:
    key, value = _read(plain.get("key")), _read(plain.get("value"))
    headers = Headers()
    for name, content in plain.get("headers", {}).items():
        header = _read(content)
        headers.add(name, header.value, header.schema)
    return SinkRecord(
        plain.get("topic"),
        plain.get("partition", 0),
        plain.get("offset", 0),
        key_schema=key.schema,
        key=key.value,
        value_schema=value.schema,
        value=value.value,
        timestamp=plain.get("timestamp"),
        headers=headers,
    )


def _plain(record: Any) -> Json:
    """A record as examples write it; members that are null are left out, and the coordinates that nothing changes."""
    members = {
        "topic": record.topic,
        "key": _write(record.key_schema, record.key),
        "value": _write(record.value_schema, record.value),
        "timestamp": record.timestamp,
        "headers": {header.key: _write(None, header.value) for header in record.headers} or None,
    }
    return {name: value for name, value in members.items() if value is not None}


def _json(with_schema: bool) -> JsonConverter:
    converter = JsonConverter()
    converter.configure({"schemas.enable": str(with_schema).lower()}, is_key=False)
    return converter


def _read(plain: Any) -> SchemaAndValue:
    with_schema = isinstance(plain, dict) and set(plain) == {"schema", "payload"}
    return _json(with_schema).to_connect_data(None, json.dumps(plain).encode())


def _write(schema: Any, value: Any) -> Any:
    data = _json(schema is not None).from_connect_data(None, schema, value)
    return None if data is None else json.loads(data)
