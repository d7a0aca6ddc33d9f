"""One partition's records: the batches as the producers sent them, in memory, found again by offset."""

from __future__ import annotations

import struct
from bisect import bisect_right
from dataclasses import dataclass

from connect.demo.broker.messages import ErrorCode

LATEST = -1
EARLIEST = -2

_HEADER = struct.Struct(">qiibIhiqqqhii")
"""Base offset, batch length, leader epoch, magic, checksum, attributes, last offset delta, first and largest timestamp,
producer id, producer epoch, first sequence number, number of records."""
_BASE_OFFSET = struct.Struct(">q")
_LENGTH_OVERHEAD = 12
_MAGIC = 2


class RejectedRecords(Exception):
    """The records can't be appended, for the reason that ``code`` tells the producer."""

    def __init__(self, code: ErrorCode, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class BatchHeader:
    size: int
    last_offset_delta: int
    max_timestamp: int
    producer_id: int
    producer_epoch: int
    base_sequence: int


def read_header(data: memoryview) -> BatchHeader:
    """The header of the batch at the front of ``data``; raises RejectedRecords unless it is whole and of format 2."""
    if len(data) < _HEADER.size:
        raise RejectedRecords(ErrorCode.INVALID_RECORD, "The records end in the middle of a batch.")
    (_, length, _, magic, _, _, delta, _, max_timestamp, producer, epoch, sequence, _) = _HEADER.unpack_from(data)
    if magic != _MAGIC:
        raise RejectedRecords(
            ErrorCode.UNSUPPORTED_FOR_MESSAGE_FORMAT, f"Record format {magic} isn't kept here, only 2."
        )
    size = length + _LENGTH_OVERHEAD
    if size < _HEADER.size or size > len(data) or delta < 0:
        raise RejectedRecords(ErrorCode.INVALID_RECORD, "The records end in the middle of a batch.")
    return BatchHeader(size, delta, max_timestamp, producer, epoch, sequence)


class PartitionLog:
    """The batches of a partition. Its offsets run from 0 to ``end`` without a gap."""

    def __init__(self) -> None:
        self.end = 0
        self._bases: list[int] = []
        self._batches: list[bytes] = []
        self._max_timestamps: list[int] = []
        self._last_of_producer: dict[tuple[int, int], tuple[int, int]] = {}

    def append(self, records: bytes) -> int:
        """Add all batches of one produce request or none; returns the offset of the first record.

        A batch that an idempotent producer sends a second time, since it never saw the answer, is answered with the
        offset that the first one got. Raises RejectedRecords.
        """
        view = memoryview(records)
        headers: list[BatchHeader] = []
        while len(view):
            headers.append(read_header(view))
            view = view[headers[-1].size :]
        if not headers:
            raise RejectedRecords(ErrorCode.INVALID_RECORD, "There are no records in the request.")
        if (seen := self._seen(headers[0])) is not None:
            return seen
        first, position = self.end, 0
        for header in headers:
            self._add(header, records[position : position + header.size])
            position += header.size
        return first

    def _seen(self, header: BatchHeader) -> int | None:
        sequence, offset = self._last_of_producer.get((header.producer_id, header.producer_epoch), (-1, -1))
        return offset if header.producer_id >= 0 and sequence == header.base_sequence else None

    def _add(self, header: BatchHeader, batch: bytes) -> None:
        # The base offset is outside what the checksum covers, so that a broker can set it without reading the records.
        self._bases.append(self.end)
        self._batches.append(_BASE_OFFSET.pack(self.end) + batch[_BASE_OFFSET.size :])
        self._max_timestamps.append(header.max_timestamp)
        if header.producer_id >= 0:
            self._last_of_producer[header.producer_id, header.producer_epoch] = (header.base_sequence, self.end)
        self.end += header.last_offset_delta + 1

    def read(self, offset: int, max_bytes: int) -> bytes:
        """Whole batches from the one that holds ``offset``: at least one if there is any, more up to ``max_bytes``.

        Raises RejectedRecords when the offset is neither in the log nor its end.
        """
        if not 0 <= offset <= self.end:
            raise RejectedRecords(ErrorCode.OFFSET_OUT_OF_RANGE, f"Offset {offset} isn't between 0 and {self.end}.")
        if offset == self.end:
            return b""
        first = bisect_right(self._bases, offset) - 1
        size, last = len(self._batches[first]), first + 1
        while last < len(self._batches) and size + len(self._batches[last]) <= max_bytes:
            size += len(self._batches[last])
            last += 1
        return b"".join(self._batches[first:last])

    def offset_for(self, timestamp: int) -> tuple[int, int]:
        """Offset and timestamp for LATEST, EARLIEST or a time in milliseconds; -1 and -1 if nothing is that young.

        For a time it is the front of the batch that holds the record, since finding the record itself would mean to
        decompress batches: a reader may see a few older records first, and never misses one.
        """
        if timestamp == LATEST:
            return self.end, -1
        if timestamp == EARLIEST:
            return 0, -1
        for base, newest in zip(self._bases, self._max_timestamps, strict=True):
            if newest >= timestamp:
                return base, newest
        return -1, -1
