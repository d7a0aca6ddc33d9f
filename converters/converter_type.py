"""The setting that converters share: whether one is for keys, values or headers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connect.api import ConfigType, Importance, Key
from connect.api.validators import ValidString

CONVERTER_TYPE = Key(
    "converter.type",
    ConfigType.STRING,
    doc="What the converter is used for; set by the worker.",
    importance=Importance.LOW,
    validator=ValidString("key", "value", "header"),
)


def for_data(config: Mapping[str, Any], is_key: bool) -> dict[str, Any]:
    """The settings of a key or value converter."""
    return {**config, CONVERTER_TYPE.name: "key" if is_key else "value"}


def for_headers(config: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of a header converter."""
    return {CONVERTER_TYPE.name: "header", **config}
