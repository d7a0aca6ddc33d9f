"""SpoolDirBinaryFileSource: whole files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, BinaryIO

from connect.api import SourceTask
from connect.api.schema import BYTES_SCHEMA
from connectors.spooldir.block import Block, RecordReader
from connectors.spooldir.config import COMMON, OWN
from connectors.spooldir.connector import SpoolDirSourceConnector
from connectors.spooldir.files import InputFile
from connectors.spooldir.task import Resume, SpoolDirSourceTask

CONFIG = COMMON | OWN


class SpoolDirBinaryFileSourceConnector(SpoolDirSourceConnector):
    """Sends every file that appears in a directory as one record of bytes; an empty file is none.

    A file is held in memory as a whole, and must fit into a Kafka record.
    """

    EXAMPLE = {
        "name": "pictures",
        "config": {
            "topic": "pictures",
            "input.path": "/data/pictures/input",
            "finished.path": "/data/pictures/finished",
            "error.path": "/data/pictures/error",
            "input.file.pattern": ".*\\.jpe?g",
            "value.converter": "org.apache.kafka.connect.converters.ByteArrayConverter",
        },
    }

    CONFIG = CONFIG

    def task_class(self) -> type[SourceTask]:
        return SpoolDirBinaryFileSourceTask


class SpoolDirBinaryFileSourceTask(SpoolDirSourceTask):
    """Reads the files. The offset of the one record is 0."""

    CONFIG = CONFIG
    value_schema = BYTES_SCHEMA

    def configure(self, settings: Mapping[str, Any]) -> None:
        """There is nothing to set."""

    def open_reader(self, stream: BinaryIO, file: InputFile, resume: Resume | None) -> RecordReader:
        return BinaryReader(stream, sent=resume is not None and resume.exact)


class BinaryReader:
    """Reads one record, unless it was ``sent``."""

    def __init__(self, stream: BinaryIO, *, sent: bool) -> None:
        self._stream = stream
        self._sent = sent
        self._parts: list[bytes] = []

    def read(self) -> Block | None:
        part = self._stream.read()
        if not part:
            return None
        self._parts.append(part)
        return Block([], [])

    def finish(self) -> Block | None:
        content, self._parts = b"".join(self._parts), []
        return Block([content], [0]) if content and not self._sent else None

    def close(self) -> None:
        self._stream.close()
