"""Configuration keys: one declaration feeds parsing, validation over REST, documentation and defaults."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from connect.api.errors import ConfigException


class ConfigType(enum.Enum):
    """How a key's text is read. Values in Python: bool, str, int, int, int, float, list of str, str, Password."""

    BOOLEAN = "BOOLEAN"
    STRING = "STRING"
    INT = "INT"
    SHORT = "SHORT"
    LONG = "LONG"
    DOUBLE = "DOUBLE"
    LIST = "LIST"
    CLASS = "CLASS"
    PASSWORD = "PASSWORD"  # noqa: S105  # a type's name


class Importance(enum.Enum):
    """How much a user needs to know about a key."""

    HIGH = "HIGH"
    MEDIUM = "MEDIUM"
    LOW = "LOW"


class Width(enum.Enum):
    """A hint for forms."""

    NONE = "NONE"
    SHORT = "SHORT"
    MEDIUM = "MEDIUM"
    LONG = "LONG"


class Password:
    """A secret: shown as ``[hidden]``; ``.value`` is the text."""

    __slots__ = ("value",)

    def __init__(self, value: str) -> None:
        self.value = value

    def __repr__(self) -> str:
        return "[hidden]"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Password) and self.value == other.value

    def __hash__(self) -> int:
        return hash(self.value)


class _NoDefault:
    def __repr__(self) -> str:
        return "NO_DEFAULT"


NO_DEFAULT: Final = _NoDefault()
"""The default of a key that must be given."""

Validator = Callable[[str, Any], None]
"""``(name, value)``; raises ConfigException when the value won't do. Its ``str()`` is shown in the documentation."""


@dataclass(frozen=True, slots=True)
class Recommender:
    """Suggests values for a key and says whether it matters, given all the parsed values so far."""

    valid_values: Callable[[str, Mapping[str, Any]], Sequence[Any]] = lambda _name, _config: ()
    visible: Callable[[str, Mapping[str, Any]], bool] = lambda _name, _config: True


@dataclass(frozen=True, slots=True)
class Key:
    """One configuration key."""

    name: str
    type: ConfigType
    default: Any = NO_DEFAULT
    doc: str = ""
    importance: Importance = Importance.MEDIUM
    validator: Validator | None = None
    group: str | None = None
    order_in_group: int = -1
    width: Width = Width.NONE
    display_name: str | None = None
    dependents: tuple[str, ...] = ()
    recommender: Recommender | None = None
    internal: bool = False

    @property
    def required(self) -> bool:
        """True when the key has no default."""
        return self.default is NO_DEFAULT


@dataclass(slots=True)
class ConfigValue:
    """What validation found about one key: the parsed value (None when unreadable), suggestions, error texts."""

    name: str
    value: Any = None
    recommended_values: list[Any] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    visible: bool = True


class ConfigDef:
    """An ordered set of keys."""

    def __init__(self, *keys: Key) -> None:
        self.keys: dict[str, Key] = {key.name: key for key in keys}

    def __iter__(self) -> Iterator[Key]:
        return iter(self.keys.values())

    def __contains__(self, name: object) -> bool:
        return name in self.keys

    def __or__(self, other: ConfigDef) -> ConfigDef:
        """The keys of both, in order; a key in both is an error of the programmer."""
        twice = self.keys.keys() & other.keys.keys()
        if twice:
            raise ConfigException(f"Configuration {sorted(twice)[0]} is defined twice.")
        return ConfigDef(*self, *other)

    def parse(self, properties: Mapping[str, Any]) -> dict[str, Any]:
        """Read all keys of this definition from ``properties``; unknown properties are left out.

        Raises ConfigException for a missing key without default, an unreadable value or one that its validator refuses.
        """
        return {key.name: self._parse_key(key, properties) for key in self}

    def validate(self, properties: Mapping[str, Any]) -> list[ConfigValue]:
        """Read every key and collect what is wrong with it, in order of definition; never raises for bad input."""
        values = []
        for key in self:
            value = ConfigValue(key.name)
            try:
                value.value = self._parse_key(key, properties)
            except ConfigException as error:
                value.errors.append(str(error))
            values.append(value)
        return values

    def _parse_key(self, key: Key, properties: Mapping[str, Any]) -> Any:
        if key.name in properties:
            value = parse_type(key.name, properties[key.name], key.type)
        elif key.default is NO_DEFAULT:
            raise ConfigException(f'Missing required configuration "{key.name}" which has no default value.')
        else:
            value = parse_type(key.name, key.default, key.type)
        if key.validator is not None:
            key.validator(key.name, value)
        return value


def parse_type(name: str, value: Any, type: ConfigType) -> Any:
    """Read one value. Raises ConfigException with Java's text when it is not of that type."""
    text = value.strip() if isinstance(value, str) else value
    if text is None:
        return None
    match type:
        case ConfigType.BOOLEAN:
            if isinstance(text, bool):
                return text
            if isinstance(text, str) and text.lower() in ("true", "false"):
                return text.lower() == "true"
            raise ConfigException(name, value, "Expected value to be either true or false")
        case ConfigType.INT | ConfigType.SHORT | ConfigType.LONG | ConfigType.DOUBLE:
            try:
                return float(text) if type is ConfigType.DOUBLE else int(text)
            except ValueError:
                raise ConfigException(name, value, f"Not a number of type {type.value}") from None
        case ConfigType.LIST:
            if isinstance(text, list):
                return text
            return [part.strip() for part in text.split(",")] if text else []
        case ConfigType.PASSWORD:
            return text if isinstance(text, Password) else Password(text)
        case _:
            return text
