"""Schemaless data: a record with one optional member for each kind of value."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import Any

from connect.api import BigInteger, DataException, Float32, Int8, Int16, Int32, Int64, java_type_name
from connect.api.maps import make_map
from converters.avro_binary import block_count, int_number, length, long_number, number_bytes
from converters.charset import decode_utf8, encode_utf8

_MEMBERS = ("boolean", "bytes", "double", "float", "int", "long", "string", "array", "map")
_NULL = bytes(len(_MEMBERS))
_PRESENT = b"\x02"
_DOUBLE, _FLOAT = struct.Struct("<d"), struct.Struct("<f")
_SURROUNDINGS = {name: (bytes(i) + _PRESENT, bytes(len(_MEMBERS) - 1 - i)) for i, name in enumerate(_MEMBERS)}


def anything_bytes(value: Any) -> bytes:
    """A schemaless value. Raises DataException for one that Java has no kind for."""
    if value is None:
        return _NULL
    member, encoded = _member(value)
    before, after = _SURROUNDINGS[member]
    return before + encoded + after


def _member(value: Any) -> tuple[str, bytes]:
    match value:
        case bool():
            return "boolean", b"\x01" if value else b"\x00"
        case Int8() | Int16() | Int32():
            return "int", number_bytes(value)
        case int() if not isinstance(value, BigInteger) and -(1 << 63) <= value < 1 << 63:
            if type(value) in (int, Int64):
                return "long", number_bytes(value)
        case Float32():
            return "float", _FLOAT.pack(value)
        case float():
            return "double", _DOUBLE.pack(value)
        case str():
            text = encode_utf8(value)
            return "string", number_bytes(len(text)) + text
        case list() | tuple():
            return "array", _block(map(anything_bytes, value), len(value))
        case dict():
            entries = (anything_bytes(key) + anything_bytes(item) for key, item in value.items())
            return "map", _block(entries, len(value))
    raise DataException(f"Unknown Java type for schemaless data: class {java_type_name(value)}")


def _block(items: Iterable[bytes], count: int) -> bytes:
    return number_bytes(count) + b"".join(items) + b"\x00" if count else b"\x00"


def read_anything(data: bytes, at: int) -> tuple[Any, int]:
    """A schemaless value, and where it ends. Raises IndexError, ValueError or struct.error for malformed data."""
    found = None
    for member in _MEMBERS:
        branch, at = long_number(data, at)
        if branch == 1:
            value, at = _read_member(member, data, at)
            found = value if found is None else found
        elif branch != 0:
            raise ValueError(f"Malformed data. Branch {branch} of a union of 2")
    return found, at


def _read_member(member: str, data: bytes, at: int) -> tuple[Any, int]:
    match member:
        case "boolean":
            return data[at] == 1, at + 1
        case "double":
            return _DOUBLE.unpack_from(data, at)[0], at + 8
        case "float":
            return Float32(_FLOAT.unpack_from(data, at)[0]), at + 4
        case "int":
            number, at = int_number(data, at)
            return Int32(number), at
        case "long":
            return long_number(data, at)
        case "array" | "map":
            return _read_collection(member, data, at)
    size, at = length(data, at)
    content = data[at : at + size]
    return content if member == "bytes" else decode_utf8(content), at + size


def _read_collection(member: str, data: bytes, at: int) -> tuple[Any, int]:
    items: list[Any] = []
    pairs: list[tuple[Any, Any]] = []
    while True:
        count, at = block_count(data, at)
        if count == 0:
            return (items if member == "array" else make_map(pairs)), at
        for _ in range(count):
            item, at = read_anything(data, at)
            if member == "array":
                items.append(item)
            else:
                value, at = read_anything(data, at)
                pairs.append((item, value))
