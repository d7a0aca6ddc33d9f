"""What is wrong with a text that should be JSON, in the words of the parser that Kafka Connect has."""

from __future__ import annotations

import json
import re

_TOKEN = re.compile(r"[^\s,:\[\]{}\"]+")
_LITERALS = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')"
_OPEN = {"}": "Object", "]": "Array"}


def syntax_error(text: str, error: json.JSONDecodeError) -> str:
    """The message for what Python's parser says about ``text``."""
    rest = text[error.pos :].lstrip(" \t\r\n")
    if error.msg.startswith("Illegal trailing comma"):
        rest = rest.lstrip(", \t\r\n")
        return _wrong_name(rest) if rest.startswith("}") else f"{_unexpected(rest[0])}: expected a value"
    if error.msg.startswith("Unterminated"):
        return "Unexpected end-of-input in VALUE_STRING"
    if not rest:
        return "Unexpected end-of-input: the document is not complete"
    if error.msg.startswith("Invalid control"):
        reason = "has to be escaped using backslash to be included in string value"
        return f"Illegal unquoted character ((CTRL-CHAR, code {ord(rest[0])})): {reason}"
    if error.msg.startswith("Invalid \\u"):
        return f"{_unexpected(rest[0])}: expected a hex-digit for character escape sequence"
    if error.msg.startswith("Invalid"):
        escaped = rest[1:2]
        return f"Unrecognized character escape '{escaped}' (code {ord(escaped or ' ')})"
    if error.msg.startswith("Expecting property name"):
        return _wrong_name(rest)
    if error.msg.startswith("Expecting ':'"):
        return f"{_unexpected(rest[0])}: was expecting a colon to separate field name and value"
    if error.msg.startswith("Expecting ','"):
        return _wrong_separator(text, rest)
    return _wrong_value(rest)


def _unexpected(char: str) -> str:
    return f"Unexpected character ('{char}' (code {ord(char)}))"


def _wrong_name(rest: str) -> str:
    if rest[0] == "]":
        return "Unexpected close marker ']': expected '}'"
    return f"{_unexpected(rest[0])}: was expecting double-quote to start field name"


def _wrong_separator(text: str, rest: str) -> str:
    before = text[: len(text) - len(rest)].rstrip("0")
    if rest[0].isdigit() and not before[-1:].isdigit():
        return "Invalid numeric value: Leading zeroes not allowed"
    if rest[0] in _OPEN:
        return f"Unexpected close marker '{rest[0]}': expected '{']' if rest[0] == '}' else '}'}'"
    return f"{_unexpected(rest[0])}: was expecting comma to separate Object entries"


def _wrong_value(rest: str) -> str:
    first = rest[0]
    if first in _OPEN:
        return f"Unexpected close marker '{first}': no open {_OPEN[first]} to close"
    if first < " ":
        return f"Illegal character ((CTRL-CHAR, code {ord(first)})): only regular white space is allowed between tokens"
    if first == "/":
        return f"{_unexpected(first)}: maybe a (non-standard) comment?"
    if first == "-":
        return f"{_unexpected(rest[1:2] or ' ')} in numeric value: expected digit (0-9) to follow minus sign"
    token = _TOKEN.match(rest)
    if token is not None and (first.isalnum() or first in "$_" or first > "\x7f"):
        return f"Unrecognized token '{token.group()[:50]}': was expecting {_LITERALS}"
    return f"{_unexpected(first)}: expected a valid value {_LITERALS}"
