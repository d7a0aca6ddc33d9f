"""Headers: what the recorded cases leave out."""

from __future__ import annotations

import datetime as dt
import decimal

import pytest

from connect.api import DataException, Header, Headers, SchemaBuilder, Struct
from connect.api.schema import INT8_SCHEMA, STRING_SCHEMA


def keys_and_values(headers: Headers) -> list[tuple[str, object]]:
    return [(header.key, header.value) for header in headers]


def make() -> Headers:
    return Headers().add_int("a", 1).add_int("b", 2).add_int("a", 3)


def test_the_last_of_a_name_wins():
    headers = make()
    assert headers.last_with_name("a") == Header("a", 3, headers.last_with_name("b").schema)
    assert [header.value for header in headers.all_with_name("a")] == [1, 3]
    assert headers.last_with_name("c") is None


def test_removing_and_retaining():
    assert keys_and_values(make().remove("a")) == [("b", 2)]
    assert keys_and_values(make().retain_latest()) == [("b", 2), ("a", 3)]
    assert keys_and_values(make().retain_latest("b")) == [("a", 1), ("b", 2), ("a", 3)]


def test_applying_a_change():
    doubled = make().apply(lambda header: Header(header.key, header.value * 2), "a")
    assert keys_and_values(doubled) == [("a", 2), ("b", 2), ("a", 6)]
    assert keys_and_values(make().apply(lambda header: None if header.key == "a" else header)) == [("b", 2)]


def test_a_duplicate_is_independent():
    headers = make()
    copy = headers.duplicate().clear()
    assert (len(headers), len(copy)) == (3, 0)
    assert headers == make()


@pytest.mark.parametrize("call", ["remove", "last_with_name", "retain_latest"])
def test_null_keys_are_refused(call):
    with pytest.raises(DataException, match="Header key cannot be null"):
        getattr(make(), call)(None)


def test_logical_values_are_checked():
    noon = dt.datetime(2020, 1, 1, 12, tzinfo=dt.UTC)
    with pytest.raises(DataException):
        Headers().add_date("d", noon)
    with pytest.raises(DataException):
        Headers().add_time("t", noon)
    headers = Headers().add_timestamp("ts", noon).add_decimal("n", decimal.Decimal("1.20"))
    assert headers.last_with_name("n").schema.parameters == {"scale": "2"}
    with pytest.raises(DataException):
        Headers().add_decimal("n", decimal.Decimal("NaN"))


def test_structs_bring_their_schema():
    schema = SchemaBuilder.struct().field("a", INT8_SCHEMA).build()
    assert Headers().add_struct("s", Struct(schema)).last_with_name("s").schema is schema
    assert Headers().add_struct("s", None).last_with_name("s") == Header("s", None, None)


def test_a_value_must_have_the_schemas_class():
    with pytest.raises(DataException, match=r"The value 5 is not compatible with the schema Schema\{STRING\}"):
        Headers().add("a", 5, STRING_SCHEMA)
