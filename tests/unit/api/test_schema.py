"""Schemas, structs and validation beyond the recorded cases."""

from __future__ import annotations

import contextlib
import copy
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connect.api import (
    FLOAT64_SCHEMA,
    INT8_SCHEMA,
    INT32_SCHEMA,
    STRING_SCHEMA,
    DataException,
    Field,
    Int8,
    Int64,
    Schema,
    SchemaBuilder,
    SchemaBuilderException,
    Struct,
    Type,
    validate_value,
)
from connect.api.struct import structs_of
from tests.unit.api.data import ANYTHING, schemas, values_of

POINT = SchemaBuilder.struct().name("point").field("x", INT32_SCHEMA).field("label", STRING_SCHEMA).build()


@given(schemas().flatmap(lambda schema: st.tuples(st.just(schema), values_of(schema))))
def test_values_made_for_a_schema_fit_it(pair):
    schema, value = pair
    validate_value(schema, value)


@given(schemas(), ANYTHING)
def test_other_values_are_refused_with_a_data_exception_only(schema, value):
    with contextlib.suppress(DataException):
        validate_value(schema, value)


@given(schemas())
def test_equal_schemas_are_equal_and_hash_alike(schema):
    twin = pickle.loads(pickle.dumps(schema))
    assert twin == schema
    assert hash(twin) == hash(schema)
    assert schema.replace(doc="other") != schema


def test_defaults_count_in_equality_as_in_java():
    def with_default(value):
        return Schema(Type.FLOAT64, default_value=value)

    assert with_default(float("nan")) == with_default(float("nan"))
    assert with_default(0.0) != with_default(-0.0)


@pytest.mark.parametrize("attribute", ["fields", "key_schema", "value_schema"])
def test_attributes_of_other_types_are_refused(attribute):
    with pytest.raises(DataException, match="Cannot l"):
        getattr(INT8_SCHEMA, attribute)


def test_an_unknown_attribute_is_an_attribute_error():
    with pytest.raises(AttributeError):
        INT8_SCHEMA.nonsense  # noqa: B018


@pytest.mark.parametrize("value", [128, -129, True, 1.0, Int64(1), "1", 2**70])
def test_int8_takes_its_range_and_no_other_class(value):
    with pytest.raises(DataException):
        validate_value(INT8_SCHEMA, value)


@pytest.mark.parametrize("value", [127, -128, Int8(5)])
def test_int8_takes_plain_and_marked_numbers(value):
    validate_value(INT8_SCHEMA, value)


def test_no_widening_from_int_to_float():
    with pytest.raises(DataException, match=r"class java\.lang\.Long for value"):
        validate_value(FLOAT64_SCHEMA, 1)


def test_a_named_collection_must_still_be_one():
    schema = Schema(Type.STRUCT, name="org.apache.kafka.connect.data.Date", fields=[Field("a", 0, INT8_SCHEMA)])
    with pytest.raises(DataException):
        validate_value(schema, "2020-01-01")


def test_struct_items_and_copies():
    struct = Struct(POINT)
    struct["x"] = 5
    assert struct["x"] == 5
    assert struct["label"] is None
    assert copy.deepcopy(struct) == struct
    assert {struct: 1}[copy.deepcopy(struct)] == 1
    with pytest.raises(DataException, match='null used for required field: "label"'):
        struct.validate()


def test_structs_of_rows_can_be_changed_without_changing_the_rows():
    rows = [(1, "a"), [2, "b"]]
    structs = structs_of(POINT, rows)
    assert structs == [Struct(POINT, row) for row in rows]
    for struct in structs:
        struct["x"] = 5
    assert rows == [(1, "a"), [2, "b"]]
    assert [struct["x"] for struct in structs] == [5, 5]


def test_a_trusted_struct_is_not_validated():
    assert Struct(POINT, ["not a number", None]).get("x") == "not a number"


def test_a_builder_refuses_struct_defaults_as_java_does():
    with pytest.raises(SchemaBuilderException, match="Invalid default value"):
        SchemaBuilder.struct().field("x", INT32_SCHEMA).default_value(Struct(POINT))


def test_a_builder_can_be_built_before_it_is_finished():
    builder = SchemaBuilder.int32()
    early = builder.build()
    assert builder.optional().build().optional
    assert not early.optional
