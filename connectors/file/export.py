"""FileExportSink: topics as files of JSON lines, CSV or Parquet that appear whole and hold each record once."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from connect.api import (
    NO_DEFAULT,
    ConfigDef,
    ConfigException,
    ConfigType,
    ConnectException,
    DataException,
    Importance,
    Key,
    RecordBatch,
    Schema,
    SinkConnector,
    SinkOrigin,
    SinkTask,
    TopicPartition,
)
from connect.api.validators import NonEmptyString, Range, ValidString
from connectors.file.export_file import PartFile, discard_unfinished, last_exported
from connectors.file.export_format import ENCODE_ERRORS, Csv, Encoder, Format, JsonLines, Piece
from connectors.file.export_parquet import Parquet

log = logging.getLogger(__name__)

_CHUNK = 1000
"""How many records are written before the size of the file is looked at again."""
_Type, _High, _Medium, _Low = ConfigType, Importance.HIGH, Importance.MEDIUM, Importance.LOW


class FileExportSinkConnector(SinkConnector):
    """Writes topics into files of a folder, as JSON lines, CSV or Parquet, each record exactly once.

    A file is written under a hidden name and gets its own when it is full or old enough:
    ``<topic>+<partition>+<first offset>-<last offset>.jsonl``. Kafka's offsets are committed up to finished files only,
    and a task that starts continues behind the last of them, so that a crash neither loses nor repeats a record. When a
    topic is deleted and made anew, move its files away first: records whose offsets are in their names are left out.
    """

    EXAMPLE = {
        "name": "orders-export",
        "config": {
            "topics": "orders",
            "path": "/data/export",
            "format": "CSV",
            "compression": "GZIP",
            "rotate.records": "100000",
            "rotate.ms": "600000",
        },
    }

    CONFIG = ConfigDef(
        Key(
            "path",
            _Type.STRING,
            NO_DEFAULT,
            "The folder for the files; it is made if need be.",
            _High,
            NonEmptyString(),
        ),
        Key(
            "format",
            _Type.STRING,
            "JSONL",
            (
                "JSONL (one line of JSON per record), CSV (structs and maps, with a header row) or PARQUET (structs; "
                "needs the extra `parquet`)."
            ),
            _High,
            ValidString("JSONL", "CSV", "PARQUET"),
        ),
        Key(
            "compression",
            _Type.STRING,
            "NONE",
            "NONE, or GZIP: of the whole file, or of the columns in a Parquet file.",
            _Medium,
            ValidString("NONE", "GZIP"),
        ),
        Key("rotate.records", _Type.INT, 1_000_000, "How many records a file holds at most.", _Medium, Range(1)),
        Key(
            "rotate.bytes",
            _Type.LONG,
            134_217_728,
            "At which size a file is finished, in bytes before compression.",
            _Medium,
            Range(1),
        ),
        Key("rotate.ms", _Type.LONG, 60_000, "At which age a file is finished, in milliseconds.", _Medium, Range(1)),
        Key("csv.separator", _Type.STRING, ",", "The character between fields.", _Low),
        Key(
            "behavior.on.null.values",
            _Type.STRING,
            "ignore",
            "What happens to a record whose value is null: ignore leaves it out, fail stops the task.",
            _Low,
            ValidString("ignore", "fail"),
        ),
    )

    def start(self, config: Mapping[str, str]) -> None:
        self._config = dict(config)
        Settings.of(self.CONFIG.parse(config))

    def task_class(self) -> type[SinkTask]:
        return FileExportSinkTask

    def task_configs(self, max_tasks: int) -> list[dict[str, str]]:
        return [dict(self._config) for _ in range(max_tasks)]


@dataclass(frozen=True)
class Settings:
    """The configuration, as the task needs it."""

    folder: Path
    format: Format
    compress: bool
    rotate_records: int
    rotate_bytes: int
    rotate_seconds: float
    nulls_fail: bool

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> Settings:
        """From the parsed configuration. Raises ConfigException."""
        separator = settings["csv.separator"]
        if len(separator) != 1 or separator in '"\r\n':
            raise ConfigException("csv.separator", separator, "Must be a single character, and no quote or line end")
        return cls(
            Path(settings["path"]),
            _format(settings, separator),
            settings["compression"] == "GZIP",
            settings["rotate.records"],
            settings["rotate.bytes"],
            settings["rotate.ms"] / 1000,
            settings["behavior.on.null.values"] == "fail",
        )


def _format(settings: Mapping[str, Any], separator: str) -> Format:
    match settings["format"]:
        case "CSV":
            return Csv(separator)
        case "PARQUET":
            return Parquet("gzip" if settings["compression"] == "GZIP" else "none")
        case _:
            return JsonLines()


class FileExportSinkTask(SinkTask):
    """Writes the files of its partitions."""

    def start(self, config: Mapping[str, str]) -> None:
        self._exports: dict[TopicPartition, PartitionExport] = {}
        self._settings = Settings.of(FileExportSinkConnector.CONFIG.parse(config))
        try:
            self._settings.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ConnectException(f"Couldn't make {self._settings.folder}: {error.strerror}") from error

    def open(self, partitions: Iterable[TopicPartition]) -> None:
        for partition in partitions:
            self._exports[partition] = PartitionExport(partition, self._settings)

    def put_batch(self, batches: Sequence[RecordBatch]) -> None:
        for batch in batches:
            if len(batch):
                self._put(batch)
        # Not only when records come: the last ones of a quiet topic are to appear too.
        finished = [export.finish_if_old() for export in self._exports.values()]
        if any(finished):
            self.context.request_commit()

    def _put(self, batch: RecordBatch) -> None:
        origin = batch.origin
        assert isinstance(origin, SinkOrigin)
        partition = TopicPartition(origin.topic, origin.partition)
        offsets = [origin.offsets[position] for position in batch.positions]
        export = self._exports[partition]
        start = 0
        while start < len(offsets):
            try:
                export.write(batch.value_schema, batch.values[start:], offsets[start:])
                return
            except BadValue as bad:
                start += bad.index
                self._report(batch, start, bad.reason)
                export.leave_out(offsets[start])
                start += 1

    def _report(self, batch: RecordBatch, index: int, reason: DataException) -> None:
        reporter = self.context.errant_record_reporter
        if reporter is None:
            raise reason
        reporter.report_position(batch, index, reason)

    def pre_commit(self, offsets: Mapping[TopicPartition, int]) -> Mapping[TopicPartition, int]:
        found = {partition: export.committable for partition, export in self._exports.items()}
        return {partition: offset for partition, offset in found.items() if offset is not None}

    def close(self, partitions: Iterable[TopicPartition]) -> None:
        for partition in partitions:
            export = self._exports.pop(partition, None)
            if export is not None:
                export.discard()

    def stop(self) -> None:
        self.close(list(getattr(self, "_exports", ())))


class BadValue(Exception):
    """Value ``index`` of those that were to be written has no text; those before it are written."""

    def __init__(self, index: int, reason: DataException) -> None:
        super().__init__(index, reason)
        self.index = index
        self.reason = reason


class PartitionExport:
    """The files of one partition. ``committable``: the offset up to which all is in finished files, if known."""

    def __init__(self, partition: TopicPartition, settings: Settings) -> None:
        self._partition = partition
        self._settings = settings
        self._file: PartFile | None = None
        self._encoder: Encoder | None = None
        self._layout: Any = None
        try:
            discard_unfinished(settings.folder, partition)
            exported = last_exported(settings.folder, partition)
        except OSError as error:
            raise self._failure("read", error) from error
        self._next = 0 if exported is None else exported + 1
        self.committable: int | None = None if exported is None else self._next

    def _failure(self, what: str, error: OSError) -> ConnectException:
        return ConnectException(f"Couldn't {what} {self._settings.folder}: {error.strerror}")

    def write(self, schema: Schema | None, values: Sequence[Any], offsets: Sequence[int]) -> None:
        """Append records, but for those that files hold already. Raises BadValue, ConnectException."""
        start = 0
        while start < len(values) and offsets[start] < self._next:
            start += 1
        if start:
            log.info("%s-%d: %d records are in files already", *self._partition, start)
        try:
            while start < len(values):
                if values[start] is None:
                    self._take_null(start, offsets[start])
                    start += 1
                else:
                    start += self._write_some(schema, values, offsets, start)
        except OSError as error:
            raise self._failure("write to", error) from error

    def _take_null(self, index: int, offset: int) -> None:
        if self._settings.nulls_fail:
            raise BadValue(index, DataException("The record's value is null"))
        self.leave_out(offset)

    def leave_out(self, offset: int) -> None:
        """Go on behind a record that isn't written."""
        self._next = offset + 1
        if self._file is None:
            self.committable = offset + 1
        else:
            self._file.last = offset

    def _write_some(self, schema: Schema | None, values: Sequence[Any], offsets: Sequence[int], start: int) -> int:
        """Write records up to a null, or to the end of the file; returns how many."""
        layout = self._layout_of(schema, values[start], start)
        if self._file is not None and layout != self._layout:
            self._finish()
        file = self._file or self._begin(layout, offsets[start])
        stop = min(len(values), start + _CHUNK, start + self._settings.rotate_records - file.records)
        chunk = values[start:stop]
        if None in chunk:
            chunk = chunk[: chunk.index(None)]
        piece = self._encode(schema, chunk, start)
        last = offsets[start + piece.records - 1]
        file.write_records(piece, last)
        self._next = last + 1
        if file.records >= self._settings.rotate_records or file.size >= self._settings.rotate_bytes:
            self._finish()
        return piece.records

    def _layout_of(self, schema: Schema | None, value: Any, index: int) -> Any:
        try:
            return self._settings.format.layout(schema, value)
        except DataException as error:
            raise BadValue(index, error) from error

    def _encode(self, schema: Schema | None, chunk: Sequence[Any], start: int) -> Piece:
        """The text of the first values; up to one that has none, when there is such a one behind the first."""
        assert self._encoder is not None
        try:
            return self._encoder.encode(schema, chunk)
        except ENCODE_ERRORS as error:
            if len(chunk) > 1:
                return self._encode(schema, chunk[: len(chunk) // 2], start)
            raise BadValue(start, DataException(f"The value can't be written: {error}")) from error

    def _begin(self, layout: Any, first: int) -> PartFile:
        settings = self._settings
        extension = settings.format.extension
        compress = settings.compress and not settings.format.compresses
        made = PartFile(settings.folder, self._partition, first, extension, compress=compress)
        self._file, self._layout, self._encoder = made, layout, settings.format.begin(layout)
        made.write(self._encoder.head())
        return made

    def finish_if_old(self) -> bool:
        """Finish a file that is old enough; whether it was. Raises ConnectException."""
        if self._file is None or self._file.age < self._settings.rotate_seconds:
            return False
        try:
            self._finish()
        except OSError as error:
            raise self._failure("write to", error) from error
        return True

    def _finish(self) -> None:
        file, self._file = self._file, None
        assert file is not None
        assert self._encoder is not None
        if file.records:
            file.write(self._encoder.tail())
            path = file.finish()
            log.debug("%s is finished", path)
        else:
            file.discard()
        self.committable = file.last + 1

    def discard(self) -> None:
        """Give up the unfinished file: its records will be read again."""
        if self._file is not None:
            try:
                self._file.discard()
            except OSError:
                log.warning("Couldn't remove an unfinished file in %s", self._settings.folder, exc_info=True)
            self._file = None
