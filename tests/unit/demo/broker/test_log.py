import struct

import pytest

from connect.demo.broker.log import EARLIEST, LATEST, PartitionLog, RejectedRecords
from connect.demo.broker.messages import ErrorCode


def batch(
    records: int, timestamp: int = 0, producer: int = -1, sequence: int = -1, magic: int = 2, body: bytes = b""
) -> bytes:
    """A batch's header with ``body`` in place of its records, which the log never reads."""
    after_length = struct.pack(
        ">ibIhiqqqhii", -1, magic, 0, 0, records - 1, timestamp, timestamp, producer, 0, sequence, records
    )
    return struct.pack(">qi", 0, len(after_length) + len(body)) + after_length + body


def base_offset(data: bytes) -> int:
    return struct.unpack_from(">q", data)[0]


def test_offsets_count_records_not_batches():
    """A batch of five records takes five offsets; the end is the offset of the next record to come."""
    log = PartitionLog()

    assert [log.append(batch(5)), log.append(batch(1) + batch(3)), log.append(batch(1))] == [0, 5, 9]
    assert log.end == 10
    assert log.offset_for(LATEST) == (10, -1)
    assert log.offset_for(EARLIEST) == (0, -1)


def test_a_read_starts_with_the_batch_that_holds_the_offset():
    """Reading in the middle of a batch gives that batch; reading at the end gives nothing."""
    log = PartitionLog()
    log.append(batch(5))
    log.append(batch(5))

    assert base_offset(log.read(7, 1)) == 5
    assert log.read(10, 1) == b""


def test_a_read_returns_one_batch_more_than_nothing_whatever_the_limit():
    """The limit ends a read between batches, but the first one always comes."""
    log = PartitionLog()
    size = len(batch(1))
    for _ in range(4):
        log.append(batch(1))

    assert len(log.read(0, 1)) == size
    assert len(log.read(0, 3 * size)) == 3 * size
    assert len(log.read(2, 100 * size)) == 2 * size


@pytest.mark.parametrize("offset", [-1, 3])
def test_an_offset_outside_the_log_is_refused(offset):
    """A reader that is out of range is told so, so that it can reset."""
    log = PartitionLog()
    log.append(batch(2))

    with pytest.raises(RejectedRecords) as error:
        log.read(offset, 100)
    assert error.value.code is ErrorCode.OFFSET_OUT_OF_RANGE


def test_a_batch_sent_twice_by_an_idempotent_producer_is_kept_once():
    """A retry with the same sequence number gets the offset of the first try."""
    log = PartitionLog()

    assert [log.append(batch(3, producer=7, sequence=s)) for s in (0, 3, 3)] == [0, 3, 3]
    assert log.end == 6


def test_times_are_found_by_batch():
    """The first batch that holds a record of that time or later; -1 when there is none."""
    log = PartitionLog()
    for timestamp in (1000, 2000):
        log.append(batch(2, timestamp))

    assert [log.offset_for(t)[0] for t in (0, 1000, 1001, 2000, 2001)] == [0, 0, 2, 2, -1]


@pytest.mark.parametrize(
    ("records", "code"),
    [
        (b"", ErrorCode.INVALID_RECORD),
        (batch(1)[:-1], ErrorCode.INVALID_RECORD),
        (batch(1) + b"rest", ErrorCode.INVALID_RECORD),
        (batch(1, magic=1), ErrorCode.UNSUPPORTED_FOR_MESSAGE_FORMAT),
    ],
)
def test_what_is_no_batch_is_refused_whole(records, code):
    """Nothing of a broken produce request is kept."""
    log = PartitionLog()

    with pytest.raises(RejectedRecords) as error:
        log.append(records)
    assert error.value.code is code
    assert log.end == 0
