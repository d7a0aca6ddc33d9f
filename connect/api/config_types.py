"""How the text of a configuration key is read, and written again."""

from __future__ import annotations

import enum
import re
from collections.abc import Callable
from typing import Any

from connect.api.errors import ConfigException, config_text
from connect.api.java_names import java_type_name
from connect.api.java_numbers import BLANKS, parse_double, parse_integer
from connect.api.java_text import to_java_string


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


ClassFinder = Callable[[str], bool]
"""Says whether a class can be found under a name."""

_find_class: ClassFinder = lambda _name: True  # noqa: E731  # until the worker says what is installed


def use_class_finder(finder: ClassFinder) -> None:
    """Have CLASS keys refuse names that ``finder`` doesn't know; for the whole process."""
    global _find_class
    _find_class = finder


_SEPARATOR = re.compile(r"[ \t\n\x0b\f\r]*,[ \t\n\x0b\f\r]*")
_BITS = {ConfigType.INT: 32, ConfigType.SHORT: 16, ConfigType.LONG: 64}
_EXPECTED = {
    ConfigType.INT: "a 32-bit integer",
    ConfigType.SHORT: "a 16-bit integer (short)",
    ConfigType.LONG: "a 64-bit integer (long)",
    ConfigType.DOUBLE: "a double",
    ConfigType.STRING: "a string",
    ConfigType.PASSWORD: "a string",
}


def parse_type(name: str, value: Any, type: ConfigType) -> Any:
    """Read one value; texts lose outer blanks, None stays None, a value that has the type already stays as it is.

    Raises ConfigException with Java's text when the value is not of that type.
    """
    if value is None:
        return None
    if isinstance(value, str):
        return _parse_text(name, value, type)
    if _has_type(value, type):
        return float(value) if type is ConfigType.DOUBLE else value
    shown = to_java_string(value)
    match type:
        case ConfigType.BOOLEAN:
            raise ConfigException(name, shown, "Expected value to be either true or false")
        case ConfigType.LIST:
            raise ConfigException(name, shown, "Expected a comma separated list.")
        case ConfigType.CLASS:
            raise ConfigException(name, shown, "Expected a Class instance or class name.")
    found = java_type_name(value)
    raise ConfigException(name, shown, f"Expected value to be {_EXPECTED[type]}, but it was a {found}")


def _has_type(value: Any, type: ConfigType) -> bool:
    if type in _BITS:
        half = 1 << (_BITS[type] - 1)
        return isinstance(value, int) and not isinstance(value, bool) and -half <= value < half
    match type:
        case ConfigType.BOOLEAN:
            return isinstance(value, bool)
        case ConfigType.DOUBLE:
            return isinstance(value, int | float) and not isinstance(value, bool)
        case ConfigType.LIST:
            return isinstance(value, list)
        case ConfigType.PASSWORD:
            return isinstance(value, Password)
    return False


def _parse_text(name: str, value: str, type: ConfigType) -> Any:
    text = value.strip(BLANKS)
    match type:
        case ConfigType.BOOLEAN:
            if text.lower() not in ("true", "false"):
                raise ConfigException(name, value, "Expected value to be either true or false")
            return text.lower() == "true"
        case ConfigType.LIST:
            return _SEPARATOR.split(text) if text else []
        case ConfigType.PASSWORD:
            return Password(text)
        case ConfigType.CLASS:
            if not _find_class(text):
                raise ConfigException(name, value, f"Class {value} could not be found.")
            return text
        case ConfigType.STRING:
            return text
    number = parse_double(text) if type is ConfigType.DOUBLE else parse_integer(text, _BITS[type])
    if number is None:
        raise ConfigException(name, value, f"Not a number of type {type.value}")
    return number


def convert_to_string(value: Any, type: ConfigType | None) -> str | None:
    """A parsed value as text again; passwords stay hidden, None stays None."""
    if value is None:
        return None
    if type is ConfigType.LIST:
        return ",".join(map(config_text, value))
    return config_text(value)
