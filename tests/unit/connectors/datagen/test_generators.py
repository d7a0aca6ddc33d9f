"""The annotations, one by one."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest

from connect.api import DataException, Struct
from connectors.datagen.avro_schema import read_avro_schema
from connectors.datagen.generators import filler
from connectors.datagen.regex import texts_of


def fill(schema: Any, size: int = 200, first: int = 0) -> list[Any]:
    return filler(read_avro_schema(json.dumps(schema)))(Random(1), first, size)


def annotated(type: str, **properties: Any) -> dict[str, Any]:
    return {"type": type, "arg.properties": properties}


@pytest.mark.parametrize("type", ["int", "long", "float", "double"])
def test_ranges(type: str) -> None:
    values = fill(annotated(type, range={"min": -3, "max": 3}), 2000)
    assert all(-3 <= value < 3 for value in values)
    if type in ("int", "long"):
        assert set(values) == set(range(-3, 3))


def test_numbers_without_range_fill_their_type() -> None:
    assert all(-(2**31) <= value < 2**31 for value in fill("int"))
    assert any(abs(value) > 2**60 for value in fill("long"))
    assert all(0 <= value < 1 for value in fill("double"))


def test_iterations() -> None:
    assert fill(annotated("int", iteration={"start": 5}), 3, first=10) == [15, 16, 17]
    assert fill(annotated("long", iteration={"start": 0, "step": 3, "restart": 7}), 5) == [0, 3, 6, 0, 3]
    assert fill(annotated("int", iteration={"start": 3, "restart": 0}), 5) == [3, 2, 1, 3, 2]
    assert fill(annotated("double", iteration={"start": 0.5}), 2) == [0.5, 1.5]
    assert fill(annotated("string", iteration={"start": 1}, prefix="a", suffix="z"), 2) == ["a1z", "a2z"]
    assert fill(annotated("boolean", iteration={"start": True}), 3) == [True, False, True]


def test_options(tmp_path: Path) -> None:
    assert set(fill(annotated("string", options=["a", "b"]))) == {"a", "b"}
    listed = tmp_path / "options.json"
    listed.write_text("1\n2\n")
    assert set(fill(annotated("int", options={"file": str(listed), "encoding": "json"}))) == {1, 2}
    listed.write_text("[3, 4]")
    assert set(fill(annotated("int", options={"file": str(listed)}))) == {3, 4}


def test_texts_by_length_and_regex() -> None:
    assert {len(text) for text in fill(annotated("string", length=4))} == {4}
    assert {len(text) for text in fill(annotated("string", length={"min": 1, "max": 3}))} == {1, 2}
    assert {len(data) for data in fill(annotated("bytes", length=2))} == {2}


@pytest.mark.parametrize(
    "pattern",
    [
        *("User_[1-9]", r"lab-\d{1}", "[A-Z]{2}\\d{6}[A-Z]", "(ab|c)+d?", "[^a-z]{3}", "x.y", r"\[\d\d,\d\d\]", ""),
        *("a{2,}", "^a-b$", "[]a-]+", r"\w\s\S\W\D", "(?:a|b){0,2}", r"a\.b", "[a-c-]", r"[\d_]{20}"),
    ],
)
def test_texts_match_their_expression(pattern: str) -> None:
    texts = texts_of(pattern)(Random(1), 300)
    assert all(re.fullmatch(pattern, text) for text in texts)
    assert len(set(texts)) > 1 or pattern in ("", "^a-b$", r"a\.b")


@pytest.mark.parametrize("pattern", ["(", "[a", "a{3,1}", "*a", "(?=a)", "a)", "a{x}", "\\"])
def test_expressions_that_are_refused(pattern: str) -> None:
    with pytest.raises(DataException, match="can't be used to make text"):
        texts_of(pattern)


def test_collections() -> None:
    items = annotated("int", range={"min": 0, "max": 5})
    arrays = fill({"type": "array", "items": items, "arg.properties": {"length": {"min": 1, "max": 3}}})
    assert {len(array) for array in arrays} == {1, 2}
    maps = fill({"type": "map", "values": items, "arg.properties": {"length": 2, "keys": {"options": ["a", "b", "c"]}}})
    assert all(len(made) == 2 and made.keys() <= {"a", "b", "c"} for made in maps)
    assert all(
        len(key) == 3
        for made in fill({"type": "map", "values": "int", "arg.properties": {"length": 1, "keys": {"length": 3}}})
        for key in made
    )


def test_decimals_dates_and_fixed() -> None:
    decimal = {"type": "bytes", "logicalType": "decimal", "precision": 4, "scale": 2}
    values = fill({**decimal, "arg.properties": {"range": {"min": 10, "max": 50}}})
    assert all(Decimal(10) <= value < Decimal(50) and value.as_tuple().exponent == -2 for value in values)
    assert all(0 <= value < 100 for value in fill(decimal))
    day = {"type": "int", "logicalType": "date", "arg.properties": {"iteration": {"start": 1}}}
    assert fill(day, 1)[0].isoformat() == "1970-01-02T00:00:00+00:00"
    assert {len(data) for data in fill({"type": "fixed", "name": "f", "size": 3})} == {3}


def test_enums_and_booleans() -> None:
    assert set(fill({"type": "enum", "name": "e", "symbols": ["A", "B"]})) == {"A", "B"}
    assert set(fill(annotated("boolean", odds=1.0))) == {True}


def test_unions() -> None:
    assert {type(value) for value in fill(["null", "int"])} == {type(None), int}
    structs = fill(["null", "int", "string"])
    assert {None if value is None else tuple(part is None for part in value.values) for value in structs} == {
        None,
        (False, True),
        (True, False),
    }


def test_whole_records_as_options() -> None:
    inner = {"type": "record", "name": "I", "fields": [{"name": "a", "type": "int"}]}
    outer = {
        "type": "record",
        "name": "O",
        "fields": [{"name": "i", "type": inner}, {"name": "u", "type": ["null", "string"]}],
        "arg.properties": {"options": [{"i": {"a": 1}, "u": None}, {"i": {"a": 2}, "u": {"string": "x"}}]},
    }
    rows = fill(outer)
    assert {(row[0].get("a"), row[1]) for row in rows} == {(1, None), (2, "x")}
    assert all(isinstance(row[0], Struct) for row in rows)


@pytest.mark.parametrize(
    "schema",
    [
        annotated("int", range={"min": 3, "max": 3}),
        annotated("int", options=[]),
        annotated("int", options=["x"]),
        annotated("int", options={"file": "/nowhere"}),
        annotated("int", options={"file": "/nowhere", "encoding": "binary"}),
        annotated("int", iteration={"start": 1, "step": 0}),
        annotated("int", iteration={"start": 1, "step": -1, "restart": 5}),
        annotated("string", length={"min": 3, "max": 3}),
        annotated("string", regex="("),
    ],
)
def test_annotations_without_meaning(schema: Any) -> None:
    with pytest.raises(DataException):
        fill(schema)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[",
        '{"type":"record"}',
        '"unknown"',
        '{"type":"record","name":"R","fields":[{"name":"n","type":"null"}]}',
        "5",
    ],
)
def test_schemas_that_are_refused(text: str) -> None:
    with pytest.raises(DataException, match="Unable to parse the provided schema"):
        read_avro_schema(text)
