"""Between batches and the bytes in Kafka: the converters of a task, applied to whole batches."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import Any

from connect.api import (
    ConnectException,
    Converter,
    Header,
    HeaderColumn,
    HeaderColumns,
    HeaderConverter,
    Headers,
    RecordBatch,
    Repeated,
    Run,
    Schema,
    SinkOrigin,
)
from connect.api.lazy import Deferred
from connect.runtime.errors.tolerance import ToleranceOperator
from connect.runtime.progress import Stage

RawHeaders = list[tuple[str, bytes | None]]


@dataclass(frozen=True, slots=True)
class Converters:
    """The three converters of a task, with the class names that error reports show."""

    key: Converter
    value: Converter
    header: HeaderConverter
    key_class: str
    value_class: str
    header_class: str


@dataclass(frozen=True, slots=True, eq=False)
class EncodedBatch:
    """Records as the producer takes them; lists are parallel, None where no record has one."""

    topic: str
    partition: int | None
    keys: list[bytes | None] | None
    values: list[bytes | None]
    timestamps: list[int | None] | None
    headers: list[RawHeaders] | None
    batch: RecordBatch

    def size(self) -> int:
        """Bytes of all keys and values."""
        return sum(len(item) for items in (self.keys or (), self.values) for item in items if item is not None)


class SourceConversion:
    """Turns batches into bytes."""

    def __init__(self, converters: Converters, tolerance: ToleranceOperator) -> None:
        self._converters = converters
        self._tolerance = tolerance

    def encode(self, batch: RecordBatch) -> list[EncodedBatch]:
        """The encoded records, without those that fail and are tolerated. Raises ConnectException otherwise."""
        if not batch.values:
            return []
        try:
            return [self._encode(batch)]
        except Exception:  # found and judged by the record-by-record run
            return [
                encoded for index in range(len(batch)) for encoded in self._encode_single(batch.slice(index, index + 1))
            ]

    def _encode(self, batch: RecordBatch) -> EncodedBatch:
        headers, shown = self._headers(batch), _headers_of(batch)
        return _encoded(batch, self._keys(batch, shown), self._values(batch, shown), headers)

    def _keys(self, batch: RecordBatch, headers: Sequence[Headers] | None) -> list[bytes | None] | None:
        if batch.keys is None and batch.key_schema is None:
            return None
        keys = batch.keys if batch.keys is not None else [None] * len(batch)
        return self._converters.key.from_connect_batch(batch.topic, batch.key_schema, keys, headers)

    def _values(self, batch: RecordBatch, headers: Sequence[Headers] | None) -> list[bytes | None]:
        return self._converters.value.from_connect_batch(batch.topic, batch.value_schema, batch.values, headers)

    def _headers(self, batch: RecordBatch) -> list[RawHeaders] | None:
        if batch.headers is None:
            return None
        convert, topic = self._converters.header.from_connect_header, batch.topic
        if isinstance(batch.headers, HeaderColumns):
            columns = [self._column(topic, column) for column in batch.headers.columns]
            return list(map(list, zip(*columns, strict=True))) if columns else None
        return [[(h.key, convert(topic, h.key, h.schema, h.value)) for h in headers] for headers in batch.headers]

    def _column(self, topic: str | None, column: HeaderColumn) -> Iterable[tuple[str, bytes | None]]:
        """One header of each record; one that is the same for all is converted once."""
        converter = self._converters.header
        convert = converter.from_connect_header
        key, values, schemas = column
        if isinstance(schemas, Repeated):
            if isinstance(values, Repeated):
                return Repeated((key, convert(topic, key, schemas.item, values.item)), len(values))
            return zip(repeat(key), converter.from_connect_header_batch(topic, key, schemas.item, values))
        return [(key, convert(topic, key, schema, value)) for value, schema in zip(values, schemas, strict=True)]

    def _encode_single(self, single: RecordBatch) -> list[EncodedBatch]:
        """Find the stage that fails, with retries and tolerance for each."""
        converters = self._converters
        run = self._tolerance.run
        headers = run(Stage.HEADER_CONVERTER, converters.header_class, lambda b: [self._headers(b)], single)
        if not headers:
            return []
        shown = _headers_of(single)
        keys = run(Stage.KEY_CONVERTER, converters.key_class, lambda b: [self._keys(b, shown)], single)
        if not keys:
            return []
        values = run(Stage.VALUE_CONVERTER, converters.value_class, lambda b: self._values(b, shown), single)
        return [_encoded(single, keys[0], values, headers[0])] if values else []


def _headers_of(batch: RecordBatch) -> Sequence[Headers] | None:
    """What converters get to see; most don't look."""
    headers = batch.headers
    return None if headers is None else Deferred(len(batch), lambda: [Headers(each) for each in headers])


def _encoded(
    batch: RecordBatch,
    keys: list[bytes | None] | None,
    values: list[bytes | None],
    headers: list[RawHeaders] | None,
) -> EncodedBatch:
    if batch.topic is None:
        raise ConnectException("A source record has no topic")
    timestamps = _checked_timestamps(batch.timestamps)
    return EncodedBatch(batch.topic, batch.partition, keys, values, timestamps, headers, batch)


def _checked_timestamps(timestamps: list[int | None] | None) -> list[int | None] | None:
    if timestamps is None or not any(t is not None and t < 0 for t in timestamps):
        return timestamps
    for timestamp in timestamps:
        if timestamp is not None and timestamp < -1:
            raise ConnectException(f"Invalid record timestamp {timestamp}")
    return [None if timestamp == -1 else timestamp for timestamp in timestamps]


class SinkConversion:
    """Turns consumed bytes into batches."""

    def __init__(self, converters: Converters, tolerance: ToleranceOperator) -> None:
        self._converters = converters
        self._tolerance = tolerance

    def decode(self, origin: SinkOrigin) -> list[RecordBatch]:
        """The records, without those that fail and are tolerated. Raises ConnectException otherwise."""
        raw = RecordBatch(origin.topic, list(origin.values), origin=origin, partition=origin.partition)
        try:
            return self._decode(raw)
        except Exception:  # found and judged by the record-by-record run
            return [batch for index in range(len(raw)) for batch in self._decode_single(raw.slice(index, index + 1))]

    def _decode(self, raw: RecordBatch) -> list[RecordBatch]:
        raw = raw.replace(headers=self._headers(raw))
        shown = _headers_of(raw)
        return _decoded(raw, self._keys(raw, shown), self._values(raw, shown))

    def _keys(self, raw: RecordBatch, headers: Sequence[Headers] | None) -> list[Run]:
        origin = _sink_origin(raw)
        keys = _of_batch(origin.keys, raw)
        if headers is None and _all_none(keys):
            schema, value = self._converters.key.to_connect_data(raw.topic, None)
            return [(schema, [value] * len(keys))]
        return self._converters.key.to_connect_batch(raw.topic, keys, headers)

    def _values(self, raw: RecordBatch, headers: Sequence[Headers] | None) -> list[Run]:
        return self._converters.value.to_connect_batch(raw.topic, raw.values, headers)

    def _headers(self, raw: RecordBatch) -> Sequence[Iterable[Header]] | None:
        """The headers as columns, unless they have other keys in some record than in others."""
        origin = _sink_origin(raw)
        if origin.headers is None:
            return None
        found = [origin.headers[position] for position in raw.positions]
        keys = {tuple([key for key, _ in headers]) for headers in found}
        if len(keys) != 1:
            return [self._convert_headers(raw.topic, headers) for headers in found]
        columns = [self._convert_column(raw.topic, column) for column in zip(*found, strict=True)]
        return HeaderColumns(columns, len(found)) if columns else None

    def _convert_column(self, topic: str | None, column: Sequence[tuple[str, bytes | None]]) -> HeaderColumn:
        convert = self._converters.header.to_connect_header
        schemas, values = zip(*[convert(topic, key, data) for key, data in column], strict=True)
        return HeaderColumn(column[0][0], values, schemas)

    def _convert_headers(self, topic: str | None, headers: Sequence[tuple[str, bytes | None]]) -> tuple[Header, ...]:
        convert = self._converters.header.to_connect_header
        converted = [(key, convert(topic, key, data)) for key, data in headers]
        return tuple([Header(key, value, schema) for key, (schema, value) in converted])

    def _decode_single(self, raw: RecordBatch) -> list[RecordBatch]:
        converters = self._converters
        run = self._tolerance.run
        headers = run(Stage.HEADER_CONVERTER, converters.header_class, lambda b: [self._headers(b)], raw)
        if not headers:
            return []
        raw = raw.replace(headers=headers[0])
        shown = _headers_of(raw)
        keys = run(Stage.KEY_CONVERTER, converters.key_class, lambda b: self._keys(b, shown), raw)
        if not keys:
            return []
        values = run(Stage.VALUE_CONVERTER, converters.value_class, lambda b: self._values(b, shown), raw)
        return _decoded(raw, keys, values) if values else []


def _decoded(raw: RecordBatch, keys: list[Run], values: list[Run]) -> list[RecordBatch]:
    stamps = _sink_origin(raw).timestamps
    batch = raw.replace(timestamps=None if stamps is None else _of_batch(stamps, raw))
    if len(keys) == 1 and len(values) == 1:
        return [_with_runs(batch, keys[0], values[0])]
    return _merge_runs(batch, keys, values)


def _of_batch(column: Sequence[Any], raw: RecordBatch) -> Sequence[Any]:
    """The items of an origin's column that belong to the batch's records."""
    if len(raw) == len(column):
        return column  # filtering keeps the order, so these are all
    return [column[position] for position in raw.positions]


def _all_none(items: Sequence[Any]) -> bool:
    if items and items[0] is not None:
        return False  # as a rule all have a key, or none has
    return items.count(None) == len(items)  # compares identities first


def _sink_origin(raw: RecordBatch) -> SinkOrigin:
    if not isinstance(raw.origin, SinkOrigin):
        raise TypeError("Only consumed records can be decoded")
    return raw.origin


def _with_runs(batch: RecordBatch, keys: Run, values: Run) -> RecordBatch:
    held = None if _all_none(keys[1]) else keys[1]
    return batch.replace(key_schema=keys[0], keys=held, value_schema=values[0], values=values[1])


def _merge_runs(batch: RecordBatch, keys: list[Run], values: list[Run]) -> list[RecordBatch]:
    """Cut the batch where the schema of keys or values changes."""
    batches = []
    starts = sorted(_boundaries(keys) | _boundaries(values))
    all_keys: list[tuple[Schema | None, Any]] = [(schema, key) for schema, run in keys for key in run]
    all_values: list[tuple[Schema | None, Any]] = [(schema, value) for schema, run in values for value in run]
    for start, stop in zip(starts, [*starts[1:], len(batch)], strict=True):
        key_run = (all_keys[start][0], [key for _, key in all_keys[start:stop]])
        value_run = (all_values[start][0], [value for _, value in all_values[start:stop]])
        batches.append(_with_runs(batch.slice(start, stop), key_run, value_run))
    return batches


def _boundaries(runs: list[Run]) -> set[int]:
    starts, position = set(), 0
    for _, items in runs:
        starts.add(position)
        position += len(items)
    return starts
