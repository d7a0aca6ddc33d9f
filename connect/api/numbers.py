"""Marks for numbers whose Java class no schema tells.

With a schema the schema tells the width and plain numbers are used. Without one, ``Int8(5)`` says "a Java Byte"; a
plain ``int`` is a Long (a BigInteger beyond 64 bits) and a plain ``float`` a Double. ``Int64`` and ``Float64`` are only
needed to insist on those classes against a schema. Marked numbers behave as the numbers they are.
"""

from __future__ import annotations

import struct


class Int8(int):
    """A Java Byte."""

    __slots__ = ()


class Int16(int):
    """A Java Short."""

    __slots__ = ()


class Int32(int):
    """A Java Integer."""

    __slots__ = ()


class Int64(int):
    """A Java Long, also where a schema says otherwise."""

    __slots__ = ()


class BigInteger(int):
    """A Java BigInteger, also within 64 bits."""

    __slots__ = ()


class Float32(float):
    """A Java Float; holds the value already rounded to single precision."""

    __slots__ = ()


class Float64(float):
    """A Java Double, also where a schema says otherwise."""

    __slots__ = ()


MARKS: frozenset[type] = frozenset((Int8, Int16, Int32, Int64, BigInteger, Float32, Float64))

_SINGLE = struct.Struct("<f")


def to_single(number: float) -> float:
    """The nearest single-precision number; infinite when too large, as Java's ``(float)`` cast."""
    try:
        single: float = _SINGLE.unpack(_SINGLE.pack(number))[0]
    except OverflowError:
        return float("inf") if number > 0 else float("-inf")
    return single


def wrap(number: int, bits: int) -> int:
    """The low bits of an int as a signed number, as Java's narrowing casts."""
    number &= (1 << bits) - 1
    return number - (1 << bits) if number >> (bits - 1) else number
