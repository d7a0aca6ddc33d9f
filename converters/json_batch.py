"""Batches of schemaless values to JSON text through orjson, with Java's bytes.

One call of orjson writes the whole batch, which is then cut at marks that JSON text can't hold. Where Java writes a
number or string in another way (:mod:`converters.json_java`), :mod:`converters.json_encode` does that value again.
"""

from __future__ import annotations

import math
from base64 import b64encode
from collections.abc import Sequence
from itertools import chain
from typing import Any

import orjson

from connect.api.java_text import float_text
from connect.api.numbers import Float32, Float64, Int8, Int16, Int32, Int64
from converters.json_encode import schemaless_text
from converters.json_java import (
    escape_as_java,
    may_hold_big_integer,
    may_hold_no_number,
    suspects,
    writes_numbers_differently,
    writes_strings_differently,
)

_OPTIONS = orjson.OPT_PASSTHROUGH_SUBCLASS | orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_DATACLASS
_MARK = orjson.Fragment(b"\n")
_CUT = b",\n,"


def _dump(values: Sequence[Any], options: int = _OPTIONS) -> tuple[bytes, list[bytes]]:
    """The text of all values, and each value's. Raises TypeError (orjson's own error is one)."""
    marked: list[Any] = [_MARK] * (2 * len(values))
    marked[::2] = values
    joined = orjson.dumps(marked, _to_plain, options)
    return joined, joined[1:-3].split(_CUT)


def _to_plain(value: Any) -> Any:
    """What orjson can't write but Java can."""
    kind = type(value)
    if kind in (bytes, bytearray, memoryview):
        return b64encode(value).decode()
    if kind in (Int8, Int16, Int32, Int64):
        return int(value)
    if kind is Float32:
        return float(float_text(value)) if math.isfinite(value) else float(value)
    if kind is Float64:
        return float(value)
    raise TypeError


def schemaless_texts(values: Sequence[Any]) -> list[bytes]:
    """The JSON texts of values without schema. Raises DataException at the first that can't be written."""
    try:
        joined, texts = _dump(values, _OPTIONS | orjson.OPT_STRICT_INTEGER)
    except TypeError:
        return _odd_schemaless_texts(values)
    _write_as_java(joined, texts, values)
    return texts


def _odd_schemaless_texts(values: Sequence[Any]) -> list[bytes]:
    """The same for values among which there is an integer of more than 53 bits, or something that orjson refuses."""
    try:
        joined, texts = _dump(values)
    except TypeError:
        return [schemaless_text(value).encode() for value in values]
    _write_as_java(joined, texts, values)
    for index in suspects(texts, may_hold_big_integer):
        texts[index] = schemaless_text(values[index]).encode()
    return texts


def _write_as_java(joined: bytes, texts: list[bytes], values: Sequence[Any]) -> None:
    """Replace the texts of schemaless values that Java writes differently; ``joined`` holds all of them."""
    escape_texts(joined, texts)
    if writes_numbers_differently(joined):
        for index in suspects(texts, writes_numbers_differently):
            texts[index] = schemaless_text(values[index]).encode()
    if may_hold_no_number(joined) and not _all_flat_without_floats(values):
        for index in suspects(texts, may_hold_no_number):
            if _holds_no_number(values[index]):
                texts[index] = schemaless_text(values[index]).encode()


def escape_texts(joined: bytes, texts: list[bytes]) -> None:
    """Replace the texts that hold a string which Java escapes differently; ``joined`` holds all of them."""
    if writes_strings_differently(joined):
        for index in suspects(texts, writes_strings_differently):
            texts[index] = escape_as_java(texts[index])


_HARMLESS = frozenset((str, int, bool, type(None)))


def _all_flat_without_floats(values: Sequence[Any]) -> bool:
    """Whether no NaN can hide behind a null, told by the types of the members alone."""
    if set(map(type, values)) != {dict}:
        return False
    return _HARMLESS.issuperset(map(type, chain.from_iterable(map(dict.values, values))))


def _holds_no_number(value: Any) -> bool:
    """Whether there is a NaN or an infinity somewhere; orjson has written the value, so it doesn't nest deeply."""
    if isinstance(value, float):
        return not math.isfinite(value)
    if isinstance(value, dict):
        return any(map(_holds_no_number, value.values()))
    return isinstance(value, list | tuple) and any(map(_holds_no_number, value))
