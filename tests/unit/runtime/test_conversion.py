"""Batches become bytes and back; records that can't be converted are singled out."""

from __future__ import annotations

import dataclasses

import pytest

from connect.api import ConnectException, Headers, SinkOrigin, TimestampType
from connect.runtime.conversion import SinkConversion, SourceConversion
from connect.runtime.progress import Stage
from tests.unit.runtime.parts import CollectingReporter, batch_of, operator, text_converters


def test_a_batch_is_encoded_with_keys_headers_and_timestamps() -> None:
    conversion = SourceConversion(text_converters(), operator())
    (encoded,) = conversion.encode(batch_of("a", "b", key="k", timestamp=5, headers=Headers().add("h", "x")))
    assert encoded.values == [b"a", b"b"]
    assert encoded.keys == [b"k", b"k"]
    assert encoded.timestamps == [5, 5]
    assert encoded.headers == [[("h", b"x")], [("h", b"x")]]


def test_a_record_that_can_not_be_encoded_is_left_out() -> None:
    reporter = CollectingReporter()
    conversion = SourceConversion(text_converters(), operator(reporter, tolerate_all=True))
    encoded = conversion.encode(batch_of("a", "bad 1", "b"))
    assert [value for part in encoded for value in part.values] == [b"a", b"b"]
    assert [failure.stage for failure in reporter.failures] == [Stage.VALUE_CONVERTER]


@pytest.mark.parametrize(
    ("stage", "attributes"),
    [(Stage.KEY_CONVERTER, {"key": "bad"}), (Stage.HEADER_CONVERTER, {"headers": Headers().add("h", "bad")})],
)
def test_the_stage_that_failed_is_named(stage: Stage, attributes: dict[str, object]) -> None:
    reporter = CollectingReporter()
    conversion = SourceConversion(text_converters(), operator(reporter, tolerate_all=True))
    assert conversion.encode(batch_of("a", **attributes)) == []
    assert [failure.stage for failure in reporter.failures] == [stage]


def test_minus_one_is_no_timestamp_and_other_negative_ones_are_refused() -> None:
    conversion = SourceConversion(text_converters(), operator())
    assert conversion.encode(batch_of("a", timestamp=-1))[0].timestamps == [None]
    with pytest.raises(ConnectException, match="Invalid record timestamp -2"):
        conversion.encode(batch_of("a", timestamp=-2))


def consumed(*values: bytes, keys: list[bytes | None] | None = None) -> SinkOrigin:
    offsets = list(range(10, 10 + len(values)))
    stamps = [100 + offset for offset in offsets]
    return SinkOrigin("t", 3, offsets, TimestampType.CREATE_TIME, keys or [None] * len(values), values, None, stamps)


def test_consumed_bytes_become_a_batch_with_coordinates() -> None:
    (batch,) = SinkConversion(text_converters(), operator()).decode(consumed(b"a", b"b", keys=[b"k", None]))
    assert (batch.topic, batch.partition, batch.keys, batch.values) == ("t", 3, ["k", None], ["a", "b"])
    record = batch.record(1)
    assert (record.offset, record.timestamp, record.original_topic) == (11, 111, "t")


def test_a_record_that_can_not_be_decoded_is_reported_with_its_bytes() -> None:
    reporter = CollectingReporter()
    conversion = SinkConversion(text_converters(), operator(reporter, tolerate_all=True))
    batches = conversion.decode(consumed(b"a", b"bad", b"b"))
    assert [value for batch in batches for value in batch.values] == ["a", "b"]
    (failure,) = reporter.failures
    assert isinstance(failure.batch.origin, SinkOrigin)
    assert failure.batch.origin.values[failure.batch.positions[0]] == b"bad"


@pytest.mark.parametrize(
    "headers",
    [
        [[("h", b"x"), ("i", b"y")], [("h", b"z"), ("i", b"y")]],
        [[("h", b"x")], []],
        [[("h", b"x")], [("i", b"x")]],
    ],
    ids=["alike", "missing", "different"],
)
def test_headers_come_back_as_they_were(headers: list[list[tuple[str, bytes | None]]]) -> None:
    origin = dataclasses.replace(consumed(b"a", b"b"), headers=headers)
    (batch,) = SinkConversion(text_converters(), operator()).decode(origin)
    assert [[(h.key, h.value) for h in record.headers] for record in batch.records()] == [
        [(key, (data or b"").decode()) for key, data in each] for each in headers
    ]
    (encoded,) = SourceConversion(text_converters(), operator()).encode(batch)
    assert encoded.headers == headers


def test_records_without_headers_among_others_with_some() -> None:
    origin = dataclasses.replace(consumed(b"a", b"b"), headers=[(), ()])
    (batch,) = SinkConversion(text_converters(), operator()).decode(origin)
    assert batch.headers is None
