"""What a connector asked for that defines its own transactions (``transaction.boundary=connector``)."""

from __future__ import annotations

from connect.api import ConnectException, SourceRecord
from connect.runtime.polled import Segment, SegmentEnd


class WorkerTransactionContext:
    """Collects requests while the task polls; all calls come from the task's thread."""

    def __init__(self) -> None:
        self._batch_requests: set[SegmentEnd] = set()
        self._record_requests: dict[int, set[SegmentEnd]] = {}

    def commit_transaction(self, record: SourceRecord | None = None) -> None:
        """Commit after the next batch, or after that record of it."""
        self._request(record, SegmentEnd.COMMIT)

    def abort_transaction(self, record: SourceRecord | None = None) -> None:
        """Drop what the open transaction holds, after the next batch or after that record."""
        self._request(record, SegmentEnd.ABORT)

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

    def segments(self, records: list[SourceRecord]) -> list[Segment]:
        """The batch, cut after the records that end a transaction. Raises ConnectException for contradictions."""
        requests, self._record_requests = self._record_requests, {}
        if not requests:
            return [Segment(records)]
        found: list[Segment] = []
        begin = 0
        for index, record in enumerate(records):
            ends = requests.get(id(record))
            if ends is None:
                continue
            if len(ends) > 1:
                raise ConnectException(
                    "Connector requested both commit and abort of same record against topic/partition "
                    f"{record.topic}/{record.partition}"
                )
            found.append(Segment(records[begin : index + 1], next(iter(ends))))
            begin = index + 1
        if begin < len(records):
            found.append(Segment(records[begin:]))
        return found
