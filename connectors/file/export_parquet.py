"""Records as Parquet files, through pyarrow."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from connect.api import ConfigException, DataException, Schema, Struct, Type
from connect.api.logical import DATE_NAME, DECIMAL_NAME, TIME_NAME, TIMESTAMP_NAME, to_millis
from connectors.file.export_format import Encoder, Piece

_MILLIS_PER_DAY = 86_400_000
_GROUP_BYTES, _GROUP_RECORDS = 8 << 20, 100_000
"""A row group is written when it has so many bytes or records: what is read in one go, and what waits in memory."""
_DECIMAL_DIGITS = 38

Plain = Callable[[Any], Any]


class Parquet:
    """Structs as columns: decimals of 38 digits, dates, times and UTC timestamps of milliseconds, nested types."""

    extension = ".parquet"
    compresses = True

    def __init__(self, compression: str) -> None:
        """``compression`` of the columns: none or gzip. Raises ConfigException where pyarrow is missing."""
        try:
            import pyarrow.parquet  # noqa: F401
        except ImportError:
            raise ConfigException(
                "format", "PARQUET", "Needs pyarrow: pip install 'kafka-connect-worker[parquet]'"
            ) from None
        self._compression = compression

    def layout(self, schema: Schema | None, value: Any) -> Schema:
        if schema is None or schema.type is not Type.STRUCT or not schema.fields:
            raise DataException("Only structs with fields can be written as Parquet")
        return schema

    def begin(self, layout: Any) -> Encoder:
        return ParquetEncoder(layout, self._compression)


class ParquetEncoder:
    """Columns of one struct schema; they are written a row group at a time."""

    def __init__(self, schema: Schema, compression: str) -> None:
        import pyarrow as pa
        from pyarrow import parquet

        self._columns = [column_of(field.schema) for field in schema.fields]
        self._schema = pa.schema(
            [pa.field(field.name, column.type) for field, column in zip(schema.fields, self._columns, strict=True)]
        )
        self._written = _Written()
        self._writer = parquet.ParquetWriter(pa.PythonFile(self._written, "w"), self._schema, compression=compression)
        self._waiting: list[Any] = []
        self._waiting_bytes = self._waiting_records = 0

    def head(self) -> bytes:
        return self._written.take()

    def encode(self, schema: Schema | None, values: Sequence[Any]) -> Piece:
        import pyarrow as pa

        rows = [value.values if type(value) is Struct else value for value in values]
        arrays = [
            pa.array(column if kind.plain is None else list(map(kind.plain, column)), kind.type)
            for column, kind in zip(zip(*rows, strict=True), self._columns, strict=True)
        ]
        batch = pa.record_batch(arrays, schema=self._schema)
        self._waiting.append(batch)
        self._waiting_bytes += batch.nbytes
        self._waiting_records += len(rows)
        if self._waiting_bytes >= _GROUP_BYTES or self._waiting_records >= _GROUP_RECORDS:
            self._write_group()
        return Piece(self._written.take(), len(rows), batch.nbytes)

    def tail(self) -> bytes:
        self._write_group()
        self._writer.close()
        return self._written.take()

    def _write_group(self) -> None:
        import pyarrow as pa

        if self._waiting:
            self._writer.write_table(pa.Table.from_batches(self._waiting), row_group_size=self._waiting_records)
        self._waiting = []
        self._waiting_bytes = self._waiting_records = 0


class _Written:
    """The end of a file, from which its bytes are taken as they come."""

    closed = False

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._size = 0

    def write(self, data: Any) -> int:
        part = bytes(data)
        self._parts.append(part)
        self._size += len(part)
        return len(part)

    def tell(self) -> int:
        return self._size

    def flush(self) -> None:
        """Nothing is held back."""

    def close(self) -> None:
        """The file is closed by its owner."""

    def take(self) -> bytes:
        """What was written since the last time."""
        parts, self._parts = self._parts, []
        return b"".join(parts)


class Column(NamedTuple):
    """The type of a column, and what turns values (None too) into what pyarrow takes for it; None = as they are."""

    type: Any
    plain: Plain | None


def column_of(schema: Schema) -> Column:
    """How values of a schema are held in Parquet. Raises DataException for a type that isn't known."""
    return _logical_column(schema) or _nested_column(schema) or Column(_simple_type(schema.type), None)


def _logical_column(schema: Schema) -> Column | None:
    import pyarrow as pa

    match schema.name:
        case name if name == DECIMAL_NAME:
            scale = int((schema.parameters or {}).get("scale", "0"))
            return Column(pa.decimal128(_DECIMAL_DIGITS, scale), None)
        case name if name == DATE_NAME:
            return Column(pa.date32(), _or_none(lambda value: to_millis(value) // _MILLIS_PER_DAY))
        case name if name == TIME_NAME:
            return Column(pa.time32("ms"), _or_none(to_millis))
        case name if name == TIMESTAMP_NAME:
            return Column(pa.timestamp("ms", tz="UTC"), _or_none(to_millis))
        case _:
            return None


def _nested_column(schema: Schema) -> Column | None:
    import pyarrow as pa

    match schema.type:
        case Type.ARRAY if schema.value_schema is not None:
            items = column_of(schema.value_schema)
            plain = items.plain
            return Column(
                pa.list_(items.type), None if plain is None else _or_none(lambda value: list(map(plain, value)))
            )
        case Type.MAP if schema.key_schema is not None and schema.value_schema is not None:
            keys, values = column_of(schema.key_schema), column_of(schema.value_schema)
            key, item = keys.plain or _same, values.plain or _same
            return Column(
                pa.map_(keys.type, values.type), _or_none(lambda value: [(key(k), item(v)) for k, v in value.items()])
            )
        case Type.STRUCT:
            return _struct_column(schema)
        case _:
            return None


def _struct_column(schema: Schema) -> Column:
    import pyarrow as pa

    columns = [(field.name, column_of(field.schema)) for field in schema.fields]

    def plain(value: Any) -> dict[str, Any]:
        held = value.values if type(value) is Struct else value
        return {name: (kind.plain or _same)(item) for (name, kind), item in zip(columns, held, strict=True)}

    return Column(pa.struct([(name, kind.type) for name, kind in columns]), _or_none(plain))


@functools.lru_cache(1)
def _simple_types() -> dict[Type, Any]:
    import pyarrow as pa

    return {
        Type.INT8: pa.int8(),
        Type.INT16: pa.int16(),
        Type.INT32: pa.int32(),
        Type.INT64: pa.int64(),
        Type.FLOAT32: pa.float32(),
        Type.FLOAT64: pa.float64(),
        Type.BOOLEAN: pa.bool_(),
        Type.STRING: pa.string(),
        Type.BYTES: pa.binary(),
    }


def _simple_type(type: Type) -> Any:
    try:
        return _simple_types()[type]
    except KeyError:
        raise DataException(f"{type.name} can't be written as Parquet") from None


def _same(value: Any) -> Any:
    return value


def _or_none(plain: Plain) -> Plain:
    return lambda value: None if value is None else plain(value)
