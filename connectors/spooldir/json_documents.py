"""What JSON documents become: Structs that follow a schema, or their own text."""

from __future__ import annotations

import decimal
from collections.abc import Callable, Sequence
from operator import itemgetter
from types import NoneType
from typing import Annotated, Any

import msgspec

from connect.api import DataException, Field, Schema, Type
from connect.api.logical import DATE_NAME, DECIMAL_NAME, TIME_NAME, TIMESTAMP_NAME, to_millis
from connectors.spooldir.block import Block
from connectors.spooldir.date_format import DateParser
from connectors.spooldir.json_nodes import NodeReader
from connectors.spooldir.parse import BITS
from connectors.spooldir.rows import place_in

Column = Sequence[Any]
Fix = Callable[[Column], Column]

_EXACT = decimal.Context(prec=decimal.MAX_PREC, Emax=decimal.MAX_EMAX, Emin=decimal.MIN_EMIN)


class StructDocuments:
    """Objects as Structs; members that the schema doesn't have are left out."""

    def __init__(
        self,
        key_schema: Schema,
        value_schema: Schema,
        dates: DateParser,
        *,
        timestamp_field: str | None = None,
        lenient: bool = False,
    ) -> None:
        """``timestamp_field`` names the field that becomes the record's timestamp. Raises ConnectException."""
        nodes = NodeReader(dates, lenient=lenient)
        self._fields = [(field.name, nodes.nullable(field.schema)) for field in value_schema.fields]
        self._fixes = [
            (field.index, fix) for field in value_schema.fields if (fix := _fix(field.schema, nodes)) is not None
        ]
        self._decode = msgspec.json.Decoder(_layout_of(value_schema.fields), float_hook=decimal.Decimal).decode_lines
        self._key_places = [place_in(value_schema, field.name, field.schema) for field in key_schema.fields]
        stamp = None if timestamp_field is None else value_schema.field(timestamp_field)
        self._stamp_place = None if stamp is None else stamp.index

    def many(self, text: str) -> list[Any]:
        rows: list[Any] = list(map(msgspec.structs.astuple, self._decode(text)))
        if not self._fixes or not rows:
            return rows
        columns: list[Column] = list(zip(*rows, strict=True))
        for index, fix in self._fixes:
            columns[index] = fix(columns[index])
        return list(zip(*columns, strict=True))

    def parse_float(self, text: str) -> decimal.Decimal:
        return decimal.Decimal(text)

    def one(self, node: Any, index: int) -> Any:
        if not isinstance(node, dict):
            raise DataException(f"The document is not an object. linenumber={index}")
        row = []
        for name, read in self._fields:
            try:
                row.append(read(node.get(name)))
            except DataException as error:
                raise DataException(f"Exception thrown while parsing data for '{name}'. linenumber={index}") from error
        return tuple(row)

    def block(self, values: list[Any], offsets: Sequence[int]) -> Block:
        stamp = self._stamp_place
        return Block(
            values,
            offsets,
            self._keys(values),
            None if stamp is None else [None if row[stamp] is None else to_millis(row[stamp]) for row in values],
        )

    def _keys(self, rows: list[Any]) -> list[Any]:
        places = self._key_places
        match places:
            case []:
                return [()] * len(rows)
            case [int(place)]:
                return [(row[place],) for row in rows]
            case _ if None not in places:
                return list(map(itemgetter(*places), rows))
            case _:
                return [tuple(None if place is None else row[place] for place in places) for row in rows]


def _layout_of(fields: Sequence[Field]) -> type[msgspec.Struct]:
    """A type whose decoder checks what the schema says; what it leaves open is for the fixes."""
    members: list[Any] = []
    for field in fields:
        name, kind = f"f{field.index}", _type_of(field.schema)
        nullable = field.schema.optional or field.schema.default_value is not None
        members.append((name, kind | None, None) if nullable else (name, kind))
    names = {f"f{field.index}": field.name for field in fields}
    return msgspec.defstruct("Document", members, rename=names, gc=False, kw_only=True)


_INSTANTS = (DATE_NAME, TIME_NAME, TIMESTAMP_NAME)
_TYPES: dict[Type, Any] = {
    **{
        kind: Annotated[int, msgspec.Meta(ge=-(1 << (bits - 1)), le=(1 << (bits - 1)) - 1)]
        for kind, bits in BITS.items()
    },
    Type.BOOLEAN: bool,
    Type.FLOAT32: float,
    Type.FLOAT64: float,
    Type.STRUCT: dict[str, Any],
    Type.MAP: dict[str, Any],
    Type.ARRAY: list[Any],
}


def _type_of(schema: Schema) -> Any:
    if schema.name == DECIMAL_NAME:
        return decimal.Decimal
    if schema.name in _INSTANTS:
        return int | str
    return _TYPES.get(schema.type, Any)  # text takes anything; bytes nothing, which the fix says


def _fix(schema: Schema, nodes: NodeReader) -> Fix | None:
    """What is left to do with a column of decoded values. Raises DataException."""
    read = nodes.nullable(schema)

    def fix(column: Column) -> Column:
        return list(map(read, column))

    def fix_texts(column: Column) -> Column:
        kinds = set(map(type, column))
        return column if kinds == {str} or (schema.optional and kinds <= {str, NoneType}) else fix(column)

    if schema.name == DECIMAL_NAME or schema.name in _INSTANTS:
        return fix
    if schema.type is Type.STRING:
        return fix_texts
    return None if schema.type in BITS or schema.type in (Type.BOOLEAN, Type.FLOAT64) else fix


def shortest_decimal(text: str) -> decimal.Decimal:
    """The number without trailing zeros: 1.50 is 1.5, 1000.0 is 1E+3, and there is no negative zero."""
    return decimal.Decimal(text).normalize(_EXACT) or decimal.Decimal(0)


class TextDocuments:
    """Each document as compact JSON text; numbers with a fraction or exponent lose trailing zeros."""

    def __init__(self) -> None:
        self._decode = msgspec.json.Decoder(float_hook=shortest_decimal).decode_lines
        self._encoder = msgspec.json.Encoder(decimal_format="number")

    def many(self, text: str) -> list[Any]:
        lines = self._encoder.encode_lines(self._decode(text)).decode().split("\n")
        lines.pop()
        return lines

    def parse_float(self, text: str) -> decimal.Decimal:
        return shortest_decimal(text)

    def one(self, node: Any, index: int) -> Any:
        return self._encoder.encode(node).decode()

    def block(self, values: list[Any], offsets: Sequence[int]) -> Block:
        return Block(values, offsets)


class NodeDocuments:
    """Each document as Python's own values, numbers with a fraction or exponent as Decimals."""

    def __init__(self) -> None:
        self.many = msgspec.json.Decoder(float_hook=decimal.Decimal).decode_lines

    def parse_float(self, text: str) -> decimal.Decimal:
        return decimal.Decimal(text)

    def one(self, node: Any, index: int) -> Any:
        return node

    def block(self, values: list[Any], offsets: Sequence[int]) -> Block:
        return Block(values, offsets)
