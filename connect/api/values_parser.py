"""The text form of header values: finds out what a text is, and reads arrays, maps, numbers and times in it.

Delimiters are tokens of one character; everything between them is one token, blanks included. A backslash keeps the
next character from being a delimiter and stays in the text. A text that isn't anything else is a string.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NoReturn

from connect.api.errors import DataException
from connect.api.java_calendar import millis_of
from connect.api.java_decimal import decimal_to_single, is_digit, parse_decimal, scale_of, to_double
from connect.api.java_numbers import BLANKS
from connect.api.logical import (
    DATE_SCHEMA,
    TIME_SCHEMA,
    TIMESTAMP_SCHEMA,
    decimal_schema,
    from_millis,
)
from connect.api.maps import make_map
from connect.api.numbers import Float32, Int8, Int16, Int32, wrap
from connect.api.schema import (
    BOOLEAN_SCHEMA,
    FLOAT32_SCHEMA,
    FLOAT64_SCHEMA,
    INT8_SCHEMA,
    INT16_SCHEMA,
    INT32_SCHEMA,
    INT64_SCHEMA,
    STRING_SCHEMA,
    Schema,
    Type,
)

Parsed = tuple[Schema | None, Any]
Convert = Callable[[Schema, Any], Any]
"""Makes a parsed value fit the schema that all elements of its collection share. Raises DataException."""

_TOKEN = re.compile(r'(?:[^\\:,{}\[\]"]+|\\.?)+|[:,{}\[\]"]', re.DOTALL)
_PLAIN_INTEGER = re.compile(r"[+-]?[0-9]{1,18}")
_NUMBER = r"[ \t]*(-?\d+)"
_DATE = re.compile(rf"{_NUMBER}-{_NUMBER}-{_NUMBER}")
_TIME = re.compile(rf"{_NUMBER}:{_NUMBER}:{_NUMBER}\.{_NUMBER}Z")
_TIMESTAMP = re.compile(rf"{_DATE.pattern}T{_TIME.pattern}")
_WIDENING = (Type.INT8, Type.INT16, Type.INT32, Type.INT64, Type.FLOAT32, Type.FLOAT64)
_NULL: Parsed = (None, None)
_LITERALS: dict[str, Parsed] = {"null": _NULL, "true": (BOOLEAN_SCHEMA, True), "false": (BOOLEAN_SCHEMA, False)}


class _Malformed(Exception):  # never leaves this module
    """An array or map can't be read; the whole text is a string then."""


def parse(text: str, convert: Convert) -> Parsed:
    """The schema and value of a text that isn't empty; numbers are marked with their class. Never raises."""
    first = text[0]
    if first.isascii() and first.isalpha() and first not in "tfn":
        return STRING_SCHEMA, text
    if _PLAIN_INTEGER.fullmatch(text):
        return _integer(int(text))
    tokens = _Tokens(text)
    literal = _literal(tokens)
    if literal is not None and not tokens.has_next():
        return literal
    tokens.rewind(0)
    try:
        collection = _Reader(tokens, convert).collection()
    except (_Malformed, DataException, RecursionError):
        collection = None
        tokens.rewind(0)
    if collection is not None:
        return collection
    token = tokens.next()
    trimmed = token.strip(BLANKS)
    if not trimmed:
        return STRING_SCHEMA, token
    return _scalar(tokens, trimmed) or (STRING_SCHEMA, text)


class _Tokens:
    """A position in a text, with at most one token looked ahead."""

    __slots__ = ("_ahead", "_position", "_text")

    def __init__(self, text: str) -> None:
        self._text = text
        self._position = 0
        self._ahead: str | None = None

    def has_next(self) -> bool:
        return self._ahead is not None or self._position < len(self._text)

    def next(self) -> str:
        if self._ahead is not None:
            token, self._ahead = self._ahead, None
            return token
        match = _TOKEN.match(self._text, self._position)
        if match is None:
            return ""
        self._position = match.end()
        return match[0]

    def next_trimmed(self) -> str:
        """Look ahead: the next token without outer blanks; blank tokens before it are lost."""
        token = self.next()
        while not token.strip(BLANKS) and self._position < len(self._text):
            token = self.next()
        self._ahead = token
        return token.strip(BLANKS)

    def consume(self, expected: str) -> bool:
        """Step over the next token if it is that one; blank tokens before it are lost either way."""
        if not self.has_next() or self.next_trimmed() != expected:
            return False
        self._ahead = None
        return True

    def take(self, count: int) -> str | None:
        """The text of so many tokens, or None and no step where there are fewer."""
        start = self.mark()
        for _ in range(count):
            if not self.has_next():
                self.rewind(start)
                return None
            self.next()
        return self._text[start : self._position]

    def mark(self) -> int:
        return self._position - (0 if self._ahead is None else len(self._ahead))

    def rewind(self, position: int) -> None:
        self._position = position
        self._ahead = None


class _Reader:
    """Reads arrays and maps."""

    __slots__ = ("_convert", "_tokens")

    def __init__(self, tokens: _Tokens, convert: Convert) -> None:
        self._tokens = tokens
        self._convert = convert

    def collection(self) -> Parsed | None:
        if self._tokens.consume("["):
            return self._array()
        return self._map() if self._tokens.consume("{") else None

    def _element(self) -> Parsed:
        tokens = self._tokens
        if not tokens.has_next():
            return _NULL
        if tokens.consume('"'):
            return self._quoted()
        found = _literal(tokens) or self.collection()
        if found is not None:
            return found
        token = tokens.next()
        trimmed = token.strip(BLANKS)
        if not trimmed:
            return STRING_SCHEMA, token
        return _scalar(tokens, trimmed) or _malformed()

    def _quoted(self) -> Parsed:
        parts = []
        while self._tokens.has_next() and not self._tokens.consume('"'):
            parts.append(self._tokens.next())
        content = "".join(parts)
        return _temporal(content) or (STRING_SCHEMA, content)

    def _array(self) -> Parsed:
        tokens = self._tokens
        items: list[Any] = []
        common = _CommonSchema()
        while tokens.has_next():
            if tokens.consume("]"):
                schema = common.schema
                if schema is not None:
                    items = [self._convert(schema, item) for item in items]
                return Schema(Type.ARRAY, value_schema=schema), items
            if tokens.next_trimmed() == ",":
                _malformed()
            element_schema, item = self._element()
            common.merge(element_schema)
            items.append(item)
            if not tokens.consume(",") and tokens.next_trimmed() != "]":
                _malformed()
        return _malformed()

    def _map(self) -> Parsed:
        tokens = self._tokens
        pairs: list[tuple[Any, Any]] = []
        keys, values = _CommonSchema(), _CommonSchema()
        while tokens.has_next():
            if tokens.consume("}"):
                return self._finished_map(pairs, keys.schema, values.schema)
            if tokens.next_trimmed() == ",":
                _malformed()
            key_schema, key = self._element()
            if key is None or not tokens.consume(":"):
                _malformed()
            value_schema, value = self._element()
            tokens.consume(",")
            keys.merge(key_schema)
            values.merge(value_schema)
            pairs.append((key, value))
        return _malformed()

    def _finished_map(self, pairs: list[tuple[Any, Any]], keys: Schema | None, values: Schema | None) -> Parsed:
        distinct = list(make_map(pairs).items())
        if keys is None:
            return Schema(Type.MAP), make_map(distinct)
        if values is None:
            made = make_map((self._convert(keys, key), value) for key, value in distinct)
        else:
            made = make_map((self._convert(keys, key), self._convert(values, value)) for key, value in distinct)
        return Schema(Type.MAP, key_schema=keys, value_schema=values), made


class _CommonSchema:
    """The schema that fits all elements seen; None when there is none, and once lost it stays so."""

    __slots__ = ("_lost", "schema")

    def __init__(self) -> None:
        self.schema: Schema | None = None
        self._lost = False

    def merge(self, schema: Schema | None) -> None:
        if schema is None or self._lost:
            return
        self.schema = schema if self.schema is None else _merged(self.schema, schema)
        self._lost = self.schema is None


def _merged(previous: Schema, new: Schema) -> Schema | None:
    if previous.type is new.type:
        return new
    if previous.type in _WIDENING and new.type in _WIDENING:
        return max(previous, new, key=lambda schema: _WIDENING.index(schema.type))
    return None


def _malformed() -> NoReturn:
    raise _Malformed


def _literal(tokens: _Tokens) -> Parsed | None:
    if not tokens.has_next():
        return None
    start = tokens.mark()
    found = _LITERALS.get(tokens.next_trimmed())
    if found is None:
        tokens.rewind(start)
    else:
        tokens.next()
    return found


def _scalar(tokens: _Tokens, token: str) -> Parsed | None:
    """The time or number that a token begins with, or None."""
    first = token[0]
    if not is_digit(first):
        return _number(token) if first in "+-" else None
    # The colons of a time are delimiters, so that it comes as five tokens.
    start = tokens.mark()
    remainder = tokens.take(4)
    if remainder is not None:
        found = _temporal(token + remainder)
        if found is not None:
            return found
        tokens.rewind(start)
    return _temporal(token) or _number(token)


def _temporal(text: str) -> Parsed | None:
    """A date, time or timestamp, which are told by their length; only the beginning of the text has to make sense."""
    text = text.replace("\\:", ":")
    match len(text) + sum(char > "\uffff" for char in text):
        case 10:
            return _instant(DATE_SCHEMA, _DATE.match(text))
        case 13:
            return _instant(TIME_SCHEMA, _TIME.match(text), "1970", "1", "1")
        case 24:
            return _instant(TIMESTAMP_SCHEMA, _TIMESTAMP.match(text))
    return None


def _instant(schema: Schema, match: re.Match[str] | None, *date: str) -> Parsed | None:
    if match is None:
        return None
    fields = [wrap(int(group), 32) for group in (*date, *match.groups())]
    return schema, from_millis(wrap(millis_of(*fields), 64))


def _number(token: str) -> Parsed | None:
    """The narrowest number that a token is, or None."""
    number = parse_decimal(token)
    if number is None:
        return None
    if not number or (number.adjusted() < 20 and number == number.to_integral_value()):
        integer = int(number)
        if -(1 << 63) <= integer < 1 << 63:
            return _integer(integer)
    scale = scale_of(number)
    if scale != 0:
        single, double = decimal_to_single(number), to_double(number)
        if abs(single) != float("inf"):
            return FLOAT32_SCHEMA, Float32(single)
        if abs(double) != float("inf"):
            return FLOAT64_SCHEMA, double
    return decimal_schema(scale), number


def _integer(number: int) -> Parsed:
    """The narrowest type for a number of 64 bits."""
    for schema, mark, bits in ((INT8_SCHEMA, Int8, 7), (INT16_SCHEMA, Int16, 15), (INT32_SCHEMA, Int32, 31)):
        if -(1 << bits) <= number < 1 << bits:
            return schema, mark(number)
    return INT64_SCHEMA, number
