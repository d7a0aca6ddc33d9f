"""Where messages wait: in memory and on disk."""

from __future__ import annotations

import errno
import os
import random
from pathlib import Path

import pytest

from connect.api import ConnectException
from connectors.syslog.blocks import Block, MemoryQueue, Peer
from connectors.syslog.spool import Spool, offset_of

PEER = Peer("192.0.2.1", 5140)


def block(*messages: str, cut: tuple[int, ...] = ()) -> Block:
    return Block(PEER, 1_700_000_000_000, [message.encode() for message in messages], frozenset(cut))


def texts(blocks: list[Block]) -> list[str]:
    return [message.decode() for each in blocks for message in each.messages]


def opened(folder: Path, offset: dict[str, int] | None = None, most: int = 1 << 20) -> Spool:
    spool = Spool(folder, most)
    spool.open(offset)
    return spool


def test_memory_gives_as_many_as_asked_for_in_order() -> None:
    queue = MemoryQueue(100, 10_000)
    queue.put(block("a", "b", "c", cut=(2,)))
    queue.put(block("d"))
    first, rest = queue.take(2), queue.take(10)
    assert (texts(first), texts(rest)) == (["a", "b"], ["c", "d"])
    assert (first[0].cut, rest[0].cut) == (frozenset(), {0})
    assert queue.take(1) == []


def test_memory_is_full_by_messages_and_by_bytes() -> None:
    by_messages, by_bytes = MemoryQueue(2, 10_000), MemoryQueue(100, 500)
    for queue, filling in ((by_messages, block("a", "b")), (by_bytes, block("x" * 500))):
        assert not queue.full
        queue.put(filling)
        assert queue.full
        queue.take(1)
        assert not queue.full


def test_a_spool_goes_on_behind_any_stored_offset(tmp_path: Path) -> None:
    spool = opened(tmp_path)
    for start in range(0, 30, 3):
        spool.put(block(*(str(number) for number in range(start, start + 3))))
    offsets = []
    while taken := spool.take(2):
        offsets += [offset_of(each, index) for each in taken for index in range(len(each.messages))]
    spool.close()
    assert len(offsets) == 30
    for number, offset in enumerate(offsets):
        again = opened(tmp_path, offset)
        assert texts(again.take(100)) == [str(each) for each in range(number + 1, 30)]
        again.close()


def test_a_spool_keeps_what_was_put_and_who_sent_it(tmp_path: Path) -> None:
    spool = opened(tmp_path)
    sent = block("a", "é" * 10, "", cut=(1,))._replace(peer=Peer("2001:db8::1", 1))
    spool.put(sent)
    assert [each._replace(place=None) for each in spool.take(9)] == [sent]
    identity = spool.id
    spool.close()
    again = opened(tmp_path)
    assert again.id == identity
    assert [each._replace(place=None) for each in again.take(9)] == [sent]


def test_segments_go_when_kafka_has_them(tmp_path: Path) -> None:
    spool = opened(tmp_path, most=8000)
    count = 0
    while not spool.full:
        spool.put(block("x" * 200))
        count += 1
    assert spool.size() >= 8000
    taken = spool.take(count)
    assert len(taken) == count
    last = taken[-1].place
    assert last is not None
    spool.release(last.segment)
    assert not spool.full
    assert len(list(tmp_path.glob("*.spool"))) == 1


def test_numbers_of_segments_are_never_used_again(tmp_path: Path) -> None:
    spool = opened(tmp_path, {"segment": 57, "position": 10, "skip": 0})
    spool.put(block("new"))
    assert texts(spool.take(9)) == ["new"]
    assert [path.name for path in tmp_path.glob("*.spool")] == [f"{58:020}.spool"]


def test_a_block_that_was_being_written_when_the_power_failed_is_left_out(tmp_path: Path) -> None:
    spool = opened(tmp_path)
    spool.put(block("whole"))
    spool.put(block("torn"))
    spool.close()
    (path,) = tmp_path.glob("*.spool")
    data = path.read_bytes()
    for damaged in (data[:-1], data[:-1] + b"X", data[: len(data) // 2 + 3]):
        path.write_bytes(damaged)
        again = opened(tmp_path)
        again.put(block("later"))
        assert texts(again.take(9)) == ["whole", "later"]
        again.close()
        for other in set(tmp_path.glob("*.spool")) - {path}:
            other.unlink()


def test_a_full_disk_is_named_and_leaves_nothing_half_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spool = opened(tmp_path)
    spool.put(block("before"))
    write = os.write

    def half(descriptor: int, data: bytes) -> int:
        if len(data) < 30:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(descriptor, data[: len(data) - 20])

    monkeypatch.setattr(os, "write", half)
    with pytest.raises(ConnectException, match=r"Couldn't write to the spool .*: No space left on device"):
        spool.put(block("never"))
    monkeypatch.undo()
    spool.close()
    again = opened(tmp_path)
    again.put(block("after"))
    assert texts(again.take(9)) == ["before", "after"]


def test_two_tasks_dont_share_a_spool(tmp_path: Path) -> None:
    spool = opened(tmp_path)
    with pytest.raises(ConnectException, match="in use by another task"):
        Spool(tmp_path, 1 << 20)
    spool.close()
    opened(tmp_path).close()


def test_a_folder_that_cant_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConnectException, match=r"The spool .*/file/x can't be used: Not a directory"):
        Spool(tmp_path / "file" / "x", 1 << 20)


def test_puts_and_takes_in_any_rhythm_lose_nothing(tmp_path: Path) -> None:
    chance, spool = random.Random(2), opened(tmp_path, most=20_000)
    put, taken = 0, []
    while put < 2000:
        if chance.random() < 0.5 and not spool.full:
            size = chance.randrange(1, 8)
            spool.put(block(*(str(number) for number in range(put, put + size))))
            put += size
        else:
            blocks = spool.take(chance.randrange(1, 20))
            taken += texts(blocks)
            if blocks and blocks[-1].place:
                spool.release(blocks[-1].place.segment)
    taken += texts(spool.take(10_000))
    assert taken == [str(number) for number in range(put)]
