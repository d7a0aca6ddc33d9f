"""What may be committed."""

from __future__ import annotations

import weakref

from connect.api import TopicPartition
from connectors.elasticsearch.operations import Target
from connectors.elasticsearch.progress import Chunk, Progress
from tests.unit.connectors.elasticsearch.fakes import batch

ORDERS = TopicPartition("orders", 0)
TARGET = Target("orders", key_ignored=True, schema_ignored=True)


class Watched(Chunk):
    """A chunk that a weak reference can point to."""


def chunk(first: int, count: int) -> Chunk:
    offsets = range(first, first + count)
    return Watched(ORDERS, TARGET, batch([{}] * count, first=first), [b""] * count, range(count), offsets)


def test_chunks_that_arrive_out_of_order() -> None:
    """The offset moves on when the first chunk is complete, past all that are."""
    progress = Progress()
    first, second = chunk(0, 3), chunk(3, 2)
    progress.begin(ORDERS, 0)
    progress.add(first)
    progress.add(second)
    second.arrive(range(2))
    assert progress.committable({ORDERS: 5}) == {ORDERS: 0}
    first.arrive([0, 2])
    assert progress.committable({ORDERS: 5}) == {ORDERS: 1}
    first.arrive([1])
    assert progress.committable({ORDERS: 5}) == {ORDERS: 5}


def test_a_stuck_record_is_never_passed() -> None:
    """Even when all others are done."""
    progress = Progress()
    progress.begin(ORDERS, 0)
    progress.stick(ORDERS, 4)
    assert progress.committable({ORDERS: 9}) == {ORDERS: 4}
    assert progress.acknowledged({ORDERS: 9}) == {ORDERS: 4}


def test_a_failed_task_commits_only_what_it_knows() -> None:
    """Nothing for partitions of which nothing was done, or that were never seen."""
    progress = Progress()
    progress.begin(ORDERS, 7)
    progress.add(chunk(7, 2))
    other = TopicPartition("other", 0)
    assert progress.acknowledged({ORDERS: 9, other: 3}) == {}


def test_partitions_that_go_away_are_forgotten() -> None:
    """What was outstanding is delivered again to whoever has them."""
    progress = Progress()
    progress.begin(ORDERS, 0)
    progress.add(chunk(0, 1))
    progress.drop([ORDERS])
    assert progress.committable({ORDERS: 5}) == {ORDERS: 5}


def test_what_is_done_is_not_kept() -> None:
    """Between commits, which may be far apart, memory holds what is outstanding only."""
    progress = Progress()
    progress.begin(ORDERS, 0)
    done = chunk(0, 1)
    kept = weakref.ref(done)
    progress.add(done)
    done.arrive([0])
    del done
    progress.add(chunk(1, 1))
    assert kept() is None
