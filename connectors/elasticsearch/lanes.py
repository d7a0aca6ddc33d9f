"""Lines on their way: lanes in which they wait, parts of chunks, and the bulks that are made of them."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from connect.api import TopicPartition
from connectors.elasticsearch.progress import Chunk

_PROBE_LINES = 10
"""What a lane sends to find out whether its lines are taken again."""


@dataclass(slots=True, eq=False)
class Lane:
    """Lines that wait for one target, in order. Times are monotonic seconds."""

    name: str
    ordered: bool
    partitions: set[TopicPartition] = field(default_factory=set)
    parts: deque[Part] = field(default_factory=deque)
    lines: int = 0
    size: int = 0
    oldest: float = 0.0
    busy: bool = False
    rejections: int = 0
    rest_until: float = 0.0
    warned: float = float("-inf")

    def may_send(self, now: float) -> bool:
        """True when there are lines that may be sent."""
        return self.lines > 0 and now >= self.rest_until and not (self.ordered and self.busy)

    def append(self, chunk: Chunk, now: float) -> None:
        """Queue all lines of a chunk."""
        if not self.lines:
            self.oldest = now
        self.partitions.add(chunk.partition)
        size = sum(map(len, chunk.lines))
        self.parts.append(Part(self, chunk, range(len(chunk.lines)), size))
        self.lines += len(chunk.lines)
        self.size += size

    def cut(self, most_lines: int, most_bytes: int | None) -> Part:
        """Take lines from the front: up to the limit of lines, and until the limit of bytes is reached."""
        part = self.parts.popleft()
        if len(part.items) > most_lines or (most_bytes is not None and part.size > most_bytes):
            part, rest = part.divide(most_lines, most_bytes)
            if rest.items:
                self.parts.appendleft(rest)
        self.lines -= len(part.items)
        self.size -= part.size
        return part

    def put_back(self, part: Part, items: Sequence[int], since: float | None) -> None:
        """Queue some lines of a part again, in front."""
        again = len(items) == len(part.items)
        size = part.size if again else sum(len(part.chunk.lines[item]) for item in items)
        self.parts.appendleft(Part(self, part.chunk, items, size, since))
        self.lines += len(items)
        self.size += size


@dataclass(slots=True, eq=False)
class Part:
    """Some lines of a chunk; ``since`` is when the first of them was rejected (monotonic seconds), None = never."""

    lane: Lane
    chunk: Chunk
    items: Sequence[int]
    size: int
    since: float | None = None

    def lines(self) -> Sequence[bytes]:
        """The lines themselves."""
        lines, items = self.chunk.lines, self.items
        if isinstance(items, range):
            return lines if len(items) == len(lines) else lines[items.start : items.stop]
        return [lines[item] for item in items]

    def divide(self, most_lines: int, most_bytes: int | None) -> tuple[Part, Part]:
        """The lines up to a limit, and the rest."""
        count = size = 0
        for line in self.lines():
            count, size = count + 1, size + len(line)
            if count == most_lines or (most_bytes is not None and size >= most_bytes):
                break
        return (
            Part(self.lane, self.chunk, self.items[:count], size, self.since),
            Part(self.lane, self.chunk, self.items[count:], self.size - size, self.since),
        )


@dataclass(slots=True, eq=False)
class Bulk:
    """What one request carries, in order."""

    parts: list[Part]
    lines: int

    def body(self) -> bytes:
        """The request's body."""
        return b"".join([line for part in self.parts for line in part.lines()])

    def places(self) -> Iterator[tuple[Part, int]]:
        """Part and line of each item of the answer, in order."""
        for part in self.parts:
            for item in part.items:
                yield part, item

    @property
    def lanes(self) -> set[Lane]:
        """Where its lines came from."""
        return {part.lane for part in self.parts}


def compose(lanes: Sequence[Lane], most_lines: int, most_bytes: int | None) -> Bulk:
    """A bulk of the lines in front of these lanes."""
    parts: list[Part] = []
    lines = size = 0
    for lane in lanes:
        allowed = min(most_lines, lines + _PROBE_LINES) if lane.rejections else most_lines
        while lane.parts and lines < allowed and (most_bytes is None or size < most_bytes):
            part = lane.cut(allowed - lines, None if most_bytes is None else most_bytes - size)
            parts.append(part)
            lines += len(part.items)
            size += part.size
            lane.busy = True
    return Bulk(parts, lines)
