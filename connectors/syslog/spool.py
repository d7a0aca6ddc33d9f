"""A store on disk: what was received stays there until Kafka has it, whatever becomes of broker and worker."""

from __future__ import annotations

import fcntl
import logging
import os
import struct
import threading
import uuid
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from connect.api import ConnectException
from connectors.syslog.blocks import Block, Peer, Place

log = logging.getLogger(__name__)

_SEGMENT_BYTES = 16 << 20
_LEAST_SEGMENTS = 8
_READ_SIZE = 1 << 20
_HEADER = struct.Struct(">IIQIHH")
"""Bytes and checksum of what follows, time of receipt, number of messages, port, bytes of the address."""
_CUT = 1 << 31
SEGMENT, POSITION, SKIP = "segment", "position", "skip"


class _End(NamedTuple):
    """How far has been written: a segment and its size."""

    segment: int
    size: int


def encode(block: Block) -> bytes:
    """A block as it is stored."""
    address = block.peer.address.encode()
    lengths = [len(message) | (_CUT if i in block.cut else 0) for i, message in enumerate(block.messages)]
    body = b"".join((address, struct.pack(f">{len(lengths)}I", *lengths), *block.messages))
    checksum = zlib.crc32(body)
    return _HEADER.pack(len(body), checksum, block.received, len(lengths), block.peer.port, len(address)) + body


def decode(data: bytes, at: int, segment: int, start: int) -> Block | None:
    """The block at ``data[at:]``, which lies at ``start`` of its segment; None when it isn't all there, or damaged."""
    if len(data) - at < _HEADER.size:
        return None
    size, checksum, received, count, port, address_size = _HEADER.unpack_from(data, at)
    at += _HEADER.size
    body = data[at : at + size]
    if len(body) < size or zlib.crc32(body) != checksum:
        return None
    lengths = struct.unpack_from(f">{count}I", body, address_size)
    messages, cut = [], []
    position = address_size + 4 * count
    for i, length in enumerate(lengths):
        if length & _CUT:
            cut.append(i)
            length ^= _CUT
        messages.append(body[position : position + length])
        position += length
    place = Place(segment, start, start + _HEADER.size + size)
    return Block(Peer(body[:address_size].decode(), port), received, messages, frozenset(cut), place)


class Spool:
    """The store of one task: numbered segment files in a folder of its own, with an id that source offsets name.

    One thread puts, another takes and releases.
    """

    def __init__(self, folder: Path, most_bytes: int) -> None:
        """Raises ConnectException when the folder can't be used, or is used by another task."""
        self._folder = folder
        self._most_bytes = most_bytes
        self._segment_bytes = max(1, min(_SEGMENT_BYTES, most_bytes // _LEAST_SEGMENTS))
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._lock_file = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
            self._lock()
            self.id = self._load_id()
        except OSError as error:
            raise ConnectException(f"The spool {folder} can't be used: {error.strerror}") from error
        self._sizes = {int(path.stem): path.stat().st_size for path in sorted(folder.glob("*.spool"))}
        self._changed = threading.Condition()
        self._output = self._input = -1
        self._input_segment = -1
        self._rest: Block | None = None
        self._buffer, self._buffer_start = b"", 0

    def _lock(self) -> None:
        try:
            fcntl.flock(self._lock_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(self._lock_file)
            raise ConnectException(f"The spool {self._folder} is in use by another task") from error

    def _load_id(self) -> str:
        path = self._folder / "id"
        if not path.exists():
            path.write_text(str(uuid.uuid4()), encoding="ascii")
        return path.read_text(encoding="ascii").strip()

    def open(self, offset: Mapping[str, Any] | None) -> None:
        """Go on behind a stored offset. Raises ConnectException."""
        found = offset or {}
        stored = Place(int(found.get(SEGMENT, 0)), int(found.get(POSITION, 0)), 0, int(found.get(SKIP, 0)))
        for segment in [each for each in self._sizes if each < stored.segment]:
            self._remove(segment)
        last = max([stored.segment, *self._sizes])
        first = min(self._sizes, default=last + 1)
        self._at = stored if first == stored.segment else Place(first, 0, 0)
        self._end = _End(last + 1, 0)
        self._sizes[last + 1] = 0
        try:
            self._output = os.open(self._path(last + 1), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except OSError as error:
            raise ConnectException(f"The spool {self._folder} can't be written: {error.strerror}") from error
        waiting = sum(self._sizes.values())
        if waiting:
            log.info("The spool %s holds up to %d bytes that Kafka hasn't got", self._folder, waiting)

    def _path(self, segment: int) -> Path:
        return self._folder / f"{segment:020}.spool"

    @property
    def full(self) -> bool:
        """Whether it holds as many bytes as it may."""
        return self.size() >= self._most_bytes

    def size(self) -> int:
        """Its bytes."""
        with self._changed:
            return sum(self._sizes.values())

    def put(self, block: Block) -> None:
        """Write the block. Raises ConnectException when the disk is full, with nothing of it written."""
        data = encode(block)
        segment, size = self._end
        try:
            if size and size + len(data) > self._segment_bytes:
                segment, size = self._roll(segment)
            written = 0
            while written < len(data):
                written += os.write(self._output, data[written:] if written else data)
        except OSError as error:
            os.ftruncate(self._output, size)
            raise ConnectException(f"Couldn't write to the spool {self._folder}: {error.strerror}") from error
        with self._changed:
            self._sizes[segment] = size + len(data)
            self._end = _End(segment, size + len(data))
            self._changed.notify_all()

    def _roll(self, segment: int) -> tuple[int, int]:
        output = os.open(self._path(segment + 1), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        os.close(self._output)
        self._output = output
        return segment + 1, 0

    def take(self, messages: int) -> list[Block]:
        """The oldest messages that were not taken. Raises ConnectException when they can't be read."""
        taken: list[Block] = []
        try:
            while messages > 0 and (block := self._next()) is not None:
                if len(block.messages) > messages:
                    first, self._rest = block.split(messages)
                    taken.append(first)
                    break
                taken.append(block)
                messages -= len(block.messages)
        except OSError as error:
            raise ConnectException(f"Couldn't read the spool {self._folder}: {error.strerror}") from error
        return taken

    def _next(self) -> Block | None:
        rest, self._rest = self._rest, None
        if rest is not None:
            return rest
        # One look at the end decides both whether a segment is exhausted and whether it grows no more.
        while (block := self._decoded(end := self._end)) is None:
            if self._at.segment >= end.segment:
                return None
            left = self._sizes[self._at.segment] - self._at.start
            if left:
                log.warning("%s ends in %d bytes that are no whole block", self._path(self._at.segment), left)
            self._at = Place(min(each for each in list(self._sizes) if each > self._at.segment), 0, 0)
        at = self._at
        assert block.place is not None
        self._at = Place(at.segment, block.place.end, 0)
        return block.split(at.skip)[1] if at.skip else block

    def _decoded(self, end: _End) -> Block | None:
        segment, start = self._at.segment, self._at.start
        limit = end.size if segment == end.segment else self._sizes[segment]
        if start >= limit:
            return None
        if self._input_segment != segment:
            self._open_input(segment)
        at = start - self._buffer_start
        block = decode(self._buffer, at, segment, start) if 0 <= at < len(self._buffer) else None
        if block is None:
            self._buffer, self._buffer_start = self._read(start, limit), start
            block = decode(self._buffer, 0, segment, start)
        return block

    def _read(self, start: int, limit: int) -> bytes:
        """Many blocks, and at least one whole one."""
        data = os.pread(self._input, min(_READ_SIZE, limit - start), start)
        if len(data) >= _HEADER.size:
            needed = _HEADER.size + _HEADER.unpack_from(data)[0]
            if len(data) < needed <= limit - start:
                data += os.pread(self._input, needed - len(data), start + len(data))
        return data

    def _open_input(self, segment: int) -> None:
        if self._input >= 0:
            os.close(self._input)
            self._input = -1
        self._input = os.open(self._path(segment), os.O_RDONLY)
        self._input_segment = segment
        self._buffer, self._buffer_start = b"", 0

    def release(self, segment: int) -> None:
        """Kafka has everything before that segment."""
        for each in [each for each in list(self._sizes) if each < segment]:
            self._remove(each)

    def _remove(self, segment: int) -> None:
        self._path(segment).unlink(missing_ok=True)
        with self._changed:
            self._sizes.pop(segment, None)
            self._changed.notify_all()

    def wait(self, seconds: float) -> None:
        """Until there is something behind the place that was read to."""
        with self._changed:
            self._changed.wait_for(lambda: self._at[:2] < tuple(self._end), seconds)

    def wait_for_room(self, seconds: float) -> None:
        """Until Kafka has taken enough."""
        with self._changed:
            self._changed.wait_for(lambda: sum(self._sizes.values()) < self._most_bytes, seconds)

    def close(self) -> None:
        """Close the files; their content stays."""
        for descriptor in (self._output, self._input, self._lock_file):
            if descriptor >= 0:
                os.close(descriptor)
        self._output = self._input = self._lock_file = -1


def offset_of(block: Block, index: int) -> dict[str, int]:
    """The source offset behind message ``index`` of a block that was taken from a spool."""
    place = block.place
    assert place is not None
    if index + 1 == len(block.messages) and not place.left:
        return {SEGMENT: place.segment, POSITION: place.end, SKIP: 0}
    return {SEGMENT: place.segment, POSITION: place.start, SKIP: place.skip + index + 1}
