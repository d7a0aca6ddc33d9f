"""TimestampConverter: change how times are written."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from connect.api import (
    ConfigDef,
    ConfigException,
    ConfigType,
    ConnectException,
    DataException,
    Field,
    Importance,
    Key,
    RecordBatch,
    Schema,
    Struct,
    Type,
)
from connect.api.columns import LONGS, type_of_all, within
from connect.api.java_calendar import MILLIS_PER_DAY
from connect.api.java_names import java_type_name
from connect.api.logical import (
    DATE_NAME,
    DATE_SCHEMA,
    OPTIONAL_DATE_SCHEMA,
    OPTIONAL_TIME_SCHEMA,
    OPTIONAL_TIMESTAMP_SCHEMA,
    TIME_NAME,
    TIME_SCHEMA,
    TIMESTAMP_NAME,
    TIMESTAMP_SCHEMA,
    EpochMillis,
    instants,
    to_millis,
)
from connect.api.numbers import Int64
from connect.api.schema import INT64_SCHEMA, OPTIONAL_INT64_SCHEMA, OPTIONAL_STRING_SCHEMA, STRING_SCHEMA
from connect.api.validators import ValidString
from transforms.field_path import (
    OWN_FIELD_SYNTAX,
    REPLACE_NULL_WITH_DEFAULT,
    FieldsTransformation,
    levels,
    path_of,
)
from transforms.maps import ConvertAll, converted_members
from transforms.rows import Column, RowFunction, compile_rows, copied
from transforms.side import Held, Kind, SchemaCache, Side, like
from transforms.simple_date_format import SimpleDateFormat

_SCHEMAS = {
    "string": (STRING_SCHEMA, OPTIONAL_STRING_SCHEMA),
    "unix": (INT64_SCHEMA, OPTIONAL_INT64_SCHEMA),
    "Date": (DATE_SCHEMA, OPTIONAL_DATE_SCHEMA),
    "Time": (TIME_SCHEMA, OPTIONAL_TIME_SCHEMA),
    "Timestamp": (TIMESTAMP_SCHEMA, OPTIONAL_TIMESTAMP_SCHEMA),
}
_LOGICAL_FORMS = {DATE_NAME: "Date", TIME_NAME: "Time", TIMESTAMP_NAME: "Timestamp"}
_PER_MILLI = {"nanoseconds": 1_000_000, "microseconds": 1000}
_LONG_MIN, _LONG_MAX = -(2**63), 2**63 - 1


class _Forms:
    """Reads and writes times in the forms that the transformation knows, by way of milliseconds since the epoch."""

    def __init__(self, date_format: SimpleDateFormat | None, precision: str) -> None:
        self._format = date_format
        self._precision = precision
        self.counts_millis = precision == "milliseconds"

    def reader(self, form: str) -> Callable[[Any], int]:
        """What reads times of one form."""
        if form == "string":
            return self._read_string
        if form == "unix":
            return self._read_unix

        def read(value: Any) -> int:
            if not isinstance(value, dt.datetime | EpochMillis):
                raise DataException(f"Expected {form} to be a java.util.Date, but found class {java_type_name(value)}")
            return to_millis(value)

        return read

    def writer(self, form: str) -> Callable[[list[int]], list[Any]]:
        """What writes lists of times in one form."""
        if form == "string":
            assert self._format is not None
            return self._format.format_all
        writers: dict[str, Callable[[list[int]], list[Any]]] = {
            "unix": lambda times: [self._write_unix(millis) for millis in times],
            "Date": lambda times: instants([millis - millis % MILLIS_PER_DAY for millis in times]),
            "Time": lambda times: instants([millis % MILLIS_PER_DAY for millis in times]),
            "Timestamp": instants,
        }
        return writers[form]

    def _read_string(self, value: Any) -> int:
        if not isinstance(value, str):
            raise DataException(f"Expected string timestamp to be a String, but found class {java_type_name(value)}")
        if self._format is None:
            raise DataException(f"TimestampConverter requires format option to be specified to read {value}")
        try:
            return self._format.parse(value)
        except ValueError:
            pattern = self._format.pattern
            raise DataException(
                f"Could not parse timestamp: value ({value}) does not match pattern ({pattern})"
            ) from None

    def _read_unix(self, value: Any) -> int:
        if type(value) is not int and type(value) is not Int64:
            raise DataException(f"Expected Unix timestamp to be a Long, but found class {java_type_name(value)}")
        if self._precision == "milliseconds":
            return int(value)
        if self._precision == "seconds":
            return _saturated(value * 1000)
        return _divided(value, _PER_MILLI[self._precision])

    def _write_unix(self, millis: int) -> int:
        if self._precision == "milliseconds":
            return millis
        if self._precision == "seconds":
            return _divided(millis, 1000)
        return _saturated(millis * _PER_MILLI[self._precision])


def _divided(number: int, divisor: int) -> int:
    """Rounded towards zero."""
    return number // divisor if number >= 0 else -(-number // divisor)


def _saturated(number: int) -> int:
    return max(_LONG_MIN, min(_LONG_MAX, number))


def _form_of(schema: Schema) -> str:
    if schema.name in _LOGICAL_FORMS:
        return _LOGICAL_FORMS[schema.name]
    if schema.type is Type.STRING:
        return "string"
    if schema.type is Type.INT64:
        return "unix"
    raise ConnectException(f"Schema {schema} does not correspond to a known timestamp type format")


class _Converter:
    """Converts times to one form."""

    def __init__(self, forms: _Forms, target: str) -> None:
        self._forms = forms
        self.target = target
        timestamp, unix = self._from("Timestamp"), self._from("unix")
        self._by_class: dict[type, ConvertAll] = {
            dt.datetime: timestamp,
            EpochMillis: timestamp,
            int: forms.writer(target) if forms.counts_millis else unix,
            Int64: unix,
            str: self._from("string"),
            type(None): lambda nulls: nulls,
        }

    def _from(self, form: str) -> ConvertAll:
        read, write = self._forms.reader(form), self._forms.writer(self.target)
        counts_millis = form == "unix" and self._forms.counts_millis

        def convert(times: list[Any]) -> list[Any]:
            if counts_millis and type_of_all(times) is int:
                return write(times)
            if None not in times:
                return write([read(time) for time in times])
            written = iter(write([read(time) for time in times if time is not None]))
            return [None if time is None else next(written) for time in times]

        return convert

    def for_schema(self, schema: Schema) -> ConvertAll:
        """What converts values of that schema. Raises ConnectException for one that says nothing of times."""
        return self._from(_form_of(schema))

    def schemaless(self, times: list[Any]) -> Sequence[Any]:
        """The times in the new form, whatever form they have; None for None."""
        cls = type_of_all(times)
        if cls is None:
            return [self.schemaless([time])[0] for time in times]
        convert = self._by_class.get(cls)
        if convert is None or (cls is int and not within(times, LONGS)):
            found = java_type_name(times[0] if convert is None else max(times, key=abs))
            raise DataException(f"TimestampConverter does not support class {found} objects as timestamps")
        return convert(times)

    def schema(self, original: Schema) -> Schema:
        """The new schema, optional if the original is."""
        return _SCHEMAS[self.target][original.optional]


class _ConvertedField:
    """Converts one field of a struct or map."""

    def __init__(self, name: str, converter: _Converter, with_default: bool) -> None:
        self._name = name
        self._converter = converter
        self._with_default = with_default
        self._schemas = SchemaCache(self._make_schema)
        self._functions = SchemaCache(self._make_function)

    def maps(self, batch: RecordBatch, values: list[dict[Any, Any]]) -> list[Any]:
        return converted_members(values, [(self._name, self._converter.schemaless)])

    def rows(self, batch: RecordBatch, schema: Schema, values: list[Any]) -> Held:
        return self.schema(schema), self._functions.get(schema)(values)

    def schema(self, schema: Schema) -> Schema:
        """The struct's new schema."""
        return self._schemas.get(schema)

    def _make_schema(self, schema: Schema) -> Schema:
        builder = like(schema)
        for field in schema.fields:
            builder.field(
                field.name, self._converter.schema(field.schema) if field.name == self._name else field.schema
            )
        if schema.optional:
            builder.optional()
        changed = builder.build()
        default = schema.default_value
        if default is None:
            return changed
        (row,) = self._functions.get(schema)([default.values])
        return changed.replace(default_value=Struct(changed, row))

    def _make_function(self, schema: Schema) -> RowFunction:
        return compile_rows(len(schema.fields), [self._column(field) for field in schema.fields])

    def _column(self, field: Field) -> Column:
        column = copied(field, with_default=self._with_default)
        if field.name != self._name:
            return column
        new = self._converter.schema(field.schema)
        return column._replace(schema=new, convert=self._converter.for_schema(field.schema))


class TimestampConverter(FieldsTransformation):
    """Change how a field, or the whole key or value, holds a time: as text, as a number, as Date, Time or Timestamp.

    Times are in UTC; what is finer than a millisecond is cut off. Null stays null.
    """

    EXAMPLE = {
        "config": {"field": "rated", "target.type": "string", "format": "yyyy-MM-dd HH:mm:ss"},
        "input": {"value": {"stars": 4, "rated": 1735689600000}},
        "output": {"value": {"stars": 4, "rated": "2025-01-01 00:00:00"}},
    }

    CONFIG = (
        ConfigDef(
            Key("field", ConfigType.STRING, "", "Field to convert; empty converts the whole.", Importance.HIGH),
            Key(
                "target.type",
                ConfigType.STRING,
                doc="The new form: string, unix, Date, Time or Timestamp.",
                importance=Importance.HIGH,
                validator=ValidString("string", "unix", "Date", "Time", "Timestamp"),
            ),
            Key(
                "format",
                ConfigType.STRING,
                "",
                "Pattern of texts, both read and written, as java.text.SimpleDateFormat takes it.",
                Importance.MEDIUM,
            ),
            Key(
                "unix.precision",
                ConfigType.STRING,
                "milliseconds",
                "What numbers count since 1970, both read and written.",
                Importance.LOW,
                ValidString("nanoseconds", "microseconds", "milliseconds", "seconds"),
            ),
        )
        | REPLACE_NULL_WITH_DEFAULT
        | OWN_FIELD_SYNTAX
    )
    purpose = "converting timestamp formats"

    def configure(self, config: Mapping[str, Any]) -> None:
        parsed = self.CONFIG.parse(config)
        target, pattern = parsed["target.type"], parsed["format"]
        if target == "string" and not pattern:
            raise ConfigException(
                "TimestampConverter requires format option to be specified when using string timestamps"
            )
        forms = _Forms(_date_format(pattern) if pattern else None, parsed["unix.precision"])
        self._converter = _Converter(forms, target)
        self._conversions: SchemaCache[ConvertAll] = SchemaCache(self._converter.for_schema)
        self._path = path_of(parsed["field"], parsed) if parsed["field"] else ()
        self._field = _ConvertedField("".join(self._path[-1:]), self._converter, parsed["replace.null.with.default"])
        self.levels = levels([(self._path, None)] if self._path else [], lambda _: self._field)

    def changed(self, batch: RecordBatch, kind: Kind, schema: Schema | None, values: list[Any]) -> Held:
        if self._path:
            return super().changed(batch, kind, schema, values)
        if schema is None:
            return None, list(self._converter.schemaless(values))
        convert = self._conversions.get(schema)
        return self._converter.schema(schema), list(convert(values))

    def nulls(self, schema: Schema | None, values: list[Any]) -> Held:
        return self._field.schema(schema) if schema is not None and len(self._path) == 1 else schema, values


def _date_format(pattern: str) -> SimpleDateFormat:
    try:
        return SimpleDateFormat(pattern)
    except ValueError as error:
        raise ConfigException(
            f"TimestampConverter requires a SimpleDateFormat-compatible pattern for string timestamps: {pattern}",
            f"java.lang.IllegalArgumentException: {error}",
        ) from None


class TimestampConverterKey(TimestampConverter):
    """Change how the key, or a field of it, holds a time."""

    SIDE = Side.KEY


class TimestampConverterValue(TimestampConverter):
    """Change how the value, or a field of it, holds a time."""

    SIDE = Side.VALUE
