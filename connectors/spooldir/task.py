"""What all spool directory tasks do: take file after file, read it, and put it away when Kafka has its records."""

from __future__ import annotations

import logging
import time
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO, ClassVar, NamedTuple

from connect.api import (
    Computed,
    ConfigDef,
    ConnectException,
    DataException,
    HeaderColumn,
    HeaderColumns,
    RecordBatch,
    Repeated,
    Schema,
    SourceOrigin,
    SourceTask,
)
from connect.api.logical import TIMESTAMP_SCHEMA, from_millis
from connect.api.schema import INT64_SCHEMA, STRING_SCHEMA
from connectors.spooldir.block import Block, RecordReader
from connectors.spooldir.files import Cleanup, Flags, Inbox, InputFile, Selection, check_directory
from connectors.spooldir.text_input import COMPRESSED, READ_ERRORS, open_input

log = logging.getLogger(__name__)

FILE_NAME = "fileName"
OFFSET = "offset"
IDENTITY = "identity"
_FLAG_REFRESH = 60.0
"""Seconds between two touches of the flag file."""


class Resume(NamedTuple):
    """From where a file is read: behind the record with that offset.

    ``exact`` is False for offsets that the original connector or a user wrote: their meaning depends on the source.
    """

    offset: int
    exact: bool


class Done(NamedTuple):
    """A file that can be put away once Kafka has its records."""

    file: InputFile
    rejected: bool


class Reading:
    """The file that is being read."""

    def __init__(self, file: InputFile, reader: RecordReader, headers: FileHeaders | None) -> None:
        self.file = file
        self.reader = reader
        self.headers = headers
        self.block = Block([], [])
        self.taken = 0
        self.sent = False
        self.finished = False

    @property
    def exhausted(self) -> bool:
        """Whether all of the block was taken."""
        return self.taken == len(self.block.values) and not self.block.bad


class FileHeaders:
    """The headers that tell which file a record came from, and from where in it."""

    def __init__(self, file: InputFile, input_path: Path) -> None:
        self._before = [
            ("file.name", file.name, STRING_SCHEMA),
            ("file.name.without.extension", file.path.stem, STRING_SCHEMA),
            ("file.path", str(file.path), STRING_SCHEMA),
            ("file.parent.dir.name", file.path.parent.name, STRING_SCHEMA),
            ("file.length", file.size, INT64_SCHEMA),
        ]
        self._after = [
            ("file.last.modified", from_millis(file.modified), TIMESTAMP_SCHEMA),
            ("file.relative.path", str(file.path.relative_to(input_path)), STRING_SCHEMA),
        ]

    def at(self, offsets: Sequence[int]) -> HeaderColumns:
        """The headers of the records at those offsets. All but one are the same for the whole file."""
        size = len(offsets)
        before, after = (
            [HeaderColumn(key, Repeated(value, size), Repeated(schema, size)) for key, value, schema in columns]
            for columns in (self._before, self._after)
        )
        return HeaderColumns(
            [*before, HeaderColumn("file.offset", offsets, Repeated(INT64_SCHEMA, size)), *after], size
        )


class SpoolDirSourceTask(SourceTask):
    """Reads the files of a directory; sub-classes say what a file holds."""

    COMMITS_WHILE_POLLING = False  # a poll at the end of a file notes that as done before its last rows are sent
    CONFIG: ClassVar[ConfigDef]
    key_schema: Schema | None = None
    value_schema: Schema | None = None

    def __init__(self) -> None:
        self._reading: Reading | None = None
        self._done: list[Done] = []
        self._failure: ConnectException | None = None

    @abstractmethod
    def configure(self, settings: Mapping[str, Any]) -> None:
        """Take the parsed configuration. Raises ConfigException, ConnectException."""

    @abstractmethod
    def open_reader(self, stream: BinaryIO, file: InputFile, resume: Resume | None) -> RecordReader:
        """A reader for an opened file. Raises DataException when the file is none of this kind."""

    def start(self, config: Mapping[str, str]) -> None:
        settings = self.CONFIG.parse(config)
        self._settings = settings
        for key in ("input.path", "error.path", *(["finished.path"] if _moves(settings) else [])):
            check_directory(key, Path(settings[key]))
        self.configure(settings)
        self._inbox = Inbox(Selection.of(settings))
        self._flags = Flags(
            settings["processing.file.extension"], config.get("name", ""), settings["processing.file.stale.ms"]
        )
        self._cleanup = Cleanup.of(settings)
        self._flag_refreshed = time.monotonic()

    def poll_batch(self) -> Sequence[RecordBatch] | None:
        if self._failure is not None:
            raise self._failure
        try:
            if self._reading is None and not self._open_next():
                self.context.wait(self._settings["empty.poll.wait.ms"] / 1000)
                return None
            return self._read() if self._reading is not None else None
        except OSError as error:
            raise ConnectException(f"Couldn't read {self._settings['input.path']}: {error.strerror}") from error

    def _open_next(self) -> bool:
        """Open a file; False when there is none to read now. A file that can't be opened is rejected."""
        file = self._inbox.next_file()
        while file is not None and not self._claim(file):
            self._inbox.forget(file)
            file = self._inbox.next_queued()
        if file is None:
            return False
        headers = FileHeaders(file, self._cleanup.input_path) if self._settings["file.headers.enabled"] else None
        try:
            stream = open_input(file.path)
            try:
                reader = self.open_reader(stream, file, self._resume(file))
            except BaseException:
                stream.close()
                raise
        except (DataException, *READ_ERRORS) as error:
            self._reject(file, error)
        else:
            self._reading = Reading(file, reader, headers)
        return True

    def _claim(self, file: InputFile) -> bool:
        """Mark the file as being read; False when it can't be read now."""
        if file.path.suffix.lower() in COMPRESSED and self._unsettled(file) > 0:
            return False  # a part of a compressed file can't be told from a damaged one
        return self._flags.raise_flag(file)

    def _resume(self, file: InputFile) -> Resume | None:
        stored = self.context.offset_storage_reader.offset({FILE_NAME: file.name}) or {}
        offset, identity = stored.get(OFFSET), stored.get(IDENTITY)
        if offset is None:
            return None
        if self._settings["file.identity"] != "NAME" and identity not in (None, file.identity):
            log.info("%s is another file than the one of that name which was read before", file.path)
            return None
        return Resume(int(offset), identity is not None)

    def _read(self) -> Sequence[RecordBatch] | None:
        reading = self._reading
        assert reading is not None
        try:
            if reading.exhausted and not self._next_block(reading):
                return None
            return self._take(reading)
        except (ConnectException, *READ_ERRORS) as error:
            reading.reader.close()
            self._reading = None
            self._reject(reading.file, error)
            return None

    def _next_block(self, reading: Reading) -> bool:
        """Go on to the next block; False when there is none now, or the file is finished."""
        if reading.finished:
            self._complete(reading)
            return False
        block = reading.reader.read()
        if block is None:
            if not self._has_ended(reading):
                return False
            block = reading.reader.finish() or Block([], [])
            reading.finished = True
        reading.block, reading.taken = block, 0
        self._refresh_flag(reading.file)
        return True

    def _has_ended(self, reading: Reading) -> bool:
        """Whether nobody writes to the file any more."""
        now = reading.file.again()
        if now != reading.file:
            reading.file = now
            return False
        unsettled = self._unsettled(now)
        if unsettled > 0:
            self.context.wait(min(unsettled, self._settings["empty.poll.wait.ms"]) / 1000)
            return False
        return True

    def _unsettled(self, file: InputFile) -> float:
        """For how many milliseconds the file must be watched still."""
        settle = self._settings["file.settle.ms"]
        return float(min(settle, settle - (time.time() * 1000 - file.modified))) if settle else 0.0

    def _refresh_flag(self, file: InputFile) -> None:
        if time.monotonic() - self._flag_refreshed > _FLAG_REFRESH:
            self._flags.refresh(file)
            self._flag_refreshed = time.monotonic()

    def _take(self, reading: Reading) -> Sequence[RecordBatch] | None:
        """The next records of the block, up to the next bad one. Raises ConnectException when that isn't tolerated."""
        block = reading.block
        while block.bad and block.bad[0].before == reading.taken:
            bad = block.bad.pop(0)
            self.context.report_errant_record(bad.error, raw=bad.raw, where=f"{reading.file.path} line {bad.line}")
        start = reading.taken
        stop = min(start + self._settings["batch.size"], block.bad[0].before if block.bad else len(block.values))
        if start == stop:
            return None
        reading.taken = stop
        reading.sent = True
        return [self._batch(reading, start, stop)]

    def _batch(self, reading: Reading, start: int, stop: int) -> RecordBatch:
        block, size = reading.block, stop - start
        offsets = block.offsets[start:stop]
        identity = {} if self._settings["file.identity"] == "NAME" else {IDENTITY: reading.file.identity}
        origin = SourceOrigin(
            Repeated({FILE_NAME: reading.file.name}, size),
            Computed(offsets, lambda offset: {OFFSET: offset} | identity),
        )
        return RecordBatch(
            self._settings["topic"],
            block.values[start:stop],
            self.value_schema,
            origin=origin,
            keys=None if block.keys is None else block.keys[start:stop],
            key_schema=self.key_schema,
            timestamps=self._timestamps(reading, start, stop),
            headers=None if reading.headers is None else reading.headers.at(offsets),
        )

    def _timestamps(self, reading: Reading, start: int, stop: int) -> list[int | None] | None:
        match self._settings["timestamp.mode"]:
            case "FILE_TIME":
                return [reading.file.modified] * (stop - start)
            case "FIELD":
                stamps = reading.block.timestamps
                return None if stamps is None else stamps[start:stop]
            case _:
                return None

    def _complete(self, reading: Reading) -> None:
        reading.reader.close()
        self._reading = None
        done = Done(reading.file, rejected=False)
        if reading.sent:
            self._done.append(done)
        else:
            self._put_away(done)  # nothing of it is on its way to Kafka

    def _reject(self, file: InputFile, error: BaseException) -> None:
        """Set a bad file aside. Raises ConnectException when the task is to halt."""
        log.error("%s can't be read: it goes to %s", file.path, self._cleanup.error_path, exc_info=error)
        self._done.append(Done(file, rejected=True))
        if self._settings["halt.on.error"]:
            raise ConnectException(f"Couldn't read {file.path}: {error}") from error

    def commit(self) -> None:
        done, self._done = self._done, []
        for index, item in enumerate(done):
            try:
                self._put_away(item)
            except OSError as error:
                self._done = done[index:]
                self._failure = ConnectException(f"Couldn't put {item.file.path} away: {error.strerror}")
                self._failure.__cause__ = error
                return

    def _put_away(self, done: Done) -> None:
        if done.rejected:
            self._cleanup.reject(done.file)
        elif not self._cleanup.finish(done.file):
            self._inbox.remember(done.file)
            self._flags.lower(done.file)
            return
        self._flags.lower(done.file)
        self._inbox.forget(done.file)

    def stop(self) -> None:
        held = [item.file for item in self._done]
        if self._reading is not None:
            self._reading.reader.close()
            held.append(self._reading.file)
        for file in held:
            try:
                self._flags.lower(file)
            except OSError:
                log.warning("Couldn't remove the flag file of %s", file.path, exc_info=True)


def _moves(settings: Mapping[str, Any]) -> bool:
    return settings["cleanup.policy"] in ("MOVE", "MOVEBYDATE")
