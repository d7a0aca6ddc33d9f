"""From records to the lines of a bulk request: action, id, version, document."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from connect.api import ConnectException, DataException, Header, RecordBatch, Schema, SinkOrigin, Type
from connect.api.numbers import Float32, Int8, Int16, Int32
from connectors.elasticsearch.documents import DocumentEncoder, NotAnObject, StreamTimestamps
from connectors.elasticsearch.plain import PlainRules
from connectors.elasticsearch.settings import DocumentSettings, NullBehavior, Settings, VersionStrategy

_MAX_ID_BYTES = 512
_MAX_VERSION = 2**63 - 1
_ID_TYPES = (Type.INT8, Type.INT16, Type.INT32, Type.INT64, Type.STRING)
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_WHOLE_NUMBER = re.compile(r"[+-]?[0-9]+")
_SCHEMALESS_NAMES = {
    Int8: "INT8",
    Int16: "INT16",
    Int32: "INT32",
    Float32: "FLOAT32",
    float: "FLOAT64",
    bool: "BOOLEAN",
    dict: "MAP",
    list: "ARRAY",
    bytes: "BYTES",
}


@dataclass(frozen=True, slots=True)
class Target:
    """Where the records of a batch go. ``typed`` is for servers before version 7, which want a type."""

    name: str
    key_ignored: bool
    schema_ignored: bool
    is_data_stream: bool = False
    typed: bool = False


@dataclass(slots=True)
class Plan:
    """What became of a batch: ``lines[i]`` is for record ``indexes[i]``; the other records are done or bad.

    ``skipped`` are records that are not written by configuration, ``bad`` those that can't be.
    """

    lines: list[bytes]
    indexes: Sequence[int]
    skipped: list[int] = field(default_factory=list)
    bad: list[tuple[int, ConnectException]] = field(default_factory=list)

    def before(self, index: int) -> Plan:
        """What is to be written of the records before that one."""
        count = sum(each < index for each in self.indexes)
        return Plan(self.lines[:count], self.indexes[:count])


class Operations:
    """Makes the lines of all batches of a task."""

    def __init__(self, settings: Settings) -> None:
        self._document = settings.document
        self._timestamps = StreamTimestamps(settings.target.timestamp_fields)
        self._encoders: dict[tuple[Schema | None, bool], DocumentEncoder] = {}

    def plan(self, batch: RecordBatch, target: Target) -> Plan:
        """The lines of a batch, all for one target."""
        try:
            if None not in batch.values:
                return Plan(self._write_lines(batch, target), range(len(batch)))
            return self._plan_with_nulls(batch, target)
        except ConnectException:
            return self._plan_singly(batch, target)

    def _plan_with_nulls(self, batch: RecordBatch, target: Target) -> Plan:
        """Raises ConnectException when one record can't be written, without saying which."""
        present = [index for index, value in enumerate(batch.values) if value is not None]
        lines: dict[int, bytes | None] = {}
        if present:
            lines.update(zip(present, self._write_lines(batch.take(present), target), strict=True))
        for index, value in enumerate(batch.values):
            if value is None:
                lines[index] = self._null_line(batch.slice(index, index + 1), target)
        written = {index: line for index in range(len(batch)) if (line := lines[index]) is not None}
        skipped = [index for index in range(len(batch)) if lines[index] is None]
        return Plan(list(written.values()), list(written), skipped)

    def _plan_singly(self, batch: RecordBatch, target: Target) -> Plan:
        lines: list[bytes] = []
        indexes: list[int] = []
        plan = Plan(lines, indexes)
        for index, value in enumerate(batch.values):
            single = batch.slice(index, index + 1)
            try:
                line = self._write_lines(single, target)[0] if value is not None else self._null_line(single, target)
            except ConnectException as error:
                plan.bad.append((index, error))
                continue
            if line is None:
                plan.skipped.append(index)
            else:
                lines.append(line)
                indexes.append(index)
        return plan

    def _null_line(self, single: RecordBatch, target: Target) -> bytes | None:
        behavior = self._document.null_behavior
        if behavior is NullBehavior.IGNORE:
            return None
        if behavior is NullBehavior.FAIL:
            raise null_value_error(single)
        if single.keys is None or single.keys[0] is None:
            return None
        return self._join(single, target, "delete", None, [b""])[0][:-1]

    def _write_lines(self, batch: RecordBatch, target: Target) -> list[bytes]:
        """Raises ConnectException when one record can't be written, without saying which."""
        encoder = self._encoder(batch.value_schema, target.schema_ignored)
        plain = self._plain_documents(encoder, batch, target)
        texts = encoder.encode(batch.values) if plain is None else encoder.texts(plain)
        if target.is_data_stream:
            return self._join(batch, target, "create", plain, texts)
        if self._document.upsert:
            return self._join(batch, target, "update", plain, [self._update_body(text) for text in texts])
        return self._join(batch, target, "index", plain, texts)

    def _plain_documents(
        self, encoder: DocumentEncoder, batch: RecordBatch, target: Target
    ) -> list[dict[str, Any]] | None:
        """The documents as dicts, where something has to be read from or added to them."""
        settings = self._document
        by_field = settings.version_strategy is VersionStrategy.FIELD
        if not (target.is_data_stream or by_field or settings.routing_field):
            return None
        if not target.is_data_stream:
            documents = [encoder.plain(value) for value in batch.values]
        else:
            documents = [_stream_document(encoder, value) for value in batch.values]
            times = batch.timestamps or [None] * len(batch)
            documents = [self._timestamps.add(d, time) for d, time in zip(documents, times, strict=True)]
        return documents

    def _update_body(self, document: bytes) -> bytes:
        settings = self._document
        if not settings.script:
            return b'{"doc":%b,"upsert":%b}' % (document, document)
        source, lang = orjson.dumps(settings.script), orjson.dumps(settings.script_lang)
        return b'{"script":{"source":%b,"lang":%b,"params":{"doc":%b}},"upsert":%b}' % (
            source,
            lang,
            document,
            document,
        )

    def _join(
        self,
        batch: RecordBatch,
        target: Target,
        action: str,
        documents: list[dict[str, Any]] | None,
        texts: list[bytes],
    ) -> list[bytes]:
        """Action and document of each record, in one formatting each: this is where the time goes."""
        start = b'{"%b":{"_index":%b' % (action.encode(), orjson.dumps(target.name))
        if target.typed:
            start += b',"_type":"_doc"'
        end = self._common_end(action)
        versions = self._versions(batch, target, action, documents)
        routes = self._routes(documents)
        if action in ("index", "create") and self._document.autogenerated_ids:
            tails = routes or [b""] * len(texts)
            return [b"%b%b%b%b\n" % (start, tail, end, text) for tail, text in zip(tails, texts, strict=True)]
        ids = self._coordinates(batch) if target.key_ignored else document_ids(batch)
        start += b',"_id":"'
        if versions is None and routes is None:
            return [b'%b%b"%b%b\n' % (start, each, end, text) for each, text in zip(ids, texts, strict=True)]
        if versions is not None and routes is None:
            end = b',"version_type":"external"%b' % end
            return [
                b'%b%b","version":%d%b%b\n' % (start, each, version, end, text)
                for each, version, text in zip(ids, versions, texts, strict=True)
            ]
        tails = routes or []
        if versions is not None:
            tails = [b',"version":%d,"version_type":"external"%b' % pair for pair in zip(versions, tails, strict=True)]
        return [
            b'%b%b"%b%b%b\n' % (start, each, tail, end, text)
            for each, tail, text in zip(ids, tails, texts, strict=True)
        ]

    def _coordinates(self, batch: RecordBatch) -> list[bytes]:
        """``topic+partition+offset`` of each record, as the inside of a JSON string."""
        origin = sink_origin(batch)
        topic = batch.topic if self._document.ids_by_renamed_topic else origin.topic
        prefix = _inside_of_string(f"{topic}+{origin.partition}+")
        return [b"%b%d" % (prefix, offset) for offset in record_offsets(batch)]

    def _common_end(self, action: str) -> bytes:
        if action == "create":
            return b',"version":-4}}\n'
        if action == "update":
            return b',"retry_on_conflict":%d}}\n' % self._document.retry_on_conflict
        return b"}}\n"

    def _versions(
        self, batch: RecordBatch, target: Target, action: str, documents: list[dict[str, Any]] | None
    ) -> Sequence[int] | None:
        if action not in ("index", "delete") or target.key_ignored:
            return None
        return document_versions(batch, self._document, documents)

    def _routes(self, documents: list[dict[str, Any]] | None) -> list[bytes] | None:
        name = self._document.routing_field
        return [_routing(document, name) for document in documents] if name and documents is not None else None

    def _encoder(self, schema: Schema | None, schema_ignored: bool) -> DocumentEncoder:
        encoder = self._encoders.get((schema, schema_ignored))
        if encoder is None:
            settings = self._document
            rules = PlainRules(schema_ignored, settings.compact_maps, settings.decimal_as_text)
            encoder = self._encoders[schema, schema_ignored] = DocumentEncoder(schema, rules)
        return encoder


def _stream_document(encoder: DocumentEncoder, value: Any) -> dict[str, Any]:
    try:
        return encoder.plain(value)
    except NotAnObject as error:
        text = f"Top level payload contains data of Json type {error.json_type}. Required Json object."
        raise DataException(text) from error


def null_value_error(single: RecordBatch) -> DataException:
    """What is said about a record without value under ``behavior.on.null.values=fail``."""
    return DataException(
        f"record from topic={single.topic} partition={sink_origin(single).partition}"
        f" offset={record_offsets(single)[0]} has a null value (to ignore future records like this change the"
        " configuration property 'behavior.on.null.values' from 'FAIL' to 'IGNORE')"
    )


def sink_origin(batch: RecordBatch) -> SinkOrigin:
    """Where a batch lay in Kafka."""
    assert isinstance(batch.origin, SinkOrigin)
    return batch.origin


def record_offsets(batch: RecordBatch) -> Sequence[int]:
    """The offsets of a batch's records."""
    offsets, positions = sink_origin(batch).offsets, batch.positions
    if isinstance(positions, range) and positions.step == 1:
        return offsets[positions.start : positions.stop]
    return [offsets[position] for position in positions]


def document_ids(batch: RecordBatch) -> list[bytes]:
    """The keys as ids, each as the inside of a JSON string.

    Raises DataException when a key is null, empty, too long or of a type that won't do.
    """
    schema = batch.key_schema
    keys = batch.keys if batch.keys is not None else [None]
    if (schema is None or schema.type is Type.STRING) and {type(key) for key in keys} == {str}:
        try:
            ids = orjson.dumps(keys)[2:-2].split(b'","')
        except orjson.JSONEncodeError:  # a lone surrogate
            ids = []
        if ids and all(ids) and max(map(len, ids)) <= _MAX_ID_BYTES:
            return ids
    return [_document_id(schema, key) for key in keys]


def _document_id(schema: Schema | None, key: Any) -> bytes:
    if key is None:
        raise DataException("Key is used as document id and can not be null.")
    if schema is not None:
        if schema.type not in _ID_TYPES:
            raise DataException(f"{schema.type.name} is not supported as the document id.")
    elif not isinstance(key, str | int) or isinstance(key, bool):
        name = _SCHEMALESS_NAMES.get(type(key), type(key).__name__)
        raise DataException(f"{name} is not supported as the document id.")
    text = _java_date(key) if isinstance(key, dt.datetime) else str(key)
    if not text:
        raise DataException("Key is used as document id and can not be empty.")
    if len(text.encode("utf-8", "replace")) > _MAX_ID_BYTES:
        raise DataException(f"Key is used as document id and can not be longer than {_MAX_ID_BYTES} bytes.")
    return _inside_of_string(text)


def _java_date(date: dt.datetime) -> str:
    """As Java prints dates, in UTC and in English: a key that is a Timestamp, Date or Time."""
    day, month = _DAYS[date.weekday()], _MONTHS[date.month - 1]
    return f"{day} {month} {date:%d %H:%M:%S} UTC {date.year:04}"


def _inside_of_string(text: str) -> bytes:
    return orjson.dumps(text.encode("utf-8", "replace").decode())[1:-1]


def document_versions(
    batch: RecordBatch, settings: DocumentSettings, documents: list[dict[str, Any]] | None
) -> Sequence[int] | None:
    """The external versions of a batch; None where there are none. Raises ConnectException for a bad one."""
    match settings.version_strategy:
        case VersionStrategy.NONE:
            return None
        case VersionStrategy.OFFSET:
            return record_offsets(batch)
        case VersionStrategy.FIELD:
            if documents is None:  # a delete has no fields
                return None
            return [_field_version(document, settings.version_field) for document in documents]
        case VersionStrategy.HEADER:
            headers: Sequence[Iterable[Header]] = batch.headers or [()] * len(batch)
            return [_header_version(batch, index, each, settings.version_header) for index, each in enumerate(headers)]


def _header_version(batch: RecordBatch, index: int, headers: Iterable[Header], name: str) -> int:
    found = [header.value for header in headers if header.key == name]
    where = (
        f"record from topic={batch.topic} partition={sink_origin(batch).partition}"
        f" offset={record_offsets(batch)[index]}"
    )
    if not found:
        raise ConnectException(f"External version header '{name}' is missing in {where}")
    text = str(found[-1])
    try:
        if _WHOLE_NUMBER.fullmatch(text) is None:  # int() takes blanks and underscores, too
            raise ValueError(text)
        return _checked_version(int(text))
    except ValueError:
        raise ConnectException(f"Error converting external version header '{name}' to long for {where}") from None


def _field_version(document: Mapping[str, Any], name: str) -> int:
    value = document.get(name)
    try:
        return _checked_version(int(value))  # type: ignore[arg-type]  # whatever it is, int says so
    except (TypeError, ValueError):
        raise DataException(f"Field '{name}' holds no external version: {value!r}") from None


def _checked_version(version: int) -> int:
    if not 0 <= version <= _MAX_VERSION:
        raise ValueError(version)
    return version


def _routing(document: Mapping[str, Any], name: str) -> bytes:
    value = document.get(name)
    if value is None:
        raise DataException(f"Field '{name}' is used for routing and can not be null.")
    return b',"routing":' + orjson.dumps(value if isinstance(value, str) else str(value))
