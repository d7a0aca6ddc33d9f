"""What batches go through: nulls among rows, structs of other schemas, what stays untouched, what bad data does."""

from __future__ import annotations

import copy
import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connect.api import (
    ConfigException,
    ConnectException,
    DataException,
    Header,
    Headers,
    RecordBatch,
    SchemaBuilder,
    Struct,
    Transformation,
)
from connect.api.numbers import Float32, Int8
from connect.api.schema import INT32_SCHEMA, STRING_SCHEMA
from tests.unit.transforms.parts import INNER, OUTER, batch, configured, inner, sink_origin
from transforms.cast import CastKey, CastValue
from transforms.drop_headers import DropHeaders
from transforms.extract_field import ExtractFieldKey, ExtractFieldValue
from transforms.filter import Filter
from transforms.flatten import FlattenValue
from transforms.header_from import HeaderFromValue
from transforms.hoist_field import HoistFieldKey, HoistFieldValue
from transforms.insert_field import InsertFieldValue
from transforms.insert_header import InsertHeader
from transforms.mask_field import MaskFieldValue
from transforms.predicates.has_header_key import HasHeaderKey
from transforms.predicates.record_is_tombstone import RecordIsTombstone
from transforms.regex_router import RegexRouter
from transforms.replace_field import ReplaceFieldValue
from transforms.set_schema_metadata import SetSchemaMetadataValue
from transforms.timestamp_converter import TimestampConverterValue
from transforms.timestamp_router import TimestampRouter
from transforms.value_to_key import ValueToKey

ROWS: list[Any] = [(1, inner(5, "a"), "t"), (2, None, None), (3, inner(6, None), "u")]
TRANSFORMATIONS: list[tuple[type[Transformation], dict[str, str]]] = [
    (CastValue, {"spec": "id:string"}),
    (CastValue, {"spec": "int8"}),
    (CastValue, {"spec": "float32"}),
    (ExtractFieldValue, {"field": "id"}),
    (FlattenValue, {}),
    (HeaderFromValue, {"fields": "id", "headers": "h", "operation": "move"}),
    (HoistFieldValue, {"field": "f"}),
    (InsertFieldValue, {"topic_field": "topic", "timestamp_field": "ts!", "static_field": "s", "static_value": "v"}),
    (InsertHeader, {"header": "h", "value_literal": "1"}),
    (MaskFieldValue, {"fields": "id,t"}),
    (MaskFieldValue, {"fields": "id,t", "replacement": "7"}),
    (RegexRouter, {"regex": "t(.*)", "replacement": "$1"}),
    (ReplaceFieldValue, {"exclude": "id", "renames": "t:text"}),
    (SetSchemaMetadataValue, {"schema_name": "n"}),
    (TimestampConverterValue, {"target_type": "string", "format": "yyyy-MM-dd", "field": "id"}),
    (TimestampConverterValue, {"target_type": "Timestamp", "format": "yyyy-MM-dd"}),
    (TimestampRouter, {}),
    (ValueToKey, {"fields": "id"}),
]
ids = [f"{t.__name__}{i}" for i, (t, _) in enumerate(TRANSFORMATIONS)]


def plain(batches: list[RecordBatch]) -> list[Any]:
    return [(r.topic, r.key_schema, r.key, r.value_schema, r.value, r.headers) for b in batches for r in b.records()]


@pytest.mark.parametrize(("transformation", "config"), TRANSFORMATIONS, ids=ids)
@pytest.mark.parametrize("schema", [None, OUTER], ids=["maps", "rows"])
def test_the_batch_stays_as_it_was_and_equals_record_by_record(
    transformation: type[Transformation], config: dict[str, str], schema: Any
) -> None:
    values: list[Any] = ROWS if schema else [{"id": 86_400_000, "t": "x"}, {"t": None}, {"id": 3, "in": {"x": 1}}]
    made = configured(transformation, **config)
    given_batch = batch(values, schema, timestamps=[1, 2, 3], headers=[Headers(), Headers([Header("k", 1)]), Headers()])
    before = copy.deepcopy((given_batch.values, list(given_batch.headers or ()), given_batch.timestamps))
    try:
        whole = plain(made.apply_batch(given_batch))
    except ConnectException:
        return
    assert (given_batch.values, given_batch.headers, given_batch.timestamps) == before
    single = [made.apply(given_batch.record(i)) for i in range(3)]
    assert whole == [(r.topic, r.key_schema, r.key, r.value_schema, r.value, r.headers) for r in single if r]


def test_nulls_keep_their_schema_among_changed_rows() -> None:
    made = configured(CastValue, spec="id:string")
    values = [ROWS[0], None, None, ROWS[1]]
    first, nulls, last = made.apply_batch(batch(values, OUTER, timestamps=[1, 2, 3, 4]))
    assert first.value_schema is last.value_schema
    assert first.value_schema is not OUTER
    assert (nulls.value_schema, nulls.values, list(nulls.positions), nulls.timestamps) == (
        OUTER,
        [None, None],
        [1, 2],
        [2, 3],
    )
    assert [row[0] for row in (*first.values, *last.values)] == ["1", "2"]


def test_runs_that_agree_in_schema_come_back_as_one_batch() -> None:
    made = configured(ReplaceFieldValue, exclude="a")
    (result,) = made.apply_batch(batch([{"a": 1}, None, {"b": 2}], None))
    assert result.values == [{}, None, {"b": 2}]
    assert list(result.positions) == [0, 1, 2]


def test_a_struct_of_another_schema_is_changed_by_its_own() -> None:
    other = SchemaBuilder.struct().field("id", STRING_SCHEMA).build()
    made = configured(MaskFieldValue, fields="id")
    first, second = made.apply_batch(batch([ROWS[0], Struct(other, ["x"])], OUTER))
    assert (first.value_schema, second.value_schema) == (OUTER, other)
    assert second.values == [("",)]


@pytest.mark.parametrize("wrong", ["abc", {"id": 1, "in": 2, "t": 3}, 5, b"abc"])
def test_what_is_no_row_is_refused(wrong: Any) -> None:
    made = configured(ReplaceFieldValue, exclude="id")
    with pytest.raises(DataException, match=r"Only Struct objects supported for \[field replacement\], found: "):
        made.apply_batch(batch([ROWS[0], wrong], OUTER))


def test_a_null_in_a_required_field_is_refused() -> None:
    made = configured(ReplaceFieldValue, exclude="t")
    with pytest.raises(DataException, match='Invalid value: null used for required field: "id", schema type: INT32'):
        made.apply_batch(batch([(None, None, None)], OUTER))


def test_keys_are_changed_where_there_are_any() -> None:
    hoist = configured(HoistFieldKey, field="k")
    assert hoist.apply_batch(batch([1, 2]))[0].keys == [{"k": None}, {"k": None}]
    cast = configured(CastKey, spec="string")
    assert cast.apply_batch(batch([1, 2], keys=[3, None]))[0].keys == ["3", None]
    extract = configured(ExtractFieldKey, field="k")
    assert extract.apply_batch(batch([1], keys=[{"k": 7}]))[0].keys == [7]


def test_sink_coordinates_are_inserted() -> None:
    made = configured(InsertFieldValue, offset_field="o!", partition_field="p", timestamp_field="ts")
    records = batch([{}, {}, {}], origin=sink_origin(3), timestamps=[1000, None, 3000]).slice(1, 3)
    (result,) = made.apply_batch(records)
    assert result.values == [{"o": 101, "p": 3}, {"o": 102, "p": 3, "ts": 3000}]
    (rows,) = made.apply_batch(batch([(1, "a")], INNER, origin=sink_origin(1), timestamps=[1000]))
    assert rows.values == [(1, "a", 3, 100, dt.datetime(1970, 1, 1, 0, 0, 1, tzinfo=dt.UTC))]


def test_records_of_one_time_share_a_batch() -> None:
    made = configured(TimestampRouter, topic_format="${timestamp}")
    routed = made.apply_batch(batch([1, 2, 3, 4], timestamps=[0, 1, 86_400_000, 2]))
    assert [(part.topic, part.values) for part in routed] == [
        ("19700101", [1, 2]),
        ("19700102", [3]),
        ("19700101", [4]),
    ]


def test_headers_are_added_and_dropped_per_record() -> None:
    (added,) = configured(InsertHeader, header="h", value_literal="42").apply_batch(batch([1, 2]))
    assert added.headers is not None
    assert [[(h.key, h.value) for h in headers] for headers in added.headers] == [[("h", 42)], [("h", 42)]]
    (dropped,) = configured(DropHeaders, headers="h").apply_batch(added)
    assert [len(record.headers) for record in dropped.records()] == [0, 0]


def test_filter_drops_everything() -> None:
    assert Filter().apply_batch(batch([1, 2])) == []
    assert Filter().apply(batch([1]).record(0)) is None


def test_an_empty_batch_is_no_trouble() -> None:
    for transformation, config in TRANSFORMATIONS:
        made = configured(transformation, **config)
        assert sum(len(part) for part in made.apply_batch(batch([], None, timestamps=[]))) == 0


def test_maps_may_nest_deeper_than_python_recurses() -> None:
    value: dict[str, Any] = {"x": 1}
    for _ in range(2000):
        value = {"a": value, "b": 2}
    (flat,) = configured(FlattenValue, delimiter="").apply_batch(batch([value], None))[0].values
    assert flat["a" * 2000 + "x"] == 1
    assert len(flat) == 2001


def test_predicates_answer_per_record() -> None:
    assert list(RecordIsTombstone().test_batch(batch([None, 0, {}]))) == [True, False, False]
    has = HasHeaderKey()
    has.configure({"name": "k"})
    assert list(has.test_batch(batch([1, 2]))) == [False, False]
    assert list(has.test_batch(batch([1, 2], headers=[Headers(), Headers([Header("k", 1)])]))) == [False, True]


anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.text(max_size=4)
    | st.binary(max_size=3)
    | st.just(Decimal("1E+3"))
    | st.decimals()
    | st.datetimes(timezones=st.just(dt.UTC))
    | st.just(Int8(3))
    | st.just(Float32(1.5))
    | st.just(Struct(INNER, (1, "s"))),
    lambda inside: (
        st.lists(inside, max_size=3)
        | st.dictionaries(st.sampled_from(["id", "t", "in", "x"]), inside, max_size=4)
        | st.tuples(inside, inside, inside)
    ),
    max_leaves=6,
)


@pytest.mark.parametrize(("transformation", "config"), TRANSFORMATIONS, ids=ids)
@given(value=anything, schema=st.sampled_from([None, OUTER, INNER, INT32_SCHEMA, STRING_SCHEMA]))
def test_bad_data_raises_connect_exceptions_only(
    transformation: type[Transformation], config: dict[str, str], value: Any, schema: Any
) -> None:
    made = configured(transformation, **config)
    try:
        made.apply_batch(batch([value, {"id": 1}], schema, timestamps=[1, 2]))
    except ConnectException as error:
        assert str(error)  # noqa: PT017  # either outcome will do


@pytest.mark.parametrize(
    ("transformation", "keys"),
    [
        (CastValue, ["spec"]),
        (HeaderFromValue, ["fields", "headers", "operation"]),
        (InsertFieldValue, ["topic_field", "static_field", "static_value"]),
        (MaskFieldValue, ["fields", "replacement"]),
        (RegexRouter, ["regex", "replacement"]),
        (ReplaceFieldValue, ["exclude", "include", "renames"]),
        (SetSchemaMetadataValue, ["schema_name", "schema_version"]),
        (TimestampConverterValue, ["target_type", "format", "field", "unix_precision"]),
        (ValueToKey, ["fields"]),
    ],
)
@given(data=st.data())
def test_bad_configuration_raises_config_exceptions_only(
    transformation: type[Transformation], keys: list[str], data: st.DataObject
) -> None:
    text = st.text("ab:,.`()[*$\\ int8string?!'y", max_size=8)
    config = {key: data.draw(text) for key in keys} | {"field_syntax_version": data.draw(st.sampled_from(["V1", "V2"]))}
    try:
        configured(transformation, **config)
    except ConfigException as error:
        assert str(error)  # noqa: PT017  # either outcome will do
