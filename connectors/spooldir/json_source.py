"""SpoolDirJsonSource and SpoolDirSchemaLessJsonSource: the documents of JSON files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO

from connect.api import DataException, SourceTask
from connect.api.schema import STRING_SCHEMA
from connectors.spooldir.block import RecordReader
from connectors.spooldir.config import CHARSET, COMMON, OWN, OWN_SCHEMA, SCHEMA
from connectors.spooldir.connector import SchemaSourceConnector, SpoolDirSourceConnector
from connectors.spooldir.date_format import DateParser
from connectors.spooldir.files import InputFile
from connectors.spooldir.json_documents import NodeDocuments, StructDocuments, TextDocuments
from connectors.spooldir.json_reader import JsonReader
from connectors.spooldir.task import Resume, SpoolDirSourceTask
from connectors.spooldir.text_input import TextInput, check_charset, open_input
from connectors.spooldir.value_schema import read_schema

CONFIG = COMMON | SCHEMA | OWN | OWN_SCHEMA
SCHEMALESS_CONFIG = COMMON | CHARSET | OWN


class SpoolDirJsonSourceConnector(SchemaSourceConnector):
    """Reads the JSON files that appear in a directory, object by object, and moves each away when Kafka has them.

    A file holds any number of objects one after another, each on a line of its own (the fastest) or not. The schemas
    of key and value say the types; members that they don't have are left out. An object that doesn't fit, or text that
    is no JSON, goes to the error handling with its line number, and reading goes on when errors are tolerated.
    """

    EXAMPLE = {
        "name": "events",
        "config": {
            "topic": "events",
            "input.path": "/data/events/input",
            "finished.path": "/data/events/finished",
            "error.path": "/data/events/error",
            "input.file.pattern": ".*\\.jsonl?(\\.gz)?",
            "key.schema": '{"type":"STRUCT","name":"Key","fieldSchemas":{"id":{"type":"INT64"}}}',
            "value.schema": (
                '{"type":"STRUCT","name":"Event","fieldSchemas":{"id":{"type":"INT64"},'
                '"kind":{"type":"STRING","isOptional":true}}}'
            ),
        },
    }

    CONFIG = CONFIG

    def task_class(self) -> type[SourceTask]:
        return SpoolDirJsonSourceTask

    def field_names(self, file: InputFile, settings: Mapping[str, Any]) -> list[str]:
        first = next(nodes_of(file, settings), None)
        if not isinstance(first, dict):
            raise DataException(f"{file.path} doesn't begin with a JSON object to make a schema from")
        return list(first)


def nodes_of(file: InputFile, settings: Mapping[str, Any]) -> Iterator[Any]:
    """The documents of a file, up to the first bad one. Raises OSError, DataException."""
    with open_input(file.path) as stream:
        reader = JsonReader(stream, TextInput(stream, "utf-8", settings["file.buffer.size.bytes"]), NodeDocuments())
        block = reader.read()
        while block is not None and not block.bad:
            yield from block.values
            block = reader.read()
        last = block or reader.finish()
        yield from [] if last is None else last.values


class SpoolDirJsonSourceTask(SpoolDirSourceTask):
    """Reads the objects."""

    CONFIG = CONFIG

    def configure(self, settings: Mapping[str, Any]) -> None:
        self._portion: int = settings["file.buffer.size.bytes"]
        key, value = (read_schema(part, settings[part]) for part in ("key.schema", "value.schema"))
        self.key_schema, self.value_schema = key, value
        dates = DateParser(settings["parser.timestamp.date.formats"], settings["parser.timestamp.timezone"])
        stamp = settings["timestamp.field"] if settings["timestamp.mode"] == "FIELD" else None
        self._documents = StructDocuments(key, value, dates, timestamp_field=stamp, lenient=settings["parser.lenient"])

    def open_reader(self, stream: BinaryIO, file: InputFile, resume: Resume | None) -> RecordReader:
        # The original sends the record at the stored offset once more.
        skip = 0 if resume is None else resume.offset + resume.exact
        return JsonReader(stream, TextInput(stream, "utf-8", self._portion), self._documents, skip)


class SpoolDirSchemaLessJsonSourceConnector(SpoolDirSourceConnector):
    """Sends every document of the JSON files that appear in a directory as a string of compact JSON.

    A file holds any number of documents one after another, each on a line of its own (the fastest) or not. Text that
    is no JSON goes to the error handling, and reading goes on at the next line that begins with an object or array.
    """

    EXAMPLE = {
        "name": "documents",
        "config": {
            "topic": "documents",
            "input.path": "/data/documents/input",
            "finished.path": "/data/documents/finished",
            "error.path": "/data/documents/error",
            "input.file.pattern": ".*\\.jsonl?(\\.gz)?",
            "value.converter": "org.apache.kafka.connect.storage.StringConverter",
        },
    }

    CONFIG = SCHEMALESS_CONFIG

    def task_class(self) -> type[SourceTask]:
        return SpoolDirSchemaLessJsonSourceTask


class SpoolDirSchemaLessJsonSourceTask(SpoolDirSourceTask):
    """Reads the documents."""

    CONFIG = SCHEMALESS_CONFIG
    value_schema = STRING_SCHEMA

    def configure(self, settings: Mapping[str, Any]) -> None:
        self._charset = check_charset("file.charset", settings["file.charset"])
        self._portion: int = settings["file.buffer.size.bytes"]

    def open_reader(self, stream: BinaryIO, file: InputFile, resume: Resume | None) -> RecordReader:
        # The original reads a file from its start whatever offset is stored, so only our own offsets count.
        skip = resume.offset + 1 if resume is not None and resume.exact else 0
        return JsonReader(stream, TextInput(stream, self._charset, self._portion), TextDocuments(), skip)
