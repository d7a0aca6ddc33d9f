"""FileStreamSource: every line of a file, or of standard input, as a record."""

from __future__ import annotations

import logging
import os
import select
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from connect.api import (
    NO_DEFAULT,
    Computed,
    ConfigDef,
    ConfigType,
    ConnectException,
    ExactlyOnceSupport,
    Importance,
    Key,
    RecordBatch,
    Repeated,
    SourceConnector,
    SourceOrigin,
    SourceTask,
)
from connect.api.schema import STRING_SCHEMA
from connect.api.validators import NonEmptyString
from connectors.file.lines import Lines, LineSplitter

log = logging.getLogger(__name__)

READ_SIZE = 1 << 20
LONGEST_PAUSE = 1.0
SHORTEST_PAUSE = 0.05
"""Seconds between two looks at a file, or standard input, that had nothing new: they double while that is so."""

FILENAME = "filename"
POSITION = "position"


class FileStreamSourceConnector(SourceConnector):
    """Sends each line of a file to a topic and follows the file as it grows, is truncated or rotated.

    Lines end in ``\\n``, ``\\r\\n`` or ``\\r``; a last line without terminator waits for one. The offset is the byte
    position behind the line. A rotated file is read to its end before the new one is begun, as long as the task runs;
    after a restart only the file that bears the name is seen.
    """

    EXAMPLE = {"name": "lines", "config": {"file": "/var/log/app.log", "topic": "lines"}}

    CONFIG = ConfigDef(
        Key("file", ConfigType.STRING, None, "The file to read; unset means standard input.", Importance.HIGH),
        Key("topic", ConfigType.STRING, NO_DEFAULT, "The topic to write to.", Importance.HIGH, NonEmptyString()),
        Key("batch.size", ConfigType.INT, 2000, "How many lines one poll returns at most.", Importance.LOW),
    )

    def start(self, config: Mapping[str, str]) -> None:
        self._config = dict(config)
        file = self.CONFIG.parse(config)["file"]
        log.info("Reading lines from %s", file or "standard input")

    def task_class(self) -> type[SourceTask]:
        return FileStreamSourceTask

    def task_configs(self, max_tasks: int) -> list[dict[str, str]]:
        return [dict(self._config)]

    @classmethod
    def live_checks(cls, config: Mapping[str, str]) -> Iterator[tuple[str, str]]:
        file = config.get("file")
        if file and not Path(file).exists():
            yield "file", f"There is no file {file} so far; the task will wait for it."
        elif file and not os.access(file, os.R_OK):
            yield "file", f"The worker may not read {file}."

    def exactly_once_support(self, config: Mapping[str, str]) -> ExactlyOnceSupport:
        return ExactlyOnceSupport.SUPPORTED if config.get("file") else ExactlyOnceSupport.UNSUPPORTED

    def alter_offsets(
        self, config: Mapping[str, str], offsets: list[tuple[Mapping[str, Any] | None, Mapping[str, Any] | None]]
    ) -> bool:
        if not config.get("file"):
            raise ConnectException(
                "Offsets cannot be modified if the 'file' configuration is unspecified. "
                "This is because stdin is used for input and offsets are not tracked."
            )
        for partition, offset in offsets:
            if offset is not None:  # a reset is welcome whatever it is that it removes
                _check_offset(offset)
                _check_partition(partition)
        return True


def _check_offset(offset: Mapping[str, Any]) -> None:
    if POSITION not in offset:
        raise ConnectException(f"Offset objects should either be null or contain the key '{POSITION}'")
    if type(offset[POSITION]) is not int:
        raise ConnectException(f"The value for the '{POSITION}' key in the offset is expected to be a Long value")
    if offset[POSITION] < 0:
        raise ConnectException(f"The value for the '{POSITION}' key in the offset should be a non-negative value")


def _check_partition(partition: Mapping[str, Any] | None) -> None:
    if partition is None:
        raise ConnectException("Partition objects cannot be null")
    if FILENAME not in partition:
        raise ConnectException(f"Partition objects should contain the key '{FILENAME}'")


class FileStreamSourceTask(SourceTask):
    """Reads the lines."""

    JAVA_CLASS = "org.apache.kafka.connect.file.FileStreamSourceTask"

    def start(self, config: Mapping[str, str]) -> None:
        settings = FileStreamSourceConnector.CONFIG.parse(config)
        self._topic: str = settings["topic"]
        self._batch_size: int = settings["batch.size"]
        file: str | None = settings["file"]
        self._input: FollowedFile | StandardInput
        if file:
            self._partition: dict[str, str] | None = {FILENAME: file}
            self._input = FollowedFile(Path(file), self._stored_position(self._partition))
        else:
            self._partition = None
            self._input = StandardInput(sys.stdin.fileno())
        self._lines = Lines([], [])
        self._taken = 0

    def _stored_position(self, partition: Mapping[str, Any]) -> int:
        offset = self.context.offset_storage_reader.offset(partition)
        position = (offset or {}).get(POSITION)
        if position is None:
            return 0
        if type(position) is not int:
            raise ConnectException("Offset position is the incorrect type")
        return position

    def poll_batch(self) -> list[RecordBatch] | None:
        if self._taken == len(self._lines.texts):
            self._lines, self._taken = self._input.read(), 0
            if isinstance(self._input, FollowedFile):
                self.context.gauge("source-lag-bytes", self._input.unread)
            if not self._lines.texts:
                if self._input.pause:
                    self.context.wait(self._input.pause)
                return None
        start, self._taken = self._taken, min(self._taken + self._batch_size, len(self._lines.texts))
        values = self._lines.texts[start : self._taken]
        size = len(values)
        return [
            RecordBatch(
                self._topic,
                values,
                STRING_SCHEMA,
                origin=SourceOrigin(Repeated(self._partition, size), self._offsets(start, size)),
                timestamps=[int(time.time() * 1000)] * size,
            )
        ]

    def _offsets(self, start: int, size: int) -> Computed | Repeated:
        if self._partition is None:
            return Repeated(None, size)
        return Computed(self._lines.ends[start : start + size], lambda position: {POSITION: position})

    def stop(self) -> None:
        if hasattr(self, "_input"):
            self._input.close()


def longer(pause: float) -> float:
    """The pause after one that brought nothing new."""
    return min(LONGEST_PAUSE, max(SHORTEST_PAUSE, pause * 2))


class FollowedFile:
    """The lines of a file that grows, from a byte position on. ``pause``: seconds to wait when nothing was read."""

    def __init__(self, path: Path, position: int) -> None:
        self.pause = 0.0
        self._path = path
        self._splitter = LineSplitter(position)
        self._file: BinaryIO | None = None
        self._replaced = False

    def read(self) -> Lines:
        """The next complete lines; none when there are none now. Raises ConnectException when it can't be read."""
        try:
            if self._file is None and not self._open():
                self.pause = LONGEST_PAUSE
                return Lines([], [])
            return self._read_open()
        except OSError as error:
            raise ConnectException(f"Couldn't read {self._path}: {error.strerror}") from error

    @property
    def unread(self) -> int:
        """How many bytes of the file are still to be read."""
        size = os.fstat(self._file.fileno()).st_size if self._file else 0
        return max(0, size - self._splitter.read_position)

    def _open(self) -> bool:
        try:
            self._file = self._path.open("rb", buffering=0)
        except FileNotFoundError:
            log.warning("Couldn't find file %s, waiting for it to be created", self._path)
            return False
        size = os.fstat(self._file.fileno()).st_size
        if size < self._splitter.position:
            log.warning(
                "%s is shorter than the stored position %d: reading it from its start",
                self._path,
                self._splitter.position,
            )
            self._splitter = LineSplitter()
        self._file.seek(self._splitter.position)
        return True

    def _read_open(self) -> Lines:
        assert self._file is not None
        portion = self._file.read(READ_SIZE)
        if portion:
            self.pause = 0.0
            return self._splitter.feed(portion)
        if self._replaced:
            return self._leave()
        if os.fstat(self._file.fileno()).st_size < self._splitter.read_position:
            log.info("%s was truncated: reading it from its start", self._path)
            self._file.seek(0)
            self._splitter = LineSplitter()
            self.pause = 0.0
            return Lines([], [])
        # A replaced file is left only at the next look, since whoever writes it may still be at its last lines.
        self._replaced = self._is_replaced(self._file)
        self.pause = longer(self.pause)
        return Lines([], [])

    def _is_replaced(self, file: BinaryIO) -> bool:
        try:
            return not os.path.samestat(self._path.stat(), os.fstat(file.fileno()))
        except FileNotFoundError:
            return False  # deleted or renamed; until another takes the name, lines may still be added

    def _leave(self) -> Lines:
        log.info("%s was replaced by another file: reading that one from its start", self._path)
        last = self._splitter.finish()
        self.close()
        self._splitter = LineSplitter()
        self._replaced = False
        self.pause = 0.0
        return last

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
            self._file = None


class StandardInput:
    """The lines of an open descriptor, without ever blocking. ``pause``: as for a file."""

    def __init__(self, descriptor: int) -> None:
        self.pause = 0.0
        self._descriptor = descriptor
        self._splitter = LineSplitter()

    def read(self) -> Lines:
        """The next complete lines; at the end of the input also a last one without terminator."""
        ready, _, _ = select.select([self._descriptor], [], [], 0)
        portion = os.read(self._descriptor, READ_SIZE) if ready else None
        if portion:
            self.pause = 0.0
            return self._splitter.feed(portion)
        self.pause = longer(self.pause) if portion is None else LONGEST_PAUSE
        return Lines([], []) if portion is None else self._splitter.finish()

    def close(self) -> None:
        """Nothing to do: the descriptor belongs to the process."""
