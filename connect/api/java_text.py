"""Values as Java's ``toString`` writes them, with UTC as time zone."""

from __future__ import annotations

import datetime as dt
import decimal
import math
from typing import Any

from connect.api.java_calendar import fields_of
from connect.api.logical import EpochMillis, to_millis
from connect.api.numbers import Float32, to_single
from connect.api.schema import Schema, Type

_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_SMALLEST_NORMAL_SINGLE = 2.0**-126


def to_java_string(value: Any, schema: Schema | None = None) -> str:
    """The text of any value; ``schema`` tells FLOAT32 from FLOAT64 where the number itself doesn't.

    >>> to_java_string({"a": 1e7, "b": [None, True]})
    '{a=1.0E7, b=[null, true]}'
    """
    if isinstance(value, str):
        return value
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        single = type(value) is Float32 or (schema is not None and schema.type is Type.FLOAT32)
        return float_text(value) if single else double_text(value)
    if isinstance(value, dt.datetime | EpochMillis):
        return date_text(to_millis(value))
    if isinstance(value, int):
        return int.__str__(value)
    if isinstance(value, decimal.Decimal):
        return decimal_text(value)
    if isinstance(value, list | tuple | dict):
        return _collection_text(value, schema)
    if isinstance(value, memoryview):
        return f"java.nio.HeapByteBuffer[pos=0 lim={value.nbytes} cap={value.nbytes}]"
    if isinstance(value, bytes | bytearray):
        return f"[B@{hash(bytes(value)) & 0xFFFFFFFF:x}"
    return str(value)


def _collection_text(value: list[Any] | tuple[Any, ...] | dict[Any, Any], schema: Schema | None) -> str:
    if isinstance(value, dict):
        keys, values = (schema.key_schema, schema.value_schema) if _is(schema, Type.MAP) else (None, None)  # type: ignore[union-attr]
        pairs = [f"{to_java_string(key, keys)}={to_java_string(item, values)}" for key, item in value.items()]
        return f"{{{', '.join(pairs)}}}"
    elements = schema.value_schema if _is(schema, Type.ARRAY) else None  # type: ignore[union-attr]
    return f"[{', '.join([to_java_string(item, elements) for item in value])}]"


def _is(schema: Schema | None, type: Type) -> bool:
    return schema is not None and schema.type is type


def double_text(number: float) -> str:
    """A double as ``Double.toString`` writes it (JDK 19 and later)."""
    text = float.__repr__(number)
    digits = text.partition("e")[0].removeprefix("-").replace(".", "").strip("0")
    if len(digits) == 1:
        # Java takes the nearest number of two digits where one would do: 4.9E-324, not 5e-324.
        two_digits = f"{number:.1e}"
        text = two_digits if float(two_digits) == number else text
    return _java_form(number, text)


def float_text(number: float) -> str:
    """A single-precision number as ``Float.toString`` writes it; ``number`` is rounded to single precision first."""
    single = to_single(number)
    if single != single or single in (float("inf"), float("-inf")) or single == 0:
        return _java_form(single, float.__repr__(single))
    # Six digits always survive a round trip, except where the number is subnormal; nine always suffice.
    shortest = 6 if abs(single) >= _SMALLEST_NORMAL_SINGLE else 2
    for digits in range(shortest, 10):
        text = f"{single:.{digits - 1}e}"
        if to_single(float(text)) != single and abs(math.frexp(single)[0]) == 0.5:
            # Above a power of two there is more room than below, so the farther decimal may do where the nearest won't.
            text = str(decimal.Context(prec=digits, rounding=decimal.ROUND_UP).create_decimal(single))
        if to_single(float(text)) == single:
            break
    return _java_form(single, text)


def _java_form(number: float, text: str) -> str:
    """Rewrite Python's digits of a number into Java's plain or scientific form."""
    if number != number:
        return "NaN"
    if number in (float("inf"), float("-inf")):
        return "Infinity" if number > 0 else "-Infinity"
    if number == 0:
        return "-0.0" if text.startswith("-") else "0.0"
    sign, digits, exponent = decimal.Decimal(text).normalize(_EXACT).as_tuple()
    assert isinstance(exponent, int)
    figures = "".join(map(str, digits))
    point = len(figures) + exponent  # digits before the decimal point
    minus = "-" if sign else ""
    if not 1e-3 <= abs(number) < 1e7:
        return f"{minus}{figures[0]}.{figures[1:] or '0'}E{point - 1}"
    if point <= 0:
        return f"{minus}0.{'0' * -point}{figures}"
    return f"{minus}{figures[:point].ljust(point, '0')}.{figures[point:] or '0'}"


_EXACT = decimal.Context(prec=20)


def decimal_text(number: decimal.Decimal) -> str:
    """A BigDecimal's text, such as ``12.30`` or ``1E+3``; there is no negative zero."""
    return str(number if number else number.copy_abs())


def date_text(millis: int) -> str:
    """A date's text, such as ``Thu Jan 01 00:00:00 UTC 1970``; years before 1 count backwards without a sign."""
    fields = fields_of(millis)
    year = fields.year if fields.year > 0 else 1 - fields.year
    time = f"{fields.hour:02}:{fields.minute:02}:{fields.second:02}"
    return f"{_WEEKDAYS[fields.weekday]} {_MONTHS[fields.month - 1]} {fields.day:02} {time} UTC {year}"
