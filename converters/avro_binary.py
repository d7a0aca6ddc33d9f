"""Avro's variable-length numbers, and reading them with every check that untrusted bytes need."""

from __future__ import annotations

from connect.api import DataException

_HALF = 1 << 13
_GROUP = (1 << 14) - 1


class AvroTypeException(DataException):
    """A value that the Avro schema has no place for."""

    java_class = "org.apache.avro.AvroTypeException"


def _encode(zigzag: int) -> bytes:
    encoded = bytearray()
    while zigzag > 127:
        encoded.append(zigzag & 127 | 128)
        zigzag >>= 7
    encoded.append(zigzag)
    return bytes(encoded)


SMALL = [_encode(n << 1) for n in range(_HALF)] + [_encode((-n << 1) - 1) for n in range(-_HALF, 0)]
"""The bytes of the numbers from -8192 to 8191, negative ones at negative places."""
SMALL_END = _HALF

ZIGZAG = [z >> 1 ^ -(z & 1) for z in range(1 << 14)]
"""The numbers of encodings of at most two bytes."""

_LAST = [_encode(z) for z in range(1 << 14)]
_INNER = [bytes((z & 127 | 128, z >> 7 | 128)) for z in range(1 << 14)]


def number_bytes(number: int) -> bytes:
    """A number of at most 64 bits."""
    if -_HALF <= number < _HALF:
        return SMALL[number]
    zigzag = number << 1 if number >= 0 else ~(number << 1)
    if zigzag <= 0xFFFFFFF:
        return _INNER[zigzag & _GROUP] + _LAST[zigzag >> 14]
    if zigzag <= 0x3FFFFFFFFFF:
        return _INNER[zigzag & _GROUP] + _INNER[zigzag >> 14 & _GROUP] + _LAST[zigzag >> 28]
    return _encode(zigzag)


def long_number(data: bytes, at: int) -> tuple[int, int]:
    """A number of 64 bits, and where it ends. Raises IndexError at the end of the data, ValueError for a longer one."""
    zigzag = shift = 0
    while True:
        part = data[at]
        at += 1
        if part < 128:
            zigzag |= part << shift
            if zigzag >> 64:
                raise ValueError("Invalid long encoding")
            return zigzag >> 1 ^ -(zigzag & 1), at
        zigzag |= (part & 127) << shift
        shift += 7
        if shift > 63:
            raise ValueError("Invalid long encoding")


def int_number(data: bytes, at: int) -> tuple[int, int]:
    """A number of 32 bits, and where it ends. Raises as :func:`long_number`."""
    number, end = long_number(data, at)
    if not -(1 << 31) <= number < 1 << 31:
        raise ValueError("Invalid int encoding")
    return number, end


def length(data: bytes, at: int) -> tuple[int, int]:
    """A number that must not be negative, and where it ends. Raises as :func:`long_number`."""
    number, end = long_number(data, at)
    if number < 0:
        raise ValueError(f"Malformed data. Length is negative: {number}")
    return number, end


_MOST_EMPTY_ITEMS = 1 << 20


def block_count(data: bytes, at: int) -> tuple[int, int]:
    """How many items the next block of an array or map has (0 = no more), and where they begin.

    Raises as :func:`long_number`, and for more items than there can be.
    """
    count, at = long_number(data, at)
    if count < 0:
        count = -count
        _, at = long_number(data, at)
    if count > len(data) - at and count > _MOST_EMPTY_ITEMS:
        raise ValueError(f"Malformed data. A block of {count} items in {len(data)} bytes")
    return count, at
