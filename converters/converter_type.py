"""The setting that converters share: whether one is for keys, values or headers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connect.api import ConfigException, ConfigType, Importance, Key


@dataclass(frozen=True, slots=True)
class OneOf:
    """Accepts a value that is among ``choices``, in any case where ``ignore_case`` is set."""

    choices: tuple[str, ...]
    ignore_case: bool = False

    def __call__(self, name: str, value: Any) -> None:
        text = value.upper() if self.ignore_case and value is not None else value
        if text not in self.choices:
            hint = " (case insensitive)" if self.ignore_case else ""
            raise ConfigException(name, value, f"String must be one of{hint}: {', '.join(self.choices)}")

    def __str__(self) -> str:
        return f"{'(case insensitive) ' if self.ignore_case else ''}[{', '.join(self.choices)}]"


CONVERTER_TYPE = Key(
    "converter.type",
    ConfigType.STRING,
    doc="What the converter is used for; set by the worker.",
    importance=Importance.LOW,
    validator=OneOf(("key", "value", "header")),
)


def for_data(config: Mapping[str, Any], is_key: bool) -> dict[str, Any]:
    """The settings of a key or value converter."""
    return {**config, CONVERTER_TYPE.name: "key" if is_key else "value"}


def for_headers(config: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of a header converter."""
    return {CONVERTER_TYPE.name: "header", **config}
