"""Reads the bodies of requests as Kafka Connect does: what doesn't fit is told in the words of its JSON library."""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn

from connect.api import ConnectException
from connect.rest.json_errors import syntax_error

_SURROGATES = re.compile("[\ud800-\udfff]")
_BLANKS = " \t\r\n"
_LIST = "java.util.ArrayList"
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


def parse_texts(body: bytes, java_type: str = CONFIG_TYPE) -> Any:
    """The JSON document that a body is, numbers as text; None for an empty body. Raises BadBody.

    ``java_type`` is what the resource takes: what begins as something else is told before any error behind it.
    """
    return _parse(body, _TEXTUAL, java_type)


def parse_values(body: bytes, java_type: str) -> Any:
    """The same, numbers as numbers. Raises BadBody."""
    return _parse(body, _NUMERIC, java_type)


def _parse(body: bytes, decoder: json.JSONDecoder, java_type: str) -> Any:
    try:
        text = body.decode().lstrip(_BLANKS)
    except UnicodeDecodeError as error:
        raise BadBody(f"Invalid UTF-8 byte 0x{body[error.start]:x}") from None
    if not text:
        return None
    try:
        document, end = decoder.raw_decode(text)
    except json.JSONDecodeError as error:
        if text[0] in "[{" and (text[0] == "[") != java_type.startswith(_LIST):
            raise mismatch(java_type, [] if text[0] == "[" else {}) from None
        raise BadBody(syntax_error(text, error)) from None
    except RecursionError:
        raise BadBody("Document nesting depth exceeds the maximum allowed") from None
    rest = text[end:].lstrip(_BLANKS)
    if rest:
        raise BadBody(_trailing(rest, java_type))
    return _well_formed(document) if "\\u" in text else document


def _trailing(rest: str, java_type: str) -> str:
    try:
        document, _ = _NUMERIC.raw_decode(rest)
    except json.JSONDecodeError as error:
        return syntax_error(rest, error)
    token = "START_OBJECT" if isinstance(document, dict) else "START_ARRAY" if isinstance(document, list) else "VALUE"
    bound = java_type.partition("<")[0]
    return (
        f"Trailing token (of type {token}) found after value (bound as `{bound}`): "
        "not allowed as per `DeserializationFeature.FAIL_ON_TRAILING_TOKENS`"
    )


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
    raw = java_type.partition("<")[0]
    is_text = isinstance(value, str) and not isinstance(value, RawNumber)
    if value == "" and is_text and raw != _LIST:
        target = f"element of `{raw}`" if raw.startswith("java.") else f"`{raw}` value"
        return BadBody(
            f'Cannot coerce empty String ("") to {target} (but could if coercion was enabled using `CoercionConfig`)'
        )
    kind, token, argument = _kind_of(value)
    if is_text and raw != _LIST:
        return _no_creator(raw, "String", f"String value ('{value[:200]}')")
    if argument is not None and not raw.startswith("java."):
        what = "boolean" if argument.startswith("boolean") else "Number"
        return _no_creator(raw, argument, f"{what} value ({str(value).lower()})")
    return BadBody(f"Cannot deserialize value of type `{java_type}` from {kind} value (token `JsonToken.{token}`)")


def _no_creator(raw: str, argument: str, given: str) -> BadBody:
    return BadBody(
        f"Cannot construct instance of `{raw}` (although at least one Creator exists): "
        f"no {argument}-argument constructor/factory method to deserialize from {given}"
    )


def _kind_of(value: Any) -> tuple[str, str, str | None]:
    """The kind of a JSON value, its token, and the parameter that a constructor for it would have."""
    if isinstance(value, bool):
        return "Boolean", f"VALUE_{str(value).upper()}", "boolean/Boolean"
    if isinstance(value, float) or (isinstance(value, RawNumber) and any(char in value for char in ".eE")):
        return "Floating-point", "VALUE_NUMBER_FLOAT", "double/Double"
    if isinstance(value, int | RawNumber):
        return "Integer", "VALUE_NUMBER_INT", "int/Int"
    if isinstance(value, str):
        return "String", "VALUE_STRING", None
    return ("Array", "START_ARRAY", None) if isinstance(value, list) else ("Object", "START_OBJECT", None)
