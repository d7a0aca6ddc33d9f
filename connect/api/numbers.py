"""Marks for schemaless numbers that are narrower than ``int`` (Java's Long) and ``float`` (Java's Double).

With a schema the schema tells the width and plain numbers are used. Without one, ``Int8(5)`` says "a Java Byte".
They behave as the numbers they are.
"""

from __future__ import annotations


class Int8(int):
    """A schemaless Java Byte."""

    __slots__ = ()


class Int16(int):
    """A schemaless Java Short."""

    __slots__ = ()


class Int32(int):
    """A schemaless Java Integer."""

    __slots__ = ()


class Float32(float):
    """A schemaless Java Float; holds the value already rounded to single precision."""

    __slots__ = ()
