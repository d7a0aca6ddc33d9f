"""What a connector asked for that defines its own transactions (``transaction.boundary=connector``)."""

from __future__ import annotations

from collections.abc import Sequence

from connect.api import ConnectException, RecordBatch, SourceRecord
from connect.runtime.polled import Segment, SegmentEnd


class WorkerTransactionContext:
    """Collects requests while the task polls; all calls come from the task's thread."""

    def __init__(self) -> None:
        self._batch_requests: set[SegmentEnd] = set()
        self._record_requests: dict[int, set[SegmentEnd]] = {}
        self._index_requests: dict[int, dict[int, set[SegmentEnd]]] = {}

    def commit_transaction(self, record: SourceRecord | None = None) -> None:
        """Commit after the next batch, or after that record of it."""
        self._request(record, SegmentEnd.COMMIT)

    def abort_transaction(self, record: SourceRecord | None = None) -> None:
        """Drop what the open transaction holds, after the next batch or after that record."""
        self._request(record, SegmentEnd.ABORT)

    def commit_transaction_at(self, batch: RecordBatch, index: int) -> None:
        """Commit after record ``index`` of a batch."""
        self._request_at(batch, index, SegmentEnd.COMMIT)

    def abort_transaction_at(self, batch: RecordBatch, index: int) -> None:
        """Drop what the open transaction holds after record ``index`` of a batch."""
        self._request_at(batch, index, SegmentEnd.ABORT)

    def _request_at(self, batch: RecordBatch, index: int, end: SegmentEnd) -> None:
        if not 0 <= index < len(batch):
            raise IndexError(f"A batch of {len(batch)} records has no record {index}")
        self._index_requests.setdefault(id(batch), {}).setdefault(index, set()).add(end)

    def _request(self, record: SourceRecord | None, end: SegmentEnd) -> None:
        if record is None:
            self._batch_requests.add(end)
        else:
            self._record_requests.setdefault(id(record), set()).add(end)

    def batch_end(self) -> SegmentEnd:
        """What happens after the batch. Raises ConnectException when both were asked for."""
        requests, self._batch_requests = self._batch_requests, set()
        if len(requests) > 1:
            raise ConnectException("Connector requested both commit and abort of same transaction")
        return requests.pop() if requests else SegmentEnd.GO_ON

    def segments(self, records: Sequence[SourceRecord]) -> list[Segment]:
        """The records, cut after those that end a transaction. Raises ConnectException for contradictions."""
        requests, self._record_requests = self._record_requests, {}
        found: list[Segment] = []
        begin = 0
        for index, record in enumerate(records if requests else ()):
            ends = requests.get(id(record))
            if ends is not None:
                found.append(
                    Segment.of_records(records[begin : index + 1], _only(ends, record.topic, record.partition))
                )
                begin = index + 1
        return [*found, Segment.of_records(records[begin:])] if begin < len(records) else found

    def batch_segments(self, batches: Sequence[RecordBatch]) -> list[Segment]:
        """The same for batches."""
        requests, self._index_requests = self._index_requests, {}
        if not requests:
            return [Segment(batches)]
        found: list[Segment] = []
        begun: list[RecordBatch] = []
        for batch in batches:
            begin = 0
            for index, ends in sorted(requests.get(id(batch), {}).items()):
                begun.append(batch.slice(begin, index + 1))
                found.append(Segment(begun, _only(ends, batch.topic, batch.partition)))
                begin, begun = index + 1, []
            if begin < len(batch):
                begun.append(batch.slice(begin, len(batch)))
        return [*found, Segment(begun)] if begun else found


def _only(ends: set[SegmentEnd], topic: str | None, partition: int | None) -> SegmentEnd:
    if len(ends) > 1:
        raise ConnectException(
            f"Connector requested both commit and abort of same record against topic/partition {topic}/{partition}"
        )
    return next(iter(ends))
