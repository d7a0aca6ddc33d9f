"""A record's value as a message's payload, and the MQTT topic that a record goes to."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import orjson

from connect.api import ConfigException, DataException, RecordBatch, Schema, Struct, to_value
from connect.api.java_text import to_java_string

_PLACEHOLDER = re.compile(r"\$\{([^}]*)\}")
_LONGEST_TOPIC = 65_535


def payload(value: Any, schema: Schema | None, *, json: bool) -> bytes:
    """The bytes to publish; a null is an empty message, which clears a retained one.

    Raises DataException for what is neither bytes nor text, unless ``json`` lets it be written as JSON.
    """
    if value is None:
        return b""
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value)
    if isinstance(value, str):
        return value.encode()
    if json:
        return orjson.dumps(_plain(value), option=orjson.OPT_NON_STR_KEYS, default=_text)
    kind = schema.type.name if schema is not None else type(value).__name__
    raise DataException(f"Values must be BYTES or STRING to be published, not {kind}: use a converter that gives them")


def _plain(value: Any) -> Any:
    if isinstance(value, Struct):
        return {field.name: _plain(value.get(field)) for field in value.schema.fields}
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value


def _text(value: Any) -> str:
    return to_java_string(value)


Target = Callable[[RecordBatch, int], str]
"""From a record of a batch to the MQTT topic that it goes to. Raises DataException."""


def target(key: str, template: str) -> Target:
    """The function behind a text with ``${topic}``, ``${key}``, ``${key.field}`` and ``${value.field}``.

    Raises ConfigException.
    """
    parts = _PLACEHOLDER.split(template)
    for name in parts[1::2]:
        if name not in ("topic", "key") and not re.fullmatch(r"(key|value)\..+", name):
            raise ConfigException(key, template, f"Unknown placeholder ${{{name}}}")
    if re.search(r"[+#\0]", "".join(parts[::2])):
        raise ConfigException(key, template, "A topic that is published to has no wildcards")
    if len(parts) == 1:
        return lambda _batch, _index: template
    if parts == ["", "topic", ""]:
        return lambda batch, _index: batch.topic or ""
    return lambda batch, index: _filled(parts, batch, index)


def _filled(parts: list[str], batch: RecordBatch, index: int) -> str:
    texts = [part if place % 2 == 0 else _part(part, batch, index) for place, part in enumerate(parts)]
    topic = "".join(texts)
    if not topic or re.search(r"[+#\0]", topic) or len(topic.encode()) > _LONGEST_TOPIC:
        raise DataException(f"'{topic}' is no topic that can be published to")
    return topic


def _part(name: str, batch: RecordBatch, index: int) -> str:
    if name == "topic":
        return batch.topic or ""
    side, _, path = name.partition(".")
    if side == "key":
        found = to_value(batch.key_schema, None if batch.keys is None else batch.keys[index])
    else:
        found = to_value(batch.value_schema, batch.values[index])
    for step in filter(None, path.split(".")):
        found = _member(found, step, name)
    if found is None:
        raise DataException(f"The record has no {name}, of which its MQTT topic is made")
    return found.decode() if isinstance(found, bytes) else to_java_string(found)


def _member(value: Any, step: str, name: str) -> Any:
    if isinstance(value, Struct) and value.schema.field(step) is not None:
        return value.get(step)
    if isinstance(value, dict):
        return value.get(step)
    raise DataException(f"The record has no {name}, of which its MQTT topic is made")
