"""The unit that moves along the record path: many records as parallel lists.

A :class:`RecordBatch` holds consecutive records that share topic, Kafka partition and schemas. Steps that change one
part of the records change one list and make a new batch around the others; **a batch and its lists are never changed
in place**, since a batch that fails is run again record by record.

Keys and values whose schema is a STRUCT are held as *rows*: a tuple or list with one stored value per field of the
schema (None = unset), or None for a null. Structs nested inside are :class:`~connect.api.struct.Struct` objects.
``record(i)`` wraps a row into a Struct for the per-record API.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connect.api.header import Header, Headers
from connect.api.lazy import taken
from connect.api.record import ConnectRecord, SinkRecord, SourceRecord, TimestampType
from connect.api.schema import Schema, Type
from connect.api.struct import Struct

Row = Sequence[Any]
Offset = Mapping[str, Any]


@dataclass(frozen=True, slots=True, eq=False)
class SourceOrigin:
    """Where a batch of source records came from: a source partition and offset per record (lazy sequences will do)."""

    partitions: Sequence[Offset | None]
    offsets: Sequence[Offset | None]

    def __len__(self) -> int:
        return len(self.offsets)


@dataclass(frozen=True, slots=True, eq=False)
class SinkOrigin:
    """Where a batch of sink records lay in Kafka, with the bytes as they were consumed (for dead letter queues).

    ``headers`` holds per record a list of ``(key, bytes or None)``, or is None where no record has any.
    """

    topic: str
    partition: int
    offsets: Sequence[int]
    timestamp_type: TimestampType
    keys: Sequence[bytes | None]
    values: Sequence[bytes | None]
    headers: Sequence[Sequence[tuple[str, bytes | None]]] | None = None
    timestamps: Sequence[int | None] | None = None

    def __len__(self) -> int:
        return len(self.offsets)


Origin = SourceOrigin | SinkOrigin


class RecordBatch:
    """Consecutive records of one topic that share their schemas, as parallel lists (see the module's text).

    ``keys``, ``timestamps`` and ``headers`` are None where no record of the batch has one. ``headers`` holds per record
    its headers in order, as Headers, tuples, or all as :class:`~connect.api.header_columns.HeaderColumns`.
    ``positions[i]`` is the place of record ``i`` in ``origin``; it survives filtering, so that every record can be
    traced back.
    """

    __slots__ = (
        "headers",
        "key_schema",
        "keys",
        "origin",
        "partition",
        "positions",
        "timestamps",
        "topic",
        "value_schema",
        "values",
    )

    def __init__(  # noqa: PLR0913  # a value of ten columns
        self,
        topic: str | None,
        values: list[Any],
        value_schema: Schema | None = None,
        *,
        origin: Origin,
        keys: list[Any] | None = None,
        key_schema: Schema | None = None,
        timestamps: list[int | None] | None = None,
        headers: Sequence[Iterable[Header]] | None = None,
        partition: int | None = None,
        positions: Sequence[int] | None = None,
    ) -> None:
        self.topic = topic
        self.partition = partition
        self.keys = keys
        self.key_schema = key_schema
        self.values = values
        self.value_schema = value_schema
        self.timestamps = timestamps
        self.headers = headers
        self.origin = origin
        self.positions: Sequence[int] = range(len(values)) if positions is None else positions

    def __len__(self) -> int:
        return len(self.values)

    def replace(self, **changes: Any) -> RecordBatch:
        """A batch that differs in the named attributes and shares all others. Lengths must stay the same."""
        copy = RecordBatch.__new__(RecordBatch)
        for name in RecordBatch.__slots__:
            setattr(copy, name, changes[name] if name in changes else getattr(self, name))
        return copy

    def take(self, indexes: Sequence[int]) -> RecordBatch:
        """The records at those indexes, in that order."""
        return self.replace(
            values=[self.values[i] for i in indexes],
            keys=None if self.keys is None else [self.keys[i] for i in indexes],
            timestamps=None if self.timestamps is None else [self.timestamps[i] for i in indexes],
            headers=None if self.headers is None else taken(self.headers, indexes),
            positions=[self.positions[i] for i in indexes],
        )

    def slice(self, start: int, stop: int) -> RecordBatch:
        """The records ``start`` to ``stop - 1``."""
        return self.replace(
            values=self.values[start:stop],
            keys=None if self.keys is None else self.keys[start:stop],
            timestamps=None if self.timestamps is None else self.timestamps[start:stop],
            headers=None if self.headers is None else self.headers[start:stop],
            positions=self.positions[start:stop],
        )

    def record(self, index: int) -> SourceRecord | SinkRecord:
        """Record ``index`` as the per-record API sees it."""
        attributes = {
            "key_schema": self.key_schema,
            "key": None if self.keys is None else to_value(self.key_schema, self.keys[index]),
            "value_schema": self.value_schema,
            "value": to_value(self.value_schema, self.values[index]),
            "timestamp": None if self.timestamps is None else self.timestamps[index],
            "headers": None if self.headers is None else Headers(self.headers[index]),
        }
        position = self.positions[index]
        origin = self.origin
        if isinstance(origin, SourceOrigin):
            return SourceRecord(
                origin.partitions[position],
                origin.offsets[position],
                self.topic,
                partition=self.partition,
                **attributes,
            )
        partition = origin.partition if self.partition is None else self.partition
        record = SinkRecord(
            self.topic, partition, origin.offsets[position], timestamp_type=origin.timestamp_type, **attributes
        )
        record.original_topic = origin.topic
        record.original_partition = origin.partition
        record._origin = origin
        record._position = position
        return record

    def records(self) -> list[SourceRecord] | list[SinkRecord]:
        """All records, one object each."""
        return [self.record(i) for i in range(len(self.values))]  # type: ignore[return-value]  # one kind per origin


def to_value(schema: Schema | None, held: Any) -> Any:
    """A batch's key or value as the per-record API sees it: rows become Structs."""
    if schema is not None and schema.type is Type.STRUCT and isinstance(held, list | tuple):
        return Struct(schema, held)
    return held


def to_held(schema: Schema | None, value: Any) -> Any:
    """A record's key or value as a batch holds it: a Struct becomes its row.

    A Struct that follows another schema than the record says stays a Struct, for the converter to refuse.
    """
    if type(value) is Struct and schema is not None and (value.schema is schema or value.schema == schema):
        return value.values
    return value


def to_batches(records: Iterable[ConnectRecord], origin: Origin, positions: Iterable[int]) -> list[RecordBatch]:
    """Group consecutive records that share topic, partition and schemas into batches over ``origin``, in order."""
    batches: list[RecordBatch] = []
    run: list[ConnectRecord] = []
    places: list[int] = []
    for record, position in zip(records, positions, strict=True):
        if run and not _alike(run[0], record):
            batches.append(_to_batch(run, origin, places))
            run, places = [], []
        run.append(record)
        places.append(position)
    if run:
        batches.append(_to_batch(run, origin, places))
    return batches


def source_batches(records: Sequence[SourceRecord]) -> list[RecordBatch]:
    """What a per-record ``poll`` returned, as batches."""
    origin = SourceOrigin([r.source_partition for r in records], [r.source_offset for r in records])
    return to_batches(records, origin, range(len(records)))


def batch_of_sink_record(record: SinkRecord) -> RecordBatch | None:
    """A batch of one that leads back to the consumed bytes of a record; None for a record that a plugin made itself."""
    if record._origin is None:
        return None
    return to_batches([record], record._origin, [record._position])[0]


def _alike(first: ConnectRecord, record: ConnectRecord) -> bool:
    return (
        first.topic == record.topic
        and first.partition == record.partition
        and (first.key_schema is record.key_schema or first.key_schema == record.key_schema)
        and (first.value_schema is record.value_schema or first.value_schema == record.value_schema)
    )


def _to_batch(run: list[ConnectRecord], origin: Origin, positions: list[int]) -> RecordBatch:
    first = run[0]
    return RecordBatch(
        first.topic,
        [to_held(first.value_schema, r.value) for r in run],
        first.value_schema,
        origin=origin,
        keys=[to_held(first.key_schema, r.key) for r in run] if any(r.key is not None for r in run) else None,
        key_schema=first.key_schema,
        timestamps=[r.timestamp for r in run] if any(r.timestamp is not None for r in run) else None,
        headers=[tuple(r.headers) for r in run] if any(len(r.headers) for r in run) else None,
        partition=first.partition,
        positions=positions,
    )
