"""The names under which error texts know the classes of values."""

from __future__ import annotations

import datetime as dt
import decimal
from typing import Any

from connect.api.logical import EpochMillis
from connect.api.numbers import BigInteger, Float32, Float64, Int8, Int16, Int32, Int64
from connect.api.schema import Schema, Type

_NAMES: dict[type, str] = {
    int: "java.lang.Long",
    float: "java.lang.Double",
    Int8: "java.lang.Byte",
    Int16: "java.lang.Short",
    Int32: "java.lang.Integer",
    Int64: "java.lang.Long",
    BigInteger: "java.math.BigInteger",
    Float32: "java.lang.Float",
    Float64: "java.lang.Double",
    bool: "java.lang.Boolean",
    str: "java.lang.String",
    bytes: "[B",
    bytearray: "[B",
    memoryview: "java.nio.HeapByteBuffer",
    list: "java.util.ArrayList",
    tuple: "java.util.ArrayList",
    dict: "java.util.HashMap",
    decimal.Decimal: "java.math.BigDecimal",
    dt.datetime: "java.util.Date",
    EpochMillis: "java.util.Date",
}
_BY_TYPE = {Type.INT8: Int8, Type.INT16: Int16, Type.INT32: Int32, Type.FLOAT32: Float32}


def java_type_name(value: Any, schema: Schema | None = None) -> str:
    """The Java class of ``value``, such as ``java.lang.Integer`` or ``[B``; ``schema`` tells a plain number's width.

    An object that Java has no class for goes by its Python name.
    """
    cls = type(value)
    if cls is int or cls is float:
        mark = None if schema is None else _BY_TYPE.get(schema.type)
        if mark is not None and issubclass(mark, cls):
            return _NAMES[mark]
        if cls is int and not -(2**63) <= value < 2**63:
            return _NAMES[BigInteger]
    name = _NAMES.get(cls) or getattr(cls, "java_class", None)
    return name if isinstance(name, str) else f"{cls.__module__}.{cls.__qualname__}"
