"""Reads the bodies of requests as Kafka Connect does: what doesn't fit is told in the words of its JSON library."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any, NoReturn

from connect.api import ConnectException

_TOKEN = re.compile(r"[^\s,:\[\]{}\"]+")
_SURROGATES = re.compile("[\ud800-\udfff]")
_LITERALS = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')"
CONFIG_TYPE = "java.util.LinkedHashMap<java.lang.String,java.lang.String>"


class BadBody(ConnectException):
    """The body is not what the resource takes; answered with 500, as Kafka Connect does."""


class RawNumber(str):
    """A number as it was written; configurations keep it as text."""

    __slots__ = ()


def _refuse_constant(name: str) -> NoReturn:
    raise BadBody(f"Non-standard token '{name}': enable `JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS` to allow")


_TEXTUAL = json.JSONDecoder(parse_int=RawNumber, parse_float=RawNumber, parse_constant=_refuse_constant)
_NUMERIC = json.JSONDecoder(parse_constant=_refuse_constant)


def parse_texts(body: bytes) -> Any:
    """The first JSON document of a body, numbers as text; None for an empty body. Raises BadBody."""
    return _parse(body, _TEXTUAL.raw_decode)


def parse_values(body: bytes) -> Any:
    """The first JSON document of a body; None for an empty body. Raises BadBody."""
    return _parse(body, _NUMERIC.raw_decode)


def _parse(body: bytes, decode: Callable[[str], tuple[Any, int]]) -> Any:
    try:
        text = body.decode().lstrip(" \t\r\n")
    except UnicodeDecodeError as error:
        raise BadBody(f"Invalid UTF-8 byte 0x{body[error.start]:x}") from None
    if not text:
        return None
    try:
        document, _ = decode(text)
    except json.JSONDecodeError as error:
        raise BadBody(_syntax_error(text, error)) from None
    except RecursionError:
        raise BadBody("Document nesting depth exceeds the maximum allowed") from None
    return _well_formed(document) if "\\u" in text else document


def _syntax_error(text: str, error: json.JSONDecodeError) -> str:
    rest = text[error.pos :].lstrip(" \t\r\n")
    if not rest or error.msg.startswith("Unterminated"):
        return "Unexpected end-of-input: the document is not complete"
    token = _TOKEN.match(rest)
    if error.msg == "Expecting value" and token is not None:
        return f"Unrecognized token '{token.group()[:50]}': was expecting {_LITERALS}"
    return f"Unexpected character ('{rest[0]}' (code {ord(rest[0])})): {error.msg}"


def _well_formed(value: Any) -> Any:
    """Halves of surrogate pairs become question marks, as when Java writes them."""
    if isinstance(value, str):
        return type(value)(_SURROGATES.sub("?", value))
    if isinstance(value, list):
        return [_well_formed(item) for item in value]
    if isinstance(value, dict):
        return {_well_formed(key): _well_formed(item) for key, item in value.items()}
    return value


def config_of(value: Any) -> dict[str, str | None]:
    """A configuration: an object of texts; numbers and booleans become texts. Raises BadBody."""
    if value is None:
        raise BadBody("The configuration must not be null")
    if not isinstance(value, dict):
        raise mismatch(CONFIG_TYPE, value)
    return {key: text_of(item) for key, item in value.items()}


def text_of(value: Any) -> str | None:
    """A text, or what becomes one. Raises BadBody."""
    if isinstance(value, bool):
        return str(value).lower()
    if value is None or isinstance(value, str):
        return None if value is None else str(value)
    raise mismatch("java.lang.String", value)


def object_of(value: Any, java_class: str, *fields: str) -> dict[str, Any]:
    """An object with no other members than those. Raises BadBody."""
    if value is None:
        raise BadBody("The request's body must not be null")
    if not isinstance(value, dict):
        raise mismatch(java_class, value)
    for field in value:
        if field not in fields:
            known = ", ".join(f'"{name}"' for name in fields)
            count = "one known property" if len(fields) == 1 else f"{len(fields)} known properties"
            raise BadBody(
                f'Unrecognized field "{field}" (class {java_class}), not marked as ignorable ({count}: {known})'
            )
    return value


def mismatch(java_type: str, value: Any) -> BadBody:
    """The error for a JSON value where an object of a Java type is expected."""
    if isinstance(value, RawNumber):
        kind, token = "Integer", "VALUE_NUMBER_INT"
    elif isinstance(value, str):
        raw = java_type.partition("<")[0]
        return BadBody(
            f"Cannot construct instance of `{raw}` (although at least one Creator exists): "
            f"no String-argument constructor/factory method to deserialize from String value ('{value[:200]}')"
        )
    elif isinstance(value, bool):
        kind, token = "Boolean", f"VALUE_{str(value).upper()}"
    elif isinstance(value, list):
        kind, token = "Array", "START_ARRAY"
    elif isinstance(value, dict):
        kind, token = "Object", "START_OBJECT"
    elif isinstance(value, int):
        kind, token = "Integer", "VALUE_NUMBER_INT"
    else:
        kind, token = "Floating-point", "VALUE_NUMBER_FLOAT"
    return BadBody(f"Cannot deserialize value of type `{java_type}` from {kind} value (token `JsonToken.{token}`)")
