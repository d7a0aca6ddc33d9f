"""From the nodes of JSON documents to the values that a schema describes."""

from __future__ import annotations

import struct
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgspec

from connect.api import DataException, Schema, Struct, Type
from connect.api.java_calendar import MILLIS_PER_DAY
from connect.api.logical import DATE_NAME, DECIMAL_NAME, TIME_NAME, TIMESTAMP_NAME, from_millis
from connectors.spooldir.date_format import DateParser
from connectors.spooldir.parse import BITS, JAVA_TYPES, ColumnParser, column_parser

Convert = Callable[[Any], Any]

_encode = msgspec.json.Encoder(decimal_format="number").encode
_SINGLE = struct.Struct("<f")


class NodeReader:
    """Makes functions that read nodes.

    Numbers may be written as text. With ``lenient``, what doesn't fit is changed silently as the original does: 1.9 is
    the integer 1, large integers wrap, a number is no text and so null. Without it, those are errors, except that a
    text field takes any node as its JSON text.
    """

    def __init__(self, dates: DateParser, *, lenient: bool) -> None:
        self._dates = dates
        self._lenient = lenient

    def nullable(self, schema: Schema) -> Convert:
        """Reads a node that may be null or missing (None). The function raises DataException."""
        convert = self._convert(schema)
        may_be_null = schema.optional or schema.default_value is not None

        def read(node: Any) -> Any:
            if node is not None:
                return convert(node)
            if not may_be_null:
                raise DataException("schema is not optional so input cannot be null.")
            return None

        return read

    def _convert(self, schema: Schema) -> Convert:
        match schema.name:
            case name if name == DECIMAL_NAME:
                return self._text_or_number(column_parser(schema, self._dates, lenient=False))
            case name if name == DATE_NAME:
                return self._instant(self._dates.date, lambda node: node // MILLIS_PER_DAY * MILLIS_PER_DAY)
            case name if name == TIME_NAME:
                return self._instant(self._dates.time, lambda node: node % MILLIS_PER_DAY)
            case name if name == TIMESTAMP_NAME:
                return self._instant(self._dates.timestamp, lambda node: node)
        match schema.type:
            case Type.STRUCT:
                return self.struct(schema)
            case Type.ARRAY:
                return self._array(schema)
            case Type.MAP:
                return self._map(schema)
            case Type.STRING:
                return self.text
            case Type.BOOLEAN:
                return self._boolean
            case Type.FLOAT32 | Type.FLOAT64:
                return self._float(schema)
            case type if type in BITS:
                return self._integer(schema)
            case _:
                return _unsupported(schema)

    def struct(self, schema: Schema) -> Convert:
        """Reads an object into a Struct."""
        fields = [(field.name, self.nullable(field.schema)) for field in schema.fields]

        def convert(node: Any) -> Struct:
            if not isinstance(node, dict):
                raise _misfit(node, "Struct")
            return Struct(schema, [read(node.get(name)) for name, read in fields])

        return convert

    def _array(self, schema: Schema) -> Convert:
        assert schema.value_schema is not None
        read = self.nullable(schema.value_schema)

        def convert(node: Any) -> list[Any]:
            if not isinstance(node, list):
                raise _misfit(node, "List")
            return [read(item) for item in node]

        return convert

    def _map(self, schema: Schema) -> Convert:
        assert schema.key_schema is not None
        assert schema.value_schema is not None
        read_key, read_value = self.nullable(schema.key_schema), self.nullable(schema.value_schema)

        def convert(node: Any) -> dict[Any, Any]:
            if not isinstance(node, dict):
                raise _misfit(node, "Map")
            return {read_key(key): read_value(value) for key, value in node.items()}

        return convert

    def _instant(self, of_text: Callable[[str], int], of_millis: Callable[[int], int]) -> Convert:
        def convert(node: Any) -> Any:
            try:
                if isinstance(node, str):
                    return from_millis(of_text(node))
                if type(node) is int:
                    return from_millis(of_millis(node))
            except ValueError as error:
                raise _misfit(node, "Date") from error
            raise _misfit(node, "Date")

        return convert

    def text(self, node: Any) -> str | None:
        """The text of a node."""
        if isinstance(node, str):
            return node
        if self._lenient:
            return None
        return str(node) if isinstance(node, Decimal) else _encode(node).decode()

    def _boolean(self, node: Any) -> bool:
        if isinstance(node, bool):
            return node
        if isinstance(node, str) and (self._lenient or node.lower() in ("true", "false")):
            return node.lower() == "true"
        raise _misfit(node, "Boolean")

    def _float(self, schema: Schema) -> Convert:
        read = self._text_or_number(column_parser(schema.replace(name=None), self._dates, lenient=False))

        def convert(node: Any) -> Any:
            if isinstance(node, str):
                return read(node)
            if isinstance(node, bool) or not isinstance(node, int | Decimal | float):
                raise _misfit(node, JAVA_TYPES[schema.type])
            return float(node) if schema.type is Type.FLOAT64 else to_single(float(node))

        return convert

    def _integer(self, schema: Schema) -> Convert:
        bits, java_type = BITS[schema.type], JAVA_TYPES[schema.type]
        read = self._text_or_number(column_parser(schema.replace(name=None), self._dates, lenient=False))
        half, lenient = 1 << (bits - 1), self._lenient

        def convert(node: Any) -> int:
            if isinstance(node, str):
                return int(read(node))
            if isinstance(node, bool) or not isinstance(node, int | Decimal | float):
                raise _misfit(node, java_type)
            number = int(node)
            if not lenient and (number != node or not -half <= number < half):
                raise _misfit(node, java_type)
            return (number + half) % (2 * half) - half

        return convert

    def _text_or_number(self, parser: ColumnParser) -> Convert:
        def convert(node: Any) -> Any:
            if isinstance(node, bool) or not isinstance(node, str | int | Decimal | float):
                raise _misfit(node, parser.java_type)
            try:
                return parser.convert([str(node)])[0]
            except (ValueError, ArithmeticError) as error:
                raise _misfit(node, parser.java_type) from error

        return convert


def to_single(number: float) -> float:
    """The nearest number of single precision."""
    try:
        return float(_SINGLE.unpack(_SINGLE.pack(number))[0])
    except OverflowError:
        return float("inf") if number > 0 else float("-inf")


def _misfit(node: Any, java_type: str) -> DataException:
    return DataException(f"Could not parse '{node if isinstance(node, str) else _shown(node)}' to {java_type}")


def _shown(node: Any) -> str:
    text = str(node) if isinstance(node, Decimal) else _encode(node).decode()
    return text if len(text) <= 200 else f"{text[:200]}..."


def _unsupported(schema: Schema) -> Convert:
    def convert(node: Any) -> Any:
        raise DataException(f"Schema {schema.type.name}({schema.name or 'null'}) is not supported")

    return convert
