"""Batches of schemaless values to JSON text through orjson, with Java's bytes.

One call of orjson writes the whole batch, which is then cut at marks that JSON text can't hold. Where Java writes a
number in another way (:mod:`converters.json_java`), that value is written again with the number's text in its place.
:mod:`converters.json_encode` does what orjson refuses.
"""

from __future__ import annotations

import math
from base64 import b64encode
from collections.abc import Sequence
from itertools import chain
from typing import Any

import orjson

from connect.api.numbers import Float32, Float64, Int8, Int16, Int32, Int64
from converters.json_encode import double_json, schemaless_text, single_json
from converters.json_java import (
    escape_as_java,
    is_plain_double,
    may_hold_big_integer,
    may_hold_no_number,
    suspects,
    writes_numbers_differently,
)

_OPTIONS = orjson.OPT_PASSTHROUGH_SUBCLASS | orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_DATACLASS
_MARK = orjson.Fragment(b"\n")
_CUT = b",\n,"


def schemaless_texts(values: Sequence[Any]) -> list[bytes]:
    """The JSON texts of values without schema. Raises DataException at the first that can't be written."""
    try:
        joined, texts = _dump(values, _OPTIONS | orjson.OPT_STRICT_INTEGER)
    except TypeError:
        return _odd_schemaless_texts(values)
    _write_numbers_as_java(joined, texts, values)
    return texts


def _odd_schemaless_texts(values: Sequence[Any]) -> list[bytes]:
    """The same for values among which there is an integer of more than 53 bits, or something that orjson refuses."""
    try:
        joined, texts = _dump(values)
    except TypeError:
        return [schemaless_text(value).encode() for value in values]
    _write_numbers_as_java(joined, texts, values)
    for index in suspects(texts, may_hold_big_integer):
        texts[index] = schemaless_text(values[index]).encode()
    return texts


def _dump(values: Sequence[Any], options: int = _OPTIONS) -> tuple[bytes, list[bytes]]:
    """The text of all values, and each value's. Raises TypeError (orjson's own error is one)."""
    marked: list[Any] = [_MARK] * (2 * len(values))
    marked[::2] = values
    joined = escape_as_java(orjson.dumps(marked, _to_plain, options))
    return joined, joined[1:-3].split(_CUT)


def _to_plain(value: Any) -> Any:
    """What orjson can't write but Java can."""
    kind = type(value)
    if kind in (bytes, bytearray, memoryview):
        return b64encode(value).decode()
    if kind in (Int8, Int16, Int32, Int64):
        return int(value)
    if kind is Float32:
        return orjson.Fragment(single_json(value))
    if kind is Float64:
        return float(value)
    raise TypeError


def _write_numbers_as_java(joined: bytes, texts: list[bytes], values: Sequence[Any]) -> None:
    """Replace the texts whose numbers Java writes differently; ``joined`` holds all texts."""
    indexes = set(suspects(texts, writes_numbers_differently)) if writes_numbers_differently(joined) else set()
    if may_hold_no_number(joined) and not _all_flat_without_floats(values):
        indexes.update(i for i in suspects(texts, may_hold_no_number) if _holds_no_number(values[i]))
    if not indexes:
        return
    _, again = _dump([_with_java_numbers(values[index]) for index in indexes])
    for index, text in zip(indexes, again, strict=True):
        texts[index] = text


_HARMLESS = frozenset((str, int, bool, type(None)))


def _all_flat_without_floats(values: Sequence[Any]) -> bool:
    """Whether no NaN can hide behind a null, told by the types of the members alone."""
    if set(map(type, values)) != {dict}:
        return False
    return _HARMLESS.issuperset(map(type, chain.from_iterable(map(dict.values, values))))


def _holds_no_number(value: Any) -> bool:
    """Whether there is a NaN or an infinity somewhere in a value that doesn't nest deeply."""
    kind = type(value)
    if kind is dict or kind is list or kind is tuple:
        items = value.values() if kind is dict else value
        return any(type(item) not in _HARMLESS and _holds_no_number(item) for item in items)
    return isinstance(value, float) and not math.isfinite(value)


def _with_java_numbers(value: Any) -> Any:
    """The value with Java's text for floats; orjson has written it before, so it doesn't nest deeply."""
    kind = type(value)
    if kind is float or kind is Float64:
        return value if is_plain_double(value) else orjson.Fragment(double_json(value))
    if kind is dict:
        return {key: item if type(item) in _HARMLESS else _with_java_numbers(item) for key, item in value.items()}
    if kind is list or kind is tuple:
        return [item if type(item) in _HARMLESS else _with_java_numbers(item) for item in value]
    return value
