"""JSON as Java's JsonConverter writes it without schemas, byte for byte, and reads it.

Compact; members in the order given; characters beyond the basic plane as two upper-case escapes; doubles as Java
prints them; bytes in Base64.
"""

from __future__ import annotations

import base64
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from connect.api.java_numbers import double_text

_ESCAPES = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_SPECIAL = re.compile('[\x00-\x1f"\\\\\ud800-\udfff\U00010000-\U0010ffff]')


def dumps(value: Any) -> bytes:
    """The value's JSON. Raises TypeError for what JSON can't hold."""
    return _encode(value).encode()


def loads(text: bytes) -> Any:
    """The JSON's value. Raises ValueError when it isn't JSON."""
    return orjson.loads(text)


def _encode(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            return _text(value)
        case int():
            return str(int(value))
        case float():
            return double_text(value) if math.isfinite(value) else f'"{double_text(value)}"'
        case bytes() | bytearray() | memoryview():
            return f'"{base64.b64encode(value).decode()}"'
        case Mapping():
            return "{" + ",".join(f"{_text(key)}:{_encode(item)}" for key, item in value.items()) + "}"
        case Sequence():
            return "[" + ",".join(map(_encode, value)) + "]"
    raise TypeError(f"{type(value).__name__} can't be written as JSON")


def _text(text: str) -> str:
    return f'"{_SPECIAL.sub(_escape, text)}"'


def _escape(match: re.Match[str]) -> str:
    character = match.group()
    if character in _ESCAPES:
        return _ESCAPES[character]
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at] << 8 | units[at + 1]:04X}" for at in range(0, len(units), 2))
