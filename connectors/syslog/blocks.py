"""What travels from the network to the task: messages of one sender, and the queue that they wait in."""

from __future__ import annotations

import threading
from collections import deque
from typing import NamedTuple, Protocol


class Peer(NamedTuple):
    """Who sent something: the address as text (a mapped one as IPv4), and the port."""

    address: str
    port: int


class Place(NamedTuple):
    """Where a block, or a part of it, lies in a spool.

    ``segment``, the bytes in it before the block and at its end; the block's messages before and after this part.
    """

    segment: int
    start: int
    end: int
    skip: int = 0
    left: int = 0


class Block(NamedTuple):
    """Consecutive messages of one sender. ``received``: ms since the epoch; ``cut``: indexes of those cut short."""

    peer: Peer
    received: int
    messages: list[bytes]
    cut: frozenset[int] = frozenset()
    place: Place | None = None

    def size(self) -> int:
        """Bytes that it takes, roughly."""
        return sum(map(len, self.messages)) + _OVERHEAD * len(self.messages)

    def split(self, count: int) -> tuple[Block, Block]:
        """The first ``count`` messages, and the others."""
        cut, place = self.cut, self.place
        first = self._replace(messages=self.messages[:count], cut=frozenset(i for i in cut if i < count))
        rest = self._replace(messages=self.messages[count:], cut=frozenset(i - count for i in cut if i >= count))
        if place is not None:
            first = first._replace(place=place._replace(left=place.left + len(rest.messages)))
            rest = rest._replace(place=place._replace(skip=place.skip + count))
        return first, rest


_OVERHEAD = 64
"""What Python adds to the bytes of a message, in a list."""


class Store(Protocol):
    """Takes blocks from the network's thread and gives them to the task's."""

    @property
    def full(self) -> bool:
        """Whether nothing more should be put in now."""

    def put(self, block: Block) -> None:
        """Take a block, full or not. Raises ConnectException when it can't be kept."""

    def take(self, messages: int) -> list[Block]:
        """Up to so many messages, in the order they came, at once; none when there are none."""

    def wait(self, seconds: float) -> None:
        """Until there is something to take, or the time is over."""

    def wait_for_room(self, seconds: float) -> None:
        """Until it isn't full, or the time is over."""

    def close(self) -> None:
        """Let go of what it holds."""


class MemoryQueue:
    """A store in memory, bounded by messages and by bytes."""

    def __init__(self, most_messages: int, most_bytes: int) -> None:
        self._most_messages = most_messages
        self._most_bytes = most_bytes
        self._blocks: deque[tuple[Block, int]] = deque()
        self._messages = self._bytes = 0
        self._changed = threading.Condition()

    @property
    def full(self) -> bool:
        """Whether either bound is reached."""
        return self._messages >= self._most_messages or self._bytes >= self._most_bytes

    def __len__(self) -> int:
        """How many messages wait."""
        return self._messages

    def put(self, block: Block) -> None:
        """Append the block."""
        size = block.size()
        with self._changed:
            self._blocks.append((block, size))
            self._messages += len(block.messages)
            self._bytes += size
            self._changed.notify_all()

    def take(self, messages: int) -> list[Block]:
        """The oldest messages."""
        taken: list[Block] = []
        with self._changed:
            while self._blocks and messages > 0:
                block, size = self._blocks.popleft()
                if len(block.messages) > messages:
                    block, rest = block.split(messages)
                    self._blocks.appendleft((rest, rest.size()))
                    size = block.size()
                taken.append(block)
                messages -= len(block.messages)
                self._messages -= len(block.messages)
                self._bytes -= size
            self._changed.notify_all()
        return taken

    def wait(self, seconds: float) -> None:
        """Until a block is there."""
        with self._changed:
            self._changed.wait_for(lambda: bool(self._blocks), seconds)

    def wait_for_room(self, seconds: float) -> None:
        """Until both bounds leave room."""
        with self._changed:
            self._changed.wait_for(lambda: not self.full, seconds)

    def close(self) -> None:
        """Forget all blocks."""
        with self._changed:
            self._blocks.clear()
            self._messages = self._bytes = 0
