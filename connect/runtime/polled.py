"""What a source task's poll gave: batches, and for record-by-record tasks the very records it made."""

from __future__ import annotations

import enum
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from connect.api import RecordBatch, SourceRecord, SourceTask
from connect.api.batch import source_batches

Original = Callable[[int], SourceRecord]
"""From a position in a batch's origin to the record as it was polled."""


class SegmentEnd(enum.Enum):
    """What happens to the open transaction after a segment."""

    GO_ON = "go on"
    COMMIT = "commit"
    ABORT = "abort"


@dataclass(frozen=True, slots=True)
class Segment:
    """Consecutive records of one poll, as batches. ``records`` are they as polled, unless that was as batches.

    A position in the origin of such batches is an index into ``records``.
    """

    batches: Sequence[RecordBatch]
    end: SegmentEnd = SegmentEnd.GO_ON
    records: Sequence[SourceRecord] | None = None

    @staticmethod
    def of_records(records: Sequence[SourceRecord], end: SegmentEnd = SegmentEnd.GO_ON) -> Segment:
        """Group records into batches."""
        return Segment(source_batches(records), end, records)

    def original(self, batch: RecordBatch) -> Original:
        """How to get at the records of one of the batches."""
        return originals(batch, self.records)


def polls_batches(task: SourceTask) -> bool:
    """Whether the task makes batches itself; its records are then made on demand."""
    return type(task).poll_batch is not SourceTask.poll_batch


def originals(batch: RecordBatch, records: Sequence[SourceRecord] | None) -> Original:
    """How to get at the records of a batch, as polled."""
    if records is not None:
        return records.__getitem__
    indexes = {position: index for index, position in enumerate(batch.positions)}

    def make(position: int) -> SourceRecord:
        record = batch.record(indexes[position])
        if not isinstance(record, SourceRecord):
            raise TypeError("A source task polled records that are no source records")
        return record

    return make
