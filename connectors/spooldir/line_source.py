"""SpoolDirLineDelimitedSource: the lines of text files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, BinaryIO

from connect.api import SourceTask
from connect.api.schema import STRING_SCHEMA
from connectors.spooldir.block import Block, RecordReader
from connectors.spooldir.config import CHARSET, COMMON, OWN
from connectors.spooldir.connector import SpoolDirSourceConnector
from connectors.spooldir.files import InputFile
from connectors.spooldir.task import Resume, SpoolDirSourceTask
from connectors.spooldir.text_input import TextInput, check_charset

CONFIG = COMMON | CHARSET | OWN


class SpoolDirLineDelimitedSourceConnector(SpoolDirSourceConnector):
    """Sends every line of the text files that appear in a directory as a string.

    A file counts as complete ``file.settle.ms`` after its last change, and is put away when Kafka has all its lines:
    to follow a file that grows, use FileStreamSource.
    """

    EXAMPLE = {
        "name": "log-files",
        "config": {
            "topic": "log-lines",
            "input.path": "/data/logs/input",
            "error.path": "/data/logs/error",
            "input.file.pattern": ".*\\.log(\\.gz)?",
            "cleanup.policy": "DELETE",
        },
    }

    CONFIG = CONFIG

    def task_class(self) -> type[SourceTask]:
        return SpoolDirLineDelimitedSourceTask


class SpoolDirLineDelimitedSourceTask(SpoolDirSourceTask):
    """Reads the lines. The offset of a record is the number of its line, from 1."""

    CONFIG = CONFIG
    value_schema = STRING_SCHEMA

    def configure(self, settings: Mapping[str, Any]) -> None:
        self._charset = check_charset("file.charset", settings["file.charset"])
        self._portion: int = settings["file.buffer.size.bytes"]

    def open_reader(self, stream: BinaryIO, file: InputFile, resume: Resume | None) -> RecordReader:
        # The original reads a file from its start whatever offset is stored, so only our own offsets count.
        skip = resume.offset if resume is not None and resume.exact else 0
        return LineReader(stream, TextInput(stream, self._charset, self._portion), skip)


class LineReader:
    """Reads lines, of which the first ``skip`` are left out."""

    def __init__(self, stream: BinaryIO, text: TextInput, skip: int) -> None:
        self._stream = stream
        self._input = text
        self._skip = skip
        self._line = 0
        self._parts: list[str] = []

    def read(self) -> Block | None:
        text = self._input.read()
        if not text:
            return None
        if "\n" not in text:
            self._parts.append(text)
            return Block([], [])
        lines = "".join([*self._parts, text]).split("\n")
        rest = lines.pop()
        self._parts = [rest] if rest else []
        return self._block(lines)

    def finish(self) -> Block | None:
        rest = "".join([*self._parts, self._input.finish()])
        self._parts = []
        return self._block(rest.removesuffix("\n").split("\n")) if rest else None

    def _block(self, lines: list[str]) -> Block:
        first = self._line + 1
        self._line += len(lines)
        left_out = min(max(0, self._skip - first + 1), len(lines))
        return Block(lines[left_out:], range(first + left_out, self._line + 1))

    def close(self) -> None:
        self._stream.close()
