"""InsertField: add the record's coordinates, its time, or a fixed text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from connect.api import (
    ConfigDef,
    ConfigException,
    ConfigType,
    DataException,
    Importance,
    Key,
    RecordBatch,
    Schema,
    SinkOrigin,
)
from connect.api.logical import OPTIONAL_TIMESTAMP_SCHEMA, TIMESTAMP_SCHEMA, from_millis, instants
from connect.api.numbers import Int32
from connect.api.schema import (
    INT32_SCHEMA,
    INT64_SCHEMA,
    OPTIONAL_INT32_SCHEMA,
    OPTIONAL_INT64_SCHEMA,
    OPTIONAL_STRING_SCHEMA,
    STRING_SCHEMA,
)
from transforms.field_path import (
    OWN_FIELD_SYNTAX,
    REPLACE_NULL_WITH_DEFAULT,
    FieldsTransformation,
    levels,
    path_of,
    struct_of,
)
from transforms.maps import with_members
from transforms.rows import Column, RowFunction, compile_rows, copied
from transforms.side import Held, SchemaCache, Side

_STRINGS = (STRING_SCHEMA, OPTIONAL_STRING_SCHEMA)
_SOURCES = {
    "topic.field": _STRINGS,
    "partition.field": (INT32_SCHEMA, OPTIONAL_INT32_SCHEMA),
    "offset.field": (INT64_SCHEMA, OPTIONAL_INT64_SCHEMA),
    "timestamp.field": (TIMESTAMP_SCHEMA, OPTIONAL_TIMESTAMP_SCHEMA),
    "static.field": _STRINGS,
}
"""What can be inserted, in the order of the new fields, with the schemas of a required and of an optional field."""
_PER_RECORD = ("offset.field", "timestamp.field")


class _Insertion(NamedTuple):
    source: str
    optional: bool


class _InsertedFields:
    """Adds fields to one struct or map."""

    def __init__(self, insertions: list[tuple[str, _Insertion]], static_value: str | None, with_default: bool) -> None:
        self._constants = [item for item in insertions if item[1].source not in _PER_RECORD]
        self._lists = [item for item in insertions if item[1].source in _PER_RECORD]
        self._insertions = insertions
        self._static_value = static_value
        self._with_default = with_default
        self._compiled = SchemaCache(self._compile)

    def maps(self, batch: RecordBatch, values: list[dict[Any, Any]]) -> list[Any]:
        constants: dict[str, Any] = {}
        columns: dict[str, list[Any]] = {}
        for name, (source, _) in self._insertions:  # of two with one name the later wins
            if source == "timestamp.field" and batch.timestamps is None:
                continue
            if source in _PER_RECORD:
                constants.pop(name, None)
                columns[name] = self._items(batch, source)
            elif (constant := self._constant(batch, source)) is not None or source != "partition.field":
                columns.pop(name, None)
                constants[name] = Int32(constant) if source == "partition.field" else constant
        partial = [name for name, items in columns.items() if None in items]
        changed = with_members(values, constants, {n: items for n, items in columns.items() if n not in partial})
        for name in partial:
            for value, item in zip(changed, columns[name], strict=True):
                if item is not None:
                    value[name] = item
        return changed

    def rows(self, batch: RecordBatch, schema: Schema, values: list[Any]) -> Held:
        changed, change = self._compiled.get(schema)
        constants = [self._constant(batch, insertion.source) for _, insertion in self._constants]
        lists = [
            _instants(items) if insertion.source == "timestamp.field" else items
            for insertion, items in [(i, self._items(batch, i.source)) for _, i in self._lists]
        ]
        return changed, change(values, *constants, *lists)

    def _constant(self, batch: RecordBatch, source: str) -> Any:
        if source == "partition.field":
            own = batch.origin.partition if isinstance(batch.origin, SinkOrigin) else None
            return own if batch.partition is None else batch.partition
        return batch.topic if source == "topic.field" else self._static_value

    def _items(self, batch: RecordBatch, source: str) -> list[Any]:
        if source == "timestamp.field":
            return [None] * len(batch) if batch.timestamps is None else batch.timestamps
        origin = batch.origin
        if not isinstance(origin, SinkOrigin):
            found = "org.apache.kafka.connect.source.SourceRecord"
            raise DataException(f"Only SinkRecord supported for [field insertion], found: {found}")
        positions = batch.positions
        if isinstance(positions, range) and positions.step == 1:
            return list(origin.offsets[positions.start : positions.stop])
        return [origin.offsets[position] for position in positions]

    def _compile(self, schema: Schema) -> tuple[Schema, RowFunction]:
        columns = [copied(field, with_default=self._with_default) for field in schema.fields]
        constants = lists = 0
        for name, (source, optional) in self._insertions:
            # Where a required partition or timestamp is missing the field stays unset, for the next one to refuse.
            checked = source not in ("partition.field", "timestamp.field")
            column = Column(name, _SOURCES[source][optional], checked=checked)
            if source in _PER_RECORD:
                columns.append(column._replace(list=lists))
                lists += 1
            else:
                columns.append(column._replace(constant=constants))
                constants += 1
        return struct_of(schema, columns), compile_rows(len(schema.fields), columns, constants, lists)


def _instants(timestamps: list[Any]) -> list[Any]:
    """The instants of milliseconds, None where there is none."""
    if None not in timestamps:
        return instants(timestamps)
    return [None if millis is None else from_millis(millis) for millis in timestamps]


def _key(name: str, doc: str) -> Key:
    return Key(name, ConfigType.STRING, None, doc, Importance.MEDIUM)


_OPTIONALITY = "A final ! makes the field required, ? keeps it optional, which is the default."


class InsertField(FieldsTransformation):
    """Add the topic, partition, offset or timestamp of the record, or a fixed text, as fields; null stays as it is.

    Offsets exist in sink connectors only.
    """

    EXAMPLE = {
        "config": {
            "topic.field": "topic",
            "timestamp.field": "written",
            "static.field": "region",
            "static.value": "eu",
        },
        "input": {"topic": "ratings", "value": {"stars": 4}, "timestamp": 1735689600000},
        "output": {
            "topic": "ratings",
            "value": {"stars": 4, "topic": "ratings", "region": "eu", "written": 1735689600000},
            "timestamp": 1735689600000,
        },
    }

    CONFIG = (
        ConfigDef(
            _key("topic.field", f"Field for the topic. {_OPTIONALITY}"),
            _key("partition.field", f"Field for the Kafka partition. {_OPTIONALITY}"),
            _key("offset.field", f"Field for the Kafka offset, in sink connectors. {_OPTIONALITY}"),
            _key("timestamp.field", f"Field for the record's timestamp. {_OPTIONALITY}"),
            _key("static.field", f"Field for the fixed text. {_OPTIONALITY}"),
            _key("static.value", "The fixed text."),
        )
        | REPLACE_NULL_WITH_DEFAULT
        | OWN_FIELD_SYNTAX
    )
    purpose = "field insertion"

    def configure(self, config: Mapping[str, Any]) -> None:
        parsed = self.CONFIG.parse(config)
        given = [source for source in _SOURCES if parsed[source] is not None]
        if not given:
            raise ConfigException("No field insertion configured")
        if "static.field" in given and parsed["static.value"] is None:
            reason = f"No value specified for static field: {parsed['static.field']}"
            raise ConfigException("static.value", None, reason)
        items = [
            (path_of(text[:-1] if text.endswith(("?", "!")) else text, parsed), _Insertion(source, text[-1:] != "!"))
            for source, text in ((source, parsed[source]) for source in given)
        ]
        static_value, with_default = parsed["static.value"], parsed["replace.null.with.default"]
        self.levels = levels(items, lambda inserted: _InsertedFields(inserted, static_value, with_default))


class InsertFieldKey(InsertField):
    """Add the record's coordinates, its time, or a fixed text to the key."""

    SIDE = Side.KEY


class InsertFieldValue(InsertField):
    """Add the record's coordinates, its time, or a fixed text to the value."""

    SIDE = Side.VALUE
