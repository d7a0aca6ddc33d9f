"""What transformations of a record's key or value have in common.

A batch holds one side's data under one schema, but single values may still be null, or not what the schema promises.
Here a batch is cut into runs of one kind, so that each transformation says once, and for a whole list, what becomes of
maps, of rows and of nulls.
"""

from __future__ import annotations

import enum
from abc import abstractmethod
from collections.abc import Callable, Iterable
from itertools import groupby
from typing import Any, ClassVar, Generic, NoReturn, TypeVar, cast

from connect.api import DataException, RecordBatch, Schema, SchemaBuilder, Struct, Transformation, Type
from connect.api.columns import type_of_all
from connect.api.java_names import java_type_name

T = TypeVar("T")
Held = tuple[Schema | None, list[Any]]
"""A schema and values as a batch holds them."""

_CACHED_SCHEMAS = 16


class Kind(enum.Enum):
    """What a run of values is: nulls, schemaless maps, rows of a struct schema, anything else."""

    NULLS = enum.auto()
    MAPS = enum.auto()
    ROWS = enum.auto()
    OTHERS = enum.auto()


class Side(enum.Enum):
    """The part of a record that a transformation works on."""

    KEY = "key"
    VALUE = "value"

    def read(self, batch: RecordBatch) -> Held:
        """The schema and the values of this side."""
        if self is Side.VALUE:
            return batch.value_schema, batch.values
        return batch.key_schema, [None] * len(batch) if batch.keys is None else batch.keys

    def write(self, batch: RecordBatch, schema: Schema | None, values: list[Any]) -> RecordBatch:
        """The batch with another schema and other values on this side."""
        if self is Side.VALUE:
            return batch.replace(value_schema=schema, values=values)
        return batch.replace(key_schema=schema, keys=values)


class SidedTransformation(Transformation):
    """A transformation of the key or of the value; subclasses say which, and what becomes of each kind of values."""

    SIDE: ClassVar[Side]
    purpose: str = ""
    """How the error texts call what the transformation does."""

    def apply_batch(self, batch: RecordBatch) -> list[RecordBatch]:
        """The changed batch; several where null and other values come to have different schemas."""
        schema, values = self.SIDE.read(batch)
        usual = type_of_all(values)
        if usual is dict and schema is None:
            return [self.change(batch, Kind.MAPS, None, values)]
        types = set(map(type, values)) if usual is None else {usual}
        kinds = {_kind(schema, cls) for cls in types}
        if len(kinds) == 1 and Struct not in types:
            return [self.change(batch, kinds.pop(), schema, values)]
        return joined(self.change(*run) for run in _runs(batch, schema, values))

    def change(self, batch: RecordBatch, kind: Kind, schema: Schema | None, values: list[Any]) -> RecordBatch:
        """The batch after the change; all its values are of one kind."""
        return self.SIDE.write(batch, *self.changed(batch, kind, schema, values))

    def changed(self, batch: RecordBatch, kind: Kind, schema: Schema | None, values: list[Any]) -> Held:
        """The new schema and values of the side."""
        if kind is Kind.MAPS:
            return None, self.maps(batch, values)
        if kind is Kind.ROWS and schema is not None:
            try:
                return self.rows(batch, schema, values)
            except (ValueError, IndexError):
                _check_widths(schema, values)
                raise
        return self.nulls(schema, values) if kind is Kind.NULLS else self.others(schema, values)

    @abstractmethod
    def maps(self, batch: RecordBatch, values: list[dict[Any, Any]]) -> list[Any]:
        """What becomes of schemaless maps."""

    @abstractmethod
    def rows(self, batch: RecordBatch, schema: Schema, values: list[Any]) -> Held:
        """What becomes of the rows of a struct schema."""

    def nulls(self, schema: Schema | None, values: list[Any]) -> Held:
        """What becomes of nulls: they stay as they are, schema included, unless a subclass says otherwise."""
        return schema, values

    def others(self, schema: Schema | None, values: list[Any]) -> Held:
        """What becomes of data that is no map without schema and no struct with one: an error."""
        self.refuse(schema, values[0])

    def refuse(self, schema: Schema | None, value: Any) -> NoReturn:
        """Raise the DataException that says what was needed and what was found."""
        need = "Map objects supported in absence of schema" if schema is None else "Struct objects supported"
        found = "null" if value is None else java_type_name(value, schema)
        raise DataException(f"Only {need} for [{self.purpose}], found: {found}")


def _kind(schema: Schema | None, cls: type) -> Kind:
    if cls is type(None):
        return Kind.NULLS
    if schema is None:
        return Kind.MAPS if issubclass(cls, dict) else Kind.OTHERS
    return Kind.ROWS if schema.type is Type.STRUCT and issubclass(cls, (tuple, list, Struct)) else Kind.OTHERS


def _check_widths(schema: Schema, rows: list[Any]) -> None:
    for row in rows:
        if len(row) != len(schema.fields):
            raise DataException(f"A row of {schema} needs {len(schema.fields)} values but has {len(row)}")


def struct_rows(structs: Iterable[Any], purpose: str) -> list[Any]:
    """The rows of nested structs, None for null. Raises DataException for anything else."""
    rows = []
    for struct in structs:
        if struct is not None and not isinstance(struct, Struct):
            found = java_type_name(struct)
            raise DataException(f"Only Struct objects supported for [{purpose}], found: {found}")
        rows.append(None if struct is None else struct.values)
    return rows


def _runs(
    batch: RecordBatch, schema: Schema | None, values: list[Any]
) -> Iterable[tuple[RecordBatch, Kind, Schema | None, list[Any]]]:
    """Consecutive values of one kind; Structs that a batch holds as they are become rows of their own schema."""

    def key(value: Any) -> tuple[Kind, int]:
        kind = _kind(schema, type(value))
        foreign = kind is Kind.ROWS and isinstance(value, Struct) and value.schema != schema
        return kind, id(value.schema) if foreign else 0

    start = 0
    for (kind, foreign), group in groupby(values, key):
        run = list(group)
        run_schema = run[0].schema if foreign else schema
        if kind is Kind.ROWS:
            run = [value.values if isinstance(value, Struct) else value for value in run]
        yield batch.slice(start, start + len(run)), kind, run_schema, run
        start += len(run)


def joined(batches: Iterable[RecordBatch]) -> list[RecordBatch]:
    """The same records in as few batches as their schemas allow."""
    runs = groupby(batches, lambda b: (id(b.key_schema), id(b.value_schema)))
    return [_join(list(run)) for _, run in runs]


def _join(batches: list[RecordBatch]) -> RecordBatch:
    def column(name: str) -> list[Any] | None:
        parts = [getattr(batch, name) for batch in batches]
        if all(part is None for part in parts):
            return None
        return [item for part, batch in zip(parts, batches, strict=True) for item in part or [None] * len(batch)]

    names = ("values", "keys", "timestamps", "headers", "positions")
    return batches[0].replace(**{name: column(name) for name in names})


class SchemaCache(Generic[T]):
    """What was made for the schemas seen lately, by identity; equal schemas are made for again."""

    def __init__(self, make: Callable[[Schema], T]) -> None:
        self._make = make
        self._made: dict[int, tuple[Schema, T]] = {}

    def get(self, schema: Schema) -> T:
        """What ``make`` returned for the schema."""
        found = self._made.get(id(schema))
        if found is None:
            if len(self._made) >= _CACHED_SCHEMAS:
                del self._made[next(iter(self._made))]
            # The schema is kept, too, so that its id means no other.
            found = self._made[id(schema)] = (schema, self._make(schema))
        return found[1]


def like(schema: Schema, type: Type = Type.STRUCT) -> SchemaBuilder:
    """A builder that has the name, version, doc and parameters of a schema, but neither its optionality nor default."""
    builder = SchemaBuilder.array(cast(Schema, schema.value_schema)) if type is Type.ARRAY else SchemaBuilder(type)
    builder.name(schema.name).version(schema.version).doc(schema.doc)
    return builder.parameters(schema.parameters or {})
