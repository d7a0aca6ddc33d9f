"""How bodies are read, and what is said about those that don't fit."""

from __future__ import annotations

from typing import Any

import pytest

from connect.rest.bodies import BadBody, config_of, object_of, parse_texts, parse_values


@pytest.mark.parametrize(
    ("body", "config"),
    [
        (b'{"a": 1, "b": 1.50, "c": 1e3}', {"a": "1", "b": "1.50", "c": "1e3"}),
        (b'{"a": true, "b": null, "c": "x"}', {"a": "true", "b": None, "c": "x"}),
        (b'{"a": "x", "a": "y"}', {"a": "y"}),
        (b' {"a": "x"} and more', {"a": "x"}),
        (b'{"a": "\\ud800!"}', {"a": "?!"}),
        ('{"ž": "€"}'.encode(), {"ž": "€"}),
    ],
)
def test_a_configuration_is_made_of_texts(body: bytes, config: dict[str, Any]) -> None:
    """Numbers as they were written; the last of several equal keys counts; what follows the document doesn't."""
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
        (None, "must not be null"),
    ],
)
def test_what_is_no_configuration_is_told_in_javas_words(value: Any, message: str) -> None:
    with pytest.raises(BadBody, match=message):
        config_of(value)


def test_an_empty_body_is_null() -> None:
    assert parse_values(b"") is None
    assert parse_values(b" \n") is None


def test_an_object_has_no_members_but_the_known_ones() -> None:
    with pytest.raises(BadBody, match=r'Unrecognized field "c" \(class X\), .* \(2 known properties: "a", "b"\)'):
        object_of({"a": 1, "c": 2}, "X", "a", "b")
