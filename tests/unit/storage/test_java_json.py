"""JSON as Java writes it."""

from __future__ import annotations

from typing import Any

import pytest

from connect.storage.java_json import dumps, loads


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"b": 1, "a": None}, '{"b":1,"a":null}'),
        ([True, False, -5, 2**63 - 1], "[true,false,-5,9223372036854775807]"),
        ('\x00\x1f\x7f"\\/\b\f\n\r\t', '"\\u0000\\u001F\x7f\\"\\\\/\\b\\f\\n\\r\\t"'),
        ("é日😀", '"é日\\uD83D\\uDE00"'),
        ("\ud83d", '"\\uD83D"'),
        (b"\x00\xff", '"AP8="'),
    ],
)
def test_text_is_as_java_writes_it(value: Any, text: str) -> None:
    assert dumps(value) == text.encode()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0.0"),
        (-0.0, "-0.0"),
        (1.5, "1.5"),
        (0.001, "0.001"),
        (0.0001, "1.0E-4"),
        (9999999.0, "9999999.0"),
        (1e7, "1.0E7"),
        (123456789.5, "1.234567895E8"),
        (-1.25e-10, "-1.25E-10"),
        (5e-324, "4.9E-324"),
        (1.7976931348623157e308, "1.7976931348623157E308"),
        (float("nan"), '"NaN"'),
        (float("-inf"), '"-Infinity"'),
    ],
)
def test_doubles_are_as_java_prints_them(value: float, text: str) -> None:
    assert dumps(value) == text.encode()


def test_what_was_written_is_read() -> None:
    value = {"a": [1, "😀", None, 1.0e7], "b": {"c": True}}
    assert loads(dumps(value)) == value


def test_other_objects_are_refused() -> None:
    with pytest.raises(TypeError, match="set can't be written as JSON"):
        dumps({1})
