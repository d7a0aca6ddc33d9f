"""SpoolDirJsonSource and SpoolDirSchemaLessJsonSource: the documents of JSON files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO

from connect.api import DataException, Schema, SourceTask
from connect.api.schema import STRING_SCHEMA
from connectors.spooldir.block import RecordReader, blocks_of
from connectors.spooldir.config import CHARSET, COMMON, OWN, OWN_SCHEMA, SCHEMA
from connectors.spooldir.connector import SchemaSourceConnector, SpoolDirSourceConnector
from connectors.spooldir.date_format import DateParser
from connectors.spooldir.files import InputFile
from connectors.spooldir.inference import Columns, Inference, checks_files, dates_of, misfits, with_texts
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
        nodes = (node for block in _nodes_of(file, settings) for node in block)
        first = next(nodes, None)
        if not isinstance(first, dict):
            raise DataException(f"{file.path} doesn't begin with a JSON object to make a schema from")
        return list(first)

    def columns_of(self, file: InputFile, settings: Mapping[str, Any]) -> Iterator[Columns]:
        return _columns_of(file, settings)

    def inference(self, settings: Mapping[str, Any]) -> Inference:
        return _inference(settings)


def _nodes_of(file: InputFile, settings: Mapping[str, Any]) -> Iterator[list[Any]]:
    """The documents of a file, but for bad ones, a block at a time. Raises OSError, DataException."""
    with open_input(file.path) as stream:
        text = TextInput(stream, "utf-8", settings["file.buffer.size.bytes"])
        for block in blocks_of(JsonReader(stream, text, NodeDocuments())):
            yield block.values


def _columns_of(file: InputFile, settings: Mapping[str, Any]) -> Iterator[Columns]:
    for nodes in _nodes_of(file, settings):
        objects = [node for node in nodes if isinstance(node, dict)]
        names = dict.fromkeys(name for node in objects for name in node)
        yield {name: [node.get(name) for node in objects] for name in names}


def _inference(settings: Mapping[str, Any]) -> Inference:
    zone = DateParser([], settings["parser.timestamp.timezone"]).zone
    return Inference(settings["parser.timestamp.date.formats"], zone, of_texts=False)


class SpoolDirJsonSourceTask(SpoolDirSourceTask):
    """Reads the objects."""

    CONFIG = CONFIG

    def configure(self, settings: Mapping[str, Any]) -> None:
        self._portion: int = settings["file.buffer.size.bytes"]
        self._key, self._value = (read_schema(part, settings[part]) for part in ("key.schema", "value.schema"))
        self._dates = dates_of(settings)
        self._documents = self._documents_of(self._key, self._value)

    def _documents_of(self, key: Schema, value: Schema) -> StructDocuments:
        self.key_schema, self.value_schema = key, value
        stamp = self._settings["timestamp.field"] if self._settings["timestamp.mode"] == "FIELD" else None
        lenient = self._settings["parser.lenient"]
        return StructDocuments(key, value, self._dates, timestamp_field=stamp, lenient=lenient)

    def open_reader(self, stream: BinaryIO, file: InputFile, resume: Resume | None) -> RecordReader:
        if checks_files(self._settings):
            samples, formats = _columns_of(file, self._settings), self._settings["parser.timestamp.date.formats"]
            texts = misfits(samples, self._value, formats, _inference(self._settings))
            self._documents = self._documents_of(with_texts(self._key, texts), with_texts(self._value, texts))
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
