"""From the texts of rows to the keys and values that the schemas describe."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from connect.api import ConnectException, DataException, Schema
from connect.api.logical import to_millis
from connectors.spooldir.block import Block
from connectors.spooldir.date_format import DateParser
from connectors.spooldir.parse import ColumnParser, column_parser

Nulls = frozenset[str | None]


class RowParser:
    """Makes records of rows whose columns bear the given names."""

    def __init__(
        self,
        names: Sequence[str],
        key_schema: Schema,
        value_schema: Schema,
        dates: DateParser,
        *,
        timestamp_field: str | None,
        lenient: bool,
    ) -> None:
        """``timestamp_field`` names the field that becomes the record's timestamp. Raises ConnectException."""
        self.width = len(names)
        places = {name: place for place, name in enumerate(names)}
        self._fields: list[tuple[str, int | None, ColumnParser]] = [
            (field.name, places.get(field.name), column_parser(field.schema, dates, lenient=lenient))
            for field in value_schema.fields
        ]
        self._key_places = [place_in(value_schema, field.name, field.schema) for field in key_schema.fields]
        stamp = None if timestamp_field is None else value_schema.field(timestamp_field)
        self._stamp_place = None if stamp is None else stamp.index

    def block(self, columns: Sequence[Sequence[str | None]], size: int, offsets: Sequence[int], nulls: Nulls) -> Block:
        """``size`` records. Raises ValueError or ArithmeticError when any field of any row is bad."""
        values: list[Sequence[Any]] = [
            [None] * size if place is None else parser.column(columns[place], nulls)
            for _, place, parser in self._fields
        ]
        return self._assemble(values, size, offsets)

    def row(self, texts: Sequence[str | None], nulls: Nulls, offset: int) -> list[Any]:
        """One value. Raises DataException that says what is wrong with the row."""
        if len(texts) < self.width:
            found = f"{len(texts)} values instead of {self.width}"
            raise DataException(f"The row has {found}. linenumber={offset}")
        return [
            None if place is None else parser.cell(name, texts[place], nulls, offset)
            for name, place, parser in self._fields
        ]

    def block_of_rows(self, rows: Sequence[Sequence[Any]], offsets: Sequence[int]) -> Block:
        """Records of parsed rows."""
        columns: list[Sequence[Any]] = list(zip(*rows, strict=True)) if rows else [()] * len(self._fields)
        return self._assemble(columns, len(rows), offsets)

    def _assemble(self, columns: list[Sequence[Any]], size: int, offsets: Sequence[int]) -> Block:
        stamp = self._stamp_place
        return Block(
            _transposed(columns, size),
            offsets,
            _transposed([[None] * size if place is None else columns[place] for place in self._key_places], size),
            None if stamp is None else [None if value is None else to_millis(value) for value in columns[stamp]],
        )


def _transposed(columns: Sequence[Sequence[Any]], size: int) -> list[Any]:
    return list(zip(*columns, strict=True)) if columns else [()] * size


def place_in(value_schema: Schema, name: str, schema: Schema) -> int | None:
    """Which field of the value a field of the key repeats, if any. Raises ConnectException when their types differ."""
    field = value_schema.field(name)
    if field is None:
        return None
    if field.schema.type is not schema.type or field.schema.name != schema.name:
        raise ConnectException(
            f"Field '{name}' is {field.schema.type.name} in 'value.schema' and {schema.type.name} in 'key.schema'"
        )
    return field.index
