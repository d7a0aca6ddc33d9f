"""Files that appear whole, and whose names say which records they hold."""

from __future__ import annotations

import gzip
import os
import re
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

from connect.api import TopicPartition
from connectors.file.export_format import Piece

_DIGITS = 20
"""Of an offset in a name, so that names sort as offsets do."""
_RANGE = re.compile(r"(\d+)-(\d+)\..+")


def stem_of(partition: TopicPartition) -> str:
    """What names of files of that partition begin with: topics can't contain a plus sign."""
    return f"{partition.topic}+{partition.partition}+"


def last_exported(folder: Path, partition: TopicPartition) -> int | None:
    """The highest offset that a finished file of the partition holds, or None. Raises OSError."""
    stem = stem_of(partition)
    matches = (_RANGE.fullmatch(entry.name, len(stem)) for entry in os.scandir(folder) if entry.name.startswith(stem))
    return max((int(match[2]) for match in matches if match), default=None)


def discard_unfinished(folder: Path, partition: TopicPartition) -> None:
    """Remove what earlier owners of the partition left; one that still writes can't finish its file then.

    Raises OSError.
    """
    for path in _unfinished(folder, partition):
        path.unlink(missing_ok=True)


def _unfinished(folder: Path, partition: TopicPartition) -> Iterator[Path]:
    stem = f".{stem_of(partition)}"
    for entry in os.scandir(folder):
        if entry.name.startswith(stem) and entry.name.endswith(".part"):
            yield Path(entry.path)


class PartFile:
    """A file that is being written under a hidden name. ``size`` counts bytes before compression."""

    def __init__(self, folder: Path, partition: TopicPartition, first: int, extension: str, *, compress: bool) -> None:
        """Raises OSError."""
        self.first = self.last = first
        self.records = 0
        self.size = 0
        self._began = time.monotonic()
        self._folder = folder
        self._stem = stem_of(partition)
        self._extension = extension + (".gz" if compress else "")
        self._path = folder / f".{self._stem}{first:0{_DIGITS}}.{uuid.uuid4().hex}.part"
        self._raw = self._path.open("xb", buffering=1 << 20)
        # Without name and time in its header, the same records give the same bytes.
        self._out = cast(BinaryIO, gzip.GzipFile("", "wb", 6, self._raw, mtime=0)) if compress else self._raw

    @property
    def age(self) -> float:
        """Seconds since it was begun."""
        return time.monotonic() - self._began

    def write(self, text: bytes) -> None:
        """Append what belongs to no record. Raises OSError."""
        self._out.write(text)

    def write_records(self, piece: Piece, last: int) -> None:
        """Append records, the last of which has offset ``last``. Raises OSError."""
        self._out.write(piece.text)
        self.size += piece.size
        self.records += piece.records
        self.last = last

    def finish(self) -> Path:
        """Make it durable and give it its name. Raises OSError: FileNotFoundError when another task discarded it."""
        if self._out is not self._raw:
            self._out.close()
        self._raw.flush()
        os.fsync(self._raw.fileno())
        self._raw.close()
        target = self._folder / f"{self._stem}{self.first:0{_DIGITS}}-{self.last:0{_DIGITS}}{self._extension}"
        self._path.rename(target)
        sync_folder(self._folder)
        return target

    def discard(self) -> None:
        """Give it up. Raises OSError."""
        try:
            self._raw.close()
        finally:
            self._path.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable. Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
