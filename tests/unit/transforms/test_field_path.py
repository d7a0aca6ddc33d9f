"""Paths into nested data, in every transformation that takes fields."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connect.api import ConfigException, DataException, Struct, Transformation
from tests.unit.transforms.parts import INNER, OUTER, batch, configured, inner
from transforms.cast import CastValue
from transforms.extract_field import ExtractFieldValue
from transforms.field_path import parse_path
from transforms.header_from import HeaderFromValue
from transforms.insert_field import InsertFieldValue
from transforms.mask_field import MaskFieldValue
from transforms.replace_field import ReplaceFieldValue
from transforms.timestamp_converter import TimestampConverterValue
from transforms.value_to_key import ValueToKey

MAPS: list[Any] = [{"id": 1, "in": {"x": 5, "s": "a"}}, {"id": 2, "in": None}, {"id": 3}]
ROWS: list[Any] = [(1, inner(5, "a"), "t"), (2, None, None)]


@pytest.mark.parametrize(
    ("path", "steps"),
    [
        ("a", ("a",)),
        ("a.b.c", ("a", "b", "c")),
        ("a.`b.c`.d", ("a", "b.c", "d")),
        ("a.", ("a", "")),
        (".a", ("", "a")),
        ("", ()),
        ("`a`b`", ("a`b",)),
        (r"`t\`.k`", ("t`.k",)),
        ("t`k", ("t`k",)),
        ("``.a", ("", "a")),
    ],
)
def test_paths_are_cut_at_dots_outside_of_backticks(path: str, steps: tuple[str, ...]) -> None:
    assert parse_path(path) == steps


@pytest.mark.parametrize("path", ["`", "a.`b.c", r"`a\`"])
def test_a_backtick_without_its_partner_is_refused(path: str) -> None:
    with pytest.raises(ConfigException, match="Incomplete backtick pair in path"):
        parse_path(path)


@given(st.text("ab.`\\", max_size=12))
def test_any_text_is_a_path_or_refused(path: str) -> None:
    try:
        steps = parse_path(path)
    except ConfigException:
        return
    assert all(isinstance(step, str) for step in steps)


def changed(transformation: type[Transformation], values: list[Any], schema: Any = None, **config: str) -> Any:
    made = configured(transformation, field_syntax_version="V2", **config)
    (result,) = made.apply_batch(batch(values, schema))
    return result


@pytest.mark.parametrize(
    ("transformation", "config", "first"),
    [
        (CastValue, {"spec": "in.x:string"}, {"id": 1, "in": {"x": "5", "s": "a"}}),
        (MaskFieldValue, {"fields": "in.s,id"}, {"id": 0, "in": {"x": 5, "s": ""}}),
        (ReplaceFieldValue, {"exclude": "in.x", "renames": "in.s:y"}, {"id": 1, "in": {"y": "a"}}),
        (ReplaceFieldValue, {"include": "in.x"}, {"in": {"x": 5}}),
        (InsertFieldValue, {"topic_field": "in.topic"}, {"id": 1, "in": {"x": 5, "s": "a", "topic": "top"}}),
        (
            TimestampConverterValue,
            {"field": "in.x", "target_type": "string", "format": "s.SSS"},
            {"id": 1, "in": {"x": "0.005", "s": "a"}},
        ),
        (HeaderFromValue, {"fields": "in.x", "headers": "h", "operation": "move"}, {"id": 1, "in": {"s": "a"}}),
    ],
)
def test_nested_members_of_maps_are_changed(
    transformation: type[Transformation], config: dict[str, str], first: dict[str, Any]
) -> None:
    result = changed(transformation, MAPS, **config)
    assert result.values[0] == first
    assert result.values[1]["in"] is None
    assert "in" not in result.values[2]
    assert MAPS[0] == {"id": 1, "in": {"x": 5, "s": "a"}}


@pytest.mark.parametrize(
    ("transformation", "config", "fields", "values"),
    [
        (CastValue, {"spec": "in.x:string"}, ["x", "s"], ["5", "a"]),
        (MaskFieldValue, {"fields": "in.s,id"}, ["x", "s"], [5, ""]),
        (ReplaceFieldValue, {"exclude": "in.x", "renames": "in.s:y"}, ["y"], ["a"]),
        (ReplaceFieldValue, {"include": "in.x"}, ["x"], [5]),
        (InsertFieldValue, {"topic_field": "in.topic"}, ["x", "s", "topic"], [5, "a", "top"]),
        (HeaderFromValue, {"fields": "in.x", "headers": "h", "operation": "move"}, ["s"], ["a"]),
    ],
)
def test_nested_fields_of_structs_are_changed_and_stay_optional(
    transformation: type[Transformation], config: dict[str, str], fields: list[str], values: list[Any]
) -> None:
    result = changed(transformation, ROWS, OUTER, **config)
    schema = result.value_schema.field("in").schema
    place = result.value_schema.field("in").index
    assert schema.optional
    assert [field.name for field in schema.fields] == fields
    assert result.values[0][place] == Struct(schema, values)
    assert result.values[1][place] is None
    assert ROWS[0][1] == Struct(INNER, (5, "a"))


def test_nested_schemas_are_made_once() -> None:
    transformation = configured(CastValue, spec="in.x:string", field_syntax_version="V2")
    first, second = (transformation.apply_batch(batch(ROWS, OUTER))[0].value_schema for _ in range(2))
    assert first is second


def test_nested_fields_can_be_read() -> None:
    assert changed(ExtractFieldValue, MAPS, field="in.x").values == [5, None, None]
    assert changed(ExtractFieldValue, ROWS, OUTER, field="in.x").values == [5, None]
    assert changed(ExtractFieldValue, ROWS, OUTER, field="in").values == [[5, "a"], None]
    assert changed(ValueToKey, MAPS, fields="in.x,id").keys[0] == {"x": 5, "id": 1}
    assert changed(ValueToKey, ROWS[:1], OUTER, fields="in.s,id").keys == [("a", 1)]
    headers = changed(HeaderFromValue, ROWS, OUTER, fields="in.s", headers="h", operation="copy").headers
    assert [header.value for header in headers[0]] == ["a"]


@pytest.mark.parametrize("transformation", [MaskFieldValue, ValueToKey])
def test_a_path_needs_a_step(transformation: type[Transformation]) -> None:
    with pytest.raises(ConfigException):
        configured(transformation, fields="``..", field_syntax_version="V3")


def test_a_step_into_something_else_is_an_error() -> None:
    with pytest.raises(DataException, match="Cannot look up fields on non-struct type"):
        changed(MaskFieldValue, ROWS, OUTER, fields="id.x")
    with pytest.raises(DataException, match=r"for \[nested field access\], found: java.lang.Long"):
        changed(MaskFieldValue, MAPS, fields="id.x")
