"""From bytes in any portions to lines and the byte positions at which they end."""

from __future__ import annotations

from itertools import accumulate, count
from operator import add
from typing import NamedTuple


class Lines(NamedTuple):
    """Consecutive lines without terminators; ``ends[i]`` is the byte position behind line ``i`` and its terminator."""

    texts: list[str]
    ends: list[int]


class LineSplitter:
    """Cuts a stream of UTF-8 bytes at ``\\n``, ``\\r\\n`` and ``\\r``; how the bytes are portioned makes no difference.

    ``position`` is the byte position at which the text that still waits for its terminator begins.
    """

    def __init__(self, position: int = 0) -> None:
        self.position = position
        self._waiting: list[bytes] = []
        self._waiting_size = 0

    @property
    def read_position(self) -> int:
        """The byte position up to which bytes were fed."""
        return self.position + self._waiting_size

    def feed(self, portion: bytes) -> Lines:
        """The lines that ``portion`` completes. A ``\\r`` at its end waits, since a ``\\n`` may follow."""
        after_return = bool(self._waiting) and self._waiting[-1].endswith(b"\r")
        self._waiting.append(portion)
        self._waiting_size += len(portion)
        if not after_return and b"\n" not in portion and b"\r" not in portion:
            return Lines([], [])
        data = b"".join(self._waiting)
        cut = max(data.rfind(b"\n"), data.rfind(b"\r", 0, len(data) - 1)) + 1
        complete, rest = data[:cut], data[cut:]
        lines = split(complete, self.position)
        self._waiting = [rest] if rest else []
        self._waiting_size = len(rest)
        self.position += cut
        return lines

    def finish(self) -> Lines:
        """What waits, as the last line (none when nothing waits): no more bytes will come."""
        data = b"".join(self._waiting)
        lines = split(data, self.position)
        self._waiting, self._waiting_size = [], 0
        self.position += len(data)
        return lines


def split(data: bytes, position: int) -> Lines:
    """The lines of ``data``, whose first byte is at ``position``; malformed UTF-8 becomes U+FFFD."""
    if b"\r" in data or not data.endswith(b"\n"):
        return _split_each(data, position)
    try:
        texts = data.decode().split("\n")
    except UnicodeDecodeError:
        return _split_each(data, position)
    texts.pop()
    pieces: list[str] | list[bytes] = texts if data.isascii() else data[:-1].split(b"\n")
    return Lines(texts, list(map(add, accumulate(map(len, pieces)), count(position + 1))))


def _split_each(data: bytes, position: int) -> Lines:
    pieces = data.splitlines(keepends=True)
    ends = list(accumulate(map(len, pieces), initial=position))
    return Lines([piece.rstrip(b"\r\n").decode(errors="replace") for piece in pieces], ends[1:])
