"""Transformations and predicates: what happens to records between connector and converter.

Implement ``apply`` (one record in, one or none out), or ``apply_batch`` where speed matters; each has a default in
terms of the other. The same for ``test`` and ``test_batch``. Instances serve one task and one thread.
"""

from __future__ import annotations

from abc import ABC
from collections.abc import Mapping, Sequence
from typing import Any

from connect.api.batch import RecordBatch, SinkOrigin, SourceOrigin, to_batches
from connect.api.config_def import ConfigDef
from connect.api.record import ConnectRecord, R, SinkRecord, SourceRecord


class Transformation(ABC):
    """Changes records, or drops them."""

    CONFIG: ConfigDef = ConfigDef()
    VERSION: str | None = None

    def configure(self, config: Mapping[str, Any]) -> None:  # noqa: B027  # not all have settings
        """Take the properties under ``transforms.<alias>.``, prefix removed. Raises ConfigException."""

    def apply(self, record: R) -> R | None:
        """The changed record, or None to drop it. The record itself stays as it is. Raises DataException."""
        changed = self.apply_batch(single(record))
        return _unwrap(record, changed)

    def apply_batch(self, batch: RecordBatch) -> list[RecordBatch]:
        """The changed batch; none, or several in order when the records no longer share topic or schemas.

        The batch and its lists stay as they are. Raises on the first record that can't be transformed.
        """
        kept: list[ConnectRecord] = []
        positions: list[int] = []
        for index, position in enumerate(batch.positions):
            changed = self.apply(batch.record(index))
            if changed is not None:
                kept.append(changed)
                positions.append(position)
        return to_batches(kept, batch.origin, positions)

    def close(self) -> None:  # noqa: B027  # optional
        """Release what the transformation holds."""


class Predicate(ABC):
    """Says whether a transformation applies to a record."""

    CONFIG: ConfigDef = ConfigDef()
    VERSION: str | None = None

    def configure(self, config: Mapping[str, Any]) -> None:  # noqa: B027  # not all have settings
        """Take the properties under ``predicates.<alias>.``, prefix removed. Raises ConfigException."""

    def test(self, record: ConnectRecord) -> bool:
        """True when the predicate holds for the record."""
        return self.test_batch(single(record))[0]

    def test_batch(self, batch: RecordBatch) -> Sequence[bool]:
        """The answer per record (``Repeated`` where it is the same for all)."""
        return [self.test(batch.record(i)) for i in range(len(batch))]

    def close(self) -> None:  # noqa: B027  # optional
        """Release what the predicate holds."""


def single(record: ConnectRecord) -> RecordBatch:
    """A batch of that one record."""
    origin: SourceOrigin | SinkOrigin
    if isinstance(record, SinkRecord):
        origin = SinkOrigin(
            record.original_topic or "",
            record.original_partition,
            [record.original_offset],
            record.timestamp_type,
            [None],
            [None],
        )
    elif isinstance(record, SourceRecord):
        origin = SourceOrigin([record.source_partition], [record.source_offset])
    else:
        origin = SourceOrigin([None], [None])
    return to_batches([record], origin, [0])[0]


def _unwrap(record: R, batches: list[RecordBatch]) -> R | None:
    changed = [r for batch in batches for r in batch.records()]
    if not changed:
        return None
    names = ("topic", "partition", "key_schema", "key", "value_schema", "value", "timestamp", "headers")
    return record.replace(**{name: getattr(changed[0], name) for name in names})
