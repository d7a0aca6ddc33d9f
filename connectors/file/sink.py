"""FileStreamSink: every record's value as a line of a file, or of standard output."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from connect.api import (
    ConfigDef,
    ConfigType,
    ConnectException,
    Importance,
    Key,
    RecordBatch,
    SinkConnector,
    SinkTask,
    TopicPartition,
    to_java_strings,
)


class FileStreamSinkConnector(SinkConnector):
    """Appends the value of each record to a file, one line each, in the text form that Java gives it.

    Strings as they are, Structs as ``Struct{id=1,name=a}``, maps as ``{a=1}``, null as ``null``. Tasks may share the
    file: lines are never mixed. After a crash a record can be written again, and a part of a line may stand on a line
    of its own.
    """

    EXAMPLE = {"name": "lines-sink", "config": {"topics": "lines", "file": "/var/lib/connect/lines.txt"}}

    CONFIG = ConfigDef(
        Key("file", ConfigType.STRING, None, "The file to append to; unset means standard output.", Importance.HIGH),
    )

    def start(self, config: Mapping[str, str]) -> None:
        self._config = dict(config)
        self.CONFIG.parse(config)

    def task_class(self) -> type[SinkTask]:
        return FileStreamSinkTask

    def task_configs(self, max_tasks: int) -> list[dict[str, str]]:
        return [dict(self._config) for _ in range(max_tasks)]

    @classmethod
    def live_checks(cls, config: Mapping[str, str]) -> Iterator[tuple[str, str]]:
        file = Path(config.get("file") or os.devnull)
        if not file.parent.is_dir():
            yield "file", f"There is no folder {file.parent}: the task will fail."
        elif not os.access(file if file.exists() else file.parent, os.W_OK):
            yield "file", f"The worker may not write to {file}."

    def alter_offsets(self, config: Mapping[str, str], offsets: Mapping[tuple[str, int], int | None]) -> bool:
        return True  # the file doesn't know offsets, so any will do


class FileStreamSinkTask(SinkTask):
    """Writes the lines."""

    JAVA_CLASS = "org.apache.kafka.connect.file.FileStreamSinkTask"

    _file: str | None = None
    _descriptor: int | None = None

    def start(self, config: Mapping[str, str]) -> None:
        self._file = FileStreamSinkConnector.CONFIG.parse(config)["file"]
        if not self._file:
            sys.stdout.flush()
            self._descriptor = os.dup(sys.stdout.fileno())
            return
        try:
            self._descriptor = os.open(self._file, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        except OSError as error:
            raise ConnectException(f"Couldn't find or create file '{self._file}' for FileStreamSinkTask") from error
        if self._ends_in_a_torn_line(self._descriptor):
            self._write(b"\n")

    def _ends_in_a_torn_line(self, descriptor: int) -> bool:
        """A task that was killed in a write has left a part of a line, which must not swallow the next one."""
        found = os.fstat(descriptor)
        return stat.S_ISREG(found.st_mode) and found.st_size > 0 and os.pread(descriptor, 1, found.st_size - 1) != b"\n"

    def put_batch(self, batches: Sequence[RecordBatch]) -> None:
        for batch in batches:
            if len(batch):
                lines = to_java_strings(batch.values, batch.value_schema)
                self._write("\n".join([*lines, ""]).encode(errors="replace"))

    def _write(self, data: bytes) -> None:
        # One write per batch: in append mode the lines of several tasks then stay whole.
        assert self._descriptor is not None
        rest = memoryview(data)
        try:
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]
        except OSError as error:
            raise ConnectException(f"Couldn't write to {self._name}: {error.strerror}") from error

    def flush(self, offsets: Mapping[TopicPartition, int]) -> None:
        assert self._descriptor is not None
        try:
            if stat.S_ISREG(os.fstat(self._descriptor).st_mode):
                os.fsync(self._descriptor)
        except OSError as error:
            raise ConnectException(f"Couldn't flush {self._name}: {error.strerror}") from error

    @property
    def _name(self) -> str:
        return self._file or "standard output"

    def stop(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
