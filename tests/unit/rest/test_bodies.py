"""How bodies are read, and what is said about those that don't fit."""

from __future__ import annotations

from typing import Any

import pytest

from connect.rest.bodies import (
    CONFIG_TYPE,
    BadBody,
    RawNumber,
    config_of,
    mismatch,
    object_of,
    parse_texts,
    parse_values,
)


@pytest.mark.parametrize(
    ("body", "config"),
    [
        (b'{"a": 1, "b": 1.50, "c": 1e3}', {"a": "1", "b": "1.50", "c": "1e3"}),
        (b'{"a": true, "b": null, "c": "x"}', {"a": "true", "b": None, "c": "x"}),
        (b'{"a": "x", "a": "y"}', {"a": "y"}),
        (b' {"a": "x"} \n', {"a": "x"}),
        (b'{"a": "\\ud800!"}', {"a": "?!"}),
        ('{"ž": "€"}'.encode(), {"ž": "€"}),
    ],
)
def test_a_configuration_is_made_of_texts(body: bytes, config: dict[str, Any]) -> None:
    """Numbers as they were written; the last of several equal keys counts."""
    assert config_of(parse_texts(body)) == config


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"{", "Unexpected end-of-input"),
        (b'{"a":', "Unexpected end-of-input"),
        (b'{"a": "x', "Unexpected end-of-input"),
        (b"junk", "Unrecognized token 'junk': was expecting"),
        (b'{"a" "b"}', "Unexpected character"),
        (b"\xff", "Invalid UTF-8"),
        (b'{"a": NaN}', "Non-standard token 'NaN'"),
        (b"[" * 100_000, "nesting depth"),
        (b'{"a": "x"} and more', "Unrecognized token 'and'"),
        (b'{"a": "x"}}', "Unexpected close marker '}': no open Object to close"),
        (b'{"a": "x"} {}', r"Trailing token \(of type START_OBJECT\) found after value"),
        (b"[1", "Cannot deserialize value of type `java.util.LinkedHashMap<.*>` from Array value"),
        (b'{"a": 01}', "Invalid numeric value: Leading zeroes not allowed"),
        (b'{"a": -}', r"Unexpected character \('}' \(code 125\)\) in numeric value"),
        (b'{"a": "x",}', "was expecting double-quote to start field name"),
        (b"{'a': 1}", "was expecting double-quote to start field name"),
        (b'{"a": "\x01"}', r"Illegal unquoted character \(\(CTRL-CHAR, code 1\)\)"),
        (b"\x00", r"Illegal character \(\(CTRL-CHAR, code 0\)\)"),
        (b'{"a": "\\q"}', r"Unrecognized character escape 'q' \(code 113\)"),
        (b"{]", "Unexpected close marker ']'"),
        (b'{"a": 1 "b": 2}', "was expecting comma to separate Object entries"),
    ],
)
def test_what_is_no_json_is_told_in_javas_words(body: bytes, message: str) -> None:
    with pytest.raises(BadBody, match=message):
        parse_texts(body)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ([], r"Cannot deserialize value of type `java\.util\.LinkedHashMap<.*>` from Array value"),
        ("x", r"Cannot construct instance of `java\.util\.LinkedHashMap` .*from String value \('x'\)"),
        ({"a": {}}, r"Cannot deserialize value of type `java\.lang\.String` from Object value"),
        ({"a": [1]}, r"Cannot deserialize value of type `java\.lang\.String` from Array value"),
        (True, "from Boolean value"),
        (RawNumber("1.5"), "from Floating-point value"),
        ("", r'Cannot coerce empty String \(""\) to element of `java\.util\.LinkedHashMap`'),
        (None, "must not be null"),
    ],
)
def test_what_is_no_configuration_is_told_in_javas_words(value: Any, message: str) -> None:
    with pytest.raises(BadBody, match=message):
        config_of(value)


def test_an_empty_body_is_null() -> None:
    assert parse_values(b"", CONFIG_TYPE) is None
    assert parse_values(b" \n", CONFIG_TYPE) is None


def test_an_object_has_no_members_but_the_known_ones() -> None:
    with pytest.raises(BadBody, match=r'Unrecognized field "c" \(class X\), .* \(2 known properties: "a", "b"\)'):
        object_of({"a": 1, "c": 2}, "X", "a", "b")


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (RawNumber("1"), "Cannot construct instance of `a.Request` .* no int/Int-argument .* from Number value .1.$"),
        (1.5, "no double/Double-argument"),
        (True, "no boolean/Boolean-argument .* from boolean value .true.$"),
        ("", "Cannot coerce empty String .* to `a.Request` value"),
    ],
)
def test_what_is_no_request_is_told_in_javas_words(value: Any, message: str) -> None:
    with pytest.raises(BadBody, match=message):
        raise mismatch("a.Request", value)
