"""What the readers of files hand to the task: records as columns, with what couldn't become one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from connect.api import DataException


class BadRecord(NamedTuple):
    """A piece of a file that is no record: it stood before record ``before`` of its block, at a physical line."""

    before: int
    error: DataException
    raw: bytes
    line: int


@dataclass(slots=True)
class Block:
    """Consecutive records; ``offsets[i]`` is the stored offset of record ``i``."""

    values: list[Any]
    offsets: Sequence[int]
    keys: list[Any] | None = None
    timestamps: list[int | None] | None = None
    bad: list[BadRecord] = field(default_factory=list)


class RecordReader(Protocol):
    """Reads one open file from a given offset on."""

    def read(self) -> Block | None:
        """The next block, perhaps without records; None when there is no more now.

        After None it may be called again: the file may have grown. Raises DataException when the rest can't be read,
        and what reading files raises.
        """

    def finish(self) -> Block | None:
        """What waited for more text, now that none will come."""

    def close(self) -> None:
        """Close the file."""


def blocks_of(reader: RecordReader) -> Iterator[Block]:
    """All blocks of a file that nobody writes to any more. Raises what reading raises."""
    while (block := reader.read()) is not None:
        yield block
    last = reader.finish()
    if last is not None:
        yield last
