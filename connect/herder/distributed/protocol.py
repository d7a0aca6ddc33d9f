"""What the workers of a group tell each other when they join it: metadata and assignments, to bytes and back.

The layouts are Kafka's primitives, big-endian. Version 0 is eager; 1 and 2 are incremental, and differ only in the
number itself: in version 2 requests between workers are signed. Readers take any higher version for the highest they
know, and do without fields that are missing at the end.
"""

from __future__ import annotations

import enum
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from connect.api import ConnectException
from connect.runtime.ids import ConnectorTaskId

CONFIG_MISMATCH = 1
"""The assignment's error when the leader could not catch up with the configs that a member has seen."""

_INSTANCE = -1
"""Stands for the connector itself among the numbers of its tasks."""


class Protocol(enum.IntEnum):
    """How work is handed over; the value is the version of the bytes."""

    EAGER = 0
    COMPATIBLE = 1
    SESSIONED = 2

    @property
    def group_name(self) -> str:
        """What the group coordinator calls it."""
        return _NAMES[self]

    @property
    def is_incremental(self) -> bool:
        """Members keep their work while they join, and are told what changes."""
        return self is not Protocol.EAGER

    @classmethod
    def of_group(cls, name: str) -> Protocol:
        """The protocol that the coordinator has chosen."""
        return next(protocol for protocol, known in _NAMES.items() if known == name)

    def offered(self) -> list[Protocol]:
        """All that a worker with this ``connect.protocol`` offers, the preferred one first."""
        return [protocol for protocol in sorted(Protocol, reverse=True) if protocol <= self]


_NAMES = {Protocol.EAGER: "default", Protocol.COMPATIBLE: "compatible", Protocol.SESSIONED: "sessioned"}


@dataclass(frozen=True, slots=True)
class Work:
    """Connector instances and tasks, in an order that decides which are given away first."""

    connectors: tuple[str, ...] = ()
    tasks: tuple[ConnectorTaskId, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.connectors or self.tasks)

    def __len__(self) -> int:
        return len(self.connectors) + len(self.tasks)

    def plus(self, other: Work) -> Work:
        """Both, without repetitions, sorted by name and number."""
        connectors = sorted({*self.connectors, *other.connectors})
        return Work(tuple(connectors), tuple(sorted({*self.tasks, *other.tasks})))

    def minus(self, other: Work) -> Work:
        """What is here and not there, in the order it has here."""
        connectors, tasks = set(other.connectors), set(other.tasks)
        return Work(
            tuple(connector for connector in self.connectors if connector not in connectors),
            tuple(task for task in self.tasks if task not in tasks),
        )

    def common(self, other: Work) -> Work:
        """What is here and there, in the order it has here."""
        return self.minus(self.minus(other))


NOTHING = Work()


@dataclass(frozen=True, slots=True)
class Assignment:
    """What the leader tells a member. ``delay`` in ms until all have to join again, 0 for never.

    Eager: ``work`` is all that the member runs. Incremental: ``work`` is added to what it runs, ``revoked`` is taken
    away. The same value, with ``work`` being all that the member runs, is what a member reports when it joins again.
    """

    leader: str
    leader_url: str
    offset: int
    work: Work = NOTHING
    revoked: Work = NOTHING
    delay: int = 0
    error: int = 0


@dataclass(frozen=True, slots=True)
class Metadata:
    """What a member tells the leader: its URL, how far it has read the config topic, and what it runs.

    ``draining`` members are about to leave and want no work; Kafka Connect in Java doesn't know of that.
    """

    url: str
    offset: int
    allocation: Assignment | None = None
    draining: bool = False

    @property
    def held(self) -> Work:
        """What the member runs."""
        return NOTHING if self.allocation is None else self.allocation.work


def encode_metadata(protocol: Protocol, metadata: Metadata) -> bytes:
    """A member's part of a join request."""
    out = struct.pack(">h", protocol) + _text(metadata.url) + struct.pack(">q", metadata.offset)
    if not protocol.is_incremental:
        return out
    allocation = None if metadata.allocation is None else encode_assignment(protocol, metadata.allocation)
    out += struct.pack(">i", -1) if allocation is None else struct.pack(">i", len(allocation)) + allocation
    return out + b"\x01" if metadata.draining else out


def decode_metadata(data: bytes) -> Metadata:
    """A member's metadata. Raises ConnectException."""
    reader = _Reader(data)
    reader.version("Unsupported subscription version")
    url, offset = reader.text(), reader.number(">q")
    allocation = reader.optional_bytes() if reader.more else None
    draining = bool(reader.more and reader.number(">b"))
    return Metadata(url, offset, None if allocation is None else decode_assignment(allocation), draining)


def encode_assignment(protocol: Protocol, assignment: Assignment) -> bytes:
    """A member's part of the leader's sync request."""
    head = struct.pack(">hh", protocol, assignment.error)
    out = head + _text(assignment.leader) + _text(assignment.leader_url) + struct.pack(">q", assignment.offset)
    out += _encode_work(assignment.work)
    if protocol.is_incremental:
        out += _encode_work(assignment.revoked) + struct.pack(">i", assignment.delay)
    return out


def decode_assignment(data: bytes) -> Assignment:
    """What the leader has sent. Raises ConnectException."""
    reader = _Reader(data)
    reader.version("Unsupported assignment version")
    error, leader, leader_url, offset = reader.number(">h"), reader.text(), reader.text(), reader.number(">q")
    work = reader.work() if reader.more else NOTHING
    revoked = reader.work() if reader.more else NOTHING
    delay = reader.number(">i") if reader.more else 0
    return Assignment(leader, leader_url, offset, work, revoked, delay, error)


def _text(text: str) -> bytes:
    encoded = text.encode()
    return struct.pack(">h", len(encoded)) + encoded


def _encode_work(work: Work) -> bytes:
    numbers: dict[str, list[int]] = {connector: [_INSTANCE] for connector in work.connectors}
    for task in work.tasks:
        numbers.setdefault(task.connector, []).append(task.task)
    entries = (_encode_entry(connector, found) for connector, found in numbers.items())
    return struct.pack(">i", len(numbers)) + b"".join(entries)


def _encode_entry(connector: str, numbers: Sequence[int]) -> bytes:
    return _text(connector) + struct.pack(f">i{len(numbers)}i", len(numbers), *numbers)


def _split(entries: Iterable[tuple[str, Sequence[int]]]) -> Work:
    connectors: list[str] = []
    tasks: list[ConnectorTaskId] = []
    for connector, numbers in entries:
        for number in numbers:
            if number == _INSTANCE:
                connectors.append(connector)
            else:
                tasks.append(ConnectorTaskId(connector, number))
    return Work(tuple(connectors), tuple(tasks))


class _Reader:
    """Walks through bytes; whatever they lack is a ConnectException."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    @property
    def more(self) -> bool:
        return self._at < len(self._data)

    def version(self, unsupported: str) -> None:
        version = self.number(">h")
        if version < 0:
            raise ConnectException(f"{unsupported}: {version}")

    def number(self, form: str) -> int:
        try:
            (value,) = struct.unpack_from(form, self._data, self._at)
        except struct.error as error:
            raise ConnectException(f"A message of the group protocol ends too early: {error}") from None
        self._at += struct.calcsize(form)
        return int(value)

    def text(self) -> str:
        return self._take(self.number(">h")).decode()

    def optional_bytes(self) -> bytes | None:
        length = self.number(">i")
        return None if length < 0 else self._take(length)

    def work(self) -> Work:
        entries = [(self.text(), self._numbers()) for _ in range(self.number(">i"))]
        return _split(entries)

    def _numbers(self) -> list[int]:
        return [self.number(">i") for _ in range(self.number(">i"))]

    def _take(self, length: int) -> bytes:
        taken = self._data[self._at : self._at + length]
        if len(taken) < length:
            raise ConnectException("A message of the group protocol ends too early")
        self._at += length
        return taken
