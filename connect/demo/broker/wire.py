"""Kafka's request and response bodies, described in one line each and read and written by that description.

A format is a list of fields ``name:type``. Types are ``i8 i16 i32 i64 bool str nstr bytes nbytes``, ``[name:type …]``
for an array of structs and ``[i32]`` for one of values. ``@3`` behind a field: only from version 3 of the message on;
``@2-4``: only from 2 to 4. Structs are dicts. A null array, ``nstr`` or ``nbytes`` is None. Only the classic (not
"flexible") versions of a message can be described: :mod:`connect.demo.broker.messages` offers no others.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

Message = dict[str, Any]


class MalformedMessage(ValueError):
    """A message ended before its description did, or a length in it is impossible."""


class Reader:
    """Reads one message front to back; raises MalformedMessage where it ends too early."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._position = 0

    def take(self, size: int) -> bytes:
        end = self._position + size
        if size < 0 or end > len(self._data):
            raise MalformedMessage(f"{size} bytes expected at {self._position}, the message has {len(self._data)}")
        piece = self._data[self._position : end]
        self._position = end
        return piece

    def number(self, layout: struct.Struct) -> Any:
        return layout.unpack(self.take(layout.size))[0]


@dataclass(frozen=True)
class Kind:
    """How one type of field is read and written; the last argument of both is the version of the message."""

    read: Callable[[Reader, int], Any]
    write: Callable[[bytearray, Any, int], None]


@dataclass(frozen=True)
class Field:
    name: str
    kind: Kind
    first: int
    last: int


@dataclass(frozen=True)
class Format:
    """The fields of one message, in order."""

    fields: tuple[Field, ...]

    def read(self, reader: Reader, version: int) -> Message:
        return {f.name: f.kind.read(reader, version) for f in self.fields if f.first <= version <= f.last}

    def write(self, out: bytearray, message: Message, version: int) -> None:
        for field in self.fields:
            if field.first <= version <= field.last:
                field.kind.write(out, message[field.name], version)

    def decode(self, data: bytes, version: int) -> Message:
        return self.read(Reader(data), version)

    def encode(self, message: Message, version: int) -> bytearray:
        out = bytearray()
        self.write(out, message, version)
        return out


def _number(code: str) -> Kind:
    layout = struct.Struct(">" + code)
    return Kind(lambda reader, _: reader.number(layout), lambda out, value, _: out.extend(layout.pack(value)))


def _sized(size_code: str, nullable: bool, text: bool) -> Kind:
    """A string or byte string behind its length; -1 is null."""
    layout = struct.Struct(">" + size_code)

    def read(reader: Reader, version: int) -> str | bytes | None:
        size = reader.number(layout)
        if size == -1 and nullable:
            return None
        piece = reader.take(size)
        return piece.decode() if text else piece

    def write(out: bytearray, value: str | bytes | None, version: int) -> None:
        if value is None and nullable:
            out.extend(layout.pack(-1))
            return
        piece = value.encode() if isinstance(value, str) else value
        assert piece is not None
        out.extend(layout.pack(len(piece)))
        out.extend(piece)

    return Kind(read, write)


_COUNT = struct.Struct(">i")


def _array(item: Kind) -> Kind:
    def read(reader: Reader, version: int) -> list[Any] | None:
        count = reader.number(_COUNT)
        return None if count < 0 else [item.read(reader, version) for _ in range(count)]

    def write(out: bytearray, values: list[Any] | None, version: int) -> None:
        out.extend(_COUNT.pack(-1 if values is None else len(values)))
        for value in values or ():
            item.write(out, value, version)

    return Kind(read, write)


_KINDS = {
    "i8": _number("b"),
    "i16": _number("h"),
    "i32": _number("i"),
    "i64": _number("q"),
    "bool": _number("?"),
    "str": _sized("h", nullable=False, text=True),
    "nstr": _sized("h", nullable=True, text=True),
    "bytes": _sized("i", nullable=False, text=False),
    "nbytes": _sized("i", nullable=True, text=False),
}

_TOKEN = re.compile(r"\s*(?:(?P<name>\w+):|(?P<kind>[a-z]\w*)|(?P<sign>[\[\]])|@(?P<first>\d+)(?:-(?P<last>\d+))?)")


def parse(description: str) -> Format:
    """Compile a description; raises ValueError where it can't be understood."""
    tokens = _tokens(description)
    format_ = Format(tuple(_fields(tokens)))
    if tokens:
        raise ValueError(f"a name expected, found {tokens[-1][0]!r}")
    return format_


def _tokens(description: str) -> list[re.Match[str]]:
    """The tokens in reverse, so that the next one is popped off the end."""
    tokens: list[re.Match[str]] = []
    position = 0
    while description[position:].strip():
        match = _TOKEN.match(description, position)
        if match is None:
            raise ValueError(f"not understood: {description[position:]!r}")
        tokens.append(match)
        position = match.end()
    return tokens[::-1]


def _fields(tokens: list[re.Match[str]]) -> Iterator[Field]:
    while tokens and tokens[-1]["name"]:
        name = tokens.pop()["name"]
        kind = _kind(tokens)
        first, last = 0, 99
        if tokens and tokens[-1]["first"]:
            versions = tokens.pop()
            first, last = int(versions["first"]), int(versions["last"] or 99)
        yield Field(name, kind, first, last)


def _kind(tokens: list[re.Match[str]]) -> Kind:
    token = _next(tokens)
    if token["kind"]:
        return _KINDS[token["kind"]]
    if token["sign"] != "[":
        raise ValueError(f"a type expected, found {token[0]!r}")
    if tokens and tokens[-1]["name"]:
        item = Format(tuple(_fields(tokens)))
        kind = _array(Kind(item.read, item.write))
    else:
        kind = _array(_kind(tokens))
    if _next(tokens)["sign"] != "]":
        raise ValueError("an array isn't closed")
    return kind


def _next(tokens: list[re.Match[str]]) -> re.Match[str]:
    if not tokens:
        raise ValueError("the description ends too early")
    return tokens.pop()
